package exec

import (
	"bytes"
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// readLists reads the keys, for some fetches, of rows that fulfil what upstream cannot decide. A list that would not help is left open,
// unless the query cannot do without it.
func (s *splitRun) readLists(fetches ...plan.Fetch) error {
	s.binder.keys = nil
	used := make([]bool, len(s.plan.Lists))
	keys := make([][]byte, len(used))
	for i := range fetches {
		for k, u := range s.lists(&fetches[i]) {
			used[k] = used[k] || u
		}
	}
	for i := range used {
		if !used[i] {
			continue
		}
		if s.plan.Lists[i].Scalar {
			if err := s.readTotal(i); err != nil {
				return err
			}
			continue
		}
		text, err := s.readList(&s.plan.Lists[i])
		if err == nil && text == nil && s.plan.Lists[i].Exact {
			err = errUngrouped
		}
		if err != nil {
			return err
		}
		keys[i] = text
	}
	s.binder.keys = keys
	return nil
}

// lists are those that a fetch needs.
func (s *splitRun) lists(f *plan.Fetch) []bool {
	used := make([]bool, len(s.plan.Lists))
	listed(f.SQL, used)
	f.Scalars(used)
	return used
}

// needsLists says whether a fetch is narrowed by a list that the query cannot do without.
func (s *splitRun) needsLists(f *plan.Fetch) bool {
	for i, u := range s.lists(f) {
		if u && s.plan.Lists[i].Exact {
			return true
		}
	}
	return false
}

// keyList is a list that is being read.
type keyList struct {
	of     *plan.List
	filter filter
	rest   []int
	text   []byte
	read   int
	kept   int
	open   bool // it is given up
	// Of a list of groups:
	groups *kernel.Groups
	having *kernel.Condition
	wide   [][]byte // a row and, behind its columns, its key
	key    []byte   // of the group at hand, where they come one by one; nil: none
	keyed  bool
}

// readList is one list in brackets, or nil.
func (s *splitRun) readList(of *plan.List) ([]byte, error) {
	f := &of.Fetch
	l := &keyList{of: of, text: []byte{'('}}
	if !l.bind(s) {
		return nil, nil
	}
	sql, err := s.fetchText(f)
	if err != nil {
		return nil, err
	}
	o := newOpener(s.Session, f)
	begun := time.Now()
	whole, err := l.sample(s, &o, sql)
	if err == nil && !whole {
		err = l.query(s, &o, string(sql))
	}
	s.step("list", begun, uint64(l.read), f.SQL)
	if err == nil && of.Grouped && !l.open {
		l.finish()
	}
	switch {
	case err != nil:
		return nil, err
	case l.open || !of.Exact && l.kept > 10 && l.kept*mostShare > l.read || s.packet > 0 && len(l.text) > int(s.packet)/4:
		return nil, nil
	case l.kept == 0 && of.Not:
		return []byte("(SELECT NULL FROM DUAL WHERE FALSE)"), nil // not in it is what NULL is, too
	case l.kept == 0:
		return []byte("(NULL)"), nil
	}
	return append(l.text, ')'), nil
}

// sample reads the first rows, by which mostly shows whether a reading of the table is worth it; whole says that there is no more to be read.
func (l *keyList) sample(s *splitRun, o *opener, sql []byte) (whole bool, err error) {
	if l.of.Exact || s.vars.SelectLimit != noLimit {
		return false, nil
	}
	if err = l.query(s, o, string(sql)+" LIMIT "+strconv.Itoa(probeRows)); err != nil || l.open || l.read < probeRows {
		return true, err
	}
	l.text, l.read, l.kept = l.text[:1], 0, 0
	return false, nil
}

func (l *keyList) query(s *splitRun, o *opener, sql string) error {
	defer func(before int) { s.note.Fetched += uint64(l.read - before) }(l.read)
	return s.query(sql, func(row [][]byte) error { return l.row(o, row) })
}

// bind binds the list's conditions, and reports false where that leaves none, or too few.
func (l *keyList) bind(s *splitRun) bool {
	f := &l.of.Fetch
	p := predicates{binder: &s.binder, fetch: f, used: make([]bool, len(f.Columns))}
	for i := range f.Filter {
		if c := p.condition(f.Filter[i].Predicate); c != nil {
			l.filter.add(c, f.Filter[i].Predicate)
		} else if l.of.Exact {
			return false
		}
	}
	first := l.filter.order(len(f.Columns))
	if !l.of.Exact {
		return len(l.filter) > 0
	}
	return !l.of.Grouped || l.bindGroups(s, p, first)
}

// bindGroups binds what is asked of groups.
func (l *keyList) bindGroups(s *splitRun, p predicates, first []bool) bool {
	g := &grouping{plan: &plan.Groups{Fetch: l.of.Fetch, Calls: l.of.Calls}, table: &schema.Table{}}
	b := scalars{predicates: p, vars: &s.vars}
	for i := range l.of.Calls {
		if !g.bindCall(&b, i) || len(g.cols) != i+1 {
			return false
		}
	}
	for _, i := range g.count {
		p.used[i] = true
	}
	for i, u := range p.used {
		if u && !first[i] {
			l.rest = append(l.rest, i)
		}
	}
	results := predicates{binder: &s.binder, fetch: &plan.Fetch{Columns: g.cols}, used: make([]bool, len(g.cols))}
	var having []*kernel.Condition
	for _, d := range l.of.Having {
		v, err := s.binder.args.value(d.Literals[0])
		if err != nil || v.Kind != value.Int && v.Kind != value.Decimal {
			return false
		}
		c := results.condition(d)
		if c == nil {
			return false
		}
		having = append(having, c)
	}
	l.having = kernel.And(having...)
	if l.of.Sorted {
		l.groups = kernel.NewGroups(nil, g.calls, groupsMax)
		return true
	}
	n := len(l.of.Fetch.Columns)
	key, ok := kernel.KeyOf(n, &schema.Column{Kind: schema.KindVarBinary})
	l.groups, l.wide = kernel.NewGroups([]kernel.GroupKey{key}, g.calls, groupsMax), make([][]byte, n+1)
	return ok
}

// row looks at one row, which begins with its key.
func (l *keyList) row(o *opener, row [][]byte) error {
	l.read++
	if l.open {
		return nil
	}
	outcome, err := l.filter.of(o, row[1:])
	if err != nil || outcome&kernel.True == 0 {
		return err
	}
	if l.of.Exact && outcome != kernel.True {
		l.open = true
		return nil
	}
	if !l.of.Grouped {
		l.keep(row[0])
		return nil
	}
	if err := o.open(row[1:], l.rest); err != nil {
		return err
	}
	if !l.of.Sorted {
		copy(l.wide, o.row)
		l.wide[len(o.row)] = row[0]
		l.open = !l.groups.Add(l.wide)
		return nil
	}
	if l.keyed && ((l.key == nil) != (row[0] == nil) || !bytes.Equal(l.key, row[0])) {
		l.end()
	}
	if !l.keyed {
		l.keyed = true
		if l.key = append(l.key[:0], row[0]...); row[0] == nil {
			l.key = nil
		}
	}
	l.open = l.open || !l.groups.Add(o.row)
	return nil
}

// end looks at a group whose last row has come.
func (l *keyList) end() {
	l.keyed = false
	_ = l.groups.Rows(func(results [][]byte) error { l.group(l.key, results); return nil }) // fails never
	l.groups.Reset()
}

// finish looks at the groups that are left.
func (l *keyList) finish() {
	if l.of.Sorted {
		if l.keyed {
			l.end()
		}
		return
	}
	_ = l.groups.Rows(func(row [][]byte) error { l.group(row[0], row[1:]); return nil }) // fails never
}

func (l *keyList) group(key []byte, results [][]byte) {
	switch outcome := l.having.Of(results); {
	case outcome&kernel.True == 0:
	case outcome != kernel.True:
		l.open = true
	default:
		l.keep(key)
	}
}

// keep adds a key. NULL is equal to nothing, but nothing is not in a list with NULL.
func (l *keyList) keep(key []byte) {
	if key == nil && !l.of.Not || l.open {
		return
	}
	if l.kept++; l.kept > mostKeys || !l.of.Exact && l.read > enoughRows && l.kept*mostShare > l.read {
		l.open = true
		return
	}
	if l.kept > 1 {
		l.text = append(l.text, ',')
	}
	if key == nil {
		l.text = append(l.text, "NULL"...)
		return
	}
	var ok bool
	if l.text, ok = appendKey(l.text, l.of.Key, key); !ok {
		l.open = true
	}
}
