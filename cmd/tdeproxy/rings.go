package main

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/exec"
)

// rings are the keyring as it is, and as it was: sessions may be using a ring when the next one takes its place, so that all stay
// open to the end.
type rings struct {
	now atomic.Pointer[keyring.Ring]
	mu  sync.Mutex
	all []*keyring.Ring
}

// get is the ring in use; nil before there is one.
func (r *rings) get() *keyring.Ring { return r.now.Load() }

func (r *rings) use(ring *keyring.Ring) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, ring)
	r.now.Store(ring)
}

// destroy wipes them all.
func (r *rings) destroy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ring := range r.all {
		ring.Destroy()
	}
}

// keys are how SQL changes the keyring. Each asks the KMS.
func (s *service) keys() exec.Keys {
	change := func(fn func(ctx context.Context, ring *keyring.Ring, kms keyring.KMS) (*keyring.Ring, error)) func(context.Context) (*keyring.Ring, error) {
		return func(ctx context.Context) (*keyring.Ring, error) {
			kms, err := openKMS(ctx, s.cfg.Keyring, s.log)
			if err != nil {
				return nil, err
			}
			ring, err := fn(ctx, s.ring.get(), kms)
			if err != nil {
				return nil, err
			}
			s.ring.use(ring)
			debug.FreeOSMemory() // a KMS's client has left answers with keys in it
			return ring, nil
		}
	}
	path := s.cfg.Keyring.File
	return exec.Keys{
		Rotate: change(func(ctx context.Context, ring *keyring.Ring, kms keyring.KMS) (*keyring.Ring, error) {
			return ring.Rotate(ctx, path, kms)
		}),
		Reload: change(func(ctx context.Context, ring *keyring.Ring, kms keyring.KMS) (*keyring.Ring, error) {
			return ring.Reopen(ctx, path, kms)
		}),
	}
}
