package value

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// sqlModes are those under which columns are tried.
var sqlModes = []string{"STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE", "", "PAD_CHAR_TO_FULL_LENGTH", "TIME_%s_FRACTIONAL"}

// TestCoerceAsServers inserts every literal into every column. Where Coerce succeeds the server must have stored that, in
// silence, and send what AppendText and AppendBinary make of it.
func TestCoerceAsServers(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		s.must(t, "SET time_zone='+02:00'")
		for _, c := range testColumns() {
			for _, mode := range sqlModes {
				if mode == "PAD_CHAR_TO_FULL_LENGTH" && c.Kind != schema.KindChar && c.Kind != schema.KindEnum {
					continue
				}
				if strings.HasPrefix(mode, "TIME_") {
					if c.FSP > 3 || c.Kind < schema.KindDate || c.Kind > schema.KindTimestamp {
						continue
					}
					word := "TRUNCATE"
					if s.mariadb {
						word = "ROUND"
					}
					mode = fmt.Sprintf(mode, word)
				}
				t.Run(c.sql+"/"+mode, func(t *testing.T) { coerceColumn(t, s, &c, mode) })
			}
		}
	})
}

func coerceColumn(t *testing.T, s *server, c *column, mode string) {
	s.must(t, fmt.Sprintf("SET sql_mode='%s'", mode))
	s.must(t, "DROP TEMPORARY TABLE IF EXISTS t")
	s.must(t, "CREATE TEMPORARY TABLE t (id int primary key, c "+c.sql+")")
	ctx := &Context{Location: time.FixedZone("", 7200), ConnectionCharset: "utf8mb4", ResultsCharset: "utf8mb4", MariaDB: s.mariadb,
		PadCharToFullLength: mode == "PAD_CHAR_TO_FULL_LENGTH", Strict: strings.HasPrefix(mode, "STRICT"),
		TimeTruncateFractional: mode == "TIME_TRUNCATE_FRACTIONAL",
		TimeRoundFractional:    mode == "TIME_ROUND_FRACTIONAL"}
	s.must(t, "BEGIN")
	defer s.must(t, "COMMIT")
	w := writer{t: t, s: s, c: c, ctx: ctx}
	for _, l := range testLiterals() {
		w.insert(l)
	}
	if len(w.literals) == 0 && c.Precision == 0 && c.Kind != schema.KindFloat {
		t.Error("no literal takes the fast path")
	}
	w.compare("SELECT c FROM t ORDER BY id")
}

// writer fills a table with the literals that Coerce accepts, and compares.
type writer struct {
	t        *testing.T
	s        *server
	c        *column
	ctx      *Context
	literals []literal
	stored   [][]byte
}

// insert stores a literal if Coerce accepts it; then the server must, in silence.
func (w *writer) insert(l literal) {
	w.t.Helper()
	stored, err := Coerce(nil, l.v, &w.c.Column, w.ctx)
	if err != nil {
		return
	}
	r, err := w.s.Execute(fmt.Sprintf("INSERT INTO t VALUES (%d, %s)", len(w.literals), l.sql), l.args()...)
	if err != nil {
		w.t.Errorf("%v %q: coerced to %q, the server says %v", l, l.v.Bytes, stored, err)
		return
	}
	if r.Warnings > 0 {
		w.t.Errorf("%v %q: coerced to %q, the server warns %q", l, l.v.Bytes, stored, w.s.warnings(w.t))
	}
	if len(stored) > MaxStored(&w.c.Column) {
		w.t.Errorf("%v: %d bytes stored, MaxStored says %d", l, len(stored), MaxStored(&w.c.Column))
	}
	w.literals = append(w.literals, l)
	w.stored = append(w.stored, stored)
}

// compare holds what the server sends of all rows against AppendText and AppendBinary.
func (w *writer) compare(query string) {
	w.t.Helper()
	text, bin := w.s.raw(w.t, query)
	if len(text) != len(w.stored) || len(bin) != len(w.stored) {
		w.t.Fatalf("%d rows of %d", len(text), len(w.stored))
	}
	for i, stored := range w.stored {
		if got, err := AppendText([]byte("x"), stored, &w.c.Column, w.ctx); err != nil || !bytes.Equal(got[1:], text[i]) {
			w.t.Errorf("%v: text %q, %v, the server sends %q", w.literals[i], got, err, text[i])
		}
		if got, err := AppendBinary([]byte("x"), stored, &w.c.Column, w.ctx); err != nil || !bytes.Equal(got[1:], bin[i]) {
			w.t.Errorf("%v: binary %x, %v, the server sends %x", w.literals[i], got, err, bin[i])
		}
	}
}
