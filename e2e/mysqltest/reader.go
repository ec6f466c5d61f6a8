// Package mysqltest reads the servers' own regression tests: SQL statements
// mixed with the commands of the mysqltest program (variables, loops, several
// connections). What cannot be carried out here is skipped and counted.
package mysqltest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Op is what a step does.
type Op int

// The operations.
const (
	Statement Op = iota
	Connect
	Disconnect
)

// Step is one thing to do on a connection.
type Step struct {
	Op      Op
	Place   string // file:line
	Conn    string // the connection's name; "default" is there from the start
	SQL     string
	Fails   bool   // the test expects an error
	Sorted  bool   // the test sorts the rows before it looks at them
	Login   Login  // of Connect
	Command string // for messages
}

// Login is what a connect command says; empty fields are defaults.
type Login struct{ User, Password, Database string }

// Answer is a result set that the test itself asked for.
type Answer struct {
	Columns []string
	Rows    [][][]byte
}

// ErrStop ends a file early without being an error of it.
var ErrStop = errors.New("end of the file")

// Reader carries out one test file.
type Reader struct {
	// Do is called for each step, in order. ErrStop ends the file.
	Do func(Step) error
	// Ask answers a query whose result the test keeps in a variable or decides by. Nil, or false, makes the
	// variable unknown: what depends on it is skipped.
	Ask func(Step) (Answer, bool)
	// Skipped counts what was not carried out, by reason.
	Skipped map[string]int

	vars map[string]string
	conn string
	fail bool // an error is expected of the next statement
	sort bool
	dead int  // depth of blocks that are not carried out
	mute bool // in such a block that mysqltest would not carry out either
	off  bool // after disable_parsing
}

// The reasons for skipping.
const (
	skipUnknown = "needs what only the test's own runner knows"
	skipAsync   = "sends without waiting for the answer"
	skipOff     = "switched off in the test"
)

// waits is a file that asks until the server has noticed the end of a connection, which is not needed here.
const waits = "wait_until_disconnected.inc"

// maxDepth of files that read files.
const maxDepth = 12

// Run reads a file and carries it out.
func (r *Reader) Run(path string) error {
	r.Skipped, r.vars, r.conn = map[string]int{}, map[string]string{}, "default"
	err := r.file(path, 0)
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

func (r *Reader) file(path string, depth int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading a test: %w", err)
	}
	c := &cursor{text: string(text), delim: ";", line: 1, path: path, depth: depth}
	return r.commands(c)
}

// source carries out another file, which is looked for in the folder of this one and those above it.
func (r *Reader) source(c *cursor, arg string) error {
	if !r.live() {
		return nil
	}
	name, known := r.expand(arg)
	if filepath.Base(name) == waits {
		return nil
	}
	if !known || c.depth == maxDepth {
		r.skip(skipUnknown)
		return nil
	}
	for dir := filepath.Dir(c.path); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return r.file(path, c.depth+1)
		}
		if dir == filepath.Dir(dir) {
			r.skip(skipUnknown)
			return nil
		}
	}
}

func (r *Reader) live() bool { return r.dead == 0 && !r.off }

// skip counts one statement that is not carried out.
func (r *Reader) skip(reason string) {
	r.fail, r.sort = false, false
	switch {
	case r.off:
		r.Skipped[skipOff]++
	case !r.mute:
		r.Skipped[reason]++
	}
}

// do hands a step on, with what the commands before it said of it.
func (r *Reader) do(s Step) error {
	s.Conn, s.Fails, s.Sorted = r.conn, r.fail, r.sort
	r.fail, r.sort = false, false
	return r.Do(s)
}

func (r *Reader) statement(c *cursor, sql string, line int) error {
	switch {
	case sql == "":
		return nil
	case !r.live():
		r.skip(skipUnknown)
		return nil
	}
	return r.do(Step{Place: c.place(line), SQL: sql})
}
