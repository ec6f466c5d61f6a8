package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// codeCannotConnect is a client library's code (CR_CONN_HOST_ERROR); it is what proxies of MySQL send for want of one.
const codeCannotConnect uint16 = 2003

// login connects upstream, shakes hands with both sides and relays the authentication.
func (s *Session) login(ctx context.Context) error {
	deadline := time.Now().Add(s.handler.cfg.HandshakeTimeout)
	s.link.Conn.SetDeadline(deadline)
	_, s.secure = s.link.Conn.(*net.UnixConn)
	s.client.SetLimit(maxHandshakePacket)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	if err := s.connect(ctx, deadline); err != nil {
		return err
	}
	if err := s.greet(); err != nil {
		return err
	}
	hello, err := s.hello(ctx)
	if err != nil {
		s.excuse()
		return err
	}
	if err := s.introduce(ctx, hello); err != nil {
		return err
	}
	compress := hello.Capabilities.Has(wire.Compress)
	if err := s.authenticate(hello.Plugin); err != nil {
		return err
	}
	if compress {
		if err := s.startCompression(); err != nil {
			return err
		}
	}
	s.client.SetLimit(s.handler.cfg.MaxPacket)
	s.up.SetLimit(wire.DefaultLimit)
	s.link.Conn.SetDeadline(time.Time{})
	s.server.Socket.SetDeadline(time.Time{})
	if s.handler.cfg.Guard != nil {
		s.guard = s.handler.cfg.Guard(s)
	}
	return nil
}

// connect dials upstream. What upstream says instead of a greeting is the client's to hear.
func (s *Session) connect(ctx context.Context, deadline time.Time) error {
	server, err := s.handler.cfg.Dialer.Dial(ctx)
	var refused *wire.Error
	switch {
	case errors.As(err, &refused):
		return s.refuse(refused)
	case err != nil:
		s.handler.cfg.Log.Warn("upstream not reached", "error", err)
		return s.refuse(wire.NewError(codeCannotConnect, "Can't connect to MySQL server"))
	}
	s.server, s.up = server, server.Conn
	server.Socket.SetDeadline(deadline)
	s.id, s.version = server.Greeting.ConnectionID, server.Greeting.Version
	s.status, s.scramble = server.Greeting.Status, server.Greeting.Scramble
	s.link.SetUpstream(server.Socket, s.id)
	return nil
}

// refuse sends e and ends the session.
func (s *Session) refuse(e *wire.Error) error {
	if err := s.SendError(e); err != nil {
		return err
	}
	return errTold
}

// excuse ends the login upstream for a client that never came to it: as a user who is nobody. Upstream counts a login that
// is broken off, and after max_connect_errors of them in a row it blocks the host, which is the proxy and so everybody; one
// that it denies it does not count. A load balancer that only looks whether the port is open would be enough.
func (s *Session) excuse() {
	s.server.Socket.SetDeadline(time.Now().Add(lastWords))
	nobody := wire.HandshakeResponse{User: "tdeproxy client gone", Plugin: s.server.Greeting.Plugin,
		Capabilities: wire.Protocol41 | wire.SecureConnection | wire.PluginAuth | wire.LongPassword}
	reply := nobody.Append(nil)
	for range 3 { // upstream may want another method first
		if s.send(reply) != nil {
			return
		}
		packet, err := s.up.ReadPacket()
		if err != nil || len(packet) == 0 || packet[0] == 0x00 || packet[0] == 0xff {
			return
		}
		reply = nil
	}
}

func (s *Session) clientTLS() *tls.Config {
	if s.handler.cfg.TLS == nil {
		return nil
	}
	return s.handler.cfg.TLS()
}

// greet presents upstream's greeting, with the capabilities that can be passed on and TLS as this proxy has it.
func (s *Session) greet() error {
	g := *s.server.Greeting
	s.offered = wire.Supported
	if withheld := s.handler.cfg.Withheld; withheld != nil && withheld() {
		s.offered &^= wire.MariaDBBulkOperations
	}
	g.Capabilities &= s.offered
	if s.clientTLS() != nil {
		g.Capabilities |= wire.SSL
	}
	g.Capabilities |= wire.Compress // of the client's side alone
	return s.finish(s.client.WritePacket(g.Append(nil)))
}

