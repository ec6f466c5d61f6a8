package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// Rotate adds a master key version to the keyring at path, which must be this ring's, and returns the ring with it. The
// file is replaced at once and durably, with the next generation number; on any failure path holds a whole keyring that
// opens everything that this ring opens, and nothing was wrapped under the new version. Changes by several processes
// follow one another.
func (r *Ring) Rotate(ctx context.Context, path string, kms KMS) (*Ring, error) {
	next, err := r.change(ctx, path, kms, func(next *Ring, f *file) (func(), error) {
		return nil, next.addMaster(ctx, kms, f, time.Now())
	})
	if err != nil {
		return nil, fmt.Errorf("rotating %w", err)
	}
	next.shareWith(r)
	return next, nil
}

// Reopen opens the keyring at path, which must be this ring or what it has become.
func (r *Ring) Reopen(ctx context.Context, path string, kms KMS) (*Ring, error) {
	next, err := Open(ctx, path, kms)
	if err != nil {
		return nil, err
	}
	if err := r.checkSuccessor(next); err != nil {
		next.Destroy()
		return nil, fmt.Errorf("%s %s: %w", what, path, err)
	}
	next.shareWith(r)
	return next, nil
}

// shareWith gives back what memory this ring has for keys that an older one holds as well: rings stay while sessions may use them,
// and locked memory is scarce.
func (r *Ring) shareWith(older *Ring) {
	r.root = sharedKey(r.root, older.root)
	for i := range r.masters {
		for _, m := range older.masters {
			if m.Number == r.masters[i].Number {
				r.masters[i].key = sharedKey(r.masters[i].key, m.key)
			}
		}
	}
}

// sharedKey is the older of two Secrets, shared, where both hold the same key; the other one is destroyed.
func sharedKey(key, older *Secret) *Secret {
	if !key.equal(older) {
		return key
	}
	shared, err := older.share()
	if err != nil {
		return key
	}
	key.Destroy()
	return shared
}

// Rewrap moves the keyring at path, which must be this ring's, from one KMS to another, or to another CMK of the same: it
// has each key wrapped by to and sees that to gives it back. The file is then replaced as by Rotate; the one before it
// stays at Before of the new generation. At any time path holds a whole keyring that either from or to opens. No key
// changes, so rings that are open already go on.
func (r *Ring) Rewrap(ctx context.Context, path string, from, to KMS) (*Ring, error) {
	next, err := r.change(ctx, path, from, func(next *Ring, f *file) (func(), error) {
		if err := next.rewrap(ctx, to, f); err != nil {
			return nil, err
		}
		before := Before(path, f.Generation+1)
		return func() { forgetBefore(path, before) }, keepBefore(path, before)
	})
	if err != nil {
		return nil, fmt.Errorf("rewrapping %w", err)
	}
	return next, nil
}

// change replaces the keyring file by what fn makes of it, one change at a time. Where the file is not replaced, what fn
// returned undoes what it did beside.
func (r *Ring) change(ctx context.Context, path string, kms KMS, fn func(next *Ring, f *file) (undo func(), err error)) (*Ring, error) {
	unlock, err := lockDir(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, path, err)
	}
	defer unlock()
	f, next, info, err := open(ctx, path, kms) // proves that this KMS is the one that wrapped the keys
	if err != nil {
		return nil, err
	}
	var undo func()
	err = r.checkSuccessor(next)
	if err == nil {
		undo, err = fn(next, f)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		f.Generation++
		next.generation = f.Generation
		err = f.replace(path, next.root, info)
	}
	if err == nil {
		return next, nil
	}
	if undo != nil {
		undo()
	}
	next.Destroy()
	return nil, fmt.Errorf("%s %s: %w", what, path, err)
}

// replace signs the file and puts it at path.
func (f *file) replace(path string, root *Secret, info fs.FileInfo) error {
	if err := f.sign(root); err != nil {
		return err
	}
	data, err := f.encode()
	if err != nil {
		return err
	}
	return replaceProtected(path, data, info)
}

// rewrap has every key wrapped by another KMS.
func (r *Ring) rewrap(ctx context.Context, to KMS, f *file) error {
	k, err := wrap(ctx, to, r.root, r.aad(kindTokenRoot, f.TokenRoot.Version))
	if err != nil {
		return fmt.Errorf("token root: %w", err)
	}
	f.TokenRoot.Wrapped = k.Wrapped
	for i, m := range r.masters {
		if k, err = wrap(ctx, to, m.key, r.aad(kindMaster, m.Number)); err != nil {
			return fmt.Errorf("master key version %d: %w", m.Number, err)
		}
		f.MasterKeys[i].Wrapped = k.Wrapped
	}
	return nil
}

// checkSuccessor refuses a file that is another keyring's, or an older state of this one put back.
func (r *Ring) checkSuccessor(onDisk *Ring) error {
	if onDisk.id != r.id {
		return fmt.Errorf("the file is keyring %s, the one in use is %s; put the right file back", onDisk.id, r.id)
	}
	if onDisk.generation < r.generation {
		return fmt.Errorf("the file is generation %d, the one in use is %d; put the newer file back", onDisk.generation, r.generation)
	}
	return nil
}

// Before is where a keyring file stays that Rewrap replaced by one of the given generation. Its keys are wrapped, too, so
// it is worth no more than the KMS that it came from.
func Before(path string, generation uint64) string {
	return path + ".before-generation-" + strconv.FormatUint(generation, 10)
}

// keepBefore gives the present file its second name. A link is there whole or not at all, and a kill before the file is
// replaced leaves two names of one file, which the next try finds.
func keepBefore(path, before string) error {
	err := os.Link(path, before)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	old, err := os.ReadFile(before)
	if err != nil {
		return err
	}
	now, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, now) {
		return fmt.Errorf("%s is another file; move it away", before)
	}
	return nil
}

// forgetBefore takes the second name away while it is one.
func forgetBefore(path, before string) {
	now, err := os.Lstat(path)
	if err != nil {
		return
	}
	if old, err := os.Lstat(before); err == nil && os.SameFile(now, old) {
		_ = os.Remove(before)
	}
}

// wrongKeyRemedy says what to do about a keyring that another KMS wrapped. A copy beside it tells of a rewrap.
func wrongKeyRemedy(path string, generation uint64) string {
	if before := Before(path, generation); generation > 0 {
		if _, err := os.Stat(before); err == nil {
			return fmt.Sprintf("it was moved to another KMS key: name that one, or go back to the one before with the file %s", before)
		}
	}
	return "name the KMS key that this keyring was made with, or last moved to, or restore the keyring from a backup"
}
