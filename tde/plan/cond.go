package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// cond makes a condition one that upstream decides over ciphertext, or refuses it.
func (b *block) cond(e ast.ExprNode) error {
	switch n := e.(type) {
	case nil:
		return nil
	case *ast.ParenthesesExpr:
		return b.cond(n.Expr)
	case *ast.UnaryOperationExpr:
		if n.Op == opcode.Not || n.Op == opcode.Not2 {
			negated := b.negated
			b.negated = true
			defer func() { b.negated = negated }()
			return b.inverted(n.V)
		}
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.LogicXor:
			return b.inverted(n.L, n.R)
		case opcode.LT, opcode.LE, opcode.GT, opcode.GE:
			return b.ranged(n)
		case opcode.LogicAnd, opcode.LogicOr:
			if err := b.cond(n.L); err != nil {
				return err
			}
			return b.cond(n.R)
		case opcode.EQ, opcode.NE, opcode.NullEQ:
			return b.compare(n)
		}
	case *ast.PatternInExpr:
		return b.in(n)
	case *ast.BetweenExpr:
		return b.between(n)
	case *ast.PatternLikeOrIlikeExpr:
		return b.like(n)
	case *ast.IsNullExpr:
		if _, ok := unparen(n.Expr).(*ast.ColumnNameExpr); ok {
			return b.isNull(n)
		}
	}
	return b.clear(e)
}

// isNull plans IS [NOT] NULL of a column: a cell is NULL where its value is. But IS NULL also finds zero dates in a column that
// cannot be NULL (MySQL manual, "Comparison Functions and Operators"), and so does NOT (… IS NOT NULL).
func (b *block) isNull(n *ast.IsNullExpr) error {
	o, err := b.operand(n.Expr)
	if err != nil || n.Not && !b.negated || o.kind != operandSealed || !o.column.col.NotNull {
		return err
	}
	if k := o.column.col.Kind; k == schema.KindDate || k == schema.KindDateTime {
		return refuse("zero-date", "IS NULL of column %s, which also finds zero dates, is not supported", columnName(o.column.src.table, o.column.col))
	}
	return nil
}

// operand is one side of a comparison.
type operand struct {
	kind    operandKind
	column  column
	literal int
}

type operandKind uint8

const (
	operandClear operandKind = iota
	operandSealed
	operandLiteral
	operandNull
)

func (b *block) operand(e ast.ExprNode) (operand, error) {
	switch n := unparen(e).(type) {
	case *ast.ColumnNameExpr:
		c, err := b.resolve(n)
		if err != nil || c.col == nil {
			return operand{}, err
		}
		return operand{kind: operandSealed, column: c}, nil
	case *test_driver.ParamMarkerExpr:
		if i, ok := b.literal(n); ok {
			return operand{kind: operandLiteral, literal: i}, nil
		}
		return operand{}, refuse("position", "a literal was not found in the statement")
	case *test_driver.ValueExpr:
		if n.Kind() == test_driver.KindNull {
			return operand{kind: operandNull}, nil
		}
	}
	return operand{}, b.clear(e)
}

// compare plans =, <> and <=>.
func (b *block) compare(n *ast.BinaryOperationExpr) error {
	l, err := b.operand(n.L)
	if err != nil {
		return err
	}
	r, err := b.operand(n.R)
	if err != nil {
		return err
	}
	if l.kind != operandSealed {
		l, r = r, l
	}
	if l.kind != operandSealed || r.kind == operandNull {
		return nil
	}
	return b.compareSealed(l.column, r)
}

func (b *block) compareSealed(c column, with operand) error {
	switch with.kind {
	case operandLiteral:
		return b.compareLiteral(c, with.literal)
	case operandSealed:
		if !sameTokens(c, with.column) {
			return refuse("token-kinds", "columns %s and %s do not compare by one token: their types, collations or databases differ",
				columnName(c.src.table, c.col), columnName(with.column.src.table, with.column.col))
		}
		if err := b.useToken(c); err != nil {
			return err
		}
		return b.useToken(with.column)
	}
	return refuse("comparison", "column %s can be compared with a constant or with another encrypted column only", columnName(c.src.table, c.col))
}

