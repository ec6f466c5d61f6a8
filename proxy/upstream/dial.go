package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// DefaultTimeout bounds connecting, up to and with the greeting, where Config gives no other.
const DefaultTimeout = 10 * time.Second

// Config says where upstream is.
type Config struct {
	Address string        // host:port, or the path of a unix socket
	TLS     TLS           // how to protect the connection
	Timeout time.Duration // for connecting; 0 is DefaultTimeout
}

// Dialer connects to one upstream. It is safe for use by many goroutines.
type Dialer struct {
	network, address string
	mode             Mode
	tls              *tls.Config
	timeout          time.Duration
}

// ErrNoTLS says that upstream offers no TLS and the mode demands it.
var ErrNoTLS = errors.New("upstream: server offers no TLS")

// NewDialer checks cfg and reads its certificate files.
func NewDialer(cfg Config) (*Dialer, error) {
	d := &Dialer{network: "tcp", address: cfg.Address, mode: cfg.TLS.Mode, timeout: cfg.Timeout}
	if d.timeout <= 0 {
		d.timeout = DefaultTimeout
	}
	if d.mode == "" {
		d.mode = Preferred
	}
	if strings.Contains(cfg.Address, "/") {
		d.network = "unix"
	} else if _, _, err := net.SplitHostPort(cfg.Address); err != nil {
		return nil, fmt.Errorf("upstream: address: %w", err)
	}
	var err error
	d.tls, err = cfg.TLS.config(hostOf(d.network, d.address))
	return d, err
}

// Server is a fresh connection to upstream, which has sent its greeting and waits for the answer.
type Server struct {
	Conn     *wire.Conn
	Socket   net.Conn // the socket itself, below any TLS
	Greeting *wire.Handshake
	dialer   *Dialer
	secure   bool
}

// Dial connects and reads the greeting. When upstream answers with an error instead, that is the *wire.Error returned.
func (d *Dialer) Dial(ctx context.Context) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	var nd net.Dialer
	socket, err := nd.DialContext(ctx, d.network, d.address)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	s := &Server{Conn: wire.NewConn(socket), Socket: socket, dialer: d, secure: d.network == "unix"}
	if err := s.greet(ctx); err != nil {
		socket.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) greet(ctx context.Context) error {
	defer closeOn(ctx, s.Socket)()
	packet, err := s.Conn.ReadPacket()
	if err != nil {
		return fmt.Errorf("upstream: reading greeting: %w", err)
	}
	if wire.IsError(packet) {
		refused, err := wire.DecodeError(packet)
		if err != nil {
			return fmt.Errorf("upstream: reading greeting: %w", err)
		}
		return refused
	}
	s.Greeting, err = wire.DecodeHandshake(packet)
	if err != nil {
		return fmt.Errorf("upstream: reading greeting: %w", err)
	}
	if !s.Greeting.Capabilities.Has(wire.Protocol41 | wire.PluginAuth | wire.SecureConnection) {
		return fmt.Errorf("upstream: server %s is too old", s.Greeting.Version)
	}
	return nil
}

// closeOn closes c when ctx ends before the returned func is called.
func closeOn(ctx context.Context, c net.Conn) func() {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	return func() { stop() }
}

// WantsTLS reports whether the mode asks for TLS on this connection: Preferred does where the server offers it and the
// way is a network.
func (s *Server) WantsTLS() (bool, error) {
	offered := s.Greeting.Capabilities.Has(wire.SSL)
	switch {
	case s.dialer.tls == nil:
		return false, nil
	case s.dialer.mode == Preferred:
		return offered && s.dialer.network != "unix", nil
	case !offered:
		return false, ErrNoTLS
	}
	return true, nil
}

// StartTLS asks for TLS with req and goes on inside it.
func (s *Server) StartTLS(ctx context.Context, req wire.SSLRequest) error {
	req.Capabilities |= wire.SSL
	if err := s.Conn.WritePacket(req.Append(nil)); err != nil {
		return err
	}
	if err := s.Conn.Flush(); err != nil {
		return fmt.Errorf("upstream: asking for TLS: %w", err)
	}
	c := tls.Client(s.Socket, s.dialer.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("upstream: TLS: %w", err)
	}
	s.secure = true
	return s.Conn.Upgrade(c)
}

// Secure reports whether nobody between can listen: over TLS or a unix socket.
func (s *Server) Secure() bool { return s.secure }

// Close closes the connection.
func (s *Server) Close() error { return s.Socket.Close() }
