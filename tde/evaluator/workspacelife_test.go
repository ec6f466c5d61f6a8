package evaluator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// eventually waits for something that happens in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// count asks the server, on another connection, for a number.
func count(t *testing.T, e *Evaluator, sql string) (n string) {
	t.Helper()
	ask(t, e, func(c *conn) error {
		rows, err := c.query(sql)
		if err == nil {
			n = rows.text(0, 0)
		}
		return err
	})
	return n
}

// slow are statements that take long: one that sleeps, one that computes.
var slow = map[string]string{
	"sleep":   "SELECT SLEEP(60)",
	"compute": "SELECT COUNT(*) FROM k a, k b, k c, k d, k e, k f WHERE a.id + b.id + c.id + d.id + e.id + f.id < 0",
}

func TestWorkspaceKill(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "k", "CREATE TABLE k (id INT PRIMARY KEY)")
		var rows [][][]byte
		for i := range 300 {
			rows = append(rows, [][]byte{number(i)})
		}
		for name, sql := range slow {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				w, err := e.Workspace(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(load(w, table, columnsOf(table), rows...), w.Use("shop")); err != nil {
					t.Fatal(err)
				}
				id, prefix := w.id, w.prefix()
				time.AfterFunc(100*time.Millisecond, cancel)
				began := time.Now()
				_, err = w.ask(sql)
				if took := time.Since(began); !errors.Is(err, context.Canceled) || took > 20*time.Second {
					t.Errorf("%v after %v", err, took)
				}
				w.Release()
				eventually(t, "it still runs", func() bool {
					return count(t, e, fmt.Sprintf("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %d", id)) == "0"
				})
				t.Logf("gone after %v", time.Since(began).Round(time.Millisecond))
				eventually(t, "its schemas are there", func() bool {
					return count(t, e, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '"+prefix+"%'") == "0"
				})
			})
		}
		if _, err := lend(t, e).ask("SELECT 1"); err != nil {
			t.Error(err)
		}
	})
}

// TestWorkspaceServerDies kills the server in the middle of a statement, a load and between statements.
func TestWorkspaceServerDies(t *testing.T) {
	eachAlone(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "k", "CREATE TABLE k (id INT PRIMARY KEY, s VARCHAR(100))")
		idle := lend(t, e)
		idle.Release()
		w, loads := lend(t, e), lend(t, e)
		if err := load(w, table, columnsOf(table), [][]byte{number(1), nil}); err != nil {
			t.Fatal(err)
		}
		pid := e.server.pid // of the server that is there now
		time.AfterFunc(200*time.Millisecond, func() {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			l, err := loads.Load(table, columnsOf(table))
			for i := 0; err == nil; i++ {
				err = l.Row([][]byte{number(i), []byte(strings.Repeat("x", 100))})
			}
			if my, ok := errors.AsType[*wire.Error](err); !errors.Is(err, ErrUnavailable) && !(ok && my.Code == codeTableFull) {
				t.Errorf("loading: %v", err)
			}
			loads.Release()
		})
		if _, err := w.ask("SELECT SLEEP(60)"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("in flight: %v", err)
		}
		w.Release()
		wg.Wait()
		next := lend(t, e)
		if err := load(next, table, columnsOf(table), [][]byte{number(2), nil}); err != nil {
			t.Fatal(err)
		}
		if got := readRows(t, next, table, columnsOf(table, "id"), ""); len(got) != 1 {
			t.Errorf("%d rows", len(got))
		}
		next.Release()
		if n := e.taken.Load(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	})
}

