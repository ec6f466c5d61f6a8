package e2e_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// ownUpstream starts a server and a proxy that a test may break.
func ownUpstream(t *testing.T, f harness.Flavour, encrypt ...string) (*harness.Server, *harness.Proxy) {
	t.Helper()
	binary := proxyBinary(t)
	s, err := harness.StartServer(f, harness.ServerOptions{})
	must(t, err)
	t.Cleanup(s.Remove)
	o := harness.ProxyOptions{Binary: binary, Upstream: s.Address, Flavour: f, Encrypt: encrypt}
	if len(encrypt) == 0 {
		o.Evaluator = "off"
	}
	p, err := harness.StartProxy(o)
	must(t, err)
	t.Cleanup(p.Remove)
	return s, p
}

// TestUpstreamKilledInResult kills upstream while a result streams: that
// client gets an error, the proxy lives, and serves when upstream is back.
func TestUpstreamKilledInResult(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p := ownUpstream(t, f)
		c, err := p.Connect(rawmysql.Config{Timeout: 30 * time.Second})
		must(t, err)
		defer c.Close()
		rows, killed := 0, sync.Once{}
		_, err = c.QueryFunc("SELECT REPEAT('x', 10000) FROM information_schema.columns a, information_schema.columns b", func([]byte) {
			if rows++; rows == 100 {
				killed.Do(s.Kill)
			}
		})
		if err == nil {
			t.Error("the result ended without an error")
		}
		t.Logf("%d rows, then: %v", rows, err)
		if !p.Running() {
			t.Fatalf("the proxy died:\n%s", tail(p.Log))
		}
		if _, err := p.Connect(rawmysql.Config{Timeout: 15 * time.Second}); err == nil {
			t.Error("connected while upstream is down")
		}
		must(t, s.Start())
		again, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer again.Close()
		if got := column(t, again, "SELECT 'back'"); got[0] != "back" {
			t.Errorf("got %q", got)
		}
		checkLog(t, p)
	})
}

// TestProxyKilled kills the proxy after acknowledged writes and in the middle
// of a transaction: a new process reads all of the one and none of the other.
func TestProxyKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		_, p := ownUpstream(t, f, "shop")
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer c.Close()
		run(t, c, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50), KEY (v))")
		for i := range 50 {
			run(t, c, fmt.Sprintf("INSERT INTO k VALUES (%d, 'value %d')", i+1, i))
		}
		run(t, c, "BEGIN", "INSERT INTO k VALUES (1000, 'not committed')")
		p.Kill()
		must(t, p.Start())
		again, err := p.Connect(rawmysql.Config{Database: "shop"})
		must(t, err)
		defer again.Close()
		run(t, again, "SET innodb_lock_wait_timeout = 5")
		got := column(t, again, "SELECT v FROM k ORDER BY id")
		if len(got) != 50 {
			t.Fatalf("%d rows after the restart, want 50", len(got))
		}
		for i, v := range got {
			if want := fmt.Sprintf("value %d", i); v != want {
				t.Errorf("row %d: %q, want %q", i, v, want)
			}
		}
		if got := column(t, again, "SELECT id FROM k WHERE v = 'VALUE 7'"); len(got) != 1 || got[0] != "8" {
			t.Errorf("search after the restart: %q", got)
		}
	})
}

// TestDrain wants SIGTERM to let a running transaction finish, to refuse new
// clients and to exit 0.
func TestDrain(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		_, p := ownUpstream(t, f)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer c.Close()
		idle, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer idle.Close()
		run(t, c, "CREATE DATABASE drain", "CREATE TABLE drain.t (id INT)", "BEGIN", "INSERT INTO drain.t VALUES (1)")
		type exit struct {
			code int
			err  error
		}
		done := make(chan exit, 1)
		go func() {
			code, err := p.Terminate(30 * time.Second)
			done <- exit{code, err}
		}()
		time.Sleep(500 * time.Millisecond)
		if late, err := p.Connect(rawmysql.Config{Timeout: 2 * time.Second}); err == nil {
			late.Close()
			t.Error("a new client was let in while draining")
		}
		run(t, c, "INSERT INTO drain.t VALUES (2)", "COMMIT")
		c.Close()
		e := <-done
		if e.err != nil || e.code != 0 {
			t.Errorf("exit code %d, error %v\n%s", e.code, e.err, tail(p.Log))
		}
		checkLog(t, p)
	})
}

