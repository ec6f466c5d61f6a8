package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/filekms"
)

var rewrite = flag.Bool("rewrite", false, "write golden files anew")

// beTdeproxy makes the test's binary run main: tests start the real program, with the race detector where they have it.
const beTdeproxy = "TDEPROXY_TEST_MAIN"

// linger makes it stay once all is done, for tests that look at what is left in its memory (e2e/memory_test.go).
const linger = "TDEPROXY_TEST_LINGER"

func TestMain(m *testing.M) {
	if os.Getenv(linger) != "" {
		if err := keyring.Harden(); err != nil {
			panic(err)
		}
		code := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)
		fmt.Println("lingering after exit code", code)
		time.Sleep(10 * time.Minute) // the test ends this process
		return
	}
	if os.Getenv(beTdeproxy) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a command line of the real program, to be run in dir.
func program(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	// Without its pause at exit, in which the race detector waits for late reports.
	cmd.Env = append(os.Environ(), beTdeproxy+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.Dir = dir
	return cmd
}

// result is what a finished program has left.
type result struct {
	code           int
	stdout, stderr string
}

func tdeproxy(t *testing.T, dir string, args ...string) result {
	t.Helper()
	cmd := program(dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must runs a program that has to succeed.
func must(t *testing.T, dir string, args ...string) result {
	t.Helper()
	r := tdeproxy(t, dir, args...)
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("tdeproxy %s: exit %d\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r
}

// tree maps every file below dir to its mode and content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		rel, _ := filepath.Rel(dir, path)
		files[rel] = fmt.Sprintf("%v %s", info.Mode(), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func same(t *testing.T, what string, before, after map[string]string) {
	t.Helper()
	for name := range after {
		if before[name] != after[name] {
			t.Errorf("%s: %s is new or has changed", what, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			t.Errorf("%s: %s is gone", what, name)
		}
	}
}

// golden compares with testdata/name, which -rewrite makes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}

func TestInit(t *testing.T) {
	dir := t.TempDir()
	r := must(t, dir, "init", "-c", "tdeproxy.toml")
	for _, made := range []string{"configuration", "master key", "keyring", "certificates"} {
		if !strings.Contains(r.stdout, "made "+made+" ") {
			t.Errorf("does not say that it made the %s:\n%s", made, r.stdout)
		}
	}
	before := tree(t, dir)
	for _, name := range []string{"tdeproxy.toml", "var/master.key", "var/keyring.json", "var/certs/ca-key.pem", "var/certs/server-key.pem", "var/certs/client-key.pem"} {
		if !strings.HasPrefix(before[name], "-rw------- ") {
			t.Errorf("%s: %.10s, want mode 0600", name, before[name])
		}
	}
	if len(before) != 9 {
		t.Errorf("made %d files, want 9", len(before))
	}
	if r := must(t, dir, "init", "-c", "tdeproxy.toml"); r.stdout != "" {
		t.Errorf("a second run says: %s", r.stdout)
	}
	same(t, "a second init", before, tree(t, dir))
}

// What is gone is made again, but never a key that something depends on.
func TestInitAgain(t *testing.T) {
	for _, test := range []struct {
		gone []string
		code int
		says string
	}{
		{[]string{"var/certs"}, 0, "made certificates"},
		{[]string{"var/keyring.json"}, 0, "made keyring"},
		{[]string{"var/keyring.json", "var/master.key"}, 0, "made master key"},
		{[]string{"tdeproxy.toml"}, 0, "made configuration"},
		{[]string{"var/master.key"}, 1, "master.key does not exist"},
		{[]string{"var/certs/ca.pem"}, 1, "not ca.pem; restore"},
		{[]string{"var/certs/server-key.pem"}, 1, "not server-key.pem; restore"},
	} {
		dir := t.TempDir()
		must(t, dir, "init", "-c", "tdeproxy.toml")
		for _, name := range test.gone {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		before := tree(t, dir)
		r := tdeproxy(t, dir, "init", "-c", "tdeproxy.toml")
		if r.code != test.code || !strings.Contains(r.stdout+r.stderr, test.says) {
			t.Errorf("without %v: exit %d, %s%s; want %d, %s", test.gone, r.code, r.stdout, r.stderr, test.code, test.says)
		}
		if test.code != 0 {
			oneClearLine(t, r)
			same(t, fmt.Sprintf("without %v", test.gone), before, tree(t, dir))
		}
	}
}

// oneClearLine holds an error to one line on stderr, which starts with the program's name.
func oneClearLine(t *testing.T, r result) {
	t.Helper()
	if strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "tdeproxy: ") {
		t.Errorf("not one line: %q", r.stderr)
	}
}

// A start that lacks a key, or has a wrong one, says so in one line, exits 1 and makes nothing.
func TestServeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(dir string) error
		says  string
	}{
		"no CMK": {func(dir string) error { return os.Remove(dir + "/var/master.key") }, "master.key does not exist"},
		"another CMK": {func(dir string) error {
			return os.WriteFile(dir+"/var/master.key", []byte("aes128:000102030405060708090a0b0c0d0e0f\n"), 0o600)
		}, "is not wrapped by this KMS key"},
		"a damaged CMK": {func(dir string) error { return os.Truncate(dir+"/var/master.key", 20) }, "master.key is damaged"},
		"an empty CMK":  {func(dir string) error { return os.Truncate(dir+"/var/master.key", 0) }, "restore it from a backup"},
		"a CMK that is a directory": {func(dir string) error {
			return errors.Join(os.Remove(dir+"/var/master.key"), os.Mkdir(dir+"/var/master.key", 0o700))
		}, "it is no regular file"},
		"a CMK that is a link": {func(dir string) error {
			return errors.Join(os.Rename(dir+"/var/master.key", dir+"/elsewhere"), os.Symlink(dir+"/elsewhere", dir+"/var/master.key"))
		}, "name the file that it points to"},
		"a CMK that others can read": {func(dir string) error { return os.Chmod(dir+"/var/master.key", 0o644) }, "chmod 600"},
		"no keyring":                 {func(dir string) error { return os.Remove(dir + "/var/keyring.json") }, "keyring.json does not exist"},
		"a damaged keyring": {func(dir string) error {
			return os.Truncate(dir+"/var/keyring.json", 100)
		}, "is damaged"},
		"a keyring that was edited": {func(dir string) error {
			text, err := os.ReadFile(dir + "/var/keyring.json")
			return errors.Join(err, os.WriteFile(dir+"/var/keyring.json", bytes.Replace(text, []byte(`"generation": 1`), []byte(`"generation": 2`), 1), 0o600))
		}, "its MAC does not match; restore it from a backup"},
		"another keyring's": {func(dir string) error {
			return errors.Join(os.Remove(dir+"/var/keyring.json"), foreignKeyring(dir+"/var/keyring.json"))
		}, "is not wrapped by this KMS key"},
		"a keyring that others can change": {func(dir string) error { return os.Chmod(dir+"/var/keyring.json", 0o666) }, "chmod 600"},
		"no certificates":                  {func(dir string) error { return os.RemoveAll(dir + "/var/certs") }, "tdeproxy init"},
		"half the certificates": {func(dir string) error {
			return os.Remove(dir + "/var/certs/server-cert.pem")
		}, "restore the missing files"},
		"a certificate key that others can read": {func(dir string) error {
			return os.Chmod(dir+"/var/certs/server-key.pem", 0o644)
		}, "readable by others"},
		"a certificate of another key": {func(dir string) error {
			return os.Rename(dir+"/var/certs/client-key.pem", dir+"/var/certs/server-key.pem")
		}, "key does not belong"},
	} {
		dir := t.TempDir()
		must(t, dir, "init", "-c", "tdeproxy.toml")
		if err := test.spoil(dir); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		r := tdeproxy(t, dir, "serve", "-c", "tdeproxy.toml")
		r.stderr = withoutLogs(r.stderr)
		if r.code != 1 || !strings.Contains(r.stderr, test.says) {
			t.Errorf("%s: exit %d, %s; want 1, %s", name, r.code, r.stderr, test.says)
		}
		oneClearLine(t, r)
		same(t, name, before, tree(t, dir))
	}
}

// foreignKeyring makes a keyring of another CMK.
func foreignKeyring(path string) error {
	dir, err := os.MkdirTemp("", "foreign-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := filekms.Create(dir + "/key"); err != nil {
		return err
	}
	kms, err := filekms.New(dir + "/key")
	if err != nil {
		return err
	}
	ring, err := keyring.Create(context.Background(), path, kms)
	if err == nil {
		ring.Destroy()
	}
	return err
}

// Where the user that runs the proxy may not read a file, the line says so.
func TestServeUnreadable(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to make files that this user cannot read")
	}
	for file, says := range map[string]string{"keyring.json": "make it readable for the user that runs tdeproxy", "master.key": "make it readable for the user that runs tdeproxy"} {
		dir, err := os.MkdirTemp("", "unreadable-") // t.TempDir is for its owner
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		must(t, dir, "init", "-c", "tdeproxy.toml")
		binary := filepath.Join(dir, "tdeproxy")
		if text, err := os.ReadFile(os.Args[0]); err != nil || os.WriteFile(binary, text, 0o755) != nil {
			t.Fatal(err)
		}
		nobody := 65534
		err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Base(path) == file {
				return err
			}
			return os.Chown(path, nobody, nobody)
		})
		if err != nil {
			t.Fatal(err)
		}
		cmd := program(dir, "serve", "-c", "tdeproxy.toml")
		cmd.Path = binary
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(nobody), Gid: uint32(nobody)}}
		out, err := cmd.CombinedOutput()
		r := result{code: cmd.ProcessState.ExitCode(), stderr: withoutLogs(string(out))}
		if err == nil || r.code != 1 || !strings.Contains(r.stderr, says) || !strings.Contains(r.stderr, file) {
			t.Errorf("%s: exit %d, %s", file, r.code, r.stderr)
		}
		oneClearLine(t, r)
	}
}

