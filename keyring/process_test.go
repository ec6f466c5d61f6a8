package keyring_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// child runs one test of this binary in a process of its own, with the environment variable TDEPROXY_CHILD set.
func child(t *testing.T, value string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "TDEPROXY_CHILD="+value)
	return cmd
}

func TestHarden(t *testing.T) {
	if os.Getenv("TDEPROXY_CHILD") == "" {
		if out, err := child(t, "1").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	if err := keyring.Harden(); err != nil {
		t.Fatal(err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable %d, %v", dumpable, err)
	}
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core.Cur != 0 || core.Max != 0 {
		t.Errorf("core limit %v, %v", core, err)
	}
	if s := keyring.Swappable(); s != "" {
		t.Logf("memory is not locked here: %s", s)
		return
	}
	// Go gives locked memory back to the system all the same.
	ballast := bytes.Repeat([]byte{1}, 128<<20)
	at, pages := uintptr(unsafe.Pointer(&ballast[0])), len(ballast)/os.Getpagesize()
	held := residentPages(t, at, pages)
	ballast = nil
	debug.FreeOSMemory()
	if after := residentPages(t, at, pages); held < pages || after > pages/4 {
		t.Errorf("of %d pages %d were resident in use and %d after they were freed; %v", pages, held, after, ballast)
	}
	if len(vmFlags(t, &make([]byte, 1<<20)[0])) == 0 {
		t.Error("no flags of new memory")
	}
}

// residentPages counts the pages from address at that are in memory, as mincore(2) tells.
func residentPages(t *testing.T, at uintptr, pages int) (n int) {
	t.Helper()
	in := make([]byte, pages)
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, at, uintptr(pages*os.Getpagesize()), uintptr(unsafe.Pointer(&in[0]))); errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range in {
		n += int(p & 1)
	}
	return n
}

// A process without the right to lock all its memory says so and goes on.
func TestHardenWithoutRights(t *testing.T) {
	if os.Getenv("TDEPROXY_CHILD") == "" {
		if os.Geteuid() != 0 {
			t.Skip("needs root to give rights up")
		}
		cmd := child(t, "1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
		if err := os.Chmod(os.Args[0], 0o755); err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(os.Args[0]); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Skipf("the test binary is not reachable for others: %v", err)
			}
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	limit := unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Harden(); err != nil {
		t.Fatal(err)
	}
	if s := keyring.Swappable(); !strings.Contains(s, "CAP_IPC_LOCK") {
		t.Errorf("Swappable says %q", s)
	}
	s, err := keyring.RandomSecret() // single keys are locked still
	if err != nil {
		t.Fatal(err)
	}
	s.Destroy()
}

// A rotation that is killed at any time leaves a keyring that opens.
func TestRotateKilled(t *testing.T) {
	if path := os.Getenv("TDEPROXY_CHILD"); path != "" {
		kms := &fakeKMS{}
		r := reopen(t, path, kms)
		for range 1000 {
			next := rotate(t, r, path, kms)
			r.Destroy()
			r = next
		}
		return
	}
	if testing.Short() {
		t.Skip("starts 10 processes")
	}
	kms := &fakeKMS{} // a CMK of zeros, which the child knows too
	r, path := create(t, kms)
	_, wrapped, err := r.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	generation := uint64(0)
	for i := range 10 {
		cmd := child(t, path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(150+7*i) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		now := reopen(t, path, kms)
		if _, err := now.UnwrapTableKey(tableID, wrapped); err != nil {
			t.Error(err)
		}
		if now.Generation() < generation || uint64(now.Active()) != now.Generation() {
			t.Errorf("generation %d, active version %d", now.Generation(), now.Active())
		}
		generation = now.Generation()
		now.Destroy()
	}
	if generation < 2 {
		t.Error("no rotation ran: the test shows nothing")
	}
}
