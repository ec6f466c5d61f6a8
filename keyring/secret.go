package keyring

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// KeySize is the length of every key in bytes: AES-128.
const KeySize = 16

const redacted = "[redacted]"

// Secret is a key of KeySize bytes in a memory page of its own, which is locked (never swapped), left out of core dumps
// and read-only: a stray write faults before anything is sealed under a spoilt key. It prints as "[redacted]" under
// every verb, as JSON, as text and in logs. It is safe for concurrent use.
//
// A function holds the memory, because fmt follows pointers (in unexported fields too, where no method of ours is
// called) and other printers do so even more, but nothing looks into a function.
type Secret struct{ m func() *mapping }

// mapping is a key's page, as one Secret has it.
type mapping struct {
	mu    sync.RWMutex
	page  []byte        // nil once destroyed
	users *atomic.Int32 // Secrets that have the page
}

// NewSecret copies a key of KeySize bytes into a Secret. The caller wipes its own copy.
func NewSecret(key []byte) (*Secret, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a key of %d bytes where %d are needed", len(key), KeySize)
	}
	return newSecret(func(b []byte) error { copy(b, key); return nil })
}

// RandomSecret makes a new key.
func RandomSecret() (*Secret, error) {
	return newSecret(func(b []byte) error { _, err := rand.Read(b); return err })
}

// newSecret maps a page and lets fill write the key's KeySize bytes into it.
func newSecret(fill func(key []byte) error) (*Secret, error) {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("mapping memory for a key: %w", err)
	}
	s := secretOn(page, new(atomic.Int32))
	if err := protect(page, fill); err != nil {
		s.Destroy()
		return nil, err
	}
	return s, nil
}

func secretOn(page []byte, users *atomic.Int32) *Secret {
	users.Add(1)
	m := &mapping{page: page, users: users}
	return &Secret{func() *mapping { return m }}
}

// share gives another Secret on the same page, which is wiped when all are destroyed.
func (s *Secret) share() (*Secret, error) {
	m := s.m()
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.page == nil {
		return nil, ErrDestroyed
	}
	return secretOn(m.page, m.users), nil
}

// equal compares two keys in constant time.
func (s *Secret) equal(other *Secret) bool {
	same := false
	err := s.use(func(a []byte) error {
		return other.use(func(b []byte) error { same = subtle.ConstantTimeCompare(a, b) == 1; return nil })
	})
	return err == nil && same
}

func protect(page []byte, fill func([]byte) error) error {
	if err := unix.Mlock(page); err != nil {
		return fmt.Errorf("locking a key in memory: %w; raise the locked-memory limit (LimitMEMLOCK= of systemd, ulimit -l)", err)
	}
	if err := unix.Madvise(page, unix.MADV_DONTDUMP); err != nil {
		return fmt.Errorf("keeping a key out of core dumps: %w", err)
	}
	if err := fill(page[:KeySize:KeySize]); err != nil {
		return err
	}
	if err := unix.Mprotect(page, unix.PROT_READ); err != nil {
		return fmt.Errorf("making a key read-only: %w", err)
	}
	return nil
}

// Bytes is the key itself, in the locked page: nil after Destroy, and not to be touched once Destroy may run. Do not
// write to it, copy it or keep it.
func (s *Secret) Bytes() []byte {
	m := s.m()
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.page == nil {
		return nil
	}
	return m.page[:KeySize:KeySize]
}

// use calls f with the key, which stays mapped until f returns.
func (s *Secret) use(f func(key []byte) error) error {
	m := s.m()
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.page == nil {
		return ErrDestroyed
	}
	return f(m.page[:KeySize:KeySize])
}

// Destroy wipes the key and unmaps its page, unless others share it. It may be called more than once.
func (s *Secret) Destroy() {
	m := s.m()
	m.mu.Lock()
	defer m.mu.Unlock()
	page := m.page
	if page == nil {
		return
	}
	m.page = nil
	if m.users.Add(-1) > 0 {
		return
	}
	if unix.Mprotect(page, unix.PROT_READ|unix.PROT_WRITE) == nil {
		clear(page)
	}
	_ = unix.Munmap(page) // fails for an address that was never mapped only
}

// String is "[redacted]".
func (Secret) String() string { return redacted }

// GoString is "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON gives "[redacted]".
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText gives "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
