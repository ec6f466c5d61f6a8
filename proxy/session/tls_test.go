package session_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/session"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// tlsState is what the proxy of a test serves.
type tlsState struct {
	fault   atomic.Pointer[error]
	reloads atomic.Int32
	secure  atomic.Bool
}

func (s *tlsState) reload() error {
	if f := s.fault.Load(); f != nil {
		return *f
	}
	s.reloads.Add(1)
	return nil
}

var testServed = session.Served{
	NotBefore: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), NotAfter: time.Date(2027, 11, 26, 4, 45, 14, 0, time.UTC),
	CA: "/proxy/it's a.pem", Cert: "/proxy/cert.pem", Key: "/proxy/key.pem", ClientAuth: tls.VerifyClientCertIfGiven,
}

// startTLS runs a proxy that answers for its TLS; with designated, the planner looks at every statement.
func startTLS(t testing.TB, srv server, designated bool) (*front, *tlsState) {
	t.Helper()
	state := &tlsState{}
	var rules []schema.Rule
	if designated {
		rules = []schema.Rule{{Database: "designated"}}
	}
	return start(t, srv, withTLS, func(o *options) {
		o.cfg.ServerTLS = &session.ServerTLS{
			Reload: state.reload, Served: func() session.Served { return testServed }, RequireSecure: state.secure.Store,
		}
		o.cfg.RequireSecureTransport = state.secure.Load
		o.cfg.Guard = session.Encrypt(context.Background(), testCatalog(t, srv, rules), 64<<20)
	}), state
}

func testCatalog(t testing.TB, srv server, rules []schema.Rule) *exec.Catalog {
	t.Helper()
	admin := testAdmin(t, srv)
	version := 90704
	if srv.mariadb() {
		version = 101100
	}
	c, err := exec.NewCatalog(t.Context(), exec.Config{Upstream: admin, Rules: schema.NewRules(rules, nil), MariaDB: srv.mariadb(), Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testAdmin(t testing.TB, srv server) *upstream.Admin {
	t.Helper()
	d, err := upstream.NewDialer(upstream.Config{Address: srv.address})
	if err != nil {
		t.Fatal(err)
	}
	admin := upstream.NewAdmin(d, "root", "")
	t.Cleanup(admin.Close)
	return admin
}

func testAccounts(t testing.TB, srv server) *session.Accounts {
	return session.NewAccounts(testAdmin(t, srv), slog.New(slog.DiscardHandler))
}

// eachTLS runs test against every server, with and without designated tables.
func eachTLS(t *testing.T, test func(t *testing.T, srv server, f *front, state *tlsState)) {
	each(t, func(t *testing.T, srv server) {
		direct(t, srv)
		for _, designated := range []bool{false, true} {
			t.Run("designated="+strconv.FormatBool(designated), func(t *testing.T) {
				f, state := startTLS(t, srv, designated)
				test(t, srv, f, state)
			})
		}
	})
}

// table is a result as text, NULL as \N.
func table(t *testing.T, db *sql.DB, query string) (rows [][]string, columns string) {
	t.Helper()
	r, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer r.Close()
	types, err := r.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range types {
		columns += c.Name() + " " + c.DatabaseTypeName() + "; "
	}
	for r.Next() {
		values, into := make([]sql.NullString, len(types)), make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = v.String
			if !v.Valid {
				row[i] = `\N`
			}
		}
		rows = append(rows, row)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return rows, columns
}

func names(rows [][]string) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r[0])
	}
	return out
}

