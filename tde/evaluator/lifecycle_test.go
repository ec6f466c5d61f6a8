package evaluator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// version asks the server for something.
func version(e *Evaluator) error {
	return e.with(context.Background(), func(c *conn) error {
		_, err := c.query("SELECT VERSION()")
		return err
	})
}

func TestPrivate(t *testing.T) {
	eachAlone(t, func(t *testing.T, e *Evaluator) {
		for _, path := range files(t, e.cfg.Dir) {
			info, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Dir(path) == e.cfg.Dir && info.Mode().Perm() != 0o700 {
				t.Errorf("%s: mode %v", path, info.Mode())
			}
			for _, log := range []string{"binlog", "general", "slow", "-bin.", ".log.err", ".pem"} {
				if strings.Contains(filepath.Base(path), log) && !strings.HasSuffix(path, ".frm") && !strings.Contains(path, "/mysql/") && !strings.Contains(path, "/performance_schema/") {
					t.Errorf("there is a %s", path)
				}
			}
		}
		if n := listening(t, e.server.pid); n != "" {
			t.Errorf("the server listens: %s", n)
		}
		filter, err := os.ReadFile(fmt.Sprintf("/proc/%d/coredump_filter", e.server.pid))
		if err != nil || strings.Trim(string(filter), "0\n") != "" {
			t.Errorf("core dumps hold %q, %v", filter, err)
		}
		ask(t, e, func(c *conn) error {
			rows, err := c.query("SELECT @@log_bin, @@general_log, @@slow_query_log, @@performance_schema")
			if err == nil {
				for i := range 4 {
					if v := rows.text(0, i); v != "0" {
						t.Errorf("%s is %s", rows.Fields[i].Name, v)
					}
				}
			}
			if _, err := c.query("SELECT 1 INTO OUTFILE '/tmp/tdeproxy-evaluator-test'"); serverError(err) == nil {
				t.Error("the server writes files")
			}
			if _, err := c.query("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE x.y"); serverError(err) == nil {
				t.Error("the server asks for files")
			}
			if r, err := c.query("SELECT LOAD_FILE('/etc/hostname') IS NULL"); err == nil && r.text(0, 0) != "1" {
				t.Error("the server reads files")
			}
			return err
		})
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if left := files(t, e.cfg.Dir); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if err := version(e); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// listening gives the TCP sockets on which a process listens.
func listening(t *testing.T, pid int) string {
	t.Helper()
	own := map[string]bool{}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(fds) == 0 {
		t.Fatalf("no file descriptors of %d: %v", pid, err)
	}
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil {
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				own[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	var out []string
	for _, table := range []string{"tcp", "tcp6"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue // no IPv6
		}
		for _, line := range strings.Split(string(b), "\n") {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" && own[f[9]] {
				out = append(out, f[1])
			}
		}
	}
	return strings.Join(out, " ")
}

// TestPlaces sees that a client's CREATE TABLE writes nothing outside.
func TestPlaces(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		outside := memoryDir(t)
		for _, engine := range []string{"InnoDB", "MyISAM"} {
			_, err := e.Describe(context.Background(), ddl(e, "t", "CREATE TABLE t (a INT) ENGINE="+engine+" DATA DIRECTORY='"+outside+"' INDEX DIRECTORY='"+outside+"'"))
			t.Logf("%s: %v", engine, err)
			if left := files(t, outside); len(left) > 0 {
				t.Errorf("%s wrote %v", engine, left)
			}
		}
	})
}

func TestRestart(t *testing.T) {
	eachAlone(t, func(t *testing.T, e *Evaluator) {
		inFlight := make(chan error)
		go func() {
			inFlight <- e.with(context.Background(), func(c *conn) error {
				_, err := c.query("SELECT SLEEP(60)")
				return err
			})
		}()
		time.Sleep(100 * time.Millisecond)
		old := e.mustServer(t).pid
		if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := <-inFlight; !errors.Is(err, ErrUnavailable) {
			t.Errorf("in flight: %v", err)
		}
		began := time.Now()
		if err := version(e); err != nil {
			t.Fatalf("after a kill: %v", err)
		}
		t.Logf("served again after %v", time.Since(began).Round(time.Millisecond))
		if e.mustServer(t).pid == old {
			t.Error("the same process")
		}
		if dirs := files(t, e.home.dir); strings.Contains(strings.Join(dirs, " "), e.home.dir+"/1/") {
			t.Error("the dead server's files are there")
		}
	})
}

func (e *Evaluator) mustServer(t *testing.T) *server {
	t.Helper()
	s, err := e.present(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCancel(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := e.with(ctx, func(c *conn) error {
			_, err := c.query("SELECT SLEEP(60)")
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := version(e); err != nil {
			t.Error(err)
		}
	})
}

// TestProxyDies starts an evaluator in another process, kills that, and sees that nothing is left.
func TestProxyDies(t *testing.T) {
	if dir := os.Getenv("TDEPROXY_TEST_EVALUATOR_DIR"); dir != "" {
		cfg := testConfig(t, os.Getenv("TDEPROXY_TEST_EVALUATOR_MARIADB") != "")
		if err := os.Remove(cfg.Dir); err != nil { // this process is killed before it cleans up
			t.Fatal(err)
		}
		cfg.Dir = dir
		e, err := Start(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("pid %d\n", e.server.pid)
		select {}
	}
	for _, mariaDB := range []bool{true, false} {
		t.Run(flavourName(mariaDB), func(t *testing.T) {
			cfg := testConfig(t, mariaDB)
			cmd := exec.Command(os.Args[0], "-test.run=^TestProxyDies$", "-test.v")
			cmd.Env = append(os.Environ(), "TDEPROXY_TEST_EVALUATOR_DIR="+cfg.Dir)
			if mariaDB {
				cmd.Env = append(cmd.Env, "TDEPROXY_TEST_EVALUATOR_MARIADB=1")
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			pid := 0
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if n, err := fmt.Sscanf(lines.Text(), "pid %d", &pid); n == 1 && err == nil {
					break
				}
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed
			if pid == 0 {
				t.Fatal("it started no server")
			}
			for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the server outlives the proxy")
				}
			}
			stale := files(t, cfg.Dir)
			if len(stale) == 0 {
				t.Error("nothing stale to remove")
			}
			e, err := Start(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(stale[0]); err == nil {
				t.Errorf("%s is still there", stale[0])
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// alive says whether a process runs; one that nobody waits for does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(state, "Z")
}

func TestStartRefuses(t *testing.T) {
	ctx := context.Background()
	open := memoryDir(t)
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(memoryDir(t), "link")
	if err := os.Symlink(memoryDir(t), link); err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t, true)
	for want, change := range map[string]func(*Config){
		"0700":            func(c *Config) { c.Dir = open },
		"not a folder":    func(c *Config) { c.Dir = link },
		"too long":        func(c *Config) { c.Dir = filepath.Join(c.Dir, strings.Repeat("x", 100)) },
		"but upstream is": func(c *Config) { c.Server, _ = Locate(ctx, "auto", true); c.MariaDB = false },
		"does not run":    func(c *Config) { c.Server = "/bin/false" },
		"gives no":        func(c *Config) { c.Server = "/bin/echo" },
	} {
		c := cfg
		change(&c)
		e, err := Start(ctx, c)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", want, err)
		}
		if e != nil {
			t.Errorf("%s: it started", want)
		}
	}
	if _, err := Locate(ctx, "auto", false); err != nil && !strings.Contains(err.Error(), "install Debian's mysql-server-core") {
		t.Error(err)
	}
	if left := files(t, cfg.Dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestOff(t *testing.T) {
	ctx := context.Background()
	e, err := Start(ctx, Config{Server: "off"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Describe(ctx, DDL{}); !errors.Is(err, ErrOff) {
		t.Error(err)
	}
	if _, err := e.Weigher(ctx, "utf8mb4", "utf8mb4_general_ci"); !errors.Is(err, ErrOff) {
		t.Error(err)
	}
	w, err := e.Weigher(ctx, "utf8mb4", "utf8mb4_bin")
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := w.Append(nil, []byte("a  ")); !ok || string(b) != "a" {
		t.Errorf("%q %t", b, ok)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestSocket uses a server that already runs.
func TestSocket(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		cfg := e.cfg
		cfg.Socket, cfg.User, cfg.Server = e.server.socket, "root", "auto"
		other, err := Start(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := version(other); err != nil {
			t.Error(err)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
		if err := version(e); err != nil {
			t.Errorf("closing ended a server that it did not start: %v", err)
		}
	})
}
