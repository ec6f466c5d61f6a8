package value

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// OrderKey appends the order key of a column for a canonical form of the column's kind that is not weighed: that of a stored
// value, or a constant as Comparand gives it. after says that a constant stands behind the key and before the next one. A
// constant below all values has the empty key. It is ErrNeedsServer where a constant's place is not known.
func OrderKey(dst, canonical []byte, col *schema.Column) (key []byte, after bool, err error) {
	switch col.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt, schema.KindYear, schema.KindBit:
		return integerKey(dst, canonical, col)
	case schema.KindDecimal:
		return decimalKey(dst, canonical, col)
	case schema.KindFloat, schema.KindDouble:
		return doubleKey(dst, canonical, col)
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp:
		return momentKey(dst, canonical, col)
	case schema.KindTime:
		return timeKey(dst, canonical, col)
	case schema.KindINET4, schema.KindINET6:
		return append(dst, canonical...), false, nil
	}
	if isBytes(col.Kind) {
		k, _ := col.OrderKey()
		return StringKey(dst, canonical, nil, k)
	}
	return dst, false, ErrNeedsServer
}

// StringKey appends the order key of a string of bytes or of collation weights. pad is the weight of a space under a PAD SPACE
// collation, which follows every string for ever; nil where a shorter string comes first.
func StringKey(dst, weights, pad []byte, k schema.OrderKey) (key []byte, after bool, err error) {
	start := len(dst)
	dst = append(dst, weights[:min(len(weights), k.Size)]...)
	if len(weights) > k.Size && k.Exact {
		if pad != nil {
			return dst[:start], false, ErrNeedsServer // before or behind the strings of this beginning
		}
		return dst, true, nil
	}
	for pad != nil && len(dst)-start < k.Size {
		dst = append(dst, pad[:min(len(pad), k.Size-(len(dst)-start))]...)
	}
	return dst, false, nil
}

// behind is the key that no value's is behind, of so many bytes, and a place after it.
func behind(dst []byte, size int) ([]byte, bool, error) {
	return append(dst, bytes.Repeat([]byte{0xFF}, size)...), true, nil
}

// appendUint appends the last size bytes of a number.
func appendUint(dst []byte, v uint64, size int) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return append(dst, b[8-size:]...)
}

// integerKey is the number as its type stores it, with the sign's bit turned round.
func integerKey(dst, canonical []byte, col *schema.Column) ([]byte, bool, error) {
	k, _ := col.OrderKey()
	whole, fraction, _ := bytes.Cut(canonical, []byte{'.'})
	negative := len(whole) > 0 && whole[0] == '-'
	after := len(fraction) > 0
	unsigned := col.Unsigned || col.Kind == schema.KindYear || col.Kind == schema.KindBit
	shift := 64 - 8*k.Size
	if unsigned {
		if negative {
			return dst, false, nil
		}
		u, err := strconv.ParseUint(string(whole), 10, 64)
		if err != nil || u > math.MaxUint64>>shift {
			return behind(dst, k.Size)
		}
		return appendUint(dst, u, k.Size), after, nil
	}
	v, err := strconv.ParseInt(string(whole), 10, 64)
	if negative && after && err == nil {
		if v == math.MinInt64 {
			return dst, false, nil
		}
		v-- // the next lower one, which the constant is behind
	}
	switch {
	case negative && (err != nil || v < math.MinInt64>>shift):
		return dst, false, nil
	case err != nil || v > math.MaxInt64>>shift:
		return behind(dst, k.Size)
	}
	return appendUint(dst, uint64(v)^1<<(8*k.Size-1), k.Size), after, nil
}

// decimalKey is the number without its point plus 10 to the number of digits.
func decimalKey(dst, canonical []byte, col *schema.Column) ([]byte, bool, error) {
	k, _ := col.OrderKey()
	digits, negative := bytes.CutPrefix(canonical, []byte{'-'})
	whole, fraction, _ := bytes.Cut(digits, []byte{'.'})
	after := len(fraction) > col.Scale
	text := append(append(make([]byte, 0, 96), whole...), fraction[:min(len(fraction), col.Scale)]...)
	for range col.Scale - len(fraction) {
		text = append(text, '0')
	}
	v, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		return dst, false, ErrStored
	}
	offset := col.DecimalOffset()
	if negative {
		v.Neg(v)
		if after {
			v.Sub(v, big.NewInt(1))
		}
	}
	switch {
	case v.CmpAbs(offset) > 0 && negative:
		return dst, false, nil
	case v.CmpAbs(offset) > 0:
		return behind(dst, k.Size)
	}
	var b [32]byte
	return append(dst, v.Add(v, offset).FillBytes(b[:k.Size])...), after, nil
}

