package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// link says that a row of a reference counts only where some row of another reference is equal to it in some columns.
type link struct {
	to         *reference
	clause     ast.ExprNode // where that is said
	said       []ast.ExprNode
	own, other []*schema.Column
}

// head is the link's condition up to that of the other table. Nothing in it is qualified: of IN, the left side means the
// table outside and the right side that inside.
func (l *link) head() string {
	names := func(of []*schema.Column) string {
		var out []string
		for _, c := range of {
			if sealed(c) != nil {
				out = append(out, quote(c.TokenColumn()))
			} else {
				out = append(out, quote(c.Name))
			}
		}
		return strings.Join(out, ", ")
	}
	own := names(l.own)
	if len(l.own) > 1 {
		own = "(" + own + ")"
	}
	return own + " IN (SELECT " + names(l.other) + " FROM " + tableName(l.to.table) + " WHERE "
}

// links are those of a reference.
func (n *narrower) links(r *reference) []*link {
	l := linker{narrower: n, ref: r}
	if r.table == nil {
		return nil
	}
	for _, c := range r.conditions() {
		l.conjunct(c)
	}
	l.filtered()
	return l.links
}

// linker collects the links of a reference.
type linker struct {
	*narrower
	ref   *reference
	links []*link
}

// add notes that a column of the reference is equal to another one's. Comparisons of one clause with one reference are
// fulfilled by one row of it.
func (l *linker) add(clause, said ast.ExprNode, own *ast.ColumnNameExpr, to *reference, other *ast.ColumnNameExpr) {
	a, b := l.ref.table.Column(own.Name.Name.O), to.table.Column(other.Name.Name.O)
	if !comparable(l.ref.table, a, to.table, b) {
		return
	}
	i := slices.IndexFunc(l.links, func(k *link) bool { return k.to == to && k.clause == clause })
	if i < 0 {
		i = len(l.links)
		l.links = append(l.links, &link{to: to, clause: clause})
	}
	k := l.links[i]
	k.own, k.other, k.said = append(k.own, a), append(k.other, b), append(k.said, said)
}

// comparable says whether upstream decides that two columns are equal, and can do so by an index.
func comparable(ta *schema.Table, a *schema.Column, tb *schema.Table, b *schema.Column) bool {
	if ta.Describes() || tb.Describes() {
		return false // the rows of INFORMATION_SCHEMA are other ones upstream
	}
	sa, sb := sealed(a), sealed(b)
	if sa != nil && sb != nil {
		return a.Token && b.Token && sameTokens(column{src: &source{table: ta}, col: a}, column{src: &source{table: tb}, col: b})
	}
	if sa != nil || sb != nil || a.Kind != b.Kind || a.Collation != b.Collation || a.Unsigned != b.Unsigned {
		return false
	}
	switch a.Kind {
	case schema.KindDecimal:
		return a.Scale == b.Scale
	case schema.KindFloat, schema.KindDouble, schema.KindEnum, schema.KindSet, schema.KindBit, schema.KindJSON, schema.KindGeometry:
		return false
	}
	return true
}

// conjunct notes what a condition of the reference says of its partners.
func (l *linker) conjunct(c conjunct) {
	switch e := c.expr.(type) {
	case *ast.BinaryOperationExpr:
		l.equal(c.clause, e)
	case *ast.PatternInExpr:
		l.in(e)
	case *ast.ExistsSubqueryExpr:
		l.exists(e)
	}
}

// equal is R.a = S.b.
func (l *linker) equal(clause ast.ExprNode, e *ast.BinaryOperationExpr) {
	x, y, ok := columnsEqual(e)
	if !ok {
		return
	}
	if !l.ref.owns(x.Name) {
		x, y = y, x
	}
	if !l.ref.owns(x.Name) {
		return
	}
	if s := l.tree.means(y.Name, l.ref.block); s != nil && s != l.ref {
		l.add(clause, e, x, s, y)
	}
}

// columnsEqual are the columns that an expression compares by =.
func columnsEqual(e ast.ExprNode) (x, y *ast.ColumnNameExpr, ok bool) {
	b, ok := unparen(e).(*ast.BinaryOperationExpr)
	if !ok || b.Op != opcode.EQ {
		return nil, nil, false
	}
	x, okx := unparen(b.L).(*ast.ColumnNameExpr)
	y, oky := unparen(b.R).(*ast.ColumnNameExpr)
	return x, y, okx && oky
}

// means is the table that a column's name in a block stands for, where that is sure. It may be one of a block around it.
func (t *tree) means(name *ast.ColumnName, in *queryBlock) *reference {
	for _, r := range in.refs {
		if r.table != nil && r.owns(name) {
			return r
		}
	}
	var found *reference
	for _, r := range t.couldMean(name, in) {
		if found != nil {
			return nil
		}
		found = r
	}
	if found == nil || found.block == in || found.table == nil || found.table.Column(name.Name.O) == nil || !isASCII(name.Table.O) ||
		!isASCII(found.alias) || name.Schema.O != "" && name.Schema.O != found.db || name.Table.O == "" && t.aliased(name.Name.O) {
		return nil
	}
	return found
}

