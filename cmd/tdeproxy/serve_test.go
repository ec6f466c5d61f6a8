package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
)

// served is a running proxy.
type served struct {
	t       *testing.T
	cmd     *exec.Cmd
	dir     string
	address string
	admin   string
	logs    chan map[string]any
	early   []map[string]any // logged before the start was over, and not asked for yet
	done    chan error
}

// start runs serve in dir on free ports and waits until it tells systemd that it is ready.
func start(t *testing.T, dir, upstream, more string) *served {
	t.Helper()
	if upstream == "" {
		for _, upstream = range testServers(t) {
			break
		}
	}
	text := fmt.Sprintf("[listen]\naddress = \"127.0.0.1:0\"\ndrain_timeout = \"20s\"\n[upstream]\naddress = %q\nuser = \"root\"\n[evaluator]\nserver = \"off\"\n[admin]\naddress = \"127.0.0.1:0\"\n%s", upstream, more)
	if err := os.WriteFile(filepath.Join(dir, "tdeproxy.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	s := &served{t: t, dir: dir, cmd: program(dir, "serve", "-c", "tdeproxy.toml"), logs: make(chan map[string]any, 1000), done: make(chan error, 1)}
	s.cmd.Env = append(s.cmd.Env, "NOTIFY_SOCKET="+socket)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read(stderr)
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.done
	})
	buffer := make([]byte, 100)
	systemd.SetReadDeadline(time.Now().Add(30 * time.Second))
	if n, err := systemd.Read(buffer); err != nil || string(buffer[:n]) != "READY=1" {
		t.Fatalf("notified %q, %v", buffer[:n], err)
	}
	var passed []map[string]any
	for _, m := range []struct {
		msg     string
		address *string
	}{{"admin listening", &s.admin}, {"listening", &s.address}} {
		record, before := s.next(m.msg)
		*m.address = record["address"].(string)
		passed = append(passed, before...)
	}
	s.early = passed
	return s
}

// read collects the log, each line of which is JSON, and then waits for the program's end.
func (s *served) read(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		record := map[string]any{}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			s.t.Errorf("not JSON: %s", lines.Text())
		}
		s.logs <- record
	}
	s.done <- s.cmd.Wait()
	close(s.done)
}

// log waits for a message, or finds it among those of the start.
func (s *served) log(msg string) map[string]any {
	s.t.Helper()
	for i, record := range s.early {
		if record["msg"] == msg {
			s.early = append(s.early[:i], s.early[i+1:]...)
			return record
		}
	}
	record, _ := s.next(msg)
	return record
}

// next waits for a message, and gives those that came before it, too.
func (s *served) next(msg string) (record map[string]any, before []map[string]any) {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case record := <-s.logs:
			if record["msg"] == msg {
				return record, before
			}
			before = append(before, record)
		case <-deadline:
			s.t.Fatalf("no log message %q", msg)
		}
	}
}

func (s *served) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the end with exit code 0.
func (s *served) ends(within time.Duration) {
	s.t.Helper()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("ended with %v", err)
		}
	case <-time.After(within):
		s.t.Errorf("still running after %v", within)
	}
}

