package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// subquery makes a condition with a subquery one that upstream decides exactly, once the proxy has read the List that it may need.
func (j *joined) subquery(e ast.ExprNode) []Part {
	var sub *ast.SelectStmt
	switch x := unparen(e).(type) {
	case *ast.ExistsSubqueryExpr:
		sub = subselect(x.Sel)
	case *ast.PatternInExpr:
		sub = subselect(x.Sel)
	}
	if sub == nil {
		return nil
	}
	parts := j.asked(e, j.block.refs, func(r *reference) string { return quote(r.alias) + "." })
	if in, ok := unparen(e).(*ast.PatternInExpr); ok && parts == nil {
		parts = j.sublist(in, sub)
	}
	if parts != nil {
		j.decided = append(j.decided, j.tree.blockOf(sub))
	}
	return parts
}

// sublist makes column [NOT] IN (SELECT column FROM table …) a List of what the subquery finds. It reads one table, itself or in groups by
// that column whose HAVING compares aggregates with constants.
func (j *joined) sublist(in *ast.PatternInExpr, s *ast.SelectStmt) []Part {
	a := asking{narrower: j.narrower}
	l := List{Exact: true, Not: in.Not}
	grouped := s.GroupBy != nil
	if !a.opens(s) || !j.steadyTables() {
		return nil
	}
	g := &grouper{joined: &joined{narrower: j.narrower, block: a.block, inside: true}, stmt: s, bare: map[*ast.AggregateFuncExpr]bool{}}
	g.expresser = expresser{d: describer{block: j.narrower.block, find: g.joined.column}}
	g.joined.describer = &g.expresser.d
	g.conditions = conjuncts(s.Where, nil)
	x, okx := unparen(in.Expr).(*ast.ColumnNameExpr)
	y := selected(s)
	if !grouped && !rowByRow(s) {
		return nil
	}
	if !okx || y == nil || grouped && !g.by(y) || a.inner.table == nil {
		return nil
	}
	outer, c := j.owner(x)
	inner, key := g.owner(y)
	if outer == nil || inner == nil || !comparable(outer.table, c, inner.table, key) || !listable(key) {
		return nil
	}
	l.Key = key
	if grouped && s.Having != nil {
		for _, c := range conjuncts(s.Having.Expr, nil) {
			p := g.having(c, &l)
			if p == nil {
				return nil
			}
			l.Having = append(l.Having, p)
		}
	}
	l.Grouped = len(l.Having) > 0
	g.lead = quote(physical(key))
	if !g.fetch(&l.Fetch) {
		return nil
	}
	if l.Grouped && leads(inner.table, key) {
		l.Sorted = true
		l.Fetch.SQL = appendText(l.Fetch.SQL, " ORDER BY "+quote(physical(key)))
	}
	j.tree.lists = append(j.tree.lists, l)
	name := quote(outer.alias) + "." + quote(physical(c))
	if in.Not {
		name += " NOT"
	}
	return []Part{{Kind: PartKeys, Literal: len(j.tree.lists) - 1, Text: name}}
}

// steadyTables says whether what is read one after the other is of one moment.
func (n *narrower) steadyTables() bool { return !n.locks && !n.tree.tuned() }

// selected is the column that a query selects, alone.
func selected(s *ast.SelectStmt) *ast.ColumnNameExpr {
	if len(s.Fields.Fields) != 1 || s.Fields.Fields[0].WildCard != nil {
		return nil
	}
	c, _ := unparen(s.Fields.Fields[0].Expr).(*ast.ColumnNameExpr)
	return c
}

// by says whether a query's groups are those of one column's values.
func (g *grouper) by(c *ast.ColumnNameExpr) bool {
	if len(g.stmt.GroupBy.Items) != 1 || g.stmt.GroupBy.Rollup {
		return false
	}
	k, ok := unparen(g.stmt.GroupBy.Items[0].Expr).(*ast.ColumnNameExpr)
	return ok && g.same(k, c) && g.stmt.Fields.Fields[0].AsName.O == ""
}

// having describes a condition of HAVING: of aggregates, by their numbers among the List's Calls.
func (g *grouper) having(e ast.ExprNode, l *List) *Predicate {
	b, ok := unparen(e).(*ast.BinaryOperationExpr)
	if !ok {
		return nil
	}
	ops, ok := comparisons[b.Op]
	if !ok {
		return nil
	}
	op, x, y := ops[0], unparen(b.L), unparen(b.R)
	if _, ok := x.(*ast.AggregateFuncExpr); !ok {
		op, x, y = ops[1], y, x
	}
	call, ok := x.(*ast.AggregateFuncExpr)
	if !ok {
		return nil
	}
	literal, ok := g.joined.literal(y)
	if !ok {
		return nil
	}
	c, ok := g.call(call)
	if !ok || c.Func == AggregateMin || c.Func == AggregateMax || c.Func == AggregateAvg {
		return nil
	}
	l.Calls = append(l.Calls, c)
	return &Predicate{Op: op, Column: len(l.Calls) - 1, Literals: []int{literal}}
}

// physical is the column by which upstream compares.
func physical(c *schema.Column) string {
	if sealed(c) != nil {
		return c.TokenColumn()
	}
	return c.Name
}

// listable says whether a column's values, or their tokens, can be written as a list.
func listable(c *schema.Column) bool {
	if c.Generated {
		return false
	}
	if sealed(c) != nil {
		return c.Token
	}
	switch c.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt:
		return true
	}
	return false
}

// leads says whether the rows of a table lie in the order of a column.
func leads(t *schema.Table, c *schema.Column) bool {
	return slices.ContainsFunc(t.Indexes, func(ix schema.Index) bool {
		return ix.Name == "PRIMARY" && len(ix.Parts) > 0 && ix.Parts[0].Prefix == 0 && sameIdent(ix.Parts[0].Column, c.Name)
	})
}
