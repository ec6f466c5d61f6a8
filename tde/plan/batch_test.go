package plan

import "testing"

func TestBatchOf(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want Batch
		set  int
	}{
		{"INSERT INTO t (a, b) VALUES (?, ?)", BatchRows, 2},
		{"replace t set a = ?, b = (SELECT ?)", BatchRows, 2},
		{"INSERT INTO t (a) SELECT a + ? FROM u", BatchRefused, 1},
		{"INSERT INTO `values` SELECT ?", BatchRefused, 1},
		{"UPDATE t SET a = ?, b = UPPER(?) WHERE c = ?", BatchUpdate, 2},
		{"UPDATE t SET a = (SELECT b FROM u WHERE c = ?) WHERE c = ?", BatchUpdate, 1},
		{"UPDATE t, u SET t.a = ?", BatchJoined, 1},
		{"UPDATE t JOIN u ON t.a = u.a SET t.a = ?", BatchJoined, 1},
		{"DELETE FROM t WHERE a = ?", BatchDelete, 0},
		{"DELETE LOW_PRIORITY IGNORE FROM t WHERE a = ?", BatchDelete, 0},
		{"DELETE t FROM t JOIN u WHERE t.a = ?", BatchRefused, 0},
		{"DELETE FROM t USING t JOIN u WHERE t.a = ?", BatchRefused, 0},
		{"SELECT ?", BatchRefused, 1},
		{"SET @a = ?", BatchRefused, 1},
		{"", BatchRefused, 0},
		{"UPDATE t SET a = 'x", BatchRefused, 0},
	} {
		if got, set := BatchOf([]byte(c.sql), Mode{MariaDB: true}); got != c.want || got != BatchRefused && set != c.set {
			t.Errorf("%s: %d with %d parameters before WHERE, want %d with %d", c.sql, got, set, c.want, c.set)
		}
	}
}
