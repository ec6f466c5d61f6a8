package session_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"errors"
	"os"
	"strings"
	"testing"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-sql-driver/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// account makes an account on srv that is dropped when the test ends.
func account(t *testing.T, db *sql.DB, name, identified string) {
	t.Helper()
	mustExec(t, db, "DROP USER IF EXISTS "+name)
	mustExec(t, db, "CREATE USER "+name+"@'%' IDENTIFIED "+identified)
	mustExec(t, db, "GRANT ALL ON "+scratch+".* TO "+name)
	t.Cleanup(func() { mustExec(t, db, "DROP USER "+name) })
}

// login connects once and returns who upstream says it is.
func login(t *testing.T, f *front, user, params string) (who string, err error) {
	t.Helper()
	db := f.open(t, user, params)
	defer db.Close()
	err = db.QueryRow("SELECT CURRENT_USER()").Scan(&who)
	if errors.Is(err, mysql.ErrMalformPkt) && strings.HasPrefix(user, "session_ed25519") {
		// The driver takes the last byte of an ed25519 nonce for the end of a string when it is zero: one login in 256.
		err = db.QueryRow("SELECT CURRENT_USER()").Scan(&who)
	}
	return who, err
}

type way struct {
	name   string
	params string
	change []func(*options)
}

// ways are all pairs of protected and clear sides.
func ways(srv server) []way {
	clear, protected := upstreamTLS(upstream.Disabled), upstreamTLS(upstream.Required)
	list := []way{
		{"clear-clear", "", []func(*options){withTLS, clear}},
		{"tls-clear", "tls=skip-verify", []func(*options){withTLS, clear}},
		{"unix-clear", "", []func(*options){clear, func(o *options) { o.listenUnix = true }}},
	}
	if srv.mariadb() {
		return list
	}
	return append(list,
		way{"clear-tls", "", []func(*options){withTLS, protected}},
		way{"tls-tls", "tls=skip-verify", []func(*options){withTLS, protected}})
}

func TestLogin(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		accounts := map[string]string{"session_sha2": "WITH caching_sha2_password BY 'päss word'"}
		if srv.mariadb() {
			accounts = map[string]string{"session_native": "VIA mysql_native_password USING PASSWORD('päss word')"}
			if _, err := root.Exec("INSTALL SONAME 'auth_ed25519'"); err == nil || strings.Contains(err.Error(), "exist") {
				accounts["session_ed25519"] = "VIA ed25519 USING PASSWORD('päss word')"
			}
		}
		for name, identified := range accounts {
			account(t, root, name, identified)
			for _, w := range ways(srv) {
				t.Run(name+"/"+w.name, func(t *testing.T) {
					f := start(t, srv, w.change...)
					mustExec(t, root, "FLUSH PRIVILEGES") // empties the cache: the next login is a full one
					for _, path := range []string{"full", "fast"} {
						who, err := login(t, f, name+":päss word", w.params)
						if err != nil || who != name+"@%" {
							t.Fatalf("%s: %q, %v", path, who, err)
						}
					}
					mustExec(t, root, "FLUSH PRIVILEGES")
					for range 2 {
						_, err := login(t, f, name+":wrong", w.params)
						var e *mysql.MySQLError
						if !errors.As(err, &e) || e.Number != 1045 || !strings.Contains(e.Message, "using password: YES") {
							t.Fatalf("wrong password: %v", err)
						}
					}
				})
			}
		}
	})
}

func TestUpstreamSocket(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		var socket string
		if err := root.QueryRow("SELECT @@socket").Scan(&socket); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(socket); err != nil {
			t.Skip("the server's socket is not to be seen from here")
		}
		name, identified := "session_sock", "WITH caching_sha2_password BY 'x'"
		if srv.mariadb() {
			identified = "BY 'x'"
		}
		account(t, root, name, identified)
		f := start(t, srv, withTLS, func(o *options) { o.upstream.Address = socket })
		for _, params := range []string{"", "tls=skip-verify"} {
			if _, err := login(t, f, name+":x", params); err != nil {
				t.Error(params, err)
			}
		}
	})
}

func TestUpstreamTLSModes(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		if srv.mariadb() {
			f := start(t, srv, upstreamTLS(upstream.Required))
			_, err := login(t, f, "root", "")
			wantCode(t, err, 2003) // this server has no certificate
			return
		}
		ca := t.TempDir() + "/ca.pem"
		var pem []byte
		if err := direct(t, srv).QueryRow("SELECT LOAD_FILE(CONCAT(@@datadir, 'ca.pem'))").Scan(&pem); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ca, pem, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			tls    upstream.TLS
			cipher bool
			code   uint16
		}{
			{upstream.TLS{Mode: upstream.Disabled}, false, 0},
			{upstream.TLS{Mode: upstream.Preferred}, true, 0},
			{upstream.TLS{Mode: upstream.Required}, true, 0},
			{upstream.TLS{Mode: upstream.VerifyCA, CA: ca}, true, 0},
			{upstream.TLS{Mode: upstream.VerifyCA}, true, 2003},
			{upstream.TLS{Mode: upstream.VerifyIdentity, CA: ca}, true, 2003}, // mysqld's own certificate has no host name
		} {
			f := start(t, srv, func(o *options) { o.upstream.TLS = c.tls })
			var name, cipher string
			err := f.open(t, "root", "").QueryRow("SHOW STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher)
			if c.code != 0 {
				wantCode(t, err, c.code)
			} else if err != nil || (cipher != "") != c.cipher {
				t.Errorf("%+v: cipher %q, %v", c.tls, cipher, err)
			}
		}
	})
}

