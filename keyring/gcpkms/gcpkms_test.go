package gcpkms_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/gcpkms"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

// environment leaves nothing of the machine's own configuration; file holds the credentials, where it is not empty.
func environment(t testing.TB, file []byte) {
	tt := t.(*testing.T)
	for _, name := range []string{"GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_QUOTA_PROJECT",
		"GCE_METADATA_HOST", "CLOUDSDK_CONFIG", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"} {
		tt.Setenv(name, "")
		os.Unsetenv(name)
	}
	tt.Setenv("HOME", tt.TempDir())
	if file != nil {
		path := filepath.Join(tt.TempDir(), "credentials.json")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			tt.Fatal(err)
		}
		tt.Setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
	}
}

// tokenService starts the one of the server.
func tokenService(t testing.TB, s *server) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", s.exchange)
	service := httptest.NewServer(mux)
	t.Cleanup(service.Close)
	return service
}

func open(t testing.TB, s *server, id string) *gcpkms.KMS {
	t.Helper()
	u, err := url.Parse("gcpkms://" + id + "?endpoint=" + s.URL)
	if err != nil {
		t.Fatal(err)
	}
	kms, err := gcpkms.Open(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return kms
}

func TestKMS(t *testing.T) {
	s := newServer(t)
	environment(t, s.file(tokenService(t, s).URL+"/token"))
	at := func(id string) func(testing.TB) keyring.KMS {
		return func(t testing.TB) keyring.KMS { return open(t, s, id) }
	}
	kmstest.Strict{
		Subject: kmstest.Subject{Name: "cryptoKeys/", Open: at(keyID), Other: at(otherID),
			Rotate: func(testing.TB) { s.keys[keyID].Rotate() }, Secrets: []string{"ya29.canary", "PRIVATE KEY", "eyJ"}},
		Server: s.Server, Version: func(wrapped []byte) int { return int(binary.BigEndian.Uint32(wrapped)) },
	}.Run(t)
}

// The environment can have Google's SDK log requests with all that is in them; not here.
func TestSilent(t *testing.T) {
	s := newServer(t)
	environment(t, s.file(tokenService(t, s).URL+"/token"))
	t.Setenv("GOOGLE_SDK_GO_LOGGING_LEVEL", "debug")
	if text := kmstest.Output(t, func() {
		if _, err := open(t, s, keyID).Wrap(t.Context(), make([]byte, 16), []byte("aad")); err != nil {
			t.Error(err)
		}
	}); text != "" {
		t.Errorf("it writes %s", text)
	}
}

// Bytes that change on the way are noticed, in either direction, and are worth another try.
func TestChecksums(t *testing.T) {
	s := newServer(t)
	environment(t, s.file(tokenService(t, s).URL+"/token"))
	kms, aad := open(t, s, keyID), []byte("aad")
	wrapped, err := kms.Wrap(t.Context(), make([]byte, 16), aad)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"ciphertextCrc32c", "verifiedPlaintextCrc32c", "verifiedAdditionalAuthenticatedDataCrc32c"} {
		s.flip = field
		if _, err := kms.Wrap(t.Context(), make([]byte, 16), aad); !errors.Is(err, keyring.ErrUnavailable) {
			t.Errorf("%s: %v", field, err)
		}
	}
	s.flip = "name"
	if _, err := kms.Wrap(t.Context(), make([]byte, 16), aad); !errors.Is(err, keyring.ErrAnswer) {
		t.Errorf("name: %v", err)
	}
	s.flip = "plaintextCrc32c"
	if _, err := kms.Unwrap(t.Context(), wrapped, aad); !errors.Is(err, keyring.ErrUnavailable) {
		t.Errorf("plaintext: %v", err)
	}
}

