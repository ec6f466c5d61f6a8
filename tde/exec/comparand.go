package exec

import (
	"encoding/binary"
	"math/big"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// total is what a subquery for one SUM or AVG comes to: a sum in units of 10^-scale, and of an AVG what it is divided by.
type total struct {
	known bool
	sum   *big.Int // nil: NULL
	count *big.Int // nil: of a SUM
	scale int
}

// compare orders a number of units of 10^-scale and the total. Of an AVG, servers have as many digits as they see fit, but no fewer than what is
// averaged: what is within one unit of either is theirs to decide.
func (t *total) compare(v int64, scale int) (sign int, sure bool) {
	d := new(big.Int).Mul(big.NewInt(v), ten(t.scale))
	sum := new(big.Int).Mul(t.sum, ten(scale))
	if t.count == nil {
		return d.Cmp(sum), true
	}
	d.Sub(d.Mul(d, t.count), sum)
	unit := new(big.Int).Mul(t.count, ten(max(scale, t.scale)))
	return d.Sign(), d.CmpAbs(unit) > 0
}

func ten(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// total is the place of what a List comes to.
func (b *binder) total(list int) *total {
	if b.totals == nil {
		b.totals = map[int]*total{}
	}
	if b.totals[list] == nil {
		b.totals[list] = &total{}
	}
	return b.totals[list]
}

// scalar binds a comparison with a total, which is not known yet.
func (p *predicates) scalar(d *plan.Predicate) *kernel.Condition {
	n, ok := kernel.NumberColumn(d.Column, p.fetch.Columns[d.Column])
	if !ok {
		return nil
	}
	t, op := p.binder.total(d.Scalar-1), operators[d.Op][0]
	return kernel.NumberTest(n, func(v int64) kernel.Outcome {
		switch {
		case !t.known:
			return kernel.Unsure
		case t.sum == nil:
			return kernel.Null
		}
		sign, sure := t.compare(v, n.Scale)
		if !sure {
			return kernel.Unsure
		}
		return op.Of(sign)
	})
}

// piece binds a comparison of a piece of a text with literals.
func (p *predicates) piece(d *plan.Predicate) *kernel.Condition {
	of := p.fetch.Columns[d.Column]
	b := scalars{predicates: *p, vars: p.binder.args.vars}
	if !b.textsAreWhole() || of.Kind != schema.KindChar && of.Kind != schema.KindVarChar {
		return nil
	}
	s, ok := b.scalar(d.Piece)
	if !ok || s.Number != nil {
		return nil
	}
	c := &schema.Column{Kind: schema.KindVarChar, Length: of.Length, Charset: of.Charset, Collation: of.Collation}
	var tests []kernel.Test
	for _, literal := range d.Literals {
		v, err := p.binder.args.value(literal)
		if err != nil || v.Kind != value.String || !ascii(v.Bytes) {
			return nil
		}
		test, ok := boundTest(c, operators[d.Op][0], v, false, &p.binder.context)
		if !ok {
			return nil
		}
		tests = append(tests, test)
	}
	return kernel.TextTest(s, tests...)
}

// readTotal finds what a List comes to.
func (s *splitRun) readTotal(i int) error {
	l := &s.plan.Lists[i]
	t := s.binder.total(i)
	g, ok := s.bindGroups(&plan.Groups{Fetch: l.Fetch, Calls: l.Calls})
	if !ok {
		return errUngrouped
	}
	g.rows = kernel.NewGroups(nil, g.calls, groupsMax)
	if err := s.fetchGroups(g); err != nil {
		return err
	}
	return g.rows.Rows(func(row [][]byte) error {
		t.known, t.scale = true, g.cols[0].Scale
		if row[0] == nil {
			t.sum = nil
			return nil
		}
		if t.sum, ok = new(big.Int).SetString(strings.Replace(string(row[0]), ".", "", 1), 10); !ok {
			return errUngrouped
		}
		if l.Calls[0].Func == plan.AggregateAvg {
			t.count = new(big.Int).SetUint64(binary.BigEndian.Uint64(row[1]))
		}
		return nil
	})
}
