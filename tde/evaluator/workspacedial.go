package evaluator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// workspaceCaps are what a workspace asks for. LocalFiles is for loading rows: no file is read. Several statements in one are not among it: a Query is one statement,
// whatever its text.
const workspaceCaps = wire.LongFlag | wire.Protocol41 | wire.Transactions | wire.SecureConnection | wire.MultiResults |
	wire.LocalFiles | wire.PSMultiResults | wire.PluginAuth | wire.PluginAuthLenEncData | wire.DeprecateEOF | wire.MariaDBExtendedTypeInfo |
	wire.MariaDBBulkOperations

// utf8mb4Collation is utf8mb4_general_ci's id, which both flavours know.
const utf8mb4Collation = 45

// dialWorkspace opens a connection to the present server. One that has died a moment ago may not be known to be dead.
func (e *Evaluator) dialWorkspace(ctx context.Context) (*Workspace, error) {
	for {
		s, err := e.present(ctx)
		if err != nil {
			return nil, err
		}
		if err := e.account(ctx, s); err != nil {
			return nil, err
		}
		w, err := e.login(ctx, s)
		if err == nil {
			return w, nil
		}
		if _, ok := errors.AsType[*wire.Error](err); ok {
			return nil, fmt.Errorf("evaluator: logging in: %w", err)
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("asking the evaluator: %w", ctx.Err())
		}
		if s.pid == 0 || !s.diesWithin(ctx, time.Second) {
			return nil, fmt.Errorf("%w (%w)", ErrUnavailable, err)
		}
	}
}

func (e *Evaluator) login(ctx context.Context, s *server) (*Workspace, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "unix", s.socket)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	conn := wire.NewConn(nc)
	h, caps, err := authenticate(conn, s)
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	conn.SetLimit(int(e.cfg.MaxPacket))
	return &Workspace{
		e: e, server: s, conn: conn, caps: caps, id: h.ConnectionID,
		schemas: map[string]*privateSchema{}, tables: map[string]*loaded{}, have: map[string]string{},
		prepared: map[string]*preparedText{},
	}, nil
}

// authenticate greets a server and logs in.
func authenticate(c *wire.Conn, s *server) (*wire.Handshake, wire.Capability, error) {
	packet, err := c.ReadPacket()
	if err != nil {
		return nil, 0, err
	}
	if wire.IsError(packet) {
		return nil, 0, decoded(packet)
	}
	h, err := wire.DecodeHandshake(packet)
	if err != nil {
		return nil, 0, err
	}
	user, password := s.workspaceUser()
	caps := workspaceCaps & h.Capabilities
	if h.Capabilities.Has(wire.LongPassword) {
		caps |= wire.LongPassword
	}
	auth, err := scrambled(h.Plugin, h.Scramble, password)
	if err != nil {
		return nil, 0, err
	}
	response := wire.HandshakeResponse{
		Capabilities: caps, MaxPacket: 1 << 30, Charset: utf8mb4Collation, User: user, Auth: auth, Plugin: h.Plugin,
	}
	if err := errors.Join(c.WritePacket(response.Append(nil)), c.Flush()); err != nil {
		return nil, 0, err
	}
	return h, caps, finish(c, password)
}

// finish reads what a server says to a login, and answers.
func finish(c *wire.Conn, password string) error {
	for {
		packet, err := c.ReadPacket()
		if err != nil {
			return err
		}
		if len(packet) == 0 {
			return wire.ErrMalformed
		}
		var reply []byte
		switch packet[0] {
		case 0x00:
			return nil
		case 0xff:
			return decoded(packet)
		case 0xfe:
			a, err := wire.DecodeAuthSwitch(packet)
			if err != nil {
				return err
			}
			if reply, err = scrambled(a.Plugin, a.Data[:min(len(a.Data), 20)], password); err != nil {
				return err
			}
		case 0x01:
			if len(packet) == 2 && packet[1] == 3 { // caching_sha2_password knew it
				continue
			}
			reply = append([]byte(password), 0) // a unix socket counts as secure
		default:
			return wire.ErrMalformed
		}
		if err := errors.Join(c.WritePacket(reply), c.Flush()); err != nil {
			return err
		}
	}
}

func decoded(packet []byte) error {
	my, err := wire.DecodeError(packet)
	if err != nil {
		return err
	}
	return my
}

// scrambled is what an authentication method makes of a password.
func scrambled(plugin string, scramble []byte, password string) ([]byte, error) {
	if password == "" {
		return nil, nil
	}
	switch plugin {
	case "mysql_native_password":
		return mysql.CalcNativePassword(scramble, []byte(password)), nil
	case "caching_sha2_password":
		return mysql.CalcCachingSha2Password(scramble, []byte(password)), nil
	}
	return nil, fmt.Errorf("%w: evaluator.user has authentication method %q; give it mysql_native_password or caching_sha2_password", errOwn, plugin)
}

// kill stops what runs in the workspace: its statement's context has ended.
func (w *Workspace) kill() {
	_ = w.conn.NetConn().SetDeadline(time.Unix(1, 0)) // the reader wakes up; the server notices nothing of that
	w.e.background(w.server, fmt.Sprintf("KILL %d", w.id))
}

// close ends the connection and drops its schemas. One that may be at work is killed first.
func (w *Workspace) close() {
	_ = w.conn.NetConn().SetDeadline(time.Now().Add(time.Second))
	var statements []string
	if w.broken != nil || w.answer || w.ctx.Err() != nil {
		statements = append(statements, fmt.Sprintf("KILL %d", w.id))
	}
	_ = w.conn.NetConn().Close() // what it held goes with its schemas
	for _, p := range w.schemas {
		statements = append(statements, "DROP DATABASE IF EXISTS `"+p.name+"`")
	}
	w.schemas = nil
	w.e.background(w.server, statements...)
}

// background runs statements on another connection to a server that may be dead, and waits for nothing.
func (e *Evaluator) background(s *server, statements ...string) {
	e.mu.Lock()
	closed := e.closed
	if !closed {
		e.cleaning.Add(1)
	}
	e.mu.Unlock()
	switch {
	case !closed:
		go func() {
			defer e.cleaning.Done()
			e.cleanUp(s, statements)
		}()
	case e.home == nil: // the server stays
		e.cleanUp(s, statements)
	}
}

func (e *Evaluator) cleanUp(s *server, statements []string) {
	if s.dead() || len(statements) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := s.connect(ctx)
	if err != nil {
		return // the server is going, and all with it
	}
	defer c.Conn.Close() //nolint:errcheck // nothing more is asked of it
	for _, sql := range statements {
		err := c.guard(ctx, func(c *conn) error {
			_, err := c.query(sql)
			return err
		})
		my, ok := errors.AsType[*wire.Error](err)
		if err == nil || ok && my.Code == codeNoSuchThread {
			continue
		}
		if !s.dead() {
			e.log.Warn("the evaluator could not clean up after a statement", "error", err)
		}
		return
	}
}

// codeNoSuchThread is ER_NO_SUCH_THREAD: it has ended already.
const codeNoSuchThread = 1094
