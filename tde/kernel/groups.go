package kernel

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Groups aggregates rows by keys, exactly or not at all. Groups come out in the order of their first rows.
type Groups struct {
	keys   []GroupKey
	calls  []Aggregate
	budget int // bytes
	index  map[string]int
	groups []group
	key    []byte
	values [][]byte // of the keys, of the row at hand
	added  uint64   // rows
	spill  *spilling
}

// GroupKey is a column that rows are grouped by, or an expression.
type GroupKey struct {
	column    int
	scalar    *Scalar // nil: the column
	scratch   []byte
	canonical func(dst, stored []byte) (key []byte, ok bool)
	// spelled: values that differ can be equal, and which of them a server shows is not known.
	spelled bool
}

// Aggregate is one function over a group's rows.
type Aggregate struct {
	kind   aggregateKind
	number *Number
	column int // -1: every row counts
	order  *Order
	sign   int
	key    GroupKey // of DISTINCT
	same   int      // another call, of whose accumulator this is the sum, or the count
}

type aggregateKind uint8

const (
	aggregateCount aggregateKind = iota
	aggregateSum
	aggregateExtreme
	aggregateDistinct
	aggregateSumIn
	aggregateCountIn
)

type group struct {
	keys  [][]byte
	accs  []accumulator
	first uint64 // row
}

// accumulator is a count, a sum of 128 bits, or the first value by an order.
type accumulator struct {
	count uint64
	hi    int64
	lo    uint64
	best  []byte
	place []byte
	seen  map[string]struct{}
}

// KeyOf is a column as a key, where it is known which values are equal.
func KeyOf(column int, col *schema.Column) (k GroupKey, ok bool) {
	k = GroupKey{column: column, canonical: func(dst, stored []byte) ([]byte, bool) { return append(dst, stored...), true }}
	switch col.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt, schema.KindYear, schema.KindDate,
		schema.KindDateTime, schema.KindVarBinary:
		return k, true
	case schema.KindDecimal:
		k.canonical = func(dst, stored []byte) ([]byte, bool) {
			return append(dst, stored...), !(len(stored) > 0 && stored[0] == '-' && !negative(stored)) // not minus zero
		}
		return k, true
	case schema.KindChar, schema.KindVarChar:
	default:
		return k, false
	}
	c, ok := collationOf(col)
	if !ok {
		return k, false
	}
	k.spelled = !c.bytewise || c.pad
	k.canonical = func(dst, stored []byte) ([]byte, bool) {
		from := len(dst)
		if c.bytewise {
			dst = append(dst, stored...)
		} else if dst, ok = c.folded(dst, stored); !ok {
			return dst, false
		}
		for c.pad && len(dst) > from && dst[len(dst)-1] == ' ' {
			dst = dst[:len(dst)-1]
		}
		return dst, true
	}
	return k, true
}

// Count counts the rows in which a column is not NULL, or all for column -1.
func Count(column int) Aggregate { return Aggregate{kind: aggregateCount, column: column} }

// CountOf counts the rows in which a number is not NULL.
func CountOf(n *Number) Aggregate { return Aggregate{kind: aggregateCount, number: n} }

// CountDistinct counts the values of a column that differ.
func CountDistinct(column int, col *schema.Column) (a Aggregate, ok bool) {
	a = Aggregate{kind: aggregateDistinct, column: column}
	a.key, ok = KeyOf(column, col)
	return a, ok
}

// KeyOfScalar is an expression as a key: an integer, or a text that is stored and compares as col does.
func KeyOfScalar(s *Scalar, col *schema.Column) (k GroupKey, ok bool) {
	k, ok = KeyOf(-1, col)
	k.scalar = s
	return k, ok && (s.Number == nil || s.Number.integer)
}

