package main

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

func certCommand() *cobra.Command {
	return group("cert", "Look after the proxy's certificates",
		verb("show -c FILE", "Check the certificates and print what they say",
			"Show loads the certificates as a start does, and fails where a start would.", showCertificates),
		issueCommand(), renewCommand(), rotateCommand(), revokeCommand(), exportCommand())
}

// authority is the built-in CA. Where the configuration names a certificate of another CA there is nothing to do for it.
func authority(cfg *config.Config) (*sslcert.Authority, error) {
	if cfg.SSLCert.Cert != "" {
		return nil, fmt.Errorf("sslcert.cert is %s, which is not in sslcert.dir: it is replaced where it comes from", cfg.SSLCert.Cert)
	}
	return sslcert.NewAuthority(cfg.SSLCert.Dir, nil), nil
}

func showCertificates(cmd *cobra.Command, cfg *config.Config) error {
	store, err := openCertificates(cfg)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	snap := store.Snapshot()
	printCertificate(out, store.CertFile(), snap.Certificate.Leaf)
	for _, ca := range snap.CA {
		fmt.Fprintln(out)
		printCertificate(out, store.CAFile(), ca)
	}
	for _, list := range snap.CRLs {
		fmt.Fprintf(out, "\nfile         %s\nissuer       %s\nrevoked      %d client certificates\n",
			cfg.SSLCert.CRL, list.Issuer, len(list.RevokedCertificateEntries))
	}
	if cfg.SSLCert.Cert != "" {
		return nil
	}
	r, err := sslcert.NewAuthority(cfg.SSLCert.Dir, nil).Rotation()
	if err == nil && r.Next != sslcert.StepTrust {
		fmt.Fprintf(out, "\nrotation     step %d of %d is next: tdeproxy cert rotate\n", r.Next, sslcert.StepDrop)
	}
	return err
}

func printCertificate(out io.Writer, file string, cert *x509.Certificate) {
	fmt.Fprintf(out, "file         %s\nsubject      %s\nissuer       %s\n", file, cert.Subject, cert.Issuer)
	if names := sslcert.Names(cert); len(names) > 0 {
		fmt.Fprintf(out, "names        %s\n", strings.Join(names, ", "))
	}
	fmt.Fprintf(out, "valid        %s to %s (%d days left)\n", cert.NotBefore.UTC().Format(time.RFC3339),
		cert.NotAfter.UTC().Format(time.RFC3339), int(time.Until(cert.NotAfter).Hours()/24))
	fmt.Fprintf(out, "key          %s\nserial       %x\nfingerprint  SHA-256 %X\n", keyKind(cert), cert.SerialNumber, sha256.Sum256(cert.Raw))
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
