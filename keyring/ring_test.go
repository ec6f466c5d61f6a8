package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
)

func create(t testing.TB, kms keyring.KMS) (*keyring.Ring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyring.json")
	r, err := keyring.Create(t.Context(), path, kms)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Destroy)
	return r, path
}

func reopen(t testing.TB, path string, kms keyring.KMS) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(t.Context(), path, kms)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Destroy)
	return r
}

func rotate(t testing.TB, r *keyring.Ring, path string, kms keyring.KMS) *keyring.Ring {
	t.Helper()
	next, err := r.Rotate(t.Context(), path, kms)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(next.Destroy)
	return next
}

var tableID = [16]byte{1, 2, 3, 15: 16}

func TestRing(t *testing.T) {
	kms := newFakeKMS(t)
	before := time.Now().Add(-time.Second)
	r, path := create(t, kms)
	if len(r.ID()) != 32 || r.Active() != 1 || r.Generation() != 1 {
		t.Errorf("a new ring is %v", r)
	}
	v := r.Versions()
	if len(v) != 1 || v[0].Number != 1 || v[0].Created.Before(before) || v[0].Created.After(time.Now()) {
		t.Errorf("versions %v", v)
	}
	key, wrapped, err := r.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Destroy()
	asked := kms.calls.Load()

	again := reopen(t, path, kms)
	if again.ID() != r.ID() || again.Active() != 1 || again.Generation() != 1 || !slices.Equal(again.Versions(), v) {
		t.Errorf("opened: %v, %v", again, again.Versions())
	}
	if kms.calls.Load() != asked+2 {
		t.Error("opening asks the KMS for more than the ring's two keys")
	}
	kms.down.Store(true) // from here on, the KMS is not needed
	back, err := again.UnwrapTableKey(tableID, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Destroy()
	if !bytes.Equal(back.Bytes(), key.Bytes()) {
		t.Error("the table key is another one")
	}
	if !bytes.Equal(tokenKey(t, r, "shop"), tokenKey(t, again, "shop")) || bytes.Equal(tokenKey(t, r, "shop"), tokenKey(t, r, "Shop")) {
		t.Error("token keys do not follow the domain")
	}
}

func tokenKey(t testing.TB, r *keyring.Ring, domain string) []byte {
	t.Helper()
	s, err := r.TokenKey(domain)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	return bytes.Clone(s.Bytes())
}

func TestTableKeyTampering(t *testing.T) {
	r, _ := create(t, newFakeKMS(t))
	other, _ := create(t, newFakeKMS(t))
	_, wrapped, err := r.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	fails := func(why string, r *keyring.Ring, id [16]byte, wrapped []byte) {
		t.Helper()
		key, err := r.UnwrapTableKey(id, wrapped)
		if key != nil || !errors.Is(err, keyring.ErrTableKey) && !errors.Is(err, keyring.ErrUnknownVersion) {
			t.Errorf("%s: %v", why, err)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than a line: %v", why, err)
		}
	}
	for i := range 8 * len(wrapped) {
		w := bytes.Clone(wrapped)
		w[i/8] ^= 1 << (i % 8)
		fails("a bit flipped", r, tableID, w)
	}
	for n := range wrapped {
		fails("cut", r, tableID, wrapped[:n])
	}
	fails("longer", r, tableID, append(bytes.Clone(wrapped), 0))
	fails("another table", r, [16]byte{}, wrapped)
	fails("another ring", other, tableID, wrapped)
}

func TestRotate(t *testing.T) {
	kms := newFakeKMS(t)
	r, path := create(t, kms)
	key, wrapped, err := r.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	next := rotate(t, r, path, kms)
	if next.Active() != 2 || next.Generation() != 2 || next.ID() != r.ID() || r.Active() != 1 {
		t.Errorf("rotated: %v, before: %v", next, r)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	rewrapped, err := next.WrapTableKey(tableID, key)
	if err != nil {
		t.Fatal(err)
	}
	for want, w := range map[uint32][]byte{1: wrapped, 2: rewrapped} {
		if v, err := keyring.MasterVersion(w); v != want || err != nil {
			t.Errorf("wrapped by version %d, %v; want %d", v, err, want)
		}
		for _, ring := range []*keyring.Ring{next, reopen(t, path, kms)} {
			if back, err := ring.UnwrapTableKey(tableID, w); err != nil || !bytes.Equal(back.Bytes(), key.Bytes()) {
				t.Errorf("version %d does not unwrap: %v", want, err)
			}
		}
	}
	if _, err := r.UnwrapTableKey(tableID, rewrapped); !errors.Is(err, keyring.ErrUnknownVersion) {
		t.Errorf("the older ring gives %v", err)
	}
	if !bytes.Equal(tokenKey(t, r, "shop"), tokenKey(t, next, "shop")) {
		t.Error("rotation changed token keys")
	}
	onlyFile(t, path)
}

// onlyFile sees that nothing was left beside the file.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("beside the keyring there are %v, %v", entries, err)
	}
}

