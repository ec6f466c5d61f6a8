package evaluator

import (
	"bytes"
	"context"
	_ "embed" // bootstrap.sql
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// bootstrap makes the few system tables without which MariaDB has no time zones and no accounts. MySQL makes its own.
//
//go:embed bootstrap.sql
var bootstrap string

// server is one running server process, or with Config.Socket one of somebody else's.
type server struct {
	socket, user, password string
	pid                    int
	accounts               sync.Mutex
	account                string        // whom workspaces log in as; "": user
	exited                 chan struct{} // closed when the process is gone
	err                    error         // of the process, once exited
	output                 *tail
}

// dead says whether the process is gone.
func (s *server) dead() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// diesWithin says whether the process ends before a time is up.
func (s *server) diesWithin(ctx context.Context, d time.Duration) bool {
	select {
	case <-s.exited:
		return true
	case <-time.After(d):
	case <-ctx.Done():
	}
	return false
}

// status says how the process ended.
func (s *server) status() string {
	if s.err == nil {
		return "ended"
	}
	return s.err.Error()
}

// kill ends the process at once: it has nothing to save. A script that stands between goes with it.
func (s *server) kill() {
	if s.pid == 0 {
		return
	}
	_ = syscall.Kill(-s.pid, syscall.SIGKILL) // gone is what it shall be
	<-s.exited
}

// launch makes a new data directory, starts a server on it and waits until that answers.
func (e *Evaluator) launch(ctx context.Context) (*server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	dir, err := e.home.next()
	if err != nil {
		return nil, fmt.Errorf("evaluator: %w", err)
	}
	began := time.Now()
	if err := e.initialise(ctx, dir); err != nil {
		return nil, err
	}
	s, err := e.spawn(dir, e.options(dir), "")
	if err != nil {
		return nil, fmt.Errorf("evaluator: starting %s: %w", e.bin, err)
	}
	if err := s.answers(ctx); err != nil {
		s.kill()
		return nil, fmt.Errorf("evaluator: %s does not answer: %w: %s", e.bin, err, s.output)
	}
	e.log.Info("evaluator started", "server", e.bin, "pid", s.pid, "took", time.Since(began).Round(time.Millisecond))
	return s, nil
}

// initialise makes the system tables.
func (e *Evaluator) initialise(ctx context.Context, dir string) error {
	args, input := append(e.options(dir), "--initialize-insecure"), ""
	if e.cfg.MariaDB {
		args, input = append(e.options(dir), "--bootstrap"), bootstrap
	}
	s, err := e.spawn(dir, args, input)
	if err != nil {
		return fmt.Errorf("evaluator: starting %s: %w", e.bin, err)
	}
	select {
	case <-ctx.Done():
		s.kill()
		return fmt.Errorf("evaluator: %s makes no system tables: %w: %s", e.bin, ctx.Err(), s.output)
	case <-s.exited:
	}
	if s.err != nil {
		return fmt.Errorf("evaluator: %s makes no system tables: %w: %s", e.bin, s.err, s.output)
	}
	return nil
}

// spawn starts the server binary. The kernel kills it when the thread that started it ends, so that thread is kept for
// as long as the process lives.
func (e *Evaluator) spawn(dir string, args []string, input string) (*server, error) {
	cmd := exec.Command(e.bin, args...)
	cmd.Dir = dir
	cmd.Env = e.environment(dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	s := &server{socket: filepath.Join(dir, "s.sock"), user: "root", exited: make(chan struct{}), output: &tail{}}
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	}
	cmd.WaitDelay = time.Second
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			s.pid = cmd.Process.Pid
			noCore(s.pid)
		}
		started <- err
		if err == nil {
			s.err = cmd.Wait()
			close(s.exited)
		}
	}()
	return s, <-started
}

// environment is as small as can be: the server's own variables must not reach it.
func (e *Evaluator) environment(dir string) []string {
	zone := e.cfg.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	return inherited("TZ="+zone, "TMPDIR="+filepath.Join(dir, "tmp"), "LC_ALL=C")
}

// inherited adds to env what of the proxy's own environment a server needs to run.
func inherited(env ...string) []string {
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// noCore keeps memory out of core dumps, also of those that the kernel pipes to a program whatever the limit is.
func noCore(pid int) {
	_ = os.WriteFile(filepath.Join("/proc", strconv.Itoa(pid), "coredump_filter"), []byte("0"), 0o200) // best effort, beside --core-file=OFF
}

// answers waits until the server takes connections.
func (s *server) answers(ctx context.Context) error {
	pause := 5 * time.Millisecond
	for {
		c, err := s.connect(ctx)
		if err == nil {
			return c.Conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", ctx.Err(), err)
		case <-s.exited:
			return fmt.Errorf("it ended: %s", s.status())
		case <-time.After(pause):
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}

// tail keeps the end of what a process prints.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 4096

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > tailSize {
		t.buf = append([]byte(nil), t.buf[len(t.buf)-tailSize:]...)
	}
	return len(p), nil
}

// String is the last lines that look like errors, or the last of all.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(t.buf), []byte("\n"))
	var bad []string
	for _, l := range lines {
		if bytes.Contains(bytes.ToLower(l), []byte("error")) {
			bad = append(bad, string(l))
		}
	}
	if len(bad) == 0 {
		return string(lines[len(lines)-1])
	}
	return strings.Join(bad[max(0, len(bad)-3):], "; ")
}

var _ io.Writer = (*tail)(nil)
