package exec

import (
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// computed is an item of a select list that the proxy computes.
type computed struct {
	scalar *kernel.Scalar
	column schema.Column // how its values are written
	bits   int           // of an integer's type
	buf    []byte
}

// scalars binds Expressions.
type scalars struct {
	predicates
	vars   *Vars
	summed bool // values are only added up
}

// useExpr notes the columns of an expression.
func (b *scalars) useExpr(e *plan.Expression) {
	switch e.Func {
	case plan.ExprColumn:
		b.used[e.Column] = true
	case plan.ExprCondition:
		b.use(e.Predicate)
	}
	for _, a := range e.Args {
		b.useExpr(a)
	}
}

// textsAreWhole says whether the session's sql_mode leaves texts as they are stored.
func (b *scalars) textsAreWhole() bool {
	mode := b.vars.SQLMode
	return !b.vars.context.PadCharToFullLength && !strings.Contains(mode, "ORACLE") && !strings.Contains(mode, "EMPTY_STRING_IS_NULL")
}

// bindItems binds a Projection's expressions, and reports false where one of them, or its type, is only a server's to compute.
func (x *Session) bindItems(p *plan.Projection, sh *shape) (items []*computed, ok bool) {
	b := scalars{predicates: predicates{binder: &x.binder, fetch: &plan.Fetch{Columns: p.Columns}}, vars: &x.vars}
	if !b.textsAreWhole() {
		return nil, false
	}
	items = make([]*computed, len(p.Items))
	for i := range p.Items {
		if p.Items[i].Expr == nil {
			continue
		}
		s, ok := b.scalar(p.Items[i].Expr)
		if !ok {
			return nil, false
		}
		if items[i], ok = newComputed(s, &sh.columns[i]); !ok {
			return nil, false
		}
	}
	return items, true
}

// integerTypes are those that integers come in, with their bits.
var integerTypes = map[wire.Type]struct {
	kind schema.Kind
	bits int
}{
	wire.TypeTiny: {schema.KindTinyInt, 8}, wire.TypeShort: {schema.KindSmallInt, 16}, wire.TypeInt24: {schema.KindMediumInt, 24},
	wire.TypeLong: {schema.KindInt, 32}, wire.TypeLongLong: {schema.KindBigInt, 64},
}

// newComputed makes an item of an expression, if the type that the server gave to its like is the expression's.
func newComputed(s *kernel.Scalar, c *wire.Column) (*computed, bool) {
	out := &computed{scalar: s}
	switch {
	case c.Flags&wire.FlagZerofill != 0:
		return nil, false
	case s.Number == nil:
		switch c.Type {
		case wire.TypeVarchar, wire.TypeVarString, wire.TypeString, wire.TypeTinyBlob, wire.TypeBlob, wire.TypeMediumBlob, wire.TypeLongBlob:
		default:
			return nil, false
		}
		out.column = schema.Column{Kind: schema.KindVarChar, Charset: s.Charset}
		return out, c.Charset != binaryCharset
	case s.Number.Integer():
		t, ok := integerTypes[c.Type]
		out.column, out.bits = schema.Column{Kind: t.kind, Unsigned: c.Flags&wire.FlagUnsigned != 0}, t.bits
		return out, ok
	}
	out.column = schema.Column{Kind: schema.KindDecimal, Precision: 65, Scale: s.Number.Scale}
	return out, c.Type == wire.TypeNewDecimal && int(c.Decimals) == s.Number.Scale
}

// fits says whether a number has a place in the item's type.
func (c *computed) fits(v int64) bool {
	if c.column.Unsigned {
		return v >= 0 && (c.bits == 64 || v < 1<<c.bits)
	}
	return c.bits == 64 || v >= -1<<(c.bits-1) && v < 1<<(c.bits-1)
}

// scalar binds an expression.
func (b *scalars) scalar(e *plan.Expression) (s *kernel.Scalar, ok bool) {
	switch e.Func {
	case plan.ExprColumn:
		return kernel.ScalarColumn(e.Column, b.fetch.Columns[e.Column])
	case plan.ExprLiteral:
		return b.constant(e.Literal)
	case plan.ExprCondition:
		c := b.condition(e.Predicate)
		if c == nil {
			return nil, false
		}
		return kernel.Truth(c), true
	case plan.ExprCase:
		return b.cases(e.Args)
	case "YEAR", "MONTH", "DAY":
		return b.datePart(e)
	case "LEFT", "RIGHT", "SUBSTRING":
		return b.piece(e)
	}
	args := make([]*kernel.Scalar, len(e.Args))
	for i, a := range e.Args {
		if args[i], ok = b.scalar(a); !ok {
			return nil, false
		}
	}
	return call(e.Func, args)
}

// call binds a function of scalars.
func call(name string, args []*kernel.Scalar) (*kernel.Scalar, bool) {
	switch name {
	case "UPPER", "LOWER":
		return args[0].Cased(name == "UPPER")
	case "LENGTH":
		return args[0].Length()
	case "CHAR_LENGTH":
		return args[0].CharLength()
	case "TRIM", "LTRIM", "RTRIM":
		return args[0].Trimmed(name != "RTRIM", name != "LTRIM")
	case "CONCAT":
		return kernel.Concat(args...)
	case "COALESCE":
		return kernel.Coalesce(args...)
	}
	if name == plan.ExprMinus && len(args) == 1 {
		if args[0].Number == nil {
			return nil, false
		}
		n, ok := kernel.Negated(args[0].Number)
		return kernel.ScalarNumber(n), ok
	}
	var of func(a, b *kernel.Number) (*kernel.Number, bool)
	switch name {
	case plan.ExprPlus:
		of = kernel.Plus
	case plan.ExprMinus:
		of = kernel.Minus
	case plan.ExprTimes:
		of = kernel.Times
	}
	if of == nil || args[0].Number == nil || args[1].Number == nil {
		return nil, false
	}
	n, ok := of(args[0].Number, args[1].Number)
	return kernel.ScalarNumber(n), ok
}

// constant binds a literal: a number, or text that reads the same in the character set of any column.
func (b *scalars) constant(literal int) (*kernel.Scalar, bool) {
	v, err := b.binder.args.value(literal)
	if err != nil {
		return nil, false
	}
	switch v.Kind {
	case value.Int, value.Decimal:
		n, ok := kernel.NumberConstant(v.Bytes)
		return kernel.ScalarNumber(n), ok
	case value.String:
		if v.Charset != b.vars.ConnectionCharset || !asciiText(v.Charset) {
			return nil, false
		}
		return kernel.ScalarText(v.Bytes)
	}
	return nil, false
}

// asciiText says whether a character set is one of those in which ASCII is ASCII and nothing else looks like it.
func asciiText(charset string) bool {
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8", "latin1", "ascii":
		return true
	}
	return false
}

