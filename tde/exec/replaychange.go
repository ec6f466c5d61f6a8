package exec

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// changedRow is a row that has got new values.
type changedRow struct {
	*lockedRow
	sets   [][]byte                  // by the target's assignments: literals
	keys   []string                  // the new literals of the Target's Keys
	values map[*schema.Column][]byte // stored forms of the columns of keys
	size   int
}

// assignment is a physical column that is set.
type assignment struct {
	name   string
	column *schema.Column
	form   plan.Form // Cell, StoreToken, StoreOrder or StorePart; Clear
}

// assignments are the physical columns of the target's Sets. Those that tell rows apart come last: MySQL sets columns from left
// to right, and looks at the new values of those that it has set.
func (t *written) assignments() (out []assignment) {
	for _, c := range t.Sets {
		out = append(out, assignmentsOf(c)...)
	}
	slices.SortStableFunc(out, func(a, b assignment) int { return t.identifies(a.name) - t.identifies(b.name) })
	return out
}

// assignmentsOf are the physical columns of one column.
func assignmentsOf(c *schema.Column) (out []assignment) {
	if c.Storage == schema.StoredClear {
		return []assignment{{c.Name, c, plan.Clear}}
	}
	out = append(out, assignment{c.Name, c, plan.Cell})
	if c.Token {
		out = append(out, assignment{c.TokenColumn(), c, plan.StoreToken})
	}
	if c.Order {
		out = append(out, assignment{c.OrderColumn(), c, plan.StoreOrder})
	}
	if c.Part > 0 {
		out = append(out, assignment{c.PartColumn(), c, plan.StorePart})
	}
	return out
}

func (t *written) identifies(name string) int {
	if slices.ContainsFunc(t.Identity, func(id plan.Identity) bool { return id.Name == name }) {
		return 1
	}
	return 0
}

// brokenKeys are the unique keys that a change of Sets can break.
func (t *written) brokenKeys() (out []*schema.Index) {
	for i := range t.Table.Indexes {
		ix := &t.Table.Indexes[i]
		if (ix.Unique || ix.Name == "PRIMARY") && slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool {
			return slices.ContainsFunc(t.Sets, func(c *schema.Column) bool { return strings.EqualFold(c.Name, p.Column) })
		}) {
			out = append(out, ix)
		}
	}
	return out
}

// writeChanged writes the rows that have got new values. Where unique keys change, a row that takes a key which another one
// gives up comes after that.
func (r *replayRun) writeChanged(t *written) error {
	set := t.assignments()
	columns := t.readColumns()
	most := batchUpdates
	if t.scanned() {
		most = scanUpdates
	}
	if len(t.Identity) == 0 || len(t.Identity) > 1 && slices.ContainsFunc(set, func(a assignment) bool { return t.identifies(a.name) > 0 }) {
		most = 1
	}
	var rows []*changedRow
	size := 0
	err := r.bench.Changed(t.Table, columns, func(n int, stored [][]byte) error {
		if n < 0 || n >= len(t.rows) {
			return fmt.Errorf("exec: internal error: an UPDATE has added a row")
		}
		if t.stayed(n, stored) {
			return nil
		}
		row, err := r.changed(t, &t.rows[n], set, columns, stored)
		if err != nil {
			return err
		}
		rows = append(rows, row)
		if size += row.size; len(t.Keys) == 0 && (len(rows) >= most || size > writeBytes) {
			err = r.update(t, set, rows, false)
			rows, size = nil, 0
		}
		return err
	})
	if err != nil {
		return err
	}
	rows, moved := t.ordered(rows)
	return r.followUpdates(t, rows, func() error { return r.updateAll(t, set, rows, most, moved) })
}

