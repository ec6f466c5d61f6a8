package exec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Bounds of one statement that writes.
const (
	batchUpdates = 64
	batchDeletes = 256
	writeBytes   = 256 << 10
	scanUpdates  = 1024 // where upstream finds rows by reading all of them, each time
)

// writer sends a Replay's writes one after the other. The last one waits, so that it can share a round trip with the
// transaction's end.
type writer struct {
	session *Session
	begin   string // what begins the statement's own transaction, until it has
	own     bool
	end     string // what follows its end; "" is nothing
	sent    int
	pending *writing
}

// writing is one statement that writes.
type writing struct {
	sql   []byte
	rows  uint64              // that it must affect; 0: it may leave out some
	check bool                // fewer or more mean that rows were not told apart
	fail  func(e error) error // puts an error into the logical table's words; nil: it is
}

// writeSavepoint marks where a statement began that writes several times in the client's transaction.
const writeSavepoint = "`" + schema.Prefix + "statement`"

// open prepares the transaction. Under LOCK TABLES none may be begun, for that would unlock them.
func (w *writer) open(x *Session) (err error) {
	w.session = x
	if w.own, err = x.needsTransaction(); err != nil || !w.own {
		return err
	}
	w.begin = "START TRANSACTION"
	if x.tablesLocked {
		w.begin, w.end = "SET autocommit = 0", "SET autocommit = 1"
	}
	return nil
}