// TestClientDisappears drops a client in mid-query: its upstream connection
// must end, too. KILL QUERY through the proxy ends a query by its own id.
func TestClientDisappears(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p := ownUpstream(t, f)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		go func() { _, _ = c.Query("SELECT SLEEP(300)") }()
		waitConnections(t, s, "sleeping", "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(300)%' AND id <> CONNECTION_ID()", 1)
		c.NetConn().Close()
		waitConnections(t, s, "gone", "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(300)%' AND id <> CONNECTION_ID()", 0)

		killed, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer killed.Close()
		answer := make(chan error, 1)
		go func() {
			r, err := killed.Query("SELECT SLEEP(200)")
			if err == nil && r[0].Err != nil {
				err = r[0].Err
			}
			if err == nil && string(r[0].Rows[0][0]) == "1" {
				err = fmt.Errorf("SLEEP was interrupted")
			}
			answer <- err
		}()
		waitConnections(t, s, "sleeping", "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(200)%' AND id <> CONNECTION_ID()", 1)
		killer, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer killer.Close()
		run(t, killer, fmt.Sprintf("KILL QUERY %d", killed.ConnectionID))
		select {
		case err := <-answer:
			if err == nil {
				t.Error("the query went on after KILL QUERY")
			}
		case <-time.After(20 * time.Second):
			t.Error("KILL QUERY did nothing in 20 s")
		}
		if got := column(t, killed, "SELECT 'alive'"); got[0] != "alive" {
			t.Errorf("after KILL QUERY: %q", got)
		}
		checkLog(t, p)
	})
}

// clientCount counts connections but the asking one and the server's own; the
// proxy's account holds some of them.
const clientCount = "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user NOT LIKE 'system%' AND user NOT LIKE 'event%'"

// connections is clientCount now, with no client connected.
func connections(t *testing.T, s *harness.Server) int {
	t.Helper()
	c, err := s.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	n, err := strconv.Atoi(column(t, c, clientCount)[0])
	must(t, err)
	return n
}

// waitConnections polls upstream directly until a count is as wanted.
func waitConnections(t *testing.T, s *harness.Server, what, query string, want int) {
	t.Helper()
	c, err := s.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	var got string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if got = column(t, c, query)[0]; got == fmt.Sprint(want) {
			return
		}
	}
	t.Errorf("%s: %s connections upstream after 20 s, want %d", what, got, want)
}

// TestGarbageClients connects and misbehaves in many ways; afterwards nothing
// of it may be left, neither goroutines nor upstream connections.
func TestGarbageClients(t *testing.T) {
	f := harness.MariaDB
	s, err := harness.StartServer(f, harness.ServerOptions{})
	must(t, err)
	t.Cleanup(s.Remove)
	p := passThrough(t, f, s.Address, map[string]string{"listen.handshake_timeout": `"2s"`})
	before, own := goroutines(t, p), connections(t, s)
	huge := func(n uint32, seq byte) []byte {
		b := binary.LittleEndian.AppendUint32(nil, n)
		b[3] = seq
		return b
	}
	for name, bytes := range map[string][]byte{
		"nothing": nil, "one byte": {1}, "http": []byte("GET / HTTP/1.1\r\n\r\n"), "zeros": make([]byte, 4096), "length only": huge(1<<24-1, 1),
		"length and little": append(huge(1<<24-1, 1), make([]byte, 1000)...), "wrong sequence": append(huge(4, 77), 1, 2, 3, 4),
		"empty packet": huge(0, 1), "short response": append(huge(5, 1), 1, 2, 3, 4, 5), "tls hello": {0x16, 3, 1, 0, 200, 1, 0},
		"endless packets": []byte(strings.Repeat("\xff\xff\xff\x01x", 100)),
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				c, err := net.Dial("tcp", p.Address)
				must(t, err)
				_, _ = c.Write(bytes)
				t.Cleanup(func() { c.Close() })
			}
		})
	}
	afterLogin(t, p)
	waitConnections(t, s, "after garbage", clientCount, own)
	wantGoroutines(t, p, before)
	checkLog(t, p)
}

