package schema

import (
	"strconv"
	"strings"
)

func (p *printer) index(ix *Index) string {
	var parts []string
	for _, part := range ix.Parts {
		c := p.table.Column(part.Column)
		if c.Storage == StoredCell {
			// The order of tokens means nothing, and there are no prefixes of them.
			parts = append(parts, Quote(c.TokenColumn()))
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
	if onDelete != "" {
		s += " ON DELETE " + onDelete
	}
	if onUpdate != "" {
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
	return "RESTRICT"
}
