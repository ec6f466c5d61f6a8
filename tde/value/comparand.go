package value

import (
	"bytes"
	"math"

	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Comparand appends the canonical form of a literal or parameter that =, <=> or IN compares with a column: equal to
// Canonical of a stored value, kind included, exactly where the server's comparison is true and silent. It is
// ErrNeedsServer where the server compares in another way, or is not known to compare in this one.
func Comparand(dst []byte, v Value, col *schema.Column, ctx *Context) (kind cell.Kind, canonical []byte, weigh bool, err error) {
	switch col.Kind {
	case schema.KindFloat, schema.KindDouble:
		return comparandDouble(dst, v, col)
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp, schema.KindTime:
		return comparandTemporal(dst, v, col, ctx)
	case schema.KindUUID, schema.KindINET4, schema.KindINET6:
		return comparandAddress(dst, v, col, ctx)
	case schema.KindDecimal, schema.KindBit, schema.KindYear:
		return comparandNumber(dst, v, col)
	}
	switch {
	case isInteger(col.Kind):
		return comparandNumber(dst, v, col)
	case isText(col.Kind) || col.Kind == schema.KindEnum || col.Kind == schema.KindSet:
		return comparandText(dst, v, col, ctx)
	case isBytes(col.Kind):
		return comparandBytes(dst, v, ctx)
	}
	return 0, dst, false, ErrNeedsServer
}

// comparandNumber compares with an exact number. Servers compare with Int and Decimal exactly, with Float and String as
// doubles: that is the same only while both sides are exact doubles, or few enough digits.
func comparandNumber(dst []byte, v Value, col *schema.Column) (cell.Kind, []byte, bool, error) {
	p, ok := exact(v)
	var buf [64]byte
	switch v.Kind {
	case Int, Bool, Decimal:
	case String:
		ok = ok && asDoublesToo(p, col)
	case Float, Float32:
		p, ok = doubleDigits(buf[:0], v)
		ok = ok && asDoublesToo(p, col)
	default:
		ok = false
	}
	switch col.Kind {
	case schema.KindYear:
		ok = ok && v.Kind == Int && len(p.whole) == 4 && col.Length != 2
	case schema.KindBit:
		ok = ok && (v.Kind == Int || v.Kind == Bool) && !p.neg
	}
	if !ok {
		return 0, dst, false, ErrNeedsServer
	}
	return cell.Number, p.canonical(dst), false, nil
}

// asDoublesToo reports whether comparing p with any value of the column as doubles is the same as comparing exactly: up
// to 15 digits on both sides, or an integer below 2^53.
func asDoublesToo(p plain, col *schema.Column) bool {
	if p.significant() > 15 || len(p.whole) > 15 {
		return false
	}
	if col.Kind == schema.KindDecimal {
		return col.Precision <= 15
	}
	return isInteger(col.Kind)
}

// comparandDouble compares with FLOAT and DOUBLE, as doubles. Those with fixed decimals compare with a tolerance.
func comparandDouble(dst []byte, v Value, col *schema.Column) (cell.Kind, []byte, bool, error) {
	f, ok := asDouble(v)
	if !ok || col.Precision > 0 || col.Scale > 0 || math.IsInf(f, 0) {
		return 0, dst, false, ErrNeedsServer
	}
	dst, err := cell.AppendDouble(dst, f)
	return cell.Double, dst, false, err
}

// comparandTemporal compares with DATE, DATETIME, TIMESTAMP and TIME. More digits of a second than the column has match
// nothing in MariaDB.
func comparandTemporal(dst []byte, v Value, col *schema.Column, ctx *Context) (cell.Kind, []byte, bool, error) {
	var buf [32]byte
	kind, text := cell.DateTime, buf[:0]
	if col.Kind == schema.KindTime {
		m, ok := clockValue(v)
		if !ok || m.roundedToCompare(col, ctx) {
			return 0, dst, false, ErrNeedsServer
		}
		dst, err := cell.AppendTime(dst, m.appendClock(text, 6))
		return cell.Time, dst, false, err
	}
	m, ok := temporal(v)
	if !ok || col.Kind == schema.KindDate && !m.midnight() || m.roundedToCompare(col, ctx) {
		return 0, dst, false, ErrNeedsServer
	}
	if col.Kind == schema.KindTimestamp {
		unix, ok := toUTC(m, ctx.Location)
		if !ok || unix < firstTimestamp || unix > lastTimestamp {
			return 0, dst, false, ErrNeedsServer
		}
		kind, m = cell.Timestamp, fromEpoch(unix, m.micro)
	}
	dst, err := cell.AppendDateTime(dst, m.appendDateTime(text, 6))
	return kind, dst, false, err
}

// roundedToCompare reports whether MySQL compares something else: it may round the literal to the column's digits,
// depending on indexes.
func (m moment) roundedToCompare(col *schema.Column, ctx *Context) bool {
	return !ctx.MariaDB && m.micro%unit(col.FSP) != 0
}

// comparandText compares characters: only a string whose characters the column's set has, so that the column's collation
// decides. PAD_CHAR_TO_FULL_LENGTH changes what a CHAR is. Where an index helps, servers look up what a literal would be
// when stored: an ENUM's number, a string without trailing spaces; literals to which that happens are left to them.
func comparandText(dst []byte, v Value, col *schema.Column, ctx *Context) (cell.Kind, []byte, bool, error) {
	if v.Kind != String || ctx.PadCharToFullLength && col.Kind == schema.KindChar || !literalAsIs(v, col, ctx) {
		return 0, dst, false, ErrNeedsServer
	}
	start := len(dst)
	dst, err := appendString(dst, v, col.Charset, ctx)
	if err != nil {
		return 0, dst[:start], false, err
	}
	if _, ok := wellFormed(dst[start:], col.Charset); !ok {
		return 0, dst[:start], false, ErrNeedsServer
	}
	return cell.String, dst, true, nil
}

// comparandBytes compares bytes.
func comparandBytes(dst []byte, v Value, ctx *Context) (cell.Kind, []byte, bool, error) {
	switch v.Kind {
	case String, Binary, Hex:
		dst, err := appendString(dst, v, "", ctx)
		return cell.Bytes, dst, false, err
	}
	return 0, dst, false, ErrNeedsServer
}

// literalAsIs reports whether looking a string up in an index is the same as comparing it.
func literalAsIs(v Value, col *schema.Column, ctx *Context) bool {
	switch {
	case isText(col.Kind) && col.Kind != schema.KindChar:
		return true
	case len(v.Bytes) == 0:
		return col.Kind == schema.KindChar
	}
	first, last := v.Bytes[0], v.Bytes[len(v.Bytes)-1]
	switch {
	case last == ' ' || last == 0:
		return false
	case col.Kind == schema.KindSet && bytes.IndexByte(v.Bytes, ',') >= 0:
		return inSetOrder(v, col, ctx)
	}
	return col.Kind == schema.KindChar || first >= 'A'
}

// inSetOrder reports whether a string names members of a SET in the order in which the server prints them.
func inSetOrder(v Value, col *schema.Column, ctx *Context) bool {
	text, err := utf8Text(v, ctx)
	if err != nil {
		return false
	}
	bits, ok := memberSet(col.Members, text)
	if !ok {
		return false
	}
	var buf [256]byte
	printed, err := appendMembers(buf[:0], bits, col)
	return err == nil && bytes.Equal(printed, text)
}
