package session_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// connections counts upstream's connections.
func connections(t testing.TB, db *sql.DB) int {
	t.Helper()
	var n int
	if err := db.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID()").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestVanishedClient(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		f := start(t, srv)
		c := f.raw(t, 0)
		c.query("SELECT SLEEP(61) /* vanishing */")
		eventually(t, "the query to run", func() bool { return processes(t, root, "%SLEEP(61)%") == 1 })
		c.NetConn().Close()
		eventually(t, "upstream's thread to end", func() bool { return processes(t, root, "%SLEEP(61)%") == 0 })
		eventually(t, "the session to end", func() bool { return f.server.Counts().Current == 0 })
		if n := f.server.Counts().Reaped; n != 1 {
			t.Error(n)
		}
	})
}

func TestVanishedIdleClient(t *testing.T) {
	srv := servers(t)[0]
	direct(t, srv)
	f := start(t, srv)
	c := f.raw(t, 0)
	c.NetConn().Close()
	eventually(t, "the session to end", func() bool { return f.server.Counts().Current == 0 })
}

func TestVanishedUpstream(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		f := start(t, srv)
		c := f.raw(t, 0)
		mustExec(t, root, "KILL "+c.one("SELECT CONNECTION_ID()"))
		c.ResetSequence()
		c.NetConn().SetReadDeadline(time.Now().Add(20 * time.Second))
		for {
			p, err := c.ReadPacket()
			if err == io.EOF {
				break
			}
			if err != nil || !wire.IsError(p) {
				t.Fatal(p, err)
			}
		}
	})
}

// TestWaitTimeout wants what a server says to a client that was silent for too long.
func TestWaitTimeout(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		f := start(t, srv)
		c := f.raw(t, 0)
		c.query("SET SESSION wait_timeout = 1")
		c.rows()
		time.Sleep(100 * time.Millisecond)
		c.ResetSequence()
		c.NetConn().SetReadDeadline(time.Now().Add(10 * time.Second))
		p, err := c.ReadPacket()
		if srv.mariadb() { // it closes without a word
			if err != io.EOF {
				t.Error(p, err)
			}
			return
		}
		if e, err := wire.DecodeError(p); err != nil || e.Code != 4031 {
			t.Error(e, err)
		}
	})
}

func TestIdleTimeout(t *testing.T) {
	srv := servers(t)[0]
	direct(t, srv)
	f := start(t, srv, func(o *options) { o.server.IdleTimeout = time.Second })
	c := f.raw(t, 0)
	c.query("SELECT SLEEP(2.5)")
	c.rows()
	c.ResetSequence()
	c.mustError(4031)
}

func TestDrain(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		f := start(t, srv, func(o *options) { o.server.DrainTimeout = 20 * time.Second })
		idle, busy, inside := f.raw(t, 0), f.raw(t, 0), f.raw(t, 0)
		inside.query("BEGIN")
		inside.rows()
		busy.query("SELECT SLEEP(3)")
		eventually(t, "the query to run", func() bool { return processes(t, root, "%SLEEP(3)%") == 1 })
		drained := make(chan time.Time, 1)
		go func() { f.server.Drain(context.Background()); drained <- time.Now() }()
		idle.ResetSequence()
		idle.mustError(1053)
		if processes(t, root, "%SLEEP(3)%") != 1 {
			t.Error("the idle session ended after the busy one")
		}
		if _, err := net.Dial("tcp", f.address); err == nil {
			t.Error("still accepting")
		}
		if rows, _ := busy.rows(); rows[0] != "0" {
			t.Error(rows)
		}
		busy.ResetSequence()
		busy.mustError(1053)
		if got := inside.one("SELECT 'inside'"); got != "inside" {
			t.Error(got)
		}
		inside.query("COMMIT")
		inside.rows()
		inside.ResetSequence()
		inside.mustError(1053)
		select {
		case <-drained:
		case <-time.After(15 * time.Second):
			t.Error("drain goes on")
		}
	})
}

func TestDrainTimeout(t *testing.T) {
	srv := servers(t)[0]
	direct(t, srv)
	f := start(t, srv, func(o *options) { o.server.DrainTimeout = time.Second / 2 })
	c := f.raw(t, 0)
	c.query("BEGIN")
	c.rows()
	began := time.Now()
	f.server.Drain(context.Background())
	if d := time.Since(began); d < time.Second/2 || d > 15*time.Second {
		t.Error(d)
	}
}

// garbage is what a server must survive before a login.
func garbage() map[string][]byte {
	long := binary.LittleEndian.AppendUint32(nil, 0x01ffffff)
	return map[string][]byte{
		"nothing":       nil,
		"http":          []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"zeros":         make([]byte, 1000),
		"ones":          bytes.Repeat([]byte{0xff}, 100000),
		"16 MiB":        append(long, make([]byte, 5000)...),
		"short":         {5, 0, 0, 1, 0, 0, 0, 0, 0},
		"ssl, no tls":   append([]byte{32, 0, 0, 1, 0, 0x0a, 0, 0}, append(make([]byte, 28), "no client hello"...)...),
		"half a header": {1, 0},
		"wrong number":  {1, 0, 0, 9, 0},
	}
}

