package e2e_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/filekms"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestNoKeyIsLeft looks for keys, and for what ciphers expand them to, in the memory of a proxy that encrypts, and again
// after its shutdown, when all of it is done but the process's end. Running, it must hold them where no core dump does;
// after, nowhere.
func TestNoKeyIsLeft(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to read another process's memory")
	}
	if _, err := exec.LookPath("gcore"); err != nil {
		missing(t, err)
	}
	binary := lingeringBinary(t)
	forFlavoursInTurn(t, func(t *testing.T, f harness.Flavour) {
		up, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(up.Remove)
		t.Setenv("TDEPROXY_TEST_LINGER", "1")
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: binary, Upstream: up.Address, Flavour: f, Encrypt: []string{"*"}})
		must(t, err)
		t.Cleanup(p.Remove)
		traffic(t, p)
		keys := keysOf(t, p, up)

		found := keysInMemory(t, p, keys)
		expected := []string{
			"master key 1 as key", "token root as key", "table key of vault.kept as round key 10 ", "token key of vault as CMAC subkey K1",
			"cell subkey as round key 10 ", "cell subkey as round key 9 for decryption",
		}
		if runtime.GOARCH == "amd64" { // others keep it in forms of their own
			expected = append(expected, "cell subkey as GHASH key as Go multiplies by it")
		}
		for _, want := range expected {
			if !strings.Contains(found, want) {
				t.Errorf("the search is blind: no %s in a running proxy:\n%s", want, found)
			}
		}
		for _, gone := range []string{"CMK as ", "key that the CMK wraps with as ", "MAC key of the keyring as ", " as base64", " as hexadecimal"} {
			if strings.Contains(found, gone) {
				t.Errorf("a running proxy needs no %s:\n%s", gone, found)
			}
		}
		t.Logf("in the memory of a running proxy:\n%s", found)
		if found := keysInCore(t, p, keys); found != "" {
			t.Errorf("a core of the running proxy holds keys:\n%s", found)
		}

		must(t, syscall.Kill(p.PID(), syscall.SIGTERM))
		awaitLog(t, p, "lingering after exit code 0")
		if found := keysInMemory(t, p, keys); found != "" {
			t.Errorf("after the shutdown keys are left in memory:\n%s", found)
		}
		if found := keysInCore(t, p, keys); found != "" {
			t.Errorf("after the shutdown a core holds keys:\n%s", found)
		}
	})
}

// lingeringBinary is the proxy that stays when it is done: the tests' binary of cmd/tdeproxy, which runs the same code.
func lingeringBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tdeproxy")
	out, err := exec.Command("go", "test", "-c", "-o", path, "../cmd/tdeproxy").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// traffic uses keys in all the ways there are: tables made, read, written in text and prepared, looked up, dropped, and
// opened by a proxy that finds them.
func traffic(t *testing.T, p *harness.Proxy) {
	t.Helper()
	for i := range 8 {
		c, err := p.Connect(rawmysql.Config{})
		must(t, err)
		if i == 0 {
			run(t, c, "CREATE DATABASE vault", "CREATE TABLE vault.kept (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), KEY (v))",
				"CREATE TABLE vault.dropped (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))", "INSERT INTO vault.dropped (v) VALUES ('x')")
		}
		for j := range 50 {
			run(t, c, fmt.Sprintf("INSERT INTO vault.kept (v) VALUES ('value %d'), ('other %d')", j, i))
			if got := column(t, c, fmt.Sprintf("SELECT v FROM vault.kept WHERE v = 'value %d'", j)); len(got) == 0 {
				t.Fatal("a value is not found")
			}
		}
		s, err := c.Prepare("UPDATE vault.kept SET v = ? WHERE id = ?")
		must(t, err)
		for j := range 50 {
			_, err = s.Execute(rawmysql.Text(fmt.Sprint("prepared ", j)), rawmysql.Int(int64(j)))
			must(t, err)
		}
		if i == 4 {
			run(t, c, "DROP TABLE vault.dropped")
		}
		if i < 4 {
			c.Close()
		} // the others are there until the shutdown
	}
}

