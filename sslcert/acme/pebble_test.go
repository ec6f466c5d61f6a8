//go:build !no_acme

package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/sslcert"
)

// beProvider makes the test's binary be the program that the exec provider runs.
const beProvider = "TDEPROXY_TEST_DNS_RECORDS"

func TestMain(m *testing.M) {
	records := os.Getenv(beProvider)
	if records == "" || len(os.Args) != 4 {
		os.Exit(m.Run())
	}
	path := map[string]string{"present": "/present", "cleanup": "/cleanup"}[os.Args[1]]
	body, _ := json.Marshal(map[string]string{"fqdn": os.Args[2], "value": os.Args[3]})
	response, err := http.Post(records+path, "application/json", bytes.NewReader(body))
	if err != nil || response.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, response, err)
		os.Exit(1)
	}
}

// pebble is the ACME service of e2e/pebble.
type pebble struct{ Directory, CA, Root, DNS, Records, Key, Secret string }

// startPebble builds the service and starts it.
func startPebble(t *testing.T) *pebble {
	t.Helper()
	if testing.Short() {
		t.Skip("the ACME service is a module of its own, to be built first")
	}
	binary := filepath.Join(t.TempDir(), "pebble")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("..", "..", "e2e", "pebble")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building pebble: %v\n%s", err, out)
	}
	cmd := exec.Command(binary)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(stderr.String())
		}
	})
	p := &pebble{}
	if err := json.NewDecoder(stdout).Decode(p); err != nil {
		t.Fatalf("pebble: %v\n%s", err, stderr.String())
	}
	return p
}

