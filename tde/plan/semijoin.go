package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// mostHops bounds how many tables lie between a fetch's own and the one whose condition narrows it.
const mostHops = 4

// narrower finds out which rows of a reference could be needed: those that fulfil its own conditions and have partners
// among the needed rows of the references that the query compares it with.
//
// Why leaving out the others is sound: rows that fail a condition of one reference can go from its table without a change
// of the answer. Let S be a reference whose table is so narrowed already. In R.a = S.b, the value of S.b is then one of
// the narrowed table's, or NULL. So the comparison is not true for a row of R that has no partner there, wherever it stands
// and whatever is around it: "R.a IN (SELECT b FROM S WHERE …)" is a condition of R alone, and one that is not true of
// NULL. That the fetch of S may read more than the narrowed table, since other places name it as well or a condition could
// not be bound, only lets more rows of R pass.
type narrower struct {
	*block
	tree    *tree
	filters map[*ast.SelectStmt]filter
	pushes  map[pushed]pushResult
	// locks: a locking read sees what others have committed since the snapshot was taken, which a table read beside it
	// does not. Then no fetch depends on another's table.
	locks bool
}

// filter is a conjunct `expr IN (subquery)`: of the subquery's rows only those count that are equal to the expression.
type filter struct {
	outer *queryBlock
	expr  ast.ExprNode
}

type pushed struct {
	ref  *reference
	expr ast.ExprNode
}

// pushResult is what became of a conjunct for a reference.
type pushResult struct {
	parts   []Part
	widened bool // parts let more rows pass
	folded  bool // only where a constant cannot be computed
	why     *Stayed
}

func newNarrower(b *block, t *tree) *narrower {
	n := &narrower{block: b, tree: t, filters: map[*ast.SelectStmt]filter{}, pushes: map[pushed]pushResult{}}
	n.locks = t.shares || t.writes != nil
	for _, q := range t.blocks {
		n.locks = n.locks || q.stmt.LockInfo != nil && q.stmt.LockInfo.LockType != ast.SelectLockNone
		n.filter(q, q.stmt.Where)
		for _, r := range q.refs {
			for _, s := range r.path {
				if s.join.On != nil {
					n.filter(q, s.join.On.Expr)
				}
			}
		}
	}
	return n
}

// filter notes the subqueries that a clause uses to filter only.
func (n *narrower) filter(q *queryBlock, clause ast.ExprNode) {
	for _, c := range conjuncts(clause, nil) {
		if in, ok := c.(*ast.PatternInExpr); ok && !in.Not {
			if sub := subselect(in.Sel); sub != nil {
				n.filters[sub] = filter{q, in.Expr}
			}
		}
	}
}

// subselect is the query block that an expression is as a subquery, or nil.
func subselect(e ast.ExprNode) *ast.SelectStmt {
	if e == nil {
		return nil
	}
	sub, ok := unparen(e).(*ast.SubqueryExpr)
	if !ok {
		return nil
	}
	s, _ := sub.Query.(*ast.SelectStmt)
	return s
}

// push is block.push, once for each condition.
func (n *narrower) push(r *reference, c conjunct) pushResult {
	key := pushed{r, c.expr}
	res, ok := n.pushes[key]
	if !ok {
		res = n.block.push(r, c)
		n.pushes[key] = res
	}
	return res
}

// condition is what rows of one reference must fulfil to be of use; nil where any could be. seen are references that it
// must not go to, hops is how far it may go, became notes what became of the conditions and may be nil.
func (n *narrower) condition(r *reference, seen []*reference, hops int, became *decided) []Part {
	own := hops == mostHops
	joins, said := n.semiJoins(r, seen, hops)
	var out []Part
	for _, c := range r.conditions() {
		if slices.Contains(said, c.expr) {
			continue
		}
		res := n.push(r, c)
		if own && res.parts == nil {
			res = n.subquery(r, c, res)
		}
		became.note(c.expr, res.parts != nil && !res.widened, res.why)
		if res.parts != nil {
			out = appendParts(and(out), res.parts)
		}
	}
	for _, j := range joins {
		out = append(and(out), j)
	}
	return out
}

// note keeps what became of one condition.
func (d *decided) note(e ast.ExprNode, pushed bool, why *Stayed) {
	if d == nil {
		return
	}
	if why != nil && !slices.Contains(d.stayed, *why) {
		d.stayed = append(d.stayed, *why)
	}
	if pushed {
		d.pushed = append(d.pushed, e)
	}
}

func and(out []Part) []Part {
	if out == nil {
		return nil
	}
	return appendText(out, " AND ")
}

// barren says whether a semi-join is narrowed by nothing but lists of tables farther away.
func barren(parts []Part) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Kind == PartJoin }) && onlyLists(parts)
}

func onlyLists(parts []Part) bool {
	return !slices.ContainsFunc(parts, func(p Part) bool {
		return p.Kind != PartText && p.Kind != PartKeys && !(p.Kind == PartJoin && onlyLists(p.Expr))
	})
}

// semiJoins are the conditions of a reference that its partners make, and the query's conditions that are in them.
func (n *narrower) semiJoins(r *reference, seen []*reference, hops int) (joins []Part, decided []ast.ExprNode) {
	if n.locks || hops == 0 {
		return nil, nil
	}
	var links []*link
	around := append(slices.Clone(seen), r)
	for _, l := range n.links(r) {
		if !slices.Contains(around, l.to) {
			links = append(links, l)
		}
	}
	for _, l := range links {
		around = append(around, l.to)
	}
	for _, l := range links {
		where := n.condition(l.to, around, hops-1, nil)
		if keys := n.keys(l.to, ""); keys != nil {
			where = appendParts(and(where), keys)
		}
		if where == nil || barren(where) && n.list(r) >= 0 {
			continue // the reference's own list says more than those of others
		}
		joins = append(joins, Part{Kind: PartJoin, Literal: -1, Expr: appendParts([]Part{{Text: l.head()}}, appendText(where, ")"))})
		decided = append(decided, l.said...)
	}
	return joins, decided
}