// TestWorkspaceClean lends after statements that leave something behind.
func TestWorkspaceClean(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "k", "CREATE TABLE k (id INT PRIMARY KEY)")
		other := describe(t, e, "other", "CREATE TABLE other (id INT PRIMARY KEY)")
		w := lend(t, e)
		vars := []Variable{{Name: "@u", Value: "'x'"}, {Name: "div_precision_increment", Value: "9"}, {Name: "no_such_thing", Value: "1", Optional: true}, {Name: "sql_mode", Value: "'ANSI'"}}
		// The second table is made while the first has rows: that ends the transaction.
		if err := errors.Join(w.Set(vars), load(w, table, columnsOf(table), [][]byte{number(1)}), load(w, other, columnsOf(other), [][]byte{number(1)}), w.Use("shop")); err != nil {
			t.Fatal(err)
		}
		rows, err := w.ask("SELECT @u, @v := 5, GET_LOCK('l', 0), @@div_precision_increment, LAST_INSERT_ID(77), (SELECT COUNT(*) FROM k), (SELECT COUNT(*) FROM other)")
		if err != nil || fmt.Sprintf("%s", rows) != "[[x 5 1 9 77 1 1]]" {
			t.Fatalf("%s, %v", rows, err)
		}
		if err := w.Command(append([]byte{byte(wire.ComStmtPrepare)}, "SELECT 1"...)); err != nil {
			t.Fatal(err)
		}
		packet, err := w.Conn().ReadPacket()
		if err != nil || packet[0] != 0 {
			t.Fatalf("%x, %v", packet, err)
		}
		if _, err := w.Conn().ReadPacket(); err != nil { // its column
			t.Fatal(err)
		}
		w.Answered()
		w.Release()
		again := lend(t, e)
		defer again.Release()
		if again != w {
			t.Fatal("another workspace")
		}
		if err := again.Use("shop"); err != nil {
			t.Fatal(err)
		}
		rows, err = again.ask("SELECT @u, @v, IS_FREE_LOCK('l'), @@div_precision_increment, LAST_INSERT_ID(), (SELECT COUNT(*) FROM k), (SELECT COUNT(*) FROM other)")
		if err != nil || fmt.Sprintf("%s", rows) != "[[  1 4 0 0 0]]" {
			t.Errorf("%s, %v", rows, err)
		}
		for name, v := range map[string]Variable{"unknown": {Name: "no_such_thing", Value: "1"}, "wrong": {Name: "sql_mode", Value: "'NOTHING'"}, "autocommit": {Name: "AutoCommit", Value: "1"}} {
			if err := again.Set([]Variable{v}); err == nil {
				t.Errorf("%s was taken", name)
			}
		}
		if rows, err := again.ask("SELECT @@sql_mode"); err == nil && strings.Contains(string(rows[0][0]), "ANSI") {
			t.Errorf("the mode is %s", rows[0][0])
		}
	})
}

// TestLoadMany loads more than one transaction takes, and more than fits.
func TestLoadMany(t *testing.T) {
	eachAlone(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "k", "CREATE TABLE k (id INT PRIMARY KEY, s VARCHAR(200), KEY (s))")
		small := describe(t, e, "small", "CREATE TABLE small (id INT PRIMARY KEY)")
		text := []byte(strings.Repeat("x", 190))
		for _, n := range []int{3, rollbackRows, rollbackRows + 1, 20000, 5} {
			w := lend(t, e)
			rows := make([][][]byte, n)
			for i := range rows {
				rows[i] = [][]byte{number(i), text}
			}
			if err := errors.Join(load(w, small, columnsOf(small), [][]byte{number(1)}), load(w, table, columnsOf(table), rows...), load(w, table, columnsOf(table), [][]byte{number(n), nil}), w.Use("shop")); err != nil {
				t.Fatal(err)
			}
			got, err := w.ask("SELECT COUNT(*), SUM(id), (SELECT COUNT(*) FROM small) FROM k")
			if want := fmt.Sprintf("[[%d %d 1]]", n+1, n*(n+1)/2); err != nil || fmt.Sprintf("%s", got) != want {
				t.Errorf("%s, %v; want %s", got, err, want)
			}
			w.Release()
			if n := e.taken.Load(); n != 0 {
				t.Errorf("%d bytes are still counted", n)
			}
		}
		e.cfg.Memory = 16 << 20
		w := lend(t, e)
		l, err := w.Load(table, columnsOf(table))
		for i := 0; err == nil && i < 10e6; i++ {
			err = l.Row([][]byte{number(i), text})
		}
		if my, ok := errors.AsType[*wire.Error](err); !ok || my.Code != 1114 || !strings.Contains(my.Message, "'k' is full") {
			t.Errorf("too much: %v", err)
		}
		w.Release()
		w = lend(t, e)
		defer w.Release()
		if err := load(w, table, columnsOf(table), [][]byte{number(1), nil}, [][]byte{number(1), nil}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ask("SELECT 1"); err == nil || !strings.Contains(err.Error(), "Duplicate") {
			t.Errorf("a key twice: %v", err)
		}
	})
}

