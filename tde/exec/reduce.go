package exec

import (
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// Bounds of the rows that are held back until it is known which are the first.
const (
	mostFirst   = 100_000
	heldBackMax = 16 << 20 // bytes
)

// reduction decides which rows of a fetch are loaded.
type reduction struct {
	fetch  *plan.Fetch
	filter filter
	top    *kernel.Top // nil: all that pass are loaded
	by     int         // top's column
	first  []int       // the columns that the decision needs
	also   []int       // those of them that the filter does not
	rest   []int
	sort   *sorting // nil: the evaluator sorts
	passed bool     // top or sort has given up holding rows back
	whole  bool     // all of the fetch's Filter is in filter, or decided upstream
}

// reduction binds what a Fetch says of rows that need not be loaded. What cannot be bound, or could warn, ends the filter: rows
// that a later condition removes would be missed by that one.
func (s *splitRun) reduction(f *plan.Fetch) *reduction {
	r := &reduction{fetch: f}
	p := predicates{binder: &s.binder, fetch: f, used: make([]bool, len(f.Columns))}
	r.whole, r.sort = true, s.sorter(f)
	for i := range f.Filter {
		c := p.condition(f.Filter[i].Predicate)
		if r.whole = c != nil; !r.whole {
			break
		}
		if !f.Filter[i].Pushed || r.sort != nil { // nobody asks again after a sort
			r.filter.add(c, f.Filter[i].Predicate)
		}
	}
	p.used = r.filter.order(len(f.Columns))
	if r.whole && f.TopN != nil {
		r.top = s.firstRows(f)
	}
	if !r.whole || r.top != nil {
		r.sort = nil
	}
	s.sorting = r.sort
	if r.top != nil {
		if r.by = f.TopN.Column; !p.used[r.by] {
			p.used[r.by], r.also = true, []int{r.by}
		}
	}
	for i, used := range p.used {
		if used {
			r.first = append(r.first, i)
		} else {
			r.rest = append(r.rest, i)
		}
	}
	return r
}

// firstRows is what finds the first rows of the query, or nil.
func (s *splitRun) firstRows(f *plan.Fetch) *kernel.Top {
	n := s.limit(f.TopN.Count)
	if f.TopN.Offset >= 0 {
		offset := s.limit(f.TopN.Offset)
		if offset == 0 && n == 0 {
			return nil
		}
		n += offset
	}
	if n <= 0 || n > mostFirst {
		return nil
	}
	o, ok := kernel.OrderOf(f.Columns[f.TopN.Column], s.sortPrefix())
	if !ok {
		return nil
	}
	return kernel.NewTop(n, o, f.TopN.Descending, heldBackMax)
}

// limit reads a literal of LIMIT; more than mostFirst where it is none.
func (s *splitRun) limit(literal int) int {
	v, err := s.binder.args.value(literal)
	if err != nil || v.Kind != value.Int {
		return mostFirst + 1
	}
	n, err := strconv.ParseUint(string(v.Bytes), 10, 32)
	if err != nil {
		return mostFirst + 1
	}
	return int(n)
}

// sortPrefix is how many bytes of a string ORDER BY surely looks at: max_sort_length counts bytes of weights, of which no
// character has more than four where bytes decide.
func (s *splitRun) sortPrefix() int {
	i := slices.IndexFunc(s.mirror, func(v evaluator.Variable) bool { return v.Name == "max_sort_length" })
	if i < 0 {
		return 0
	}
	n, err := strconv.Atoi(s.mirror[i].Value)
	if err != nil {
		return 0
	}
	return n / 4
}

// row decides about a fetched row that o has not opened, and hands it to load, opened, if it is to be loaded now.
func (r *reduction) row(o *opener, row [][]byte, load func() error) error {
	outcome, err := r.filter.of(o, row)
	if err != nil || outcome&kernel.True == 0 {
		return err
	}
	if err := o.open(row, r.also); err != nil {
		return err
	}
	if r.top != nil && !r.held(o, row, outcome == kernel.True) {
		return nil
	}
	if r.top != nil && !r.passed {
		r.passed = true
		if err := r.release(o, load); err != nil {
			return err
		}
		if err := o.open(row, r.first); err != nil {
			return err
		}
	}
	if err := o.open(row, r.rest); err != nil {
		return err
	}
	if r.sort == nil || r.passed {
		return load()
	}
	if outcome == kernel.True {
		if held, err := r.sort.hold(o.row); held || err != nil {
			return err
		}
	}
	return r.pass(o, row, load)
}

// pass gives sorting up: the evaluator gets what is held back, and this row.
func (r *reduction) pass(o *opener, row [][]byte, load func() error) error {
	r.passed = true
	if err := r.sort.release(o, load); err != nil {
		return err
	}
	if err := o.open(row, r.first); err != nil {
		return err
	}
	if err := o.open(row, r.rest); err != nil {
		return err
	}
	return load()
}

// held looks whether a row is among the first, and keeps it for later; it reports whether the row must be loaded at once.
func (r *reduction) held(o *opener, row [][]byte, counts bool) (load bool) {
	if !r.top.Look(o.row[r.by]) {
		return false
	}
	if r.passed {
		r.top.Count(counts)
		return true
	}
	return !r.top.Keep(row, counts)
}

// release loads the rows that were held back.
func (r *reduction) release(o *opener, load func() error) error {
	return r.top.Rows(func(row [][]byte) error {
		if err := o.open(row, r.first); err != nil {
			return err
		}
		if err := o.open(row, r.rest); err != nil {
			return err
		}
		return load()
	})
}

// finish loads what is still held back when the last row has come.
func (r *reduction) finish(o *opener, load func() error) error {
	switch {
	case r.passed || r.sort != nil && r.sort.direct:
		return nil
	case r.sort != nil:
		return r.sort.release(o, load)
	case r.top != nil:
		return r.release(o, load)
	}
	return nil
}
