package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

const (
	maxIdleAdmin = 4 // admin connections kept for the next query
	freshAdmin   = 100 * time.Millisecond
	idleAdmin    = 5 * time.Minute // older ones may have met upstream's wait_timeout
)

// Admin is the proxy's own account at upstream: a pool of connections for queries about catalog and processes. It is
// safe for use by many goroutines.
type Admin struct {
	dialer         *Dialer
	user, password string

	mu     sync.Mutex
	idle   []idleConn
	closed bool
}

type idleConn struct {
	conn  *client.Conn
	since time.Time
}

// NewAdmin makes a pool; it connects when the first query comes.
func NewAdmin(d *Dialer, user, password string) *Admin {
	return &Admin{dialer: d, user: user, password: password}
}

// Conn opens a connection of its own, for work that holds session state. The caller closes it.
func (a *Admin) Conn(ctx context.Context) (*client.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, a.dialer.timeout)
	defer cancel()
	var socket net.Conn
	var useTLS bool
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		s, err := a.dialer.Dial(ctx)
		if err != nil {
			return nil, err
		}
		if useTLS, err = s.WantsTLS(); err != nil {
			s.Close()
			return nil, err
		}
		socket = s.Socket
		context.AfterFunc(ctx, func() {
			if ctx.Err() == context.DeadlineExceeded {
				socket.Close()
			}
		})
		return &greeted{Conn: socket, greeting: frame(s.Greeting.Append(nil))}, nil
	}
	setTLS := func(c *client.Conn) error {
		if useTLS {
			c.SetTLSConfig(a.dialer.tls)
		}
		return c.SetCollation("utf8mb4_general_ci") // both flavours know it; the library's default only one
	}
	c, err := client.ConnectWithDialer(ctx, a.dialer.network, a.dialer.address, a.user, a.password, "", dial, setTLS)
	if err != nil {
		return nil, fmt.Errorf("upstream: admin connection: %w", translate(err))
	}
	return c, nil
}

// frame puts a header before the first packet of a connection.
func frame(payload []byte) []byte {
	n := len(payload)
	return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0}, payload...)
}

// greeted is a connection whose greeting was read already and is read once more from memory.
type greeted struct {
	net.Conn
	greeting []byte
}

func (g *greeted) Read(b []byte) (int, error) {
	if len(g.greeting) == 0 {
		return g.Conn.Read(b)
	}
	n := copy(b, g.greeting)
	g.greeting = g.greeting[n:]
	return n, nil
}

// Query runs one statement and returns its whole result. With args it is prepared. Errors of the server are *wire.Error.
// A ctx that ends closes the connection below the statement.
func (a *Admin) Query(ctx context.Context, sql string, args ...any) (*mysql.Result, error) {
	c, err := a.get(ctx)
	if err != nil {
		return nil, err
	}
	result, err := run(ctx, c, sql, args)
	if err != nil && !isServerError(err) {
		c.Close()
		return nil, fmt.Errorf("upstream: admin query: %w", errors.Join(context.Cause(ctx), err))
	}
	a.put(c)
	return result, translate(err)
}

// Exec runs one statement and returns how many rows it affected.
func (a *Admin) Exec(ctx context.Context, sql string, args ...any) (affected uint64, err error) {
	r, err := a.Query(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return r.AffectedRows, nil
}

// Kill ends the connection of that id. One that is gone already is no error.
func (a *Admin) Kill(ctx context.Context, connectionID uint32) error {
	_, err := a.Exec(ctx, fmt.Sprintf("KILL %d", connectionID))
	var e *wire.Error
	if errors.As(err, &e) && e.Code == mysql.ER_NO_SUCH_THREAD {
		return nil
	}
	return err
}

// Close closes the idle connections; those in use close when their query ends.
func (a *Admin) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for _, i := range a.idle {
		i.conn.Close()
	}
	a.idle = nil
}

func run(ctx context.Context, c *client.Conn, sql string, args []any) (*mysql.Result, error) {
	stop := context.AfterFunc(ctx, func() { c.Conn.Conn.Close() })
	defer stop()
	return c.Execute(sql, args...)
}

// get takes an idle connection that still answers, or opens one. It asks rather than to repeat a statement that failed:
// that one might have run.
func (a *Admin) get(ctx context.Context) (*client.Conn, error) {
	for {
		i, ok := a.pop()
		if !ok {
			return a.Conn(ctx)
		}
		age := time.Since(i.since)
		if age < freshAdmin || age < idleAdmin && ping(ctx, i.conn) {
			return i.conn, nil
		}
		i.conn.Close()
	}
}

func (a *Admin) pop() (i idleConn, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.idle)
	if n == 0 {
		return i, false
	}
	i, a.idle = a.idle[n-1], a.idle[:n-1]
	return i, true
}

func ping(ctx context.Context, c *client.Conn) bool {
	stop := context.AfterFunc(ctx, func() { c.Conn.Conn.Close() })
	defer stop()
	return c.Ping() == nil
}

func (a *Admin) put(c *client.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(a.idle) >= maxIdleAdmin {
		c.Close()
		return
	}
	a.idle = append(a.idle, idleConn{c, time.Now()})
}

func isServerError(err error) bool {
	var e *mysql.MyError
	return errors.As(err, &e)
}

// translate makes a server's error a *wire.Error.
func translate(err error) error {
	var e *mysql.MyError
	if errors.As(err, &e) {
		return &wire.Error{Code: e.Code, State: e.State, Message: e.Message}
	}
	return err
}
