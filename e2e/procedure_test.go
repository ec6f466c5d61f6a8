package e2e_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestProcedureRights sees that upstream has nothing of a procedure's body, that a call past the proxy does nothing, and that only accounts call one
// through the proxy that upstream lets, with no more privileges than they have.
func TestProcedureRights(t *testing.T) {
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
		run(t, root, "CREATE DATABASE shop", "USE shop", "CREATE TABLE k (id INT PRIMARY KEY, w VARCHAR(40))",
			"CREATE PROCEDURE own(a INT) BEGIN /* canary-comment */ INSERT INTO k VALUES (a, 'canary-literal'); END",
			"CREATE PROCEDURE theirs(a INT) SQL SECURITY INVOKER INSERT INTO k VALUES (a, 'canary-literal')",
			"CREATE USER calls", "GRANT EXECUTE ON shop.* TO calls", "CREATE USER writes", "GRANT EXECUTE, INSERT, SELECT ON shop.* TO writes",
			"CREATE USER nobody", "GRANT INSERT, SELECT ON shop.* TO nobody", "CALL own(1)")
		for sql, code := range map[string]map[string]uint16{
			"CALL own(2)":    {"calls": 1235, "writes": 1235, "nobody": 1370},
			"CALL theirs(3)": {"calls": 1142, "writes": 0, "nobody": 1370},
		} {
			for user, want := range code {
				c, err := p.Connect(rawmysql.Config{User: user, Database: "shop"})
				must(t, err)
				var denied *rawmysql.ServerError
				switch err := c.Exec(sql); {
				case want == 0 && err != nil, want != 0 && (!errors.As(err, &denied) || denied.Code != want):
					t.Errorf("%s: %s: %v, want %d", user, sql, err, want)
				}
				c.Close()
			}
		}
		direct, err := s.Connect(rawmysql.Config{Database: "shop"})
		must(t, err)
		defer direct.Close()
		var past *rawmysql.ServerError
		if err := direct.Exec("CALL own(4)"); !errors.As(err, &past) || !strings.Contains(past.Message, "through the proxy") {
			t.Errorf("a call past the proxy: %v", err)
		}
		for _, name := range []string{"own", "theirs"} {
			r, err := direct.Query("SHOW CREATE PROCEDURE " + name)
			must(t, err)
			if r[0].Err != nil || len(r[0].Rows) != 1 || strings.Contains(string(r[0].Rows[0][2]), "canary") {
				t.Errorf("upstream has %s", r[0].Rows)
			}
		}
		if got := column(t, root, "SELECT id FROM k ORDER BY id"); len(got) != 2 || got[0] != "1" || got[1] != "3" {
			t.Errorf("the table has %q", got)
		}
		// What was moved to another name does not open.
		r, err := direct.Query("SHOW CREATE PROCEDURE own")
		must(t, err)
		create := string(r[0].Rows[0][2])
		run(t, direct, strings.Replace(create, "`own`", "`moved`", 1))
		if err := root.Exec("CALL moved(5)"); err == nil {
			t.Error("a body under another name was run")
		}
	})
}

// TestProcedurePrepared executes prepared CALLs, whose rows are in the binary protocol, on a plaintext schema and an encrypted one.
func TestProcedurePrepared(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"shop"}})
		must(t, err)
		t.Cleanup(p.Remove)
		var answers [2][]*rawmysql.Result
		for i, db := range []string{"plain", "shop"} {
			c, err := p.Connect(rawmysql.Config{Extra: rawmysql.ClientMultiStatements})
			must(t, err)
			defer c.Close()
			run(t, c, "CREATE DATABASE "+db, "USE "+db, "CREATE TABLE k (id INT PRIMARY KEY, w VARCHAR(40), n DECIMAL(10,2))",
				"CREATE PROCEDURE p(a INT, b VARCHAR(40), c DECIMAL(10,2)) BEGIN INSERT INTO k VALUES (a, b, c); SELECT * FROM k WHERE w = b ORDER BY id; "+
					"UPDATE k SET w = CONCAT(w, '!') WHERE id = a; SELECT COUNT(*), MAX(w) FROM k WHERE n >= c; DELETE FROM k WHERE id > 99; END")
			st, err := c.Prepare("CALL p(?, ?, ?)")
			must(t, err)
			for _, params := range [][]rawmysql.Param{
				{rawmysql.Int(1), rawmysql.Text("one"), rawmysql.Text("1.50")}, {rawmysql.Int(2), rawmysql.Text("one"), rawmysql.Int(2)},
				{rawmysql.Int(2), rawmysql.Text("one"), rawmysql.Int(2)}, {rawmysql.Text("100"), rawmysql.Text("é"), rawmysql.Null(253)},
			} {
				r, err := st.Execute(params...)
				must(t, err)
				answers[i] = append(answers[i], r...)
			}
		}
		if len(answers[0]) != len(answers[1]) {
			t.Fatalf("%d results, want %d", len(answers[1]), len(answers[0]))
		}
		for i, want := range answers[0] {
			got := answers[1][i]
			if want.AffectedRows != got.AffectedRows || want.Warnings != got.Warnings || !reflect.DeepEqual(want.Rows, got.Rows) || (want.Err == nil) != (got.Err == nil) {
				t.Errorf("result %d: got %+v, want %+v", i, got, want)
			}
			if want.Err != nil && want.Err.Code != got.Err.Code {
				t.Errorf("result %d: got %v, want %v", i, got.Err, want.Err)
			}
		}
	})
}
