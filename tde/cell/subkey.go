package cell

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// subkey is the GCM key that a salt stands for, expanded.
type subkey struct {
	salt uint32
	aead *keyring.GCM
}

const (
	cacheSets = 64
	cacheWays = 4
)

// subkeys caches subkeys by salt: up to cacheSets times cacheWays, about 1 KiB each. Reading takes no lock. Salts are
// random, so their low bits choose the set. A subkey that was put out is derived again, for some 500 ns.
type subkeys [cacheSets][cacheWays]atomic.Pointer[subkey]

func (c *subkeys) get(salt uint32) *subkey {
	set := &c[salt%cacheSets]
	for i := range set {
		if k := set[i].Load(); k != nil && k.salt == salt {
			return k
		}
	}
	return nil
}

// put keeps k, in the place of a random other one where its set is full.
func (c *subkeys) put(k *subkey) {
	set := &c[k.salt%cacheSets]
	for i := range set {
		if old := set[i].Load(); old == nil && set[i].CompareAndSwap(nil, k) || old != nil && old.salt == k.salt {
			return
		}
	}
	set[rand.IntN(cacheWays)].Store(k)
}
