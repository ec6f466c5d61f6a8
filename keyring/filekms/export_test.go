package filekms

// Parse says whether parse finds a key.
func Parse(text []byte) error {
	key, err := parse(text)
	if err == nil {
		key.Destroy()
	}
	return err
}
