package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// selectPlan plans SELECT over at least one protected table.
func (b *block) selectPlan(s *ast.SelectStmt) (Plan, error) {
	if s.Kind != ast.SelectStmtKindSelect || s.With != nil || s.SelectIntoOpt != nil || len(s.WindowSpecs) > 0 || s.From == nil {
		return nil, refuse("select", "this form of SELECT on an encrypted table is not supported")
	}
	if hintsSetVariables(s.TableHints) {
		return nil, refuse("hint", "the hint SET_VAR in a statement with an encrypted table is not supported")
	}
	if err := b.from(s.From.TableRefs); err != nil {
		return nil, err
	}
	if err := b.on(s.From.TableRefs); err != nil {
		return nil, err
	}
	if err := b.cond(s.Where); err != nil {
		return nil, err
	}
	outs, err := b.fields(s)
	if err != nil {
		return nil, err
	}
	if err := b.selectTail(s, outs); err != nil {
		return nil, err
	}
	return &Rewrite{
		Verb: "SELECT", Head: b.parts(0, len(b.text)), Outputs: outs.list, Star: outs.unknown, Tables: b.tables(),
	}, nil
}

// on plans the ON conditions of a join tree.
func (b *block) on(n ast.ResultSetNode) error {
	j, ok := n.(*ast.Join)
	if !ok {
		return nil
	}
	if err := b.on(j.Left); err != nil {
		return err
	}
	if j.Right != nil {
		if err := b.on(j.Right); err != nil {
			return err
		}
	}
	if j.On == nil {
		return nil
	}
	return b.cond(j.On.Expr)
}

// selectTail plans what follows WHERE.
func (b *block) selectTail(s *ast.SelectStmt, outs *outputs) error {
	grouped, err := b.groupBy(s)
	if err != nil {
		return err
	}
	if s.Having != nil {
		if err := b.clearOrAlias(s.Having.Expr, outs); err != nil {
			return err
		}
	}
	if s.OrderBy != nil {
		for _, item := range s.OrderBy.Items {
			if done, err := b.orderBy(s, item, outs); done || err != nil {
				if err != nil {
					return err
				}
				continue
			}
			if err := b.orderItem(item, outs); err != nil {
				return err
			}
		}
	}
	if s.Distinct && outs.sealed > 0 {
		if len(grouped) > 0 || outs.aggregates || s.GroupBy != nil {
			return refuse("distinct", "DISTINCT with GROUP BY or aggregates over encrypted columns is not supported")
		}
		return b.distinct(outs)
	}
	b.representatives(outs, grouped)
	return nil
}

// outputs is what a select list gives.
type outputs struct {
	list       []Output
	items      []item
	sealed     int // sealed columns among them
	unknown    bool
	aggregates bool
}

// item is one plain column of the select list; items of expressions have no column.
type item struct {
	output int
	column column
	alias  string
	plain  bool
	pos    int  // of the expression in the template
	bare   bool // without parentheses around it
}

func (b *block) fields(s *ast.SelectStmt) (*outputs, error) {
	outs := &outputs{}
	for _, f := range s.Fields.Fields {
		before := len(outs.list)
		if done, err := b.projects(f, outs); done || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		var err error
		if f.WildCard != nil {
			err = b.star(f.WildCard, outs)
		} else {
			err = b.field(f, outs)
		}
		if err != nil {
			return nil, err
		}
		if b.project != nil {
			b.project.star(before, len(outs.list))
		}
	}
	if outs.unknown {
		for i := range outs.list {
			if outs.list[i].Computed {
				return nil, refuse("star", "`*` over a table that is not encrypted, with grouping of encrypted columns, is not supported")
			}
		}
	}
	return outs, nil
}

// projects makes an item one that the proxy computes, if it plans such and this is one.
func (b *block) projects(f *ast.SelectField, outs *outputs) (done bool, err error) {
	if b.project == nil || f.WildCard != nil {
		return false, nil
	}
	if _, ok := unparen(f.Expr).(*ast.ColumnNameExpr); ok {
		return false, nil
	}
	if grouped(&ast.FieldList{Fields: []*ast.SelectField{f}}) {
		return false, refuse("aggregate", "an aggregate beside expressions that the proxy computes")
	}
	return b.project.expression(b, f, outs)
}

// star expands * and t.* to the visible columns of the sources.
func (b *block) star(w *ast.WildCardField, outs *outputs) error {
	found := false
	for i := range b.sources {
		s := &b.sources[i]
		if w.Table.O != "" && !strings.EqualFold(s.alias, w.Table.O) {
			continue
		}
		found = true
		if s.table == nil {
			outs.unknown = true
			continue
		}
		for j := range s.table.Columns {
			c := &s.table.Columns[j]
			if c.Invisible {
				continue
			}
			b.output(outs, column{src: s, col: sealed(c), name: c.Name}, item{})
		}
	}
	if !found {
		return refuseMySQL("unknown-table", 1051, "42S02", "Unknown table '"+w.Table.O+"'")
	}
	return nil
}

