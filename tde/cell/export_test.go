package cell

import "github.com/tdeproxy/tdeproxy/keyring"

// NewTableRandom is NewTable with another source of salts and nonces, and fewer cells per salt.
func NewTableRandom(key *keyring.Secret, id [16]byte, keyID uint16, random func([]byte), perSalt uint64) (*Table, error) {
	t, err := newTable(key, id, keyID, random)
	if err == nil {
		t.cellsPerSalt = perSalt
	}
	return t, err
}

// CachedSubkeys counts the subkeys that the table keeps, CacheSize is the most that it may.
func CachedSubkeys(t *Table) (n int) {
	for i := range t.known {
		for j := range t.known[i] {
			if t.known[i][j].Load() != nil {
				n++
			}
		}
	}
	return n
}

const CacheSize = cacheSets * cacheWays

// ForgetSubkeys empties the cache.
func ForgetSubkeys(t *Table) {
	for i := range t.known {
		for j := range t.known[i] {
			t.known[i][j].Store(nil)
		}
	}
}
