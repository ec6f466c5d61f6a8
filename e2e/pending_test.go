package e2e_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestPendingKilled kills the proxy when the table comes that a foreign key waits for, at each step: no row is lost, and an ALTER TABLE of the table
// that has the foreign key makes up for what was missed. Without that the foreign key was sealed and held nothing up.
func TestPendingKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		link := newStrike(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: link.listener.Addr().String(), Flavour: f, Encrypt: []string{"shop"}})
		must(t, err)
		t.Cleanup(p.Remove)
		must(t, s.Exec("CREATE DATABASE shop"))
		for _, point := range []string{"CREATE TABLE `shop`.`parent`", "LOCK TABLES", "ADD COLUMN", "UPDATE `shop`.`child`", "ADD CONSTRAINT"} {
			c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
			must(t, err)
			run(t, c, "SET foreign_key_checks = 0", "DROP TABLE IF EXISTS child, parent",
				"CREATE TABLE child (id INT PRIMARY KEY, p INT, v VARCHAR(20), CONSTRAINT ch FOREIGN KEY (p) REFERENCES parent (id))",
				"INSERT INTO child VALUES (1, 1, 'one'), (2, 2, 'two')")
			if !sealed(t, s, "shop", "child", "p") {
				t.Fatal("a foreign key that waits is clear")
			}
			killed := make(chan struct{})
			link.after, link.hit = true, func() {
				p.Kill()
				close(killed)
			}
			link.word.Store(&point)
			_ = c.Exec("CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, w VARCHAR(20))") // answered or not
			c.Close()
			<-killed
			must(t, p.Start())
			again, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
			must(t, err)
			if got := column(t, again, "SELECT CONCAT(id, p, v) FROM child ORDER BY id"); !slices.Equal(got, []string{"11one", "22two"}) {
				t.Errorf("%s: the rows are %q", point, got)
			}
			run(t, again, "INSERT INTO parent (w) VALUES ('p1'), ('p2')", "ALTER TABLE child ADD x INT", "INSERT INTO child VALUES (3, 2, 'three', 3)")
			wantError(t, point+": a row without a parent", again.Exec("INSERT INTO child VALUES (4, 9, 'four', 4)"), 1452)
			if sealed(t, s, "shop", "child", "p") {
				t.Errorf("%s: the foreign key is stored otherwise than what it points at", point)
			}
			again.Close()
		}
		checkLog(t, p)
	})
}
