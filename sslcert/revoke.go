package sslcert

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
)

// Revoke adds client certificates to the built-in CA's list, by their serial numbers. While the CA is replaced, each
// goes onto the list of the CA that has issued it; of numbers that the CAs have given nobody keeps count, so a number
// without its certificate goes onto both lists.
func (a *Authority) Revoke(certs []*x509.Certificate, serials []*big.Int) error {
	return a.folder.edit(func(old set) (set, error) {
		signers, err := a.signers(old)
		if err != nil {
			return nil, err
		}
		for _, cert := range certs {
			issued := func(ca *signer) bool { return cert.CheckSignatureFrom(ca.cert) == nil }
			if !slices.ContainsFunc(signers, issued) {
				return nil, fmt.Errorf("%w: %s, serial %x, was issued by %s; revoke it there", ErrForeign, cert.Subject, cert.SerialNumber, cert.Issuer)
			}
		}
		var lists []*x509.RevocationList
		if old[CRLFile] != nil {
			if lists, err = parseCRLs(old[CRLFile]); err != nil {
				return nil, fmt.Errorf("%s: %w", CRLFile, err)
			}
		}
		for _, ca := range signers {
			add := slices.Clone(serials)
			for _, cert := range certs {
				if cert.CheckSignatureFrom(ca.cert) == nil {
					add = append(add, cert.SerialNumber)
				}
			}
			if lists, err = a.extend(lists, ca, add); err != nil {
				return nil, err
			}
		}
		return set{CRLFile: listsPEM(lists)}, nil
	})
}

// signers are the CAs that can sign a list now: one, or two while a CA is replaced.
func (a *Authority) signers(files set) ([]*signer, error) {
	ca, bundle, err := a.open(files, CAKeyFile)
	if err != nil {
		return nil, err
	}
	all := []*signer{ca}
	if files[OldCAKeyFile] == nil {
		return all, nil
	}
	old, err := openSigner(files[OldCAKeyFile], bundle)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", OldCAKeyFile, err)
	}
	return append(all, old), nil
}

// extend replaces a CA's list among others by one with more serial numbers.
func (a *Authority) extend(lists []*x509.RevocationList, ca *signer, serials []*big.Int) ([]*x509.RevocationList, error) {
	at := slices.IndexFunc(lists, func(list *x509.RevocationList) bool {
		return bytes.Equal(list.RawIssuer, ca.cert.RawSubject) && list.CheckSignatureFrom(ca.cert) == nil
	})
	var old *x509.RevocationList
	if at >= 0 {
		old = lists[at]
	}
	if old != nil && len(serials) == 0 {
		return lists, nil
	}
	list, err := a.newList(ca, old, serials)
	if err != nil {
		return nil, err
	}
	if at < 0 {
		return append(lists, list), nil
	}
	lists[at] = list
	return lists, nil
}

// newList signs a list of what an older one holds and more. It is good for as long as the CA is: whoever changes it
// changes this very file, so that no date has to tell a reader that he missed one, and a date that nobody thought of
// would lock all clients out.
func (a *Authority) newList(ca *signer, old *x509.RevocationList, serials []*big.Int) (*x509.RevocationList, error) {
	now := a.now()
	tmpl := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-clockSkew), NextUpdate: ca.cert.NotAfter}
	if old != nil && old.Number != nil {
		tmpl.Number = new(big.Int).Add(old.Number, big.NewInt(1))
	}
	if old != nil {
		tmpl.RevokedCertificateEntries = old.RevokedCertificateEntries
	}
	for _, serial := range serials {
		known := func(entry x509.RevocationListEntry) bool { return entry.SerialNumber.Cmp(serial) == 0 }
		if !slices.ContainsFunc(tmpl.RevokedCertificateEntries, known) {
			tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now})
		}
	}
	der, err := x509.CreateRevocationList(rand.Reader, tmpl, ca.cert, ca.key)
	if err != nil {
		return nil, fmt.Errorf("signing %s: %w", CRLFile, err)
	}
	return x509.ParseRevocationList(der)
}

// listsPEM writes lists one after the other.
func listsPEM(lists []*x509.RevocationList) []byte {
	var out bytes.Buffer
	for _, list := range lists {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list.Raw}))
	}
	return out.Bytes()
}
