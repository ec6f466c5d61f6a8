package sslcert

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// How long what is made here is valid. A server certificate lives a year, as those of the managed services do.
const (
	caLife   = 10 * 365 * 24 * time.Hour
	leafLife = 365 * 24 * time.Hour
	// clockSkew is how far a client's clock may be behind.
	clockSkew = time.Hour
)

// serverSubject is what server certificates of the built-in CA call themselves; their names are elsewhere.
const serverSubject = "tdeproxy server"

// signer is a CA with its key.
type signer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newSigner makes a CA.
func newSigner(now time.Time) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl := template("tdeproxy CA", now, caLife)
	tmpl.IsCA, tmpl.BasicConstraintsValid = true, true
	tmpl.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &signer{cert, key}, nil
}

// openSigner finds the CA in the bundle that a key belongs to.
func openSigner(keyPEM []byte, bundle []*x509.Certificate) (*signer, error) {
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, err
	}
	var found *x509.Certificate
	for _, cert := range bundle {
		if samePublicKey(cert, key.Public()) && (found == nil || cert.NotAfter.After(found.NotAfter)) {
			found = cert
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%w: it is of no CA in %s", ErrMismatch, CAFile)
	}
	return &signer{found, key}, nil
}

// parseKey reads a private key, be it PKCS #8 or, as mysqld and old tools write it, PKCS #1 or SEC 1. An error holds
// nothing of it.
func parseKey(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("it holds no private key in PEM")
	}
	defer clear(block.Bytes)
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	signs, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("its %s block is not readable; keys with a passphrase are not supported", block.Type)
	}
	return signs, nil
}

// samePublicKey says whether a certificate is for a key.
func samePublicKey(cert *x509.Certificate, public crypto.PublicKey) bool {
	der, err := x509.MarshalPKIXPublicKey(public)
	return err == nil && bytes.Equal(der, cert.RawSubjectPublicKeyInfo)
}

// issue makes a key and signs a certificate for it that does not outlive the CA's own; both come as PEM.
func (s *signer) issue(leaf *x509.Certificate) (cert, key []byte, err error) {
	if leaf.NotAfter.After(s.cert.NotAfter) {
		leaf.NotAfter = s.cert.NotAfter
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, s.cert, leafKey.Public(), s.key)
	if err != nil {
		return nil, nil, err
	}
	key, err = keyPEM(leafKey)
	return certPEM(der), key, err
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

// serverTemplate is a server's certificate for this host's names and others.
func serverTemplate(names []string, now time.Time) *x509.Certificate {
	server := template(serverSubject, now, leafLife)
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames, server.IPAddresses = splitNames(append(hostNames(), names...))
	return server
}

// clientTemplate is a client's certificate.
func clientTemplate(name string, now time.Time) *x509.Certificate {
	client := template(name, now, leafLife)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return client
}

// hostNames are what clients on this host and its neighbours call it.
func hostNames() []string {
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "" {
		names = append(names, host)
	}
	return append(names, "127.0.0.1", "::1")
}

// splitNames sorts names by kind, each once.
func splitNames(names []string) (dns []string, ips []net.IP) {
	seen := map[string]bool{}
	for _, name := range names {
		ip := net.ParseIP(name)
		if ip != nil {
			name = ip.String()
		}
		switch {
		case seen[name]:
		case ip != nil:
			ips = append(ips, ip)
		default:
			dns = append(dns, name)
		}
		seen[name] = true
	}
	return dns, ips
}

// Names lists the names and addresses that a certificate is for.
func Names(cert *x509.Certificate) []string {
	names := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
