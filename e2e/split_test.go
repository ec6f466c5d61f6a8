package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestSplitsApart runs 64 sessions at once, each with tables, values and variables of its own under names that all share:
// nobody reads of another, and no answer shows what the evaluator calls things.
func TestSplitsApart(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		const sessions, databases, rounds = 64, 8, 1
		for d := range databases {
			c := s.connect(t, rawmysql.Config{Database: s.database(t, fmt.Sprintf("apart%d", d))})
			run(t, c, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT, KEY (v)) COLLATE utf8mb4_general_ci", "CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(40)) COLLATE utf8mb4_general_ci")
			for i := range sessions / databases {
				run(t, c, fmt.Sprintf("INSERT INTO t VALUES (%d, 'of %d in %d', %d)", i, i, d, i+100*d), fmt.Sprintf("INSERT INTO u VALUES (%d, 'u%d in %d')", i, i, d))
			}
		}
		var wait sync.WaitGroup
		for i := range sessions {
			c := s.connect(t, rawmysql.Config{Database: fmt.Sprintf("apart%d", i%databases)})
			wait.Add(1)
			go func() {
				defer wait.Done()
				for range rounds {
					apart(t, c, i/databases, i%databases)
				}
			}()
		}
		wait.Wait()
		s.healthy(t)
	})
}

// apart is one session's work; it owns row i of database d.
func apart(t *testing.T, c *rawmysql.Conn, i, d int) {
	mine := fmt.Sprintf("of %d in %d", i, d)
	if err := c.Exec(fmt.Sprintf("SET @mine = '%s', @low = %d, div_precision_increment = %d", mine, i, 1+i)); err != nil {
		t.Error(err)
		return
	}
	for sql, want := range map[string]string{
		"SELECT UPPER(v) FROM t WHERE v LIKE @mine":                                                                             strings.ToUpper(mine),
		"SELECT GROUP_CONCAT(t.id ORDER BY t.id) FROM t WHERE v LIKE '%in%'":                                                    "0,1,2,3,4,5,6,7",
		"SELECT CONCAT(DATABASE(), ' ', v) FROM t WHERE id + 0 = @low":                                                          fmt.Sprintf("apart%d %s", d, mine),
		"SELECT CONCAT(t.v, u.v) FROM t JOIN u ON t.id = u.id WHERE t.v LIKE @mine":                                             fmt.Sprintf("%su%d in %d", mine, i, d),
		"SELECT v FROM (SELECT v, n FROM t UNION SELECT v, 0 FROM u) q WHERE n + 0 = " + fmt.Sprint(i+100*d) + " AND n + 0 > 0": mine,
		fmt.Sprintf("SELECT LENGTH(1 / 7) FROM t WHERE v LIKE 'of %d%%'", i):                                                    fmt.Sprint(2 + 1 + i),
		"SELECT nosuch FROM t WHERE v LIKE 'o%'":                                                                                "ERROR",
		fmt.Sprintf("SELECT v FROM apart%d.nosuch, t WHERE v LIKE 'o%%'", d):                                                    fmt.Sprintf("ERROR 1146 (42S02): Table 'apart%d.nosuch' doesn't exist", d),
		"SELECT id FROM t WHERE v LIKE (SELECT v FROM t)":                                                                       "ERROR",
	} {
		results, err := c.Query(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			return
		}
		r := results[0]
		got := fmt.Sprint(r.Err)
		if r.Err == nil && len(r.Rows) > 0 {
			got = string(r.Rows[0][0])
		}
		if got != want && !(want == "ERROR" && r.Err != nil) && !(i == 0 && d == 0 && strings.Contains(sql, "n + 0 > 0")) {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
		warnings, err := c.Query("SHOW WARNINGS")
		if err != nil {
			t.Error(err)
			return
		}
		shown := fmt.Sprintf("%+v %q %v %q", r.Columns, r.Rows, r.Err, warnings[0].Rows)
		if strings.Contains(shown, "_tde_") {
			t.Errorf("%s shows names of the evaluator: %s", sql, shown)
		}
	}
}

// TestSplitSnapshot moves money between two encrypted tables while others sum it up: every sum is that of one moment.
func TestSplitSnapshot(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		db := s.database(t, "money")
		c := s.connect(t, rawmysql.Config{Database: db})
		run(t, c, "CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(20), n INT)", "CREATE TABLE b (id INT PRIMARY KEY, v VARCHAR(20), n INT)",
			"INSERT INTO a VALUES (1, 'left', 500), (2, 'other', 1)", "INSERT INTO b VALUES (1, 'right', 500), (2, 'other', 2)")
		stop := make(chan struct{})
		moved := make(chan error, 1)
		mover := s.connect(t, rawmysql.Config{Database: db})
		go func() { moved <- move(mover, stop) }()
		sums := []string{
			"SELECT a.n + b.n FROM a JOIN b ON a.id = b.id WHERE a.v LIKE 'l%'",
			"SELECT SUM(n) FROM (SELECT n FROM a WHERE v LIKE 'l%' UNION ALL SELECT n FROM b WHERE v LIKE 'r%') q",
			"SELECT n + (SELECT n FROM b WHERE v LIKE 'r%') FROM a WHERE v LIKE 'l%'",
		}
		for _, in := range []string{"", "REPEATABLE READ", "READ COMMITTED"} {
			seen := map[string]bool{}
			for range 25 {
				for _, sql := range sums {
					if in != "" {
						run(t, c, "SET SESSION TRANSACTION ISOLATION LEVEL "+in, "BEGIN")
					}
					if got := column(t, c, sql); len(got) != 1 || got[0] != "1000" {
						t.Fatalf("isolation %q: %s: %q", in, sql, got)
					}
					if in != "" {
						if got := column(t, c, sql)[0]; got != "1000" {
							t.Fatalf("the same again: %q", got)
						}
						run(t, c, "COMMIT")
					}
				}
				seen[column(t, c, "SELECT n + 0 FROM a WHERE v LIKE 'l%'")[0]] = true
			}
			if len(seen) < 3 {
				t.Errorf("the money did not move meanwhile: %v", seen)
			}
		}
		for _, level := range []string{"READ UNCOMMITTED"} {
			run(t, c, "SET SESSION TRANSACTION ISOLATION LEVEL "+level, "BEGIN")
			wantError(t, level, c.Exec(sums[0]), 1235)
			run(t, c, "COMMIT")
		}
		close(stop)
		must(t, <-moved)
		s.healthy(t)
	})
}

