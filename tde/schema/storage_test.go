package schema_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// logical gives a table as Describe does: nothing is decided.
func logical(t *schema.Table) *schema.Table {
	for i := range t.Columns {
		t.Columns[i].Storage, t.Columns[i].Token = schema.StoredCell, false
	}
	return t
}

func leaks(t *schema.Table) string {
	var out []string
	for _, l := range schema.Leakage(t) {
		out = append(out, fmt.Sprintf("%s: %s (%s)", l.Column, l.Shows, l.Why))
	}
	return strings.Join(out, "\n")
}

func TestProtect(t *testing.T) {
	rules := schema.NewRules([]schema.Rule{{Database: "shop"}}, []schema.ColumnIndex{{Database: "shop", Table: "customers", Column: "note", Index: "equality"}})
	parent := logical(customers())
	parent.Columns[5].AutoIncrement = false
	none := func(string, string) *schema.Table { return nil }
	if err := parent.Protect(rules, none); err != nil {
		t.Fatal(err)
	}
	want := `id: clear (AUTO_INCREMENT: upstream counts it)
email: equality (unique index mail)
na` + "`" + `me: equality (index by name)
note: equality (asked for by index = "equality")
hidden: random (no index: cells of equal values differ)
region: equality (index by name)`
	if got := leaks(parent); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	child := logical(orders())
	if err := child.Protect(rules, func(db, name string) *schema.Table { return parent }); err != nil {
		t.Fatal(err)
	}
	want = `number: equality (primary key)
customer: clear (foreign key by_id points at a clear column of customers)
mail: equality (foreign key by_mail)`
	if got := leaks(child); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if err := logical(orders()).Protect(rules, none); err == nil {
		t.Error("a foreign key to a designated table that is not there was taken")
	}
	if err := logical(orders()).Protect(schema.NewRules(nil, nil), none); err != nil {
		t.Errorf("a foreign key to a plaintext table: %v", err)
	}
	elsewhere := *parent
	elsewhere.TokenDomain = "other"
	if err := logical(orders()).Protect(rules, func(string, string) *schema.Table { return &elsewhere }); err == nil {
		t.Error("a foreign key to tokens of another domain was taken")
	}
	for _, index := range []string{"sorted", "none"} {
		rules := schema.NewRules(nil, []schema.ColumnIndex{{Database: "SHOP", Table: "Customers", Column: "EMAIL", Index: index}})
		if err := logical(customers()).Protect(rules, none); err == nil {
			t.Errorf("index = %q was taken", index)
		}
	}
}

func TestRules(t *testing.T) {
	r := schema.NewRules([]schema.Rule{{Database: "shop", Tables: []string{"customers", "pay_*", "a*b*c"}}, {Database: "vault"}}, nil)
	for name, want := range map[string]bool{
		"shop.customers": true, "SHOP.Customers": true, "shop.customers2": false, "shop.pay_": true, "shop.pay_x/y": true, "shop.pay": false,
		"shop.abc": true, "shop.a.b.c": true, "shop.acb": false, "shop.abcc": true, "shop.a?c": false, "vault.anything": true, "other.x": false, ".x": false,
	} {
		db, table, _ := strings.Cut(name, ".")
		if got := r.Designated(db, table); got != want {
			t.Errorf("Designated(%q, %q) is %t", db, table, got)
		}
	}
	all := schema.NewRules([]schema.Rule{{Database: "*"}}, nil)
	for db, want := range map[string]bool{"x": true, "mysql": false, "Information_Schema": false, "sys": false, "performance_schema": false, "": false} {
		if all.Designated(db, "t") != want || all.DesignatedDB(db) != want {
			t.Errorf("* and %q", db)
		}
	}
	var nobody *schema.Rules
	if nobody.Designated("a", "b") || !nobody.Empty() || nobody.Index("a", "b", "c") != "" {
		t.Error("no rules designate something")
	}
}

func TestSnapshot(t *testing.T) {
	a := schema.NewSnapshot([]*schema.Table{customers()}, 0)
	b := a.With(orders()).WithPlain("shop", "plain")
	switch {
	case a.Len() != 1 || b.Len() != 2, a.Lookup("shop", "orders") != nil, b.Lookup("shop", "orders") == nil:
		t.Error("With changed the snapshot that it was called on")
	case b.Lookup("shop", "Orders") != nil, schema.NewSnapshot(b.Tables(), 1).Lookup("SHOP", "Orders") == nil:
		t.Error("lower_case_table_names does not decide")
	case !b.Known("shop", "plain") || a.Known("shop", "plain") || b.WithoutPlain().Known("shop", "plain"):
		t.Error("plaintext tables")
	case !slices.Equal(b.Names(), []string{"customers", "orders"}) || !slices.Equal(b.Databases(), []string{"shop"}) || !b.HasDB("SHOP"):
		t.Errorf("%v %v", b.Names(), b.Databases())
	}
}
