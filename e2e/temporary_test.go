package e2e_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// temporaryTables writes a canary into temporary tables, one of which hides an encrypted table, and into what is left when they are gone.
func temporaryTables(c *rawmysql.Conn, a *harness.Canaries) error {
	canary := a.Text("temporary", 30)
	for _, q := range []string{
		"CREATE TEMPORARY TABLE tc (id INT PRIMARY KEY, v VARCHAR(100) DEFAULT '" + canary + "', t TEXT, KEY (v))",
		"INSERT INTO tc (id, t) VALUES (1, '" + canary + "')", "INSERT INTO tc SELECT id + 1, CONCAT(v, 'x'), UPPER(t) FROM tc",
		"UPDATE tc SET t = CONCAT(v, '" + canary + "') WHERE v = '" + canary + "'", "SELECT id FROM tc WHERE t LIKE '" + canary + "%'",
		"CREATE TEMPORARY TABLE c LIKE tc", "INSERT INTO c (id, v) VALUES (1, '" + canary + "')", "DELETE FROM c WHERE v = '" + canary + "'",
		"ALTER TABLE tc ADD COLUMN more VARCHAR(100) DEFAULT '" + canary + "', MODIFY t VARCHAR(200), ADD KEY (t)", "CREATE INDEX mi ON tc (more)",
		"ALTER TABLE tc ADD CHECK (v <> '" + canary + "y')",
		"DROP TABLE c", "INSERT INTO c (v) VALUES ('" + canary + "')", "DROP TEMPORARY TABLE tc",
	} {
		if err := c.Exec(q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	if err := c.Exec("INSERT INTO tc (id, t) VALUES (2, '" + canary + "')"); err == nil {
		return fmt.Errorf("a table that is gone takes rows")
	}
	return nil
}

// TestTemporaryTables has two sessions use temporary tables of one name, which end with their sessions, and hide a table for
// as long as they are there, also for what was prepared before.
func TestTemporaryTables(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		cfg := rawmysql.Config{Database: s.database(t, "temporaries")}
		one, two := s.connect(t, cfg), s.connect(t, cfg)
		expect := func(c *rawmysql.Conn, query string, want ...string) {
			t.Helper()
			if got := column(t, c, query); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		run(t, one, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'base')")
		before, err := one.Prepare("SELECT CONCAT(v, '!') FROM t")
		must(t, err)
		insert, err := one.Prepare("INSERT INTO t (id, v) VALUES (?, ?)")
		must(t, err)
		run(t, one, "CREATE TEMPORARY TABLE t (id INT, v VARCHAR(30))", "INSERT INTO t VALUES (1, 'one''s')")
		run(t, two, "CREATE TEMPORARY TABLE t (v VARCHAR(40), w TEXT)", "INSERT INTO t VALUES ('two''s', 'w')")
		expect(one, "SELECT UPPER(v) FROM t", "ONE'S")
		expect(two, "SELECT CONCAT(v, w) FROM t", "two'sw")
		results, err := before.Execute()
		must(t, err)
		if results[0].Err != nil || string(results[0].Rows[0][0]) != "one's!" && string(results[0].Rows[0][0]) != "\x06one's!" {
			t.Errorf("what was prepared before gives %v, %q", results[0].Err, results[0].Rows)
		}
		// Other sessions' DDL must not make this one forget its tables.
		three := s.connect(t, cfg)
		run(t, three, "CREATE TABLE other (v VARCHAR(9))", "ALTER TABLE t ADD x INT", "INSERT INTO t VALUES (2, 'more', 3)")
		run(t, one, "INSERT INTO t VALUES (2, 'again')")
		expect(one, "SELECT v FROM t ORDER BY id", "one's", "again")
		results, err = insert.Execute(rawmysql.Int(3), rawmysql.Text("bound"))
		must(t, err)
		if e := results[0].Err; e == nil || e.Code != 1615 { // its text for upstream is another table's
			t.Errorf("an INSERT that was prepared before gives %v", e)
		}
		insert, err = one.Prepare("INSERT INTO t (id, v) VALUES (?, ?)")
		must(t, err)
		results, err = insert.Execute(rawmysql.Int(3), rawmysql.Text("bound"))
		must(t, err)
		if results[0].Err != nil {
			t.Error(results[0].Err)
		}
		expect(one, "SELECT v FROM t WHERE id = 3", "bound")
		run(t, one, "DROP TEMPORARY TABLE t")
		expect(one, "SELECT v FROM t ORDER BY id", "base", "more")
		if _, err := two.Command(0x1f, nil); err != nil { // COM_RESET_CONNECTION
			t.Fatal(err)
		}
		run(t, two, "USE temporaries")
		expect(two, "SELECT CONCAT(v, '.') FROM t ORDER BY id", "base.", "more.")
		wantError(t, "a temporary table that no rule designates", s.connect(t, rawmysql.Config{}).Exec("CREATE TEMPORARY TABLE mysql.enc (a INT) ENCRYPTION='Y'"), 1235)
		// A ROLLBACK takes MySQL's rows and leaves MariaDB's, which is refused.
		run(t, one, "START TRANSACTION", "INSERT INTO t (id, v) VALUES (50, 'gone')")
		if err := one.Exec("CREATE TEMPORARY TABLE intx SELECT UPPER(v) AS u FROM t"); f == harness.MariaDB {
			wantError(t, "CREATE TEMPORARY TABLE … SELECT in a transaction", err, 1235)
		} else {
			must(t, err)
			expect(one, "SELECT u FROM intx ORDER BY u", "BASE", "GONE", "MORE")
		}
		run(t, one, "ROLLBACK")
		expect(one, "SELECT v FROM t ORDER BY id", "base", "more")
		if f == harness.MySQL {
			expect(one, "SELECT u FROM intx")
		}
		for _, q := range map[harness.Flavour][]string{harness.MySQL: {"RENAME TABLE t3 TO t4", "RENAME TABLE t3 TO t4, t4 TO t5"}, harness.MariaDB: {"RENAME TABLE t3 TO t4, t4 TO t5"}}[f] {
			run(t, three, "CREATE TEMPORARY TABLE IF NOT EXISTS t3 (a INT)")
			wantError(t, q, three.Exec(q), 1235)
		}
		checkLog(t, s.proxy)
	})
}
