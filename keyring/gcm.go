package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"runtime"
)

// GCM is AES-128-GCM with nonces of 12 bytes and tags of 16, its expanded key in guarded memory. It is safe for concurrent
// use, and prints as "[redacted]".
type GCM struct {
	aead cipher.AEAD
	guarded
}

// NewGCM expands a key of KeySize bytes, which the caller wipes.
func NewGCM(key []byte) (*GCM, error) {
	scrub()
	defer scrub()
	if len(key) != KeySize {
		return nil, fmt.Errorf("a key of %d bytes where %d are needed", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block) // has a copy of the block
	wipeCipher(block)
	if err != nil {
		return nil, err
	}
	g := &GCM{}
	if g.aead, g.guarded, err = guard(g, aead); err != nil {
		wipeCipher(aead)
		return nil, err
	}
	return g, nil
}

// wipeCipher clears a cipher object of the standard library that was just made.
func wipeCipher(c any) {
	if v := reflect.ValueOf(c); v.Kind() == reflect.Pointer {
		v.Elem().SetZero()
	}
}

// newGCM expands a Secret.
func newGCM(key *Secret) (g *GCM, err error) {
	err = key.use(func(b []byte) error {
		g, err = NewGCM(b)
		return err
	})
	return g, err
}

// Seal appends ciphertext and tag to dst, as cipher.AEAD has it.
func (g *GCM) Seal(dst, nonce, plaintext, aad []byte) []byte {
	out := g.aead.Seal(dst, nonce, plaintext, aad)
	clearVectors()
	runtime.KeepAlive(g) // its memory is wiped after it
	return out
}

// Open appends the plaintext to dst, as cipher.AEAD has it.
func (g *GCM) Open(dst, nonce, ciphertext, aad []byte) ([]byte, error) {
	out, err := g.aead.Open(dst, nonce, ciphertext, aad)
	clearVectors()
	runtime.KeepAlive(g)
	return out, err
}

// Destroy wipes the expanded key at once. It is for an owner who shares g with nobody: any use of g, at the same time or
// later, panics at best. Without it the key is wiped when g is garbage.
func (g *GCM) Destroy() {
	g.aead = nil
	g.wipe()
}

// Format writes "[redacted]" for every verb.
func (*GCM) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "[redacted]".
func (*GCM) LogValue() slog.Value { return slog.StringValue(redacted) }
