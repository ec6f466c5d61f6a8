package schema

import "fmt"

// Leak is what upstream can learn from one column's stored form, beside NULLs, lengths and row counts.
type Leak struct {
	Column string
	Shows  string // "random": nothing; "equality": which rows hold equal values; "order": also their order; "clear": the values
	Why    string
}

// Leakage reports what each column shows to upstream, in their order.
func Leakage(t *Table) []Leak {
	out := make([]Leak, 0, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		l := Leak{Column: c.Name, Shows: "random", Why: "no index: cells of equal values differ"}
		switch {
		case c.Storage == StoredClear && c.AutoIncrement:
			l.Shows, l.Why = "clear", "AUTO_INCREMENT: upstream counts it"
		case c.Storage == StoredClear:
			l.Shows, l.Why = "clear", "a foreign key points at a clear column"
			if fk := t.foreignKeyOf(c.Name); fk != nil {
				l.Why = fmt.Sprintf("foreign key %s points at a clear column of %s", fk.Name, fk.RefTable)
			}
		case c.Order:
			l.Shows, l.Why = "order", `asked for by index = "range"`
		case c.Token:
			l.Shows, l.Why = "equality", t.tokenReason(c.Name)
		}
		out = append(out, l)
	}
	return out
}

// tokenReason names what a column's token is for.
func (t *Table) tokenReason(column string) string {
	if fk := t.foreignKeyOf(column); fk != nil {
		return "foreign key " + fk.Name
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		for _, p := range ix.Parts {
			switch {
			case !equalName(p.Column, column):
			case ix.Name == "PRIMARY":
				return "primary key"
			case ix.Unique:
				return "unique index " + ix.Name
			default:
				return "index " + ix.Name
			}
		}
	}
	return `asked for by index = "equality"`
}

func (t *Table) foreignKeyOf(column string) *ForeignKey {
	for i := range t.ForeignKeys {
		for _, c := range t.ForeignKeys[i].Columns {
			if equalName(c, column) {
				return &t.ForeignKeys[i]
			}
		}
	}
	return nil
}
