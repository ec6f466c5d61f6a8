package e2e_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// kindsDatabase has the protected table that the statements of kinds.sql are aimed at.
const kindsDatabase = "canarykinds"

// ways are how each statement is sent.
var ways = []struct {
	name string
	send func(c *rawmysql.Conn, sql string, a *harness.Canaries) error
}{
	{"text", func(c *rawmysql.Conn, sql string, a *harness.Canaries) error { return c.Exec(a.Fill(sql)) }},
	{"prepared", func(c *rawmysql.Conn, sql string, a *harness.Canaries) error {
		return prepareAndRun(c, a.Fill(sql), nil)
	}},
	{"bound", func(c *rawmysql.Conn, sql string, a *harness.Canaries) error {
		sql, values := a.Bind(sql)
		return prepareAndRun(c, sql, values)
	}},
	{"PREPARE", func(c *rawmysql.Conn, sql string, a *harness.Canaries) error {
		if err := c.Exec("PREPARE way FROM '" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(a.Fill(sql)) + "'"); err != nil {
			return err
		}
		return c.Exec("EXECUTE way")
	}},
}

// prepareAndRun is the binary protocol's way. A parameter without a value is NULL.
func prepareAndRun(c *rawmysql.Conn, sql string, values []any) error {
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Close()
	params := make([]rawmysql.Param, len(s.Params))
	for i := range params {
		params[i] = rawmysql.Null(6)
		if i < len(values) {
			params[i] = bindable(values[i])
		}
	}
	results, err := s.Execute(params...)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

func bindable(v any) rawmysql.Param {
	switch v := v.(type) {
	case int64:
		return rawmysql.Int(v)
	case float64:
		return rawmysql.Double(v)
	}
	return rawmysql.Text(fmt.Sprint(v))
}

// kindsRun sends the statements of kinds.sql and keeps their canaries.
type kindsRun struct {
	stage *stage
	conn  *rawmysql.Conn

	needles         []harness.Needle
	sent, refused   int
	changed         bool // the table could be another by now
	root, guestConn rawmysql.Config
}

// reset makes the protected table anew by a new session: locks, transactions and temporary tables went with the old.
func (r *kindsRun) reset(t *testing.T) {
	t.Helper()
	r.connect(t)
	for _, sql := range []string{"DROP VIEW IF EXISTS vw", "DROP TABLE IF EXISTS c, c2, c3"} {
		_ = r.conn.Exec(sql) // an error here shows in the next
	}
	run(t, r.conn, fmt.Sprintf(canaryTable, "c"), "INSERT INTO c (id, v) VALUES (1, 'first')")
	r.changed = false
}

// connect opens the connection that a kind's statements are sent by.
func (r *kindsRun) connect(t *testing.T) {
	t.Helper()
	if r.conn != nil {
		r.conn.Close()
	}
	r.conn = r.stage.connect(t, r.root)
	for _, sql := range []string{"SET SESSION lock_wait_timeout = 2", "SET SESSION innodb_lock_wait_timeout = 2"} {
		run(t, r.conn, sql)
	}
}

// kind sends every statement of a kind in every way.
func (r *kindsRun) kind(t *testing.T, k harness.Kind) {
	t.Helper()
	for _, way := range ways {
		r.connect(t)
		for i, script := range k.Scripts {
			if r.changed {
				r.reset(t)
			}
			name := fmt.Sprintf("%s %d, %s", k.Name, i+1, way.name)
			var a harness.Canaries
			r.conn.LocalFile = func(string) []byte { return []byte("500\t" + a.Text("file", 30) + "\n") }
			r.script(t, name, k.Guest, script, func(c *rawmysql.Conn, sql string) error { return way.send(c, sql, &a) })
			for _, n := range a.Needles() {
				n.Canary = name + ": " + n.Canary
				r.needles = append(r.needles, n)
			}
		}
	}
}

// script sends the statements of one line. The session has to answer after each, whatever became of it.
func (r *kindsRun) script(t *testing.T, name string, guest bool, script []string, send func(c *rawmysql.Conn, sql string) error) {
	t.Helper()
	conn := r.conn
	if guest {
		conn = r.stage.connect(t, r.guestConn)
		defer conn.Close()
	}
	for _, sql := range script {
		err := send(conn, sql)
		r.sent++
		var refusal *rawmysql.ServerError
		if errors.As(err, &refusal) {
			r.refused++
		} else if err != nil {
			t.Errorf("%s: %.80s: the session is lost: %v", name, sql, err)
			r.connect(t)
			return
		}
		if err == nil && changesTables(sql) {
			r.changed = true
		}
		if testing.Verbose() {
			t.Logf("%s: %.80s: %v", name, sql, err)
		}
	}
	if got := column(t, conn, "SELECT 7"); got[0] != "7" {
		t.Errorf("%s: the session answers %q, not 7", name, got)
	}
	_ = conn.Exec("ROLLBACK") // fails in an XA transaction, which ends with the session
}

// changesTables says whether a statement could leave another table than it found.
func changesTables(sql string) bool {
	for _, word := range []string{"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "LOCK", "DELETE", "MERGE", "IMMEDIATE", "XA "} {
		if strings.Contains(sql, word) {
			return true
		}
	}
	return false
}

// TestCanaryKinds sends statements of every kind of the SQL parser's grammar at a protected table, and such as it cannot read,
// with canaries wherever a value can stand: as text, prepared with and without parameters, and by PREPARE. Whether a statement
// works is for other tests: here nothing of it may reach the untrusted side, and the session has to go on.
func TestCanaryKinds(t *testing.T) {
	kinds, err := harness.ReadKinds("testdata/canary/kinds.sql")
	must(t, err)
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		const guest = "kindsguest"
		must(t, s.upstream.Exec("DROP USER IF EXISTS "+guest, "CREATE USER "+guest))
		config := rawmysql.Config{Database: s.database(t, kindsDatabase), Extra: rawmysql.ClientLocalFiles | rawmysql.ClientMultiStatements}
		r := &kindsRun{stage: s, root: config, guestConn: rawmysql.Config{User: guest}}
		r.reset(t)
		for _, k := range kinds {
			r.kind(t, k)
		}
		r.reset(t)
		r.attributes(t)
		r.reset(t)
		if got := column(t, r.conn, "SELECT v FROM c"); len(got) != 1 || got[0] != "first" {
			t.Errorf("the table holds %q at the end", got)
		}
		t.Logf("%d kinds, %d statements sent, %d of them refused, %d needles", len(kinds), r.sent, r.refused, len(r.needles))
		if r.refused == r.sent || r.sent < 4*len(kinds) {
			t.Errorf("%d statements sent, %d refused: nothing was tried", r.sent, r.refused)
		}
		r.absent(t)
		s.healthy(t)
	})
}

