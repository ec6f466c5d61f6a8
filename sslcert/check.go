package sslcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// loadPair reads a certificate chain and its key.
func loadPair(certFile, keyFile string) (tls.Certificate, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	keyPEM, err := readKey(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	if _, err := parseCertificates(certPEM); err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", certFile, err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		// The certificates parse, so it is the key, or that the two do not match; the error holds no key bytes.
		return tls.Certificate{}, fmt.Errorf("%w: %s and %s: %w", ErrMismatch, certFile, keyFile, err)
	}
	return pair, nil
}

// readKey reads a private key file that only its owner may read, or, when root owns it, also its group: that is how
// Debian's ssl-cert group and Kubernetes secrets have them.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
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
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return data, nil
}

// loadCertificates reads all certificates of a PEM file; there is at least one.
func loadCertificates(path string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("CA: %w", err)
	}
	certs, err := parseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return certs, nil
}

// parseCertificates reads all CERTIFICATE blocks.
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("no CERTIFICATE block in it; a PEM file holds at least one")
	}
	return certs, nil
}

// checkServer holds a server's certificate to what its clients will ask of it.
func checkServer(pair tls.Certificate, ca []*x509.Certificate, names []string, now time.Time) error {
	intermediates := x509.NewCertPool()
	for i, der := range pair.Certificate {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		if i > 0 {
			intermediates.AddCert(cert)
		}
		if err := checkStrength(cert); err != nil {
			return err
		}
		if err := checkDates(cert, now); err != nil {
			return err
		}
	}
	roots := x509.NewCertPool()
	for _, cert := range ca {
		if err := checkDates(cert, now); err != nil {
			return fmt.Errorf("%s: %w", CAFile, err)
		}
		roots.AddCert(cert)
	}
	leaf := pair.Leaf
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}); err != nil {
		return fmt.Errorf("%w in %s (intermediates belong in %s): %w", ErrUntrusted, CAFile, ServerCertFile, err)
	}
	for _, name := range names {
		if err := leaf.VerifyHostname(name); err != nil {
			return fmt.Errorf("%w %s: %w", ErrName, name, err)
		}
	}
	return nil
}

// checkDates says when a certificate was or will be valid.
func checkDates(cert *x509.Certificate, now time.Time) error {
	if now.Before(cert.NotBefore) {
		return fmt.Errorf("%w: it begins on %s", ErrExpired, cert.NotBefore.UTC().Format(time.DateTime))
	}
	if now.After(cert.NotAfter) {
		return fmt.Errorf("%w: it ended on %s", ErrExpired, cert.NotAfter.UTC().Format(time.DateTime))
	}
	return nil
}

// checkStrength refuses what current clients refuse, too: RSA below 2048 bits, curves below 256, MD5 and SHA-1.
func checkStrength(cert *x509.Certificate) error {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return fmt.Errorf("%w: RSA key of %d bits; 2048 or more", ErrWeak, key.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if bits := key.Curve.Params().BitSize; bits < 256 {
			return fmt.Errorf("%w: curve of %d bits; P-256 or more", ErrWeak, bits)
		}
	}
	// Nobody checks the signature that a root makes on itself.
	if bytes.Equal(cert.RawIssuer, cert.RawSubject) {
		return nil
	}
	switch cert.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return fmt.Errorf("%w: signed with %s; SHA-256 or more", ErrWeak, cert.SignatureAlgorithm)
	}
	return nil
}
