package value

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// coerceFloat stores a number in a FLOAT or DOUBLE column. FLOAT(M,D) and DOUBLE(M,D) round in ways of their own.
func coerceFloat(dst []byte, v Value, col *schema.Column) ([]byte, error) {
	f, ok := asDouble(v)
	if !ok || col.Precision > 0 || col.Scale > 0 || col.Unsigned && f < 0 {
		return dst, ErrNeedsServer
	}
	if col.Kind == schema.KindDouble {
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(f)), nil
	}
	small := math.Abs(f)
	if small > math.MaxFloat32 || f != 0 && small < 0x1p-126 {
		return dst, ErrNeedsServer
	}
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(f))), nil
}

// asDouble is the DOUBLE that a server makes of a number. Subnormals, overflow and negative zero are left to it.
func asDouble(v Value) (f float64, ok bool) {
	switch v.Kind {
	case Int, Bool, Decimal, String:
		if _, ok = exact(v); ok {
			f, ok = parseDouble(v.Bytes, 64)
		}
	case Float, Float32:
		f, ok = double(v)
	}
	if !ok || f == 0 && math.Signbit(f) || f != 0 && math.Abs(f) < 0x1p-1022 {
		return 0, false
	}
	return f, true
}

// storedDouble reads the stored form of FLOAT (widened) and DOUBLE, which are finite.
func storedDouble(stored []byte) (f float64, err error) {
	switch len(stored) {
	case 4:
		f = float64(math.Float32frombits(binary.BigEndian.Uint32(stored)))
	case 8:
		f = math.Float64frombits(binary.BigEndian.Uint64(stored))
	default:
		return 0, ErrStored
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, ErrStored
	}
	return f, nil
}

// textFloat is what my_gcvt (my_fcvt for a fixed number of decimals) of both servers prints.
func textFloat(dst, stored []byte, col *schema.Column) ([]byte, error) {
	f, err := storedDouble(stored)
	if err != nil || (len(stored) == 4) != (col.Kind == schema.KindFloat) {
		return dst, ErrStored
	}
	var buf [400]byte
	var text []byte
	switch {
	case col.Precision > 0 && col.Scale >= 0:
		text = fcvt(buf[:0], f, col.Scale)
	case col.Kind == schema.KindFloat:
		text = gcvt(buf[:0], f, 6)
	default:
		text = gcvt(buf[:0], f, 17)
	}
	if col.Zerofill {
		dst = appendZeros(dst, floatWidth(col)-len(text))
	}
	return append(dst, text...), nil
}

// fcvt prints f with a fixed number of decimals. Where these are more than it takes to tell f from all others, zeros follow.
func fcvt(dst []byte, f float64, decimals int) []byte {
	text := strconv.AppendFloat(dst, f, 'f', -1, 64)
	have := 0
	if point := bytes.IndexByte(text, '.'); point >= 0 {
		have = len(text) - point - 1
	} else if decimals > 0 {
		text = append(text, '.')
	}
	if have > decimals {
		return strconv.AppendFloat(dst, f, 'f', decimals, 64)
	}
	return appendZeros(text, decimals-have)
}

// floatWidth is the display width, to which ZEROFILL pads.
func floatWidth(col *schema.Column) int {
	switch {
	case col.Precision > 0:
		return col.Precision
	case col.Kind == schema.KindFloat:
		return 12
	}
	return 22
}

// gcvt prints f with up to prec significant digits: plainly where the point falls within 15 digits or between digits, else
// as "1.5e-20".
func gcvt(dst []byte, f float64, prec int) []byte {
	var buf [32]byte
	format := -1
	if prec < 17 {
		format = prec - 1
	}
	sci := strconv.AppendFloat(buf[:0], f, 'e', format, 64)
	if sci[0] == '-' {
		dst, sci = append(dst, '-'), sci[1:]
	}
	e := len(sci) - 1
	for sci[e] != 'e' {
		e--
	}
	exp, _ := strconv.Atoi(string(sci[e+1:]))
	num := sci[:1]
	if e > 1 {
		copy(sci[1:], sci[2:e])
		num = sci[:e-1]
	}
	for len(num) > 1 && num[len(num)-1] == '0' {
		num = num[:len(num)-1]
	}
	return placePoint(dst, num, exp+1)
}

// placePoint writes 0.num * 10^decpt.
func placePoint(dst, num []byte, decpt int) []byte {
	switch {
	case len(num) == 1 && num[0] == '0':
		return append(dst, '0')
	case decpt > 15 && len(num) <= decpt || decpt < -14:
		dst = append(dst, num[0])
		if len(num) > 1 {
			dst = append(append(dst, '.'), num[1:]...)
		}
		return strconv.AppendInt(append(dst, 'e'), int64(decpt-1), 10)
	case decpt <= 0:
		dst = appendZeros(append(dst, '0', '.'), -decpt)
		return append(dst, num...)
	case decpt >= len(num):
		return appendZeros(append(dst, num...), decpt-len(num))
	}
	dst = append(append(dst, num[:decpt]...), '.')
	return append(dst, num[decpt:]...)
}

// binaryFloat is the binary protocol's form: IEEE, little-endian.
func binaryFloat(dst, stored []byte, col *schema.Column) ([]byte, error) {
	switch {
	case col.Kind == schema.KindFloat && len(stored) == 4:
		return binary.LittleEndian.AppendUint32(dst, binary.BigEndian.Uint32(stored)), nil
	case col.Kind == schema.KindDouble && len(stored) == 8:
		return binary.LittleEndian.AppendUint64(dst, binary.BigEndian.Uint64(stored)), nil
	}
	return dst, ErrStored
}
