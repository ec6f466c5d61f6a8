package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// clearSets refuses an UPDATE that would set a column which upstream has in clear to what encrypted columns hold: upstream would see
// it. Which rows get a value may depend on them.
func (t *tree) clearSets(s *ast.UpdateStmt) error {
	for _, a := range s.List {
		if !slices.ContainsFunc(t.blocks[0].refs, func(r *reference) bool { return r.table != nil && r.couldOwn(a.Column) && r.hasClear(a.Column.Name.O) }) {
			continue
		}
		v := &shownVisitor{tree: t}
		if a.Expr.Accept(v); v.reads {
			return refuse("clear-value", "column %s is not encrypted and cannot be set to what could come of an encrypted one", quote(a.Column.Name.O))
		}
	}
	return nil
}

func (r *reference) hasClear(name string) bool {
	return slices.ContainsFunc(r.table.Columns, func(c schema.Column) bool { return c.Storage == schema.StoredClear && sameIdent(c.Name, name) })
}

// shownVisitor finds out whether an expression's value could be made of an encrypted column's.
type shownVisitor struct {
	tree  *tree
	reads bool
}

// Enter implements ast.Visitor. Of a subquery the select list gives the value.
func (v *shownVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.SelectStmt:
		if e.Fields == nil || e.Kind != ast.SelectStmtKindSelect {
			v.reads = true
		} else {
			e.Fields.Accept(v)
		}
		return n, true
	case *ast.SetOprStmt, *ast.WildCardField, *ast.ExistsSubqueryExpr, *ast.CompareSubqueryExpr:
		v.reads = true
	case *ast.PatternInExpr:
		v.reads = v.reads || e.Sel != nil
	case *ast.VariableExpr:
		v.reads = v.reads || !e.IsSystem
	case *ast.AggregateFuncExpr:
		v.reads = v.reads || e.F != "max" && e.F != "min" && e.F != "MAX" && e.F != "MIN" // a count tells of conditions
	case *ast.ColumnNameExpr:
		v.reads = v.reads || v.tree.couldSeal(e.Name)
	}
	return n, v.reads
}

// Leave implements ast.Visitor.
func (v *shownVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// couldSeal says whether a name could be that of an encrypted column, or of a derived table's, in any block.
func (t *tree) couldSeal(name *ast.ColumnName) bool {
	return slices.ContainsFunc(t.blocks, func(b *queryBlock) bool {
		return slices.ContainsFunc(b.refs, func(r *reference) bool {
			if !r.couldOwn(name) {
				return false
			}
			return r.table == nil || slices.ContainsFunc(r.table.Columns, func(c schema.Column) bool {
				return sealed(&c) != nil && sameIdent(c.Name, name.Name.O)
			})
		})
	})
}
