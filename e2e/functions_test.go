package e2e_test

import (
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestFunctions calls stored functions that were made past the proxy: those that touch no table run beside it, for whoever may call them, as they are
// at that moment; others do not.
func TestFunctions(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"shop"}})
		must(t, err)
		t.Cleanup(p.Remove)
		root, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer root.Close()
		past, err := s.Connect(rawmysql.Config{})
		must(t, err)
		defer past.Close()
		run(t, root, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT PRIMARY KEY, w VARCHAR(20))", "INSERT INTO k VALUES (1, 'one'), (2, 'two')")
		run(t, past, "CREATE DATABASE other", "CREATE TABLE other.plain (w VARCHAR(20))", "USE shop",
			"CREATE FUNCTION good(a VARCHAR(20)) RETURNS VARCHAR(40) DETERMINISTIC RETURN CONCAT(a, '!')",
			"CREATE FUNCTION outer_(a VARCHAR(20)) RETURNS VARCHAR(40) DETERMINISTIC RETURN CONCAT('<', good(a), '>')",
			"CREATE FUNCTION varies() RETURNS INT RETURN RAND() * 1000000",
			"CREATE USER may", "GRANT SELECT, INSERT, UPDATE ON shop.k TO may", "GRANT EXECUTE ON FUNCTION shop.good TO may",
			"CREATE USER maynot", "GRANT SELECT, INSERT, UPDATE ON shop.k TO maynot")
		refusedFunctions(t, root, past)
		if got := column(t, past, "SELECT COUNT(*) FROM other.plain"); got[0] != "0" {
			t.Errorf("a function wrote %v rows", got)
		}
		wantError(t, "upsert", root.Exec("INSERT INTO k VALUES (1, 'x') ON DUPLICATE KEY UPDATE w = varies()"), 1235)
		may, err := p.Connect(rawmysql.Config{User: "may", Database: "shop"})
		must(t, err)
		defer may.Close()
		maynot, err := p.Connect(rawmysql.Config{User: "maynot", Database: "shop"})
		must(t, err)
		defer maynot.Close()
		for range 2 { // the second time the evaluator may have it from the first
			if got := column(t, may, "SELECT good(w) FROM k ORDER BY id"); strings.Join(got, " ") != "one! two!" {
				t.Errorf("good gives %v", got)
			}
			for _, sql := range []string{"SELECT good(w) FROM k", "UPDATE k SET w = good(w)", "INSERT INTO k VALUES (9, good('x'))"} {
				wantError(t, sql, maynot.Exec(sql), 1370)
			}
		}
		wantError(t, "one that calls another", may.Exec("SELECT outer_(w) FROM k"), 1370)
		if got := column(t, root, "SELECT outer_(w) FROM k ORDER BY id"); strings.Join(got, " ") != "<one!> <two!>" {
			t.Errorf("outer_ gives %v", got)
		}
		run(t, root, "CREATE VIEW fv AS SELECT id, good(w) AS g FROM k", "GRANT SELECT ON shop.fv TO maynot")
		nowhere, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer nowhere.Close()
		for _, db := range []string{"", "other"} { // the function is the view's database's
			if db != "" {
				run(t, nowhere, "USE "+db)
			}
			if got := column(t, nowhere, "SELECT g FROM shop.fv ORDER BY id"); strings.Join(got, " ") != "one! two!" {
				t.Errorf("the view gives %v in database %q", got, db)
			}
		}
		wantError(t, "a view that calls it", maynot.Exec("SELECT g FROM fv"), 1370)
		run(t, past, "DROP FUNCTION good", "CREATE FUNCTION good(a VARCHAR(20)) RETURNS VARCHAR(40) DETERMINISTIC RETURN CONCAT(a, '?')", "GRANT EXECUTE ON FUNCTION shop.good TO may")
		if got := column(t, may, "SELECT good(w) FROM k ORDER BY id"); strings.Join(got, " ") != "one? two?" {
			t.Errorf("after it has changed good gives %v", got)
		}
		run(t, past, "DROP FUNCTION good", "CREATE FUNCTION good(a VARCHAR(20)) RETURNS VARCHAR(40) RETURN (SELECT MAX(w) FROM k)")
		wantError(t, "it reads a table now", root.Exec("SELECT outer_(w) FROM k"), 1235)
		run(t, past, "DROP FUNCTION good")
		wantError(t, "a view that calls one that is gone", root.Exec("SELECT g FROM fv"), 1356)
		wantError(t, "the same shown", root.Exec("SHOW CREATE VIEW fv"), 1356)
		if got := column(t, root, "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'shop'"); strings.Join(got, " ") != "fv" {
			t.Errorf("INFORMATION_SCHEMA has the views %v", got)
		}
		wantError(t, "it is gone", root.Exec("SELECT good(w) FROM k"), 1305)
		if got := column(t, root, "SELECT w FROM k ORDER BY id"); strings.Join(got, " ") != "one two" {
			t.Errorf("the table has %v", got)
		}
	})
}

// refusedFunctions makes functions past the proxy that the evaluator must not run, and calls them.
func refusedFunctions(t *testing.T, root, past *rawmysql.Conn) {
	t.Helper()
	why := map[string]string{
		"reads_(a VARCHAR(20)) RETURNS INT RETURN (SELECT COUNT(*) FROM k WHERE w = a)":                              "tables",
		"writes_(a VARCHAR(20)) RETURNS INT BEGIN INSERT INTO other.plain VALUES (a); RETURN 1; END":                 "tables",
		"keeps(a VARCHAR(20)) RETURNS INT BEGIN SET @kept = a; RETURN 1; END":                                        "variables",
		"looks() RETURNS VARCHAR(20) RETURN @kept":                                                                   "variables",
		"server() RETURNS INT RETURN @@max_connections":                                                              "variables",
		"sets(a INT) RETURNS INT BEGIN SET lc_messages = a; RETURN 1; END":                                           "variables",
		"locks(a VARCHAR(20)) RETURNS INT RETURN GET_LOCK(a, 0)":                                                     "GET_LOCK",
		"who() RETURNS VARCHAR(80) RETURN CURRENT_USER()":                                                            "CURRENT_USER",
		"calls(a INT) RETURNS INT BEGIN CALL p(a); RETURN 1; END":                                                    "procedure",
		"elsewhere(a VARCHAR(20)) RETURNS VARCHAR(40) RETURN shop.good(a)":                                           "named with its database",
		"misses(a VARCHAR(20)) RETURNS VARCHAR(40) RETURN nosuch(a)":                                                 "none of the functions",
		"cursor_() RETURNS INT BEGIN DECLARE c CURSOR FOR SELECT 1 FROM other.plain; OPEN c; CLOSE c; RETURN 1; END": "tables",
		"reads_by(a VARCHAR(20)) RETURNS INT RETURN reads_(a)":                                                       "tables",
	}
	for text := range why {
		run(t, past, "CREATE FUNCTION "+text)
	}
	for text, part := range why {
		name, rest, _ := strings.Cut(text, "(")
		args := "w"
		if strings.HasPrefix(rest, ")") {
			args = ""
		}
		for _, sql := range []string{"SELECT " + name + "(" + args + ") FROM k", "UPDATE k SET w = " + name + "(" + args + ")", "SELECT id FROM k WHERE id = " + name + "(" + strings.ReplaceAll(args, "w", "'x'") + ")"} {
			err := root.Exec(sql)
			wantError(t, sql, err, 1235)
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error does not say %q: %v", sql, part, err)
			}
		}
	}
}
