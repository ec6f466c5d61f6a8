package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Predicate is a condition on the columns of one Fetch that the proxy may decide itself.
type Predicate struct {
	Op       Operation
	Column   int               // index into the Fetch's Columns
	Literals []int             // what Column is compared with; -1 is NULL
	Peer     int               // 1 and the column that Column is compared with; 0: with Literals
	Folded   map[int]*Constant // expressions that stand in place of some Literals, by their index
	Piece    *Expression       // of the text that Column is, which is compared in its place; nil: Column is
	Scalar   int               // 1 and the number of the List whose aggregate Column is compared with; 0: with Literals
	Args     []*Predicate
}

// Operation is what a Predicate does.
type Operation uint8

// Operations: of Args, of Column alone, of Column and Literals.
const (
	OpAnd Operation = iota
	OpOr
	OpNot
	OpIsNull
	OpEqual
	OpNotEqual
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpBetween
	OpIn
	OpLike // with '\' as the escape character
)

// comparisons are the operators of a column and a literal, and what each is with its sides exchanged.
var comparisons = map[opcode.Op][2]Operation{
	opcode.EQ: {OpEqual, OpEqual}, opcode.NE: {OpNotEqual, OpNotEqual}, opcode.LT: {OpLess, OpGreater}, opcode.LE: {OpLessEqual, OpGreaterEqual},
	opcode.GT: {OpGreater, OpLess}, opcode.GE: {OpGreaterEqual, OpLessEqual},
}

// describer makes Predicates of conditions on one reference.
type describer struct {
	*block
	ref     *reference
	columns []*schema.Column
	find    func(*ast.ColumnNameExpr) int // the index of a column, in place of ref and columns; nil: by these
	*comparands
}

// predicate describes a condition, or returns nil.
func (d *describer) predicate(e ast.ExprNode) *Predicate {
	if p := d.ordinary(e); p != nil {
		return p
	}
	return d.special(e)
}

// ordinary describes a condition of columns and literals, or returns nil.
func (d *describer) ordinary(e ast.ExprNode) *Predicate {
	switch n := unparen(e).(type) {
	case *ast.UnaryOperationExpr:
		if n.Op == opcode.Not || n.Op == opcode.Not2 {
			return d.nested(OpNot, n.V)
		}
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.LogicAnd:
			return d.nested(OpAnd, n.L, n.R)
		case opcode.LogicOr:
			return d.nested(OpOr, n.L, n.R)
		}
		return d.comparison(n)
	case *ast.BetweenExpr:
		return negate(n.Not, d.compared(OpBetween, n.Expr, n.Left, n.Right))
	case *ast.PatternInExpr:
		if n.Sel == nil {
			return negate(n.Not, d.compared(OpIn, n.Expr, n.List...))
		}
	case *ast.PatternLikeOrIlikeExpr:
		if n.IsLike && !n.EscapeExplicit && n.Escape == '\\' && !d.env.Mode.NoBackslashEscapes {
			return negate(n.Not, d.compared(OpLike, n.Expr, n.Pattern))
		}
	case *ast.IsNullExpr:
		if c := d.column(n.Expr); c >= 0 && !findsMore(d.columns[c]) {
			return negate(n.Not, &Predicate{Op: OpIsNull, Column: c})
		}
	}
	return nil
}

// findsMore says whether IS NULL of a column also finds values: zero dates, or the last AUTO_INCREMENT.
func findsMore(c *schema.Column) bool {
	switch c.Kind {
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp:
		return c.NotNull
	}
	return c.AutoIncrement
}

func negate(not bool, p *Predicate) *Predicate {
	if !not || p == nil {
		return p
	}
	return &Predicate{Op: OpNot, Args: []*Predicate{p}}
}

func (d *describer) nested(op Operation, args ...ast.ExprNode) *Predicate {
	p := &Predicate{Op: op}
	for _, a := range args {
		sub := d.predicate(a)
		if sub == nil {
			return nil
		}
		p.Args = append(p.Args, sub)
	}
	return p
}

func (d *describer) comparison(n *ast.BinaryOperationExpr) *Predicate {
	ops, ok := comparisons[n.Op]
	if !ok {
		return nil
	}
	l, r := d.column(n.L), d.column(n.R)
	if l >= 0 && r >= 0 {
		if !kernelCompares(d.columns[l]) || d.columns[l].Kind != d.columns[r].Kind {
			return nil
		}
		return &Predicate{Op: ops[0], Column: l, Peer: r + 1}
	}
	if l >= 0 {
		return d.compared(ops[0], n.L, n.R)
	}
	return d.compared(ops[1], n.R, n.L)
}

// compared describes what compares a column with literals.
func (d *describer) compared(op Operation, column ast.ExprNode, with ...ast.ExprNode) *Predicate {
	c := d.column(column)
	if c < 0 || !kernelCompares(d.columns[c]) {
		return nil
	}
	p := &Predicate{Op: op, Column: c}
	for _, e := range with {
		if v, ok := unparen(e).(*test_driver.ValueExpr); ok && v.Kind() == test_driver.KindNull {
			p.Literals = append(p.Literals, -1)
			continue
		}
		i, ok := d.literal(e)
		if !ok {
			folded := d.fold(e, d.columns[c])
			if folded == nil || op == OpLike {
				return nil
			}
			if i = folded.first(); p.Folded == nil {
				p.Folded = map[int]*Constant{}
			}
			p.Folded[len(p.Literals)] = folded
		}
		p.Literals = append(p.Literals, i)
	}
	return p
}

// kernelCompares says whether there is a stored form of the column that tells how it compares.
func kernelCompares(c *schema.Column) bool {
	switch c.Kind {
	case schema.KindBit, schema.KindEnum, schema.KindSet, schema.KindJSON, schema.KindGeometry, schema.KindUUID, schema.KindINET4,
		schema.KindINET6:
		return false
	case schema.KindFloat:
		return false // by an index servers compare with the constant as a FLOAT holds it, else as it is
	}
	return true
}

// column finds the reference's column that an expression is, or returns -1.
func (d *describer) column(e ast.ExprNode) int {
	n, ok := unparen(e).(*ast.ColumnNameExpr)
	if ok && d.find != nil {
		return d.find(n)
	}
	if !ok || !d.ref.owns(n.Name) {
		return -1
	}
	own := d.ref.table.Column(n.Name.Name.O)
	for i, c := range d.columns {
		if c == own {
			return i
		}
	}
	return -1
}
