package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestSessionForgets checks that what the proxy keeps of a session ends with
// it: user variables and statements that SQL has prepared.
func TestSessionForgets(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "forgets")
		c := s.connect(t, rawmysql.Config{Database: database})
		run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), KEY (v))", "INSERT INTO t (v) VALUES ('kept')")
		keep := func() {
			t.Helper()
			run(t, c, "SELECT v INTO @v FROM t", "PREPARE st FROM 'SELECT UPPER(v) FROM t'", "EXECUTE st")
			if got := column(t, c, "SELECT @v"); got[0] != "kept" {
				t.Fatalf("@v is %q", got)
			}
			wantError(t, "a clear use", c.Exec("SHOW TABLES LIKE @v"), 1235)
		}
		forgotten := func(after string) {
			t.Helper()
			if got := column(t, c, "SELECT @v"); got[0] != "NULL" {
				t.Errorf("@v is %q after %s", got, after)
			}
			wantError(t, "EXECUTE after "+after, c.Exec("EXECUTE st"), 1243)
		}
		keep()
		_, err := c.Command(rawmysql.ComResetConnection, nil)
		must(t, err)
		forgotten("COM_RESET_CONNECTION")
		run(t, c, "USE "+database)
		keep()
		must(t, c.ChangeUser("root", "", database))
		forgotten("COM_CHANGE_USER")
		other := s.connect(t, rawmysql.Config{Database: database})
		keep()
		if got := column(t, other, "SELECT @v"); got[0] != "NULL" {
			t.Errorf("@v is %q in another session", got)
		}
		s.healthy(t)
	})
}
