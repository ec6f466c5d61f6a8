package exec

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// fetchAll loads the rows of every Fetch, and makes the views.
func (s *splitRun) fetchAll() error {
	if s.listing != nil {
		return s.showListed(s.plan.Show)
	}
	if s.plan.Show != nil {
		return s.show(s.plan.Show)
	}
	if err := s.fetchTables(); err != nil {
		return err
	}
	return s.makeViews()
}

// fetchTables loads the rows of every Fetch. Several fetches of one statement see one snapshot.
func (s *splitRun) fetchTables() error {
	if err := s.allUnchanged(); err != nil {
		return err
	}
	if err := s.alone(); err != nil {
		return err
	}
	lists := slices.ContainsFunc(s.plan.Fetches, func(f plan.Fetch) bool { return narrows(f.SQL) })
	own, together, err := s.snapshot(lists)
	switch {
	case err != nil:
		return err
	case together:
		return s.fetchTogether()
	}
	if err = s.readLists(s.plan.Fetches...); err != nil {
		if own {
			return s.finish(err)
		}
		return err
	}
	for i := range s.plan.Fetches {
		if err = s.fetch(&s.plan.Fetches[i]); err != nil {
			break
		}
	}
	if own {
		return s.finish(err)
	}
	return err
}

// allUnchanged checks that the tables are still what the plan took them for.
func (s *splitRun) allUnchanged() error {
	for i := range s.plan.Fetches {
		if t := s.plan.Fetches[i].Table; t.Source != "" {
			if err := s.unchanged(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// alone takes away what earlier statements have left in the workspace, where the text could name a table that is not fetched.
func (s *splitRun) alone() error {
	if !s.plan.Alone {
		return nil
	}
	tables := make([]*schema.Table, len(s.plan.Fetches))
	for i := range tables {
		tables[i] = s.plan.Fetches[i].Table
	}
	return s.bench.Only(tables)
}

// snapshot begins a transaction where the client has none and several fetches must agree; own says that it did. In one whose
// statements each have a snapshot, together says that the fetches must be one statement.
// several says that even a single table is read more than once.
func (s *splitRun) snapshot(several bool) (own, together bool, err error) {
	tables := 0
	for i := range s.plan.Fetches {
		if t := s.plan.Fetches[i].Table; !t.Describes() && !t.Sequence() {
			tables++
		}
	}
	if tables < 2 && !several || s.tablesLocked {
		return false, false, nil
	}
	own, err = s.needsTransaction()
	switch {
	case err != nil:
		return false, false, err
	case own:
		if _, err := s.pair("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", []byte("START TRANSACTION WITH CONSISTENT SNAPSHOT")); err != nil {
			var broken *wire.BrokenError
			if !errors.As(err, &broken) {
				_, _ = s.readOK() // the second answer; the first counts
			}
			return false, false, err
		}
		_, err := s.readOK()
		return err == nil, false, err
	}
	level, err := s.isolation()
	if err == nil && level != "REPEATABLE-READ" && level != "SERIALIZABLE" && level != readCommitted {
		err = notSupported("a query of several tables that upstream cannot compute, in a transaction of isolation level %s, "+
			"whose reads do not see one snapshot; use READ COMMITTED", level)
	}
	return false, err == nil && (level == readCommitted || s.isolates), err
}

// fetch reads one table's rows, and opens and loads those that the query could need.
func (s *splitRun) fetch(f *plan.Fetch) error {
	switch {
	case f.Table.Describes():
		return s.fetchShown(f)
	case f.Table.Sequence():
		_, err := s.bench.Schema(f.Table.DB)
		return err
	}
	loader, err := s.bench.Load(f.Table, f.Columns)
	if err != nil {
		return err
	}
	load := func(o *opener) error { return loader.Row(o.row) }
	s.reload = func() (err error) {
		loader, err = s.bench.Load(f.Table, f.Columns)
		return err
	}
	if err := s.joined(f, func() error { return s.fetchRows(f, load) }); err != nil {
		return err
	}
	return loader.Close()
}

// joined runs a fetch, which may read other tables as well, and where these cannot be read there, once more without them.
func (s *splitRun) joined(f *plan.Fetch, run func() error) error {
	err := run()
	if unreadable(err) && joins(f.SQL) {
		s.binder.alone = true
		err = run()
		s.binder.alone = false
	}
	return err
}

// fetchText is a fetch's query.
func (s *splitRun) fetchText(f *plan.Fetch) ([]byte, error) {
	s.binder.wide, s.binder.limits = false, false
	sql, err := s.binder.appendParts(nil, f.SQL, 0, nil)
	if err == nil && s.limited() {
		sql = append(bytes.TrimSuffix(sql, []byte(f.Lock)), " LIMIT "+noLimit+f.Lock...)
	}
	return sql, err
}

// fetchRows reads a fetch and hands the rows that the statement could need to take, opened.
func (s *splitRun) fetchRows(f *plan.Fetch, take func(o *opener) error) error {
	sql, err := s.fetchText(f)
	if err != nil {
		return err
	}
	o := newOpener(s.Session, f)
	r := s.reduction(f)
	begun, fetched := time.Now(), uint64(0)
	load := func() error { s.note.Loaded++; return take(&o) }
	read := s.read
	if read == nil {
		read = s.query
	}
	err = read(string(sql), func(row [][]byte) error { fetched++; return r.row(&o, row, load) })
	s.note.Fetched += fetched
	s.step("fetch", begun, fetched, f.SQL)
	if err != nil {
		return err
	}
	return r.finish(&o, load)
}

// ER_TABLE_NOT_LOCKED and ER_CANT_REOPEN_TABLE: under LOCK TABLES, and where it is temporary, a table cannot be read in two
// places of one statement.
const (
	codeNotLocked   = 1100
	codeCannotReuse = 1137
)

// unreadable says whether a fetch that reads other tables as well failed for that, before its first row.
func unreadable(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && (e.Code == codeNotLocked || e.Code == codeCannotReuse)
}

func joins(parts []plan.Part) bool {
	return slices.ContainsFunc(parts, func(p plan.Part) bool { return p.Kind == plan.PartJoin })
}

// limited says whether sql_select_limit would keep rows from the fetch that was just bound, which it does where that has no LIMIT.
func (s *splitRun) limited() bool {
	return s.vars.SelectLimit != noLimit && !s.binder.limits
}

// opener makes stored forms of a fetched row.
type opener struct {
	session *Session
	fetch   *plan.Fetch
	from    [][]byte // the row as it came
	row     [][]byte
	bufs    [][]byte
	last    [][]byte // of a join, the cells that bufs have been made of: one row of a table comes with many of another
	sealers []*sealer
}

func newOpener(x *Session, f *plan.Fetch) opener {
	n := len(f.Columns)
	o := opener{session: x, fetch: f, row: make([][]byte, n), bufs: make([][]byte, n), sealers: make([]*sealer, n)}
	for i := range o.sealers {
		o.sealers[i] = x.state.sealers[f.TableOf(i).ID]
		if f.TableOf(i) != f.TableOf(0) && o.last == nil {
			o.last = make([][]byte, n)
		}
	}
	return o
}

// open opens some of a row's columns.
func (o *opener) open(row [][]byte, columns []int) error {
	o.from = row
	for _, i := range columns {
		if row[i] == nil {
			o.row[i] = nil
			continue
		}
		c := o.fetch.Columns[i]
		plain, err := o.value(i, c, row[i])
		if err != nil {
			return corrupt(o.fetch.TableOf(i), c, err)
		}
		o.row[i] = plain
	}
	return nil
}

func (o *opener) value(i int, c *schema.Column, v []byte) ([]byte, error) {
	if c.Storage == schema.StoredClear {
		return evaluator.Stored(c, v)
	}
	sealer := o.sealers[i]
	if sealer == nil {
		return nil, errNoSealer
	}
	if o.last != nil {
		if len(o.last[i]) > 0 && bytes.Equal(o.last[i], v) {
			return o.bufs[i], nil
		}
		o.last[i] = append(o.last[i][:0], v...)
	}
	o.session.opened++
	var err error
	if o.bufs[i], err = sealer.cells.Open(o.bufs[i][:0], c.ID, v); err != nil {
		if o.last != nil {
			o.last[i] = nil
		}
		return nil, err
	}
	if o.bufs[i] == nil {
		o.bufs[i] = []byte{} // empty, not NULL
	}
	return o.bufs[i], nil
}
