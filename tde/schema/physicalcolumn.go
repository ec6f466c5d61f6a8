package schema

import (
	"encoding/hex"
	"strconv"
	"strings"
)

func (p *printer) cellColumn(c *Column, typ string) string {
	switch {
	case !c.NotNull && c.Invisible:
		return typ + " NULL INVISIBLE"
	case !c.NotNull:
		return typ + " NULL"
	case c.Invisible && p.MariaDB:
		// MariaDB wants a DEFAULT; the column's CHECK refuses it.
		return typ + " NOT NULL INVISIBLE DEFAULT ''"
	case c.Invisible:
		return typ + " NOT NULL INVISIBLE"
	}
	return typ + " NOT NULL"
}

// tokenColumn gives a token its definition. A write that leaves it out must fail under any sql_mode: checks sees to it.
func (p *printer) tokenColumn(c *Column, size int) string {
	typ := "BINARY(" + strconv.Itoa(size) + ")"
	switch {
	case !c.NotNull:
		return typ + " NULL DEFAULT NULL INVISIBLE"
	case p.MariaDB:
		return typ + " NOT NULL INVISIBLE DEFAULT ''"
	}
	return typ + " NOT NULL INVISIBLE"
}

// orderColumn gives an order token its definition.
func (p *printer) orderColumn(c *Column) string {
	typ := "BINARY"
	if k, _ := c.OrderKey(); k.Weighed || k.Space == "bytes" {
		typ = "VARBINARY"
	}
	return typ + "(" + strconv.Itoa(c.orderSize()) + ") NULL DEFAULT NULL INVISIBLE"
}

// orderSize is the size of a column's longest order token in bytes.
func (c *Column) orderSize() int {
	k, _ := c.OrderKey()
	return k.Size * OrderExpansion
}

// checksOf are the constraints that no row without its cells and tokens passes. Their names must differ in the whole
// database and outlive a RENAME, so they are made of the table's id.
func (p *printer) checksOf(c *Column) []piece {
	if c.Storage == StoredClear {
		return nil
	}
	var out []piece
	add := func(what, condition string) {
		name := Prefix + what + "_" + hex.EncodeToString(p.table.ID[:]) + "_" + strconv.Itoa(int(c.ID))
		definition := "CONSTRAINT " + Quote(name) + " CHECK (" + condition + ")"
		out = append(out, piece{key: definition, name: name, definition: definition})
	}
	cell := Quote(c.Name)
	if c.NotNull {
		add("cell", cell+" <> ''")
	}
	token := func(what, name string, size int) {
		if c.NotNull {
			add(what, Quote(name)+" <> x'"+strings.Repeat("00", size)+"'")
		} else {
			add(what, "("+cell+" IS NULL) = ("+Quote(name)+" IS NULL)")
		}
	}
	if c.Token {
		token("eq", c.TokenColumn(), tokenSize)
	}
	if c.Part > 0 {
		token(partKey(c), c.PartColumn(), PartSize)
	}
	if c.Order {
		add("ord", "("+cell+" IS NULL) = ("+Quote(c.OrderColumn())+" IS NULL)")
	}
	return out
}

// clearColumn writes a column as the application did.
func (p *printer) clearColumn(c *Column) string {
	s := c.SQLType
	if c.Charset != "" {
		s += " CHARACTER SET " + c.Charset + " COLLATE " + c.Collation
	}
	if c.NotNull {
		s += " NOT NULL"
	} else {
		s += " NULL"
	}
	switch c.Default {
	case DefaultNull:
		s += " DEFAULT NULL"
	case DefaultNow:
		s += " DEFAULT " + now(c)
	case DefaultValue:
		s += " DEFAULT " + clearDefault(c)
	}
	if c.OnUpdateNow {
		s += " ON UPDATE " + now(c)
	}
	if c.AutoIncrement {
		s += " AUTO_INCREMENT"
	}
	if c.Invisible {
		s += " INVISIBLE"
	}
	return s
}

// now is CURRENT_TIMESTAMP with a column's fractional digits.
func now(c *Column) string {
	if c.FSP == 0 {
		return "CURRENT_TIMESTAMP"
	}
	return "CURRENT_TIMESTAMP(" + strconv.Itoa(c.FSP) + ")"
}

// clearDefault is a constant default. Strings go in hexadecimal: a backslash means different things to sql_modes.
func clearDefault(c *Column) string {
	switch {
	case c.Charset != "" && c.Kind != KindEnum && c.Kind != KindSet:
		return "_" + c.Charset + " x'" + hex.EncodeToString(c.DefaultStored) + "'"
	case c.Kind >= KindBinary && c.Kind <= KindLongBlob:
		return "x'" + hex.EncodeToString(c.DefaultStored) + "'"
	}
	return c.DefaultSQL
}
