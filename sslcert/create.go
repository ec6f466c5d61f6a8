package sslcert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Create makes a CA, a server certificate and a client certificate in dir where dir has none of their files, and says
// whether it did. It never writes over a file. A folder with some of the needed files and without others is
// ErrIncomplete: making the rest would mix two CAs.
//
// Keys are ECDSA P-256: every client that can do TLS 1.2, the least that is served, knows it, and a handshake costs a
// twentieth of RSA's, which counts when thousands of clients reconnect at once.
func Create(dir string, opts Options) (bool, error) {
	have, err := present(dir)
	if err != nil {
		return false, err
	}
	if len(have) > 0 {
		return false, complete(dir, have, []string{CAFile, ServerCertFile, ServerKeyFile})
	}
	now := time.Now
	if opts.Now != nil {
		now = opts.Now
	}
	files, err := generate(opts.Names, now())
	if err != nil {
		return false, fmt.Errorf("making certificates for %s: %w", dir, err)
	}
	if err := publish(dir, files); err != nil {
		return false, fmt.Errorf("making certificates in %s: %w", dir, err)
	}
	return true, nil
}

// Exists says whether dir holds any of the files that Create makes.
func Exists(dir string) (bool, error) {
	have, err := present(dir)
	return len(have) > 0, err
}

// file is one to be written.
type file struct {
	name string
	mode fs.FileMode
	data []byte
}

// generate makes a CA and the pairs that it signs, in the order in which they are to appear: the files that a start
// needs come last.
func generate(names []string, now time.Time) ([]file, error) {
	ca, err := newSigner(now)
	if err != nil {
		return nil, err
	}
	serverCert, serverKey, err := ca.issue(serverTemplate(names, now))
	if err != nil {
		return nil, err
	}
	clientCert, clientKey, err := ca.issue(clientTemplate("tdeproxy client", now))
	if err != nil {
		return nil, err
	}
	caKey, err := keyPEM(ca.key)
	if err != nil {
		return nil, err
	}
	return []file{
		{CAKeyFile, 0o600, caKey},
		{ClientKeyFile, 0o600, clientKey},
		{ClientCertFile, 0o644, clientCert},
		{ServerKeyFile, 0o600, serverKey},
		{ServerCertFile, 0o644, serverCert},
		{CAFile, 0o644, certPEM(ca.cert.Raw)},
	}, nil
}

// publish puts the files into dir. Where dir does not exist or is empty they appear all at once, by the rename of a
// finished folder; elsewhere one by one, and a file that has turned up meanwhile is never replaced.
func publish(dir string, files []file) error {
	defer func() {
		for _, f := range files {
			clear(f.data)
		}
	}()
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if publishWhole(dir, files) == nil {
		return nil
	}
	// dir holds other things, is a mount point, or its parent belongs to somebody else.
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeNew(filepath.Join(dir, f.name), f.mode, f.data); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// publishWhole writes the files into a new folder beside dir and renames it to dir, which fails unless dir is absent or
// empty.
func publishWhole(dir string, files []file) error {
	staging, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	for _, f := range files {
		if err := writeNew(filepath.Join(staging, f.name), f.mode, f.data); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Chmod(staging, 0o755), syncDir(staging), os.Rename(staging, dir)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// writeNew writes a file that must not exist yet, through to the disk.
func writeNew(path string, mode fs.FileMode, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a folder's entries durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