// move moves money back and forth, each time in one transaction.
func move(c *rawmysql.Conn, stop chan struct{}) error {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		have := 500 + (n*37)%400
		for _, sql := range []string{"BEGIN", fmt.Sprintf("UPDATE a SET n = %d WHERE id = 1", have), fmt.Sprintf("UPDATE b SET n = %d WHERE id = 1", 1000-have), "COMMIT"} {
			if err := c.Exec(sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
	}
}

// TestSplitRedefined changes tables of a query behind the proxy's back and through it.
func TestSplitRedefined(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p := ownUpstream(t, f, "secret")
		must(t, s.Exec("CREATE DATABASE secret", "CREATE DATABASE plain", "CREATE TABLE plain.p (id INT PRIMARY KEY, x INT)", "INSERT INTO plain.p VALUES (1, 7)"))
		c, err := p.Connect(rawmysql.Config{Database: "secret"})
		must(t, err)
		defer c.Close()
		run(t, c, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40))", "INSERT INTO t VALUES (1, 'one'), (2, 'two')")
		const joined = "SELECT CONCAT(t.v, p.x) FROM t JOIN plain.p p ON p.id = t.id WHERE t.v LIKE 'o%'"
		prepared, err := c.Prepare("SELECT CONCAT(t.v, p.x) FROM t JOIN plain.p p ON p.id = t.id WHERE t.v LIKE ?")
		must(t, err)
		expect := func(want string) {
			t.Helper()
			if got := column(t, c, joined); len(got) != 1 || got[0] != want {
				t.Errorf("text: got %q, want %q", got, want)
			}
			r, err := prepared.Execute(rawmysql.Text("o%"))
			must(t, err)
			if r[0].Err != nil || len(r[0].Rows) != 1 || string(r[0].Rows[0][0]) != want {
				t.Errorf("prepared: got %q, %v, want %q", r[0].Rows, r[0].Err, want)
			}
		}
		expect("one7")
		for _, change := range []struct{ sql, want string }{
			{"ALTER TABLE plain.p MODIFY x VARCHAR(20)", "one7"},
			{"UPDATE plain.p SET x = 'seven'", "oneseven"},
			{"ALTER TABLE plain.p ADD y INT FIRST", "oneseven"},
			{"ALTER TABLE plain.p MODIFY x DECIMAL(10,2) AS (y + 0.5)", "one7.50"},
		} {
			if strings.Contains(change.sql, "AS (") {
				must(t, s.Exec("UPDATE plain.p SET y = 7", "ALTER TABLE plain.p DROP x", "ALTER TABLE plain.p ADD x DECIMAL(10,2) AS (y + 0.5)"))
			} else {
				must(t, s.Exec(change.sql))
			}
			expect(change.want)
		}
		must(t, s.Exec("DROP TABLE plain.p"))
		wantError(t, "a table that is gone", c.Exec(joined), 1146)
		must(t, s.Exec("CREATE TABLE plain.p (id INT PRIMARY KEY, x CHAR(3))", "INSERT INTO plain.p VALUES (1, 'new')"))
		expect("onenew")
		run(t, c, "DROP TABLE t", "CREATE TABLE t (v VARCHAR(10) CHARACTER SET latin1, extra INT, id BIGINT PRIMARY KEY)", "INSERT INTO t VALUES ('other', 1, 1)")
		expect("othernew")
		store, err := c.Prepare("INSERT INTO t SELECT CONCAT(?, p.x), t.extra, p.id + 10 FROM t JOIN plain.p p ON p.id = t.id WHERE t.v LIKE ?")
		must(t, err)
		must(t, s.Exec("ALTER TABLE plain.p MODIFY x VARCHAR(9), ADD z INT FIRST"))
		must(t, store.SendLongData(0, []byte("long")))
		r, err := store.Execute(rawmysql.Long(), rawmysql.Text("o%"))
		must(t, err)
		if got := column(t, c, "SELECT v FROM t WHERE id = 11"); r[0].Err != nil || len(got) != 1 || got[0] != "longnew" {
			t.Errorf("a prepared INSERT … SELECT of a redefined table: %v, stored %q", r[0].Err, got)
		}
		run(t, c, "SET sql_mode = 'ANSI_QUOTES'")
		must(t, s.Exec("ALTER TABLE plain.p MODIFY x VARCHAR(10)"))
		expect("othernew")
		run(t, c, "CREATE TEMPORARY TABLE plain.p (id INT PRIMARY KEY, x INT)")
		wantError(t, "a temporary table of the name", c.Exec(joined), 1235)
		run(t, c, "DROP TEMPORARY TABLE plain.p")
		expect("othernew")
		checkLog(t, p)
	})
}