func TestShowTLS(t *testing.T) {
	eachTLS(t, func(t *testing.T, srv server, f *front, _ *tlsState) {
		server, proxied := direct(t, srv), f.open(t, "root", "tls=skip-verify")
		for _, q := range []string{
			"SHOW STATUS", "SHOW GLOBAL STATUS LIKE 'Ssl%'", "show session status like 'current_tls%'", "SHOW VARIABLES", "SHOW VARIABLES LIKE '%tls%'",
			"/* a */ SHOW GLOBAL VARIABLES WHERE Variable_name IN ('ssl_ca', 'require_secure_transport', 'have_ssl')", "SHOW STATUS LIKE 'Threads_c%'",
		} {
			want, wantColumns := table(t, server, q)
			got, gotColumns := table(t, proxied, q)
			if !slices.Equal(names(want), names(got)) || wantColumns != gotColumns {
				t.Errorf("%s: %d rows of %s, want %d of %s", q, len(got), gotColumns, len(want), wantColumns)
			}
		}
		status := map[string]string{}
		rows, _ := table(t, proxied, "SHOW STATUS")
		for _, r := range rows {
			status[r[0]] = r[1]
		}
		for name, want := range map[string]string{
			"Ssl_version": "TLSv1.3", "Ssl_server_not_after": "Nov 26 04:45:14 2027 GMT", "Ssl_server_not_before": "Jan  2 03:04:05 2026 GMT",
			"Ssl_verify_mode": "5", "Ssl_sessions_reused": "0",
		} {
			if status[name] != want {
				t.Errorf("%s is %q, want %q", name, status[name], want)
			}
		}
		if !strings.HasPrefix(status["Ssl_cipher"], "TLS_") || !strings.Contains(status["Ssl_cipher_list"], status["Ssl_cipher"]+":") {
			t.Errorf("Ssl_cipher %q of %q", status["Ssl_cipher"], status["Ssl_cipher_list"])
		}
		if _, ok := status["Current_tls_cert"]; ok == srv.mariadb() || ok && status["Current_tls_cert"] != testServed.Cert {
			t.Errorf("Current_tls_cert %q, %t", status["Current_tls_cert"], ok)
		}
	})
}

// TestShowTLSWhere has upstream evaluate conditions on values that are the proxy's, in both protocols.
func TestShowTLSWhere(t *testing.T) {
	eachTLS(t, func(t *testing.T, _ server, f *front, _ *tlsState) {
		proxied, clear := f.open(t, "root", "tls=skip-verify"), f.open(t, "root", "")
		for query, want := range map[string]string{
			"SHOW STATUS WHERE Variable_name = 'Ssl_version' AND Value = 'TLSv1.3'":              "Ssl_version",
			"SHOW STATUS WHERE `Value` = 'TLSv1.3' AND variable_name = 'ssl_version'":            "Ssl_version",
			"SHOW STATUS WHERE Variable_name = 'Ssl_version' AND value <> ''":                    "Ssl_version",
			"SHOW VARIABLES WHERE Variable_name LIKE 'ssl\\_c%' AND VALUE LIKE '/proxy/it''s%'":  "ssl_ca",
			"SHOW VARIABLES WHERE Value = '/proxy/key.pem'":                                      "ssl_key",
			"SHOW VARIABLES WHERE Value = 'no such value' AND Variable_name = 'ssl_key'":         "",
			"SHOW STATUS WHERE Variable_name = 'Ssl_cipher' AND Value = ''":                      "",
			"SHOW GLOBAL VARIABLES WHERE Variable_name = 'port' AND Value > 0 AND 'Value' <> ''": "port",
		} {
			rows, _ := table(t, proxied, query)
			if got := strings.Join(names(rows), ","); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		if rows, _ := table(t, clear, "SHOW STATUS WHERE Variable_name = 'Ssl_cipher' AND Value = ''"); len(rows) != 1 {
			t.Error("a client in clear has a cipher")
		}
		stmt, err := proxied.Prepare("SHOW STATUS LIKE 'Ssl_version'")
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		for range 2 {
			var name, value string
			if err := stmt.QueryRow().Scan(&name, &value); err != nil || value != "TLSv1.3" {
				t.Errorf("prepared: %q %v", value, err)
			}
		}
	})
}

func TestSelectTLSVariables(t *testing.T) {
	eachTLS(t, func(t *testing.T, srv server, f *front, state *tlsState) {
		server, proxied := direct(t, srv), f.open(t, "root", "tls=skip-verify&interpolateParams=true")
		for query, want := range map[string]string{
			"SELECT @@ssl_ca, @@GLOBAL.ssl_key AS k, 1 + 1":                     "/proxy/it's a.pem /proxy/key.pem 2",
			"select  @@SSL_CRL , concat( @@tls_version , ';' )":                 `\N TLSv1.2,TLSv1.3;`,
			"SELECT @@require_secure_transport, @@require_secure_transport = 0": "0 1",
			"SELECT (SELECT @@ssl_cert) c, 'x' 'y'":                             "/proxy/cert.pem xy",
			"SELECT 'a' FROM (SELECT @@ssl_ca AS v) d WHERE v LIKE '/proxy/%'":  "a",
			"SELECT @@ssl_key UNION ALL SELECT 'no @@ssl_ca' LIMIT 1":           "/proxy/key.pem",
		} {
			_, wantColumns := table(t, server, query)
			rows, columns := table(t, proxied, query)
			if len(rows) != 1 || strings.Join(rows[0], " ") != want {
				t.Errorf("%s: %q, want %q", query, rows, want)
			}
			if names := func(c string) string { return strings.ReplaceAll(c, "VARCHAR", "TEXT") }; names(columns) != names(wantColumns) {
				t.Errorf("%s: columns %s, want %s", query, columns, wantColumns)
			}
		}
		state.secure.Store(true)
		if rows, _ := table(t, proxied, "SELECT @@require_secure_transport"); rows[0][0] != "1" {
			t.Error(rows)
		}
		state.secure.Store(false)
		for _, query := range []string{"SELECT @@session.ssl_ca", "SELECT @@ssl_nothing, @@ssl_ca", "SELECT @@ssl_ca +"} {
			_, want := server.Exec(query)
			if _, err := proxied.Exec(query); fmt.Sprint(err) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", query, err, want)
			}
		}
	})
}

