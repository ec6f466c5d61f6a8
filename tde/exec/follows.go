package exec

import (
	"errors"
	"slices"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// What follows a change by foreign keys between sealed columns is done in the statement's transaction. Upstream has RESTRICT there, so
// that a key which rows point at changes with foreign_key_checks off; from then on whoever adds a row that points at the old key waits for
// this transaction, and then finds that it is gone. The rows that point at it follow with the checks on.

// followUpdates writes rows by write, and what follows.
func (r *replayRun) followUpdates(t *written, rows []*changedRow, write func() error) error {
	if len(t.Updates) == 0 || len(rows) == 0 {
		return write()
	}
	enforced, err := r.enforced()
	if err != nil {
		return err
	}
	if !enforced {
		return write()
	}
	if slices.ContainsFunc(rows, func(row *changedRow) bool { return !slices.Equal(row.keys, row.lockedRow.keys) }) {
		err = r.checks(false)
	}
	if err == nil {
		err = write()
	}
	if err == nil {
		err = r.checks(true)
	}
	for i := range t.Updates {
		for _, row := range rows {
			if err != nil {
				return err
			}
			err = r.followRow(t, &t.Updates[i], row.lockedRow, row.values)
		}
	}
	return err
}

// followRemovals makes NULL what points at rows that go.
func (r *replayRun) followRemovals(t *written, left []bool) error {
	if len(t.Removals) == 0 || !slices.Contains(left, false) {
		return nil
	}
	enforced, err := r.enforced()
	if err != nil || !enforced {
		return err
	}
	for i := range t.Removals {
		for n := range t.rows {
			if left[n] {
				continue
			}
			if err := r.followRow(t, &t.Removals[i], &t.rows[n], nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// enforced says whether the session looks at foreign keys at all.
func (r *replayRun) enforced() (bool, error) {
	_, row, err := r.queryRow("SELECT @@foreign_key_checks LIMIT 1")
	return err == nil && string(row[0]) == "1", err
}

// checks turns foreign_key_checks on or off for what comes.
func (r *replayRun) checks(on bool) error {
	if on != r.unchecked {
		return nil
	}
	sql := "SET SESSION foreign_key_checks = 1"
	if r.unchecked = !on; !on {
		sql, r.touched = "SET SESSION foreign_key_checks = 0", true
	}
	return r.add(&writing{sql: []byte(sql)})
}

// checked turns them on again after an error, whatever has been sent.
func (r *replayRun) checked(cause error) error {
	if cause == nil || !r.touched || isBroken(cause) {
		return cause
	}
	if _, err := r.session.exec("SET SESSION foreign_key_checks = 1"); isBroken(err) {
		return err
	}
	return cause
}

// followRow lets the rows that point at one follow it.
func (r *replayRun) followRow(t *written, f *plan.Follow, was *lockedRow, values map[*schema.Column][]byte) error {
	n := len(f.Refs)
	old, now, set := make([]string, n), make([][]byte, n), make([]bool, n)
	for i, c := range f.Refs {
		at := t.keyAt(t.Table.KeyColumn(&schema.Index{}, schema.IndexPart{Column: c.Name}))
		if at < 0 || was.keys[at] == "NULL" {
			return nil
		}
		old[i], now[i], set[i] = was.keys[at], values[c], f.Null || slices.Contains(t.Sets, c)
	}
	return r.followed(f, old, now, set)
}

// followed changes the rows that have the old tokens, and what points at these. The last of a chain is told to look at foreign keys.
func (r *replayRun) followed(f *plan.Follow, old []string, now [][]byte, set []bool) error {
	sql, sep := []byte("UPDATE "+quoteName(f.Child.DB)+"."+quoteName(f.Child.Name)+" SET "), ""
	for i, c := range f.Columns {
		if !set[i] {
			continue
		}
		v := now[i]
		if f.Null {
			v = nil
		}
		for _, a := range assignmentsOf(c) {
			lit, err := r.literal(f.Child, a, v)
			if err != nil {
				return err
			}
			sql, sep = append(append(sql, sep+quoteName(a.name)+" = "...), lit...), ", "
		}
	}
	for i := range f.Child.Columns { // a change that follows is no UPDATE to ON UPDATE CURRENT_TIMESTAMP
		if c := &f.Child.Columns[i]; c.OnUpdateNow && c.Storage == schema.StoredClear {
			sql = append(sql, sep+quoteName(c.Name)+" = "+quoteName(c.Name)...)
		}
	}
	sep = " WHERE "
	for i, c := range f.Columns {
		sql, sep = append(sql, sep+quoteName(c.TokenColumn())+" = "+old[i]...), " AND "
	}
	if err := r.checks(len(f.Next) == 0); err != nil {
		return err
	}
	if err := r.add(&writing{sql: sql, fail: func(err error) error { return followError(f, err) }}); err != nil {
		return err
	}
	if err := r.checks(true); err != nil {
		return err
	}
	for i := range f.Next {
		n := &f.Next[i]
		next := now
		if f.Null {
			next = make([][]byte, len(now))
		}
		if err := r.followed(n, old, next, []bool{true}); err != nil {
			return err
		}
	}
	return nil
}

func followError(f *plan.Follow, err error) error {
	var e *wire.Error
	if errors.As(err, &e) && e.Code == codeDuplicate {
		return notSupported("rows of table %s.%s that follow a foreign key would get a key that others have", f.Child.DB, f.Child.Name)
	}
	return err
}
