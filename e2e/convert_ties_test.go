package e2e_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// tiedTables have foreign keys on counted columns, one to the table itself, and views, one of them over another.
var tiedTables = []string{
	"CREATE TABLE customers (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), boss INT, KEY (boss), CONSTRAINT serves FOREIGN KEY (boss) REFERENCES customers (id))",
	"CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, note VARCHAR(40), KEY (note), " +
		"CONSTRAINT placed FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE)",
	"CREATE TABLE items (orders INT, what VARCHAR(20), CONSTRAINT holds FOREIGN KEY (orders) REFERENCES orders (id) ON UPDATE CASCADE)",
	"INSERT INTO customers VALUES (1, 'Ann', NULL), (2, 'Ben', 1), (3, 'Cid', 1)",
	"INSERT INTO orders VALUES (1, 1, 'first'), (2, 2, 'second'), (3, 3, 'third')",
	"INSERT INTO items VALUES (1, 'pen'), (2, 'ink'), (2, 'pen'), (NULL, 'lost')",
	"CREATE VIEW named AS SELECT id, name FROM customers",
	"CREATE SQL SECURITY INVOKER VIEW ordered (who, note) AS SELECT n.name, o.note FROM named n JOIN orders o ON o.customer = n.id WHERE n.name <> 'Zoe'",
	"CREATE VIEW aside AS SELECT what FROM items",
}

// tiedQueries are answered the same whatever is encrypted.
var tiedQueries = []string{
	"SELECT * FROM customers ORDER BY id", "SELECT * FROM orders ORDER BY id", "SELECT * FROM items ORDER BY orders, what", "SELECT name FROM named ORDER BY name",
	"SELECT who, note FROM ordered ORDER BY note", "SELECT what FROM aside ORDER BY what", "SHOW COLUMNS FROM ordered",
	"SELECT c.name, i.what FROM customers c JOIN orders o ON o.customer = c.id JOIN items i ON i.orders = o.id ORDER BY 1, 2",
	"SELECT CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE, TABLE_NAME, REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'shop' ORDER BY 1",
}

func tiedAnswers(t *testing.T, c *rawmysql.Conn) []string {
	t.Helper()
	var out []string
	for _, q := range tiedQueries {
		out = append(out, all(t, c, q))
	}
	for _, table := range []string{"customers", "orders", "items"} {
		out = append(out, strings.Replace(all(t, c, "SHOW CREATE TABLE "+table), " /*!999999 ENCRYPTION='Y' */", "", 1))
	}
	return out
}

// tiedHold sees that the foreign keys are enforced.
func tiedHold(t *testing.T, c *rawmysql.Conn) {
	t.Helper()
	for sql, code := range map[string]uint16{
		"INSERT INTO orders (customer, note) VALUES (77, 'x')": 1452, "UPDATE customers SET boss = 77 WHERE id = 3": 1452, "INSERT INTO items VALUES (77, 'x')": 1452,
		"DELETE FROM customers WHERE id = 1": 1451,
	} {
		wantError(t, sql, c.Exec(sql), code)
	}
	run(t, c, "INSERT INTO customers VALUES (9, 'Zed', 1)", "INSERT INTO orders VALUES (9, 9, 'late')", "DELETE FROM customers WHERE id = 9")
	if got := column(t, c, "SELECT COUNT(*) FROM orders WHERE id = 9"); got[0] != "0" {
		t.Error("what ON DELETE CASCADE is to delete is there still")
	}
}

// TestConvertTied encrypts and decrypts tables with foreign keys on either side and views, in several orders.
func TestConvertTied(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p := convertStage(t, f)
		c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
		must(t, err)
		defer c.Close()
		run(t, c, tiedTables...)
		want := tiedAnswers(t, c)
		for _, order := range []string{"+customers +orders +items -customers -items -orders", "+items +orders +customers -orders -customers -items", "+orders -orders +customers"} {
			for _, step := range strings.Fields(order) {
				table, to := step[1:], "N"
				if step[0] == '+' {
					to = "Y"
				}
				run(t, c, "ALTER TABLE "+table+" ENCRYPTION='"+to+"'")
				if got := stored(t, s, table); got != (to == "Y") {
					t.Fatalf("after %s: stored encrypted: %t", step, got)
				}
				if got := tiedAnswers(t, c); !slices.Equal(got, want) {
					t.Fatalf("after %s of %s:\n%s\nwant\n%s", step, order, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
				tiedHold(t, c)
				want = tiedAnswers(t, c) // counters have gone on
			}
		}
		tiedSealed(t, s, p)
		tiedRefused(t, s, c)
		checkLog(t, p)
	})
}

// tiedSealed looks at views past the proxy, and at what they give through one that starts anew.
func tiedSealed(t *testing.T, s *harness.Server, p *harness.Proxy) {
	direct, err := s.Connect(rawmysql.Config{Database: "shop"})
	must(t, err)
	defer direct.Close()
	for _, view := range []string{"named", "ordered"} {
		if got := all(t, direct, "SELECT * FROM "+view); !strings.Contains(got, "tdeproxyview1:") {
			t.Errorf("%s is not sealed: %s", view, got)
		}
	}
	p.Kill()
	must(t, p.Start())
	again, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	defer again.Close()
	if got := column(t, again, "SELECT who FROM ordered ORDER BY note"); !slices.Equal(got, []string{"Ann", "Ben", "Cid"}) {
		t.Errorf("after a start the view gives %q", got)
	}
}

