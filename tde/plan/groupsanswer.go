package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
)

// answer says how groups become the query's answer, where its items are keys and results of calls and nothing more, and it orders by
// such; else nil. Indexes are those of the columns of the groups' table: keys, and then the results of calls.
func (g *grouper) answer(out *Groups) *Sort {
	s := g.stmt
	if s.Having != nil {
		return nil
	}
	a := &Sort{Count: -1, Offset: -1}
	for _, f := range s.Fields.Fields {
		at := g.resultColumn(f.Expr, out)
		if at < 0 {
			return nil
		}
		a.Items = append(a.Items, at)
	}
	if s.OrderBy != nil {
		for _, item := range s.OrderBy.Items {
			at := g.ordering(item.Expr, a, out)
			if at < 0 {
				return nil
			}
			a.By = append(a.By, SortColumn{Column: at, Descending: item.Desc})
		}
	}
	if !g.d.limit(s, a) {
		return nil
	}
	return a
}

// resultColumn is the column of the groups' table that an expression is, or -1.
func (g *grouper) resultColumn(e ast.ExprNode, out *Groups) int {
	if e == nil {
		return -1
	}
	e = unparen(e)
	if call, ok := e.(*ast.AggregateFuncExpr); ok {
		at := len(out.Keys)
		for i, c := range g.calls {
			switch {
			case out.Calls[i].Func == AggregateAvg && c == call:
				return -1
			case c == call:
				return at
			case out.Calls[i].Func == AggregateAvg:
				at++ // its sum and its count
			}
			at++
		}
		return -1
	}
	return slices.IndexFunc(g.keys, func(k ast.ExprNode) bool {
		if alike(e, k) {
			return true
		}
		a, ok := e.(*ast.ColumnNameExpr)
		b, column := k.(*ast.ColumnNameExpr)
		return ok && column && g.same(a, b)
	})
}

// ordering is the column that an item of ORDER BY is, or -1: an item of the select list by its name or place, or a result.
func (g *grouper) ordering(e ast.ExprNode, a *Sort, out *Groups) int {
	switch n := unparen(e).(type) {
	case *ast.PositionExpr:
		if n.P != nil || n.N < 1 || n.N > len(a.Items) {
			return -1
		}
		return a.Items[n.N-1]
	case *test_driver.ParamMarkerExpr:
		return -1
	case *ast.ColumnNameExpr:
		if n.Name.Table.O != "" {
			break
		}
		for i, f := range g.stmt.Fields.Fields {
			if f.AsName.O != "" && sameIdent(f.AsName.O, n.Name.Name.O) {
				return a.Items[i]
			}
		}
	}
	return g.resultColumn(e, out)
}
