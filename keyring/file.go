package keyring

import (
	"bytes"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	fileFormat = 1
	what       = "keyring" // how errors call the file
)

// file is the keyring file. Only the bytes that encode gives are valid: a file in any other spelling was changed.
type file struct {
	Format     int       `json:"format"`
	ID         string    `json:"id"`
	Generation uint64    `json:"generation"`
	MasterKeys []fileKey `json:"master_keys"`
	TokenRoot  fileKey   `json:"token_root"`
	MAC        string    `json:"mac"`
}

// fileKey is a key that the KMS wrapped.
type fileKey struct {
	Version uint32 `json:"version"`
	Created string `json:"created"` // RFC 3339, UTC, whole seconds
	Wrapped []byte `json:"wrapped"` // base64; what the KMS gave
}

// maxWrapped bounds one wrapped key, in bytes; the largest real ones (AWS, Google) have some hundreds.
const maxWrapped = 16 << 10

func (f *file) encode() ([]byte, error) {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the keyring: %w", err)
	}
	return append(b, '\n'), nil
}

// parse reads a keyring file and checks its form; who wrote it only check can tell.
func parse(data []byte) (*file, error) {
	var f file
	var syntax *json.SyntaxError
	err := json.Unmarshal(data, &f)
	switch {
	case len(data) == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrDamaged)
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%w: no JSON from byte %d of %d on", ErrDamaged, syntax.Offset, len(data))
	case err != nil:
		return nil, fmt.Errorf("%w: its JSON is of another form", ErrDamaged)
	case f.Format > fileFormat:
		return nil, fmt.Errorf("%w (%d): use the tdeproxy that wrote it, or a newer one", ErrFormat, f.Format)
	case f.Format != fileFormat:
		return nil, fmt.Errorf("%w: it has no format number", ErrDamaged)
	}
	if err := f.checkFields(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	again, err := f.encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, fmt.Errorf("%w: its text was edited", ErrDamaged)
	}
	return &f, nil
}

func (f *file) checkFields() error {
	id, err := hex.DecodeString(f.ID)
	if err != nil || len(id) != len(ringID{}) || hex.EncodeToString(id) != f.ID {
		return errors.New("its id is not 32 hexadecimal digits")
	}
	if f.Generation == 0 {
		return errors.New("its generation is 0")
	}
	if len(f.MasterKeys) == 0 {
		return errors.New("it has no master key")
	}
	var last uint32
	for _, k := range f.MasterKeys {
		if k.Version != last+1 {
			return errors.New("its master key versions are not 1, 2, 3 …")
		}
		if err := k.check(); err != nil {
			return fmt.Errorf("master key version %d: %w", k.Version, err)
		}
		last = k.Version
	}
	if f.TokenRoot.Version != 1 {
		return errors.New("its token root's version is not 1")
	}
	if err := f.TokenRoot.check(); err != nil {
		return fmt.Errorf("token root: %w", err)
	}
	return nil
}

func (k *fileKey) check() error {
	if len(k.Wrapped) == 0 || len(k.Wrapped) > maxWrapped {
		return fmt.Errorf("the wrapped key has %d bytes", len(k.Wrapped))
	}
	t, err := time.Parse(time.RFC3339, k.Created)
	if err != nil || stamp(t) != k.Created {
		return errors.New("the time of its creation is none")
	}
	return nil
}

// stamp writes a time as the keyring file has it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (f *file) ringID() (id ringID) {
	_, _ = hex.Decode(id[:], []byte(f.ID)) // checked by parse
	return id
}

// sign puts the file's MAC in: AES-CMAC, under a key derived from the token root, of the file's bytes with an empty mac.
func (f *file) sign(root *Secret) error {
	sum, err := f.sum(root)
	if err != nil {
		return err
	}
	f.MAC = hex.EncodeToString(sum[:])
	return nil
}

// check says whether the holder of the token root wrote this file.
func (f *file) check(root *Secret) error {
	sum, err := f.sum(root)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(f.MAC)) != 1 {
		return fmt.Errorf("%w: its MAC does not match", ErrDamaged)
	}
	return nil
}

func (f *file) sum(root *Secret) (sum [16]byte, err error) {
	unsigned := *f
	unsigned.MAC = ""
	data, err := unsigned.encode()
	if err != nil {
		return sum, err
	}
	kdf, err := NewCMAC(root)
	if err != nil {
		return sum, err
	}
	defer kdf.Destroy()
	id := f.ringID()
	key, err := kdf.deriveSecret(labelMAC, id[:])
	if err != nil {
		return sum, err
	}
	defer key.Destroy()
	mac, err := NewCMAC(key)
	if err != nil {
		return sum, err
	}
	defer mac.Destroy()
	return mac.Sum(data), nil
}
