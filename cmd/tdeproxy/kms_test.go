package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cloudURLs are keys of clouds' KMSes at a server; other drivers' tests have theirs.
var cloudURLs = map[string]string{
	"alicloudkms":   "alicloudkms://cn-hangzhou/alias/tdeproxy?endpoint=",
	"awskms":        "awskms://eu-central-1/alias/tdeproxy?endpoint=",
	"azurekeyvault": "azurekeyvault://example.vault.azure.net/tdeproxy?endpoint=",
	"gcpkms":        "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k?endpoint=",
}

// canaries are an environment with credentials of each cloud, which nothing shows. The metadata services that a machine
// might have are not asked.
func canaries(dir, server string) []string {
	return []string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID=canary-id-ali", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=canary-ali",
		"AWS_ACCESS_KEY_ID=canary-id-aws", "AWS_SECRET_ACCESS_KEY=canary-aws", "AWS_SESSION_TOKEN=canary-session",
		"AWS_EC2_METADATA_DISABLED=true", "HOME=" + dir,
		"AZURE_TENANT_ID=t", "AZURE_CLIENT_ID=c", "AZURE_CLIENT_SECRET=canary-azure", "AZURE_AUTHORITY_HOST=" + server,
		"AZURE_TOKEN_CREDENTIALS=EnvironmentCredential",
		"GOOGLE_APPLICATION_CREDENTIALS=" + filepath.Join(dir, "google.json"),
	}
}

// serviceAccount is a file as Google hands it out, of an account whose tokens come from a server.
func serviceAccount(t *testing.T, server string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "canary-google@example.com", "token_uri": server,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A KMS that is down is waited for as long as is configured, and then the program ends with one line; nothing was made,
// and no credentials show, neither there nor in the log.
func TestCloudKMSDown(t *testing.T) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("Authorization")+r.Header.Get("X-Amz-Security-Token"), http.StatusServiceUnavailable)
	})
	down, closed := httptest.NewServer(answer), httptest.NewTLSServer(answer)
	t.Cleanup(down.Close)
	closed.Close()
	for _, scheme := range slices.Sorted(maps.Keys(drivers())) {
		if cloudURLs[scheme] == "" {
			continue
		}
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			endpoint := down.URL
			if scheme == "azurekeyvault" { // which wants TLS
				endpoint = closed.URL
			}
			writeCloudFiles(t, dir, "1s", cloudURLs[scheme]+endpoint, down.URL)
			cmd := program(dir, "serve", "-c", "c.toml")
			cmd.Env = append(cmd.Env, canaries(dir, down.URL)...)
			out, err := cmd.CombinedOutput()
			if err == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("%v: %s", err, out)
			}
			if !strings.Contains(string(out), "cannot be used at the moment") || !strings.Contains(string(out), "waiting for the KMS") {
				t.Errorf("it says %s", out)
			}
			if strings.Contains(string(out), "canary-") || strings.Contains(string(out), "PRIVATE KEY") {
				t.Errorf("it shows credentials: %s", out)
			}
			if _, err := os.Stat(filepath.Join(dir, "var", "keyring.json")); !os.IsNotExist(err) {
				t.Errorf("a keyring: %v", err)
			}
		})
	}
}

// A KMS with a certificate that is not trusted is not waited for, whatever is configured: the program ends with a line
// that says where to name the CA.
func TestCloudKMSUntrusted(t *testing.T) {
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for _, scheme := range slices.Sorted(maps.Keys(drivers())) {
		if cloudURLs[scheme] == "" {
			continue
		}
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeCloudFiles(t, dir, "10m", cloudURLs[scheme]+untrusted.URL, untrusted.URL)
			cmd := program(dir, "serve", "-c", "c.toml")
			cmd.Env = append(cmd.Env, canaries(dir, untrusted.URL)...)
			out, err := cmd.CombinedOutput()
			if err == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("%v: %s", err, out)
			}
			if !strings.Contains(string(out), "gave an answer that is none") || !strings.Contains(string(out), "; have its CA trusted by SSL_CERT_FILE") ||
				strings.Contains(string(out), "waiting for the KMS") || strings.Contains(string(out), "canary-") {
				t.Errorf("it says %s", out)
			}
		})
	}
}

// writeCloudFiles writes a configuration, and credentials for Google whose tokens come from a server.
func writeCloudFiles(t *testing.T, dir, timeout, kms, tokens string) {
	t.Helper()
	config := "[admin]\naddress = \"127.0.0.1:0\"\n[keyring]\nkms_timeout = \"" + timeout + "\"\nkms = \"" + kms + "\"\n"
	for name, text := range map[string]string{"google.json": serviceAccount(t, tokens), "c.toml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A URL that is none, or of a driver that is not there, is not shown: somebody may have put a password into it.
func TestKMSURLIsNotShown(t *testing.T) {
	dir := t.TempDir()
	config := "[admin]\naddress = \"127.0.0.1:0\"\n[keyring]\nkms = \"awskms://canary-id:canary-secret\"\n"
	if err := os.WriteFile(filepath.Join(dir, "c.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	r := tdeproxy(t, dir, "serve", "-c", "c.toml")
	if r.code != 1 || !strings.Contains(r.stderr, "is not a URL") || strings.Contains(r.stdout+r.stderr, "canary-") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}
