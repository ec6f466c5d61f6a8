package sslcert

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/smallstep/pkcs7"
)

// Formats lists the forms in which Export writes CAs.
func Formats() []string { return []string{"pem", "jks", "p7b"} }

// Export writes CAs as clients want them: pem for most, jks as trust store for Java, p7b for Windows. A trust store has
// a password, by which Java checks that it is whole; nothing in it is secret.
func Export(cas []*x509.Certificate, format, password string) ([]byte, error) {
	switch format {
	case "pem":
		return bundlePEM(cas), nil
	case "jks":
		return exportJKS(cas, password)
	case "p7b":
		var der []byte
		for _, ca := range cas {
			der = append(der, ca.Raw...)
		}
		out, err := pkcs7.DegenerateCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("exporting as p7b: %w", err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("no format %q; one of %s", format, strings.Join(Formats(), ", "))
}

// exportJKS writes a trust store. The entries carry the dates of their certificates, so that the same CAs give the same
// file.
func exportJKS(cas []*x509.Certificate, password string) ([]byte, error) {
	store := keystore.New(keystore.WithOrderedAliases(), keystore.WithMinPasswordLen(6))
	for i, ca := range cas {
		entry := keystore.TrustedCertificateEntry{
			CreationTime: ca.NotBefore.UTC().Truncate(time.Second),
			Certificate:  keystore.Certificate{Type: "X509", Content: ca.Raw},
		}
		if err := store.SetTrustedCertificateEntry(fmt.Sprintf("tdeproxy-ca-%d", i+1), entry); err != nil {
			return nil, fmt.Errorf("exporting as jks: %w", err)
		}
	}
	var out bytes.Buffer
	if err := store.Store(&out, []byte(password)); err != nil {
		return nil, fmt.Errorf("exporting as jks: %w; the password has six characters or more", err)
	}
	return out.Bytes(), nil
}
