package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// strike is a link to a server that does something when a statement comes by: before it is passed on, or a moment after.
type strike struct {
	listener net.Listener
	upstream string
	word     atomic.Pointer[string]
	after    bool
	hit      func()
}

func newStrike(t *testing.T, upstream string) *strike {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &strike{listener: l, upstream: upstream}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *strike) serve(c net.Conn) {
	defer c.Close()
	up, err := net.Dial("tcp", s.upstream)
	if err != nil {
		return
	}
	defer up.Close()
	go func() {
		defer c.Close()
		_, _ = io.Copy(c, up)
	}()
	buf := make([]byte, 1<<20)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		word := s.word.Load()
		hit := word != nil && bytes.Contains(buf[:n], []byte(*word)) && s.word.CompareAndSwap(word, nil)
		if hit && !s.after {
			s.hit()
			return // the statement is lost with the process
		}
		if _, err := up.Write(buf[:n]); err != nil {
			return
		}
		if hit {
			time.Sleep(200 * time.Millisecond)
			s.hit()
		}
	}
}

// TestAlterKilled kills the proxy at each step of an ALTER TABLE that writes rows anew: after the restart the table is the old
// one or the new one, with all of its rows and no column too many.
func TestAlterKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		link := newStrike(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: plainBinary(t), Upstream: link.listener.Addr().String(), Flavour: f, Encrypt: []string{"shop"}})
		must(t, err)
		t.Cleanup(p.Remove)
		link.hit = p.Kill
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		run(t, c, "CREATE DATABASE shop")
		c.Close()
		for _, point := range []string{"LOCK TABLES `", "ADD COLUMN `_tde_new_1", "UPDATE `shop`", "CHANGE COLUMN `_tde_new_1", "UNLOCK TABLES"} {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%t", strings.Fields(point)[0]+strings.Fields(point)[1], after), func(t *testing.T) {
					link.after = after
					alterKilled(t, s, p, link, point)
				})
			}
		}
	})
}

func alterKilled(t *testing.T, s *harness.Server, p *harness.Proxy, link *strike, point string) {
	t.Helper()
	c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	run(t, c, "DROP TABLE IF EXISTS k", "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v INT, w VARCHAR(20), KEY (w))")
	for i := range 30 {
		run(t, c, fmt.Sprintf("INSERT INTO k (v, w) VALUES (%d, 'w%d')", i, i))
	}
	link.word.Store(&point)
	_, err = c.Query("ALTER TABLE k MODIFY v VARCHAR(20), ADD KEY (v)")
	c.Close()
	if err == nil || link.word.Load() != nil {
		t.Fatalf("nothing was killed at %q: %v", point, err)
	}
	p.Kill()
	must(t, p.Start())
	again, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	defer again.Close()
	got := column(t, again, "SELECT v FROM k ORDER BY id")
	if len(got) != 30 {
		t.Fatalf("%d rows, want 30", len(got))
	}
	for i, v := range got {
		if v != fmt.Sprint(i) {
			t.Errorf("row %d has %q", i, v)
		}
	}
	if got := column(t, again, "SELECT id FROM k WHERE v = 7 AND w = 'W7'"); len(got) != 1 || got[0] != "8" {
		t.Errorf("search gives %q", got)
	}
	direct, err := rawmysql.Dial(rawmysql.Config{Address: s.Address})
	must(t, err)
	defer direct.Close()
	if got := column(t, direct, "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND COLUMN_NAME LIKE '%tde_new%'"); got[0] != "0" {
		t.Errorf("%s columns are left over", got[0])
	}
	run(t, again, "ALTER TABLE k MODIFY v VARCHAR(30)", "INSERT INTO k (v, w) VALUES ('not a number now', 'x')")
}

// TestAlterWhileWriting changes a column's type back and forth while others write to it: each write that was acknowledged is
// there, and reads back as what was written.
func TestAlterWhileWriting(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		_, p := ownUpstream(t, f, "shop")
		c, err := p.Connect(rawmysql.Config{Timeout: 60 * time.Second})
		must(t, err)
		defer c.Close()
		run(t, c, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
		const writers = 3
		written := make([]int, writers)
		stop := make(chan struct{})
		done := make(chan error, writers)
		for w := range writers {
			go func() { done <- writeOn(p, w, &written[w], stop) }()
		}
		for range 6 {
			run(t, c, "ALTER TABLE k MODIFY v VARCHAR(20), ADD KEY (v)", "ALTER TABLE k MODIFY v INT, DROP KEY v")
		}
		close(stop)
		sum := 0
		for range writers {
			must(t, <-done)
		}
		for _, n := range written {
			sum += n
		}
		got := column(t, c, "SELECT v FROM k")
		if len(got) != sum || sum == 0 {
			t.Errorf("%d rows, %d were acknowledged", len(got), sum)
		}
		seen := map[string]bool{}
		for _, v := range got {
			seen[v] = true
		}
		for w, n := range written {
			for i := range n {
				if v := fmt.Sprint(w*1000000 + i); !seen[v] {
					t.Fatalf("%s was acknowledged and is not there", v)
				}
			}
		}
		t.Logf("%d rows", sum)
	})
}

// writeOn inserts numbers one after the other, every other one in a transaction, until stop closes.
func writeOn(p *harness.Proxy, w int, written *int, stop chan struct{}) error {
	c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		statements := []string{fmt.Sprintf("INSERT INTO k (v) VALUES (%d)", w*1000000+*written)}
		if *written%2 == 1 {
			statements = []string{"BEGIN", statements[0], "COMMIT"}
		}
		for _, sql := range statements {
			if err := c.Exec(sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		*written++
	}
}
