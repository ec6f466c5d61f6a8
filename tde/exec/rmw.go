package exec

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// readModifyWrite runs an UPDATE of sealed columns. A client that asked for found rows gets the rows that matched, which
// is what upstream counts; else the old cells are read under lock first, because a new cell differs from the old one even
// where the value does not.
func (x *Session) readModifyWrite(ctx context.Context, p *plan.ReadModifyWrite, more bool) error {
	begun := time.Now()
	defer func() { x.step("upstream", begun, 0, p.Fetch, p.Update) }()
	if err := x.coerceSets(ctx, p); err != nil {
		return err
	}
	null, err := x.nullColumn(p)
	if err != nil {
		return err
	}
	if x.caps.Has(wire.FoundRows) && !p.OnUpdate && null == nil {
		return x.updateAll(p, more)
	}
	if x.vars.SafeUpdates {
		// Rows are found and then written by their keys here, so that upstream would not see what it is to refuse.
		return x.toReplay(notSupported("this UPDATE with sql_safe_updates is not supported; SET sql_safe_updates = 0"))
	}
	own, err := x.needsTransaction()
	if err != nil {
		return err
	}
	ok, ended, err := x.update(p, own, null)
	if own && !ended {
		err = x.finish(err)
	}
	if err != nil {
		return x.duplicateSet(err, p)
	}
	x.found = found{known: true, rows: x.before.rows, affected: int64(ok.AffectedRows)}
	ok.Status = x.Status
	return x.sendOK(ok, more)
}

// needsTransaction says whether the proxy must begin a transaction to read and write in one: under autocommit, outside
// a transaction of the client's.
func (x *Session) needsTransaction() (bool, error) {
	if x.doubt {
		if _, err := x.exec(nothing); err != nil { // its OK says whether a transaction is open
			return false, err
		}
		x.doubt = false
	}
	return x.Status&wire.StatusAutocommit != 0 && x.Status&wire.StatusInTransaction == 0, nil
}

// updateAll sends the whole UPDATE and passes its answer on.
func (x *Session) updateAll(p *plan.ReadModifyWrite, more bool) error {
	ok, err := x.command(p.Update, nil)
	if err != nil {
		return x.duplicateSet(err, p)
	}
	return x.sendOK(ok, more)
}

// The ends of a transaction of the proxy's own, whatever completion_type is.
const (
	commit   = "COMMIT AND NO CHAIN NO RELEASE"
	rollback = "ROLLBACK AND NO CHAIN NO RELEASE"
)

// finish ends the transaction that the proxy began for one UPDATE.
func (x *Session) finish(cause error) error {
	end := commit
	var broken *wire.BrokenError
	if errors.As(cause, &broken) {
		return cause
	}
	if cause != nil {
		end = rollback
	}
	if _, err := x.exec(end); err != nil && cause == nil {
		return err
	}
	return cause
}

// codeNotNull is ER_BAD_NULL_ERROR.
const codeNotNull = 1048

// nullColumn finds a NOT NULL column that is set to NULL, which is an error as soon as a row matches.
func (x *Session) nullColumn(p *plan.ReadModifyWrite) (*schema.Column, error) {
	for i := range p.Sets {
		s := &p.Sets[i]
		if !s.Column.NotNull {
			continue
		}
		if v, err := x.newValue(p, s); err != nil || v == nil {
			return s.Column, err
		}
	}
	return nil, nil
}

// update reads, compares and writes; ended says that the transaction of its own is over. null is a NOT NULL column that
// would become NULL.
func (x *Session) update(p *plan.ReadModifyWrite, own bool, null *schema.Column) (ok wire.OK, ended bool, err error) {
	rows, err := x.fetch(p, own)
	if err != nil {
		return ok, false, err
	}
	changed, unchanged := partition(rows)
	if own && null == nil && len(unchanged) == 0 && len(changed) > 0 {
		ok, err = x.updateAndCommit(p)
		return ok, true, err
	}
	ok, err = x.write(p, changed, unchanged, null)
	return ok, false, err
}

