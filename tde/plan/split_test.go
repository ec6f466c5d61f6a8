package plan

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

func splitEnv() *Env {
	env := testEnv()
	env.Evaluator = true
	return env
}

// TestSplitNeedsDefinitions: a plain table is looked up with its definition, once; one that is not there is the server's error.
func TestSplitNeedsDefinitions(t *testing.T) {
	env := splitEnv()
	const sql = "SELECT UPPER(c.name), p.x FROM customers c JOIN plain p ON p.id = c.id JOIN other.more m ON m.id = c.id"
	for _, table := range [][2]string{{"shop", "plain"}, {"other", "more"}} {
		need, ok := planOf(sql, env).(*NeedTable)
		if !ok || *need != (NeedTable{DB: table[0], Name: table[1], Definition: true}) {
			t.Fatalf("%v, want the definition of %v", planOf(sql, env), table)
		}
		absent := *env
		absent.Absent = []NeedTable{*need}
		if r, ok := planOf(sql, &absent).(*Refuse); !ok || r.Err.Code != 1146 || r.Err.Message != "Table '"+table[0]+"."+table[1]+"' doesn't exist" {
			t.Errorf("%v, want error 1146", planOf(sql, &absent))
		}
		env.Snapshot = env.Snapshot.WithDefinition(&schema.Table{DB: table[0], Name: table[1], Columns: []schema.Column{
			{ID: 1, Name: "id", Kind: schema.KindInt, Storage: schema.StoredClear}, {ID: 2, Name: "x", Kind: schema.KindInt, Storage: schema.StoredClear},
		}})
	}
	p, ok := planOf(sql, env).(*Split)
	if !ok || len(p.Fetches) != 3 || len(p.Tables) != 1 {
		t.Errorf("%v, want a Split of three tables", planOf(sql, env))
	}
}

// TestSplitWithoutDatabase: an unqualified table needs a current database.
func TestSplitWithoutDatabase(t *testing.T) {
	env := splitEnv()
	env.DB = ""
	if r, ok := planOf("SELECT UPPER(name) FROM shop.customers, t", env).(*Refuse); !ok || r.Err.Code != 1046 {
		t.Errorf("%v, want error 1046", r)
	}
	for sql, code := range map[string]uint16{
		"DELETE c FROM shop.customers AS c JOIN shop.orders AS o ON c.id = o.customer WHERE o.note LIKE 'x%'":       1046,
		"DELETE FROM c USING shop.customers AS c, shop.orders AS o":                                                 1046,
		"DELETE customers FROM shop.customers, shop.orders":                                                         1046,
		"DELETE shop.customers FROM shop.customers JOIN shop.orders AS o ON o.id = customers.id WHERE o.id IS NULL": 0,
	} {
		r, ok := planOf(sql, env).(*Refuse)
		if ok != (code != 0) || ok && r.Err.Code != code {
			t.Errorf("%s: %v, want error %d", sql, r, code)
		}
	}
	if p, ok := planOf("SELECT UPPER(name) FROM shop.customers", env).(*Split); !ok {
		t.Errorf("%v, want a Split", p)
	}
}

