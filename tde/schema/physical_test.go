package schema_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

var rewrite = flag.Bool("rewrite", false, "write golden files anew")

// text is a VARCHAR column.
func text(id uint16, name string, length int) schema.Column {
	return schema.Column{ID: id, Name: name, Kind: schema.KindVarChar, SQLType: "varchar(20)", Length: length, Charset: "utf8mb4", Collation: "utf8mb4_general_ci", Default: schema.DefaultNull}
}

// customers is a table with most of what one can have.
func customers() *schema.Table {
	id := schema.Column{ID: 1, Name: "id", Kind: schema.KindBigInt, SQLType: "bigint unsigned", Unsigned: true, NotNull: true, AutoIncrement: true, Default: schema.DefaultAuto, Storage: schema.StoredClear}
	email := text(2, "email", 100)
	email.NotNull, email.Default, email.Token = true, schema.DefaultNone, true
	name := text(3, "na`me", 50)
	name.Token = true
	note := schema.Column{ID: 4, Name: "note", Kind: schema.KindMediumText, SQLType: "mediumtext", Length: 1<<24 - 1, Charset: "utf8mb4", Collation: "utf8mb4_general_ci", Default: schema.DefaultNull}
	hidden := schema.Column{ID: 5, Name: "hidden", Kind: schema.KindInt, SQLType: "int", NotNull: true, Invisible: true, Default: schema.DefaultValue, DefaultSQL: "7", DefaultStored: []byte{0, 0, 0, 0, 0, 0, 0, 7}}
	clear := text(6, "region", 20)
	clear.Storage, clear.Default, clear.DefaultStored, clear.NotNull = schema.StoredClear, schema.DefaultValue, []byte("O'\\"), true
	return &schema.Table{
		DB: "shop", Name: "customers", ID: schema.TableID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, KeyID: 1, TokenDomain: "shop",
		WrappedKey: []byte("wrapped"), Engine: "InnoDB", Charset: "utf8mb4", Collation: "utf8mb4_general_ci", RowFormat: "Dynamic",
		Comment: "people's", AutoIncrement: 100, Create: "CREATE TABLE …",
		Columns: []schema.Column{id, email, name, note, hidden, clear},
		Indexes: []schema.Index{
			{Name: "PRIMARY", Unique: true, Type: "BTREE", Parts: []schema.IndexPart{{Column: "id"}}},
			{Name: "mail", Unique: true, Type: "BTREE", Parts: []schema.IndexPart{{Column: "email"}}},
			{Name: "by name", Type: "BTREE", Invisible: true, Comment: "secret", Parts: []schema.IndexPart{{Column: "region", Prefix: 3, Desc: true}, {Column: "NA`ME", Prefix: 10, Desc: true}}},
		},
	}
}

// orders points at customers by a clear and by a sealed column.
func orders() *schema.Table {
	number := schema.Column{ID: 1, Name: "number", Kind: schema.KindInt, SQLType: "int", NotNull: true, Token: true, Default: schema.DefaultNone}
	customer := schema.Column{ID: 2, Name: "customer", Kind: schema.KindBigInt, SQLType: "bigint unsigned", Unsigned: true, Default: schema.DefaultNull, Storage: schema.StoredClear}
	mail := text(3, "mail", 100)
	mail.Token = true
	return &schema.Table{
		DB: "shop", Name: "orders", ID: schema.TableID{2}, KeyID: 1, TokenDomain: "shop", Engine: "InnoDB", Charset: "utf8mb4", Collation: "utf8mb4_general_ci",
		Columns: []schema.Column{number, customer, mail},
		Indexes: []schema.Index{
			{Name: "PRIMARY", Unique: true, Type: "BTREE", Parts: []schema.IndexPart{{Column: "number"}}},
			{Name: "customer", Type: "BTREE", Parts: []schema.IndexPart{{Column: "customer"}}},
			{Name: "mail", Type: "BTREE", Parts: []schema.IndexPart{{Column: "mail"}}},
		},
		ForeignKeys: []schema.ForeignKey{
			{Name: "by_id", Columns: []string{"customer"}, RefTable: "customers", RefColumns: []string{"id"}, OnDelete: "SET NULL", OnUpdate: "CASCADE"},
			{Name: "by_mail", Columns: []string{"mail"}, RefTable: "customers", RefColumns: []string{"email"}, OnDelete: "CASCADE", OnUpdate: "CASCADE"},
		},
	}
}

// sizes stands for value.MaxStored.
func sizes(c *schema.Column) int {
	switch c.Kind {
	case schema.KindVarChar:
		return 4 * c.Length
	case schema.KindMediumText:
		return c.Length
	}
	return 8
}

