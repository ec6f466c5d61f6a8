package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// TestWitness compares what is kept of the rows that are there with asking each of them, NULLs among them.
func TestWitness(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) []byte {
		if i := r.IntN(len(from) + 1); i < len(from) {
			return []byte(from[i])
		}
		return nil
	}
	outcomes := map[bool]int{}
	for range 20000 {
		w := &witness{plan: &plan.Witness{Not: r.IntN(2) == 0, Differs: r.IntN(2) == 0}, keys: map[string]*testimony{}}
		h := &held{}
		var asked, there [][][]byte
		for range r.IntN(4) {
			row := [][]byte{pick("a", "b"), pick("x", "y", "")}
			if err := h.hold([]*witness{w}, nil, row); err != nil {
				t.Fatal(err)
			}
			asked = append(asked, row)
		}
		for range r.IntN(5) {
			row := [][]byte{pick("a", "b", "c"), pick("x", "y", "")}
			there = append(there, row)
			if row[0] == nil {
				continue // is in no list of keys
			}
			if err := w.row(nil, row); err != nil {
				t.Fatal(err)
			}
		}
		for i, row := range asked {
			exists := false
			for _, o := range there {
				same := row[0] != nil && o[0] != nil && string(row[0]) == string(o[0])
				differs := row[1] != nil && o[1] != nil && string(row[1]) != string(o[1])
				exists = exists || same && (differs || !w.plan.Differs)
			}
			got, want := w.passes(h.rows[i]), exists != w.plan.Not
			if got != want {
				t.Fatalf("not %t, differs %t: %q of %q: %t, want %t", w.plan.Not, w.plan.Differs, row, there, got, want)
			}
			outcomes[got]++
		}
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Error(outcomes)
	}
}

// TestWitnessHolds gives up past the bounds.
func TestWitnessHolds(t *testing.T) {
	w := &witness{plan: &plan.Witness{}, keys: map[string]*testimony{}}
	h := &held{}
	var err error
	for i := 0; err == nil && i < 2*heldMax>>20; i++ {
		err = h.hold([]*witness{w}, [][]byte{make([]byte, 1<<20)}, [][]byte{[]byte("k")})
	}
	if err != errUngrouped || len(h.rows) > heldMax>>20+1 {
		t.Errorf("%d rows of 1 MiB: %v", len(h.rows), err)
	}
	h, err = &held{}, nil
	for i := 0; err == nil && i < 2*keysMax; i++ {
		err = h.hold([]*witness{w}, nil, [][]byte{fmt.Append(nil, i)})
	}
	if err != errUngrouped || len(w.order) > keysMax {
		t.Errorf("%d keys: %v", len(w.order), err)
	}
}
