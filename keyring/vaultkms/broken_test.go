package vaultkms_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
	"github.com/tdeproxy/tdeproxy/keyring/vaultkms"
)

const canary = "hvs.canary-of-a-token"

func broken(host string) kmstest.Subject {
	return kmstest.Subject{Name: "vault://" + host + "/transit/cmk", Secrets: []string{canary}}
}

// Servers that are no Vault, or none any more.
func TestBrokenServers(t *testing.T) {
	clean(t)
	setenv(t, "VAULT_TOKEN", canary)
	refused := kmstest.Listen(t, func(net.Conn) {})
	_, port, _ := net.SplitHostPort(refused)
	for name, c := range map[string]struct {
		address string
		want    error
	}{
		"refused":     {"127.0.0.2:" + port, keyring.ErrUnavailable},
		"no host":     {"localhost.invalid:8200", keyring.ErrUnavailable},
		"closes":      {kmstest.Listen(t, kmstest.Close), keyring.ErrUnavailable},
		"garbage":     {kmstest.Listen(t, kmstest.Say("\x15\x03garbage\r\n\r\n")), keyring.ErrAnswer},
		"cut":         {kmstest.Listen(t, kmstest.SayOnce("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"data\":{")), keyring.ErrUnavailable},
		"a page":      {kmstest.Listen(t, kmstest.Say("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n<html>hello\n")), keyring.ErrAnswer},
		"not found":   {kmstest.Listen(t, kmstest.Say("HTTP/1.1 404 No\r\nContent-Length: 6\r\n\r\n<html>")), keyring.ErrAnswer},
		"other JSON":  {kmstest.Listen(t, kmstest.Say("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"data\":null}")), keyring.ErrAnswer},
		"bad gateway": {kmstest.Listen(t, kmstest.Say("HTTP/1.1 502 Bad\r\nContent-Length: 6\r\n\r\n<html>")), keyring.ErrUnavailable},
		"throttles":   {kmstest.Listen(t, kmstest.Say("HTTP/1.1 429 No\r\nContent-Length: 22\r\n\r\n{\"errors\":[\"too much\"]}")), keyring.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			tls := "?tls=off"
			if name == "no host" {
				tls = "" // tls=off is for this machine
			}
			broken(c.address).Both(t, name, open(t, "vault://"+c.address+"/transit/cmk"+tls), []byte("vault:v1:AAAA"), c.want)
		})
	}
	hang := kmstest.Listen(t, kmstest.Mute)
	broken(hang).Hanging(t, open(t, "vault://"+hang+"/transit/cmk?tls=off"), []byte("vault:v1:AAAA"))
	broken(hang).Hanging(t, open(t, "vault://"+hang+"/transit/cmk"), []byte("vault:v1:AAAA"))
}

// A server that sends back what it was sent does not make the token or the key show.
func TestEcho(t *testing.T) {
	clean(t)
	setenv(t, "VAULT_TOKEN", canary)
	for _, status := range []int{400, 403, 404, 500} {
		var requests atomic.Int32
		echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"errors":[%q]}`, fmt.Sprint(r.Header, string(body)))
		}))
		host := echo.Listener.Addr().String()
		key, aad := kmstest.NewKey()
		kms := open(t, "vault://"+host+"/transit/cmk?tls=off")
		_, err := kms.Wrap(kmstest.Bounded(t), key, aad)
		if err == nil {
			t.Fatal("no error")
		}
		broken(host).CheckSecrets(t, fmt.Sprintf("%v %#v", err, err), key)
		if n := requests.Load(); n > 2 { // the look at the key, and the encryption
			t.Errorf("status %d: %d requests for one try", status, n)
		}
		echo.Close()
	}
}

// A Vault that does not look at associated data, as one before 1.9, wraps nothing.
func TestUnboundVault(t *testing.T) {
	clean(t)
	setenv(t, "VAULT_TOKEN", canary)
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/keys/"):
			fmt.Fprint(w, `{"data":{"type":"aes256-gcm96","derived":false}}`)
		case strings.Contains(r.URL.Path, "/encrypt/"):
			fmt.Fprint(w, `{"data":{"ciphertext":"vault:v1:AAAA"}}`)
		default:
			fmt.Fprint(w, `{"data":{"plaintext":"AAAAAAAAAAAAAAAAAAAAAA=="}}`)
		}
	}))
	defer old.Close()
	host := old.Listener.Addr().String()
	key, aad := kmstest.NewKey()
	_, err := open(t, "vault://"+host+"/transit/cmk?tls=off").Wrap(kmstest.Bounded(t), key, aad)
	broken(host).Check(t, "unbound", err, keyring.ErrAnswer, key)
}

// A certificate that nobody vouches for, and TLS where there is none.
func TestTrust(t *testing.T) {
	l := start(t, true)
	s := l.subject()
	setenv(t, "VAULT_CACERT", "")
	s.Both(t, "unknown CA", s.Open(t), []byte("vault:v1:AAAA"), keyring.ErrAnswer)
	s.Both(t, "clear to TLS", open(t, l.URL("cmk")+"?tls=off"), []byte("vault:v1:AAAA"), keyring.ErrAnswer)
	clear := start(t, false)
	s = clear.subject()
	s.Both(t, "TLS to clear", open(t, strings.TrimSuffix(clear.URL("cmk"), "?tls=off")), []byte("vault:v1:AAAA"), keyring.ErrAnswer)
}

func TestURLs(t *testing.T) {
	clean(t)
	certs, err := harness.WriteCerts(t.TempDir())
	must(t, err)
	for text, want := range map[string]string{
		"vault://h:8200/transit/k":                                   "",
		"vault://h:8200/a/b/k?namespace=n&auth=approle&auth-mount=x": "",
		"vault://127.0.0.1:8200/transit/k?tls=off":                   "",
		"vault://[::1]:8200/transit/k?tls=off":                       "",
		"vault://h:8200/transit/k?tls=off":                           "loopback",
		"vault://h:8200/transit/k?tls=no":                            "tls",
		"vault://h:8200/transit/k?auth=magic":                        "approle",
		"vault://h:8200/transit/k?tls_=off":                          "tls_",
		"vault://h:8200/transit":                                     "HOST:PORT/MOUNT/KEY",
		"vault://h:8200":                                             "HOST:PORT/MOUNT/KEY",
		"vault:///transit/k":                                         "HOST:PORT/MOUNT/KEY",
		"vault:transit":                                              "HOST:PORT/MOUNT/KEY",
		"vault://h:8200/transit/../sys/k":                            "HOST:PORT/MOUNT/KEY",
		"vault://" + canary + "@h:8200/transit/k":                    "credentials",
		"vault://u:" + canary + "@h:8200/transit/k":                  "credentials",
	} {
		u, err := url.Parse(text)
		must(t, err)
		_, err = vaultkms.New(context.Background(), u)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary)) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for name, value := range map[string]string{"VAULT_SKIP_VERIFY": "true", "VAULT_CACERT": "/nonexistent/ca.pem", "VAULT_CLIENT_CERT": certs.Cert} {
		t.Run(name, func(t *testing.T) {
			setenv(t, name, value)
			u, _ := url.Parse("vault://h:8200/transit/k")
			if _, err := vaultkms.New(context.Background(), u); err == nil || !strings.Contains(err.Error(), "VAULT_") {
				t.Errorf("%v", err)
			}
		})
	}
}
