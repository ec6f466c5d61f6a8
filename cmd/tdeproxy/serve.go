package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/session"
	"github.com/tdeproxy/tdeproxy/sslcert"
	"github.com/tdeproxy/tdeproxy/tde/audit"
	"github.com/tdeproxy/tdeproxy/tde/exec"
)

func serveCommand() *cobra.Command {
	return withFile("serve -c FILE", "Run the proxy",
		`Serve runs the proxy until SIGTERM or SIGINT, which drain it: no client is accepted any more, idle ones are
disconnected, and those in a transaction have listen.drain_timeout to end it. A second signal ends them at once. SIGHUP
reloads the certificates, and of the configuration what a running proxy can change; certificate files that change are taken
into use by themselves.

A very first start, when neither the keyring nor the certificates exist, makes both.`,
		func(cmd *cobra.Command, path string) error {
			cfg, err := config.Load(path)
			if err != nil {
				return err
			}
			return serve(cmd, cfg, path)
		})
}

// service is everything that a running proxy consists of.
type service struct {
	cfg   *config.Config
	live  live
	log   *slog.Logger
	ring  rings
	certs *sslcert.Store
	proxy *proxy.Server
	admin *admin

	started time.Time
	history history
	opened  atomic.Bool // ring and certs are open

	audit    *audit.Log        // nil where none is kept
	tracer   *tracer           // nil where nobody collects traces
	renewer  *sslcert.Renewer  // nil where the certificate is renewed elsewhere
	accounts *session.Accounts // once sessions have begun
	// catalog is nil until upstream's schema has been read.
	catalog atomic.Pointer[exec.Catalog]
}

func serve(cmd *cobra.Command, cfg *config.Config, path string) error {
	s := &service{cfg: cfg, started: time.Now()}
	s.log = leveledLogger(cfg.Log, cmd.ErrOrStderr(), &s.live.level)
	s.live.path = path
	s.live.requireSecure.Store(cfg.Listen.RequireSecureTransport)
	// From here on a signal ends the start as well, in order.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	s.proxy = &proxy.Server{
		MaxConnections: cfg.Listen.MaxConnections,
		DrainTimeout:   cfg.Listen.DrainTimeout,
		IdleTimeout:    cfg.Listen.IdleTimeout,
		Log:            s.log,
	}
	if err := s.openObservers(cmd.Context()); err != nil {
		return err
	}
	defer s.closeObservers()
	metrics := newMetrics(s.proxy, newFullFetches(s), newStatements(s))
	passed, passedAdmin, err := passedListeners()
	if err != nil {
		return err
	}
	// Before anything is waited for: a probe must see the process live while the KMS or upstream is down.
	if s.admin, err = startAdmin(cfg.Admin.Address, passedAdmin, metrics, s.advisor(), s.log); err != nil {
		return err
	}
	defer s.admin.stop()
	defer s.wipe()
	if stopped, err := untilSignal(cmd.Context(), signals, s.open); err != nil || stopped {
		return err
	}
	go s.history.run(cmd.Context(), s.figures)
	unwatch, err := s.watchCertificates(cmd.Context())
	if err != nil {
		return err
	}
	defer unwatch()
	registerOpened(metrics, s.certs, s.renewer, &s.ring)
	listener, err := listen("listen.address", cfg.Listen.Address, passed)
	if err != nil {
		return err
	}
	defer listener.Close()
	var sessions *sessions
	stopped, err := untilSignal(cmd.Context(), signals, func(ctx context.Context) (err error) {
		sessions, err = s.newSessions(ctx)
		return err
	})
	if sessions != nil {
		defer sessions.close()
	}
	if err != nil || stopped {
		return err
	}
	s.proxy.Handle, s.proxy.Kill = sessions.handle, sessions.kill
	return s.run(cmd.Context(), listener, signals)
}

// figures are what sessions have counted; nil before there are any.
func (s *service) figures() *exec.Figures {
	if c := s.catalog.Load(); c != nil {
		return c.Figures()
	}
	return nil
}

// wipeTime is how long the end of the process waits for the last expanded key to be out of use: that takes milliseconds.
const wipeTime = 2 * time.Second

// wipe ends the keyring, once no session is left: no key of a table, and none that opens them, is in memory after.
func (s *service) wipe() {
	if s.ring.get() == nil {
		return
	}
	s.ring.destroy()
	if left := keyring.Forget(wipeTime); left > 0 {
		s.log.Warn("expanded keys are left in memory until the process ends", "count", left)
	}
}

// open makes what a very first start makes, and opens keys and certificates.
func (s *service) open(ctx context.Context) error {
	made, err := firstStart(ctx, s.cfg, s.log)
	for _, thing := range made {
		s.log.Info("first start", "made", thing)
	}
	if err != nil {
		return err
	}
	ring, err := openRing(ctx, s.cfg, s.log)
	if err != nil {
		return err
	}
	s.ring.use(ring)
	debug.FreeOSMemory() // a KMS's client has left answers with keys in it
	if s.certs, err = openCertificates(s.cfg); err != nil {
		return err
	}
	s.warn()
	s.opened.Store(true)
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
		"keyring", s.ring.get().ID(), "version", version)
	notify("READY=1")
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("listen.address: %w", err)
		case sig := <-signals:
			if sig == syscall.SIGHUP {
				s.reloadConfig()
				s.reopenAudit()
				s.accounts.Flush()
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
