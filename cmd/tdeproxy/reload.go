package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/session"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

// live are the settings that change while the proxy runs.
type live struct {
	path          string // of the configuration file
	requireSecure atomic.Bool
	level         slog.LevelVar
}

// reloadConfig reads the configuration file anew and applies what a running proxy can take. A faulty file changes nothing.
func (s *service) reloadConfig() {
	next, err := config.Load(s.live.path)
	if err != nil {
		s.log.Error("configuration not reloaded, all settings stay", "faults", faultLines(err))
		return
	}
	taken, restart := config.Changed(s.cfg, next)
	if len(restart) > 0 {
		s.log.Warn("changed settings that need a restart stay as they were", "keys", restart)
	}
	// The file decides, also where a client's SET GLOBAL has changed the setting since.
	s.live.requireSecure.Store(next.Listen.RequireSecureTransport)
	_ = s.live.level.UnmarshalText([]byte(next.Log.Level)) // config has checked it
	l := next.Listen
	s.proxy.Adjust(proxy.Limits{MaxConnections: l.MaxConnections, DrainTimeout: l.DrainTimeout, IdleTimeout: l.IdleTimeout})
	now := &s.cfg.Listen
	now.RequireSecureTransport, now.MaxConnections, now.DrainTimeout, now.IdleTimeout =
		l.RequireSecureTransport, l.MaxConnections, l.DrainTimeout, l.IdleTimeout
	s.cfg.Log.Level = next.Log.Level
	s.log.Info("configuration reloaded", "changed", taken, "require_secure_transport", l.RequireSecureTransport)
}

// faultLines are the faults of a configuration, one a line of the file.
func faultLines(err error) []string {
	var faults config.Faults
	if !errors.As(err, &faults) {
		return []string{err.Error()}
	}
	lines := make([]string, len(faults))
	for i, f := range faults {
		lines[i] = f.String()
	}
	return lines
}

// serverTLS is the proxy's side of TLS as SQL sees it.
func (s *service) serverTLS() *session.ServerTLS {
	cfg := s.cfg.SSLCert
	ca := cfg.ClientCA // what MySQL's ssl_ca is for
	if ca == "" {
		ca = filepath.Join(cfg.Dir, sslcert.CAFile)
	}
	return &session.ServerTLS{
		Reload:        s.certs.Reload,
		RequireSecure: s.live.requireSecure.Store,
		Served: func() session.Served {
			snap := s.certs.Snapshot()
			leaf := snap.Certificate.Leaf
			return session.Served{
				NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, CA: ca, CRL: cfg.CRL, ClientAuth: snap.Config.ClientAuth,
				Cert: filepath.Join(cfg.Dir, sslcert.ServerCertFile), Key: filepath.Join(cfg.Dir, sslcert.ServerKeyFile),
			}
		},
	}
}
