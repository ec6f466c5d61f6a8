package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Witness is a condition [NOT] EXISTS (SELECT … FROM table WHERE key = a column outside [AND other <> another one outside] AND …) of which
// upstream cannot decide the rest. The rows that it is asked of are read first, and then those of the table that have their keys.
type Witness struct {
	Not bool
	// Fetch reads the table; its SQL has the key and, if Differs, the other column, as upstream compares them, before Columns.
	Fetch   Fetch
	Key     *schema.Column
	Name    string // of Key as upstream compares it
	Differs bool
	// Row is where the rows that are asked of have the column that Key is compared with, behind the Columns of their Fetch; that which
	// differs follows.
	Row int
}

// correlation is what a subquery asks of the rows outside.
type correlation struct {
	asking
	columns, compared []string // by name, those outside qualified
	keys              []*schema.Column
	others            int
	rest              []ast.ExprNode // conditions of the subquery's table alone, or what is not understood
}

// witness makes a condition a Witness, or reports false. It is looked for after all that upstream could decide by itself.
func (j *joined) witness(e ast.ExprNode, f *Fetch) bool {
	x, ok := unparen(e).(*ast.ExistsSubqueryExpr)
	if !ok || !j.witnesses || j.optional != nil || !j.steadyTables() {
		return false
	}
	s := subselect(x.Sel)
	c := correlation{asking: asking{narrower: j.narrower, outer: j.block.refs, name: func(r *reference) string { return quote(r.alias) + "." }}}
	if !c.opens(s) || !rowByRow(s) || !c.conditions(s) {
		return false
	}
	g := &grouper{joined: &joined{narrower: j.narrower, block: c.block, inside: true}, stmt: s}
	g.expresser = expresser{d: describer{block: j.narrower.block, find: g.joined.column}}
	g.joined.describer = &g.expresser.d
	g.conditions, g.lead = c.rest, strings.Join(c.columns, ", ")
	w := Witness{Not: x.Not, Key: c.keys[0], Name: physical(c.keys[0]), Differs: c.others > 0, Row: len(j.raw)}
	if !g.fetch(&w.Fetch) || len(g.decided) > 0 {
		return false
	}
	j.raw = append(j.raw, c.compared...)
	f.Witnesses = append(f.Witnesses, w)
	j.decided = append(j.decided, c.block)
	return true
}

// conditions tells those of the subquery apart: one key, and at most one column that differs.
func (c *correlation) conditions(s *ast.SelectStmt) bool {
	var different []ast.ExprNode
	for _, e := range conjuncts(s.Where, nil) {
		switch b, _ := unparen(e).(*ast.BinaryOperationExpr); {
		case b != nil && b.Op == opcode.NE:
			different = append(different, e)
		case b == nil || b.Op != opcode.EQ || !c.correlates(b):
			c.rest = append(c.rest, e)
		}
	}
	if len(c.keys) != 1 {
		return false
	}
	for _, e := range different {
		if c.correlates(unparen(e).(*ast.BinaryOperationExpr)) {
			c.others++
		} else {
			c.rest = append(c.rest, e)
		}
	}
	return c.others <= 1
}

// correlates notes a comparison of a column of the subquery's table with one outside.
func (c *correlation) correlates(b *ast.BinaryOperationExpr) bool {
	x, okx := unparen(b.L).(*ast.ColumnNameExpr)
	y, oky := unparen(b.R).(*ast.ColumnNameExpr)
	if !okx || !oky {
		return false
	}
	rx, ry := c.means(x), c.means(y)
	if ry == c.inner {
		x, y, rx, ry = y, x, ry, rx
	}
	if rx != c.inner || ry == nil || ry == c.inner {
		return false
	}
	own, out := rx.table.Column(x.Name.Name.O), ry.table.Column(y.Name.Name.O)
	if !comparable(rx.table, own, ry.table, out) || !alikeIfEqual(own) || !alikeIfEqual(out) {
		return false
	}
	c.keys = append(c.keys, own)
	c.columns = append(c.columns, quote(physical(own)))
	c.compared = append(c.compared, c.name(ry)+quote(physical(out)))
	return true
}

// alikeIfEqual says whether equal values of a column, as upstream has them, are the same bytes.
func alikeIfEqual(c *schema.Column) bool { return listable(c) && (sealed(c) != nil || !c.Zerofill) }

// raws are the parts of a select list that Witnesses need of the rows.
func (j *joined) raws() string {
	var b strings.Builder
	for _, r := range j.raw {
		b.WriteString(", " + r)
	}
	return b.String()
}

// reads calls fn with each text that goes upstream to make the groups' rows.
func (g *Groups) reads(fn func(parts []Part) bool) bool {
	f := g.Reads()
	return fn(f.SQL) || slices.ContainsFunc(f.Witnesses, func(w Witness) bool { return fn(w.Fetch.SQL) })
}

func (w *Witness) print(b *strings.Builder) {
	b.WriteString("\n  asks:     " + not(w.Not) + "EXISTS " + partsString(w.Fetch.SQL) + " for each " + quote(w.Key.Name))
	w.Fetch.printReduction(b)
}
