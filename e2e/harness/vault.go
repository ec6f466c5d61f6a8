package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// VaultEnv names the program that scripts/vault.sh builds.
const VaultEnv = "TDEPROXY_TEST_VAULT"

// Vault is a real Vault server on a loopback port, which keeps its state over Stop and Start.
type Vault struct {
	Host      string // host:port, the same at each start
	RootToken string
	UnsealKey string
	Certs     Certs // where it has TLS
	Dir       string

	tls     bool
	starts  int
	process *process
}

// StartVault runs a new Vault, with a transit engine at transit/.
func StartVault(withTLS bool) (*Vault, error) {
	if os.Getenv(VaultEnv) == "" {
		return nil, fmt.Errorf("%w of vault: set %s to what scripts/vault.sh prints", ErrNoServer, VaultEnv)
	}
	dir, err := scratchDir("", "tdeproxy-vault-")
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	v := &Vault{Dir: dir, Host: fmt.Sprintf("127.0.0.1:%d", port), tls: withTLS}
	if v.Certs, err = WriteCerts(filepath.Join(dir, "certs")); err == nil {
		err = v.Start()
	}
	if err == nil {
		err = v.Do("POST", "sys/mounts/transit", map[string]any{"type": "transit"}, nil)
	}
	if err != nil {
		v.Remove()
		return nil, err
	}
	return v, nil
}

// Start runs it again after Stop, unsealed.
func (v *Vault) Start() error {
	v.starts++
	args := []string{"-listen", v.Host, "-data", v.Dir}
	if v.tls {
		args = append(args, "-tls-cert", v.Certs.Cert, "-tls-key", v.Certs.Key)
	}
	log := filepath.Join(v.Dir, fmt.Sprintf("log-%d", v.starts))
	process, err := startProcess(exec.Command(os.Getenv(VaultEnv), args...), log)
	if err != nil {
		return err
	}
	v.process = process
	err = waitFor(time.Minute, process, func() error {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, `{"address":`) {
				var a struct {
					RootToken string `json:"root_token"`
					UnsealKey string `json:"unseal_key"`
				}
				err := json.Unmarshal([]byte(line), &a)
				v.RootToken, v.UnsealKey = a.RootToken, a.UnsealKey
				return err
			}
		}
		return errors.New("it has not said where it listens")
	})
	if err != nil {
		v.Stop()
		return fmt.Errorf("starting Vault: %w", err)
	}
	return nil
}

// Stop ends it; its state stays.
func (v *Vault) Stop() {
	if v.process != nil {
		v.process.kill()
		v.process = nil
	}
}

// Remove ends it and deletes its state.
func (v *Vault) Remove() {
	v.Stop()
	os.RemoveAll(v.Dir)
}

// URL is what keyring.kms has for a key of its transit engine.
func (v *Vault) URL(key string) string {
	url := "vault://" + v.Host + "/transit/" + key
	if !v.tls {
		url += "?tls=off"
	}
	return url
}

// Do calls its API as root; out may be nil.
func (v *Vault) Do(method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	scheme := "http"
	client := http.Client{Timeout: 30 * time.Second}
	if v.tls {
		scheme = "https"
		config, err := v.Certs.clientConfig()
		if err != nil {
			return err
		}
		client.Transport = &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	}
	r, err := http.NewRequest(method, scheme+"://"+v.Host+"/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("X-Vault-Token", v.RootToken)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// Token makes a token whose policy is the given one.
func (v *Vault) Token(name, policy string) (string, error) {
	if err := v.Do("PUT", "sys/policies/acl/"+name, map[string]any{"policy": policy}, nil); err != nil {
		return "", err
	}
	var made struct {
		Auth struct {
			ClientToken string `json:"client_token"`
		}
	}
	err := v.Do("POST", "auth/token/create", map[string]any{"policies": []string{name}}, &made)
	return made.Auth.ClientToken, err
}
