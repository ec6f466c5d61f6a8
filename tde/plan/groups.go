package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Groups says that the proxy aggregates a query's rows itself: the evaluator gets one row a group, with the results of the
// Calls, and runs Text over those. Where a value, a constant or a type turns out to be one of which only a server knows what
// becomes, the Split is done as if there were no Groups.
type Groups struct {
	// Fetch reads the rows. Its Filter is what they must fulfil beside what upstream decides.
	Fetch Fetch
	Keys  []int // by which rows are grouped: indexes into the Fetch's Columns; none: all are one group
	Calls []Call
	// Text has aggregates of GroupColumn(i) in place of Calls, no WHERE, and PartGroups as its table.
	Text []Part
	// Indexed: an index of the table begins with the first key, so that servers may group in its order.
	Indexed bool
}

// Call is an aggregate function.
type Call struct {
	Func AggregateFunc
	Arg  *Arithmetic // nil: of COUNT(*)
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

// Arithmetic is an expression of columns, literals, + - and *.
type Arithmetic struct {
	Op      ArithmeticOp
	Column  int // index into the Fetch's Columns
	Literal int
	Args    []*Arithmetic
}

// ArithmeticOp is what an Arithmetic does.
type ArithmeticOp uint8

// Operations; ArithmeticMinus has one operand or two.
const (
	ArithmeticColumn ArithmeticOp = iota
	ArithmeticLiteral
	ArithmeticPlus
	ArithmeticMinus
	ArithmeticTimes
)

// GroupColumn is the column in which Text finds the result of call i; part 1 is an average's count.
func GroupColumn(i, part int) string {
	return schema.Prefix + "g" + strconv.Itoa(i) + "_" + strconv.Itoa(part)
}

// maxCalls bounds the aggregates of one query.
const maxCalls = 40

// grouper plans Groups.
type grouper struct {
	*narrower
	describer
	stmt  *ast.SelectStmt
	keys  []*schema.Column
	calls []*ast.AggregateFuncExpr
	bare  map[*ast.AggregateFuncExpr]bool // those that are an item of the select list and nothing more
	again bool                            // an item is named again, in HAVING or ORDER BY
	bad   bool
}

// groups plans the aggregation of a query of one table, or returns nil.
func (n *narrower) groups(node ast.StmtNode) *Groups {
	s, ok := node.(*ast.SelectStmt)
	if !ok || n.block.read != n.block.text || !n.tree.groupable(s) {
		return nil
	}
	ref := n.tree.blocks[0].refs[0]
	g := &grouper{narrower: n, stmt: s, bare: map[*ast.AggregateFuncExpr]bool{}, describer: describer{block: n.block, ref: ref, columns: n.tree.named(ref)}}
	out := &Groups{}
	if !g.groupBy(out) {
		return nil
	}
	s.Fields.Accept(g)
	if s.Having != nil {
		s.Having.Accept(g)
	}
	if s.OrderBy != nil {
		s.OrderBy.Accept(g)
	}
	if g.bad || len(g.calls) > maxCalls || len(g.calls)+len(g.keys) == 0 {
		return nil
	}
	for _, a := range g.calls {
		c, ok := g.call(a)
		if !ok {
			return nil
		}
		out.Calls = append(out.Calls, c)
	}
	if !g.fetch(&out.Fetch) || !g.text(out) {
		return nil
	}
	return out
}

// groupable says whether a query has the outer shape.
func (t *tree) groupable(s *ast.SelectStmt) bool {
	if len(t.blocks) != 1 || len(t.blocks[0].refs) != 1 || t.tuned() || s.Kind != ast.SelectStmtKindSelect || s.From == nil {
		return false
	}
	ref := t.blocks[0].refs[0]
	src, ok := s.From.TableRefs.Left.(*ast.TableSource)
	if !ok || s.From.TableRefs.Right != nil || ref.table == nil || ref.table.Describes() {
		return false
	}
	name, ok := src.Source.(*ast.TableName)
	u := &t.uses
	return ok && len(name.IndexHints) == 0 && s.With == nil && s.SelectIntoOpt == nil && !s.Distinct && len(s.WindowSpecs) == 0 &&
		(s.LockInfo == nil || s.LockInfo.LockType == ast.SelectLockNone) && !(s.SelectStmtOpts != nil && s.CalcFoundRows) &&
		(s.GroupBy == nil || !s.GroupBy.Rollup) && (s.GroupBy != nil || grouped(s.Fields)) &&
		!t.shares && t.writes == nil && len(t.whole) == 0 && len(u.UserIn) == 0 && len(u.UserOut) == 0 && len(u.Functions) == 0 && !u.NoRows &&
		!slices.ContainsFunc(ref.table.Columns, func(c schema.Column) bool { return c.Generated })
}

// named are the columns that the query names; some column, where it names none.
func (t *tree) named(r *reference) (out []*schema.Column) {
	for i := range r.table.Columns {
		c := &r.table.Columns[i]
		if slices.ContainsFunc(t.names, func(n *ast.ColumnName) bool { return couldMean(n, c, []*reference{r}) }) {
			out = append(out, c)
		}
	}
	if len(out) > 0 {
		return out
	}
	for i := range r.table.Columns {
		if c := &r.table.Columns[i]; sealed(c) == nil {
			return []*schema.Column{c}
		}
	}
	return []*schema.Column{&r.table.Columns[0]}
}

// groupBy notes the keys. Without an order that the query asks for, groups come as a server happens to find them: in the order of
// their first rows, which are upstream's first where it keeps rows in the table's own order.
func (g *grouper) groupBy(out *Groups) bool {
	if g.stmt.GroupBy == nil {
		return true
	}
	for _, item := range g.stmt.GroupBy.Items {
		i := g.column(item.Expr)
		if i < 0 || !g.plain(unparen(item.Expr).(*ast.ColumnNameExpr).Name) {
			return false
		}
		out.Keys = append(out.Keys, i)
		g.keys = append(g.keys, g.columns[i])
	}
	out.Indexed = slices.ContainsFunc(g.ref.table.Indexes, func(ix schema.Index) bool {
		return len(ix.Parts) > 0 && strings.EqualFold(ix.Parts[0].Column, g.keys[0].Name)
	})
	return g.stmt.OrderBy != nil || clustered(g.ref.table)
}

// plain says whether a column's name cannot mean an item of the select list that is something else.
func (g *grouper) plain(name *ast.ColumnName) bool {
	return !slices.ContainsFunc(g.stmt.Fields.Fields, func(f *ast.SelectField) bool {
		if f.AsName.O == "" || f.WildCard != nil || isASCII(f.AsName.O) && !sameIdent(f.AsName.O, name.Name.O) {
			return false
		}
		i := g.column(f.Expr)
		return i < 0 || !sameIdent(g.columns[i].Name, name.Name.O)
	})
}

// Enter implements ast.Visitor: what is not within an aggregate must be of keys.
func (g *grouper) Enter(n ast.Node) (ast.Node, bool) {
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
	if g.ref.table.Column(e.Name.Name.O) != nil {
		i := g.column(e)
		return i >= 0 && slices.Contains(g.keys, g.columns[i]) && g.plain(e.Name)
	}
	g.again = true
	return e.Name.Table.O == "" && isASCII(e.Name.Name.O) && slices.ContainsFunc(g.stmt.Fields.Fields, func(f *ast.SelectField) bool {
		return sameIdent(f.AsName.O, e.Name.Name.O)
	})
}

func (g *grouper) call(a *ast.AggregateFuncExpr) (c Call, ok bool) {
	c.Func = AggregateFunc(strings.ToUpper(a.F))
	if a.Distinct || a.Order != nil || len(a.Args) != 1 {
		return c, false
	}
	switch c.Func {
	case AggregateCount:
		if v, ok := a.Args[0].(interface{ GetValue() any }); ok && v.GetValue() != nil {
			return c, true // COUNT(*) or of a literal
		}
	case AggregateSum, AggregateAvg, AggregateMin, AggregateMax:
	default:
		return c, false
	}
	c.Arg, ok = g.arithmetic(a.Args[0])
	return c, ok && g.shows(&c, g.bare[a] && !g.again)
}

// shows says whether a call's result can stand for the call. bare: nothing is computed of it. MySQL goes on with more digits of
// an average than a division has, and warns in the aggregate's own words of dates: of computing with one, and of a NULL that it meets in
// a group on the way.
func (g *grouper) shows(c *Call, bare bool) bool {
	switch c.Func {
	case AggregateAvg:
		return bare
	case AggregateMin, AggregateMax:
		if c.Arg.Op != ArithmeticColumn {
			return false
		}
		col := g.columns[c.Arg.Column]
		return col.Kind <= schema.KindDecimal || bare && (len(g.keys) == 0 || col.NotNull)
	}
	return true
}

// arithmetic describes an expression. That literals and types fit is for the executor to see.
func (g *grouper) arithmetic(e ast.ExprNode) (*Arithmetic, bool) {
	switch n := unparen(e).(type) {
	case *ast.ColumnNameExpr:
		i := g.column(n)
		return &Arithmetic{Op: ArithmeticColumn, Column: i}, i >= 0
	case *ast.UnaryOperationExpr:
		a, ok := g.arithmetic(n.V)
		return &Arithmetic{Op: ArithmeticMinus, Args: []*Arithmetic{a}}, ok && n.Op == opcode.Minus
	case *ast.BinaryOperationExpr:
		op, ok := map[opcode.Op]ArithmeticOp{opcode.Plus: ArithmeticPlus, opcode.Minus: ArithmeticMinus, opcode.Mul: ArithmeticTimes}[n.Op]
		if !ok {
			return nil, false
		}
		a, oka := g.arithmetic(n.L)
		b, okb := g.arithmetic(n.R)
		return &Arithmetic{Op: op, Args: []*Arithmetic{a, b}}, oka && okb
	}
	i, ok := g.narrower.literal(e)
	return &Arithmetic{Op: ArithmeticLiteral, Literal: i}, ok
}

// fetch plans the reading of the rows, all of whose conditions must be decided before they are aggregated.
func (g *grouper) fetch(f *Fetch) bool {
	f.Table, f.Columns = g.ref.table, g.columns
	for _, c := range g.ref.conditions() {
		res := g.push(g.ref, c)
		if res.parts != nil && !res.widened && !slices.ContainsFunc(res.parts, func(p Part) bool { return p.Kind == PartCondition }) {
			continue
		}
		p := g.predicate(c.expr)
		if p == nil {
			return false
		}
		f.Filter = append(f.Filter, Conjunct{Predicate: p})
	}
	f.SQL = appendText(nil, f.selection()+" FROM "+tableName(f.Table))
	var seen decided
	where := g.where([]*reference{g.ref}, &seen)
	f.SQL, f.Full, f.Stayed = append(f.SQL, where...), where == nil, seen.stayed
	return g.extremes([]*reference{g.ref}, where) == nil // or one row will do
}

// text makes the evaluator's statement of the client's.
func (g *grouper) text(out *Groups) bool {
	b := *g.narrower.block
	from := b.word("FROM")
	if from < 0 {
		return false
	}
	end, stop := from, len(b.text)
	for _, w := range []string{"GROUP", "HAVING", "ORDER", "LIMIT"} {
		if i := findWord(b.text, b.tokens, w, from); i >= 0 && b.tokens[i].Start < stop {
			end, stop = i, b.tokens[i].Start
		}
	}
	if end == from {
		end = len(b.tokens)
	}
	own := []edit{{b.tokens[from].Start, stop, []Part{
		{Text: "FROM "}, {Kind: PartGroups, Literal: -1}, {Text: " AS " + quote(g.ref.alias) + " "},
	}}}
	n := 0
	for i := 0; i+1 < len(b.tokens); i++ {
		if i == from {
			i = end
		}
		if !b.aggregates(i) {
			continue
		}
		close := b.closing(i + 1)
		if n == len(g.calls) || close >= len(b.tokens) {
			return false
		}
		start, stop := b.tokens[i].Start, b.tokens[close].End
		x := parseExpr(b.read[start:stop], b.env.Mode)
		if x == nil || !sameExpr(x, g.calls[n]) {
			return false
		}
		own = append(own, edit{start, stop, []Part{{Text: out.Calls[n].replacement(n)}}})
		i, n = close, n+1
	}
	if n != len(g.calls) {
		return false
	}
	b.edits = slices.DeleteFunc(slices.Clone(b.edits), func(e edit) bool {
		return slices.ContainsFunc(own, func(o edit) bool { return e.start >= o.start && e.end <= o.end && e.start < e.end })
	})
	b.edits = append(b.edits, own...)
	out.Text = b.parts(0, len(b.text))
	return true
}

// aggregates says whether an aggregate function begins at token i.
func (b *block) aggregates(i int) bool {
	return i+1 < len(b.tokens) && b.tokens[i].Kind == TokWord && b.is(i+1, "(") && (i == 0 || !b.is(i-1, ".")) &&
		slices.ContainsFunc([]string{"SUM", "COUNT", "AVG", "MIN", "MAX"}, func(w string) bool { return b.is(i, w) })
}

// replacement gives call i of the one row that each group has.
func (c *Call) replacement(i int) string {
	of := func(part int) string { return "MAX(" + GroupColumn(i, part) + ")" }
	if c.Func == AggregateAvg {
		return "(" + of(0) + "/" + of(1) + ")"
	}
	return of(0)
}