// value is the stored form of a row's key, nil for NULL.
func (k *GroupKey) value(row [][]byte) (stored []byte, ok bool) {
	if k.scalar == nil {
		return row[k.column], true
	}
	if k.scalar.Number == nil {
		text, null, ok := k.scalar.Text(k.scratch[:0], row)
		if k.scratch = text; null {
			return nil, ok
		}
		if text == nil {
			text = []byte{}
		}
		return text, ok
	}
	v, null, ok := k.scalar.Exact(row)
	if !ok || null {
		return nil, ok
	}
	k.scratch = binary.BigEndian.AppendUint64(k.scratch[:0], uint64(v))
	return k.scratch, true
}

// Sum adds numbers up.
func Sum(n *Number) Aggregate { return Aggregate{kind: aggregateSum, number: n} }

// SumIn is the sum of another call, which is a Sum.
func SumIn(call int) Aggregate { return Aggregate{kind: aggregateSumIn, same: call} }

// CountIn counts the rows in which the number of another call, a Sum, is not NULL.
func CountIn(call int) Aggregate { return Aggregate{kind: aggregateCountIn, same: call} }

// Extreme is the smallest value of a column, or the largest; ok is false where equal values are not always the same.
func Extreme(column int, col *schema.Column, largest bool) (a Aggregate, ok bool) {
	switch col.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt, schema.KindDecimal, schema.KindDate,
		schema.KindDateTime:
	default:
		return a, false
	}
	a = Aggregate{kind: aggregateExtreme, column: column, sign: 1}
	if largest {
		a.sign = -1
	}
	a.order, ok = OrderOf(col, 0)
	return a, ok
}

// NewGroups makes one that holds about budget bytes. Without keys all rows are one group, which is there even of no rows.
func NewGroups(keys []GroupKey, calls []Aggregate, budget int) *Groups {
	g := &Groups{keys: keys, calls: calls, budget: budget, index: map[string]int{}}
	if len(keys) == 0 {
		g.groups = append(g.groups, group{accs: make([]accumulator, len(calls))})
	}
	return g
}

// Reset forgets the rows of one that has no keys.
func (g *Groups) Reset() {
	accs := g.groups[0].accs
	for i := range accs {
		accs[i] = accumulator{}
	}
}

// Add takes a row of stored forms, which it does not keep. It reports false where only a server knows what becomes of the row, or
// where the groups are more than the budget.
func (g *Groups) Add(row [][]byte) bool {
	i := 0
	g.added++
	if len(g.keys) > 0 {
		var ok bool
		if i, ok = g.find(row); !ok {
			return false
		}
	}
	accs := g.groups[i].accs
	for c := range g.calls {
		if a := &g.calls[c]; a.kind == aggregateDistinct {
			if !g.distinct(a, &accs[c], row) {
				return false
			}
		} else if !a.add(&accs[c], row) {
			return false
		}
	}
	return g.budget >= 0 || g.overflow()
}

// find is the group of a row.
func (g *Groups) find(row [][]byte) (i int, ok bool) {
	g.key = g.key[:0]
	if g.values == nil {
		g.values = make([][]byte, len(g.keys))
	}
	for k := range g.keys {
		key := &g.keys[k]
		v, ok := key.value(row)
		if !ok {
			return 0, false
		}
		if g.values[k] = v; v == nil {
			g.key = append(g.key, 0)
			continue
		}
		g.key = append(g.key, 1, 0, 0, 0, 0)
		from := len(g.key)
		if g.key, ok = key.canonical(g.key, v); !ok {
			return 0, false
		}
		binary.BigEndian.PutUint32(g.key[from-4:], uint32(len(g.key)-from))
	}
	i, found := g.index[string(g.key)]
	if !found {
		return g.open(), true
	}
	for k := range g.keys {
		if g.keys[k].spelled && string(g.groups[i].keys[k]) != string(g.values[k]) {
			return 0, false
		}
	}
	return i, true
}

