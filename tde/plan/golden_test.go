package plan

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

var rewrite = flag.Bool("rewrite", false, "write the plans that the planner makes into the goldens")

// testSnapshot has shop.customers (id clear; email unique, name indexed, note without an index), shop.orders, shop.people with order
// tokens, those of pointingTables, and store.stock, which is not encrypted.
func testSnapshot() *schema.Snapshot {
	text := func(id uint16, name string, token bool) schema.Column {
		return schema.Column{
			ID: id, Name: name, Kind: schema.KindVarChar, SQLType: "varchar(60)", Charset: "utf8mb4", Collation: "utf8mb4_general_ci",
			Length: 60, Default: schema.DefaultNull, Token: token,
		}
	}
	customers := &schema.Table{
		DB: "shop", Name: "customers", ID: schema.TableID{1}, TokenDomain: "shop",
		Columns: []schema.Column{
			{ID: 1, Name: "id", Kind: schema.KindInt, SQLType: "int", NotNull: true, Default: schema.DefaultAuto, AutoIncrement: true, Storage: schema.StoredClear},
			text(2, "email", true), text(3, "name", true), text(4, "note", false),
			{ID: 5, Name: "age", Kind: schema.KindInt, SQLType: "int", NotNull: true, Default: schema.DefaultValue, DefaultStored: make([]byte, 8), Token: true},
			{ID: 6, Name: "born", Kind: schema.KindDate, SQLType: "date", NotNull: true},
		},
		Indexes: []schema.Index{
			{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "id"}}},
			{Name: "email", Unique: true, Parts: []schema.IndexPart{{Column: "email"}}},
		},
	}
	stamp := schema.Column{
		ID: 4, Name: "changed", Kind: schema.KindTimestamp, SQLType: "timestamp", NotNull: true, Default: schema.DefaultNow, OnUpdateNow: true,
	}
	orders := &schema.Table{
		DB: "shop", Name: "orders", ID: schema.TableID{2}, TokenDomain: "shop",
		Columns: []schema.Column{
			{ID: 1, Name: "id", Kind: schema.KindInt, SQLType: "int", NotNull: true, Default: schema.DefaultAuto, AutoIncrement: true, Storage: schema.StoredClear},
			text(2, "email", true), {ID: 3, Name: "total", Kind: schema.KindDecimal, SQLType: "decimal(10,2)", Precision: 10, Scale: 2, Default: schema.DefaultNull},
			stamp,
		},
		Indexes: []schema.Index{{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "id"}}}},
	}
	ranged := func(id uint16, name string, c schema.Column) schema.Column {
		c.ID, c.Name, c.Default, c.Token, c.Order = id, name, schema.DefaultNull, true, true
		return c
	}
	people := &schema.Table{
		DB: "shop", Name: "people", ID: schema.TableID{3}, TokenDomain: "shop",
		Columns: []schema.Column{
			{ID: 1, Name: "id", Kind: schema.KindInt, SQLType: "int", NotNull: true, Default: schema.DefaultAuto, AutoIncrement: true, Storage: schema.StoredClear},
			ranged(2, "birthday", schema.Column{Kind: schema.KindDate, SQLType: "date"}), ranged(3, "died", schema.Column{Kind: schema.KindDate, SQLType: "date"}),
			ranged(4, "height", schema.Column{Kind: schema.KindDouble, SQLType: "double", Scale: -1}),
			ranged(5, "surname", schema.Column{
				Kind: schema.KindVarChar, SQLType: "varchar(60)", Charset: "utf8mb4", Collation: "utf8mb4_0900_ai_ci", Length: 60,
			}),
			text(6, "remark", false), ranged(7, "seen", schema.Column{Kind: schema.KindTimestamp, SQLType: "timestamp"}),
		},
		Indexes: []schema.Index{
			{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "id"}}}, {Name: "surname", Parts: []schema.IndexPart{{Column: "surname"}}},
			{Name: "height", Parts: []schema.IndexPart{{Column: "height"}}},
		},
	}
	locked := &schema.Table{DB: "shop", Name: "foreign_keyring", Locked: "its key belongs to another keyring"}
	clear := func(id uint16, name string, kind schema.Kind, sqlType string) schema.Column {
		return schema.Column{ID: id, Name: name, Kind: kind, SQLType: sqlType, Default: schema.DefaultNull, Storage: schema.StoredClear, Scale: -1}
	}
	stock := &schema.Table{
		DB: "store", Name: "stock",
		Columns: []schema.Column{
			clear(1, "sku", schema.KindInt, "int"), clear(2, "title", schema.KindVarChar, "varchar(40)"), clear(3, "price", schema.KindDouble, "double"),
			clear(4, "seen", schema.KindTimestamp, "timestamp"), clear(5, "state", schema.KindEnum, "enum('new','old')"),
			clear(6, "email", schema.KindVarChar, "varchar(60)"),
		},
		Indexes: []schema.Index{{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "sku"}}}},
	}
	paying := schema.NewView(&schema.Definition{
		DB: "shop", Name: "paying", Algorithm: "UNDEFINED", Charset: "utf8mb4", Collation: "utf8mb4_general_ci",
		Query: "select `shop`.`customers`.`email` AS `email`,'secret' AS `word` from `shop`.`customers` where `shop`.`customers`.`name` <> 'secret'",
	})
	return schema.NewSnapshot(append(pointingTables(), customers, orders, people, locked, paying), 0).WithPlain("shop", "plain").WithDefinition(stock)
}

