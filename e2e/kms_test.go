package e2e_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// kmsPolicy is the one of docs/kms.md.
const kmsPolicy = `
path "transit/keys/cmk"    { capabilities = ["read"] }
path "transit/encrypt/cmk" { capabilities = ["update"] }
path "transit/decrypt/cmk" { capabilities = ["update"] }
`

// vault starts a real Vault with the key cmk, and has proxies that are started from now on use it.
func vault(t *testing.T) *harness.Vault {
	t.Helper()
	v, err := harness.StartVault(true)
	if errors.Is(err, harness.ErrNoServer) {
		missing(t, err)
	}
	must(t, err)
	t.Cleanup(v.Remove)
	must(t, v.Do("POST", "transit/keys/cmk", nil, nil))
	token, err := v.Token("tdeproxy", kmsPolicy)
	must(t, err)
	t.Setenv("VAULT_TOKEN", token)
	t.Setenv("VAULT_CACERT", v.Certs.CA)
	return v
}

// vaultProxy is a proxy whose keys are in a Vault; what is encrypted is the database kms.
func vaultProxy(t *testing.T, v *harness.Vault, timeout string) *harness.Proxy {
	t.Helper()
	p, err := harness.NewProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: plainServer(t, harness.MariaDB).Address,
		Flavour: harness.MariaDB, Encrypt: []string{"kms"}, Settings: map[string]string{
			"keyring.kms": strconv.Quote(v.URL("cmk")), "keyring.kms_timeout": strconv.Quote(timeout)}})
	must(t, err)
	t.Cleanup(p.Remove)
	return p
}

// stopAfterStart makes the keyring by a first start.
func stopAfterStart(t *testing.T, p *harness.Proxy) {
	t.Helper()
	must(t, p.Start())
	_, err := p.Terminate(20 * time.Second)
	must(t, err)
}

// TestVaultIsAskedOnce has clients work on while the KMS of a running proxy is down.
func TestVaultIsAskedOnce(t *testing.T) {
	v := vault(t)
	p := vaultProxy(t, v, "30s")
	must(t, p.Start())
	if _, err := os.Stat(filepath.Join(p.Dir, "keyring.json")); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", "root@tcp("+p.Address+")/")
	must(t, err)
	defer db.Close()
	plain, err := sql.Open("mysql", "root@tcp("+plainServer(t, harness.MariaDB).Address+")/")
	must(t, err)
	defer plain.Close()
	run := func(statement string) {
		t.Helper()
		_, err := db.Exec(statement)
		must(t, err)
	}
	read := func(db *sql.DB, from string) (all string) {
		t.Helper()
		rows, err := db.Query("SELECT name FROM " + from + " ORDER BY id")
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			must(t, rows.Scan(&name))
			all += name + " "
		}
		must(t, rows.Err())
		return all
	}
	run("CREATE DATABASE kms")
	t.Cleanup(func() { _, _ = plain.Exec("DROP DATABASE kms") })
	run("CREATE TABLE kms.before_stop (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40))")
	run("INSERT INTO kms.before_stop (name) VALUES ('canaryone')")

	v.Stop()
	db.SetMaxIdleConns(0) // a new connection for each statement
	run("INSERT INTO kms.before_stop (name) VALUES ('canarytwo')")
	run("CREATE TABLE kms.after_stop (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40))")
	run("INSERT INTO kms.after_stop (name) VALUES ('canarythree')")
	if got := read(db, "kms.before_stop") + read(db, "kms.after_stop"); got != "canaryone canarytwo canarythree " {
		t.Errorf("through the proxy: %q", got)
	}
	if stored := read(plain, "kms.before_stop") + read(plain, "kms.after_stop"); strings.Contains(stored, "canary") {
		t.Errorf("upstream stores %q", stored)
	}
	checkNoToken(t, v, logOf(t, p))
}

// logOf is what a proxy has logged.
func logOf(t *testing.T, p *harness.Proxy) string {
	t.Helper()
	text, err := os.ReadFile(p.Log)
	must(t, err)
	return string(text)
}

func checkNoToken(t *testing.T, v *harness.Vault, text string) {
	t.Helper()
	for _, secret := range []string{os.Getenv("VAULT_TOKEN"), v.RootToken} {
		if strings.Contains(text, secret) {
			t.Errorf("a token shows in: %s", text)
		}
	}
}

// TestVaultComesUp starts a proxy while its KMS is down, which comes up three seconds later.
func TestVaultComesUp(t *testing.T) {
	v := vault(t)
	p := vaultProxy(t, v, "1m")
	stopAfterStart(t, p)
	v.Stop()
	must(t, os.Truncate(p.Log, 0))
	started := make(chan error, 1)
	go func() { started <- p.StartWithin(90 * time.Second) }()
	select {
	case err := <-started:
		t.Fatalf("a start without the KMS: %v", err)
	case <-time.After(3 * time.Second):
	}
	log := logOf(t, p)
	for _, want := range []string{`"level":"WARN"`, "waiting for the KMS", "vault://" + v.Host + "/transit/cmk", "connection refused", "see that it runs", "next_try"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q: %s", want, log)
		}
	}
	must(t, v.Start())
	must(t, <-started)
	checkNoToken(t, v, logOf(t, p))
}

