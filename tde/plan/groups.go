package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Groups says that the proxy aggregates a query's rows itself: the evaluator gets one row a group, with the results of the
// Calls, and runs Text over those. Where a value, a constant or a type turns out to be one of which only a server knows what
// becomes, the Split is done as if there were no Groups.
type Groups struct {
	// Fetch reads the rows, of one table or of a join, which upstream does. Its Filter is what they must fulfil beside what upstream decides.
	// Over: the rows are the groups that these come to, keys first, and Fetch has nothing but their columns.
	Over  *Groups
	Fetch Fetch
	Keys  []GroupKey // by which rows are grouped; none: all are one group
	Calls []Call
	// Text has aggregates of GroupColumn(i) in place of Calls, KeyColumn(i) in place of Keys, no WHERE, and PartGroups as its table.
	Text []Part
	// Answer says how groups become the answer without Text; nil: in no simple way.
	Answer *Sort
	// Indexed: an index of the table begins with the first key, so that servers may group in its order.
	Indexed bool
}

// GroupKey is an expression that rows are grouped by.
type GroupKey struct {
	Expr *Expression
	Item int // the item of the select list that it is; -1: none
}

// Call is an aggregate function.
type Call struct {
	Func     AggregateFunc
	Arg      *Expression // nil: of COUNT(*)
	Distinct bool        // of COUNT of a column
}

// AggregateFunc is SUM and such. An average is a sum and a count.
type AggregateFunc string

// The functions.
const (
	AggregateCount AggregateFunc = "COUNT"
	AggregateSum   AggregateFunc = "SUM"
	AggregateAvg   AggregateFunc = "AVG"
	AggregateMin   AggregateFunc = "MIN"
	AggregateMax   AggregateFunc = "MAX"
)

// KeyColumn is the column in which Text finds key i.
func KeyColumn(i int) string { return schema.Prefix + "k" + strconv.Itoa(i) }

// GroupColumn is the column in which Text finds the result of call i; part 1 is an average's count.
func GroupColumn(i, part int) string {
	return schema.Prefix + "g" + strconv.Itoa(i) + "_" + strconv.Itoa(part)
}

// maxCalls bounds the aggregates of one query.
const maxCalls = 40

// grouper plans Groups.
type grouper struct {
	*joined
	expresser
	stmt  *ast.SelectStmt
	keys  []ast.ExprNode // as the select list or GROUP BY has them
	calls []*ast.AggregateFuncExpr
	bare  map[*ast.AggregateFuncExpr]bool // those that are an item of the select list and nothing more
	names []keyName
	again bool // an item is named again, in HAVING or ORDER BY
	bad   bool
}

// keyName is a place that names a key.
type keyName struct {
	expr ast.ExprNode
	key  int
}

// groups plans the aggregation of a query, or returns nil.
func (n *narrower) groups(node ast.StmtNode) *Groups {
	s, ok := node.(*ast.SelectStmt)
	if !ok || n.block.read != n.block.text || !n.tree.groupable(s) {
		return nil
	}
	out := &Groups{}
	g, over := n.groupsOf(s)
	if out.Over = over; over == nil {
		if g = n.grouper(s); g != nil {
			g.witnesses = true
		}
	}
	if g == nil || !g.groupBy(out) || !g.inOrder(out) || !g.plan(out) || over == nil && !g.fetch(&out.Fetch) || !g.whole() || !g.text(out) {
		return nil
	}
	out.Answer = g.answer(out)
	if over != nil {
		out.Fetch.Table, out.Fetch.Columns = over.Fetch.Table, g.d.columns
	}
	return out
}

// grouper is one over the rows that a query reads, or nil.
func (n *narrower) grouper(s *ast.SelectStmt) *grouper {
	j := n.joined(s)
	if j == nil {
		return nil
	}
	return n.grouping(s, j)
}

func (n *narrower) grouping(s *ast.SelectStmt, j *joined) *grouper {
	g := &grouper{joined: j, stmt: s, bare: map[*ast.AggregateFuncExpr]bool{}}
	g.expresser = expresser{d: describer{block: n.block, find: j.column}, instead: g.item}
	j.describer, j.express = &g.expresser.d, g.describe
	return g
}

// plan plans the calls.
func (g *grouper) plan(out *Groups) bool {
	s := g.stmt
	s.Fields.Accept(g)
	if s.Having != nil {
		s.Having.Accept(g)
	}
	if s.OrderBy != nil {
		s.OrderBy.Accept(g)
	}
	if g.bad || len(g.calls) > maxCalls || len(g.calls)+len(g.keys) == 0 {
		return false
	}
	for _, a := range g.calls {
		c, ok := g.call(a)
		if !ok {
			return false
		}
		out.Calls = append(out.Calls, c)
	}
	return g.blind(out)
}

