package value

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// maxExact is 2^53: below it every integer is a DOUBLE, so comparing as doubles and as integers is the same.
const maxExact = 1 << 53

// intBits is the width of an integer type.
func intBits(k schema.Kind) int {
	switch k {
	case schema.KindTinyInt:
		return 8
	case schema.KindSmallInt:
		return 16
	case schema.KindMediumInt:
		return 24
	case schema.KindInt:
		return 32
	}
	return 64
}

// coerceInteger stores a number in an integer column.
func coerceInteger(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	neg, u, ok := integer(v, ctx)
	if !ok || !fitsInteger(neg, u, col) {
		return dst, ErrNeedsServer
	}
	if neg {
		u = -u
	}
	return binary.BigEndian.AppendUint64(dst, u), nil
}

// integer is the whole number that v is, as a sign and a magnitude.
func integer(v Value, ctx *Context) (neg bool, u uint64, ok bool) {
	switch v.Kind {
	case Int, Bool, Decimal, String:
		p, ok := exact(v)
		if !ok || v.Kind == String && len(p.frac) > 0 {
			return false, 0, false
		}
		u, ok = p.rounded()
		return p.neg && u != 0, u, ok
	case Float, Float32:
		f, ok := double(v)
		if !ok || f != math.Trunc(f) || math.Abs(f) >= maxExact {
			return false, 0, false
		}
		return f < 0, uint64(math.Abs(f)), true
	case Hex:
		// MariaDB takes x'35' for the text "5" and 0x35 for the number 53.
		if ctx.MariaDB && !v.Number || len(v.Bytes) == 0 || len(v.Bytes) > 8 {
			return false, 0, false
		}
		return false, bigEndian(v.Bytes), true
	}
	return false, 0, false
}

// bigEndian reads up to 8 bytes.
func bigEndian(b []byte) (u uint64) {
	for _, c := range b {
		u = u<<8 | uint64(c)
	}
	return u
}

// fitsInteger reports whether the column's range holds the number.
func fitsInteger(neg bool, u uint64, col *schema.Column) bool {
	bits := intBits(col.Kind)
	if col.Unsigned {
		return !neg && u <= math.MaxUint64>>(64-bits)
	}
	limit := uint64(1) << (bits - 1)
	return u < limit || neg && u == limit
}

// storedInt reads the stored form of integers, YEAR, ENUM and SET.
func storedInt(stored []byte) (uint64, error) {
	if len(stored) != 8 {
		return 0, ErrStored
	}
	return binary.BigEndian.Uint64(stored), nil
}

// appendInt writes an integer's digits.
func appendInt(dst []byte, u uint64, unsigned bool) []byte {
	if unsigned {
		return strconv.AppendUint(dst, u, 10)
	}
	return strconv.AppendInt(dst, int64(u), 10)
}

// textInteger is the text protocol's form: ZEROFILL pads to the display width.
func textInteger(dst []byte, u uint64, col *schema.Column) []byte {
	var buf [20]byte
	text := appendInt(buf[:0], u, col.Unsigned)
	if col.Zerofill {
		dst = appendZeros(dst, col.Length-len(text))
	}
	return append(dst, text...)
}

// appendZeros writes n digits 0, none if n is negative.
func appendZeros(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, '0')
	}
	return dst
}

// binaryInteger is the binary protocol's form: little-endian in the type's width, MEDIUMINT in four bytes.
func binaryInteger(dst []byte, u uint64, k schema.Kind) []byte {
	switch k {
	case schema.KindTinyInt:
		return append(dst, byte(u))
	case schema.KindSmallInt, schema.KindYear:
		return binary.LittleEndian.AppendUint16(dst, uint16(u))
	case schema.KindMediumInt, schema.KindInt:
		return binary.LittleEndian.AppendUint32(dst, uint32(u))
	}
	return binary.LittleEndian.AppendUint64(dst, u)
}

// coerceYear stores a YEAR from four digits; shorter ones and 0 have rules of their own.
func coerceYear(dst []byte, v Value, col *schema.Column) ([]byte, error) {
	if v.Kind != Int && v.Kind != String || len(v.Bytes) != 4 || !digits(v.Bytes) || col.Length == 2 {
		return dst, ErrNeedsServer
	}
	p, ok := exact(v)
	if !ok {
		return dst, ErrNeedsServer
	}
	u, _ := p.magnitude()
	if u < 1901 || u > 2155 {
		return dst, ErrNeedsServer
	}
	return binary.BigEndian.AppendUint64(dst, u), nil
}

// textYear is "2024", and "0000" for the zero year.
func textYear(dst []byte, u uint64, col *schema.Column) []byte {
	width := 4
	if col.Length == 2 {
		width, u = 2, u%100
	}
	var buf [20]byte
	text := strconv.AppendUint(buf[:0], u, 10)
	return append(appendZeros(dst, width-len(text)), text...)
}
