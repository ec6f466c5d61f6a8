package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
)

// parseExpr reads a template's text as one expression, or returns nil.
func parseExpr(text string, mode Mode) ast.ExprNode {
	s, ok := parse("SELECT "+text, mode).(*ast.SelectStmt)
	if !ok || s.Kind != ast.SelectStmtKindSelect || s.From != nil || s.Where != nil || s.With != nil || s.GroupBy != nil || s.Having != nil ||
		s.OrderBy != nil || s.Limit != nil || s.LockInfo != nil || s.Fields == nil || len(s.Fields.Fields) != 1 {
		return nil
	}
	f := s.Fields.Fields[0]
	if f.WildCard != nil || f.AsName.O != "" {
		return nil
	}
	return f.Expr
}

// sameExpr says whether two expressions are the same, but for where they stand.
func sameExpr(a, b ast.ExprNode) bool {
	x, okx := restore(a)
	y, oky := restore(b)
	return okx && oky && x == y
}

func restore(e ast.ExprNode) (string, bool) {
	var b strings.Builder
	err := e.Restore(format.NewRestoreCtx(format.DefaultRestoreFlags, &b))
	return b.String(), err == nil
}

// conjuncts are the conditions that AND joins in an expression.
func conjuncts(e ast.ExprNode, out []ast.ExprNode) []ast.ExprNode {
	if e == nil {
		return out
	}
	e = unparen(e)
	if n, ok := e.(*ast.BinaryOperationExpr); ok && n.Op == opcode.LogicAnd {
		return conjuncts(n.R, conjuncts(n.L, out))
	}
	return append(out, e)
}

// markerOf is the place of a literal, where a node is one.
func markerOf(n ast.Node) (int, bool) {
	p, ok := n.(*test_driver.ParamMarkerExpr)
	if !ok {
		return 0, false
	}
	return p.Offset, true
}
