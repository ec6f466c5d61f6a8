package exec

import (
	"bytes"
	"cmp"
	"errors"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"maps"
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// temporary are a session's temporary tables. No other session sees them, nor does INFORMATION_SCHEMA: what is known of one
// is kept here alone, and goes with the session as the table does. They hide tables of their names.
type temporary struct {
	tables []*sealer
	base   *State // of the catalog, which shown was made of
	shown  *State // base with tables
}

// present is the schema as the session sees it.
func (x *Session) present() *State {
	now := x.catalog.State()
	if len(x.temporary.tables) == 0 {
		return now
	}
	if x.temporary.base != now {
		snapshot, sealers := now.Snapshot, maps.Clone(now.sealers)
		for _, s := range x.temporary.tables {
			snapshot = snapshot.With(s.table)
			sealers[s.table.ID] = s
		}
		x.temporary.base, x.temporary.shown = now, now.with(snapshot, sealers)
	}
	return x.temporary.shown
}

// keepTemporary adds a table, in the place of one of that name.
func (x *Session) keepTemporary(s *sealer) {
	x.setTemporary(append(x.temporaryBut(func(t *schema.Table) bool {
		return !x.sameTable(t, s.table.DB, s.table.Name)
	}), s))
}

// replaceTemporary puts a table that DDL has changed in the place of what it was.
func (x *Session) replaceTemporary(old *schema.Table, s *sealer) {
	x.setTemporary(append(x.temporaryBut(func(t *schema.Table) bool { return t != old }), s))
}

func (x *Session) sameTable(t *schema.Table, db, name string) bool {
	same := x.catalog.State().Snapshot.SameName
	return same(t.DB, db) && same(t.Name, name)
}

func (x *Session) temporaryBut(keep func(*schema.Table) bool) (out []*sealer) {
	for _, s := range x.temporary.tables {
		if keep(s.table) {
			out = append(out, s)
		}
	}
	return out
}

func (x *Session) setTemporary(tables []*sealer) { x.temporary = temporary{tables: tables} }

// droppedTemporary forgets the tables that a DROP names. After one that has failed it asks upstream which are gone; one of
// which that is not sure stays: values for it must not go to a plaintext table's plan.
func (x *Session) droppedTemporary(tables []*schema.Table, failed error) error {
	var lost error
	x.setTemporary(x.temporaryBut(func(t *schema.Table) bool {
		if !slices.Contains(tables, t) {
			return true
		}
		if failed == nil {
			return false
		}
		_, row, err := x.queryRow("SHOW CREATE TABLE " + quoteName(t.DB) + "." + quoteName(t.Name))
		if e, ok := errors.AsType[*wire.Error](err); ok {
			return e.Code != codeNoTable && e.Code != codeUnknownDatabase
		}
		lost = cmp.Or(lost, err)
		return len(row) < 2 || bytes.HasPrefix(row[1], []byte(createTemporary))
	}))
	return lost
}

// createTemporary begins what SHOW CREATE TABLE says of a temporary table.
const createTemporary = "CREATE TEMPORARY TABLE "

// shownTemporary makes SHOW CREATE TABLE say so: the twin is an ordinary table.
func shownTemporary(row [][]byte) bool {
	if rest, ok := bytes.CutPrefix(row[1], []byte("CREATE TABLE ")); ok {
		row[1] = append([]byte(createTemporary), rest...)
	}
	return true
}

// createdTemporary answers CREATE TEMPORARY TABLE.
func (x *Session) createdTemporary(p *plan.CreateTable, s *sealer, ok wire.OK, warnings []evaluator.Warning, more bool) error {
	if ok.Warnings > 0 && p.IfNotExists {
		there, err := x.warned(codeTableExists)
		if err != nil {
			return err
		}
		if there {
			return x.sendOK(ok, more)
		}
	}
	x.keepTemporary(s)
	return x.created(ok, warnings, more)
}

// codeTableExists is ER_TABLE_EXISTS_ERROR.
const codeTableExists = 1050

// warned says whether upstream has warned of the last statement with a code.
func (x *Session) warned(code uint16) (there bool, err error) {
	err = x.query("SHOW WARNINGS", func(row [][]byte) error {
		there = there || len(row) > 1 && string(row[1]) == strconv.Itoa(int(code))
		return nil
	})
	return there, err
}

// keepsRows refuses a CREATE TEMPORARY TABLE … SELECT in a transaction of the client's on MariaDB, where a ROLLBACK leaves the rows that
// it has stored, and would not those of the proxy's INSERT.
func (x *Session) keepsRows() error {
	own, err := x.needsTransaction()
	if err == nil && !own && x.catalog.mariaDB {
		err = notSupported("CREATE TEMPORARY TABLE … SELECT of an encrypted table within a transaction is not supported; " +
			"COMMIT before it, or use CREATE TEMPORARY TABLE and INSERT … SELECT")
	}
	return err
}

// storeTemporary makes the physical table and fills it. Who is killed before that is done has no table: it goes with the session.
func (m *making) storeTemporary() error {
	s, ddl, err := m.physical(m.table, &schema.Physical{})
	if err != nil {
		return err
	}
	m.name, m.sealer = m.table.Name, s
	if _, err := m.exec(ddl); err != nil {
		return err
	}
	if err := m.fill(); err != nil {
		var broken *wire.BrokenError
		if errors.As(err, &broken) {
			return err
		}
		_, drop := m.exec("DROP TEMPORARY TABLE IF EXISTS " + m.physicalName())
		return cmp.Or(drop, err)
	}
	m.keepTemporary(s)
	return nil
}
