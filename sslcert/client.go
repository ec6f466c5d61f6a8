package sslcert

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"time"
)

// clientTrust fills in what client certificates are verified against. Of several CAs one must be valid now; a client of
// one that is not is refused in its handshake.
func (s *Store) clientTrust(snap *Snapshot, in *inputs, now time.Time) error {
	cas, err := parseCertificates(in.clientCA)
	if err != nil {
		return fmt.Errorf("%s: %w", s.files.clientCA, err)
	}
	snap.ClientCAs = x509.NewCertPool()
	var invalid error
	valid := false
	for _, ca := range cas {
		if err := checkDates(ca, now); err != nil {
			invalid = err
			continue
		}
		valid = true
		snap.ClientCAs.AddCert(ca)
	}
	if !valid {
		return fmt.Errorf("%s: %w", s.files.clientCA, invalid)
	}
	if s.files.crl == "" {
		return nil
	}
	if snap.CRLs, err = parseCRLs(in.crl); err == nil {
		err = checkCRLs(snap.CRLs, cas, now)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.files.crl, err)
	}
	return nil
}

// parseCRLs reads revocation lists: any number in PEM, or one in DER.
func parseCRLs(data []byte) ([]*x509.RevocationList, error) {
	var lists []*x509.RevocationList
	block, rest := pem.Decode(data)
	if block == nil {
		block, rest = &pem.Block{Bytes: data}, nil
	}
	for ; block != nil; block, rest = pem.Decode(rest) {
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: list %d: %w", ErrCRL, len(lists)+1, err)
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// checkCRLs wants every list to be up to date and signed by one of the CAs.
func checkCRLs(lists []*x509.RevocationList, cas []*x509.Certificate, now time.Time) error {
	for _, list := range lists {
		signed := slices.ContainsFunc(cas, func(ca *x509.Certificate) bool {
			return bytes.Equal(ca.RawSubject, list.RawIssuer) && list.CheckSignatureFrom(ca) == nil
		})
		if !signed {
			return fmt.Errorf("%w: no client CA has signed the list of %s", ErrCRL, list.Issuer)
		}
		if err := checkCRLDates(list, now); err != nil {
			return err
		}
	}
	return nil
}

// checkCRLDates refuses a list that is out of date: a revocation may be missing from it.
func checkCRLDates(crl *x509.RevocationList, now time.Time) error {
	if !crl.NextUpdate.IsZero() && now.After(crl.NextUpdate) {
		return fmt.Errorf("%w: its successor was due on %s", ErrCRL, crl.NextUpdate.UTC().Format(time.DateTime))
	}
	return nil
}

// checkRevoked refuses a client whose certificate is on a list of its CA, and every client with a certificate of that CA
// once the list is out of date.
func checkRevoked(lists []*x509.RevocationList, chain []*x509.Certificate, now time.Time) error {
	for _, cert := range chain {
		for _, list := range lists {
			if !bytes.Equal(cert.RawIssuer, list.RawIssuer) {
				continue
			}
			if err := checkCRLDates(list, now); err != nil {
				return err
			}
			for _, entry := range list.RevokedCertificateEntries {
				if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
					return fmt.Errorf("%w: serial %x", ErrRevoked, cert.SerialNumber)
				}
			}
		}
	}
	return nil
}
