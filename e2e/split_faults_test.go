package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// evaluatorPID is the process of a proxy's evaluator, 0 while there is none.
func evaluatorPID(t *testing.T, p *harness.Proxy) int {
	t.Helper()
	pids, err := filepath.Glob(filepath.Join(p.Output, "ev-*", "*", "pid"))
	must(t, err)
	for _, path := range pids {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && syscall.Kill(pid, 0) == nil {
			return pid
		}
	}
	return 0
}

// killEvaluator ends it as kill -9 does, and says which process that was.
func killEvaluator(t *testing.T, p *harness.Proxy) int {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if pid := evaluatorPID(t, p); pid != 0 {
			must(t, syscall.Kill(pid, syscall.SIGKILL))
			return pid
		}
	}
	t.Fatal("the evaluator has no process")
	return 0
}

// evaluatorStatements are those that run in a proxy's evaluator but the one that asks.
func evaluatorStatements(t *testing.T, p *harness.Proxy) []string {
	t.Helper()
	sockets, err := filepath.Glob(filepath.Join(p.Output, "ev-*", "*", "s.sock"))
	must(t, err)
	if len(sockets) != 1 {
		t.Fatalf("%d sockets of evaluators", len(sockets))
	}
	c, err := rawmysql.Dial(rawmysql.Config{Address: sockets[0]})
	must(t, err)
	defer c.Close()
	return column(t, c, "SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO IS NOT NULL AND ID <> CONNECTION_ID() AND COMMAND <> 'Daemon'")
}

// atOnce bounds what needs no time, on a machine that has none to spare: the statements waited for run for minutes.
const atOnce = 20 * time.Second

// awaitEvaluator waits until a statement runs there, or, with want false, until none does.
func awaitEvaluator(t *testing.T, p *harness.Proxy, want bool, limit time.Duration) {
	t.Helper()
	begun := time.Now()
	for {
		running := evaluatorStatements(t, p)
		running = slices.DeleteFunc(running, func(sql string) bool { return !strings.HasPrefix(sql, "SELECT") })
		if (len(running) > 0) == want {
			t.Logf("evaluator: %q after %s", running, time.Since(begun).Round(time.Millisecond))
			return
		}
		if time.Since(begun) > limit {
			t.Fatalf("statements in the evaluator after %s: %q, want some: %t", limit, running, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// faultTables are what clients of the fault tests work on.
func faultTables(t *testing.T, p *harness.Proxy, database string) *rawmysql.Conn {
	t.Helper()
	c, err := p.Connect(rawmysql.Config{})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	run(t, c, "CREATE DATABASE "+database, "USE "+database,
		"CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(40), n INT, KEY (v))", "CREATE TABLE b (id INT PRIMARY KEY, v VARCHAR(40), n INT, KEY (v))")
	for _, table := range []string{"a", "b"} {
		rows := ""
		for i := range 40 {
			rows += fmt.Sprintf(", (%d, 'value %d', %d)", i, i, i)
		}
		run(t, c, "INSERT INTO "+table+" VALUES "+rows[2:])
	}
	return c
}

// faultStatements are what they send, with the answers. The first are Splits.
var faultStatements = []struct{ sql, want string }{
	{"SELECT SUM(n) FROM a WHERE v LIKE 'value%'", "780"},
	{"SELECT UPPER(v) FROM a WHERE id = 7", "VALUE 7"},
	{"SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id", "1560"},
	{"SELECT COUNT(*) + SLEEP(0.05) FROM a WHERE CONCAT(v, '') > ''", "40"},
	{"SELECT n FROM a WHERE v = 'value 5'", "5"},
	{"SELECT v FROM b WHERE id = 3", "value 3"},
}

// TestEvaluatorKilledUnderLoad kills the evaluator's server several times while 32 clients work: each statement gives its
// answer or one clear error, sessions go on, and nothing is left behind.
func TestEvaluatorKilledUnderLoad(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		_, p := ownUpstream(t, f, "*")
		c := faultTables(t, p, "faulty")
		if got := column(t, c, faultStatements[0].sql)[0]; got != faultStatements[0].want {
			t.Fatal(got)
		}
		before := goroutines(t, p)
		const clients, kills = 32, 3
		var done, failed atomic.Int64
		stop := make(chan struct{})
		var wait sync.WaitGroup
		for i := range clients {
			c, err := p.Connect(rawmysql.Config{Database: "faulty", Timeout: 2 * time.Minute})
			must(t, err)
			wait.Add(1)
			go func() {
				defer wait.Done()
				defer c.Close()
				for n := i; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					if err := faultStatement(c, n); err != nil {
						var clear *rawmysql.ServerError
						if !errors.As(err, &clear) || !strings.Contains(clear.Message, "evaluator") || n%len(faultStatements) > 3 {
							t.Errorf("client %d: %s: %v", i, faultStatements[n%len(faultStatements)].sql, err)
							return
						}
						failed.Add(1)
					}
					done.Add(1)
				}
			}()
		}
		for range kills {
			at := done.Load()
			for deadline := time.Now().Add(30 * time.Second); done.Load() < at+clients && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			}
			killEvaluator(t, p)
		}
		at := done.Load()
		for deadline := time.Now().Add(60 * time.Second); done.Load() < at+4*clients && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		}
		close(stop)
		wait.Wait()
		t.Logf("%d statements, %d failed by %d kills", done.Load(), failed.Load(), kills)
		if failed.Load() == 0 || failed.Load() > clients*kills {
			t.Errorf("%d statements failed: each kill must cost those that run, of %d clients, and no other", failed.Load(), clients)
		}
		run(t, c, "SET time_zone = '+05:30'")
		for n, s := range faultStatements {
			if err := faultStatement(c, n); err != nil {
				t.Errorf("after the load: %s: %v", s.sql, err)
			}
		}
		wantGoroutines(t, p, before)
		if folders, err := filepath.Glob(filepath.Join(p.Output, "ev-*", "[0-9]*")); err != nil || len(folders) != 1 {
			t.Errorf("folders of evaluators: %q, %v", folders, err)
		}
		checkLog(t, p)
	})
}

