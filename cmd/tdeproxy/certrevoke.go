package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

func revokeCommand() *cobra.Command {
	var files, serials []string
	cmd := verb("revoke -c FILE", "Revoke client certificates of the built-in CA",
		`Revoke puts client certificates onto the built-in CA's list, crl.pem in sslcert.dir. With crl in [sslcert] naming it,
a running proxy refuses those clients from their next connection on; clients that are connected stay so. Without
--cert and --serial it makes an empty list, for crl to name.`,
		func(cmd *cobra.Command, cfg *config.Config) error {
			list := filepath.Join(cfg.SSLCert.Dir, sslcert.CRLFile)
			if cfg.SSLCert.CRL != "" && cfg.SSLCert.CRL != list {
				return fmt.Errorf("sslcert.crl is %s: revoke where that list is made, or set it to %s", cfg.SSLCert.CRL, list)
			}
			certs, numbers, err := toRevoke(files, serials)
			if err != nil {
				return err
			}
			if err := sslcert.NewAuthority(cfg.SSLCert.Dir, nil).Revoke(certs, numbers); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "made", list)
			if cfg.SSLCert.CRL == "" {
				fmt.Fprintf(cmd.OutOrStdout(), "it is not in use yet: set client_ca = %q and crl = %q in [sslcert], and start the proxy anew\n",
					filepath.Join(cfg.SSLCert.Dir, sslcert.CAFile), list)
			}
			return nil
		})
	cmd.Flags().StringSliceVar(&files, "cert", nil, "certificate `FILE` in PEM")
	cmd.Flags().StringSliceVar(&serials, "serial", nil, "serial `NUMBER` in hexadecimal, as cert issue prints it")
	return cmd
}

// toRevoke reads what the command line names.
func toRevoke(files, serials []string) ([]*x509.Certificate, []*big.Int, error) {
	var certs []*x509.Certificate
	for _, file := range files {
		found, err := sslcert.ReadCertificates(file)
		if err != nil {
			return nil, nil, err
		}
		certs = append(certs, found[0])
	}
	var numbers []*big.Int
	for _, text := range serials {
		number, ok := new(big.Int).SetString(strings.ReplaceAll(text, ":", ""), 16)
		if !ok || number.Sign() <= 0 {
			return nil, nil, errors.New("--serial " + text + " is no hexadecimal number")
		}
		numbers = append(numbers, number)
	}
	return certs, numbers, nil
}
