package spill

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// TestSortsAsInMemory sorts random records with memory for a few, so that runs of several levels are merged, and compares with a
// stable sort of all.
func TestSortsAsInMemory(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 50, 5000, 20000} {
		for _, memory := range []int{300, 8 << 20} {
			d := NewDir(t.TempDir(), 1<<30)
			s := d.NewSorter(bytes.Compare, memory, nil)
			var want [][2]string
			for i := range n {
				key := fmt.Sprint(rnd.IntN(n))
				value := fmt.Sprint(i) + string(bytes.Repeat([]byte{'x'}, rnd.IntN(40)))
				if err := s.Add([]byte(key), []byte(value)); err != nil {
					t.Fatal(err)
				}
				want = append(want, [2]string{key, value})
			}
			slices.SortStableFunc(want, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
			if s.Len() != uint64(n) || n > 50 && memory < 1000 != s.Spilled() {
				t.Errorf("%d records, spilled: %v", s.Len(), s.Spilled())
			}
			i := 0
			if err := s.Each(func(key, value []byte) error {
				if i >= n || want[i] != [2]string{string(key), string(value)} {
					return fmt.Errorf("record %d of %d is %s, %s", i, n, key, value)
				}
				i++
				return nil
			}); err != nil || i != n {
				t.Fatalf("%d of %d: %v", i, n, err)
			}
			s.Close()
			s.Close()
			if d.Used() != 0 || d.Open() != 0 {
				t.Errorf("%d bytes in %d files are left", d.Used(), d.Open())
			}
		}
	}
}

// TestFilesAreSealed looks for what is spilled in the file, changes a block, and looks for a name.
func TestFilesAreSealed(t *testing.T) {
	folder := t.TempDir()
	d := NewDir(folder, 1<<20)
	f, err := d.create()
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	canary := bytes.Repeat([]byte("canary"), 100)
	a, err := f.write(canary)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.write(canary)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, b.at+int64(b.size))
	if _, err := f.f.ReadAt(raw, 0); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("canary")) || bytes.Equal(raw[:a.size], raw[b.at:][:b.size]) {
		t.Error("the file holds plaintext")
	}
	if list, err := os.ReadDir(folder); err != nil || len(list) > 0 {
		t.Errorf("the file has a name: %v, %v", list, err)
	}
	if got, err := f.read(b, nil); err != nil || !bytes.Equal(got, canary) {
		t.Error(err)
	}
	b.block = a.block
	if _, err := f.read(b, nil); err == nil {
		t.Error("a block was read in the place of another")
	}
	raw[3] ^= 1
	if _, err := f.f.WriteAt(raw, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.read(a, nil); err == nil {
		t.Error("a changed block was read")
	}
}

// TestRoom fills what files may take, asks for a folder that is not there, and stops a sort.
func TestRoom(t *testing.T) {
	full := func(d *Dir, stop func() error) error {
		s := d.NewSorter(bytes.Compare, 1000, stop)
		defer s.Close()
		for i := range 10000 {
			if err := s.Add(binary.BigEndian.AppendUint32(nil, uint32(i)), make([]byte, 100)); err != nil {
				return err
			}
		}
		return s.Each(func(_, _ []byte) error { return nil })
	}
	d := NewDir(t.TempDir(), 100<<10)
	if err, ok := errors.AsType[*FullError](full(d, nil)); !ok || err.Max != 100<<10 {
		t.Error(err)
	}
	if d.Used() != 0 || d.Open() != 0 {
		t.Errorf("%d bytes in %d files are left", d.Used(), d.Open())
	}
	if err, ok := errors.AsType[*FullError](full(NewDir("/nowhere/at/all", 1<<30), nil)); !ok || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	stopped := errors.New("stopped")
	if err := full(NewDir(t.TempDir(), 1<<30), func() error { return stopped }); !errors.Is(err, stopped) {
		t.Error(err)
	}
}

// TestMergedRoom sorts much more than a level of runs holds: what is merged takes no room twice.
func TestMergedRoom(t *testing.T) {
	d := NewDir(t.TempDir(), 1<<30)
	s := d.NewSorter(bytes.Compare, 100<<10, nil)
	defer s.Close()
	rnd := rand.New(rand.NewPCG(3, 4))
	most := int64(0)
	const n = 100_000
	for range n {
		if err := s.Add(binary.BigEndian.AppendUint64(nil, rnd.Uint64()), make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		most = max(most, d.Used())
	}
	if len(s.levels) < 2 || most > n*130 {
		t.Errorf("%d levels, %d bytes at most", len(s.levels), most)
	}
}

func FuzzSplitRow(f *testing.F) {
	f.Add(AppendRow(nil, [][]byte{nil, {}, []byte("abc")}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		row := make([][]byte, 3)
		rest, ok := SplitRow(row, b)
		if !ok {
			return
		}
		again := make([][]byte, 3)
		if left, ok := SplitRow(again, AppendRow(nil, row)); !ok || len(left) != 0 || len(rest) > len(b) || !slices.EqualFunc(row, again, func(a, b []byte) bool {
			return bytes.Equal(a, b) && (a == nil) == (b == nil)
		}) {
			t.Errorf("%x: %x, %x", b, row, again)
		}
	})
}

// TestUnsorted gives records back as they came while memory holds all, and sorted after that.
func TestUnsorted(t *testing.T) {
	for memory, want := range map[int]string{8 << 20: "cabc", 100: "abcc"} {
		s := NewDir(t.TempDir(), 1<<30).NewSorter(bytes.Compare, memory, nil)
		for _, key := range []string{"c", "a", "b", "c"} {
			if err := s.Add([]byte(key), make([]byte, 40)); err != nil {
				t.Fatal(err)
			}
		}
		var got []byte
		if err := s.EachUnsorted(func(key, _ []byte) error {
			got = append(got, key...)
			return nil
		}); err != nil || string(got) != want {
			t.Errorf("%d bytes of memory: %q, want %q; %v", memory, got, want, err)
		}
		s.Close()
	}
}