// tlsAccounts makes the accounts of these tests: without privileges, and with some, by a role where that is how.
func tlsAccounts(t *testing.T, srv server) []string {
	root := direct(t, srv)
	grant, role := "CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN", "SET DEFAULT ROLE tls_role TO tls_by_role"
	if srv.mariadb() {
		grant, role = "RELOAD, SUPER", "SET DEFAULT ROLE tls_role FOR tls_by_role"
	}
	drop := "DROP USER IF EXISTS tls_none, tls_some, tls_super, tls_by_role"
	for _, q := range []string{drop, "DROP ROLE IF EXISTS tls_role", "CREATE USER tls_none, tls_some, tls_super, tls_by_role",
		"GRANT " + grant + " ON *.* TO tls_some", "GRANT SUPER ON *.* TO tls_super", "CREATE ROLE tls_role",
		"GRANT " + grant + " ON *.* TO tls_role", "GRANT tls_role TO tls_by_role", role} {
		mustExec(t, root, q)
	}
	t.Cleanup(func() {
		for _, q := range []string{drop, "DROP ROLE IF EXISTS tls_role"} {
			_, _ = root.Exec(q) // the scratch server goes anyway
		}
	})
	return []string{"root", "tls_none", "tls_some", "tls_super", "tls_by_role"}
}