// doubleKey is IEEE 754 with the sign's bit turned round, and of negative numbers all bits. A FLOAT is compared with constants
// that it can hold only: with others servers differ by index.
func doubleKey(dst, canonical []byte, col *schema.Column) ([]byte, bool, error) {
	if len(canonical) != 8 {
		return dst, false, ErrStored
	}
	bits, sign := binary.BigEndian.Uint64(canonical), uint64(1)<<63
	size := 8
	if col.Kind == schema.KindFloat {
		f := math.Float64frombits(bits)
		if float64(float32(f)) != f {
			return dst, false, ErrNeedsServer
		}
		bits, sign, size = uint64(math.Float32bits(float32(f))), 1<<31, 4
	}
	if bits&sign != 0 {
		bits = ^bits
	} else {
		bits |= sign
	}
	return appendUint(dst, bits, size), false, nil
}

// orderNumber reads decimal digits.
func orderNumber(digits []byte) (n uint64, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// fields reads numbers of two digits with a byte between, from the first of the text.
func fields(text []byte, out ...*uint64) bool {
	for i, v := range out {
		if 3*i+2 > len(text) {
			return false
		}
		var ok bool
		if *v, ok = orderNumber(text[3*i : 3*i+2]); !ok {
			return false
		}
	}
	return true
}

// micros reads what follows the seconds of a canonical form: nothing, or a point and a fraction.
func micros(rest []byte) (uint64, bool) {
	if len(rest) == 0 {
		return 0, true
	}
	if rest[0] != '.' || len(rest) > 7 {
		return 0, false
	}
	n, ok := orderNumber(rest[1:])
	for range 7 - len(rest) {
		n *= 10
	}
	return n, ok
}

// momentKey packs year (14 bits), month (4), day (5), and but for a DATE hour (5), minute (6) and second (6), in whole bytes; where the
// column has fractions the microseconds follow in 24 bits.
func momentKey(dst, canonical []byte, col *schema.Column) ([]byte, bool, error) {
	const length = len("2006-01-02 15:04:05")
	if len(canonical) < length {
		return dst, false, ErrStored
	}
	var month, day, hour, minute, second uint64
	year, ok := orderNumber(canonical[:4])
	micro, okMicro := micros(canonical[length:])
	if !ok || !okMicro || !fields(canonical[5:], &month, &day, &hour, &minute, &second) {
		return dst, false, ErrStored
	}
	date := year<<9 | month<<5 | day
	clock := hour<<12 | minute<<6 | second
	if col.Kind == schema.KindDate {
		return appendUint(dst, date, 3), clock|micro != 0, nil
	}
	dst = appendUint(dst, date<<17|clock, 5)
	if col.FSP == 0 {
		return dst, micro != 0, nil
	}
	return appendUint(dst, micro, 3), false, nil
}

// timeKey is the number of seconds, or where the column has fractions of microseconds, with the sign's bit turned round.
func timeKey(dst, canonical []byte, col *schema.Column) ([]byte, bool, error) {
	text, negative := bytes.CutPrefix(canonical, []byte{'-'})
	end := bytes.IndexByte(text, ':')
	if end < 0 || len(text) < end+6 {
		return dst, false, ErrStored
	}
	var minute, second uint64
	hour, ok := orderNumber(text[:end])
	micro, okMicro := micros(text[end+6:])
	if !ok || !okMicro || !fields(text[end+1:], &minute, &second) {
		return dst, false, ErrStored
	}
	v, size, after := int64((hour*60+minute)*60+second), 3, micro != 0
	if col.FSP > 0 {
		v, size, after = v*1_000_000+int64(micro), 6, false
	}
	if negative {
		v = -v
		if after {
			v--
		}
	}
	if limit := int64(1) << (8*size - 1); v < -limit || v >= limit {
		return dst, false, ErrNeedsServer
	}
	return appendUint(dst, uint64(v)^1<<(8*size-1), size), after, nil
}
