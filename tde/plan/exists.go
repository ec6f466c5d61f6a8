package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// innerAlias is the name of a subquery's table where upstream decides the subquery.
const innerAlias = schema.Prefix + "s"

// asked makes a condition [NOT] EXISTS (subquery) or column [NOT] IN (subquery) over one table the same question to upstream, or
// returns nil: exactly the same, also of NULLs, since NOT turns a superset into a subset. outer are the references whose rows it is
// asked of, and name qualifies their columns, with a dot.
func (n *narrower) asked(e ast.ExprNode, outer []*reference, name func(*reference) string) []Part {
	a := asking{narrower: n, outer: outer, name: name}
	var head string
	switch x := unparen(e).(type) {
	case *ast.ExistsSubqueryExpr:
		if s := subselect(x.Sel); !a.opens(s) || !rowByRow(s) {
			return nil
		}
		head = not(x.Not) + "EXISTS (SELECT 1"
	case *ast.PatternInExpr:
		if s := subselect(x.Sel); !a.opens(s) || !rowByRow(s) {
			return nil
		}
		own, other, ok := a.selects(x)
		if !ok {
			return nil
		}
		head = own + " " + not(x.Not) + "IN (SELECT " + other
	default:
		return nil
	}
	where, ok := a.where()
	if _, exists := unparen(e).(*ast.ExistsSubqueryExpr); !ok || exists && where == nil {
		return nil
	}
	head += " FROM " + tableName(a.inner.table) + " AS " + quote(innerAlias)
	if where == nil {
		return []Part{{Text: head}, {Text: ")"}}
	}
	// Two parts: an open semi-join, of which nothing but its head is left, is another thing.
	return append([]Part{{Text: head + " WHERE "}}, appendText(where, ")")...)
}

// subquery is a condition with a subquery, as it goes into the fetch of a reference's own table. It must not narrow another table: the
// evaluator asks it again, of rows of the subquery's table that have a partner among rows of the reference. Were those that fail
// the condition none, a row that is fetched for another place would find nothing and pass.
func (n *narrower) subquery(r *reference, c conjunct, res pushResult) pushResult {
	if c.supplied || r.table == nil || r.table.Describes() || r.table.Sequence() {
		return res
	}
	parts := n.asked(c.expr, []*reference{r}, func(r *reference) string { return tableName(r.table) + "." })
	if parts == nil {
		return res
	}
	return pushResult{parts: []Part{{Kind: PartJoin, Literal: -1, Expr: parts}}, widened: true}
}

func not(is bool) string { return map[bool]string{true: "NOT "}[is] }

// asking is a subquery that is being looked at.
type asking struct {
	*narrower
	outer []*reference
	name  func(*reference) string
	block *queryBlock
	inner *reference
}

// opens looks whether a subquery has the shape: rows of one table, as they are.
func (a *asking) opens(s *ast.SelectStmt) bool { return a.reads(s) && !nests(s.Fields) }

// reads looks whether it reads one table.
func (a *asking) reads(s *ast.SelectStmt) bool {
	if s == nil || a.locks || s.Kind != ast.SelectStmtKindSelect || s.Fields == nil || s.Limit != nil || s.OrderBy != nil || len(s.WindowSpecs) > 0 || s.With != nil || s.SelectIntoOpt != nil || s.SelectStmtOpts != nil && s.CalcFoundRows {
		return false
	}
	a.block = a.tree.blockOf(s)
	if a.block == nil || a.block.merges || len(a.block.refs) != 1 {
		return false
	}
	a.inner = a.block.refs[0]
	t := a.inner.table
	return t != nil && !t.Describes() && !t.Sequence() && a.inner.view == nil && isASCII(a.inner.alias)
}

// nests says whether a select list has subqueries, or assigns.
func nests(fields *ast.FieldList) bool {
	for _, f := range fields.Fields {
		if f.WildCard == nil && !steady(f.Expr) {
			return true
		}
	}
	return false
}

// selects are the two sides of IN.
func (a *asking) selects(in *ast.PatternInExpr) (own, other string, ok bool) {
	fields := a.block.stmt.Fields.Fields
	x, okx := unparen(in.Expr).(*ast.ColumnNameExpr)
	if !okx || len(fields) != 1 || fields[0].WildCard != nil {
		return "", "", false
	}
	y, oky := unparen(fields[0].Expr).(*ast.ColumnNameExpr)
	if !oky {
		return "", "", false
	}
	i := slices.IndexFunc(a.outer, func(r *reference) bool { return r.owns(x.Name) })
	if i < 0 || a.means(y) != a.inner {
		return "", "", false
	}
	return a.pair(a.outer[i], x, a.inner, y)
}

// pair are the names by which upstream compares two columns.
func (a *asking) pair(rx *reference, x *ast.ColumnNameExpr, ry *reference, y *ast.ColumnNameExpr) (string, string, bool) {
	cx, cy := rx.table.Column(x.Name.Name.O), ry.table.Column(y.Name.Name.O)
	if !comparable(rx.table, cx, ry.table, cy) {
		return "", "", false
	}
	return a.column(rx, cx), a.column(ry, cy), true
}

func (a *asking) column(r *reference, c *schema.Column) string {
	of := quote(innerAlias) + "."
	if r != a.inner {
		of = a.name(r)
	}
	if sealed(c) != nil {
		return of + quote(c.TokenColumn())
	}
	return of + quote(c.Name)
}

// means is the table that a name in the subquery stands for: its own before those outside.
func (a *asking) means(e *ast.ColumnNameExpr) *reference {
	if a.inner.couldOwn(e.Name) {
		if a.inner.owns(e.Name) {
			return a.inner
		}
		return nil
	}
	for _, r := range a.outer {
		if r.owns(e.Name) {
			return r
		}
	}
	return nil
}

// where are the subquery's conditions, all of them: comparisons of columns, and what upstream decides of its table alone.
func (a *asking) where() (out []Part, ok bool) {
	for _, c := range conjuncts(a.block.stmt.Where, nil) {
		if text, ok := a.compared(c); ok {
			out = appendText(and(out), text)
			continue
		}
		res := a.push(a.inner, conjunct{expr: c, clause: a.block.stmt.Where})
		if res.parts == nil || res.widened || slices.ContainsFunc(res.parts, func(p Part) bool { return p.Kind == PartCondition }) {
			return nil, false
		}
		out = appendParts(and(out), res.parts)
	}
	return out, true
}

// compared is a comparison of two columns.
func (a *asking) compared(e ast.ExprNode) (string, bool) {
	b, ok := unparen(e).(*ast.BinaryOperationExpr)
	if !ok {
		return "", false
	}
	op, ok := map[opcode.Op]string{opcode.EQ: " = ", opcode.NE: " <> ", opcode.NullEQ: " <=> "}[b.Op]
	x, okx := unparen(b.L).(*ast.ColumnNameExpr)
	y, oky := unparen(b.R).(*ast.ColumnNameExpr)
	if !ok || !okx || !oky {
		return "", false
	}
	rx, ry := a.means(x), a.means(y)
	if rx == nil || ry == nil {
		return "", false
	}
	l, r, ok := a.pair(rx, x, ry, y)
	return l + op + r, ok
}
