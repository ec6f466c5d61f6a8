package harness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

const (
	startTimeout = 90 * time.Second
	stopTimeout  = 60 * time.Second
)

// ServerOptions choose how a private server runs. The zero value is a quiet
// server without logs.
type ServerOptions struct {
	Logs  bool     // general log, slow log of everything, row binlog with statements
	Extra []string // more mysqld options
	Dir   string   // parent of the server's directory; ScratchRoot when empty
	Pool  string   // innodb_buffer_pool_size; 128M when empty
}

// Server is a private server on a free loopback port; root has no password.
type Server struct {
	Flavour Flavour
	Address string // host:port
	Socket  string
	Dir     string // everything of this server
	DataDir string
	Certs   Certs // what the server presents

	process *process
	args    []string
	binary  string
}

// StartServer initialises a data directory and starts a server on it.
func StartServer(f Flavour, o ServerOptions) (*Server, error) {
	binary, err := f.Binary()
	if err != nil {
		return nil, err
	}
	dir, err := scratchDir(o.Dir, "tdeproxy-"+string(f)+"-")
	if err != nil {
		return nil, err
	}
	s := &Server{Flavour: f, Dir: dir, DataDir: filepath.Join(dir, "data"), Socket: filepath.Join(dir, "s.sock"), binary: binary}
	if err := s.prepare(o); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := s.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func scratchDir(parent, prefix string) (string, error) {
	if parent == "" {
		parent = ScratchRoot()
	}
	return os.MkdirTemp(parent, prefix)
}

func (s *Server) prepare(o ServerOptions) error {
	if err := s.initialise(); err != nil {
		return fmt.Errorf("initialising %s: %w", s.Flavour, err)
	}
	var err error
	if s.Certs, err = WriteCerts(filepath.Join(s.Dir, "tls")); err != nil {
		return err
	}
	port, err := FreePort()
	if err != nil {
		return err
	}
	s.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.args = s.arguments(o, port)
	return nil
}

// initialise makes the system tables; root gets no password. It is tried twice: on a busy machine a server sometimes gives up, and says why.
func (s *Server) initialise() error {
	first := s.initialiseOnce()
	if first == nil {
		return nil
	}
	if err := os.RemoveAll(s.DataDir); err != nil {
		return errors.Join(first, err)
	}
	if err := s.initialiseOnce(); err != nil {
		return errors.Join(first, err)
	}
	fmt.Fprintf(os.Stderr, "harness: initialising %s went well the second time only: %v\n", s.Flavour, first)
	return nil
}

func (s *Server) initialiseOnce() error {
	var cmd *exec.Cmd
	if s.Flavour == MySQL {
		cmd = exec.Command(s.binary, "--no-defaults", "--initialize-insecure", "--user="+userName(), "--datadir="+s.DataDir)
	} else {
		install, err := tool("mariadb-install-db")
		if err != nil {
			return err
		}
		cmd = exec.Command(install, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
			"--user="+userName(), "--datadir="+s.DataDir)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLines(string(out), 60))
	}
	return nil
}

func userName() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return os.Getenv("USER")
}

func (s *Server) arguments(o ServerOptions, port int) []string {
	pool := o.Pool
	if pool == "" {
		pool = "128M"
	}
	args := []string{
		"--no-defaults", "--user=" + userName(), "--datadir=" + s.DataDir, "--socket=" + s.Socket,
		"--pid-file=" + filepath.Join(s.Dir, "pid"), "--log-error=" + filepath.Join(s.DataDir, "error.log"),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--secure-file-priv=", "--local-infile=1",
		"--max-connections=4000", "--max-allowed-packet=256M", "--log-bin-trust-function-creators=1",
		"--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=" + pool, "--tmpdir=" + s.Dir,
		"--ssl-ca=" + s.Certs.CA, "--ssl-cert=" + s.Certs.Cert, "--ssl-key=" + s.Certs.Key,
	}
	if s.Flavour == MySQL {
		args = append(args, "--mysqlx=OFF", "--innodb-redo-log-capacity=64M")
	} else {
		args = append(args, "--innodb-log-file-size=64M")
	}
	if o.Logs {
		args = append(args, s.logArguments()...)
	} else if s.Flavour == MySQL {
		args = append(args, "--disable-log-bin")
	}
	return append(args, o.Extra...)
}

