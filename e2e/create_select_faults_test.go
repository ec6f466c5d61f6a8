package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestCreateSelectKilled kills the proxy, or upstream, at each step of a CREATE TABLE … SELECT: after the restart there is the whole
// table or none, nothing is left of what was being made, and the statement can be repeated.
func TestCreateSelectKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		link := newStrike(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: plainBinary(t), Upstream: link.listener.Addr().String(), Flavour: f, Encrypt: []string{"shop"}})
		must(t, err)
		t.Cleanup(p.Remove)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		run(t, c, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v INT, w VARCHAR(20), KEY (w))")
		for i := range 30 {
			run(t, c, fmt.Sprintf("INSERT INTO k (v, w) VALUES (%d, 'w%d')", i, i))
		}
		c.Close()
		for _, point := range []string{"CREATE TABLE `shop`.`_tde_make_", "INSERT INTO `shop`.`_tde_make_", "COMMIT", "RENAME TABLE `shop`.`_tde_make_", "acknowledged"} {
			for _, after := range []bool{false, true} {
				if after && (strings.HasPrefix(point, "RENAME") || point == "acknowledged") {
					continue // the answer would be under way
				}
				for name, kill := range map[string]func(){"proxy": p.Kill, "upstream": s.Kill} {
					t.Run(fmt.Sprintf("%s/%s/%t", name, strings.Fields(point)[0], after), func(t *testing.T) {
						killed := make(chan struct{})
						link.after, link.hit = after, func() {
							kill()
							close(killed)
						}
						createSelectKilled(t, s, p, link, point, killed)
					})
				}
			}
		}
	})
}

func createSelectKilled(t *testing.T, s *harness.Server, p *harness.Proxy, link *strike, point string, killed <-chan struct{}) {
	t.Helper()
	c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	run(t, c, "DROP TABLE IF EXISTS made")
	link.word.Store(&point)
	const create = "CREATE TABLE made (n INT AUTO_INCREMENT PRIMARY KEY, UNIQUE KEY (u)) SELECT v, UPPER(w) AS u FROM k ORDER BY v"
	err = c.Exec(create)
	c.Close()
	acknowledged := point == "acknowledged"
	if acknowledged != (err == nil) || acknowledged != (link.word.Load() != nil) {
		t.Fatalf("nothing was killed at %q: %v", point, err)
	}
	if !acknowledged {
		<-killed
	}
	p.Kill()
	s.Kill()
	must(t, s.Start())
	must(t, p.Start())
	again, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	defer again.Close()
	direct, err := rawmysql.Dial(rawmysql.Config{Address: s.Address})
	must(t, err)
	defer direct.Close()
	tables := column(t, direct, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY 1")
	if got := strings.Join(tables, " "); got == "k" && !acknowledged {
		run(t, again, create)
	} else if got != "k made" {
		t.Fatalf("upstream has the tables %s", got)
	}
	if got := column(t, again, "SELECT COUNT(*) FROM made WHERE n = v + 1 AND u = CONCAT('W', v)"); got[0] != "30" {
		t.Errorf("%s rows of the table are as they should be, not 30", got[0])
	}
	if got := column(t, again, "SELECT n FROM made WHERE u = 'w7'"); len(got) != 1 || got[0] != "8" {
		t.Errorf("search gives %q", got)
	}
}
