// Package audit writes the audit log: a file to which records are appended, one JSON object a line, each by one write. The
// file is never cut or rewritten here. A record that cannot be written is an error for whoever asked, every time. Records are a
// chain: each has a number and the hash of the one before, so that Verify sees what was removed, altered or moved.
package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Table is a protected table that a statement touches.
type Table struct {
	Database string `json:"database"`
	Table    string `json:"table"`
	// Columns are the protected ones that the statement names or reads; nil where the statement was refused before that was
	// known, or where it is about the table as a whole.
	Columns []string `json:"columns,omitempty"`
}

// Event says what a record is about.
type Event string

// Events. Refused and Failed say that nothing of the statement reached a table, or that it ended in an error.
const (
	Allowed Event = "allowed" // is about to run
	Refused Event = "refused" // by the proxy
	Failed  Event = "failed"  // ran, and ended in an error
)

// Record is one line. It has no place for a value of a statement.
type Record struct {
	Seq        uint64    `json:"seq"`            // set by Write
	Prev       string    `json:"prev,omitempty"` // set by Write: the hash of the line before
	Time       time.Time `json:"time"`
	Event      Event     `json:"event"`
	Connection uint32    `json:"connection"`
	User       string    `json:"user"`
	Client     string    `json:"client"`             // the client's address
	Database   string    `json:"database,omitempty"` // the current one
	Statement  string    `json:"statement,omitempty"`
	Plan       string    `json:"plan,omitempty"`
	Prepared   bool      `json:"prepared,omitempty"`
	Tables     []Table   `json:"tables,omitempty"`
	Reason     string    `json:"reason,omitempty"` // of a refusal
	Error      uint16    `json:"error,omitempty"`  // MySQL's number
}

// Log is an open audit log. It is safe for concurrent use.
type Log struct {
	path string

	mu   sync.Mutex
	file *os.File // nil after a failure, until it can be opened again
	head *os.File // says which record is the last; nil where the path leads to no regular file
	done bool     // closed
	torn bool     // the last write may have left part of a line
	last Link
	gap  string // what was wrong with the file's end at the start

	written, failures atomic.Uint64
	failing           atomic.Bool
}

// Open opens the file at path for appending, and makes it with mode 0600 where there is none, and its folder.
func Open(path string) (*Log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("folder of the audit log: %w", err)
	}
	l := &Log{path: path}
	if err := l.open(); err != nil {
		return nil, err
	}
	if err := l.resume(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// open opens the file, and its head unless that is open. What goes to a pipe or to standard output has none: it lies elsewhere.
func (l *Log) open() error {
	if l.done {
		return errors.New("it is closed")
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the audit log: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && l.head == nil {
		l.head, err = os.OpenFile(l.path+headSuffix, os.O_CREATE|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("opening the audit log's head: %w", err), f.Close())
	}
	l.file = f
	return nil
}

// Write appends a record, which gets its place in the chain. With an error the record is not in the file, or not whole; the next
// one begins a line of its own.
func (l *Log) Write(r *Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Seq, r.Prev = l.last.Seq+1, l.last.Hash
	line, err := json.Marshal(r)
	if err == nil {
		err = l.append(r.Seq, line)
	}
	l.failing.Store(err != nil)
	if err != nil {
		l.failures.Add(1)
		return fmt.Errorf("writing the audit log: %w", err)
	}
	l.written.Add(1)
	return nil
}

func (l *Log) append(seq uint64, line []byte) error {
	if l.file == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	text := append(line, '\n')
	if l.torn {
		text = append([]byte{'\n'}, text...)
	}
	n, err := l.file.Write(text)
	if n >= len(text)-1 {
		l.last = linkOf(seq, line) // the line stands there, be it without its end
	}
	if err != nil {
		l.torn = l.torn || n > 0
		return errors.Join(err, l.close())
	}
	l.torn = false
	if l.head == nil {
		return nil
	}
	return l.writeHead()
}

// Reopen goes on in the file that is at the path now, after another program has moved the old one away.
func (l *Log) Reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.file
	if err := l.open(); err != nil {
		return err // the old one stays in use
	}
	l.torn = false
	if old != nil {
		return old.Close()
	}
	return nil
}

func (l *Log) close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

// Close has what was written reach the disk, and closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	var synced, ended error
	if l.head != nil {
		if l.file != nil {
			synced = l.file.Sync() // which pipes do not take
		}
		ended = l.head.Close()
		l.head = nil
	}
	return errors.Join(synced, l.close(), ended)
}

// Status says how many records were written and how many could not be, and whether the last one could not.
func (l *Log) Status() (written, failures uint64, failing bool) {
	return l.written.Load(), l.failures.Load(), l.failing.Load()
}
