package value

import (
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Part is the beginning of a stored string that a unique index on n of its characters, or bytes, compares. A CHAR's ends without
// the spaces that its column's values are filled up with.
func Part(stored []byte, col *schema.Column, n int) []byte {
	if col.Charset == "" {
		return stored[:min(n, len(stored))]
	}
	at := 0
	for ; n > 0 && at < len(stored); n-- {
		at = min(at+charLength(stored[at:], col.Charset), len(stored))
	}
	if col.Kind == schema.KindChar {
		return trimSpaces(stored[:at], col.Charset)
	}
	return stored[:at]
}

// MaxLength is how many bytes a character of a character set may have.
func MaxLength(charset string) int {
	if cs, ok := lookup(charset); ok {
		return cs.maxLen
	}
	return 1
}

// charLength is the length in bytes of a character of a well-formed string: also of one that means nothing here.
func charLength(b []byte, charset string) int {
	lead := b[0]
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8":
		return utf8Length(lead)
	case "ucs2":
		return 2
	case "utf32":
		return 4
	case "utf16", "utf16le":
		if charset == "utf16le" && len(b) > 1 {
			lead = b[1]
		}
		if lead >= 0xD8 && lead < 0xDC {
			return 4
		}
		return 2
	case "sjis", "cp932":
		if lead >= 0x81 && lead <= 0x9F || lead >= 0xE0 && lead <= 0xFC {
			return 2
		}
	case "ujis", "eucjpms":
		switch {
		case lead == 0x8F:
			return 3
		case lead == 0x8E || lead >= 0xA1 && lead <= 0xFE:
			return 2
		}
	case "big5", "gbk", "gb2312", "euckr":
		if lead > 0x80 && lead < 0xFF {
			return 2
		}
	case "gb18030":
		switch {
		case lead <= 0x80 || lead == 0xFF || len(b) < 2:
		case b[1] >= 0x30 && b[1] <= 0x39:
			return 4
		default:
			return 2
		}
	}
	return 1
}

func utf8Length(lead byte) int {
	switch {
	case lead >= 0xF0:
		return 4
	case lead >= 0xE0:
		return 3
	case lead >= 0xC0:
		return 2
	}
	return 1
}
