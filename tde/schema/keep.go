package schema

import (
	"slices"
	"strings"
)

// Inherit gives the columns of t, which an ALTER TABLE has made of from, their ids and storage: origin says which column of
// from a column was made of, nil where of none. A column whose cells stay as they are keeps its id; others get ids that no
// column of the table has ever had. The storage of t must be known, as Protect sets it.
func (t *Table) Inherit(from *Table, origin func(*Column) *Column) {
	next := from.nextColumn()
	for i := range t.Columns {
		c := &t.Columns[i]
		if o := origin(c); o != nil && keepsCells(o, c) {
			c.ID = o.ID
			continue
		}
		c.ID = next
		next++
	}
	t.NextColumn = next
}

// nextColumn is the first id that no column has had.
func (t *Table) nextColumn() uint16 {
	next := max(t.NextColumn, 1)
	for i := range t.Columns {
		next = max(next, t.Columns[i].ID+1)
	}
	return next
}

// keepsCells says whether what is stored of column o is what is to be stored of it as column n, whatever the value: the
// stored form, and the token where both have one.
func keepsCells(o, n *Column) bool {
	if o.Storage != n.Storage {
		return false
	}
	if n.Storage == StoredClear {
		return true // the server converts it
	}
	if n.NotNull && !o.NotNull || o.JSONCheck != n.JSONCheck || o.Generated || n.Generated {
		return false
	}
	if o.Order && n.Order {
		was, _ := o.OrderKey()
		if is, _ := n.OrderKey(); is != was {
			return false
		}
	}
	return keepsStored(o, n) && (!o.Token && !o.Order || !n.Token && !n.Order || o.Collation == n.Collation)
}

// keepsStored says whether a value's stored form stays, and the server would not object to it.
func keepsStored(o, n *Column) bool {
	if o.Charset != n.Charset {
		return false
	}
	integer := func(k Kind) bool { return k >= KindTinyInt && k <= KindBigInt }
	longer := func(k Kind) bool {
		return k >= KindTinyText && k <= KindLongText || k >= KindTinyBlob && k <= KindLongBlob
	}
	switch {
	case o.Kind == KindNone:
		return false
	case integer(o.Kind):
		return integer(n.Kind) && n.Kind >= o.Kind && o.Unsigned == n.Unsigned
	case o.Kind == KindVarChar || o.Kind == KindVarBinary || longer(o.Kind):
		text := func(k Kind) bool { return k == KindVarChar || k >= KindTinyText && k <= KindLongText }
		same := text(o.Kind) == text(n.Kind) && (n.Kind == KindVarChar || n.Kind == KindVarBinary || longer(n.Kind))
		return same && o.capacity() <= n.capacity() && (o.Kind == n.Kind || !longer(o.Kind) || longer(n.Kind))
	case o.Kind != n.Kind || o.Unsigned != n.Unsigned:
		return false
	case o.Kind == KindChar:
		return o.Length <= n.Length
	case o.Kind == KindDecimal:
		return o.Scale == n.Scale && o.Precision <= n.Precision
	case o.Kind == KindEnum || o.Kind == KindSet:
		return len(o.Members) <= len(n.Members) && slices.Equal(o.Members, n.Members[:len(o.Members)]) && o.Collation == n.Collation
	}
	return o.Length == n.Length && o.Precision == n.Precision && o.Scale == n.Scale && o.FSP == n.FSP &&
		(o.Kind != KindGeometry || strings.EqualFold(o.SQLType, n.SQLType))
}

// capacity is how many bytes, or characters of a VARCHAR, a column holds.
func (c *Column) capacity() int {
	switch c.Kind {
	case KindTinyText, KindTinyBlob:
		return 1<<8 - 1
	case KindText, KindBlob:
		return 1<<16 - 1
	case KindMediumText, KindMediumBlob:
		return 1<<24 - 1
	case KindLongText, KindLongBlob:
		return 1<<32 - 1
	}
	if c.Kind == KindVarChar {
		return c.Length * 4 // characters, and TEXT counts bytes
	}
	return c.Length
}
