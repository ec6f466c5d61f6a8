package audit_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/audit"
)

// records reads a file, each line of which must be a record.
func records(t *testing.T, path string) (all []audit.Record) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r audit.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v: %q", err, lines.Text())
		}
		all = append(all, r)
	}
	return all
}

func open(t *testing.T, path string) *audit.Log {
	t.Helper()
	l, err := audit.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	for round := range 2 {
		l := open(t, path)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range 50 {
					r := audit.Record{Event: audit.Allowed, Connection: uint32(i), User: "app\n\"x", Tables: []audit.Table{{Database: "d", Table: "t", Columns: []string{"c"}}}}
					if err := l.Write(&r); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if written, failures, failing := l.Status(); written != 400 || failures != 0 || failing {
			t.Errorf("%d written, %d failures, %v", written, failures, failing)
		}
		if n := len(records(t, path)); n != 400*(round+1) {
			t.Errorf("%d records after start %d", n, round+1)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

// A rotation moves the file away: Reopen goes on in a new one.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l := open(t, path)
	write := func() {
		t.Helper()
		if err := l.Write(&audit.Record{Event: audit.Refused}); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write() // still in the old one: nothing is lost in between
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	write()
	if a, b := len(records(t, path+".1")), len(records(t, path)); a != 2 || b != 1 {
		t.Errorf("%d and %d records", a, b)
	}
}

// /dev/full takes no byte, as a full disk does: each write is an error, and it ends when there is room again.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.Symlink("/dev/full", path); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	for range 2 {
		if err := l.Write(&audit.Record{}); err == nil {
			t.Fatal("no error")
		}
	}
	if written, failures, failing := l.Status(); written != 0 || failures != 2 || !failing {
		t.Errorf("%d written, %d failures, %v", written, failures, failing)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(&audit.Record{}); err != nil {
		t.Fatal(err)
	}
	if _, _, failing := l.Status(); failing || len(records(t, path)) != 1 {
		t.Error("it does not go on when there is room")
	}
}

// A disk that fills up takes a part of a record: that is an error, the chain goes on without it, and nothing is missing after.
func TestFillsUp(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8k"); err != nil {
		t.Skipf("no file system to fill here (%v); TestFull is without one", err)
	}
	defer func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
	path := filepath.Join(dir, "audit.log")
	l := open(t, path)
	written := 0
	for ; written < 1000; written++ {
		if l.Write(&audit.Record{Event: audit.Allowed, User: strings.Repeat("u", 30)}) != nil {
			break
		}
	}
	if written == 0 || written == 1000 {
		t.Fatalf("%d records fit", written)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64k"); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(&audit.Record{Event: audit.Allowed}); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(path)
	if err != nil || len(r.Problems) != 0 || r.Records != uint64(written)+1 || r.Torn != 1 {
		t.Errorf("%d written before it was full: %+v, %v", written, r, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A log may go to a pipe, as containers' standard output is: its records are a chain, too, and no head is looked for beside it.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // which waits for no writer
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	l := open(t, path)
	for range 3 {
		if err := l.Write(&audit.Record{Event: audit.Allowed}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Write(&audit.Record{}); err == nil {
		t.Error("a closed log takes records")
	}
	text := make([]byte, 4096)
	n, err := reader.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir, "kept.log")
	if err := os.WriteFile(kept, text[:n], 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(kept)
	if err != nil || len(r.Problems) != 0 || r.Records != 3 || r.Head {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := os.Stat(path + ".head"); !os.IsNotExist(err) {
		t.Errorf("a head beside the pipe: %v", err)
	}
}

func TestOpenFails(t *testing.T) {
	if _, err := audit.Open("/dev/null/audit.log"); err == nil {
		t.Error("no error")
	}
}
