package plan

import (
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	for _, c := range []struct {
		sql, template string
		literals      []string
		mode          Mode
	}{
		{sql: `SELECT a FROM t WHERE b = 'x' AND c=5`, template: `SELECT a FROM t WHERE b = ? AND c=?`, literals: []string{`'x'`, `5`}},
		{sql: `SELECT 'it''s', "d\"q", N'n', _utf8mb4 'u', x'41', 0x41, b'1', 1.5e3, .5, -7`,
			template: `SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?`,
			literals: []string{`'it''s'`, `"d\"q"`, `N'n'`, `_utf8mb4 'u'`, `x'41'`, `0x41`, `b'1'`, `1.5e3`, `.5`, `-7`}},
		{sql: `SELECT 'a' 'b' "c"`, template: `SELECT ?`, literals: []string{`'a' 'b' "c"`}},
		{sql: `SELECT "a" FROM t`, template: `SELECT "a" FROM t`, mode: Mode{ANSIQuotes: true}},
		{sql: `SELECT 'a\' FROM t`, template: `SELECT ? FROM t`, literals: []string{`'a\'`}, mode: Mode{NoBackslashEscapes: true}},
		{sql: `SELECT a-5, a -5, (-5), a=-5`, template: `SELECT a-?, a -?, (?), a=?`, literals: []string{`5`, `5`, `-5`, `-5`}},
		{sql: `SELECT a--5`, template: `SELECT a-?`, literals: []string{`-5`}},
		{sql: "SELECT 1 -- 'c\n, 2 # 'd", template: "SELECT ?  \n, ?  ", literals: []string{`1`, `2`}},
		{sql: `SELECT /* 'x' */ 1`, template: `SELECT   ?`, literals: []string{`1`}},
		{sql: `SELECT /*!50000 2 + */ 1 /*!99999 , 'x' */`, template: `SELECT   ? +   ?  `, literals: []string{`2`, `1`}, mode: Mode{Version: 90704}},
		{sql: `SELECT 1 /*!80000 , 'x' */ /*M! , 3 */`, template: `SELECT ?     , ?  `, literals: []string{`1`, `3`}, mode: Mode{Version: 101119, MariaDB: true}},
		{sql: `SELECT t.5, db.2a, 2nd, a.b FROM t`, template: `SELECT t.5, db.2a, 2nd, a.b FROM t`},
		{sql: `SELECT a AS 'x', b COLLATE 'utf8mb4_bin', j->'$.a', @v, @'v', @@x`, template: `SELECT a AS 'x', b COLLATE 'utf8mb4_bin', j->'$.a', @v, @'v', @@x`},
		{sql: `SELECT a FROM t WHERE b IS NULL AND c IN (NULL, TRUE) AND d = FALSE`, template: `SELECT a FROM t WHERE b IS NULL AND c IN (?, ?) AND d = ?`,
			literals: []string{`NULL`, `TRUE`, `FALSE`}},
		{sql: "INSERT INTO t VALUES (1,'a'),(2,'b') , (3, NULL)", template: "INSERT INTO t VALUES (?,?),(?,?) , (?, ?)", literals: []string{`1`, `'a'`, `2`, `'b'`, `3`, `NULL`}},
		{sql: "INSERT INTO t VALUES (1,'a'),(2,'b'),(3,NULL)", template: "INSERT INTO t VALUES (?,?)", literals: []string{`1`, `'a'`, `2`, `'b'`, `3`, `NULL`}},
		{sql: "INSERT INTO t VALUES (1,'a'),(2,DEFAULT),(3,'b')", template: "INSERT INTO t VALUES (?,?),(?,DEFAULT),(?,?)", literals: []string{`1`, `'a'`, `2`, `3`, `'b'`}},
		{sql: "CREATE TABLE t (a CHAR(5) DEFAULT 'x')", template: "CREATE TABLE t (a CHAR(5) DEFAULT 'x')"},
		{sql: "SELECT 'a'; SELECT 'b'", template: "SELECT ?", literals: []string{`'a'`}},
	} {
		var l Lexer
		if err := l.Lex([]byte(c.sql), c.mode); err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		var got []string
		for _, lit := range l.Literals {
			got = append(got, c.sql[lit.Start:lit.End])
		}
		if string(l.Template) != c.template || strings.Join(got, "|") != strings.Join(c.literals, "|") {
			t.Errorf("%s:\n got %q %q\nwant %q %q", c.sql, l.Template, got, c.template, c.literals)
		}
	}
}

func TestRowGroups(t *testing.T) {
	for sql, want := range map[string][2]int{
		"INSERT INTO t VALUES (1,2),(3,4),(5,6)":                                 {3, 2},
		"INSERT INTO t VALUES (1,2)":                                             {1, 2},
		"INSERT INTO t VALUES (1,2),(3,a)":                                       {0, 0},
		"INSERT INTO t VALUES (1),(2) ON DUPLICATE KEY UPDATE a=VALUES(a),b=(1)": {2, 1},
		"SELECT VALUES (1),(2)":                                                  {0, 0},
		"INSERT INTO t (values_) VALUES (f(1,(2))),(f(3,(4)))":                   {2, 2},
	} {
		var l Lexer
		if err := l.Lex([]byte(sql), Mode{}); err != nil {
			t.Fatal(err)
		}
		if l.Rows != want[0] || l.RowWidth != want[1] {
			t.Errorf("%s: %d rows of %d literals, want %v", sql, l.Rows, l.RowWidth, want)
		}
	}
}