// hello reads the client's answer to the greeting, through TLS if it asks for that.
func (s *Session) hello(ctx context.Context) (*wire.HandshakeResponse, error) {
	packet, err := s.client.ReadPacket()
	if err != nil {
		return nil, s.badHandshake(err)
	}
	if _, err := wire.DecodeSSLRequest(packet); err == nil {
		if err := s.startTLS(ctx); err != nil {
			return nil, err
		}
		if packet, err = s.client.ReadPacket(); err != nil {
			return nil, s.badHandshake(err)
		}
	}
	hello, err := wire.DecodeHandshakeResponse(packet)
	if err != nil || hello.Capabilities.Has(wire.SSL) && !s.secure {
		return nil, s.badHandshake(wire.ErrMalformed)
	}
	hello.Auth = append([]byte(nil), hello.Auth...)
	hello.Attributes = append([]byte(nil), hello.Attributes...)
	s.password = hasPassword(hello.Auth)
	if s.requiresSecure() && !s.secure {
		return nil, s.refuse(wire.NewError(wire.CodeSecureTransport,
			"Connections using insecure transport are prohibited while --require_secure_transport=ON."))
	}
	return hello, nil
}

func (s *Session) requiresSecure() bool {
	f := s.handler.cfg.RequireSecureTransport
	return f != nil && f()
}

// badHandshake answers what is no handshake. A client that closed or said nothing hears nothing.
func (s *Session) badHandshake(err error) error {
	if errors.Is(err, wire.ErrMalformed) || errors.Is(err, wire.ErrSequence) || errors.Is(err, wire.ErrTooLarge) {
		return s.refuse(wire.NewError(wire.CodeHandshake, "Bad handshake"))
	}
	return fmt.Errorf("session: handshake: %w", err)
}

// startTLS goes on inside TLS. The client need not wait for an answer to its request, so its first TLS bytes may have
// been read with it; they are handed to TLS and nothing else.
func (s *Session) startTLS(ctx context.Context) error {
	cfg := s.clientTLS()
	if cfg == nil {
		return s.badHandshake(wire.ErrMalformed)
	}
	count := &s.handler.handshakes
	count.begun.Add(1)
	c := tls.Server(&prefixed{Conn: s.link.Conn, prefix: s.client.TakeBuffered()}, cfg)
	if err := c.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("session: TLS: %w", err)
	}
	count.done.Add(1)
	state := c.ConnectionState()
	if state.DidResume {
		count.resumed.Add(1)
	}
	s.secure, s.tls = true, &state
	return s.client.Upgrade(c)
}

// startCompression goes on in compressed frames, after the login as the protocol has it.
func (s *Session) startCompression() error {
	return s.client.Upgrade(wire.Compressed(&prefixed{Conn: s.client.NetConn(), prefix: s.client.TakeBuffered()}))
}

// prefixed is a connection of which some was read already.
type prefixed struct {
	net.Conn
	prefix []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.prefix) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.prefix)
	p.prefix = p.prefix[n:]
	return n, nil
}

// introduce tells upstream who the client is, through TLS if the mode asks for that.
func (s *Session) introduce(ctx context.Context, hello *wire.HandshakeResponse) error {
	// The first bit means different things to MySQL and MariaDB; a MariaDB reads it as "no extended capabilities".
	s.caps = hello.Capabilities & s.offered & (s.server.Greeting.Capabilities | wire.LongPassword)
	s.user, s.database, s.charset = hello.User, hello.Database, uint16(hello.Charset)
	out := *hello
	out.Capabilities = s.caps
	useTLS, err := s.server.WantsTLS()
	if err == nil && useTLS {
		out.Capabilities |= wire.SSL
		req := wire.SSLRequest{Capabilities: out.Capabilities, MaxPacket: out.MaxPacket, Charset: out.Charset}
		err = s.server.StartTLS(ctx, req)
	}
	if err != nil {
		s.handler.cfg.Log.Warn("upstream not reached", "error", err)
		return s.refuse(wire.NewError(codeCannotConnect, "Can't connect to MySQL server"))
	}
	if err := s.clearPassword(hello.Plugin); err != nil {
		return err
	}
	return s.send(out.Append(nil))
}

// send writes one packet to upstream.
func (s *Session) send(packet []byte) error {
	if err := s.up.WritePacket(packet); err != nil {
		return &wire.BrokenError{Conn: s.up, Err: err}
	}
	if err := s.up.Flush(); err != nil {
		return &wire.BrokenError{Conn: s.up, Err: err}
	}
	return nil
}