func wantCode(t *testing.T, err error, code uint16) {
	t.Helper()
	var e *mysql.MySQLError
	if !errors.As(err, &e) || e.Number != code {
		t.Errorf("got %v, want error %d", err, code)
	}
}

func TestClientTLS(t *testing.T) {
	srv := servers(t)[0]
	direct(t, srv)
	required := false
	f := start(t, srv, withTLS, func(o *options) { o.cfg.RequireSecureTransport = func() bool { return required } })
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
		if err := mysql.RegisterTLSConfig("version", cfg); err != nil {
			t.Fatal(err)
		}
		if _, err := login(t, f, "root", "tls=version"); err != nil {
			t.Error(err)
		}
	}
	required = true
	_, err := login(t, f, "root", "")
	var e *mysql.MySQLError
	if !errors.As(err, &e) || e.Number != 3159 || string(e.SQLState[:]) != "HY000" || e.Message !=
		"Connections using insecure transport are prohibited while --require_secure_transport=ON." {
		t.Errorf("insecure transport: %v", err)
	}
	if _, err := login(t, f, "root", "tls=skip-verify"); err != nil {
		t.Error(err)
	}
	plain := start(t, srv)
	if _, err := login(t, plain, "root", "tls=skip-verify"); !errors.Is(err, mysql.ErrNoTLS) {
		t.Errorf("TLS without a certificate: %v", err)
	}
}

// response is what a client makes of its password for a method.
func response(plugin string, scramble []byte, password string) []byte {
	if plugin == "caching_sha2_password" {
		return gomysql.CalcCachingSha2Password(scramble, []byte(password))
	}
	return gomysql.CalcNativePassword(scramble, []byte(password))
}

// changeUser runs COM_CHANGE_USER and returns upstream's last packet.
func (c *rawClient) changeUser(user, password string) []byte {
	c.t.Helper()
	change := wire.ChangeUser{User: user, Database: scratch, Charset: 45, Plugin: c.greet.Plugin,
		Auth: response(c.greet.Plugin, c.greet.Scramble, password)}
	c.ResetSequence()
	c.write(change.Append(nil, c.caps))
	scramble := c.greet.Scramble
	p := c.read()
	for ; p[0] == 0xfe || p[0] == 0x01; p = c.read() {
		switch {
		case p[0] == 0xfe:
			a, err := wire.DecodeAuthSwitch(p)
			if err != nil {
				c.t.Fatal(err)
			}
			scramble = bytes.Clone(bytes.TrimSuffix(a.Data, []byte{0}))
			c.write(response(a.Plugin, scramble, password))
		case p[1] == 4: // full authentication
			c.write([]byte{2})
			block, _ := pem.Decode(c.read()[1:])
			key, err := x509.ParsePKIXPublicKey(block.Bytes)
			if err != nil {
				c.t.Fatal(err)
			}
			sealed, err := gomysql.EncryptPassword(password, scramble, key.(*rsa.PublicKey))
			if err != nil {
				c.t.Fatal(err)
			}
			c.write(sealed)
		}
	}
	return p
}

func TestChangeUser(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		root := direct(t, srv)
		identified := "WITH caching_sha2_password BY 'geheim'"
		if srv.mariadb() {
			identified = "BY 'geheim'"
		}
		account(t, root, "session_other", identified)
		f := start(t, srv)
		if _, err := login(t, f, "session_other:geheim", ""); err != nil { // fills caching_sha2_password's cache
			t.Fatal(err)
		}
		c := f.raw(t, wire.ConnectAttrs|wire.DeprecateEOF|wire.SessionTrack)
		c.query("SET @kept = 1")
		c.rows()
		if got := c.one("SELECT IFNULL(@kept, 'none')"); got != "1" {
			t.Fatal(got)
		}
		c.mustOK(c.changeUser("session_other", "geheim"))
		who := "SELECT CONCAT(CURRENT_USER(), '/', DATABASE(), '/', IFNULL(@kept, 'none'))"
		if got := c.one(who); got != "session_other@%/"+scratch+"/none" {
			t.Error(got)
		}
		c.mustOK(c.changeUser("root", ""))
		c.query("SET @kept = 1")
		c.rows()
		c.send(wire.ComResetConnection, "")
		c.mustOK(c.read())
		if got := c.one("SELECT IFNULL(@kept, 'none')"); got != "none" {
			t.Error(got)
		}
		if e, err := wire.DecodeError(c.changeUser("session_other", "falsch")); err != nil || e.Code != 1045 {
			t.Error(e, err)
		}
	})
}
