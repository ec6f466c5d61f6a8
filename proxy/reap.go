package proxy

import (
	"context"
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// reapInterval is how often the reaper looks, and so how long a vanished peer may go unnoticed.
const reapInterval = time.Second

// hangup is what a peer that has closed, or a connection that broke, shows.
const hangup = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR

// reap looks at all sessions once a second until the server is drained. A session blocked on one side cannot see the
// other vanish, and a second goroutine or a poll for each command would cost every command; a look a second does not.
func (s *Server) reap() {
	tick := time.NewTicker(reapInterval)
	defer tick.Stop()
	var links []*Link
	var fds []unix.PollFd
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		links = s.snapshot(links)
		fds = s.look(links, fds[:0])
		clear(links)
	}
}

// look polls, in one system call, the side of each session that the session does not itself read.
func (s *Server) look(links []*Link, fds []unix.PollFd) []unix.PollFd {
	for _, l := range links {
		_, fd := l.other()
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLRDHUP})
	}
	if n, err := unix.Poll(fds, 0); errors.Is(err, unix.EINTR) {
		// A signal came; the next look is soon.
	} else if err != nil {
		s.log().Warn("polling sessions failed", "error", err)
	} else if n > 0 {
		for i, l := range links {
			if fds[i].Revents&hangup != 0 {
				s.condemn(l)
			}
		}
	}
	s.mu.Lock()
	limit := s.IdleTimeout
	s.mu.Unlock()
	for _, l := range links {
		s.age(l, limit)
	}
	return fds
}

// other is the connection that the session is not reading now: none during the handshake, which has a timeout.
func (l *Link) other() (syscall.RawConn, int) {
	end := l.upstream.Load()
	if end == nil {
		return nil, -1
	}
	switch l.activity() {
	case waitsUpstream:
		return l.raw, l.fd
	case idle, inTransaction:
		return end.raw, end.fd
	}
	return nil, -1
}

// condemn ends a session whose other side has gone, after a second look: between the poll and now the session may have
// moved on, or its descriptor may have become another connection's.
func (s *Server) condemn(l *Link) {
	before := l.state.Load()
	raw, _ := l.other()
	if raw == nil || l.condemned || !gone(raw) || l.state.Load() != before {
		return
	}
	l.condemned = true
	if activity(before&activityMask) != waitsUpstream {
		s.reaped.Add(1)
		l.upstreamGone.Store(true)
		l.wake()
		return
	}
	end := l.upstream.Load()
	if !s.hold(l) {
		return
	}
	s.reaped.Add(1)
	go func() {
		defer s.handlers.Done()
		defer l.sever()
		if s.Kill == nil {
			return
		}
		ctx, cancel := context.WithTimeout(s.ctx, killTimeout)
		defer cancel()
		if err := s.Kill(ctx, end.id); err != nil {
			s.log().Warn("killing the connection of a vanished client failed", "connection", end.id, "error", err)
		}
	}()
}

// hold counts one more goroutine that Drain waits for, unless the session has ended already.
func (s *Server) hold(l *Link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.links[l]
	if ok {
		s.handlers.Add(1)
	}
	return ok
}

// gone polls one connection, held so that its descriptor stays its own.
func gone(raw syscall.RawConn) bool {
	found := false
	err := raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(p, 0)
		found = err == nil && n > 0 && p[0].Revents&hangup != 0
	})
	return err == nil && found
}

// age ends a session whose client has been silent for limit; 0 is for ever.
func (s *Server) age(l *Link, limit time.Duration) {
	state := l.state.Load()
	if state != l.seen {
		l.seen, l.unchanged = state, 0
		return
	}
	l.unchanged++
	a := activity(state & activityMask)
	if limit <= 0 || a != idle && a != inTransaction || l.condemned {
		return
	}
	if time.Duration(l.unchanged)*reapInterval >= limit {
		l.condemned = true
		s.reaped.Add(1)
		l.idleExpired.Store(true)
		l.wake()
	}
}