// tiedRefused has foreign keys whose columns would be sealed on one side only, and views that cannot be sealed.
func tiedRefused(t *testing.T, s *harness.Server, _ *rawmysql.Conn) {
	p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.Address, Flavour: s.Flavour, Encrypt: []string{"vault"}})
	must(t, err)
	defer p.Remove()
	c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	defer c.Close()
	run(t, c, "CREATE TABLE codes (code VARCHAR(10) PRIMARY KEY, v INT)", "CREATE TABLE coded (code VARCHAR(10), FOREIGN KEY (code) REFERENCES codes (code))",
		"INSERT INTO codes VALUES ('a', 1)", "INSERT INTO coded VALUES ('a')", "CREATE TABLE who (v INT)", "CREATE VIEW asks AS SELECT v, USER() AS u FROM who")
	wantError(t, "a key that would be sealed", c.Exec("ALTER TABLE codes ENCRYPTION='Y'"), 1235)
	wantError(t, "a view that asks the session", c.Exec("ALTER TABLE who ENCRYPTION='Y'"), 1235)
	for _, table := range []string{"codes", "who"} {
		if stored(t, s, table) {
			t.Errorf("%s is encrypted all the same", table)
		}
	}
	if got := all(t, c, "SELECT v FROM asks"); got != "" {
		t.Errorf("the view gives %s", got)
	}
	run(t, c, "ALTER TABLE coded ENCRYPTION='Y'")
	wantError(t, "a foreign key of an encrypted table", c.Exec("INSERT INTO coded VALUES ('b')"), 1452)
	wantError(t, "a key that is pointed at", c.Exec("DELETE FROM codes"), 1451)
	run(t, c, "ALTER TABLE coded ENCRYPTION='N'")
}

// TestConvertTiedKilled kills the proxy at each step after the rows of a table with foreign keys and views are copied.
func TestConvertTiedKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		must(t, s.Exec("CREATE DATABASE shop"))
		link := newStrike(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: plainBinary(t), Upstream: link.listener.Addr().String(), Flavour: f, Encrypt: []string{"vault"}})
		must(t, err)
		t.Cleanup(p.Remove)
		hit := make(chan struct{}, 1)
		link.hit = func() { p.Kill(); hit <- struct{}{} }
		for i, point := range []string{"CREATE TABLE `shop`.`~tde~plan", "INSERT INTO `shop`.`~tde~plan", "RENAME TABLE", "VIEW `shop`.`ordered` AS SELECT", "LOCK TABLES `shop`.`orders` WRITE, `shop`.`~tde~old",

			"ALTER TABLE `shop`.`items` DROP", "ALTER TABLE `shop`.`items` ADD", "DROP TABLE `shop`.`~tde~old", "ALTER TABLE `shop`.`orders` ADD", "DROP TABLE IF EXISTS `shop`.`~tde~plan"} {
			to := "Y"
			if i%2 == 1 && i != 3 {
				to = "N"
			}
			for _, after := range []bool{false, true} {
				if after && i != 2 && i != 3 && i != 6 {
					continue // a start takes seconds
				}
				t.Run(fmt.Sprintf("%d/%s/%t/%s", i, strings.Fields(point)[0], after, to), func(t *testing.T) {
					link.after = after
					convertTiedKilled(t, s, p, link, hit, point, to)
				})
			}
		}
	})
}

func convertTiedKilled(t *testing.T, s *harness.Server, p *harness.Proxy, link *strike, hit <-chan struct{}, point, to string) {
	c, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	run(t, c, "DROP VIEW IF EXISTS aside, ordered, named", "DROP TABLE IF EXISTS items", "DROP TABLE IF EXISTS orders", "DROP TABLE IF EXISTS customers")
	run(t, c, tiedTables...)
	run(t, c, "DROP VIEW named, aside", "CREATE OR REPLACE VIEW ordered AS SELECT note FROM orders")
	if to == "N" {
		run(t, c, "ALTER TABLE orders ENCRYPTION='Y'")
	}
	link.word.Store(&point)
	failed := c.Exec("ALTER TABLE orders ENCRYPTION='" + to + "'")
	c.Close()
	if link.word.Load() != nil {
		t.Fatalf("nothing was killed at %q: %v", point, failed)
	}
	<-hit
	var told *rawmysql.ServerError
	if errors.As(failed, &told) {
		t.Fatalf("an error of the server, not the end: %v", failed)
	}
	p.Kill()
	must(t, p.Start())
	again, err := p.Connect(rawmysql.Config{Database: "shop", Timeout: 60 * time.Second})
	must(t, err)
	defer again.Close()
	is := stored(t, s, "orders")
	if failed == nil && is != (to == "Y") {
		t.Errorf("the statement has succeeded, and the table is stored encrypted: %t", is)
	}
	hold := func() {
		t.Helper()
		if got := column(t, again, "SELECT note FROM ordered ORDER BY note"); !slices.Equal(got, []string{"first", "second", "third"}) {
			t.Errorf("the view gives %q", got)
		}
		if got := column(t, again, "SELECT id FROM orders WHERE note = 'SECOND'"); len(got) != 1 || got[0] != "2" {
			t.Errorf("search gives %q", got)
		}
		tiedHold(t, again)
	}
	hold()
	run(t, again, "ALTER TABLE orders ENCRYPTION='"+to+"'")
	if got := stored(t, s, "orders"); got != (to == "Y") {
		t.Errorf("a second try after %t left %t", is, got)
	}
	hold()
}
