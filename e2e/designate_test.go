package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// sealed says whether upstream stores a column of a table as cells.
func sealed(t *testing.T, s *harness.Server, database, table, column string) bool {
	t.Helper()
	c, err := s.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	results, err := c.Query("SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '" + database + "' AND TABLE_NAME = '" + table + "' AND COLUMN_NAME = '" + column + "'")
	must(t, err)
	if results[0].Err != nil || len(results[0].Rows) != 1 {
		t.Fatalf("%s.%s.%s: %v, %d rows", database, table, column, results[0].Err, len(results[0].Rows))
	}
	return strings.Contains(string(results[0].Rows[0][0]), "varbinary")
}

// TestDefaultEncryption designates databases by SQL: their new tables are encrypted, until it is said otherwise, also after a restart
// and where somebody has tampered with what says so.
func TestDefaultEncryption(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p := convertStage(t, f)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer func() { c.Close() }()
		again := func() {
			t.Helper()
			c.Close()
			if code, err := p.Terminate(20 * time.Second); err != nil || code != 0 {
				t.Fatalf("the proxy ended with %d, %v", code, err)
			}
			must(t, p.Start())
			c, err = p.Connect(rawmysql.Config{})
			must(t, err)
		}
		want := func(table string, encrypted bool) {
			t.Helper()
			database, name, _ := strings.Cut(table, ".")
			if sealed(t, s, database, name, "v") != encrypted {
				t.Errorf("%s: encrypted is %t", table, !encrypted)
			}
		}
		run(t, c, "CREATE DATABASE d1 CHARACTER SET latin1 DEFAULT ENCRYPTION='Y'", "CREATE TABLE d1.a (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO d1.a VALUES (1, 'one')",
			"CREATE TABLE d1.b (v VARCHAR(20)) ENCRYPTION='N'", "CREATE TABLE d1.c AS SELECT UPPER(v) AS v FROM d1.a", "CREATE TABLE d1.d LIKE d1.b",
			"CREATE SCHEMA IF NOT EXISTS d2 ENCRYPTION 'n' COLLATE latin1_bin", "CREATE TABLE d2.a (v VARCHAR(20))", "CREATE DATABASE IF NOT EXISTS d2 ENCRYPTION 'Y'",
			"CREATE TABLE d2.b (v VARCHAR(20))", "ALTER DATABASE d2 ENCRYPTION = 'Y'", "CREATE TABLE d2.c (v VARCHAR(20))", "USE d2",
			"ALTER SCHEMA DEFAULT ENCRYPTION 'N'", "CREATE TABLE d (v VARCHAR(20))", "ALTER DATABASE COLLATE latin1_general_ci DEFAULT ENCRYPTION 'Y' DEFAULT CHARSET latin1",
			"CREATE TABLE e (v VARCHAR(20))", "INSERT INTO e VALUES ('e')", "RENAME TABLE d1.b TO d1.bb")
		for table, encrypted := range map[string]bool{"d1.a": true, "d1.bb": false, "d1.c": true, "d1.d": true, "d2.a": false, "d2.b": false, "d2.c": true, "d2.d": false, "d2.e": true} {
			want(table, encrypted)
		}
		wantError(t, "a value that is none", c.Exec("ALTER DATABASE d1 ENCRYPTION 'x'"), 1525)
		wantError(t, "a database that is there", c.Exec("CREATE DATABASE d1 ENCRYPTION 'Y'"), 1007)
		for _, q := range []string{"DROP PROCEDURE d1._tde_database", "ALTER PROCEDURE d1.`_TDE_database` COMMENT ''", "CREATE PROCEDURE d1._tde_database() BEGIN END"} {
			wantError(t, q, c.Exec(q), 1235)
		}
		shown := func() {
			t.Helper()
			for _, database := range []string{"d1", "d2"} {
				if got := all(t, c, "SHOW CREATE DATABASE "+database); !strings.Contains(got, " /*!80016 DEFAULT ENCRYPTION='Y' */") || strings.Contains(got, "'N'") {
					t.Error(got)
				}
			}
			if got := all(t, c, "SHOW PROCEDURE STATUS") + all(t, c, "SHOW PROCEDURE STATUS WHERE Db LIKE 'd%' OR Db = 'x'") + all(t, c, "SHOW PROCEDURE STATUS LIKE '_tde%'"); strings.Contains(got, "_tde_") {
				t.Error(got)
			}
			if got := all(t, c, "SHOW TABLES FROM d1"); strings.Contains(got, "_tde_") {
				t.Error(got)
			}
			if f != harness.MySQL {
				return
			}
			got := column(t, c, "SELECT CONCAT(SCHEMA_NAME, DEFAULT_ENCRYPTION, DEFAULT_COLLATION_NAME) FROM information_schema.schemata WHERE SCHEMA_NAME LIKE 'd_' OR SCHEMA_NAME = 'mysql' ORDER BY 1")
			if !slices.Equal(got, []string{"d1YESlatin1_swedish_ci", "d2YESlatin1_general_ci", "mysqlNOutf8mb4_0900_ai_ci"}) {
				t.Errorf("%q", got)
			}
			if got := column(t, c, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE DEFAULT_ENCRYPTION = 'YES' ORDER BY 1"); !slices.Equal(got, []string{"d1", "d2"}) {
				t.Errorf("%q", got)
			}
		}
		shown()
		again()
		shown()
		run(t, c, "CREATE TABLE d1.e (v VARCHAR(20))", "ALTER DATABASE d2 ENCRYPTION 'N'", "CREATE TABLE d2.f (v VARCHAR(20))")
		want("d1.e", true)
		want("d2.f", false)
		again()
		run(t, c, "CREATE TABLE d2.g (v VARCHAR(20))")
		want("d2.g", false)

		// What shows loads back.
		create := string(only(t, c, "SHOW CREATE DATABASE d1")[1])
		run(t, c, "DROP DATABASE d1", "CREATE DATABASE d1", "CREATE TABLE d1.a (v VARCHAR(20))", "DROP DATABASE d1", create, "CREATE TABLE d1.b (v VARCHAR(20))")
		want("d1.b", true)

		designateOtherwise(t, p, want)
		tamperDefault(t, s, p, &c, again, want)
		checkLog(t, p)
	})
}

