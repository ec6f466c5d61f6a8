package e2e_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestAddedCheck adds a CHECK constraint to a table of more rows than the evaluator sees before an ALTER: each must pass it, and so
// must what another session writes meanwhile.
func TestAddedCheck(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		cfg := rawmysql.Config{Database: s.database(t, "checks"), Extra: rawmysql.ClientLocalFiles}
		c, writer := s.connect(t, cfg), s.connect(t, cfg)
		run(t, c, "CREATE TABLE t (id INT PRIMARY KEY, n INT)")
		const rows = 3000
		for at := 0; at < rows; at += 500 {
			var values []string
			for i := at; i < at+500; i++ {
				values = append(values, fmt.Sprintf("(%d, %d)", i, i%7+1))
			}
			run(t, c, "INSERT INTO t VALUES "+strings.Join(values, ", "))
		}
		violated := uint16(3819) // ER_CHECK_CONSTRAINT_VIOLATED
		if f == harness.MariaDB {
			violated = 4025 // ER_CONSTRAINT_FAILED
		}
		// Which value is there twice only upstream knows, as a token, unless both rows are among the thousand that the evaluator sees first: those
		// are the first in the order of the primary key's tokens, which is another in every run.
		run(t, c, "UPDATE t SET n = id + 1", "UPDATE t SET n = 2401 WHERE id = 2500")
		err := c.Exec("ALTER TABLE t ADD UNIQUE KEY u (n, id), ADD UNIQUE KEY v (n)")
		wantError(t, "a unique key of values that are not", err, 1062)
		if err == nil || !regexp.MustCompile(`Duplicate entry '(\?|2401)' for key '(t\.)?v'$`).MatchString(err.Error()) {
			t.Errorf("the error is %q", err)
		}
		run(t, c, "UPDATE t SET n = -1 WHERE id = 2500")
		const add = "ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0)"
		wantError(t, add, c.Exec(add), violated)
		run(t, c, "INSERT INTO t VALUES (3000, -5)", "DELETE FROM t WHERE n < 0")
		wrote := make(chan error, 1)
		go func() {
			for i := rows + 1; ; i++ {
				if err := writer.Exec(fmt.Sprintf("INSERT INTO t VALUES (%d, %d)", i, i%2)); err != nil { // every other one is 0
					wrote <- err
					return
				}
				if err := writer.Exec("DELETE FROM t WHERE n = 0"); err != nil {
					wrote <- err
					return
				}
			}
		}()
		err = c.Exec(add)
		for tries := 0; err != nil && tries < 20; tries++ { // a 0 stood there
			wantError(t, add, err, violated)
			err = c.Exec(add)
		}
		must(t, err)
		var e *rawmysql.ServerError
		if err := <-wrote; !errors.As(err, &e) || e.Code != violated {
			t.Errorf("the writer ended with %v", err)
		}
		if got := column(t, c, "SELECT COUNT(*) FROM t WHERE n <= 0"); got[0] != "0" {
			t.Errorf("%s rows do not pass the constraint", got[0])
		}
		c.LocalFile = func(string) []byte { return []byte("9000\t1\n9001\t-1\n") }
		run(t, c, "LOAD DATA LOCAL INFILE 'rows' INTO TABLE t") // LOCAL ignores errors
		if got := column(t, c, "SELECT id FROM t WHERE id >= 9000"); len(got) != 1 || got[0] != "9000" {
			t.Errorf("LOAD DATA has stored rows %q", got)
		}
		checkLog(t, s.proxy)
	})
}

// TestConvertDecided converts a table of whose rows only a server can tell what they are, there and back.
func TestConvertDecided(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: plainServer(t, f).Address, Flavour: f, Encrypt: []string{"elsewhere"}})
		must(t, err)
		t.Cleanup(p.Remove)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer c.Close()
		run(t, c, "DROP DATABASE IF EXISTS decided", "CREATE DATABASE decided", "USE decided",
			"CREATE TABLE g (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b VARCHAR(20) DEFAULT (CONCAT('p', 'q')), s INT AS (a * 2) STORED, KEY (s), CHECK (a > 0))",
			"INSERT INTO g (a, b) VALUES (1, 'x'), (2, 'y')")
		want := []string{"1,1,x,2", "2,2,y,4"}
		for i, way := range []string{"Y", "N", "Y"} {
			run(t, c, "ALTER TABLE g ENCRYPTION='"+way+"'", fmt.Sprintf("INSERT INTO g (id, a) VALUES (%d, 5)", i+3))
			want = append(want, fmt.Sprintf("%d,5,pq,10", i+3))
			if got := column(t, c, "SELECT CONCAT_WS(',', id, a, b, s) FROM g ORDER BY id"); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("after ENCRYPTION='%s' the table holds %q, want %q", way, got, want)
			}
			if got := column(t, c, "SELECT COUNT(*) FROM g WHERE s = 10"); got[0] != fmt.Sprint(i+1) {
				t.Errorf("%s rows are found by the generated column", got[0])
			}
			if err := c.Exec("INSERT INTO g (a) VALUES (-1)"); err == nil {
				t.Errorf("after ENCRYPTION='%s' the constraint is gone", way)
			}
		}
		run(t, c, "DROP DATABASE decided")
		checkLog(t, p)
	})
}
