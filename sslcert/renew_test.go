package sslcert

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// clock is one that a test sets.
type clock struct{ offset time.Duration }

func (c *clock) now() time.Time { return time.Now().Add(c.offset) }

const day = 24 * time.Hour

// renewer is one of a new folder.
func renewer(t *testing.T, c *clock, opts RenewOptions) (*Renewer, *Store, string, *safeBuffer) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "certs")
	s := open(t, dir, Options{Names: []string{"db.example.com"}, Now: c.now})
	log := &safeBuffer{}
	opts.Now, opts.Log = c.now, slog.New(slog.NewTextHandler(log, nil))
	return NewRenewer(dir, s, opts), s, dir, log
}

// What the built-in CA has issued is renewed when a third of its life is left, or as the configuration says, and is
// served at once.
func TestRenewal(t *testing.T) {
	for name, test := range map[string]struct {
		before time.Duration
		after  []int // days when nothing is to happen
		at     int   // the day when it is
	}{
		"a third":        {0, []int{0, 100, 242}, 244},
		"renew_before":   {30 * day, []int{0, 300, 334}, 336},
		"more than half": {1000 * day, []int{0, 100, 182}, 184},
	} {
		t.Run(name, func(t *testing.T) {
			c := &clock{}
			r, s, dir, log := renewer(t, c, RenewOptions{Before: test.before, Names: []string{"added.example.com"}})
			client := trusting(t, dir)
			client.Time = c.now
			before := contents(t, dir)
			for _, days := range test.after {
				c.offset = time.Duration(days) * day
				if err := r.Check(context.Background()); err != nil || s.Snapshot().Generation != 1 {
					t.Fatalf("on day %d: %v, generation %d", days, err, s.Snapshot().Generation)
				}
			}
			c.offset = time.Duration(test.at) * day
			for range 3 {
				if err := r.Check(context.Background()); err != nil || s.Snapshot().Generation != 2 {
					t.Fatalf("on day %d: %v, generation %d", test.at, err, s.Snapshot().Generation)
				}
			}
			leaf := s.Snapshot().Certificate.Leaf
			if left := leaf.NotAfter.Sub(c.now()); left < 364*day || left > 366*day {
				t.Errorf("renewed for %v", left)
			}
			if leaf.VerifyHostname("db.example.com") != nil || leaf.VerifyHostname("added.example.com") != nil {
				t.Errorf("renewed for %v", Names(leaf))
			}
			if names := changed(before, contents(t, dir)); !slices.Equal(names, []string{ServerCertFile, ServerKeyFile}) {
				t.Errorf("%v have changed", names)
			}
			if _, err, _ := handshake(t, s, client); err != nil {
				t.Errorf("a client of before: %v", err)
			}
			if renewed, failed := r.Counts(); renewed != 1 || failed != 0 || strings.Count(log.String(), "certificate renewed") != 1 {
				t.Errorf("counted %d and %d, logged %s", renewed, failed, log)
			}
		})
	}
}

// Certificates live on renewals for years; the last one ends with its CA.
func TestRenewalForYears(t *testing.T) {
	c := &clock{}
	r, s, _, log := renewer(t, c, RenewOptions{})
	for c.offset = 0; c.offset < caLife-30*day; c.offset += 10 * day {
		if err := r.Check(context.Background()); err != nil {
			t.Fatal(err)
		}
		if left := s.Snapshot().Certificate.Leaf.NotAfter.Sub(c.now()); left < 20*day {
			t.Fatalf("%v left after %v", left, c.offset)
		}
	}
	renewed, _ := r.Counts()
	if renewed < 12 || renewed > 25 {
		t.Errorf("renewed %d times in ten years", renewed)
	}
	if !strings.Contains(log.String(), "cert rotate") {
		t.Error("nobody was told that the CA ends")
	}
}

// Without the CA's key, or with a certificate of another CA, there is nothing to renew.
func TestRenewalIsNotOurs(t *testing.T) {
	c := &clock{}
	r, s, dir, log := renewer(t, c, RenewOptions{})
	c.offset = 300 * day
	if err := os.Rename(filepath.Join(dir, CAKeyFile), filepath.Join(t.TempDir(), "safe")); err != nil {
		t.Fatal(err)
	}
	if err := r.Check(context.Background()); err != nil {
		t.Error(err)
	}
	if s.Snapshot().Generation != 1 || log.String() != "" {
		t.Errorf("generation %d, %s", s.Snapshot().Generation, log)
	}
}

// A failure is logged and counted, and changes nothing.
func TestRenewalFails(t *testing.T) {
	c := &clock{}
	broken := errors.New("no way there")
	fails := true
	a := newAuthority(t)
	set := a.good()
	r, s, _, log := renewer(t, c, RenewOptions{
		ObtainNames: []string{"localhost"},
		Obtain: func(context.Context) (Issued, error) {
			if fails {
				return Issued{}, broken
			}
			chain := append(slices.Clone(set[ServerCertFile]), certPEM(a.cert.Raw)...)
			return Issued{Chain: chain, Key: slices.Clone(set[ServerKeyFile])}, nil
		},
	})
	if err := r.Check(context.Background()); !errors.Is(err, broken) || s.Snapshot().Generation != 1 {
		t.Errorf("%v, generation %d", err, s.Snapshot().Generation)
	}
	fails = false
	s.opts.Names = nil // the other CA's certificate is for localhost alone
	for range 2 {
		if err := r.Check(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if !s.Snapshot().Issuer.Equal(a.cert) || len(s.Snapshot().CA) != 2 || s.Snapshot().Generation != 2 {
		t.Errorf("issued by %s, %d CAs, generation %d", s.Snapshot().Issuer.Subject, len(s.Snapshot().CA), s.Snapshot().Generation)
	}
	if renewed, failed := r.Counts(); renewed != 1 || failed != 1 || strings.Count(log.String(), "level=ERROR") != 1 {
		t.Errorf("counted %d and %d, logged %s", renewed, failed, log)
	}
}

// Run begins at once, ends what a kill has left, and stops with its context.
func TestRenewerRuns(t *testing.T) {
	c := &clock{offset: 0}
	r, s, dir, _ := renewer(t, c, RenewOptions{})
	a := NewAuthority(dir, c.now)
	a.folder.step = func(what string) error {
		if strings.HasPrefix(what, "move") {
			return errKilled
		}
		return nil
	}
	if _, err := a.Renew(nil); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	c.offset = 300 * day
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	for start := time.Now(); s.Snapshot().Generation == 1; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatal("not renewed")
		}
	}
	if _, err := os.Stat(filepath.Join(dir, pendingDir)); err == nil {
		t.Error("a change that was cut short is still so")
	}
	cancel()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("still running")
	}
}
