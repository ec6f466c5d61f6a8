package main

import (
	"context"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
)

// sessions makes a session of each client's connection.
type sessions struct {
	dialer *upstream.Dialer
	admin  *upstream.Admin
}

// newSessions prepares the way upstream.
func (s *service) newSessions(context.Context) (*sessions, error) {
	u := s.cfg.Upstream
	dialer, err := upstream.NewDialer(upstream.Config{
		Address: u.Address,
		TLS:     upstream.TLS{Mode: upstream.Mode(u.TLS), CA: u.CA, Cert: u.Cert, Key: u.Key},
		Timeout: u.ConnectTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("[upstream]: %w", err)
	}
	return &sessions{dialer: dialer, admin: upstream.NewAdmin(dialer, u.User, string(u.Password))}, nil
}

func (s *sessions) handle(ctx context.Context, link *proxy.Link) {
}

func (s *sessions) kill(ctx context.Context, id uint32) error { return s.admin.Kill(ctx, id) }

func (s *sessions) close() { s.admin.Close() }
