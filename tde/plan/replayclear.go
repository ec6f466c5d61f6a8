package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// clearSets refuses an UPDATE that would set a column which upstream has in clear to what encrypted columns hold: upstream would see
// it. Which rows get a value may depend on them.
func (t *tree) clearSets(s *ast.UpdateStmt) error {
	for _, a := range s.List {
		if !t.couldStoreClear(a.Column) {
			continue
		}
		if err := t.clearValue(a.Expr, a.Column.Name.O, nil, t.uses.UserOut); err != nil {
			return err
		}
	}
	return nil
}

// shownVisitor finds out whether an expression's value could be made of an encrypted column's.
type shownVisitor struct {
	tree  *tree
	row   *schema.Table // whose columns a name may mean as well, or nil
	vars  []string      // user variables that could hold such a value, in lower case
	reads bool
	named []string // the other user variables that it reads
}

// Enter implements ast.Visitor. Of a subquery the select list gives the value.
func (v *shownVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.SelectStmt:
		if e.Fields == nil || e.Kind != ast.SelectStmtKindSelect {
			v.is(v.tree.untold())
		} else {
			e.Fields.Accept(v)
		}
		return n, true
	case *ast.SetOprStmt, *ast.WildCardField, *ast.ExistsSubqueryExpr, *ast.CompareSubqueryExpr:
		v.is(v.tree.untold())
	case *ast.PatternInExpr:
		if e.Sel != nil {
			v.is(v.tree.untold())
		}
	case *ast.VariableExpr:
		if name := strings.ToLower(e.Name); slices.Contains(v.vars, name) {
			v.reads = true
		} else if !e.IsSystem {
			v.named = append(v.named, name)
		}
	case *ast.AggregateFuncExpr:
		if !strings.EqualFold(e.F, "max") && !strings.EqualFold(e.F, "min") {
			v.is(v.tree.untold()) // a count tells of conditions
		}
	case *ast.ColumnName:
		v.name(e)
	case *ast.DefaultExpr:
		if e.Name != nil {
			v.name(e.Name) // a default is as secret as what it stands for
		}
	}
	return n, v.reads
}

// name looks at the columns that a name could mean, in any block.
func (v *shownVisitor) name(n *ast.ColumnName) {
	v.reads = v.reads || v.row != nil && maySeal(v.row, n.Name.O)
	for _, b := range v.tree.blocks {
		for _, r := range b.refs {
			switch {
			case !r.couldOwn(n):
			case r.table != nil:
				v.reads = v.reads || maySeal(r.table, n.Name.O)
			default:
				v.is(v.tree.column(r, n.Name.O))
			}
		}
	}
}

// is notes what a part of the value is made of.
func (v *shownVisitor) is(c resultColumn) {
	v.reads, v.named = v.reads || c.shows, append(v.named, c.vars...)
}

// Leave implements ast.Visitor.
func (v *shownVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
