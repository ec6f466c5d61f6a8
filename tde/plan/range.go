package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// orderSide is which rows a comparison with an order token asks for, as far as it matters where tokens are inexact.
type orderSide uint8

const (
	below orderSide = iota // those before a place
	above
)

// ordered says whether a column's order tokens are equal, or one less than another, exactly where its values are.
func ordered(c *schema.Column) bool {
	k, ok := c.OrderKey()
	return sealed(c) != nil && c.Order && ok && k.Exact
}

// useOrder makes the statement speak of c's order token where it names c.
func (b *block) useOrder(c column) error { return b.rename(c, c.col.OrderColumn()) }

// ranged plans <, <=, > and >=.
func (b *block) ranged(n *ast.BinaryOperationExpr) error {
	l, err := b.operand(n.L)
	if err != nil {
		return b.clear(n)
	}
	r, err := b.operand(n.R)
	if err != nil {
		return b.clear(n)
	}
	side := below
	if n.Op == opcode.GT || n.Op == opcode.GE {
		side = above
	}
	if l.kind != operandSealed {
		l, r, side = r, l, 1-side
	}
	switch {
	case l.kind != operandSealed:
		return nil
	case !l.column.col.Order:
		return b.clear(n)
	case r.kind == operandLiteral:
		return b.orderLiteral(l.column, r.literal, side, 0)
	case r.kind == operandSealed && sameOrder(l.column, r.column):
		if err := b.useOrder(l.column); err != nil {
			return err
		}
		return b.useOrder(r.column)
	}
	return b.clear(n)
}

// comparesOrdered says whether values of a column compare with one another as its order tokens do. Those of a TIMESTAMP, whose tokens
// are of UTC, compare by the session's clock, which an hour of summer time's end shows twice; servers sort them by UTC.
func comparesOrdered(c *schema.Column) bool { return ordered(c) && c.Kind != schema.KindTimestamp }

// sameOrder says whether the order tokens of two columns compare as their values do.
func sameOrder(a, b column) bool {
	ka, _ := a.col.OrderKey()
	kb, _ := b.col.OrderKey()
	return comparesOrdered(a.col) && comparesOrdered(b.col) && ka == kb && a.src.table.TokenDomain == b.src.table.TokenDomain
}

// orderLiteral compares a column with a literal by order tokens. peer is 1 and the literal of a range's other end, or 0.
func (b *block) orderLiteral(c column, literal int, side orderSide, peer int) error {
	form, err := b.orderForm(c, side)
	if err != nil {
		return err
	}
	b.forms[literal] = Part{Kind: PartValue, Literal: literal, Form: form, Table: c.src.table, Column: c.col, Peer: peer}
	return b.useOrder(c)
}

// orderForm is the form of a literal that a column is compared with.
func (b *block) orderForm(c column, side orderSide) (Form, error) {
	switch {
	case ordered(c.col):
		return CompareOrder, nil
	case !b.widens:
		return 0, refuse("order-prefix", "the order tokens of column %s hold no more than the beginning of its values", columnName(c.src.table, c.col))
	}
	b.widened = true
	if side == below {
		return BelowOrder, nil
	}
	return AboveOrder, nil
}

// between plans [NOT] BETWEEN two literals.
func (b *block) between(n *ast.BetweenExpr) error {
	o, err := b.operand(n.Expr)
	low, okLow := b.literal(n.Left)
	high, okHigh := b.literal(n.Right)
	if err != nil || o.kind != operandSealed || !o.column.col.Order || !okLow || !okHigh {
		return b.clear(n)
	}
	sides := [2]orderSide{above, below}
	if n.Not {
		sides = [2]orderSide{below, above}
	}
	for i, literal := range []int{low, high} {
		form, err := b.orderForm(o.column, sides[i])
		if err != nil {
			return err
		}
		b.forms[literal] = Part{
			Kind: PartValue, Literal: literal, Form: form, Table: o.column.src.table, Column: o.column.col, Peer: []int{high, low}[i] + 1,
		}
	}
	return b.useOrder(o.column)
}

// like plans LIKE with a pattern that begins with no wildcard, where more rows may pass.
func (b *block) like(n *ast.PatternLikeOrIlikeExpr) error {
	name, okName := n.Expr.(*ast.ColumnNameExpr)
	pattern, okPattern := n.Pattern.(*test_driver.ParamMarkerExpr)
	if !okName || !okPattern || !b.widens || n.Not || !n.IsLike || n.EscapeExplicit || n.Escape != '\\' || b.env.Mode.NoBackslashEscapes {
		return b.clear(n)
	}
	c, err := b.resolve(name)
	if err != nil {
		return err
	}
	literal, ok := b.literal(pattern)
	if c.col == nil || !c.col.Order || !ok || !likeable(c.col) {
		return b.clear(n)
	}
	at, ok := b.nameToken(c)
	if !ok || pattern.Offset < at.End || !strings.EqualFold(strings.TrimSpace(b.text[at.End:pattern.Offset]), "LIKE") {
		return b.clear(n)
	}
	b.widened = true
	p := Part{Kind: PartValue, Literal: literal, Form: LikeLow, Table: c.src.table, Column: c.col}
	q := p
	q.Form = LikeHigh
	b.edits = append(b.edits, edit{at.End, pattern.Offset + 1, []Part{{Text: " BETWEEN "}, p, {Text: " AND "}, q}})
	return b.useOrder(c)
}

// likeable says whether LIKE compares the column's own characters.
func likeable(c *schema.Column) bool {
	return c.Kind >= schema.KindChar && c.Kind <= schema.KindLongBlob
}

// inverted plans an operand of an operator that could turn more rows into fewer: nothing may be widened in it.
func (b *block) inverted(operands ...ast.ExprNode) error {
	widens := b.widens
	b.widens = false
	defer func() { b.widens = widens }()
	for _, e := range operands {
		if err := b.cond(e); err != nil {
			return err
		}
	}
	return nil
}

// byOrder says whether literals are compared with a column by its order token: its equality token leads no index, and the
// order token does.
func byOrder(c column) bool {
	return ordered(c.col) && !slices.ContainsFunc(c.src.table.Indexes, func(ix schema.Index) bool {
		return len(ix.Parts) > 0 && strings.EqualFold(ix.Parts[0].Column, c.col.Name)
	})
}

// orderBy makes an item of ORDER BY one on order tokens; done says that it has.
func (b *block) orderBy(s *ast.SelectStmt, it *ast.ByItem, outs *outputs) (done bool, err error) {
	e, ok := unparen(it.Expr).(*ast.ColumnNameExpr)
	if !ok || s.Distinct || s.GroupBy != nil || outs.aggregates || grouped(s.Fields) {
		return false, nil
	}
	if e.Name.Table.O == "" && slices.ContainsFunc(outs.items, func(i item) bool {
		return i.alias != "" && (sameIdent(i.alias, e.Name.Name.O) || !isASCII(i.alias))
	}) {
		return false, nil
	}
	c, err := b.resolve(e)
	if err != nil || c.col == nil || !ordered(c.col) {
		return false, err
	}
	t, ok := b.nameToken(c)
	if !ok {
		return false, nil
	}
	b.edits = append(b.edits, edit{t.Start, t.End, []Part{{Kind: PartOrder, Text: quote(c.col.OrderColumn()), Literal: -1}}})
	return true, nil
}
