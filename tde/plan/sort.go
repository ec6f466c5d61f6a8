package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Sort says how the rows of a Fetch become a query's answer: sorted by columns, and then no more than some columns of them.
type Sort struct {
	Items         []int // the select list, as indexes into the Fetch's Columns
	By            []SortColumn
	Count, Offset int // literals of LIMIT; -1: none
}

// SortColumn is a column that rows are sorted by.
type SortColumn struct {
	Column     int // index into the Fetch's Columns
	Descending bool
}

// sorted plans ORDER BY columns of a query of columns of one table, or returns nil.
func (d *describer) sorted(s *ast.SelectStmt) *Sort {
	if !d.orders(s) || slices.ContainsFunc(d.ref.table.Columns, func(c schema.Column) bool { return c.Generated }) {
		return nil
	}
	out := &Sort{Count: -1, Offset: -1}
	for _, f := range s.Fields.Fields {
		if f.WildCard != nil {
			if !d.all(out) {
				return nil
			}
			continue
		}
		out.Items = append(out.Items, d.column(f.Expr))
	}
	for _, item := range s.OrderBy.Items {
		by := SortColumn{Column: d.column(item.Expr), Descending: item.Desc}
		if !kernelCompares(d.columns[by.Column]) {
			return nil
		}
		out.By = append(out.By, by)
	}
	if !d.limit(s, out) {
		return nil
	}
	return out
}

// all adds the columns that a wildcard stands for.
func (d *describer) all(out *Sort) bool {
	for i := range d.ref.table.Columns {
		c := &d.ref.table.Columns[i]
		if c.Invisible {
			continue
		}
		at := slices.Index(d.columns, c)
		if at < 0 {
			return false
		}
		out.Items = append(out.Items, at)
	}
	return true
}

// limit notes LIMIT.
func (d *describer) limit(s *ast.SelectStmt, out *Sort) bool {
	if s.Limit == nil {
		return true
	}
	var ok bool
	if out.Count, ok = d.literal(s.Limit.Count); ok && s.Limit.Offset != nil {
		out.Offset, ok = d.literal(s.Limit.Offset)
	}
	return ok
}

// print writes what rows are sorted by.
func (n *Sort) print(b *strings.Builder, f *Fetch) {
	b.WriteString("\n  sorts:    ")
	for i, by := range n.By {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(f.Columns[by.Column].Name))
		if by.Descending {
			b.WriteString(" DESC")
		}
	}
}
