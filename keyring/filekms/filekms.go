// Package filekms is the KMS of a single machine: a file of mode 0600 with a random 128-bit customer master key (CMK).
// Configuration names it as "file:PATH". Whoever can read both that file and the keyring reads all protected tables;
// a KMS on another machine is better where there is one.
//
// The file is text: lines that begin with '#', and one line "aes128:" with 32 hexadecimal digits. docs/format.md has the
// form of wrapped keys.
package filekms

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tdeproxy/tdeproxy/keyring"
)

const (
	what   = "master key file"
	prefix = "aes128:"
	header = `# tdeproxy customer master key (CMK), AES-128. It wraps the keys in the keyring file.
# Keep a copy in a safe place: without it no protected table can be read, ever. Never store it beside a database backup.
`
	format    = 0x01
	idSize    = 8
	nonceSize = 12
	tagSize   = 16

	// WrappedSize is the length of a wrapped key in bytes:
	// format 0x01 | CMK id (8) | nonce (12) | AES-128-GCM ciphertext (16) | tag (16).
	WrappedSize = 1 + idSize + nonceSize + keyring.KeySize + tagSize
)

// Labels of the keys derived from the CMK.
const (
	labelWrap = "tdeproxy filekms wrap v1"
	labelID   = "tdeproxy filekms id v1"
)

// anyAccessByOthers are the permission bits that the file must not have.
const anyAccessByOthers = 0o077

// KMS wraps keys under the CMK in a file. It reads the file for each key, so that the CMK stays in memory no longer than
// that. It implements keyring.KMS and is safe for concurrent use.
type KMS struct{ path string }

// Create writes a new random CMK to path. It never writes over anything (keyring.ErrExists), and makes no directory.
func Create(path string) error {
	var key [keyring.KeySize]byte
	_, _ = rand.Read(key[:])
	line := make([]byte, 0, len(header)+len(prefix)+2*len(key)+1) // grown, it would leave a copy behind
	line = append(append(line, header...), prefix...)
	line = append(hex.AppendEncode(line, key[:]), '\n')
	defer clear(line)
	defer clear(key[:])
	err := keyring.CreateProtected(what, path, line)
	if errors.Is(err, keyring.ErrExists) {
		return fmt.Errorf("%w: master keys are never written over; use it, or move it away if no keyring needs it", err)
	}
	return err
}

// New checks that path holds a CMK that nobody else can read.
func New(path string) (*KMS, error) {
	k := &KMS{path}
	key, err := k.load()
	if err != nil {
		return nil, err
	}
	key.Destroy()
	return k, nil
}

// Wrap seals a key of keyring.KeySize bytes.
func (k *KMS) Wrap(_ context.Context, plaintext, aad []byte) ([]byte, error) {
	if len(plaintext) != keyring.KeySize {
		return nil, fmt.Errorf("%s %s: asked to wrap %d bytes, keys have %d", what, k.path, len(plaintext), keyring.KeySize)
	}
	id, aead, err := k.open()
	if err != nil {
		return nil, err
	}
	defer aead.Destroy()
	w := make([]byte, 1+idSize+nonceSize, WrappedSize)
	w[0] = format
	copy(w[1:], id[:])
	nonce := w[1+idSize:]
	_, _ = rand.Read(nonce)
	return aead.Seal(w, nonce, plaintext, aad), nil
}

// Unwrap opens a key that Wrap sealed under the same CMK and aad; keyring.ErrWrongKey otherwise.
func (k *KMS) Unwrap(_ context.Context, wrapped, aad []byte) ([]byte, error) {
	if len(wrapped) != WrappedSize || wrapped[0] != format {
		return nil, fmt.Errorf("the key %w: it does not come from a file: KMS", keyring.ErrWrongKey)
	}
	id, aead, err := k.open()
	if err != nil {
		return nil, err
	}
	defer aead.Destroy()
	if !bytes.Equal(wrapped[1:1+idSize], id[:]) {
		return nil, fmt.Errorf("the key %w: CMK %x wrapped it, %s %s is CMK %x", keyring.ErrWrongKey, wrapped[1:1+idSize], what, k.path, id)
	}
	sealed := wrapped[1+idSize:]
	plain, err := aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], aad)
	if err != nil {
		return nil, fmt.Errorf("the key %w: it was changed, or belongs to another keyring or version", keyring.ErrWrongKey)
	}
	return plain, nil
}

// open reads the CMK and gives its id, which tells CMKs apart and nothing else, and the cipher that wraps.
func (k *KMS) open() (id [idSize]byte, aead *keyring.GCM, err error) {
	cmk, err := k.load()
	if err != nil {
		return id, nil, err
	}
	defer cmk.Destroy()
	kdf, err := keyring.NewCMAC(cmk)
	if err != nil {
		return id, nil, err
	}
	defer kdf.Destroy()
	_ = kdf.Derive(labelID, nil, func(subkey []byte) error { copy(id[:], subkey); return nil })
	aead, err = kdf.DeriveGCM(labelWrap, nil)
	return id, aead, err
}

func (k *KMS) load() (*keyring.Secret, error) {
	text, _, err := keyring.ReadProtected(what, k.path, anyAccessByOthers)
	defer clear(text)
	switch {
	case errors.Is(err, keyring.ErrNotExist):
		return nil, fmt.Errorf("%w: restore the one that the keyring was made with", err)
	case err != nil:
		return nil, err
	}
	key, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s %s %w: %w; restore it from a backup", what, k.path, keyring.ErrDamaged, err)
	}
	return key, nil
}

var (
	errNoKey    = errors.New(`it has no line "aes128:" with 32 hexadecimal digits`)
	errManyKeys = errors.New("it has more than one line that is no comment")
	errZeroKey  = errors.New("its key is all zeros")
)

// parse finds the key. Its errors show nothing of the text.
func parse(text []byte) (*keyring.Secret, error) {
	var digits []byte
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if digits != nil {
			return nil, errManyKeys
		}
		digits = line
	}
	digits, ok := bytes.CutPrefix(digits, []byte(prefix))
	if !ok || len(digits) != 2*keyring.KeySize {
		return nil, errNoKey
	}
	var key [keyring.KeySize]byte
	defer clear(key[:])
	if _, err := hex.Decode(key[:], digits); err != nil {
		return nil, errNoKey // hex's own error quotes a digit
	}
	if key == [keyring.KeySize]byte{} {
		return nil, errZeroKey
	}
	return keyring.NewSecret(key[:])
}