// open makes a row's group.
func (g *Groups) open() (i int) {
	keys := clone(g.values)
	g.budget -= 2*rowSize(keys) + 96*len(g.calls) + 64
	i = len(g.groups)
	g.groups = append(g.groups, group{keys, make([]accumulator, len(g.calls)), g.added})
	g.index[string(g.key)] = i
	return i
}

// distinct notes a row's value.
func (g *Groups) distinct(a *Aggregate, acc *accumulator, row [][]byte) (ok bool) {
	v := row[a.column]
	if v == nil {
		return true
	}
	if g.key, ok = a.key.canonical(g.key[:0], v); !ok {
		return false
	}
	if _, seen := acc.seen[string(g.key)]; seen {
		return true
	}
	if acc.seen == nil {
		acc.seen = map[string]struct{}{}
	}
	acc.seen[string(g.key)] = struct{}{}
	acc.count++
	g.budget -= len(g.key) + 64
	return true
}

func (a *Aggregate) add(acc *accumulator, row [][]byte) bool {
	switch {
	case a.kind >= aggregateSumIn:
	case a.kind == aggregateExtreme:
		return a.extreme(acc, row[a.column])
	case a.number != nil:
		v, state := a.number.eval(row)
		if state == isNumber {
			acc.count++
			var carry uint64
			acc.lo, carry = bits.Add64(acc.lo, uint64(v), 0)
			acc.hi += v>>63 + int64(carry)
		}
		return state != isUnknown
	case a.column < 0 || row[a.column] != nil:
		acc.count++
	}
	return true
}

func (a *Aggregate) extreme(acc *accumulator, stored []byte) bool {
	if stored == nil {
		return true
	}
	var scratch [32]byte
	place, ok := a.order.key(scratch[:0], stored)
	if !ok {
		return false
	}
	if acc.count++; acc.count == 1 || a.sign*a.order.compare(place, acc.place) < 0 {
		acc.place, acc.best = append(acc.place[:0], place...), append(acc.best[:0], stored...)
	}
	return true
}

// Rows gives of each group its keys and then the stored forms of its aggregates: a BIGINT, a DECIMAL, or the column's own.
func (g *Groups) Rows(yield func(row [][]byte) error) error {
	if g.Spilled() || g.spill != nil && g.spill.by != nil {
		return g.merged(yield)
	}
	row := make([][]byte, len(g.keys)+len(g.calls))
	for i := range g.groups {
		copy(row, g.groups[i].keys)
		for c := range g.calls {
			row[len(g.keys)+c] = g.result(c, g.groups[i].accs)
		}
		if err := yield(row); err != nil {
			return err
		}
	}
	return nil
}

// result is that of call c.
func (g *Groups) result(c int, accs []accumulator) []byte {
	switch a := &g.calls[c]; a.kind {
	case aggregateSumIn:
		return g.calls[a.same].result(&accs[a.same])
	case aggregateCountIn:
		return binary.BigEndian.AppendUint64(nil, accs[a.same].count)
	}
	return g.calls[c].result(&accs[c])
}

func (a *Aggregate) result(acc *accumulator) []byte {
	switch {
	case a.kind == aggregateCount || a.kind == aggregateDistinct:
		return binary.BigEndian.AppendUint64(nil, acc.count)
	case acc.count == 0:
		return nil
	case a.kind == aggregateExtreme:
		return acc.best
	}
	sum := new(big.Int).Lsh(big.NewInt(acc.hi), 64)
	sum.Add(sum, new(big.Int).SetUint64(acc.lo))
	return decimalText(sum, a.number.Scale)
}

// decimalText writes a number of units of 10^-scale.
func decimalText(n *big.Int, scale int) []byte {
	text := new(big.Int).Abs(n).Append(nil, 10)
	for len(text) <= scale {
		text = append([]byte{'0'}, text...)
	}
	var out []byte
	if n.Sign() < 0 {
		out = append(out, '-')
	}
	out = append(out, text[:len(text)-scale]...)
	if scale > 0 {
		out = append(append(out, '.'), text[len(text)-scale:]...)
	}
	return out
}