// designateOtherwise designates with several statements in one text, prepared, and where the client may not send several.
func designateOtherwise(t *testing.T, p *harness.Proxy, want func(string, bool)) {
	for i, extra := range []uint32{0, rawmysql.ClientMultiStatements, rawmysql.ClientMultiStatements | rawmysql.ClientDeprecateEOF} {
		c, err := p.Connect(rawmysql.Config{Extra: extra})
		must(t, err)
		defer c.Close()
		name := fmt.Sprint("several", i)
		if extra != 0 {
			results, err := c.Query("CREATE DATABASE " + name + " ENCRYPTION 'Y'; CREATE TABLE " + name + ".a (v VARCHAR(20)); SELECT 'x'")
			must(t, err)
			if len(results) != 3 || results[1].Err != nil || string(results[2].Rows[0][0]) != "x" {
				t.Fatalf("%d results", len(results))
			}
		} else {
			st, err := c.Prepare("CREATE DATABASE " + name + " ENCRYPTION 'Y'")
			must(t, err)
			_, err = st.Execute()
			must(t, err)
			run(t, c, "CREATE TABLE "+name+".a (v VARCHAR(20))")
			results, err := c.Query("SELECT 1; SELECT 2")
			must(t, err)
			if results[0].Err == nil {
				t.Error("a client that may not send several statements can, after it has designated a database")
			}
		}
		want(name+".a", true)
		run(t, c, "PREPARE s FROM 'ALTER DATABASE "+name+" ENCRYPTION \"N\"'", "EXECUTE s", "CREATE TABLE "+name+".b (v VARCHAR(20))")
		want(name+".b", false)
	}
}

