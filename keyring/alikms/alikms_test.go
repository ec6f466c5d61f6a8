package alikms_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
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
	"github.com/tdeproxy/tdeproxy/keyring/alikms"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

// environment leaves nothing of the machine's own configuration, and puts settings in its place.
func environment(t testing.TB, settings map[string]string) {
	tt := t.(*testing.T)
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "ALIBABA_CLOUD_") {
			tt.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	tt.Setenv("HOME", tt.TempDir())
	tt.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
	for name, value := range settings {
		tt.Setenv(name, value)
	}
}

func static(t testing.TB) {
	environment(t, map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": accessKey, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secretKey})
}

func open(t testing.TB, text string) *alikms.KMS {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	kms, err := alikms.Open(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return kms
}

// unblob is what the server sealed.
func unblob(wrapped []byte) []byte {
	blob, _ := base64.StdEncoding.DecodeString(string(wrapped))
	_, sealed, _ := bytes.Cut(blob, []byte("\n"))
	return sealed
}

func TestKMS(t *testing.T) {
	static(t)
	s := newServer(t)
	at := func(key string) func(testing.TB) keyring.KMS {
		return func(t testing.TB) keyring.KMS { return open(t, "alicloudkms://"+region+"/"+key+"?endpoint="+s.URL) }
	}
	for _, names := range [][2]string{{"alias/tdeproxy", "alias/other"}, {keyID, otherID}} {
		t.Run(names[0], func(t *testing.T) {
			kmstest.Strict{
				Subject: kmstest.Subject{Name: " in " + region, Open: at(names[0]), Other: at(names[1]),
					Rotate: func(testing.TB) { s.keys[keyID].Rotate() }, Secrets: []string{secretKey}},
				Server: s.Server, Version: func(wrapped []byte) int { return int(binary.BigEndian.Uint32(unblob(wrapped))) },
			}.Run(t)
		})
	}
}

// Ids, aliases and ARNs name the same key. The password of a proxy in the environment is not for KMS.
func TestNames(t *testing.T) {
	static(t)
	t.Setenv("HTTP_PROXY", "http://proxy:canary@127.0.0.1:9") // which nobody asks about this very machine
	s := newServer(t)
	wrapped, err := open(t, "alicloudkms://"+region+"/"+keyID+"?endpoint="+s.URL).Wrap(t.Context(), make([]byte, 16), []byte("aad"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"acs:kms:" + region + ":1234567890:key/" + keyID, "alias/tdeproxy"} {
		if _, err := open(t, "alicloudkms://"+region+"/"+name+"?endpoint="+s.URL).Unwrap(t.Context(), wrapped, []byte("aad")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestURLs(t *testing.T) {
	static(t)
	for text, want := range map[string]string{
		"alicloudkms://cn-hangzhou":                                          "names no region and key",
		"alicloudkms:///alias/x":                                             "names no region and key",
		"alicloudkms://kms.cn-hangzhou.aliyuncs.com/alias/x":                 "names no region and key",
		"alicloudkms:alias/x":                                                "not of the form",
		"alicloudkms://cn-hangzhou/alias/x?ca=y":                             `"ca"`,
		"alicloudkms://cn-hangzhou/alias/x?endpoint=http://kms.aliyuncs.com": "in clear",
		"alicloudkms://" + accessKey + ":s3cr3t@cn-hangzhou/alias/x":         "names a user",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		kms, err := alikms.Open(t.Context(), u)
		if err == nil || kms != nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n") ||
			strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), accessKey) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	t.Setenv("DEBUG", "x,dara")
	u, _ := url.Parse("alicloudkms://cn-hangzhou/alias/x")
	if _, err := alikms.Open(t.Context(), u); err == nil || !strings.Contains(err.Error(), "take it out") {
		t.Errorf("with DEBUG: %v", err)
	}
}

// mustDeny wraps with credentials that will not do.
func mustDeny(t *testing.T, s *server, say string, secrets ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := open(t, "alicloudkms://"+region+"/alias/tdeproxy?endpoint="+s.URL).Wrap(ctx, make([]byte, 16), []byte("aad"))
	if !errors.Is(err, keyring.ErrDenied) || !strings.Contains(err.Error(), say) || strings.ContainsAny(err.Error(), "\n") {
		t.Errorf("%v, want a denial with %q", err, say)
	}
	for _, secret := range append(secrets, secretKey) {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Errorf("%v shows %s", err, secret)
		}
	}
}

func TestCredentialsWrong(t *testing.T) {
	s := newServer(t)
	environment(t, nil)
	mustDeny(t, s, "no credentials")
	file := filepath.Join(t.TempDir(), "credentials.ini")
	if err := os.WriteFile(file, []byte("[default]\ntype = access_key\naccess_key_secret = canary-of-a-broken-file\n[[\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, map[string]string{"ALIBABA_CLOUD_CREDENTIALS_FILE": file})
	mustDeny(t, s, "no credentials", "canary-of-a-broken-file")
	if s.Requests() != 0 {
		t.Errorf("%d requests", s.Requests())
	}
	environment(t, map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": accessKey, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "another-canary-secret"})
	mustDeny(t, s, "SignatureDoesNotMatch", "another-canary-secret")
}

// A service of the machine gives the credentials of a role, with a session token; a driver goes on once it does.
func TestCredentialsService(t *testing.T) {
	s := newServer(t)
	s.secret["STS.RoleCanary"] = [2]string{"role-canary-secret", "role-canary-session"}
	down := true
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			http.Error(w, "role-canary-session", 500)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"Code": "Success", "AccessKeyId": "STS.RoleCanary",
			"AccessKeySecret": "role-canary-secret", "SecurityToken": "role-canary-session",
			"Expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
	}))
	defer service.Close()
	environment(t, map[string]string{"ALIBABA_CLOUD_CREDENTIALS_URI": service.URL})
	mustDeny(t, s, "no credentials", "role-canary-secret", "role-canary-session")
	kms := open(t, "alicloudkms://"+region+"/alias/tdeproxy?endpoint="+s.URL)
	if _, err := kms.Wrap(t.Context(), make([]byte, 16), []byte("aad")); !errors.Is(err, keyring.ErrDenied) {
		t.Errorf("%v", err)
	}
	down = false
	if _, err := kms.Wrap(t.Context(), make([]byte, 16), []byte("aad")); err != nil {
		t.Error(err)
	}
	delete(s.secret, "STS.RoleCanary")
	mustDeny(t, s, "SignatureDoesNotMatch", "role-canary-secret", "role-canary-session")
}
