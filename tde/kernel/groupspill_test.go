package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/spill"
)

// TestGroupsSpilled groups random rows with memory for a few groups, and with enough: the results and their order are the same.
func TestGroupsSpilled(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 9))
	integer := &schema.Column{Kind: schema.KindBigInt}
	text := &schema.Column{Kind: schema.KindVarChar, Charset: "utf8mb4", Collation: "utf8mb4_bin"}
	number, _ := NumberColumn(0, integer)
	for _, keys := range []int{0, 1, 2} {
		for _, budget := range []int{1, 5000} {
			make := func(budget int) *Groups {
				var by []GroupKey
				for i, c := range []*schema.Column{text, integer}[:keys] {
					k, _ := KeyOf(1-i, c)
					by = append(by, k)
				}
				least, _ := Extreme(0, integer, false)
				most, _ := Extreme(0, integer, true)
				distinct, _ := CountDistinct(1, text)
				numbers, _ := CountDistinct(0, integer)
				return NewGroups(by, []Aggregate{Count(-1), Sum(number), least, most, distinct, Count(1), CountIn(1), numbers, SumIn(1)}, budget)
			}
			want, got := make(1<<30), make(budget)
			d := spill.NewDir(t.TempDir(), 1<<30)
			got.SpillTo(d, nil)
			for range 3000 {
				row := [][]byte{binary.BigEndian.AppendUint64(nil, uint64(int64(rnd.IntN(40))-20)), fmt.Appendf(nil, "k%d", rnd.IntN(30))}
				for i := range row {
					if rnd.IntN(20) == 0 {
						row[i] = nil
					}
				}
				if !want.Add(row) || !got.Add(row) {
					t.Fatal("not added", got.Err())
				}
			}
			if !got.Spilled() && (keys > 0 || budget == 1) {
				t.Error("not spilled")
			}
			if a, b := rowsOf(t, want), rowsOf(t, got); a != b {
				t.Errorf("%d keys, %d bytes:\n%s\nwant\n%s", keys, budget, b, a)
			}
			got.Close()
			if d.Used() != 0 || d.Open() != 0 {
				t.Errorf("%d bytes in %d files are left", d.Used(), d.Open())
			}
		}
	}
}

func rowsOf(t *testing.T, g *Groups) string {
	t.Helper()
	var out bytes.Buffer
	if err := g.Rows(func(row [][]byte) error {
		fmt.Fprintf(&out, "%q\n", row)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGroupsSpilledSpelling gives two spellings of a key, of which the first is in a file when the second comes.
func TestGroupsSpilledSpelling(t *testing.T) {
	key, _ := KeyOf(0, &schema.Column{Kind: schema.KindVarChar, Collation: "utf8mb4_general_ci", Charset: "utf8mb4"})
	g := NewGroups([]GroupKey{key}, []Aggregate{Count(-1)}, 1)
	g.SpillTo(spill.NewDir(t.TempDir(), 1<<20), nil)
	defer g.Close()
	for _, v := range []string{"a", "b", "A"} {
		if !g.Add([][]byte{[]byte(v)}) {
			return
		}
	}
	if err := g.Rows(func([][]byte) error { return nil }); !errors.Is(err, ErrUngrouped) {
		t.Error(err)
	}
}

// TestGroupsSorted gives groups in an order of their own, in memory and from files.
func TestGroupsSorted(t *testing.T) {
	integer := &schema.Column{Kind: schema.KindBigInt}
	key, _ := KeyOf(0, integer)
	for _, budget := range []int{1, 1 << 20} {
		g := NewGroups([]GroupKey{key}, []Aggregate{Count(-1)}, budget)
		g.SpillTo(spill.NewDir(t.TempDir(), 1<<20), nil)
		var by SortKey
		by.Add(1, integer, true, 0)
		by.Add(0, integer, false, 0)
		g.SortBy(&by)
		for _, v := range []byte{3, 1, 2, 2, 3, 4, 2} {
			if !g.Add([][]byte{{0, 0, 0, 0, 0, 0, 0, v}}) {
				t.Fatal("not added")
			}
		}
		var got []byte
		if err := g.Rows(func(row [][]byte) error { got = append(got, row[0][7]); return nil }); err != nil || string(got) != "\x02\x03\x01\x04" {
			t.Errorf("%x, %v", got, err)
		}
		g.Close()
	}
}

// TestGroupsRoom has no room for groups.
func TestGroupsRoom(t *testing.T) {
	key, _ := KeyOf(0, &schema.Column{Kind: schema.KindBigInt})
	g := NewGroups([]GroupKey{key}, []Aggregate{Count(-1)}, 1)
	g.SpillTo(spill.NewDir(t.TempDir(), 1), nil)
	defer g.Close()
	for i := range uint64(1 << 20) {
		if !g.Add([][]byte{binary.BigEndian.AppendUint64(nil, i)}) {
			if _, full := errors.AsType[*spill.FullError](g.Err()); !full {
				t.Error(g.Err())
			}
			return
		}
	}
	t.Error("all were added")
}
