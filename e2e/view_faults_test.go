package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestViewKilled kills the proxy or upstream at the DDL of a view: afterwards it is what it was, or what it was to be.
func TestViewKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
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
		run(t, c, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT PRIMARY KEY, w VARCHAR(20))", "INSERT INTO k VALUES (1, 'one'), (2, 'two')",
			"CREATE VIEW killed AS SELECT w FROM k WHERE w <> 'one'")
		for i, kill := range []struct {
			name  string
			fn    func()
			after bool
		}{{"upstream", s.Kill, false}, {"proxy", p.Kill, true}} {
			t.Run(kill.name, func(t *testing.T) {
				point, killed := "CREATE OR REPLACE VIEW", make(chan struct{})
				link.after, link.hit = kill.after, func() {
					kill.fn()
					close(killed)
				}
				c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
				must(t, err)
				before := column(t, c, "SELECT w FROM killed")[0]
				link.word.Store(&point)
				after := fmt.Sprintf("made %d", i)
				err = c.Exec("CREATE OR REPLACE VIEW killed AS SELECT '" + after + "' AS w FROM k WHERE id = 1")
				switch {
				case err == nil && !kill.after:
					t.Error("the statement was acknowledged")
				case err == nil:
					before = after
				}
				c.Close()
				<-killed
				p.Kill()
				if kill.name == "upstream" {
					must(t, s.Start())
				}
				must(t, p.Start())
				again, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
				must(t, err)
				defer again.Close()
				if got := column(t, again, "SELECT w FROM killed"); len(got) != 1 || got[0] != before && got[0] != after {
					t.Errorf("the view gives %q", got)
				}
				run(t, again, "CREATE OR REPLACE VIEW killed AS SELECT '"+after+"' AS w FROM k WHERE id = 1")
				if got := column(t, again, "SELECT w FROM killed"); got[0] != after {
					t.Errorf("made anew, the view gives %q", got)
				}
			})
		}
	})
}

// TestViewRenameKilled kills the proxy at each step of a RENAME of a view: afterwards the view has one of the two names, and opens.
func TestViewRenameKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		link := newStrike(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: link.listener.Addr().String(), Flavour: f, Encrypt: []string{"shop"}})
		must(t, err)
		t.Cleanup(p.Remove)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		run(t, c, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (w VARCHAR(20))", "INSERT INTO k VALUES ('one'), ('two')", "CREATE VIEW a AS SELECT w FROM k WHERE w <> 'one'")
		c.Close()
		names := [2]string{"a", "b"}
		for _, point := range []string{"ALTER VIEW `shop`.`old`", "RENAME TABLE `shop`.`old`", "ALTER VIEW `shop`.`new`"} {
			for _, after := range []bool{false, true} {
				at, killed := strings.NewReplacer("old", names[0], "new", names[1]).Replace(point), make(chan struct{})
				link.after, link.hit = after, func() {
					p.Kill()
					close(killed)
				}
				c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
				must(t, err)
				link.word.Store(&at)
				_ = c.Exec("RENAME TABLE " + names[0] + " TO " + names[1]) // answered or not
				c.Close()
				<-killed
				must(t, p.Start())
				again, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
				must(t, err)
				there := column(t, again, "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'shop'")
				if len(there) != 1 || there[0] != names[0] && there[0] != names[1] {
					t.Fatalf("%s: the views are %q", at, there)
				}
				if got := column(t, again, "SELECT w FROM "+there[0]); len(got) != 1 || got[0] != "two" {
					t.Errorf("%s: the view gives %q", at, got)
				}
				if got := column(t, again, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = '"+there[0]+"'"); len(got) != 1 || got[0] != "w" {
					t.Errorf("%s: its columns are %q", at, got)
				}
				if there[0] == names[0] {
					run(t, again, "RENAME TABLE "+names[0]+" TO "+names[1])
				}
				names[0], names[1] = names[1], names[0]
				again.Close()
			}
		}
	})
}
