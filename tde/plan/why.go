package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// whyStays says in a few words why upstream cannot decide a condition over ciphertext.
func whyStays(e ast.ExprNode, names *nameVisitor) string {
	c := names.sealed()
	if c == nil {
		return "not supported upstream"
	}
	if c.Storage == schema.StoredShown {
		return "upstream shows the stored table"
	}
	name := columnName(names.ref.table, c)
	switch n := unparen(e).(type) {
	case *ast.BetweenExpr:
		if plainColumn(n.Expr) && isLiteral(n.Left) && isLiteral(n.Right) {
			return "range of " + name
		}
	case *ast.PatternLikeOrIlikeExpr:
		if plainColumn(n.Expr) && isLiteral(n.Pattern) && n.IsLike && !n.Not && !n.EscapeExplicit {
			return "pattern over " + name
		}
	case *ast.PatternInExpr:
		if plainColumn(n.Expr) && !c.Token {
			return "no index on " + name
		}
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.LT, opcode.LE, opcode.GT, opcode.GE:
			if plainColumn(n.L) && isLiteral(n.R) || isLiteral(n.L) && plainColumn(n.R) {
				return "range of " + name
			}
		case opcode.EQ, opcode.NE, opcode.NullEQ:
			if (plainColumn(n.L) || plainColumn(n.R)) && !c.Token {
				return "no index on " + name
			}
		}
	}
	return "expression over " + name
}

// isLiteral says whether an expression is a literal or a parameter.
func isLiteral(e ast.ExprNode) bool {
	_, ok := markerOf(unparen(e))
	return ok
}

func plainColumn(e ast.ExprNode) bool {
	_, ok := unparen(e).(*ast.ColumnNameExpr)
	return ok
}
