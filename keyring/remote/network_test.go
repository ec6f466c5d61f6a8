package remote_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// secure is a server with a certificate that nobody vouches for, or that a client has to show one to.
func secure(t *testing.T, change func(*tls.Config)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	change(s.TLS)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// unhelpful is a server that breaks off in the ways that its paths say.
func unhelpful(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		switch r.URL.Path {
		case "/half":
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		case "/nonsense":
			_, _ = rw.WriteString("SSH-2.0-OpenSSH\r\n")
		case "/header":
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nno header\r\n\r\n")
		case "/endless":
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + strings.Repeat("x", 2000000))
		case "/slow":
			time.Sleep(300 * time.Millisecond)
		}
		_ = rw.Flush()
	}))
	t.Cleanup(s.Close)
	return s
}

// What fails on the way has its class, and is told without the URL, which can hold a key.
func TestUnreached(t *testing.T) {
	server, untrusted := unhelpful(t), secure(t, func(*tls.Config) {})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	key := remote.Key{KMS: "Example KMS", Name: "k", Access: "ask for credentials", State: "mend it"}
	for address, want := range map[string]struct {
		class     error
		said, say string
	}{
		server.URL + "/half?":                    {keyring.ErrUnavailable, "the answer was cut short", "check the network"},
		server.URL + "/none?":                    {keyring.ErrUnavailable, "the connection was closed without an answer", "check the network"},
		server.URL + "/slow?":                    {keyring.ErrUnavailable, "no answer in time", "check the network"},
		"http://" + closed.Addr().String() + "?": {keyring.ErrUnavailable, "connection refused", "check the network"},
		"http://nowhere.invalid?":                {keyring.ErrUnavailable, "nowhere.invalid", "check the network"},
		server.URL + "/nonsense?":                {keyring.ErrAnswer, "the connection failed: what answers does not speak HTTP", "lead to the KMS"},
		server.URL + "/header?":                  {keyring.ErrAnswer, "the connection failed: what answers does not speak HTTP", "lead to the KMS"},
		server.URL + "/endless?":                 {keyring.ErrAnswer, "too long", "lead to the KMS"},
		"https" + server.URL[4:] + "?":           {keyring.ErrAnswer, "does not speak TLS", "lead to the KMS"},
		untrusted.URL + "?":                      {keyring.ErrAnswer, "failed to verify certificate: x509", "have its CA trusted by SSL_CERT_FILE"},
	} {
		bound := 20 * time.Second
		if strings.Contains(address, "slow") {
			bound = 100 * time.Millisecond
		}
		err := fmt.Errorf("wrapped: %w", get(t, remote.NewClient(nil), address, bound))
		said, class := remote.Unreached(err)
		if class != want.class || !strings.Contains(said, want.said) || strings.Contains(said, "canary") {
			t.Errorf("%s: %v, %q from %v", address, class, said, err)
		}
		fault := key.Unreached("the token service", err)
		if !errors.Is(fault, want.class) || !strings.Contains(fault.Error(), "key k: the token service: ") ||
			!strings.Contains(fault.Error(), want.say) || strings.Contains(fault.Error(), "canary") {
			t.Errorf("%s: %v", address, fault)
		}
	}
	if said, class := remote.Unreached(bufio.ErrTooLong); class != nil || key.Unreached("", bufio.ErrTooLong) != nil {
		t.Errorf("%v, %q", class, said)
	}
}

// A handshake that the other side ends, or that has no common version, is not cured by waiting.
func TestHandshakes(t *testing.T) {
	key := remote.Key{KMS: "Example KMS", Name: "k", Access: "ask for credentials"}
	trusting := func(s *httptest.Server, change func(*tls.Config)) *http.Client {
		transport := s.Client().Transport.(*http.Transport).Clone()
		change(transport.TLSClientConfig)
		return remote.NewClient(transport)
	}
	asks := secure(t, func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 })
	err := get(t, trusting(asks, func(*tls.Config) {}), asks.URL+"?", 20*time.Second)
	if fault := key.Unreached("", err); !errors.Is(fault, keyring.ErrDenied) || !strings.Contains(fault.Error(), "proxies in between ask for") ||
		strings.Contains(fault.Error(), "credentials") {
		t.Errorf("%v from %v", fault, err)
	}
	old := secure(t, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	for want, newest := range map[error]uint16{
		keyring.ErrDenied: tls.VersionTLS13, // the server says that it has none
		keyring.ErrAnswer: tls.VersionTLS12, // the client has none itself
	} {
		err = get(t, trusting(old, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS13, newest }), old.URL+"?", 20*time.Second)
		if fault := key.Unreached("", err); !errors.Is(fault, want) || !strings.Contains(fault.Error(), "tls: ") || strings.Contains(fault.Error(), "canary") {
			t.Errorf("%v from %v, want %q", fault, err, want)
		}
	}
}

// What is no fault of the network is an answer that is none, in one line of its own.
func TestNetworkFault(t *testing.T) {
	for err, want := range map[error]string{
		errors.New("a\n malformed\tmessage"): "gave an answer that is none: a malformed message",
		context.Canceled:                     "cannot be used at the moment: given up",
		fmt.Errorf("x: %w", io.EOF):          "cannot be used at the moment: the connection was closed without an answer",
	} {
		if got := remote.NetworkFault(err); got.Error() != want {
			t.Errorf("%v, want %q", got, want)
		}
	}
}

// get asks for what is at an address, and must not get it.
func get(t *testing.T, client *http.Client, address string, bound time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"Plaintext=canary", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Do(r)
	if err == nil {
		t.Fatalf("%s answers", address)
	}
	return err
}
