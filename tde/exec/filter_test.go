package exec

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// TestFilterOpensNoMore looks at which columns are opened before which condition: each once, and none of a comparison of two columns
// before a cheaper condition has let the row pass.
func TestFilterOpensNoMore(t *testing.T) {
	yes := kernel.Column(0, func([]byte) kernel.Outcome { return kernel.True })
	var f filter
	f.add(yes, &plan.Predicate{Op: plan.OpLess, Column: 3, Peer: 2})
	f.add(yes, &plan.Predicate{Op: plan.OpGreater, Column: 2})
	f.add(yes, &plan.Predicate{Op: plan.OpIn, Column: 1, Literals: []int{0, 1}})
	f.add(yes, &plan.Predicate{Op: plan.OpLess, Column: 2})
	used := f.order(5)
	var opens [][]int
	for _, s := range f {
		opens = append(opens, s.opens)
	}
	want := [][]int{{1}, {2}, nil, {3}}
	for i := range want {
		if len(opens[i]) != len(want[i]) || len(want[i]) == 1 && opens[i][0] != want[i][0] {
			t.Fatalf("opened are %v, want %v", opens, want)
		}
	}
	if want := []bool{false, true, true, true, false}; len(used) != 5 || used[0] != want[0] || used[3] != want[3] || used[4] != want[4] {
		t.Errorf("used are %v", used)
	}
}
