package sslcert

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// files are the paths that a Store reads. clientCA and crl may be empty.
type files struct {
	cert, key, ca, clientCA, crl string
}

// inputs are the contents of the files, each read once: what is compared is what is checked and served.
type inputs struct {
	cert, key, ca, clientCA, crl []byte
	sum                          [sha256.Size]byte
}

// wipe forgets the private key.
func (in *inputs) wipe() { clear(in.key) }

// paths lists the files that are read.
func (f files) paths() []string {
	return slices.DeleteFunc([]string{f.cert, f.key, f.ca, f.clientCA, f.crl}, func(path string) bool { return path == "" })
}

// inventory tells a folder without certificates from one that lacks some, before the files are read.
func (f files) inventory(dir string) error {
	dir = filepath.Clean(dir)
	if filepath.Dir(f.cert) != dir && filepath.Dir(f.key) != dir && filepath.Dir(f.ca) != dir {
		return nil // all of them are elsewhere, and reading them says what is missing
	}
	have, err := present(dir)
	if err != nil {
		return err
	}
	var needed []string
	for _, path := range []string{f.ca, f.cert, f.key} {
		if filepath.Dir(path) == dir {
			needed = append(needed, filepath.Base(path))
		}
	}
	if len(have) == 0 {
		return fmt.Errorf("certificate folder %s %w", dir, ErrNotExist)
	}
	return complete(dir, have, needed)
}

// read reads all files. An error is of the first file that cannot be read or, if it is the key, may not be.
func (f files) read() (*inputs, error) {
	in := &inputs{}
	var err error
	if in.cert, err = readFile(f.cert); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if in.key, err = readKey(f.key); err != nil {
		return nil, err
	}
	if in.ca, err = readFile(f.ca); err != nil {
		return nil, fmt.Errorf("CA: %w", err)
	}
	if f.clientCA != "" {
		if in.clientCA, err = readFile(f.clientCA); err != nil {
			return nil, fmt.Errorf("CA of clients: %w", err)
		}
	}
	if f.crl != "" {
		if in.crl, err = readFile(f.crl); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCRL, err)
		}
	}
	hash := sha256.New()
	for _, data := range [][]byte{in.cert, in.key, in.ca, in.clientCA, in.crl} {
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(data))))
		hash.Write(data)
	}
	hash.Sum(in.sum[:0])
	return in, nil
}

// readFile reads a file, or the one that is about to replace it.
func readFile(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// readKey reads a private key file that only its owner may read, or, when root owns it, also its group: that is how
// Debian's ssl-cert group and Kubernetes secrets have them.
func readKey(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	forbidden := fs.FileMode(0o077)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid == 0 {
		forbidden = 0o027
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o; chmod 600 it, and renew the key if others may have read it",
			ErrReadable, path, mode)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return data, nil
}

// present lists which of the known files dir holds.
func present(dir string) ([]string, error) {
	var have []string
	for _, name := range []string{CAFile, ServerCertFile, ServerKeyFile, CAKeyFile, ClientCertFile, ClientKeyFile} {
		_, err := os.Lstat(filepath.Join(dir, name))
		if err == nil {
			have = append(have, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("certificate folder: %w", err)
		}
	}
	return have, nil
}

// complete checks that the needed files are among those that are there.
func complete(dir string, have, needed []string) error {
	missing := slices.DeleteFunc(slices.Clone(needed), func(name string) bool { return slices.Contains(have, name) })
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w %s: it has %s but not %s; restore the missing files, or move the others away to have new ones made",
		ErrIncomplete, dir, strings.Join(have, ", "), strings.Join(missing, ", "))
}
