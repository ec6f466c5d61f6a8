package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

// tlsStage is a server and certificates that it shares with the proxies before it, so that both can be held against each other.
type tlsStage struct {
	server *harness.Server
	dir    string // of the certificates
}

func newTLSStage(t *testing.T, f harness.Flavour) *tlsStage {
	t.Helper()
	s := &tlsStage{dir: filepath.Join(t.TempDir(), "certs")}
	_, err := sslcert.Create(s.dir, sslcert.Options{})
	must(t, err)
	s.server, err = harness.StartServer(f, harness.ServerOptions{Extra: []string{
		"--ssl-ca=" + s.file("ca.pem"), "--ssl-cert=" + s.file("server-cert.pem"), "--ssl-key=" + s.file("server-key.pem"),
	}})
	must(t, err)
	t.Cleanup(s.server.Remove)
	return s
}

func (s *tlsStage) file(name string) string { return filepath.Join(s.dir, name) }

// proxy has the server's certificates and its clients' CA, and shows the clients' certificate upstream.
func (s *tlsStage) proxy(t *testing.T, f harness.Flavour, user string) *harness.Proxy {
	t.Helper()
	quoted := func(name string) string { return fmt.Sprintf("%q", s.file(name)) }
	p, err := harness.NewProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.server.Address, Flavour: f, Evaluator: "off", User: user,
		Settings: map[string]string{
			"sslcert.dir": fmt.Sprintf("%q", s.dir), "sslcert.client_ca": quoted("ca.pem"), "upstream.tls": `"verify-ca"`, "upstream.ca": quoted("ca.pem"),
			"upstream.cert": quoted("client-cert.pem"), "upstream.key": quoted("client-key.pem"),
		}})
	must(t, err)
	t.Cleanup(p.Remove)
	// With certificates there already it is no first start, which would make the keyring.
	if out, code, err := p.Run("init", "-c", p.Config); err != nil || code != 0 {
		t.Fatal(out, code, err)
	}
	must(t, p.Start())
	return p
}

// other is a client certificate of the same CA with another name.
func (s *tlsStage) other(t *testing.T) tls.Certificate {
	t.Helper()
	ca, err := tls.LoadX509KeyPair(s.file("ca.pem"), s.file("ca-key.pem"))
	must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "other"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Leaf, &key.PublicKey, ca.PrivateKey)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// names prints subject and issuer of the clients' certificate as the servers' OpenSSL does.
func (s *tlsStage) names(t *testing.T) (subject, issuer string) {
	t.Helper()
	out, err := exec.Command("openssl", "x509", "-in", s.file("client-cert.pem"), "-noout", "-subject", "-issuer", "-nameopt", "compat").Output()
	must(t, err)
	lines := strings.Split(string(out), "\n")
	return strings.TrimPrefix(lines[0], "subject="), strings.TrimPrefix(lines[1], "issuer=")
}

// outcome of a login: nothing, or the server's error.
func outcome(c *rawmysql.Conn, err error) string {
	var e *rawmysql.ServerError
	switch {
	case err == nil:
		c.Close()
		return "logged in"
	case errors.As(err, &e):
		return e.Error()
	}
	return "no answer: " + err.Error()
}

