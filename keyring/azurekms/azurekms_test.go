package azurekms_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/azurekms"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

// TestMain has the system trust the servers of the tests, as one trusts a CA of one's own: by SSL_CERT_FILE.
func TestMain(m *testing.M) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	file, err := os.CreateTemp("", "ca-*.pem")
	if err == nil {
		err = pem.Encode(file, &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	}
	server.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = os.Setenv("SSL_CERT_FILE", file.Name())
	code := m.Run()
	_ = os.Remove(file.Name())
	os.Exit(code)
}

// environment leaves nothing of the machine's own configuration, and puts settings in its place.
func environment(t testing.TB, settings map[string]string) {
	tt := t.(*testing.T)
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "AZURE_") || strings.HasPrefix(name, "IDENTITY_") || strings.HasPrefix(name, "MSI_") {
			tt.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	tt.Setenv("HOME", tt.TempDir())
	for name, value := range settings {
		tt.Setenv(name, value)
	}
}

// secret is an environment with a client's secret, and the service that takes it.
func secret(t testing.TB, s *server, value string) *authority {
	a, url := login(t, s)
	environment(t, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": clientID, "AZURE_CLIENT_SECRET": value,
		"AZURE_AUTHORITY_HOST": url, "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"})
	return a
}

func login(t testing.TB, s *server) (*authority, string) {
	a := &authority{vault: s}
	service := httptest.NewTLSServer(a)
	t.Cleanup(service.Close)
	s.authority = service.URL
	return a, service.URL
}

