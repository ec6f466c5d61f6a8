// Package evaluator runs a private MySQL or MariaDB server of upstream's flavour on the trusted side, and asks it what only
// such a server can answer: what a CREATE TABLE means, what a column stores of a value, how a collation weighs a string.
// The server keeps nothing: its files lie in memory and go with it.
package evaluator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// Errors of this package. What the server itself objects to is a *wire.Error, unchanged.
var (
	// ErrOff says that the configuration has no evaluator.
	ErrOff = errors.New("the evaluator is off")
	// ErrUnavailable says that the private server died or could not be reached; it is being started again.
	ErrUnavailable = errors.New("the evaluator's server is gone and is being restarted; try again")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("the evaluator is closed")
)

// Config says which server to run, and how.
type Config struct {
	// Server is "auto" (the server of upstream's flavour that is installed), the path of a mariadbd or mysqld or of a
	// script that runs one, or "off".
	Server string
	// Socket, when not empty, is that of a server that already runs, which nobody else may use; User and Password log in.
	Socket, User, Password string
	// Dir is the folder, on a memory file system, in which the server gets a folder of its own; "" is DefaultDir.
	Dir string
	// Memory bounds what the server's caches and temporary tables take, and what rows are in workspaces, in bytes; 0 is
	// DefaultMemory.
	Memory int64
	// MaxPacket bounds a row of an answer, which is held in memory, in bytes; 0 is wire.DefaultLimit.
	MaxPacket int64
	// MariaDB and Version are upstream's flavour and version.
	MariaDB bool
	Version string
	// LowerCaseTableNames is upstream's lower_case_table_names.
	LowerCaseTableNames int
	// TimeZone is upstream's system time zone, as TZ names it; "" is UTC.
	TimeZone string
	// Logger gets starts, deaths and the server's own complaints; nil: nobody does.
	Logger *slog.Logger
}

// Defaults of Config.
const (
	DefaultDir    = "/dev/shm/tdeproxy"
	DefaultMemory = 512 << 20
)

// startTime bounds making the system tables and starting the server.
const startTime = 90 * time.Second

// Evaluator is the private server with its supervisor and its connections. It is safe for concurrent use.
type Evaluator struct {
	cfg  Config
	log  *slog.Logger
	off  bool
	bin  string
	home *home // nil with Config.Socket
	stop context.CancelFunc
	done chan struct{} // closed when the supervisor is

	mu      sync.Mutex
	server  *server       // nil while none is ready
	changed chan struct{} // closed and renewed when server changes
	closed  bool
	failed  error // why the last start failed
	idle    []*conn
	spaces  []*Workspace           // that wait for the next statement
	proofs  map[string]*proof      // of session variables, by name
	names   map[string]*sync.Mutex // one Describe at a time for each database

	ownVars  []Variable // the session of workspaces
	learn    sync.Mutex // one collation at a time
	weighers map[string]*Weigher
	zones    sync.Mutex         // one time zone at a time
	zoned    map[string]*server // by the name of a time zone: the last server that learned it

	taken    atomic.Int64   // bytes of rows in workspaces
	restarts atomic.Uint64  // of the server, after its death
	cleaning sync.WaitGroup // what goes on in the background
}

