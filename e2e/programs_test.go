package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestProgramsAndMore sends definitions of stored programs with statements after them: the error of what stands behind one that a server takes is
// not that of the whole.
func TestProgramsAndMore(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		db := s.database(t, "programs_more")
		c := s.connect(t, rawmysql.Config{Database: db, Extra: rawmysql.ClientMultiStatements})
		run(t, c, "CREATE TABLE prog (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO prog VALUES (1, 'one')")
		for sql, want := range map[string]uint16{
			"CREATE PROCEDURE p() BEGIN SELECT v FROM prog; END; SELEC 1":        1235,
			"CREATE PROCEDURE p() SELECT v FROM prog; LEAVE nowhere":             1235,
			"CREATE PROCEDURE p() BEGIN SELECT v FORM prog WHERE; END":           1064,
			"CREATE PROCEDURE p() BEGIN LEAVE l; SELECT v FROM prog; END; x":     1308,
			"CREATE PROCEDURE p() BEGIN DECLARE a INT; SELECT v FROM prog; END;": 1235,
		} {
			r, err := c.Query(sql)
			must(t, err)
			wantError(t, sql, r[0].Err, want)
			if len(r) != 1 {
				t.Errorf("%s: %d results", sql, len(r))
			}
		}
	})
}

// TestProgramsThatCall calls procedures that were made past the proxy and call others: none that reaches an encrypted table runs.
func TestProgramsThatCall(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		upstream := plainServer(t, f)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: upstream.Address, Flavour: f, Encrypt: []string{"calls"}})
		must(t, err)
		t.Cleanup(p.Remove)
		t.Cleanup(func() { must(t, upstream.Exec("DROP DATABASE calls", "DROP DATABASE calls_open")) }) // nobody else can open what is there
		must(t, upstream.Exec("DROP DATABASE IF EXISTS calls", "DROP DATABASE IF EXISTS calls_open", "CREATE DATABASE calls", "CREATE DATABASE calls_open",
			"CREATE TABLE calls_open.plain (v VARCHAR(40))"))
		c, err := p.Connect(rawmysql.Config{Database: "calls"})
		must(t, err)
		defer c.Close()
		run(t, c, "CREATE TABLE secret (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), KEY (v))")
		for _, sql := range []string{
			"CREATE PROCEDURE calls_open.writes() INSERT INTO calls.secret (v) VALUES ('canary-of-calls')",
			"CREATE PROCEDURE calls_open.outer1() BEGIN SET @a = 1; CALL outer2(); END",
			"CREATE PROCEDURE calls_open.outer2() IF @a THEN CALL calls_open.writes(); END IF",
			"CREATE PROCEDURE calls_open.fine1(a INT) BEGIN INSERT INTO calls_open.plain VALUES ('x'); IF a THEN CALL fine2(); END IF; END",
			"CREATE PROCEDURE calls_open.fine2() INSERT INTO plain VALUES ('y')",
			"CREATE PROCEDURE calls_open.loops(a INT) BEGIN SET a = a + 0; CALL `loops`(a); END",
			"CREATE PROCEDURE calls.indexes() CREATE INDEX other ON secret (id)",
			"CREATE PROCEDURE calls.within() CALL calls_open.outer1()",
		} {
			must(t, upstream.Exec(sql))
		}
		refused := []string{"CALL calls_open.writes()", "CALL calls_open.outer1()", "CALL calls_open.outer2()", "CALL indexes()", "CALL within()"}
		if f == harness.MariaDB {
			refused = append(refused, "BEGIN NOT ATOMIC CALL calls_open.outer1(); END", "BEGIN NOT ATOMIC INSERT INTO calls_open.plain VALUES ('z'); CALL calls_open.writes(); END",
				"IF 1 THEN CALL within(); END IF")
		}
		for _, sql := range refused {
			r, err := c.Query(sql)
			must(t, err)
			wantError(t, sql, r[0].Err, 1235)
		}
		run(t, c, "CALL calls_open.fine1(1)")
		if got := column(t, c, "SELECT v FROM calls_open.plain ORDER BY v"); len(got) != 2 {
			t.Errorf("plain has %v", got)
		}
		r, err := c.Query("CALL calls_open.loops(1)")
		must(t, err)
		wantError(t, "CALL loops", r[0].Err, 1456)
		prepared, err := c.Prepare("CALL calls_open.fine2()")
		must(t, err)
		run(t, c, "PREPARE fine FROM 'CALL calls_open.fine2()'", "EXECUTE fine")
		must(t, upstream.Exec("DROP PROCEDURE calls_open.fine2", "CREATE PROCEDURE calls_open.fine2() INSERT INTO calls.secret (v) VALUES ('canary-of-calls')"))
		r, err = prepared.Execute()
		must(t, err)
		wantError(t, "a procedure that has changed past the proxy", r[0].Err, 1235)
		wantError(t, "the same by EXECUTE", c.Exec("EXECUTE fine"), 1235)
		if got := column(t, c, "SELECT COUNT(*) FROM secret"); got[0] != "0" {
			t.Errorf("secret has %v rows", got)
		}
	})
}
