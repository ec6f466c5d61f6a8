package sslcert

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// How often a Renewer looks, and how soon it tries again what has failed. ACME services count failures by the hour.
const (
	renewEvery      = time.Hour
	renewRetry      = 5 * time.Minute
	renewRetryLimit = time.Hour
)

// Issued is a certificate that another CA than the built-in one has issued.
type Issued struct {
	Chain []byte // in PEM, the server's first
	Key   []byte // in PEM
}

// RenewOptions say how a Renewer works.
type RenewOptions struct {
	// Before is how long before its end a certificate is renewed; 0 is when a third of its life is left. It is never
	// more than half of its life.
	Before time.Duration
	// Names are those that the certificate has to be valid for beside the ones that it has.
	Names []string
	// Obtain gets a certificate from elsewhere. Nil has the built-in CA issue it, where its key is there.
	Obtain func(ctx context.Context) (Issued, error)
	// ObtainNames are the names that Obtain gets a certificate for.
	ObtainNames []string
	Log         *slog.Logger     // nil is slog.Default
	Now         func() time.Time // nil is time.Now
}

// Renewer replaces the server's certificate before it ends.
type Renewer struct {
	store     *Store
	authority *Authority
	opts      RenewOptions
	warned    time.Time // when it was last said that the CA ends
	renewed   atomic.Uint64
	failed    atomic.Uint64
}

// NewRenewer returns a Renewer of the certificate that a store serves from dir.
func NewRenewer(dir string, store *Store, opts RenewOptions) *Renewer {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Renewer{store: store, authority: NewAuthority(dir, opts.Now), opts: opts}
}

// Counts says how often a certificate was renewed, and how often that failed.
func (r *Renewer) Counts() (renewed, failed uint64) { return r.renewed.Load(), r.failed.Load() }

// Run looks at the certificate now and then until ctx ends.
func (r *Renewer) Run(ctx context.Context) {
	if err := r.authority.Settle(); err != nil {
		r.opts.Log.Warn("a change of the certificates that was cut short stays so", "error", err)
	}
	retry := renewRetry
	for {
		wait := renewEvery
		if err := r.Check(ctx); err != nil {
			wait, retry = retry, min(2*retry, renewRetryLimit)
		} else {
			retry = renewRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Check renews the certificate if it is time, and logs what it did.
func (r *Renewer) Check(ctx context.Context) error {
	r.warnOfCA()
	leaf := r.store.Snapshot().Certificate.Leaf
	why := r.due(leaf)
	if why == "" {
		return nil
	}
	issued, err := r.renew(ctx)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return err
	}
	if err == nil {
		_, _, err = r.store.refresh() // the watch may have been faster
	}
	if err != nil {
		r.failed.Add(1)
		r.opts.Log.Error("the certificate was not renewed", "because", why, "not_after", leaf.NotAfter, "error", err)
		return err
	}
	r.renewed.Add(1)
	r.opts.Log.Info("certificate renewed", "because", why, "not_after", issued.NotAfter, "issuer", issued.Issuer.String(),
		"generation", r.store.Snapshot().Generation)
	return nil
}

// warnOfCA says once a day that the CA itself ends before a renewed certificate would.
func (r *Renewer) warnOfCA() {
	ca := r.store.Snapshot().Issuer
	now := r.opts.Now()
	if r.opts.Obtain != nil || ca.NotAfter.Sub(now) > leafLife || now.Sub(r.warned) < 24*time.Hour || !r.authority.HasKey() {
		return
	}
	r.warned = now
	r.opts.Log.Warn("the CA ends within a year; tdeproxy cert rotate replaces it in steps", "ca", ca.Subject.String(), "not_after", ca.NotAfter)
}

// due says why a certificate has to be renewed now, or nothing.
func (r *Renewer) due(leaf *x509.Certificate) string {
	if r.opts.Obtain == nil {
		if !r.ours(leaf) {
			return "" // whoever has issued it renews it
		}
		if !leaf.NotAfter.Before(r.store.Snapshot().Issuer.NotAfter) {
			return "" // another one would end with the CA, too
		}
	}
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	before := life / 3
	if r.opts.Before > 0 {
		before = min(r.opts.Before, life/2)
	}
	if r.opts.Obtain != nil {
		if leaf.Subject.CommonName == serverSubject {
			return "it is of the built-in CA"
		}
		if slices.ContainsFunc(r.opts.ObtainNames, func(name string) bool { return leaf.VerifyHostname(name) != nil }) {
			return "it lacks names"
		}
	}
	if leaf.NotAfter.Sub(r.opts.Now()) < before {
		return "it ends soon"
	}
	return ""
}

// ours says whether the built-in CA, whose key is in the folder, has issued a certificate.
func (r *Renewer) ours(leaf *x509.Certificate) bool {
	ours, err := r.authority.issued(leaf)
	return ours && err == nil
}

func (r *Renewer) renew(ctx context.Context) (*x509.Certificate, error) {
	if r.opts.Obtain == nil {
		return r.authority.Renew(r.opts.Names)
	}
	issued, err := r.opts.Obtain(ctx)
	if err != nil {
		return nil, err
	}
	defer clear(issued.Key)
	return r.authority.Install(issued.Chain, issued.Key, slices.Concat(r.opts.ObtainNames, r.opts.Names))
}