// serveFails runs a start that has to fail with exit code 1, and gives its one line, how often it was seen to wait, and
// the time that it took.
func serveFails(t *testing.T, v *harness.Vault, p *harness.Proxy) (line string, waits int, took time.Duration) {
	t.Helper()
	start := time.Now()
	out, code, err := p.Run("serve", "-c", p.Config)
	must(t, err)
	took = time.Since(start)
	if code != 1 {
		t.Errorf("exit code %d: %s", code, out)
	}
	checkNoToken(t, v, out)
	var lines []string
	for l := range strings.Lines(out) {
		switch {
		case !strings.HasPrefix(l, "{"):
			lines = append(lines, strings.TrimSpace(l))
		case strings.Contains(l, "waiting for the KMS"):
			waits++
		}
	}
	if len(lines) != 1 {
		t.Fatalf("not one line: %s", out)
	}
	return lines[0], waits, took
}

func says(t *testing.T, line string, wants ...string) {
	t.Helper()
	t.Log(line)
	for _, want := range wants {
		if !strings.Contains(line, want) {
			t.Errorf("does not say %q: %s", want, line)
		}
	}
}

// TestVaultFaults has a start give up after kms_timeout; what another try cannot mend ends the start at once.
func TestVaultFaults(t *testing.T) {
	v := vault(t)
	p := vaultProxy(t, v, "3s")
	stopAfterStart(t, p)
	key := "vault://" + v.Host + "/transit/cmk"
	atOnce := func(t *testing.T, wants ...string) {
		t.Helper()
		line, waits, took := serveFails(t, v, p)
		says(t, line, append(wants, key, "keyring.json")...)
		if waits > 0 {
			t.Errorf("waited %d times, %v", waits, took)
		}
	}
	t.Run("denied", func(t *testing.T) {
		t.Setenv("VAULT_TOKEN", "hvs.canary-of-a-token")
		atOnce(t, "denies access", "token", "transit/decrypt/cmk")
	})
	t.Run("policy", func(t *testing.T) {
		must(t, v.Do("PUT", "sys/policies/acl/tdeproxy", map[string]any{"policy": strings.Replace(kmsPolicy, "decrypt/cmk", "decrypt/none", 1)}, nil))
		atOnce(t, "denies access", "policy", "transit/decrypt/cmk")
		must(t, v.Do("PUT", "sys/policies/acl/tdeproxy", map[string]any{"policy": kmsPolicy}, nil))
	})
	t.Run("down", func(t *testing.T) {
		v.Stop()
		line, waits, took := serveFails(t, v, p)
		says(t, line, "cannot be used at the moment", "connection refused", "tried", key, "keyring.json")
		if waits < 2 || took < 1500*time.Millisecond || took > time.Minute {
			t.Errorf("waited %d times, %v", waits, took)
		}
		must(t, v.Start())
	})
	t.Run("sealed", func(t *testing.T) {
		must(t, v.Do("PUT", "sys/seal", nil, nil))
		line, _, _ := serveFails(t, v, p)
		says(t, line, "sealed", "unseal it", key)
		must(t, v.Do("PUT", "sys/unseal", map[string]any{"key": v.UnsealKey}, nil))
	})
	t.Run("rotated", func(t *testing.T) {
		must(t, v.Do("POST", "transit/keys/cmk/rotate", nil, nil))
		stopAfterStart(t, p)
	})
	t.Run("deleted", func(t *testing.T) {
		must(t, v.Do("POST", "transit/keys/cmk/config", map[string]any{"deletion_allowed": true}, nil))
		must(t, v.Do("DELETE", "transit/keys/cmk", nil, nil))
		atOnce(t, "has no usable key", "restore the key cmk")
	})
}

// TestVaultWaitEnds has SIGTERM end a start that waits for its KMS.
func TestVaultWaitEnds(t *testing.T) {
	v := vault(t)
	p := vaultProxy(t, v, "2m")
	stopAfterStart(t, p)
	v.Stop()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	must(t, err)
	defer log.Close()
	cmd := exec.Command(proxyBinary(t), "serve", "-c", p.Config)
	cmd.Stdout, cmd.Stderr = log, log
	must(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	text := ""
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(text, "waiting for the KMS"); time.Sleep(50 * time.Millisecond) {
		b, err := os.ReadFile(log.Name())
		must(t, err)
		if text = string(b); time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("does not wait: %s", text)
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-done:
		if code := cmd.ProcessState.ExitCode(); code > 1 || code < 0 {
			t.Errorf("%v", cmd.ProcessState)
		}
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		<-done
		t.Error("SIGTERM did not end the start")
	}
}