// options are those of a client of the service.
func (p *pebble) options(t *testing.T, provider string) Options {
	t.Helper()
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, []byte(p.CA), 0o644); err != nil {
		t.Fatal(err)
	}
	return Options{
		Directory: p.Directory, Email: "dba@tde.test", Names: []string{"db.tde.test", "*.shop.tde.test"}, Provider: provider, CA: ca,
		Resolvers: []string{p.DNS}, AccountKey: filepath.Join(dir, AccountKeyFile), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// left is how many DNS records there are.
func (p *pebble) left(t *testing.T) int {
	t.Helper()
	response, err := http.Get(p.Records + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n := -1
	if err := json.NewDecoder(response.Body).Decode(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// environment are the settings of all three providers.
func (p *pebble) environment(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"EXEC_PATH": os.Args[0], beProvider: p.Records, "EXEC_POLLING_INTERVAL": "1", "EXEC_SEQUENCE_INTERVAL": "1",
		"HTTPREQ_ENDPOINT": p.Records, "HTTPREQ_POLLING_INTERVAL": "1",
		"RFC2136_NAMESERVER": p.DNS, "RFC2136_TSIG_KEY": p.Key, "RFC2136_TSIG_SECRET": p.Secret,
		"RFC2136_TSIG_ALGORITHM": "hmac-sha256.", "RFC2136_POLLING_INTERVAL": "1", "RFC2136_SEQUENCE_INTERVAL": "1",
	} {
		t.Setenv(name, value)
	}
}

// TestPebble is everything that needs the service.
func TestPebble(t *testing.T) {
	p := startPebble(t)
	p.environment(t)
	t.Run("obtain", p.testObtain)
	t.Run("renew", p.testRenewal)
	t.Run("fail", p.testFails)
}

// Each provider gets a certificate for a name and a wildcard, which a client that trusts the service's root verifies,
// and leaves no record behind.
func (p *pebble) testObtain(t *testing.T) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(p.Root)) {
		t.Fatal("no root")
	}
	for _, provider := range []string{"exec", "httpreq", "rfc2136"} {
		t.Run(provider, func(t *testing.T) {
			opts := p.options(t, provider)
			client, err := New(opts)
			if err != nil {
				t.Fatal(err)
			}
			issued, err := client.Obtain(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			pair, err := tls.X509KeyPair(issued.Chain, issued.Key)
			if err != nil {
				t.Fatal(err)
			}
			intermediates := x509.NewCertPool()
			for _, der := range pair.Certificate[1:] {
				cert, err := x509.ParseCertificate(der)
				if err != nil {
					t.Fatal(err)
				}
				intermediates.AddCert(cert)
			}
			for _, name := range []string{"db.tde.test", "any.shop.tde.test"} {
				if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: name}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if left := p.left(t); left != 0 {
				t.Errorf("%d DNS records are left", left)
			}
			key, err := os.ReadFile(opts.AccountKey)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(opts.AccountKey); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the account's key: %v %v", info, err)
			}
			if provider != "exec" {
				return
			}
			again, err := client.Obtain(context.Background()) // with the same account
			if err != nil || bytes.Equal(again.Key, issued.Key) {
				t.Errorf("a second time: %v", err)
			}
			if same, err := os.ReadFile(opts.AccountKey); err != nil || !bytes.Equal(key, same) {
				t.Errorf("the account's key has changed: %v", err)
			}
		})
	}
}

// A proxy that has made its own certificates gets one from the service, serves it, and renews it when its time comes.
func (p *pebble) testRenewal(t *testing.T) {
	opts := p.options(t, "httpreq")
	client, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "certs")
	if _, err := sslcert.Create(dir, sslcert.Options{}); err != nil {
		t.Fatal(err)
	}
	var offset time.Duration
	now := func() time.Time { return time.Now().Add(offset) }
	store, err := sslcert.Open(dir, sslcert.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	renewer := sslcert.NewRenewer(dir, store, sslcert.RenewOptions{
		Obtain: client.Obtain, ObtainNames: []string{"db.tde.test"}, Now: now, Log: opts.Log, Before: 14 * 24 * time.Hour,
	})
	check := func(generation uint64) *sslcert.Snapshot {
		t.Helper()
		for range 2 {
			if err := renewer.Check(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if got := store.Snapshot().Generation; got != generation {
			t.Fatalf("generation %d, want %d", got, generation)
		}
		return store.Snapshot()
	}
	first := check(2)
	if err := first.Certificate.Leaf.VerifyHostname("db.tde.test"); err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(first.CA, first.Issuer.Equal) || len(first.CA) != 2 {
		t.Errorf("ca.pem holds %d CAs, issuer %s", len(first.CA), first.Issuer.Subject)
	}
	life := first.Certificate.Leaf.NotAfter.Sub(now())
	offset = life - 15*24*time.Hour
	check(2)
	offset = life - 13*24*time.Hour
	// The service's clock is not the test's: what it issues now ends as the first one does, and is taken all the same.
	if err := renewer.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if store.Snapshot().Generation != 3 || store.Snapshot().Certificate.Leaf.Equal(first.Certificate.Leaf) {
		t.Errorf("generation %d", store.Snapshot().Generation)
	}
	if renewed, failed := renewer.Counts(); renewed != 2 || failed != 0 {
		t.Errorf("counted %d and %d", renewed, failed)
	}
}

// What goes wrong is one line that says where.
func (p *pebble) testFails(t *testing.T) {
	t.Setenv("RFC2136_PROPAGATION_TIMEOUT", "2")
	for name, test := range map[string]struct {
		change func(*Options)
		says   string
	}{
		"a service that is not trusted": {func(o *Options) { o.CA = "" }, "certificate signed by unknown authority"},
		"a name of another zone":        {func(o *Options) { o.Names = []string{"db.example.com"} }, "db.example.com"},
		"a wrong directory":             {func(o *Options) { o.Directory += "x" }, "404"},
		"an account key that is none": {func(o *Options) {
			if err := os.WriteFile(o.AccountKey, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "move it away"},
	} {
		opts := p.options(t, "rfc2136")
		test.change(&opts)
		client, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Obtain(context.Background())
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q, want %s", name, err, test.says)
		}
	}
	t.Setenv("RFC2136_TSIG_SECRET", "d3Jvbmc=")
	client, err := New(p.options(t, "rfc2136"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Obtain(context.Background()); err == nil {
		t.Error("records were changed without the key")
	}
	if left := p.left(t); left != 0 {
		t.Errorf("%d DNS records are left", left)
	}
}

// A service that does not answer holds nobody up.
func TestObtainEnds(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("HTTPREQ_ENDPOINT", "http://127.0.0.1:1")
	client, err := New(Options{
		Directory: "https://" + silent.Addr().String() + "/dir", Names: []string{"db.tde.test"}, Provider: "httpreq",
		AccountKey: filepath.Join(t.TempDir(), AccountKeyFile),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := client.Obtain(ctx); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// Settings that are missing are found at the start.
func TestProviderSettings(t *testing.T) {
	for provider, says := range map[string]string{
		"exec": "EXEC_PATH", "httpreq": "HTTPREQ_ENDPOINT", "rfc2136": "RFC2136_NAMESERVER", "route53": "one of exec, rfc2136, httpreq",
	} {
		_, err := New(Options{Provider: provider})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", provider, err, says)
		}
	}
	t.Setenv("EXEC_PATH", "/bin/true")
	if _, err := New(Options{Provider: "exec", CA: "client.go"}); err == nil || !strings.Contains(err.Error(), "holds no certificate") {
		t.Errorf("a CA that is none: %v", err)
	}
}
