package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// runbook is a database and a proxy as docs/runbooks.md has them installed: the proxy's account has what the page grants it and no more.
type runbook struct {
	whole    *testing.T // at whose end all is removed
	flavour  harness.Flavour
	upstream *harness.Server
	proxy    *harness.Proxy
	kept     string // the directory in which another host has keyring, master key and certificates
}

const (
	runbookPassword = "what the runbook calls …"
	runbookRow      = "the row of the runbook"
	runbookTables   = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' AND TABLE_COMMENT LIKE 'tdeproxy1:%'"
)

// TestRunbooks does what docs/runbooks.md says, in its order: install, encrypt tables, rotate, lose the KMS, lose the proxy, restore a
// backup, upgrade, leave.
func TestRunbooks(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		b := &runbook{whole: t, flavour: f, kept: t.TempDir()}
		var err error
		b.upstream, err = harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(b.upstream.Remove)
		must(t, b.upstream.Exec("CREATE DATABASE shop", "CREATE TABLE shop.old (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(60), KEY (v))",
			"INSERT INTO shop.old (v) VALUES ('"+runbookRow+"'), ('second')"))
		must(t, b.upstream.Exec(runbookAccount(t, f)...))
		b.proxy = b.install(t, b.upstream, nil)
		for _, step := range []struct {
			name string
			do   func(t *testing.T)
		}{
			{"encrypt", b.encrypt}, {"rotate", b.rotate}, {"lose the KMS", b.loseKMS}, {"lose the proxy", b.loseProxy}, {"restore", b.restore}, {"leave", b.leave},
		} {
			if !t.Run(step.name, step.do) {
				return // each step begins where the one before it ended
			}
		}
	})
}

// runbookAccount are the page's statements for the proxy's account.
func runbookAccount(t *testing.T, f harness.Flavour) (out []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "runbooks.md"))
	must(t, err)
	for _, line := range regexp.MustCompile(`(?m)^\s*((?:CREATE USER|GRANT) .*);`).FindAllStringSubmatch(string(text), -1) {
		sql := strings.NewReplacer("'10.0.0.8'", "'%'", "'…'", "'"+runbookPassword+"'").Replace(line[1])
		if f == harness.MariaDB {
			sql = strings.ReplaceAll(sql, "CONNECTION_ADMIN", "CONNECTION ADMIN")
		}
		out = append(out, sql)
	}
	if len(out) != 3 {
		t.Fatalf("the page has %d statements for the account, not 3: %q", len(out), out)
	}
	return out
}

// install starts a proxy that logs in with the page's account. keys, if any, are settings of where another one had its keyring and certificates.
func (b *runbook) install(t *testing.T, upstream *harness.Server, keys map[string]string, rules ...string) *harness.Proxy {
	t.Helper()
	settings := map[string]string{"upstream.password": strconv.Quote(runbookPassword)}
	for k, v := range keys {
		settings[k] = v
	}
	if rules == nil {
		rules = []string{"shop"}
	}
	p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: upstream.Address, Flavour: b.flavour, User: "tdeproxy",
		Encrypt: rules, Settings: settings})
	must(t, err)
	b.whole.Cleanup(p.Remove)
	return p
}

// verb runs a verb of the program, which must end well and say what is wanted.
func (b *runbook) verb(t *testing.T, want string, args ...string) {
	t.Helper()
	out, code, err := b.proxy.Run(append(args, "-c", b.proxy.Config)...)
	must(t, err)
	if code != 0 || !strings.Contains(out, want) {
		t.Fatalf("tdeproxy %s: exit %d, want 0 and %q\n%s", strings.Join(args, " "), code, want, out)
	}
}

// sql runs statements through the proxy as an administrator does.
func (b *runbook) sql(t *testing.T, statements ...string) {
	t.Helper()
	c, err := b.proxy.Connect(rawmysql.Config{User: "root", Database: "shop"})
	must(t, err)
	defer c.Close()
	run(t, c, statements...)
}

// reads checks that the proxy reads what was stored.
func (b *runbook) reads(t *testing.T) {
	t.Helper()
	c, err := b.proxy.Connect(rawmysql.Config{User: "root", Database: "shop"})
	must(t, err)
	defer c.Close()
	for _, table := range []string{"old", "fresh"} {
		if got := column(t, c, "SELECT REVERSE(REVERSE(v)) FROM "+table+" WHERE v = '"+runbookRow+"'"); len(got) != 1 || got[0] != runbookRow {
			t.Errorf("table %s reads %q", table, got)
		}
	}
}

// stored counts the encrypted tables of a server.
func (b *runbook) stored(t *testing.T, s *harness.Server) string {
	t.Helper()
	c, err := s.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	return column(t, c, runbookTables)[0]
}

func (b *runbook) encrypt(t *testing.T) {
	b.verb(t, "ok    upstream", "doctor")
	b.verb(t, "shop.old", "table", "status")
	b.sql(t, "CREATE TABLE fresh (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(60), KEY (v))", "INSERT INTO fresh (v) VALUES ('"+runbookRow+"')")
	b.sql(t, "ALTER TABLE old ENCRYPTION='Y'")
	b.verb(t, "shop.fresh", "table", "leakage")
	b.verb(t, "shop.old", "table", "verify")
	b.reads(t)
	if n := b.stored(t, b.upstream); n != "2" {
		t.Errorf("%s tables are encrypted, not 2", n)
	}
}

