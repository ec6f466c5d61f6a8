package kernel

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestNumbersAsBig computes random expressions in int64 and with numbers of any size: what is decided is the same.
func TestNumbersAsBig(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	decided := 0
	for range 20000 {
		scales := [2]int{rnd.IntN(5), rnd.IntN(5)}
		var row [][]byte
		var exact [2]*big.Int
		var numbers [2]*Number
		for i, scale := range scales {
			v := rnd.Int64() >> rnd.IntN(63)
			if rnd.IntN(2) == 0 {
				v = -v
			}
			exact[i] = big.NewInt(v)
			row = append(row, decimalText(exact[i], scale))
			n, ok := NumberColumn(i, &schema.Column{Kind: schema.KindDecimal, Precision: 20, Scale: scale})
			if !ok {
				t.Fatal("no number")
			}
			numbers[i] = n
		}
		want, of := new(big.Int), Times
		aligned := func(i int) *big.Int {
			return new(big.Int).Mul(exact[i], big.NewInt(power10(max(scales[0], scales[1])-scales[i])))
		}
		switch op := rnd.IntN(3); op {
		case 0:
			want.Mul(exact[0], exact[1])
		case 1:
			of = Plus
			want.Add(aligned(0), aligned(1))
		case 2:
			of = Minus
			want.Sub(aligned(0), aligned(1))
		}
		n, ok := of(numbers[0], numbers[1])
		if !ok {
			t.Fatal("not combined")
		}
		got, state := n.eval(row)
		if state == isNumber {
			decided++
			if want.Cmp(big.NewInt(got)) != 0 {
				t.Fatalf("%s and %s: %d, want %s", row[0], row[1], got, want)
			}
		} else if want.CmpAbs(big.NewInt(1<<57)) < 0 && exact[0].CmpAbs(big.NewInt(1<<45)) < 0 && exact[1].CmpAbs(big.NewInt(1<<45)) < 0 {
			t.Fatalf("%s and %s: not decided", row[0], row[1])
		}
	}
	if decided < 5000 {
		t.Errorf("%d were decided", decided)
	}
}

