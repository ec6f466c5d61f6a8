package exec

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// predicates binds the constants of a Fetch's Predicates. A predicate that it binds neither warns nor fails on any row.
type predicates struct {
	binder *binder
	fetch  *plan.Fetch
	used   []bool // by column
}

// use notes the columns of a predicate.
func (p *predicates) use(d *plan.Predicate) {
	switch d.Op {
	case plan.OpAnd, plan.OpOr, plan.OpNot:
		for _, a := range d.Args {
			p.use(a)
		}
	default:
		p.used[d.Column] = true
		if d.Peer > 0 {
			p.used[d.Peer-1] = true
		}
	}
}

// condition binds a predicate, or returns nil.
func (p *predicates) condition(d *plan.Predicate) *kernel.Condition {
	switch d.Op {
	case plan.OpAnd, plan.OpOr, plan.OpNot:
		var args []*kernel.Condition
		for _, a := range d.Args {
			c := p.condition(a)
			if c == nil {
				return nil
			}
			args = append(args, c)
		}
		switch d.Op {
		case plan.OpAnd:
			return kernel.And(args...)
		case plan.OpOr:
			return kernel.Or(args...)
		}
		return kernel.Not(args[0])
	case plan.OpIsNull:
		return kernel.IsNull(d.Column)
	}
	return p.comparison(d)
}

// comparison binds a comparison of a column with literals. Servers compare a list in another way where its types differ.
func (p *predicates) comparison(d *plan.Predicate) *kernel.Condition {
	if d.Scalar > 0 {
		return p.scalar(d)
	}
	if d.Piece != nil {
		return p.piece(d)
	}
	if d.Peer > 0 {
		c, ok := kernel.Pair(d.Column, p.fetch.Columns[d.Column], operators[d.Op][0], d.Peer-1, p.fetch.Columns[d.Peer-1])
		if !ok {
			return nil
		}
		return c
	}
	kind := value.Null
	var args []*kernel.Condition
	for i, literal := range d.Literals {
		v := value.Value{}
		if literal >= 0 {
			var ok bool
			if v, ok = p.constant(d, i); !ok {
				return nil
			}
		}
		if v.Kind == value.Null && d.Op == plan.OpBetween {
			return nil // NULL even where the other end decides, for some types
		}
		if v.Kind != value.Null {
			if kind != value.Null && v.Kind != kind {
				return nil
			}
			kind = v.Kind
			if len(d.Literals) > 1 && kind == value.Int && len(v.Bytes) > 18 {
				return nil // lists mix up signs, and what does not fit is a DECIMAL
			}
		}
		c := p.with(d.Column, operators[d.Op][min(i, 1)], v, d.Op == plan.OpLike)
		if c == nil {
			return nil
		}
		args = append(args, c)
	}
	switch {
	case len(args) == 1:
		return args[0]
	case d.Op == plan.OpIn:
		return kernel.Or(args...)
	}
	return kernel.And(args...)
}

// constant is what a predicate's column is compared with, as its i-th literal.
func (p *predicates) constant(d *plan.Predicate, i int) (value.Value, bool) {
	if folded := d.Folded[i]; folded != nil {
		return p.binder.folded(folded)
	}
	v, err := p.binder.args.value(d.Literals[i])
	return v, err == nil
}

// operators compare a column with the first literal of a predicate, and with the others.
var operators = map[plan.Operation][2]kernel.Operator{
	plan.OpEqual: {kernel.Equal}, plan.OpNotEqual: {kernel.NotEqual}, plan.OpLess: {kernel.Less}, plan.OpLessEqual: {kernel.LessEqual},
	plan.OpGreater: {kernel.Greater}, plan.OpGreaterEqual: {kernel.GreaterEqual}, plan.OpIn: {kernel.Equal, kernel.Equal},
	plan.OpBetween: {kernel.GreaterEqual, kernel.LessEqual},
}

// with compares a column with one value, or returns nil where only a server can.
func (p *predicates) with(column int, op kernel.Operator, v value.Value, like bool) *kernel.Condition {
	if v.Kind == value.Null {
		return kernel.Unknown()
	}
	test, ok := boundTest(p.fetch.Columns[column], op, v, like, &p.binder.context)
	if !ok {
		return nil
	}
	return kernel.Column(column, test)
}

// storable says whether a constant has no more digits than the column. Where an index helps, MariaDB looks up what would be stored:
// 2 for c = 1.5, which then is found.
func storable(c *schema.Column, constant []byte) bool {
	digits := 0
	switch c.Kind {
	case schema.KindFloat:
		f := math.Float64frombits(binary.BigEndian.Uint64(constant))
		return float64(float32(f)) == f
	case schema.KindDecimal:
		digits = c.Scale
	case schema.KindTime, schema.KindDateTime, schema.KindTimestamp:
		digits = c.FSP
	default:
		if c.Kind > schema.KindDecimal {
			return true
		}
	}
	point := bytes.IndexByte(constant, '.')
	return c.Kind == schema.KindDouble || point < 0 || len(constant)-point-1 <= digits
}

// boundTest is the test of a column's stored forms against a value.
func boundTest(c *schema.Column, op kernel.Operator, v value.Value, like bool, ctx *value.Context) (kernel.Test, bool) {
	if like {
		pattern, err := value.Pattern(nil, v, c, ctx)
		if err != nil {
			return nil, false
		}
		return kernel.Like(c, pattern)
	}
	_, constant, _, err := value.Comparand(nil, v, c, ctx)
	if err != nil || op <= kernel.NotEqual && !storable(c, constant) {
		return nil, false
	}
	return kernel.Compare(c, op, constant)
}
