package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// rangeCanaries write and ask for values unique in the world in columns with order tokens.
func rangeCanaries() []canaryWrite {
	return []canaryWrite{
		{"insert", true, text("INSERT INTO ranged (r_v, r_u, r_b, r_n, r_f, r_d) VALUES ('%s', '%s', x'%s', %d, %v, %d)", word, word, bytesOf, number, real, number)},
		{"insert rows", true, text("INSERT INTO ranged (r_v, r_n) VALUES ('%s', %d), ('%s', %d)", word, number, word, number)},
		{"prepared insert", true, prepared("INSERT INTO ranged (r_v, r_n, r_b) VALUES (?, ?, ?)", boundWord, boundInt, boundBlob)},
		{"update", true, text("UPDATE ranged SET r_v = '%s', r_n = %d WHERE r_n < %d", word, number, number)},
		{"update between", true, text("UPDATE ranged SET r_d = %d WHERE r_d BETWEEN %d AND %d", number, number, number)},
		{"delete", true, text("DELETE FROM ranged WHERE r_n > %d AND r_f < %v", number, real)},
		{"delete by text", false, text("DELETE FROM ranged WHERE r_v > '%s'", word)},
		{"range", true, text("SELECT id, r_n FROM ranged WHERE r_n >= %d OR r_f <= %v OR r_d > %d", number, real, number)},
		{"range of texts", true, text("SELECT r_v FROM ranged WHERE r_v > '%s' AND r_u < '%s' AND r_b > x'%s'", word, word, bytesOf)},
		{"not between", true, text("SELECT UPPER(r_v) FROM ranged WHERE r_v NOT BETWEEN '%s' AND '%s' AND r_n NOT BETWEEN %d AND %d", word, word, number, number)},
		{"mixed types", true, text("SELECT id FROM ranged WHERE r_n > '%s' OR r_n BETWEEN '%d' AND %d OR r_v > %d", word, number, number, number)},
		{"like", true, text("SELECT id FROM ranged WHERE r_v LIKE '%s%%' OR r_u LIKE '%s' OR r_u NOT LIKE '%s_'", word, word, word)},
		{"in", true, text("SELECT id FROM ranged WHERE r_n IN (%d, %d) OR r_v IN ('%s') OR r_d <> %d", number, number, word, number)},
		{"order by and limit", true, text("SELECT UPPER(r_v) FROM ranged WHERE r_n < %d ORDER BY r_n DESC, r_d LIMIT 3", number)},
		{"first and last", true, text("SELECT MIN(r_n), MAX(r_d) FROM ranged WHERE r_f > %v AND r_n > %d", real, number)},
		{"join", true, text("SELECT a.id FROM ranged a JOIN ranged b ON a.r_n < b.r_n AND b.r_v > '%s' WHERE a.r_n <> %d", word, number)},
		{"prepared range", true, prepared("SELECT id FROM ranged WHERE r_v > ? AND r_n < ? AND r_f > ?", boundWord, boundInt, boundDouble)},
		{"prepared like", true, prepared("SELECT id FROM ranged WHERE r_v LIKE ? AND r_u BETWEEN ? AND ?", boundWord, boundWord, boundWord)},
		{"explain", false, text("EXPLAIN SELECT id FROM ranged WHERE r_v > '%s' AND r_n < %d", word, number)},
		{"sort length", true, texts("SET max_sort_length = 16", "SELECT r_v FROM ranged WHERE r_v > '%s' ORDER BY r_n", "SET max_sort_length = DEFAULT")},
	}
}

// TestRangeCanary searches upstream's files, memory and the link for what went into columns with order tokens, and for what they were
// compared with.
func TestRangeCanary(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		conn := s.connect(t, rawmysql.Config{Database: s.database(t, "canaryrange")})
		run(t, conn, "CREATE TABLE ranged (id INT AUTO_INCREMENT PRIMARY KEY, r_v VARCHAR(200) COLLATE utf8mb4_unicode_ci, r_u VARCHAR(40) COLLATE utf8mb4_bin, "+
			"r_b VARBINARY(100), r_n BIGINT, r_f DOUBLE, r_d DECIMAL(20,0), KEY (r_v), KEY (r_n)) DEFAULT CHARSET=utf8mb4")
		var all []harness.Needle
		for _, w := range rangeCanaries() {
			var a harness.Canaries
			err := w.run(conn, &a)
			if err != nil && w.must {
				t.Errorf("%s: %v", w.name, err)
			} else if err != nil {
				t.Logf("%s: %v", w.name, err)
			}
			for _, n := range a.Needles() {
				n.Canary = w.name + ": " + n.Canary
				all = append(all, n)
			}
		}
		s.absent(t, all)
		s.healthy(t)
	})
}
