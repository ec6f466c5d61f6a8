package exec

import (
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// folded computes an expression of literals; ok is false where only a server can, without a warning.
func (b *binder) folded(c *plan.Constant) (v value.Value, ok bool) {
	switch c.Op {
	case plan.ConstantDays, plan.ConstantMonths, plan.ConstantYears:
		return b.foldedDate(c)
	}
	n, ok := b.foldedNumber(c)
	if !ok {
		return v, false
	}
	text, ok := kernel.ScalarNumber(n).Constant()
	if v.Kind = value.Decimal; n.Integer() {
		v.Kind = value.Int
	}
	v.Bytes = text
	return v, ok
}

func (b *binder) foldedNumber(c *plan.Constant) (*kernel.Number, bool) {
	if c.Op == plan.ConstantLiteral {
		v, err := b.args.value(c.Literal)
		if err != nil || v.Kind != value.Int && v.Kind != value.Decimal {
			return nil, false
		}
		return kernel.NumberConstant(v.Bytes)
	}
	l, okl := b.foldedNumber(c.Args[0])
	r, okr := b.foldedNumber(c.Args[1])
	if !okl || !okr {
		return nil, false
	}
	switch c.Op {
	case plan.ConstantPlus:
		return kernel.Plus(l, r)
	case plan.ConstantMinus:
		return kernel.Minus(l, r)
	}
	return kernel.Times(l, r)
}

// foldedDate moves a date. Both servers go by the proleptic Gregorian calendar, and to a month's last day where it is too short.
func (b *binder) foldedDate(c *plan.Constant) (v value.Value, ok bool) {
	v, err := b.args.value(c.Args[0].Literal)
	if err != nil || v.Kind != value.String || len(v.Bytes) != len(time.DateOnly) {
		return v, false
	}
	date, err := time.Parse(time.DateOnly, string(v.Bytes))
	by, sign := c.Args[1], 1
	if by.Op == plan.ConstantNegated {
		by, sign = by.Args[0], -1
	}
	count, okCount := b.smallNumber(by.Literal)
	if err != nil || !okCount {
		return v, false
	}
	count *= sign
	switch c.Op {
	case plan.ConstantDays:
		date = date.AddDate(0, 0, count)
	case plan.ConstantYears:
		date = addMonths(date, 12*count)
	default:
		date = addMonths(date, count)
	}
	if date.Year() < 1000 || date.Year() > 9999 {
		return v, false
	}
	v.Bytes = date.AppendFormat(nil, time.DateOnly)
	return v, true
}

// smallNumber reads a literal that is some digits, quoted or not.
func (b *binder) smallNumber(literal int) (n int, ok bool) {
	v, err := b.args.value(literal)
	if err != nil || v.Kind != value.Int && v.Kind != value.String || len(v.Bytes) == 0 || len(v.Bytes) > 5 {
		return 0, false
	}
	for _, c := range v.Bytes {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err = strconv.Atoi(string(v.Bytes))
	return n, err == nil
}

func addMonths(date time.Time, n int) time.Time {
	first := time.Date(date.Year(), date.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(date.Day(), last)-1)
}
