package exec

import (
	"bytes"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// Bounds of what is held back of rows until it is known which of them have witnesses. Past them, the evaluator does it all.
const (
	heldMax = 64 << 20 // bytes
	keysMax = 200_000  // of one condition
	// askedKeys is how many keys are asked for at once: of 1,000 and more, MariaDB makes a table that it joins.
	askedKeys = 900
)

// witness is a bound plan.Witness.
type witness struct {
	plan   *plan.Witness
	filter filter
	bound  bool
	keys   map[string]*testimony
	order  []string // of keys
}

// testimony says what is there with a key: rows that have one value in the column that must differ, or also several.
type testimony struct {
	any, several bool
	other        []byte
}

// bindWitnesses binds conditions, or reports false.
func (s *splitRun) bindWitnesses(f *plan.Fetch) (out []*witness, ok bool) {
	for i := range f.Witnesses {
		w := &witness{plan: &f.Witnesses[i], keys: map[string]*testimony{}}
		inner := &w.plan.Fetch
		p := predicates{binder: &s.binder, fetch: inner, used: make([]bool, len(inner.Columns))}
		w.bound = s.binds(inner)
		if !w.filter.bind(&p, inner.Filter, w.bound) {
			return nil, false
		}
		w.filter.order(len(inner.Columns))
		out = append(out, w)
	}
	return out, true
}

// held are rows that are asked of: their opened columns, and behind them what the conditions compare.
type held struct {
	rows [][][]byte
	size int
}

// hold keeps a row. raw is what the conditions compare.
func (h *held) hold(of []*witness, row, raw [][]byte) error {
	kept := make([][]byte, 0, len(row)+len(raw))
	for _, v := range row {
		kept = append(kept, bytes.Clone(v))
	}
	for _, v := range raw {
		kept = append(kept, bytes.Clone(v))
	}
	for _, v := range kept {
		h.size += len(v) + 24
	}
	for _, w := range of {
		key := raw[w.plan.Row]
		if key == nil || w.keys[string(key)] != nil {
			continue // nothing is equal to NULL
		}
		if len(w.order) >= keysMax {
			return errUngrouped
		}
		w.keys[string(key)] = &testimony{}
		w.order = append(w.order, string(key))
	}
	if h.rows = append(h.rows, kept); h.size > heldMax {
		return errUngrouped
	}
	return nil
}

// testify reads the witnesses and aggregates the rows that are held.
func (s *splitRun) testify(g *grouping, h *held) error {
	for _, w := range g.witnesses {
		for begin := 0; begin < len(w.order); begin += askedKeys {
			if err := s.readWitnesses(w, w.order[begin:min(begin+askedKeys, len(w.order))]); err != nil {
				return err
			}
		}
	}
	n := len(g.plan.Fetch.Columns)
	for _, row := range h.rows {
		passes := true
		for _, w := range g.witnesses {
			passes = passes && w.passes(row[n:])
		}
		if !passes {
			continue
		}
		if err := s.addTo(g, row[:n:n]); err != nil {
			return err
		}
	}
	return nil
}

// readWitnesses reads those that have some of the keys.
func (s *splitRun) readWitnesses(w *witness, keys []string) error {
	f := &w.plan.Fetch
	s.binder.wide, s.binder.limits = false, false
	sql, err := s.binder.appendParts(nil, f.SQL, 0, nil)
	if err != nil {
		return err
	}
	if w.bound && s.binder.wide {
		return errUngrouped
	}
	sql = append(sql, map[bool]string{true: " WHERE ", false: " AND "}[f.Full]...)
	sql = append(append(sql, quoteName(w.plan.Name)...), " IN ("...)
	for i, k := range keys {
		if i > 0 {
			sql = append(sql, ',')
		}
		var ok bool
		if sql, ok = appendKey(sql, w.plan.Key, []byte(k)); !ok {
			return errUngrouped
		}
	}
	if sql = append(sql, ')'); s.limited() {
		sql = append(sql, " LIMIT "+noLimit...)
	}
	o := newOpener(s.Session, f)
	begun, read := time.Now(), uint64(0)
	err = s.query(string(sql), func(row [][]byte) error { read++; return w.row(&o, row) })
	s.note.Fetched += read
	s.step("witnesses", begun, read, f.SQL)
	return err
}

// row notes a row, if it is a witness.
func (w *witness) row(o *opener, row [][]byte) error {
	lead := 1
	var other []byte
	if w.plan.Differs {
		if lead, other = 2, row[1]; other == nil {
			return nil // NULL differs from nothing
		}
	}
	p := w.keys[string(row[0])]
	if p == nil || p.several || p.any && bytes.Equal(p.other, other) {
		return nil
	}
	outcome, err := w.filter.of(o, row[lead:])
	switch {
	case err != nil:
		return err
	case outcome&kernel.True == 0:
		return nil
	case outcome != kernel.True:
		return errUngrouped
	}
	if p.any {
		p.several = true
		return nil
	}
	p.any, p.other = true, bytes.Clone(other)
	return nil
}

// passes says whether the condition is true of a row, of which raw is what conditions compare.
func (w *witness) passes(raw [][]byte) bool {
	exists := false
	if p := w.keys[string(raw[w.plan.Row])]; raw[w.plan.Row] != nil && p.any {
		exists = true
		if w.plan.Differs {
			other := raw[w.plan.Row+1]
			exists = other != nil && (p.several || !bytes.Equal(p.other, other))
		}
	}
	return exists != w.plan.Not
}
