package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// joined are the rows that a query computes of: of one table or an inner join of several, or those of a derived table that is no more
// than expressions over such rows.
type joined struct {
	*narrower
	block      *queryBlock
	conditions []ast.ExprNode
	describer  *describer
	refs       []*reference  // of the describer's columns
	derived    string        // the derived table's name; its items stand for expressions
	inside     bool          // what is described is within the derived table
	decided    []*queryBlock // subqueries that conditions have, which are decided
	lead       string        // physical columns that are read before the describer's
	raw        []string      // and behind them
	witnesses  bool          // conditions may be Witnesses
	optional   *reference    // the last table, where it is joined by LEFT JOIN; else nil
	on         []ast.ExprNode
	express    func(ast.ExprNode) *Expression // of the rows' columns
	groups     *grouper                       // whose groups the derived table is; nil: it is plain rows
}

// joined finds what a query reads, or returns nil.
func (n *narrower) joined(s *ast.SelectStmt) *joined {
	j := &joined{narrower: n}
	if s.From.TableRefs.Right == nil {
		if src, ok := s.From.TableRefs.Left.(*ast.TableSource); ok {
			if inner, ok := src.Source.(*ast.SelectStmt); ok {
				if s.Where != nil || len(src.ColumnNames) > 0 || !plainRows(inner) || !isASCII(src.AsName.O) || src.AsName.O == "" {
					return nil
				}
				j.derived, s = src.AsName.O, inner
			}
		}
	}
	if j.block = n.tree.blockOf(s); j.block == nil || j.block.merges || !j.tables(s.From.TableRefs) {
		return nil
	}
	j.conditions = conjuncts(s.Where, j.conditions)
	for i, r := range j.block.refs {
		if r.table == nil || r.table.Describes() || r.table.Sequence() || !isASCII(r.alias) ||
			slices.ContainsFunc(r.table.Columns, func(c schema.Column) bool { return c.Generated }) ||
			slices.ContainsFunc(j.block.refs[:i], func(o *reference) bool { return sameIdent(o.alias, r.alias) }) {
			return nil
		}
	}
	return j
}

// plainRows says whether a derived table is expressions over rows.
func plainRows(s *ast.SelectStmt) bool {
	return rowByRow(s) && s.From != nil && !s.Distinct && s.With == nil && s.SelectIntoOpt == nil &&
		(s.LockInfo == nil || s.LockInfo.LockType == ast.SelectLockNone) && !(s.SelectStmtOpts != nil && s.CalcFoundRows) &&
		!slices.ContainsFunc(s.Fields.Fields, func(f *ast.SelectField) bool { return f.WildCard != nil })
}

// tables goes through a whole FROM clause.
func (j *joined) tables(n *ast.Join) bool {
	if inner, ok := n.Left.(*ast.Join); ok && n.Right == nil {
		n = inner
	}
	if n.Tp == ast.LeftJoin && n.Right != nil {
		return j.outer(n)
	}
	return j.from(n)
}

// from goes through a FROM clause of inner joins.
func (j *joined) from(node ast.ResultSetNode) bool {
	switch n := node.(type) {
	case *ast.Join:
		if n.Tp == ast.LeftJoin || n.Tp == ast.RightJoin || n.NaturalJoin || len(n.Using) > 0 || !j.from(n.Left) || n.Right != nil && !j.from(n.Right) {
			return false
		}
		if n.On != nil {
			j.conditions = conjuncts(n.On.Expr, j.conditions)
		}
		return true
	case *ast.TableSource:
		switch src := n.Source.(type) {
		case *ast.TableName:
			return len(src.IndexHints) == 0
		case *ast.Join:
			return j.from(src)
		}
	}
	return false
}

// alone is the only table, or nil.
func (j *joined) alone() *reference {
	if len(j.block.refs) == 1 && j.derived == "" {
		return j.block.refs[0]
	}
	return nil
}

// alias is a name for what the rows come to.
func (j *joined) alias() string {
	if r := j.alone(); r != nil {
		return r.alias
	}
	return schema.Prefix + "groups"
}

// owner is the table that a name within the rows' own query block is of, with its column.
func (j *joined) owner(e *ast.ColumnNameExpr) (*reference, *schema.Column) {
	for _, r := range j.block.refs {
		if r.owns(e.Name) {
			return r, r.table.Column(e.Name.Name.O)
		}
	}
	return nil, nil
}

// field is the item of the derived table that a name means.
func (j *joined) field(e *ast.ColumnNameExpr) ast.ExprNode {
	n := e.Name
	if n.Schema.O != "" || n.Table.O != "" && !sameIdent(n.Table.O, j.derived) || !isASCII(n.Name.O) {
		return nil
	}
	var found ast.ExprNode
	for _, f := range j.block.stmt.Fields.Fields {
		name := f.AsName.O
		if c, ok := unparen(f.Expr).(*ast.ColumnNameExpr); ok && name == "" {
			name = c.Name.Name.O
		}
		if !sameIdent(name, n.Name.O) {
			continue
		}
		if found != nil || !isASCII(name) {
			return nil
		}
		found = unparen(f.Expr)
	}
	return found
}

