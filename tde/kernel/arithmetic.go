package kernel

import (
	"encoding/binary"
	"math/bits"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Number is an exact number computed from a row: an integer or a DECIMAL, as an int64 in units of 10^-Scale. Digits and Scale are
// those of the type that servers give the expression.
type Number struct {
	Digits, Scale int
	integer       bool // no operand is a DECIMAL
	unsigned      bool // one of its integers is unsigned: servers refuse a difference below zero
	zero          bool // the literal 0
	eval          func(row [][]byte) (v int64, state numberState)
}

type numberState uint8

const (
	isNumber numberState = iota
	isNull
	isUnknown // it does not fit, or the server would raise an error
)

// maxScale is the scale that both flavours compute without cutting digits off, and maxDigits those of their DECIMAL.
const (
	maxScale  = 30
	maxDigits = 65
)

// integerDigits are the digits of integer types without a display width of their own.
var integerDigits = map[schema.Kind]int{
	schema.KindTinyInt: 3, schema.KindSmallInt: 5, schema.KindMediumInt: 8, schema.KindInt: 10, schema.KindBigInt: 19,
}

// NumberColumn is a column as a Number; ok is false where it is no integer and no DECIMAL.
func NumberColumn(i int, col *schema.Column) (n *Number, ok bool) {
	if digits := integerDigits[col.Kind]; digits > 0 {
		if col.Kind == schema.KindBigInt && col.Unsigned {
			digits++
		}
		return &Number{Digits: digits, integer: true, unsigned: col.Unsigned, eval: integerOf(i, col.Unsigned)}, true
	}
	if col.Kind != schema.KindDecimal {
		return nil, false
	}
	scale := col.Scale
	return &Number{Digits: col.Precision, Scale: scale, eval: func(row [][]byte) (int64, numberState) {
		if row[i] == nil {
			return 0, isNull
		}
		return scaled(row[i], scale)
	}}, true
}

func integerOf(i int, unsigned bool) func(row [][]byte) (int64, numberState) {
	return func(row [][]byte) (int64, numberState) {
		v := row[i]
		switch {
		case v == nil:
			return 0, isNull
		case len(v) != 8 || unsigned && v[0] >= 0x80:
			return 0, isUnknown
		}
		return int64(binary.BigEndian.Uint64(v)), isNumber
	}
}

// scaled reads [-]digits[.digits] of exactly so many decimals.
func scaled(text []byte, scale int) (v int64, state numberState) {
	negative := false
	if len(text) > 0 && text[0] == '-' {
		negative, text = true, text[1:]
	}
	point := -1
	for i, c := range text {
		if c == '.' && point < 0 {
			point = i
			continue
		}
		d := int64(c) - '0'
		if d < 0 || d > 9 || v > (1<<63-1-9)/10 {
			return 0, isUnknown
		}
		v = v*10 + d
	}
	decimals := 0
	if point >= 0 {
		decimals = len(text) - point - 1
	}
	if decimals != scale || len(text) == 0 {
		return 0, isUnknown
	}
	if negative {
		v = -v
	}
	return v, isNumber
}

// NumberConstant is a literal [-]digits[.digits] as a Number.
func NumberConstant(text []byte) (n *Number, ok bool) {
	n = &Number{integer: true}
	for i, c := range text {
		if c == '.' {
			n.Scale, n.integer = len(text)-i-1, false
		} else if c != '-' {
			n.Digits++
		}
	}
	v, state := scaled(text, n.Scale)
	n.zero = n.integer && v == 0
	n.eval = func([][]byte) (int64, numberState) { return v, isNumber }
	return n, state == isNumber
}

// Plus is a + b.
func Plus(a, b *Number) (*Number, bool) { return sum(a, b, false) }

// Minus is a - b.
func Minus(a, b *Number) (*Number, bool) { return sum(a, b, true) }

func sum(a, b *Number, minus bool) (*Number, bool) {
	n := combined(a, b)
	n.Scale = max(a.Scale, b.Scale)
	n.Digits = max(a.Digits-a.Scale, b.Digits-b.Scale) + 1 + n.Scale
	fa, fb := power10(n.Scale-a.Scale), power10(n.Scale-b.Scale)
	if fa == 0 || fb == 0 {
		return nil, false
	}
	n.eval = n.strict(a, b, func(x, y int64) (int64, bool) {
		x, ok1 := product(x, fa)
		y, ok2 := product(y, fb)
		if minus {
			y = -y // never the smallest int64: product refuses that
		}
		r := x + y
		return r, ok1 && ok2 && ((x < 0) != (y < 0) || (r < 0) == (x < 0))
	})
	return n, n.fits()
}

// Times is a * b.
func Times(a, b *Number) (*Number, bool) {
	n := combined(a, b)
	n.Scale, n.Digits = a.Scale+b.Scale, a.Digits+b.Digits
	n.eval = n.strict(a, b, product)
	return n, n.fits()
}

// Negated is -a.
func Negated(a *Number) (*Number, bool) {
	if a.integer {
		return nil, false // of a type of its own
	}
	n := *a
	n.eval = func(row [][]byte) (int64, numberState) {
		v, state := a.eval(row)
		return -v, state
	}
	return &n, true
}

func combined(a, b *Number) *Number {
	return &Number{integer: a.integer && b.integer, unsigned: a.unsigned || b.unsigned}
}

func (n *Number) fits() bool { return n.Scale <= maxScale && n.Digits <= maxDigits }

// strict computes of two operands, NULL where one is.
func (n *Number) strict(a, b *Number, of func(x, y int64) (int64, bool)) func(row [][]byte) (int64, numberState) {
	positive := n.integer && n.unsigned
	return func(row [][]byte) (int64, numberState) {
		x, sx := a.eval(row)
		y, sy := b.eval(row)
		if sx != isNumber || sy != isNumber {
			return 0, max(sx, sy)
		}
		v, ok := of(x, y)
		if !ok || positive && v < 0 {
			return 0, isUnknown
		}
		return v, isNumber
	}
}

// product multiplies, where the product fits and is not the smallest int64.
func product(x, y int64) (int64, bool) {
	ux, uy := magnitude(x), magnitude(y)
	hi, lo := bits.Mul64(ux, uy)
	if hi != 0 || lo > 1<<63-1 {
		return 0, false
	}
	if (x < 0) != (y < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// power10 is 10^n, 0 where that does not fit.
func power10(n int) int64 {
	if n > 18 {
		return 0
	}
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
