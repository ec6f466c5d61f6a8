package kmstest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// Strict is a driver with a server in the test, which has faults.
type Strict struct {
	Subject
	Server  *Server
	Version func(wrapped []byte) int // the version that wrapped is under
}

// table is the class of each fault.
var table = []struct {
	name  string
	fault Fault
	want  error
}{
	{"throttle", Throttle, keyring.ErrUnavailable},
	{"internal error", Internal, keyring.ErrUnavailable},
	{"busy", Busy, keyring.ErrUnavailable},
	{"bad gateway", BadGateway, keyring.ErrUnavailable},
	{"cut", Cut, keyring.ErrUnavailable},
	{"reset", Reset, keyring.ErrUnavailable},
	{"hang", Hang, keyring.ErrUnavailable},
	{"denied", Denied, keyring.ErrDenied},
	{"unauthenticated", Unauthenticated, keyring.ErrDenied},
	{"disabled", Disabled, keyring.ErrKeyState},
	{"pending deletion", PendingDeletion, keyring.ErrKeyState},
	{"not found", NotFound, keyring.ErrKeyState},
	{"wrong usage", WrongUsage, keyring.ErrKeyState},
	{"short key", ShortKey, keyring.ErrAnswer},
	{"a page", HTML, keyring.ErrAnswer},
	{"wrong JSON", WrongJSON, keyring.ErrAnswer},
	{"redirect", Redirect, keyring.ErrAnswer},
	{"endless", Endless, keyring.ErrAnswer},
}

// Run runs the suite and the faults.
func (s Strict) Run(t *testing.T) {
	s.Subject.Run(t)
	t.Run("Versions", s.versions)
	t.Run("Disabled", s.disabled)
	t.Run("Faults", s.faults)
	t.Run("OneTry", s.oneTry)
	t.Run("Patient", s.patient)
}

// A driver that is open when the CMK rotates wraps under the new version.
func (s Strict) versions(t *testing.T) {
	kms := s.Open(t)
	key, aad := NewKey()
	old := MustWrap(t, kms, key, aad)
	s.Rotate(t)
	fresh := MustWrap(t, kms, key, aad)
	if before, after := s.Version(old), s.Version(fresh); before < 1 || after != before+1 {
		t.Errorf("wrapped under version %d, and after a rotation %d", before, after)
	}
}

// A keyring whose CMK is disabled does not open, and the error names it.
func (s Strict) disabled(t *testing.T) {
	path, _ := s.rotatedKeyring(t)
	s.Server.Set(Disabled)
	defer s.Server.Set(None)
	_, err := keyring.Open(Bounded(t), path, s.Open(t))
	s.Check(t, "disabled CMK", err, keyring.ErrKeyState, nil)
	if err != nil && !strings.Contains(err.Error(), path) {
		t.Errorf("%v does not name the keyring", err)
	}
}

// Every fault has its class, in both calls, from the first call of a driver on and in a later one; when it is over, all
// is well again.
func (s Strict) faults(t *testing.T) {
	key, aad := NewKey()
	wrapped := MustWrap(t, s.Open(t), key, aad)
	for _, f := range table {
		t.Run(f.name, func(t *testing.T) {
			defer s.Server.Set(None)
			used := s.Open(t)
			MustUnwrap(t, used, wrapped, aad, key)
			s.Server.Set(f.fault)
			bound := patience
			if f.fault == Hang {
				bound = hang
			}
			for when, kms := range map[string]keyring.KMS{"new": s.Open(t), "used": used} {
				ctx, cancel := context.WithTimeout(context.Background(), bound)
				_, err := kms.Wrap(ctx, key, aad)
				s.Check(t, when+" wrap", err, f.want, key)
				cancel()
				ctx, cancel = context.WithTimeout(context.Background(), bound)
				start := time.Now()
				_, err = kms.Unwrap(ctx, wrapped, aad)
				s.Check(t, when+" unwrap", err, f.want, key)
				cancel()
				if took := time.Since(start); took > bound+10*time.Second {
					t.Errorf("%s: a call of %v took %v", when, bound, took)
				}
			}
			s.Server.Set(None)
			MustUnwrap(t, used, MustWrap(t, used, key, aad), aad, key)
		})
	}
}

// A call asks once: it is for keyring.Patient to ask again.
func (s Strict) oneTry(t *testing.T) {
	kms := s.Open(t)
	key, aad := NewKey()
	MustWrap(t, kms, key, aad)
	defer s.Server.Set(None)
	for _, f := range []Fault{Throttle, Internal, Busy, Denied, HTML} {
		s.Server.Set(f)
		before := s.Server.Requests()
		if _, err := kms.Wrap(Bounded(t), key, aad); err == nil {
			t.Fatalf("fault %d: no error", f)
		}
		if n := s.Server.Requests() - before; n != 1 {
			t.Errorf("fault %d: %d requests", f, n)
		}
	}
}

// keyring.Patient waits until a throttling KMS serves again.
func (s Strict) patient(t *testing.T) {
	key, aad := NewKey()
	waits := 0
	s.Server.Set(Throttle)
	defer s.Server.Set(None)
	kms := &keyring.Patient{KMS: s.Open(t), Timeout: patience, Try: patience, Backoff: 20 * time.Millisecond,
		Waiting: func(err error, _ time.Duration) {
			s.Check(t, "waiting", err, keyring.ErrUnavailable, key)
			if waits++; waits == 3 {
				s.Server.Set(None)
			}
		}}
	MustUnwrap(t, kms, MustWrap(t, kms, key, aad), aad, key)
	if waits != 3 {
		t.Errorf("waited %d times", waits)
	}
}