// keysOf are all the keys of a proxy and its tables, opened from their files and from upstream as docs/format.md has it.
func keysOf(t *testing.T, p *harness.Proxy, up *harness.Server) []harness.Needle {
	t.Helper()
	var needles []harness.Needle
	add := func(name string, key []byte) *keyring.CMAC {
		needles = append(needles, harness.KeyNeedles(name, key)...)
		s, err := keyring.NewSecret(key)
		must(t, err)
		mac, err := keyring.NewCMAC(s)
		must(t, err)
		return mac
	}
	derive := func(name string, from *keyring.CMAC, label string, context []byte) {
		must(t, from.Derive(label, context, func(subkey []byte) error { add(name, subkey); return nil }))
	}
	text, err := os.ReadFile(filepath.Join(p.Dir, "master.key"))
	must(t, err)
	cmk, err := hex.DecodeString(string(regexp.MustCompile(`(?m)^aes128:(\w{32})$`).FindSubmatch(text)[1]))
	must(t, err)
	derive("key that the CMK wraps with", add("CMK", cmk), "tdeproxy filekms wrap v1", nil)

	var file struct {
		ID         string
		MasterKeys []struct{ Wrapped []byte } `json:"master_keys"`
		TokenRoot  struct{ Wrapped []byte }   `json:"token_root"`
	}
	text, err = os.ReadFile(filepath.Join(p.Dir, "keyring.json"))
	must(t, err)
	must(t, json.Unmarshal(text, &file))
	id, err := hex.DecodeString(file.ID)
	must(t, err)
	kms, err := filekms.New(filepath.Join(p.Dir, "master.key"))
	must(t, err)
	unwrap := func(wrapped []byte, kind string, version byte) []byte {
		plain, err := kms.Unwrap(t.Context(), wrapped, []byte("tdeproxy keyring key v1"+string(id)+kind+string([]byte{0, 0, 0, version})))
		must(t, err)
		return plain
	}
	for i, k := range file.MasterKeys {
		add(fmt.Sprint("master key ", i+1), unwrap(k.Wrapped, "m", byte(i+1)))
	}
	root := add("token root", unwrap(file.TokenRoot.Wrapped, "t", 1))
	derive("MAC key of the keyring", root, "tdeproxy keyring mac v1", id)
	derive("token key of vault", root, "tdeproxy token v1", []byte("vault"))
	return append(needles, tableKeys(t, p, up, kms)...)
}

// tableKeys are those of vault.kept, with the subkeys of the cells in it.
func tableKeys(t *testing.T, p *harness.Proxy, up *harness.Server, kms keyring.KMS) (needles []harness.Needle) {
	t.Helper()
	ring, err := keyring.Open(t.Context(), filepath.Join(p.Dir, "keyring.json"), kms)
	must(t, err)
	defer ring.Destroy()
	c, err := up.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	comment := column(t, c, "SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'vault' AND TABLE_NAME = 'kept'")[0]
	header, protected, err := schema.ParseHeader(comment)
	must(t, err)
	if !protected {
		t.Fatal("the table is not encrypted")
	}
	key, err := ring.UnwrapTableKey(header.ID, header.WrappedKey)
	must(t, err)
	defer key.Destroy()
	needles = harness.KeyNeedles("table key of vault.kept", key.Bytes())
	mac, err := keyring.NewCMAC(key)
	must(t, err)
	salts := column(t, c, "SELECT DISTINCT HEX(SUBSTRING(v, 4, 4)) FROM vault.kept")
	if len(salts) == 0 {
		t.Fatal("no cells")
	}
	for _, salt := range salts {
		context, err := hex.DecodeString(salt)
		must(t, err)
		must(t, mac.Derive("tdeproxy cell v1", context, func(subkey []byte) error {
			needles = append(needles, harness.KeyNeedles("cell subkey", subkey)...)
			return nil
		}))
	}
	return needles
}

func keysInMemory(t *testing.T, p *harness.Proxy, keys []harness.Needle) string {
	t.Helper()
	s, err := harness.NewScanner(keys)
	must(t, err)
	must(t, s.Present(p.PID()))
	if s.Bytes < 1<<20 {
		t.Errorf("only %d bytes of memory were searched", s.Bytes)
	}
	return reportFound(s)
}

// keysInCore searches a core of the process, as gdb's gcore takes it.
func keysInCore(t *testing.T, p *harness.Proxy, keys []harness.Needle) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "core")
	out, err := exec.Command("gcore", "-o", prefix, itoa(p.PID())).CombinedOutput()
	if err != nil {
		t.Fatalf("gcore: %v\n%s", err, out)
	}
	s, err := harness.NewScanner(keys)
	must(t, err)
	core := prefix + "." + itoa(p.PID())
	must(t, s.File(core))
	if s.Bytes < 1<<20 {
		t.Errorf("a core of %d bytes", s.Bytes)
	}
	_ = os.Remove(core)
	return reportFound(s)
}

// reportFound lists what was found, a line for each key, form and place.
func reportFound(s *harness.Scanner) string {
	lines := map[string]bool{}
	var b strings.Builder
	for _, h := range s.Hits {
		line := fmt.Sprintf("%s as %s in %s\n", h.Needle.Canary, h.Needle.Form, h.Where)
		if !lines[line] {
			lines[line] = true
			b.WriteString(line)
		}
	}
	return b.String()
}

// awaitLog waits for a line of the proxy's output.
func awaitLog(t *testing.T, p *harness.Proxy, line string) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(p.Log)
		must(t, err)
		if strings.Contains(string(text), line) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no line %q:\n%s", line, tail(p.Log))
		}
	}
}
