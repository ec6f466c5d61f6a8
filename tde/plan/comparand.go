package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// comparands describes what rows that are aggregated are compared with or by, beside columns and literals. nil: nothing.
type comparands struct {
	express func(ast.ExprNode) *Expression
	scalar  func(*ast.SelectStmt) int // the number of a List, -1 if it is none
}

// special describes a comparison of a piece of a text with literals, or of a number with a subquery that is one number; nil if it is neither.
func (d *describer) special(e ast.ExprNode) *Predicate {
	if d.comparands == nil {
		return nil
	}
	switch n := unparen(e).(type) {
	case *ast.PatternInExpr:
		if n.Sel == nil {
			return negate(n.Not, d.pieced(OpIn, n.Expr, n.List...))
		}
	case *ast.BinaryOperationExpr:
		ops, ok := comparisons[n.Op]
		switch {
		case !ok:
		case n.Op == opcode.EQ || n.Op == opcode.NE:
			if p := d.pieced(ops[0], n.L, n.R); p != nil {
				return p
			}
			return d.pieced(ops[0], n.R, n.L)
		default:
			if p := d.exceeds(ops[0], n.L, n.R); p != nil {
				return p
			}
			return d.exceeds(ops[1], n.R, n.L)
		}
	}
	return nil
}

// pieced describes what compares a piece of a text with literals.
func (d *describer) pieced(op Operation, piece ast.ExprNode, with ...ast.ExprNode) *Predicate {
	if _, ok := unparen(piece).(*ast.FuncCallExpr); !ok {
		return nil
	}
	e := d.comparands.express(piece)
	if e == nil || !slices.Contains([]string{"LEFT", "RIGHT", "SUBSTRING"}, e.Func) || e.Args[0].Func != ExprColumn {
		return nil
	}
	p := &Predicate{Op: op, Column: e.Args[0].Column, Piece: e}
	for _, w := range with {
		i, ok := d.literal(w)
		if !ok {
			return nil
		}
		p.Literals = append(p.Literals, i)
	}
	return p
}

// exceeds describes what compares a column with an aggregate of another table, or of the same once more.
func (d *describer) exceeds(op Operation, column, with ast.ExprNode) *Predicate {
	s := subselect(with)
	if s == nil {
		return nil
	}
	c := d.column(column)
	if c < 0 || !kernelCompares(d.columns[c]) {
		return nil
	}
	i := d.comparands.scalar(s)
	if i < 0 {
		return nil
	}
	return &Predicate{Op: op, Column: c, Scalar: i + 1}
}

// scalar makes a subquery for one SUM or AVG of a table's rows a List, whose number it gives, or -1.
func (j *joined) scalar(s *ast.SelectStmt) int {
	a := asking{narrower: j.narrower}
	if s.GroupBy != nil || s.Having != nil || s.Distinct || !a.reads(s) || !j.steadyTables() || len(s.Fields.Fields) != 1 || s.Fields.Fields[0].WildCard != nil {
		return -1
	}
	call, ok := unparen(s.Fields.Fields[0].Expr).(*ast.AggregateFuncExpr)
	if !ok {
		return -1
	}
	g := j.grouping(s, &joined{narrower: j.narrower, block: a.block, inside: true})
	g.conditions, g.bare[call] = conjuncts(s.Where, nil), true
	c, ok := g.call(call)
	l := List{Exact: true, Scalar: true, Calls: []Call{c}}
	if !ok || c.Func != AggregateSum && c.Func != AggregateAvg || !g.fetch(&l.Fetch) || len(g.decided) > 0 {
		return -1
	}
	j.tree.lists = append(j.tree.lists, l)
	j.decided = append(j.decided, a.block)
	return len(j.tree.lists) - 1
}

// Scalars marks the Lists that a Fetch's Filter compares with.
func (f *Fetch) Scalars(used []bool) {
	for _, c := range f.Filter {
		c.Predicate.scalars(used)
	}
}

func (p *Predicate) scalars(used []bool) {
	if p.Scalar > 0 {
		used[p.Scalar-1] = true
	}
	for _, a := range p.Args {
		a.scalars(used)
	}
}
