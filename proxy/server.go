package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

const (
	maxBackoff   = time.Second
	refusalWrite = 5 * time.Second // for telling a client that there are too many
	killTimeout  = 5 * time.Second
)

// Server accepts clients and gives each to Handle in a goroutine of its own. The fields are set before Serve.
type Server struct {
	// Handle serves one client until it returns; ctx ends when a drain has run out of time. The Server closes the
	// connection afterwards.
	Handle func(ctx context.Context, link *Link)
	// Kill ends upstream's connection of that id, whose client has vanished. nil only closes it.
	Kill func(ctx context.Context, connectionID uint32) error
	// MaxConnections is how many clients there may be; more get error 1040. 0 sets no limit.
	MaxConnections int
	// DrainTimeout is how long Drain waits for sessions inside a command or transaction. 0 is not at all.
	DrainTimeout time.Duration
	// IdleTimeout ends sessions whose client sends no command for so long. 0 leaves it to upstream's wait_timeout.
	IdleTimeout time.Duration
	// Log gets what is odd but no client's business. nil discards it.
	Log *slog.Logger

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	links     map[*Link]struct{}
	draining  bool
	cancel    context.CancelFunc
	ctx       context.Context
	handlers  sync.WaitGroup
	reaper    sync.Once
	stop      chan struct{} // closed when the drain is over

	accepted, refused, reaped atomic.Uint64
}

// Limits are those that may change while a Server runs; its fields of these names say what they mean.
type Limits struct {
	MaxConnections            int
	DrainTimeout, IdleTimeout time.Duration
}

// Adjust changes the limits of a running Server. Clients that are connected stay, however many they are.
func (s *Server) Adjust(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.MaxConnections, s.DrainTimeout, s.IdleTimeout = l.MaxConnections, l.DrainTimeout, l.IdleTimeout
}

// Counts says what a server has seen.
type Counts struct {
	Current  int    // clients connected now
	Accepted uint64 // clients ever given to Handle
	Refused  uint64 // clients turned away with error 1040
	Reaped   uint64 // sessions ended because one side had vanished or was silent for too long
}

// ErrClosed is what Serve returns after Drain.
var ErrClosed = errors.New("proxy: server closed")

// Serve accepts clients from l until Drain. It may run for several listeners at once.
func (s *Server) Serve(l net.Listener) error {
	if !s.begin(l) {
		l.Close()
		return ErrClosed
	}
	s.reaper.Do(func() { go s.reap() })
	var backoff time.Duration
	for {
		conn, err := l.Accept()
		if err == nil {
			backoff = 0
			s.admit(conn)
			continue
		}
		if s.isDraining() {
			return ErrClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		// Out of descriptors or memory: that passes. Accepting on at once would only burn the processor.
		backoff = min(max(2*backoff, 5*time.Millisecond), maxBackoff)
		s.log().Warn("accept failed", "error", err, "retry", backoff)
		time.Sleep(backoff)
	}
}

func (s *Server) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.New(slog.DiscardHandler)
}

func (s *Server) begin(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links == nil {
		s.links, s.listeners = map[*Link]struct{}{}, map[net.Listener]struct{}{}
		s.ctx, s.cancel = context.WithCancel(context.Background())
		s.stop = make(chan struct{})
	}
	if s.draining {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// admit starts a session, or turns the client away.
func (s *Server) admit(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetKeepAlive(true)
		tcp.SetKeepAlivePeriod(time.Minute)
	}
	link := NewLink(conn)
	s.mu.Lock()
	switch {
	case s.draining:
		s.mu.Unlock()
		conn.Close()
		return
	case s.MaxConnections > 0 && len(s.links) >= s.MaxConnections:
		s.mu.Unlock()
		s.refused.Add(1)
		refuse(conn)
		return
	}
	s.links[link] = struct{}{}
	s.handlers.Add(1)
	s.mu.Unlock()
	s.accepted.Add(1)
	go s.handle(link)
}

// refuse sends the first packet that a full server sends. It is short enough for any socket buffer, so it does not
// hold up accepting.
func refuse(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(refusalWrite))
	w := wire.NewConn(conn)
	if err := w.WritePacket(wire.NewError(wire.CodeTooManyConnections, "Too many connections").Append(nil)); err == nil {
		_ = w.Flush() // the client will see the end in any case
	}
	conn.Close()
}

func (s *Server) handle(link *Link) {
	defer s.handlers.Done()
	defer func() {
		s.mu.Lock()
		delete(s.links, link)
		s.mu.Unlock()
		link.Conn.Close()
	}()
	defer func() {
		if p := recover(); p != nil { // one session's fault is not to end all the others; p may hold a client's data
			s.log().Error("session panicked", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	s.Handle(s.ctx, link)
}

// Counts reads the counters.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	n := len(s.links)
	s.mu.Unlock()
	return Counts{Current: n, Accepted: s.accepted.Load(), Refused: s.refused.Load(), Reaped: s.reaped.Load()}
}

// snapshot copies the set of links to dst.
func (s *Server) snapshot(dst []*Link) []*Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	dst = dst[:0]
	for l := range s.links {
		dst = append(dst, l)
	}
	return dst
}

// Drain stops accepting, ends the sessions that are idle outside a transaction, waits for the others until they are, and
// severs what is left when DrainTimeout has passed or ctx ends. It returns when every Handle has.
func (s *Server) Drain(ctx context.Context) {
	s.mu.Lock()
	if s.draining || s.links == nil {
		s.draining = true
		s.mu.Unlock()
		s.handlers.Wait()
		return
	}
	s.draining = true
	for l := range s.listeners {
		l.Close()
	}
	limit := s.DrainTimeout
	s.mu.Unlock()
	for _, l := range s.snapshot(nil) {
		l.drain()
	}
	done := make(chan struct{})
	go func() { s.handlers.Wait(); close(done) }()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case <-done:
	case <-timeout.C:
	case <-ctx.Done():
	}
	s.cancel()
	for _, l := range s.snapshot(nil) {
		l.sever()
	}
	<-done
	close(s.stop)
}