func open(t testing.TB, s *server, key string) *azurekms.KMS {
	t.Helper()
	u, err := url.Parse("azurekeyvault://example.vault.azure.net/" + key)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("endpoint", s.URL)
	u.RawQuery = q.Encode()
	kms, err := azurekms.Open(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return kms
}

var versionOf = regexp.MustCompile(`/keys/[a-z]+/([0-9a-f]{32})`)

func suite(t *testing.T, s *server, key, other, query string, rotate func()) {
	at := func(key string) func(testing.TB) keyring.KMS {
		return func(t testing.TB) keyring.KMS { return open(t, s, key+query) }
	}
	kmstest.Strict{
		Subject: kmstest.Subject{Name: " in example.vault.azure.net", Open: at(key), Other: at(other),
			Rotate: func(testing.TB) { rotate() }, Secrets: []string{clientSecret, "eyJ.canary"}},
		Server: s.Server,
		Version: func(wrapped []byte) int {
			m := versionOf.FindSubmatch(wrapped)
			if m == nil {
				return -1
			}
			n, _ := strconv.ParseInt(string(m[1]), 16, 32)
			return int(n)
		},
	}.Run(t)
}

func TestRSA(t *testing.T) {
	s := newServer(t)
	secret(t, s, clientSecret)
	suite(t, s, "tdeproxy", "other", "", func() { s.rotate("tdeproxy") })
}

func TestAES(t *testing.T) {
	s := newServer(t)
	secret(t, s, clientSecret)
	suite(t, s, "aes", "otheraes", "?algorithm=A256GCM", s.aes["aes"].Rotate)
}

// A version that the URL names wraps, whatever came after it; the others still open.
func TestVersion(t *testing.T) {
	s := newServer(t)
	secret(t, s, clientSecret)
	s.rotate("tdeproxy")
	first := fmt.Sprintf("tdeproxy/%032x", 1)
	newest, err := open(t, s, "tdeproxy").Wrap(t.Context(), make([]byte, 16), []byte("aad"))
	if err != nil {
		t.Fatal(err)
	}
	pinned, err := open(t, s, first).Wrap(t.Context(), make([]byte, 16), []byte("aad"))
	if err != nil || !bytes.Contains(pinned, []byte(first)) || bytes.Contains(newest, []byte(first)) {
		t.Fatalf("%v: %s", err, pinned)
	}
	if _, err := open(t, s, first).Unwrap(t.Context(), newest, []byte("aad")); err != nil {
		t.Error(err)
	}
}

// Anybody can wrap with an RSA key's public half; where the URL asks for AES, such a wrap is none.
func TestAlgorithmIsNotWeakened(t *testing.T) {
	s := newServer(t)
	secret(t, s, clientSecret)
	s.rsa["aes"] = s.rsa["tdeproxy"]
	wrapped, err := open(t, s, "aes").Wrap(t.Context(), make([]byte, 16), []byte("aad"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, s, "aes").Unwrap(t.Context(), wrapped, []byte("aad")); err != nil {
		t.Error(err)
	}
	if _, err := open(t, s, "aes?algorithm=A256GCM").Unwrap(t.Context(), wrapped, []byte("aad")); !errors.Is(err, keyring.ErrWrongKey) {
		t.Errorf("%v", err)
	}
}

func TestURLs(t *testing.T) {
	environment(t, nil)
	for text, want := range map[string]string{
		"azurekeyvault://v.vault.azure.net":                              "names no vault and key",
		"azurekeyvault://v.vault.azure.net/keys/k/v":                     "names no vault and key",
		"azurekeyvault:k":                                                "not of the form",
		"azurekeyvault://v.vault.azure.net/k?algorithm=RSA1_5":           "none that is used here",
		"azurekeyvault://v.vault.azure.net/k?algorithm=A256GCM&tenant=x": `"tenant"`,
		"azurekeyvault://v.vault.azure.net/k?endpoint=http://h":          "in clear",
		"azurekeyvault://v.vault.azure.net/k?endpoint=http://127.0.0.1":  "has to be https",
		"azurekeyvault://id:s3cr3t@v.vault.azure.net/k":                  "names a user",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		kms, err := azurekms.Open(t.Context(), u)
		if err == nil || kms != nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n") ||
			strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// mustFail wraps and does not succeed.
func mustFail(t *testing.T, s *server, want error, say string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := open(t, s, "tdeproxy").Wrap(ctx, make([]byte, 16), []byte("aad"))
	if !errors.Is(err, want) || !strings.Contains(err.Error(), say) || strings.ContainsAny(err.Error(), "\n") {
		t.Errorf("%v, want %q with %q", err, want, say)
	}
	for _, secret := range []string{clientSecret, "another-canary", "eyJ.canary", "canary.web.identity", "header-canary"} {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Errorf("%v shows %s", err, secret)
		}
	}
}

func TestCredentials(t *testing.T) {
	s := newServer(t)
	secret(t, s, "another-canary-secret")
	mustFail(t, s, keyring.ErrDenied, "invalid_client, AADSTS7000215")
	secret(t, s, clientSecret).status = 503
	mustFail(t, s, keyring.ErrUnavailable, "HTTP status 503")
	secret(t, s, clientSecret)
	t.Setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:1")
	mustFail(t, s, keyring.ErrUnavailable, "connection refused")
	environment(t, map[string]string{"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential", "AZURE_CLIENT_SECRET": clientSecret})
	mustFail(t, s, keyring.ErrDenied, "no credentials")
}

// A pod's federated token, and a web app's managed identity.
func TestIdentities(t *testing.T) {
	s := newServer(t)
	_, authorityURL := login(t, s)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("canary.web.identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": clientID, "AZURE_FEDERATED_TOKEN_FILE": file,
		"AZURE_AUTHORITY_HOST": authorityURL})
	if _, err := open(t, s, "tdeproxy").Wrap(t.Context(), make([]byte, 16), []byte("aad")); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(file, []byte("another-canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "WorkloadIdentityCredential")
	mustFail(t, s, keyring.ErrDenied, "invalid_client")

	status := 403
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-IDENTITY-HEADER") != "header-canary" || r.URL.Query().Get("resource") != "https://vault.azure.net" || status != 200 {
			http.Error(w, r.Header.Get("X-IDENTITY-HEADER"), max(status, 400))
			return
		}
		token := s.issue()
		token["expires_on"] = fmt.Sprint(time.Now().Add(time.Hour).Unix())
		s.answer(w, 200, token)
	}))
	defer app.Close()
	environment(t, map[string]string{"IDENTITY_ENDPOINT": app.URL, "IDENTITY_HEADER": "header-canary",
		"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"})
	mustFail(t, s, keyring.ErrDenied, "HTTP status 403")
	status = 200
	if _, err := open(t, s, "tdeproxy").Wrap(t.Context(), make([]byte, 16), []byte("aad")); err != nil {
		t.Error(err)
	}
}

// A challenge that is none is an answer that is none, and not the end of the process.
func TestChallenges(t *testing.T) {
	s := newServer(t)
	secret(t, s, clientSecret)
	for _, challenge := range []string{`Basic realm="x"`, `Bearer authorization="x"`, `Bearer authorization="https://x" resource="y"`, `Bearer authorization=`, `Bearer`} {
		s.challenge = challenge
		u, _ := url.Parse("azurekeyvault://example.vault.azure.net/tdeproxy?endpoint=" + s.URL)
		kms, err := azurekms.Open(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kms.Wrap(t.Context(), make([]byte, 16), []byte("aad")); !errors.Is(err, keyring.ErrDenied) && !errors.Is(err, keyring.ErrAnswer) {
			t.Errorf("%s: %v", challenge, err)
		}
	}
}
