package e2e_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// followTables are tables whose foreign keys make rows follow, two deep.
var followTables = []string{
	"CREATE TABLE top (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(40) NOT NULL UNIQUE)",
	"CREATE TABLE mid (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(40) UNIQUE, FOREIGN KEY (code) REFERENCES top (code) ON UPDATE CASCADE)",
	"CREATE TABLE low (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(40), FOREIGN KEY (code) REFERENCES mid (code) ON UPDATE CASCADE ON DELETE CASCADE)",
	"CREATE TABLE side (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(40), FOREIGN KEY (code) REFERENCES top (code) ON UPDATE CASCADE ON DELETE SET NULL)",
}

// followKeys changes keys that rows point at, with canaries in them.
func followKeys(c *rawmysql.Conn, a *harness.Canaries) error {
	first, second := a.Text("follows", 30), a.Text("followed", 30)
	for _, q := range append(followTables[:len(followTables):len(followTables)],
		"INSERT INTO top (code) VALUES ('"+first+"')", "INSERT INTO mid (code) SELECT code FROM top", "INSERT INTO low (code) SELECT code FROM mid",
		"INSERT INTO side (code) SELECT code FROM mid", "UPDATE top SET code = '"+second+"' WHERE code = '"+first+"'",
		"UPDATE top SET code = CONCAT('"+first+"', id)", "DELETE FROM low", "DELETE FROM mid", "DELETE FROM top WHERE code <> '"+second+"'",
		"DROP TABLE side, low, mid, top") {
		if err := c.Exec(q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	return nil
}

// TestForeignKeyActions changes keys from several clients while others add rows that point at them, and kills the proxy in between: in the end
// every row's cell is what its token says, and points at a row that is there.
func TestForeignKeyActions(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		_, p := ownUpstream(t, f, "shop")
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		run(t, c, append([]string{"CREATE DATABASE shop", "USE shop"}, followTables...)...)
		const keys = 4
		for i := range keys {
			run(t, c, fmt.Sprintf("INSERT INTO top (id, code) VALUES (%d, 'key %d')", i+1, i+1),
				fmt.Sprintf("INSERT INTO mid (id, code) VALUES (%d, 'key %d')", i+1, i+1), fmt.Sprintf("INSERT INTO low (code) VALUES ('key %d')", i+1))
		}
		c.Close()
		stop := make(chan struct{})
		var all sync.WaitGroup
		for n := range 4 {
			all.Add(1)
			go func() { defer all.Done(); followUntil(t, p, n, stop) }()
		}
		for range 3 {
			time.Sleep(1200 * time.Millisecond)
			p.Kill()
			must(t, p.Start())
		}
		time.Sleep(time.Second)
		close(stop)
		all.Wait()
		c, err = p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
		must(t, err)
		defer c.Close()
		for _, table := range []string{"mid", "low", "side"} {
			of := map[string]string{"mid": "top", "low": "mid", "side": "top"}[table]
			if got := column(t, c, "SELECT CONCAT(id, ' ', code) FROM "+table+" WHERE code IS NOT NULL AND CONCAT(code, '') NOT IN (SELECT CONCAT(code, '') FROM "+of+")"); len(got) > 0 {
				t.Errorf("rows of %s point at nothing: %q", table, got)
			}
			if got := column(t, c, "SELECT COUNT(*) FROM "+table+" LEFT JOIN "+of+" ON "+table+".code = "+of+".code WHERE "+of+".id IS NULL AND "+table+".code IS NOT NULL"); got[0] != "0" {
				t.Errorf("%s tokens of %s point at nothing", got[0], table)
			}
		}
		t.Logf("changed to %q; %s rows on the side", column(t, c, "SELECT code FROM top ORDER BY id"), column(t, c, "SELECT COUNT(*) FROM side"))
		if out, code, _ := p.Run("table", "verify", "-c", p.Config); code != 0 {
			t.Errorf("table verify: %d\n%s", code, out)
		}
	})
}

// followUntil is one client: it changes keys, or adds rows that point at them. What is committed or not after the proxy was killed is
// upstream's matter.
func followUntil(t *testing.T, p *harness.Proxy, n int, stop <-chan struct{}) {
	var c *rawmysql.Conn
	for round := 0; ; round++ {
		select {
		case <-stop:
			if c != nil {
				c.Close()
			}
			return
		default:
		}
		if c == nil {
			var err error
			if c, err = p.Connect(rawmysql.Config{Database: "shop", Timeout: 20 * time.Second}); err != nil {
				c = nil
				time.Sleep(50 * time.Millisecond)
				continue
			}
			_ = c.Exec("SET innodb_lock_wait_timeout = 3")
		}
		id := (round+n)%4 + 1
		q := fmt.Sprintf("UPDATE top SET code = 'key %d of %d in %d' WHERE id = %d", id, n, round, id)
		if n >= 2 {
			q = fmt.Sprintf("INSERT INTO %s (code) SELECT code FROM top WHERE id = %d", []string{"side", "low"}[round%2], id)
		}
		err := c.Exec(q)
		var e *rawmysql.ServerError
		switch {
		case err == nil:
		case !errors.As(err, &e):
			c.Close()
			c = nil
		case e.Code != 1213 && e.Code != 1205 && e.Code != 1452 && !strings.Contains(e.Message, "shutdown"):
			t.Errorf("%s: %v", q, err)
		}
	}
}
