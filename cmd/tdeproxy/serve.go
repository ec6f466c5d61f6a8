package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

func serveCommand() *cobra.Command {
	return verb("serve -c FILE", "Run the proxy",
		`Serve runs the proxy until SIGTERM or SIGINT, which drain it: no client is accepted any more, idle ones are
disconnected, and those in a transaction have listen.drain_timeout to end it. A second signal ends them at once. SIGHUP
reloads the certificates.

A very first start, when neither the keyring nor the certificates exist, makes both.`,
		serve)
}

// service is everything that a running proxy consists of.
type service struct {
	cfg   *config.Config
	log   *slog.Logger
	ring  *keyring.Ring
	certs *sslcert.Store
	proxy *proxy.Server
	admin *admin
}

func serve(cmd *cobra.Command, cfg *config.Config) error {
	s := &service{cfg: cfg, log: newLogger(cfg.Log, cmd.ErrOrStderr())}
	// From here on a signal ends the start as well, in order.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := s.open(cmd.Context()); err != nil {
		return err
	}
	defer s.ring.Destroy()
	listener, err := net.Listen("tcp", cfg.Listen.Address)
	if err != nil {
		return fmt.Errorf("listen.address: %w", err)
	}
	defer listener.Close()
	s.proxy = &proxy.Server{
		MaxConnections: cfg.Listen.MaxConnections,
		DrainTimeout:   cfg.Listen.DrainTimeout,
		IdleTimeout:    cfg.Listen.IdleTimeout,
		Log:            s.log,
	}
	if s.admin, err = startAdmin(cfg.Admin.Address, newMetrics(s.proxy, s.certs, s.ring), s.log); err != nil {
		return err
	}
	defer s.admin.stop()
	sessions, err := s.start(cmd.Context(), signals)
	if err != nil || sessions == nil {
		return err
	}
	defer sessions.close()
	s.proxy.Handle, s.proxy.Kill = sessions.handle, sessions.kill
	return s.run(cmd.Context(), listener, signals)
}

// start waits for upstream and reads its schema. A signal meanwhile ends the start: sessions is nil then.
func (s *service) start(ctx context.Context, signals chan os.Signal) (*sessions, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case sig := <-signals:
				if sig != syscall.SIGHUP {
					stopped = true
					cancel()
					return
				}
			}
		}
	}()
	out, err := s.newSessions(ctx)
	cancel()
	<-done
	if stopped {
		if out != nil {
			out.close()
		}
		return nil, nil
	}
	return out, err
}

// open makes what a very first start makes, and opens keys and certificates.
func (s *service) open(ctx context.Context) error {
	made, err := firstStart(ctx, s.cfg)
	for _, thing := range made {
		s.log.Info("first start", "made", thing)
	}
	if err != nil {
		return err
	}
	if s.ring, err = openRing(ctx, s.cfg); err != nil {
		return err
	}
	if s.certs, err = openCertificates(s.cfg); err != nil {
		s.ring.Destroy()
		return err
	}
	s.warn()
	return nil
}

// Below these a start warns.
const (
	certificateLeft    = 30 * 24 * time.Hour
	descriptorsSpare   = 100 // listeners, files, admin connections
	descriptorsSession = 2   // a client's and upstream's
)

// warn logs what does not stop a start, but will hurt later.
func (s *service) warn() {
	if why := keyring.Swappable(); why != "" {
		s.log.Warn(why)
	}
	if end := s.certs.Snapshot().Certificate.Leaf.NotAfter; time.Until(end) < certificateLeft {
		s.log.Warn("the certificate ends soon; renew it", "not_after", end)
	}
	var limit syscall.Rlimit
	need := uint64(descriptorsSession*s.cfg.Listen.MaxConnections + descriptorsSpare)
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < need {
		s.log.Warn("the limit of open files is too low for listen.max_connections; raise LimitNOFILE",
			"limit", limit.Cur, "needed", need)
	}
}

// run serves clients until a signal has drained the proxy.
func (s *service) run(ctx context.Context, listener net.Listener, signals <-chan os.Signal) error {
	ended := make(chan error, 1)
	go func() { ended <- s.proxy.Serve(listener) }()
	s.admin.ready.Store(true)
	s.log.Info("listening", "address", listener.Addr().String(), "upstream", s.cfg.Upstream.Address,
		"keyring", s.ring.ID(), "version", version)
	notify("READY=1")
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("listen.address: %w", err)
		case sig := <-signals:
			if sig == syscall.SIGHUP {
				s.reload()
				continue
			}
			s.drain(ctx, sig, signals)
			if err := <-ended; !errors.Is(err, proxy.ErrClosed) {
				return err
			}
			return nil
		}
	}
}

// drain ends the sessions in good order, or at once after a second signal.
func (s *service) drain(ctx context.Context, sig os.Signal, signals <-chan os.Signal) {
	s.admin.ready.Store(false)
	notify("STOPPING=1")
	s.log.Info("draining", "signal", sig.String(), "connections", s.proxy.Counts().Current, "timeout", s.cfg.Listen.DrainTimeout.String())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case sig := <-signals:
				if sig != syscall.SIGHUP {
					s.log.Warn("ending the remaining sessions now", "signal", sig.String())
					cancel()
					return
				}
			}
		}
	}()
	s.proxy.Drain(ctx)
	s.log.Info("drained")
}

// reload takes new certificates into use, or says why not.
func (s *service) reload() {
	if err := s.certs.Reload(); err != nil {
		s.log.Error("certificates not reloaded, the old ones stay", "error", err)
		return
	}
	snap := s.certs.Snapshot()
	s.log.Info("certificates reloaded", "generation", snap.Generation, "not_after", snap.Certificate.Leaf.NotAfter)
}
