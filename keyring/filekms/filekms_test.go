package filekms_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/filekms"
)

func create(t testing.TB) (*filekms.KMS, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := filekms.Create(path); err != nil {
		t.Fatal(err)
	}
	kms, err := filekms.New(path)
	if err != nil {
		t.Fatal(err)
	}
	return kms, path
}

// mustFail sees that New gives one line that names the file and holds advice.
func mustFail(t *testing.T, why, path string, want error, advice string) {
	t.Helper()
	kms, err := filekms.New(path)
	if kms != nil || !errors.Is(err, want) {
		t.Fatalf("%s: %v", why, err)
	}
	if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, advice) || strings.Contains(text, "\n") {
		t.Errorf("%s: not a line with the file and %q: %s", why, advice, text)
	}
}

func TestCreate(t *testing.T) {
	_, path := create(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(before, []byte("# tdeproxy customer master key")) {
		t.Errorf("no header: %s", before)
	}
	dangling := filepath.Join(t.TempDir(), "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, dangling, t.TempDir()} {
		if err := filekms.Create(p); !errors.Is(err, keyring.ErrExists) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), p) {
			t.Errorf("over %s: %v", p, err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("Create wrote over a key: %v", err)
	}
	if err := filekms.Create(filepath.Join(t.TempDir(), "no", "key")); err == nil || !strings.Contains(err.Error(), "there is no directory") {
		t.Errorf("no directory: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("beside the key there are %v, %v", entries, err)
	}
	if _, other := create(t); true {
		if b, _ := os.ReadFile(other); bytes.Equal(b, before) {
			t.Error("two keys are equal")
		}
	}
}

func TestPermissions(t *testing.T) {
	_, path := create(t)
	for mode, ok := range map[os.FileMode]bool{
		0o600: true, 0o400: true, 0o700: true,
		0o640: false, 0o604: false, 0o644: false, 0o660: false, 0o610: false, 0o601: false, 0o620: false, 0o602: false, 0o666: false,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if !ok {
			mustFail(t, mode.String(), path, keyring.ErrPermission, "run: chmod 600 "+path)
		} else if _, err := filekms.New(path); err != nil {
			t.Errorf("%v: %v", mode, err)
		}
	}
	dir := t.TempDir()
	link, fifo := filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	mustFail(t, "symbolic link", link, keyring.ErrPermission, "name the file that it points to")
	mustFail(t, "FIFO", fifo, keyring.ErrPermission, "name a file")
	mustFail(t, "directory", dir, keyring.ErrPermission, "name a file")
	mustFail(t, "device", "/dev/zero", keyring.ErrPermission, "name a file")
	mustFail(t, "missing", path+".no", keyring.ErrNotExist, "restore the one that the keyring was made with")
}

func TestContents(t *testing.T) {
	const digits = "00112233445566778899aabbccddeeff"
	path := filepath.Join(t.TempDir(), "master.key")
	for text, ok := range map[string]bool{
		"aes128:" + digits + "\n":                      true,
		"aes128:" + digits:                             true,
		"# note\r\n\r\naes128:" + digits + "\r\n# end": true,
		"aes128:" + strings.ToUpper(digits):            true,
		"":                                             false,
		"# nothing else\n":                             false,
		digits:                                         false,
		"aes128:" + digits[1:]:                         false,
		"aes128:" + digits + "00":                      false,
		"aes256:" + digits + digits:                    false,
		"aes128:" + "x" + digits[1:]:                   false,
		"aes128:" + strings.Repeat("0", 32):            false,
		"aes128:" + digits + "\naes128:" + digits:      false,
		"aes128: " + digits[1:]:                        false,
		"-----BEGIN PRIVATE KEY-----\n" + digits + "\n-----END---": false,
		strings.Repeat("\x00", 16):                                 false,
		strings.Repeat("#", keyring.MaxFile+1):                     false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if !ok {
			mustFail(t, fmt.Sprintf("%.60q", text), path, keyring.ErrDamaged, "restore it from a backup")
			_, err := filekms.New(path)
			if strings.Contains(err.Error(), digits[1:]) {
				t.Errorf("the error shows the key: %v", err)
			}
		} else if _, err := filekms.New(path); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWrap(t *testing.T) {
	kms, path := create(t)
	other, _ := create(t)
	ctx, key, aad := t.Context(), []byte("KEYcanaryKEYcana"), []byte("ring 1, version 1")
	wrapped, err := kms.Wrap(ctx, key, aad)
	if err != nil || len(wrapped) != filekms.WrappedSize {
		t.Fatalf("%d bytes, %v", len(wrapped), err)
	}
	if again, err := kms.Wrap(ctx, key, aad); err != nil || bytes.Equal(again, wrapped) {
		t.Errorf("wrapped twice alike, %v", err)
	}
	if back, err := kms.Unwrap(ctx, wrapped, aad); err != nil || !bytes.Equal(back, key) {
		t.Errorf("unwrapped another key, %v", err)
	}
	refused := func(why string, kms *filekms.KMS, wrapped, aad []byte) {
		t.Helper()
		back, err := kms.Unwrap(ctx, wrapped, aad)
		if back != nil || !errors.Is(err, keyring.ErrWrongKey) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), string(key)) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for i := range 8 * len(wrapped) {
		w := bytes.Clone(wrapped)
		w[i/8] ^= 1 << (i % 8)
		refused("a bit flipped", kms, w, aad)
	}
	for n := range wrapped {
		refused("cut", kms, wrapped[:n], aad)
	}
	refused("another aad", kms, wrapped, append(bytes.Clone(aad), 0))
	refused("another CMK", other, wrapped, aad)
	for _, n := range []int{0, 15, 17, 32} {
		if _, err := kms.Wrap(ctx, make([]byte, n), aad); err == nil {
			t.Errorf("wraps %d bytes", n)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := kms.Unwrap(ctx, wrapped, aad); !errors.Is(err, keyring.ErrPermission) {
		t.Errorf("a file that all can read now: %v", err)
	}
}

// The lines that an operator sees for the mistakes that happen.
func TestKeyring(t *testing.T) {
	kms, path := create(t)
	other, otherPath := create(t)
	ring := filepath.Join(t.TempDir(), "keyring.json")
	r, err := keyring.Create(t.Context(), ring, kms)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = r.Rotate(t.Context(), ring, kms); err != nil || r.Active() != 2 {
		t.Fatal(r, err)
	}
	line := func(kms keyring.KMS, want error, parts ...string) {
		t.Helper()
		_, err := keyring.Open(t.Context(), ring, kms)
		if !errors.Is(err, want) {
			t.Fatalf("%v is not %v", err, want)
		}
		for _, part := range append(parts, ring) {
			if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
				t.Errorf("no line with %q: %v", part, err)
			}
		}
	}
	line(other, keyring.ErrWrongKey, otherPath, "CMK", "name the KMS key that this keyring was made with")
	if err := os.WriteFile(path, []byte("aes128:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line(kms, keyring.ErrDamaged, path, "restore it from a backup")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	line(kms, keyring.ErrNotExist, path, "restore the one that the keyring was made with")
	if _, err := os.Lstat(path); err == nil {
		t.Error("a key was made")
	}
}

// A keyring and a CMK as version 1 of their formats have them, which later versions must open, too. They and the table
// keys were made with another implementation.
func TestVersion1(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"master.key", "keyring.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", "v1", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil { // Git keeps no modes
			t.Fatal(err)
		}
	}
	kms, err := filekms.New(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := keyring.Open(t.Context(), filepath.Join(dir, "keyring.json"), kms)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Destroy()
	v := vectors(t)
	if r.ID() != v.Keyring.ID || r.Active() != 2 || r.Generation() != 2 || r.Versions()[1].Created.Unix() != 1770091506 {
		t.Errorf("%v %v", r, r.Versions())
	}
	for _, w := range v.Table.WrappedKeys {
		id := [16]byte(unhex(t, v.Table.ID))
		key, err := r.UnwrapTableKey(id, unhex(t, w.Wrapped))
		if err != nil || hex.EncodeToString(key.Bytes()) != v.Table.Key {
			t.Errorf("the table key under version %d is another one: %v", w.MasterVersion, err)
		}
		if n, err := keyring.MasterVersion(unhex(t, w.Wrapped)); err != nil || n != w.MasterVersion {
			t.Errorf("version %d, %v", n, err)
		}
	}
	for _, k := range v.TokenKeys {
		if key, err := r.TokenKey(k.Domain); err != nil || hex.EncodeToString(key.Bytes()) != k.Key {
			t.Errorf("the token key of %s is another one: %v", k.Domain, err)
		}
	}
}

// vectorFile is what this test needs of the format's test vectors.
type vectorFile struct {
	Keyring struct{ ID string }
	Table   struct {
		ID, Key     string
		WrappedKeys []struct {
			MasterVersion uint32 `json:"master_version"`
			Wrapped       string
		} `json:"wrapped_keys"`
	}
	TokenKeys []struct{ Domain, Key string } `json:"token_keys"`
}

func vectors(t *testing.T) (v vectorFile) {
	t.Helper()
	b, err := os.ReadFile("../../tde/cell/testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil || len(v.Table.WrappedKeys) == 0 || len(v.TokenKeys) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	return v
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
