package kernel

import (
	"container/heap"
	"slices"
)

// Top keeps the rows that can be among the first n of an order: all that stand no later than the n-th, ties included.
type Top struct {
	n      int
	order  *Order
	sign   int // -1 for descending
	border border
	rows   []placed
	size   int
	budget int // of size
	prune  int // how many rows to hold before looking for those that have fallen behind
	place  place
	sure   bool // whether place is known
}

// placed is a row that is kept.
type placed struct {
	place place
	row   [][]byte
}

// NewTop makes one for the first n rows by o. It holds about budget bytes.
func NewTop(n int, o *Order, descending bool, budget int) *Top {
	t := &Top{n: n, order: o, sign: 1, budget: budget, prune: 2*n + 1024}
	if descending {
		t.sign = -1
	}
	t.border.top = t
	return t
}

// compare orders places as the query does.
func (t *Top) compare(a, b place) int { return t.sign * t.order.places(a, b) }

// Look says whether the row that has a value, nil for NULL, in the order's column could be among the first.
func (t *Top) Look(stored []byte) bool {
	t.place.null, t.sure = stored == nil, true
	if t.place.key = t.place.key[:0]; !t.place.null {
		t.place.key, t.sure = t.order.key(t.place.key, stored)
	}
	return !t.sure || len(t.border.places) < t.n || t.compare(t.place, t.border.places[0]) <= 0
}

// Keep keeps a copy of the row that was looked at last. counts says that the row is in the query's result, if LIMIT lets it. It
// reports false, and keeps nothing, where the rows would be more than the budget, or where the row's place is not known: the
// caller then takes Rows, and loads them, this row, and every later one that Look lets pass.
func (t *Top) Keep(row [][]byte, counts bool) bool {
	p := t.count(counts)
	if !t.sure {
		return false
	}
	size := rowSize(row) + len(p.key)
	if len(t.rows) >= t.prune || t.size+size > t.budget {
		t.compact()
	}
	if t.size+size > t.budget {
		return false
	}
	t.rows, t.size = append(t.rows, placed{p, clone(row)}), t.size+size
	return true
}

// Count notes the place of the row that was looked at last, if it counts, without keeping the row.
func (t *Top) Count(counts bool) { t.count(counts) }

func (t *Top) count(counts bool) place {
	p := place{null: t.place.null, key: slices.Clone(t.place.key)}
	if counts && t.sure {
		t.border.add(p)
	}
	return p
}

// Rows are those that are kept, in the order in which they came. Top keeps them no longer.
func (t *Top) Rows(yield func(row [][]byte) error) error {
	t.compact()
	rows := t.rows
	t.rows, t.size = nil, 0
	for i := range rows {
		if err := yield(rows[i].row); err != nil {
			return err
		}
	}
	return nil
}

// compact drops rows that others have overtaken.
func (t *Top) compact() {
	if len(t.border.places) == t.n {
		t.rows = slices.DeleteFunc(t.rows, func(r placed) bool {
			return t.compare(r.place, t.border.places[0]) > 0
		})
	}
	t.size = 0
	for i := range t.rows {
		t.size += rowSize(t.rows[i].row) + len(t.rows[i].place.key)
	}
	t.prune = 2*len(t.rows) + 1024
}

// rowSize is about what a row takes.
func rowSize(row [][]byte) int {
	n := 48 + 24*len(row)
	for _, v := range row {
		n += len(v)
	}
	return n
}

// clone copies a row into memory of its own.
func clone(row [][]byte) [][]byte {
	n := 0
	for _, v := range row {
		n += len(v)
	}
	mem, out := make([]byte, 0, n), make([][]byte, len(row))
	for i, v := range row {
		if v == nil {
			continue
		}
		from := len(mem)
		mem = append(mem, v...)
		out[i] = mem[from:len(mem):len(mem)]
	}
	return out
}

// border holds the first n places; the last of them is on top.
type border struct {
	top    *Top
	places []place
}

func (b *border) add(p place) {
	if len(b.places) < b.top.n {
		heap.Push(b, p)
	} else if b.top.compare(p, b.places[0]) < 0 {
		b.places[0] = p
		heap.Fix(b, 0)
	}
}

// Len implements heap.Interface.
func (b *border) Len() int { return len(b.places) }

// Less implements heap.Interface.
func (b *border) Less(i, j int) bool { return b.top.compare(b.places[i], b.places[j]) > 0 }

// Swap implements heap.Interface.
func (b *border) Swap(i, j int) { b.places[i], b.places[j] = b.places[j], b.places[i] }

// Push implements heap.Interface.
func (b *border) Push(x any) { b.places = append(b.places, x.(place)) }

// Pop implements heap.Interface.
func (b *border) Pop() any { panic("kernel: internal error: nothing is taken off the border") }
