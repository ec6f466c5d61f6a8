package exec

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// computing is an ON DUPLICATE KEY UPDATE whose values the evaluator computes. Its rows are made as those of every Store. Then
//
//	lookUp  locks and reads the rows that have a key in common with one of them
//	ask     lets the evaluator run the client's text over these: what rows are then is what they are to be, and the counts are its own
//	store   sends all rows upstream with an ON DUPLICATE KEY UPDATE of its own, which gives each row that is foreseen its new values
//
// Upstream must then count what follows of that. Where another client was faster, it does not, and all is done anew.
type computing struct {
	*upsert
	run   *storeRun
	made  [][][]byte // the rows that the statement would add
	bytes int64
	there present
	old   []*[][]byte           // rows that are upstream, by the numbers that they are loaded with
	rows  map[*[][]byte]*hitRow // those that were hit
	hits  []*[][]byte           // by the rows that are made: what each of them has hit; nil: it is new
	added int                   // rows that are new
	set   []assignment
}

// hitRow is a row that was hit.
type hitRow struct {
	now, final [][]byte // final is nil where it stays
	sets       [][]byte // literals by the assignments, once they are sealed
	set        bool     // upstream has it
}

// Bounds of one statement that stores computed rows.
const (
	computedBatch = 256
	// maxStores bounds how often a statement is done anew because others were faster.
	maxStores = 40
)

// errStoreAgain says that another client was faster: nothing is stored, and the statement is done anew.
var errStoreAgain = errors.New("exec: other rows were stored meanwhile; store again")

// compute stores the rows that the twin holds.
func (s *storeRun) compute() (wire.OK, error) {
	k := newSink(s.Session, s.into, s.own)
	k.relaxed = len(s.plan.Fetches) == 0 && !s.unrelaxed
	c := &computing{upsert: newUpsert(k), run: s, rows: map[*[][]byte]*hitRow{}}
	if err := s.twin.Rows(k.columns, c.take); err != nil {
		return wire.OK{}, err
	}
	if err := s.bench.Take(k.table, c.bytes); err != nil {
		return wire.OK{}, err
	}
	numbered, err := c.numbered()
	if err != nil {
		return wire.OK{}, err
	}
	for _, step := range []func() error{k.protect, c.lookUp, func() error { return c.ask(numbered) }, c.store, c.list, k.close} {
		if err := step(); err != nil {
			return wire.OK{}, k.abandon(c.again(err))
		}
	}
	return c.answer()
}

// again says that a deadlock is no matter of the client's, who has no transaction that is gone with it.
func (c *computing) again(err error) error {
	var e *wire.Error
	if errors.As(err, &e) && e.Code == codeDeadlock && (c.begun || c.run.own) {
		return errStoreAgain
	}
	if errors.As(err, &e) && e.Code == codeBinlog && c.begun && c.relaxed {
		c.run.unrelaxed = true
		return errStoreAgain
	}
	return err
}

// codeBinlog is ER_BINLOG_STMT_MODE_AND_ROW_ENGINE: upstream's binlog is of statements, and takes none of a READ COMMITTED transaction.
const codeBinlog = 1665

// codeDeadlock is ER_LOCK_DEADLOCK.
const codeDeadlock = 1213

// take keeps a row that the statement would add.
func (c *computing) take(values [][]byte) error {
	c.made = append(c.made, cloneRow(values))
	for _, v := range values {
		c.bytes += int64(len(v)) + 24
	}
	return nil
}

func cloneRow(values [][]byte) [][]byte {
	out := make([][]byte, len(values))
	for i, v := range values {
		if v != nil {
			out[i] = append([]byte{}, v...)
		}
	}
	return out
}

// numbered says whether upstream gives rows their AUTO_INCREMENT number. A row with a number of its own could be one that upstream
// is about to give.
func (c *computing) numbered() (bool, error) {
	if c.auto < 0 {
		return false, nil
	}
	n := 0
	for _, row := range c.made {
		if v := row[c.auto]; v == nil || isZeroInteger(v) && len(c.made) == 1 {
			n++
		} else if isZeroInteger(v) {
			n = -1
			break
		}
	}
	if n != 0 && n != len(c.made) {
		return false, notSupported("ON DUPLICATE KEY UPDATE with some rows that have an AUTO_INCREMENT number and some that have none")
	}
	return n > 0, nil
}

