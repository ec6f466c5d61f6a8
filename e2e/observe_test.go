package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
	"github.com/tdeproxy/tdeproxy/tde/audit"
)

// collector keeps the bytes that an OpenTelemetry collector would get: protobuf, uncompressed, so that texts stand in them.
type collector struct {
	mu   sync.Mutex
	body bytes.Buffer
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(&c.body, "POST %s\n", r.URL.Path)
	c.body.Write(body)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collector) got() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.body.Bytes())
}

// observed is a proxy all of whose observers are on, over the plain server of a flavour, with an empty database.
type observed struct {
	proxy    *harness.Proxy
	spans    *collector
	auditLog string
	database string
}

func observe(t *testing.T, f harness.Flavour, database string, settings map[string]string) *observed {
	t.Helper()
	server := plainServer(t, f)
	o := &observed{spans: &collector{}, auditLog: filepath.Join(t.TempDir(), "audit.log"), database: database}
	collects := httptest.NewServer(o.spans)
	t.Cleanup(collects.Close)
	direct, err := rawmysql.Dial(rawmysql.Config{Address: server.Address, User: "root"})
	must(t, err)
	defer direct.Close()
	run(t, direct, "DROP DATABASE IF EXISTS "+database, "CREATE DATABASE "+database+" DEFAULT CHARACTER SET utf8mb4")
	t.Cleanup(func() {
		if c, err := rawmysql.Dial(rawmysql.Config{Address: server.Address, User: "root"}); err == nil {
			_ = c.Exec("DROP DATABASE " + database)
			c.Close()
		}
	})
	all := map[string]string{
		"log.level": `"debug"`, "log.format": `"json"`, "audit.file": strconv.Quote(o.auditLog), "trace.endpoint": strconv.Quote(collects.URL),
	}
	for k, v := range settings {
		all[k] = v
	}
	o.proxy, err = harness.StartProxy(harness.ProxyOptions{
		Binary: proxyBinary(t), Upstream: server.Address, Flavour: f, Encrypt: []string{database}, Settings: all,
	})
	must(t, err)
	t.Cleanup(o.proxy.Remove)
	return o
}

func (o *observed) connect(t *testing.T, extra uint64) *rawmysql.Conn {
	t.Helper()
	c, err := o.proxy.Connect(rawmysql.Config{User: "root", Database: o.database, Extra: rawmysql.ClientLocalFiles})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func (o *observed) page(t *testing.T, path string) string {
	t.Helper()
	r, err := http.Get("http://" + o.proxy.Admin + path)
	must(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(t, err)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, r.Status)
	}
	return string(body)
}