// integer reads a literal that is a small integer.
func (b *scalars) integer(e *plan.Expression) (n int, ok bool) {
	if e.Func != plan.ExprLiteral {
		return 0, false
	}
	v, err := b.binder.args.value(e.Literal)
	if err != nil || v.Kind != value.Int || len(v.Bytes) > 9 {
		return 0, false
	}
	n, err = strconv.Atoi(string(v.Bytes))
	return n, err == nil
}

// piece binds a part of a text.
func (b *scalars) piece(e *plan.Expression) (*kernel.Scalar, bool) {
	s, ok := b.scalar(e.Args[0])
	from, okFrom := b.integer(e.Args[1])
	if !ok || !okFrom {
		return nil, false
	}
	switch {
	case e.Func == "LEFT":
		return s.Substring(1, from)
	case e.Func == "RIGHT":
		return s.Right(from)
	case len(e.Args) == 2:
		return s.Substring(from, 1<<30)
	}
	count, ok := b.integer(e.Args[2])
	if !ok {
		return nil, false
	}
	return s.Substring(from, count)
}

// datePart binds a part of a date.
func (b *scalars) datePart(e *plan.Expression) (*kernel.Scalar, bool) {
	if e.Args[0].Func != plan.ExprColumn {
		return nil, false
	}
	places := map[string][2]int{"YEAR": {0, 4}, "MONTH": {5, 2}, "DAY": {8, 2}}[e.Func]
	i := e.Args[0].Column
	return kernel.DatePart(i, b.fetch.Columns[i], places[0], places[1])
}

// cases binds CASE.
func (b *scalars) cases(args []*plan.Expression) (*kernel.Scalar, bool) {
	var choices []kernel.Choice
	for i := 0; i < len(args); i += 2 {
		c := kernel.Choice{}
		if i+1 < len(args) {
			if c.When = b.condition(args[i].Predicate); c.When == nil {
				return nil, false
			}
		}
		var ok bool
		if c.Then, ok = b.scalar(args[min(i+1, len(args)-1)]); !ok {
			return nil, false
		}
		choices = append(choices, c)
	}
	if b.summed {
		return kernel.CaseSummed(choices)
	}
	return kernel.Case(choices)
}