// lookUp reads the rows that are there, and foresees which of them are hit.
func (c *computing) lookUp() error {
	c.there = newPresent(len(c.into.Upsert.Keys))
	for rows := c.made; len(rows) > 0; {
		n := min(len(rows), computedBatch)
		c.sink.rows = c.sink.rows[:0]
		for _, row := range rows[:n] {
			c.sink.rows = append(c.sink.rows, sunkRow{values: row})
		}
		if err := c.read(c.there, func(row *[][]byte) { c.old = append(c.old, row) }); err != nil {
			return err
		}
		rows = rows[n:]
	}
	c.sink.rows = c.sink.rows[:0]
	for _, row := range c.made {
		hit, err := c.hit(c.there, row)
		if err != nil {
			return err
		}
		c.hits = append(c.hits, hit)
		if hit != nil {
			if c.rows[hit] == nil {
				c.rows[hit] = &hitRow{now: *hit}
			}
			continue
		}
		c.added++
		if _, err := c.add(c.there, row); err != nil {
			return err
		}
	}
	return nil
}

// ask lets the evaluator run the statement over the rows that are there, and notes what has become of them.
func (c *computing) ask(numbered bool) error {
	keyed, err := c.run.bench.Keyed(c.table, numbered)
	if err != nil {
		return err
	}
	loader, err := keyed.Load(append(c.columns[:len(c.columns):len(c.columns)], evaluator.RowNumber()))
	if err != nil {
		return err
	}
	for i, row := range c.old {
		number := value64(uint64(i))
		if err := loader.Row(append((*row)[:len(*row):len(*row)], number[:])); err != nil {
			return err
		}
	}
	if err := loader.Close(); err != nil {
		return err
	}
	if err := c.run.bench.Set(c.run.given); err != nil { // the twin was read under others
		return err
	}
	c.run.twin = &keyed.Twin
	if err := c.along(numbered); err != nil {
		return err
	}
	if err := c.run.make(); err != nil {
		return err
	}
	if c.into.Ignore && c.matches && c.catalog.mariaDB && c.table.Decided() && c.run.made.Warnings > 0 {
		// MariaDB counts rows that are found but for those whose new values a CHECK rejects, and which these are it does not tell.
		return notSupported("what INSERT IGNORE … ON DUPLICATE KEY UPDATE of a table with CHECK constraints leaves out cannot be counted for a client that counts found rows")
	}
	finals := make([][][]byte, len(c.old))
	var added [][][]byte
	err = keyed.Changed(c.columns, func(n int, row [][]byte) error {
		switch {
		case n == evaluator.Added:
			added = append(added, cloneRow(row))
		case n < len(finals):
			finals[n] = cloneRow(row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.become(finals, added)
}

var errUnforeseen error = notSupported("what this ON DUPLICATE KEY UPDATE changes could not be foreseen")

// become notes what rows are to be.
func (c *computing) become(finals, added [][][]byte) error {
	if len(added) != c.added {
		return errUnforeseen
	}
	for i, row := range c.old {
		if finals[i] == nil {
			continue
		}
		if err := c.changes(row, finals[i]); err != nil {
			return err
		}
	}
	for _, row := range added {
		for i, ix := range c.into.Upsert.Keys {
			key, err := c.keyText(ix, row)
			if err != nil {
				return err
			}
			at := c.there[i][key]
			if key == "" || at == nil && c.alone() {
				continue
			}
			if at == nil {
				return errKeyChanges
			}
			if c.rows[at] != nil { // it was hit as well
				if err := c.changes(at, row); err != nil {
					return err
				}
			}
			break
		}
	}
	return nil
}

// alone says that the statement has one row: nothing else can depend on a key that it changes.
func (c *computing) alone() bool { return len(c.made) == 1 }

var errKeyChanges error = notSupported("ON DUPLICATE KEY UPDATE of several rows in which a unique key's value changes")

// changes notes what a row that was hit gets.
func (c *computing) changes(row *[][]byte, final [][]byte) error {
	t := c.rows[row]
	if t == nil {
		return errUnforeseen
	}
	if c.into.Upsert.ReadsAuto && slices.Index(c.old, row) < 0 {
		return notSupported("ON DUPLICATE KEY UPDATE of a row that the statement itself adds by its AUTO_INCREMENT number")
	}
	if c.alone() {
		c.set = c.assignments(row, final)
	} else if c.set == nil {
		c.set = c.assignments(row, nil)
	}
	for _, ix := range c.into.Upsert.Keys {
		was, err := c.keyText(ix, t.now)
		if err != nil {
			return err
		}
		is, err := c.keyText(ix, final)
		if err != nil {
			return err
		}
		if was != is && !c.alone() {
			return errKeyChanges
		}
	}
	for _, a := range c.set {
		if i := slices.Index(c.columns, a.column); !equalValues(t.now[i], final[i]) {
			t.final = final
		}
	}
	return nil
}

// assignments are the physical columns that are set. One of the key by which a row is told comes last where it changes, since
// servers look at the new values of those that they have set.
func (c *computing) assignments(row *[][]byte, final [][]byte) (out []assignment) {
	late := func(a assignment) int {
		i := slices.Index(c.columns, a.column)
		if final != nil && a.form != plan.StoreOrder && c.into.Upsert.Counts != a.column && !equalValues((*row)[i], final[i]) {
			return 1
		}
		return 0
	}
	for _, col := range c.into.Upsert.Sets {
		out = append(out, assignmentsOf(col)...)
	}
	slices.SortStableFunc(out, func(a, b assignment) int { return c.keyed(a, late) - c.keyed(b, late) })
	return out
}

func (c *computing) keyed(a assignment, late func(assignment) int) int {
	if a.form == plan.Cell {
		return 0
	}
	for _, ix := range c.into.Upsert.Keys {
		for _, part := range ix.Parts {
			if strings.EqualFold(part.Column, a.column.Name) {
				return late(a)
			}
		}
	}
	return 0
}

// condition tells a row by a key of its, of which no more than the last column that is set changes.
func (c *computing) condition(t *hitRow) (string, error) {
	for _, ix := range c.into.Upsert.Keys {
		key, err := c.keyText(ix, t.now)
		if err != nil {
			return "", err
		}
		var names []string
		changed := 0
		for _, part := range ix.Parts {
			col := c.table.Column(part.Column)
			i := slices.Index(c.columns, col)
			if i >= 0 && !equalValues(t.now[i], t.final[i]) && c.sets(col) && c.tokenChanges(col, t, i) {
				changed++
			}
			names = append(names, quoteName(c.table.Name)+"."+quoteName(c.table.KeyColumn(ix, part)))
		}
		last := len(c.set) > 0 && slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool {
			return c.table.KeyColumn(ix, p) == c.set[len(c.set)-1].name
		})
		if key == "" || changed > 1 || changed == 1 && !last {
			continue
		}
		return "(" + strings.Join(names, ", ") + ") = " + key, nil
	}
	return "", notSupported("ON DUPLICATE KEY UPDATE that changes all unique keys of a row")
}

// sets says whether a column is set at all.
func (c *computing) sets(col *schema.Column) bool { return slices.Contains(c.into.Upsert.Sets, col) }

// tokenChanges says whether the physical column of a key changes with the value.
func (c *computing) tokenChanges(col *schema.Column, t *hitRow, i int) bool {
	if col.Storage == schema.StoredClear || t.now[i] == nil || t.final[i] == nil {
		return true
	}
	was, err := c.tokenOf(col, t.now[i])
	if err != nil {
		return true
	}
	before := bytes.Clone(was.bytes)
	is, err := c.tokenOf(col, t.final[i])
	return err != nil || !bytes.Equal(before, is.bytes)
}

// store sends the rows upstream.
func (c *computing) store() error {
	for from := 0; from < len(c.made); {
		n := from
		for n < len(c.made) && n-from < computedBatch && len(c.text) < sinkBatch {
			if err := c.append(c.made[n]); err != nil {
				return err
			}
			n++
		}
		if err := c.send(c.hits[from:n]); err != nil {
			return err
		}
		from = n
	}
	return nil
}

// send stores a batch.
func (c *computing) send(hits []*[][]byte) error {
	var changed []*hitRow
	counts := uint64(0)
	for _, hit := range hits {
		t := c.rows[hit]
		switch {
		case hit == nil:
			counts++
			continue
		case t.final == nil || t.set:
			if c.matches {
				counts++
			}
		default:
			t.set = true
			counts += 2
		}
		if t.final != nil && !slices.Contains(changed, t) {
			changed = append(changed, t)
		}
	}
	clause, err := c.duplicateClause(changed)
	if err != nil {
		return err
	}
	ok, err := c.exec(string(append(append(c.text, c.tail...), clause...)))
	if err != nil {
		for _, t := range changed { // one of these may have got the key
			c.sink.rows = append(c.sink.rows, sunkRow{c.records, t.final})
		}
		return c.duplicate(err)
	}
	if ok.AffectedRows != counts {
		return errStoreAgain
	}
	return c.sent(ok)
}

// duplicateClause writes an ON DUPLICATE KEY UPDATE that gives rows what they are to get, and leaves others as they are.
func (c *computing) duplicateClause(changed []*hitRow) ([]byte, error) {
	out := []byte(" ON DUPLICATE KEY UPDATE ")
	table := quoteName(c.table.Name) + "."
	sep := ""
	if len(changed) > 0 {
		conditions := make([]string, len(changed))
		for i, t := range changed {
			var err error
			if conditions[i], err = c.condition(t); err == nil {
				err = c.sealTarget(t)
			}
			if err != nil {
				return nil, err
			}
		}
		for j, a := range c.set {
			out = append(append(out, sep+quoteName(a.name)...), " = CASE"...)
			for i, t := range changed {
				out = append(append(append(out, " WHEN "...), conditions[i]...), " THEN "...)
				out = append(out, t.sets[j]...)
			}
			out = append(append(out, " ELSE "...), table+quoteName(a.name)+" END"...)
			sep = ", "
		}
	}
	if n := c.into.Upsert.Counts; n != nil {
		return append(out, sep+quoteName(n.Name)+" = LAST_INSERT_ID("+table+quoteName(n.Name)+")"...), nil
	}
	if sep == "" {
		name := quoteName(c.columns[0].Name)
		out = append(out, name+" = "+table+name...)
	}
	return out, nil
}

// sealTarget seals what a row gets, once.
func (c *computing) sealTarget(t *hitRow) error {
	if t.sets != nil {
		return nil
	}
	for _, a := range c.set {
		lit, err := c.literal(c.table, a, t.final[slices.Index(c.columns, a.column)])
		if err != nil {
			return err
		}
		t.sets = append(t.sets, lit)
	}
	return nil
}

// answer is the evaluator's answer with upstream's number. Only the client's connection may count rows that are found.
func (c *computing) answer() (ok wire.OK, err error) {
	s := c.run
	if err := s.mergeWarnings(c.sink); err != nil {
		return ok, err
	}
	n := s.made.AffectedRows
	records, added := uint64(len(c.made)), uint64(c.added)
	duplicates := (n - added) / 2
	if c.matches {
		n += records - added - duplicates
		if !c.into.Counts {
			duplicates = records - added
		}
	}
	if c.into.Ignore {
		duplicates = records - min(records, added+(s.made.AffectedRows-added)/2)
	}
	ok = wire.OK{AffectedRows: n, InsertID: c.sum.InsertID, Warnings: s.found.count}
	s.found.affected = int64(n)
	if m := insertInfo.FindSubmatch(s.made.Info); m != nil {
		ok.Info = s.info(fmt.Sprintf("Records: %d  Duplicates: %d  Warnings: %s", records, duplicates, m[1]))
	}
	return ok, nil
}
