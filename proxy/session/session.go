package session

import (
	"crypto/tls"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// Session is one client with its upstream connection. Its methods are for the goroutine that serves it: for the guard,
// while Command runs.
type Session struct {
	handler *Handler
	link    *proxy.Link
	client  *wire.Conn
	up      *wire.Conn
	server  *upstream.Server
	guard   Guard

	id       uint32
	version  string
	caps     wire.Capability
	offered  wire.Capability // to the client
	status   uint16
	user     string
	database string
	charset  uint16
	scramble []byte
	secure   bool                 // the client's side: TLS or a unix socket
	tls      *tls.ConnectionState // the client's side; nil without TLS
	password bool                 // the client has given one
	answer   wire.Response
}

// Client is the client's side.
func (s *Session) Client() *wire.Conn { return s.client }

// Upstream is the server's side.
func (s *Session) Upstream() *wire.Conn { return s.up }

// Capabilities are those that client, proxy and upstream have agreed on; both sides use the same.
func (s *Session) Capabilities() wire.Capability { return s.caps }

// Status is the flags of the last OK or EOF packet that upstream sent.
func (s *Session) Status() uint16 { return s.status }

// SetStatus is for a guard that read upstream's answer itself.
func (s *Session) SetStatus(flags uint16) { s.status = flags }

// User is the name that the client logged in with.
func (s *Session) User() string { return s.user }

// Peer is the client's address.
func (s *Session) Peer() string { return s.link.Conn.RemoteAddr().String() }

// Database is what the client chose when it logged in, empty for none; COM_INIT_DB and USE do not change it.
func (s *Session) Database() string { return s.database }

// Charset is the collation id that the client named when it logged in.
func (s *Session) Charset() uint16 { return s.charset }

// ConnectionID is upstream's, and the client's.
func (s *Session) ConnectionID() uint32 { return s.id }

// ServerVersion is upstream's version as SELECT VERSION() has it: without the "5.5.5-" that MariaDB's greeting puts before it.
func (s *Session) ServerVersion() string { return strings.TrimPrefix(s.version, "5.5.5-") }

// MariaDB reports whether upstream is one.
func (s *Session) MariaDB() bool { return strings.Contains(s.version, "MariaDB") }

// Secure reports whether the client came over TLS or a unix socket.
func (s *Session) Secure() bool { return s.secure }

// Busy marks that the session waits for upstream, so that a client that vanishes is noticed. It is so when a guard is
// called.
func (s *Session) Busy() { s.link.Busy() }

// Idle marks that the session waits for its client, as a guard does that reads from it.
func (s *Session) Idle() { s.link.Idle(true) }

// SendOK answers the client with ok; without a status in it, the session's.
func (s *Session) SendOK(ok wire.OK) error {
	if ok.Status == 0 {
		ok.Status = s.status &^ (wire.StatusMoreResults | wire.StatusSessionStateChanged)
	}
	return s.finish(s.client.End(ok.Append(s.client.Begin(), s.caps)))
}

// SendError answers the client with e.
func (s *Session) SendError(e *wire.Error) error {
	return s.finish(s.client.End(e.Append(s.client.Begin())))
}

func (s *Session) finish(err error) error {
	if err == nil {
		err = s.client.Flush()
	}
	if err != nil {
		return &wire.BrokenError{Conn: s.client, Err: err}
	}
	return nil
}

func (s *Session) close() {
	if s.guard != nil {
		s.guard.Close()
	}
	if s.server != nil {
		s.server.Close()
	}
}
