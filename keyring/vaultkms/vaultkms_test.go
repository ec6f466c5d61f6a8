package vaultkms_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
	"github.com/tdeproxy/tdeproxy/keyring/vaultkms"
)

// policy is the one of docs/kms.md.
const policy = `
path "transit/keys/KEY"    { capabilities = ["read"] }
path "transit/encrypt/KEY" { capabilities = ["update"] }
path "transit/decrypt/KEY" { capabilities = ["update"] }
`

// clean has a test start without Vault's variables, and without a token in the home directory.
func clean(t testing.TB) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "VAULT_") {
			setenv(t, name, "")
		}
	}
	setenv(t, "HOME", t.TempDir())
}

func setenv(t testing.TB, name, value string) {
	t.(interface{ Setenv(string, string) }).Setenv(name, value)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, address string) *vaultkms.KMS {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	kms, err := vaultkms.New(context.Background(), u)
	must(t, err)
	return kms
}

// lab is a Vault with the keys cmk and other, and a token for both.
type lab struct {
	*harness.Vault
	token string
}

func start(t testing.TB, withTLS bool) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	clean(t)
	v, err := harness.StartVault(withTLS)
	if errors.Is(err, harness.ErrNoServer) {
		kmstest.Need(t, err)
	}
	must(t, err)
	t.Cleanup(v.Remove)
	l := &lab{Vault: v}
	for _, key := range []string{"cmk", "other"} {
		l.do(t, "transit/keys/"+key, map[string]any{})
	}
	l.token = l.newToken(t, "tdeproxy", strings.ReplaceAll(policy, "KEY", "cmk")+strings.ReplaceAll(policy, "KEY", "other"))
	setenv(t, "VAULT_TOKEN", l.token)
	if withTLS {
		setenv(t, "VAULT_CACERT", v.Certs.CA)
	}
	return l
}

func (l *lab) do(t testing.TB, path string, in any) {
	t.Helper()
	must(t, l.Do("POST", path, in, nil))
}

func (l *lab) newToken(t testing.TB, name, policy string) string {
	t.Helper()
	token, err := l.Token(name, policy)
	must(t, err)
	return token
}

func (l *lab) subject() kmstest.Subject {
	return kmstest.Subject{
		Name:    "vault://" + l.Host + "/transit/",
		Open:    func(t testing.TB) keyring.KMS { return open(t, l.URL("cmk")) },
		Other:   func(t testing.TB) keyring.KMS { return open(t, l.URL("other")) },
		Rotate:  func(t testing.TB) { l.do(t, "transit/keys/cmk/rotate", nil) },
		Secrets: []string{l.token, l.RootToken},
	}
}

func (l *lab) contract(t *testing.T) {
	kmstest.Real{Subject: l.subject(), Stop: func(testing.TB) { l.Stop() }, Stopped: keyring.ErrUnavailable}.Run(t)
}

func TestContract(t *testing.T) {
	t.Run("clear", func(t *testing.T) { start(t, false).contract(t) })
	t.Run("TLS", func(t *testing.T) { start(t, true).contract(t) })
}

// What goes wrong with a real Vault has its class and its remedy.
func TestFaults(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	key, aad := kmstest.NewKey()
	wrapped := kmstest.MustWrap(t, s.Open(t), key, aad)

	t.Run("sealed", func(t *testing.T) {
		must(t, l.Do("PUT", "sys/seal", nil, nil))
		s.Both(t, "sealed", s.Open(t), wrapped, keyring.ErrUnavailable)
		must(t, l.Do("PUT", "sys/unseal", map[string]any{"key": l.UnsealKey}, nil))
		kmstest.MustUnwrap(t, s.Open(t), wrapped, aad, key)
	})
	t.Run("no such mount", func(t *testing.T) {
		setenv(t, "VAULT_TOKEN", l.RootToken)
		other := s
		other.Name = "/nothing/cmk"
		other.Both(t, "no mount", open(t, strings.Replace(l.URL("cmk"), "/transit/", "/nothing/", 1)), wrapped, keyring.ErrKeyState)
	})
	t.Run("no such key", func(t *testing.T) {
		setenv(t, "VAULT_TOKEN", l.RootToken) // it could make the key, and must not
		s.Both(t, "no key", open(t, l.URL("absent")), wrapped, keyring.ErrKeyState)
		if err := l.Do("GET", "transit/keys/absent", nil, nil); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("the key was made: %v", err)
		}
	})
	t.Run("deleted", func(t *testing.T) {
		l.do(t, "transit/keys/other/config", map[string]any{"deletion_allowed": true})
		must(t, l.Do("DELETE", "transit/keys/other", nil, nil))
		s.Both(t, "deleted", s.Other(t), wrapped, keyring.ErrKeyState)
	})
	t.Run("old version disallowed", func(t *testing.T) {
		s.Rotate(t)
		l.do(t, "transit/keys/cmk/config", map[string]any{"min_decryption_version": 2})
		_, err := s.Open(t).Unwrap(kmstest.Bounded(t), wrapped, aad)
		s.Check(t, "too old", err, keyring.ErrKeyState, key)
		l.do(t, "transit/keys/cmk/config", map[string]any{"min_decryption_version": 1})
		kmstest.MustUnwrap(t, s.Open(t), wrapped, aad, key)
	})
}

