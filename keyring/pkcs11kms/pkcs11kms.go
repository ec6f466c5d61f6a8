//go:build pkcs11

package pkcs11kms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/miekg/pkcs11"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// A wrapped key: format | length of CKA_ID (1) | CKA_ID | length of nonce (1) | nonce | ciphertext (16) and tag (16).
const (
	format  = 0x01
	tagSize = 16
	label   = "tdeproxy pkcs11kms wrap v1"
)

// KMS is an AES key in a token. It implements keyring.KMS and is safe for concurrent use; calls follow one another. Each
// logs in and out again. The process holds one KMS of a module at a time: a module's state is the process's.
type KMS struct {
	at     address
	module *pkcs11.Ctx
	free   chan struct{} // holds a token while no call is under way
}

// New takes the URI of a key and loads the module. It does not log in.
func New(_ context.Context, u *url.URL) (*KMS, error) {
	at, err := parse(u)
	if err != nil {
		return nil, err
	}
	module := pkcs11.New(at.module)
	if module == nil {
		return nil, fmt.Errorf("%v: cannot load the module %s; see that it is there, and for this machine", at, at.module)
	}
	k := &KMS{at: at, module: module, free: make(chan struct{}, 1)}
	k.free <- struct{}{}
	return k, nil
}

// Wrap has the token encrypt a key.
func (k *KMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if len(plaintext) != keyring.KeySize {
		return nil, fmt.Errorf("%v: asked to wrap %d bytes, keys have %d", k.at, len(plaintext), keyring.KeySize)
	}
	plaintext, aad = bytes.Clone(plaintext), bytes.Clone(aad) // the call may outlive its context
	return k.run(ctx, func(s *session) ([]byte, error) {
		defer clear(plaintext)
		key, id, err := s.find([]byte(k.at.id))
		if err == nil {
			err = s.checkKey(key)
		}
		if err != nil {
			return nil, err
		}
		nonce, sealed, err := s.encrypt(key, plaintext, bind(id, aad))
		if err != nil {
			return nil, err
		}
		if err := s.checkBinding(key, nonce, sealed, bind(id, aad)); err != nil {
			return nil, err
		}
		wrapped := append([]byte{format, byte(len(id))}, id...)
		return append(append(append(wrapped, byte(len(nonce))), nonce...), sealed...), nil
	})
}

// Unwrap has the token decrypt with the key of the URI's label that wrapped; keyring.ErrWrongKey where there is none.
func (k *KMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	id, nonce, sealed, ok := split(bytes.Clone(wrapped))
	if !ok {
		return nil, fmt.Errorf("%v: the key %w: it does not come from a pkcs11: KMS; name the KMS that the keyring was made with", k.at, keyring.ErrWrongKey)
	}
	aad = bind(id, aad)
	return k.run(ctx, func(s *session) ([]byte, error) {
		key, _, err := s.find(id)
		if err != nil {
			return nil, err
		}
		plain, err := s.decrypt(key, nonce, sealed, aad)
		if err == nil && len(plain) != keyring.KeySize {
			clear(plain)
			return nil, fmt.Errorf("%v %w: a plaintext of %d bytes; see that the module is right", k.at, keyring.ErrAnswer, len(plain))
		}
		return plain, err
	})
}

func split(wrapped []byte) (id, nonce, sealed []byte, ok bool) {
	if len(wrapped) < 2 || wrapped[0] != format {
		return nil, nil, nil, false
	}
	id, rest, ok := prefixed(wrapped[1:])
	if !ok {
		return nil, nil, nil, false
	}
	nonce, sealed, ok = prefixed(rest)
	return id, nonce, sealed, ok && len(nonce) > 0 && len(sealed) == keyring.KeySize+tagSize
}

// prefixed takes off a part that stands behind its length.
func prefixed(b []byte) (part, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, nil, false
	}
	return b[1 : 1+b[0]], b[1+b[0]:], true
}

func bind(id, aad []byte) []byte {
	return append(append(append([]byte(label), byte(len(id))), id...), aad...)
}

// run calls f in a session. PKCS#11 knows no way to end a call: one that hangs is left behind when ctx ends, and the next
// waits for it, within a context of its own.
func (k *KMS) run(ctx context.Context, f func(*session) ([]byte, error)) ([]byte, error) {
	select {
	case <-ctx.Done():
		return nil, k.hangs()
	default:
	}
	select {
	case <-ctx.Done():
		return nil, k.hangs()
	case <-k.free:
	}
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { k.free <- struct{}{} }()
		b, err := k.inSession(f)
		done <- result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-ctx.Done():
		return nil, k.hangs()
	}
}

func (k *KMS) inSession(f func(*session) ([]byte, error)) ([]byte, error) {
	s, err := k.open()
	if err != nil {
		return nil, err
	}
	defer s.close()
	return f(s)
}

func (k *KMS) hangs() error {
	return fmt.Errorf("%v %w: no answer in time; see that the token works", k.at, keyring.ErrUnavailable)
}

// checkBinding sees that other associated data does not open what was wrapped.
func (s *session) checkBinding(key pkcs11.ObjectHandle, nonce, sealed, aad []byte) error {
	plain, err := s.decrypt(key, nonce, sealed, append(bytes.Clone(aad), "other"...))
	clear(plain)
	switch {
	case errors.Is(err, keyring.ErrWrongKey):
		return nil
	case err == nil:
		return fmt.Errorf("%v %w: it does not bind keys to their associated data; use another token", s.kms.at, keyring.ErrAnswer)
	}
	return err
}

// String names the key.
func (k *KMS) String() string { return k.at.String() }
