// Package cell seals values into cells, which upstream stores in the place of plaintext, and makes equality tokens,
// which upstream indexes and compares instead of values. docs/format.md has both to the byte, with test vectors.
//
// A cell is sealed with AES-128-GCM under a subkey of its table's data key, and bound to its table, column and key:
// moved elsewhere, cut or changed, it does not open. It does not hide its length.
package cell

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// A cell is version 0x01 (1) | key id (2) | salt (4) | nonce (12) | ciphertext | tag (16), numbers big-endian.
const (
	version    = 0x01
	saltAt     = 1 + 2
	nonceAt    = saltAt + 4
	nonceSize  = 12
	headerSize = nonceAt + nonceSize
	tagSize    = 16

	// Overhead is how many bytes a cell is longer than its plaintext.
	Overhead = headerSize + tagSize
)

// cellsPerSalt is how many cells a sealer makes under one subkey, which bounds the chance of two equal nonces there.
const cellsPerSalt = 1 << 24

const (
	labelSubkey = "tdeproxy cell v1"
	labelAAD    = "tdeproxy cell"
	// aadSize: label | version (1) | key id (2) | table id (16) | column id (2)
	aadSize = len(labelAAD) + 1 + 2 + 16 + 2
)

// Why a cell does not open. None of the errors holds a value.
var (
	// ErrMalformed : the bytes are no cell: too short, or of an unknown version.
	ErrMalformed = errors.New("malformed cell")
	// ErrKeyID : the cell is sealed under another generation of the table's data key.
	ErrKeyID = errors.New("cell of another key")
	// ErrAuthentication : the cell was changed, or belongs to another table or column.
	ErrAuthentication = errors.New("cell fails authentication")
)

// Table seals and opens the cells of one table under one of its data keys. It is safe for concurrent use. Its expanded keys
// are in memory that no core dump holds, and are wiped once the Table is garbage.
type Table struct {
	keyID   uint16
	kdf     *keyring.CMAC
	sealing atomic.Pointer[sealer]
	renew   sync.Mutex // held while sealing is replaced
	known   subkeys
	aads    sync.Pool // *[aadSize]byte, filled but for the column

	random       func([]byte) // salts and nonces; only tests replace it
	cellsPerSalt uint64
}

// sealer is the subkey that new cells are sealed under.
type sealer struct {
	*subkey
	used atomic.Uint64
}

// NewTable prepares a data key, which generation keyID of table id is sealed under. The Secret may be destroyed after.
func NewTable(key *keyring.Secret, id [16]byte, keyID uint16) (*Table, error) {
	return newTable(key, id, keyID, systemRandom)
}

func newTable(key *keyring.Secret, id [16]byte, keyID uint16, random func([]byte)) (*Table, error) {
	kdf, err := keyring.NewCMAC(key)
	if err != nil {
		return nil, fmt.Errorf("preparing a table key: %w", err)
	}
	t := &Table{keyID: keyID, kdf: kdf, random: random, cellsPerSalt: cellsPerSalt}
	t.aads.New = func() any {
		aad := new([aadSize]byte)
		b := append(aad[:0], labelAAD...)
		b = binary.BigEndian.AppendUint16(append(b, version), keyID)
		_ = append(b, id[:]...)
		return aad
	}
	t.sealing.Store(t.newSealer())
	return t, nil
}

// KeyID is the generation of the data key.
func (t *Table) KeyID() uint16 { return t.keyID }

// KeyIDOf says which generation of its table's data key a cell is sealed under. It looks at the form only.
func KeyIDOf(cell []byte) (uint16, error) {
	switch {
	case len(cell) < Overhead:
		return 0, fmt.Errorf("%w: %d bytes, the shortest has %d", ErrMalformed, len(cell), Overhead)
	case cell[0] != version:
		return 0, fmt.Errorf("%w: version %d is unknown", ErrMalformed, cell[0])
	}
	return binary.BigEndian.Uint16(cell[1:]), nil
}

// Seal appends the plaintext's cell to dst. Each cell has a random nonce: equal values give different cells. The spare
// room of dst must not overlap plaintext. NULL has no cell; an empty value has one of Overhead bytes.
func (t *Table) Seal(dst []byte, column uint16, plaintext []byte) []byte {
	k := t.sealer()
	dst = slices.Grow(dst, Overhead+len(plaintext))
	dst = append(dst, version)
	dst = binary.BigEndian.AppendUint16(dst, t.keyID)
	dst = binary.BigEndian.AppendUint32(dst, k.salt)
	dst = dst[:len(dst)+nonceSize]
	nonce := dst[len(dst)-nonceSize:]
	t.random(nonce)
	aad := t.aad(column)
	dst = k.aead.Seal(dst, nonce, plaintext, aad[:])
	t.aads.Put(aad)
	return dst
}

// Open appends the plaintext of a cell of the column to dst, which is never nil then: nil means NULL. On an error it
// returns dst as it was, and no byte of the plaintext. The spare room of dst must not overlap the cell.
func (t *Table) Open(dst []byte, column uint16, cell []byte) ([]byte, error) {
	keyID, err := KeyIDOf(cell)
	if err != nil {
		return dst, err
	}
	if keyID != t.keyID {
		return dst, fmt.Errorf("%w: key id %d, not %d", ErrKeyID, keyID, t.keyID)
	}
	salt := binary.BigEndian.Uint32(cell[saltAt:])
	k := t.known.get(salt)
	fresh := k == nil
	if fresh {
		k = t.derive(salt)
	}
	aad := t.aad(column)
	out, err := k.aead.Open(dst, cell[nonceAt:headerSize], cell[headerSize:], aad[:])
	t.aads.Put(aad)
	if err != nil {
		if fresh {
			k.aead.Destroy()
		}
		return dst, ErrAuthentication
	}
	if fresh {
		t.known.put(k) // after authentication only: upstream cannot fill the cache with salts that it makes up
	}
	if out == nil {
		out = []byte{}
	}
	return out, nil
}

func (t *Table) aad(column uint16) *[aadSize]byte {
	aad := t.aads.Get().(*[aadSize]byte)
	binary.BigEndian.PutUint16(aad[aadSize-2:], column)
	return aad
}

// sealer counts one cell and gives the subkey to seal it under: a new one each cellsPerSalt cells.
func (t *Table) sealer() *subkey {
	for {
		s := t.sealing.Load()
		if s.used.Add(1) <= t.cellsPerSalt {
			return s.subkey
		}
		t.renew.Lock()
		if t.sealing.Load() == s {
			t.sealing.Store(t.newSealer())
		}
		t.renew.Unlock()
	}
}

func (t *Table) newSealer() *sealer {
	var salt [4]byte
	t.random(salt[:])
	k := t.derive(binary.BigEndian.Uint32(salt[:]))
	t.known.put(k)
	return &sealer{subkey: k}
}

// derive makes the subkey of a salt.
func (t *Table) derive(salt uint32) *subkey {
	var context [4]byte
	binary.BigEndian.PutUint32(context[:], salt)
	aead, err := t.kdf.DeriveGCM(labelSubkey, context[:])
	if err != nil {
		panic("tde/cell: internal error: " + err.Error())
	}
	return &subkey{salt, aead}
}

// String names the table's key id and shows no key.
func (t *Table) String() string { return fmt.Sprintf("cells of key id %d", t.keyID) }

// Format prints what String says, whatever the verb.
func (t *Table) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// systemRandom never fails: crypto/rand ends the process where the kernel has no random bytes.
func systemRandom(b []byte) { _, _ = rand.Read(b) }