// TestWorkspaceTables has definitions of all sorts.
func TestWorkspaceTables(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		for _, sql := range []string{
			"CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT, b INT NOT NULL, n INT, PRIMARY KEY (b, id)) ENGINE=MyISAM",
			"CREATE TABLE t (id INT PRIMARY KEY, b INT, n INT, KEY (b) USING HASH) ENGINE=MEMORY",
			"CREATE TABLE t (id INT NOT NULL, b INT NOT NULL, n INT NOT NULL) ENGINE=CSV",
			"CREATE TABLE t (id INT PRIMARY KEY, b INT, n INT, CONSTRAINT `fo,o` FOREIGN KEY (b) REFERENCES nowhere (x), CONSTRAINT c CHECK (n > 3), CHECK (b < id))",
			"CREATE TABLE t (id INT, b INT, n INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10) COMMENT = 'ENGINE = x' ENGINE = InnoDB, PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB)",
			"CREATE TABLE t (id INT PRIMARY KEY, b INT NOT NULL, n INT, j JSON NOT NULL, g POINT NOT NULL, d DATE NOT NULL, ts TIMESTAMP NOT NULL, e ENUM('x') NOT NULL, s TEXT NOT NULL, f FLOAT NOT NULL) ROW_FORMAT=COMPRESSED",
			"CREATE TABLE t (id INT PRIMARY KEY, b INT, n INT, t TEXT, FULLTEXT KEY (t))",
			"CREATE TABLE t (id INT PRIMARY KEY, b INT, n INT) COMMENT='a DATA DIRECTORY=''x'' b' MAX_ROWS=5 STATS_PERSISTENT=1",
		} {
			table := describe(t, e, "t", sql)
			w := lend(t, e)
			if err := errors.Join(load(w, table, columnsOf(table, "b", "id"), [][]byte{number(5), number(1)}, [][]byte{number(4), number(12)}), w.Use("shop")); err != nil {
				t.Errorf("%s: %v", table.Create, err)
				w.Release()
				continue
			}
			rows, err := w.ask("SELECT id, b FROM t ORDER BY id")
			if err != nil || fmt.Sprintf("%s", rows) != "[[1 5] [12 4]]" {
				t.Errorf("%s: %s, %v", sql, rows, err)
			}
			w.Release()
		}
		if e.cfg.MariaDB {
			table := describe(t, e, "t", "CREATE TABLE t (id INT) WITH SYSTEM VERSIONING")
			w := lend(t, e)
			defer w.Release()
			if _, err := w.Load(table, columnsOf(table)); err == nil || !strings.Contains(err.Error(), "HISTORY") && !strings.Contains(err.Error(), "history") {
				t.Errorf("%v", err)
			}
		}
	})
}

// TestWorkspaceEvicts has more tables than are kept, in several databases.
func TestWorkspaceEvicts(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "t", "CREATE TABLE t (id INT)")
		w := lend(t, e)
		for i := range maxWorkspaceTables + 10 {
			other := *table
			other.Name, other.DB = fmt.Sprintf("t%d", i), fmt.Sprintf("db%d", i%3)
			if err := load(w, &other, columnsOf(&other), [][]byte{number(i)}); err != nil {
				t.Fatal(err)
			}
		}
		prefix := w.prefix()
		if _, err := w.ask("SELECT 1"); err != nil {
			t.Fatal(err)
		}
		w.Release()
		w = lend(t, e)
		defer w.Release()
		if len(w.tables) != maxWorkspaceTables {
			t.Errorf("%d tables", len(w.tables))
		}
		if n := count(t, e, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA LIKE '"+prefix+"%'"); n != fmt.Sprint(maxWorkspaceTables) {
			t.Errorf("the server has %s", n)
		}
	})
}

