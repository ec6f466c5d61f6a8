package keyring

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// writableByOthers are the permission bits that a keyring file must not have. It may be readable: its keys are wrapped.
const writableByOthers fs.FileMode = 0o022

// errKMS marks errors that come from the KMS, whose ErrDamaged and others are not about the keyring file.
var errKMS = errors.New("the KMS")

// What a wrapped key is; part of its associated data.
const (
	kindMaster    = 'm'
	kindTokenRoot = 't'
)

// Create makes a keyring with master key version 1 and a token root, wrapped by the KMS, and writes it to path with mode
// 0600. It never writes over anything: ErrExists. The directory must be there.
func Create(ctx context.Context, path string, kms KMS) (*Ring, error) {
	if err := checkAbsent(what, path); err != nil {
		return nil, existsRemedy(err)
	}
	f, r, err := makeRing(ctx, kms)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, path, err)
	}
	data, err := f.encode()
	if err == nil {
		err = CreateProtected(what, path, data)
	}
	if err != nil {
		r.Destroy()
		return nil, existsRemedy(err)
	}
	return r, nil
}

func existsRemedy(err error) error {
	if errors.Is(err, ErrExists) {
		return fmt.Errorf("%w: keyrings are never written over; open it, or move it away if no table needs it", err)
	}
	return err
}

func makeRing(ctx context.Context, kms KMS) (_ *file, _ *Ring, err error) {
	r := &Ring{generation: 1}
	defer func() {
		if err != nil {
			r.Destroy()
		}
	}()
	_, _ = rand.Read(r.id[:])
	f := &file{Format: fileFormat, ID: r.id.String(), Generation: 1}
	if r.root, err = RandomSecret(); err != nil {
		return nil, nil, err
	}
	now := time.Now()
	if f.TokenRoot, err = wrap(ctx, kms, r.root, r.aad(kindTokenRoot, 1)); err != nil {
		return nil, nil, fmt.Errorf("token root: %w", err)
	}
	f.TokenRoot.Version, f.TokenRoot.Created = 1, stamp(now)
	if err = r.addMaster(ctx, kms, f, now); err != nil {
		return nil, nil, err
	}
	return f, r, f.sign(r.root)
}

// addMaster makes the next master key version, in the ring and in the file.
func (r *Ring) addMaster(ctx context.Context, kms KMS, f *file, now time.Time) error {
	key, err := RandomSecret()
	if err != nil {
		return err
	}
	m := master{Version{uint32(len(r.masters)) + 1, now.UTC().Truncate(time.Second)}, key}
	r.masters = append(r.masters, m)
	k, err := wrap(ctx, kms, key, r.aad(kindMaster, m.Number))
	if err != nil {
		return fmt.Errorf("master key version %d: %w", m.Number, err)
	}
	k.Version, k.Created = m.Number, stamp(m.Created)
	f.MasterKeys = append(f.MasterKeys, k)
	return nil
}

// Open reads the keyring at path and has the KMS unwrap its keys. It fails with ErrNotExist, ErrPermission, ErrDamaged,
// ErrFormat, ErrWrongKey, or what the KMS says; it changes and creates nothing.
func Open(ctx context.Context, path string, kms KMS) (*Ring, error) {
	_, r, _, err := open(ctx, path, kms)
	return r, err
}

func open(ctx context.Context, path string, kms KMS) (*file, *Ring, fs.FileInfo, error) {
	data, info, err := ReadProtected(what, path, writableByOthers)
	if errors.Is(err, ErrNotExist) {
		err = fmt.Errorf("%w: restore the one that the protected tables were made with, or make one where there are none yet", err)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	f, err := parse(data)
	if err != nil {
		return nil, nil, nil, openError(path, 0, err)
	}
	r, err := f.unlock(ctx, kms)
	if err != nil {
		return nil, nil, nil, openError(path, f.Generation, err)
	}
	return f, r, info, nil
}

// openError ends the line of what went wrong with what to do. generation is that of the file, 0 where it has none.
func openError(path string, generation uint64, err error) error {
	switch {
	case errors.Is(err, ErrWrongKey):
		return fmt.Errorf("%s %s: %w; %s", what, path, err, wrongKeyRemedy(path, generation))
	case errors.Is(err, errKMS): // it says what to do
		return fmt.Errorf("%s %s: %w", what, path, err)
	case errors.Is(err, ErrDamaged):
		return fmt.Errorf("%s %s %w; restore it from a backup", what, path, err)
	case errors.Is(err, ErrFormat):
		return fmt.Errorf("%s %s %w", what, path, err)
	}
	return fmt.Errorf("%s %s: %w", what, path, err)
}

// unlock asks the KMS for the keys: the token root first, whose MAC must match before any other is asked for.
func (f *file) unlock(ctx context.Context, kms KMS) (_ *Ring, err error) {
	r := &Ring{id: f.ringID(), generation: f.Generation}
	defer func() {
		if err != nil {
			r.Destroy()
		}
	}()
	if r.root, err = unwrap(ctx, kms, f.TokenRoot.Wrapped, r.aad(kindTokenRoot, f.TokenRoot.Version)); err != nil {
		return nil, fmt.Errorf("token root: %w", err)
	}
	if err = f.check(r.root); err != nil {
		return nil, err
	}
	for _, k := range f.MasterKeys {
		key, err := unwrap(ctx, kms, k.Wrapped, r.aad(kindMaster, k.Version))
		if err != nil {
			return nil, fmt.Errorf("master key version %d: %w", k.Version, err)
		}
		created, _ := time.Parse(time.RFC3339, k.Created) // checked by parse
		r.masters = append(r.masters, master{Version{k.Version, created}, key})
	}
	return r, nil
}

// aad binds a wrapped key to its keyring, kind and version:
// label | keyring id (16) | kind (1) | version (4, big-endian).
func (r *Ring) aad(kind byte, version uint32) []byte {
	b := append([]byte(labelKMS), r.id[:]...)
	return binary.BigEndian.AppendUint32(append(b, kind), version)
}

// wrap has the KMS wrap a key and, as tables would be lost with it, sees that the KMS gives the same key back.
func wrap(ctx context.Context, kms KMS, key *Secret, aad []byte) (fileKey, error) {
	wrapped, err := kms.Wrap(ctx, key.Bytes(), aad)
	if err != nil {
		return fileKey{}, fmt.Errorf("wrapping by %w: %w", errKMS, err)
	}
	if len(wrapped) == 0 || len(wrapped) > maxWrapped {
		return fileKey{}, fmt.Errorf("the KMS gave a wrapped key of %d bytes; 1 to %d are possible", len(wrapped), maxWrapped)
	}
	back, err := unwrap(ctx, kms, wrapped, aad)
	if err != nil {
		return fileKey{}, fmt.Errorf("reading back what the KMS wrapped: %w", err)
	}
	defer back.Destroy()
	if subtle.ConstantTimeCompare(back.Bytes(), key.Bytes()) != 1 {
		return fileKey{}, errors.New("the KMS gave another key back than it wrapped; do not use this KMS")
	}
	return fileKey{Wrapped: wrapped}, nil
}

func unwrap(ctx context.Context, kms KMS, wrapped, aad []byte) (*Secret, error) {
	plain, err := kms.Unwrap(ctx, wrapped, aad)
	if err != nil {
		return nil, fmt.Errorf("unwrapping by %w: %w", errKMS, err)
	}
	defer clear(plain)
	if len(plain) != KeySize {
		return nil, fmt.Errorf("the KMS unwrapped a key of %d bytes where %d are needed: %w", len(plain), KeySize, ErrWrongKey)
	}
	return NewSecret(plain)
}
