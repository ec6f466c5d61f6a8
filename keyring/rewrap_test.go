package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
)

func rewrap(t testing.TB, r *keyring.Ring, path string, from, to keyring.KMS) *keyring.Ring {
	t.Helper()
	next, err := r.Rewrap(t.Context(), path, from, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(next.Destroy)
	return next
}

func TestRewrap(t *testing.T) {
	from, to := newFakeKMS(t), newFakeKMS(t)
	r, path := create(t, from)
	_, first, err := r.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	r = rotate(t, r, path, from)
	_, second, err := r.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	next := rewrap(t, r, path, from, to)
	if next.ID() != r.ID() || next.Generation() != 3 || next.Active() != 2 || len(next.Versions()) != 2 {
		t.Errorf("rewrapped: %v", next)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	before := keyring.Before(path, 3)
	if kept, err := os.ReadFile(before); err != nil || !bytes.Equal(kept, old) {
		t.Errorf("the file before is not kept: %v", err)
	}
	for _, ring := range []*keyring.Ring{r, next, reopen(t, path, to), reopen(t, before, from)} {
		for i, key := range keyring.Keys(ring) {
			if !bytes.Equal(key, keyring.Keys(r)[i]) {
				t.Errorf("%v: key %d is another one", ring, i)
			}
		}
		for _, w := range [][]byte{first, second} {
			if _, err := ring.UnwrapTableKey(tableID, w); err != nil {
				t.Errorf("%v: %v", ring, err)
			}
		}
	}
	mustFail(t, "the old KMS", path, from, keyring.ErrWrongKey, "moved to another KMS key: name that one, or go back to the one before with the file "+before)
	mustFail(t, "the new KMS for the old file", before, to, keyring.ErrWrongKey, "name the KMS key that this keyring was made with")
	if _, err := r.Rotate(t.Context(), path, from); !errors.Is(err, keyring.ErrWrongKey) {
		t.Errorf("rotating by the old KMS: %v", err)
	}
	last := rotate(t, r, path, to) // the ring that was open all along
	if last.Active() != 3 || last.Generation() != 4 {
		t.Errorf("rotated after the rewrap: %v", last)
	}
	again := rewrap(t, last, path, to, to) // under another version of the CMK, say
	if again.Generation() != 5 {
		t.Errorf("rewrapped by the same KMS: %v", again)
	}
}

func TestRewrapFailures(t *testing.T) {
	from := newFakeKMS(t)
	r, path := create(t, from)
	r = rotate(t, r, path, from)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	down, lying, refusing := newFakeKMS(t), newFakeKMS(t), newFakeKMS(t)
	down.down.Store(true)
	lying.lie, refusing.failWrap = true, errors.New("no permission kms:Encrypt")
	late := &script{KMS: newFakeKMS(t), faults: append(times(4, nil), keyring.ErrDenied)} // the last key's wrap
	other, _ := create(t, from)
	taken := &occupier{KMS: newFakeKMS(t), path: keyring.Before(path, 3)}
	for why, rewrap := range map[string]func() (*keyring.Ring, error){
		"another CMK":       func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, newFakeKMS(t), from) },
		"target down":       func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, from, down) },
		"target lies":       func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, from, lying) },
		"target refuses":    func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, from, refusing) },
		"target fails late": func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, from, late) },
		"cancelled":         func() (*keyring.Ring, error) { return r.Rewrap(cancelled, path, from, newFakeKMS(t)) },
		"another keyring":   func() (*keyring.Ring, error) { return other.Rewrap(t.Context(), path, from, newFakeKMS(t)) },
		"no file":           func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path+"x", from, newFakeKMS(t)) },
		"copy's name taken": func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, from, taken) },
	} {
		next, err := rewrap()
		if next != nil || err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("%s: %v, %v", why, next, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the file changed: %v", why, err)
		}
		_ = os.Remove(taken.path)
		onlyFile(t, path)
	}
}

