package session_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"math/big"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/proxy/session"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

const scratch = "session_test" // the database of these tests

// server is a scratch server to test against: root has no password.
type server struct {
	name, address string
}

func (s server) mariadb() bool { return s.name == "mariadb" }

// servers finds the scratch servers; without any, the test is skipped or, where they are required, fails.
func servers(t testing.TB) []server {
	t.Helper()
	var found []server
	for _, s := range []server{
		{"mariadb", os.Getenv("TDEPROXY_TEST_MARIADB")},
		{"mysql", os.Getenv("TDEPROXY_TEST_MYSQL")},
	} {
		if s.address != "" {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		if os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "" {
			t.Fatal("no scratch server: set TDEPROXY_TEST_MARIADB or TDEPROXY_TEST_MYSQL")
		}
		t.Skip("no scratch server")
	}
	return found
}

// each runs test against every scratch server.
func each(t *testing.T, test func(t *testing.T, srv server)) {
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) { test(t, srv) })
	}
}

// direct opens root's own connection to a server.
func direct(t testing.TB, srv server) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", "root@tcp("+srv.address+")/?multiStatements=true")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	mustExec(t, db, "CREATE DATABASE IF NOT EXISTS "+scratch)
	return db
}

func mustExec(t testing.TB, db interface {
	Exec(string, ...any) (sql.Result, error)
}, query string, args ...any) sql.Result {
	t.Helper()
	r, err := db.Exec(query, args...)
	if err != nil {
		t.Fatalf("%.60s: %v", query, err)
	}
	return r
}

// front is a running proxy.
type front struct {
	address string
	server  *proxy.Server
	admin   *upstream.Admin
}

type options struct {
	upstream   upstream.Config
	cfg        session.Config
	server     proxy.Server
	listenUnix bool
}

// start runs a proxy before srv and drains it when the test ends, after which nothing of it may be left running.
func start(t testing.TB, srv server, change ...func(*options)) *front {
	t.Helper()
	before := runtime.NumGoroutine()
	o := options{upstream: upstream.Config{Address: srv.address}}
	for _, f := range change {
		f(&o)
	}
	d, err := upstream.NewDialer(o.upstream)
	if err != nil {
		t.Fatal(err)
	}
	admin := upstream.NewAdmin(d, "root", "")
	o.cfg.Dialer = d
	h := session.NewHandler(o.cfg)
	f := &front{server: &o.server, admin: admin}
	f.server.Handle = h.Handle
	if f.server.Kill == nil {
		f.server.Kill = admin.Kill
	}
	network, address := "tcp", "127.0.0.1:0"
	if o.listenUnix {
		network, address = "unix", t.TempDir()+"/p.sock"
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	f.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- f.server.Serve(l) }()
	t.Cleanup(func() {
		f.server.Drain(context.Background())
		if err := <-done; err != proxy.ErrClosed {
			t.Errorf("Serve: %v", err)
		}
		admin.Close()
		if n := f.server.Counts().Current; n != 0 {
			t.Errorf("%d sessions left", n)
		}
		eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before+2 })
	})
	return f
}

// dsn is how go-sql-driver reaches the proxy.
func (f *front) dsn(user, params string) string {
	network := "tcp"
	if strings.HasPrefix(f.address, "/") {
		network = "unix"
	}
	return fmt.Sprintf("%s@%s(%s)/%s?%s", user, network, f.address, scratch, params)
}

// open connects to the proxy by go-sql-driver.
func (f *front) open(t testing.TB, user, params string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", f.dsn(user, params))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// eventually waits up to ten seconds for what comes about on its own.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("waited in vain for %s", what)
}

var selfSigned = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

func withTLS(o *options) { o.cfg.TLS = selfSigned }

func upstreamTLS(mode upstream.Mode) func(*options) {
	return func(o *options) { o.upstream.TLS.Mode = mode }
}

// rawClient speaks packets to the proxy.
type rawClient struct {
	*wire.Conn
	t     testing.TB
	caps  wire.Capability
	greet *wire.Handshake
}

const rawCaps = wire.Protocol41 | wire.PluginAuth | wire.SecureConnection | wire.LongPassword | wire.Transactions |
	wire.MultiStatements | wire.MultiResults | wire.PSMultiResults | wire.LocalFiles

