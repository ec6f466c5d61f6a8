package keyring

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	tableKeyFormat = 0x01
	headerSize     = 1 + 4 // format, master key version
	nonceSize      = 12
	tagSize        = 16

	// WrappedTableKeySize is the length of a wrapped table key in bytes:
	// format 0x01 | master key version (4, big-endian) | nonce (12) | AES-128-GCM ciphertext (16) | tag (16).
	WrappedTableKeySize = headerSize + nonceSize + KeySize + tagSize
)

// NewTableKey makes the data key of the table id, and its wrapped form to be stored with the table.
func (r *Ring) NewTableKey(id [16]byte) (key *Secret, wrapped []byte, err error) {
	key, err = RandomSecret()
	if err != nil {
		return nil, nil, fmt.Errorf("making a table key: %w", err)
	}
	wrapped, err = r.WrapTableKey(id, key)
	if err != nil {
		key.Destroy()
		return nil, nil, err
	}
	return key, wrapped, nil
}

// WrapTableKey wraps the data key of the table id under the active master key, under a new random nonce.
func (r *Ring) WrapTableKey(id [16]byte, key *Secret) ([]byte, error) {
	m := r.active()
	aead, err := newGCM(m.key)
	if err != nil {
		return nil, fmt.Errorf("wrapping a table key: %w", err)
	}
	defer aead.Destroy()
	w := make([]byte, headerSize+nonceSize, WrappedTableKeySize)
	w[0] = tableKeyFormat
	binary.BigEndian.PutUint32(w[1:], m.Number)
	nonce := w[headerSize:]
	_, _ = rand.Read(nonce) // never fails
	err = key.use(func(b []byte) error {
		w = aead.Seal(w, nonce, b, r.tableKeyAAD(id))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("wrapping a table key: %w", err)
	}
	return w, nil
}

// UnwrapTableKey opens the data key of the table id, whichever of the ring's master key versions wrapped it. It fails
// with ErrUnknownVersion or ErrTableKey.
func (r *Ring) UnwrapTableKey(id [16]byte, wrapped []byte) (*Secret, error) {
	number, err := MasterVersion(wrapped)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(r.masters, func(m master) bool { return m.Number == number })
	if i < 0 {
		return nil, fmt.Errorf("table key wrapped by master key version %d, keyring %s has 1 to %d: %w; restore the newer keyring file",
			number, r.id, r.Active(), ErrUnknownVersion)
	}
	aead, err := newGCM(r.masters[i].key)
	if err != nil {
		return nil, fmt.Errorf("unwrapping a table key: %w", err)
	}
	defer aead.Destroy()
	return newSecret(func(b []byte) error {
		sealed := wrapped[headerSize:]
		_, err := aead.Open(b[:0], sealed[:nonceSize], sealed[nonceSize:], r.tableKeyAAD(id))
		if err != nil {
			return fmt.Errorf("%w: it was changed, or belongs to another table or keyring than %s", ErrTableKey, r.id)
		}
		return nil
	})
}

// MasterVersion says which master key version wrapped a table key. It looks at the form only.
func MasterVersion(wrapped []byte) (uint32, error) {
	switch {
	case len(wrapped) != WrappedTableKeySize:
		return 0, fmt.Errorf("%w: it has %d bytes, not %d", ErrTableKey, len(wrapped), WrappedTableKeySize)
	case wrapped[0] != tableKeyFormat:
		return 0, fmt.Errorf("%w: its format is %d, not %d", ErrTableKey, wrapped[0], tableKeyFormat)
	}
	return binary.BigEndian.Uint32(wrapped[1:]), nil
}

func (r *Ring) tableKeyAAD(id [16]byte) []byte {
	aad := append([]byte(labelTableKey), r.id[:]...)
	return append(aad, id[:]...)
}