// Start finds, starts and checks the server. It returns when the server answers.
func Start(ctx context.Context, cfg Config) (*Evaluator, error) {
	e := &Evaluator{cfg: cfg, log: cfg.Logger, changed: make(chan struct{}), names: map[string]*sync.Mutex{}, proofs: map[string]*proof{}, weighers: map[string]*Weigher{}, zoned: map[string]*server{}}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.cfg.Dir == "" {
		e.cfg.Dir = DefaultDir
	}
	if e.cfg.Memory == 0 {
		e.cfg.Memory = DefaultMemory
	}
	if e.cfg.MaxPacket == 0 {
		e.cfg.MaxPacket = wire.DefaultLimit
	}
	e.ownVars = ownVariables(cfg.MariaDB)
	if cfg.Server == "off" && cfg.Socket == "" {
		e.off = true
		return e, nil
	}
	if cfg.Socket != "" {
		e.server = &server{socket: cfg.Socket, user: cfg.User, password: cfg.Password, exited: make(chan struct{})}
		return e, e.check(ctx)
	}
	var err error
	if e.bin, err = Locate(ctx, cfg.Server, cfg.MariaDB); err != nil {
		return nil, err
	}
	if e.home, err = openHome(e.cfg.Dir, e.cfg.MariaDB, e.log); err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	e.stop, e.done = stop, make(chan struct{})
	s, err := e.launch(ctx)
	if err != nil {
		close(e.done)
		return nil, errors.Join(err, e.Close())
	}
	e.publish(s)
	go e.supervise(life, s)
	if err := e.check(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// check compares the server's flavour and version with upstream's.
func (e *Evaluator) check(ctx context.Context) error {
	var version string
	err := e.with(ctx, func(c *conn) error {
		rows, err := c.query("SELECT VERSION()")
		if err == nil {
			version = rows.text(0, 0)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("evaluator: %w", err)
	}
	if mariaDB := strings.Contains(strings.ToLower(version), "mariadb"); mariaDB != e.cfg.MariaDB {
		return fmt.Errorf("evaluator: its server is %s, upstream is %s: both must be MySQL or both MariaDB", version, e.cfg.Version)
	}
	if e.cfg.Version != "" && release(version) != release(e.cfg.Version) {
		e.log.Warn("evaluator and upstream are of different releases; values that those treat differently may come out wrong",
			"evaluator", version, "upstream", e.cfg.Version)
	}
	return nil
}

// release is the first two numbers of a version.
func release(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// Close ends the server and removes its files.
func (e *Evaluator) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	idle, spaces := e.idle, e.spaces
	e.idle, e.spaces = nil, nil
	close(e.changed)
	e.changed = make(chan struct{})
	e.mu.Unlock()
	for _, c := range idle {
		_ = c.Conn.Close() // the server goes with it
	}
	for _, w := range spaces {
		w.close()
	}
	if e.home == nil {
		e.cleaning.Wait()
		return nil
	}
	e.stop()
	<-e.done
	e.cleaning.Wait()
	return e.home.remove()
}

// publish makes a server that answers the present one; nil: none does.
func (e *Evaluator) publish(s *server) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = s
	clear(e.proofs) // a new server knows no time zone that the one before was given
	if e.closed {
		return
	}
	close(e.changed)
	e.changed = make(chan struct{})
}

// supervise starts the server again whenever it dies.
func (e *Evaluator) supervise(ctx context.Context, s *server) {
	defer close(e.done)
	pause := time.Duration(0)
	for {
		if s != nil {
			select {
			case <-ctx.Done():
				s.kill()
				return
			case <-s.exited:
			}
			e.log.Error("the evaluator's server died; starting it again", "status", s.status())
			e.restarts.Add(1)
			e.publish(nil)
			s.kill()
			pause = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		var err error
		if s, err = e.launch(ctx); err != nil {
			s = nil
			pause = min(max(2*pause, 250*time.Millisecond), 30*time.Second)
			if ctx.Err() == nil {
				e.log.Error("the evaluator's server does not start", "error", err)
			}
			e.mu.Lock()
			e.failed = err
			e.mu.Unlock()
			continue
		}
		e.publish(s)
	}
}

// present waits for a server that answers.
func (e *Evaluator) present(ctx context.Context) (*server, error) {
	if e.off {
		return nil, ErrOff
	}
	for {
		e.mu.Lock()
		s, changed, closed := e.server, e.changed, e.closed
		e.mu.Unlock()
		switch {
		case closed:
			return nil, ErrClosed
		case s != nil && !s.dead():
			return s, nil
		case s != nil:
			// It died, and the supervisor has not noticed yet.
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		case <-changed:
		}
	}
}
