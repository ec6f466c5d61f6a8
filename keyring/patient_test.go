package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// script is a KMS whose calls end as listed, one after the other, and well once the list is used up.
type script struct {
	keyring.KMS
	faults []error
	takes  time.Duration // of each call
	calls  int
}

func (s *script) next(ctx context.Context) error {
	s.calls++
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return fmt.Errorf("kms.example: %w", ctx.Err()) // as an HTTP client has it
	}
	if s.calls <= len(s.faults) {
		return s.faults[s.calls-1]
	}
	return nil
}

func (s *script) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if err := s.next(ctx); err != nil {
		return nil, err
	}
	return s.KMS.Wrap(ctx, plaintext, aad)
}

func (s *script) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if err := s.next(ctx); err != nil {
		return nil, err
	}
	return s.KMS.Unwrap(ctx, wrapped, aad)
}

func times(n int, err error) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = err
	}
	return all
}

var errThrottled = fmt.Errorf("kms.example %w: throttled", keyring.ErrUnavailable)

// patient opens a new keyring through a Patient on a script, under virtual time, and says how long that took.
func patient(t *testing.T, s *script, p *keyring.Patient) (took time.Duration, err error) {
	t.Helper()
	kms := newFakeKMS(t)
	_, path := create(t, kms)
	s.KMS, p.KMS = kms, s
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var r *keyring.Ring
		if r, err = keyring.Open(t.Context(), path, p); err == nil {
			r.Destroy()
		}
		took = time.Since(begin)
	})
	if err != nil && (strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), path)) {
		t.Errorf("not a line with the file: %v", err)
	}
	return took, err
}

func TestPatientUnavailable(t *testing.T) {
	var told []time.Duration
	s := &script{faults: times(5, errThrottled)}
	took, err := patient(t, s, &keyring.Patient{Timeout: time.Minute, Waiting: func(err error, next time.Duration) {
		if !errors.Is(err, keyring.ErrUnavailable) {
			t.Errorf("waits because of %v", err)
		}
		told = append(told, next)
	}})
	if err != nil || s.calls != 7 {
		t.Errorf("%d calls, %v; want 7 and no error", s.calls, err)
	}
	if len(told) != 5 {
		t.Fatalf("told of %d waits, want 5", len(told))
	}
	var waits time.Duration
	for _, w := range told {
		waits += w
	}
	if took != waits {
		t.Errorf("took %v, told of %v", took, waits)
	}
	if first, last := told[0], told[4]; first < 250*time.Millisecond || first > 750*time.Millisecond || last < 1200*time.Millisecond {
		t.Errorf("the waits do not grow from half a second on: %v", told)
	}
}

func TestPatientFinalFaults(t *testing.T) {
	for _, fault := range []error{
		keyring.ErrDenied, keyring.ErrKeyState, keyring.ErrAnswer, keyring.ErrWrongKey, errors.New("a driver's own fault"),
	} {
		s := &script{faults: []error{errThrottled, fmt.Errorf("kms.example: %w", fault)}}
		p := &keyring.Patient{Timeout: time.Minute, Try: time.Second, Backoff: time.Second}
		took, err := patient(t, s, p)
		if !errors.Is(err, fault) || s.calls != 2 || took > 2*time.Second {
			t.Errorf("%v: %v after %d calls and %v", fault, err, s.calls, took)
		}
		if strings.Contains(err.Error(), "tried") {
			t.Errorf("a final fault says that it was tried again: %v", err)
		}
	}
}

// The time is for all keys together, and each key has a try all the same.
func TestPatientTimeout(t *testing.T) {
	s := &script{faults: times(1000, errThrottled)}
	took, err := patient(t, s, &keyring.Patient{Timeout: 20 * time.Second, Try: time.Second})
	if !errors.Is(err, keyring.ErrUnavailable) || took > 20*time.Second || took < 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if !strings.Contains(err.Error(), fmt.Sprintf("throttled; tried %d times within 20s", s.calls)) {
		t.Errorf("does not say how it tried: %v", err)
	}
	// The token root takes most of the time, so the master key has what is left of it.
	s = &script{takes: 9 * time.Second, faults: append([]error{errThrottled, nil}, times(1000, errThrottled)...)}
	took, err = patient(t, s, &keyring.Patient{Timeout: 20 * time.Second, Try: 10 * time.Second})
	if !errors.Is(err, keyring.ErrUnavailable) || s.calls != 3 || took > 30*time.Second {
		t.Errorf("%v after %d calls and %v", err, s.calls, took)
	}
	if !strings.Contains(err.Error(), "master key version 1") {
		t.Errorf("does not say which key: %v", err)
	}
	s = &script{takes: 9 * time.Second, faults: []error{errThrottled}}
	if _, err = patient(t, s, &keyring.Patient{Timeout: 20 * time.Second}); err != nil {
		t.Errorf("a last key after the time was up: %v", err)
	}
}

func TestPatientTry(t *testing.T) {
	s := &script{takes: time.Hour}
	took, err := patient(t, s, &keyring.Patient{Timeout: 20 * time.Second, Try: 3 * time.Second})
	if !errors.Is(err, keyring.ErrUnavailable) || s.calls < 2 || took > 23*time.Second {
		t.Errorf("%v after %d calls and %v", err, s.calls, took)
	}
	if !strings.Contains(err.Error(), "no answer within 3s") {
		t.Errorf("does not say that it was slow: %v", err)
	}
}

// Whoever cancels need not wait, neither for the next try nor for an answer.
func TestPatientCancelled(t *testing.T) {
	cause := errors.New("interrupt signal received")
	for why, s := range map[string]*script{
		"in a wait": {faults: times(1000, errThrottled)},
		"in a call": {takes: time.Hour},
	} {
		kms := newFakeKMS(t)
		_, path := create(t, kms)
		s.KMS = kms
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			begin := time.Now()
			time.AfterFunc(7*time.Second, func() { cancel(cause) })
			_, err := keyring.Open(ctx, path, &keyring.Patient{KMS: s, Timeout: time.Hour, Try: time.Minute})
			if took := time.Since(begin); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || took != 7*time.Second {
				t.Errorf("%s: %v after %v", why, err, took)
			}
			if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), cause.Error()) {
				t.Errorf("%s: not a line with the cause: %v", why, err)
			}
		})
	}
}

func TestPatientCreates(t *testing.T) {
	s := &script{KMS: newFakeKMS(t), faults: []error{errThrottled, nil, errThrottled, errThrottled}}
	path := filepath.Join(t.TempDir(), "keyring.json")
	synctest.Test(t, func(t *testing.T) {
		r, err := keyring.Create(t.Context(), path, &keyring.Patient{KMS: s, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		r.Destroy()
	})
	reopen(t, path, s.KMS)
}

func TestPatientConcurrent(t *testing.T) {
	kms := newFakeKMS(t)
	p := &keyring.Patient{KMS: kms, Timeout: time.Minute, Try: time.Second}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := p.Wrap(t.Context(), make([]byte, keyring.KeySize), nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