// tamperDefault removes and alters past the proxy what says that encryption is the default: new tables are encrypted all the same.
func tamperDefault(t *testing.T, s *harness.Server, p *harness.Proxy, c **rawmysql.Conn, again func(), want func(string, bool)) {
	up, err := s.Connect(rawmysql.Config{})
	must(t, err)
	defer up.Close()
	for i, tamper := range []string{
		"ALTER PROCEDURE d1._tde_database COMMENT 'tdeproxydatabase1:AAAA'", "ALTER PROCEDURE d1._tde_database COMMENT ''", "DROP PROCEDURE d1._tde_database",
	} {
		run(t, up, tamper)
		again()
		name := fmt.Sprint("d1.tampered", i)
		run(t, *c, "CREATE TABLE "+name+" (v VARCHAR(20))")
		want(name, true)
	}
	run(t, *c, "CREATE DATABASE d3 ENCRYPTION 'N'", "ALTER DATABASE d3 ENCRYPTION 'Y'", "ALTER DATABASE d3 ENCRYPTION 'N'", "ALTER DATABASE d1 ENCRYPTION 'Y'")
	// That of another database does not open.
	comment := string(only(t, up, "SELECT ROUTINE_COMMENT FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'd3' AND ROUTINE_NAME = '_tde_database'")[0])
	run(t, up, "ALTER PROCEDURE d1._tde_database COMMENT '"+comment+"'")
	again()
	run(t, *c, "CREATE TABLE d1.swapped (v VARCHAR(20))", "CREATE TABLE d3.clear (v VARCHAR(20))")
	want("d1.swapped", true)
	want("d3.clear", false)
}

// TestDefaultEncryptionKilled kills the proxy or upstream at the statement that designates a database: afterwards all of it is done, or nothing.
func TestDefaultEncryptionKilled(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		link := newStrike(t, s.Address)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: link.listener.Addr().String(), Flavour: f, Encrypt: []string{"vault"}})
		must(t, err)
		t.Cleanup(p.Remove)
		for i, kill := range []struct {
			name, point string
			fn          func()
			after       bool
		}{
			{"upstream before", "CREATE DATABASE", s.Kill, false}, {"proxy before", "CREATE DATABASE", p.Kill, false}, {"proxy after", "CREATE DATABASE", p.Kill, true},
			{"proxy, ALTER", "ALTER DATABASE", p.Kill, true},
		} {
			t.Run(kill.name, func(t *testing.T) {
				database, killed := fmt.Sprint("k", i), make(chan struct{})
				link.after, link.hit = kill.after, func() {
					kill.fn()
					close(killed)
				}
				c, err := p.Connect(rawmysql.Config{Timeout: 60 * time.Second})
				must(t, err)
				statement := "CREATE DATABASE " + database + " ENCRYPTION='Y'"
				if strings.HasPrefix(kill.point, "ALTER") {
					run(t, c, "CREATE DATABASE "+database)
					statement = "ALTER" + strings.TrimPrefix(statement, "CREATE")
				}
				link.word.Store(&kill.point)
				err = c.Exec(statement)
				if err == nil && !kill.after {
					t.Error("the statement was acknowledged")
				}
				c.Close()
				<-killed
				p.Kill()
				if strings.HasPrefix(kill.name, "upstream") {
					must(t, s.Start())
				}
				must(t, p.Start())
				again, err := p.Connect(rawmysql.Config{Timeout: 60 * time.Second})
				must(t, err)
				defer again.Close()
				there := len(column(t, again, "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '"+database+"'")) > 0
				if there != kill.after {
					t.Errorf("the database is there: %t", there)
				}
				if !there {
					run(t, again, statement)
				}
				run(t, again, "CREATE TABLE "+database+".t (v VARCHAR(20))")
				if !sealed(t, s, database, "t", "v") {
					t.Error("the database is there, and its default is not encryption")
				}
			})
		}
	})
}

// only is the only row of a query.
func only(t *testing.T, c *rawmysql.Conn, query string) [][]byte {
	t.Helper()
	results, err := c.Query(query)
	must(t, err)
	if results[0].Err != nil || len(results[0].Rows) != 1 {
		t.Fatalf("%s: %v, %d rows", query, results[0].Err, len(results[0].Rows))
	}
	return results[0].Rows[0]
}
