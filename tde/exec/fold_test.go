package exec

import (
	"testing"
	"time"
)

func TestAddMonths(t *testing.T) {
	for _, v := range []struct {
		from string
		n    int
		want string
	}{
		{"2024-01-31", 1, "2024-02-29"}, {"2023-01-31", 1, "2023-02-28"}, {"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", -48, "2020-02-29"},
		{"2024-03-31", -1, "2024-02-29"}, {"2024-12-15", 1, "2025-01-15"}, {"2024-01-01", -1, "2023-12-01"},
	} {
		from, err := time.Parse(time.DateOnly, v.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := addMonths(from, v.n).Format(time.DateOnly); got != v.want {
			t.Errorf("%s and %d months: %s, want %s", v.from, v.n, got, v.want)
		}
	}
}
