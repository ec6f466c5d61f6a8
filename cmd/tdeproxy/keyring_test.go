package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/filekms"
	"github.com/tdeproxy/tdeproxy/proxy"
)

func TestKeyringRotate(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	r := must(t, dir, "keyring", "rotate", "-c", "tdeproxy.toml")
	for _, want := range []string{"generation  2\n", "version 2  created", "it uses version 1 until ALTER INSTANCE RELOAD KEYRING", "Back this file up"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("does not say %q:\n%s", want, r.stdout)
		}
	}
	if shown := must(t, dir, "keyring", "show", "-c", "tdeproxy.toml").stdout; !strings.HasPrefix(r.stdout, shown) || !strings.HasSuffix(shown, "active\n") {
		t.Errorf("show says %s", shown)
	}
	tidy(t, dir, "keyring.json", "master.key", "certs")
}

// tidy sees that the folder var has these names and no other.
func tidy(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "var"))
	if err != nil || len(entries) != len(names) {
		t.Errorf("in var there are %v, %v; want %v", entries, err, names)
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, "var", name)); err != nil {
			t.Error(err)
		}
	}
}

// A keyring moves to another key file and back, with the configuration changed as the output says.
func TestKeyringRewrap(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	must(t, dir, "keyring", "rotate", "-c", "tdeproxy.toml")
	ids := func() string {
		return strings.Join(strings.Split(must(t, dir, "keyring", "show", "-c", "tdeproxy.toml").stdout, "\n")[2:3], "")
	}
	id := ids()
	r := must(t, dir, "keyring", "rewrap", "--kms", "file:var/other.key", "-c", "tdeproxy.toml")
	before := dir + "/var/keyring.json.before-generation-3"
	for _, want := range []string{
		"made master key " + dir + "/var/other.key\n", "kms         file:" + dir + "/var/other.key\n", "generation  3\n",
		"before      " + before + "\n", "Now change tdeproxy.toml", "\n    kms = \"file:var/other.key\"\n",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("does not say %q:\n%s", want, r.stdout)
		}
	}
	tidy(t, dir, "keyring.json", "keyring.json.before-generation-3", "master.key", "other.key", "certs")
	unchanged := tree(t, dir)
	for _, verb := range [][]string{{"serve"}, {"keyring", "show"}, {"keyring", "rotate"}, {"keyring", "rewrap", "--kms", "file:var/other.key"}} {
		r := tdeproxy(t, dir, append(verb, "-c", "tdeproxy.toml")...)
		r.stderr = withoutLogs(r.stderr)
		if r.code != 1 || !strings.Contains(r.stderr, "it was moved to another KMS key: name that one, or go back to the one before with the file "+before) {
			t.Errorf("%v with the old configuration: exit %d, %s", verb, r.code, r.stderr)
		}
		oneClearLine(t, r)
	}
	same(t, "with the old configuration", unchanged, tree(t, dir))

	setKMS(t, dir, "file:var/other.key")
	if ids() != id {
		t.Errorf("after the rewrap the keyring is %s, before %s", ids(), id)
	}
	r = must(t, dir, "keyring", "rewrap", "--kms", "file:"+dir+"/var/master.key", "-c", "tdeproxy.toml")
	if strings.Contains(r.stdout, "made") {
		t.Errorf("a key was made where there is one: %s", r.stdout)
	}
	setKMS(t, dir, "file:var/master.key")
	r = must(t, dir, "keyring", "rewrap", "--kms", "file:var/master.key", "-c", "tdeproxy.toml")
	if strings.Contains(r.stdout, "Now change") || ids() != id {
		t.Errorf("a rewrap in place: %s", r.stdout)
	}
}

