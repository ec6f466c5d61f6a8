// Package keyring holds the keys that protect tables. It is the middle of three steps, as InnoDB has them: the customer
// master key (CMK) never leaves the KMS and wraps the master keys in the keyring file; a master key wraps each table's
// data key, which is stored with the table.
//
// Every key has 16 bytes (AES-128) and lives in a Secret: locked memory that no core dump holds, which prints as
// "[redacted]". What ciphers expand it to lives in guarded memory, and is wiped when it is out of use (docs/memory.md). The
// file's form and that of wrapped table keys are in docs/format.md.
//
// The KMS is asked in Create, Open, Ring.Rotate and Ring.Rewrap only; it may be down for the rest of the process's life.
package keyring

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// What can be wrong. Each error of this package is one line that names the file and says what to do about it.
var (
	// ErrExists : Create never writes over a file.
	ErrExists = errors.New("already exists")
	// ErrNotExist : there is no such file.
	ErrNotExist = errors.New("does not exist")
	// ErrPermission : others could change or read the file.
	ErrPermission = errors.New("has unsafe permissions")
	// ErrDamaged : the file is cut short, was changed, or never was a keyring.
	ErrDamaged = errors.New("is damaged or was changed")
	// ErrFormat : a newer tdeproxy wrote it.
	ErrFormat = errors.New("has a format that this version does not know")
	// ErrWrongKey is what a KMS driver wraps when its CMK does not open the wrapped key: another CMK wrapped it, for
	// other associated data, or it was changed.
	ErrWrongKey = errors.New("is not wrapped by this KMS key")
	// ErrUnknownVersion : a table key is wrapped by a master key version that this ring does not have.
	ErrUnknownVersion = errors.New("unknown master key version")
	// ErrTableKey : a wrapped table key was changed, is cut short, or belongs to another table or keyring.
	ErrTableKey = errors.New("wrapped table key does not open")
	// ErrDestroyed : the key was wiped.
	ErrDestroyed = errors.New("key was wiped from memory")
)

// KMS wraps keys of KeySize bytes under a customer master key that only it holds. The associated data aad binds a
// wrapped key to its keyring, kind and version: Unwrap must fail, with ErrWrongKey in its chain, for any other aad.
// Other faults are ErrUnavailable, ErrDenied, ErrKeyState and ErrAnswer. Errors must not hold key bytes or credentials.
// One call is one try: Patient repeats it. The caller wipes what Unwrap returns.
type KMS interface {
	Wrap(ctx context.Context, plaintext, aad []byte) (wrapped []byte, err error)
	Unwrap(ctx context.Context, wrapped, aad []byte) (plaintext []byte, err error)
}

// Version is one master key of a ring.
type Version struct {
	Number  uint32 // from 1
	Created time.Time
}

// Ring is the open keyring: its master key versions and the root of the token keys. It is immutable until Destroy and
// safe for concurrent use; rotation makes another one.
type Ring struct {
	id         ringID
	generation uint64
	masters    []master // ascending; the last one is active
	root       *Secret
}

type ringID [16]byte

func (id ringID) String() string { return hex.EncodeToString(id[:]) }

type master struct {
	Version
	key *Secret
}

// Labels of the key derivation (SP 800-108) and of associated data; none is used for two purposes.
const (
	labelToken    = "tdeproxy token v1"
	labelView     = "tdeproxy view v1"
	labelMAC      = "tdeproxy keyring mac v1"
	labelKMS      = "tdeproxy keyring key v1"
	labelTableKey = "tdeproxy table key v1"
)

// ID is the keyring's identity for its whole life: 32 hexadecimal digits.
func (r *Ring) ID() string { return r.id.String() }

// Generation counts how often the keyring file was written; it starts at 1.
func (r *Ring) Generation() uint64 { return r.generation }

// Active is the master key version that wraps new table keys.
func (r *Ring) Active() uint32 { return r.active().Number }

func (r *Ring) active() *master { return &r.masters[len(r.masters)-1] }

// Versions lists the master keys, oldest first.
func (r *Ring) Versions() []Version {
	v := make([]Version, len(r.masters))
	for i := range r.masters {
		v[i] = r.masters[i].Version
	}
	return v
}

// TokenKey derives the key of the equality tokens of a domain, which is a database's name. Equal values of one domain
// have equal tokens; those of two domains tell nothing of each other.
func (r *Ring) TokenKey(domain string) (*Secret, error) {
	mac, err := NewCMAC(r.root)
	if err != nil {
		return nil, fmt.Errorf("deriving a token key: %w", err)
	}
	defer mac.Destroy()
	return mac.deriveSecret(labelToken, []byte(domain))
}

// ViewKey derives the key that definitions of views are sealed under. As token keys, it stays when the master key is rotated.
func (r *Ring) ViewKey() (*Secret, error) {
	mac, err := NewCMAC(r.root)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of views: %w", err)
	}
	defer mac.Destroy()
	return mac.deriveSecret(labelView, nil)
}

// Destroy wipes the ring's keys; every later use of them gives ErrDestroyed. Secrets that the ring handed out go on.
func (r *Ring) Destroy() {
	for _, m := range r.masters {
		m.key.Destroy()
	}
	if r.root != nil {
		r.root.Destroy()
	}
}

// String names the ring and shows no key.
func (r *Ring) String() string {
	return fmt.Sprintf("keyring %s generation %d, master key version %d", r.id, r.generation, r.Active())
}

// Format prints what String says, whatever the verb.
func (r *Ring) Format(f fmt.State, _ rune) { fmt.Fprint(f, r.String()) }
