package session_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/session"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// exchange writes a framed command and reads an answer of known size.
func exchange(t testing.TB, c *rawClient, command, answer []byte) {
	if _, err := c.NetConn().Write(command); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c.NetConn(), answer); err != nil {
		t.Fatal(err)
	}
}

func framed(command wire.Command, arg string) []byte {
	n := len(arg) + 1
	return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0, byte(command)}, arg...)
}

// TestPassThroughAllocations counts what passing a command through costs on the heap: nothing.
func TestPassThroughAllocations(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		f := start(t, srv, upstreamTLS(upstream.Disabled)) // crypto/tls allocates once a record
		c := f.raw(t, wire.DeprecateEOF)
		stmt := c.prepare("SELECT 1 + ?")
		execute := wire.Execute{StatementID: stmt.StatementID, Iterations: 1, Bound: true,
			Params: []wire.Param{{Type: wire.TypeLong, Value: []byte{1, 0, 0, 0}}}}
		for name, command := range map[string][]byte{
			"query":   framed(wire.ComQuery, "SELECT 'some text', 2, 3"),
			"ping":    framed(wire.ComPing, ""),
			"execute": framed(wire.ComStmtExecute, string(execute.Append(nil, c.caps)[1:])),
		} {
			if _, err := c.NetConn().Write(command); err != nil {
				t.Fatal(err)
			}
			answer := make([]byte, 4096)
			n, err := c.NetConn().Read(answer) // one small answer is one write, and so one read
			if err != nil {
				t.Fatal(err)
			}
			answer = answer[:n]
			if n := testing.AllocsPerRun(500, func() { exchange(t, c, command, answer) }); n >= 1 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
}

// residentBytes is this process's resident set.
func residentBytes(t testing.TB) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestBigResult streams 256 MiB, or 2 GiB with TDEPROXY_TEST_BIG=1, through a proxy whose memory stays as it is.
func TestBigResult(t *testing.T) {
	total := int64(256 << 20)
	if os.Getenv("TDEPROXY_TEST_BIG") == "1" {
		total = 2 << 30
	}
	const row = 64 << 10
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		f := start(t, srv)
		c := f.raw(t, wire.DeprecateEOF)
		c.query("SET SESSION cte_max_recursion_depth = 1000000")
		if srv.mariadb() {
			c.read() // it has no such variable
			c.query("SET SESSION max_recursive_iterations = 1000000")
		}
		c.rows()
		runtime.GC()
		before := residentBytes(t)
		began := time.Now()
		c.query(fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT REPEAT('x', %d) FROM n", total/row, row))
		got, peak := int64(0), int64(0)
		c.Enlarge()
		for {
			p := c.read()
			c.mustOK(p)
			if wire.IsEnd(p, c.caps) {
				break
			}
			got += int64(len(p))
			if got%(32<<20) < row {
				peak = max(peak, residentBytes(t))
			}
		}
		if got < total {
			t.Errorf("%d bytes", got)
		}
		grown := max(peak, residentBytes(t)) - before
		t.Logf("%d MiB in %v, resident set grew by %d KiB", got>>20, time.Since(began).Round(time.Millisecond), grown>>10)
		if grown > 64<<20 {
			t.Errorf("resident set grew by %d MiB", grown>>20)
		}
	})
}

func BenchmarkPing(b *testing.B) {
	for _, srv := range servers(b) {
		b.Run(srv.name, func(b *testing.B) {
			f := start(b, srv)
			c := f.raw(b, wire.DeprecateEOF)
			command, answer := framed(wire.ComPing, ""), make([]byte, 11)
			for b.Loop() {
				exchange(b, c, command, answer)
			}
		})
	}
}

// TestGuardedAllocations counts the same where the planner could be asked, and is not.
func TestGuardedAllocations(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		catalog := testCatalog(t, srv, nil)
		f := start(t, srv, upstreamTLS(upstream.Disabled), func(o *options) {
			o.cfg.Guard = session.Encrypt(t.Context(), catalog, 64<<20)
			o.cfg.ServerTLS = &session.ServerTLS{}
		})
		c := f.raw(t, wire.DeprecateEOF)
		for name, command := range map[string][]byte{
			"query":    framed(wire.ComQuery, "SELECT 'some text', status, @x FROM (SELECT 1 status) t WHERE 'a;b' <> ''"),
			"variable": framed(wire.ComQuery, "SELECT @@sql_mode, @@time_zone"),
			"ping":     framed(wire.ComPing, ""),
		} {
			if _, err := c.NetConn().Write(command); err != nil {
				t.Fatal(err)
			}
			answer := make([]byte, 4096)
			n, err := c.NetConn().Read(answer)
			if err != nil {
				t.Fatal(err)
			}
			answer = answer[:n]
			if n := testing.AllocsPerRun(500, func() { exchange(t, c, command, answer) }); n >= 1 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
}

// BenchmarkLogin measures a login, with and without the look at what accounts demand.
func BenchmarkLogin(b *testing.B) {
	for _, srv := range servers(b) {
		for _, checked := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/checked=%t", srv.name, checked), func(b *testing.B) {
				f := start(b, srv, upstreamTLS(upstream.Disabled), func(o *options) {
					if checked {
						o.cfg.Accounts = testAccounts(b, srv)
					}
				})
				for b.Loop() {
					c := f.raw(b, wire.DeprecateEOF)
					c.send(wire.ComQuit, "")
					c.NetConn().Close()
				}
			})
		}
	}
}