// withoutLogs drops the log's lines, which are JSON.
func withoutLogs(stderr string) string {
	return regexp.MustCompile(`(?m)^\{.*\}\n`).ReplaceAllString(stderr, "")
}

// Faults of the file are printed as config words them, and the exit code is 2, whatever the verb.
func TestConfigurationFaults(t *testing.T) {
	dir := t.TempDir()
	const faulty = "[listen]\naddres = \"127.0.0.1:3307\"\nmax_connections = \"many\"\n[upstream]\ntls = \"verify-ca\"\npassword_file = \"absent\"\n"
	if err := os.WriteFile(filepath.Join(dir, "faulty.toml"), []byte(faulty), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range [][]string{{"serve"}, {"init"}, {"cert", "show"}, {"keyring", "show"}} {
		r := tdeproxy(t, dir, append(verb, "-c", "faulty.toml")...)
		if r.code != 2 || r.stdout != "" {
			t.Errorf("%v: exit %d, stdout %q", verb, r.code, r.stdout)
		}
		golden(t, "faults.golden", strings.ReplaceAll(r.stderr, dir, "DIR"))
	}
	if files := tree(t, dir); len(files) != 1 {
		t.Errorf("%d files beside the faulty one", len(files)-1)
	}
	r := tdeproxy(t, dir, "serve", "-c", "absent.toml")
	if r.code != 2 || !strings.HasPrefix(r.stderr, "absent.toml: no such file; ") || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("no file: exit %d, %q", r.code, r.stderr)
	}
}