func (b *block) output(outs *outputs, c column, it item) {
	o := Output{}
	if c.col != nil {
		o = Output{Table: c.src.table, Column: c.col, Alias: c.src.alias}
		outs.sealed++
	}
	it.output, it.column = len(outs.list), c
	outs.list, outs.items = append(outs.list, o), append(outs.items, it)
}

func (b *block) field(f *ast.SelectField, outs *outputs) error {
	it := item{alias: f.AsName.O, pos: f.Offset}
	if e, ok := unparen(f.Expr).(*ast.ColumnNameExpr); ok {
		c, err := b.resolve(e)
		if err != nil {
			return err
		}
		it.plain = true
		it.bare = ast.ExprNode(e) == f.Expr
		b.output(outs, c, it)
		return nil
	}
	if a, ok := unparen(f.Expr).(*ast.AggregateFuncExpr); ok {
		outs.aggregates = true
		if done, err := b.count(a, f); done || err != nil {
			b.output(outs, column{}, it)
			return err
		}
	}
	b.output(outs, column{}, it)
	return b.clear(f.Expr)
}

// count plans COUNT over sealed columns: a cell is NULL where its value is, and equal values have equal tokens.
func (b *block) count(a *ast.AggregateFuncExpr, f *ast.SelectField) (done bool, err error) {
	tokens := false
	if !strings.EqualFold(a.F, "count") {
		return false, nil
	}
	for _, arg := range a.Args {
		e, ok := unparen(arg).(*ast.ColumnNameExpr)
		if !ok {
			return false, nil
		}
		c, err := b.resolve(e)
		if err != nil {
			return false, err
		}
		if c.col != nil && a.Distinct {
			if err := b.useToken(c); err != nil {
				return false, err
			}
			tokens = true
		}
	}
	if tokens && f.AsName.O == "" {
		b.nameField(a.OriginTextPosition(), f.Text())
	}
	return true, nil
}

// nameField gives the item that is a call at pos the name that it has without tokens in it.
func (b *block) nameField(pos int, name string) {
	i := b.tokenAt(pos)
	for ; i >= 0 && i < len(b.tokens); i++ {
		if b.is(i, "(") {
			end := b.tokens[min(b.closing(i), len(b.tokens)-1)].End
			b.edits = append(b.edits, edit{end, end, []Part{{Text: " AS " + quote(name)}}})
			return
		}
	}
}

// groupBy plans GROUP BY; it returns the sealed columns among its items.
func (b *block) groupBy(s *ast.SelectStmt) ([]column, error) {
	if s.GroupBy == nil {
		return nil, nil
	}
	if s.GroupBy.Rollup {
		return nil, refuse("rollup", "WITH ROLLUP on an encrypted table is not supported")
	}
	var grouped []column
	for _, item := range s.GroupBy.Items {
		if _, ok := unparen(item.Expr).(*test_driver.ParamMarkerExpr); ok {
			return nil, refuse("position", "GROUP BY a position in a statement with an encrypted table is not supported; name the column")
		}
		e, ok := unparen(item.Expr).(*ast.ColumnNameExpr)
		if !ok {
			if err := b.clear(item.Expr); err != nil {
				return nil, err
			}
			continue
		}
		c, err := b.resolve(e)
		if err != nil {
			return nil, err
		}
		if c.col == nil {
			continue
		}
		if err := b.useToken(c); err != nil {
			return nil, err
		}
		grouped = append(grouped, c)
	}
	if len(grouped) > 0 && s.Limit != nil && s.OrderBy == nil && b.env.Mode.MariaDB {
		// https://mariadb.com/kb/en/group-by/: rows come sorted by the groups, so that LIMIT takes the first of these.
		return nil, refuse("group-order", "GROUP BY an encrypted column with LIMIT and without ORDER BY is not supported")
	}
	return grouped, nil
}

// orderItem refuses to order by what only plaintext orders.
func (b *block) orderItem(it *ast.ByItem, outs *outputs) error {
	if _, ok := unparen(it.Expr).(*test_driver.ParamMarkerExpr); ok {
		if outs.sealed == 0 && !outs.unknown {
			return nil
		}
		return refuse("position", "ORDER BY a position in a statement that selects encrypted columns is not supported; name the column")
	}
	return b.clearOrAlias(it.Expr, outs)
}

// clearOrAlias refuses an expression that reads a sealed column by its name or by its alias in the select list.
func (b *block) clearOrAlias(e ast.ExprNode, outs *outputs) error {
	v := &aliasVisitor{outs: outs}
	e.Accept(v)
	if v.name != "" {
		return refuse("order", "%s names an encrypted column; ordering or filtering by it is not supported here", quote(v.name))
	}
	return b.clear(e)
}

