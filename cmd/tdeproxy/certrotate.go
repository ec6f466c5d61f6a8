package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

func rotateCommand() *cobra.Command {
	var step int
	cmd := verb("rotate -c FILE", "Replace the built-in CA, one step at a time",
		`Rotate takes the next of three steps, or that of --step, and says what to do before the one after it:

  1  a new CA stands in ca.pem beside the old one; give that ca.pem to the clients
  2  the server's certificate is of the new CA; give new certificates to clients that have one
  3  the new CA stands in ca.pem alone

A running proxy follows by itself. A step that has been taken already changes nothing; after a kill, run it again.`,
		func(cmd *cobra.Command, cfg *config.Config) error {
			ca, err := authority(cfg)
			if err != nil {
				return err
			}
			r, err := ca.Rotate(step, cfg.SSLCert.Names)
			if err != nil {
				return err
			}
			printRotation(cmd, cfg, r)
			return nil
		})
	cmd.Flags().IntVar(&step, "step", 0, "take step `N` only, and only if it is next")
	return cmd
}

// printRotation says where a rotation is, and what to do before it goes on.
func printRotation(cmd *cobra.Command, cfg *config.Config, r sslcert.Rotation) {
	out := cmd.OutOrStdout()
	switch r.Next {
	case sslcert.StepIssue:
		fmt.Fprintf(out, `step 1 of 3 is done: ca.pem holds the new CA beside the old one
old CA    %s
new CA    %s
now       give the new ca.pem to every client that verifies the server (tdeproxy cert export); the old certificate
          goes on being served, and clients with the old ca.pem go on
then      tdeproxy cert rotate -c FILE --step 2
`, r.Old.Subject, r.New.Subject)
	case sslcert.StepDrop:
		fmt.Fprintf(out, `step 2 of 3 is done: the server's certificate is of the new CA, and so is all that is issued from now on
old CA    %s
new CA    %s
now       see that no client fails to verify the server: those that do lack the ca.pem of step 1
`, r.Old.Subject, r.New.Subject)
		if cfg.SSLCert.ClientCA != "" {
			fmt.Fprintln(out, "          give new certificates to clients that have one of the old CA (tdeproxy cert issue --client NAME)")
		}
		fmt.Fprintln(out, "then      tdeproxy cert rotate -c FILE --step 3")
	default:
		fmt.Fprintf(out, `the rotation is done: ca.pem holds the new CA alone
CA        %s
now       clients may drop the old CA whenever it suits them (tdeproxy cert export)
`, r.New.Subject)
	}
}
