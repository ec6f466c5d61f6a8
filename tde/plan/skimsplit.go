package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// NeedTables asks the caller to look up tables, and to plan again.
type NeedTables struct {
	Tables []NeedTable
}

func (*NeedTables) plan() {}

// String implements Plan.
func (p *NeedTables) String() string {
	out := "NeedTables"
	for _, t := range p.Tables {
		out += " " + quote(t.DB) + "." + quote(t.Name)
		if t.Definition {
			out += " with its definition"
		}
	}
	return out
}

// split reads every table that the statement could name whole.
func (s *skim) split(protected []*schema.Table) Plan {
	switch {
	case s.unsafe != "":
		return refuse("unreadable", "%s in a statement on an encrypted table is not supported", s.unsafe)
	case strings.Contains(s.text, "/*+"):
		return refuse("hint", "an optimizer hint in this form of statement on an encrypted table is not supported")
	}
	var need []NeedTable
	tables := slices.Concat(protected, s.viewed)
	for _, m := range s.mentions {
		if s.env.Snapshot.Lookup(m.db, m.name) != nil || s.env.absent(m.db, m.name) {
			continue
		}
		if t := s.env.Snapshot.Plain(m.db, m.name); t != nil {
			tables = append(tables, t)
		} else {
			need = append(need, NeedTable{DB: m.db, Name: m.name, Definition: true})
		}
	}
	if len(need) > 0 {
		return &NeedTables{Tables: need}
	}
	p := &Split{Uses: s.uses, Alone: true, Parted: s.parted(), Views: s.views}
	for _, t := range tables {
		if slices.ContainsFunc(p.Fetches, func(f Fetch) bool { return f.Table == t }) {
			continue
		}
		p.Fetches = append(p.Fetches, s.fetch(t))
		if s.env.Snapshot.Lookup(t.DB, t.Name) == t {
			p.Tables = append(p.Tables, t)
		}
	}
	for i := range p.Views {
		p.Views[i].Lock = s.lock
		p.Tables = append(p.Tables, p.Views[i].View)
	}
	s.qualify()
	if r := s.nameItems(); r != nil {
		return r
	}
	p.Text = s.parts(0, len(s.text))
	return p
}

// fetch reads a whole table.
func (s *skim) fetch(t *schema.Table) Fetch {
	why := "the statement could not be read"
	if s.parted() {
		why = "the statement names partitions"
	}
	f := Fetch{Table: t, Full: true, Lock: s.lock, Stayed: []Stayed{{Text: "all conditions", Table: t, Why: why}}}
	q := "SELECT "
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated {
			continue
		}
		if len(f.Columns) > 0 {
			q += ", "
		}
		if sealed(c) != nil {
			q += quote(c.Name)
		} else {
			q += c.ReadBack("")
		}
		f.Columns = append(f.Columns, c)
	}
	f.SQL = appendText(nil, q+" FROM "+tableName(t)+s.lock)
	return f
}

// qualify replaces the databases of tables that are there.
func (s *skim) qualify() {
	for _, m := range s.mentions {
		t := s.tokens[m.token]
		if m.qualified && (s.chain(m.token) == 3 || !s.env.absent(m.db, m.name)) {
			db := m.db
			if f := s.env.Snapshot.Lookup(m.db, m.name); f != nil {
				db = f.DB
			}
			s.edits = append(s.edits, edit{t.Start, t.End, []Part{{Kind: PartSchema, Text: db}}})
		}
	}
}

// nameItems gives items of select lists in which something was replaced the name that they have by their text.
func (s *skim) nameItems() *Refuse {
	edits := slices.Clone(s.edits)
	for _, it := range s.items {
		start, end := s.tokens[it[0]].Start, s.tokens[it[1]-1].End
		if !slices.ContainsFunc(edits, func(e edit) bool { return e.start >= start && e.end <= end }) || it[0]+2*s.chain(it[0])-1 == it[1] &&
			s.tokens[it[0]].Kind <= TokQuoted && !slices.ContainsFunc(edits, func(e edit) bool { return e.start == start && e.end == end }) {
			continue // nothing, or the database in the name of a column
		}
		aliased, ok := s.aliased(it)
		switch {
		case !ok:
			return refuse("position", "an item of the select list was not found in the statement; give it an alias")
		case !aliased:
			x := texter{block: s.block}
			s.edits = append(s.edits, edit{end, end, x.alias(start, end)})
		}
	}
	return nil
}

// aliased says whether an item has an alias; ok says that this is known.
func (s *skim) aliased(it [2]int) (aliased, ok bool) {
	if s.stands(it[1]-2, "AS") {
		return true, true
	}
	node := parse("SELECT "+s.read[s.tokens[it[0]].Start:s.tokens[it[1]-1].End], s.env.Mode)
	sel, ok := node.(*ast.SelectStmt)
	if !ok || sel.Fields == nil || len(sel.Fields.Fields) != 1 {
		return false, false
	}
	return sel.Fields.Fields[0].AsName.O != "", true
}
