package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
)

// Expression is an expression over columns of a row.
type Expression struct {
	Func      string // in capitals; Column, Literal, Arithmetic or Condition for what is no function
	Column    int
	Literal   int
	Args      []*Expression // of CASE: conditions and values in turns, then the ELSE, if any
	Predicate *Predicate
}

// What an Expression is beside a function.
const (
	ExprColumn    = "column"
	ExprLiteral   = "literal"
	ExprCondition = "condition"
	ExprPlus      = "+"
	ExprMinus     = "-"
	ExprTimes     = "*"
	ExprCase      = "CASE"
)

// projectable are the functions that an Expression may have, by their names, with the fewest and the most arguments.
var projectable = map[string]struct {
	name     string
	min, max int
}{
	"upper": {"UPPER", 1, 1}, "ucase": {"UPPER", 1, 1}, "lower": {"LOWER", 1, 1}, "lcase": {"LOWER", 1, 1},
	"length": {"LENGTH", 1, 1}, "octet_length": {"LENGTH", 1, 1}, "char_length": {"CHAR_LENGTH", 1, 1}, "character_length": {"CHAR_LENGTH", 1, 1},
	"concat": {"CONCAT", 1, 16}, "left": {"LEFT", 2, 2}, "right": {"RIGHT", 2, 2}, "substring": {"SUBSTRING", 2, 3}, "substr": {"SUBSTRING", 2, 3},
	"mid": {"SUBSTRING", 3, 3}, "trim": {"TRIM", 1, 1}, "ltrim": {"LTRIM", 1, 1}, "rtrim": {"RTRIM", 1, 1},
	"ifnull": {"COALESCE", 2, 2}, "coalesce": {"COALESCE", 1, 16}, "if": {"CASE", 3, 3},
	"year": {"YEAR", 1, 1}, "month": {"MONTH", 1, 1}, "day": {"DAY", 1, 1}, "dayofmonth": {"DAY", 1, 1},
}

// expresser describes expressions of columns that the describer finds.
type expresser struct {
	d        describer
	literals []int // those of what was described
	// instead describes what a name stands for that is no column; nil: nothing.
	instead func(*ast.ColumnNameExpr) *Expression
}

// describe describes an expression, or returns nil.
func (p *expresser) describe(e ast.ExprNode) *Expression {
	switch n := unparen(e).(type) {
	case *ast.ColumnNameExpr:
		if i := p.d.column(n); i >= 0 {
			return &Expression{Func: ExprColumn, Column: i}
		}
		if p.instead != nil {
			return p.instead(n)
		}
		return nil
	case *test_driver.ParamMarkerExpr:
		i, ok := p.d.literal(n)
		if !ok {
			return nil
		}
		p.literals = append(p.literals, i)
		return &Expression{Func: ExprLiteral, Literal: i}
	case *ast.FuncCallExpr:
		return p.function(n)
	case *ast.CaseExpr:
		return p.cases(n)
	case *ast.UnaryOperationExpr:
		if n.Op == opcode.Minus {
			return p.call(ExprMinus, n.V)
		}
	case *ast.BinaryOperationExpr:
		if sign := map[opcode.Op]string{opcode.Plus: ExprPlus, opcode.Minus: ExprMinus, opcode.Mul: ExprTimes}[n.Op]; sign != "" {
			return p.call(sign, n.L, n.R)
		}
	}
	return p.condition(e)
}

// function describes a call.
func (p *expresser) function(n *ast.FuncCallExpr) *Expression {
	if n.FnName.L == ast.Extract && len(n.Args) == 2 {
		unit, ok := n.Args[0].(*ast.TimeUnitExpr)
		if !ok {
			return nil
		}
		if name := map[ast.TimeUnitType]string{ast.TimeUnitYear: "YEAR", ast.TimeUnitMonth: "MONTH", ast.TimeUnitDay: "DAY"}[unit.Unit]; name != "" {
			return p.call(name, n.Args[1])
		}
		return nil
	}
	f, ok := projectable[n.FnName.L]
	if !ok || n.Schema.O != "" || len(n.Args) < f.min || len(n.Args) > f.max {
		return nil
	}
	if n.FnName.L == "if" {
		return p.call(ExprCase, n.Args...)
	}
	return p.call(f.name, n.Args...)
}

func (p *expresser) call(name string, args ...ast.ExprNode) *Expression {
	out := &Expression{Func: name}
	for i, a := range args {
		var e *Expression
		if name == ExprCase && i%2 == 0 && i+1 < len(args) {
			e = p.condition(a)
		} else {
			e = p.describe(a)
		}
		if e == nil {
			return nil
		}
		out.Args = append(out.Args, e)
	}
	return out
}

// cases describes CASE WHEN … END.
func (p *expresser) cases(n *ast.CaseExpr) *Expression {
	if n.Value != nil {
		return nil
	}
	var args []ast.ExprNode
	for _, w := range n.WhenClauses {
		args = append(args, w.Expr, w.Result)
	}
	if n.ElseClause != nil {
		args = append(args, n.ElseClause)
	}
	return p.call(ExprCase, args...)
}

// condition describes what is true, false or NULL.
func (p *expresser) condition(e ast.ExprNode) *Expression {
	d := p.d.predicate(e)
	if d == nil {
		return nil
	}
	p.note(d)
	return &Expression{Func: ExprCondition, Predicate: d}
}

// note keeps the literals of a condition.
func (p *expresser) note(d *Predicate) {
	for i, l := range d.Literals {
		switch folded := d.Folded[i]; {
		case folded != nil:
			p.literals = append(p.literals, folded.literals()...)
		case l >= 0:
			p.literals = append(p.literals, l)
		}
	}
	for _, a := range d.Args {
		p.note(a)
	}
}
