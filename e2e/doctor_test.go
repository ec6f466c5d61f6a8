package e2e_test

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// The doctor finds nothing where all is well, and says of each fault what and where it is.
func TestDoctor(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		o := observe(t, f, "doctor", map[string]string{"evaluator.dir": `"/dev/shm/tdeproxy-doctor"`})
		run(t, o.connect(t, 0), "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60), note TEXT, UNIQUE KEY (email))",
			"INSERT INTO people (email, note) VALUES ('a@example.com', 'kanarienvogel'), ('b@example.com', NULL)")
		examine := func(what string, code int, wants ...string) {
			t.Helper()
			out, got, err := o.proxy.Run("doctor", "-c", o.proxy.Config)
			if got != code {
				t.Errorf("%s: exit %d, want %d (%v)\n%s", what, got, code, err, out)
			}
			for _, want := range append(wants, "ok    upstream ") {
				if !strings.Contains(out, want) {
					t.Errorf("%s: the doctor does not say %q:\n%s", what, want, out)
				}
			}
			if strings.Contains(out, "kanarienvogel") {
				t.Errorf("%s: the doctor prints a value", what)
			}
		}
		examine("a healthy proxy", 0, "ok    tables       1 encrypted tables are as their metadata says; 3 cells", "ok    keyring", "ok    clock", "ok    certificate")
		direct, err := rawmysql.Dial(rawmysql.Config{Address: plainServer(t, f).Address, User: "root", Database: o.database})
		must(t, err)
		defer direct.Close()
		verify := func(code int, want string) {
			t.Helper()
			if out, got, _ := o.proxy.Run("table", "verify", "-c", o.proxy.Config); got != code || !strings.Contains(out, want) {
				t.Errorf("table verify: exit %d, want %d\n%s", got, code, out)
			}
		}
		verify(0, "doctor.people")
		run(t, direct, "UPDATE people SET note = CONCAT(LEFT(note, LENGTH(note) - 1), '!') WHERE id = 1")
		examine("an altered cell", 1, "FAIL  tables       doctor.people: 1 values of column note do not open")
		verify(1, "1 values of column note do not open")
		run(t, direct, "ALTER TABLE people ADD COLUMN sneaked INT")
		examine("a column that was added past the proxy", 1, "FAIL  tables       doctor.people: column sneaked is not of the table's metadata")
		for what, c := range map[string]struct{ key, value, want string }{
			"a wrong account": {"user = ", `user = "nobody"`, "correct upstream.user and upstream.password"},
			"no server":       {"address = \"" + plainServer(t, f).Address, `address = "127.0.0.1:1"`, "start the server, or correct upstream.address"},
			"no evaluator":    {"server = ", `server = "off"`, "warn  evaluator    it is off"},
		} {
			examineOther(t, o, what, c.key, c.value, c.want)
		}
		must(t, os.Rename(o.proxy.Dir+"/master.key", o.proxy.Dir+"/lost.key"))
		examine("a lost master key", 1, "FAIL  keyring")
	})
}

// examineOther has the doctor look at a configuration in which one line is another.
func examineOther(t *testing.T, o *observed, what, key, value, want string) {
	t.Helper()
	text, err := os.ReadFile(o.proxy.Config)
	must(t, err)
	lines, found := strings.Split(string(text), "\n"), false
	for i, l := range lines {
		if strings.HasPrefix(l, key) {
			lines[i], found = value, true
		}
	}
	if !found {
		t.Fatalf("no line of the configuration begins with %s\n%s", key, text)
	}
	path := o.proxy.Config + ".other"
	must(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	if out, _, _ := o.proxy.Run("doctor", "-c", path); !strings.Contains(out, want) {
		t.Errorf("%s: the doctor does not say %q:\n%s", what, want, out)
	}
}

// A socket that is held open outlives the proxy: clients that connect while it is restarted wait and are served.
func TestSocketActivation(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		p, err := harness.NewProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: plainServer(t, f).Address, Flavour: f})
		must(t, err)
		t.Cleanup(p.Remove)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer listener.Close()
		file, err := listener.(*net.TCPListener).File()
		must(t, err)
		defer file.Close()
		start := func() *exec.Cmd {
			cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" serve -c "$1"`, proxyBinary(t), p.Config)
			cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES=clients")
			cmd.ExtraFiles = []*os.File{file}
			must(t, cmd.Start())
			return cmd
		}
		ask := func() error {
			db, err := sql.Open("mysql", fmt.Sprintf("root@tcp(%s)/?timeout=20s", listener.Addr()))
			if err != nil {
				return err
			}
			defer db.Close()
			var one int
			return db.QueryRow("SELECT 1").Scan(&one)
		}
		proxy := start()
		must(t, ask())
		for range 3 {
			must(t, proxy.Process.Signal(syscall.SIGTERM))
			must(t, proxy.Wait())
			const clients = 20
			asked := make(chan error, clients)
			for range clients {
				go func() { asked <- ask() }() // while there is no proxy
			}
			time.Sleep(200 * time.Millisecond)
			proxy = start()
			for range clients {
				if err := <-asked; err != nil {
					t.Errorf("a client that connected while the proxy was restarted: %v", err)
				}
			}
		}
		must(t, proxy.Process.Signal(syscall.SIGTERM))
		must(t, proxy.Wait())
	})
}