// get asks the admin listener.
func (s *served) get(path string) (int, string) {
	s.t.Helper()
	r, err := http.Get("http://" + s.admin + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

func TestServeFirstStart(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "", "")
	files := tree(t, dir)
	for _, name := range []string{"var/master.key", "var/keyring.json", "var/certs/ca-key.pem", "var/certs/server-key.pem"} {
		if !strings.HasPrefix(files[name], "-rw------- ") {
			t.Errorf("%s: %.10q, want mode 0600", name, files[name])
		}
	}
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ok", "/metrics": "\ntdeproxy_connections 0\n",
	} {
		if code, body := s.get(path); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if _, body := s.get("/metrics"); !strings.Contains(body, "tdeproxy_certificate_not_after_seconds ") || !strings.Contains(body, "process_open_fds ") {
		t.Errorf("/metrics: %s", body)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", s.cmd.Process.Pid))
	if err != nil || !regexp.MustCompile(`Max core file size +0 +0 `).Match(limits) {
		t.Errorf("core dumps are possible: %v %s", err, limits)
	}
	s.signal(syscall.SIGTERM)
	s.ends(10 * time.Second)
	s = start(t, dir, "", "")
	before := files
	files = tree(t, dir)
	delete(before, "tdeproxy.toml")
	delete(files, "tdeproxy.toml")
	same(t, "a second start", before, files)
	s.signal(syscall.SIGINT)
	s.ends(10 * time.Second)
}

func TestServeReloads(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "", "")
	s.signal(syscall.SIGHUP)
	if record := s.log("certificates reloaded"); record["generation"] != 2.0 {
		t.Errorf("reloaded: %v", record)
	}
	if err := os.Remove(filepath.Join(dir, "var/certs/server-key.pem")); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
	record := s.log("certificates not reloaded, the old ones stay")
	if why, _ := record["error"].(string); !strings.Contains(why, "server-key.pem") {
		t.Errorf("not reloaded: %v", record)
	}
	_, body := s.get("/metrics")
	for _, want := range []string{
		"generation 2", `reloads_total{result="ok"} 1`, `reloads_total{result="failed"} 1`, "files_unusable 1",
	} {
		if !strings.Contains(body, "\ntdeproxy_certificate_"+want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

// New files are taken into use without being asked.
func TestServeWatchesFiles(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "", "")
	other := t.TempDir()
	must(t, other, "init", "-c", "tdeproxy.toml")
	for _, name := range []string{"ca.pem", "server-cert.pem", "server-key.pem"} {
		if err := os.Rename(filepath.Join(other, "var/certs", name), filepath.Join(dir, "var/certs", name)); err != nil {
			t.Fatal(err)
		}
	}
	if record := s.log("certificates reloaded"); record["generation"] != 2.0 || record["cause"] != "files changed" {
		t.Errorf("reloaded: %v", record)
	}
	s.signal(syscall.SIGTERM)
	s.ends(10 * time.Second)
}

// Without upstream a start waits, alive but not ready, and a signal ends it.
func TestServeWaitsForUpstream(t *testing.T) {
	dir := t.TempDir()
	text := "[listen]\naddress = \"127.0.0.1:0\"\n[upstream]\naddress = \"127.0.0.1:1\"\n[admin]\naddress = \"127.0.0.1:0\"\n"
	if err := os.WriteFile(filepath.Join(dir, "tdeproxy.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, dir: dir, cmd: program(dir, "serve", "-c", "tdeproxy.toml"), logs: make(chan map[string]any, 1000), done: make(chan error, 1)}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read(stderr)
	s.admin = s.log("admin listening")["address"].(string)
	s.log("waiting for upstream")
	if code, _ := s.get("/healthz"); code != 200 {
		t.Errorf("/healthz: %d", code)
	}
	if code, _ := s.get("/readyz"); code != 503 {
		t.Errorf("/readyz: %d, want 503", code)
	}
	s.signal(syscall.SIGTERM)
	s.ends(10 * time.Second)
}

// An address that is in use is one line and exit code 1.
func TestServeAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, section := range []string{"listen", "admin"} {
		dir := t.TempDir()
		other := map[string]string{"listen": "admin", "admin": "listen"}[section]
		text := fmt.Sprintf("[%s]\naddress = %q\n[%s]\naddress = \"127.0.0.1:0\"\n", section, taken.Addr(), other)
		if err := os.WriteFile(filepath.Join(dir, "t.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := tdeproxy(t, dir, "serve", "-c", "t.toml")
		r.stderr = withoutLogs(r.stderr)
		if r.code != 1 || !strings.Contains(r.stderr, section+".address: listen tcp") {
			t.Errorf("%s: exit %d, %s", section, r.code, r.stderr)
		}
		oneClearLine(t, r)
	}
}

// testServers are the addresses of the scratch servers; make test starts them.
func testServers(t *testing.T) map[string]string {
	t.Helper()
	servers := map[string]string{}
	for _, name := range []string{"TDEPROXY_TEST_MARIADB", "TDEPROXY_TEST_MYSQL"} {
		if address := os.Getenv(name); address != "" {
			servers[name] = address
		} else if os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "" {
			t.Fatalf("%s is not set", name)
		}
	}
	if len(servers) == 0 {
		t.Skip("no scratch servers; make test starts them")
	}
	return servers
}

// within fails with complaint when is does not become true in time: a drain is logged before it begins.
func within(t *testing.T, limit time.Duration, complaint string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Error(complaint)
			return
		}
	}
}

// A client in a transaction keeps a drain waiting, and can end it; idle ones go at once.
func TestDrain(t *testing.T) {
	for name, upstream := range testServers(t) {
		t.Run(name, func(t *testing.T) {
			s := start(t, t.TempDir(), upstream, "")
			db, err := sql.Open("mysql", "root@tcp("+s.address+")/?tls=skip-verify")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			ctx := context.Background()
			idle, err := db.Conn(ctx)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			s.signal(syscall.SIGTERM)
			s.log("draining")
			if code, _ := s.get("/readyz"); code != http.StatusServiceUnavailable {
				t.Errorf("/readyz says %d in a drain", code)
			}
			var one int
			if err := tx.QueryRow("SELECT 1").Scan(&one); err != nil || one != 1 {
				t.Errorf("in the transaction: %v", err)
			}
			within(t, 20*time.Second, "the idle client is still there", func() bool { return idle.PingContext(ctx) != nil })
			within(t, 20*time.Second, "new clients are still accepted", func() bool {
				c, err := net.DialTimeout("tcp", s.address, time.Second)
				if err == nil {
					c.Close()
				}
				return err != nil
			})
			if err := tx.Commit(); err != nil {
				t.Errorf("commit: %v", err)
			}
			s.ends(10 * time.Second)
		})
	}
}

// A second signal does not wait for transactions.
func TestSecondSignal(t *testing.T) {
	for name, upstream := range testServers(t) {
		t.Run(name, func(t *testing.T) {
			s := start(t, t.TempDir(), upstream, "")
			db, err := sql.Open("mysql", "root@tcp("+s.address+")/")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Begin(); err != nil {
				t.Fatal(err)
			}
			s.signal(syscall.SIGTERM)
			s.log("draining")
			s.signal(syscall.SIGTERM)
			s.ends(20 * time.Second)
		})
	}
}