// whole says whether each query block of the statement is looked at: its rows, a derived table around it, a subquery that is decided.
func (g *grouper) whole() bool {
	return !slices.ContainsFunc(g.tree.blocks, func(q *queryBlock) bool {
		return q != g.block && q.stmt != g.stmt && !slices.Contains(g.decided, q)
	})
}

// groupable says whether a query has the outer shape.
func (t *tree) groupable(s *ast.SelectStmt) bool {
	if t.tuned() || s.Kind != ast.SelectStmtKindSelect || s.From == nil {
		return false
	}
	u := &t.uses
	return s.With == nil && s.SelectIntoOpt == nil && (!s.Distinct || s.GroupBy == nil && s.Having == nil && !grouped(s.Fields)) && len(s.WindowSpecs) == 0 &&
		(s.LockInfo == nil || s.LockInfo.LockType == ast.SelectLockNone) && !(s.SelectStmtOpts != nil && s.CalcFoundRows) &&
		(s.GroupBy == nil || !s.GroupBy.Rollup) && (s.GroupBy != nil || s.Distinct || grouped(s.Fields)) &&
		!t.shares && t.writes == nil && len(t.whole) == 0 && len(u.UserIn) == 0 && len(u.UserOut) == 0 && len(u.Functions) == 0 && !u.NoRows
}

// groupBy notes the keys.
func (g *grouper) groupBy(out *Groups) bool {
	if g.stmt.GroupBy == nil {
		return !g.stmt.Distinct || g.distinct(out)
	}
	for _, item := range g.stmt.GroupBy.Items {
		e := g.meant(unparen(item.Expr))
		if e == nil || slices.ContainsFunc(g.keys, func(k ast.ExprNode) bool { return sameExpr(k, e) }) {
			return false
		}
		if _, call := e.(*ast.FuncCallExpr); call && e == unparen(item.Expr) && len(literals(e)) > 0 {
			return false // it need not be the same as another one that reads alike
		}
		k := GroupKey{Expr: g.describe(e), Item: -1}
		if k.Expr == nil || k.Expr.Func == ExprLiteral {
			return false
		}
		for i, f := range g.stmt.Fields.Fields {
			if f.WildCard == nil && alike(unparen(f.Expr), e) {
				k.Item = i
			}
		}
		out.Keys, g.keys = append(out.Keys, k), append(g.keys, e)
		g.name(unparen(item.Expr), len(g.keys)-1)
	}
	return true
}

// distinct makes the columns of SELECT DISTINCT keys.
func (g *grouper) distinct(out *Groups) bool {
	for i, f := range g.stmt.Fields.Fields {
		if f.WildCard != nil {
			return false
		}
		n, ok := unparen(f.Expr).(*ast.ColumnNameExpr)
		if !ok || !g.has(n) || !g.plain(n) {
			return false
		}
		if slices.ContainsFunc(g.keys, func(k ast.ExprNode) bool { return g.same(k.(*ast.ColumnNameExpr), n) }) {
			continue
		}
		k := GroupKey{Expr: g.describe(n), Item: i}
		if k.Expr == nil || k.Expr.Func != ExprColumn {
			return false
		}
		out.Keys, g.keys = append(out.Keys, k), append(g.keys, n)
	}
	return true
}

// inOrder says whether groups come in the order that the query asks for. Without one they come as a server happens to find them: in the order of
// their first rows, which are upstream's first where it keeps rows in the table's own order.
func (g *grouper) inOrder(out *Groups) bool {
	if len(out.Keys) == 0 {
		return true
	}
	r := g.alone()
	if r == nil {
		return g.stmt.OrderBy != nil
	}
	first := out.Keys[0].Expr
	out.Indexed = first.Func == ExprColumn && slices.ContainsFunc(r.table.Indexes, func(ix schema.Index) bool {
		return len(ix.Parts) > 0 && strings.EqualFold(ix.Parts[0].Column, g.d.columns[first.Column].Name)
	})
	return g.stmt.OrderBy != nil || clustered(r.table)
}

// meant is the expression that an item of GROUP BY is: itself, or the item of the select list that goes by its name.
func (g *grouper) meant(e ast.ExprNode) ast.ExprNode {
	n, ok := e.(*ast.ColumnNameExpr)
	switch {
	case !ok:
		if _, call := e.(*ast.FuncCallExpr); call {
			return e
		}
		return nil
	case g.has(n):
		if g.plain(n) {
			return e
		}
		return nil
	case n.Name.Table.O != "" || g.couldHave(n):
		return nil
	}
	var found ast.ExprNode
	for _, f := range g.stmt.Fields.Fields {
		if f.AsName.O == "" || !sameIdent(f.AsName.O, n.Name.Name.O) {
			continue
		}
		if found != nil || !isASCII(f.AsName.O) {
			return nil
		}
		if found = unparen(f.Expr); found == nil {
			return nil
		}
	}
	return found
}

