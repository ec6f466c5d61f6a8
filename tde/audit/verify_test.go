package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/audit"
)

// fill writes n records to a log at path, by a process of its own as it were.
func fill(t *testing.T, path string, n int) {
	t.Helper()
	l, err := audit.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := l.Write(&audit.Record{Event: audit.Allowed, User: "app"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, paths ...string) *audit.Report {
	t.Helper()
	r, err := audit.Verify(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// edit rewrites the file at path by its lines.
func edit(t *testing.T, path string, change func(lines [][]byte) [][]byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(bytes.Lines(text))
	if err := os.WriteFile(path, bytes.Join(change(lines), nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	fill(t, path, 5)
	fill(t, path, 5) // a restart goes on
	if r := verify(t, path); r.Records != 10 || r.First != 1 || r.Last != 10 || !r.Head || len(r.Problems) != 0 {
		t.Errorf("%+v", r)
	}
}

// Each way of tampering is seen, and so it still is when the proxy has gone on writing after it.
func TestVerifyTampered(t *testing.T) {
	for name, c := range map[string]struct {
		change func([][]byte) [][]byte
		want   string
	}{
		"removed":         {func(l [][]byte) [][]byte { return slices.Delete(l, 3, 5) }, "records 4 to 5 are missing"},
		"changed":         {func(l [][]byte) [][]byte { l[3] = bytes.Replace(l[3], []byte("app"), []byte("bob"), 1); return l }, "the record before it, 4, was altered"},
		"reordered":       {func(l [][]byte) [][]byte { l[3], l[4] = l[4], l[3]; return l }, "record 4 stands after record 5"},
		"doubled":         {func(l [][]byte) [][]byte { return slices.Insert(l, 4, l[3]) }, "record 4 stands after record 4"},
		"made unreadable": {func(l [][]byte) [][]byte { l[3] = []byte("{\n"); return l }, "record 4 is missing"},
		"foreign":         {func(l [][]byte) [][]byte { return slices.Insert(l, 4, []byte("{}\n")) }, "not a record"},
		"last changed":    {func(l [][]byte) [][]byte { l[9] = bytes.Replace(l[9], []byte("app"), []byte("bob"), 1); return l }, "10, was altered|record 10 was altered"},
		"truncated":       {func(l [][]byte) [][]byte { return l[:8] }, "records 9 to 10 are missing"},
		"cut in a line":   {func(l [][]byte) [][]byte { l[9] = l[9][:20]; return l }, "record 10 is missing"},
		"emptied":         {func([][]byte) [][]byte { return nil }, "records 1 to 10 are missing|begins with 11"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.log")
			fill(t, path, 10)
			edit(t, path, c.change)
			check := func(when string) {
				t.Helper()
				r := verify(t, path)
				text := strings.Join(r.Problems, "; ")
				if len(r.Problems) == 0 && r.First == 11 {
					text = "begins with 11" // as after a rotation: the files before are asked for, see TestVerifyRotated
				}
				if !slices.ContainsFunc(strings.Split(c.want, "|"), func(w string) bool { return strings.Contains(text, w) }) {
					t.Errorf("%s: %q, want %q", when, text, c.want)
				}
			}
			check("at once")
			fill(t, path, 3)
			check("after another start")
		})
	}
}

// What was done to the file's end while the proxy was down is said at the next start.
func TestGapAtOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	fill(t, path, 10)
	edit(t, path, func(l [][]byte) [][]byte { return l[:8] })
	if _, gap := open(t, path).Last(); !strings.Contains(gap, "ends with record 8, but record 10") {
		t.Errorf("gap %q", gap)
	}
	path = filepath.Join(t.TempDir(), "audit.log")
	fill(t, path, 10)
	if last, gap := open(t, path).Last(); gap != "" || last.Seq != 10 {
		t.Errorf("%v, gap %q", last, gap)
	}
}

// A kill between a record and its head is no problem; a record beyond that is.
func TestKilledBetween(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	fill(t, path, 4)
	head, err := os.ReadFile(path + ".head")
	if err != nil {
		t.Fatal(err)
	}
	fill(t, path, 1)
	if err := os.WriteFile(path+".head", head, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, path); len(r.Problems) != 0 {
		t.Errorf("%+v", r)
	}
	fill(t, path, 1)
	if r := verify(t, path); len(r.Problems) != 0 || r.Last != 6 {
		t.Errorf("%+v", r)
	}
	if err := os.WriteFile(path+".head", head, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, path); len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "records 5 to 6 are at the end that the proxy has not written") {
		t.Errorf("%+v", r)
	}
}

// A chain goes on over files, and a file that is missing between them is seen.
func TestVerifyRotated(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	var moved []string
	for _, name := range []string{"audit.log.3", "audit.log.2", "audit.log.1"} {
		fill(t, path, 3)
		moved = append(moved, filepath.Join(dir, name))
		if err := os.Rename(path, moved[len(moved)-1]); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, path, 3)
	if r := verify(t, append(slices.Clone(moved), path)...); len(r.Problems) != 0 || r.Records != 12 || r.First != 1 {
		t.Errorf("%+v", r)
	}
	if r := verify(t, path); len(r.Problems) != 0 || r.First != 10 {
		t.Errorf("%+v", r)
	}
	if r := verify(t, moved[0], moved[2], path); len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "records 4 to 6 are missing") {
		t.Errorf("%+v", r)
	}
	if r := verify(t, moved...); len(r.Problems) != 0 || r.Head {
		t.Errorf("a copy: %+v", r)
	}
}

// A start after a write that was cut short begins a line of its own.
func TestTornAtOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	fill(t, path, 2)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"seq":3,"prev":"`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	fill(t, path, 2)
	if r := verify(t, path); len(r.Problems) != 0 || r.Records != 4 || r.Torn != 1 {
		t.Errorf("%+v", r)
	}
}