// Keys that cannot bind associated data wrap nothing, also where the policy hides their type.
func TestKeyTypes(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	for name, kind := range map[string]struct {
		config map[string]any
		binds  bool
	}{
		"aes128":  {map[string]any{"type": "aes128-gcm96"}, true},
		"chacha":  {map[string]any{"type": "chacha20-poly1305"}, true},
		"rsa":     {map[string]any{"type": "rsa-2048"}, false},
		"ed25519": {map[string]any{"type": "ed25519"}, false},
		"derived": {map[string]any{"derived": true}, false},
	} {
		l.do(t, "transit/keys/"+name, kind.config)
		hidden := strings.Replace(strings.ReplaceAll(policy, "KEY", name), `"read"`, `"deny"`, 1)
		for when, token := range map[string]string{"shown": l.RootToken, "hidden": l.newToken(t, name, hidden)} {
			setenv(t, "VAULT_TOKEN", token)
			kms := open(t, l.URL(name))
			key, aad := kmstest.NewKey()
			if kind.binds {
				kmstest.MustUnwrap(t, kms, kmstest.MustWrap(t, kms, key, aad), aad, key)
				continue
			}
			_, err := kms.Wrap(kmstest.Bounded(t), key, aad)
			s.Check(t, name+", "+when, err, keyring.ErrKeyState, key)
		}
	}
}

func TestCredentials(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	s.Secrets = append(s.Secrets, "hvs.canary-of-a-token")
	key, aad := kmstest.NewKey()
	wrapped := kmstest.MustWrap(t, s.Open(t), key, aad)
	tokenFile := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(tokenFile, []byte(l.token+"\n"), 0o600))

	t.Run("wrong token", func(t *testing.T) {
		setenv(t, "VAULT_TOKEN", "hvs.canary-of-a-token")
		s.Both(t, "wrong token", s.Open(t), wrapped, keyring.ErrDenied)
	})
	t.Run("token that cannot be one", func(t *testing.T) {
		setenv(t, "VAULT_TOKEN", "hvs.canary-of-a-token\nX: y")
		s.Both(t, "line end", s.Open(t), wrapped, keyring.ErrDenied)
	})
	t.Run("none", func(t *testing.T) {
		setenv(t, "VAULT_TOKEN", "")
		s.Both(t, "none", s.Open(t), wrapped, keyring.ErrDenied)
	})
	t.Run("policy", func(t *testing.T) {
		token := l.newToken(t, "denied", strings.ReplaceAll(policy, "KEY", "elsewhere"))
		setenv(t, "VAULT_TOKEN", token)
		s.Both(t, "policy", s.Open(t), wrapped, keyring.ErrDenied)
	})
	t.Run("file", func(t *testing.T) {
		setenv(t, "VAULT_TOKEN", "")
		setenv(t, "VAULT_TOKEN_FILE", tokenFile)
		kmstest.MustUnwrap(t, s.Open(t), wrapped, aad, key)
	})
	t.Run("home", func(t *testing.T) {
		setenv(t, "VAULT_TOKEN", "")
		must(t, os.WriteFile(filepath.Join(os.Getenv("HOME"), ".vault-token"), []byte(l.token), 0o600))
		kmstest.MustUnwrap(t, s.Open(t), wrapped, aad, key)
	})
	t.Run("revoked", func(t *testing.T) {
		token := l.newToken(t, "brief", strings.ReplaceAll(policy, "KEY", "cmk"))
		setenv(t, "VAULT_TOKEN", token)
		kms := s.Open(t)
		kmstest.MustUnwrap(t, kms, wrapped, aad, key)
		l.do(t, "auth/token/revoke", map[string]any{"token": token})
		s.Both(t, "revoked", kms, wrapped, keyring.ErrDenied)
		setenv(t, "VAULT_TOKEN", l.token)
		kmstest.MustUnwrap(t, kms, wrapped, aad, key)
	})
}

