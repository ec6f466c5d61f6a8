package e2e_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// masterVersions are the master key versions that wrap the keys of the tables of shop, as their comments say.
func masterVersions(t *testing.T, s *harness.Server) (versions []uint32) {
	t.Helper()
	c, err := s.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	for _, comment := range column(t, c, "SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY TABLE_NAME") {
		head, _, _ := strings.Cut(strings.TrimPrefix(comment, "tdeproxy1:"), ".")
		b, err := base64.RawURLEncoding.DecodeString(head)
		must(t, err)
		versions = append(versions, binary.BigEndian.Uint32(b[21:])) // table id 16, key id 2, length 2, format 1
	}
	return versions
}

// awaitMaster waits until all tables are under a version.
func awaitMaster(t *testing.T, s *harness.Server, want uint32) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		got := masterVersions(t, s)
		done := len(got) > 0
		for _, v := range got {
			done = done && v == want
		}
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("master key versions are %d, want %d", got, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

const masterTables = 4

// masterStage has tables with rows, over a link that can strike.
func masterStage(t *testing.T, f harness.Flavour) (*harness.Server, *harness.Proxy, *strike) {
	t.Helper()
	s, err := harness.StartServer(f, harness.ServerOptions{})
	must(t, err)
	t.Cleanup(s.Remove)
	link := newStrike(t, s.Address)
	p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: link.listener.Addr().String(), Flavour: f, Encrypt: []string{"shop"}})
	must(t, err)
	t.Cleanup(p.Remove)
	c, err := p.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	run(t, c, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
	for i := range masterTables {
		run(t, c, fmt.Sprintf("CREATE TABLE m%d (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), KEY (v))", i), fmt.Sprintf("INSERT INTO m%d (v) VALUES ('row %d')", i, i))
	}
	return s, p, link
}

// readMaster reads a row of each table.
func readMaster(t *testing.T, p *harness.Proxy) {
	t.Helper()
	c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	defer c.Close()
	for i := range masterTables {
		if got := column(t, c, fmt.Sprintf("SELECT v FROM m%d WHERE v = 'ROW %d'", i, i)); len(got) != 1 || got[0] != fmt.Sprintf("row %d", i) {
			t.Errorf("table %d has %q", i, got)
		}
	}
}

// TestMasterKey rotates the master key by SQL while others write: no statement fails, all table keys are wrapped anew.
func TestMasterKey(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p, _ := masterStage(t, f)
		c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
		must(t, err)
		defer c.Close()
		must(t, s.Exec("CREATE USER guest", "GRANT SELECT ON shop.* TO guest"))
		guest, err := p.Connect(rawmysql.Config{User: "guest"})
		must(t, err)
		defer guest.Close()
		for _, sql := range []string{"ALTER INSTANCE ROTATE INNODB MASTER KEY", "ALTER INSTANCE RELOAD KEYRING"} {
			wantError(t, sql, guest.Exec(sql), 1227)
		}
		const writers = 2
		var written [writers]int
		stop, done := make(chan struct{}), make(chan error, writers)
		for w := range writers {
			go func() { done <- writeOn(p, w, &written[w], stop) }()
		}
		for i := range 3 {
			run(t, c, "ALTER INSTANCE ROTATE INNODB MASTER KEY", fmt.Sprintf("ALTER TABLE m0 ADD c%d INT", i))
			for _, v := range masterVersions(t, s) {
				if v != uint32(i+2) {
					t.Errorf("a key is under version %d after rotation to %d", v, i+2)
				}
			}
		}
		out, code, err := p.Run("keyring", "rotate", "-c", p.Config)
		must(t, err)
		if code != 0 {
			t.Fatalf("keyring rotate: %s", out)
		}
		run(t, c, "alter instance reload keyring")
		awaitMaster(t, s, 5)
		close(stop)
		for range writers {
			must(t, <-done)
		}
		if got := column(t, c, "SELECT COUNT(*) FROM k"); got[0] != fmt.Sprint(written[0]+written[1]) || got[0] == "0" {
			t.Errorf("%s rows, %d were acknowledged", got[0], written)
		}
		readMaster(t, p)
		if v, err := p.Metric("tdeproxy_keyring_master_key_version"); err != nil || v != 5 {
			t.Errorf("metric: %v, %v", v, err)
		}
		_, err = p.Terminate(20 * time.Second)
		must(t, err)
		must(t, p.Start())
		readMaster(t, p)
		checkLog(t, p)
	})
}

// TestMasterKeyKilled kills the proxy between the steps of a rotation: all tables open after the restart, which ends it.
func TestMasterKeyKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p, link := masterStage(t, f)
		hit := make(chan struct{}, 1)
		link.hit = func() { p.Kill(); hit <- struct{}{} }
		version := uint32(1)
		for _, point := range []string{"LOCK TABLES `shop`.`k`", "ALTER TABLE `shop`.`k`", "LOCK TABLES `shop`.`m2`", "ALTER TABLE `shop`.`m2`", "UNLOCK TABLES"} {
			c, err := p.Connect(rawmysql.Config{Timeout: 60 * time.Second})
			must(t, err)
			link.word.Store(&point)
			err = c.Exec("ALTER INSTANCE ROTATE INNODB MASTER KEY")
			c.Close()
			if err == nil || link.word.Load() != nil {
				t.Fatalf("nothing was killed at %q: %v", point, err)
			}
			<-hit
			must(t, p.Start())
			version++
			readMaster(t, p)
			awaitMaster(t, s, version)
			readMaster(t, p)
		}
		checkLog(t, p)
	})
}
