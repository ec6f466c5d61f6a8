package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Reads is what reads the rows: its own Fetch, or that of the groups which are its rows.
func (g *Groups) Reads() *Fetch {
	if g.Over != nil {
		return g.Over.Reads()
	}
	return &g.Fetch
}

// groupsOf plans the aggregation of the groups of a derived table; over is nil where the FROM clause is something else, or its groups
// are not those that the proxy makes.
func (n *narrower) groupsOf(s *ast.SelectStmt) (g *grouper, over *Groups) {
	if s.From.TableRefs.Right != nil || s.Where != nil {
		return nil, nil
	}
	src, ok := s.From.TableRefs.Left.(*ast.TableSource)
	if !ok || !isASCII(src.AsName.O) || src.AsName.O == "" || len(src.ColumnNames) > 0 {
		return nil, nil
	}
	inner, ok := src.Source.(*ast.SelectStmt)
	if !ok || inner.GroupBy == nil || inner.Having != nil || inner.OrderBy != nil || inner.Limit != nil || !n.tree.groupable(inner) {
		return nil, nil
	}
	i := n.grouper(inner)
	over = &Groups{}
	if i == nil || i.derived != "" || !i.groupBy(over) || !i.plan(over) || !i.fetch(&over.Fetch) {
		return nil, nil
	}
	j := &joined{narrower: n, block: i.joined.block, derived: src.AsName.O, decided: i.decided, groups: i}
	columns, ok := i.results(over)
	if !ok {
		return nil, nil
	}
	g = n.grouping(s, j)
	g.d.columns, j.refs = columns, make([]*reference, len(columns))
	return g, over
}

// results are the columns of groups: keys, and the counts that calls come to. Of other calls only a server knows the type.
func (g *grouper) results(out *Groups) (columns []*schema.Column, ok bool) {
	for _, k := range out.Keys {
		if k.Expr.Func != ExprColumn {
			return nil, false
		}
		columns = append(columns, g.d.columns[k.Expr.Column])
	}
	for i, c := range out.Calls {
		if c.Func != AggregateCount {
			return nil, false
		}
		columns = append(columns, &schema.Column{Name: GroupColumn(i, 0), Kind: schema.KindBigInt, SQLType: "bigint", NotNull: true})
	}
	return columns, true
}

// result is the index of the key or call that an item of the groups' select list is, or -1.
func (g *grouper) result(e ast.ExprNode) int {
	switch x := e.(type) {
	case *ast.AggregateFuncExpr:
		if i := slices.Index(g.calls, x); i >= 0 {
			return len(g.keys) + i
		}
	case *ast.ColumnNameExpr:
		return slices.IndexFunc(g.keys, func(k ast.ExprNode) bool {
			name, ok := k.(*ast.ColumnNameExpr)
			return ok && g.same(name, x)
		})
	}
	return -1
}
