package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/filekms"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

// inventory says which of the things that a first start makes are there. A thing that cannot be looked at is an error,
// and not absent.
type inventory struct {
	certificates bool // also where they are looked after elsewhere, and are never made here
	elsewhere    bool
	keyring      bool
	cmk          bool // the key file of a file: KMS; true for other kinds, which are never made here
}

func takeInventory(cfg *config.Config) (inventory, error) {
	var have inventory
	var err error
	if have.elsewhere = cfg.SSLCert.Cert != ""; have.elsewhere {
		have.certificates = true
	} else if have.certificates, err = sslcert.Exists(cfg.SSLCert.Dir); err != nil {
		return have, err
	}
	if have.keyring, err = exists(cfg.Keyring.File); err != nil {
		return have, err
	}
	have.cmk = true
	if path, ok := cmkFile(cfg.Keyring); ok {
		have.cmk, err = exists(path)
	}
	return have, err
}

// cmkFile is the path of a file: KMS.
func cmkFile(cfg config.Keyring) (string, bool) { return strings.CutPrefix(cfg.KMS, "file:") }

// exists says whether a path is there, a dangling symbolic link included.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// firstStart makes everything when neither a keyring nor certificates exist, and nothing otherwise.
func firstStart(ctx context.Context, cfg *config.Config, log *slog.Logger) (made []string, err error) {
	have, err := takeInventory(cfg)
	if err != nil || have.keyring || have.certificates && !have.elsewhere {
		return nil, err
	}
	return complete(ctx, cfg, log, have)
}

// complete makes what is not there yet, and tells what it made. The master key comes first and the certificates last:
// after a kill in between, the next run goes on.
func complete(ctx context.Context, cfg *config.Config, log *slog.Logger, have inventory) (made []string, err error) {
	if !have.keyring {
		if made, err = makeKeys(ctx, cfg, log, have); err != nil {
			return made, err
		}
	}
	if have.certificates {
		return made, nil
	}
	created, err := sslcert.Create(cfg.SSLCert.Dir, certOptions(cfg))
	if created {
		made = append(made, "certificates "+cfg.SSLCert.Dir)
	}
	return made, err
}

// makeKeys makes the CMK, where a file holds it and is absent, and the keyring.
func makeKeys(ctx context.Context, cfg *config.Config, log *slog.Logger, have inventory) (made []string, err error) {
	if path, ok := cmkFile(cfg.Keyring); ok && !have.cmk {
		if err := makeCMK(path); err != nil {
			return made, err
		}
		made = append(made, "master key "+path)
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Keyring.File), 0o700); err != nil {
		return made, fmt.Errorf("folder of keyring.file: %w", err)
	}
	kms, err := openKMS(ctx, cfg.Keyring, log)
	if err != nil {
		return made, err
	}
	ring, err := keyring.Create(ctx, cfg.Keyring.File, kms)
	if err != nil {
		return made, err
	}
	ring.Destroy()
	return append(made, "keyring "+cfg.Keyring.File), nil
}

// makeCMK makes the key file of a file: KMS.
func makeCMK(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("folder of keyring.kms: %w", err)
	}
	return filekms.Create(path)
}

// openRing opens the keyring, and makes nothing.
func openRing(ctx context.Context, cfg *config.Config, log *slog.Logger) (*keyring.Ring, error) {
	kms, err := openKMS(ctx, cfg.Keyring, log)
	if err != nil {
		return nil, err
	}
	return keyring.Open(ctx, cfg.Keyring.File, kms)
}

// openCertificates opens the certificate folder, and makes nothing.
func openCertificates(cfg *config.Config) (*sslcert.Store, error) {
	store, err := sslcert.Open(cfg.SSLCert.Dir, certOptions(cfg))
	if errors.Is(err, sslcert.ErrNotExist) {
		err = fmt.Errorf("%w: restore it, or run tdeproxy init to have a new one made", err)
	}
	return store, err
}

func certOptions(cfg *config.Config) sslcert.Options {
	return sslcert.Options{
		Cert:              cfg.SSLCert.Cert,
		Key:               cfg.SSLCert.Key,
		CA:                cfg.SSLCert.CA,
		Names:             cfg.SSLCert.Names,
		ClientCA:          cfg.SSLCert.ClientCA,
		RequireClientCert: cfg.SSLCert.RequireClientCert,
		CRL:               cfg.SSLCert.CRL,
	}
}