// raw connects as root with caps.
func (f *front) raw(t testing.TB, caps wire.Capability) *rawClient {
	t.Helper()
	nc, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	c := &rawClient{Conn: wire.NewConn(nc), t: t}
	if c.greet, err = wire.DecodeHandshake(c.read()); err != nil {
		t.Fatal(err)
	}
	c.caps = (rawCaps | caps) & (c.greet.Capabilities | wire.LongPassword)
	if c.caps>>32 != 0 {
		c.caps &^= wire.LongPassword
	}
	hello := wire.HandshakeResponse{Capabilities: c.caps, MaxPacket: 1 << 30, Charset: 45, User: "root",
		Plugin: c.greet.Plugin}
	c.write(hello.Append(nil))
	p := c.read()
	if p[0] == 0xfe { // another method: for an empty password all are the same
		c.write(nil)
		p = c.read()
	}
	for p[0] == 0x01 {
		p = c.read()
	}
	c.mustOK(p)
	return c
}

func (c *rawClient) read() []byte {
	c.t.Helper()
	p, err := c.ReadPacket()
	if err != nil {
		c.t.Fatalf("reading: %v", err)
	}
	return p
}

func (c *rawClient) write(p []byte) {
	c.t.Helper()
	if err := c.WritePacket(p); err != nil {
		c.t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		c.t.Fatal(err)
	}
}

// send starts a command.
func (c *rawClient) send(command wire.Command, arg string) {
	c.t.Helper()
	c.ResetSequence()
	c.write(append([]byte{byte(command)}, arg...))
}

// query sends a COM_QUERY as the capabilities want it.
func (c *rawClient) query(sql string) {
	c.t.Helper()
	c.ResetSequence()
	q := wire.Query{SQL: []byte(sql)}
	c.write(q.Append(nil, c.caps))
}

func (c *rawClient) mustOK(p []byte) {
	c.t.Helper()
	if p[0] == 0xff {
		e, _ := wire.DecodeError(p)
		c.t.Fatalf("server says %v", e)
	}
}

func (c *rawClient) mustError(code uint16) *wire.Error {
	c.t.Helper()
	e, err := wire.DecodeError(c.read())
	if err != nil || e.Code != code {
		c.t.Fatalf("got %v (%v), want error %d", e, err, code)
	}
	return e
}

// rows reads one result set of text rows and gives each row's first value; an OK gives none.
func (c *rawClient) rows() (first []string, end wire.OK) {
	c.t.Helper()
	p := c.read()
	c.mustOK(p)
	if p[0] == 0x00 {
		ok, err := wire.DecodeOK(p, c.caps)
		if err != nil {
			c.t.Fatal(err)
		}
		return nil, *ok
	}
	n, _ := wire.Int(p)
	for range n {
		c.read()
	}
	if !c.caps.Has(wire.DeprecateEOF) {
		c.read()
	}
	for {
		p := c.read()
		c.mustOK(p)
		if wire.IsEnd(p, c.caps) {
			end, err := wire.DecodeEnd(p, c.caps)
			if err != nil {
				c.t.Fatal(err)
			}
			return first, end
		}
		row := wire.NewTextRow(p)
		v, _ := row.Next()
		first = append(first, string(v))
	}
}

// one runs a query of a single value.
func (c *rawClient) one(sql string) string {
	c.t.Helper()
	c.query(sql)
	rows, _ := c.rows()
	if len(rows) != 1 {
		c.t.Fatalf("%d rows for %.60s", len(rows), sql)
	}
	return rows[0]
}

// processes counts upstream's connections whose statement is like pattern.
func processes(t testing.TB, db *sql.DB, pattern string) int {
	t.Helper()
	var n int
	err := db.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE ? AND id <> CONNECTION_ID()",
		pattern).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// raiseFiles allows as many open files as this process may have.
func raiseFiles() uint64 {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0
	}
	r.Cur = r.Max
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r) // what it was is reported then
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r)
	return r.Cur
}

func TestMain(m *testing.M) {
	_ = mysql.SetLogger(quiet{})
	code := m.Run()
	for _, address := range []string{os.Getenv("TDEPROXY_TEST_MARIADB"), os.Getenv("TDEPROXY_TEST_MYSQL")} {
		if db, err := sql.Open("mysql", "root@tcp("+address+")/"); address != "" && err == nil {
			_, _ = db.Exec("DROP DATABASE IF EXISTS " + scratch) // a server that is gone keeps nothing
			db.Close()
		}
	}
	os.Exit(code)
}

// quiet drops what the driver says about connections that these tests break.
type quiet struct{}

func (quiet) Print(...any) {}
