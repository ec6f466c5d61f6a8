package value

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// surrogate reports whether r is half of a UTF-16 pair and so no character.
func surrogate(r rune) bool { return r >= 0xD800 && r <= 0xDFFF }

func decodeUTF8(b []byte) (rune, int) {
	r, size := utf8.DecodeRune(b)
	if r == utf8.RuneError && size <= 1 {
		return 0, 0
	}
	return r, size
}

func encodeUTF8(dst []byte, r rune) ([]byte, bool) { return utf8.AppendRune(dst, r), true }

func decodeUTF8MB3(b []byte) (rune, int) {
	r, size := decodeUTF8(b)
	if size > 3 {
		return 0, 0
	}
	return r, size
}

func encodeUTF8MB3(dst []byte, r rune) ([]byte, bool) {
	if r > 0xFFFF {
		return dst, false
	}
	return utf8.AppendRune(dst, r), true
}

func decodeASCII(b []byte) (rune, int) {
	if b[0] >= utf8.RuneSelf {
		return 0, 0
	}
	return rune(b[0]), 1
}

func encodeASCII(dst []byte, r rune) ([]byte, bool) {
	if r >= utf8.RuneSelf {
		return dst, false
	}
	return append(dst, byte(r)), true
}

func decodeUCS2(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	r := rune(binary.BigEndian.Uint16(b))
	if surrogate(r) {
		return 0, 0
	}
	return r, 2
}

func encodeUCS2(dst []byte, r rune) ([]byte, bool) {
	if r > 0xFFFF {
		return dst, false
	}
	return binary.BigEndian.AppendUint16(dst, uint16(r)), true
}

func decodeUTF16(b []byte) (rune, int)              { return decodePair(b, binary.BigEndian) }
func decodeUTF16LE(b []byte) (rune, int)            { return decodePair(b, binary.LittleEndian) }
func encodeUTF16(dst []byte, r rune) ([]byte, bool) { return encodePair(dst, r, binary.BigEndian) }
func encodeUTF16LE(dst []byte, r rune) ([]byte, bool) {
	return encodePair(dst, r, binary.LittleEndian)
}

func decodePair(b []byte, order binary.ByteOrder) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	r := rune(order.Uint16(b))
	if !surrogate(r) {
		return r, 2
	}
	if len(b) < 4 {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, rune(order.Uint16(b[2:]))); r == utf8.RuneError {
		return 0, 0
	}
	return r, 4
}

func encodePair(dst []byte, r rune, order binary.AppendByteOrder) ([]byte, bool) {
	if r <= 0xFFFF {
		return order.AppendUint16(dst, uint16(r)), true
	}
	high, low := utf16.EncodeRune(r)
	return order.AppendUint16(order.AppendUint16(dst, uint16(high)), uint16(low)), true
}

func decodeUTF32(b []byte) (rune, int) {
	if len(b) < 4 {
		return 0, 0
	}
	u := binary.BigEndian.Uint32(b)
	if u > utf8.MaxRune || surrogate(rune(u)) {
		return 0, 0
	}
	return rune(u), 4
}

func encodeUTF32(dst []byte, r rune) ([]byte, bool) {
	return binary.BigEndian.AppendUint32(dst, uint32(r)), true
}
