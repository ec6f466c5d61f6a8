package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// insecureTLS takes any certificate.
func insecureTLS() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the server is the test's own
}

// TestClientTLS verifies the proxy's own certificate by its own CA in both
// versions of TLS, and wants clear connections refused where that is set.
func TestClientTLS(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		p := passThrough(t, f, plainServer(t, f).Address, map[string]string{"listen.require_secure_transport": "true"})
		pem, err := os.ReadFile(filepath.Join(p.Dir, "certs", "ca.pem"))
		must(t, err)
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			t.Fatal("ca.pem holds no certificate")
		}
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			c, err := p.Connect(rawmysql.Config{TLS: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: version, MaxVersion: version}})
			must(t, err)
			if got := column(t, c, "SELECT 'tls'"); got[0] != "tls" {
				t.Errorf("TLS %x: %q", version, got)
			}
			c.Close()
		}
		if _, err := p.Connect(rawmysql.Config{TLS: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}); err == nil { //nolint:gosec // must fail
			t.Error("TLS 1.1 was accepted")
		}
		_, err = p.Connect(rawmysql.Config{})
		wantError(t, "clear connection", err, 3159)
		for name, mode := range map[string]os.FileMode{"ca.pem": 0, "server-cert.pem": 0, "server-key.pem": 0o600} {
			info, err := os.Stat(filepath.Join(p.Dir, "certs", name))
			must(t, err)
			if mode != 0 && info.Mode().Perm() != mode {
				t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), mode)
			}
		}
		checkLog(t, p)
	})
}

// TestUpstreamTLS connects to upstream in each of the five modes.
func TestUpstreamTLS(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := plainServer(t, f)
		other, err := harness.WriteCerts(t.TempDir())
		must(t, err)
		ca := "\"" + s.Certs.CA + "\""
		for mode, want := range map[string]bool{"disabled": false, "preferred": true, "required": true, "verify-ca": true, "verify-identity": true} {
			t.Run(mode, func(t *testing.T) {
				settings := map[string]string{"upstream.tls": "\"" + mode + "\""}
				if strings.HasPrefix(mode, "verify-") {
					settings["upstream.ca"] = ca
				}
				p := passThrough(t, f, s.Address, settings)
				c, err := p.Connect(rawmysql.Config{})
				must(t, err)
				defer c.Close()
				// SHOW STATUS is of the client's own connection.
				table := "performance_schema.session_status"
				if f == harness.MariaDB {
					table = "information_schema.session_status"
				}
				cipher := column(t, c, "SELECT VARIABLE_VALUE FROM "+table+" WHERE VARIABLE_NAME = 'Ssl_cipher'")
				if got := cipher[0] != ""; got != want {
					t.Errorf("upstream link encrypted: %t, want %t (%q)", got, want, cipher)
				}
			})
		}
		t.Run("foreign CA", func(t *testing.T) {
			p, err := harness.NewProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Evaluator: "off",
				Settings: map[string]string{"upstream.tls": `"verify-ca"`, "upstream.ca": "\"" + other.CA + "\""}})
			must(t, err)
			t.Cleanup(p.Remove)
			// Whether serve starts or not, no client may get through.
			if err := p.StartWithin(3 * time.Second); err != nil {
				t.Log(err)
				return
			}
			if c, err := p.Connect(rawmysql.Config{}); err == nil {
				c.Close()
				t.Error("connected to an upstream whose CA is another")
			}
		})
	})
}
