package schema

import (
	"slices"
	"unicode/utf8"
)

// PartPrefix starts the name of a part-token column; the logical column's name follows.
const PartPrefix = Prefix + "part_"

// PartSize is the length of a part token in bytes, of which the last is zero: the index is on those before it. It is a prefix index
// then as the logical one is, and servers look at keys in an order that depends on that.
const PartSize = tokenSize + 1

// PartColumn is the physical name of the token of the column's first Part characters or bytes.
func (c *Column) PartColumn() string { return PartPrefix + c.Name }

// ByPart says whether an index has the part token of an encrypted column, and not that of the whole value: only what is unique
// by the beginning of its values needs one.
func (t *Table) ByPart(ix *Index, part IndexPart) bool {
	c := t.Column(part.Column)
	return part.Prefix > 0 && ix.Unique && c != nil && c.Storage == StoredCell
}

// KeyColumn is the physical column that a unique index, or the primary key, has for one of its parts; "" for an expression.
func (t *Table) KeyColumn(ix *Index, part IndexPart) string {
	c := t.Column(part.Column)
	switch {
	case c == nil:
		return ""
	case c.Storage == StoredClear:
		return c.Name
	case t.ByPart(ix, part):
		return c.PartColumn()
	}
	return c.TokenColumn()
}

// looksUp says whether an index begins with the token of a column's whole values.
func (t *Table) looksUp(c *Column) bool {
	return slices.ContainsFunc(t.Indexes, func(ix Index) bool {
		return equalName(ix.Parts[0].Column, c.Name) && !t.ByPart(&ix, ix.Parts[0])
	})
}

// addPart gives a column a token of its beginning, where an index wants one. There is one length for a column.
func (t *Table) addPart(ix *Index, part IndexPart) error {
	if !t.ByPart(ix, part) {
		return nil
	}
	c := t.Column(part.Column)
	if c.Part != 0 && c.Part != part.Prefix {
		return t.refuse("unique indexes on prefixes of several lengths of an encrypted column (%s)", c.Name)
	}
	c.Part = part.Prefix
	return nil
}

func (c *Column) unsupportedPart() bool {
	return c.Part > 0 && utf8.RuneCountInString(c.Name) > maxName-len(PartPrefix)
}
