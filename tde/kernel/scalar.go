package kernel

import (
	"bytes"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Scalar is an expression over a row of stored forms: a text, or an exact number.
type Scalar struct {
	// Number is nil of a text.
	Number *Number
	// Charset is a text's; "ascii" of one that has nothing but ASCII.
	Charset string
	// Total: there is no row of which only a server knows the value.
	Total bool
	utf8  bool // a character takes one byte or more
	text  func(dst []byte, row [][]byte) ([]byte, numberState)
}

// maxText bounds what a Scalar makes of a row, far below max_allowed_packet's default.
const maxText = 1 << 20

// Text appends a text's bytes. null says that it is NULL; ok is false where only a server knows.
func (s *Scalar) Text(dst []byte, row [][]byte) (out []byte, null, ok bool) {
	out, state := s.text(dst, row)
	return out, state == isNull, state != isUnknown && len(out)-len(dst) <= maxText
}

// Exact is a number in units of 10^-Scale.
func (s *Scalar) Exact(row [][]byte) (v int64, null, ok bool) {
	v, state := s.Number.eval(row)
	return v, state == isNull, state != isUnknown
}

// Integer says whether no operand is a DECIMAL.
func (n *Number) Integer() bool { return n.integer }

// DecimalText writes a number of units of 10^-scale as a DECIMAL.
func DecimalText(v int64, scale int) []byte { return decimalText(big.NewInt(v), scale) }

// ScalarColumn is a column: a text of a collation that is known, an integer or a DECIMAL.
func ScalarColumn(i int, col *schema.Column) (s *Scalar, ok bool) {
	if c, ok := collationOf(col); ok {
		return &Scalar{Charset: col.Charset, utf8: c.utf8, Total: true, text: func(dst []byte, row [][]byte) ([]byte, numberState) {
			if row[i] == nil {
				return dst, isNull
			}
			return append(dst, row[i]...), isNumber
		}}, true
	}
	n, ok := NumberColumn(i, col)
	return &Scalar{Number: n}, ok && !col.Zerofill
}

// ScalarText is a literal of printable ASCII.
func ScalarText(literal []byte) (s *Scalar, ok bool) {
	for _, c := range literal {
		if c < ' ' || c > '~' {
			return nil, false
		}
	}
	return &Scalar{Charset: "ascii", Total: true, text: func(dst []byte, _ [][]byte) ([]byte, numberState) {
		return append(dst, literal...), isNumber
	}}, true
}

// ScalarNumber is a number.
func ScalarNumber(n *Number) *Scalar { return &Scalar{Number: n} }

// Truth is a condition as a number: 1, 0 or NULL.
func Truth(c *Condition) *Scalar {
	return ScalarNumber(&Number{Digits: 1, integer: true, eval: func(row [][]byte) (int64, numberState) {
		switch c.Of(row) {
		case True:
			return 1, isNumber
		case False:
			return 0, isNumber
		case Null:
			return 0, isNull
		}
		return 0, isUnknown
	}})
}

// mapped is a text made of another one.
func (s *Scalar) mapped(total bool, of func(dst, text []byte) ([]byte, numberState)) *Scalar {
	out := *s
	out.Total = s.Total && total
	out.text = func(dst []byte, row [][]byte) ([]byte, numberState) {
		from := len(dst)
		dst, state := s.text(dst, row)
		if state != isNumber {
			return dst[:from], state
		}
		return of(dst[:from], dst[from:])
	}
	return &out
}

// measured is a number made of a text.
func (s *Scalar) measured(of func(text []byte) int64) *Scalar {
	var scratch []byte
	out := ScalarNumber(&Number{Digits: 10, integer: true, eval: func(row [][]byte) (int64, numberState) {
		var state numberState
		if scratch, state = s.text(scratch[:0], row); state != isNumber {
			return 0, state
		}
		return of(scratch), isNumber
	}})
	out.Total = s.Total
	return out
}

// Cased is UPPER or LOWER, of ASCII.
func (s *Scalar) Cased(upper bool) (*Scalar, bool) {
	first, last := byte('A'), byte('Z')
	if upper {
		first, last = 'a', 'z'
	}
	return s.mapped(false, func(dst, text []byte) ([]byte, numberState) {
		for i, c := range text {
			if c >= utf8.RuneSelf {
				return dst, isUnknown
			}
			if c >= first && c <= last {
				text[i] = c ^ 0x20
			}
		}
		return dst[:len(dst)+len(text)], isNumber
	}), s.Number == nil
}

// Length is LENGTH, in bytes; for what is known to be in its own character set only.
func (s *Scalar) Length() (*Scalar, bool) {
	if s.Number != nil || s.Charset == "ascii" && !s.Total {
		return nil, false
	}
	return s.measured(func(text []byte) int64 { return int64(len(text)) }), true
}

// CharLength is CHAR_LENGTH.
func (s *Scalar) CharLength() (*Scalar, bool) {
	if s.Number != nil {
		return nil, false
	}
	return s.measured(func(text []byte) int64 { return int64(s.characters(text)) }), true
}

func (s *Scalar) characters(text []byte) int {
	if s.utf8 {
		return utf8.RuneCount(text)
	}
	return len(text)
}

// offset is where character n begins, or the end.
func (s *Scalar) offset(text []byte, n int) int {
	if !s.utf8 {
		return min(n, len(text))
	}
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}

// Substring is SUBSTRING(s, from, count), by characters; from may count from the end.
func (s *Scalar) Substring(from, count int) (*Scalar, bool) {
	return s.mapped(true, func(dst, text []byte) ([]byte, numberState) {
		start := from - 1
		if from < 0 {
			start = s.characters(text) + from
		}
		if start < 0 || count <= 0 {
			return dst, isNumber
		}
		text = text[s.offset(text, start):]
		return append(dst, text[:s.offset(text, count)]...), isNumber
	}), s.Number == nil
}

// Right is RIGHT(s, count).
func (s *Scalar) Right(count int) (*Scalar, bool) {
	return s.mapped(true, func(dst, text []byte) ([]byte, numberState) {
		if count <= 0 {
			return dst, isNumber
		}
		return append(dst, text[s.offset(text, max(0, s.characters(text)-count)):]...), isNumber
	}), s.Number == nil
}

// Trimmed is TRIM, LTRIM or RTRIM of spaces.
func (s *Scalar) Trimmed(left, right bool) (*Scalar, bool) {
	return s.mapped(true, func(dst, text []byte) ([]byte, numberState) {
		if left {
			text = bytes.TrimLeft(text, " ")
		}
		if right {
			text = bytes.TrimRight(text, " ")
		}
		return append(dst, text...), isNumber
	}), s.Number == nil
}

// printed is a scalar as a text.
func (s *Scalar) printed() *Scalar {
	if s.Number == nil {
		return s
	}
	n := s.Number
	return &Scalar{Charset: "ascii", text: func(dst []byte, row [][]byte) ([]byte, numberState) {
		v, state := n.eval(row)
		switch {
		case state != isNumber:
			return dst, state
		case n.integer:
			return strconv.AppendInt(dst, v, 10), isNumber
		}
		return append(dst, DecimalText(v, n.Scale)...), isNumber
	}}
}

// Concat is CONCAT. Texts are of one character set, beside those of ASCII.
func Concat(args ...*Scalar) (s *Scalar, ok bool) {
	s = &Scalar{Charset: "ascii", Total: true}
	texts := make([]*Scalar, len(args))
	for i, a := range args {
		texts[i] = a.printed()
		if !s.joins(texts[i]) {
			return nil, false
		}
		s.Total = s.Total && texts[i].Total
	}
	s.text = func(dst []byte, row [][]byte) ([]byte, numberState) {
		var worst numberState
		for _, t := range texts {
			var state numberState
			dst, state = t.text(dst, row)
			worst = max(worst, state)
		}
		return dst, worst
	}
	return s, true
}

// joins makes a text's character set that of both.
func (s *Scalar) joins(with *Scalar) bool {
	switch {
	case with.Charset == "ascii" || with.Charset == s.Charset:
		return true
	case s.Charset != "ascii":
		return false
	}
	s.Charset, s.utf8 = with.Charset, with.utf8
	return true
}

// Choice is one of the values of a CASE; When is nil of its ELSE.
type Choice struct {
	When *Condition
	Then *Scalar
}

// Case is CASE WHEN … END: of texts, of integers, or of numbers of one scale.
func Case(choices []Choice) (s *Scalar, ok bool) { return cases(choices, false) }

// CaseSummed is a CASE whose values are only added up, so that zero can be of any type.
func CaseSummed(choices []Choice) (s *Scalar, ok bool) { return cases(choices, true) }

func cases(choices []Choice, summed bool) (s *Scalar, ok bool) {
	values := make([]*Scalar, len(choices))
	for i, c := range choices {
		values[i] = c.Then
	}
	if summed {
		values = zeroes(values)
	}
	if !unified(values) {
		return nil, false
	}
	pick := func(row [][]byte) (*Scalar, numberState) {
		for i, c := range choices {
			if c.When == nil {
				return values[i], isNumber
			}
			switch outcome := c.When.Of(row); {
			case outcome == True:
				return values[i], isNumber
			case outcome&True != 0:
				return nil, isUnknown
			}
		}
		return nil, isNull
	}
	return chosen(values, pick), true
}

// Coalesce is the first of its arguments that is not NULL.
func Coalesce(args ...*Scalar) (s *Scalar, ok bool) {
	if !unified(args) {
		return nil, false
	}
	var scratch []byte
	return chosen(args, func(row [][]byte) (*Scalar, numberState) {
		for _, a := range args {
			var state numberState
			if a.Number != nil {
				_, state = a.Number.eval(row)
			} else {
				scratch, state = a.text(scratch[:0], row)
			}
			if state != isNull {
				return a, state
			}
		}
		return nil, isNull
	}), true
}

// chosen is what pick picks of a row.
func chosen(values []*Scalar, pick func(row [][]byte) (*Scalar, numberState)) *Scalar {
	out := *values[0]
	out.Total = false
	if out.Number == nil {
		for _, v := range values {
			out.joins(v)
		}
		out.text = func(dst []byte, row [][]byte) ([]byte, numberState) {
			s, state := pick(row)
			if state != isNumber {
				return dst, state
			}
			return s.text(dst, row)
		}
		return &out
	}
	n := *out.Number
	n.zero = false
	for _, v := range values {
		n.Digits = max(n.Digits, v.Number.Digits)
	}
	n.eval = func(row [][]byte) (int64, numberState) {
		s, state := pick(row)
		if state != isNumber {
			return 0, state
		}
		return s.Number.eval(row)
	}
	out.Number = &n
	return &out
}

// unified says whether values are of one type: texts of one character set, or numbers of one scale. MySQL shows a value of another scale
// as it is, and MariaDB with the digits of the largest.
func unified(values []*Scalar) bool {
	first, sum := values[0], &Scalar{Charset: "ascii"}
	for _, v := range values {
		switch {
		case (v.Number == nil) != (first.Number == nil):
			return false
		case v.Number == nil:
			if !sum.joins(v) {
				return false
			}
		case v.Number.unsigned != first.Number.unsigned || v.Number.integer != first.Number.integer || v.Number.Scale != first.Number.Scale:
			return false
		}
	}
	return true
}

// zeroes makes each literal 0 one of the type that another value has.
func zeroes(values []*Scalar) []*Scalar {
	isZero := func(s *Scalar) bool { return s.Number != nil && s.Number.zero }
	i := slices.IndexFunc(values, func(s *Scalar) bool { return s.Number != nil && !isZero(s) && !s.Number.integer })
	if i < 0 {
		return values
	}
	values = slices.Clone(values)
	like := values[i].Number
	for k, v := range values {
		if isZero(v) {
			n := *v.Number
			n.Digits, n.Scale, n.integer = like.Digits, like.Scale, false
			values[k] = ScalarNumber(&n)
		}
	}
	return values
}

// DatePart is YEAR, MONTH or DAY of a DATE or DATETIME: so many digits of its stored form, from a place on.
func DatePart(column int, col *schema.Column, from, digits int) (s *Scalar, ok bool) {
	if col.Kind != schema.KindDate && col.Kind != schema.KindDateTime {
		return nil, false
	}
	return ScalarNumber(&Number{Digits: digits, integer: true, eval: func(row [][]byte) (int64, numberState) {
		v := row[column]
		if v == nil {
			return 0, isNull
		}
		if len(v) < 10 {
			return 0, isUnknown
		}
		n, ok := decimal(v[from : from+digits])
		if !ok || n == 0 {
			return 0, isUnknown
		}
		return n, isNumber
	}}), true
}

// Constant is the text of a number that no row decides.
func (s *Scalar) Constant() (text []byte, ok bool) {
	v, state := s.Number.eval(nil)
	return DecimalText(v, s.Number.Scale), state == isNumber
}
