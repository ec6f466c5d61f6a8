package e2e_test

import (
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestUpsertStatementBinlog has upstream's binlog hold statements, which takes no READ COMMITTED transactions of InnoDB, such as the proxy's own.
func TestUpsertStatementBinlog(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "statementbinlog")})
		run(t, c, "SET SESSION binlog_format = 'STATEMENT'", "CREATE TABLE k (id INT PRIMARY KEY, n INT)", "INSERT INTO k VALUES (1, 1), (2, 2)")
		for range 2 {
			run(t, c, "INSERT INTO k VALUES (1, 10), (3, 3) ON DUPLICATE KEY UPDATE n = n * 2 + VALUES(n)")
		}
		run(t, c, "BEGIN", "INSERT INTO k VALUES (2, 10) ON DUPLICATE KEY UPDATE n = n + 1", "COMMIT")
		if got := strings.Join(column(t, c, "SELECT CONCAT(id, ':', n) FROM k ORDER BY id"), " "); got != "1:34 2:3 3:9" {
			t.Errorf("the rows are %s", got)
		}
		run(t, c, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
		wantError(t, "an upsert of the client's READ COMMITTED", c.Exec("INSERT INTO k VALUES (2, 10) ON DUPLICATE KEY UPDATE n = n + 1"), 1665)
		s.healthy(t)
	})
}
