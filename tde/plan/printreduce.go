package plan

import (
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// signs of the comparisons.
var signs = map[Operation]string{
	OpEqual: " = ", OpNotEqual: " <> ", OpLess: " < ", OpLessEqual: " <= ", OpGreater: " > ", OpGreaterEqual: " >= ", OpLike: " LIKE ",
}

// print writes a predicate with its literals' numbers.
func (p *Predicate) print(columns []*schema.Column) string {
	switch p.Op {
	case OpAnd, OpOr:
		sep := map[Operation]string{OpAnd: " AND ", OpOr: " OR "}[p.Op]
		return "(" + p.Args[0].print(columns) + sep + p.Args[1].print(columns) + ")"
	case OpNot:
		return "NOT " + p.Args[0].print(columns)
	}
	name := quote(columns[p.Column].Name)
	if p.Piece != nil {
		name = p.Piece.print(columns)
	}
	if p.Scalar > 0 {
		return fmt.Sprintf("%s%slist %d", name, signs[p.Op], p.Scalar)
	}
	if p.Peer > 0 {
		return name + signs[p.Op] + quote(columns[p.Peer-1].Name)
	}
	switch p.Op {
	case OpIsNull:
		return name + " IS NULL"
	case OpBetween:
		return "(" + name + " BETWEEN " + p.with(0) + " AND " + p.with(1) + ")"
	case OpIn:
		var list []string
		for i := range p.Literals {
			list = append(list, p.with(i))
		}
		return name + " IN (" + strings.Join(list, ", ") + ")"
	}
	return name + signs[p.Op] + p.with(0)
}

// with is what the column is compared with, as the i-th.
func (p *Predicate) with(i int) string {
	if c := p.Folded[i]; c != nil {
		return c.print()
	}
	return literalName(p.Literals[i])
}

func literalName(i int) string {
	if i < 0 {
		return "NULL"
	}
	return fmt.Sprintf("$%d", i+1)
}

// printReduction writes what the proxy does itself to a Fetch's rows.
func (f *Fetch) printReduction(b *strings.Builder) {
	for _, c := range f.Filter {
		if !c.Pushed {
			b.WriteString("\n  keeps:    " + c.Predicate.print(f.Columns))
		}
	}
	if f.Outer != nil {
		for _, c := range f.Outer.Filter {
			b.WriteString("\n  joins:    " + c.Predicate.print(f.Columns))
		}
	}
	for i := range f.Witnesses {
		f.Witnesses[i].print(b)
	}
	if f.Sort != nil {
		f.Sort.print(b, f)
	}
	if n := f.TopN; n != nil {
		b.WriteString("\n  keeps:    the first " + literalName(n.Count))
		if n.Offset >= 0 {
			b.WriteString(" + " + literalName(n.Offset))
		}
		b.WriteString(" by " + quote(f.Columns[n.Column].Name))
		if n.Descending {
			b.WriteString(" DESC")
		}
	}
}

// printGroups writes of which groups a list has the keys.
func (l *List) printGroups(b *strings.Builder) {
	if l.Scalar {
		b.WriteString("\n  comes to: " + l.Calls[0].print(l.Fetch.Columns))
	}
	for _, h := range l.Having {
		b.WriteString("\n  having:   " + l.Calls[h.Column].print(l.Fetch.Columns) + signs[h.Op] + h.with(0))
	}
}

// print writes what the proxy aggregates, if values and types allow.
func (g *Groups) print(b *strings.Builder) {
	g.printCalls(b)
	b.WriteString("\n  then:     " + partsString(g.Text))
}

func (g *Groups) printCalls(b *strings.Builder) {
	f := &g.Fetch
	if g.Over != nil {
		g.Over.printCalls(b)
		b.WriteString("\n  of them:")
	} else {
		b.WriteString("\n  or fetch: " + partsString(f.SQL))
		f.printReduction(b)
	}
	for i := range g.Calls {
		b.WriteString("\n  groups:   " + GroupColumn(i, 0) + " = " + g.Calls[i].print(f.Columns))
	}
	for _, k := range g.Keys {
		b.WriteString("\n  groups:   by " + k.Expr.print(f.Columns))
	}
}

func (c *Call) print(columns []*schema.Column) string {
	if c.Arg == nil {
		return string(c.Func) + "(*)"
	}
	return string(c.Func) + "(" + map[bool]string{true: "DISTINCT "}[c.Distinct] + c.Arg.print(columns) + ")"
}

// print writes what upstream does of a query whose select list the proxy computes.
func (p *Projection) print(b *strings.Builder) {
	b.WriteString("\n  or sends: " + partsString(p.Query.Head))
	for _, it := range p.Items {
		if it.Expr != nil {
			b.WriteString("\n  computes: " + it.Expr.print(p.Columns))
		}
	}
}

func (e *Expression) print(columns []*schema.Column) string {
	switch e.Func {
	case ExprColumn:
		return quote(columns[e.Column].Name)
	case ExprLiteral:
		return literalName(e.Literal)
	case ExprCondition:
		return e.Predicate.print(columns)
	}
	var args []string
	for _, a := range e.Args {
		args = append(args, a.print(columns))
	}
	if e.Func == ExprMinus && len(args) == 1 {
		return "(-" + args[0] + ")"
	}
	if e.Func == ExprPlus || e.Func == ExprMinus || e.Func == ExprTimes {
		return "(" + strings.Join(args, " "+e.Func+" ") + ")"
	}
	return e.Func + "(" + strings.Join(args, ", ") + ")"
}