// TestRequire logs in at the server and through the proxy, whose own connection has all that any account demands.
func TestRequire(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := newTLSStage(t, f)
		root, err := s.server.Connect(rawmysql.Config{})
		must(t, err)
		defer root.Close()
		subject, issuer := s.names(t)
		users := map[string]string{
			"r_none": "NONE", "r_ssl": "SSL", "r_x509": "X509", "r_subject": fmt.Sprintf("SUBJECT '%s'", subject), "r_issuer": fmt.Sprintf("ISSUER '%s'", issuer),
			"r_both": fmt.Sprintf("SUBJECT '%s' AND ISSUER '%s'", subject, issuer), "r_wrong": "SUBJECT '/CN=nobody'",
			"r_cipher": "CIPHER 'TLS_AES_128_GCM_SHA256'", "r_old_cipher": "CIPHER 'ECDHE-ECDSA-AES128-GCM-SHA256'",
		}
		for user, require := range users {
			must(t, root.Exec("CREATE USER "+user+" IDENTIFIED BY 'pw' REQUIRE "+require))
		}
		must(t, root.Exec("CREATE USER blind"))
		pair, err := tls.LoadX509KeyPair(s.file("client-cert.pem"), s.file("client-key.pem"))
		must(t, err)
		clients := map[string]*tls.Config{
			"clear": nil, "tls": insecureTLS(), "certificate": {InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}, //nolint:gosec // the server is the test's own
			"another": {InsecureSkipVerify: true, Certificates: []tls.Certificate{s.other(t)}}, //nolint:gosec // the same
		}
		for _, account := range []string{"root", "blind"} {
			p := s.proxy(t, f, account)
			for user := range users {
				for kind, config := range clients {
					for _, password := range []string{"pw", "wrong", ""} {
						cfg := rawmysql.Config{User: user, Password: password, TLS: config}
						want := outcome(s.server.Connect(cfg))
						if got := outcome(p.Connect(cfg)); got != want && !upstreamsOwn(user, got) {
							t.Errorf("upstream.user %s: %s with %q, %s: %s, want %s", account, user, password, kind, got, want)
						}
					}
				}
				changeUser(t, s, p, user)
			}
			checkLog(t, p)
		}
	})
}

// upstreamsOwn says whether upstream denies the account for what the proxy's own connection to it has: the cipher that it demands is
// not the one that upstream has chosen there.
func upstreamsOwn(user, got string) bool {
	return strings.Contains(got, "1045") && user == "r_old_cipher"
}

// changeUser wants COM_CHANGE_USER of a client in clear to be denied as by the server.
func changeUser(t *testing.T, s *tlsStage, p *harness.Proxy, user string) {
	t.Helper()
	change := func(c *rawmysql.Conn, err error) string {
		must(t, err)
		defer c.Close()
		return outcome(c, c.ChangeUser(user, "pw", ""))
	}
	want := change(s.server.Connect(rawmysql.Config{}))
	if got := change(p.Connect(rawmysql.Config{})); got != want && !strings.HasPrefix(want, "no answer") {
		t.Errorf("COM_CHANGE_USER to %s in clear: %s, want %s", user, got, want)
	}
}

// TestRequireCached: an account that begins to demand something is noticed, and one that no longer does.
func TestRequireCached(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := newTLSStage(t, f)
		root, err := s.server.Connect(rawmysql.Config{})
		must(t, err)
		defer root.Close()
		must(t, root.Exec("CREATE USER r_later"))
		p := s.proxy(t, f, "root")
		for _, c := range []struct {
			require string
			ok      bool
		}{{"NONE", true}, {"SSL", false}, {"NONE", true}} {
			must(t, root.Exec("ALTER USER r_later REQUIRE "+c.require))
			time.Sleep(1200 * time.Millisecond) // the list is a second old at most
			if got := outcome(p.Connect(rawmysql.Config{User: "r_later"})); (got == "logged in") != c.ok {
				t.Errorf("REQUIRE %s in clear: %s", c.require, got)
			}
		}
	})
}

