package keyring_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// fakeKMS wraps with AES-GCM, and fails as tests want.
type fakeKMS struct {
	key      [16]byte
	calls    atomic.Int32
	down     atomic.Bool
	failWrap error
	lie      bool // Unwrap gives a wrong key once something was wrapped
	short    bool // Unwrap gives 15 bytes
	wrapped  atomic.Bool
}

var errDown = errors.New("connection refused")

func newFakeKMS(t testing.TB) *fakeKMS {
	t.Helper()
	k := &fakeKMS{}
	_, _ = rand.Read(k.key[:])
	return k
}

func (k *fakeKMS) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.key[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (k *fakeKMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	k.calls.Add(1)
	k.wrapped.Store(true)
	if k.down.Load() {
		return nil, errDown
	}
	return k.aead().Seal(nil, nil, plaintext, aad), errors.Join(k.failWrap, ctx.Err())
}

func (k *fakeKMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	k.calls.Add(1)
	if k.down.Load() {
		return nil, errDown
	}
	plain, err := k.aead().Open(nil, nil, wrapped, aad)
	if err != nil {
		return nil, fmt.Errorf("CMK fake: the key %w", keyring.ErrWrongKey)
	}
	if k.lie && k.wrapped.Load() {
		plain[0] ^= 1
	}
	if k.short {
		plain = plain[:15]
	}
	return plain, ctx.Err()
}
