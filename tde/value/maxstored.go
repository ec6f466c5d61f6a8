package value

import "github.com/tdeproxy/tdeproxy/tde/schema"

// maxLong is the largest value of LONGTEXT, LONGBLOB, JSON and the geometry types, in bytes.
const maxLong = 1<<32 - 1

// MaxStored is the size in bytes of the largest stored form that a column can have.
func MaxStored(col *schema.Column) int {
	switch col.Kind {
	case schema.KindFloat:
		return 4
	case schema.KindDecimal:
		return len("-0.") + col.Precision
	case schema.KindDate:
		return len("YYYY-MM-DD")
	case schema.KindDateTime, schema.KindTimestamp:
		return len("YYYY-MM-DD HH:MM:SS") + fraction(col)
	case schema.KindTime:
		return len("-838:59:59") + fraction(col)
	case schema.KindBit:
		return bitBytes(col)
	case schema.KindChar, schema.KindVarChar:
		return col.Length * maxLen(col.Charset)
	case schema.KindUUID:
		return uuidSize
	case schema.KindINET4:
		return len("255.255.255.255")
	case schema.KindINET6:
		return len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	case schema.KindJSON, schema.KindGeometry, schema.KindLongText, schema.KindLongBlob:
		return maxLong
	}
	if isText(col.Kind) || isBytes(col.Kind) {
		return col.Length
	}
	return 8
}

// fraction is the size of the fractional seconds with their point.
func fraction(col *schema.Column) int {
	if col.FSP == 0 {
		return 0
	}
	return 1 + col.FSP
}

// maxLen is how many bytes a character takes at most; 4 for an unknown character set.
func maxLen(name string) int {
	if cs, ok := lookup(name); ok {
		return cs.maxLen
	}
	return 4
}
