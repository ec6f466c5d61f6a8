package keyring_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// mustFail sees that opening gives one line that names the file, ends in advice, and shows no key.
func mustFail(t *testing.T, why, path string, kms keyring.KMS, want error, advice string, keys ...[]byte) {
	t.Helper()
	r, err := keyring.Open(t.Context(), path, kms)
	if r != nil || err == nil {
		t.Fatalf("%s: it opens", why)
	}
	text := err.Error()
	if want != nil && !errors.Is(err, want) {
		t.Errorf("%s: %v is not %v", why, err, want)
	}
	if !strings.Contains(text, path) || strings.Contains(text, "\n") || !strings.Contains(text, advice) {
		t.Errorf("%s: not a line with the file and %q: %s", why, advice, text)
	}
	mustNotShow(t, text, keys...)
}

func TestOpenTampered(t *testing.T) {
	kms := newFakeKMS(t)
	r, path := create(t, kms)
	r = rotate(t, r, path, kms)
	keys := append(keyring.Keys(r), kms.key[:])
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range data {
		for _, bit := range []byte{0x01, 0x20} {
			b := bytes.Clone(data)
			b[i] ^= bit
			write(b)
			mustFail(t, "a byte changed", path, kms, nil, "", keys...)
		}
	}
	for n := range data {
		write(data[:n])
		mustFail(t, "truncated", path, kms, keyring.ErrDamaged, "restore it from a backup", keys...)
	}
	for why, b := range map[string][]byte{
		"trailing newline": append(bytes.Clone(data), '\n'),
		"another field":    bytes.Replace(data, []byte(`"id"`), []byte(`"x": 1, "id"`), 1),
		"other line ends":  bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")),
		"keys exchanged":   bytes.Replace(bytes.Replace(bytes.Replace(data, []byte(`"version": 2`), []byte(`"version": X`), 1), []byte(`"version": 1`), []byte(`"version": 2`), 1), []byte(`"version": X`), []byte(`"version": 1`), 1),
		"a key dropped":    dropSecondKey(t, data),
		"not JSON":         []byte("-----BEGIN PRIVATE KEY-----\n"),
		"other JSON":       []byte("[1, 2]\n"),
		"other object":     []byte("{}\n"),
	} {
		write(b)
		mustFail(t, why, path, kms, keyring.ErrDamaged, "restore it from a backup", keys...)
	}
	write(bytes.Replace(data, []byte(`"format": 1`), []byte(`"format": 2`), 1))
	mustFail(t, "newer format", path, kms, keyring.ErrFormat, "use the tdeproxy that wrote it, or a newer one")
	write(make([]byte, keyring.MaxFile+1))
	mustFail(t, "huge", path, kms, keyring.ErrDamaged, "restore it from a backup")
	write(data)
	reopen(t, path, kms)
}

// dropSecondKey takes master key version 2 out, in the file's own spelling.
func dropSecondKey(t *testing.T, data []byte) []byte {
	t.Helper()
	from := bytes.Index(data, []byte(",\n    {\n      \"version\": 2"))
	to := bytes.Index(data, []byte("\n  ],"))
	if from < 0 || to < from {
		t.Fatalf("no second key in %s", data)
	}
	return append(bytes.Clone(data[:from]), data[to:]...)
}

func TestOpenFailures(t *testing.T) {
	kms, other, down, short := newFakeKMS(t), newFakeKMS(t), newFakeKMS(t), newFakeKMS(t)
	down.down.Store(true)
	r, path := create(t, kms)
	short.key, short.short = kms.key, true
	keys := append(keyring.Keys(r), kms.key[:], other.key[:])
	mustFail(t, "another CMK", path, other, keyring.ErrWrongKey, "name the KMS key that this keyring was made with", keys...)
	mustFail(t, "KMS down", path, down, errDown, "unwrapping by the KMS", keys...)
	mustFail(t, "short keys", path, short, keyring.ErrWrongKey, "15 bytes", keys...)
	mustFail(t, "missing", path+".no", kms, keyring.ErrNotExist, "restore the one")
	if _, err := os.Lstat(path + ".no"); err == nil {
		t.Error("opening made a file")
	}

	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o644: true, 0o640: true, 0o620: false, 0o602: false, 0o666: false, 0o777: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if ok {
			reopen(t, path, kms)
		} else {
			mustFail(t, mode.String(), path, kms, keyring.ErrPermission, "chmod 600 "+path)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	mustFail(t, "symbolic link", link, kms, keyring.ErrPermission, "name the file that it points to")
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	mustFail(t, "FIFO", fifo, kms, keyring.ErrPermission, "name a file")
	mustFail(t, "directory", t.TempDir(), kms, keyring.ErrPermission, "name a file")
}

func TestCreateFailures(t *testing.T) {
	kms, down, refuses, lies := newFakeKMS(t), newFakeKMS(t), newFakeKMS(t), newFakeKMS(t)
	down.down.Store(true)
	refuses.failWrap = errors.New("no permission kms:Encrypt")
	lies.lie = true
	dir := t.TempDir()
	path := filepath.Join(dir, "keyring.json")
	for why, kms := range map[string]keyring.KMS{"down": down, "refuses": refuses, "lies": lies} {
		r, err := keyring.Create(t.Context(), path, kms)
		if r != nil || err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := keyring.Create(t.Context(), filepath.Join(dir, "no", "keyring.json"), kms); err == nil || !strings.Contains(err.Error(), "there is no directory") {
		t.Errorf("no directory: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("failures left %v, %v", entries, err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), dangling); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, dir, dangling} {
		if _, err := keyring.Create(t.Context(), path, kms); !errors.Is(err, keyring.ErrExists) || !strings.Contains(err.Error(), "never written over") {
			t.Errorf("over %s: %v", path, err)
		}
	}
	if kms.calls.Load() != 0 {
		t.Error("the KMS was asked where nothing can be made")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Create(t.Context(), path, kms); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Two processes that start at once must not each have a keyring of their own.
func TestCreateRace(t *testing.T) {
	kms := newFakeKMS(t)
	path := filepath.Join(t.TempDir(), "keyring.json")
	ids := make(chan string, 8)
	for range cap(ids) {
		go func() {
			r, err := keyring.Create(t.Context(), path, kms)
			switch {
			case err == nil:
				ids <- r.ID()
			case errors.Is(err, keyring.ErrExists):
				ids <- ""
			default:
				t.Error(err)
				ids <- ""
			}
		}()
	}
	var made []string
	for range cap(ids) {
		if id := <-ids; id != "" {
			made = append(made, id)
		}
	}
	if len(made) != 1 || reopen(t, path, kms).ID() != made[0] {
		t.Errorf("%d keyrings were made", len(made))
	}
	onlyFile(t, path)
}

func FuzzParse(f *testing.F) {
	seed, err := os.ReadFile("filekms/testdata/v1/keyring.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		again, err := keyring.Parse(data)
		switch {
		case err == nil && !bytes.Equal(again, data):
			t.Errorf("%q is read as %q", data, again)
		case err != nil && !errors.Is(err, keyring.ErrDamaged) && !errors.Is(err, keyring.ErrFormat):
			t.Errorf("%q: unsorted error %v", data, err)
		case err != nil && strings.ContainsAny(err.Error(), "\n\r"):
			t.Errorf("more than a line: %v", err)
		}
	})
}