// afterLogin sends garbage where commands are due, one gigabyte of length too.
func afterLogin(t *testing.T, p *harness.Proxy) {
	t.Helper()
	rss, err := harness.RSS(p.PID())
	must(t, err)
	for _, garbage := range [][]byte{
		{0, 0, 0, 0}, {1, 0, 0, 0, 0xfe}, {1, 0, 0, 9, 3}, {5, 0, 0, 0, 0x17, 1, 2, 3, 4}, {9, 0, 0, 0, 0x17, 9, 9, 9, 9, 0, 1, 0, 0},
		{2, 0, 0, 0, 0x18, 1}, {1, 0, 0, 0, 0x1c}, []byte(strings.Repeat("\xff\xff\xff\x00", 1)),
	} {
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		_, _ = c.NetConn().Write(garbage)
		_ = c.NetConn().SetReadDeadline(time.Now().Add(time.Second))
		var buf [512]byte
		_, _ = c.NetConn().Read(buf[:])
		c.NetConn().Close()
	}
	// 1 GiB of announced length in 64 pieces, never sent.
	c, err := p.Connect(rawmysql.Config{})
	must(t, err)
	for i := range 3 {
		if _, err := c.NetConn().Write(append([]byte{0xff, 0xff, 0xff, byte(i)}, make([]byte, 1<<24-1)...)); err != nil {
			break
		}
	}
	c.NetConn().Close()
	now, err := harness.RSS(p.PID())
	must(t, err)
	// Three packets of 16 MiB were sent; the race detector counts memory several times.
	if grown := now - rss; grown > 400<<20 {
		t.Errorf("memory grew by %d MiB by garbage", grown>>20)
	}
	if !p.Running() {
		t.Fatalf("the proxy died:\n%s", tail(p.Log))
	}
}

// goroutines reads the proxy's own count.
func goroutines(t *testing.T, p *harness.Proxy) int {
	t.Helper()
	n, err := p.Metric("go_goroutines")
	must(t, err)
	return int(n)
}

// wantGoroutines waits for the count to come back to what it was.
func wantGoroutines(t *testing.T, p *harness.Proxy, before int) {
	t.Helper()
	const slack = 10 // idle HTTP connections of the metrics client, pools
	now := 0
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if now = goroutines(t, p); now <= before+slack {
			return
		}
	}
	t.Errorf("%d goroutines, %d before: they leak", now, before)
}

// TestManyConnections holds 2,000 clients at once, each with its own answer.
func TestManyConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 connections in -short")
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		const clients = 2000
		s, p := ownUpstream(t, f)
		before, own := goroutines(t, p), connections(t, s)
		conns := make([]*rawmysql.Conn, clients)
		errs := make(chan error, clients)
		slots := make(chan struct{}, 64) // logins at once: the listen queue is finite
		var wait sync.WaitGroup
		for i := range clients {
			wait.Add(1)
			go func() {
				defer wait.Done()
				slots <- struct{}{}
				defer func() { <-slots }()
				c, err := p.Connect(rawmysql.Config{})
				conns[i] = c
				errs <- err
			}()
		}
		wait.Wait()
		for range clients {
			must(t, <-errs)
		}
		for i, c := range conns {
			wait.Add(1)
			go func() {
				defer wait.Done()
				r, err := c.Query(fmt.Sprintf("SELECT %d", i))
				if err == nil && string(r[0].Rows[0][0]) != fmt.Sprint(i) {
					err = fmt.Errorf("client %d got %q", i, r[0].Rows[0][0])
				}
				errs <- err
			}()
		}
		for range clients {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		wait.Wait()
		rss, err := harness.RSS(p.PID())
		must(t, err)
		t.Logf("%d clients: %d goroutines, %d MiB resident", clients, goroutines(t, p), rss>>20)
		for _, c := range conns {
			c.NetConn().Close()
		}
		waitConnections(t, s, "after 2,000 clients", clientCount, own)
		wantGoroutines(t, p, before)
		checkLog(t, p)
	})
}
