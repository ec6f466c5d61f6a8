package sslcert

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

var errKilled = errors.New("killed")

// view is what a Store sees of a folder.
func view(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range managed() {
		data, err := readFile(filepath.Join(dir, name))
		if err == nil {
			files[name] = string(data)
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return files
}

// changed lists the names that differ.
func changed(before, after map[string]string) []string {
	var names []string
	for _, name := range managed() {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	return names
}

// Whatever changes the folder is killed before each of its steps. A Store sees the old files or the new ones, all of
// them; the next change moves what is left and goes on.
func TestKilledAtEveryStep(t *testing.T) {
	foreign := newAuthority(t)
	steps := func(n int) func(t *testing.T, a *Authority) {
		return func(t *testing.T, a *Authority) {
			for range n {
				if _, err := a.Rotate(0, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	rotate := func(step int) func(a *Authority) error {
		return func(a *Authority) error { _, err := a.Rotate(step, nil); return err }
	}
	for name, test := range map[string]struct {
		prepare func(t *testing.T, a *Authority)
		work    func(a *Authority) error
	}{
		"renew":  {steps(0), func(a *Authority) error { _, err := a.Renew(nil); return err }},
		"issue":  {steps(0), func(a *Authority) error { _, err := a.IssueServer([]string{"x"}); return err }},
		"step 1": {steps(0), rotate(StepTrust)},
		"step 2": {steps(1), rotate(StepIssue)},
		"step 3": {func(t *testing.T, a *Authority) {
			steps(2)(t, a)
			if err := a.Revoke(nil, []*big.Int{big.NewInt(7)}); err != nil {
				t.Fatal(err)
			}
		}, rotate(0)},
		"revoke": {steps(0), func(a *Authority) error { return a.Revoke(nil, []*big.Int{big.NewInt(7)}) }},
		"install": {steps(0), func(a *Authority) error {
			cert, key := foreign.leaf(x509.ExtKeyUsageServerAuth, nil)
			_, err := a.Install(slices.Concat(cert, certPEM(foreign.cert.Raw)), key, nil)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, a := made(t)
			test.prepare(t, a)
			plain := view(t, dir)
			killed := 0
			var all []string // that a whole run changes
			for done := false; !done; {
				if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
					t.Fatal(err)
				}
				for name, data := range plain {
					put(t, dir, map[string][]byte{name: []byte(data)})
				}
				left, last := killed, ""
				a.folder.step = func(what string) error {
					last = what
					if left--; left < 0 {
						return errKilled
					}
					return nil
				}
				err := test.work(a)
				done = err == nil
				if !done && !errors.Is(err, errKilled) {
					t.Fatalf("killed before step %d: %v", killed, err)
				}
				seen := view(t, dir)
				if _, err := Open(dir, Options{}); err != nil {
					t.Fatalf("killed before %q: %v", last, err)
				}
				a.folder.step = nil
				if err := a.Settle(); err != nil {
					t.Fatalf("after a kill before %q: %v", last, err)
				}
				if !maps.Equal(seen, contents(t, dir)) {
					t.Fatalf("killed before %q: settled into other files, or left some: %v", last, slices.Sorted(maps.Keys(contents(t, dir))))
				}
				committed := last == "end" || done || strings.HasPrefix(last, "move ")
				if names := changed(plain, seen); committed {
					if all == nil {
						all = names
					}
					if len(names) == 0 || !slices.Equal(names, all) {
						t.Fatalf("killed before %q: %v are new, want %v", last, names, all)
					}
				} else if len(names) > 0 {
					t.Fatalf("killed before %q: %v are new, want none", last, names)
				}
				if err := test.work(a); err != nil && !(committed && errors.Is(err, ErrForeign)) {
					t.Fatalf("again after a kill before %q: %v", last, err)
				}
				killed++
			}
			if killed < len(all)*2+2 {
				t.Errorf("killed %d times for %d files: steps are missing", killed, len(all))
			}
		})
	}
}

// beKilled makes the test's binary take step 2 of a rotation in a folder, and kill itself before a step of that.
const beKilled = "TDEPROXY_TEST_KILLED"

func TestMain(m *testing.M) {
	dir, step, ok := strings.Cut(os.Getenv(beKilled), "@")
	if !ok {
		os.Exit(m.Run())
	}
	left, _ := strconv.Atoi(step)
	a := NewAuthority(dir, nil)
	a.folder.step = func(string) error {
		if left--; left < 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	if _, err := a.Rotate(StepIssue, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A process that is killed outright, lock and all, does not keep a running proxy from serving the old set or the new
// one, and the next process goes on.
func TestKilledOutright(t *testing.T) {
	dir, a := made(t)
	if _, err := a.Rotate(StepTrust, nil); err != nil {
		t.Fatal(err)
	}
	start := view(t, dir)
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, s, watchPatience, noPoll)
	trusted := trusting(t, dir)
	for step := 0; ; step++ {
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, pendingDir)), os.RemoveAll(filepath.Join(dir, OldCAKeyFile))); err != nil {
			t.Fatal(err)
		}
		for name, data := range start {
			put(t, dir, map[string][]byte{name: []byte(data)})
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s@%d", beKilled, dir, step))
		out, err := cmd.CombinedOutput()
		seen := view(t, dir)
		if n := len(changed(start, seen)); n != 0 && n != 7 {
			t.Fatalf("killed before step %d: %d files are new, want none or all 7", step, n)
		}
		if err := s.Reload(); err != nil {
			t.Fatalf("killed before step %d: %v", step, err)
		}
		if _, err, _ := handshake(t, s, trusted); err != nil {
			t.Fatalf("killed before step %d: %v", step, err)
		}
		if _, err := a.Rotate(StepIssue, nil); err != nil {
			t.Fatalf("again after a kill before step %d: %v", step, err)
		}
		if err == nil {
			if step < 10 {
				t.Errorf("only %d steps", step)
			}
			break
		}
		if !strings.Contains(err.Error(), "killed") {
			t.Fatalf("step %d: %v %s", step, err, out)
		}
	}
	if w.Status().Failed != 0 {
		t.Errorf("%+v %s", w.Status(), w.log)
	}
}

// Several processes may change a folder at once: each change is made on top of another.
func TestOneChangeAtATime(t *testing.T) {
	dir, _ := made(t)
	var all sync.WaitGroup
	const writers, each = 4, 5
	for w := range writers {
		all.Go(func() {
			a := NewAuthority(dir, nil)
			for i := range each {
				if err := a.Revoke(nil, []*big.Int{big.NewInt(int64(1000*w + i))}); err != nil {
					t.Error(err)
				}
				if _, err := a.Renew(nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	s, err := Open(dir, Options{ClientCA: filepath.Join(dir, CAFile), CRL: filepath.Join(dir, CRLFile)})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Snapshot().CRLs[0].RevokedCertificateEntries); n != writers*each {
		t.Errorf("%d numbers on the list, want %d", n, writers*each)
	}
}

// A file that is replaced keeps its mode, and its owner where root replaces it.
func TestModesStay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir, a := made(t)
	key := filepath.Join(dir, ServerKeyFile)
	if err := errors.Join(os.Chown(key, 12345, 54321), os.Chmod(key, 0o400)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Renew(nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o400 || owner(info) != [2]uint32{12345, 54321} {
		t.Errorf("after: %v %v %v", info.Mode(), owner(info), err)
	}
}

func owner(info fs.FileInfo) [2]uint32 {
	stat := info.Sys().(*syscall.Stat_t)
	return [2]uint32{stat.Uid, stat.Gid}
}
