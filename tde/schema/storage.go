package schema

import (
	"fmt"
	"strings"
)

// Protect decides how upstream stores each column of a new table, and which get tokens. parent gives a
// protected table that a foreign key names, and nil where there is none of that name.
//
// AUTO_INCREMENT columns stay clear, since upstream counts them. So do the columns of a foreign key that points at
// clear ones: the values are there already. Those of a foreign key that is Pending and whose table is not there are sealed until it is.
func (t *Table) Protect(rules *Rules, parent func(db, name string) *Table) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Storage, c.Token, c.Order, c.Part = StoredCell, false, false, 0
		if c.AutoIncrement {
			c.Storage = StoredClear
		}
	}
	for i := range t.ForeignKeys {
		if err := t.protectForeignKey(&t.ForeignKeys[i], rules, parent); err != nil {
			return err
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		for _, p := range ix.Parts {
			t.addToken(p.Column)
			if err := t.addPart(ix, p); err != nil {
				return err
			}
		}
	}
	return t.columnRules(rules)
}

func (t *Table) addToken(column string) {
	if c := t.Column(column); c != nil && c.Storage == StoredCell {
		c.Token = true
	}
}

// columnRules applies [[column]]. An index that exists needs its tokens whatever a rule says.
func (t *Table) columnRules(rules *Rules) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		switch index := rules.Index(t.DB, t.Name, c.Name); index {
		case "", "none":
			if index == "none" && c.Token {
				return t.refuse("index = \"none\" for column %s, which has an index", c.Name)
			}
		case "equality":
			t.addToken(c.Name)
		case "range":
			if err := t.addOrder(c); err != nil {
				return err
			}
		default:
			return t.refuse("index = %q for column %s", index, c.Name)
		}
	}
	return nil
}

// addOrder gives a column an order token, and an equality token, too: an order tells all that equality does. A clear column
// needs neither.
func (t *Table) addOrder(c *Column) error {
	if c.Storage == StoredClear {
		return nil
	}
	if _, ok := c.OrderKey(); !ok {
		return t.refuse("index = \"range\" for column %s, whose type has no order over ciphertext,", c.Name)
	}
	c.Token, c.Order = true, true
	return nil
}

func (t *Table) refuse(format string, args ...any) error {
	return &UnsupportedError{Table: t.DB + "." + t.Name, What: fmt.Sprintf(format, args...)}
}

func (t *Table) protectForeignKey(fk *ForeignKey, rules *Rules, parent func(db, name string) *Table) error {
	db := fk.RefDB
	if db == "" {
		db = t.DB
	}
	ref := parent(db, fk.RefTable)
	if strings.EqualFold(db, t.DB) && strings.EqualFold(fk.RefTable, t.Name) {
		ref = t
	}
	if fk.Pending = fk.Pending && ref == nil; fk.Pending {
		for _, name := range fk.Columns {
			t.addToken(name)
		}
		return nil
	}
	if ref == nil && rules.Designated(db, fk.RefTable) {
		return t.refuse("foreign key %s to %s.%s, which is designated but not encrypted (or not there yet),", fk.Name, db, fk.RefTable)
	}
	if ref != nil && ref.Partition != nil {
		return t.refuse("foreign key %s to %s.%s, which is partitioned,", fk.Name, db, fk.RefTable)
	}
	for i, name := range fk.Columns {
		c := t.Column(name)
		if c == nil || i >= len(fk.RefColumns) {
			return t.refuse("foreign key %s on an unknown column", fk.Name)
		}
		if ref == nil {
			c.Storage, c.Token = StoredClear, false
			continue
		}
		rc := ref.Column(fk.RefColumns[i])
		switch {
		case rc == nil:
			return t.refuse("foreign key %s to an unknown column", fk.Name)
		case rc.Storage == StoredClear:
			c.Storage, c.Token = StoredClear, false
		case c.Storage == StoredClear:
			return t.refuse("foreign key %s from the clear column %s to an encrypted one", fk.Name, name)
		case ref != t && ref.TokenDomain != t.TokenDomain:
			return t.refuse("foreign key %s between encrypted columns of two token domains", fk.Name)
		case ref != t && !rc.Token:
			return t.refuse("foreign key %s to column %s, which has no index,", fk.Name, rc.Name)
		default:
			c.Token = true
		}
	}
	return nil
}
