package value

import (
	"bytes"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// coerceDecimal stores a number in a DECIMAL column that holds all of its digits.
func coerceDecimal(dst []byte, v Value, col *schema.Column) ([]byte, error) {
	var buf [32]byte
	p, ok := exact(v)
	if v.Kind == Float || v.Kind == Float32 {
		p, ok = doubleDigits(buf[:0], v)
	}
	frac := p.trimZeros()
	if !ok || len(p.whole) > col.Precision-col.Scale || len(frac) > col.Scale || p.neg && (col.Unsigned || p.zero()) {
		return dst, ErrNeedsServer
	}
	if len(p.frac) > col.Scale && v.Kind == String {
		return dst, ErrNeedsServer
	}
	return appendDecimal(dst, p.neg, p.whole, frac, col.Scale), nil
}

// doubleDigits is the shortest plain text of a DOUBLE: what both servers make a DECIMAL from.
func doubleDigits(buf []byte, v Value) (plain, bool) {
	f, ok := double(v)
	if !ok || f != 0 && (f < 1e-9 && f > -1e-9 || f > 1e15 || f < -1e15) {
		return plain{}, false
	}
	p, ok := parsePlain(strconv.AppendFloat(buf, f, 'f', -1, 64))
	return p, ok && p.significant() <= 15
}

// appendDecimal writes the stored form: at least one digit before the point, scale digits after it.
func appendDecimal(dst []byte, neg bool, whole, frac []byte, scale int) []byte {
	if neg {
		dst = append(dst, '-')
	}
	if len(whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, whole...)
	if scale == 0 {
		return dst
	}
	dst = append(append(dst, '.'), frac...)
	return appendZeros(dst, scale-len(frac))
}

// textDecimal is the stored text; ZEROFILL pads the digits before the point.
func textDecimal(dst, stored []byte, col *schema.Column) ([]byte, error) {
	if _, ok := parsePlain(stored); !ok {
		return dst, ErrStored
	}
	if col.Zerofill {
		whole, _, _ := bytes.Cut(stored, point)
		dst = appendZeros(dst, max(1, col.Precision-col.Scale)-len(whole))
	}
	return append(dst, stored...), nil
}
