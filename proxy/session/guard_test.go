package session_test

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/tdeproxy/tdeproxy/proxy/session"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

func newReader(content []byte) func() io.Reader {
	return func() io.Reader { return bytes.NewReader(content) }
}

// watch is a guard that looks on, answers some queries itself and splits multi-statements at ";;".
type watch struct {
	mu             sync.Mutex
	seen           []string
	resets, closed int
}

func watched(w *watch) func(*options) {
	return func(o *options) { o.cfg.Guard = func(*session.Session) session.Guard { return w } }
}

func (w *watch) Command(s *session.Session, packet []byte) (bool, error) {
	w.mu.Lock()
	w.seen = append(w.seen, string(packet[:min(len(packet), 40)]))
	w.mu.Unlock()
	if wire.Command(packet[0]) != wire.ComQuery {
		return false, nil
	}
	sql := string(packet[1:min(len(packet), 1000)])
	switch {
	case sql == "own ok":
		return true, s.SendOK(wire.OK{AffectedRows: 7})
	case sql == "own error":
		return false, wire.NewError(wire.CodeNotSupported, "not here")
	case sql == "own rows":
		return true, ownRows(s)
	case strings.Contains(sql, ";;"):
		return true, split(s, sql)
	}
	return false, nil
}

func (w *watch) Reset() { w.resets++ }
func (w *watch) Close() { w.mu.Lock(); w.closed++; w.mu.Unlock() }

// ownRows answers with a result set made here.
func ownRows(s *session.Session) error {
	c, caps := s.Client(), s.Capabilities()
	if err := c.End(wire.AppendInt(c.Begin(), 1)); err != nil {
		return err
	}
	column := wire.Column{Name: []byte("v"), Type: wire.TypeVarString, Charset: 45, Length: 40}
	if err := c.End(column.Append(c.Begin(), caps)); err != nil {
		return err
	}
	if !caps.Has(wire.DeprecateEOF) {
		if err := c.End(wire.EOF{Status: s.Status()}.Append(c.Begin())); err != nil {
			return err
		}
	}
	for range 1000 {
		if err := c.End(wire.AppendText(c.Begin(), bytes.Repeat([]byte("r"), 100))); err != nil {
			return err
		}
	}
	if err := c.End(wire.AppendEnd(c.Begin(), wire.OK{Status: s.Status()}, caps)); err != nil {
		return err
	}
	return c.Flush()
}

// split forwards each part as a statement of its own.
func split(s *session.Session, sql string) error {
	parts := strings.Split(sql, ";;")
	for i, part := range parts {
		q := wire.Query{SQL: []byte(part)}
		packet := q.Append(nil, s.Capabilities())
		if i == len(parts)-1 {
			return s.ForwardCommand(packet)
		}
		if failed, err := s.ForwardPart(packet); failed || err != nil {
			return err
		}
	}
	return nil
}

func TestGuard(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		w := new(watch)
		f := start(t, srv, watched(w))
		for _, caps := range []wire.Capability{0, wire.DeprecateEOF} {
			c := f.raw(t, caps)
			c.query("own ok")
			if _, ok := c.rows(); ok.AffectedRows != 7 || ok.Status&wire.StatusAutocommit == 0 {
				t.Error(ok)
			}
			c.query("own error")
			c.mustError(1235)
			c.query("own rows")
			if rows, _ := c.rows(); len(rows) != 1000 {
				t.Error(len(rows))
			}
			c.query("SELECT 1;;DO 2;;SELECT 3 UNION SELECT 4;;SELECT 5")
			var got []string
			for {
				rows, end := c.rows()
				got = append(got, rows...)
				if end.Status&wire.StatusMoreResults == 0 {
					break
				}
			}
			if strings.Join(got, "") != "1345" {
				t.Error(got)
			}
			c.query("SELECT 1;;SELECT nothing;;SELECT 5")
			c.rows()
			c.mustError(1054)
			c.query("BEGIN")
			if _, ok := c.rows(); ok.Status&wire.StatusInTransaction == 0 {
				t.Error(ok)
			}
			c.send(wire.ComResetConnection, "")
			c.mustOK(c.read())
			c.send(wire.ComQuit, "")
			if _, err := c.ReadPacket(); err != io.EOF {
				t.Error(err)
			}
		}
		eventually(t, "guards to be closed", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.closed == 2 })
		if w.resets != 2 || w.seen[0] != "\x03own ok" {
			t.Error(w.resets, w.seen)
		}
	})
}
