package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestTamperedCells changes cells upstream, behind the proxy's back: the
// statement fails, and no row's data appears in another's place.
func TestTamperedCells(t *testing.T) {
	tampers := map[string]string{
		"flipped bit":      "UPDATE t SET v = CONCAT(LEFT(v, LENGTH(v) - 1), CHAR(ASCII(RIGHT(v, 1)) ^ 1)) WHERE id = 1",
		"truncated":        "UPDATE t SET v = LEFT(v, LENGTH(v) - 1) WHERE id = 1",
		"empty":            "UPDATE t SET v = '' WHERE id = 1",
		"one byte":         "UPDATE t SET v = CHAR(1) WHERE id = 1",
		"lengthened":       "UPDATE t SET v = CONCAT(v, 'x') WHERE id = 1",
		"plain text":       "UPDATE t SET v = 'plaintext' WHERE id = 1",
		"wrong version":    "UPDATE t SET v = CONCAT(CHAR(9), SUBSTRING(v, 2)) WHERE id = 1",
		"wrong key":        "UPDATE t SET v = CONCAT(LEFT(v, 1), CHAR(99), CHAR(99), SUBSTRING(v, 4)) WHERE id = 1",
		"of other column":  "UPDATE t SET v = w WHERE id = 1",
		"of other table":   "UPDATE t JOIN o ON o.id = t.id SET t.v = o.v WHERE t.id = 1",
		"of other columns": "UPDATE t SET v = w, w = NULL WHERE id = 1",
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		for name, tamper := range tampers {
			t.Run(name, func(t *testing.T) {
				database := s.database(t, "tamper")
				c := s.connect(t, rawmysql.Config{Database: database})
				run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), w VARCHAR(100))", "CREATE TABLE o (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))",
					"INSERT INTO t VALUES (1, 'value one', 'other one'), (2, 'value two', 'other two')", "INSERT INTO o VALUES (1, 'foreign one')")
				tamperUpstream(t, s, database, tamper)
				wantTampered(t, c)
				// The session and the other rows go on.
				if got := column(t, c, "SELECT v FROM t WHERE id = 2"); len(got) != 1 || got[0] != "value two" {
					t.Errorf("row 2 after the failure: %q", got)
				}
				s.healthy(t)
			})
		}
	})
}

// tamperUpstream changes exactly one row, or the test would prove nothing.
func tamperUpstream(t *testing.T, s *stage, database, statement string) {
	t.Helper()
	c, err := s.upstream.Connect(rawmysql.Config{Database: database})
	must(t, err)
	defer c.Close()
	run(t, c, "SET sql_mode=''")
	results, err := c.Query(statement)
	must(t, err)
	if r := results[0]; r.Err != nil || r.AffectedRows != 1 {
		t.Fatalf("%s: %d rows changed, error %v", statement, r.AffectedRows, r.Err)
	}
}

// wantTampered reads row 1 in both protocols and wants a clear error.
func wantTampered(t *testing.T, c *rawmysql.Conn) {
	t.Helper()
	check := func(protocol string, results []*rawmysql.Result, err error) {
		if err != nil {
			t.Errorf("%s: connection lost: %v", protocol, err)
			return
		}
		r := results[0]
		for _, row := range r.Rows {
			t.Errorf("%s: a row came from a tampered cell: %q", protocol, row)
		}
		switch {
		case r.Err == nil:
			t.Errorf("%s: no error", protocol)
		case strings.Contains(r.Err.Message, "value") && strings.Contains(r.Err.Message, "one"):
			t.Errorf("%s: the error shows data: %v", protocol, r.Err)
		default:
			t.Logf("%s: %v", protocol, r.Err)
		}
	}
	results, err := c.Query("SELECT v FROM t WHERE id = 1")
	check("text", results, err)
	s, err := c.Prepare("SELECT v FROM t WHERE id = ?")
	must(t, err)
	results, err = s.Execute(rawmysql.Int(1))
	check("binary", results, err)
}

// TestForeignCells puts a cell of one table into another: it must not open.
func TestForeignCells(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "foreignmeta")
		c := s.connect(t, rawmysql.Config{Database: database})
		run(t, c, "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50))", "CREATE TABLE b (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50))",
			"INSERT INTO a VALUES (1, 'in a')", "INSERT INTO b VALUES (1, 'in b')")
		tamperUpstream(t, s, database, "UPDATE a JOIN b ON a.id = b.id SET a.v = b.v")
		fresh := s.connect(t, rawmysql.Config{Database: database})
		results, err := fresh.Query("SELECT v FROM a")
		must(t, err)
		if results[0].Err == nil {
			t.Errorf("a row of b was read as a's: %s", fmt.Sprintf("%q", results[0].Rows))
		}
	})
}
