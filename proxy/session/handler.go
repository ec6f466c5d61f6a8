package session

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

const (
	// DefaultHandshakeTimeout is MySQL's default of connect_timeout.
	DefaultHandshakeTimeout = 10 * time.Second
	// DefaultMaxPacket is MySQL's default of max_allowed_packet.
	DefaultMaxPacket = 64 << 20

	maxHandshakePacket = 256 << 10 // connection attributes may have 64 KiB
)

// Guard sees each command of one session first.
type Guard interface {
	// Command is given a command packet, valid until the next read from the client. With handled true the guard has sent
	// the whole answer, or there is none; with false the session passes the packet on. A *wire.Error is sent to the client;
	// any other error ends the session.
	Command(s *Session, packet []byte) (handled bool, err error)
	// Reset forgets the session's state, which COM_CHANGE_USER or COM_RESET_CONNECTION has just thrown away upstream.
	Reset()
	// Close comes once, when the session ends.
	Close()
}

// Config is what sessions have in common.
type Config struct {
	// Dialer reaches upstream.
	Dialer *upstream.Dialer
	// TLS gives the configuration for a client that asks for TLS; nil, or a nil result, offers none.
	TLS func() *tls.Config
	// RequireSecureTransport says whether clients in clear are refused with error 3159; nil is no.
	RequireSecureTransport func() bool
	// ServerTLS lets SQL show and change the proxy's side of TLS, where Guard is Encrypt's; nil leaves it to upstream.
	ServerTLS *ServerTLS
	// Accounts knows which accounts demand what of their clients' TLS; nil checks nothing.
	Accounts *Accounts
	// Guard makes the guard of a session once its client has logged in; nil passes everything through.
	Guard func(*Session) Guard
	// Withheld says whether clients are not offered MariaDB's COM_STMT_BULK_EXECUTE, for which a Guard needs an evaluator: drivers
	// execute row by row then. nil is no.
	Withheld func() bool
	// HandshakeTimeout bounds the time from accepting to the end of the login; 0 is DefaultHandshakeTimeout.
	HandshakeTimeout time.Duration
	// MaxPacket bounds the commands that a guard is given, in bytes; 0 is DefaultMaxPacket. Without a guard commands are
	// passed on in pieces, and upstream's limit is the only one.
	MaxPacket int
	// Log gets what is odd; nil discards it.
	Log *slog.Logger
}

// Handler serves clients by one Config.
type Handler struct {
	cfg        Config
	key        rsaKey
	handshakes handshakes
}

// NewHandler makes a handler; cfg.Dialer must be set.
func NewHandler(cfg Config) *Handler {
	if cfg.HandshakeTimeout <= 0 {
		cfg.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if cfg.MaxPacket <= 0 {
		cfg.MaxPacket = DefaultMaxPacket
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Handler{cfg: cfg}
}

// Handle serves the client of link until either side ends: it is what proxy.Server's Handle wants.
func (h *Handler) Handle(ctx context.Context, link *proxy.Link) {
	s := &Session{handler: h, link: link, client: wire.NewConn(link.Conn)}
	defer s.close()
	err := s.login(ctx)
	if err == nil {
		err = s.serve()
	}
	if err != nil && !errors.Is(err, errTold) {
		h.cfg.Log.Debug("session ended", "connection", s.id, "error", err)
	}
}

// errTold ends a session whose client knows why, or needs not be told.
var errTold = errors.New("session: ended")
