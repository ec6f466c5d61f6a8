package kernel

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestOutcomes holds the algebra of sets to what each member of them gives.
func TestOutcomes(t *testing.T) {
	and := func(a, b Outcome) Outcome {
		switch {
		case a == False || b == False:
			return False
		case a == Null || b == Null:
			return Null
		}
		return True
	}
	members := []Outcome{True, False, Null}
	for a := Outcome(1); a < 8; a++ {
		for b := Outcome(1); b < 8; b++ {
			var both, either Outcome
			for _, x := range members {
				for _, y := range members {
					if a&x != 0 && b&y != 0 {
						both |= and(x, y)
						either |= and(x.Not(), y.Not()).Not()
					}
				}
			}
			if a.And(b) != both || a.Or(b) != either {
				t.Errorf("%03b and %03b: %03b, %03b, want %03b, %03b", a, b, a.And(b), a.Or(b), both, either)
			}
		}
	}
}

// TestLike matches patterns against a matcher that tries everything.
func TestLike(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(of string, n int) string {
		out := []rune{}
		for range rnd.IntN(n) {
			out = append(out, []rune(of)[rnd.IntN(len([]rune(of)))])
		}
		return string(out)
	}
	c := &schema.Column{Kind: schema.KindVarChar, Charset: "utf8mb4", Collation: "utf8mb4_bin"}
	hits := 0
	for range 200_000 {
		pattern, s := text("%%_abé", 7), text("abé", 8)
		test, ok := Like(c, []byte(pattern))
		if !ok {
			t.Fatalf("%q is not decided", pattern)
		}
		want := like([]rune(s), []rune(pattern))
		if test([]byte(s)) != of(want) {
			t.Fatalf("%q LIKE %q: want %v", s, pattern, want)
		}
		if want {
			hits++
		}
	}
	if hits < 1000 {
		t.Errorf("only %d matches", hits)
	}
}

func like(s, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(s) == 0
	case pattern[0] == '%':
		return like(s, pattern[1:]) || len(s) > 0 && like(s[1:], pattern)
	case len(s) == 0 || pattern[0] != '_' && pattern[0] != s[0]:
		return false
	}
	return like(s[1:], pattern[1:])
}

// TestTop compares what is kept with what sorting gives: no row of the first n is missing, whatever ties, rows that may not count
// and budgets there are, and where the budget suffices no row behind them is kept.
func TestTop(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	o, ok := OrderOf(&schema.Column{Kind: schema.KindInt}, 0)
	if !ok {
		t.Fatal("integers have no order")
	}
	for range 2000 {
		n, descending, budget := 1+rnd.IntN(20), rnd.IntN(2) == 0, []int{1 << 20, 2000, 0}[rnd.IntN(3)]
		top := NewTop(n, o, descending, budget)
		spread := 1 + rnd.IntN(300)
		var counted []int
		kept := map[int]int{} // by row, its value
		load := func(row [][]byte) error {
			id := int(binary.BigEndian.Uint64(row[0]))
			if _, twice := kept[id]; twice {
				return fmt.Errorf("row %d came twice", id)
			}
			kept[id] = int(binary.BigEndian.Uint64(row[1]))
			return nil
		}
		all := map[int]int{}
		passed := false
		for id := range rnd.IntN(400) {
			v := rnd.IntN(spread)
			row := [][]byte{binary.BigEndian.AppendUint64(nil, uint64(id)), binary.BigEndian.AppendUint64(nil, uint64(v))}
			counts := rnd.IntN(4) > 0
			all[id] = v
			if counts {
				counted = append(counted, v)
			}
			if !top.Look(row[1]) {
				continue
			}
			if !passed && top.Keep(row, counts) {
				continue
			}
			if passed {
				top.Count(counts)
			} else if passed = true; true {
				must(t, top.Rows(load))
			}
			must(t, load(row))
		}
		must(t, top.Rows(load))
		slices.Sort(counted)
		if descending {
			slices.Reverse(counted)
		}
		for id, v := range all {
			behind := len(counted) >= n && (v > counted[n-1]) != descending && v != counted[n-1]
			if _, is := kept[id]; !is && !behind || is && behind && !passed {
				t.Fatalf("first %d, descending %v, passed %v: row %d of value %d kept %v, but behind %v", n, descending, passed, id, v, is, behind)
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestComputedConditions: conditions on what is computed of a row, NULL and what is not known among it.
func TestComputedConditions(t *testing.T) {
	number, ok := NumberColumn(0, &schema.Column{Kind: schema.KindDecimal, Precision: 9, Scale: 1})
	text, ok2 := ScalarColumn(1, &schema.Column{Kind: schema.KindVarChar, Length: 9, Charset: "utf8mb4", Collation: "utf8mb4_general_ci"})
	if !ok || !ok2 {
		t.Fatal("not bound")
	}
	first, _ := text.Substring(1, 1)
	equal := func(constant string) Test {
		test, _ := Compare(&schema.Column{Kind: schema.KindVarChar, Length: 9, Charset: "utf8mb4", Collation: "utf8mb4_general_ci"}, Equal, []byte(constant))
		return test
	}
	more := NumberTest(number, func(v int64) Outcome { return Greater.Of(int(v) - 15) })
	in := TextTest(first, equal("a"), equal("b"))
	for _, c := range []struct {
		number, text string
		more, in     Outcome
	}{
		{"1.6", "Bob", True, True}, {"1.5", "c", False, False}, {"", "", Null, Null}, {"1.55", "\u00e4", Unsure, Unsure}, {"-2.0", "a", False, True},
	} {
		row := [][]byte{nil, nil}
		if c.number != "" {
			row = [][]byte{[]byte(c.number), []byte(c.text)}
		}
		if more.Of(row) != c.more || in.Of(row) != c.in {
			t.Errorf("%q: %v %v", row, more.Of(row), in.Of(row))
		}
	}
}