// occupier is a KMS during whose work somebody puts a file at path.
type occupier struct {
	keyring.KMS
	path string
}

func (o *occupier) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	_ = os.WriteFile(o.path, []byte("precious"), 0o600)
	return o.KMS.Wrap(ctx, plaintext, aad)
}

// Where a second name was left by a kill, the next try goes on with it.
func TestRewrapAfterLink(t *testing.T) {
	from, to := newFakeKMS(t), newFakeKMS(t)
	r, path := create(t, from)
	if err := os.Link(path, keyring.Before(path, 2)); err != nil {
		t.Fatal(err)
	}
	rewrap(t, r, path, from, to)
	reopen(t, keyring.Before(path, 2), from)
	reopen(t, path, to)
}

// Rotations and rewraps at once follow one another: each leaves a keyring that one of the two KMSes opens.
func TestRewrapConcurrent(t *testing.T) {
	a, b := newFakeKMS(t), newFakeKMS(t)
	r, path := create(t, a)
	var done sync.Map
	var wg sync.WaitGroup
	try := func(what string, change func() (*keyring.Ring, error)) {
		for range 4 {
			wg.Go(func() {
				next, err := change()
				switch {
				case err == nil:
					done.Store(next.Generation(), what)
					next.Destroy()
				case !errors.Is(err, keyring.ErrWrongKey): // the other one's turn
					t.Error(err)
				}
			})
		}
	}
	try("a to b", func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, a, b) })
	try("b to a", func() (*keyring.Ring, error) { return r.Rewrap(t.Context(), path, b, a) })
	try("rotation", func() (*keyring.Ring, error) { return r.Rotate(t.Context(), path, a) })
	try("rotation", func() (*keyring.Ring, error) { return r.Rotate(t.Context(), path, b) })
	wg.Wait()
	last := openEither(t, path, a, b)
	rotations := uint32(0)
	for g := uint64(2); g <= last.Generation(); g++ {
		what, ok := done.Load(g)
		if !ok {
			t.Errorf("generation %d is nobody's", g)
		}
		if what == "rotation" {
			rotations++
		}
	}
	if last.Active() != 1+rotations {
		t.Errorf("%d rotations: %v", rotations, last)
	}
}

// openEither opens a keyring that exactly one of two KMSes wrapped.
func openEither(t testing.TB, path string, a, b keyring.KMS) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Open(t.Context(), path, a)
	other, otherErr := keyring.Open(t.Context(), path, b)
	if err != nil {
		ring, err, otherErr = other, otherErr, err
	}
	if err != nil || !errors.Is(otherErr, keyring.ErrWrongKey) {
		t.Fatalf("not one of the two KMSes: %v, %v", err, otherErr)
	}
	t.Cleanup(ring.Destroy)
	return ring
}

// A rewrap that is killed at any time leaves a keyring that the one KMS opens or the other.
func TestRewrapKilled(t *testing.T) {
	a, b := &fakeKMS{}, &fakeKMS{key: [16]byte{1}} // which the child knows too
	if path := os.Getenv("TDEPROXY_CHILD"); path != "" {
		r := openEither(t, path, a, b)
		from, to := a, b
		if _, err := keyring.Open(t.Context(), path, a); err != nil {
			from, to = b, a
		}
		for range 1000 {
			rewrap(t, r, path, from, to)
			from, to = to, from
		}
		return
	}
	if testing.Short() {
		t.Skip("starts 10 processes")
	}
	r, path := create(t, a)
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
		now := openEither(t, path, a, b)
		if _, err := now.UnwrapTableKey(tableID, wrapped); err != nil {
			t.Error(err)
		}
		if now.Generation() < generation {
			t.Errorf("generation %d after %d", now.Generation(), generation)
		}
		if generation = now.Generation(); generation > 1 {
			openEither(t, keyring.Before(path, generation), a, b)
		}
	}
	if generation < 10 {
		t.Errorf("only %d rewraps ran: the test shows little", generation)
	}
}
