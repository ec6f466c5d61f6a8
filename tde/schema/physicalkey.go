package schema

import (
	"fmt"
	"strconv"
	"strings"
)

func (p *printer) index(ix *Index) string {
	var parts []string
	for i, part := range ix.Parts {
		c := p.table.Column(part.Column)
		if c.Storage == StoredCell && p.table.ordersBy(ix, c, i) {
			s := Quote(c.OrderColumn())
			if part.Desc {
				s += " DESC"
			}
			parts = append(parts, s)
			continue
		}
		if c.Storage == StoredCell {
			// The order of tokens means nothing, and there are no prefixes of them.
			s := Quote(p.table.KeyColumn(ix, part))
			if p.table.ByPart(ix, part) {
				s += "(" + strconv.Itoa(tokenSize) + ")"
			}
			parts = append(parts, s)
			continue
		}
		s := Quote(c.Name)
		if part.Prefix > 0 {
			s += "(" + strconv.Itoa(part.Prefix) + ")"
		}
		if part.Desc {
			s += " DESC"
		}
		parts = append(parts, s)
	}
	s := indexHead(ix) + " (" + strings.Join(parts, ", ") + ")"
	if ix.Type == "HASH" {
		s += " USING HASH"
	}
	switch {
	case ix.Invisible && p.MariaDB:
		s += " IGNORED"
	case ix.Invisible:
		s += " INVISIBLE"
	}
	return s
}

// ordersBy says whether part i of an index is the order token of its column c: that of the last column behind others, where
// nothing but reading depends on the index. There is an index on the order token alone already.
func (t *Table) ordersBy(ix *Index, c *Column, i int) bool {
	return c.Order && !ix.Unique && i > 0 && i == len(ix.Parts)-1 && t.foreignKeyOf(c.Name) == nil
}

// columnKey tells a column of an index or foreign key whatever its name.
func (p *printer) columnKey(name string) string {
	c := p.table.Column(name)
	kind := "clear "
	if c.Storage == StoredCell {
		kind = "token "
	}
	return kind + strconv.Itoa(int(c.ID))
}

// partKey is the kind of the physical column of a part token: another length makes another column.
func partKey(c *Column) string { return "part" + strconv.Itoa(c.Part) }

// indexKey tells an index whatever its columns are called.
func (p *printer) indexKey(ix *Index) string {
	s := fmt.Sprint(indexHead(ix), ix.Type == "HASH", ix.Invisible)
	for i, part := range ix.Parts {
		c := p.table.Column(part.Column)
		s += "," + p.columnKey(part.Column)
		switch {
		case p.table.ByPart(ix, part):
			s += " " + partKey(c)
		case c.Storage == StoredClear:
			s += fmt.Sprint(part.Prefix, part.Desc)
		case p.table.ordersBy(ix, c, i):
			s += fmt.Sprint(" by order", part.Desc)
		}
	}
	return s
}

// foreignKeyKey is that of a foreign key; definition is its SQL.
func (p *printer) foreignKeyKey(fk *ForeignKey, definition string) string {
	s := fk.Name
	for _, name := range fk.Columns {
		s += "," + p.columnKey(name)
	}
	_, references, _ := strings.Cut(definition, " REFERENCES ")
	return s + " " + references
}

func indexHead(ix *Index) string {
	switch {
	case ix.Name == "PRIMARY":
		return "PRIMARY KEY"
	case ix.Unique:
		return "UNIQUE KEY " + Quote(ix.Name)
	case ix.Type == "FULLTEXT" || ix.Type == "SPATIAL":
		return ix.Type + " KEY " + Quote(ix.Name)
	}
	return "KEY " + Quote(ix.Name)
}

// restrict is what a foreign key without an action does. MariaDB makes another word of it where ALTER TABLE adds it, which errors show.
const restrict = "RESTRICT"

// foreignKey writes a foreign key, between tokens where the columns are sealed.
func (p *printer) foreignKey(fk *ForeignKey) (string, error) {
	var columns, refs []string
	sealed := false
	for i, name := range fk.Columns {
		c := p.table.Column(name)
		if c.Storage == StoredCell {
			sealed = true
			name = c.TokenColumn()
		}
		ref, ok := p.refColumn(fk, c, fk.RefColumns[i])
		if !ok || strings.HasPrefix(ref, TokenPrefix) != (c.Storage == StoredCell) {
			return "", p.table.refuse("foreign key %s to column %s, which is stored otherwise,", fk.Name, fk.RefColumns[i])
		}
		columns, refs = append(columns, Quote(name)), append(refs, Quote(ref))
	}
	table := Quote(fk.RefTable)
	if fk.RefDB != "" {
		table = Quote(fk.RefDB) + "." + table
	}
	s := "CONSTRAINT " + Quote(fk.Name) + " FOREIGN KEY (" + strings.Join(columns, ", ") + ") REFERENCES " + table +
		" (" + strings.Join(refs, ", ") + ")"
	onDelete, onUpdate := fk.OnDelete, fk.OnUpdate
	if sealed {
		onDelete, onUpdate = sealedAction(onDelete, true), sealedAction(onUpdate, false)
	}
	if onDelete != "" && !(p.MariaDB && onDelete == restrict) {
		s += " ON DELETE " + onDelete
	}
	if onUpdate != "" && !(p.MariaDB && onUpdate == restrict) {
		s += " ON UPDATE " + onUpdate
	}
	return s, nil
}

func (p *printer) refColumn(fk *ForeignKey, c *Column, ref string) (string, bool) {
	switch {
	case p.RefColumn != nil && fk.RefDB != "":
		return p.RefColumn(fk.RefDB, fk.RefTable, ref)
	case p.RefColumn != nil:
		return p.RefColumn(p.table.DB, fk.RefTable, ref)
	case c.Storage == StoredCell:
		return TokenPrefix + ref, true
	}
	return ref, true
}

// sealedAction is the action of a foreign key between tokens. Upstream can delete the rows that point at a deleted one.
// It cannot change their cells: an action that writes a token would leave the old value in the cell beside it, so it
// becomes RESTRICT, and a statement that would set it off fails with error 1451.
func sealedAction(action string, onDelete bool) string {
	switch {
	case action == "", action == "NO ACTION", action == "RESTRICT", action == "CASCADE" && onDelete:
		return action
	}
	return restrict
}