// TestSplitNamesDatabases: where the case of names does not count, a database is named as its tables name it.
func TestSplitNamesDatabases(t *testing.T) {
	env := splitEnv()
	env.Snapshot = schema.NewSnapshot(env.Snapshot.Tables(), 1)
	got := planOf("SELECT SHOP.customers.id, UPPER(name) FROM Shop.customers WHERE sHOP.Customers.age > 3", env).String()
	const want = "then:     SELECT {schema shop}.customers.id, UPPER(name) FROM {schema shop}.customers WHERE {schema shop}.Customers.age > {clear $1}"
	if !strings.HasSuffix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestSplitNeedsEvaluator: without one, and in the cache, nothing is as with one.
func TestSplitNeedsEvaluator(t *testing.T) {
	const sql = "SELECT UPPER(name) FROM customers UNION SELECT 'x'"
	if r, ok := planOf(sql, testEnv()).(*Refuse); !ok || r.Err.Code != codeNotSupported {
		t.Errorf("%v, want a refusal", r)
	}
	asked := splitEnv()
	asked.Split = true
	keys := [][]byte{nil, nil, nil}
	for i, env := range []*Env{testEnv(), splitEnv(), asked} {
		keys[i] = AppendKey(nil, []byte(sql), 0, env)
	}
	if bytes.Equal(keys[0], keys[1]) || bytes.Equal(keys[1], keys[2]) || len(keys[1]) != len(keys[2]) {
		t.Errorf("keys %q do not tell with an evaluator from without, and a Split that was asked for", keys)
	}
}

// TestSplitReadsModes: || and NOT mean what the session's sql_mode says.
func TestSplitReadsModes(t *testing.T) {
	for sql, mode := range map[string]Mode{
		"SELECT id FROM customers WHERE email = 'x' || 'y'":       {PipesAsConcat: true},
		"SELECT UPPER(name) FROM customers WHERE NOT email = 'x'": {HighNotPrecedence: true},
	} {
		env := splitEnv()
		env.Mode = mode
		env.Mode.Version = 90704
		p, ok := planOf(sql, env).(*Split)
		if !ok || len(p.Fetches[0].Stayed) != 1 {
			t.Errorf("%s: %v, want a Split whose condition stays", sql, planOf(sql, env))
		}
	}
}

// TestSplitColumns: what a fetch reads, beside what goldens show: generated columns are computed from the others, and
// names are compared without accents.
func TestSplitColumns(t *testing.T) {
	clear := func(id uint16, name string) schema.Column {
		return schema.Column{ID: id, Name: name, Kind: schema.KindInt, Storage: schema.StoredClear}
	}
	generated := clear(3, "g")
	generated.Generated = true
	for _, c := range []struct {
		columns []schema.Column
		sql     string
		want    string
	}{
		{[]schema.Column{clear(1, "a"), clear(2, "b"), clear(4, "c")}, "SELECT b", "b"},
		{[]schema.Column{clear(1, "a"), clear(2, "b"), clear(4, "c")}, "SELECT x.b, y.c, 1", "b"},
		{[]schema.Column{clear(1, "a"), clear(2, "b"), clear(4, "c")}, "SELECT 1", "a"},
		{[]schema.Column{clear(1, "a"), clear(2, "é"), clear(4, "e")}, "SELECT e", "é e"},
		{[]schema.Column{clear(1, "a"), clear(2, "b"), clear(4, "c")}, "SELECT â", "a b c"},
		{[]schema.Column{clear(1, "a"), clear(2, "b"), generated}, "SELECT a", "a b"},
	} {
		env := splitEnv()
		env.Snapshot = env.Snapshot.WithDefinition(&schema.Table{DB: "store", Name: "x", Columns: c.columns})
		sql := c.sql + " FROM store.x JOIN customers ON UPPER(name) = 'x' JOIN (SELECT 1 AS c) y"
		p, ok := planOf(sql, env).(*Split)
		if !ok {
			t.Errorf("%s: %v", sql, planOf(sql, env))
			continue
		}
		var got []string
		for _, col := range p.Fetches[0].Columns {
			got = append(got, col.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s reads %v, want %s", sql, got, c.want)
		}
	}
}

// TestLimitNeedsAnOrderThatTellsRowsApart: without a unique key, ORDER BY leaves open which rows are first, and without a
// clear primary key the order of rows is not the plain table's.
func TestLimitNeedsAnOrderThatTellsRowsApart(t *testing.T) {
	for _, sql := range []string{"SELECT UPPER(note) FROM customers ORDER BY id LIMIT 3", "SELECT UPPER(note) FROM customers LIMIT 3"} {
		env := splitEnv()
		for _, limited := range []bool{true, false} {
			p, ok := planOf(sql, env).(*Split)
			if !ok || strings.Contains(partsString(p.Fetches[0].SQL), "LIMIT") != limited {
				t.Errorf("%s: %v, want a limited fetch: %v", sql, planOf(sql, env), limited)
			}
			table := *env.Snapshot.Lookup("shop", "customers")
			table.Indexes = nil
			env.Snapshot = env.Snapshot.With(&table)
		}
	}
}
