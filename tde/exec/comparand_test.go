package exec

import (
	"math/big"
	"testing"
)

// TestTotals: a total of an average does not decide what lies within the digits that servers differ in.
func TestTotals(t *testing.T) {
	for _, c := range []struct {
		sum, count int64 // count 0: a sum
		scale      int
		v          int64
		of         int
		sign       int
		sure       bool
	}{
		{1000, 0, 2, 10, 0, 0, true}, {1001, 0, 2, 10, 0, -1, true}, {-1001, 0, 2, -10, 0, 1, true},
		{1000, 3, 2, 333, 2, -1, false}, {1000, 3, 2, 334, 2, 1, false}, {1000, 3, 2, 335, 2, 1, true}, {1000, 3, 2, 332, 2, -1, true},
		{10, 3, 0, 4, 0, 1, false}, {10, 3, 0, 5, 0, 1, true}, {10, 3, 0, 43333, 4, 1, false}, {10, 3, 0, 43334, 4, 1, true},
	} {
		total := &total{known: true, sum: big.NewInt(c.sum), scale: c.scale}
		if c.count > 0 {
			total.count = big.NewInt(c.count)
		}
		if sign, sure := total.compare(c.v, c.of); sign != c.sign || sure != c.sure {
			t.Errorf("%+v: %d %v", c, sign, sure)
		}
	}
}
