package value

import (
	"bytes"
	"strconv"
)

// plain is a number written without an exponent, as digits around an optional point.
type plain struct {
	neg   bool
	whole []byte // no leading zeros; empty for 0
	frac  []byte // as written, trailing zeros included
}

// parsePlain reads [+-]digits[.digits]. Either side of the point may be empty, not both.
func parsePlain(b []byte) (p plain, ok bool) {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		p.neg = b[0] == '-'
		b = b[1:]
	}
	whole, frac, _ := bytes.Cut(b, point)
	if len(whole)+len(frac) == 0 || !digits(whole) || !digits(frac) {
		return plain{}, false
	}
	for len(whole) > 0 && whole[0] == '0' {
		whole = whole[1:]
	}
	p.whole, p.frac = whole, frac
	return p, true
}

var point = []byte(".")

// digits reports whether b holds nothing but ASCII digits.
func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// trimZeros is the fraction without its trailing zeros.
func (p plain) trimZeros() []byte { return bytes.TrimRight(p.frac, "0") }

// zero reports whether the number is 0 or -0.
func (p plain) zero() bool { return len(p.whole) == 0 && len(p.trimZeros()) == 0 }

// significant counts the digits that matter.
func (p plain) significant() int {
	frac := p.trimZeros()
	if len(p.whole) > 0 {
		return len(p.whole) + len(frac)
	}
	return len(bytes.TrimLeft(frac, "0"))
}

// canonical appends the number's one text: no leading zeros, no trailing zeros after the point, no negative zero.
func (p plain) canonical(dst []byte) []byte {
	if p.zero() {
		return append(dst, '0')
	}
	if p.neg {
		dst = append(dst, '-')
	}
	if len(p.whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, p.whole...)
	if frac := p.trimZeros(); len(frac) > 0 {
		dst = append(append(dst, '.'), frac...)
	}
	return dst
}

// rounded is the absolute value of the nearest integer, halves away from zero, if it fits 64 bits.
func (p plain) rounded() (uint64, bool) {
	up := len(p.frac) > 0 && p.frac[0] >= '5'
	p.frac = nil
	u, ok := p.magnitude()
	if up {
		u++
	}
	return u, ok && (u != 0 || !up)
}

// magnitude is the absolute value of a number without a fraction, if it fits 64 bits.
func (p plain) magnitude() (uint64, bool) {
	if len(p.trimZeros()) > 0 || len(p.whole) > 20 {
		return 0, false
	}
	if len(p.whole) == 0 {
		return 0, true
	}
	u, err := strconv.ParseUint(string(p.whole), 10, 64)
	return u, err == nil
}

// parseStrict reads a number inside a string: only the form that no server has to think about, [-]digits[.digits] without
// a superfluous sign or leading zero.
func parseStrict(v Value) (p plain, ok bool) {
	if !asciiCompatible(v.Charset) || len(v.Bytes) == 0 || v.Bytes[0] == '+' || v.Bytes[len(v.Bytes)-1] == '.' {
		return plain{}, false
	}
	p, ok = parsePlain(v.Bytes)
	if !ok {
		return plain{}, false
	}
	body := v.Bytes
	if p.neg {
		body = body[1:]
	}
	if body[0] == '.' || body[0] == '0' && len(body) > 1 && body[1] != '.' || p.neg && p.zero() {
		return plain{}, false
	}
	return p, true
}

// maxDigits is how many digits a DECIMAL holds; the servers round or clip longer literals.
const maxDigits = 65

// exact reads a value that is an exact number: Int, Decimal, Bool, or a String in strict form.
func exact(v Value) (p plain, ok bool) {
	switch v.Kind {
	case Int, Bool, Decimal:
		p, ok = parsePlain(v.Bytes)
	case String:
		p, ok = parseStrict(v)
	}
	if len(p.whole) > maxDigits || len(p.frac) > 30 || len(p.whole)+len(p.frac) > maxDigits {
		return plain{}, false
	}
	return p, ok
}

// double reads a Float or Float32 as the DOUBLE that the server computes with.
func double(v Value) (float64, bool) {
	bits := 64
	if v.Kind == Float32 {
		bits = 32
	}
	return parseDouble(v.Bytes, bits)
}

// parseDouble reads a decimal number with or without an exponent. Overflow, NaN, hexadecimal and underscores are no.
func parseDouble(b []byte, bits int) (float64, bool) {
	if !floatSyntax(b) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), bits)
	return f, err == nil
}

// floatSyntax reports whether b is [+-]digits[.digits][e[+-]digits].
func floatSyntax(b []byte) bool {
	mantissa := b
	if i := bytes.IndexAny(b, "eE"); i >= 0 {
		exp := b[i+1:]
		mantissa = b[:i]
		if len(exp) > 0 && (exp[0] == '-' || exp[0] == '+') {
			exp = exp[1:]
		}
		if len(exp) == 0 || len(exp) > 4 || !digits(exp) {
			return false
		}
	}
	_, ok := parsePlain(mantissa)
	return ok
}
