package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/tdeproxy/tdeproxy/tde/spill"
)

// spilling is what Groups do with more groups than their budget. All that are there go to a sorter, by their keys, and the next rows
// make new ones; those of one key are merged at the end, and then sorted by their first rows. The values that a COUNT(DISTINCT) has seen
// go there, too, each as a record behind its group's.
type spilling struct {
	dir    *spill.Dir
	stop   func() error
	budget int // bytes
	by     *SortKey
	parts  *spill.Sorter
	whole  *spill.Sorter
	err    error
	record []byte
	row    [][]byte
}

// ErrUngrouped says that only a server knows what becomes of the rows.
var ErrUngrouped = errors.New("tde/kernel: only a server can group these rows")

// groupSort is what sorting groups takes in memory, in bytes.
const groupSort = 16 << 20

// SpillTo has groups that are more than the budget go to files in d; see spill.Sorter of stop. Close frees them.
func (g *Groups) SpillTo(d *spill.Dir, stop func() error) {
	g.spill = &spilling{dir: d, stop: stop, budget: g.budget}
}

// Spilled says whether groups are in files.
func (g *Groups) Spilled() bool { return g.spill != nil && g.spill.parts != nil }

// Len is how many groups are in memory.
func (g *Groups) Len() int { return len(g.groups) }

// SortBy makes Rows, after SpillTo, give groups in an order of its columns; those that are equal there come in any order.
func (g *Groups) SortBy(k *SortKey) { g.spill.by = k }

// Err is what has kept Add from storing groups in a file.
func (g *Groups) Err() error {
	if g.spill == nil {
		return nil
	}
	return g.spill.err
}

// Close frees files.
func (g *Groups) Close() {
	if g.spill != nil {
		g.spill.parts.Close()
		g.spill.whole.Close()
	}
}

// overflow moves all groups to the sorter, or reports false.
func (g *Groups) overflow() bool {
	s := g.spill
	if s == nil {
		return false
	}
	if s.parts == nil {
		s.parts = s.dir.NewSorter(bytes.Compare, groupSort, s.stop)
	}
	if len(g.keys) == 0 {
		s.err = g.part(nil, &g.groups[0])
		g.groups = append(g.groups[:0], group{accs: make([]accumulator, len(g.calls))})
	}
	for key, i := range g.index {
		if s.err != nil {
			return false
		}
		s.err = g.part([]byte(key), &g.groups[i])
	}
	if len(g.keys) > 0 {
		clear(g.groups)
		g.groups = g.groups[:0]
		clear(g.index)
	}
	g.budget = s.budget
	return s.err == nil
}

// part adds a group's records. The first has the byte 0 after the key, which no key is the beginning of another of.
func (g *Groups) part(key []byte, of *group) error {
	s := g.spill
	s.row = append(append(s.row[:0], binary.BigEndian.AppendUint64(nil, of.first)), of.keys...)
	for i := range of.accs {
		a := &of.accs[i]
		n := binary.BigEndian.AppendUint64(nil, a.count)
		n = binary.BigEndian.AppendUint64(n, uint64(a.hi))
		s.row = append(s.row, binary.BigEndian.AppendUint64(n, a.lo), a.best, a.place)
	}
	s.record = spill.AppendRow(s.record[:0], s.row)
	if err := s.parts.Add(append(key, 0), s.record); err != nil {
		return err
	}
	for i := range of.accs {
		for v := range of.accs[i].seen {
			tagged := binary.BigEndian.AppendUint16(append(bytes.Clone(key), 1), uint16(i))
			if err := s.parts.Add(append(tagged, v...), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// merged gives the groups.
func (g *Groups) merged(yield func(row [][]byte) error) error {
	s := g.spill
	if !g.overflow() {
		return s.err
	}
	compare := bytes.Compare
	if s.by != nil {
		compare = s.by.Compare
	}
	s.whole = s.dir.NewSorter(compare, groupSort, s.stop)
	if err := g.merge(); err != nil {
		return err
	}
	s.parts.Close()
	row := make([][]byte, len(g.keys)+len(g.calls))
	return s.whole.Each(func(_, packed []byte) error {
		if _, ok := spill.SplitRow(row, packed); !ok {
			return errors.New("tde/kernel: internal error: a group is not what it was")
		}
		return yield(row)
	})
}

// merge makes one group of those of a key.
func (g *Groups) merge() error {
	var at []byte // the key of the group at hand, nil before the first
	var last []byte
	var all group
	one := make([][]byte, 1+len(g.keys)+3*len(g.calls))
	err := g.spill.parts.Each(func(key, value []byte) error {
		n := len(at)
		if at != nil && len(key) > n && key[n] == 1 && bytes.Equal(key[:n], at) {
			if !bytes.Equal(key, last) {
				all.accs[binary.BigEndian.Uint16(key[n+1:])].count++
				last = append(last[:0], key...)
			}
			return nil
		}
		if _, ok := spill.SplitRow(one, value); !ok {
			return errors.New("tde/kernel: internal error: a group is not what it was")
		}
		if key = key[:len(key)-1]; at != nil && bytes.Equal(key, at) {
			return g.join(&all, one)
		}
		if at != nil {
			if err := g.done(&all); err != nil {
				return err
			}
		}
		at, last = append(make([]byte, 0, len(key)), key...), last[:0]
		all = group{first: binary.BigEndian.Uint64(one[0]), keys: clone(one[1 : 1+len(g.keys)]), accs: make([]accumulator, len(g.calls))}
		return g.join(&all, one)
	})
	if err != nil || at == nil {
		return err
	}
	return g.done(&all)
}

// join adds what a part of a group has.
func (g *Groups) join(all *group, part [][]byte) error {
	for k := range g.keys {
		if g.keys[k].spelled && !bytes.Equal(all.keys[k], part[1+k]) {
			return ErrUngrouped
		}
	}
	for i := range g.calls {
		a, p := &all.accs[i], part[1+len(g.keys)+3*i:]
		count := binary.BigEndian.Uint64(p[0])
		switch c := &g.calls[i]; {
		case c.kind == aggregateDistinct:
			continue
		case c.kind == aggregateExtreme && count > 0 && (a.count == 0 || c.sign*c.order.compare(p[2], a.place) < 0):
			a.best, a.place = bytes.Clone(p[1]), bytes.Clone(p[2])
		}
		var carry uint64
		a.lo, carry = bits.Add64(a.lo, binary.BigEndian.Uint64(p[0][16:]), 0)
		a.hi += int64(binary.BigEndian.Uint64(p[0][8:])) + int64(carry)
		a.count += count
	}
	return nil
}

// done hands a whole group to the sorter of those.
func (g *Groups) done(all *group) (err error) {
	s := g.spill
	s.row = append(s.row[:0], all.keys...)
	for c := range g.calls {
		s.row = append(s.row, g.result(c, all.accs))
	}
	key := binary.BigEndian.AppendUint64(nil, all.first)
	if s.by != nil {
		var ok bool
		if key, ok = s.by.Append(key[:0], s.row); !ok {
			return ErrUngrouped
		}
	}
	s.record = spill.AppendRow(s.record[:0], s.row)
	return s.whole.Add(key, s.record)
}
