package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
)

func keyringCommand() *cobra.Command {
	return group("keyring", "Look after the master keys",
		verb("show -c FILE", "Open the keyring and list its master keys",
			"Show asks the KMS for the keys, as a start does, and prints everything about them but the keys.", showKeyring))
}

func showKeyring(cmd *cobra.Command, cfg *config.Config) error {
	ring, err := openRing(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	defer ring.Destroy()
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "file        %s\nkms         %s\nid          %s\ngeneration  %d\n",
		cfg.Keyring.File, cfg.Keyring.KMS, ring.ID(), ring.Generation())
	for _, v := range ring.Versions() {
		state := ""
		if v.Number == ring.Active() {
			state = "  active"
		}
		fmt.Fprintf(out, "master key  version %d  created %s%s\n", v.Number, v.Created.UTC().Format(time.RFC3339), state)
	}
	return nil
}