func TestGarbage(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		before := connections(t, root)
		f := start(t, srv, withTLS, func(o *options) { o.cfg.HandshakeTimeout = time.Second })
		var wg sync.WaitGroup
		for name, bytes := range garbage() {
			wg.Go(func() {
				nc, err := net.Dial("tcp", f.address)
				if err != nil {
					t.Error(err)
					return
				}
				defer nc.Close()
				nc.Write(bytes) // the proxy may have closed by then
				nc.SetReadDeadline(time.Now().Add(20 * time.Second))
				if _, err := io.ReadAll(nc); err != nil && strings.Contains(err.Error(), "timeout") {
					t.Errorf("%s: not closed: %v", name, err)
				}
			})
		}
		wg.Wait()
		eventually(t, "sessions to end", func() bool { return f.server.Counts().Current == 0 })
		eventually(t, "upstream's threads to end", func() bool { return connections(t, root) <= before })
		f.raw(t, 0).one("SELECT 1")
	})
}

// TestGarbageCommands sends what is no command to a session that has logged in.
func TestGarbageCommands(t *testing.T) {
	srv := servers(t)[0]
	direct(t, srv)
	for name, change := range map[string]func(*options){"plain": func(*options) {}, "guarded": watched(new(watch))} {
		t.Run(name, func(t *testing.T) {
			f := start(t, srv, change, func(o *options) { o.cfg.MaxPacket = 20 << 20 })
			c := f.raw(t, 0)
			c.SetSequence(7)
			c.write([]byte("\x0eping out of order"))
			c.SetSequence(1)
			c.mustError(1156)
			if _, err := c.ReadPacket(); err != io.EOF {
				t.Error(err)
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var all []*rawClient
			for range 20 {
				c := f.raw(t, 0)
				c.NetConn().Write([]byte("\xff\xff\xff\x00\x03SELECT")) // 16 MiB announced of 1 GiB to come
				all = append(all, c)
			}
			time.Sleep(300 * time.Millisecond)
			runtime.GC()
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Errorf("%d bytes for what was only announced", grown)
			}
			for _, c := range all {
				c.NetConn().Close()
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		f := start(t, srv, watched(new(watch)), func(o *options) { o.cfg.MaxPacket = 1 << 20 })
		c := f.raw(t, 0)
		c.send(wire.ComQuery, strings.Repeat(" ", 1<<20))
		c.mustError(1153)
	})
}

// TestUpstreamDies kills the connection in the middle of a result.
func TestUpstreamDies(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		f := start(t, srv)
		c := f.raw(t, wire.DeprecateEOF)
		id := c.one("SELECT CONNECTION_ID()")
		c.query("SELECT REPEAT('x', 1000) FROM information_schema.columns a, information_schema.columns b")
		c.read()
		mustExec(t, root, "KILL "+id)
		c.NetConn().SetReadDeadline(time.Now().Add(20 * time.Second))
		for {
			p, err := c.ReadPacket()
			if err != nil { // cut off in the middle of a packet there is no room for more
				if err != io.ErrUnexpectedEOF && err != io.EOF {
					t.Error(err)
				}
				return
			}
			if wire.IsError(p) {
				return
			}
		}
	})
}

func TestConnectionLimit(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		f := start(t, srv, func(o *options) { o.server.MaxConnections = 3 })
		for range 3 {
			f.raw(t, 0)
		}
		nc, err := net.Dial("tcp", f.address)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		p, err := wire.NewConn(nc).ReadPacket()
		if e, _ := wire.DecodeError(p); err != nil || e == nil || e.Code != 1040 || e.Message != "Too many connections" {
			t.Error(e, err)
		}
		_, err = login(t, f, "root", "")
		wantCode(t, err, 1040)
	})
}

func TestUpstreamDown(t *testing.T) {
	servers(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	f := start(t, server{"down", l.Addr().String()})
	_, err = login(t, f, "root", "")
	wantCode(t, err, 2003)
}

// TestManyConnections has 2,000 clients at once, each with a statement under way.
func TestManyConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	n := 2000
	if files := raiseFiles(); files < uint64(4*n+500) {
		n = int(files-500) / 4
		t.Logf("only %d connections: not enough file descriptors", n)
	}
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		var limit int
		if err := root.QueryRow("SELECT @@GLOBAL.max_connections").Scan(&limit); err != nil {
			t.Fatal(err)
		}
		mustExec(t, root, "SET GLOBAL max_connections = 2500")
		defer mustExec(t, root, fmt.Sprint("SET GLOBAL max_connections = ", limit))
		if err := root.QueryRow("SELECT @@GLOBAL.max_connections").Scan(&limit); err != nil {
			t.Fatal(err)
		}
		many := min(n, limit-50)
		f := start(t, srv, func(o *options) { o.cfg.HandshakeTimeout = time.Minute })
		var before, during runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		clients := make([]*rawClient, many)
		var wg sync.WaitGroup
		for part := range 20 {
			wg.Go(func() {
				for i := part; i < many; i += 20 {
					clients[i] = f.raw(t, 0)
				}
			})
		}
		wg.Wait()
		for _, c := range clients {
			c.query("SELECT CONNECTION_ID()")
		}
		seen := map[string]bool{}
		for _, c := range clients {
			rows, _ := c.rows()
			seen[rows[0]] = true
		}
		if len(seen) != many || f.server.Counts().Current != many {
			t.Error(len(seen), f.server.Counts())
		}
		runtime.GC()
		runtime.ReadMemStats(&during)
		t.Logf("%d clients, %d KiB each on both test sides", many, (during.HeapInuse+during.StackInuse-before.HeapInuse-before.StackInuse)/uint64(many)/1024)
		for _, c := range clients {
			c.NetConn().Close()
		}
		eventually(t, "sessions to end", func() bool { return f.server.Counts().Current == 0 })
	})
}
