package keyring_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// A disk that is full, or read-only, leaves the keyring as it is, and nothing beside it.
func TestChangeWithoutSpace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small disk")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8k,mode=700"); err != nil {
		t.Skipf("no small disk to be had: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	from, to := newFakeKMS(t), newFakeKMS(t)
	path := filepath.Join(dir, "keyring.json")
	r, err := keyring.Create(t.Context(), path, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Destroy)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fails := func(why string, want error) {
		t.Helper()
		_, rotated := r.Rotate(t.Context(), path, from)
		_, rewrapped := r.Rewrap(t.Context(), path, from, to)
		for _, err := range []error{rotated, rewrapped} {
			if !errors.Is(err, want) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", why, err)
			}
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the file changed: %v", why, err)
		}
	}
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 4<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	fails("full", unix.ENOSPC)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	fails("read-only", unix.EROFS)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, "size=64k"); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path)
	rewrap(t, rotate(t, r, path, from), path, from, to)
}
