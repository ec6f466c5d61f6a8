package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestProgramsAndMore sends definitions of stored programs with statements after them: the error of what stands behind one that a server takes is
// not that of the whole.
func TestProgramsAndMore(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		db := s.database(t, "programs_more")
		c := s.connect(t, rawmysql.Config{Database: db, Extra: rawmysql.ClientMultiStatements})
		run(t, c, "CREATE TABLE prog (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO prog VALUES (1, 'one')")
		for sql, want := range map[string]uint16{
			"CREATE PROCEDURE p() BEGIN SELECT v FROM prog; END; SELEC 1":    1235,
			"CREATE PROCEDURE p() SELECT v FROM prog; LEAVE nowhere":         1235,
			"CREATE PROCEDURE p() BEGIN SELECT v FORM prog WHERE; END":       1064,
			"CREATE PROCEDURE p() BEGIN LEAVE l; SELECT v FROM prog; END; x": 1308,
			"CREATE PROCEDURE p() BEGIN SELECT v FROM prog; END;":            1235,
		} {
			r, err := c.Query(sql)
			must(t, err)
			wantError(t, sql, r[0].Err, want)
			if len(r) != 1 {
				t.Errorf("%s: %d results", sql, len(r))
			}
		}
	})
}
