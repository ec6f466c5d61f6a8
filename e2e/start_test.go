package e2e_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestRefusedStarts gives serve each fault that must end it with one clear
// line, exit 2 where the configuration is wrong, and nothing created.
func TestRefusedStarts(t *testing.T) {
	up := plainServer(t, harness.MariaDB)
	for name, c := range map[string]struct {
		settings map[string]string
		extra    string
		spoil    func(p *harness.Proxy) error
		code     int // 0: any but 0
		says     []string
	}{
		"unknown key":      {extra: "[listen2]\nx = 1\n", code: 2, says: []string{"tdeproxy.toml", "listen2"}},
		"wrong type":       {settings: map[string]string{"listen.require_secure_transport": `"maybe"`}, code: 2, says: []string{"require_secure_transport"}},
		"bad tls":          {settings: map[string]string{"upstream.tls": `"sometimes"`}, code: 2, says: []string{"tls", "verify-identity"}},
		"missing password": {settings: map[string]string{"upstream.password_file": `"/nonexistent/pw"`}, code: 2, says: []string{"password_file"}},
		"two faults at once": {settings: map[string]string{"upstream.tls": `"sometimes"`, "listen.max_connections": `"many"`}, code: 2,
			says: []string{"tls", "max_connections"}},
		"key that others read": {spoil: func(p *harness.Proxy) error { return os.Chmod(filepath.Join(p.Dir, "master.key"), 0o644) }, says: []string{"master.key"}},
		"missing key":          {spoil: func(p *harness.Proxy) error { return os.Remove(filepath.Join(p.Dir, "master.key")) }, says: []string{"master.key"}},
		"wrong key": {spoil: func(p *harness.Proxy) error {
			return os.WriteFile(filepath.Join(p.Dir, "master.key"), []byte(strings.Repeat("A", 43)+"=\n"), 0o600)
		}, says: []string{"key"}},
		"spoilt keyring": {spoil: func(p *harness.Proxy) error {
			return os.WriteFile(filepath.Join(p.Dir, "keyring.json"), []byte(`{"format":1}`), 0o600)
		}, says: []string{"keyring.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := harness.NewProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: up.Address, Flavour: harness.MariaDB, Evaluator: "off",
				Encrypt: nil, Settings: c.settings, Extra: c.extra})
			must(t, err)
			t.Cleanup(p.Remove)
			before := ""
			if c.spoil != nil {
				must(t, p.Start())
				_, err := p.Terminate(20e9)
				must(t, err)
				must(t, c.spoil(p))
				before = listing(t, p.Dir)
			}
			out, code, err := p.Run("serve", "-c", p.Config)
			must(t, err)
			if code == 0 || c.code != 0 && code != c.code {
				t.Errorf("exit code %d", code)
			}
			for _, s := range c.says {
				if !strings.Contains(out, s) {
					t.Errorf("the output does not name %q:\n%s", s, out)
				}
			}
			if c.spoil != nil && listing(t, p.Dir) != before {
				t.Errorf("files changed by a refused start:\n%s\n%s", before, listing(t, p.Dir))
			}
		})
	}
}

// listing is names, sizes and modification times of the keys in a directory.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"master.key", "keyring.json", "certs/server-key.pem", "certs/ca.pem"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			b.WriteString(name + ": none\n")
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		b.WriteString(name + " " + info.Mode().String() + " " + info.ModTime().String() + " " + string(text) + "\n")
	}
	return b.String()
}

// TestInit wants `init` to write a configuration that serve accepts, and never
// to write over one.
func TestInit(t *testing.T) {
	dir := t.TempDir()
	p := &harness.Proxy{Config: filepath.Join(dir, "t.toml")}
	real, err := harness.NewProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: "127.0.0.1:1", Flavour: harness.MariaDB, Evaluator: "off"})
	must(t, err)
	t.Cleanup(real.Remove)
	out, code, err := real.Run("init", "-c", p.Config)
	must(t, err)
	if code != 0 {
		t.Fatalf("init: exit code %d: %s", code, out)
	}
	written, err := os.ReadFile(p.Config)
	must(t, err)
	if !strings.Contains(string(written), "#") {
		t.Error("the file has no comments")
	}
	info, err := os.Stat(filepath.Join(dir, "var", "master.key"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("master.key has mode %v", info.Mode().Perm())
	}
	_, _, err = real.Run("init", "-c", p.Config)
	must(t, err)
	again, err := os.ReadFile(p.Config)
	must(t, err)
	if string(again) != string(written) {
		t.Error("a second init changed the file")
	}
}

// TestProcessIsSealed wants no core dumps and no reading of the process by
// others of the same user.
func TestProcessIsSealed(t *testing.T) {
	p := passThrough(t, harness.MariaDB, plainServer(t, harness.MariaDB).Address, nil)
	limits, err := os.ReadFile(filepath.Join("/proc", itoa(p.PID()), "limits"))
	must(t, err)
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Fields(line)[4] != "0" {
			t.Errorf("core dumps are allowed: %s", line)
		}
	}
	status, err := os.ReadFile(filepath.Join("/proc", itoa(p.PID()), "status"))
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmLck:") && strings.Fields(line)[1] == "0" {
			t.Error("no memory is locked")
		}
	}
}

// TestEvaluatorSocket has an evaluator that somebody else has started, with an account of its own.
func TestEvaluatorSocket(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(s.Remove)
		must(t, s.Exec("CREATE USER evaluator@localhost IDENTIFIED BY 'of the evaluator'", "GRANT ALL ON *.* TO evaluator@localhost",
			"CREATE DATABASE secret"))
		password := filepath.Join(t.TempDir(), "password")
		must(t, os.WriteFile(password, []byte("of the evaluator\n"), 0o600))
		p, err := harness.StartProxy(harness.ProxyOptions{
			Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"secret"},
			Settings: map[string]string{
				"evaluator.server": `"auto"`, "evaluator.socket": strconv.Quote(s.Socket),
				"evaluator.user": `"evaluator"`, "evaluator.password_file": strconv.Quote(password),
			},
		})
		must(t, err)
		t.Cleanup(p.Remove)
		c, err := p.Connect(rawmysql.Config{Database: "secret"})
		must(t, err)
		defer c.Close()
		run(t, c, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO t VALUES (1, CONCAT('by ', 'it')), (2, 'other')")
		if got := column(t, c, "SELECT UPPER(v) FROM t WHERE v LIKE 'by%'"); len(got) != 1 || got[0] != "BY IT" {
			t.Errorf("got %q", got)
		}
	})
}
