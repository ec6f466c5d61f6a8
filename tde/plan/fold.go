package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Constant is an expression of literals that the proxy computes: + - and * of exact numbers, or a date that is days, months or years
// before or after another one.
type Constant struct {
	Op      ConstantOp
	Literal int
	Args    []*Constant
}

// ConstantOp is what a Constant does. Those on dates have a date and a number as arguments.
type ConstantOp string

// Operations.
const (
	ConstantLiteral ConstantOp = ""
	ConstantPlus    ConstantOp = "+"
	ConstantMinus   ConstantOp = "-"
	ConstantTimes   ConstantOp = "*"
	ConstantDays    ConstantOp = "days"
	ConstantMonths  ConstantOp = "months"
	ConstantYears   ConstantOp = "years"
	ConstantNegated ConstantOp = "negated"
)

// fold describes what a column is compared with, where that is an expression of literals of the column's kind.
func (d *describer) fold(e ast.ExprNode, col *schema.Column) *Constant {
	switch {
	case col.Kind == schema.KindDate || col.Kind == schema.KindDateTime:
		return d.foldDate(e)
	case col.Kind == schema.KindFloat || col.Kind == schema.KindDouble:
		return nil
	case col.Kind <= schema.KindDecimal:
		return d.foldNumber(e)
	}
	return nil
}

func (d *describer) foldNumber(e ast.ExprNode) *Constant {
	if i, ok := d.literal(e); ok {
		return &Constant{Literal: i}
	}
	n, ok := unparen(e).(*ast.BinaryOperationExpr)
	if !ok {
		return nil
	}
	op, ok := map[opcode.Op]ConstantOp{opcode.Plus: ConstantPlus, opcode.Minus: ConstantMinus, opcode.Mul: ConstantTimes}[n.Op]
	l, r := d.foldNumber(n.L), d.foldNumber(n.R)
	if !ok || l == nil || r == nil {
		return nil
	}
	return &Constant{Op: op, Args: []*Constant{l, r}}
}

func (d *describer) foldDate(e ast.ExprNode) *Constant {
	n, ok := unparen(e).(*ast.FuncCallExpr)
	if !ok || n.Schema.O != "" || len(n.Args) != 3 || n.FnName.L != ast.DateAdd && n.FnName.L != ast.DateSub {
		return nil
	}
	unit, ok := n.Args[2].(*ast.TimeUnitExpr)
	date, okDate := d.literal(n.Args[0])
	count, okCount := d.literal(n.Args[1])
	if !ok || !okDate || !okCount {
		return nil
	}
	op, ok := map[ast.TimeUnitType]ConstantOp{ast.TimeUnitDay: ConstantDays, ast.TimeUnitMonth: ConstantMonths, ast.TimeUnitYear: ConstantYears}[unit.Unit]
	if !ok {
		return nil
	}
	by := &Constant{Literal: count}
	if n.FnName.L == ast.DateSub {
		by = &Constant{Op: ConstantNegated, Args: []*Constant{by}}
	}
	return &Constant{Op: op, Args: []*Constant{{Literal: date}, by}}
}

// first is the first literal of the expression.
func (c *Constant) first() int {
	for c.Op != ConstantLiteral {
		c = c.Args[0]
	}
	return c.Literal
}

// literals are those of the expression.
func (c *Constant) literals() (out []int) {
	if c.Op == ConstantLiteral {
		return []int{c.Literal}
	}
	for _, a := range c.Args {
		out = append(out, a.literals()...)
	}
	return out
}

func (c *Constant) print() string {
	switch c.Op {
	case ConstantLiteral:
		return literalName(c.Literal)
	case ConstantNegated:
		return "-" + c.Args[0].print()
	case ConstantDays, ConstantMonths, ConstantYears:
		return "(" + c.Args[0].print() + " and " + c.Args[1].print() + " " + string(c.Op) + ")"
	}
	return "(" + c.Args[0].print() + " " + string(c.Op) + " " + c.Args[1].print() + ")"
}

// foldedRange compares a column by its order token with an expression of literals that the proxy computes, where a condition is just that;
// where it cannot compute it, all rows pass. find gives a column's qualifier, with its dot, its table and itself.
func (b *block) foldedRange(e ast.ExprNode, find func(*ast.ColumnNameExpr) (string, *schema.Table, *schema.Column)) []Part {
	n, ok := unparen(e).(*ast.BinaryOperationExpr)
	if !ok {
		return nil
	}
	op, ok := map[opcode.Op][2]string{opcode.LT: {" < ", " > "}, opcode.LE: {" <= ", " >= "}, opcode.GT: {" > ", " < "}, opcode.GE: {" >= ", " <= "}}[n.Op]
	if !ok {
		return nil
	}
	sign, column, with := op[0], n.L, n.R
	if _, ok := unparen(n.R).(*ast.ColumnNameExpr); ok {
		sign, column, with = op[1], n.R, n.L
	}
	name, ok := unparen(column).(*ast.ColumnNameExpr)
	if !ok {
		return nil
	}
	if _, literal := b.literal(with); literal {
		return nil // pushed as it stands
	}
	qualifier, table, c := find(name)
	if c == nil || sealed(c) == nil || !comparesOrdered(c) {
		return nil
	}
	d := &describer{block: b}
	folded := d.fold(with, c)
	if folded == nil {
		return nil
	}
	return []Part{{Kind: PartCondition, Literal: -1, Expr: []Part{
		{Text: qualifier + quote(c.OrderColumn()) + sign}, {Kind: PartValue, Literal: folded.first(), Form: CompareOrder, Table: table, Column: c, Fold: folded},
	}}}
}