func (b *runbook) rotate(t *testing.T) {
	b.verb(t, "", "cert", "renew")
	b.sql(t, "ALTER INSTANCE RELOAD TLS", "ALTER INSTANCE ROTATE INNODB MASTER KEY")
	b.verb(t, "", "keyring", "rotate")
	b.sql(t, "ALTER INSTANCE RELOAD KEYRING")
	b.verb(t, "3", "keyring", "show")
	b.verb(t, "ok    keyring", "doctor")
	b.reads(t)
}

// loseKMS takes away what opens the keyring, where that is a file.
func (b *runbook) loseKMS(t *testing.T) {
	master, away := filepath.Join(b.proxy.Dir, "master.key"), filepath.Join(b.proxy.Dir, "away")
	must(t, os.Rename(master, away))
	b.reads(t)
	if _, err := b.proxy.Terminate(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	out, code, err := b.proxy.Run("serve", "-c", b.proxy.Config)
	must(t, err)
	if code == 0 || !strings.Contains(out, "master.key") {
		t.Errorf("a start without the KMS: exit %d\n%s", code, out)
	}
	must(t, os.Rename(away, master))
	must(t, b.proxy.Start())
	b.reads(t)
}

// keep copies keyring, master key and certificates to another host, and gives the settings that name them there.
func (b *runbook) keep(t *testing.T) map[string]string {
	t.Helper()
	for _, name := range []string{"certs", "keyring.json", "master.key"} {
		if out, err := exec.Command("cp", "-a", filepath.Join(b.proxy.Dir, name), b.kept).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return b.keys()
}

// keys are the settings that name what was kept.
func (b *runbook) keys() map[string]string {
	dir := b.kept
	return map[string]string{"keyring.file": strconv.Quote(filepath.Join(dir, "keyring.json")),
		"keyring.kms": strconv.Quote("file:" + filepath.Join(dir, "master.key")), "sslcert.dir": strconv.Quote(filepath.Join(dir, "certs"))}
}

// loseProxy ends the proxy within a client's transaction, deletes all that it had, and goes on with another one.
func (b *runbook) loseProxy(t *testing.T) {
	keys := b.keep(t)
	c, err := b.proxy.Connect(rawmysql.Config{User: "root", Database: "shop"})
	must(t, err)
	defer c.Close()
	run(t, c, "INSERT INTO old (v) VALUES ('acknowledged')", "BEGIN", "INSERT INTO old (v) VALUES ('open')")
	b.proxy.Remove()
	b.proxy = b.install(t, b.upstream, keys)
	b.verb(t, "ok    keyring", "doctor")
	b.reads(t)
	again, err := b.proxy.Connect(rawmysql.Config{User: "root", Database: "shop"})
	must(t, err)
	defer again.Close()
	if got := column(t, again, "SELECT v FROM old WHERE v IN ('acknowledged', 'open')"); len(got) != 1 || got[0] != "acknowledged" {
		t.Errorf("of an acknowledged row and an open one there are %q", got)
	}
}

// restore loads a backup that was taken past the proxy into another server.
func (b *runbook) restore(t *testing.T) {
	dump := dumpOf(t, "mariadb-dump", b.upstream.Address, "--single-transaction", "--hex-blob", "--databases", "shop")
	if strings.Contains(dump, runbookRow) {
		t.Fatal("the backup has plaintext")
	}
	other, err := harness.StartServer(b.flavour, harness.ServerOptions{})
	must(t, err)
	t.Cleanup(other.Remove)
	must(t, other.Exec(runbookAccount(t, b.flavour)...))
	load(t, other.Address, "mysql", dump)
	before := b.proxy
	defer func() { b.proxy = before }()
	b.proxy = b.install(t, other, b.keys())
	b.verb(t, "shop.fresh", "table", "verify")
	b.reads(t)
}

// leave decrypts everything by the page's two ways, and removes the proxy.
func (b *runbook) leave(t *testing.T) {
	b.proxy.Remove()
	b.proxy = b.install(t, b.upstream, b.keys(), []string{}...)
	b.verb(t, "shop.old", "table", "decrypt", "shop.old", "-u", "root")
	b.sql(t, "ALTER TABLE fresh ENCRYPTION='N'")
	if n := b.stored(t, b.upstream); n != "0" {
		t.Errorf("%s tables are encrypted still", n)
	}
	b.proxy.Remove()
	c, err := b.upstream.Connect(rawmysql.Config{Database: "shop"})
	must(t, err)
	defer c.Close()
	for _, table := range []string{"old", "fresh"} {
		if got := column(t, c, "SELECT v FROM "+table+" WHERE v = '"+runbookRow+"'"); len(got) != 1 {
			t.Errorf("table %s has %q in plaintext", table, got)
		}
	}
}
