package keyring

// Parse is parse without its result: the text that the file would be written as.
func Parse(data []byte) ([]byte, error) {
	f, err := parse(data)
	if err != nil {
		return nil, err
	}
	return f.encode()
}

// Keys are the keys that the ring holds, for tests that look for them where they must not be.
func Keys(r *Ring) [][]byte {
	keys := [][]byte{r.root.Bytes()}
	for _, m := range r.masters {
		keys = append(keys, m.key.Bytes())
	}
	return keys
}

// SlotOf is the guarded memory of a cipher, which stays mapped when it is wiped.
func SlotOf(g *GCM) []byte { return g.slot.cipher[:] }

// Guard moves a cipher as NewGCM does.
func Guard[C any](c C) error {
	_, _, err := guard(new([64]byte), c)
	return err
}

// ClearVectors is clearVectors.
func ClearVectors() { clearVectors() }
