package cell

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
)

// ErrCanonical says that a text has no canonical form: it is not of the type. The text is not in the error.
var ErrCanonical = errors.New("value has no canonical form")

// AppendInt appends the canonical form of a Number. All Append functions of this package append to dst; on an error they
// return it as it was.
func AppendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendUint appends the canonical form of a Number.
func AppendUint(dst []byte, v uint64) []byte { return strconv.AppendUint(dst, v, 10) }

// AppendDecimal appends the canonical form of a Number: the shortest exact decimal text, without '+', exponent, leading
// zeros, trailing zeros of the fraction or a bare point; minus zero is 0. So INT 5, BIGINT 5 and DECIMAL 5.00 are "5".
// The text is [+-]digits[.digits], where one of the two runs of digits may be empty.
func AppendDecimal(dst, text []byte) ([]byte, error) {
	digits, negative := cutSign(text)
	whole, fraction, _ := bytes.Cut(digits, []byte{'.'})
	if len(whole)+len(fraction) == 0 || !allDigits(whole) || !allDigits(fraction) {
		return dst, ErrCanonical
	}
	whole = bytes.TrimLeft(whole, "0")
	fraction = bytes.TrimRight(fraction, "0")
	if len(whole)+len(fraction) == 0 {
		return append(dst, '0'), nil
	}
	if negative {
		dst = append(dst, '-')
	}
	if len(whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, whole...)
	return appendFraction(dst, fraction), nil
}

// AppendDouble appends the canonical form of a Double: IEEE 754 binary64, 8 bytes big-endian, minus zero as zero. FLOAT
// values are widened first, which is exact. NaN, which MySQL does not store, is ErrCanonical: it equals nothing.
func AppendDouble(dst []byte, v float64) ([]byte, error) {
	if math.IsNaN(v) {
		return dst, ErrCanonical
	}
	if v == 0 {
		v = 0 // minus zero equals zero
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), nil
}

// AppendDateTime appends the canonical form of a DateTime or Timestamp: "YYYY-MM-DD HH:MM:SS[.f]", the fraction without
// trailing zeros. The text is MySQL's, "YYYY-MM-DD[ HH:MM:SS[.ffffff]]"; a date becomes midnight.
func AppendDateTime(dst, text []byte) ([]byte, error) {
	const date, midnight = "dddd-dd-dd", "dddd-dd-dd dd:dd:dd"
	if matches(text, date) {
		return append(append(dst, text...), " 00:00:00"...), nil
	}
	seconds, fraction, ok := cutFraction(text)
	if !ok || !matches(seconds, midnight) {
		return dst, ErrCanonical
	}
	return appendFraction(append(dst, seconds...), fraction), nil
}

// AppendTime appends the canonical form of a Time: "[-]HH:MM:SS[.f]", hours with two digits or three where they are 100
// and more, the fraction without trailing zeros; minus zero has no sign. The text is MySQL's, "[-]HHH:MM:SS[.ffffff]".
func AppendTime(dst, text []byte) ([]byte, error) {
	digits, negative := bytes.CutPrefix(text, []byte{'-'})
	seconds, fraction, ok := cutFraction(digits)
	if !ok {
		return dst, ErrCanonical
	}
	switch {
	case matches(seconds, "ddd:dd:dd"):
		if seconds[0] == '0' {
			seconds = seconds[1:]
		}
	case !matches(seconds, "dd:dd:dd"):
		return dst, ErrCanonical
	}
	if negative && !(string(seconds) == "00:00:00" && len(fraction) == 0) {
		dst = append(dst, '-')
	}
	return appendFraction(append(dst, seconds...), fraction), nil
}

// cutSign takes a leading sign off.
func cutSign(text []byte) (rest []byte, negative bool) {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		return text[1:], text[0] == '-'
	}
	return text, false
}

// cutFraction splits at the point, checks that 1 to 6 digits follow it, and drops the trailing zeros of these.
func cutFraction(text []byte) (seconds, fraction []byte, ok bool) {
	seconds, fraction, point := bytes.Cut(text, []byte{'.'})
	if point && (len(fraction) == 0 || len(fraction) > 6) || !allDigits(fraction) {
		return nil, nil, false
	}
	return seconds, bytes.TrimRight(fraction, "0"), true
}

func appendFraction(dst, fraction []byte) []byte {
	if len(fraction) == 0 {
		return dst
	}
	return append(append(dst, '.'), fraction...)
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// matches says whether text has the shape: 'd' stands for a digit, all else for itself.
func matches(text []byte, shape string) bool {
	if len(text) != len(shape) {
		return false
	}
	for i, c := range text {
		if shape[i] == 'd' && (c < '0' || c > '9') || shape[i] != 'd' && c != shape[i] {
			return false
		}
	}
	return true
}