func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"version"}, 0, "tdeproxy devel"},
		{nil, 0, "Usage:"},
		{[]string{"serve", "--help"}, 0, "SIGHUP"},
		{[]string{"srve"}, 2, `unknown command "srve"`},
		{[]string{"serve"}, 2, `required flag(s) "config" not set`},
		{[]string{"serve", "-x"}, 2, "unknown shorthand flag"},
		{[]string{"serve", "-c", "a.toml", "b.toml"}, 2, "unknown command"},
		{[]string{"keyring"}, 2, "verbs: show"},
		{[]string{"cert", "frobnicate"}, 2, "verbs: show"},
	} {
		r := tdeproxy(t, t.TempDir(), test.args...)
		if r.code != test.code || !strings.Contains(r.stdout+r.stderr, test.says) {
			t.Errorf("%v: exit %d, %s%s; want %d, %s", test.args, r.code, r.stdout, r.stderr, test.code, test.says)
		}
		if r.code != 0 {
			oneClearLine(t, r)
		}
	}
}

func TestShow(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	keys := must(t, dir, "keyring", "show", "-c", "tdeproxy.toml").stdout
	if !regexp.MustCompile(`(?m)^master key  version 1  created \S+  active$`).MatchString(keys) {
		t.Errorf("keyring show: %s", keys)
	}
	certs := must(t, dir, "cert", "show", "-c", "tdeproxy.toml").stdout
	for _, want := range []string{"names        localhost, ", "ECDSA P-256", "fingerprint  SHA-256 "} {
		if !strings.Contains(certs, want) {
			t.Errorf("cert show lacks %q: %s", want, certs)
		}
	}
	secret, err := os.ReadFile(filepath.Join(dir, "var/master.key"))
	if err != nil {
		t.Fatal(err)
	}
	digits := regexp.MustCompile(`[0-9a-f]{32}`).FindString(string(secret))
	if digits == "" || strings.Contains(keys+certs, digits) {
		t.Error("the master key was shown")
	}
}
