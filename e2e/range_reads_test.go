package e2e_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestRangeReads counts rows: of 10,000, upstream reads those that a condition on an order token lets pass and hardly more, and
// the proxy fetches no others.
func TestRangeReads(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "rangereads")})
		run(t, c, "CREATE TABLE ranged (id INT AUTO_INCREMENT PRIMARY KEY, r_n INT, r_d DATE, r_s VARCHAR(60) COLLATE utf8mb4_unicode_ci, note VARCHAR(20))")
		for i := 0; i < 10_000; i += 1000 {
			var rows []string
			for n := i; n < i+1000; n++ {
				rows = append(rows, fmt.Sprintf("(%d, '%04d-%02d-%02d', 'word%05d', 'note')", n, 1000+n/300, 1+n%300/25, 1+n%25, n))
			}
			run(t, c, "INSERT INTO ranged (r_n, r_d, r_s, note) VALUES "+strings.Join(rows, ", "))
		}
		must(t, s.upstream.Exec("ANALYZE TABLE rangereads.ranged"))
		for _, q := range []struct {
			sql            string
			rows           int // of the answer
			fetched, reads int // at most
		}{
			{"SELECT id, r_n FROM ranged WHERE r_n BETWEEN 100 AND 149", 50, 0, 55},
			{"SELECT id, UPPER(note) FROM ranged WHERE r_n BETWEEN 100 AND 149", 50, 50, 55},
			{"SELECT id, UPPER(note) FROM ranged WHERE r_n > 9989", 10, 10, 15},
			{"SELECT id FROM ranged WHERE r_n IN (5, 7, 20000)", 2, 0, 10},
			{"SELECT id FROM ranged WHERE r_d >= '1033-01-01'", 100, 0, 105},
			{"SELECT id, UPPER(note) FROM ranged WHERE r_s >= 'word09990'", 10, 11, 20},
			{"SELECT id, UPPER(note) FROM ranged WHERE r_s LIKE 'word0012%'", 10, 100, 105}, // the last character could belong to a contraction
			{"SELECT id, r_d FROM ranged ORDER BY r_d DESC LIMIT 5", 5, 0, 10},
			{"SELECT id, UPPER(note) FROM ranged ORDER BY r_d LIMIT 5, 5", 5, 10, 15},
			{"SELECT id, UPPER(note) FROM ranged WHERE r_n > 5000 ORDER BY r_n LIMIT 5", 5, 5, 10},
			{"SELECT MIN(r_n) FROM ranged", 1, 1, 5},
			{"SELECT MAX(r_d) FROM ranged WHERE r_d < '1020-01-01'", 1, 1, 5},
			{"SELECT MIN(r_n), MAX(r_n), MAX(r_d) FROM ranged", 1, 3, 20},
			{"UPDATE ranged SET note = 'other' WHERE r_n >= 9990", 0, 0, 60},
			{"DELETE FROM ranged WHERE r_n < 10", 0, 0, 30},
		} {
			before := fetchedRows(t, s)
			run(t, c, "FLUSH STATUS")
			results, err := c.Query(q.sql)
			must(t, err)
			if results[0].Err != nil {
				t.Fatalf("%s: %v", q.sql, results[0].Err)
			}
			reads, fetched := handlerReads(t, c), fetchedRows(t, s)-before
			if len(results[0].Rows) != q.rows || fetched > q.fetched || reads > q.reads || fetched < min(q.rows, q.fetched) {
				t.Errorf("%s: %d rows, %d fetched, %d read; want %d, at most %d and %d", q.sql, len(results[0].Rows), fetched, reads, q.rows, q.fetched, q.reads)
			}
		}
		s.healthy(t)
	})
}

func fetchedRows(t *testing.T, s *stage) int {
	t.Helper()
	v, err := s.proxy.Metric("tdeproxy_residual_rows_total{stage=\"fetched\"}")
	must(t, err)
	return int(v)
}

// handlerReads sums up the rows that upstream has read for a session since FLUSH STATUS.
func handlerReads(t *testing.T, c *rawmysql.Conn) int {
	t.Helper()
	results, err := c.Query("SHOW SESSION STATUS LIKE 'Handler_read_%'")
	must(t, err)
	sum := 0
	for _, row := range results[0].Rows {
		n, err := strconv.Atoi(string(row[1]))
		must(t, err)
		sum += n
	}
	return sum
}
