package exec

import (
	"fmt"
	"slices"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// The list of a RETURNING that the evaluator computes is that of a DELETE there, over the rows that upstream gives back of its INSERT,
// before these are committed.

// returningColumns is a RETURNING of stored columns.
func returningColumns(cols []*schema.Column) string {
	out, sep := " RETURNING ", ""
	for _, c := range cols {
		out, sep = out+sep+quoteName(c.Name), ", "
	}
	return out
}

// storedRow keeps a row that upstream has given back.
func (k *sink) storedRow(packet []byte) error {
	row := make([][]byte, len(k.columns))
	text := wire.NewTextRow(packet)
	for _, c := range k.into.Back {
		v, ok := text.Next()
		i := slices.Index(k.columns, c)
		switch {
		case !ok || i < 0:
			return fmt.Errorf("reading a row: %w", wire.ErrMalformed)
		case v == nil:
		case c.Storage == schema.StoredClear:
			stored, err := evaluator.Stored(c, v)
			if err != nil {
				return fmt.Errorf("reading column %s: %w", c.Name, err)
			}
			row[i] = slices.Clone(stored)
		default:
			opened, err := k.state.sealers[k.table.ID].cells.Open([]byte{}, c.ID, v)
			if err != nil {
				return corrupt(k.table, c, err)
			}
			row[i] = opened
		}
	}
	k.back.stored = append(k.back.stored, row)
	return nil
}

// listStored stores the last rows and computes the list of all. Where there are none upstream has not been asked for columns.
func (s *storeRun) listStored(k *sink) error {
	if err := k.flush(true); err != nil {
		return err
	}
	if s.back.definitions == nil && s.failed == nil {
		return s.list(nil)
	}
	return s.listRows(k, k.back.stored)
}

// listRows computes the list of rows by the sink's columns, as many at a time as have no unique key in common: a row may have been replaced.
func (s *storeRun) listRows(k *sink, rows [][][]byte) error {
	for len(rows) > 0 {
		seen := map[string]bool{}
		n := 0
		for n < len(rows) {
			keys, err := k.uniqueKeys(rows[n])
			if err != nil {
				return err
			}
			if slices.ContainsFunc(keys, func(key string) bool { return seen[key] }) {
				break
			}
			for _, key := range keys {
				seen[key] = true
			}
			n++
		}
		var some [][][]byte
		for _, row := range rows[:n] {
			values := make([][]byte, len(s.into.Back))
			for i, c := range s.into.Back {
				values[i] = row[slices.Index(k.columns, c)]
			}
			some = append(some, values)
		}
		if err := s.list(some); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// uniqueKeys are a row's keys that no other row may have.
func (k *sink) uniqueKeys(row [][]byte) (out []string, err error) {
	for i := range k.table.Indexes {
		ix := &k.table.Indexes[i]
		if !ix.Unique && ix.Name != "PRIMARY" {
			continue
		}
		key, err := k.keyText(ix, row)
		if err != nil {
			return nil, err
		}
		if key != "" {
			out = append(out, ix.Name+"\x00"+key)
		}
	}
	return out, nil
}

// list computes the list of some rows. Of none it gives the definitions, or an error of the list's own, for which nothing has to be
// undone.
func (s *storeRun) list(rows [][][]byte) error {
	table, err := s.bench.Returned(s.into.Table)
	if err != nil {
		return err
	}
	loader, err := table.Load(append(s.into.Back[:len(s.into.Back):len(s.into.Back)], evaluator.RowNumber()))
	if err != nil {
		return err
	}
	for i, row := range rows {
		number := value64(uint64(i))
		if err := loader.Row(append(row[:len(row):len(row)], number[:])); err != nil {
			return err
		}
	}
	if err := loader.Close(); err != nil {
		return err
	}
	if err := s.bench.Set(s.given); err != nil { // the twin was read under others
		return err
	}
	s.base = max(0, s.lexer.Rows-1) * s.lexer.RowWidth
	if s.into.Row == nil {
		s.base = 0
	}
	sql, err := s.appendText([]byte(table.DeleteInOrder()+s.into.Returns), s.into.List)
	s.base = 0
	if err != nil {
		return err
	}
	if s.params != nil {
		err = s.execute(sql, s.listParams())
	} else {
		err = s.bench.Query(sql)
	}
	if err != nil {
		return err
	}
	return s.listed()
}

// listed reads the evaluator's answer.
func (s *storeRun) listed() error {
	packet, err := s.bench.Conn().ReadPacket()
	if err != nil {
		return s.evaluated(err)
	}
	if wire.IsError(packet) {
		return s.evaluatorError(packet)
	}
	if err := s.strange(); err != nil {
		return err
	}
	ok, err := s.takeRows(packet, s.back, s.into.Table)
	if err == nil && ok.Warnings > 0 {
		// Where an INSERT is strict these are errors, and they would stand between those of the rows.
		err = notSupported("RETURNING of an expression that gives warnings, from an encrypted table, is not supported")
	}
	return err
}

// inList counts the parameters of the list.
func (s *storeRun) inList() (n int) {
	if s.listing {
		return 0 // the list goes with the statement
	}
	base := 0
	if s.into.Row != nil {
		base = max(0, s.lexer.Rows-1) * s.lexer.RowWidth
	}
	for i := range s.into.List {
		if p := &s.into.List[i]; p.Kind == plan.PartValue && s.args.literals[base+p.Literal].Kind == plan.LitParam {
			n++
		}
	}
	return n
}

// ownParams are the parameters of the statement before its list; those of the list come last.
func (s *storeRun) ownParams() *wire.Execute {
	e := *s.params
	e.Params = e.Params[:len(e.Params)-s.inList()]
	return &e
}

func (s *storeRun) listParams() *wire.Execute {
	e := *s.params
	e.Params = e.Params[len(e.Params)-s.inList():]
	return &e
}

// along says whether the evaluator computes the list with an ON DUPLICATE KEY UPDATE: it does where rows have their numbers, or the list
// does not read these.
func (c *computing) along(numbered bool) error {
	p := c.into
	if c.run.listing = p.List != nil && !(numbered && p.ListsAuto); c.run.listing {
		*c.run.back = returned{}
	}
	if p.List == nil || c.run.listing {
		return nil
	}
	seen := map[*[][]byte]bool{}
	for _, hit := range c.hits {
		if hit == nil && !c.alone() || seen[hit] {
			return notSupported("RETURNING of AUTO_INCREMENT numbers with ON DUPLICATE KEY UPDATE of several rows of which upstream numbers some, or which are one")
		}
		seen[hit] = true
	}
	return nil
}

// list computes the list of rows that upstream has numbered.
func (c *computing) list() error {
	if c.into.List == nil || c.run.listing {
		return nil
	}
	var rows [][][]byte
	for i, hit := range c.hits {
		t := c.rows[hit]
		switch {
		case hit == nil:
			row := slices.Clone(c.made[i])
			number := value64(c.sum.InsertID)
			row[c.auto] = number[:]
			rows = append(rows, row)
		case t.final != nil:
			rows = append(rows, t.final)
		default:
			rows = append(rows, t.now)
		}
	}
	return c.run.listRows(c.sink, rows)
}