// TestSplitMemory loads more rows than evaluator.memory allows, and streams a result of a million.
func TestSplitMemory(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		p, err := harness.StartProxy(harness.ProxyOptions{
			Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"secret"}, Settings: map[string]string{"evaluator.memory": `"64MiB"`},
		})
		must(t, err)
		t.Cleanup(p.Remove)
		c, err := p.Connect(rawmysql.Config{Timeout: 5 * time.Minute})
		must(t, err)
		defer c.Close()
		must(t, s.Exec("CREATE DATABASE secret", "CREATE DATABASE plain", "CREATE TABLE plain.big (id INT PRIMARY KEY, pad VARCHAR(1000))",
			"SET SESSION "+recursion(f)+" = 200000",
			"INSERT INTO plain.big WITH RECURSIVE q AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM q WHERE n < 100000) SELECT n, REPEAT('x', 1000) FROM q"))
		run(t, c, "USE secret", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40))")
		rows := ""
		for i := range 1000 {
			rows += fmt.Sprintf(", (%d, 'value %d')", i, i)
		}
		run(t, c, "INSERT INTO t VALUES "+rows[2:])
		if got := column(t, c, "SELECT COUNT(*) FROM t WHERE v LIKE 'value%'")[0]; got != "1000" {
			t.Error(got)
		}
		pid := evaluatorPID(t, p)
		before, err := harness.RSS(p.PID())
		must(t, err)
		own, err := harness.RSS(pid)
		must(t, err)
		for range 2 {
			wantError(t, "too many rows", c.Exec("SELECT COUNT(*) FROM t JOIN plain.big b ON b.id = t.id WHERE CONCAT(t.v, b.pad) LIKE '%1x%'"), 1114)
		}
		n := 0
		results, err := c.QueryFunc("SELECT x.v, y.id FROM t x, t y WHERE x.v LIKE 'value%'", func([]byte) { n++ })
		must(t, err)
		if results[0].Err != nil || n != 1000000 {
			t.Errorf("%d rows, %v", n, results[0].Err)
		}
		peak, err := harness.PeakRSS(p.PID())
		must(t, err)
		there, err := harness.PeakRSS(pid)
		must(t, err)
		t.Logf("the proxy grew by %d MiB, the evaluator by %d", (peak-before)>>20, (there-own)>>20)
		if grown := peak - before; grown > 64<<20 {
			t.Errorf("the proxy grew by %d MiB", grown>>20)
		}
		if grown := there - own; grown > 128<<20 {
			t.Errorf("the evaluator grew by %d MiB", grown>>20)
		}
		if got := column(t, c, "SELECT COUNT(*) FROM t WHERE v LIKE 'value%'")[0]; got != "1000" {
			t.Error(got)
		}
		checkLog(t, p)
	})
}