// updateAndCommit writes all rows that were read. Where the UPDATE fails, the COMMIT behind it has nothing to commit.
func (x *Session) updateAndCommit(p *plan.ReadModifyWrite) (wire.OK, error) {
	var err error
	if x.sql, err = x.binder.appendParts(x.sql[:0], p.Update, 0, nil); err != nil {
		return wire.OK{}, x.finish(err)
	}
	ok, err := x.pair(string(x.sql), []byte(commit))
	var broken *wire.BrokenError
	if errors.As(err, &broken) {
		return ok, err
	}
	if _, end := x.readOK(); err == nil {
		err = end
	}
	return ok, err
}

// write updates the rows that change, or says why not.
func (x *Session) write(p *plan.ReadModifyWrite, changed, unchanged [][]byte, null *schema.Column) (wire.OK, error) {
	rows := len(changed) + len(unchanged)
	switch {
	case null != nil && rows > 0 && x.vars.Strict:
		return wire.OK{}, &wire.Error{Code: codeNotNull, State: "23000", Message: "Column '" + null.Name + "' cannot be null"}
	case null != nil && rows > 0:
		return wire.OK{}, x.toReplay(notSupported("column %s.%s.%s cannot be set to NULL", p.Table.DB, p.Table.Name, null.Name))
	case len(unchanged) == 0 && len(changed) > 0:
		return x.command(p.Update, nil)
	case len(p.Identity) == 0 && len(changed) > 0:
		return wire.OK{}, x.toReplay(notSupported("an UPDATE of table %s.%s that changes some rows and leaves others as they are needs a primary key",
			p.Table.DB, p.Table.Name))
	}
	return x.partial(p, changed, unchanged)
}

// toReplay sends a statement to the evaluator, or refuses it where there is none.
func (x *Session) toReplay(refusal error) error {
	if x.catalog.evaluator == nil {
		return refusal
	}
	return errReplay
}

// oldRow is what Fetch tells of one row.
type oldRow struct {
	identity []byte // as a row constructor
	changed  bool
}

func partition(rows []oldRow) (changed, unchanged [][]byte) {
	for i := range rows {
		if rows[i].changed {
			changed = append(changed, rows[i].identity)
		} else {
			unchanged = append(unchanged, rows[i].identity)
		}
	}
	return changed, unchanged
}

// partial updates the rows that change, and the columns that are not encrypted of those that do not.
func (x *Session) partial(p *plan.ReadModifyWrite, changed, unchanged [][]byte) (wire.OK, error) {
	var sum wire.OK
	if len(changed) > 0 {
		ok, err := x.command(p.Update, condition(p.Identity, changed))
		if err != nil {
			return sum, err
		}
		sum = ok
	}
	if p.Rest != nil && len(unchanged) > 0 {
		extra := condition(p.Identity, unchanged)
		if len(p.Identity) == 0 {
			extra = nil // no row changes: Rest is for all of them
		}
		ok, err := x.command(p.Rest, extra)
		if err != nil {
			return sum, err
		}
		sum.AffectedRows += ok.AffectedRows
		sum.Warnings += ok.Warnings
	}
	matched := uint64(len(changed) + len(unchanged))
	sum.Info = x.info(fmt.Sprintf("Rows matched: %d  Changed: %d  Warnings: %d", matched, sum.AffectedRows, sum.Warnings))
	if x.caps.Has(wire.FoundRows) {
		sum.AffectedRows = matched
	}
	return sum, nil
}

// info is an OK packet's info string. Without session tracking the protocol has it reach to the packet's end, but servers
// write its length before it all the same, and clients expect that.
func (x *Session) info(text string) []byte {
	if x.caps.Has(wire.SessionTrack) {
		return []byte(text)
	}
	return wire.AppendString(nil, text)
}

