package value

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"
)

// charset is one of the servers' character sets, as far as it can be converted here.
type charset struct {
	maxLen int // bytes of a character
	unit   int // smallest number of bytes of a character
	ascii  bool
	// decode reads a character: size 0 if the bytes are malformed, r < 0 if they mean no character.
	decode func(b []byte) (r rune, size int)
	// encode appends a character; ok is false if the set has none such.
	encode func(dst []byte, r rune) (_ []byte, ok bool)
}

// charsets are all that MariaDB 10.11 and MySQL 9.7 have, by name. MySQL's gb18030 has no decode and encode: of it only
// ASCII can be converted.
var charsets = sync.OnceValue(func() map[string]*charset {
	m := map[string]*charset{
		"utf8mb4": {maxLen: 4, unit: 1, ascii: true, decode: decodeUTF8, encode: encodeUTF8},
		"utf8mb3": {maxLen: 3, unit: 1, ascii: true, decode: decodeUTF8MB3, encode: encodeUTF8MB3},
		"ascii":   {maxLen: 1, unit: 1, ascii: true, decode: decodeASCII, encode: encodeASCII},
		"ucs2":    {maxLen: 2, unit: 2, decode: decodeUCS2, encode: encodeUCS2},
		"utf16":   {maxLen: 4, unit: 2, decode: decodeUTF16, encode: encodeUTF16},
		"utf16le": {maxLen: 4, unit: 2, decode: decodeUTF16LE, encode: encodeUTF16LE},
		"gb18030": {maxLen: 4, unit: 1, ascii: true},
		"utf32":   {maxLen: 4, unit: 4, decode: decodeUTF32, encode: encodeUTF32},
	}
	m["utf8"] = m["utf8mb3"]
	for _, name := range eastAsian {
		m[name] = newMultiByte(name, 2)
	}
	m["ujis"].maxLen, m["eucjpms"].maxLen = 3, 3
	for name, table := range singleByte {
		m[name] = newSingleByte(name, table)
	}
	return m
})

// newSingleByte makes a set from its table.
func newSingleByte(name, table string) *charset {
	to := [256]rune{}
	chars := []rune(table)
	low := 256 - len(chars)
	for i := range low {
		to[i] = rune(i)
	}
	copy(to[low:], chars)
	from := make(map[rune]byte, 256)
	for i, r := range to {
		if _, taken := from[r]; taken || r == 0 && i != 0 {
			continue
		}
		from[r] = byte(i)
	}
	if name == "tis620" {
		from[utf8.RuneError] = 0xFF // of the eleven bytes that mean U+FFFD
	}
	return &charset{
		maxLen: 1, unit: 1, ascii: low == 128,
		decode: func(b []byte) (rune, int) {
			if r := to[b[0]]; r != 0 || b[0] == 0 {
				return r, 1
			}
			return -1, 1
		},
		encode: func(dst []byte, r rune) ([]byte, bool) {
			if name == "tis620" && r > 0x10000 {
				r &= 0xFFFF // as the servers do
			}
			c, ok := from[r]
			if !ok {
				return dst, false
			}
			return append(dst, c), true
		},
	}
}

// lookup finds a character set; ok is false for an unknown one and for binary.
func lookup(name string) (cs *charset, ok bool) {
	cs, ok = charsets()[name]
	return cs, ok
}

// noConversion reports whether a character set's name means bytes as they are.
func noConversion(name string) bool { return name == "" || name == "binary" }

// sameCharset compares names; utf8 is an old one of utf8mb3.
func sameCharset(a, b string) bool {
	return a == b || strings.TrimSuffix(a, "mb3") == strings.TrimSuffix(b, "mb3")
}

// asciiCompatible reports whether bytes below 0x80 mean ASCII in a character set, and nothing else.
func asciiCompatible(name string) bool {
	switch name {
	case "utf8mb4", "latin1", "utf8mb3", "ascii":
		return true
	}
	cs, ok := lookup(name)
	return ok && cs.ascii
}

// wide reports whether results have even their numbers converted: MariaDB does that in sets such as utf16, MySQL does not.
func wide(ctx *Context) bool {
	return ctx.MariaDB && !noConversion(ctx.ResultsCharset) && !asciiCompatible(ctx.ResultsCharset)
}

// isASCII reports whether all bytes are below 0x80.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Transcode appends src, converted from one character set to another, to dst. A character that the target does not have
// becomes '?', as in a server's results. Malformed bytes, and what of gb18030 is not ASCII, are
// ErrNeedsServer. If either set is binary or "", the bytes are copied.
func Transcode(dst, src []byte, from, to string) ([]byte, error) {
	return transcode(dst, src, from, to, true)
}

// transcode is Transcode; without lossy, a character that the target does not have is ErrNeedsServer.
func transcode(dst, src []byte, from, to string, lossy bool) ([]byte, error) {
	if noConversion(from) || noConversion(to) || sameCharset(from, to) {
		return append(dst, src...), nil
	}
	if isASCII(src) && asciiCompatible(from) && asciiCompatible(to) && !(to == "sjis" && bytes.IndexByte(src, '\\') >= 0) {
		return append(dst, src...), nil
	}
	if isWord(src) && (from == "filename" && asciiCompatible(to) || to == "filename" && asciiCompatible(from)) {
		return append(dst, src...), nil // which writes all else as @ and digits
	}
	in, ok := lookup(from)
	out, ok2 := lookup(to)
	if !ok || !ok2 {
		return dst, ErrNeedsServer
	}
	return convert(dst, src, in, out, lossy)
}

// isWord tells whether a text has ASCII letters, digits and underscores alone.
func isWord(src []byte) bool {
	for _, c := range src {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' {
			return false
		}
	}
	return true
}

// convert goes character by character.
func convert(dst, src []byte, in, out *charset, lossy bool) ([]byte, error) {
	start := len(dst)
	decode, encode := in.decode, out.encode
	if decode == nil {
		decode = decodeASCII
	}
	if encode == nil {
		encode = encodeASCII
	}
	for len(src) > 0 {
		r, size := decode(src)
		if size == 0 || out.encode == nil && (r >= utf8.RuneSelf || r == '\\') {
			return dst[:start], ErrNeedsServer
		}
		src = src[size:]
		mapped := false
		if r >= 0 {
			dst, mapped = encode(dst, r)
		}
		if mapped {
			continue
		}
		if !lossy {
			return dst[:start], ErrNeedsServer
		}
		dst, _ = encode(dst, '?')
	}
	return dst, nil
}

// wellFormed counts the characters of bytes that are well-formed in a character set.
func wellFormed(b []byte, name string) (chars int, ok bool) {
	switch {
	case name == "utf8mb4":
		return utf8.RuneCount(b), utf8.Valid(b)
	case asciiCompatible(name) && isASCII(b):
		return len(b), true
	}
	cs, ok := lookup(name)
	if !ok || cs.decode == nil {
		return 0, false
	}
	if cs.maxLen == 1 && name != "ascii" {
		return len(b), true
	}
	for len(b) > 0 {
		r, size := cs.decode(b)
		if size == 0 || r < 0 {
			return 0, false
		}
		b = b[size:]
		chars++
	}
	return chars, true
}

// trimSpaces drops trailing spaces of a well-formed string, as CHAR does.
func trimSpaces(b []byte, name string) []byte {
	cs, ok := lookup(name)
	if !ok || cs.unit == 1 {
		return bytes.TrimRight(b, " ")
	}
	space, _ := cs.encode(nil, ' ')
	for bytes.HasSuffix(b, space) {
		b = b[:len(b)-len(space)]
	}
	return b
}