// absent fails the test for each statement of which something is found on the untrusted side or in a log.
func (r *kindsRun) absent(t *testing.T) {
	t.Helper()
	found, err := r.stage.evidence(t).Search(r.needles)
	must(t, err)
	leaks := map[string]string{}
	for _, h := range found.Hits {
		name, _, _ := strings.Cut(h.Needle.Canary, ": ")
		leaks[name] = h.String()
	}
	for _, name := range slices.Sorted(maps.Keys(leaks)) {
		t.Errorf("%s: a value reached the untrusted side: %s", name, leaks[name])
	}
}

// attributes sends values as query attributes, which upstream has a function to read.
func (r *kindsRun) attributes(t *testing.T) {
	t.Helper()
	config := r.root
	config.Extra |= rawmysql.ClientQueryAttributes
	conn := r.stage.connect(t, config)
	var a harness.Canaries
	for _, sql := range []string{
		"INSERT INTO c (v) VALUES ('{w}')", "SELECT id FROM c WHERE v = '{w}'", "UPDATE c SET t = '{w}' WHERE v = '{w}'",
		"INSERT INTO c (v) VALUES (mysql_query_attribute_string('trace'))", "SELECT id FROM c WHERE v = mysql_query_attribute_string('trace')",
	} {
		for _, way := range ways {
			conn.Attributes = []rawmysql.Param{rawmysql.Attribute("trace", rawmysql.Text(a.Text("attribute", 30)))}
			var refusal *rawmysql.ServerError
			if err := way.send(conn, sql, &a); err != nil && !errors.As(err, &refusal) {
				t.Fatalf("%s, %s, with query attributes: %v", sql, way.name, err)
			}
			r.sent++
		}
	}
	for _, n := range a.Needles() {
		n.Canary = "query attributes: " + n.Canary
		r.needles = append(r.needles, n)
	}
}
