package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// tables are the tables that the query reads, each once, in the order of their first mention.
func (t *tree) tables() []*schema.Table {
	var out []*schema.Table
	for _, b := range t.blocks {
		for _, r := range b.refs {
			if r.table != nil && !slices.Contains(out, r.table) {
				out = append(out, r.table)
			}
		}
	}
	for _, table := range t.unread {
		if !slices.Contains(out, table) {
			out = append(out, table)
		}
	}
	for _, v := range t.views {
		for _, table := range v.tables() {
			if !slices.Contains(out, table) {
				out = append(out, table)
			}
		}
	}
	return out
}

// references are the places that name a table.
func (t *tree) references(table *schema.Table) []*reference {
	var out []*reference
	for _, b := range t.blocks {
		for _, r := range b.refs {
			if r.table == table {
				out = append(out, r)
			}
		}
	}
	return out
}

// needed are the columns of a table that the query could read, in the table's order: each that some name could mean
// wherever it stands, those that wildcards and merging joins cover, and those of unique keys.
func (t *tree) needed(table *schema.Table) []*schema.Column {
	want := make([]bool, len(table.Columns))
	mark := func(pick func(c *schema.Column) bool) {
		for i := range table.Columns {
			want[i] = want[i] || pick(&table.Columns[i])
		}
	}
	refs := t.references(table)
	mark(func(c *schema.Column) bool {
		return slices.ContainsFunc(t.names, func(n *ast.ColumnName) bool { return couldMean(n, c, refs) })
	})
	if slices.ContainsFunc(refs, func(r *reference) bool { return r.starred() }) {
		mark(func(c *schema.Column) bool { return !c.Invisible })
	}
	for _, r := range refs {
		mark(func(c *schema.Column) bool { return r.merged(c) })
	}
	if slices.Contains(t.unread, table) {
		mark(func(*schema.Column) bool { return true })
	}
	for _, v := range t.views {
		if slices.Contains(v.tables(), table) {
			needed := v.needed(table)
			mark(func(c *schema.Column) bool { return slices.Contains(needed, c) })
		}
	}
	for i := range table.Indexes {
		if ix := &table.Indexes[i]; ix.Unique || ix.Name == "PRIMARY" {
			mark(func(c *schema.Column) bool { return covers(ix, c) })
		}
	}
	if !slices.Contains(want, true) {
		want[0] = true // rows are counted
	}
	if table.Describes() {
		identify(table, want)
	}
	if t.writes[table] != nil || slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return c.Generated }) {
		mark(func(*schema.Column) bool { return true }) // of which columns one is generated is not known
	}
	if p := table.Partition; p != nil {
		mark(func(c *schema.Column) bool {
			return p.Clause == "" || slices.ContainsFunc(p.Columns, func(name string) bool { return sameIdent(name, c.Name) })
		})
	}
	var out []*schema.Column
	for i, w := range want {
		if w && !table.Columns[i].Generated {
			out = append(out, &table.Columns[i])
		}
	}
	return out
}

// couldMean says whether a name could be that of a column. The server compares names without accents, so that a name that
// is not ASCII could be any.
func couldMean(n *ast.ColumnName, c *schema.Column, refs []*reference) bool {
	if !sameIdent(n.Name.O, c.Name) {
		return false
	}
	return n.Table.O == "" || slices.ContainsFunc(refs, func(r *reference) bool { return sameIdent(r.alias, n.Table.O) })
}

func sameIdent(a, b string) bool { return strings.EqualFold(a, b) || !isASCII(a) || !isASCII(b) }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// starred says whether a wildcard of the reference's block covers it.
func (r *reference) starred() bool {
	s := r.block.stmt
	if s.Kind == ast.SelectStmtKindTable {
		return true
	}
	if r.block.exists || s.Fields == nil {
		return false
	}
	return slices.ContainsFunc(s.Fields.Fields, func(f *ast.SelectField) bool {
		return f.WildCard != nil && (f.WildCard.Table.O == "" || sameIdent(f.WildCard.Table.O, r.alias))
	})
}

// merged says whether a NATURAL join above the reference could compare a column with one of the other side. Those of USING
// are names of the statement.
func (r *reference) merged(c *schema.Column) bool {
	if c.Invisible {
		return false
	}
	return slices.ContainsFunc(r.path, func(s joinStep) bool {
		if !s.join.NaturalJoin {
			return false
		}
		return slices.ContainsFunc(r.block.refs, func(o *reference) bool {
			return o != r && o.opposite(s) && (o.table == nil || slices.ContainsFunc(o.table.Columns, func(oc schema.Column) bool {
				return sameIdent(oc.Name, c.Name)
			}))
		})
	})
}

// opposite says whether a reference is on the other side of a join.
func (r *reference) opposite(s joinStep) bool {
	return slices.ContainsFunc(r.path, func(o joinStep) bool { return o.join == s.join && o.right != s.right })
}

// covers says whether a column is part of an index; an expression in it could read any.
func covers(ix *schema.Index, c *schema.Column) bool {
	return slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool { return p.Column == "" || strings.EqualFold(p.Column, c.Name) })
}
