package awskms_test

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
	"github.com/tdeproxy/tdeproxy/keyring/awskms"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

// environment leaves nothing of the machine's own AWS configuration, and puts settings in its place.
func environment(t testing.TB, settings map[string]string) {
	tt := t.(*testing.T)
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			tt.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	tt.Setenv("HOME", tt.TempDir())
	tt.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range settings {
		tt.Setenv(name, value)
	}
}

func static(t testing.TB) {
	environment(t, map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": session})
}

func open(t testing.TB, text string) *awskms.KMS {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	kms, err := awskms.Open(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return kms
}

func subject(s *server) kmstest.Strict {
	at := func(alias string) func(testing.TB) keyring.KMS {
		return func(t testing.TB) keyring.KMS { return open(t, "awskms://"+region+"/"+alias+"?endpoint="+s.URL) }
	}
	return kmstest.Strict{
		Subject: kmstest.Subject{Name: "alias/", Open: at("alias/tdeproxy"), Other: at("alias/other"),
			Rotate: func(testing.TB) { s.key().Rotate() }, Secrets: []string{secretKey, session}},
		Server: s.Server, Version: func(wrapped []byte) int { return int(binary.BigEndian.Uint32(wrapped[idSize:])) },
	}
}

func TestKMS(t *testing.T) {
	static(t)
	subject(newServer(t)).Run(t)
}

// Ids, aliases and ARNs name the same key; the context of a real keyring is in words.
func TestNames(t *testing.T) {
	static(t)
	s := newServer(t)
	id := s.aliases["alias/tdeproxy"]
	wrapped, err := open(t, "awskms://"+region+"/"+id+"?endpoint="+s.URL).Wrap(t.Context(), make([]byte, 16), []byte("aad"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/" + arn(id), region + "/" + arn(id), region + "/alias/tdeproxy"} {
		if _, err := open(t, "awskms://"+name+"?endpoint="+s.URL).Unwrap(t.Context(), wrapped, []byte("aad")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestURLs(t *testing.T) {
	static(t)
	for text, want := range map[string]string{
		"awskms://eu-central-1":                                         "names no region and key",
		"awskms:///alias/x":                                             "names no region and key",
		"awskms://host.name:80/alias/x":                                 "names no region and key",
		"awskms:alias/x":                                                "not of the form",
		"awskms://eu-central-1/arn:aws:kms:us-east-1:1:key/x":           "leave one out",
		"awskms://eu-central-1/alias/x?region=y":                        `"region"`,
		"awskms://eu-central-1/alias/x?endpoint=":                       "one value",
		"awskms://eu-central-1/alias/x?endpoint=http://10.0.0.1":        "in clear",
		"awskms://eu-central-1/alias/x?endpoint=https://h/path":         "https://host",
		"awskms://" + accessKey + ":s3cr3t@eu-central-1/alias/tdeproxy": "names a user",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		kms, err := awskms.Open(t.Context(), u)
		if err == nil || kms != nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n") ||
			strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), accessKey) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// mustDeny wraps with credentials that will not do.
func mustDeny(t *testing.T, s *server, want error, say string, secrets ...string) {
	t.Helper()
	u, _ := url.Parse("awskms://" + region + "/alias/tdeproxy?endpoint=" + s.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	kms, err := awskms.Open(ctx, u)
	if err == nil {
		_, err = kms.Wrap(ctx, make([]byte, 16), []byte("aad"))
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), say) || strings.ContainsAny(err.Error(), "\n") {
		t.Errorf("%v, want %q with %q", err, want, say)
	}
	for _, secret := range append(secrets, secretKey, session) {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Errorf("%v shows %s", err, secret)
		}
	}
}

func TestCredentialsMissing(t *testing.T) {
	s := newServer(t)
	environment(t, nil)
	mustDeny(t, s, keyring.ErrDenied, "no credentials")
	environment(t, map[string]string{"AWS_PROFILE": "nobody"})
	mustDeny(t, s, keyring.ErrDenied, "no profile nobody")
	broken := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(broken, []byte("[default\naws_secret_access_key = canary-of-a-broken-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, map[string]string{"AWS_SHARED_CREDENTIALS_FILE": broken})
	mustDeny(t, s, keyring.ErrDenied, "", "canary-of-a-broken-file")
	if s.Requests() != 0 {
		t.Errorf("%d requests", s.Requests())
	}
}

func TestCredentialsWrong(t *testing.T) {
	s := newServer(t)
	environment(t, map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": "another-canary-secret",
		"AWS_SESSION_TOKEN": session})
	mustDeny(t, s, keyring.ErrDenied, "InvalidSignatureException", "another-canary-secret")
}

// A pod's web identity is exchanged at STS for credentials of a role.
func TestWebIdentity(t *testing.T) {
	s := newServer(t)
	s.secret["ASIAROLECANARY"] = [2]string{"role-canary-secret", "role-canary-session"}
	status := 200
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("WebIdentityToken") != "canary.web.identity" ||
			r.FormValue("RoleArn") != "arn:aws:iam::111122223333:role/tdeproxy" || status == 400 {
			w.WriteHeader(400)
			_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>%s</Message></Error></ErrorResponse>`, r.FormValue("WebIdentityToken"))
			return
		}
		if status != 200 {
			w.WriteHeader(status)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>ASIAROLECANARY</AccessKeyId><SecretAccessKey>role-canary-secret</SecretAccessKey>
<SessionToken>role-canary-session</SessionToken><Expiration>%s</Expiration>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer sts.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("canary.web.identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ENDPOINT_URL_STS": sts.URL,
		"AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/tdeproxy", "AWS_MAX_ATTEMPTS": "1"})
	kms := open(t, "awskms://"+region+"/alias/tdeproxy?endpoint="+s.URL)
	if _, err := kms.Wrap(t.Context(), make([]byte, 16), []byte("aad")); err != nil {
		t.Error(err)
	}
	secrets := []string{"role-canary-secret", "role-canary-session", "canary.web.identity"}
	status = 400
	mustDeny(t, s, keyring.ErrDenied, "InvalidIdentityToken", secrets...)
	status = 503
	mustDeny(t, s, keyring.ErrUnavailable, "HTTP status 503", secrets...)
	sts.Close()
	mustDeny(t, s, keyring.ErrUnavailable, "connection refused", secrets...)
}

// The machine's role is found at its metadata service; where nobody is there, there are no credentials.
func TestMachineRole(t *testing.T) {
	s := newServer(t)
	s.secret["ASIAMACHINECANARY"] = [2]string{"machine-canary-secret", "machine-canary-session"}
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			_, _ = w.Write([]byte("imds-canary-token"))
			return
		}
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-canary-token" {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		switch r.URL.Path {
		case "/latest/meta-data/iam/security-credentials/":
			_, _ = w.Write([]byte("tdeproxy"))
		case "/latest/meta-data/iam/security-credentials/tdeproxy":
			_, _ = fmt.Fprintf(w, `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAMACHINECANARY","SecretAccessKey":"machine-canary-secret",
"Token":"machine-canary-session","Expiration":%q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		default:
			http.NotFound(w, r)
		}
	}))
	defer metadata.Close()
	settings := map[string]string{"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.URL}
	environment(t, settings)
	if _, err := open(t, "awskms://"+region+"/alias/tdeproxy?endpoint="+s.URL).Wrap(t.Context(), make([]byte, 16), []byte("aad")); err != nil {
		t.Error(err)
	}
	delete(s.secret, "ASIAMACHINECANARY")
	secrets := []string{"machine-canary-secret", "machine-canary-session", "imds-canary-token"}
	mustDeny(t, s, keyring.ErrDenied, "InvalidSignatureException", secrets...)
	metadata.Close()
	mustDeny(t, s, keyring.ErrDenied, "no credentials", secrets...)
}
