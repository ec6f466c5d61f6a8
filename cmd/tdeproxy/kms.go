package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/filekms"
)

// kmsTry bounds one call of a KMS.
const kmsTry = 15 * time.Second

// opener opens the KMS of a URL.
type opener func(context.Context, *url.URL) (keyring.KMS, error)

// drivers open a KMS by its URL's scheme. Those of kms_*.go can be left out of the binary by a build tag, or come with
// one (docs/kms.md); each lives with its dependencies in a package of its own.
func drivers() map[string]opener {
	all := map[string]opener{
		"alicloudkms":   alicloudKMS(),
		"awskms":        awsKMS(),
		"azurekeyvault": azureKeyVault(),
		"gcpkms":        googleKMS(),
		"kmip":          kmipServer(),
		"pkcs11":        pkcs11Token(),
		"vault":         vaultTransit(),
	}
	maps.DeleteFunc(all, func(_ string, open opener) bool { return open == nil })
	return all
}

// driver makes an opener of a package's function.
func driver[K keyring.KMS](open func(context.Context, *url.URL) (K, error)) opener {
	return func(ctx context.Context, u *url.URL) (keyring.KMS, error) {
		kms, err := open(ctx, u)
		if err != nil {
			return nil, err
		}
		return kms, nil
	}
}

// openKMS opens the KMS that the configuration names, and has it asked again while it is unavailable.
func openKMS(ctx context.Context, cfg config.Keyring, log *slog.Logger) (keyring.KMS, error) {
	if path, ok := strings.CutPrefix(cfg.KMS, "file:"); ok {
		return filekms.New(path)
	}
	u, err := url.Parse(cfg.KMS)
	if err != nil { // whose text would show the URL, and what somebody put into it
		return nil, errors.New("keyring.kms: is not a URL; docs/kms.md has an example of each kind")
	}
	open, ok := drivers()[u.Scheme]
	if !ok {
		return nil, fmt.Errorf("keyring.kms: this tdeproxy was built without the KMS %q; docs/kms.md says how to build it with it", u.Scheme)
	}
	kms, err := open(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("keyring.kms: %w", err)
	}
	return &keyring.Patient{KMS: kms, Timeout: cfg.KMSTimeout, Try: kmsTry, Waiting: func(err error, next time.Duration) {
		log.Warn("waiting for the KMS", "error", err, "next_try", next.Round(time.Millisecond).String())
	}}, nil
}
