package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"os"
	"path/filepath"
)

// Certs are paths of a CA, and of a certificate that it issued with its key.
type Certs struct{ CA, Cert, Key string }

// CertDir is an authority that writes what it issues into a folder.
type CertDir struct {
	*Authority
	dir string
}

// NewCertDir makes a folder with a new authority.
func NewCertDir(dir string) (*CertDir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a, err := NewAuthority("harness CA")
	if err != nil {
		return nil, err
	}
	d := &CertDir{Authority: a, dir: dir}
	return d, os.WriteFile(d.path("ca"), a.PEM, 0o600)
}

func (d *CertDir) path(name string) string { return filepath.Join(d.dir, name+".pem") }

// Server issues a certificate for 127.0.0.1 and localhost.
func (d *CertDir) Server(key crypto.Signer) (Certs, error) {
	return d.write("cert", "key", key, nil)
}

// Client issues a certificate of a client.
func (d *CertDir) Client(name string) (Certs, error) {
	key, err := NewServerKey(false)
	if err != nil {
		return Certs{}, err
	}
	return d.write(name, name+"-key", key, func(c *x509.Certificate) {
		c.Subject, c.ExtKeyUsage = pkix.Name{CommonName: name}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		c.KeyUsage = x509.KeyUsageDigitalSignature
	})
}

func (d *CertDir) write(cert, keyFile string, key crypto.Signer, change func(*x509.Certificate)) (Certs, error) {
	c := Certs{CA: d.path("ca"), Cert: d.path(cert), Key: d.path(keyFile)}
	pair, err := d.IssueFor(key, change)
	if err != nil {
		return c, err
	}
	if err := os.WriteFile(c.Cert, pair.Cert, 0o600); err != nil {
		return c, err
	}
	return c, os.WriteFile(c.Key, pair.Key, 0o600)
}

// WriteCerts makes a CA and a certificate for 127.0.0.1 and localhost in dir.
func WriteCerts(dir string) (Certs, error) {
	d, err := NewCertDir(dir)
	if err != nil {
		return Certs{}, err
	}
	key, err := NewServerKey(false)
	if err != nil {
		return Certs{}, err
	}
	return d.Server(key)
}

// NewServerKey makes an ECDSA key, or an RSA one for old servers.
func NewServerKey(old bool) (crypto.Signer, error) {
	if old {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// clientConfig trusts the CA.
func (c Certs) clientConfig() (*tls.Config, error) {
	text, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", c.CA)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
