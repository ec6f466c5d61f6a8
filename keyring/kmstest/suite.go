// Package kmstest holds drivers of a KMS to keyring.KMS's contract: one suite for all of them. Strict adds to it, against
// a server in the test that speaks a provider's wire format, one table of faults; what is the provider's own (signatures,
// tokens, its error codes) each driver's tests bring along. Real adds, against the real server that a driver's tests
// start, that the server ends.
package kmstest

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// Subject is a driver with its server, as a test has set them up.
type Subject struct {
	Name    string                         // what errors name the key by
	Open    func(t testing.TB) keyring.KMS // a driver of the server's key, with nothing remembered from before
	Other   func(t testing.TB) keyring.KMS // one of another key of the server
	Rotate  func(t testing.TB)             // makes a new version of the key; nil where keys have none
	Secrets []string                       // credentials, which no error may show
}

var tableID = [16]byte{1, 2, 3, 15: 16}

// Run runs what every KMS is held to.
func (s Subject) Run(t *testing.T) {
	t.Run("Wrap", s.wrap)
	t.Run("WrongKey", s.wrongKey)
	if s.Rotate != nil {
		t.Run("Rotation", s.rotation)
	}
	t.Run("Canceled", s.canceled)
	t.Run("Keyring", s.keyring)
}

func (s Subject) wrap(t *testing.T) {
	kms := s.Open(t)
	key, aad := NewKey()
	first, second := MustWrap(t, kms, key, aad), MustWrap(t, kms, key, aad)
	if bytes.Equal(first, second) {
		t.Error("two wraps of a key are equal")
	}
	MustUnwrap(t, kms, first, aad, key)
	MustUnwrap(t, s.Open(t), second, aad, key)
	for _, n := range []int{0, keyring.KeySize - 1, keyring.KeySize + 1} {
		if _, err := kms.Wrap(Bounded(t), make([]byte, n), aad); err == nil {
			t.Errorf("%d bytes were wrapped", n)
		}
	}
}

// What is not this key, of this CMK, for this data, does not open.
func (s Subject) wrongKey(t *testing.T) {
	kms := s.Open(t)
	key, aad := NewKey()
	wrapped := MustWrap(t, kms, key, aad)
	changed := func(i int, by byte) []byte {
		b := bytes.Clone(wrapped)
		b[i] ^= by
		return b
	}
	n := len(wrapped)
	for name, wrong := range map[string]struct{ wrapped, aad []byte }{
		"other data":     {wrapped, append(bytes.Clone(aad), '!')},
		"less data":      {wrapped, aad[:1]},
		"no data":        {wrapped, nil},
		"first byte":     {changed(0, 1), aad},
		"first letter":   {changed(0, 4), aad}, // of base64, and stays one most of the time
		"middle byte":    {changed(n/2, 1), aad},
		"middle letter":  {changed(n/2, 4), aad},
		"late letter":    {changed(n-8, 4), aad},
		"last byte":      {changed(n-1, 1), aad},
		"cut":            {wrapped[:n-1], aad},
		"cut deeper":     {wrapped[:n-5], aad},
		"half":           {wrapped[:n/2], aad},
		"longer":         {append(bytes.Clone(wrapped), 0), aad},
		"nothing":        {nil, aad},
		"something else": {[]byte("something else"), aad},
		"another CMK":    {MustWrap(t, s.Other(t), key, aad), aad},
	} {
		_, err := kms.Unwrap(Bounded(t), wrong.wrapped, wrong.aad)
		s.Check(t, name, err, keyring.ErrWrongKey, key)
	}
	MustUnwrap(t, kms, wrapped, aad, key)
}

// The CMK rotates in the KMS, and nobody tells the driver.
func (s Subject) rotation(t *testing.T) {
	kms := s.Open(t)
	key, aad := NewKey()
	old := MustWrap(t, kms, key, aad)
	s.Rotate(t)
	for _, wrapped := range [][]byte{old, MustWrap(t, kms, key, aad), MustWrap(t, s.Open(t), key, aad)} {
		MustUnwrap(t, kms, wrapped, aad, key)
		MustUnwrap(t, s.Open(t), wrapped, aad, key)
	}
}

// A call that is given up ends at once, be it a driver's first or a later one.
func (s Subject) canceled(t *testing.T) {
	key, aad := NewKey()
	used := s.Open(t)
	MustWrap(t, used, key, aad)
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for when, kms := range map[string]keyring.KMS{"new": s.Open(t), "used": used} {
		_, err := kms.Wrap(canceled, key, aad)
		s.Check(t, "canceled, "+when, err, keyring.ErrUnavailable, key)
	}
}

// A keyring is made, opened, rotated and opened again, over a rotation of the CMK; another CMK does not open it.
func (s Subject) keyring(t *testing.T) {
	path, tableKey := s.rotatedKeyring(t)
	opened, err := keyring.Open(Bounded(t), path, s.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Destroy()
	if opened.Active() != 2 || opened.Generation() != 2 {
		t.Errorf("%v", opened)
	}
	if _, err := opened.UnwrapTableKey(tableID, tableKey); err != nil {
		t.Error(err)
	}
	_, err = keyring.Open(Bounded(t), path, s.Other(t))
	s.Check(t, "another CMK", err, keyring.ErrWrongKey, nil)
}

// rotatedKeyring makes a keyring with a table's key, and rotates the CMK and the keyring.
func (s Subject) rotatedKeyring(t testing.TB) (path string, tableKey []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keyring.json")
	made, err := keyring.Create(Bounded(t), path, s.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	defer made.Destroy()
	_, tableKey, err = made.NewTableKey(tableID)
	if err != nil {
		t.Fatal(err)
	}
	if s.Rotate != nil {
		s.Rotate(t)
	}
	rotated, err := made.Rotate(Bounded(t), path, s.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	rotated.Destroy()
	return path, tableKey
}
