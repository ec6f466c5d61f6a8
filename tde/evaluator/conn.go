package evaluator

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// maxIdle is how many connections wait for the next call.
const maxIdle = 16

// conn is a connection to the server, with what is known of its session.
type conn struct {
	*client.Conn
	server  *server
	session Session
	set     bool // session holds
	twins   map[string]*twin
	oldest  []string // keys of twins, oldest first
	made    int      // twins so far
}

// result is a result of the text protocol.
type result struct{ *mysql.Result }

// text is a value as text, "" for NULL.
func (r result) text(row, column int) string {
	s, err := r.GetString(row, column)
	if err != nil {
		return ""
	}
	return s
}

// bytes is a value in a slice of its own, nil for NULL.
func (r result) bytes(row, column int) []byte {
	if v := r.Values[row][column]; v.Type == mysql.FieldValueTypeNull {
		return nil
	}
	return append([]byte{}, r.text(row, column)...)
}

// connect opens a connection: the client's character set is utf8mb4, and results come in their own.
func (s *server) connect(ctx context.Context, options ...client.Option) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := client.ConnectWithContext(ctx, s.socket, s.user, s.password, "", 10*time.Second, options...)
	if err != nil {
		return nil, err
	}
	if _, err := c.Execute("SET NAMES utf8mb4, character_set_results = NULL"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &conn{Conn: c, server: s, twins: map[string]*twin{}}, nil
}

// multiStatements lets a connection send several statements at once. That of Describe must not.
func multiStatements(c *client.Conn) error { return c.SetCapability(mysql.CLIENT_MULTI_STATEMENTS) }

// query runs one statement of the text protocol.
func (c *conn) query(sql string) (result, error) {
	r, err := c.Conn.Execute(sql)
	return result{r}, err
}

// each runs several statements in one round trip, and gives their results up to the first error.
func (c *conn) each(sql string) ([]result, error) {
	var all []result
	var failed error
	_, err := c.Conn.ExecuteMultiple(sql, func(r *mysql.Result, err error) {
		if err != nil {
			failed = err
			return
		}
		all = append(all, result{r})
	})
	if failed != nil {
		return all, failed
	}
	return all, err
}

// with runs fn on a pooled connection.
func (e *Evaluator) with(ctx context.Context, fn func(*conn) error) error {
	c, err := e.take(ctx)
	if err != nil {
		return err
	}
	if err := c.guard(ctx, fn); err != nil {
		if _, ok := errors.AsType[*wire.Error](err); !ok {
			_ = c.Conn.Close() // broken
			return err
		}
		e.give(c)
		return err
	}
	e.give(c)
	return nil
}

// alone runs fn on a connection of its own, which ends with it.
func (e *Evaluator) alone(ctx context.Context, fn func(*conn) error) error {
	c, err := e.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Conn.Close() //nolint:errcheck // nothing more is asked of it
	return c.guard(ctx, fn)
}

// guard ends what fn waits for when ctx does, and gives errors their place in the world.
func (c *conn) guard(ctx context.Context, fn func(*conn) error) error {
	stop := context.AfterFunc(ctx, func() { _ = c.Conn.SetDeadline(time.Unix(1, 0)) })
	err := fn(c)
	if !stop() && err == nil {
		err = ctx.Err() // the deadline is set: the connection is of no more use
	}
	if ctx.Err() != nil && err != nil {
		return fmt.Errorf("asking the evaluator: %w", ctx.Err())
	}
	return serverError(err)
}

// serverError tells what the server says from what happens to a connection. Errors of this package stay as they are.
func serverError(err error) error {
	if err == nil {
		return nil
	}
	if my, ok := errors.AsType[*mysql.MyError](err); ok {
		return &wire.Error{Code: my.Code, State: my.State, Message: my.Message}
	}
	if _, ok := errors.AsType[*wire.Error](err); ok || errors.Is(err, errOwn) {
		return err
	}
	return fmt.Errorf("%w (%w)", ErrUnavailable, err)
}

// errOwn marks errors that are not of a connection.
var errOwn = errors.New("evaluator")

func (e *Evaluator) take(ctx context.Context) (*conn, error) {
	s, err := e.present(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	for n := len(e.idle); n > 0; n = len(e.idle) {
		c := e.idle[n-1]
		e.idle = e.idle[:n-1]
		if c.server == s && c.open() {
			e.mu.Unlock()
			return c, nil
		}
		_ = c.Conn.Close() // its server is dead
	}
	e.mu.Unlock()
	return e.dial(ctx, multiStatements)
}

// dial opens a connection to the present server. One that has died a moment ago may not be known to be dead.
func (e *Evaluator) dial(ctx context.Context, options ...client.Option) (*conn, error) {
	for {
		s, err := e.present(ctx)
		if err != nil {
			return nil, err
		}
		c, err := s.connect(ctx, options...)
		if err == nil {
			return c, nil
		}
		if s.pid == 0 || !s.diesWithin(ctx, time.Second) {
			return nil, serverError(err)
		}
	}
}

// open says whether a connection is: nothing comes unasked but its end.
func (c *conn) open() bool {
	raw, ok := c.Conn.Conn.Conn.(syscall.Conn)
	if !ok {
		return true
	}
	rc, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	alive := false
	err = rc.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		alive = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err == nil && alive
}

func (e *Evaluator) give(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || c.server != e.server || len(e.idle) >= maxIdle {
		_ = c.Conn.Close()
		return
	}
	e.idle = append(e.idle, c)
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// hexString is a string literal that means the same under every sql_mode.
func hexString(s string) string { return fmt.Sprintf("_utf8mb4 x'%x'", s) }