// add takes a statement to be sent after those before it.
func (w *writer) add(s *writing) error {
	if w.pending != nil {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.pending = s
	return nil
}

// flush sends the statement that waits.
func (w *writer) flush() error {
	s := w.pending
	w.pending = nil
	var ok wire.OK
	var err error
	if w.sent == 0 && !w.own {
		var mark error
		if _, mark = w.session.pair("SAVEPOINT "+writeSavepoint, s.sql); isBroken(mark) {
			return mark
		}
		if ok, err = w.session.readOK(); mark != nil {
			err = mark
		}
	} else {
		ok, err = w.session.exec(string(s.sql))
	}
	w.sent++
	return s.outcome(ok, err)
}

// outcome judges the answer to a statement that writes.
func (s *writing) outcome(ok wire.OK, err error) error {
	switch {
	case err != nil && s.fail != nil:
		return s.fail(err)
	case err == nil && s.check && ok.AffectedRows != s.rows:
		return notSupported("rows of this table cannot be told apart by what is stored of them; give the table a primary key")
	}
	return err
}

// close sends what waits, and ends the statement: for good, or undone where it has failed.
func (w *writer) close(cause error) error {
	x := w.session
	switch s := w.pending; {
	case cause != nil:
	case s == nil:
	case w.own && w.sent == 0 && !s.check:
		ok, err := x.pair(string(s.sql), []byte(commit))
		if isBroken(err) {
			return err
		}
		// Where the statement has failed, the COMMIT has nothing to commit.
		if _, end := x.readOK(); err == nil {
			err = end
		}
		return w.closed(s.outcome(ok, err))
	case !w.own && w.sent == 0 && !s.check:
		ok, err := x.exec(string(s.sql))
		return s.outcome(ok, err)
	default:
		cause = w.flush()
	}
	switch {
	case isBroken(cause):
		return cause
	case w.own && w.begin == "":
		return w.closed(x.finish(cause))
	case !w.own && cause != nil && w.sent > 0:
		// After a deadlock there is no such savepoint, and nothing to undo.
		if _, err := x.exec("ROLLBACK TO SAVEPOINT " + writeSavepoint); isBroken(err) {
			return err
		}
	}
	return cause
}

// closed restores what was set in place of a transaction.
func (w *writer) closed(cause error) error {
	if w.end == "" || isBroken(cause) {
		return cause
	}
	if _, err := w.session.exec(w.end); err != nil && cause == nil {
		return err
	}
	return cause
}

func isBroken(err error) bool {
	var broken *wire.BrokenError
	return errors.As(err, &broken)
}

// write sends what has become of a target's rows.
func (r *replayRun) write(t *written) error {
	before, waits := r.sent, r.pending
	if t.Deletes {
		if err := r.writeDeleted(t); err != nil {
			return err
		}
	}
	if t.Sets != nil {
		if err := r.writeChanged(t); err != nil {
			return err
		}
	}
	if r.sent > before || r.pending != waits {
		return nil
	}
	return r.add(&writing{sql: t.nothing(r.vars.SafeUpdates)})
}

// nothing is a statement that changes nothing, for upstream to say whether the client may. With sql_safe_updates MariaDB's DELETE wants a condition
// that is no constant.
func (t *written) nothing(safe bool) []byte {
	if t.Sets == nil && safe {
		c := quoteName(t.Table.Columns[0].Name)
		return []byte("DELETE FROM " + t.name() + " WHERE " + c + " IS NULL AND " + c + " IS NOT NULL LIMIT 1")
	}
	if t.Sets == nil {
		return []byte("DELETE FROM " + t.name() + " WHERE FALSE")
	}
	c := quoteName(t.Sets[0].Name)
	return []byte("UPDATE " + t.name() + " SET " + c + " = " + c + " WHERE FALSE")
}

func (t *written) name() string { return quoteName(t.Table.DB) + "." + quoteName(t.Table.Name) }

// writeDeleted deletes the rows that are gone.
func (r *replayRun) writeDeleted(t *written) error {
	left := make([]bool, len(t.rows))
	err := r.bench.Left(t.Table, func(n int) error {
		left[n] = true
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.followRemovals(t, left); err != nil {
		return err
	}
	var batch []*lockedRow
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		sql := []byte("DELETE FROM " + t.name() + " WHERE ")
		sql = r.limited(t, t.appendCondition(sql, batch), len(batch))
		s := &writing{sql: sql, rows: uint64(len(batch)), check: !t.keyed()}
		batch = batch[:0]
		return r.add(s)
	}
	for n := range t.rows {
		if left[n] {
			continue
		}
		batch = append(batch, &t.rows[n])
		if len(batch) >= batchDeletes || len(t.Identity) == 0 {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// limited ends a statement that writes n rows by what tells them apart, or one of several that are alike. sql_safe_updates, which the evaluator
// has obeyed, wants a LIMIT as well: upstream may read a small table rather than its index.
func (r *replayRun) limited(t *written, sql []byte, n int) []byte {
	switch {
	case len(t.Identity) == 0:
		return append(sql, " LIMIT 1"...)
	case r.vars.SafeUpdates:
		return fmt.Appendf(sql, " LIMIT %d", n)
	}
	return sql
}

// keyed says whether a unique key tells the rows apart.
func (t *written) keyed() bool {
	return len(t.Identity) > 0 && (len(t.Identity) > 1 || t.Table.Column(t.Identity[0].Name) == nil || !t.Identity[0].Binary)
}

// scanned says whether upstream finds the rows by reading the table: a cell has no index.
func (t *written) scanned() bool { return len(t.Identity) > 0 && !t.keyed() }

// lockedRow keeps what identifies a row, whose physical columns follow those of the fetch.
func (t *written) lockedRow(raw [][]byte) lockedRow {
	var c lockedRow
	physical := raw[len(t.fetch.Columns):]
	if len(t.Identity) == 0 {
		c.identity = t.appendAlike(nil, raw)
		c.cells = cloneCells(raw[:len(t.fetch.Columns)])
	}
	for i, id := range t.Identity {
		if len(t.Identity) > 1 {
			if i > 0 {
				c.identity = append(c.identity, " AND "...)
			}
			c.identity = append(append(c.identity, quoteName(id.Name)...), " = "...)
		}
		c.identity = appendPhysical(c.identity, id, physical[i])
	}
	for i, id := range t.Keys {
		c.keys = append(c.keys, string(appendPhysical(nil, id, physical[len(t.Identity)+i])))
	}
	return c
}

// appendAlike writes a condition that only rows with the same cells fulfil.
func (t *written) appendAlike(dst []byte, raw [][]byte) []byte {
	for i, c := range t.fetch.Columns {
		if i > 0 {
			dst = append(dst, " AND "...)
		}
		dst = append(append(dst, quoteName(c.Name)...), " <=> "...)
		dst = appendPhysical(dst, plan.Identity{Binary: c.Storage != schema.StoredClear}, raw[i])
	}
	return dst
}

// appendPhysical writes a token, a cell or a clear integer as a literal.
func appendPhysical(dst []byte, id plan.Identity, v []byte) []byte {
	switch {
	case v == nil:
		return append(dst, "NULL"...)
	case id.Binary:
		return append(hex.AppendEncode(append(dst, "x'"...), v), '\'')
	}
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return strconv.AppendInt(dst, n, 10)
	}
	u, _ := strconv.ParseUint(string(v), 10, 64) // upstream gave it as an integer
	return strconv.AppendUint(dst, u, 10)
}

// appendCondition writes which rows are meant, in a form that servers look up by index.
func (t *written) appendCondition(dst []byte, rows []*lockedRow) []byte {
	if len(t.Identity) == 1 {
		dst = append(append(dst, quoteName(t.Identity[0].Name)...), " IN ("...)
		for i, c := range rows {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(dst, c.identity...)
		}
		return append(dst, ')')
	}
	for i, c := range rows {
		if i > 0 {
			dst = append(dst, " OR "...)
		}
		dst = append(append(append(dst, '('), c.identity...), ')')
	}
	return dst
}

// duplicateChanged puts the values of a row in place of the tokens that a duplicate-key error names.
func (r *replayRun) duplicateChanged(t *written, rows []*changedRow, err error) error {
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != codeDuplicate {
		return err
	}
	entry, key, ix := violated(e, t.Table)
	if ix == nil {
		return err
	}
	for _, row := range rows {
		shown, plain, ok := r.keyOf(t, ix, row)
		if ok && entry != "" && strings.HasPrefix(shown, entry) {
			e.Message = r.duplicateEntry(plain, key)
			break
		}
	}
	return e
}

// keyOf is a changed row's key, as upstream shows it and as the logical table would.
func (r *replayRun) keyOf(t *written, ix *schema.Index, row *changedRow) (shown, plain string, ok bool) {
	for i, part := range ix.Parts {
		if i > 0 {
			shown, plain = shown+"-", dashed(plain)
		}
		c := t.Table.Column(part.Column)
		at := t.keyAt(t.Table.KeyColumn(ix, part))
		if at < 0 {
			return "", "", false
		}
		lit := row.keys[at]
		if lit == "NULL" || !strings.HasPrefix(lit, "x'") {
			shown, plain = shown+lit, plain+lit
			continue
		}
		token, err := hex.DecodeString(lit[2 : len(lit)-1])
		if err != nil {
			return "", "", false
		}
		text, err := keyPartText(t.Table, ix, part, row.values[c], &r.vars)
		if err != nil {
			return "", "", false
		}
		if t.Table.ByPart(ix, part) {
			shown, plain = shown+showPart(token), plain+text
			continue
		}
		shown, plain = shown+showFixed(token), plain+text
	}
	return shown, plain, true
}

// keyAt is the place of a physical column among the Target's Keys, or -1.
func (t *written) keyAt(name string) int {
	return slices.IndexFunc(t.Keys, func(id plan.Identity) bool { return id.Name == name })
}

// inKeys says whether a column, or a token of it, is among the Target's Keys.
func (t *written) inKeys(c *schema.Column) bool {
	return slices.ContainsFunc(t.Keys, func(id plan.Identity) bool { return id.Name == c.Name || slices.Contains(c.Hidden(), id.Name) })
}

func equalBytes(list [][]byte) bool {
	for _, b := range list[1:] {
		if !bytes.Equal(b, list[0]) {
			return false
		}
	}
	return true
}
