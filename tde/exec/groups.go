package exec

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// groupsMax bounds what groups take in the proxy, in bytes. A query with more goes to the evaluator, within its own memory.
const groupsMax = 64 << 20

// errUngrouped says that only the evaluator can aggregate these rows.
var errUngrouped = errors.New("exec: the evaluator must aggregate")

// grouping is a bound plan.Groups.
type grouping struct {
	plan    *plan.Groups
	filter  *kernel.Condition // nil: all rows count
	rows    *kernel.Groups
	columns []int         // that are opened
	table   *schema.Table // of the results
	expect  []wire.Column // the definitions of the client's own text
	answer  [][]byte      // and as the client is to have them
	calls   []kernel.Aggregate
	cols    []*schema.Column
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
	if err = s.describeGroups(g, params); err == nil {
		err = s.fetchGroups(g)
	}
	if err == nil {
		s.grouping = g
		err = s.answerGroups(g, params, more)
		s.grouping = nil
	}
	if errors.Is(err, errUngrouped) {
		s.types = nil
		return false, nil
	}
	return true, err
}

// bindGroups binds conditions, keys and aggregates, or reports false.
func (s *splitRun) bindGroups(p *plan.Groups) (g *grouping, ok bool) {
	f := &p.Fetch
	g = &grouping{plan: p}
	used := predicates{binder: &s.binder, fetch: f, used: make([]bool, len(f.Columns))}
	var conditions []*kernel.Condition
	for _, c := range f.Filter {
		bound := used.condition(c.Predicate)
		if bound == nil {
			return nil, false
		}
		used.use(c.Predicate)
		conditions = append(conditions, bound)
	}
	if len(conditions) > 0 {
		g.filter = kernel.And(conditions...)
	}
	var keys []kernel.GroupKey
	for _, i := range p.Keys {
		k, ok := kernel.KeyOf(i, f.Columns[i])
		if !ok {
			return nil, false
		}
		keys, used.used[i] = append(keys, k), true
	}
	g.table = &schema.Table{DB: f.Table.DB}
	for _, i := range p.Keys {
		if c := f.Columns[i]; !contains(g.cols, c.Name) {
			g.addColumn(*c)
		} else {
			return nil, false // a key twice
		}
	}
	for i := range p.Calls {
		if !g.bindCall(s, i, &used) {
			return nil, false
		}
	}
	for i, u := range used.used {
		if u {
			g.columns = append(g.columns, i)
		}
	}
	g.define()
	g.rows = kernel.NewGroups(keys, g.calls, groupsMax)
	return g, true
}

func contains(cols []*schema.Column, name string) bool {
	for _, c := range cols {
		if c.Name == name {
			return true
		}
	}
	return false
}

func (g *grouping) addColumn(c schema.Column) {
	c.Default, c.DefaultSQL, c.DefaultStored, c.AutoIncrement, c.OnUpdateNow, c.Invisible = schema.DefaultNull, "", nil, false, false, false
	g.cols = append(g.cols, &c)
}

// bindCall binds an aggregate, with the column that its result goes to.
func (g *grouping) bindCall(s *splitRun, i int, used *predicates) bool {
	call := &g.plan.Calls[i]
	columns := g.plan.Fetch.Columns
	count := schema.Column{Name: plan.GroupColumn(i, 0), Kind: schema.KindBigInt, SQLType: "bigint"}
	if call.Arg == nil {
		g.calls = append(g.calls, kernel.Count(-1))
		count.NotNull = true
		g.addColumn(count)
		return true
	}
	plain := call.Arg.Op == plan.ArithmeticColumn
	switch column := call.Arg.Column; {
	case plain && call.Func == plan.AggregateCount:
		used.used[column] = true
		g.calls = append(g.calls, kernel.Count(column))
		count.NotNull = true
		g.addColumn(count)
		return true
	case call.Func == plan.AggregateMin || call.Func == plan.AggregateMax:
		if !plain {
			return false
		}
		a, ok := kernel.Extreme(column, columns[column], call.Func == plan.AggregateMax)
		used.used[column] = true
		c := *columns[column]
		c.Name, c.NotNull = plan.GroupColumn(i, 0), false
		g.calls = append(g.calls, a)
		g.addColumn(c)
		return ok
	}
	n, ok := s.number(call.Arg, columns, used.used)
	if !ok {
		return false
	}
	if call.Func == plan.AggregateCount {
		g.calls = append(g.calls, kernel.CountOf(n))
		count.NotNull = true
		g.addColumn(count)
		return true
	}
	precision := min(n.Digits+22, 65)
	g.calls = append(g.calls, kernel.Sum(n))
	g.addColumn(schema.Column{Name: plan.GroupColumn(i, 0), Kind: schema.KindDecimal, Precision: precision, Scale: n.Scale,
		SQLType: fmt.Sprintf("decimal(%d,%d)", precision, n.Scale)})
	if call.Func == plan.AggregateAvg {
		count.Name = plan.GroupColumn(i, 1)
		g.calls = append(g.calls, kernel.CountOf(n))
		g.addColumn(count)
	}
	return true
}

