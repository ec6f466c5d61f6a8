package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/sslcert"
	"github.com/tdeproxy/tdeproxy/sslcert/acme"
)

// watchCertificates has changed certificate files taken into use, and the certificate renewed in time where the proxy
// can, until the function is called that it returns.
func (s *service) watchCertificates(ctx context.Context) (stop func(), err error) {
	if err := s.openRenewer(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { sslcert.Watch(ctx, s.certs, sslcert.WatchOptions{Log: s.log}) })
	if s.renewer != nil {
		running.Go(func() { s.renewer.Run(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}, nil
}

// openRenewer prepares renewals, unless the certificate is looked after elsewhere.
func (s *service) openRenewer() error {
	cfg := &s.cfg.SSLCert
	if cfg.Cert != "" {
		return nil
	}
	options := sslcert.RenewOptions{Before: cfg.RenewBefore, Names: cfg.Names, Log: s.log}
	if cfg.ACME.Directory != "" {
		client, err := acme.New(acmeOptions(s, cfg))
		if err != nil {
			return fmt.Errorf("[sslcert.acme]: %w", err)
		}
		options.Obtain, options.ObtainNames = client.Obtain, cfg.ACME.Names
	}
	s.renewer = sslcert.NewRenewer(cfg.Dir, s.certs, options)
	return nil
}

func acmeOptions(s *service, cfg *config.SSLCert) acme.Options {
	return acme.Options{
		Directory:  cfg.ACME.Directory,
		Email:      cfg.ACME.Email,
		Names:      cfg.ACME.Names,
		Provider:   cfg.ACME.Provider,
		CA:         cfg.ACME.CA,
		Resolvers:  cfg.ACME.Resolvers,
		AccountKey: filepath.Join(cfg.Dir, acme.AccountKeyFile),
		Log:        s.log,
	}
}
