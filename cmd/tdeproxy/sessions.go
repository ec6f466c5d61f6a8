package main

import (
	"context"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/session"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
)

// sessions makes a session of each client's connection.
type sessions struct {
	handler    *session.Handler
	admin      *upstream.Admin
	encryption *encryption
}

// newSessions prepares the way upstream. It waits for upstream: without its schema nobody knows what is encrypted there.
func (s *service) newSessions(ctx context.Context) (*sessions, error) {
	u := s.cfg.Upstream
	dialer, err := upstream.NewDialer(upstream.Config{
		Address: u.Address,
		TLS:     upstream.TLS{Mode: upstream.Mode(u.TLS), CA: u.CA, Cert: u.Cert, Key: u.Key},
		Timeout: u.ConnectTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("[upstream]: %w", err)
	}
	admin := upstream.NewAdmin(dialer, u.User, string(u.Password))
	enc, err := s.openEncryption(ctx, admin)
	if err != nil {
		admin.Close()
		return nil, err
	}
	enc.rewrap(ctx, s.log)
	s.accounts = session.NewAccounts(admin, s.log)
	s.accounts.Check(ctx)
	s.catalog.Store(enc.catalog)
	handler := session.NewHandler(session.Config{
		Dialer:                 dialer,
		TLS:                    s.certs.Config,
		RequireSecureTransport: s.live.requireSecure.Load,
		ServerTLS:              s.serverTLS(),
		Accounts:               s.accounts,
		Guard:                  session.Encrypt(context.WithoutCancel(ctx), enc.catalog, int(s.cfg.Listen.MaxAllowedPacket)),
		Withheld:               enc.catalog.WithholdsBulk,
		HandshakeTimeout:       s.cfg.Listen.HandshakeTimeout,
		MaxPacket:              int(s.cfg.Listen.MaxAllowedPacket),
		Log:                    s.log,
	})
	return &sessions{handler: handler, admin: admin, encryption: enc}, nil
}

func (s *sessions) handle(ctx context.Context, link *proxy.Link) { s.handler.Handle(ctx, link) }

// kill ends what is done for a client that has gone.
func (s *sessions) kill(ctx context.Context, id uint32) error {
	s.encryption.catalog.Kill(id)
	return s.admin.Kill(ctx, id)
}

func (s *sessions) close() {
	s.encryption.close()
	s.admin.Close()
}
