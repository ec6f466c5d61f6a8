package e2e_test

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// turnCounter forwards connections to upstream and counts how often it was written to after it had answered.
type turnCounter struct {
	net.Listener
	target string
	mu     sync.Mutex
	asked  bool
	turns  int
}

func countTurns(t *testing.T, target string) *turnCounter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	c := &turnCounter{Listener: l, target: target}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", target)
			if err != nil {
				from.Close()
				continue
			}
			go c.pump(to, from, true)
			go c.pump(from, to, false)
		}
	}()
	return c
}

// pump copies one direction; asks says that it is towards upstream.
func (c *turnCounter) pump(to, from net.Conn, asks bool) {
	defer to.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			c.mu.Lock()
			if asks && !c.asked {
				c.turns++
			}
			c.asked = asks
			c.mu.Unlock()
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				from.Close()
			}
			return
		}
	}
}

// of is how many round trips an action takes.
func (c *turnCounter) of(action func()) int {
	c.mu.Lock()
	before := c.turns
	c.mu.Unlock()
	action()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turns - before
}

// TestUpdateRoundTrips counts what an UPDATE costs.
func TestUpdateRoundTrips(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		turns := countTurns(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{
			Binary: proxyBinary(t), Upstream: turns.Addr().String(), Flavour: f, Encrypt: []string{"turns"},
		})
		must(t, err)
		t.Cleanup(p.Remove)
		for _, found := range []bool{false, true} {
			c := rawmysql.Config{}
			if found {
				c.Extra = rawmysql.ClientFoundRows
			}
			conn, err := p.Connect(c)
			must(t, err)
			run(t, conn, "CREATE DATABASE IF NOT EXISTS turns", "USE turns", "DROP TABLE IF EXISTS t",
				"CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), n INT)", "INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)")
			for _, c := range []struct {
				sql            string
				changed, found int
			}{
				{"UPDATE t SET v = 'x' WHERE id = 1", 2, 1},
				{"UPDATE t SET v = 'y' WHERE id = 1", 2, 1},
				{"UPDATE t SET n = n + 1 WHERE id = 1", 2, 2},
				{"DELETE FROM t WHERE n + 1 > 100 AND id = 1", 2, 2},
				{"DELETE FROM t WHERE id = 77", 1, 1},
			} {
				want := c.changed
				if found {
					want = c.found
				}
				run(t, conn, c.sql) // learns what it asks of the session once
				if got := turns.of(func() { run(t, conn, c.sql) }); got != want {
					t.Errorf("found rows %t: %s took %d round trips, want %d", found, c.sql, got, want)
				}
			}
			conn.Close()
		}
		conn, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer conn.Close()
		run(t, conn, "USE turns", "CREATE TABLE keyless (a INT, b VARCHAR(20))", "INSERT INTO keyless VALUES (1,'a'),(2,'b'),(3,'c'),(4,'d')",
			"INSERT INTO keyless SELECT m.a + 4 * n.a, m.b FROM keyless m, keyless n, keyless o, keyless p", "UPDATE keyless SET b = REVERSE(b)")
		if got := turns.of(func() { run(t, conn, "UPDATE keyless SET b = REVERSE(CONCAT(b, a))") }); got > 5 {
			t.Errorf("an UPDATE of 260 rows without a key took %d round trips", got)
		}
		checkLog(t, p)
	})
}

// TestReadRoundTrips counts what a query of one row costs that the evaluator computes.
func TestReadRoundTrips(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		turns := countTurns(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{
			Binary: proxyBinary(t), Upstream: turns.Addr().String(), Flavour: f, Encrypt: []string{"turns"},
		})
		must(t, err)
		t.Cleanup(p.Remove)
		conn, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer conn.Close()
		run(t, conn, "CREATE DATABASE turns", "USE turns", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'ab')")
		st, err := conn.Prepare("SELECT REVERSE(v) FROM t WHERE id = ?")
		must(t, err)
		execute := func() {
			r, err := st.Execute(rawmysql.Int(1))
			must(t, err)
			if len(r[0].Rows) != 1 {
				t.Fatal(r[0].Err)
			}
		}
		text := func() { run(t, conn, "SELECT REVERSE(v) FROM t WHERE id = 1") }
		for name, ask := range map[string]func(){"text": text, "prepared": execute} {
			ask()
			if got := turns.of(ask); got != 1 {
				t.Errorf("%s: %d round trips to upstream, want 1", name, got)
			}
		}
		checkLog(t, p)
	})
}
