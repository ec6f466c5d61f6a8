package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
)

func keyringCommand() *cobra.Command {
	return group("keyring", "Look after the master keys",
		verb("show -c FILE", "Open the keyring and list its master keys",
			"Show asks the KMS for the keys, as a start does, and prints everything about them but the keys.",
			interruptible(showKeyring)),
		verb("rotate -c FILE", "Add a master key version, which wraps new table keys from then on",
			`Rotate makes a master key, has the KMS wrap it and adds it to the keyring file, which is replaced whole. Table keys that
older versions wrapped open as before; no row is touched. A running proxy goes on with the version that it knows, and takes the
new one into use at ALTER INSTANCE RELOAD KEYRING or when it is started again; then it wraps the keys of all tables by it.`,
			interruptible(rotateKeyring)),
		rewrapCommand())
}

func showKeyring(cmd *cobra.Command, cfg *config.Config) error {
	ring, err := openRing(cmd.Context(), cfg, newLogger(cfg.Log, cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	defer ring.Destroy()
	printKeyring(cmd.OutOrStdout(), cfg.Keyring, ring)
	return nil
}

func printKeyring(out io.Writer, cfg config.Keyring, ring *keyring.Ring) {
	fmt.Fprintf(out, "file        %s\nkms         %s\nid          %s\ngeneration  %d\n",
		cfg.File, cfg.KMS, ring.ID(), ring.Generation())
	for _, v := range ring.Versions() {
		state := ""
		if v.Number == ring.Active() {
			state = "  active"
		}
		fmt.Fprintf(out, "master key  version %d  created %s%s\n", v.Number, v.Created.UTC().Format(time.RFC3339), state)
	}
}

func rotateKeyring(cmd *cobra.Command, cfg *config.Config) error {
	kms, ring, err := openBoth(cmd.Context(), cfg, newLogger(cfg.Log, cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	defer ring.Destroy()
	next, err := ring.Rotate(cmd.Context(), cfg.Keyring.File, kms)
	if err != nil {
		return err
	}
	defer next.Destroy()
	out := cmd.OutOrStdout()
	printKeyring(out, cfg.Keyring, next)
	fmt.Fprintf(out, `
Back this file up now: a backup from before does not open tables that are made or wrapped from now on.
A running proxy does not see the new version: it uses version %d until ALTER INSTANCE RELOAD KEYRING through it, or a start. Then
it wraps the keys of all tables by the new one; until then, and after a kill, they open under the one that they have.
`, ring.Active())
	return nil
}

// openBoth opens the configured KMS, and the keyring by it.
func openBoth(ctx context.Context, cfg *config.Config, log *slog.Logger) (keyring.KMS, *keyring.Ring, error) {
	kms, err := openKMS(ctx, cfg.Keyring, log)
	if err != nil {
		return nil, nil, err
	}
	ring, err := keyring.Open(ctx, cfg.Keyring.File, kms)
	return kms, ring, err
}
