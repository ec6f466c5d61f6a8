package e2e_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// stage is what most tests of one flavour share: a plain server, an upstream
// with every log on, a recorded link, and a proxy that encrypts everything.
type stage struct {
	flavour  harness.Flavour
	plain    *harness.Server
	upstream *harness.Server
	tap      *harness.Tap
	proxy    *harness.Proxy
}

// shared holds what is started once for the whole run and removed at its end.
var shared struct {
	mu      sync.Mutex
	dir     string
	binary  string
	plainly string // as its users build it
	err     error
	stages  map[harness.Flavour]*stage
	servers map[harness.Flavour]*harness.Server
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range shared.stages {
		s.remove()
	}
	for _, s := range shared.servers {
		s.Remove()
	}
	os.RemoveAll(shared.dir)
	os.Exit(code)
}

// forFlavours runs test for both makes of server side by side: a test that
// asks one statement after the other leaves a core idle.
func forFlavours(t *testing.T, test func(t *testing.T, f harness.Flavour)) {
	t.Helper()
	var both sync.WaitGroup
	for _, f := range harness.Flavours() {
		both.Go(func() { forFlavour(t, f, test) })
	}
	both.Wait()
}

// forFlavoursInTurn is forFlavours for tests that change the environment or
// that measure.
func forFlavoursInTurn(t *testing.T, test func(t *testing.T, f harness.Flavour)) {
	t.Helper()
	for _, f := range harness.Flavours() {
		forFlavour(t, f, test)
	}
}

func forFlavour(t *testing.T, f harness.Flavour, test func(t *testing.T, f harness.Flavour)) {
	t.Run(string(f), func(t *testing.T) {
		if _, err := f.Binary(); err != nil {
			missing(t, err)
		}
		test(t, f)
	})
}

// missing skips, or fails where the environment promises all that is needed.
func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// must ends the test on an error of its own machinery.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// proxyBinary builds the proxy once, with the race detector.
func proxyBinary(t *testing.T) string {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	return proxyBinaryLocked(t)
}

func proxyBinaryLocked(t *testing.T) string {
	t.Helper()
	if shared.binary == "" && shared.err == nil {
		shared.dir, shared.err = os.MkdirTemp("", "tdeproxy-e2e-")
		if shared.err == nil {
			shared.binary, shared.err = harness.BuildProxy(shared.dir, true)
		}
	}
	must(t, shared.err)
	return shared.binary
}

// plainBinary is the proxy as its users have it, for corpora that one client asks in turn and for kills at each step: nothing races there that other
// tests do not meet, and the race detector takes several times as long.
func plainBinary(t *testing.T) string {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	proxyBinaryLocked(t)
	if shared.plainly == "" {
		dir := filepath.Join(shared.dir, "plainly")
		must(t, os.MkdirAll(dir, 0o700))
		var err error
		shared.plainly, err = harness.BuildProxy(dir, false)
		must(t, err)
	}
	return shared.plainly
}

// plainServer is the shared server of a flavour that nothing encrypts on.
func plainServer(t *testing.T, f harness.Flavour) *harness.Server {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if s := shared.servers[f]; s != nil {
		return s
	}
	s, err := harness.StartServer(f, harness.ServerOptions{})
	must(t, err)
	if shared.servers == nil {
		shared.servers = map[harness.Flavour]*harness.Server{}
	}
	shared.servers[f] = s
	return s
}

// noEncryption names a variable that, when set, leaves the rules out of the
// proxy's configuration. It is a check of the tests: all that look for
// plaintext must then find it.
const noEncryption = "TDEPROXY_TEST_NO_ENCRYPTION"

// rangeRule gives order tokens to columns r_… of tables ranged….
const rangeRule = "[[column]]\nname = \"*.ranged*.r_*\"\nindex = \"range\"\n"

// stageOf is the shared stage of a flavour, with its proxy running.
func stageOf(t *testing.T, f harness.Flavour) *stage {
	t.Helper()
	plain := plainServer(t, f)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if s := shared.stages[f]; s != nil {
		s.revive(t)
		return s
	}
	s := &stage{flavour: f, plain: plain}
	binary := proxyBinaryLocked(t)
	var err error
	s.upstream, err = harness.StartServer(f, harness.ServerOptions{Logs: true})
	must(t, err)
	s.tap, err = harness.StartTap(s.upstream.Address, filepath.Join(s.upstream.Dir, "link"))
	must(t, err)
	o := harness.ProxyOptions{Binary: binary, Upstream: s.tap.Address, Flavour: f, Encrypt: []string{"*"}, Extra: rangeRule}
	if os.Getenv(noEncryption) != "" {
		o.Encrypt, o.Evaluator, o.Extra = nil, "off", ""
	}
	s.proxy, err = harness.NewProxy(o)
	must(t, err)
	if shared.stages == nil {
		shared.stages = map[harness.Flavour]*stage{}
	}
	shared.stages[f] = s
	s.revive(t)
	return s
}

