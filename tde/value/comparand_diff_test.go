package value

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestComparandAsServers compares every stored value with every literal: where Comparand succeeds, the server's =, <=> and
// IN must be true exactly where the canonical forms are equal, in silence, with an index and without. Strings that are
// to be weighed are compared by the server too, as characters of the column's own set and collation.
func TestComparandAsServers(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		s.must(t, "SET time_zone='+02:00', sql_mode=''")
		for _, c := range testColumns() {
			t.Run(c.sql, func(t *testing.T) { compareColumn(t, s, &c) })
		}
	})
}

func compareColumn(t *testing.T, s *server, c *column) {
	s.must(t, "DROP TEMPORARY TABLE IF EXISTS t")
	prefix := ""
	if (isText(c.Kind) || isBytes(c.Kind)) && c.Length > 5 {
		prefix = "(50)"
	}
	s.must(t, fmt.Sprintf("CREATE TEMPORARY TABLE t (id int primary key, c %s, KEY (c%s))", c.sql, prefix))
	w := writer{t: t, s: s, c: c, ctx: &Context{Location: time.FixedZone("", 7200), ConnectionCharset: "utf8mb4", MariaDB: s.mariadb}}
	s.must(t, "BEGIN")
	for _, l := range testLiterals() {
		stored, err := Coerce(nil, l.v, &c.Column, w.ctx)
		if err == nil && !slices.ContainsFunc(w.stored, func(b []byte) bool { return bytes.Equal(b, stored) }) {
			w.insert(l)
		}
	}
	s.must(t, "COMMIT")
	if isText(c.Kind) || c.Kind == schema.KindEnum || c.Kind == schema.KindSet {
		c.Collation, _ = s.must(t, "SHOW FULL COLUMNS FROM t LIKE 'c'").GetStringByName(0, "Collation")
	}
	done := 0
	common := c.Charset == "" || c.Charset == "utf8mb4" || c.Charset == "latin1" || c.Charset == "utf16"
	for i, l := range testLiterals() {
		if !common && (l.arg != nil || i%3 != 0) {
			continue // what matters in rarer sets is tried with fewer literals
		}
		if w.equal(l) {
			done++
		}
	}
	if done == 0 && c.Precision == 0 {
		t.Error("no literal takes the fast path")
	}
}

// equal checks a literal against all rows; false if Comparand leaves it to the server.
func (w *writer) equal(l literal) bool {
	w.t.Helper()
	kind, canonical, weigh, err := Comparand(nil, l.v, &w.c.Column, w.ctx)
	if err != nil {
		return false
	}
	weighed := "0"
	if weigh {
		weighed = fmt.Sprintf("c = CONVERT(x'%x' USING %s) COLLATE %s", canonical, w.c.Charset, w.c.Collation)
	}
	args := slices.Concat(l.args(), l.args(), l.args(), l.args())
	rows := w.query(l, fmt.Sprintf("SELECT c = %s, c <=> %[1]s, c IN (%[1]s, %[1]s), %s FROM t ORDER BY id", l.sql, weighed), args)
	var hits []string
	for i, stored := range w.stored {
		k, own, weighToo, err := Canonical(nil, stored, &w.c.Column)
		if err != nil || k != kind || weigh != weighToo {
			w.t.Fatalf("%v: Canonical of %q: kind %v of %v, %v", l, stored, k, kind, err)
		}
		want := bytes.Equal(own, canonical)
		if weigh {
			want = rows[i][3] == "1"
		}
		if want {
			hits = append(hits, fmt.Sprint(i))
		}
		if text := fmt.Sprint(want); strings.Count(strings.Join(rows[i][:3], ""), map[bool]string{true: "1", false: "0"}[want]) != 3 {
			w.t.Errorf("%v = %q: %s by canonical forms %q and %q, server says %v", l, stored, text, own, canonical, rows[i])
		}
	}
	var found []string
	for _, r := range w.query(l, "SELECT id FROM t WHERE c = "+l.sql+" ORDER BY id", l.args()) {
		found = append(found, r[0])
	}
	if !slices.Equal(found, hits) {
		for _, h := range append(slices.Clone(hits), found...) {
			n, _ := strconv.Atoi(h)
			w.t.Logf("row %s is %q, %v", h, w.stored[n], rows[n])
		}
		w.t.Errorf("WHERE c = %v: rows %v by canonical forms, server finds %v", l, hits, found)
	}
	return true
}

// query returns all rows as texts, and complains about warnings.
func (w *writer) query(l literal, sql string, args []any) [][]string {
	w.t.Helper()
	if len(args) > strings.Count(sql, "?") {
		args = args[:strings.Count(sql, "?")]
	}
	r := w.s.must(w.t, sql, args...)
	out := make([][]string, r.RowNumber())
	for i := range out {
		for j := range r.Fields {
			text, _ := r.GetString(i, j)
			out[i] = append(out[i], text)
		}
	}
	if r.Warnings > 0 {
		warned := slices.DeleteFunc(w.s.warnings(w.t), func(text string) bool { return strings.HasPrefix(text, "1287 ") })
		if len(warned) > 0 {
			w.t.Errorf("%v: the server warns %q", l, warned)
		}
	}
	return out
}

// TestNoTokenKinds holds that types which cannot be compared by token say so.
func TestNoTokenKinds(t *testing.T) {
	for _, k := range []schema.Kind{schema.KindJSON, schema.KindGeometry} {
		if _, _, _, err := Canonical(nil, []byte("x"), &schema.Column{Kind: k}); err == nil {
			t.Errorf("kind %d has a canonical form", k)
		}
	}
}
