package exec

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// readCommitted is the isolation level in which every statement has a snapshot of its own.
const readCommitted = "READ-COMMITTED"

// fetchTogether reads the tables of a statement by one statement, so that they are of one snapshot: UNION ALL gives the rows of
// one after those of the other, each with the number of its fetch.
func (s *splitRun) fetchTogether() error {
	u := &union{splitRun: s}
	for i := range s.plan.Fetches {
		f := &s.plan.Fetches[i]
		if f.Table.Describes() || f.Table.Sequence() || f.Lock != "" { // a locking read sees the newest rows anyhow
			if err := s.fetch(f); err != nil {
				return err
			}
			continue
		}
		if slices.ContainsFunc(f.Columns, func(c *schema.Column) bool { return c.Kind == schema.KindGeometry && c.Storage == schema.StoredClear }) {
			return notSupported("a query of several tables that upstream cannot compute, one of them with spatial columns, in a transaction of "+
				"isolation level %s is not supported; use REPEATABLE READ", readCommitted)
		}
		u.fetches = append(u.fetches, f)
		u.width = max(u.width, len(f.Columns))
	}
	err := u.read()
	if unreadable(err) && u.at == nil {
		s.binder.alone = true
		err = u.read()
		s.binder.alone = false
	}
	return err
}

// union is the reading of several tables by one statement.
type union struct {
	*splitRun
	fetches []*plan.Fetch
	width   int // columns of the widest

	next   int // the fetch whose rows have not begun
	at     *plan.Fetch
	loader *evaluator.Loader
	opener opener
	kept   *reduction
}

func (u *union) read() error {
	if len(u.fetches) == 0 {
		return nil
	}
	sql, err := u.text()
	if err != nil {
		return err
	}
	begun, fetched := time.Now(), uint64(0)
	err = u.query(string(sql), func(row [][]byte) error { fetched++; return u.row(row) })
	u.note.Fetched += fetched
	u.step("fetch", begun, fetched, []plan.Part{{Text: "UNION ALL of the fetches"}})
	if err != nil {
		return err
	}
	return u.until(len(u.fetches))
}

// text is the statement.
func (u *union) text() ([]byte, error) {
	var out []byte
	for i, f := range u.fetches {
		sql, err := u.binder.appendParts(nil, f.SQL, 0, nil)
		if err != nil {
			return nil, err
		}
		from, ok := bytes.CutPrefix(sql, []byte(selects(f, func(c *schema.Column) string { return "" })))
		if !ok {
			return nil, fmt.Errorf("exec: internal error: a fetch of table %s.%s begins otherwise", f.Table.DB, f.Table.Name)
		}
		if i > 0 {
			out = append(out, " UNION ALL "...)
		}
		out = append(append(out, "(SELECT "...), strconv.Itoa(i)...)
		out = append(append(out, ", "...), selects(f, binaryCast)[len("SELECT "):]...)
		for range u.width - len(f.Columns) {
			out = append(out, ", NULL"...)
		}
		out = append(append(out, from...), ')')
	}
	if u.vars.SelectLimit != noLimit {
		out = append(out, " LIMIT "+noLimit...)
	}
	return out, nil
}

// selects is how a fetch begins; cast may wrap a clear column.
func selects(f *plan.Fetch, cast func(c *schema.Column) string) string {
	out := "SELECT "
	for i, c := range f.Columns {
		if i > 0 {
			out += ", "
		}
		switch {
		case c.Storage != schema.StoredClear:
			out += quoteName(c.Name)
		case cast(c) != "":
			out += cast(c)
		default:
			out += c.ReadBack("")
		}
	}
	return out
}

// binaryCast makes bytes of a column that is none: a column of a UNION has one type.
func binaryCast(c *schema.Column) string {
	switch c.Kind {
	case schema.KindBinary, schema.KindVarBinary, schema.KindTinyBlob, schema.KindBlob, schema.KindMediumBlob, schema.KindLongBlob:
		return ""
	}
	return "CAST(" + c.ReadBack("") + " AS BINARY)"
}

// row loads one row.
func (u *union) row(row [][]byte) error {
	i, err := strconv.Atoi(string(row[0]))
	if err != nil || i < 0 || i >= len(u.fetches) {
		return fmt.Errorf("reading a row: %w", wire.ErrMalformed)
	}
	if u.next <= i {
		if err := u.until(i); err != nil {
			return err
		}
		if err := u.begin(); err != nil {
			return err
		}
	}
	if i != u.next-1 {
		return fmt.Errorf("reading a row: tables are mixed: %w", wire.ErrMalformed)
	}
	return u.kept.row(&u.opener, row[1:1+len(u.at.Columns)], u.load)
}

func (u *union) load() error {
	u.note.Loaded++
	return u.loader.Row(u.opener.row)
}

// begin begins the next fetch.
func (u *union) begin() (err error) {
	u.at = u.fetches[u.next]
	u.next++
	u.opener = newOpener(u.Session, u.at)
	u.kept = u.reduction(u.at)
	u.loader, err = u.bench.Load(u.at.Table, u.at.Columns)
	return err
}

// until ends the fetch at hand, and passes over those before the i-th, which have no rows.
func (u *union) until(i int) error {
	for {
		if u.loader != nil {
			if err := u.kept.finish(&u.opener, u.load); err != nil {
				return err
			}
			if err := u.loader.Close(); err != nil {
				return err
			}
			u.loader = nil
		}
		if u.next >= i {
			return nil
		}
		if err := u.begin(); err != nil {
			return err
		}
	}
}