// TestReloadTLSFiles breaks the files that server and proxy share and compares what they say.
func TestReloadTLSFiles(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := newTLSStage(t, f)
		p := s.proxy(t, f, "root")
		c, err := p.Connect(rawmysql.Config{TLS: insecureTLS()})
		must(t, err)
		defer c.Close()
		before := serial(t, p)
		good, err := os.ReadFile(s.file("server-cert.pem"))
		must(t, err)
		must(t, os.WriteFile(s.file("server-cert.pem"), []byte("half a cert"), 0o600))
		err = c.Exec("ALTER INSTANCE RELOAD TLS")
		wantError(t, "reloading", err, 3888)
		if f == harness.MySQL {
			direct, connectErr := s.server.Connect(rawmysql.Config{})
			must(t, connectErr)
			defer direct.Close()
			want := strings.SplitAfter(fmt.Sprint(direct.Exec("ALTER INSTANCE RELOAD TLS")), "library error: ")[0]
			if !strings.HasPrefix(fmt.Sprint(err), want) || !strings.Contains(fmt.Sprint(err), "server-cert.pem") {
				t.Errorf("%v, the server says %s…", err, want)
			}
		}
		must(t, c.Exec("ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR"))
		results, err := c.Query("SHOW WARNINGS")
		must(t, err)
		if rows := results[0].Rows; len(rows) != 1 || string(rows[0][1]) != "3888" || string(rows[0][0]) != "Warning" {
			t.Errorf("%s", rows)
		}
		if now := serial(t, p); now != before {
			t.Error("the certificate changed")
		}
		must(t, os.WriteFile(s.file("server-cert.pem"), good, 0o600))
		must(t, c.Exec("ALTER INSTANCE RELOAD TLS"))
		renewed := filepath.Join(t.TempDir(), "certs")
		_, err = sslcert.Create(renewed, sslcert.Options{})
		must(t, err)
		for _, name := range []string{"ca.pem", "server-key.pem", "server-cert.pem"} {
			content, err := os.ReadFile(filepath.Join(renewed, name))
			must(t, err)
			must(t, os.WriteFile(s.file(name), content, 0o600))
		}
		must(t, c.Exec("ALTER INSTANCE RELOAD TLS"))
		if now := serial(t, p); now == before {
			t.Error("the certificate did not change")
		}
		block, _ := pem.Decode(must2(os.ReadFile(s.file("server-cert.pem")))(t))
		leaf, err := x509.ParseCertificate(block.Bytes)
		must(t, err)
		results, err = c.Query("SHOW STATUS LIKE 'Ssl_server_not_after'")
		must(t, err)
		if got, want := string(results[0].Rows[0][1]), leaf.NotAfter.UTC().Format("Jan _2 15:04:05 2006 GMT"); got != want {
			t.Errorf("Ssl_server_not_after %q, want %q", got, want)
		}
	})
}

// must2 is must for a value.
func must2[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// serial of the certificate that a new client sees.
func serial(t *testing.T, p *harness.Proxy) string {
	t.Helper()
	var seen string
	cfg := insecureTLS()
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		seen = s.PeerCertificates[0].SerialNumber.String()
		return nil
	}
	c, err := p.Connect(rawmysql.Config{TLS: cfg})
	must(t, err)
	c.Close()
	return seen
}

// TestClientStatus runs the clients' own look at TLS.
func TestClientStatus(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		p := passThrough(t, f, plainServer(t, f).Address, nil)
		host, port, _ := strings.Cut(p.Address, ":")
		mariadb, err := harness.Tool("mariadb")
		must(t, err)
		clients := map[string][]string{"mariadb": {mariadb, "--ssl"}}
		if f == harness.MySQL { // MySQL's client has no plugin any more that MariaDB's accounts could use
			mysqld, err := f.Binary()
			must(t, err)
			clients["mysql"] = []string{filepath.Join(filepath.Dir(mysqld), "mysql"), "--ssl-mode=REQUIRED", "--commands"}
		}
		for name, command := range clients {
			args := append([]string{"--no-defaults", "-h", host, "-P", port, "-uroot", "--batch"}, command[1:]...)
			cmd := exec.Command(command[0], args...)
			cmd.Stdin = strings.NewReader("status\nSHOW SESSION STATUS LIKE 'Ssl_cipher';\nSELECT @@tls_version;\n")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v: %s", name, err, out)
				continue
			}
			for _, want := range []string{"Cipher in use is TLS_AES_128_GCM_SHA256", "Ssl_cipher\tTLS_AES_128_GCM_SHA256", "TLSv1.2,TLSv1.3"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("%s: no %q in %s", name, want, out)
				}
			}
		}
	})
}