type aliasVisitor struct {
	outs *outputs
	name string
}

// Enter implements ast.Visitor.
func (v *aliasVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if e, ok := n.(*ast.ColumnNameExpr); ok && e.Name.Table.O == "" {
		for i := range v.outs.items {
			it := &v.outs.items[i]
			if it.column.col != nil && it.alias != "" && strings.EqualFold(it.alias, e.Name.Name.O) {
				v.name = e.Name.Name.O
			}
		}
	}
	return n, v.name != ""
}

// Leave implements ast.Visitor.
func (v *aliasVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// representatives lets a grouped statement select a cell of each group: GROUP BY is on tokens, and the server does not
// know that one token means one value.
func (b *block) representatives(outs *outputs, grouped []column) {
	for i := range outs.items {
		it := &outs.items[i]
		if !it.plain || it.column.col == nil || !slices.ContainsFunc(grouped, func(g column) bool {
			return g.src == it.column.src && g.col == it.column.col
		}) {
			continue
		}
		b.representative(outs, it)
	}
}

// representative makes an item one cell of its group, under the name that the item had.
func (b *block) representative(outs *outputs, it *item) {
	fn := "ANY_VALUE"
	if b.env.Mode.MariaDB {
		if !b.env.OnlyFullGroupBy {
			return // MariaDB has no ANY_VALUE, but gives a value of the group unless told not to
		}
		fn = "MIN"
	}
	t, ok := b.nameToken(it.column)
	if !ok {
		return
	}
	start := b.tokens[b.tokenAt(it.column.pos)].Start
	text := fn + "(" + b.text[start:t.End] + ")"
	if it.alias == "" {
		text += " AS " + quote(it.column.name)
	}
	b.edits = append(b.edits, edit{start, t.End, []Part{{Text: text}}})
	outs.list[it.output].Computed = true
}

// distinct turns SELECT DISTINCT over tokens into GROUP BY, since the cells of equal values differ.
func (b *block) distinct(outs *outputs) error {
	if outs.unknown {
		return refuse("distinct", "SELECT DISTINCT * over a table that is not encrypted is not supported")
	}
	d := b.word("DISTINCT")
	if d < 0 {
		d = b.word("DISTINCTROW")
	}
	end, ok := b.clauseEnd()
	if d < 0 || !ok || b.word("ORDER") >= 0 || b.word("HAVING") >= 0 {
		return refuse("distinct", "SELECT DISTINCT of encrypted columns is not supported in this form")
	}
	list := " GROUP BY "
	for i := range outs.items {
		it := &outs.items[i]
		if !it.plain || !it.bare {
			return refuse("distinct", "SELECT DISTINCT of encrypted columns beside expressions or `*` is not supported; name the columns")
		}
		ref, err := b.groupRef(it)
		if err != nil {
			return err
		}
		if i > 0 {
			list += ", "
		}
		list += ref
		if it.column.col != nil {
			b.representative(outs, it)
		}
	}
	b.edits = append(b.edits, edit{b.tokens[d].Start, b.tokens[d].End, nil})
	b.edits = append(b.edits, edit{end, end, []Part{{Text: list + " "}}})
	return nil
}

// clauseEnd is where FROM and WHERE end: at the clause that follows GROUP BY's place, or at the statement's end.
func (b *block) clauseEnd() (int, bool) {
	if b.word("INDEX") >= 0 || b.word("KEY") >= 0 {
		return 0, false // USE INDEX FOR … has words that start clauses
	}
	end := len(b.text)
	for _, w := range []string{"LIMIT", "FOR", "LOCK", "INTO", "PROCEDURE", "OFFSET", "FETCH", "WINDOW"} {
		if i := b.word(w); i >= 0 {
			end = min(end, b.tokens[i].Start)
		}
	}
	return end, true
}

// groupRef is an item's column as GROUP BY names it.
func (b *block) groupRef(it *item) (string, error) {
	start := b.tokenAt(it.pos)
	t, ok := b.nameToken(it.column)
	if start < 0 || !ok {
		return "", refuse("distinct", "SELECT DISTINCT of encrypted columns is not supported in this form")
	}
	text := b.text[b.tokens[start].Start:t.End]
	if it.column.col == nil {
		return text, nil
	}
	if !it.column.col.Token {
		return "", refuse("no-token", "column %s has no index, so the server cannot tell its values apart; give it an index",
			columnName(it.column.src.table, it.column.col))
	}
	return b.text[b.tokens[start].Start:t.Start] + quote(it.column.col.TokenColumn()), nil
}

// tables are the protected tables of the statement.
func (b *block) tables() []*schema.Table {
	var out []*schema.Table
	for i := range b.sources {
		if t := b.sources[i].table; t != nil && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