func TestAppRole(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	l.do(t, "sys/auth/approle", map[string]any{"type": "approle"})
	l.do(t, "auth/approle/role/proxy", map[string]any{"token_policies": "tdeproxy"})
	var role, secret struct{ Data map[string]any }
	must(t, l.Do("GET", "auth/approle/role/proxy/role-id", nil, &role))
	must(t, l.Do("POST", "auth/approle/role/proxy/secret-id", nil, &secret))
	setenv(t, "VAULT_TOKEN", "hvs.canary-of-a-token") // not for this way
	setenv(t, "VAULT_ROLE_ID", role.Data["role_id"].(string))
	setenv(t, "VAULT_SECRET_ID", secret.Data["secret_id"].(string))
	s.Secrets = append(s.Secrets, os.Getenv("VAULT_ROLE_ID"), os.Getenv("VAULT_SECRET_ID"), "canary-of-a-secret")
	kms := open(t, l.URL("cmk")+"&auth=approle")
	key, aad := kmstest.NewKey()
	wrapped := kmstest.MustWrap(t, kms, key, aad)
	kmstest.MustUnwrap(t, kms, wrapped, aad, key)

	setenv(t, "VAULT_SECRET_ID", "canary-of-a-secret")
	s.Both(t, "wrong secret", open(t, l.URL("cmk")+"&auth=approle"), wrapped, keyring.ErrDenied)
	s.Both(t, "no such mount", open(t, l.URL("cmk")+"&auth=approle&auth-mount=x"), wrapped, keyring.ErrDenied)
	setenv(t, "VAULT_SECRET_ID", "")
	s.Both(t, "no secret", open(t, l.URL("cmk")+"&auth=approle"), wrapped, keyring.ErrDenied)
}

// The Kubernetes login is Vault's own; the cluster's token review is a server of the test.
func TestKubernetes(t *testing.T) {
	l := start(t, false)
	s := l.subject()
	cluster := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": map[string]any{
			"authenticated": strings.Contains(string(body), serviceAccountJWT),
			"user":          map[string]any{"username": "system:serviceaccount:db:tdeproxy", "uid": "1"},
		}})
	}))
	t.Cleanup(cluster.Close)
	l.do(t, "sys/auth/kubernetes", map[string]any{"type": "kubernetes"})
	l.do(t, "auth/kubernetes/config", map[string]any{"kubernetes_host": cluster.URL, "kubernetes_ca_cert": certificate(t, l),
		"token_reviewer_jwt": serviceAccountJWT, "disable_local_ca_jwt": true})
	l.do(t, "auth/kubernetes/role/proxy", map[string]any{"bound_service_account_names": "tdeproxy",
		"bound_service_account_namespaces": "db", "token_policies": "tdeproxy"})
	path := filepath.Join(t.TempDir(), "jwt")
	must(t, os.WriteFile(path, []byte(serviceAccountJWT), 0o600))
	setenv(t, "VAULT_TOKEN", "")
	setenv(t, "VAULT_K8S_ROLE", "proxy")
	setenv(t, "VAULT_K8S_TOKEN_FILE", path)
	s.Secrets = append(s.Secrets, serviceAccountJWT)
	kms := open(t, l.URL("cmk")+"&auth=kubernetes")
	key, aad := kmstest.NewKey()
	wrapped := kmstest.MustWrap(t, kms, key, aad)
	kmstest.MustUnwrap(t, kms, wrapped, aad, key)

	setenv(t, "VAULT_K8S_ROLE", "unknown")
	s.Both(t, "unknown role", open(t, l.URL("cmk")+"&auth=kubernetes"), wrapped, keyring.ErrDenied)
	setenv(t, "VAULT_K8S_TOKEN_FILE", path+".absent")
	s.Both(t, "no token", open(t, l.URL("cmk")+"&auth=kubernetes"), wrapped, keyring.ErrDenied)
}

func certificate(t testing.TB, l *lab) string {
	t.Helper()
	text, err := os.ReadFile(l.Certs.CA)
	must(t, err)
	return string(text)
}

// serviceAccountJWT is of the form of Kubernetes's, and signed by nobody: the token review decides.
const serviceAccountJWT = "eyJhbGciOiAiUlMyNTYiLCAidHlwIjogIkpXVCJ9." +
	"eyJpc3MiOiAia3ViZXJuZXRlcy9zZXJ2aWNlYWNjb3VudCIsICJzdWIiOiAic3lzdGVtOnNlcnZpY2VhY2NvdW50OmRiOnRkZXByb3h5IiwgImt1YmVybmV0ZXMuaW8vc2VydmljZWFjY291bnQvbmFtZXNwYWNlIjogImRiIiwgImt1YmVybmV0ZXMuaW8vc2VydmljZWFjY291bnQvc2VydmljZS1hY2NvdW50Lm5hbWUiOiAidGRlcHJveHkiLCAia3ViZXJuZXRlcy5pby9zZXJ2aWNlYWNjb3VudC9zZXJ2aWNlLWFjY291bnQudWlkIjogIjEifQ." +
	"c2lnbmF0dXJlIG9mIG5vYm9keSBhdCBhbGwuLi4uLi4"
