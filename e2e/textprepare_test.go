package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestPreparedKeepsDatabase executes what was prepared in another database: it may be refused, and never goes to a table of the
// same name in the current one.
func TestPreparedKeepsDatabase(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"*"}})
		must(t, err)
		t.Cleanup(p.Remove)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer c.Close()
		run(t, c, "CREATE DATABASE one", "CREATE DATABASE two", "CREATE TABLE two.t (a INT, b VARCHAR(10))",
			"CREATE TABLE one.t (a INT, b VARCHAR(10))", "INSERT INTO two.t VALUES (1, 'x')", "USE one")
		for i, text := range []string{
			"INSERT INTO t SELECT a + 1, UPPER(b) FROM t", "INSERT INTO t VALUES (2, 'y')", "INSERT INTO t VALUES (1 + 1, LOWER('Y'))",
			"UPDATE t SET b = CONCAT(b, b)", "DELETE FROM t WHERE UPPER(b) = 'X'", "ALTER TABLE t ADD c INT", "DROP TABLE t",
		} {
			run(t, c, "USE one", "PREPARE s FROM \""+text+"\"", "USE two", "CREATE TABLE other"+string(rune('a'+i))+" (a INT)")
			if _, err := c.Query("EXECUTE s"); err != nil {
				t.Fatal(err)
			}
			if got := column(t, c, "SELECT CONCAT_WS(':', a, b) FROM two.t"); len(got) != 1 || got[0] != "1:x" {
				t.Errorf("%s, prepared in another database, made of this one's rows %q", text, got)
			}
		}
	})
}
