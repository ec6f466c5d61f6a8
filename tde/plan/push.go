package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// decided is what became of conditions.
type decided struct {
	stayed []Stayed
	pushed []ast.ExprNode
}

// where is the WHERE clause that reads every row of a table that one of its references could need: what each reference
// needs, joined by OR; nothing where one needs all.
func (n *narrower) where(refs []*reference, seen *decided) []Part {
	var all [][]Part
	every := false
	for _, r := range refs {
		c := n.condition(r, nil, mostHops, seen)
		every = every || c == nil
		if !slices.ContainsFunc(all, func(o []Part) bool { return partsString(o) == partsString(c) }) {
			all = append(all, c)
		}
	}
	if every {
		return nil
	}
	out := []Part{{Text: " WHERE "}}
	for i, c := range all {
		if i > 0 {
			out = appendText(out, " OR ")
		}
		if len(all) > 1 {
			out = appendText(out, "(")
		}
		out = appendParts(out, c)
		if len(all) > 1 {
			out = appendText(out, ")")
		}
	}
	return out
}

func appendParts(out, parts []Part) []Part {
	for _, p := range parts {
		out = appendPart(out, p)
	}
	return out
}

// conjunct is one of the conditions that AND joins in a WHERE or ON clause.
type conjunct struct {
	expr   ast.ExprNode
	clause ast.ExprNode
	// supplied: between the clause and the reference a join gives NULLs for the reference's columns. The condition must not
	// hold for those, or rows that it removes would come back as NULLs.
	supplied bool
}

// conditions are the conjuncts that decide which of a reference's rows count: those of WHERE, of ON above the reference,
// and for a side that an outer join supplies those of its ON.
func (r *reference) conditions() []conjunct {
	var out []conjunct
	add := func(e ast.ExprNode, below []joinStep) {
		supplied := slices.ContainsFunc(below, joinStep.supplied)
		for _, c := range conjuncts(e, nil) {
			out = append(out, conjunct{expr: c, clause: e, supplied: supplied})
		}
	}
	add(r.block.stmt.Where, r.path)
	for i, s := range r.path {
		outer := s.join.Tp == ast.LeftJoin || s.join.Tp == ast.RightJoin
		if s.join.On == nil || outer && !s.supplied() {
			continue
		}
		add(s.join.On.Expr, r.path[i+1:])
	}
	return out
}

// push makes a conjunct one that upstream decides for a reference's table, or one that lets more rows pass, or says why it
// stays. A conjunct that does not concern the reference gives neither.
func (b *block) push(r *reference, c conjunct) pushResult {
	names := &nameVisitor{block: b, ref: r}
	c.expr.Accept(names)
	if len(names.own) == 0 {
		return pushResult{}
	}
	one := b.again()
	one.widens = true
	start, end, found := one.locate(c.expr)
	stays := func(why string) pushResult {
		s := &Stayed{Why: why, Table: r.table, Column: names.sealed()}
		if found {
			s.Text = b.text[start:end]
		} else if text, ok := restore(c.expr); ok {
			s.Text = text
		}
		return pushResult{why: s}
	}
	switch {
	case names.nested:
		return stays("subquery")
	case names.other:
		return stays("reads other tables")
	case !found:
		return stays("not found in the text")
	case !steady(c.expr):
		return stays("differs from call to call")
	case c.supplied && !rejectsNull(c.expr):
		return stays("could hold for a row of NULLs that an outer join adds")
	}
	one.sources = []source{{db: r.db, alias: r.alias, table: r.table}}
	if parts := b.foldedRange(c.expr, func(n *ast.ColumnNameExpr) (string, *schema.Table, *schema.Column) {
		return "", r.table, r.table.Column(n.Name.Name.O)
	}); parts != nil {
		return pushResult{parts: parts, widened: true, folded: true}
	}
	if err := one.cond(c.expr); err != nil {
		return stays(whyStays(c.expr, names))
	}
	for _, n := range names.own {
		if !one.strip(n) {
			return stays("not found in the text")
		}
	}
	return pushResult{parts: one.wrap(c.expr, start, end), widened: one.widened}
}

// strip takes the qualifiers off a column's name, since the fetch reads one table.
func (b *block) strip(e *ast.ColumnNameExpr) bool {
	c, err := b.resolve(e)
	if err != nil {
		return false
	}
	name, ok := b.nameToken(c)
	if !ok {
		return false
	}
	if c.qual == 0 {
		return true
	}
	first := b.tokens[b.tokenAt(c.pos)]
	if slices.ContainsFunc(b.edits, func(e edit) bool { return e.start == name.Start }) {
		b.edits = append(b.edits, edit{first.Start, name.Start, nil})
	} else {
		b.edits = append(b.edits, edit{first.Start, name.End, []Part{{Text: quote(c.name)}}})
	}
	return true
}

// wrap is the text of a conjunct as one operand of AND.
func (b *block) wrap(e ast.ExprNode, start, end int) []Part {
	parts := b.parts(start, end)
	if n, ok := e.(*ast.BinaryOperationExpr); ok && (n.Op == opcode.LogicOr || n.Op == opcode.LogicXor) {
		parts = appendText(appendParts([]Part{{Text: "("}}, parts), ")")
	}
	if slices.ContainsFunc(parts, Part.compares) {
		return []Part{{Kind: PartCondition, Literal: -1, Expr: parts}}
	}
	return parts
}

// compares says whether a part is what a column is compared with.
func (p Part) compares() bool {
	switch p.Form {
	case CompareToken, CompareOrder, BelowOrder, AboveOrder, LikeLow, LikeHigh:
		return p.Kind == PartValue
	}
	return false
}

// nameVisitor sorts the names of columns in a conjunct.
type nameVisitor struct {
	block  *block
	ref    *reference
	own    []*ast.ColumnNameExpr // columns of the reference
	other  bool                  // others, or that could be
	nested bool                  // a subquery
}

// Enter implements ast.Visitor.
func (v *nameVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.SubqueryExpr, *ast.SelectStmt, *ast.SetOprStmt:
		v.nested = true
		return n, true
	case *ast.ColumnNameExpr:
		if v.ref.owns(e.Name) {
			v.own = append(v.own, e)
		} else {
			v.other = true
		}
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *nameVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// sealed is the first encrypted column among the reference's own.
func (v *nameVisitor) sealed() *schema.Column {
	for _, e := range v.own {
		if c := sealed(v.ref.table.Column(e.Name.Name.O)); c != nil {
			return c
		}
	}
	return nil
}

// owns says whether a name can mean nothing but a column of the reference's table.
func (r *reference) owns(n *ast.ColumnName) bool {
	if r.table.Column(n.Name.O) == nil {
		return false
	}
	if n.Table.O == "" {
		return r.ownsBare(n.Name.O)
	}
	for _, o := range r.block.refs {
		// Two tables of one alias and different databases are told apart by the database; here they are not.
		if o != r && sameIdent(o.alias, n.Table.O) {
			return false
		}
	}
	return sameIdent(r.alias, n.Table.O) && isASCII(n.Table.O) && isASCII(r.alias) && (n.Schema.O == "" || n.Schema.O == r.db)
}

// ownsBare says so of a name without qualifier: no other table has the column. One of a derived table of the same name
// would be ambiguous, unless a join merges the two.
func (r *reference) ownsBare(name string) bool {
	for _, o := range r.block.refs {
		if o == r {
			continue
		}
		if o.table == nil {
			if r.block.merges {
				return false
			}
			continue
		}
		if slices.ContainsFunc(o.table.Columns, func(c schema.Column) bool { return sameIdent(c.Name, name) }) {
			return false
		}
	}
	return true
}
