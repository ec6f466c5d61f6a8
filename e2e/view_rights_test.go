package e2e_test

import (
	"errors"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestViewWriteRights sees that an account writes through a view only where it may write to the view and to the table.
func TestViewWriteRights(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"shop"}})
		must(t, err)
		t.Cleanup(p.Remove)
		root, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer root.Close()
		run(t, root, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT PRIMARY KEY, w VARCHAR(20))", "INSERT INTO k VALUES (1, 'one'), (2, 'two')",
			"CREATE VIEW v AS SELECT id, w FROM k", "CREATE SQL SECURITY INVOKER VIEW i AS SELECT id, w FROM v",
			"CREATE USER all_of", "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO all_of",
			"CREATE USER of_table", "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.k TO of_table", "GRANT SELECT ON shop.v TO of_table", "GRANT ALL ON shop.i TO of_table",
			"CREATE USER of_view", "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.v TO of_view", "GRANT SELECT ON shop.k TO of_view",
			"CREATE USER of_none", "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.k TO of_none")
		writes := []string{"UPDATE v SET w = 'x' WHERE id = 1", "DELETE FROM v WHERE id = 2", "INSERT INTO v VALUES (3, 'three')", "REPLACE INTO v VALUES (1, 'r')",
			"UPDATE k JOIN v ON v.id = k.id SET v.w = 'joined'", "UPDATE v SET w = 'x' WHERE id = 77", "DELETE FROM v WHERE id = 77",
			"UPDATE i SET w = 'x' WHERE id = 1", "DELETE FROM i WHERE id = 2", "INSERT INTO i VALUES (4, 'four')"}
		for _, user := range []string{"of_table", "of_view", "of_none"} {
			c, err := p.Connect(rawmysql.Config{User: user, Database: "shop"})
			must(t, err)
			for _, sql := range writes {
				var denied *rawmysql.ServerError
				if err := c.Exec(sql); !errors.As(err, &denied) || denied.Code != 1142 && denied.Code != 1143 {
					t.Errorf("%s: %s: %v", user, sql, err)
				}
			}
			c.Close()
		}
		if got := column(t, root, "SELECT CONCAT(id, w) FROM k ORDER BY id"); len(got) != 2 || got[0] != "1one" || got[1] != "2two" {
			t.Errorf("the table has %q", got)
		}
		c, err := p.Connect(rawmysql.Config{User: "all_of", Database: "shop"})
		must(t, err)
		defer c.Close()
		run(t, c, writes...)
		if got := column(t, root, "SELECT CONCAT(id, w) FROM k ORDER BY id"); len(got) != 3 || got[0] != "1x" || got[1] != "3joined" || got[2] != "4four" {
			t.Errorf("the table has %q", got)
		}
	})
}