// alike says whether two expressions are one, or are the same and have no literals, of which only the places are known here.
func alike(a, b ast.ExprNode) bool { return a == b || len(literals(b)) == 0 && sameExpr(a, b) }

// name notes that a place names a key.
func (g *grouper) name(e ast.ExprNode, key int) { g.names = append(g.names, keyName{e, key}) }

// plain says whether a column's name cannot mean an item of the select list that is something else.
func (g *grouper) plain(e *ast.ColumnNameExpr) bool {
	return !slices.ContainsFunc(g.stmt.Fields.Fields, func(f *ast.SelectField) bool {
		if f.AsName.O == "" || f.WildCard != nil || isASCII(f.AsName.O) && !sameIdent(f.AsName.O, e.Name.Name.O) {
			return false
		}
		other, ok := unparen(f.Expr).(*ast.ColumnNameExpr)
		return !ok || !g.same(e, other)
	})
}

// Enter implements ast.Visitor: what is not within an aggregate must be of keys.
func (g *grouper) Enter(n ast.Node) (ast.Node, bool) {
	if call, ok := n.(*ast.FuncCallExpr); ok {
		if i := slices.IndexFunc(g.keys, func(k ast.ExprNode) bool { return alike(call, k) }); i >= 0 {
			g.name(call, i)
			return n, true
		}
	}
	switch e := n.(type) {
	case *ast.AggregateFuncExpr:
		g.calls = append(g.calls, e)
		return n, true
	case *ast.WindowFuncExpr, *ast.DefaultExpr, *ast.ValuesExpr, *ast.SubqueryExpr, *ast.VariableExpr:
		g.bad = true
	case *ast.SelectField:
		if g.bad = g.bad || e.WildCard != nil; e.Expr != nil {
			if a, ok := unparen(e.Expr).(*ast.AggregateFuncExpr); ok {
				g.bare[a] = true
			}
		}
	case *ast.PositionExpr:
		g.again = true
	case *ast.ColumnNameExpr:
		g.bad = g.bad || !g.known(e)
	}
	return n, g.bad
}

// Leave implements ast.Visitor.
func (g *grouper) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// known says whether a name is that of a key, or of an item of the select list.
func (g *grouper) known(e *ast.ColumnNameExpr) bool {
	if g.couldHave(e) {
		i := slices.IndexFunc(g.keys, func(k ast.ExprNode) bool {
			name, ok := k.(*ast.ColumnNameExpr)
			return ok && g.same(name, e)
		})
		if i >= 0 {
			g.name(e, i)
		}
		return i >= 0 && g.plain(e)
	}
	g.again = true
	return e.Name.Table.O == "" && isASCII(e.Name.Name.O) && slices.ContainsFunc(g.stmt.Fields.Fields, func(f *ast.SelectField) bool {
		return sameIdent(f.AsName.O, e.Name.Name.O)
	})
}

func (g *grouper) call(a *ast.AggregateFuncExpr) (c Call, ok bool) {
	c.Func, c.Distinct = AggregateFunc(strings.ToUpper(a.F)), a.Distinct
	if a.Order != nil || len(a.Args) != 1 || a.Distinct && c.Func != AggregateCount {
		return c, false
	}
	switch c.Func {
	case AggregateCount:
		if v, ok := a.Args[0].(interface{ GetValue() any }); ok && v.GetValue() != nil && !a.Distinct {
			return c, true // COUNT(*) or of a literal
		}
	case AggregateSum, AggregateAvg, AggregateMin, AggregateMax:
	default:
		return c, false
	}
	if c.Arg = g.describe(a.Args[0]); c.Arg == nil || a.Distinct && c.Arg.Func != ExprColumn {
		return c, false
	}
	return c, g.shows(&c, g.bare[a] && !g.again)
}

// shows says whether a call's result can stand for the call. bare: nothing is computed of it. MySQL goes on with more digits of
// an average than a division has, and warns in the aggregate's own words of dates: of computing with one, and of a NULL that it meets in
// a group on the way.
func (g *grouper) shows(c *Call, bare bool) bool {
	switch c.Func {
	case AggregateAvg:
		return bare
	case AggregateMin, AggregateMax:
		if c.Arg.Func != ExprColumn {
			return false
		}
		col := g.d.columns[c.Arg.Column]
		return col.Kind <= schema.KindDecimal || bare && (len(g.keys) == 0 || col.NotNull)
	}
	return true
}