// column is a describer's find.
func (j *joined) column(e *ast.ColumnNameExpr) int {
	if j.groups != nil {
		return j.groups.result(j.field(e))
	}
	if j.derived != "" && !j.inside {
		inner, ok := j.field(e).(*ast.ColumnNameExpr)
		if !ok {
			return -1
		}
		e = inner
	}
	r, c := j.owner(e)
	if r == nil {
		return -1
	}
	return j.index(r, c)
}

// index is a column's place among those that are read.
func (j *joined) index(r *reference, c *schema.Column) int {
	for i, o := range j.describer.columns {
		if o == c && j.refs[i] == r {
			return i
		}
	}
	j.describer.columns, j.refs = append(j.describer.columns, c), append(j.refs, r)
	return len(j.refs) - 1
}

// item describes the expression of the derived table that a name stands for.
func (g *grouper) item(e *ast.ColumnNameExpr) *Expression {
	if g.derived == "" || g.inside || g.groups != nil {
		return nil
	}
	x := g.field(e)
	if x == nil {
		return nil
	}
	g.inside = true
	defer func() { g.inside = false }()
	return g.describe(x)
}

// has says whether a name in the aggregating query is that of a column of its rows.
func (j *joined) has(e *ast.ColumnNameExpr) bool {
	if j.derived != "" {
		return j.field(e) != nil
	}
	r, _ := j.owner(e)
	return r != nil
}

// couldHave says whether it could be.
func (j *joined) couldHave(e *ast.ColumnNameExpr) bool {
	if j.derived != "" {
		return e.Name.Table.O != "" || slices.ContainsFunc(j.block.stmt.Fields.Fields, func(f *ast.SelectField) bool {
			name := f.AsName.O
			if c, ok := unparen(f.Expr).(*ast.ColumnNameExpr); ok && name == "" {
				name = c.Name.Name.O
			}
			return sameIdent(name, e.Name.Name.O)
		})
	}
	return slices.ContainsFunc(j.block.refs, func(r *reference) bool { return r.couldOwn(e.Name) })
}

// same says whether two names mean one column of the rows.
func (j *joined) same(a, b *ast.ColumnNameExpr) bool {
	if j.derived != "" {
		x := j.field(a)
		return x != nil && x == j.field(b)
	}
	ra, ca := j.owner(a)
	rb, cb := j.owner(b)
	return ra != nil && ra == rb && ca == cb
}

// fetch plans the reading of the rows, all of whose conditions must be decided before they are computed of.
func (j *joined) fetch(f *Fetch) bool {
	j.inside = true
	if j.express != nil {
		j.describer.comparands = &comparands{j.express, j.scalar}
	}
	defer func() { j.inside, j.describer.comparands = false, nil }()
	var where []Part
	tied := newTies(j.block.refs)
	for _, c := range slices.Concat(j.conditions, j.common()) {
		if j.optional != nil && !j.required(c) {
			return false
		}
		if parts := j.subquery(c); parts != nil {
			where = appendParts(and(where), parts)
			continue
		}
		if j.witness(c, f) {
			continue
		}
		parts, exact, bound := j.upstream(c)
		if parts != nil {
			where = appendParts(and(where), parts)
			tied.note(j, c)
		}
		if exact || !slices.Contains(j.conditions, c) {
			continue
		}
		p := j.describer.predicate(c)
		if p == nil {
			return false
		}
		f.Filter = append(f.Filter, Conjunct{Predicate: p, Bound: bound})
	}
	var on []Part
	if j.optional != nil {
		var ok bool
		f.Outer = &Outer{}
		if on, ok = j.matches(f.Outer, tied); !ok {
			return false
		}
	}
	if !tied.all() {
		return false // rows of one table with all of another are too many to send
	}
	if len(j.block.refs) > 1 && j.optional == nil {
		for _, r := range j.block.refs {
			if keys := j.keys(r, quote(r.alias)+"."); keys != nil {
				where = appendParts(and(where), keys)
			}
		}
	}
	if len(j.refs) == 0 && j.lead == "" {
		j.some()
	}
	f.Table, f.Columns, f.Full = j.block.refs[0].table, j.describer.columns, where == nil
	f.Of = make([]*schema.Table, len(j.refs))
	q := "SELECT "
	if j.lead != "" {
		q += j.lead
	}
	for i, r := range j.refs {
		f.Of[i] = r.table
		if i > 0 || j.lead != "" {
			q += ", "
		}
		if c := f.Columns[i]; c.Storage == schema.StoredCell {
			q += quote(r.alias) + "." + quote(c.Name)
		} else {
			q += c.ReadBack(quote(r.alias) + ".")
		}
	}
	q += j.raws()
	for i, r := range j.block.refs {
		sep := map[bool]string{true: " FROM ", false: ", "}[i == 0]
		if r == j.optional {
			sep = " LEFT JOIN "
		}
		q += sep + tableName(r.table) + " AS " + quote(r.alias)
	}
	f.SQL = appendText(nil, q)
	if j.optional != nil {
		f.SQL = appendParts(appendText(f.SQL, " ON "), on)
		for _, r := range j.refs {
			f.Outer.Columns = append(f.Outer.Columns, r == j.optional)
		}
	}
	if where != nil {
		f.SQL = appendParts(appendText(f.SQL, " WHERE "), where)
	}
	if r := j.alone(); r != nil && j.extremes([]*reference{r}, where) != nil {
		return false // one row will do
	}
	return true
}