func faultStatement(c *rawmysql.Conn, n int) error {
	s := faultStatements[n%len(faultStatements)]
	results, err := c.Query(s.sql)
	switch {
	case err != nil:
		return err
	case results[0].Err != nil:
		return results[0].Err
	case len(results[0].Rows) != 1 || string(results[0].Rows[0][0]) != s.want:
		return fmt.Errorf("%q, want %s", results[0].Rows, s.want)
	}
	return nil
}

// TestSplitInterrupted stops queries that the evaluator computes, in every way that there is to stop one.
func TestSplitInterrupted(t *testing.T) {
	const endless = "SELECT COUNT(*) FROM a x, a y, a z, a u, a w WHERE CONCAT(x.v, y.v, z.v, u.v, w.v) LIKE '%nosuch%'"
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		_, p := ownUpstream(t, f, "*")
		killer := faultTables(t, p, "stopped")
		connect := func(t *testing.T) (*rawmysql.Conn, chan error) {
			t.Helper()
			c, err := p.Connect(rawmysql.Config{Database: "stopped", Timeout: 30 * time.Second})
			must(t, err)
			t.Cleanup(func() { c.NetConn().Close() })
			answer := make(chan error, 1)
			go func() {
				r, err := c.Query(endless)
				if err == nil && r[0].Err != nil {
					err = r[0].Err
				}
				answer <- err
			}()
			awaitEvaluator(t, p, true, 20*time.Second)
			return c, answer
		}
		goesOn := func(t *testing.T, c *rawmysql.Conn) {
			t.Helper()
			for n, s := range faultStatements {
				if err := faultStatement(c, n); err != nil {
					t.Errorf("after it: %s: %v", s.sql, err)
				}
			}
		}
		t.Run("KILL QUERY", func(t *testing.T) {
			c, answer := connect(t)
			run(t, killer, fmt.Sprintf("KILL QUERY %d", c.ConnectionID))
			awaitEvaluator(t, p, false, atOnce)
			wantError(t, "the killed query", <-answer, 1317)
			goesOn(t, c)
		})
		t.Run("KILL CONNECTION", func(t *testing.T) {
			c, answer := connect(t)
			run(t, killer, fmt.Sprintf("KILL CONNECTION %d", c.ConnectionID))
			awaitEvaluator(t, p, false, atOnce)
			if err := <-answer; err == nil {
				t.Error("the query of a killed connection was answered")
			}
			if err := c.Exec("SELECT 1"); err == nil {
				t.Error("a killed connection lives")
			}
		})
		t.Run("COM_PROCESS_KILL", func(t *testing.T) {
			if f == harness.MySQL {
				return // 9.7 has no such command any more
			}
			c, answer := connect(t)
			id := c.ConnectionID
			_, err := killer.Command(12, []byte{byte(id), byte(id >> 8), byte(id >> 16), byte(id >> 24)})
			must(t, err)
			awaitEvaluator(t, p, false, atOnce)
			if err := <-answer; err == nil {
				t.Error("the query of a killed connection was answered")
			}
		})
		t.Run("client vanishes", func(t *testing.T) {
			c, answer := connect(t)
			c.NetConn().Close()
			awaitEvaluator(t, p, false, atOnce)
			<-answer
		})
		t.Run("time limit", func(t *testing.T) {
			c, err := p.Connect(rawmysql.Config{Database: "stopped", Timeout: 30 * time.Second})
			must(t, err)
			defer c.Close()
			set, code := "SET max_statement_time = 0.5", uint16(1969)
			if f == harness.MySQL {
				set, code = "SET max_execution_time = 500", 3024
			}
			run(t, c, set)
			begun := time.Now()
			wantError(t, "the long query", c.Exec(endless), code)
			if took := time.Since(begun); took > atOnce {
				t.Errorf("half a second took %s", took)
			}
			awaitEvaluator(t, p, false, atOnce)
			goesOn(t, c)
		})
		goesOn(t, killer)
		checkLog(t, p)
	})
}

// TestUpstreamKilledInFetch kills upstream while the rows of a query are fetched for the evaluator.
func TestUpstreamKilledInFetch(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, p := ownUpstream(t, f, "*")
		c := faultTables(t, p, "gone")
		locker, err := s.Connect(rawmysql.Config{Database: "gone"})
		must(t, err)
		defer locker.Close() // held until then: the garbage collector closes what nobody holds, and its locks go
		run(t, locker, "LOCK TABLES b WRITE")
		answer := make(chan error, 1)
		go func() { answer <- c.Exec("SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id") }()
		waitConnections(t, s, "fetching", "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock'", 1)
		s.Kill()
		if err := <-answer; err == nil {
			t.Error("the query was answered")
		} else {
			t.Log(err)
		}
		must(t, s.Start())
		again, err := p.Connect(rawmysql.Config{Database: "gone"})
		must(t, err)
		defer again.Close()
		for n, s := range faultStatements {
			if err := faultStatement(again, n); err != nil {
				t.Errorf("after it: %s: %v", s.sql, err)
			}
		}
		checkLog(t, p)
	})
}