// TestSplitLongRow makes rows longer than listen.max_allowed_packet: the statement fails, and nothing else does.
func TestSplitLongRow(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		p, err := harness.StartProxy(harness.ProxyOptions{
			Binary: proxyBinary(t), Upstream: plainServer(t, f).Address, Flavour: f, Encrypt: []string{"longrow"},
			Settings: map[string]string{"listen.max_allowed_packet": `"2MiB"`},
		})
		must(t, err)
		t.Cleanup(p.Remove)
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		defer c.Close()
		run(t, c, "DROP DATABASE IF EXISTS longrow", "CREATE DATABASE longrow", "USE longrow", "CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)",
			"START TRANSACTION", "INSERT INTO t VALUES (1, REPEAT('a', 1 << 20))")
		for _, sql := range []string{
			"INSERT INTO t VALUES (2, REPEAT('b', 2 << 20))", "INSERT INTO t SELECT id + 1, CONCAT(v, v) FROM t", "UPDATE t SET v = CONCAT(v, v, v)",
			"SELECT CONCAT(v, v) FROM t", "SELECT 'c', REPEAT(v, 40) FROM t",
		} {
			wantError(t, sql, c.Exec(sql), 1153)
		}
		run(t, c, "INSERT INTO t VALUES (3, 'd')", "COMMIT")
		if got := column(t, c, "SELECT CONCAT(id, ' ', LENGTH(v)) FROM t ORDER BY id"); !slices.Equal(got, []string{"1 1048576", "3 1"}) {
			t.Errorf("the table holds %q", got)
		}
		run(t, c, "DROP DATABASE longrow")
		checkLog(t, p)
	})
}

// recursion is the variable that bounds recursive queries.
func recursion(f harness.Flavour) string {
	if f == harness.MySQL {
		return "cte_max_recursion_depth"
	}
	return "max_recursive_iterations"
}
