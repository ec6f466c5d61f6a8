package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestKeyringMoves rotates the master key and moves the keyring to another KMS key under a proxy that runs: it goes on,
// and after a restart with nothing of the old key left, tables of all master key versions are read and written.
func TestKeyringMoves(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		up, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(up.Remove)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: up.Address, Flavour: f, Encrypt: []string{"*"}})
		must(t, err)
		t.Cleanup(p.Remove)
		tables := 0
		work := func(when string) {
			t.Helper()
			c, err := p.Connect(rawmysql.Config{})
			must(t, err)
			defer c.Close()
			tables++
			run(t, c, "CREATE DATABASE IF NOT EXISTS moves", fmt.Sprintf("CREATE TABLE moves.t%d (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50), KEY (v))", tables))
			for i := 1; i <= tables; i++ {
				run(t, c, fmt.Sprintf("INSERT INTO moves.t%d (v) VALUES ('%s')", i, when))
				got := column(t, c, fmt.Sprintf("SELECT v FROM moves.t%d ORDER BY id", i))
				if len(got) != tables-i+1 || !slices.Contains(got, when) {
					t.Errorf("%s: table %d has %q", when, i, got)
				}
			}
		}
		verb := func(args ...string) string {
			t.Helper()
			out, code, err := p.Run(append(args, "-c", p.Config)...)
			must(t, err)
			if code != 0 {
				t.Fatalf("%v: exit code %d: %s", args, code, out)
			}
			return out
		}
		restart := func() {
			t.Helper()
			code, err := p.Terminate(20e9)
			must(t, err)
			if code != 0 {
				t.Errorf("exit code %d: %s", code, tail(p.Log))
			}
			must(t, p.Start())
		}
		work("at first")
		verb("keyring", "rotate")
		work("rotated under a running proxy")
		restart()
		work("rotated")
		verb("keyring", "rewrap", "--kms", "file:other.key")
		work("moved under a running proxy")
		text, err := os.ReadFile(p.Config)
		must(t, err)
		moved := strings.Replace(string(text), "master.key", "other.key", 1)
		must(t, os.WriteFile(p.Config, []byte(moved), 0o600))
		must(t, os.Remove(filepath.Join(p.Dir, "master.key")))
		restart()
		work("moved")
		verb("keyring", "rotate")
		restart()
		work("rotated after the move")
		if out := verb("keyring", "show"); !strings.Contains(out, "generation  4\n") || !strings.Contains(out, "version 3 ") {
			t.Errorf("the keyring is %s", out)
		}
		checkLog(t, p)
	})
}