func TestLexErrors(t *testing.T) {
	for _, sql := range []string{"SELECT 'a", "SELECT `a", "SELECT /* a", "SELECT /*! 1", "SELECT x'41", "SELECT /*!123 1 */", "SELECT 1.5abc"} {
		var l Lexer
		if err := l.Lex([]byte(sql), Mode{Version: 90704}); err == nil {
			t.Errorf("%s: no error, template %q", sql, l.Template)
		}
	}
}

// TestHotPathAllocations: lexing and finding a cached plan allocate nothing.
func TestHotPathAllocations(t *testing.T) {
	env, cache := testEnv(), NewCache()
	src := []byte("SELECT id, email FROM customers WHERE email = 'bob@example.com' AND id = 7")
	var l Lexer
	var key []byte
	run := func() {
		if err := l.Lex(src, env.Mode); err != nil {
			t.Fatal(err)
		}
		key = AppendKey(key[:0], l.Template, l.Rows, env)
		if _, ok := cache.Get(key); !ok {
			cache.Put(key, Build(Statement{Template: string(l.Template), Source: string(src)}, env))
		}
		if StoredProgram(src) {
			t.Fatal("a SELECT is no stored program")
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n > 0 {
		t.Errorf("%v allocations a statement, want none", n)
	}
}

func BenchmarkLexAndFind(b *testing.B) {
	env, cache := testEnv(), NewCache()
	src := []byte("SELECT c FROM customers WHERE id=504837")
	var l Lexer
	var key []byte
	for b.Loop() {
		if err := l.Lex(src, env.Mode); err != nil {
			b.Fatal(err)
		}
		key = AppendKey(key[:0], l.Template, l.Rows, env)
		if _, ok := cache.Get(key); !ok {
			cache.Put(key, &PassThrough{})
		}
	}
}

// FuzzBuild: no statement makes the lexer or planner panic, and no text of a plan that writes or compares holds what
// stood in a literal's place.
func FuzzBuild(f *testing.F) {
	for _, s := range []string{
		"SELECT * FROM customers WHERE email = 'CANARY'", "INSERT INTO customers (email) VALUES ('CANARY'), (NULL)",
		"UPDATE customers SET email = 'CANARY' WHERE id = -1", "DELETE FROM customers WHERE name IN ('CANARY', 'x')",
		"SELECT DISTINCT name FROM customers GROUP BY name", "SELECT UPPER(name) FROM customers WHERE email = 'CANARY' AND id IN (1, 'CANARY')",
		"SELECT a.id FROM customers a LEFT JOIN orders b ON (a.email = 'CANARY' OR b.id < 5) WHERE b.email <=> 'CANARY' AND NOT a.id = 'CANARY' XOR a.id",
		"VALUES ROW('CANARY') UNION SELECT CAST(age AS CHAR(5)) FROM customers WHERE name LIKE 'CANARY' AND `customers`.id + 5 = 'CANARY'",
		"WITH c (x) AS (TABLE orders) SELECT x, USER() FROM c, store.stock s WHERE s.price > 3 AND EXISTS (SELECT * FROM customers WHERE (id, age) = (1, 2))", "/*!50000 SELECT */ 'CANARY' FROM orders", "CREATE TABLE a (b INT DEFAULT 'CANARY')",
	} {
		f.Add(s, false, false, false)
	}
	f.Fuzz(func(t *testing.T, sql string, ansi, noBackslash, mariaDB bool) {
		env := splitEnv()
		env.Mode = Mode{ANSIQuotes: ansi, NoBackslashEscapes: noBackslash, MariaDB: mariaDB, Version: 101119}
		p := planOf(sql, env)
		if p == nil {
			t.Fatal("no plan")
		}
		if r, ok := p.(*Rewrite); ok && r.Verb != "CREATE" && strings.Contains(sql, "'CANARY'") {
			text := partsString(r.Head) + partsString(r.Row)
			if strings.Contains(text, "'CANARY'") && !verbatim(text) {
				t.Errorf("%q: a literal stayed in %q", sql, text)
			}
		}
		if s, ok := p.(*Split); ok {
			checkFetches(t, s, env.Mode)
		}
	})
}

// verbatim says whether a text has one of the places in which the grammar takes a string and no value.
func verbatim(text string) bool {
	up := strings.ToUpper(text)
	for _, w := range []string{"AS", "COLLATE", "ESCAPE", "SEPARATOR", "->", "/*+", "@", "`", "\""} {
		if strings.Contains(up, w) {
			return true
		}
	}
	return false
}

// TestCacheIsBounded: whatever shapes of statements come, a cache stays small.
func TestCacheIsBounded(t *testing.T) {
	c := NewCache()
	for i := range 3 * cachePlans {
		c.Put([]byte(strings.Repeat("x", i%(cacheKey+10))), &PassThrough{})
		if c.Len() > cachePlans || c.bytes > cacheBytes || c.bytes < 0 {
			t.Fatalf("%d plans, %d bytes after %d", c.Len(), c.bytes, i+1)
		}
	}
	if _, ok := c.Get([]byte(strings.Repeat("x", 3*cachePlans%(cacheKey+10)-1))); !ok {
		t.Error("the last plan put is not there")
	}
}
