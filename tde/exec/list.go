package exec

import (
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Bounds of lists of keys.
const (
	mostKeys = 20_000
	// enoughRows is how many rows are looked at before a list of a large part of them is given up.
	enoughRows = 1000
	mostShare  = 4 // of the rows: one in four
)

// narrows says whether lists narrow a fetch.
func narrows(parts []plan.Part) bool {
	return slices.ContainsFunc(parts, func(p plan.Part) bool { return p.Kind == plan.PartKeys || p.Kind == plan.PartJoin && narrows(p.Expr) })
}

// listed marks the lists that narrow a fetch.
func listed(parts []plan.Part, used []bool) {
	for i := range parts {
		switch p := &parts[i]; p.Kind {
		case plan.PartKeys:
			used[p.Literal] = true
		case plan.PartJoin:
			listed(p.Expr, used)
		}
	}
}

// readLists reads the keys, for some fetches, of rows that fulfil what upstream cannot decide. A list that would not help is left open.
func (s *splitRun) readLists(fetches ...plan.Fetch) error {
	s.binder.keys = nil
	used := make([]bool, len(s.plan.Lists))
	for i := range fetches {
		listed(fetches[i].SQL, used)
	}
	if !slices.Contains(used, true) {
		return nil
	}
	keys := make([][]byte, len(used))
	for i := range used {
		if !used[i] {
			continue
		}
		text, err := s.readList(&s.plan.Lists[i])
		if err != nil {
			return err
		}
		keys[i] = text
	}
	s.binder.keys = keys
	return nil
}

// keyList is a list that is being read.
type keyList struct {
	of     *plan.List
	filter *kernel.Condition
	first  []int
	text   []byte
	read   int
	kept   int
	open   bool // it is given up
}

// readList is one list in brackets, or nil.
func (s *splitRun) readList(of *plan.List) ([]byte, error) {
	f := &of.Fetch
	l := &keyList{of: of, text: []byte{'('}}
	p := predicates{binder: &s.binder, fetch: f, used: make([]bool, len(f.Columns))}
	var conditions []*kernel.Condition
	for i := range f.Filter {
		if c := p.condition(f.Filter[i].Predicate); c != nil {
			conditions = append(conditions, c)
			p.use(f.Filter[i].Predicate)
		}
	}
	if len(conditions) == 0 {
		return nil, nil
	}
	l.filter = kernel.And(conditions...)
	for i, used := range p.used {
		if used {
			l.first = append(l.first, i)
		}
	}
	sql, err := s.fetchText(f)
	if err != nil {
		return nil, err
	}
	o := opener{session: s.Session, fetch: f, row: make([][]byte, len(f.Columns)), bufs: make([][]byte, len(f.Columns))}
	begun := time.Now()
	err = s.query(string(sql), func(row [][]byte) error { return l.row(&o, row) })
	s.note.Fetched += uint64(l.read)
	s.step("list", begun, uint64(l.read), f.SQL)
	switch {
	case err != nil:
		return nil, err
	case l.open || l.kept > 10 && l.kept*mostShare > l.read || s.packet > 0 && len(l.text) > int(s.packet)/4:
		return nil, nil
	case l.kept == 0:
		return []byte("(NULL)"), nil
	}
	return append(l.text, ')'), nil
}

// row looks at one row, which begins with its key.
func (l *keyList) row(o *opener, row [][]byte) error {
	l.read++
	if l.open {
		return nil
	}
	if err := o.open(row[1:], l.first); err != nil {
		return err
	}
	if l.filter.Of(o.row)&kernel.True == 0 {
		return nil
	}
	if l.kept++; l.kept > mostKeys || l.read > enoughRows && l.kept*mostShare > l.read {
		l.open = true
		return nil
	}
	if l.kept > 1 {
		l.text = append(l.text, ',')
	}
	var ok bool
	if l.text, ok = appendKey(l.text, l.of.Key, row[0]); !ok {
		l.open = true
	}
	return nil
}

// appendKey writes a key as a literal: a token in hexadecimal, or an integer.
func appendKey(dst []byte, c *schema.Column, v []byte) (out []byte, ok bool) {
	if c.Storage != schema.StoredClear {
		return append(hex.AppendEncode(append(dst, "x'"...), v), '\''), len(v) > 0
	}
	if _, err := strconv.ParseInt(string(v), 10, 64); err != nil {
		if _, err := strconv.ParseUint(string(v), 10, 64); err != nil {
			return dst, false
		}
	}
	return append(dst, v...), true
}

// appendKeys renders the condition that a column is in a list.
func (b *binder) appendKeys(dst []byte, p *plan.Part) []byte {
	if p.Literal >= len(b.keys) || b.keys[p.Literal] == nil {
		return append(dst, "TRUE"...)
	}
	return append(append(append(dst, p.Text...), " IN "...), b.keys[p.Literal]...)
}

// open says whether nothing is left of a semi-join's conditions: they are lists that are open.
func (b *binder) open(parts []plan.Part) bool {
	for i := range parts {
		switch p := &parts[i]; {
		case i == 0 || p.Kind == plan.PartText && (p.Text == " AND " || p.Text == ")"):
		case p.Kind == plan.PartKeys && (p.Literal >= len(b.keys) || b.keys[p.Literal] == nil):
		case p.Kind == plan.PartJoin && b.open(p.Expr):
		default:
			return false
		}
	}
	return true
}
