package exec

import (
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// groupsMax bounds what groups take in the proxy, in bytes. A query with more goes to the evaluator, within its own memory.
const groupsMax = 64 << 20

// errUngrouped says that only the evaluator can aggregate these rows.
var errUngrouped = errors.New("exec: the evaluator must aggregate")

// grouping is a bound plan.Groups.
type grouping struct {
	plan      *plan.Groups
	filter    filter
	rows      *kernel.Groups
	rest      []int // columns that the filter does not need
	keys      []kernel.GroupKey
	table     *schema.Table // of the results
	expect    []wire.Column // the definitions of the client's own text
	answer    [][]byte      // and as the client is to have them
	calls     []kernel.Aggregate
	sums      []summand // of calls
	cols      []*schema.Column
	over      *grouping // whose groups are the rows; nil: those of the plan's Fetch
	outer     filter    // what rows of the table that is joined by LEFT JOIN must fulfil
	count     []int     // columns of which only is asked whether they are NULL
	witnesses []*witness
	bound     bool // all constants of the fetch's SQL can be bound: upstream decides what it has of the filter
}

// group answers the query with groups that the proxy makes; done is false where the evaluator has to do it all.
func (s *splitRun) group(params *wire.Execute, more bool) (done bool, err error) {
	if s.plan.Groups == nil || s.using != nil {
		return false, nil
	}
	g, ok := s.bindGroups(s.plan.Groups)
	if !ok {
		return false, nil
	}
	if err = s.allUnchanged(); err == nil {
		g.answer, g.expect, err = s.describeEmpty(params)
	}
	if err == nil && !g.settle() {
		err = errUngrouped
	}
	if err == nil {
		g.define()
		defer g.close()
		g.rows = s.newGroups(g)
		err = s.fetchOver(g)
	}
	if err == nil {
		s.grouping = g
		err = s.answerGroups(g, params, more)
		s.grouping = nil
	}
	if errors.Is(err, errUngrouped) || unreadable(err) {
		s.types = nil
		return false, nil
	}
	return true, err
}

// bindGroups binds conditions, keys and aggregates, or reports false.
func (s *splitRun) bindGroups(p *plan.Groups) (g *grouping, ok bool) {
	f := &p.Fetch
	g = &grouping{plan: p}
	if p.Over != nil {
		if g.over, ok = s.bindGroups(p.Over); !ok {
			return nil, false
		}
	}
	used := predicates{binder: &s.binder, fetch: f, used: make([]bool, len(f.Columns))}
	g.bound = s.binds(f)
	if !g.filter.bind(&used, f.Filter, g.bound) || f.Outer != nil && !g.outer.bind(&used, f.Outer.Filter, g.bound) {
		return nil, false
	}
	if g.witnesses, ok = s.bindWitnesses(f); !ok {
		return nil, false
	}
	first := g.filter.order(len(f.Columns))
	for i, u := range g.outer.order(len(f.Columns)) {
		// Of those of the other table some are not open where an earlier condition fails.
		first[i] = first[i] || u && f.Outer.Columns[i]
	}
	b := scalars{predicates: used, vars: &s.vars}
	g.table = &schema.Table{DB: f.Table.DB}
	for i := range p.Keys {
		if !g.bindKey(&b, i) {
			return nil, false
		}
	}
	for i := range p.Calls {
		if !g.bindCall(&b, i) {
			return nil, false
		}
	}
	for i, u := range used.used {
		if u && !first[i] {
			g.rest = append(g.rest, i)
		}
	}
	g.count = slices.DeleteFunc(g.count, func(i int) bool { return used.used[i] || first[i] })
	return g, true
}

// binds says whether all constants of a fetch's SQL can be bound.
func (s *splitRun) binds(f *plan.Fetch) bool {
	s.binder.wide, s.binder.limits = false, false
	_, err := s.binder.appendParts(nil, f.SQL, 0, nil)
	return err == nil && !s.binder.wide
}

// bindKey binds a key, with the column that it goes to. Its type is only known where the key is a column.
func (g *grouping) bindKey(b *scalars, i int) bool {
	e := g.plan.Keys[i].Expr
	b.useExpr(e)
	name := plan.KeyColumn(i)
	if e.Func == plan.ExprColumn {
		c := *b.fetch.Columns[e.Column]
		k, ok := kernel.KeyOf(e.Column, &c)
		c.Name = name
		g.keys = append(g.keys, k)
		g.addColumn(c)
		return ok
	}
	s, ok := b.scalar(e)
	if !ok {
		return false
	}
	c := schema.Column{Name: name, Kind: schema.KindBigInt, SQLType: "bigint"}
	if s.Number == nil {
		if !b.textsAreWhole() || len(e.Args) == 0 || e.Args[0].Func != plan.ExprColumn || !ofItsText[e.Func] {
			return false
		}
		of := b.fetch.Columns[e.Args[0].Column]
		c = schema.Column{Name: name, Kind: schema.KindVarChar, Length: of.Length, Charset: of.Charset, Collation: of.Collation,
			SQLType: fmt.Sprintf("varchar(%d)", of.Length)}
		if of.Kind != schema.KindChar && of.Kind != schema.KindVarChar {
			return false
		}
	}
	k, ok := kernel.KeyOfScalar(s, &c)
	g.keys = append(g.keys, k)
	g.addColumn(c)
	return ok
}

// ofItsText are functions whose value has the collation of their first argument, and is no longer.
var ofItsText = map[string]bool{"LEFT": true, "RIGHT": true, "SUBSTRING": true, "TRIM": true, "LTRIM": true, "RTRIM": true}

// settle gives expressions among the keys the types that the definitions of the client's own text say.
func (g *grouping) settle() bool {
	for i, k := range g.plan.Keys {
		c := g.cols[i]
		if k.Expr.Func == plan.ExprColumn || k.Item < 0 || k.Item >= len(g.expect) || c.Kind != schema.KindBigInt {
			continue
		}
		e := &g.expect[k.Item]
		t, ok := integerTypes[e.Type]
		if e.Type == wire.TypeYear {
			t.kind, ok = schema.KindYear, true
		}
		if !ok || e.Flags&wire.FlagZerofill != 0 {
			return false
		}
		c.Kind, c.SQLType = t.kind, integerNames[t.kind]
		if c.Unsigned = e.Flags&wire.FlagUnsigned != 0 && t.kind != schema.KindYear; c.Unsigned {
			c.SQLType += " unsigned"
		}
	}
	return true
}

var integerNames = map[schema.Kind]string{
	schema.KindTinyInt: "tinyint", schema.KindSmallInt: "smallint", schema.KindMediumInt: "mediumint", schema.KindInt: "int",
	schema.KindBigInt: "bigint", schema.KindYear: "year",
}

func (g *grouping) addColumn(c schema.Column) {
	c.Default, c.DefaultSQL, c.DefaultStored, c.AutoIncrement, c.OnUpdateNow, c.Invisible = schema.DefaultNull, "", nil, false, false, false
	g.cols = append(g.cols, &c)
}

// bindCall binds an aggregate, with the column that its result goes to.
func (g *grouping) bindCall(b *scalars, i int) bool {
	call := &g.plan.Calls[i]
	count := schema.Column{Name: plan.GroupColumn(i, 0), Kind: schema.KindBigInt, SQLType: "bigint"}
	if call.Arg == nil {
		g.calls = append(g.calls, kernel.Count(-1))
		count.NotNull = true
		g.addColumn(count)
		return true
	}
	plain := call.Arg.Func == plan.ExprColumn
	if plain && call.Func == plan.AggregateCount && !call.Distinct {
		g.count = append(g.count, call.Arg.Column)
	} else {
		b.useExpr(call.Arg)
	}
	switch column := call.Arg.Column; {
	case plain && call.Func == plan.AggregateCount:
		a, ok := kernel.Count(column), true
		if call.Distinct {
			a, ok = kernel.CountDistinct(column, b.fetch.Columns[column])
		}
		g.calls = append(g.calls, a)
		count.NotNull = true
		g.addColumn(count)
		return ok
	case call.Func == plan.AggregateMin || call.Func == plan.AggregateMax:
		if !plain {
			return false
		}
		a, ok := kernel.Extreme(column, b.fetch.Columns[column], call.Func == plan.AggregateMax)
		c := *b.fetch.Columns[column]
		c.Name, c.NotNull = plan.GroupColumn(i, 0), false
		g.calls = append(g.calls, a)
		g.addColumn(c)
		return ok
	}
	return g.bindNumber(b, i, count)
}

// bindNumber binds an aggregate of numbers.
func (g *grouping) bindNumber(b *scalars, i int, count schema.Column) bool {
	call := &g.plan.Calls[i]
	b.summed = call.Func != plan.AggregateCount
	s, ok := b.scalar(call.Arg)
	b.summed = false
	if !ok || s.Number == nil {
		return false
	}
	n := s.Number
	same := g.summed(call.Arg)
	if call.Func == plan.AggregateCount {
		g.calls = append(g.calls, countOf(n, same))
		count.NotNull = true
		g.addColumn(count)
		return true
	}
	precision := min(n.Digits+22, 65)
	sum := kernel.Sum(n)
	if same >= 0 {
		sum = kernel.SumIn(same)
	} else {
		same = len(g.calls)
		g.sums = append(g.sums, summand{call.Arg, same})
	}
	g.calls = append(g.calls, sum)
	g.addColumn(schema.Column{Name: plan.GroupColumn(i, 0), Kind: schema.KindDecimal, Precision: precision, Scale: n.Scale,
		SQLType: fmt.Sprintf("decimal(%d,%d)", precision, n.Scale)})
	if call.Func == plan.AggregateAvg {
		count.Name = plan.GroupColumn(i, 1)
		g.calls = append(g.calls, kernel.CountIn(same))
		g.addColumn(count)
	}
	return true
}

// summand is an expression that is added up, and the call that does.
type summand struct {
	of   *plan.Expression
	call int
}

// summed is the call that adds an expression up, or -1.
func (g *grouping) summed(e *plan.Expression) int {
	for _, s := range g.sums {
		if reflect.DeepEqual(s.of, e) {
			return s.call
		}
	}
	return -1
}

// countOf counts the rows in which a number is not NULL, which call same does, too, if it is not -1.
func countOf(n *kernel.Number, same int) kernel.Aggregate {
	if same >= 0 {
		return kernel.CountIn(same)
	}
	return kernel.CountOf(n)
}

// define writes the definition of the table of results, named by it: a workspace keeps it for the next execution.
func (g *grouping) define() {
	var items []string
	for _, c := range g.cols {
		item := schema.Quote(c.Name) + " " + c.SQLType
		if c.Charset != "" {
			item += " CHARACTER SET " + c.Charset + " COLLATE " + c.Collation
		}
		if c.NotNull {
			item += " NOT NULL"
		} else {
			item += " NULL"
		}
		items = append(items, item)
		g.table.Columns = append(g.table.Columns, *c)
	}
	if g.plan.Indexed {
		items = append(items, "KEY ("+schema.Quote(g.cols[0].Name)+")")
	}
	body := strings.Join(items, ",")
	h := fnv.New64a()
	_, _ = h.Write([]byte(body)) // never fails
	g.table.Name = fmt.Sprintf("%sgroups_%x", schema.Prefix, h.Sum64())
	g.table.Create = "CREATE TABLE " + schema.Quote(g.table.Name) + " (" + body + ")"
}

// describeEmpty runs the client's own text over no rows, for the definitions of its result: as the client is to have them, and read. It
// gives errUngrouped where that fails.
func (s *splitRun) describeEmpty(params *wire.Execute) (answer [][]byte, columns []wire.Column, err error) {
	for i := range s.plan.Fetches {
		f := &s.plan.Fetches[i]
		loader, err := s.bench.Load(f.Table, f.Columns)
		if err == nil {
			err = loader.Close()
		}
		if err != nil {
			return nil, nil, err
		}
	}
	sql, err := s.text()
	if err != nil {
		return nil, nil, err
	}
	if params == nil {
		err = s.bench.Query(sql)
	} else {
		err = s.execute(sql, params)
	}
	if err != nil {
		return nil, nil, err
	}
	conn := s.bench.Conn()
	packet, err := conn.ReadPacket()
	if err != nil {
		return nil, nil, s.evaluated(err)
	}
	if wire.IsError(packet) {
		s.bench.Answered()
		return nil, nil, errUngrouped // it fails again where all is as it should be
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > maxColumns {
		return nil, nil, s.evaluated(wire.ErrMalformed)
	}
	for range n {
		definition, err := s.definition()
		if err != nil {
			return nil, nil, err
		}
		var c wire.Column
		if err := c.Decode(definition, s.caps); err != nil {
			return nil, nil, err
		}
		answer, columns = append(answer, definition), append(columns, c)
	}
	return answer, columns, s.skipRows()
}

// skipRows reads the evaluator's answer to its end.
func (s *splitRun) skipRows() error {
	for {
		packet, err := s.bench.Conn().ReadPacket()
		if err != nil {
			return s.evaluated(err)
		}
		if wire.IsError(packet) || wire.IsEnd(packet, s.bench.Capabilities()) {
			s.bench.Answered()
			return nil
		}
	}
}

// fetchOver reads the rows and aggregates them, and aggregates the groups, if these are the rows.
func (s *splitRun) fetchOver(g *grouping) error {
	if g.over == nil {
		return s.fetchJoined(g)
	}
	o := g.over
	o.rows = s.newGroups(o)
	if err := s.fetchOver(o); err != nil {
		return err
	}
	return s.grouped(o.rows.Rows(func(row [][]byte) error { return s.addTo(g, row) }))
}

// newGroups are a grouping's groups. More than groupsMax go to a file.
func (s *splitRun) newGroups(g *grouping) *kernel.Groups {
	rows := kernel.NewGroups(g.keys, g.calls, groupsMax)
	if s.catalog.spill != nil {
		rows.SpillTo(s.catalog.spill, s.stop)
	}
	return rows
}

// close frees what the groups take.
func (g *grouping) close() {
	if g.over != nil {
		g.over.close()
	}
	if g.rows != nil {
		g.rows.Close()
	}
}

// addTo adds a row, or says that only the evaluator can.
func (s *splitRun) addTo(g *grouping, row [][]byte) error {
	if g.rows.Add(row) {
		return nil
	}
	if err := g.rows.Err(); err != nil {
		return s.full(err)
	}
	return errUngrouped
}

// grouped is the error of reading groups.
func (s *splitRun) grouped(err error) error {
	if errors.Is(err, kernel.ErrUngrouped) {
		return errUngrouped
	}
	return s.full(err)
}

// fetchJoined reads and aggregates the rows, after the Lists that narrow them, in one snapshot.
func (s *splitRun) fetchJoined(g *grouping) error {
	if len(g.witnesses) == 0 && !narrows(g.plan.Fetch.SQL) && !slices.Contains(s.lists(&g.plan.Fetch), true) {
		return s.fetchGroups(g)
	}
	own, together, err := s.snapshot(true)
	if err != nil {
		return err
	}
	if !together {
		err = s.readLists(g.plan.Fetch)
	} else if len(g.witnesses) > 0 || s.needsLists(&g.plan.Fetch) {
		err = errUngrouped
	}
	if err == nil {
		err = s.fetchGroups(g)
	}
	if own {
		err = s.finish(err)
	}
	if errors.Is(err, errUngrouped) || unreadable(err) {
		s.binder.keys, s.binder.totals = nil, nil
	}
	return err
}

// fetchGroups reads and aggregates the rows.
func (s *splitRun) fetchGroups(g *grouping) error {
	f := &g.plan.Fetch
	s.binder.wide, s.binder.limits = false, false
	sql, err := s.binder.appendParts(nil, f.SQL, 0, nil)
	if err != nil {
		return err
	}
	if g.bound && s.binder.wide {
		return errUngrouped
	}
	if s.limited() {
		sql = append(sql, " LIMIT "+noLimit...)
	}
	o := newOpener(s.Session, f)
	fetched, kept := uint64(0), held{}
	err = s.query(string(sql), func(row [][]byte) error {
		fetched++
		outcome, err := g.filter.of(&o, row)
		switch {
		case err != nil:
			return err
		case outcome&kernel.True == 0:
			return nil
		case outcome != kernel.True:
			return errUngrouped
		}
		if err := g.join(&o, row); err != nil {
			return err
		}
		if err := o.open(row, g.rest); err != nil {
			return err
		}
		for _, i := range g.count {
			o.row[i] = row[i]
		}
		if len(g.witnesses) > 0 {
			return kept.hold(g.witnesses, o.row, row[len(f.Columns):])
		}
		return s.addTo(g, o.row)
	})
	s.note.Fetched += fetched
	if err != nil {
		return err
	}
	return s.testify(g, &kept)
}

// join makes columns of a table that is joined by LEFT JOIN NULL where they do not fulfil its conditions.
func (g *grouping) join(o *opener, row [][]byte) error {
	outer := g.plan.Fetch.Outer
	if outer == nil || len(g.outer) == 0 {
		return nil
	}
	outcome, err := g.outer.of(o, row)
	switch {
	case err != nil:
		return err
	case outcome == kernel.True:
		return nil
	case outcome&kernel.True != 0:
		return errUngrouped
	}
	for i, of := range outer.Columns {
		if of {
			row[i], o.row[i] = nil, nil
		}
	}
	return nil
}

// answerGroups loads the groups and runs the text over them.
func (s *splitRun) answerGroups(g *grouping, params *wire.Execute, more bool) error {
	if s.directly(g) {
		return s.sendGroups(g, more)
	}
	loader, err := s.bench.Load(g.table, g.cols)
	if err == nil {
		err = s.grouped(g.rows.Rows(func(row [][]byte) error {
			s.note.Loaded++
			return loader.Row(row)
		}))
	}
	if err == nil {
		err = loader.Close()
	}
	if err != nil {
		return err
	}
	sql, err := s.appendText(nil, g.plan.Text)
	if err != nil {
		return err
	}
	if params != nil {
		kept := *params
		kept.Params = nil
		for i := range g.plan.Text {
			p := &g.plan.Text[i]
			if p.Kind == plan.PartValue && s.args.literals[p.Literal].Kind == plan.LitParam {
				kept.Params = append(kept.Params, params.Params[s.args.index[p.Literal]])
			}
		}
		params = &kept
	}
	return s.answer(sql, params, more)
}

// matches says whether the groups' answer has the types of the client's own text.
func (g *grouping) matches(columns [][]byte, caps wire.Capability) bool {
	if len(columns) != len(g.expect) {
		return false
	}
	const signs = wire.FlagUnsigned
	for i := range columns {
		var c wire.Column
		if c.Decode(columns[i], caps) != nil {
			return false
		}
		e := &g.expect[i]
		if c.Type == wire.TypeVarString && e.Type == c.Type {
			c.Decimals = e.Decimals // MySQL says 31 of a function
		}
		if c.Type != e.Type || c.Decimals != e.Decimals || c.Charset != e.Charset || (c.Flags^e.Flags)&signs != 0 {
			return false
		}
	}
	return true
}
