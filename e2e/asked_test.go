package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestAskedOfPrepared asks about the statement before where one of the two was prepared and is upstream's alone.
func TestAskedOfPrepared(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		upstream := plainServer(t, f)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: upstream.Address, Flavour: f, Encrypt: []string{"asked"}})
		must(t, err)
		t.Cleanup(p.Remove)
		t.Cleanup(func() { must(t, upstream.Exec("DROP DATABASE asked", "DROP DATABASE asked_open")) }) // nobody else can open what is there
		must(t, upstream.Exec("DROP DATABASE IF EXISTS asked", "DROP DATABASE IF EXISTS asked_open", "CREATE DATABASE asked", "CREATE DATABASE asked_open",
			"CREATE TABLE asked_open.t (id INT)", "INSERT INTO asked_open.t VALUES (1), (2)"))
		c, err := p.Connect(rawmysql.Config{Database: "asked"})
		must(t, err)
		defer c.Close()
		run(t, c, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
		evaluated := func() { column(t, c, "SELECT REVERSE(REPEAT(v, 2)) FROM t") }
		prepare := func(sql string) *rawmysql.Stmt {
			s, err := c.Prepare(sql)
			must(t, err)
			return s
		}
		found, open, add := prepare("SELECT FOUND_ROWS()"), prepare("SELECT id FROM asked_open.t"), prepare("INSERT INTO asked_open.t VALUES (7), (8), (9), (10)")
		evaluated()
		if _, err := open.Execute(); err != nil {
			t.Fatal(err)
		}
		if got := column(t, c, "SELECT FOUND_ROWS()"); got[0] != "2" {
			t.Errorf("FOUND_ROWS() after a prepared query of upstream's is %s, want 2", got[0])
		}
		evaluated()
		if _, err := add.Execute(); err != nil {
			t.Fatal(err)
		}
		if got := column(t, c, "SELECT ROW_COUNT()"); got[0] != "4" {
			t.Errorf("ROW_COUNT() after a prepared INSERT of upstream's is %s, want 4", got[0])
		}
		column(t, c, "SELECT REVERSE(v) r FROM t HAVING r < 'c'")
		r, err := found.Execute()
		must(t, err)
		wantError(t, "FOUND_ROWS() that was prepared before", r[0].Err, 1235)
		if got := column(t, c, "SELECT FOUND_ROWS()"); got[0] != "2" {
			t.Errorf("FOUND_ROWS() after the evaluator's query is %s, want 2", got[0])
		}
	})
}