// TestReloadTLS compares the answers with those of the server itself.
func TestReloadTLS(t *testing.T) {
	eachTLS(t, func(t *testing.T, srv server, f *front, state *tlsState) {
		statements := []string{
			"ALTER INSTANCE RELOAD TLS", "/* a */ alter instance\n reload -- x\n tls;", "ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR",
			"ALTER INSTANCE RELOAD TLS FOR CHANNEL mysql_main", "ALTER INSTANCE RELOAD TLS FOR CHANNEL `Mysql_Admin` NO ROLLBACK ON ERROR",
			"ALTER INSTANCE RELOAD TLS FOR CHANNEL other", "ALTER INSTANCE RELOAD TLS FOR CHANNEL 'mysql_main'", "ALTER INSTANCE RELOAD TLS now",
			"ALTER INSTANCE RELOAD\nTLS NO ROLLBACK", "ALTER INSTANCE RELOAD TLS FOR CHANNEL", "ALTER /*!80000 INSTANCE RELOAD */ TLS",
		}
		if srv.mariadb() {
			statements = []string{"FLUSH SSL", "flush /* a */ local ssl;", "FLUSH NO_WRITE_TO_BINLOG SSL", "FLUSH SSL now", "FLUSH LOCAL SSL now"}
		}
		for _, user := range tlsAccounts(t, srv) {
			server, err := sql.Open("mysql", user+"@tcp("+srv.address+")/?tls=preferred&allowFallbackToPlaintext=true")
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			proxied, err := sql.Open("mysql", user+"@tcp("+f.address+")/?tls=skip-verify")
			if err != nil {
				t.Fatal(err)
			}
			defer proxied.Close()
			for _, q := range statements {
				before := state.reloads.Load()
				_, want := server.Exec(q)
				_, err := proxied.Exec(q)
				if fmt.Sprint(err) != fmt.Sprint(want) {
					t.Errorf("%s: %s: %v, want %v", user, q, err, want)
				}
				if done := state.reloads.Load() > before; done != (want == nil) {
					t.Errorf("%s: %s: reloaded %t, server says %v", user, q, done, want)
				}
				stmt, err := proxied.Prepare(q)
				if err == nil {
					_, err = stmt.Exec()
					stmt.Close()
				}
				if fmt.Sprint(err) != fmt.Sprint(want) {
					t.Errorf("prepared %s: %s: %v, want %v", user, q, err, want)
				}
			}
		}
	})
}

// TestReloadTLSFails wants the 3888 that MySQL has, with the proxy's reason, and a warning where that was asked for.
func TestReloadTLSFails(t *testing.T) {
	eachTLS(t, func(t *testing.T, srv server, f *front, state *tlsState) {
		fault := fmt.Errorf("/proxy/cert.pem: certificate is not valid now: it ended %s ago", strings.Repeat("long, ", 20))
		state.fault.Store(&fault)
		c := f.raw(t, wire.DeprecateEOF)
		c.query("ALTER INSTANCE RELOAD TLS")
		const text = "Failed to set up SSL because of the following SSL library error: "
		if e := c.mustError(3888); e.State != "HY000" || e.Message != text+fault.Error() {
			t.Error(e)
		}
		c.query("SELECT 1; ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR; SHOW WARNINGS")
		c.rows()
		if _, ok := c.rows(); ok.Warnings != 1 || ok.Status&wire.StatusMoreResults == 0 {
			t.Error(ok)
		}
		if rows, _ := c.rows(); len(rows) != 1 || rows[0] != "Warning" {
			t.Error(rows)
		}
		c.query("ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR")
		c.rows()
		c.query("SHOW WARNINGS")
		c.read()
		for range 3 {
			c.read()
		}
		row := wire.NewTextRow(c.read())
		var got []string
		for v, ok := row.Next(); ok; v, ok = row.Next() {
			got = append(got, string(v))
		}
		if len(got) != 3 || got[1] != "3888" || !strings.HasPrefix(got[2], text+"cert.pem: certificate is not valid now") || len(got[2]) > 128 {
			t.Error(got)
		}
		c.read()
		if state.reloads.Load() != 0 {
			t.Error("reloaded")
		}
	})
}

