package sslcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// How long what Create makes is valid. A server certificate lives a year, as those of the managed services do, so that
// nobody forgets how to renew one.
const (
	caLife   = 10 * 365 * 24 * time.Hour
	leafLife = 365 * 24 * time.Hour
	// clockSkew is how far a client's clock may be behind.
	clockSkew = time.Hour
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
		return false, complete(dir, have)
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
func complete(dir string, have []string) error {
	var missing []string
	for _, name := range []string{CAFile, ServerCertFile, ServerKeyFile} {
		if !slices.Contains(have, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w %s: it has %s but not %s; restore the missing files, or move the others away to have new ones made",
		ErrIncomplete, dir, strings.Join(have, ", "), strings.Join(missing, ", "))
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
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	caTemplate := template("tdeproxy CA", now, caLife)
	caTemplate.IsCA, caTemplate.BasicConstraintsValid = true, true
	caTemplate.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	caDER, err := x509.CreateCertificate(rand.Reader, caTemplate, caTemplate, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	ca, err := x509.ParseCertificate(caDER)
	if err != nil {
		return nil, err
	}
	server := template("tdeproxy server", now, leafLife)
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames, server.IPAddresses = serverNames(names)
	serverCert, serverKey, err := issue(server, ca, caKey)
	if err != nil {
		return nil, err
	}
	client := template("tdeproxy client", now, leafLife)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	clientCert, clientKey, err := issue(client, ca, caKey)
	if err != nil {
		return nil, err
	}
	caKeyPEM, err := keyPEM(caKey)
	if err != nil {
		return nil, err
	}
	return []file{
		{CAKeyFile, 0o600, caKeyPEM},
		{ClientKeyFile, 0o600, clientKey},
		{ClientCertFile, 0o644, clientCert},
		{ServerKeyFile, 0o600, serverKey},
		{ServerCertFile, 0o644, serverCert},
		{CAFile, 0o644, certPEM(caDER)},
	}, nil
}

// template is what all certificates made here have in common. The CA's name carries part of its serial, so that two
// CAs made at different times can stand in one trust store.
func template(name string, now time.Time, life time.Duration) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic("sslcert: internal error: no random numbers")
	}
	if life == caLife {
		name = fmt.Sprintf("%s %08x", name, new(big.Int).Rsh(serial, 95))
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(life),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// issue makes a key and has the CA sign a certificate for it; both come as PEM.
func issue(leaf, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (cert, key []byte, err error) {
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	if err != nil {
		return nil, nil, err
	}
	key, err = keyPEM(leafKey)
	return certPEM(der), key, err
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// serverNames are this host's names and the configured ones.
func serverNames(names []string) (dns []string, ips []net.IP) {
	all := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "" {
		all = append(all, host)
	}
	all = append(all, "127.0.0.1", "::1")
	seen := map[string]bool{}
	for _, name := range append(all, names...) {
		if seen[name] {
			continue
		}
		seen[name] = true
		if ip := net.ParseIP(name); ip != nil {
			ips = append(ips, ip)
		} else {
			dns = append(dns, name)
		}
	}
	return dns, ips
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
