package exec

import (
	"cmp"
	"slices"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// filter is a bound condition on rows. A row that one part of it removes has no more cells opened for the next.
type filter []filterStage

// filterStage is one of the conditions that a row must fulfil.
type filterStage struct {
	condition *kernel.Condition
	opens     []int // columns that no stage before has opened
	of        *plan.Predicate
}

// add notes a condition. None warns or fails, so they may be asked in any order.
func (f *filter) add(c *kernel.Condition, of *plan.Predicate) {
	*f = append(*f, filterStage{condition: c, of: of})
}

// bind notes conditions, but for those that upstream has decided: bound says that it could. It reports false where one is only a server's to
// decide.
func (f *filter) bind(p *predicates, of []plan.Conjunct, bound bool) bool {
	for _, c := range of {
		if c.Bound && bound {
			continue
		}
		condition := p.condition(c.Predicate)
		if condition == nil {
			return false
		}
		f.add(condition, c.Predicate)
	}
	return true
}

// order sorts the conditions, those first that are expected to remove most rows for the fewest columns, and gives the columns that they
// need.
func (f filter) order(columns int) (used []bool) {
	slices.SortStableFunc(f, func(a, b filterStage) int {
		return cmp.Or(columnsOf(a.of, columns)-columnsOf(b.of, columns), selectivity(a.of)-selectivity(b.of))
	})
	used = make([]bool, columns)
	for i := range f {
		own := predicates{used: make([]bool, columns)}
		own.use(f[i].of)
		for c, u := range own.used {
			if u && !used[c] {
				f[i].opens, used[c] = append(f[i].opens, c), true
			}
		}
	}
	return used
}

func columnsOf(d *plan.Predicate, columns int) (n int) {
	p := predicates{used: make([]bool, columns)}
	p.use(d)
	for _, u := range p.used {
		if u {
			n++
		}
	}
	return n
}

// selectivity is a guess: smaller means fewer rows.
func selectivity(d *plan.Predicate) int {
	switch d.Op {
	case plan.OpEqual, plan.OpIsNull:
		return 0
	case plan.OpIn, plan.OpLike, plan.OpBetween:
		return 1
	case plan.OpNot, plan.OpNotEqual:
		return 3
	}
	return 2
}

// of is what the condition may be for a row that o has not opened: where it can be true, the columns that it needs are open then.
func (f filter) of(o *opener, row [][]byte) (kernel.Outcome, error) {
	out := kernel.True
	for i := range f {
		if err := o.open(row, f[i].opens); err != nil {
			return out, err
		}
		if out = out.And(f[i].condition.Of(o.row)); out&kernel.True == 0 {
			break
		}
	}
	return out, nil
}
