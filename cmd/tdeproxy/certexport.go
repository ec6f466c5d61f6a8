package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

func exportCommand() *cobra.Command {
	var format, password, out string
	cmd := verb("export -c FILE", "Write the CA for clients, in the form that they want",
		`Export writes what clients should trust, ca.pem, to --out or standard output: as pem for most clients, as jks for Java
(trustCertificateKeyStoreUrl of Connector/J) and as p7b for Windows. While the CA is replaced it holds both of them.`,
		func(cmd *cobra.Command, cfg *config.Config) error {
			return export(cmd, cfg, format, password, out)
		})
	cmd.Flags().StringVar(&format, "format", "pem", strings.Join(sslcert.Formats(), ", "))
	cmd.Flags().StringVar(&password, "password", "changeit", "of the jks trust store; it protects nothing secret")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write to")
	return cmd
}

func export(cmd *cobra.Command, cfg *config.Config, format, password, out string) error {
	file := cfg.SSLCert.CA
	if file == "" {
		file = filepath.Join(cfg.SSLCert.Dir, sslcert.CAFile)
	}
	cas, err := sslcert.ReadCertificates(file)
	if err != nil {
		return err
	}
	data, err := sslcert.Export(cas, format, password)
	if err != nil {
		return err
	}
	if out != "" {
		return os.WriteFile(out, data, 0o644)
	}
	if format != "pem" && isTerminal(cmd.OutOrStdout()) {
		return fmt.Errorf("%s is not for a terminal; name a file with --out", format)
	}
	_, err = cmd.OutOrStdout().Write(data)
	return err
}
