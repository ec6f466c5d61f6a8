package value

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Canonical appends the token input of a stored value: two values of a kind are equal in SQL exactly if their canonical
// forms are. With weigh the form is the string's bytes in the column's character set, and what its collation makes of
// them decides: the caller gets the weights.
func Canonical(dst, stored []byte, col *schema.Column) (kind TokenKind, canonical []byte, weigh bool, err error) {
	switch col.Kind {
	case schema.KindFloat, schema.KindDouble:
		f, err := storedDouble(stored)
		return KindDouble, appendDouble(dst, f), false, err
	case schema.KindDecimal:
		p, ok := parsePlain(stored)
		if !ok {
			return 0, dst, false, ErrStored
		}
		return KindNumber, p.canonical(dst), false, nil
	case schema.KindBit:
		if len(stored) > 8 {
			return 0, dst, false, ErrStored
		}
		return KindNumber, strconv.AppendUint(dst, bigEndian(stored), 10), false, nil
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp, schema.KindTime:
		return canonicalTemporal(dst, stored, col)
	case schema.KindEnum, schema.KindSet:
		canonical, err = memberText(dst, stored, col, "")
		return KindString, canonical, true, err
	}
	switch {
	case isInteger(col.Kind) || col.Kind == schema.KindYear:
		u, err := storedInt(stored)
		return KindNumber, appendInt(dst, u, col.Unsigned || col.Kind == schema.KindYear), false, err
	case isText(col.Kind):
		return KindString, append(dst, stored...), true, nil
	case isBytes(col.Kind):
		return KindBytes, append(dst, stored...), false, nil
	}
	return 0, dst, false, ErrNeedsServer
}

// canonicalTemporal is the token input of DATE, DATETIME, TIMESTAMP and TIME.
func canonicalTemporal(dst, stored []byte, col *schema.Column) (TokenKind, []byte, bool, error) {
	if col.Kind == schema.KindTime {
		m, ok := parseTime(stored)
		if !ok {
			return 0, dst, false, ErrStored
		}
		return KindTime, canonicalTime(dst, m), false, nil
	}
	m, ok := parseMoment(stored)
	if !ok {
		return 0, dst, false, ErrStored
	}
	kind := KindDateTime
	if col.Kind == schema.KindTimestamp {
		kind = KindTimestamp
	}
	return kind, canonicalMoment(dst, m), false, nil
}

// canonicalTime is a TIME without trailing zeros; there is no negative zero.
func canonicalTime(dst []byte, m moment) []byte {
	m.neg = m.neg && !m.midnight()
	return trimFraction(m.appendClock(dst, 6), len(dst))
}

// appendDouble is a DOUBLE's 8 bytes, with one zero.
func appendDouble(dst []byte, f float64) []byte {
	if f == 0 {
		f = 0
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}
