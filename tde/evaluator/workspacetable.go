package evaluator

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// workspacePrefix starts the names of private schemas; the connection's id and the schema's number follow.
const workspacePrefix = schema.Prefix + "w"

// privateSchema is a schema that stands for a database of the client's.
type privateSchema struct{ name, db string }

// loaded is a table of the workspace.
type loaded struct {
	key, name string // name is quoted, with its schema
	create    string // the logical definition that it was made of
	auto      uint64 // AUTO_INCREMENT of a twin
	inUse     bool   // this statement has loaded it
	checks    bool   // it may have a CHECK
	dirty     bool   // it has rows that no rollback takes away
	used      uint64 // the clock's time
}

func (w *Workspace) prefix() string { return fmt.Sprintf("%s%d_", workspacePrefix, w.id) }

// fold makes one of names that the server does not tell apart.
func (w *Workspace) fold(name string) string {
	if w.e.cfg.LowerCaseTableNames > 0 {
		return strings.ToLower(name)
	}
	return name
}

// Schema is the name, unquoted, of the private schema that stands for a database; it is made where it is not there yet.
func (w *Workspace) Schema(db string) (string, error) {
	key := w.fold(db)
	switch { // tables of queries are others
	case w.writes:
		key += "\x00"
	case w.parted:
		key += "\x01"
	}
	return w.schema(key, db)
}

// schema is the private schema of a key.
func (w *Workspace) schema(key, db string) (string, error) {
	if p := w.schemas[key]; p != nil {
		p.db = db // as this statement writes it
		return p.name, nil
	}
	if err := w.closeLoader(); err != nil {
		return "", err
	}
	p := &privateSchema{name: fmt.Sprintf("%s%d", w.prefix(), len(w.schemas)+1), db: db}
	w.commits()
	// A server that somebody else keeps may have one left of a connection of the same number.
	err := errors.Join(w.send("DROP DATABASE IF EXISTS `"+p.name+"`", sent{}), w.send("CREATE DATABASE `"+p.name+"`", sent{}), w.drain())
	if err != nil {
		w.unsure(err)
		return "", err
	}
	w.schemas[key] = p
	return p.name, nil
}

// unsure notes that nobody knows which of several statements has failed, and so what there is.
func (w *Workspace) unsure(err error) {
	if w.broken == nil {
		w.broken = err
	}
}

// commits notes that the next statement ends the transaction: what was loaded so far stays, and must be removed.
func (w *Workspace) commits() {
	if w.rows == 0 {
		return
	}
	w.rows = 0
	for _, t := range w.used {
		t.dirty = true
	}
}

// table finds or makes the table of a logical one.
func (w *Workspace) table(t *schema.Table) (*loaded, error) {
	db, err := w.Schema(t.DB)
	if err != nil {
		return nil, err
	}
	return w.place(t, db, func() (string, error) { return workspaceTable(t, db, w.e.cfg.MariaDB, w.writes, w.parted) })
}

// place finds or makes a table of private schema db.
func (w *Workspace) place(t *schema.Table, db string, define func() (string, error)) (*loaded, error) {
	key := db + "." + w.fold(t.Name)
	have := w.tables[key]
	w.clock++
	if have != nil && have.create == t.Create {
		have.used = w.clock
		return have, nil
	}
	definition, err := define()
	if err != nil {
		return nil, err
	}
	l := &loaded{key: key, name: schema.Quote(db) + "." + schema.Quote(t.Name), create: t.Create, checks: hasCheck(definition), used: w.clock}
	if err := w.own(); err != nil {
		return nil, err
	}
	w.commits()
	if have != nil {
		if have.inUse {
			return nil, fmt.Errorf("%w: table %s.%s changed within the statement; try again", errOwn, t.DB, t.Name)
		}
		delete(w.tables, key)
		if err := w.send("DROP TABLE "+have.name, sent{}); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.unview(key, l.name), w.send(definition, sent{}), w.drain()); err != nil {
		w.unsure(err)
		return nil, fmt.Errorf("making table %s.%s in the evaluator: %w", t.DB, t.Name, err)
	}
	w.tables[key] = l
	return l, nil
}

// Only drops the tables that earlier statements have left, but for some. It is called before anything is loaded.
func (w *Workspace) Only(tables []*schema.Table) error {
	stay := map[string]bool{}
	for _, t := range tables {
		db, err := w.Schema(t.DB)
		if err != nil {
			return err
		}
		stay[db+"."+w.fold(t.Name)] = true
	}
	var err error
	for key, t := range w.tables {
		if !stay[key] {
			delete(w.tables, key)
			err = errors.Join(err, w.send("DROP TABLE "+t.name, sent{}))
		}
	}
	if err = errors.Join(err, w.dropViews(), w.drain()); err != nil {
		w.unsure(err)
	}
	return err
}

// clean empties what was loaded, ends everything that belongs to the lend, and prepares the session for the next. The
// answers are read then, unless there is memory to be given back.
func (w *Workspace) clean() {
	var err error
	if w.conn.ResetSequence(); w.tainted {
		w.forget()
		clear(w.prepared)
		w.current = ""
		err = w.sendPacket(append(w.conn.Begin(), byte(wire.ComResetConnection)), sent{}) // rolls back
		err = errors.Join(err, w.own())
	} else {
		err = w.send("ROLLBACK", sent{})
	}
	w.tainted, w.rows, w.want = false, 0, wanted{}
	for _, f := range w.functions {
		f.called = false
	}
	wait := false
	for _, t := range w.used {
		if t.dirty {
			wait = true
			err = errors.Join(err, w.send("TRUNCATE TABLE "+t.name, sent{}))
		}
		t.inUse, t.dirty = false, false
	}
	w.used = w.used[:0]
	for len(w.tables) > maxWorkspaceTables {
		err = errors.Join(err, w.evict())
	}
	if len(w.views) > maxWorkspaceTables {
		err = errors.Join(err, w.dropViews())
	}
	if wait {
		err = errors.Join(err, w.drain())
	} else {
		err = errors.Join(err, w.flush())
	}
	if err != nil && w.broken == nil {
		w.broken = err
	}
}

func (w *Workspace) flush() error {
	if err := w.conn.Flush(); err != nil {
		return w.Broken(err)
	}
	return nil
}

// evict drops the table that was used longest ago.
func (w *Workspace) evict() error {
	var oldest *loaded
	for _, t := range w.tables {
		if oldest == nil || t.used < oldest.used {
			oldest = t
		}
	}
	delete(w.tables, oldest.key)
	return w.send("DROP TABLE "+oldest.name, sent{})
}