func physical(t *testing.T, table *schema.Table, mariaDB bool) string {
	t.Helper()
	sql, err := schema.CreateTable(table, &schema.Physical{
		MariaDB: mariaDB, IfNotExists: true, MaxStored: sizes, Overhead: 35, TableComment: "tdeproxy1:x", ColumnComments: []string{"", "tdeproxy1:1.y"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sql
}

func flavour(mariaDB bool) string {
	if mariaDB {
		return "mariadb"
	}
	return "mysql"
}

func TestCreateTable(t *testing.T) {
	for _, table := range []*schema.Table{customers(), orders()} {
		for _, mariaDB := range []bool{true, false} {
			got := physical(t, table, mariaDB) + "\n"
			path := filepath.Join("testdata", table.Name+"."+flavour(mariaDB)+".sql")
			if *rewrite {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
			}
		}
	}
}

// TestCreateTableSizes sees that short cells share the row, and that others become BLOBs.
func TestCreateTableSizes(t *testing.T) {
	table := customers()
	for i := range 200 {
		table.Columns = append(table.Columns, text(uint16(10+i), "c"+strings.Repeat("x", i), 240))
		table.Columns[len(table.Columns)-1].Name = "c" + string(rune('a'+i%26)) + strings.Repeat("y", i/26)
	}
	sql := physical(t, table, true)
	blobs, short := strings.Count(sql, " BLOB NULL"), strings.Count(sql, "VARBINARY(995)")
	if blobs == 0 || short == 0 || blobs+short != 200 || !strings.Contains(sql, "`note` LONGBLOB") {
		t.Errorf("%d BLOBs and %d VARBINARYs:\n%s", blobs, short, sql)
	}
}

// TestExpressions sees that what a string holds is not taken for a function of the session.
func TestExpressions(t *testing.T) {
	table := customers()
	table.Checks = []string{"c: (`email` like _utf8mb4\\'%@% user()\\')", "d: `user` in ('a''user()', 'database()')", "e: `version` > 1"}
	if err := table.Check(); err != nil {
		t.Error(err)
	}
}

func TestUnsupported(t *testing.T) {
	for want, change := range map[string]func(*schema.Table){
		"VIRTUAL generated column (email)": func(t *schema.Table) { t.Columns[1].Generated, t.Columns[1].Unstored = true, true },
		"DEFAULT that calls": func(t *schema.Table) {
			t.Columns[1].Default, t.Columns[1].DefaultSQL = schema.DefaultExpr, "concat(_utf8mb4\\'a\\',user())"
		},
		"CHECK constraint that calls": func(t *schema.Table) { t.Checks = []string{"c: `email` <> current_user()"} },
		"expression for column id": func(t *schema.Table) {
			t.Columns[0].Default, t.Columns[0].DefaultSQL = schema.DefaultExpr, "1 + 1"
		},
		"partitioning":                  func(t *schema.Table) { t.Partition = &schema.Partition{} },
		"system versioning":             func(t *schema.Table) { t.Versioned = true },
		"begins with _tde_ (_TDE_x)":    func(t *schema.Table) { t.Columns[3].Name = "_TDE_x" },
		"name that begins with _tde_":   func(t *schema.Table) { t.Name = "_tde_x" },
		"name of more than 56":          func(t *schema.Table) { t.Columns[1].Name = strings.Repeat("é", 57); t.Indexes = nil },
		"data type of column email":     func(t *schema.Table) { t.Columns[1].Kind = schema.KindNone },
		"unique index on a prefix":      func(t *schema.Table) { t.Indexes[1].Parts[0].Prefix, t.Columns[1].Part = 10, 9 },
		"FULLTEXT index":                func(t *schema.Table) { t.Indexes[1].Type = "FULLTEXT" },
		"SPATIAL index":                 func(t *schema.Table) { t.Indexes[1].Type = "SPATIAL" },
		"index on an expression (mail)": func(t *schema.Table) { t.Indexes[1].Parts[0].Column = "" },
		"without an equality token":     func(t *schema.Table) { t.Columns[1].Token = false },
		"index on a JSON":               func(t *schema.Table) { t.Columns[1].Kind = schema.KindJSON },
		"table without columns":         func(t *schema.Table) { t.Columns = nil },
		"encrypted columns of two datab": func(t *schema.Table) {
			t.ForeignKeys = []schema.ForeignKey{{Name: "f", Columns: []string{"email"}, RefDB: "b"}}
		},
	} {
		table := customers()
		change(table)
		_, err := schema.CreateTable(table, &schema.Physical{MaxStored: sizes, Overhead: 35})
		u, ok := errors.AsType[*schema.UnsupportedError](err)
		if !ok || !strings.Contains(u.Error(), want) || !strings.Contains(u.Error(), "not supported") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