// logArguments turn on everything that writes statements or rows to disk.
func (s *Server) logArguments() []string {
	args := []string{
		"--general-log=1", "--general-log-file=" + filepath.Join(s.DataDir, "general.log"),
		"--slow-query-log=1", "--slow-query-log-file=" + filepath.Join(s.DataDir, "slow.log"),
		"--long-query-time=0", "--log-queries-not-using-indexes=1",
		"--log-bin=" + filepath.Join(s.DataDir, "binlog"), "--binlog-format=ROW", "--binlog-row-image=FULL", "--server-id=1",
	}
	if s.Flavour == MySQL {
		return append(args, "--binlog-rows-query-log-events=1")
	}
	return append(args, "--binlog-annotate-row-events=1", "--log-slow-admin-statements=1")
}

// Start runs the server on its data directory and waits until it answers.
func (s *Server) Start() error {
	p, err := startProcess(exec.Command(s.binary, s.args...), filepath.Join(s.Dir, "output.log"))
	if err != nil {
		return err
	}
	s.process = p
	err = waitFor(startTimeout, p, func() error {
		c, err := s.Connect(rawmysql.Config{Timeout: 5 * time.Second})
		if err != nil {
			return err
		}
		return c.Close()
	})
	if err != nil {
		p.kill()
		log, _ := os.ReadFile(filepath.Join(s.DataDir, "error.log"))
		return fmt.Errorf("starting %s: %w\n%s", s.Flavour, err, lastLines(string(log), 8))
	}
	return nil
}

// Connect dials the server with the raw client; Address is filled in.
func (s *Server) Connect(c rawmysql.Config) (*rawmysql.Conn, error) {
	c.Address = s.Address
	return rawmysql.Dial(c)
}

// Exec runs statements as root, each its own, on one connection.
func (s *Server) Exec(statements ...string) error {
	c, err := s.Connect(rawmysql.Config{})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, sql := range statements {
		if err := c.Exec(sql); err != nil {
			return fmt.Errorf("on %s: %.80s: %w", s.Flavour, sql, err)
		}
	}
	return nil
}

// Running says whether the server still lives.
func (s *Server) Running() bool { return s.process.running() }

// PID of the running server.
func (s *Server) PID() int { return s.process.cmd.Process.Pid }

// Stop shuts the server down, which flushes its pages; the data stay.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	_, err := s.process.stop(stopTimeout)
	s.process = nil
	return err
}

// Kill ends the server as kill -9 does; the data stay.
func (s *Server) Kill() {
	if s.process != nil {
		s.process.kill()
		s.process = nil
	}
}

// Remove kills the server and deletes its directory.
func (s *Server) Remove() {
	s.Kill()
	os.RemoveAll(s.Dir)
}

// Flush brings dirty pages and logs to the files, so that a scan sees them.
func (s *Server) Flush() error {
	c, err := s.Connect(rawmysql.Config{})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, sql := range []string{"SET GLOBAL innodb_max_dirty_pages_pct_lwm=0", "SET GLOBAL innodb_max_dirty_pages_pct=0", "FLUSH LOGS"} {
		if err := c.Exec(sql); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		r, err := c.Query("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
		if err != nil {
			return err
		}
		if len(r[0].Rows) == 1 && string(r[0].Rows[0][1]) == "0" {
			return nil
		}
	}
	return errors.New("dirty pages were not flushed in 30 s")
}

// ports counts up from a place of this process's own, below the ports that
// systems give to connections: what is free now stays so until it is used, and
// while a server restarts.
var ports atomic.Uint32

const firstPort, lastPort = 10000, 19999

// FreePort finds a loopback TCP port that nothing listens on, another one at
// each call.
func FreePort() (int, error) {
	ports.CompareAndSwap(0, firstPort+rand.Uint32N(lastPort-firstPort))
	for range lastPort - firstPort {
		port := firstPort + int(ports.Add(1)-firstPort)%(lastPort-firstPort+1)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d", firstPort, lastPort)
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
