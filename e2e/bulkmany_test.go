package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestBulkMany stores more rows in one COM_STMT_BULK_EXECUTE than one INSERT takes upstream: all of them, or none where the last one fails, in
// and out of the client's own transactions.
func TestBulkMany(t *testing.T) {
	s := stageOf(t, harness.MariaDB)
	c := s.connect(t, bulkConfig(s.database(t, "bulkmany"), 0))
	run(t, c, "CREATE TABLE bulk (id INT AUTO_INCREMENT PRIMARY KEY, n INT UNIQUE, s VARCHAR(120))")
	const many = 20000
	rows := func(from int) (out [][]rawmysql.Param) {
		for i := range many {
			out = append(out, bulkRow(from+i, fmt.Sprintf("%d %s", from+i, strings.Repeat("x", 100))))
		}
		return out
	}
	stmt, err := c.Prepare("INSERT INTO bulk (n, s) VALUES (?, ?)")
	must(t, err)
	execute := func(want error, rows ...[]rawmysql.Param) *rawmysql.Result {
		t.Helper()
		results, err := stmt.Bulk(rows...)
		must(t, err)
		if r := results[0]; (r.Err != nil) != (want != nil) || want != nil && r.Err.Error() != want.Error() {
			t.Errorf("the server says %v, want %v", r.Err, want)
		}
		return results[0]
	}
	counts := func(want string) {
		t.Helper()
		if got := column(t, c, "SELECT CONCAT(COUNT(*), ' ', COUNT(DISTINCT n), ' ', SUM(CAST(s AS UNSIGNED) = n)) FROM bulk"); got[0] != want {
			t.Errorf("the table has %s, want %s", got[0], want)
		}
	}
	run(t, c, "SET sql_mode = ''") // a text that begins with a number is one
	if r := execute(nil, rows(0)...); r.AffectedRows != many || r.LastInsertID != 1 {
		t.Errorf("affected %d, id %d", r.AffectedRows, r.LastInsertID)
	}
	counts("20000 20000 20000")
	duplicate := &rawmysql.ServerError{Code: 1062, SQLState: "23000", Message: "Duplicate entry '7' for key 'n'"}
	execute(duplicate, append(rows(many), bulkRow(7, "7"))...)
	counts("20000 20000 20000")
	run(t, c, "BEGIN", "DELETE FROM bulk WHERE n = 8")
	execute(duplicate, append(rows(many), bulkRow(7, "7"))...)
	counts("19999 19999 19999")
	execute(nil, rows(many)...)
	counts("39999 39999 39999")
	run(t, c, "ROLLBACK")
	counts("20000 20000 20000")
	s.healthy(t)
}