// some makes one column be read, where rows are only counted.
func (j *joined) some() {
	r := j.block.refs[0]
	for i := range r.table.Columns {
		if c := &r.table.Columns[i]; sealed(c) == nil {
			j.index(r, c)
			return
		}
	}
	j.index(r, &r.table.Columns[0])
}

// upstream makes a condition one that upstream decides, or that lets more rows pass; exact says that it surely decides it, bound that it
// does where the condition's constants can be bound.
func (j *joined) upstream(e ast.ExprNode) (parts []Part, exact, bound bool) {
	v := &ownVisitor{joined: j}
	if e.Accept(v); v.other || !v.own || !steady(e) {
		return nil, false, false
	}
	one := j.narrower.block.again()
	if parts := one.foldedRange(e, func(n *ast.ColumnNameExpr) (string, *schema.Table, *schema.Column) {
		r, c := j.owner(n)
		return quote(r.alias) + ".", r.table, c
	}); parts != nil {
		return parts, false, true
	}
	one.widens = true
	start, end, found := one.locate(e)
	if !found {
		return nil, false, false
	}
	for _, r := range j.block.refs {
		one.sources = append(one.sources, source{db: r.db, alias: r.alias, table: r.table})
	}
	if one.cond(e) != nil {
		return nil, false, false
	}
	parts = one.wrap(e, start, end)
	bound = !one.widened
	return parts, bound && !slices.ContainsFunc(parts, func(p Part) bool { return p.Kind == PartCondition }), bound
}

// ownVisitor says of what a condition's names are.
type ownVisitor struct {
	*joined
	own, other bool
}

// Enter implements ast.Visitor.
func (v *ownVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.SubqueryExpr, *ast.SelectStmt, *ast.SetOprStmt:
		v.other = true
	case *ast.ColumnNameExpr:
		r, _ := v.owner(e)
		v.own, v.other = true, v.other || r == nil
	}
	return n, v.other
}

// Leave implements ast.Visitor.
func (v *ownVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// common are the conditions that all sides of an OR have.
func (j *joined) common() (out []ast.ExprNode) {
	for _, c := range j.conditions {
		sides := disjuncts(c, nil)
		if len(sides) < 2 {
			continue
		}
		for _, e := range conjuncts(sides[0], nil) {
			if !slices.ContainsFunc(sides[1:], func(s ast.ExprNode) bool {
				return !slices.ContainsFunc(conjuncts(s, nil), func(o ast.ExprNode) bool { return sameExpr(e, o) })
			}) && len(literals(e)) == 0 {
				out = append(out, e)
			}
		}
	}
	return out
}

// literals are the places of literals in an expression: two that read alike there may differ.
func literals(e ast.ExprNode) []int {
	p := &positions{}
	e.Accept(p)
	return p.literals
}

// disjuncts are the conditions that OR joins in an expression.
func disjuncts(e ast.ExprNode, out []ast.ExprNode) []ast.ExprNode {
	e = unparen(e)
	if n, ok := e.(*ast.BinaryOperationExpr); ok && n.Op == opcode.LogicOr {
		return disjuncts(n.R, disjuncts(n.L, out))
	}
	return append(out, e)
}

// ties are the tables that conditions join by equal columns.
type ties struct {
	refs []*reference
	of   []int // a number that tables which are tied have in common
}

func newTies(refs []*reference) *ties {
	t := &ties{refs: refs}
	for i := range refs {
		t.of = append(t.of, i)
	}
	return t
}

func (t *ties) note(j *joined, e ast.ExprNode) {
	x, y, ok := columnsEqual(e)
	if !ok {
		return
	}
	a, _ := j.owner(x)
	b, _ := j.owner(y)
	ia, ib := slices.Index(t.refs, a), slices.Index(t.refs, b)
	if ia < 0 || ib < 0 {
		return
	}
	from, to := t.of[ia], t.of[ib]
	for i := range t.of {
		if t.of[i] == from {
			t.of[i] = to
		}
	}
}

func (t *ties) all() bool {
	return !slices.ContainsFunc(t.of, func(n int) bool { return n != t.of[0] })
}
