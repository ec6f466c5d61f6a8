package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// pair is a connection over loopback: both its ends.
func pair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// serve runs s and returns how to reach it.
func serve(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Drain(context.Background())
		if err := <-done; err != ErrClosed {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func TestLimit(t *testing.T) {
	s := &Server{MaxConnections: 1, Handle: func(_ context.Context, l *Link) { io.Copy(l.Conn, l.Conn) }}
	address := serve(t, s)
	first := dial(t, address)
	echo(t, first)
	p, err := wire.NewConn(dial(t, address)).ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := wire.DecodeError(p); err != nil || e.Code != wire.CodeTooManyConnections || e.State != "08004" {
		t.Error(e, err)
	}
	first.Close()
	for range 100 {
		if s.Counts().Current == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	echo(t, dial(t, address))
	if c := s.Counts(); c.Accepted != 2 || c.Refused != 1 {
		t.Errorf("%+v", c)
	}
}

func echo(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// flaky is a listener whose first accepts fail.
type flaky struct {
	net.Listener
	failures atomic.Int32
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, errors.New("accept: too many open files")
	}
	return f.Listener.Accept()
}

func TestAcceptBackoff(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{Listener: l}
	f.failures.Store(4)
	s := &Server{Handle: func(_ context.Context, l *Link) { io.Copy(l.Conn, l.Conn) }}
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- s.Serve(f) }()
	echo(t, dial(t, l.Addr().String()))
	if d := time.Since(began); d < 75*time.Millisecond { // 5 + 10 + 20 + 40
		t.Error("did not back off:", d)
	}
	go s.Drain(context.Background())
	if err := <-done; err != ErrClosed {
		t.Error(err)
	}
}

func TestPanicEndsOneSession(t *testing.T) {
	s := &Server{Handle: func(_ context.Context, l *Link) {
		b := make([]byte, 1)
		l.Conn.Read(b)
		if b[0] == '!' {
			panic("as asked")
		}
		io.Copy(l.Conn, l.Conn)
	}}
	address := serve(t, s)
	bad := dial(t, address)
	bad.Write([]byte("!"))
	if _, err := bad.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	good := dial(t, address)
	good.Write([]byte("a"))
	echo(t, good)
}

// TestReaper lets each side vanish while the session reads the other.
func TestReaper(t *testing.T) {
	killed := make(chan uint32, 1)
	gone := make(chan bool, 1)
	ours, upstream := pair(t)
	handlers := make(chan func(*Link), 2)
	handlers <- func(l *Link) {
		l.SetUpstream(ours, 42)
		l.Busy()
		ours.Read(make([]byte, 1))
	}
	s := &Server{
		Kill:   func(_ context.Context, id uint32) error { killed <- id; return nil },
		Handle: func(_ context.Context, l *Link) { (<-handlers)(l) },
	}
	address := serve(t, s)
	c := dial(t, address)
	c.Close()
	select {
	case id := <-killed:
		if id != 42 {
			t.Error(id)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("client not missed")
	}
	upstream.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := upstream.Read(make([]byte, 1)); err != io.EOF {
		t.Error("upstream connection not closed:", err)
	}
	for s.Counts().Current > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	second, upstream := pair(t)
	handlers <- func(l *Link) {
		l.SetUpstream(second, 43)
		l.Idle(false)
		_, err := l.Conn.Read(make([]byte, 1))
		gone <- l.UpstreamGone() && err != nil
	}
	dial(t, address)
	time.Sleep(100 * time.Millisecond)
	upstream.Write([]byte("last words"))
	upstream.Close()
	select {
	case ok := <-gone:
		if !ok {
			t.Error("session not told")
		}
	case <-time.After(5 * time.Second):
		t.Error("upstream not missed")
	}
	if n := s.Counts().Reaped; n != 2 {
		t.Error(n)
	}
}

// TestDrainDuringHandshake does not wait for clients that have not logged in.
func TestDrainDuringHandshake(t *testing.T) {
	s := &Server{DrainTimeout: 30 * time.Second, Handle: func(_ context.Context, l *Link) { l.Conn.Read(make([]byte, 1)) }}
	address := serve(t, s)
	dial(t, address)
	for s.Counts().Current == 0 {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	s.Drain(context.Background())
	if d := time.Since(began); d > 5*time.Second {
		t.Error(d)
	}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err != nil || s.Serve(l) != ErrClosed {
		t.Error("served after a drain")
	}
}

// Who comes as a drain begins gets an answer to the first command; who had one is woken at once.
func TestDrainFirstCommand(t *testing.T) {
	for _, test := range []struct {
		served bool
		want   string
	}{{false, "command"}, {true, ""}} {
		got := make(chan string, 1)
		s := &Server{DrainTimeout: 30 * time.Second, Handle: func(_ context.Context, l *Link) {
			if test.served {
				l.Served()
			}
			l.Idle(false)
			b := make([]byte, 7)
			n, _ := io.ReadFull(l.Conn, b)
			l.Busy()
			got <- string(b[:n])
		}}
		c := dial(t, serve(t, s))
		for s.Counts().Current == 0 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond) // the session reads
		drained := make(chan struct{})
		go func() { s.Drain(context.Background()); close(drained) }()
		if test.served {
			<-drained
		} else {
			time.Sleep(50 * time.Millisecond)
			if _, err := io.WriteString(c, "command"); err != nil {
				t.Error(err)
			}
			<-drained
		}
		if g := <-got; g != test.want {
			t.Errorf("served before: %t: read %q, want %q", test.served, g, test.want)
		}
	}
}

func TestMarksAllocateNothing(t *testing.T) {
	a, _ := pair(t)
	l := NewLink(a)
	if n := testing.AllocsPerRun(100, func() { l.Busy(); l.Idle(true); l.Idle(false) }); n != 0 {
		t.Error(n)
	}
}
