package evaluator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// Bounds of what workspaces keep for the next statement.
const (
	maxIdleWorkspaces  = 64
	maxWorkspaceTables = 64
)

// Workspace is a connection of the private server with schemas of its own, lent to one statement at a time: rows are
// loaded into tables that have the logical ones' names and definitions, and the client's own statement runs there.
//
// What it sends is gathered and goes out with the statement, in one write; the answers are read in order. The methods
// report what the server objects to as a *wire.Error and the loss of the server as ErrUnavailable, with the statement
// that is sent next or before; after either only Release may be called. It is used by one goroutine at a time.
type Workspace struct {
	parted     bool   // the lend is of a statement that names partitions
	readWarned uint16 // of the last rows that were read
	e          *Evaluator
	server     *server
	conn       *wire.Conn
	infile     bool // LOAD DATA LOCAL is allowed
	caps       wire.Capability
	id         uint32 // of the connection
	ctx        context.Context
	stop       func() bool // ends the watch on ctx
	pending    []sent      // statements sent whose answers have not been read
	broken     error       // the connection is of no more use
	answer     bool        // the answer of a Command is due
	writes     bool        // the lend is of a statement that changes rows

	schemas map[string]*privateSchema // by folded name
	tables  map[string]*loaded        // by schema and folded table
	views   map[string]string         // their texts, by schema and folded name
	// functions are stored ones, by schema and name in lower case
	functions map[string]*heldFunction
	collation string    // of new schemas; "": not asked for yet
	clock     uint64    // counts uses of tables
	used      []*loaded // with rows, or about to have some
	current   string    // the current database's private name
	rows      int       // loaded since the last commit
	tainted   bool      // the lend may leave more behind than variables
	loader    *Loader
	bytes     int64 // counted by Evaluator.taken

	prepared map[string]*preparedText // by preparedKey

	have    map[string]string // session variables, in SQL, as far as known
	changes uint64            // of have
	want    wanted            // what Set was given
	last    lastSet
	target  []Variable // reused
	text    []byte     // reused
}

// sent is a statement whose answer is due.
type sent struct {
	done  func(wire.OK) error // nil: any OK will do
	vital bool                // after its failure the connection is not used again
}

// Workspace lends one. ctx is the statement's: when it ends, what runs in the workspace is killed.
func (e *Evaluator) Workspace(ctx context.Context) (*Workspace, error) {
	s, err := e.present(ctx)
	if err != nil {
		return nil, err
	}
	for {
		w := e.idleWorkspace()
		if w == nil {
			break
		}
		if w.server != s {
			_ = w.conn.NetConn().Close() // its server is dead
			continue
		}
		if w.lend(ctx); w.drain() == nil {
			return w, nil
		}
		w.Release()
	}
	w, err := e.dialWorkspace(ctx)
	if err != nil {
		return nil, err
	}
	w.lend(ctx)
	infile, err := w.value("SELECT @@GLOBAL.local_infile")
	if err := errors.Join(err, w.own(), w.drain()); err != nil {
		w.Release()
		return nil, err
	}
	w.infile = infile == "1"
	return w, nil
}

func (e *Evaluator) idleWorkspace() *Workspace {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.spaces)
	if n == 0 {
		return nil
	}
	w := e.spaces[n-1]
	e.spaces = e.spaces[:n-1]
	return w
}

func (w *Workspace) lend(ctx context.Context) {
	w.ctx = ctx
	w.stop = context.AfterFunc(ctx, w.kill)
}

// Conn is where a Command's answer is read. Its sequence number is ready for that.
func (w *Workspace) Conn() *wire.Conn { return w.conn }

// Capabilities are the connection's.
func (w *Workspace) Capabilities() wire.Capability { return w.caps }

// Query sends a statement as COM_QUERY under the session that Set has described, after all that was loaded.
func (w *Workspace) Query(sql []byte) error {
	w.tainted = w.tainted || leavesBehind(sql)
	return w.command(func(b []byte) []byte { return append(append(b, byte(wire.ComQuery)), sql...) })
}

// Command sends any command, as Query does: COM_STMT_EXECUTE, COM_STMT_FETCH and such. Release resets the session after it.
func (w *Workspace) Command(packet []byte) error {
	w.tainted = true
	return w.command(func(b []byte) []byte { return append(b, packet...) })
}

func (w *Workspace) command(appendTo func([]byte) []byte) error {
	if w.answer {
		return fmt.Errorf("%w: the answer before was not read", errOwn)
	}
	if err := errors.Join(w.closeLoader(), w.onlyCalled(), w.client()); err != nil {
		return err
	}
	w.conn.ResetSequence()
	if err := w.conn.End(appendTo(w.conn.Begin())); err != nil {
		return w.Broken(err)
	}
	w.answer = true
	if err := w.drain(); err != nil {
		// The command runs on what is not as it should be; nobody reads its answer.
		if w.broken == nil {
			w.broken = err
		}
		return err
	}
	return nil
}

// Answered says that the answer of the last Command was read to its end, or that it has none. Without, the connection
// is not used again.
func (w *Workspace) Answered() { w.answer = false }

// Broken gives an error of reading or writing Conn its meaning: that of the statement's context, ER_NET_PACKET_TOO_LARGE
// for a row past Config.MaxPacket, or ErrUnavailable. The connection is not used again.
func (w *Workspace) Broken(err error) error {
	switch {
	case w.ctx.Err() != nil:
		err = fmt.Errorf("asking the evaluator: %w", w.ctx.Err())
	case errors.Is(err, wire.ErrTooLarge):
		err = wire.NewError(wire.CodePacketTooLarge, "Got a packet bigger than 'max_allowed_packet' bytes")
	case !errors.Is(err, ErrUnavailable):
		err = fmt.Errorf("%w (%w)", ErrUnavailable, err)
	}
	if w.broken == nil {
		w.broken = err
	}
	return err
}

// Logical maps the names of private schemas in an error message or a column definition back to the databases they stand
// for. text is in a character set that extends ASCII; it is returned as it is where it has none.
func (w *Workspace) Logical(text []byte) []byte {
	prefix := w.prefix()
	s := string(text)
	if strings.Contains(s, ownName) {
		s = ownNames.ReplaceAllLiteralString(s, "") // which SHOW CREATE VIEW does not have
		text = []byte(s)
	}
	if !strings.Contains(s, prefix) {
		return text
	}
	var out []byte
	for {
		before, rest, found := strings.Cut(s, prefix)
		out = append(out, before...)
		if !found {
			return out
		}
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		name := prefix + rest[:n]
		for _, p := range w.schemas {
			if p.name == name {
				name = p.db
				break
			}
		}
		out, s = append(out, name...), rest[n:]
	}
}

// Release empties the tables and gives the connection back; a broken one is closed.
func (w *Workspace) Release() {
	if l := w.loader; l != nil { // its rows were not wanted
		w.loader = nil
		if l.stream && w.broken == nil {
			w.broken = fmt.Errorf("%w: the load was given up", errOwn)
		}
	}
	killed := !w.stop()
	if w.broken == nil && !killed && !w.answer {
		w.clean()
	}
	w.writes, w.parted = false, false
	w.e.taken.Add(-w.bytes)
	w.bytes = 0
	if w.broken != nil || killed || w.answer || !w.e.keep(w) {
		w.close()
	}
}

// keep puts a workspace where Workspace finds it.
func (e *Evaluator) keep(w *Workspace) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || w.server != e.server || len(e.spaces) >= maxIdleWorkspaces {
		return false
	}
	e.spaces = append(e.spaces, w)
	return true
}