func TestRotateFailures(t *testing.T) {
	kms := newFakeKMS(t)
	r, path := create(t, kms)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	otherCMK, unsealed, lying := newFakeKMS(t), newFakeKMS(t), newFakeKMS(t)
	unsealed.key, lying.key = kms.key, kms.key
	unsealed.failWrap, lying.lie = errors.New("sealed for maintenance"), true
	other, otherPath := create(t, kms)
	for why, rotate := range map[string]func() (*keyring.Ring, error){
		"another CMK":     func() (*keyring.Ring, error) { return r.Rotate(t.Context(), path, otherCMK) },
		"KMS refuses":     func() (*keyring.Ring, error) { return r.Rotate(t.Context(), path, unsealed) },
		"KMS lies":        func() (*keyring.Ring, error) { return r.Rotate(t.Context(), path, lying) },
		"cancelled":       func() (*keyring.Ring, error) { return r.Rotate(cancelled, path, kms) },
		"another keyring": func() (*keyring.Ring, error) { return other.Rotate(t.Context(), path, kms) },
		"no file":         func() (*keyring.Ring, error) { return r.Rotate(t.Context(), path+"x", kms) },
		"no directory":    func() (*keyring.Ring, error) { return r.Rotate(t.Context(), filepath.Join(path+"x", "k"), kms) },
	} {
		next, err := rotate()
		if next != nil || err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("%s: %v, %v", why, next, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the file changed: %v", why, err)
		}
	}
	onlyFile(t, path)
	onlyFile(t, otherPath)
	newer := rotate(t, r, path, kms)
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newer.Rotate(t.Context(), path, kms); err == nil || !strings.Contains(err.Error(), "generation 1") {
		t.Errorf("an older file was put back: %v", err)
	}
}

// Rotations at once follow one another; no version is lost.
func TestRotateConcurrent(t *testing.T) {
	kms := newFakeKMS(t)
	r, path := create(t, kms)
	const n = 6
	var wg sync.WaitGroup
	wrapped := make([][]byte, n)
	for i := range n {
		wg.Go(func() {
			next, err := r.Rotate(t.Context(), path, kms)
			if err != nil {
				t.Error(err)
				return
			}
			defer next.Destroy()
			if _, wrapped[i], err = next.NewTableKey(tableID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	last := reopen(t, path, kms)
	if last.Active() != n+1 || last.Generation() != n+1 {
		t.Errorf("after %d rotations: %v", n, last)
	}
	for _, w := range wrapped {
		if _, err := last.UnwrapTableKey(tableID, w); err != nil {
			t.Error(err)
		}
	}
}

func TestRingConcurrent(t *testing.T) {
	r, _ := create(t, newFakeKMS(t))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				key, wrapped, err := r.NewTableKey(tableID)
				if err == nil {
					key.Destroy()
					if key, err = r.UnwrapTableKey(tableID, wrapped); err == nil {
						key.Destroy()
					}
				}
				if err == nil {
					if key, err = r.TokenKey("shop"); err == nil {
						key.Destroy()
					}
				}
				if err != nil && !errors.Is(err, keyring.ErrDestroyed) {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() { time.Sleep(5 * time.Millisecond); r.Destroy() })
	wg.Wait()
	r.Destroy()
	if _, err := r.TokenKey("shop"); !errors.Is(err, keyring.ErrDestroyed) {
		t.Errorf("a destroyed ring gives %v", err)
	}
}

func TestRingPrintsNothing(t *testing.T) {
	kms := newFakeKMS(t)
	r, path := create(t, kms)
	r = rotate(t, r, path, kms)
	keys := append(keyring.Keys(r), kms.key[:])
	mustNotShow(t, everyFormat(r), keys...)
	mustNotShow(t, everyFormat(struct{ r *keyring.Ring }{r}), keys...)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mustNotShow(t, string(file), keys...)
	for _, key := range keys {
		if bytes.Contains(file, key) {
			t.Error("the file holds a key in clear")
		}
	}
}
