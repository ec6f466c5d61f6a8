package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Outer says that upstream joins the last table of a Groups' Fetch by LEFT JOIN: of a row whose columns of that table do not fulfil Filter,
// these are NULL. So they are of several rows where an outer join gives one, or of a row beside others that match; aggregates of these columns
// alone, by keys of the other table, are the same then.
type Outer struct {
	Filter  []Conjunct
	Columns []bool // which of the Fetch's are of that table
}

// outer goes into a FROM clause that is one table LEFT JOIN another.
func (j *joined) outer(n *ast.Join) bool {
	if n.NaturalJoin || len(n.Using) > 0 || n.On == nil || !j.from(n.Left) || len(j.conditions) > 0 || len(j.block.refs) != 2 {
		return false
	}
	src, ok := n.Right.(*ast.TableSource)
	if !ok || !j.from(src) {
		return false
	}
	r := j.block.refs[1]
	if !slices.ContainsFunc(r.path, joinStep.supplied) || slices.ContainsFunc(j.block.refs[0].path, joinStep.supplied) {
		return false
	}
	j.optional, j.on = r, conjuncts(n.On.Expr, nil)
	return true
}

// matches plans what the joined table's rows must fulfil: what upstream decides is its ON clause.
func (j *joined) matches(o *Outer, tied *ties) (on []Part, ok bool) {
	for _, c := range j.on {
		parts, exact, bound := j.upstream(c)
		if parts != nil {
			on = appendParts(and(on), parts)
			tied.note(j, c)
		}
		if exact {
			continue
		}
		p := j.describer.predicate(c)
		if p == nil {
			return nil, false
		}
		o.Filter = append(o.Filter, Conjunct{Predicate: p, Bound: bound})
	}
	return on, on != nil
}

// required says whether a condition is of the table alone that no join gives NULLs for.
func (j *joined) required(e ast.ExprNode) bool {
	v := &optionalVisitor{j, false}
	e.Accept(v)
	return !v.bad
}

// optionalVisitor looks for what is not certainly of the first table.
type optionalVisitor struct {
	*joined
	bad bool
}

// Enter implements ast.Visitor.
func (v *optionalVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.SubqueryExpr, *ast.SelectStmt, *ast.SetOprStmt:
		v.bad = true
	case *ast.ColumnNameExpr:
		r, _ := v.owner(e)
		v.bad = v.bad || r == nil || r == v.optional
	}
	return n, v.bad
}

// Leave implements ast.Visitor.
func (v *optionalVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// blind says whether aggregates and keys do not tell how many rows of NULLs an outer join gives.
func (g *grouper) blind(out *Groups) bool {
	if g.optional == nil {
		return true
	}
	for _, k := range out.Keys {
		if k.Expr.Func != ExprColumn || g.refs[k.Expr.Column] == g.optional {
			return false
		}
	}
	return !slices.ContainsFunc(out.Calls, func(c Call) bool {
		return c.Arg == nil || c.Arg.Func != ExprColumn || g.refs[c.Arg.Column] != g.optional
	})
}
