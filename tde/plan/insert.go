package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// insertOrStore plans an INSERT: upstream does it where its values can be sealed one by one.
func (b *block) insertOrStore(s *ast.InsertStmt, rows int) (Plan, error) {
	if b.env.Evaluator && (b.env.Split || b.env.Evaluate) {
		return b.storePlan(s, rows)
	}
	p, err := b.insertPlan(s, rows)
	var r *Refuse
	if errors.As(err, &r) && r.Err.Code == codeNotSupported && b.env.Evaluator {
		return b.storePlan(s, rows)
	}
	return p, err
}

// insertPlan plans INSERT … VALUES and INSERT … SET into a protected table. rows is the number of row groups that the
// template's one group stands for.
func (b *block) insertPlan(s *ast.InsertStmt, rows int) (Plan, error) {
	t, err := b.insertTarget(s)
	if err != nil {
		return nil, err
	}
	if t.Decided() {
		return nil, refuse("decided", "an INSERT into an encrypted table with CHECK constraints or generated columns needs the evaluator, which is off")
	}
	ins := &insertion{block: b, table: t, insert: &Insert{Table: t}}
	if err := ins.columns(s); err != nil {
		return nil, err
	}
	ranges, err := b.rowRanges(s)
	if err != nil {
		return nil, err
	}
	p := &Rewrite{Verb: "INSERT", Insert: ins.insert, Tables: []*schema.Table{t}}
	var all [][]Part
	for i, list := range s.Lists {
		if len(list) != len(ins.given) {
			return nil, refuseMySQL("column-count", 1136, "21S01", fmt.Sprintf("Column count doesn't match value count at row %d", i+1))
		}
		row, err := ins.row(list, ranges[i])
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	p.Head = append(p.Head, Part{Text: ins.head(s)})
	if len(all) == 1 && rows > 0 {
		p.Row = all[0]
		return p, nil
	}
	for i, row := range all {
		if i > 0 {
			p.Head = appendText(p.Head, ", ")
		}
		for _, part := range row {
			p.Head = appendPart(p.Head, part)
		}
	}
	return p, nil
}

func (b *block) insertTarget(s *ast.InsertStmt) (*schema.Table, error) {
	src, ok := s.Table.TableRefs.Left.(*ast.TableSource)
	if !ok || s.Table.TableRefs.Right != nil {
		return nil, refuse("insert", "this form of INSERT into an encrypted table is not supported")
	}
	if err := b.from(src); err != nil {
		return nil, err
	}
	t := b.sources[0].table
	switch {
	case t == nil || s.Select != nil:
		return nil, refuse("insert-select", "INSERT … SELECT with an encrypted table is not supported")
	case s.IsReplace:
		return nil, refuse("replace", "REPLACE into an encrypted table is not supported")
	case len(s.OnDuplicate) > 0:
		return nil, refuse("on-duplicate", "ON DUPLICATE KEY UPDATE on an encrypted table is not supported")
	case s.IgnoreErr:
		return nil, refuse("ignore", "INSERT IGNORE into an encrypted table is not supported")
	case len(s.PartitionNames) > 0 || hintsSetVariables(s.TableHints):
		return nil, refuse("insert", "this form of INSERT into an encrypted table is not supported")
	}
	return t, nil
}

// insertion plans the rows of one INSERT.
type insertion struct {
	*block
	table   *schema.Table
	insert  *Insert
	given   []*schema.Column
	implied []*schema.Column // not given, but the proxy must fill them
}

// columns fixes which columns get a value.
func (ins *insertion) columns(s *ast.InsertStmt) error {
	named := map[*schema.Column]bool{}
	for _, n := range s.Columns {
		c := ins.table.Column(n.Name.O)
		if c == nil {
			return unknownColumn(n.Name.O, "INSERT INTO", ins.env.Mode)
		}
		if named[c] {
			return refuseMySQL("column-twice", 1110, "42000", "Column '"+n.Name.O+"' specified twice")
		}
		named[c] = true
		ins.given = append(ins.given, c)
	}
	empty := len(s.Lists) > 0 && len(s.Lists[0]) == 0
	for i := range ins.table.Columns {
		c := &ins.table.Columns[i]
		if len(s.Columns) == 0 && !empty && !c.Invisible {
			ins.given = append(ins.given, c)
			named[c] = true
		}
		if named[c] || sealed(c) == nil {
			continue
		}
		switch c.Default {
		case schema.DefaultValue, schema.DefaultNow:
			ins.implied = append(ins.implied, c)
		case schema.DefaultNone:
			if c.NotNull {
				ins.insert.NeedsStrict = true
			}
		case schema.DefaultExpr:
			return refuse("default-expression", "the default of column %s is an expression; give a value", columnName(ins.table, c))
		}
	}
	ins.insert.Columns = append(append([]*schema.Column(nil), ins.given...), ins.implied...)
	return nil
}

// head is the statement up to its rows.
func (ins *insertion) head(s *ast.InsertStmt) string {
	var h strings.Builder
	h.WriteString("INSERT ")
	for _, w := range []string{"LOW_PRIORITY", "HIGH_PRIORITY"} {
		if i := ins.word(w); i == 1 {
			h.WriteString(w + " ")
		}
	}
	h.WriteString("INTO " + tableName(ins.table) + " (")
	sep := ""
	for _, c := range ins.insert.Columns {
		h.WriteString(sep + quote(c.Name))
		sep = ", "
	}
	for _, c := range ins.insert.Columns {
		for _, name := range c.Hidden() {
			h.WriteString(sep + quote(name))
		}
	}
	h.WriteString(") VALUES ")
	return h.String()
}

// row plans one row group; ranges are the template bytes of its items.
func (ins *insertion) row(list []ast.ExprNode, ranges [][2]int) ([]Part, error) {
	if len(ranges) != len(list) {
		return nil, refuse("position", "the values of the INSERT were not found in the statement")
	}
	parts := []Part{{Text: "("}}
	var tokens []Part
	sep := ""
	add := func(ps, hidden []Part) {
		parts = appendText(parts, sep)
		for _, p := range ps {
			parts = appendPart(parts, p)
		}
		tokens = append(tokens, hidden...)
		sep = ", "
	}
	for i, e := range list {
		ps, hidden, err := ins.item(ins.given[i], e, ranges[i])
		if err != nil {
			return nil, err
		}
		add(ps, hidden)
	}
	for _, c := range ins.implied {
		p, hidden, err := defaultParts(ins.table, c)
		if err != nil {
			return nil, err
		}
		add([]Part{p}, hidden)
	}
	for _, t := range tokens {
		parts = appendPart(appendText(parts, ", "), t)
	}
	return appendText(parts, ")"), nil
}

// item plans one value; hidden are those of the columns beside it, as schema.Column.Hidden has them.
func (ins *insertion) item(c *schema.Column, e ast.ExprNode, at [2]int) (parts, hidden []Part, err error) {
	if sealed(c) == nil {
		if err := ins.clear(e); err != nil {
			return nil, nil, err
		}
		return ins.parts(at[0], at[1]), nil, nil
	}
	p, hidden, err := ins.value(ins.table, c, e, at)
	if err == nil && p.Kind == PartText && p.Text != "NULL" {
		ins.insert.NeedsStrict = true
	}
	if c.NotNull {
		ins.insert.NeedsStrict = ins.insert.NeedsStrict || p.Kind == PartText
	}
	return []Part{p}, hidden, err
}

// value plans what a sealed column is set to: a literal, NULL, its default, the current time or a spatial value. at are the
// template bytes of the expression.
func (b *block) value(t *schema.Table, c *schema.Column, e ast.ExprNode, at [2]int) (Part, []Part, error) {
	if i, ok := b.literal(e); ok {
		return cellParts(Part{Kind: PartValue, Literal: i, Form: Cell, Table: t, Column: c}, StoreToken)
	}
	switch n := unparen(e).(type) {
	case *test_driver.ValueExpr:
		if n.Kind() == test_driver.KindNull && !(c.Kind == schema.KindTimestamp && c.NotNull) { // of which MariaDB makes the time
			return wordParts(c, "NULL")
		}
	case *ast.DefaultExpr:
		if n.Name == nil {
			return defaultParts(t, c)
		}
	case *ast.FuncCallExpr:
		if isNow(n, c) {
			return cellParts(Part{Kind: PartValue, Literal: -1, Form: NowCell, Table: t, Column: c}, NowToken)
		}
		if c.Kind == schema.KindGeometry && b.spatial(n) {
			return b.computed(t, c, at)
		}
	}
	return Part{}, nil, refuse("value-expression", "column %s can be set to a constant, NULL, DEFAULT or the current time only", columnName(t, c))
}

// computed plans a value that the evaluator computes from the constants of an expression.
func (b *block) computed(t *schema.Table, c *schema.Column, at [2]int) (Part, []Part, error) {
	p := Part{Kind: PartValue, Literal: -1, Form: Cell, Table: t, Column: c, Expr: b.parts(at[0], at[1])}
	for _, e := range p.Expr {
		if e.Kind == PartValue && p.Literal < 0 {
			p.Literal = e.Literal
		}
	}
	if p.Literal < 0 {
		return p, nil, refuse("value-expression", "column %s can be set to a constant only", columnName(t, c))
	}
	return p, nil, nil
}

// spatial says whether a call makes a geometry of constants alone (MySQL manual, "Functions That Create Geometry Values").
func (b *block) spatial(f *ast.FuncCallExpr) bool {
	name := f.FnName.L
	switch name {
	case "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection":
	default:
		from := strings.HasSuffix(name, "fromtext") || strings.HasSuffix(name, "fromwkb") || name == "st_geomfromgeojson"
		if !strings.HasPrefix(name, "st_") || !from {
			return false
		}
	}
	for _, arg := range f.Args {
		if _, ok := b.literal(arg); ok {
			continue
		}
		call, ok := unparen(arg).(*ast.FuncCallExpr)
		if !ok || !b.spatial(call) {
			return false
		}
	}
	return len(f.Args) > 0
}

// partForms are the forms of part tokens beside those of equality tokens. Nothing that has one is a time.
var partForms = map[Form]Form{StoreToken: StorePart, DefaultToken: DefaultPart}

// orderForms are those of order tokens.
var orderForms = map[Form]Form{StoreToken: StoreOrder, DefaultToken: DefaultOrder, NowToken: NowOrder}

// cellParts pairs a cell with what goes into the columns beside it.
func cellParts(p Part, token Form) (cell Part, hidden []Part, err error) {
	if p.Column.Token {
		hidden = append(hidden, p)
		hidden[0].Form = token
	}
	if p.Column.Order {
		order := p
		order.Form = orderForms[token]
		hidden = append(hidden, order)
	}
	if p.Column.Part > 0 {
		part := p
		part.Form = partForms[token]
		hidden = append(hidden, part)
	}
	return p, hidden, nil
}

// wordParts sets a cell and the columns beside it to NULL or DEFAULT.
func wordParts(c *schema.Column, word string) (cell Part, hidden []Part, err error) {
	for range c.Hidden() {
		hidden = append(hidden, Part{Text: word})
	}
	return Part{Text: word}, hidden, nil
}

// defaultParts plans a column's declared default.
func defaultParts(t *schema.Table, c *schema.Column) (Part, []Part, error) {
	p := Part{Kind: PartValue, Literal: -1, Table: t, Column: c}
	switch c.Default {
	case schema.DefaultNull:
		return wordParts(c, "NULL")
	case schema.DefaultValue:
		p.Form = DefaultCell
		return cellParts(p, DefaultToken)
	case schema.DefaultNow:
		p.Form = NowCell
		return cellParts(p, NowToken)
	case schema.DefaultNone:
		return wordParts(c, "DEFAULT")
	}
	return Part{}, nil, refuse("default-expression", "the default of column %s is an expression; give a value", columnName(t, c))
}

// isNow says whether a call gives the current time in exactly the precision that column c keeps.
func isNow(f *ast.FuncCallExpr, c *schema.Column) bool {
	if c.Kind != schema.KindDateTime && c.Kind != schema.KindTimestamp || len(f.Args) > 0 || c.FSP != 0 {
		return false
	}
	switch f.FnName.L {
	case "now", "current_timestamp", "localtime", "localtimestamp":
		return true
	}
	return false
}

// rowRanges finds the template bytes of each item of each row group.
func (b *block) rowRanges(s *ast.InsertStmt) ([][][2]int, error) {
	if s.Setlist {
		set := b.word("SET")
		items := b.split(set+1, len(b.tokens))
		for i := range items {
			eq := b.find(items[i], "=")
			if set < 0 || eq < 0 {
				return nil, refuse("position", "the values of the INSERT were not found in the statement")
			}
			items[i][0] = eq + 1
		}
		return [][][2]int{b.bytes(items)}, nil
	}
	i := b.word("VALUES")
	if i < 0 {
		i = b.word("VALUE")
	}
	var rows [][][2]int
	for i++; i > 0 && i < len(b.tokens); i++ {
		if !b.is(i, "(") {
			continue
		}
		end := b.closing(i)
		rows = append(rows, b.bytes(b.split(i+1, end)))
		i = end
	}
	if len(rows) != len(s.Lists) {
		return nil, refuse("position", "the values of the INSERT were not found in the statement")
	}
	return rows, nil
}

func (b *block) is(i int, text string) bool {
	t := b.tokens[i]
	return (t.Kind == TokPunct || t.Kind == TokWord) && strings.EqualFold(b.text[t.Start:t.End], text)
}

// closing finds the bracket that closes that at i, or the end.
func (b *block) closing(i int) int {
	depth := 0
	for ; i < len(b.tokens); i++ {
		switch {
		case b.is(i, "("):
			depth++
		case b.is(i, ")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return i
}

// split cuts tokens [from, to) at the commas outside brackets.
func (b *block) split(from, to int) [][2]int {
	if from >= to {
		return nil
	}
	var out [][2]int
	depth, start := 0, from
	for i := from; i < to; i++ {
		switch {
		case b.is(i, "("):
			depth++
		case b.is(i, ")"):
			depth--
		case depth == 0 && b.is(i, ","):
			out = append(out, [2]int{start, i})
			start = i + 1
		}
	}
	return append(out, [2]int{start, to})
}

func (b *block) find(r [2]int, text string) int {
	for i := r[0]; i < r[1]; i++ {
		if b.is(i, text) {
			return i
		}
	}
	return -1
}

// bytes turns token ranges into ranges of template bytes.
func (b *block) bytes(ranges [][2]int) [][2]int {
	out := make([][2]int, len(ranges))
	for i, r := range ranges {
		if r[0] < r[1] {
			out[i] = [2]int{b.tokens[r[0]].Start, b.tokens[r[1]-1].End}
		}
	}
	return out
}
