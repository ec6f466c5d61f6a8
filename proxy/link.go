package proxy

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// activity is what a session waits for.
type activity uint64

const (
	handshaking   activity = iota
	idle                   // for its client's next command, outside a transaction
	inTransaction          // for its client's next command, inside one
	waitsUpstream          // for upstream, on its client's behalf
	activityBits  = 2
	activityMask  = 1<<activityBits - 1
)

// Link is what server and session know of each other about one client. The session marks what it waits for; marks are
// one atomic store each, made by the session's goroutine alone.
type Link struct {
	Conn net.Conn // the client's connection; the server closes it after Handle

	state    atomic.Uint64 // activity, and above it a count of changes
	upstream atomic.Pointer[upstreamEnd]
	raw      syscall.RawConn // of Conn, nil when it has no descriptor
	fd       int

	draining     atomic.Bool
	served       atomic.Bool // a command
	upstreamGone atomic.Bool
	idleExpired  atomic.Bool

	seen      uint64 // the reaper's: state at its last look
	unchanged int    // for so many looks
	condemned bool
}

// upstreamEnd is the other connection of a session.
type upstreamEnd struct {
	conn net.Conn
	id   uint32
	raw  syscall.RawConn
	fd   int
}

// NewLink makes a link for a connection that no Server accepted. Nobody watches over it.
func NewLink(conn net.Conn) *Link {
	l := &Link{Conn: conn}
	l.raw, l.fd = descriptor(conn)
	return l
}

// descriptor finds the file descriptor below conn.
func descriptor(conn net.Conn) (syscall.RawConn, int) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil, -1
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, -1
	}
	fd := -1
	if err := raw.Control(func(p uintptr) { fd = int(p) }); err != nil {
		return nil, -1
	}
	return raw, fd
}

// SetUpstream names the session's upstream connection (the socket, not a TLS layer over it) and upstream's id for it.
func (l *Link) SetUpstream(conn net.Conn, connectionID uint32) {
	end := &upstreamEnd{conn: conn, id: connectionID}
	end.raw, end.fd = descriptor(conn)
	l.upstream.Store(end)
}

func (l *Link) mark(a activity) {
	l.state.Store((l.state.Load()>>activityBits+1)<<activityBits | uint64(a))
}

func (l *Link) activity() activity { return activity(l.state.Load() & activityMask) }

// Idle marks that the session waits for its client's next command. From now on a drain may end it, unless it is inside
// a transaction.
func (l *Link) Idle(transaction bool) {
	if transaction {
		l.mark(inTransaction)
		return
	}
	l.mark(idle)
}

// Busy marks that the session waits for upstream. A drain that began just before may have cut the next read short, so
// Busy lifts the deadline that it set.
func (l *Link) Busy() {
	l.mark(waitsUpstream)
	if l.draining.Load() {
		l.Conn.SetReadDeadline(time.Time{})
	}
}

// Draining reports whether the session is to end as soon as it is outside a transaction.
func (l *Link) Draining() bool { return l.draining.Load() }

// UpstreamGone reports that upstream has closed its connection while the session waited for its client; what upstream
// said before can still be read.
func (l *Link) UpstreamGone() bool { return l.upstreamGone.Load() }

// IdleExpired reports that the client was silent for longer than the server's IdleTimeout.
func (l *Link) IdleExpired() bool { return l.idleExpired.Load() }

// wake makes the session's read of its client return at once.
func (l *Link) wake() { l.Conn.SetReadDeadline(time.Unix(1, 0)) }

// Served marks that a command was answered.
func (l *Link) Served() { l.served.Store(true) }

// Ending reports whether the session is to end now, as it is outside a transaction: when its server drains, but one that began just
// before gets an answer first.
func (l *Link) Ending() bool { return l.draining.Load() && l.served.Load() }

// firstCommand is the time that a client has to log in and to send its first command once a drain has begun.
const firstCommand = 2 * time.Second

// drain asks the session to end, and wakes it where it waits outside a transaction: a client that has not had an answer yet a little
// later, so that who comes as the server goes is served still.
func (l *Link) drain() {
	l.draining.Store(true)
	wake := func() {
		if a := l.activity(); a == idle || a == handshaking {
			l.wake()
		}
	}
	if l.served.Load() {
		wake()
		return
	}
	time.AfterFunc(firstCommand, wake)
}

// sever closes both connections.
func (l *Link) sever() {
	if end := l.upstream.Load(); end != nil {
		end.conn.Close()
	}
	l.Conn.Close()
}
