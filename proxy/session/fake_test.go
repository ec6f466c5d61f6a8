package session_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// fakeUpstream logs everybody in and answers a COM_QUERY with the bytes that its text names, then closes.
func fakeUpstream(t *testing.T, answers map[string]func(c *wire.Conn)) server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				c := wire.NewConn(nc)
				g := wire.Handshake{Version: "8.0.0-fake", ConnectionID: 9, Scramble: make([]byte, 20), Status: wire.StatusAutocommit,
					Capabilities: rawCaps | wire.DeprecateEOF, Charset: 45, Plugin: "mysql_native_password"}
				write(c, g.Append(nil))
				if _, err := c.ReadPacket(); err != nil {
					return
				}
				write(c, (&wire.OK{}).Append(nil, 0))
				c.ResetSequence()
				if p, err := c.ReadPacket(); err == nil {
					answers[string(p[1:])](c)
				}
			}()
		}
	}()
	return server{"fake", l.Addr().String()}
}

func write(c *wire.Conn, packets ...[]byte) {
	for _, p := range packets {
		if c.WritePacket(p) != nil {
			return
		}
	}
	_ = c.Flush() // what the peer makes of it is looked at there
}

func TestLostUpstream(t *testing.T) {
	column := (&wire.Column{Name: []byte("c")}).Append(nil, 0)
	srv := fakeUpstream(t, map[string]func(*wire.Conn){
		"nothing": func(*wire.Conn) {},
		"half":    func(c *wire.Conn) { c.NetConn().Write([]byte{1, 0, 0}) },
		"rows":    func(c *wire.Conn) { write(c, []byte{1}, column, []byte("\x01a"), []byte("\x01b")) },
		"in a row": func(c *wire.Conn) {
			write(c, []byte{1}, column)
			c.NetConn().Write(append([]byte{200, 0, 0, 3, 199}, strings.Repeat("x", 50)...))
		},
		"garbage": func(c *wire.Conn) { write(c, []byte{}) },
	})
	f := start(t, srv)
	for _, c := range []struct {
		query string
		reads int // packets before the error; -1: no error has a place
	}{{"nothing", 0}, {"half", 0}, {"rows", 4}, {"in a row", -1}, {"garbage", 0}} {
		t.Run(c.query, func(t *testing.T) {
			client := f.raw(t, wire.DeprecateEOF)
			client.NetConn().SetReadDeadline(time.Now().Add(10 * time.Second))
			client.query(c.query)
			if c.reads < 0 {
				client.read()
				client.read()
				if _, err := client.ReadPacket(); err != io.ErrUnexpectedEOF {
					t.Error(err)
				}
				return
			}
			for range c.reads {
				client.read()
			}
			e := client.mustError(1159)
			if e.State != "08S01" || e.Message != "Lost connection to MySQL server during query" {
				t.Error(e)
			}
			if _, err := client.ReadPacket(); err != io.EOF {
				t.Error(err)
			}
		})
	}
}
