package keyring_test

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// lockedKiB is what this process has locked.
func lockedKiB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmLck:\s+(\d+) kB`).FindSubmatch(status)
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Rings of many rotations, all of which are open, take a page for each key, not for each key of each ring.
func TestRotationsShareKeys(t *testing.T) {
	kms := newFakeKMS(t)
	first, path := create(t, kms)
	key, wrapped, err := first.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Destroy()
	before := lockedKiB(t)
	const rotations = 40
	r := first
	for range rotations {
		r = rotate(t, r, path, kms)
	}
	page := os.Getpagesize() >> 10
	if grown := lockedKiB(t) - before; grown > (rotations+20)*page {
		t.Errorf("%d rotations have locked %d KiB", rotations, grown)
	}
	again, err := r.Reopen(t.Context(), path, kms)
	if err != nil {
		t.Fatal(err)
	}
	// What one ring wipes, the others still have.
	first.Destroy()
	r.Destroy()
	opened, err := again.UnwrapTableKey(tableID, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Destroy()
	if !bytes.Equal(opened.Bytes(), key.Bytes()) {
		t.Error("another key")
	}
	if _, err := r.UnwrapTableKey(tableID, wrapped); err == nil {
		t.Error("a destroyed ring opens a key")
	}
	again.Destroy()
}
