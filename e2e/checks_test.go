package e2e_test

import (
	"errors"
	"fmt"
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
		err := c.Exec(add)
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
