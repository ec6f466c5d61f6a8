package kernel

import (
	"bytes"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Pair compares two columns of one type; ok is false where nothing of such a comparison can be decided here.
func Pair(i int, a *schema.Column, op Operator, j int, b *schema.Column) (c *Condition, ok bool) {
	pair := paired(a, b)
	if pair == nil {
		return nil, false
	}
	return &Condition{op: opPair, column: i, peer: j, pair: func(x, y []byte) Outcome {
		sign, k := pair(x, y)
		if k == everything || k == equality && op <= NotEqual {
			return op.decide(sign)
		}
		return Unsure
	}}, true
}

// paired compares stored values of two columns.
func paired(a, b *schema.Column) func(x, y []byte) (sign int, sure known) {
	if a.Kind != b.Kind || a.Unsigned != b.Unsigned || a.FSP != b.FSP {
		return nil
	}
	switch a.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt:
		flip := byte(0x80)
		if a.Unsigned {
			flip = 0
		}
		return func(x, y []byte) (int, known) {
			switch {
			case len(x) != 8 || len(y) != 8:
				return 0, nothing
			case x[0] != y[0]:
				return bytes.Compare([]byte{x[0] ^ flip}, []byte{y[0] ^ flip}), everything
			}
			return bytes.Compare(x, y), everything
		}
	case schema.KindDecimal:
		return func(x, y []byte) (int, known) {
			if !number(x) || !number(y) {
				return 0, nothing
			}
			return compareDecimal(x, y), everything
		}
	case schema.KindDate, schema.KindDateTime:
		return func(x, y []byte) (int, known) {
			if len(x) != len(y) {
				return 0, nothing
			}
			return bytes.Compare(x, y), everything // of one length, so they order as texts
		}
	}
	c, ok := collationOf(a)
	if !ok || a.Collation != b.Collation {
		return nil
	}
	return c.pair()
}

// pair compares two strings.
func (c collation) pair() func(x, y []byte) (int, known) {
	level := equality
	if c.order {
		level = everything
	}
	if c.bytewise {
		return func(x, y []byte) (int, known) { return c.bytes(x, y), level }
	}
	var p, q []byte
	return func(x, y []byte) (int, known) {
		var okp, okq bool
		p, okp = c.folded(p[:0], x)
		q, okq = c.folded(q[:0], y)
		if !okp || !okq {
			return 0, nothing
		}
		return c.bytes(p, q), level
	}
}