// number binds an expression.
func (s *splitRun) number(a *plan.Arithmetic, columns []*schema.Column, used []bool) (*kernel.Number, bool) {
	switch a.Op {
	case plan.ArithmeticColumn:
		used[a.Column] = true
		return kernel.NumberColumn(a.Column, columns[a.Column])
	case plan.ArithmeticLiteral:
		v, err := s.binder.args.value(a.Literal)
		if err != nil || v.Kind != value.Int && v.Kind != value.Decimal {
			return nil, false
		}
		return kernel.NumberConstant(v.Bytes)
	}
	var args []*kernel.Number
	for _, sub := range a.Args {
		n, ok := s.number(sub, columns, used)
		if !ok {
			return nil, false
		}
		args = append(args, n)
	}
	switch {
	case len(args) == 1:
		return kernel.Negated(args[0])
	case a.Op == plan.ArithmeticPlus:
		return kernel.Plus(args[0], args[1])
	case a.Op == plan.ArithmeticMinus:
		return kernel.Minus(args[0], args[1])
	}
	return kernel.Times(args[0], args[1])
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

// describeGroups runs the client's own text over no rows, for the definitions of its result.
func (s *splitRun) describeGroups(g *grouping, params *wire.Execute) error {
	f := &s.plan.Fetches[0]
	if f.Table.Source != "" {
		if err := s.unchanged(f.Table); err != nil {
			return err
		}
	}
	loader, err := s.bench.Load(f.Table, f.Columns)
	if err == nil {
		err = loader.Close()
	}
	if err != nil {
		return err
	}
	sql, err := s.text()
	if err != nil {
		return err
	}
	if params == nil {
		err = s.bench.Query(sql)
	} else {
		err = s.execute(sql, params)
	}
	if err != nil {
		return err
	}
	conn := s.bench.Conn()
	packet, err := conn.ReadPacket()
	if err != nil {
		return s.evaluated(err)
	}
	if wire.IsError(packet) {
		s.bench.Answered()
		return errUngrouped // it fails again where all is as it should be
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > maxColumns {
		return s.evaluated(wire.ErrMalformed)
	}
	for range n {
		definition, err := s.definition()
		if err != nil {
			return err
		}
		var c wire.Column
		if err := c.Decode(definition, s.caps); err != nil {
			return err
		}
		g.answer, g.expect = append(g.answer, definition), append(g.expect, c)
	}
	return s.skipRows()
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

// fetchGroups reads and aggregates the rows.
func (s *splitRun) fetchGroups(g *grouping) error {
	f := &g.plan.Fetch
	s.binder.wide, s.binder.limits = false, false
	sql, err := s.binder.appendParts(nil, f.SQL, 0, nil)
	if err != nil {
		return err
	}
	if s.limited() {
		sql = append(sql, " LIMIT "+noLimit...)
	}
	o := opener{session: s.Session, fetch: f, row: make([][]byte, len(f.Columns)), bufs: make([][]byte, len(f.Columns))}
	fetched := uint64(0)
	defer func() { s.note.Fetched += fetched }()
	return s.query(string(sql), func(row [][]byte) error {
		fetched++
		if err := o.open(row, g.columns); err != nil {
			return err
		}
		if g.filter != nil {
			switch outcome := g.filter.Of(o.row); {
			case outcome&kernel.True == 0:
				return nil
			case outcome != kernel.True:
				return errUngrouped
			}
		}
		if !g.rows.Add(o.row) {
			return errUngrouped
		}
		return nil
	})
}

// answerGroups loads the groups and runs the text over them.
func (s *splitRun) answerGroups(g *grouping, params *wire.Execute, more bool) error {
	loader, err := s.bench.Load(g.table, g.cols)
	if err == nil {
		err = g.rows.Rows(func(row [][]byte) error {
			s.note.Loaded++
			return loader.Row(row)
		})
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
		if e := &g.expect[i]; c.Type != e.Type || c.Decimals != e.Decimals || c.Charset != e.Charset || (c.Flags^e.Flags)&signs != 0 {
			return false
		}
	}
	return true
}
