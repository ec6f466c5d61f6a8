package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// Authority is a CA, or an intermediate of one, that issues certificates of
// all sorts, good and bad.
type Authority struct {
	PEM []byte // its own certificate

	cert *x509.Certificate
	key  crypto.Signer
}

// Pair is a server's certificate and key, both in PEM.
type Pair struct {
	Cert, Key []byte
	Serial    *big.Int
}

// NewAuthority makes a root.
func NewAuthority(name string) (*Authority, error) { return newAuthority(name, nil) }

// Intermediate makes a CA below a.
func (a *Authority) Intermediate(name string) (*Authority, error) { return newAuthority(name, a) }

func newAuthority(name string, parent *Authority) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate(name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a := &Authority{cert: template, key: key}
	if parent == nil {
		parent = a
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, key.Public(), parent.key)
	if err != nil {
		return nil, err
	}
	a.PEM = encode("CERTIFICATE", der)
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

// Issue makes a key of P-256 and a certificate for localhost and 127.0.0.1,
// valid for a day; change, which may be nil, alters it before it is signed.
func (a *Authority) Issue(change func(*x509.Certificate)) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	return a.IssueFor(key, change)
}

// IssueFor is Issue for a key of any make.
func (a *Authority) IssueFor(key crypto.Signer, change func(*x509.Certificate)) (Pair, error) {
	template := certificate("localhost")
	template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return Pair{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{Cert: encode("CERTIFICATE", der), Key: encode("PRIVATE KEY", keyDER), Serial: template.SerialNumber}, nil
}

// certificate is what all templates have in common.
func certificate(name string) *x509.Certificate {
	var serial [8]byte
	_, _ = rand.Read(serial[:])
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetUint64(binary.BigEndian.Uint64(serial[:]) | 1), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
