package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Conjunct is a condition that a row of a Fetch must fulfil to be of use.
type Conjunct struct {
	Predicate *Predicate
	// Pushed: upstream has decided it. It is here to tell whether it could warn: of rows that one of the next removes, too.
	Pushed bool
	// Bound: upstream has decided it where all constants of the Fetch's SQL could be bound.
	Bound bool
}

// TopN says that only the first rows by a column are of use, ties included, of those that fulfil all Conjuncts.
type TopN struct {
	Column        int // index into the Fetch's Columns
	Descending    bool
	Count, Offset int // literals; Offset is -1 where there is none
}

// reduce plans what the proxy does itself to the rows of a table that one reference reads. Conditions are those that the
// server would ask before any that could warn: a row that one of them removes has then nothing left to warn of.
func (b *block) reduce(f *Fetch, t *tree, refs []*reference, pushed []ast.ExprNode) {
	if len(refs) != 1 || t.tuned() {
		return
	}
	d := &describer{block: b, ref: refs[0], columns: f.Columns}
	all, whole := refs[0].conditions(), true
	where := len(conjuncts(refs[0].block.stmt.Where, nil))
	for _, c := range append(slices.Clone(all[where:]), all[:where]...) {
		names := &nameVisitor{block: b, ref: refs[0]}
		c.expr.Accept(names)
		if len(names.own) == 0 && names.other && !names.nested && steady(c.expr) {
			whole = false // of another table
			continue
		}
		down := slices.Contains(pushed, c.expr)
		p := d.predicate(c.expr)
		switch {
		case p != nil && (down || !c.supplied || rejectsNull(c.expr)):
			f.Filter = append(f.Filter, Conjunct{Predicate: p, Pushed: down})
		case p == nil && !d.quiet(c.expr):
			f.trim()
			return
		default:
			whole = false
		}
	}
	if whole && len(t.blocks) == 1 {
		f.TopN, f.Sort = d.topN(refs[0].block.stmt), d.sorted(refs[0].block.stmt)
	}
	f.trim()
}

// trim leaves out conditions that no other follows and upstream has decided.
func (f *Fetch) trim() {
	if f.TopN == nil && f.Sort == nil && !slices.ContainsFunc(f.Filter, func(c Conjunct) bool { return !c.Pushed }) {
		f.Filter = nil
	}
}

// tuned says whether a hint sets variables for the statement alone.
func (t *tree) tuned() bool {
	return slices.ContainsFunc(t.blocks, func(b *queryBlock) bool { return hintsSetVariables(b.stmt.TableHints) })
}

// quiet says whether a condition that is not described can raise neither warning nor error: IS NULL, or a comparison of columns
// of one type.
func (d *describer) quiet(e ast.ExprNode) bool {
	switch n := unparen(e).(type) {
	case *ast.IsNullExpr:
		return plainColumn(n.Expr)
	case *ast.BinaryOperationExpr:
		_, compares := comparisons[n.Op]
		l, r := d.kind(n.L), d.kind(n.R)
		return compares && l != schema.KindNone && l == r
	}
	return false
}

// kind is the type of the column that an expression is, where that is certain.
func (d *describer) kind(e ast.ExprNode) schema.Kind {
	n, ok := unparen(e).(*ast.ColumnNameExpr)
	if !ok {
		return schema.KindNone
	}
	for _, r := range d.ref.block.refs {
		if r.table != nil && r.owns(n.Name) {
			return r.table.Column(n.Name.Name.O).Kind
		}
	}
	return schema.KindNone
}

// orders says whether a query is of columns of one table, ordered by some of them.
func (d *describer) orders(s *ast.SelectStmt) bool {
	if s.Kind != ast.SelectStmtKindSelect || s.OrderBy == nil || s.GroupBy != nil || s.Having != nil || s.Distinct ||
		len(s.WindowSpecs) > 0 || s.With != nil || s.SelectStmtOpts != nil && s.SelectStmtOpts.CalcFoundRows || len(d.ref.block.refs) != 1 {
		return false
	}
	for _, f := range s.Fields.Fields {
		if f.WildCard == nil && d.column(f.Expr) < 0 {
			return false // it could warn of rows that do not reach the result
		}
	}
	return !slices.ContainsFunc(s.OrderBy.Items, func(item *ast.ByItem) bool { return d.column(item.Expr) < 0 || d.renamed(item.Expr, s) })
}

// topN plans ORDER BY column … LIMIT of a query of columns of one table, or returns nil.
func (d *describer) topN(s *ast.SelectStmt) *TopN {
	if s.Limit == nil || !d.orders(s) {
		return nil
	}
	lead := s.OrderBy.Items[0]
	n := &TopN{Column: d.column(lead.Expr), Descending: lead.Desc, Offset: -1}
	if !kernelCompares(d.columns[n.Column]) {
		return nil
	}
	var ok bool
	if n.Count, ok = d.literal(s.Limit.Count); !ok {
		return nil
	}
	if s.Limit.Offset != nil {
		if n.Offset, ok = d.literal(s.Limit.Offset); !ok {
			return nil
		}
	}
	return n
}

// renamed says whether an item of ORDER BY could mean one of the select list by its alias.
func (d *describer) renamed(e ast.ExprNode, s *ast.SelectStmt) bool {
	name := unparen(e).(*ast.ColumnNameExpr).Name
	return slices.ContainsFunc(s.Fields.Fields, func(f *ast.SelectField) bool {
		return f.AsName.O != "" && (sameIdent(f.AsName.O, name.Name.O) || !isASCII(f.AsName.O))
	})
}
