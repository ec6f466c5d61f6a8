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

// testSnapshot has shop.customers (id clear; email unique, name indexed, note without an index) and shop.orders.
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
	locked := &schema.Table{DB: "shop", Name: "foreign_keyring", Locked: "its key belongs to another keyring"}
	return schema.NewSnapshot([]*schema.Table{customers, orders, locked}, 0).WithPlain("shop", "plain")
}

func testEnv() *Env {
	return &Env{
		DB: "shop", OnlyFullGroupBy: true, Mode: Mode{Version: 90704}, Snapshot: testSnapshot(),
		Rules: schema.NewRules([]schema.Rule{{Database: "shop"}}, nil),
	}
}

// planOf lexes and plans one statement as a session does.
func planOf(sql string, env *Env) Plan {
	var l Lexer
	if StoredProgram([]byte(sql)) {
		return Unreadable(sql, env)
	}
	if err := l.Lex([]byte(sql), env.Mode); err != nil {
		return Unreadable(sql, env)
	}
	return Build(Statement{Template: string(l.Template), Source: sql, Rows: l.Rows}, env)
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
		for l := range strings.Lines(planOf(sql, env).String()) {
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