// TestWorkspaceAccount sees what the account of the workspaces must not do.
func TestWorkspaceAccount(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		w := lend(t, e)
		defer w.Release()
		own, err := w.Schema("shop")
		if err != nil {
			t.Fatal(err)
		}
		if grants, err := w.ask("SHOW GRANTS"); err == nil {
			t.Logf("%s", grants)
		}
		for _, sql := range []string{
			"SELECT * FROM mysql.time_zone_name", "SELECT 1 INTO OUTFILE '/tmp/tdeproxy-evaluator-test'", "SELECT 1 INTO OUTFILE '" + e.home.dir + "/x'",
			"CREATE TABLE _tde_twins.x (a INT)", "DROP DATABASE _tde_twins", "SELECT 1; SELECT 2", "SHUTDOWN", "SET GLOBAL general_log = 1", "CREATE DATABASE elsewhere",
			"LOAD DATA INFILE '/etc/hostname' INTO TABLE " + own + ".x", "INSTALL SONAME 'ha_x'", "CREATE USER x", "KILL 1",
		} {
			if _, err := w.ask(sql); err == nil {
				t.Errorf("%s was done", sql)
			}
		}
		if rows, err := w.ask("SELECT LOAD_FILE('/etc/hostname') IS NULL"); err != nil || string(rows[0][0]) != "1" {
			t.Errorf("LOAD_FILE: %s, %v", rows, err)
		}
	})
}

// TestWorkspaceConcurrent lends many at once, some of which are given up.
func TestWorkspaceConcurrent(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "k", "CREATE TABLE k (id INT PRIMARY KEY)")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 25 {
					ctx, cancel := context.WithCancel(context.Background())
					w, err := e.Workspace(ctx)
					if err != nil {
						t.Error(err)
						cancel()
						return
					}
					err = errors.Join(load(w, table, columnsOf(table), [][]byte{number(i)}, [][]byte{number(100 + j)}), w.Use("shop"))
					if err != nil {
						t.Error(err)
					}
					if j%8 == 7 {
						cancel()
					}
					rows, err := w.ask("SELECT id FROM k ORDER BY id")
					if want := fmt.Sprintf("[[%d] [%d]]", i, 100+j); j%8 != 7 && (err != nil || fmt.Sprintf("%s", rows) != want) {
						t.Errorf("%s, %v; want %s", rows, err, want)
					}
					if j%8 == 7 && err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("given up: %v", err)
					}
					w.Release()
					cancel()
				}
			})
		}
		wg.Wait()
	})
}

// TestWorkspaceFailure lends after a statement of the workspace's own has failed: what it has is known still.
func TestWorkspaceFailure(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "failing", "CREATE TABLE failing (id INT PRIMARY KEY)")
		w := lend(t, e)
		// An assignment that fails stands before the table's making.
		bad := w.send("SET SESSION sql_mode = 'NOTHING'", sent{vital: true})
		err := errors.Join(bad, load(w, table, columnsOf(table), [][]byte{number(1)}))
		if wrong, ok := errors.AsType[*wire.Error](err); !ok || wrong.Code != codeWrongValue {
			t.Errorf("got %v", err)
		}
		w.Release()
		for range 2 {
			again := lend(t, e)
			err := errors.Join(again.Set([]Variable{{Name: "collation_connection", Value: "'utf16_general_ci'"}, {Name: "optimizer_switch", Value: "'not_a_word=on'", Optional: true}}),
				load(again, table, columnsOf(table), [][]byte{number(1)}), again.Use("shop"))
			if err != nil {
				t.Fatal(err)
			}
			if rows, err := again.ask("SELECT HEX('a'), COUNT(*) FROM failing"); err != nil || fmt.Sprintf("%s", rows) != "[[0061 1]]" {
				t.Errorf("%s, %v", rows, err)
			}
			again.Release()
		}
	})
}
