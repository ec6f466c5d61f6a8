package schema_test

import (
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// ranged is shop.customers with order tokens.
func ranged(t *testing.T, columns ...string) *schema.Table {
	t.Helper()
	var rules []schema.ColumnIndex
	for _, c := range columns {
		rules = append(rules, schema.ColumnIndex{Database: "shop", Table: "customers", Column: c, Index: "range"})
	}
	table := logical(customers())
	table.Indexes = append(table.Indexes,
		schema.Index{Name: "both", Type: "BTREE", Parts: []schema.IndexPart{{Column: "na`me"}, {Column: "hidden", Desc: true}}},
		schema.Index{Name: "one", Unique: true, Type: "BTREE", Parts: []schema.IndexPart{{Column: "hidden"}}})
	err := table.Protect(schema.NewRules(nil, rules), func(string, string) *schema.Table { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestOrderColumns(t *testing.T) {
	sql := physical(t, ranged(t, "hidden", "email", "ID"), true)
	for _, want := range []string{
		"`_tde_eq_hidden` BINARY(16) NOT NULL INVISIBLE",
		"`_tde_ord_hidden` BINARY(32) NULL DEFAULT NULL INVISIBLE,",
		"`_tde_ord_email` VARBINARY(256) NULL DEFAULT NULL INVISIBLE,",
		"KEY `_tde_ord_hidden` (`_tde_ord_hidden`)", "KEY `_tde_ord_email` (`_tde_ord_email`)",
		"KEY `both` (`_tde_eq_na``me`, `_tde_ord_hidden` DESC)", "UNIQUE KEY `one` (`_tde_eq_hidden`)", "UNIQUE KEY `mail` (`_tde_eq_email`)",
		"_5` CHECK ((`hidden` IS NULL) = (`_tde_ord_hidden` IS NULL))",
	} {
		if !strings.Contains(sql, want) {
			t.Errorf("no %s in\n%s", want, sql)
		}
	}
	if strings.Contains(sql, "_tde_ord_id") {
		t.Error("a clear column has an order token")
	}
	if got := leaks(ranged(t, "hidden")); !strings.Contains(got, `hidden: order (asked for by index = "range")`) {
		t.Errorf("%s", got)
	}
}

func TestOrderKeys(t *testing.T) {
	for _, c := range []struct {
		column schema.Column
		want   schema.OrderKey
	}{
		{schema.Column{Kind: schema.KindTinyInt}, schema.OrderKey{Space: "i1", Size: 1, Exact: true}},
		{schema.Column{Kind: schema.KindBigInt, Unsigned: true}, schema.OrderKey{Space: "u8", Size: 8, Exact: true}},
		{schema.Column{Kind: schema.KindDecimal, Precision: 2, Scale: 2}, schema.OrderKey{Space: "dec2.2", Size: 1, Exact: true}},
		{schema.Column{Kind: schema.KindDecimal, Precision: 10, Scale: 2}, schema.OrderKey{Space: "dec10.2", Size: 5, Exact: true}},
		{schema.Column{Kind: schema.KindDecimal, Precision: 65, Scale: 30}, schema.OrderKey{Space: "dec65.30", Size: 28, Exact: true}},
		{schema.Column{Kind: schema.KindDateTime, FSP: 3}, schema.OrderKey{Space: "datetime6", Size: 8, Exact: true}},
		{schema.Column{Kind: schema.KindDouble, Scale: -1}, schema.OrderKey{Space: "f8", Size: 8, Exact: true}},
		{schema.Column{Kind: schema.KindVarBinary, Length: 40}, schema.OrderKey{Space: "bytes", Size: 32}},
		{schema.Column{Kind: schema.KindVarChar, Length: 16, Charset: "utf8mb4", Collation: "utf8mb4_general_ci"},
			schema.OrderKey{Space: "text utf8mb4_general_ci 32", Size: 32, Exact: true, Weighed: true}},
		{schema.Column{Kind: schema.KindVarChar, Length: 9, Charset: "utf8mb4", Collation: "utf8mb4_bin"},
			schema.OrderKey{Space: "text utf8mb4_bin 32", Size: 32, Weighed: true}},
		{schema.Column{Kind: schema.KindVarChar, Length: 3, Charset: "utf8mb4", Collation: "utf8mb4_0900_ai_ci"},
			schema.OrderKey{Space: "text utf8mb4_0900_ai_ci 32", Size: 32, Weighed: true}},
	} {
		if got, ok := c.column.OrderKey(); !ok || got != c.want {
			t.Errorf("%+v: %+v, %t", c.column, got, ok)
		}
	}
	for _, c := range []schema.Column{
		{Kind: schema.KindJSON}, {Kind: schema.KindGeometry}, {Kind: schema.KindEnum}, {Kind: schema.KindSet}, {Kind: schema.KindFloat, Precision: 7, Scale: 2},
		{Kind: schema.KindChar, Charset: "utf8mb4", Collation: "utf8mb4_nopad_bin", Length: 3},
	} {
		if k, ok := c.OrderKey(); ok {
			t.Errorf("%+v has the order %+v", c, k)
		}
	}
	table := logical(customers())
	table.Column("email").Kind = schema.KindEnum
	rules := schema.NewRules(nil, []schema.ColumnIndex{{Database: "shop", Table: "customers", Column: "email", Index: "range"}})
	if err := table.Protect(rules, func(string, string) *schema.Table { return nil }); err == nil {
		t.Error("an ENUM was given an order")
	}
}
