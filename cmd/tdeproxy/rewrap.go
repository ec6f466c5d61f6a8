package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
)

func rewrapCommand() *cobra.Command {
	var url string
	cmd := withFile("rewrap --kms URL -c FILE", "Move the keyring to another KMS, or to another key of the same",
		`Rewrap opens the keyring with the KMS that FILE names, has every key wrapped by the KMS at URL, sees that this one gives
them back, and replaces the keyring file whole. The file as it was stays beside it, and opens with the KMS before. URL is
written as keyring.kms is; the key file of a file: KMS is made where there is none.

FILE is yours to change after: rewrap prints the line. No table and no row is touched, and a running proxy goes on.`,
		interruptible(func(cmd *cobra.Command, path string) error {
			cfg, err := config.Load(path)
			if err != nil {
				return err
			}
			to, err := cfg.Keyring.WithKMS(url, path, "--kms")
			if err != nil {
				return err
			}
			return rewrapKeyring(cmd, &move{cfg: cfg, path: path, url: url, to: to})
		}))
	cmd.Flags().StringVar(&url, "kms", "", "`URL` of the KMS key to move to")
	if err := cmd.MarkFlagRequired("kms"); err != nil {
		panic("tdeproxy: internal error: " + err.Error())
	}
	return cmd
}

// move is a rewrap's way.
type move struct {
	cfg  *config.Config
	path string         // of the configuration file
	url  string         // as it was given
	to   config.Keyring // the keyring's configuration after
}

func rewrapKeyring(cmd *cobra.Command, m *move) error {
	log := newLogger(m.cfg.Log, cmd.ErrOrStderr())
	from, ring, err := openBoth(cmd.Context(), m.cfg, log)
	if err != nil {
		return err
	}
	defer ring.Destroy()
	out := cmd.OutOrStdout()
	target, made, err := openTarget(cmd.Context(), m.to, log)
	if made != "" {
		fmt.Fprintln(out, "made master key", made)
	}
	if err != nil {
		return err
	}
	next, err := ring.Rewrap(cmd.Context(), m.cfg.Keyring.File, from, target)
	if err != nil {
		return err
	}
	defer next.Destroy()
	printKeyring(out, m.to, next)
	fmt.Fprintf(out, "before      %s\n\n", keyring.Before(m.cfg.Keyring.File, next.Generation()))
	if m.to.KMS != m.cfg.Keyring.KMS {
		fmt.Fprintf(out, "Now change %s, without which the next start fails:\n\n    [keyring]\n    kms = %q\n\n", m.path, m.url)
	}
	fmt.Fprint(out, `Back the keyring file up now, with nothing but the new KMS key needed to open it. Keep the KMS key before for as long as
backups of the keyring need it; "before" opens with that key only, and may be deleted with it.
`)
	return nil
}

// openTarget opens the KMS to move to, and makes the key file of a file: KMS where there is none.
func openTarget(ctx context.Context, to config.Keyring, log *slog.Logger) (kms keyring.KMS, made string, err error) {
	if path, ok := cmkFile(to); ok {
		there, err := exists(path)
		if err != nil {
			return nil, "", fmt.Errorf("--kms: %w", err)
		}
		if !there {
			if err := makeCMK(path); err != nil {
				return nil, "", fmt.Errorf("--kms: %w", err)
			}
			made = path
		}
	}
	kms, err = openKMS(ctx, to, log)
	if err != nil {
		return nil, made, fmt.Errorf("--kms: %w", err)
	}
	return kms, made, nil
}
