package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
)

func initCommand() *cobra.Command {
	return withFile("init -c FILE", "Write a configuration file and make the keys and certificates that it names",
		`Init writes a commented FILE where there is none, and makes what FILE names and is not there yet: the CA and the
certificates, the keyring and, for kms = "file:…", the master key. It never writes over anything, and makes no master
key where there is a keyring already. Run it again after a change: it makes what is missing then.`,
		interruptible(func(cmd *cobra.Command, path string) error {
			written, err := writeTemplate(path)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if written {
				fmt.Fprintln(out, "made configuration", path)
			}
			cfg, err := config.Load(path)
			if err != nil {
				return err
			}
			have, err := takeInventory(cfg)
			if err != nil {
				return err
			}
			made, err := complete(cmd.Context(), cfg, newLogger(cfg.Log, cmd.ErrOrStderr()), have)
			for _, thing := range made {
				fmt.Fprintln(out, "made", thing)
			}
			if err != nil {
				return err
			}
			return proveUsable(cmd, cfg)
		}))
}

// writeTemplate writes the commented configuration where there is no file, and says whether it did. It may come to
// hold a password, so it is its owner's alone.
func writeTemplate(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("configuration: %w", err)
	}
	_, err = f.WriteString(config.Template())
	return true, errors.Join(err, f.Sync(), f.Close())
}

// proveUsable opens everything as serve will.
func proveUsable(cmd *cobra.Command, cfg *config.Config) error {
	ring, err := openRing(cmd.Context(), cfg, newLogger(cfg.Log, cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	ring.Destroy()
	_, err = openCertificates(cfg)
	return err
}