// revive starts the proxy where a test before this one brought it down: that
// test has failed, the others shall still say what they see.
func (s *stage) revive(t *testing.T) {
	t.Helper()
	if s.proxy.Running() {
		return
	}
	s.proxy.Kill()
	must(t, s.proxy.Start())
}

// healthy fails the test when the proxy has died or the race detector spoke.
func (s *stage) healthy(t *testing.T) {
	t.Helper()
	if !s.proxy.Running() {
		t.Errorf("the proxy has died:\n%s", tail(s.proxy.Log))
	}
	checkLog(t, s.proxy)
}

func (s *stage) remove() {
	s.proxy.Remove()
	s.tap.Close()
	s.upstream.Remove()
}

// evidence is all that an attacker could hold of this stage, and the logs of
// the trusted side: the proxy's, and any that the evaluator should not write.
func (s *stage) evidence(t *testing.T) harness.Evidence {
	t.Helper()
	e := harness.Evidence{Server: s.upstream, Tap: s.tap, Logs: []string{s.proxy.Log}, Memory: true}
	must(t, filepath.WalkDir(s.proxy.Output, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.Type().IsRegular() && evaluatorLog.MatchString(entry.Name()) {
			e.Logs = append(e.Logs, path)
		}
		return err
	}))
	t.Logf("%d logs of the trusted side are searched, too", len(e.Logs))
	return e
}

// evaluatorLog matches files that hold statements or errors: general, slow and
// error logs, binlogs. Its tables may hold plaintext and are not searched.
var evaluatorLog = regexp.MustCompile(`\.(log|err|out)$|bin\.\d+$|binlog`)

// absent fails the test where any of the needles is found.
func (s *stage) absent(t *testing.T, needles []harness.Needle) {
	t.Helper()
	if len(needles) == 0 {
		t.Fatal("no needles to search for")
	}
	found, err := s.evidence(t).Search(needles)
	must(t, err)
	if len(found.Hits) > 0 {
		t.Errorf("plaintext reached the untrusted side: %d places\n%s", len(found.Hits), found.Report(12))
	}
}

// database makes an empty database of this test on plain server and upstream.
func (s *stage) database(t *testing.T, name string) string {
	t.Helper()
	for _, server := range []*harness.Server{s.plain, s.upstream} {
		must(t, server.Exec("DROP DATABASE IF EXISTS "+name, "CREATE DATABASE "+name+" DEFAULT CHARACTER SET utf8mb4"))
	}
	return name
}

// connect opens a raw connection through the proxy.
func (s *stage) connect(t *testing.T, c rawmysql.Config) *rawmysql.Conn {
	t.Helper()
	conn, err := s.proxy.Connect(c)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// open gives a go-sql-driver pool on address; interpolate is its text protocol.
func open(t *testing.T, address, database string, interpolate bool) *sql.DB {
	t.Helper()
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName = "root", "tcp", address, database
	c.InterpolateParams = interpolate
	c.ParseTime = true
	connector, err := mysql.NewConnector(c)
	must(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// run runs statements and ends the test at the first error.
func run(t *testing.T, c *rawmysql.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := c.Exec(s); err != nil {
			t.Fatalf("%.300s: %v", s, err)
		}
	}
}

// column reads the first column of a query's rows, NULL as "NULL".
func column(t *testing.T, c *rawmysql.Conn, query string) []string {
	t.Helper()
	results, err := c.Query(query)
	if err != nil {
		t.Fatalf("%.300s: %v", query, err)
	}
	if results[0].Err != nil {
		t.Fatalf("%.300s: %v", query, results[0].Err)
	}
	values := []string{}
	for _, row := range results[0].Rows {
		if row[0] == nil {
			values = append(values, "NULL")
		} else {
			values = append(values, string(row[0]))
		}
	}
	return values
}

// wantError fails the test unless err is the server error of that code.
func wantError(t *testing.T, what string, err error, code uint16) {
	t.Helper()
	var e *rawmysql.ServerError
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("%s: want error %d, got %v", what, code, err)
	}
}

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// checkLog fails the test when the proxy reported a data race or a panic.
func checkLog(t *testing.T, p *harness.Proxy) {
	t.Helper()
	text, err := os.ReadFile(p.Log)
	must(t, err)
	for _, mark := range []string{"WARNING: DATA RACE", "panic:", "fatal error:"} {
		if i := indexOf(text, mark); i >= 0 {
			t.Errorf("the proxy's log has %q:\n%.4000s", mark, text[i:])
		}
	}
}

func indexOf(text []byte, mark string) int {
	for i := 0; i+len(mark) <= len(text); i++ {
		if string(text[i:i+len(mark)]) == mark {
			return i
		}
	}
	return -1
}
