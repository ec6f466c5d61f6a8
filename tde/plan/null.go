package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
)

// rejectsNull says whether a condition that reads one table cannot be true where all columns of the table are NULL.
func rejectsNull(e ast.ExprNode) bool {
	switch n := unparen(e).(type) {
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.LogicAnd:
			return rejectsNull(n.L) || rejectsNull(n.R)
		case opcode.LogicOr:
			return rejectsNull(n.L) && rejectsNull(n.R)
		}
	case *ast.IsNullExpr:
		return n.Not && nullOfNull(n.Expr)
	case *ast.IsTruthExpr:
		return !n.Not && nullOfNull(n.Expr)
	}
	return nullOfNull(e)
}

// nullOfNull says whether an expression is NULL where the columns in it are.
func nullOfNull(e ast.ExprNode) bool {
	switch n := unparen(e).(type) {
	case *ast.ColumnNameExpr:
		return true
	case *ast.UnaryOperationExpr:
		return nullOfNull(n.V)
	case *ast.SetCollationExpr:
		return nullOfNull(n.Expr)
	case *ast.BinaryOperationExpr:
		return nullOperation(n)
	case *ast.BetweenExpr:
		return nullOfNull(n.Expr)
	case *ast.PatternInExpr:
		return n.Sel == nil && nullOfNull(n.Expr)
	case *ast.PatternLikeOrIlikeExpr:
		return nullOfNull(n.Expr)
	case *ast.PatternRegexpExpr:
		return nullOfNull(n.Expr)
	}
	return false
}

func nullOperation(n *ast.BinaryOperationExpr) bool {
	switch n.Op {
	case opcode.LogicAnd, opcode.LogicOr:
		return nullOfNull(n.L) && nullOfNull(n.R)
	case opcode.LogicXor, opcode.EQ, opcode.NE, opcode.LT, opcode.LE, opcode.GT, opcode.GE, opcode.Plus, opcode.Minus, opcode.Mul,
		opcode.Div, opcode.IntDiv, opcode.Mod, opcode.And, opcode.Or, opcode.Xor, opcode.LeftShift, opcode.RightShift:
		_, rowL := unparen(n.L).(*ast.RowExpr)
		_, rowR := unparen(n.R).(*ast.RowExpr)
		return !rowL && !rowR && (nullOfNull(n.L) || nullOfNull(n.R))
	}
	return false // <=> among them
}

// steady says whether a condition over columns and constants gives the same in every place where it is asked, now and later.
func steady(e ast.ExprNode) bool {
	v := &steadyVisitor{ok: true}
	e.Accept(v)
	return v.ok
}

type steadyVisitor struct{ ok bool }

// Enter implements ast.Visitor.
func (v *steadyVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.ColumnNameExpr, *ast.ColumnName, *test_driver.ParamMarkerExpr, *test_driver.ValueExpr, *ast.BinaryOperationExpr,
		*ast.UnaryOperationExpr, *ast.ParenthesesExpr, *ast.IsNullExpr, *ast.IsTruthExpr, *ast.PatternInExpr, *ast.PatternLikeOrIlikeExpr,
		*ast.PatternRegexpExpr, *ast.BetweenExpr, *ast.CaseExpr, *ast.WhenClause, *ast.RowExpr, *ast.FuncCastExpr, *ast.SetCollationExpr,
		*ast.TimeUnitExpr, *ast.TrimDirectionExpr, *ast.GetFormatSelectorExpr:
	case *ast.FuncCallExpr:
		v.ok = v.ok && pure(e.FnName.L) && e.Schema.O == ""
	default:
		v.ok = false
	}
	return n, !v.ok
}

// Leave implements ast.Visitor.
func (v *steadyVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