func TestURLs(t *testing.T) {
	environment(t, newServer(t).file("http://127.0.0.1:1/token"))
	for text, want := range map[string]string{
		"gcpkms://projects/p/locations/l/keyRings/r": "names no key",
		"gcpkms://" + keyID + "/cryptoKeyVersions/1": "without a version",
		"gcpkms:" + keyID:                                                          "not of the form",
		"gcpkms://" + keyID + "?credentials=x":                                     `"credentials"`,
		"gcpkms://" + keyID + "?endpoint=http://example.com":                       "in clear",
		"gcpkms://user:s3cr3t@projects/p/locations/l/keyRings/r/cryptoKeys/k":      "names a user",
		"gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k?endpoint=ftp://h": "in clear",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		kms, err := gcpkms.Open(t.Context(), u)
		if err == nil || kms != nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n") ||
			strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// mustFail wraps with credentials that will not do.
func mustFail(t *testing.T, s *server, want error, say string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	u, _ := url.Parse("gcpkms://" + keyID + "?endpoint=" + s.URL)
	kms, err := gcpkms.Open(ctx, u)
	if err == nil {
		_, err = kms.Wrap(ctx, make([]byte, 16), []byte("aad"))
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), say) || strings.ContainsAny(err.Error(), "\n") {
		t.Errorf("%v, want %q with %q", err, want, say)
	}
	for _, secret := range []string{"ya29.canary", "PRIVATE KEY", "eyJ", "canary-of-a-broken-file"} {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Errorf("%v shows %s", err, secret)
		}
	}
}

func TestCredentials(t *testing.T) {
	s := newServer(t)
	for name, file := range map[string]string{
		"no JSON":     "canary-of-a-broken-file",
		"no type":     `{"client_email":"x","private_key":"canary-of-a-broken-file"}`,
		"no key":      `{"type":"service_account","client_email":"x","private_key":"canary-of-a-broken-file","token_uri":"http://127.0.0.1:1"}`,
		"another key": string(newServer(t).file(tokenService(t, s).URL + "/token")),
	} {
		environment(t, []byte(file))
		t.Run(name, func(t *testing.T) { mustFail(t, s, keyring.ErrDenied, "") })
	}
	service := tokenService(t, s)
	environment(t, s.file(service.URL+"/token"))
	s.tokenIs = 400
	mustFail(t, s, keyring.ErrDenied, "invalid_grant")
	s.tokenIs = 403
	mustFail(t, s, keyring.ErrDenied, "HTTP status 403")
	s.tokenIs = 0
	service.Close()
	mustFail(t, s, keyring.ErrUnavailable, "connection refused")
	if s.Requests() != 0 {
		t.Errorf("%d requests", s.Requests())
	}
	environment(t, nil)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "missing.json"))
	mustFail(t, s, keyring.ErrDenied, "no credentials")
}

// A token service that is down is worth another try. The SDK tries some times itself.
func TestTokenServiceDown(t *testing.T) {
	s := newServer(t)
	environment(t, s.file(tokenService(t, s).URL+"/token"))
	s.tokenIs = 503
	mustFail(t, s, keyring.ErrUnavailable, "")
}

// The machine's metadata service gives tokens of its service account.
func TestMetadata(t *testing.T) {
	s := newServer(t)
	status := 200
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata-Flavor") != "Google" || status != 200 {
			http.Error(w, "ya29.canary", status)
			return
		}
		w.Header().Set("Metadata-Flavor", "Google")
		switch r.URL.Path {
		case "/computeMetadata/v1/instance/service-accounts/default/token":
			s.mu.Lock()
			defer s.mu.Unlock()
			s.answer(w, 200, map[string]any{"access_token": s.issue(), "token_type": "Bearer", "expires_in": 3600})
		case "/computeMetadata/v1/universe/universe-domain":
			_, _ = w.Write([]byte("googleapis.com"))
		default:
			http.NotFound(w, r)
		}
	}))
	defer metadata.Close()
	environment(t, nil)
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(metadata.URL, "http://"))
	kms := open(t, s, keyID)
	if _, err := kms.Wrap(t.Context(), make([]byte, 16), []byte("aad")); err != nil {
		t.Error(err)
	}
	status = 404
	mustFail(t, s, keyring.ErrDenied, "no token")
}