// pointingTables are shop.regions, to which shop.branches points, and shop.desks, which points to that one and to itself.
func pointingTables() []*schema.Table {
	table := func(id byte, name string, keys ...schema.ForeignKey) *schema.Table {
		column := func(n uint16, name string) schema.Column {
			return schema.Column{ID: n, Name: name, Kind: schema.KindVarChar, SQLType: "varchar(9)", Charset: "utf8mb4", Collation: "utf8mb4_bin",
				Length: 9, Default: schema.DefaultNull, Token: true}
		}
		code := column(1, "code")
		code.NotNull, code.Default = true, schema.DefaultNone
		return &schema.Table{
			DB: "shop", Name: name, ID: schema.TableID{9, id}, TokenDomain: "shop", Engine: "InnoDB",
			Columns: []schema.Column{code, column(2, "up"), column(3, "note")}, ForeignKeys: keys,
			Indexes: []schema.Index{{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "code"}}}, {Name: "up", Unique: true, Parts: []schema.IndexPart{{Column: "up"}}}},
		}
	}
	points := func(name, to, column, onUpdate, onDelete string) schema.ForeignKey {
		return schema.ForeignKey{Name: name, Columns: []string{"up"}, RefTable: to, RefColumns: []string{column}, OnUpdate: onUpdate, OnDelete: onDelete}
	}
	return []*schema.Table{
		table(1, "regions"), table(2, "branches", points("b", "regions", "code", "CASCADE", "SET NULL")),
		table(3, "desks", points("d", "branches", "up", "SET NULL", "CASCADE")), table(4, "lamps", points("l", "desks", "code", "CASCADE", "SET NULL")),
		table(5, "bulbs", points("u", "desks", "code", "RESTRICT", "RESTRICT"), points("s", "bulbs", "code", "CASCADE", "SET NULL")),
	}
}

func testEnv() *Env {
	return &Env{
		DB: "shop", OnlyFullGroupBy: true, Mode: Mode{Version: 90704}, Snapshot: testSnapshot(),
		Rules: schema.NewRules([]schema.Rule{{Database: "shop"}}, nil),
	}
}

// planOf lexes and plans one statement as a session does. Of names that are to be looked up none is there.
func planOf(sql string, env *Env) Plan {
	var l Lexer
	if StoredProgram([]byte(sql)) {
		return Unreadable(sql, env)
	}
	if err := l.Lex([]byte(sql), env.Mode); err != nil {
		return Unreadable(sql, env)
	}
	e := *env
	for {
		p := Build(Statement{Template: string(l.Template), Source: sql, Rows: l.Rows}, &e)
		need, ok := p.(*NeedTables)
		if !ok {
			return p
		}
		e.Absent = append(e.Absent, need.Tables...)
		for i := range e.Absent {
			e.Absent[i].Definition = false
		}
	}
}

// TestGoldens plans each statement of testdata/*.txt and compares with the plan that stands below it. Statements begin
// in the first column, plans are indented by a tab; lines of # are comments.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens found", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { golden(t, f) })
	}
}

func golden(t *testing.T, file string) {
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	env := testEnv()
	env.Mode.MariaDB = strings.Contains(file, "mariadb")
	env.Evaluator = strings.Contains(file, "split")
	if env.Mode.MariaDB {
		env.Mode.Version = 101119
	}
	var out bytes.Buffer
	n := 0
	for line := range strings.Lines(string(old)) {
		if strings.HasPrefix(line, "\t") {
			continue
		}
		out.WriteString(line)
		sql := strings.TrimSpace(line)
		if sql == "" || strings.HasPrefix(sql, "#") {
			continue
		}
		n++
		p := planOf(sql, env)
		if s, ok := p.(*Split); ok {
			checkFetches(t, s, env.Mode)
		}
		for l := range strings.Lines(p.String()) {
			out.WriteString("\t" + strings.TrimRight(l, "\n") + "\n")
		}
	}
	if n == 0 {
		t.Fatal("a golden file without statements")
	}
	if bytes.Equal(out.Bytes(), old) {
		return
	}
	if *rewrite {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("plans differ from %s; look at them with go test ./tde/plan -rewrite && git diff", file)
}
