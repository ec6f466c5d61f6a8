package value

import (
	"bytes"
	"encoding/binary"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// coerceEnum stores an ENUM's index: of a member that is byte for byte the value, or a number in range.
func coerceEnum(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	var index uint64
	ok := false
	switch v.Kind {
	case String:
		text, err := utf8Text(v, ctx)
		if err != nil {
			return dst, err
		}
		index, ok = member(col.Members, text)
	case Int:
		index, ok = memberNumber(v)
		ok = ok && index > 0 && index <= uint64(len(col.Members))
	}
	if !ok {
		return dst, ErrNeedsServer
	}
	return binary.BigEndian.AppendUint64(dst, index), nil
}

// coerceSet stores a SET's bitmap: of members separated by commas, or a number in range.
func coerceSet(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	var bits uint64
	ok := false
	switch v.Kind {
	case String:
		text, err := utf8Text(v, ctx)
		if err != nil {
			return dst, err
		}
		bits, ok = memberSet(col.Members, text)
	case Int:
		bits, ok = memberNumber(v)
		ok = ok && (len(col.Members) >= 64 || bits>>len(col.Members) == 0)
	}
	if !ok {
		return dst, ErrNeedsServer
	}
	return binary.BigEndian.AppendUint64(dst, bits), nil
}

// utf8Text is a string value in UTF-8, as members are.
func utf8Text(v Value, ctx *Context) ([]byte, error) {
	switch {
	case !throughConnection(v, ctx):
		return nil, ErrNeedsServer
	case v.Charset == "utf8mb4" || asciiCompatible(v.Charset) && isASCII(v.Bytes):
		return v.Bytes, nil
	}
	return transcode(nil, v.Bytes, v.Charset, "utf8mb4", false)
}

// memberNumber is an integer that indexes members, or is a bitmap of them.
func memberNumber(v Value) (uint64, bool) {
	p, ok := exact(v)
	if !ok || p.neg {
		return 0, false
	}
	return p.magnitude()
}

// member finds the 1-based index of text. The server takes the first member that is equal under the collation, so an
// earlier one must be surely different.
func member(members []string, text []byte) (index uint64, ok bool) {
	for i, m := range members {
		if m == string(text) {
			return uint64(i + 1), true
		}
		if !distinct(m, text) {
			return 0, false
		}
	}
	return 0, false
}

// distinct reports whether a and b differ under every collation: in ASCII letters or digits at one place, before
// anything that a collation could weigh in a special way. Letters that some language equates are not told apart.
func distinct(a string, b []byte) bool {
	for i := 0; ; i++ {
		ca, cb := byte(0), byte(0)
		if i < len(a) {
			ca = fold(a[i])
		}
		if i < len(b) {
			cb = fold(b[i])
		}
		switch {
		case ca == other || cb == other || ca == 0 && cb == 0:
			return false
		case ca != cb:
			return true
		}
	}
}

// other stands for characters about which distinct says nothing.
const other = 1

// fold maps letters to one case, and u, v, w and i, j, y together; what is neither a letter nor a digit is other.
func fold(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		c -= 'a' - 'A'
	case c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
	default:
		return other
	}
	switch c {
	case 'U', 'W':
		return 'V'
	case 'Y', 'J':
		return 'I'
	}
	return c
}

// memberSet is the bitmap of comma-separated members.
func memberSet(members []string, text []byte) (bits uint64, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	for len(text) >= 0 {
		end := 0
		for end < len(text) && text[end] != ',' {
			end++
		}
		index, ok := member(members, text[:end])
		if !ok || end == 0 {
			return 0, false
		}
		bits |= 1 << (index - 1)
		if end == len(text) {
			return bits, true
		}
		text = text[end+1:]
	}
	return bits, true
}

// appendMembers writes the text of a stored ENUM or SET, in UTF-8. Index 0 of an ENUM is the empty error value.
func appendMembers(dst []byte, u uint64, col *schema.Column) ([]byte, error) {
	n := uint64(len(col.Members))
	if col.Kind == schema.KindEnum {
		switch {
		case u == 0:
			return dst, nil
		case u > n:
			return dst, ErrStored
		}
		return append(dst, col.Members[u-1]...), nil
	}
	if n < 64 && u>>n != 0 {
		return dst, ErrStored
	}
	first := true
	for i, m := range col.Members {
		if u>>i&1 == 0 {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = append(dst, m...)
		first = false
	}
	return dst, nil
}

// memberText is a stored ENUM or SET in a character set: its own if to means no conversion.
func memberText(dst, stored []byte, col *schema.Column, to string) ([]byte, error) {
	u, err := storedInt(stored)
	if err != nil {
		return dst, err
	}
	if noConversion(to) {
		to = col.Charset
	}
	start := len(dst)
	if dst, err = appendMembers(dst, u, col); err != nil || sameCharset(to, "utf8mb4") || isASCII(dst[start:]) && asciiCompatible(to) {
		return dst, err
	}
	return transcode(dst[:start], bytes.Clone(dst[start:]), "utf8mb4", to, true)
}