// couldMean are the tables that a name could be of: those of the nearest block that has one. Where it is not known which blocks are in
// sight, all of the query.
func (t *tree) couldMean(name *ast.ColumnName, in *queryBlock) (out []*reference) {
	could := func(r *reference) bool { return r.couldOwn(name) }
	for q := in; q != nil; q = q.around {
		for _, r := range q.refs {
			if could(r) {
				out = append(out, r)
			}
		}
		if out != nil {
			return out
		}
	}
	for _, q := range t.blocks {
		for _, r := range q.refs {
			if could(r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// couldOwn says whether a name could be that of one of the reference's columns, were it in sight.
func (r *reference) couldOwn(name *ast.ColumnName) bool {
	if name.Table.O != "" {
		return sameIdent(r.alias, name.Table.O)
	}
	return r.table == nil || slices.ContainsFunc(r.table.Columns, func(c schema.Column) bool { return sameIdent(c.Name, name.Name.O) })
}

// aliased says whether a name could be that of an item of some select list.
func (t *tree) aliased(name string) bool {
	return slices.ContainsFunc(t.blocks, func(q *queryBlock) bool { return q.aliased(name) })
}

func (q *queryBlock) aliased(name string) bool {
	return q.stmt.Fields != nil && slices.ContainsFunc(q.stmt.Fields.Fields, func(f *ast.SelectField) bool {
		return f.AsName.O != "" && sameIdent(f.AsName.O, name)
	})
}

// in is R.a IN (SELECT S.b …).
func (l *linker) in(e *ast.PatternInExpr) {
	own, ok := unparen(e.Expr).(*ast.ColumnNameExpr)
	sub := subselect(e.Sel)
	if !ok || e.Not || sub == nil || !l.ref.owns(own.Name) {
		return
	}
	if to, other := l.selected(sub); to != nil {
		l.add(e, e, own, to, other)
	}
}

// selected is the column of one of its own tables that a subquery selects.
func (n *narrower) selected(s *ast.SelectStmt) (*reference, *ast.ColumnNameExpr) {
	q := n.tree.blockOf(s)
	if q == nil || !rowByRow(s) || len(s.Fields.Fields) != 1 || s.Fields.Fields[0].WildCard != nil {
		return nil, nil
	}
	c, ok := unparen(s.Fields.Fields[0].Expr).(*ast.ColumnNameExpr)
	if !ok {
		return nil, nil
	}
	r := n.tree.means(c.Name, q)
	if r == nil || r.block != q {
		return nil, nil
	}
	return r, c
}

func (t *tree) blockOf(s *ast.SelectStmt) *queryBlock {
	i := slices.IndexFunc(t.blocks, func(q *queryBlock) bool { return q.stmt == s })
	if i < 0 {
		return nil
	}
	return t.blocks[i]
}

// rowByRow says whether each row of a subquery comes of one combination of rows that WHERE lets pass.
func rowByRow(s *ast.SelectStmt) bool {
	if s.Kind != ast.SelectStmtKindSelect || s.Fields == nil || s.GroupBy != nil || s.Having != nil || s.Limit != nil || s.OrderBy != nil ||
		len(s.WindowSpecs) > 0 {
		return false
	}
	return !grouped(s.Fields)
}

// grouped says whether a select list computes over several rows.
func grouped(fields *ast.FieldList) bool {
	v := &groupVisitor{}
	fields.Accept(v)
	return v.found
}

// groupVisitor looks for functions over several rows.
type groupVisitor struct{ found bool }

// Enter implements ast.Visitor.
func (v *groupVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch n.(type) {
	case *ast.AggregateFuncExpr, *ast.WindowFuncExpr:
		v.found = true
	}
	return n, v.found
}

// Leave implements ast.Visitor.
func (v *groupVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// exists is EXISTS (SELECT … WHERE S.b = R.a).
func (l *linker) exists(e *ast.ExistsSubqueryExpr) {
	sub := subselect(e.Sel)
	if e.Not || sub == nil || !rowByRow(sub) {
		return
	}
	q := l.tree.blockOf(sub)
	if q == nil {
		return
	}
	for _, c := range conjuncts(sub.Where, nil) {
		x, y, ok := columnsEqual(c)
		if !ok {
			continue
		}
		to, of := l.tree.means(x.Name, q), l.tree.means(y.Name, q)
		if to == l.ref {
			x, y, to, of = y, x, of, to
		}
		if of == l.ref && to != nil && to.block == q {
			l.add(e, e, y, to, x)
		}
	}
}

// filtered is the reference's part in `S.b IN (SELECT R.a …)`.
func (l *linker) filtered() {
	f, ok := l.filters[l.ref.block.stmt]
	if !ok {
		return
	}
	other, ok := unparen(f.expr).(*ast.ColumnNameExpr)
	if !ok {
		return
	}
	r, own := l.selected(l.ref.block.stmt)
	if r != l.ref {
		return
	}
	if to := l.tree.means(other.Name, f.outer); to != nil {
		l.add(f.expr, f.expr, own, to, other)
	}
}