// records reads the audit log.
func (o *observed) records(t *testing.T) (all []audit.Record) {
	t.Helper()
	text, err := os.ReadFile(o.auditLog)
	must(t, err)
	for line := range bytes.Lines(text) {
		var r audit.Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// No observer holds a value: not the log at its lowest level, nor the audit log, nor what goes to the collector, nor a page
// of the admin listener.
func TestObserversHoldNoValue(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		o := observe(t, f, "canary", nil)
		run(t, o.connect(t, 0), fmt.Sprintf(canaryTable, "c"), "INSERT INTO c (id, v) VALUES (1, 'first')")
		var needles []harness.Needle
		for _, w := range canaryWrites() {
			var a harness.Canaries
			c := o.connect(t, 0)
			_ = w.run(c, &a) // refused or not
			c.Close()
			needles = append(needles, a.Needles()...)
		}
		texts := map[string][]byte{}
		for _, path := range []string{"/metrics", "/advise"} {
			texts[path] = []byte(o.page(t, path))
		}
		if code, err := o.proxy.Terminate(20 * time.Second); code != 0 || err != nil {
			t.Fatalf("exit %d, %v", code, err)
		}
		texts["spans"] = o.spans.got()
		for name, path := range map[string]string{"log": o.proxy.Log, "audit log": o.auditLog} {
			text, err := os.ReadFile(path)
			must(t, err)
			texts[name] = text
		}
		for name, text := range texts {
			for _, n := range needles {
				if i := bytes.Index(text, n.Bytes); i >= 0 {
					t.Errorf("%s holds %s (%s): …%.60q", name, n.Canary, n.Form, text[max(0, i-30):])
				}
			}
		}
		// Each of them has seen the statements, or their silence would prove nothing.
		for name, want := range map[string]string{
			"spans": "INSERT INTO c (v, u, t) VALUES (?, ?, ?)", "log": "INSERT INTO c (v, u, t) VALUES (?, ?, ?)",
			"audit log": `"statement":"INSERT"`, "/metrics": `tdeproxy_statements_total{plan="rewrite"}`,
		} {
			if !bytes.Contains(texts[name], []byte(want)) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
		t.Logf("%d needles in %d texts", len(needles), len(texts))
	})
}

// The audit log has who did what with which columns, and what was refused.
func TestAuditLog(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		o := observe(t, f, "audited", nil)
		c := o.connect(t, 0)
		run(t, c, "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60), name VARCHAR(60), note TEXT, UNIQUE KEY (email))",
			"INSERT INTO people (email, name) VALUES ('a@example.com', 'A')", "SELECT name FROM people WHERE email = 'a@example.com'",
			"SELECT id FROM people WHERE note LIKE '%x%'", "UPDATE people SET name = 'B' WHERE email = 'a@example.com'", "SELECT 1")
		s, err := c.Prepare("SELECT id FROM people WHERE email = ?")
		must(t, err)
		_, err = s.Execute(rawmysql.Text("a@example.com"))
		must(t, err)
		wantError(t, "a refused statement", c.Exec("SHOW STATUS WHERE Value = (SELECT name FROM people)"), 1235)
		wantError(t, "a duplicate", c.Exec("INSERT INTO people (email) VALUES ('a@example.com')"), 1062)
		var got []string
		for end := time.Now().Add(20 * time.Second); len(o.records(t)) < 9 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond) // a failure is recorded after its answer
		}
		for _, r := range o.records(t) {
			line := fmt.Sprintf("%s %s %s", r.Event, r.Statement, r.Plan)
			for _, table := range r.Tables {
				line += fmt.Sprintf(" %s.%s%v", table.Database, table.Table, table.Columns)
			}
			if r.Reason != "" || r.Error != 0 {
				line += fmt.Sprintf(" (%s)", strings.TrimSpace(fmt.Sprint(r.Reason, " ", r.Error)))
			}
			got = append(got, line)
			if r.User != "root" || !strings.HasPrefix(r.Client, "127.0.0.1:") || r.Database != "audited" || r.Connection == 0 || time.Since(r.Time) > time.Minute {
				t.Errorf("who and when: %+v", r)
			}
		}
		want := []string{
			"allowed CREATE ddl audited.people[]", "allowed INSERT rewrite audited.people[email name]",
			"allowed SELECT rewrite audited.people[email name]", "allowed SELECT split audited.people[email note]",
			"allowed UPDATE read-modify-write audited.people[email name]", "allowed SELECT rewrite audited.people[email]",
			"refused SHOW refuse audited.people[] (statement 1235)",
			"allowed INSERT rewrite audited.people[email]", "failed INSERT rewrite (1062)",
		}
		if !slices.Equal(got, want) {
			t.Errorf("records:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		verifyAudit(t, o, 0, "9 records, 1 to 9")
		text, err := os.ReadFile(o.auditLog)
		must(t, err)
		must(t, os.WriteFile(o.auditLog, bytes.Replace(text, []byte("audited"), []byte("AUDITED"), 1), 0o600))
		run(t, c, "SELECT name FROM people")
		verifyAudit(t, o, 1, "audit.log:2: the record before it, 1, was altered")
	})
}

func verifyAudit(t *testing.T, o *observed, code int, want string) {
	t.Helper()
	if out, got, err := o.proxy.Run("audit", "verify", "-c", o.proxy.Config); got != code || !strings.Contains(out, want) {
		t.Errorf("audit verify: exit %d, %v, want %d and %q\n%s", got, err, code, want, out)
	}
}