// TestReloadTLSCommits: the statement ends a transaction, as on the server.
func TestReloadTLSCommits(t *testing.T) {
	eachTLS(t, func(t *testing.T, srv server, f *front, _ *tlsState) {
		root := direct(t, srv)
		mustExec(t, root, "CREATE TABLE IF NOT EXISTS "+scratch+".commits (a INT) ENGINE=InnoDB")
		defer mustExec(t, root, "DROP TABLE "+scratch+".commits")
		c := f.raw(t, wire.DeprecateEOF)
		c.query("BEGIN; INSERT INTO " + scratch + ".commits VALUES (1); ALTER INSTANCE RELOAD TLS; ROLLBACK")
		for range 4 {
			_, ok := c.rows()
			if ok.Status&wire.StatusMoreResults == 0 && ok.Status&wire.StatusInTransaction != 0 {
				t.Error(ok)
			}
		}
		if got := c.one("SELECT COUNT(*) FROM " + scratch + ".commits"); got != "1" {
			t.Errorf("%s rows", got)
		}
	})
}

func TestSetRequireSecureTransport(t *testing.T) {
	eachTLS(t, func(t *testing.T, srv server, f *front, state *tlsState) {
		root := direct(t, srv)
		for _, user := range tlsAccounts(t, srv) {
			server, err := sql.Open("mysql", user+"@tcp("+srv.address+")/")
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			proxied, err := sql.Open("mysql", user+"@tcp("+f.address+")/?tls=skip-verify")
			if err != nil {
				t.Fatal(err)
			}
			defer proxied.Close()
			for _, c := range []struct {
				sql string
				on  bool
			}{
				{"SET GLOBAL require_secure_transport = ON", true}, {"SET @@GLOBAL.require_secure_transport := 0", false},
				{"set @x = 'a;b', global `require_secure_transport` = true, @y = 1", true}, {"SET GLOBAL require_secure_transport = DEFAULT", false},
				{"SET GLOBAL require_secure_transport = 2", false}, {"SET GLOBAL require_secure_transport = 'foo'", false},
				{"SET GLOBAL require_secure_transport = NULL", false}, {"SET require_secure_transport = 1", false},
				{"SET SESSION require_secure_transport = OFF", false}, {"SET GLOBAL max_connections = 4000, require_secure_transport = OFF", false},
			} {
				state.secure.Store(false)
				_, err := proxied.Exec(c.sql)
				on := state.secure.Load()
				state.secure.Store(false)
				// The server is asked for OFF: clear connections to it are to go on.
				_, want := server.Exec(strings.NewReplacer("= ON", "= OFF", "= true", "= false").Replace(c.sql))
				if fmt.Sprint(err) != fmt.Sprint(want) || on != (c.on && err == nil) {
					t.Errorf("%s: %s: %v, now %t; want %v, %t", user, c.sql, err, on, want, c.on)
				}
			}
		}
		var up int
		if err := root.QueryRow("SELECT @@GLOBAL.require_secure_transport").Scan(&up); err != nil || up != 0 {
			t.Errorf("upstream's is %d, %v", up, err)
		}
		state.secure.Store(false)
		proxied := f.open(t, "root", "tls=skip-verify")
		clear := f.raw(t, wire.DeprecateEOF)
		for q, code := range map[string]uint16{
			"SET PERSIST require_secure_transport = ON": 1235, "SET GLOBAL require_secure_transport = (SELECT 1)": 1235,
			"SET GLOBAL require_secure_transport = ON, GLOBAL require_secure_transport = OFF": 1235, "SET GLOBAL ssl_cert = 'x'": 1238,
		} {
			var e *mysql.MySQLError
			if _, err := proxied.Exec(q); !errors.As(err, &e) || e.Number != code {
				t.Errorf("%s: %v, want %d", q, err, code)
			}
		}
		mustExec(t, proxied, "SET GLOBAL require_secure_transport = ON")
		if got := clear.one("SELECT 'still here'"); got != "still here" {
			t.Error(got)
		}
		var e *mysql.MySQLError
		if err := f.open(t, "root", "").Ping(); !errors.As(err, &e) || e.Number != 3159 {
			t.Errorf("in clear: %v", err)
		}
		mustExec(t, proxied, "SET GLOBAL require_secure_transport = OFF")
		if err := f.open(t, "root", "").Ping(); err != nil {
			t.Error(err)
		}
	})
}
