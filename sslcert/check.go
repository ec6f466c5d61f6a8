package sslcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"
)

// parsePair makes the server's certificate of its two files.
func parsePair(f files, in *inputs) (tls.Certificate, error) {
	if _, err := parseCertificates(in.cert); err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", f.cert, err)
	}
	pair, err := tls.X509KeyPair(in.cert, in.key)
	if err != nil {
		// The certificates parse, so it is the key, or that the two do not match; the error holds no key bytes.
		return tls.Certificate{}, fmt.Errorf("%w: %s and %s: %w", ErrMismatch, f.cert, f.key, err)
	}
	return pair, nil
}

// ReadCertificates reads all certificates of a PEM file; there is at least one.
func ReadCertificates(path string) ([]*x509.Certificate, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
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

// checkServer holds a server's certificate to what its clients will ask of it, and returns the CA that it chains to.
//
// While a CA is replaced there are two of them, so the others may be anything: expired, or not valid yet. What counts
// is the CA in use. A client that is given such a bundle skips the others as well.
func checkServer(pair tls.Certificate, ca []*x509.Certificate, names []string, now time.Time) (*x509.Certificate, error) {
	intermediates := x509.NewCertPool()
	for i, der := range pair.Certificate {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			intermediates.AddCert(cert)
		}
		if err := checkStrength(cert); err != nil {
			return nil, err
		}
		if err := checkDates(cert, now); err != nil {
			return nil, err
		}
	}
	roots := x509.NewCertPool()
	for _, cert := range ca {
		roots.AddCert(cert)
	}
	leaf := pair.Leaf
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		if err := invalidIssuer(pair, ca, now); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w in %s (intermediates belong in %s): %w", ErrUntrusted, CAFile, ServerCertFile, err)
	}
	for _, name := range names {
		if err := leaf.VerifyHostname(name); err != nil {
			return nil, fmt.Errorf("%w %s: %w", ErrName, name, err)
		}
	}
	return lastingRoot(chains), nil
}

// invalidIssuer says so where the CA of a certificate that does not verify is there, but not valid now.
func invalidIssuer(pair tls.Certificate, ca []*x509.Certificate, now time.Time) error {
	top, err := x509.ParseCertificate(pair.Certificate[len(pair.Certificate)-1])
	if err != nil {
		return err
	}
	for _, cert := range ca {
		if top.CheckSignatureFrom(cert) != nil {
			continue
		}
		if err := checkDates(cert, now); err != nil {
			return fmt.Errorf("its CA %s: %w", cert.Subject, err)
		}
	}
	return nil
}

// lastingRoot picks the CA, of those that a certificate chains to, which is valid for longest.
func lastingRoot(chains [][]*x509.Certificate) *x509.Certificate {
	var root *x509.Certificate
	for _, chain := range chains {
		if last := chain[len(chain)-1]; root == nil || last.NotAfter.After(root.NotAfter) {
			root = last
		}
	}
	return root
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
