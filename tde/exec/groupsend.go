package exec

import (
	"errors"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// groupsFew is how many groups go to the evaluator in any case, which orders those that are equal as a server does.
const groupsFew = 2000

// directly says whether many groups can be the answer as they are, sorted: what the evaluator would make of them is no more than
// that, and the types are those of the client's own text.
func (s *splitRun) directly(g *grouping) bool {
	d := g.plan.Answer
	if d != nil && !g.rows.Spilled() && (s.catalog.spill == nil || g.rows.Len() <= groupsFew || len(d.By) == 0 && g.plan.Indexed) {
		return false // an index could decide the order in which a server gives groups
	}
	if d == nil || s.vars.SelectLimit != noLimit || s.patch != nil || len(d.Items) != len(g.expect) {
		return false
	}
	for i, at := range d.Items {
		c, e := g.cols[at], &g.expect[i]
		switch {
		case c.Wire.Type != 0 && wire.Type(c.Wire.Type) == e.Type:
		case c.Wire.Type != 0:
			return false
		case c.Kind == schema.KindDecimal && e.Type == wire.TypeNewDecimal && int(e.Decimals) == c.Scale:
		case c.Kind == schema.KindBigInt && e.Type == wire.TypeLongLong && e.Flags&wire.FlagUnsigned == 0:
		default:
			return false
		}
	}
	if len(d.By) == 0 {
		return true
	}
	var by kernel.SortKey
	for _, c := range d.By {
		if !by.Add(c.Column, g.cols[c.Column], c.Descending, s.sortPrefix()) {
			return false
		}
	}
	g.rows.SortBy(&by)
	return true
}

// sendGroups sends the groups.
func (s *splitRun) sendGroups(g *grouping, more bool) error {
	d := g.plan.Answer
	offset, count, ok := s.window(d.Offset, d.Count)
	if !ok {
		return errUngrouped
	}
	w := window{offset: offset, count: count, head: func() error {
		return s.head(wire.AppendInt(nil, uint64(len(g.answer))), g.answer, more)
	}}
	err := g.rows.Rows(func(row [][]byte) error {
		if pass, err := w.next(); !pass || err != nil {
			return err
		}
		var err error
		if s.rowOut, err = s.appendAnswer(s.rowOut[:0], row, g.cols, d.Items); err != nil {
			return err
		}
		return s.row(s.rowOut)
	})
	if err != nil && !errors.Is(err, errWindowEnd) {
		return s.grouped(err)
	}
	return s.sentAll(&w, more)
}

// window is what LIMIT lets pass of an answer's rows.
type window struct {
	offset, count uint64
	skipped, sent uint64
	head          func() error // sends what comes before the first row
	begun         bool
}

// next says whether the next row passes; the error errWindowEnd says that no more does.
func (w *window) next() (pass bool, err error) {
	if !w.begun {
		w.begun = true
		if err := w.head(); err != nil {
			return false, err
		}
	}
	if w.skipped < w.offset {
		w.skipped++
		return false, nil
	}
	if w.sent == w.count {
		return false, errWindowEnd
	}
	w.sent++
	return true, nil
}

// errWindowEnd ends reading what is sorted.
var errWindowEnd = errors.New("exec: enough rows")

// sentAll ends an answer. FOUND_ROWS() counts what an OFFSET leaves out.
func (s *splitRun) sentAll(w *window, more bool) error {
	if !w.begun {
		if err := w.head(); err != nil {
			return err
		}
	}
	s.answered = true
	s.found = found{known: true, rows: w.skipped + w.sent, affected: -1}
	return s.rowsEnd(0, more)
}
