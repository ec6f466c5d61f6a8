package main

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

func certCommand() *cobra.Command {
	return group("cert", "Look after the proxy's certificates",
		verb("show -c FILE", "Check the certificates and print what they say",
			"Show loads the certificates as a start does, and fails where a start would.", showCertificates))
}

func showCertificates(cmd *cobra.Command, cfg *config.Config) error {
	store, err := openCertificates(cfg)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	snap := store.Snapshot()
	printCertificate(out, filepath.Join(cfg.SSLCert.Dir, sslcert.ServerCertFile), snap.Certificate.Leaf)
	for _, ca := range snap.CA {
		fmt.Fprintln(out)
		printCertificate(out, filepath.Join(cfg.SSLCert.Dir, sslcert.CAFile), ca)
	}
	return nil
}

func printCertificate(out io.Writer, file string, cert *x509.Certificate) {
	names := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	fmt.Fprintf(out, "file         %s\nsubject      %s\nissuer       %s\n", file, cert.Subject, cert.Issuer)
	if len(names) > 0 {
		fmt.Fprintf(out, "names        %s\n", strings.Join(names, ", "))
	}
	fmt.Fprintf(out, "valid        %s to %s (%d days left)\n", cert.NotBefore.UTC().Format(time.RFC3339),
		cert.NotAfter.UTC().Format(time.RFC3339), int(time.Until(cert.NotAfter).Hours()/24))
	fmt.Fprintf(out, "key          %s\nfingerprint  SHA-256 %X\n", keyKind(cert), sha256.Sum256(cert.Raw))
}

// keyKind names a public key as people do: RSA 2048, ECDSA P-256.
func keyKind(cert *x509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	}
	return cert.PublicKeyAlgorithm.String()
}