// While the audit log cannot be written, nothing on encrypted tables runs, and the log and the metrics say so; with
// on_error = "alert" it runs. What is not encrypted goes on either way.
func TestAuditLogFull(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		for _, mode := range []string{"refuse", "alert"} {
			t.Run(mode, func(t *testing.T) {
				o := observe(t, f, "full_"+mode, map[string]string{"audit.on_error": strconv.Quote(mode)})
				c := o.connect(t, 0)
				run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(60), KEY (v))", "INSERT INTO t (v) VALUES ('before')")
				must(t, os.Remove(o.auditLog))
				must(t, os.Symlink("/dev/full", o.auditLog))
				hup(t, o.proxy)
				refused := mode == "refuse"
				for _, q := range []string{"INSERT INTO t (v) VALUES ('during')", "SELECT v FROM t WHERE v = 'before'", "SELECT UPPER(v) FROM t"} {
					err := c.Exec(q)
					if refused {
						wantError(t, q, err, 1105)
					} else {
						must(t, err)
					}
				}
				run(t, c, "SELECT 1")
				if n, err := o.proxy.Metric("tdeproxy_audit_failing"); n != 1 || err != nil {
					t.Errorf("tdeproxy_audit_failing is %v, %v", n, err)
				}
				text, err := os.ReadFile(o.proxy.Log)
				must(t, err)
				if n := strings.Count(string(text), "the audit log cannot be written\""); n != 1 {
					t.Errorf("the log says %d times that the audit log cannot be written", n)
				}
				must(t, os.Remove(o.auditLog))
				run(t, c, "INSERT INTO t (v) VALUES ('after')")
				if n := len(column(t, c, "SELECT v FROM t")); n != map[bool]int{true: 2, false: 3}[refused] {
					t.Errorf("%d rows", n)
				}
				if n, err := o.proxy.Metric("tdeproxy_audit_failing"); n != 0 || err != nil {
					t.Errorf("tdeproxy_audit_failing is %v afterwards, %v", n, err)
				}
			})
		}
	})
}

// hup has the proxy open its audit log anew.
func hup(t *testing.T, p *harness.Proxy) {
	t.Helper()
	process, err := os.FindProcess(p.PID())
	must(t, err)
	must(t, process.Signal(hangup))
	for range 200 {
		if text, err := os.ReadFile(p.Log); err == nil && bytes.Contains(text, []byte("audit log opened anew")) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("SIGHUP does not open the audit log anew")
}

// The counters count what was done, no more and no less.
func TestStatementMetrics(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		o := observe(t, f, "counted", map[string]string{"log.level": `"info"`})
		c := o.connect(t, 0)
		run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(60), w VARCHAR(60), KEY (v))")
		names := []string{
			`statements_total{plan="rewrite"}`, `statements_total{plan="split"}`, `statements_total{plan="refuse"}`, `statements_total{plan="prepare"}`,
			`statement_errors_total{plan="rewrite"}`, `refusals_total{reason="statement"}`, "cells_sealed_total", "cells_opened_total",
			`residual_rows_total{stage="fetched"}`, `residual_rows_total{stage="loaded"}`, `statement_upstream_seconds_count{plan="rewrite"}`,
			`statement_proxy_seconds_count{plan="split"}`,
		}
		read := func() map[string]float64 {
			all := map[string]float64{}
			for _, name := range names {
				all[name], _ = o.proxy.Metric("tdeproxy_" + name) // one that is not there yet is 0
			}
			return all
		}
		before := read()
		run(t, c, "INSERT INTO t (v, w) VALUES ('a', 'x'), ('b', 'y'), ('c', 'zz')", "SELECT v, w FROM t WHERE v = 'a'", "SELECT UPPER(v) FROM t WHERE w LIKE '_'")
		s, err := c.Prepare("SELECT w FROM t WHERE v = ?")
		must(t, err)
		_, err = s.Execute(rawmysql.Text("b"))
		must(t, err)
		wantError(t, "a refused statement", c.Exec("SHOW STATUS WHERE Value = (SELECT v FROM t)"), 1235)
		wantError(t, "a duplicate", c.Exec("INSERT INTO t (id, v) VALUES (1, 'd')"), 1062)
		want := map[string]float64{
			`statements_total{plan="rewrite"}`: 4, `statements_total{plan="split"}`: 1, `statements_total{plan="refuse"}`: 1,
			`statements_total{plan="prepare"}`: 1, `statement_errors_total{plan="rewrite"}`: 1, `refusals_total{reason="statement"}`: 1,
			"cells_sealed_total": 7, "cells_opened_total": 2 + 3 + 2 + 1, `residual_rows_total{stage="fetched"}`: 3,
			`residual_rows_total{stage="loaded"}`: 2, `statement_upstream_seconds_count{plan="rewrite"}`: 4, `statement_proxy_seconds_count{plan="split"}`: 1,
		}
		grown := func(after map[string]float64) bool {
			for name, n := range want {
				if after[name]-before[name] != n {
					return false
				}
			}
			return true
		}
		after := read()
		for end := time.Now().Add(20 * time.Second); !grown(after) && time.Now().Before(end); after = read() {
			time.Sleep(10 * time.Millisecond) // a statement is counted after its answer
		}
		for name, n := range want {
			if got := after[name] - before[name]; got != n {
				t.Errorf("%s grew by %v, want %v", name, got, n)
			}
		}
	})
}

const hangup = syscall.SIGHUP
