package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

func issueCommand() *cobra.Command {
	var names []string
	var client, out string
	cmd := verb("issue -c FILE", "Have the built-in CA issue a certificate",
		`Issue replaces the server's certificate and key by new ones for localhost, this host's name, sslcert.names and
--names. A running proxy takes them into use by itself. With --out they go into that folder instead, for use elsewhere.

With --client it makes a certificate for a client of that name, as NAME-cert.pem and NAME-key.pem, and keeps no copy.
It writes over no file of another folder than sslcert.dir. The CA's key, ca-key.pem, has to be in sslcert.dir.`,
		func(cmd *cobra.Command, cfg *config.Config) error {
			if client != "" {
				return issueClient(cmd, cfg, client, out)
			}
			return issueServer(cmd, cfg, names, out)
		})
	cmd.Flags().StringSliceVar(&names, "names", nil, "further `NAMES` and addresses, separated by commas")
	cmd.Flags().StringVar(&client, "client", "", "make a client's certificate for `NAME`")
	cmd.Flags().StringVar(&out, "out", "", "`FOLDER` to write to (a client's: the working directory)")
	cmd.MarkFlagsMutuallyExclusive("client", "names")
	return cmd
}

func issueServer(cmd *cobra.Command, cfg *config.Config, names []string, out string) error {
	names = slices.Concat(cfg.SSLCert.Names, names)
	if out != "" {
		pair, err := sslcert.NewAuthority(cfg.SSLCert.Dir, nil).IssueOther(names)
		if err != nil {
			return err
		}
		return writePair(cmd, out, "server", pair)
	}
	ca, err := authority(cfg)
	if err != nil {
		return err
	}
	leaf, err := ca.IssueServer(names)
	if err != nil {
		return err
	}
	printCertificate(cmd.OutOrStdout(), sslcert.ServerCertFile, leaf)
	return nil
}

func issueClient(cmd *cobra.Command, cfg *config.Config, name, out string) error {
	pair, err := sslcert.NewAuthority(cfg.SSLCert.Dir, nil).IssueClient(name)
	if err != nil {
		return err
	}
	if out == "" {
		out = "."
	}
	return writePair(cmd, out, name, pair)
}

func writePair(cmd *cobra.Command, dir, name string, pair sslcert.Pair) error {
	certFile, keyFile, err := sslcert.WritePair(dir, name, pair)
	clear(pair.Key)
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), "made key", keyFile)
	printCertificate(cmd.OutOrStdout(), certFile, pair.Leaf)
	return nil
}

func renewCommand() *cobra.Command {
	return verb("renew -c FILE", "Have the built-in CA renew the server's certificate",
		`Renew replaces the server's certificate and key by new ones of the same CA for the same names and for sslcert.names.
A running proxy takes them into use by itself, and clients notice nothing. The proxy does the same by itself when a
third of the certificate's life is left; see sslcert.renew_before.`,
		func(cmd *cobra.Command, cfg *config.Config) error {
			ca, err := authority(cfg)
			if err != nil {
				return err
			}
			leaf, err := ca.Renew(cfg.SSLCert.Names)
			if err != nil {
				return err
			}
			printCertificate(cmd.OutOrStdout(), sslcert.ServerCertFile, leaf)
			return nil
		})
}