// updateAll sets rows, at most so many at a time.
func (r *replayRun) updateAll(t *written, set []assignment, rows []*changedRow, most int, moved bool) error {
	for len(rows) > 0 {
		n, size := 0, 0
		for n < len(rows) && n < most && (n == 0 || size+rows[n].size <= writeBytes) {
			size += rows[n].size
			n++
		}
		if err := r.update(t, set, rows[:n], moved); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// changed seals a row's new values.
func (r *replayRun) changed(t *written, c *lockedRow, set []assignment, columns []*schema.Column, stored [][]byte) (*changedRow, error) {
	row := &changedRow{lockedRow: c, keys: slices.Clone(c.keys), sets: make([][]byte, len(set))}
	if len(t.Keys) > 0 {
		row.values = map[*schema.Column][]byte{}
		for i, col := range columns {
			if t.inKeys(col) && stored[i] != nil {
				row.values[col] = slices.Clone(stored[i])
			}
		}
	}
	for i, a := range set {
		lit, err := r.literal(t.Table, a, stored[slices.Index(columns, a.column)])
		if err != nil {
			return nil, err
		}
		row.sets[i] = lit
		row.size += len(lit) + len(c.identity) + 16
		if k := slices.IndexFunc(t.Keys, func(id plan.Identity) bool { return id.Name == a.name }); k >= 0 {
			row.keys[k] = string(lit)
		}
	}
	return row, nil
}

// literal writes what a physical column is set to: a cell, a token or a clear integer.
func (x *Session) literal(t *schema.Table, a assignment, stored []byte) ([]byte, error) {
	if stored == nil {
		return []byte("NULL"), nil
	}
	if a.form == plan.Clear {
		if a.column.Kind > schema.KindBigInt || len(stored) != 8 {
			return nil, notSupported("column %s.%s.%s cannot be set by this statement", t.DB, t.Name, a.column.Name)
		}
		n := binary.BigEndian.Uint64(stored)
		if a.column.Unsigned {
			return strconv.AppendUint(nil, n, 10), nil
		}
		return strconv.AppendInt(nil, int64(n), 10), nil
	}
	v, err := x.binder.seal(t, a.column, stored, a.form)
	if err != nil {
		return nil, err
	}
	return appendHex(nil, bound{bytes: v}), nil
}

// update sets rows. in says that it must be in their order.
func (r *replayRun) update(t *written, set []assignment, rows []*changedRow, in bool) error {
	rows = slices.Clone(rows)
	sql := []byte("UPDATE " + t.name() + " SET ")
	values := make([][]byte, len(rows))
	for i, a := range set {
		if i > 0 {
			sql = append(sql, ", "...)
		}
		for j, row := range rows {
			values[j] = row.sets[i]
		}
		sql = append(append(sql, quoteName(a.name)...), " = "...)
		if equalBytes(values) {
			sql = append(sql, values[0]...)
			continue
		}
		sql = t.appendCase(sql, rows, func(j int) []byte { return values[j] })
	}
	meant := make([]*lockedRow, len(rows))
	for j, row := range rows {
		meant[j] = row.lockedRow
	}
	sql = t.appendCondition(append(sql, " WHERE "...), meant)
	if in && len(rows) > 1 {
		sql = t.appendCase(append(sql, " ORDER BY "...), rows, func(j int) []byte { return strconv.AppendInt(nil, int64(j), 10) })
	}
	s := &writing{sql: r.limited(t, sql, len(rows)), rows: uint64(len(rows)), check: !t.keyed()}
	if len(t.Keys) > 0 {
		s.fail = func(err error) error { return r.duplicateChanged(t, rows, err) }
	}
	return r.add(s)
}

// appendCase writes an expression that has a value for each row.
func (t *written) appendCase(sql []byte, rows []*changedRow, value func(j int) []byte) []byte {
	sql = append(sql, "CASE"...)
	if len(t.Identity) == 1 {
		sql = append(append(sql, ' '), quoteName(t.Identity[0].Name)...)
	}
	for j, row := range rows {
		sql = append(append(append(sql, " WHEN "...), row.identity...), " THEN "...)
		sql = append(sql, value(j)...)
	}
	return append(sql, " END"...)
}

// ordered puts rows in an order in which no row takes a key that another one still has; moved says that one takes another's.
// There is one, since the evaluator has changed them one by one.
func (t *written) ordered(rows []*changedRow) (_ []*changedRow, moved bool) {
	holders := map[string]*changedRow{}
	keys := t.brokenKeys()
	tuple := func(i int, ix *schema.Index, literals []string) string {
		out := strconv.Itoa(i)
		for _, part := range ix.Parts {
			at := t.keyAt(t.Table.KeyColumn(ix, part))
			if at < 0 || literals[at] == "NULL" {
				return ""
			}
			out += "," + literals[at]
		}
		return out
	}
	for i, ix := range keys {
		for _, row := range rows {
			holders[tuple(i, ix, row.lockedRow.keys)] = row
		}
	}
	delete(holders, "")
	out := make([]*changedRow, 0, len(rows))
	seen := map[*changedRow]bool{}
	var stack []*changedRow
	// before is a row that must come before another one, and has not.
	before := func(row *changedRow) *changedRow {
		for i, ix := range keys {
			o := holders[tuple(i, ix, row.keys)]
			if o == nil || o == row {
				continue
			}
			if moved = true; !seen[o] {
				return o
			}
		}
		return nil
	}
	for _, row := range rows {
		for stack = append(stack[:0], row); len(stack) > 0; {
			top := stack[len(stack)-1]
			if o := before(top); o != nil && len(stack) <= len(rows) {
				stack = append(stack, o)
				continue
			}
			if stack = stack[:len(stack)-1]; !seen[top] {
				seen[top] = true
				out = append(out, top)
			}
		}
	}
	return out, moved
}