func (b *block) compareLiteral(c column, literal int) error {
	if _, ok := tokenKind(c.col); !ok {
		return refuse("no-token", "column %s cannot be compared: its type has no token", columnName(c.src.table, c.col))
	}
	if byOrder(c) {
		return b.orderLiteral(c, literal, below, 0)
	}
	b.forms[literal] = Part{Kind: PartValue, Literal: literal, Form: CompareToken, Table: c.src.table, Column: c.col}
	return b.useToken(c)
}

// in plans IN and NOT IN over a list.
func (b *block) in(n *ast.PatternInExpr) error {
	l, err := b.operand(n.Expr)
	if err != nil {
		return err
	}
	if l.kind != operandSealed {
		return b.clear(n)
	}
	if n.Sel != nil {
		return refuse("subquery", "a subquery in a statement with an encrypted table is not supported")
	}
	literals, form, use := 0, CompareToken, b.useToken
	if byOrder(l.column) {
		form, use = CompareOrder, b.useOrder
	}
	for _, item := range n.List {
		o, err := b.operand(item)
		if err != nil {
			return err
		}
		switch o.kind {
		case operandNull:
			continue
		case operandLiteral:
			literals++
			c := l.column
			b.forms[o.literal] = Part{Kind: PartValue, Literal: o.literal, Form: form, Table: c.src.table, Column: c.col}
		default:
			return refuse("comparison", "column %s can be compared with constants only in IN", columnName(l.column.src.table, l.column.col))
		}
	}
	if literals == 0 {
		return nil // IN (NULL): NULL for every row
	}
	return use(l.column)
}

// clear refuses an expression that needs the plaintext of a sealed column, and every subquery.
func (b *block) clear(e ast.Node) error {
	if e == nil {
		return nil
	}
	v := &clearVisitor{b: b}
	e.Accept(v)
	return v.err
}

type clearVisitor struct {
	b   *block
	err error
}

// Enter implements ast.Visitor.
func (v *clearVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if v.err != nil {
		return n, true
	}
	switch e := n.(type) {
	case *ast.SubqueryExpr, *ast.ExistsSubqueryExpr, *ast.SelectStmt, *ast.SetOprStmt:
		v.err = refuse("subquery", "a subquery in a statement with an encrypted table is not supported")
	case *ast.ColumnNameExpr:
		c, err := v.b.resolve(e)
		if err == nil && c.col != nil {
			err = refuse("expression", "column %s is used in an expression that the server cannot compute over ciphertext", columnName(c.src.table, c.col))
		}
		v.err = err
	case *ast.FuncCallExpr:
		if mayBeStored(e, v.b.env.Mode) {
			v.err = refuse("function", "function %s, which may be a stored one, in a statement with an encrypted table is not supported", quote(e.FnName.O))
		}
	case *ast.DefaultExpr:
		if e.Name != nil {
			v.err = refuse("expression", "DEFAULT(column) in a statement with an encrypted table is not supported")
		}
	case *ast.ValuesExpr, *ast.MatchAgainst, *ast.VariableExpr:
		v.err = v.special(n)
	}
	return n, v.err != nil
}

// special refuses what reads columns or keeps values in ways that the resolver does not see.
func (v *clearVisitor) special(n ast.Node) error {
	switch e := n.(type) {
	case *ast.MatchAgainst:
		return refuse("fulltext", "MATCH … AGAINST in a statement with an encrypted table is not supported")
	case *ast.VariableExpr:
		if e.Value == nil {
			return nil
		}
		return refuse("assignment", "an assignment to a user variable in a statement with an encrypted table is not supported")
	}
	return refuse("expression", "VALUES(column) in a statement with an encrypted table is not supported")
}

// Leave implements ast.Visitor.
func (v *clearVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
