package sslcert

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

// loadClientTrust fills in what client certificates are verified against.
func (s *Store) loadClientTrust(snap *Snapshot, now time.Time) error {
	cas, err := loadCertificates(s.opts.ClientCA)
	if err != nil {
		return err
	}
	snap.ClientCAs = x509.NewCertPool()
	for _, ca := range cas {
		if err := checkDates(ca, now); err != nil {
			return fmt.Errorf("%s: %w", s.opts.ClientCA, err)
		}
		snap.ClientCAs.AddCert(ca)
	}
	if s.opts.CRL == "" {
		return nil
	}
	crl, err := loadCRL(s.opts.CRL, cas)
	if err != nil {
		return fmt.Errorf("%s: %w", s.opts.CRL, err)
	}
	if err := checkCRLDates(crl, now); err != nil {
		return fmt.Errorf("%s: %w", s.opts.CRL, err)
	}
	snap.CRL = crl
	return nil
}

// loadCRL reads a revocation list in PEM or DER and checks that one of the CAs signed it.
func loadCRL(path string, cas []*x509.Certificate) (*x509.RevocationList, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCRL, err)
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	crl, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCRL, err)
	}
	for _, ca := range cas {
		if bytes.Equal(ca.RawSubject, crl.RawIssuer) && crl.CheckSignatureFrom(ca) == nil {
			return crl, nil
		}
	}
	return nil, fmt.Errorf("%w: no client CA has signed it", ErrCRL)
}

// checkCRLDates refuses a list that is out of date: a revocation may be missing from it.
func checkCRLDates(crl *x509.RevocationList, now time.Time) error {
	if !crl.NextUpdate.IsZero() && now.After(crl.NextUpdate) {
		return fmt.Errorf("%w: its successor was due on %s", ErrCRL, crl.NextUpdate.UTC().Format(time.DateTime))
	}
	return nil
}

// checkRevoked refuses a client whose certificate is on the list, and every client with a certificate of that CA once
// the list is out of date.
func checkRevoked(crl *x509.RevocationList, chain []*x509.Certificate, now time.Time) error {
	for _, cert := range chain {
		if !bytes.Equal(cert.RawIssuer, crl.RawIssuer) {
			continue
		}
		if err := checkCRLDates(crl, now); err != nil {
			return err
		}
		for _, entry := range crl.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
				return fmt.Errorf("%w: serial %x", ErrRevoked, cert.SerialNumber)
			}
		}
	}
	return nil
}