// condition is (a, b) IN ((…), …) over the identity columns.
func condition(ids []plan.Identity, rows [][]byte) []byte {
	out := []byte{'('}
	for i, id := range ids {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(out, quoteName(id.Name)...)
	}
	out = append(out, ") IN ("...)
	out = append(out, bytes.Join(rows, []byte(", "))...)
	return append(out, ')')
}

// fetch locks the rows and compares their old values with the new ones, in a transaction that it begins where the client
// has none.
func (x *Session) fetch(p *plan.ReadModifyWrite, begin bool) ([]oldRow, error) {
	var err error
	if x.sql, err = x.binder.appendParts(x.sql[:0], p.Fetch, 0, nil); err != nil {
		return nil, err
	}
	news := make([][]byte, len(p.Sets))
	for i := range p.Sets {
		if news[i], err = x.newValue(p, &p.Sets[i]); err != nil {
			return nil, err
		}
	}
	var rows []oldRow
	each := func(row [][]byte) error {
		old := oldRow{identity: identityText(p.Identity, row)}
		for i := range p.Sets {
			same, err := x.same(p, &p.Sets[i], row[len(p.Identity)+i], news[i])
			if err != nil {
				return err
			}
			old.changed = old.changed || !same
		}
		rows = append(rows, old)
		return nil
	}
	if begin && x.vars.SelectLimit != noLimit {
		if _, err := x.exec("START TRANSACTION"); err != nil {
			return nil, err
		}
		begin = false
	}
	if !begin {
		err = x.whole(string(x.sql), each)
		return rows, err
	}
	_, begun := x.pair("START TRANSACTION", x.sql)
	var broken *wire.BrokenError
	if errors.As(begun, &broken) {
		return nil, begun
	}
	if _, err = x.readRows(each); begun != nil {
		err = begun
	}
	return rows, err
}

// newValue is the stored form of what a column is set to; nil is NULL.
func (x *Session) newValue(p *plan.ReadModifyWrite, s *plan.Set) ([]byte, error) {
	if s.Null {
		return nil, nil
	}
	part := plan.Part{Kind: plan.PartValue, Literal: s.Literal, Form: s.Form, Table: p.Table, Column: s.Column, Expr: s.Expr}
	plain, null, err := x.binder.storedForm(&part, 0)
	if err != nil || null {
		return nil, err
	}
	return append([]byte{}, plain...), nil
}

// same says whether a column of one row keeps its value.
func (x *Session) same(p *plan.ReadModifyWrite, s *plan.Set, old, updated []byte) (bool, error) {
	if old == nil || updated == nil {
		return old == nil && updated == nil, nil
	}
	x.opened++
	plain, err := x.state.sealers[p.Table.ID].cells.Open(nil, s.Column.ID, old)
	if err != nil {
		return false, corrupt(p.Table, s.Column, err)
	}
	return bytes.Equal(plain, updated), nil
}

// identityText writes a row's identity as a row constructor: tokens in hexadecimal, integers as they came.
func identityText(ids []plan.Identity, row [][]byte) []byte {
	out := []byte{'('}
	for i, id := range ids {
		if i > 0 {
			out = append(out, ", "...)
		}
		if id.Binary {
			out = append(hex.AppendEncode(append(out, "x'"...), row[i]), '\'')
		} else if n, err := strconv.ParseInt(string(row[i]), 10, 64); err == nil {
			out = strconv.AppendInt(out, n, 10)
		} else {
			u, _ := strconv.ParseUint(string(row[i]), 10, 64) // upstream gave it as an integer
			out = strconv.AppendUint(out, u, 10)
		}
	}
	return append(out, ')')
}

// command sends parts as one statement and reads its OK.
func (x *Session) command(parts []plan.Part, extra []byte) (wire.OK, error) {
	var err error
	if x.sql, err = x.binder.appendParts(x.sql[:0], parts, 0, extra); err != nil {
		return wire.OK{}, err
	}
	return x.exec(string(x.sql))
}