// setKMS writes keyring.kms.
func setKMS(t *testing.T, dir, kms string) {
	t.Helper()
	text := fmt.Sprintf("[listen]\naddress = \"127.0.0.1:0\"\n[admin]\naddress = \"\"\n[keyring]\nkms = %q\n", kms)
	if err := os.WriteFile(filepath.Join(dir, "tdeproxy.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKeyringRewrapRefuses(t *testing.T) {
	dir := t.TempDir()
	must(t, dir, "init", "-c", "tdeproxy.toml")
	if err := os.WriteFile(dir+"/var/loose.key", []byte("aes128:000102030405060708090a0b0c0d0e0f\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	for _, test := range []struct {
		kms  string
		code int
		says string
	}{
		{"", 2, "--kms: keyring.kms: is empty"},
		{"fiel:x", 2, `--kms: keyring.kms: no KMS of the kind "fiel"; one of file`},
		{"file:var/keyring.json", 2, "is the same file as keyring.file"},
		{"file:var/loose.key", 1, "chmod 600"},
		{"file:var/certs/ca.pem", 1, "--kms: master key file"},
	} {
		r := tdeproxy(t, dir, "keyring", "rewrap", "--kms", test.kms, "-c", "tdeproxy.toml")
		if r.code != test.code || !strings.Contains(r.stderr, test.says) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %s; want %d, %s", test.kms, r.code, r.stderr, test.code, test.says)
		}
	}
	if r := tdeproxy(t, dir, "keyring", "rewrap", "-c", "tdeproxy.toml"); r.code != 2 || !strings.Contains(r.stderr, `"kms" not set`) {
		t.Errorf("without --kms: exit %d, %s", r.code, r.stderr)
	}
	same(t, "refused", before, tree(t, dir))
}

// A verb that waits, here for another change of the keyring to end, ends at a signal.
func TestKeyringInterrupted(t *testing.T) {
	for _, verb := range [][]string{{"keyring", "rotate"}, {"keyring", "rewrap", "--kms", "file:var/master.key"}} {
		dir := t.TempDir()
		must(t, dir, "init", "-c", "tdeproxy.toml")
		before := tree(t, dir)
		lock, err := os.Open(filepath.Join(dir, "var"))
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		cmd := program(dir, append(verb, "-c", "tdeproxy.toml")...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		opened := filepath.Join("/proc", fmt.Sprint(cmd.Process.Pid), "fd")
		waitUntil(t, func() bool { // the folder is open, so it waits for the lock
			fds, _ := os.ReadDir(opened)
			for _, fd := range fds {
				if target, _ := os.Readlink(filepath.Join(opened, fd.Name())); target == filepath.Join(dir, "var") {
					return true
				}
			}
			return false
		})
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		r := result{code: cmd.ProcessState.ExitCode(), stderr: stderr.String()}
		if r.code != 1 || !strings.Contains(r.stderr, "interrupt") {
			t.Errorf("%v: exit %d, %s", verb, r.code, r.stderr)
		}
		oneClearLine(t, r)
		same(t, "interrupted", before, tree(t, dir))
	}
}

func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited too long")
		}
	}
}

// downKMS is a KMS that cannot be reached.
type downKMS struct{ asked chan struct{} }

func (k downKMS) Wrap(context.Context, []byte, []byte) ([]byte, error) { return nil, k.err() }

func (k downKMS) Unwrap(context.Context, []byte, []byte) ([]byte, error) { return nil, k.err() }

func (k downKMS) err() error {
	select {
	case k.asked <- struct{}{}:
	default:
	}
	return fmt.Errorf("kms.example %w", keyring.ErrUnavailable)
}

// While the KMS is awaited the process is alive, not ready, and ends at a signal.
func TestSignalEndsWaitForKMS(t *testing.T) {
	dir := t.TempDir()
	key, path := filepath.Join(dir, "master.key"), filepath.Join(dir, "keyring.json")
	if err := filekms.Create(key); err != nil {
		t.Fatal(err)
	}
	good, err := filekms.New(key)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Create(t.Context(), path, good)
	if err != nil {
		t.Fatal(err)
	}
	ring.Destroy()
	down := downKMS{make(chan struct{}, 1)}
	address := freeAddress(t)
	admin, err := startAdmin(address, nil, newMetrics(&proxy.Server{}), http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.stop()
	signals := make(chan os.Signal, 4)
	go func() {
		<-down.asked
		for url, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 200} {
			r, err := http.Get("http://" + address + url)
			if err != nil {
				t.Error(err)
				continue
			}
			_, _ = io.Copy(io.Discard, r.Body)
			r.Body.Close()
			if r.StatusCode != want {
				t.Errorf("%s: %d, want %d", url, r.StatusCode, want)
			}
		}
		signals <- syscall.SIGHUP // which ends nothing
		signals <- syscall.SIGTERM
	}()
	begin := time.Now()
	stopped, err := untilSignal(t.Context(), signals, func(ctx context.Context) error {
		_, err := keyring.Open(ctx, path, &keyring.Patient{KMS: down, Timeout: time.Hour, Backoff: time.Minute})
		return err
	})
	if !stopped || err != nil || time.Since(begin) > 10*time.Second {
		t.Errorf("stopped %v, %v after %v", stopped, err, time.Since(begin))
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
