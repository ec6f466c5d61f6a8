package evaluator

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// encoding is how a character set encodes characters, as far as weights are learned by them.
type encoding uint8

// Encodings. encOther is that of sets with characters of one and more bytes that are no Unicode, of which only ASCII is
// learned: sjis, gbk, euckr and such.
const (
	encOther encoding = iota
	encSingle
	encUTF8
	encUCS2
	encUTF16
	encUTF16LE
	encUTF32
)

var encodings = map[string]encoding{
	"utf8mb4": encUTF8, "utf8mb3": encUTF8, "utf8": encUTF8, "ucs2": encUCS2, "utf16": encUTF16, "utf16le": encUTF16LE, "utf32": encUTF32,
	"armscii8": encSingle, "ascii": encSingle, "cp1250": encSingle, "cp1251": encSingle, "cp1256": encSingle, "cp1257": encSingle,
	"cp850": encSingle, "cp852": encSingle, "cp866": encSingle, "dec8": encSingle, "geostd8": encSingle, "greek": encSingle,
	"hebrew": encSingle, "hp8": encSingle, "keybcs2": encSingle, "koi8r": encSingle, "koi8u": encSingle, "latin1": encSingle,
	"latin2": encSingle, "latin5": encSingle, "latin7": encSingle, "macce": encSingle, "macroman": encSingle, "swe7": encSingle,
	"tis620": encSingle,
}

// unit is the size of the collations' weights in bytes, 0 where it differs between characters.
func (e encoding) unit() int {
	switch {
	case e == encSingle:
		return 1
	case e == encOther:
		return 0
	}
	return 2
}

// decode reads the first character of s: a code point, or the byte where there is no Unicode. n is 0 for what is none.
func (e encoding) decode(s []byte) (r rune, n int) {
	switch e {
	case encSingle:
		return rune(s[0]), 1
	case encOther:
		if s[0] < 0x80 {
			return rune(s[0]), 1
		}
		return 0, 0
	case encUTF8:
		if s[0] < 0x80 {
			return rune(s[0]), 1
		}
		if r, n = utf8.DecodeRune(s); r == utf8.RuneError && n < 3 {
			return 0, 0
		}
		return r, n
	case encUTF32:
		if len(s) < 4 {
			return 0, 0
		}
		u := binary.BigEndian.Uint32(s)
		if u > utf8.MaxRune {
			return 0, 0
		}
		return rune(u), 4
	}
	return e.decode16(s)
}

func (e encoding) decode16(s []byte) (r rune, n int) {
	order := binary.ByteOrder(binary.BigEndian)
	if e == encUTF16LE {
		order = binary.LittleEndian
	}
	if len(s) < 2 {
		return 0, 0
	}
	r = rune(order.Uint16(s))
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if e == encUCS2 || len(s) < 4 {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, rune(order.Uint16(s[2:]))); r == utf8.RuneError {
		return 0, 0
	}
	return r, 4
}

// append appends a character that decode gave.
func (e encoding) append(dst []byte, r rune) []byte {
	switch e {
	case encUTF8:
		return utf8.AppendRune(dst, r)
	case encUCS2:
		return binary.BigEndian.AppendUint16(dst, uint16(r))
	case encUTF16:
		for _, u := range utf16.AppendRune(nil, r) {
			dst = binary.BigEndian.AppendUint16(dst, u)
		}
		return dst
	case encUTF16LE:
		for _, u := range utf16.AppendRune(nil, r) {
			dst = binary.LittleEndian.AppendUint16(dst, u)
		}
		return dst
	case encUTF32:
		return binary.BigEndian.AppendUint32(dst, uint32(r))
	}
	return append(dst, byte(r))
}
