package kernel

import (
	"bytes"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// collation is what is known of one. Where it is not bytewise, only printable ASCII is decided: every collation in the
// table gives each of these characters a weight of its own, but for the two cases of a letter, and none has contractions
// among them. (Control characters weigh nothing in some.)
type collation struct {
	bytewise bool // characters compare by code
	utf8     bool // of more bytes than one, in bytewise
	fold     bool // a letter's cases are equal
	pad      bool // a shorter string compares as if it had spaces
	order    bool // what is decided orders by code, letters that are folded as capitals
}

// folding are the collations that are known by name, without their character set's.
var folding = map[string]collation{
	"general_ci":     {fold: true, pad: true, order: true},
	"unicode_ci":     {fold: true, pad: true},
	"unicode_520_ci": {fold: true, pad: true},
	"0900_ai_ci":     {fold: true},
	"0900_as_ci":     {fold: true},
	"0900_as_cs":     {},
	"uca1400_ai_ci":  {fold: true, pad: true},
	"uca1400_as_ci":  {fold: true, pad: true},
	"swedish_ci":     {fold: true, pad: true, order: true}, // of latin1; see collationOf
	"bin":            {bytewise: true, pad: true, order: true},
	"nopad_bin":      {bytewise: true, order: true},
	"0900_bin":       {bytewise: true, order: true},
}

// collationOf is a text column's collation, where it is one of those known.
func collationOf(col *schema.Column) (collation, bool) {
	switch col.Kind {
	case schema.KindChar, schema.KindVarChar, schema.KindTinyText, schema.KindText, schema.KindMediumText, schema.KindLongText:
	default:
		return collation{}, false
	}
	charset, name, _ := strings.Cut(col.Collation, "_")
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8":
		if name == "swedish_ci" {
			return collation{}, false // tailored
		}
	case "latin1":
		if name == "general_ci" {
			return collation{}, false
		}
	case "ascii":
	default:
		return collation{}, false
	}
	c, ok := folding[name]
	c.utf8 = strings.HasPrefix(charset, "utf8")
	// An index may order a CHAR as if it were padded even so.
	c.order = c.order && (c.pad || col.Kind != schema.KindChar)
	return c, ok
}

// folded appends printable ASCII, letters as capitals where the collation does not tell them apart.
func (c collation) folded(dst, s []byte) (out []byte, ok bool) {
	for _, b := range s {
		if b < ' ' || b > '~' {
			return dst, false
		}
		if c.fold && b >= 'a' && b <= 'z' {
			b -= 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst, true
}

// compare compares strings of the column's character set.
func (c collation) compare(constant []byte) against {
	level := equality
	if c.order {
		level = everything
	}
	if c.bytewise {
		return func(stored []byte) (int, known) { return c.bytes(stored, constant), level }
	}
	want, ok := c.folded(nil, constant)
	if !ok {
		return nil
	}
	var scratch []byte
	return func(stored []byte) (int, known) {
		if scratch, ok = c.folded(scratch[:0], stored); !ok {
			return 0, nothing
		}
		return c.bytes(scratch, want), level
	}
}

// bytes orders by byte.
func (c collation) bytes(a, b []byte) int {
	if !c.pad {
		return bytes.Compare(a, b)
	}
	n := min(len(a), len(b))
	if sign := bytes.Compare(a[:n], b[:n]); sign != 0 {
		return sign
	}
	return toSpaces(a[n:]) - toSpaces(b[n:])
}

// toSpaces orders what one string has more than another, which compares as spaces.
func toSpaces(rest []byte) int {
	for _, b := range rest {
		switch {
		case b < ' ':
			return -1
		case b > ' ':
			return 1
		}
	}
	return 0
}
