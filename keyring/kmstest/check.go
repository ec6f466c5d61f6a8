package kmstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// patience bounds a call that is answered, and hang one of a server that hangs.
const (
	patience = 30 * time.Second
	hang     = 300 * time.Millisecond
)

// Bounded is a context with time for a few calls.
func Bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// NewKey is a random key, and data of the size that the keyring binds it to.
func NewKey() (key, aad []byte) {
	key, aad = make([]byte, keyring.KeySize), make([]byte, 43)
	_, _ = rand.Read(key)
	_, _ = rand.Read(aad)
	return key, aad
}

// MustWrap wraps a key.
func MustWrap(t testing.TB, kms keyring.KMS, key, aad []byte) []byte {
	t.Helper()
	wrapped, err := kms.Wrap(Bounded(t), key, aad)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(wrapped, key) {
		t.Fatal("the wrapped key holds the key")
	}
	return wrapped
}

// MustUnwrap sees that a wrapped key opens.
func MustUnwrap(t testing.TB, kms keyring.KMS, wrapped, aad, key []byte) {
	t.Helper()
	back, err := kms.Unwrap(Bounded(t), wrapped, aad)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back, key) {
		t.Fatal("another key came back")
	}
}

// Both sees that both calls of a driver fail with a class.
func (s Subject) Both(t testing.TB, when string, kms keyring.KMS, wrapped []byte, want error) {
	t.Helper()
	key, aad := NewKey()
	_, err := kms.Wrap(Bounded(t), key, aad)
	s.Check(t, when+", wrap", err, want, key)
	_, err = kms.Unwrap(Bounded(t), wrapped, aad)
	s.Check(t, when+", unwrap", err, want, key)
}

// Hanging sees that both calls of a driver end with their context.
func (s Subject) Hanging(t testing.TB, kms keyring.KMS, wrapped []byte) {
	t.Helper()
	key, aad := NewKey()
	for name, call := range map[string]func(context.Context) error{
		"wrap":   func(ctx context.Context) error { _, err := kms.Wrap(ctx, key, aad); return err },
		"unwrap": func(ctx context.Context) error { _, err := kms.Unwrap(ctx, wrapped, aad); return err },
	} {
		ctx, cancel := context.WithTimeout(context.Background(), hang)
		start := time.Now()
		err := call(ctx)
		cancel()
		s.Check(t, "hanging "+name, err, keyring.ErrUnavailable, key)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// Check sees that an error is of the class wanted and no other, and that it is one line that names the key, says what to
// do, and shows neither a secret nor the key.
func (s Subject) Check(t testing.TB, when string, err, want error, key []byte) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %q", when, want)
		return
	}
	for _, class := range []error{keyring.ErrUnavailable, keyring.ErrDenied, keyring.ErrKeyState, keyring.ErrAnswer, keyring.ErrWrongKey} {
		if errors.Is(err, class) != (class == want) {
			t.Errorf("%s: %v: is %q: %v", when, err, class, errors.Is(err, class))
		}
	}
	text := err.Error()
	t.Logf("%s: %s", when, text)
	if strings.ContainsAny(text, "\n\r\t") || len(text) > 800 || !strings.Contains(text, s.Name) || !strings.Contains(text, "; ") {
		t.Errorf("%s: not one line that names %s and says what to do: %q", when, s.Name, text)
	}
	s.CheckSecrets(t, text+fmt.Sprintf("%#v %+v", err, err), key)
}

// CheckSecrets sees that a text shows none of the secrets, nor the key, in no spelling.
func (s Subject) CheckSecrets(t testing.TB, text string, key []byte) {
	t.Helper()
	secrets := s.Secrets
	if len(key) > 0 {
		encoded := base64.StdEncoding.EncodeToString(key)
		secrets = append([]string{string(key), encoded, strings.TrimRight(encoded, "="), url.QueryEscape(encoded),
			base64.RawURLEncoding.EncodeToString(key), hex.EncodeToString(key), fmt.Sprint(key)}, secrets...)
	}
	for i, secret := range secrets {
		if secret == "" {
			t.Fatalf("secret %d is empty", i)
		}
		if strings.Contains(text, secret) {
			t.Errorf("secret %d shows in %q", i, text)
		}
	}
}