// TestSumsAreWide adds up more than an int64 holds.
func TestSumsAreWide(t *testing.T) {
	n, _ := NumberColumn(0, &schema.Column{Kind: schema.KindBigInt})
	for _, sign := range []int64{1, -1} {
		g := NewGroups(nil, []Aggregate{Sum(n), Count(-1)}, 1<<20)
		want := new(big.Int)
		for range 1000 {
			v := sign * (1<<63 - 1)
			want.Add(want, big.NewInt(v))
			if !g.Add([][]byte{binary.BigEndian.AppendUint64(nil, uint64(v))}) {
				t.Fatal("not added")
			}
		}
		if err := g.Rows(func(row [][]byte) error {
			if string(row[0]) != want.String() || binary.BigEndian.Uint64(row[1]) != 1000 {
				return fmt.Errorf("%s, want %s", row[0], want)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

// TestGroupsGiveUp gives rows of which only a server knows what becomes.
func TestGroupsGiveUp(t *testing.T) {
	ci := &schema.Column{Kind: schema.KindVarChar, Collation: "utf8mb4_general_ci", Charset: "utf8mb4"}
	key, ok := KeyOf(0, ci)
	if !ok {
		t.Fatal("no key")
	}
	text := func(values ...string) bool {
		g := NewGroups([]GroupKey{key}, []Aggregate{Count(-1)}, 1<<20)
		for _, v := range values {
			if !g.Add([][]byte{[]byte(v)}) {
				return false
			}
		}
		return true
	}
	for _, c := range []struct {
		values []string
		want   bool
	}{{[]string{"a", "b", "a"}, true}, {[]string{"a", "A"}, false}, {[]string{"a", "a "}, false}, {[]string{"\u00e4"}, false}} {
		if got := text(c.values...); got != c.want {
			t.Errorf("%q: %v", c.values, got)
		}
	}
	number := func(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
	column, _ := NumberColumn(0, &schema.Column{Kind: schema.KindBigInt, Unsigned: true})
	if g := NewGroups(nil, []Aggregate{Sum(column)}, 1<<20); g.Add([][]byte{number(1 << 63)}) {
		t.Error("more than an int64 was added")
	}
	one, _ := NumberConstant([]byte("1"))
	less, _ := Minus(column, one)
	if g := NewGroups(nil, []Aggregate{Sum(less)}, 1<<20); g.Add([][]byte{number(0)}) || !g.Add([][]byte{number(1)}) {
		t.Error("an unsigned difference below zero is an error")
	}
	small := NewGroups([]GroupKey{key}, []Aggregate{Count(-1)}, 100_000)
	added := 0
	for ; added < 10_000 && small.Add([][]byte{fmt.Append(nil, added)}); added++ {
	}
	if added < 100 || added > 1000 {
		t.Errorf("%d groups in 100,000 bytes", added)
	}
}

// BenchmarkGroups is TPC-H's first query, after its cells are open. An operation is a row.
func BenchmarkGroups(b *testing.B) {
	dec := func(i int) *Number {
		n, _ := NumberColumn(i, &schema.Column{Kind: schema.KindDecimal, Precision: 15, Scale: 2})
		return n
	}
	one, _ := NumberConstant([]byte("1"))
	discount, _ := Minus(one, dec(2))
	tax, _ := Plus(one, dec(3))
	price, _ := Times(dec(1), discount)
	charge, _ := Times(price, tax)
	flag, _ := KeyOf(0, &schema.Column{Kind: schema.KindChar, Collation: "utf8mb4_general_ci", Charset: "utf8mb4"})
	g := NewGroups([]GroupKey{flag}, []Aggregate{Sum(dec(1)), Sum(price), Sum(charge), Sum(dec(2)), CountOf(dec(2)), Count(-1)}, 1<<20)
	row := [][]byte{[]byte("N"), []byte("54058.05"), []byte("0.06"), []byte("0.03")}
	for b.Loop() {
		if !g.Add(row) {
			b.Fatal("not added")
		}
	}
}

// TestSharedSums: a sum and a count that are another call's are what they would be by themselves.
func TestSharedSums(t *testing.T) {
	n, ok := NumberColumn(0, &schema.Column{Kind: schema.KindDecimal, Precision: 10, Scale: 2})
	if !ok {
		t.Fatal("no number")
	}
	g := NewGroups(nil, []Aggregate{Count(-1), Sum(n), SumIn(1), CountIn(1), CountOf(n)}, 1<<20)
	for _, v := range [][]byte{[]byte("1.50"), nil, []byte("-7.25"), []byte("0.00")} {
		if !g.Add([][]byte{v}) {
			t.Fatal("not added")
		}
	}
	rows := 0
	err := g.Rows(func(row [][]byte) error {
		rows++
		if string(row[1]) != "-5.75" || string(row[2]) != string(row[1]) || string(row[3]) != string(row[4]) || row[3][7] != 3 || row[0][7] != 4 {
			t.Errorf("%q", row)
		}
		return nil
	})
	if err != nil || rows != 1 {
		t.Error(rows, err)
	}
}

// TestGroupsReset aggregates groups that come one after the other, as one that keeps them all does.
func TestGroupsReset(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	n, ok := NumberColumn(0, &schema.Column{Kind: schema.KindDecimal, Precision: 10, Scale: 2})
	key, okKey := KeyOf(1, &schema.Column{Kind: schema.KindVarBinary})
	if !ok || !okKey {
		t.Fatal("not made")
	}
	all, one := NewGroups([]GroupKey{key}, []Aggregate{Sum(n), Count(-1)}, 1<<20), NewGroups(nil, []Aggregate{Sum(n), Count(-1)}, 1<<20)
	var got, want []string
	for k := range 50 {
		for range 1 + rnd.IntN(4) {
			row := [][]byte{fmt.Appendf(nil, "%d.%02d", rnd.IntN(2000)-1000, rnd.IntN(100)), {byte(k)}}
			if rnd.IntN(5) == 0 {
				row[0] = nil
			}
			if !all.Add(row) || !one.Add(row) {
				t.Fatal("not added")
			}
		}
		_ = one.Rows(func(results [][]byte) error { got = append(got, fmt.Sprintf("%q", results)); return nil })
		one.Reset()
	}
	_ = all.Rows(func(row [][]byte) error { want = append(want, fmt.Sprintf("%q", row[1:])); return nil })
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("one by one %s\nall %s", got, want)
	}
}
