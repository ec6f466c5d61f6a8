package evaluator

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Bounds of a load.
const (
	// batchSize is how many bytes of rows are kept before they are sent.
	batchSize = 64 << 10
	// rollbackRows is how many rows one transaction takes: it costs less to roll back few, and to TRUNCATE after many.
	rollbackRows = 2000
	// rowOverhead is what a row takes in the server beside its values, roughly, in bytes.
	rowOverhead = 40
	// codeTableFull is ER_RECORD_FILE_FULL.
	codeTableFull = 1114
)

// Loader loads rows into one table. One at a time is open; what follows closes it. Few rows go as an INSERT, which is
// gathered with what comes after it; many as a file that the server asks for.
type Loader struct {
	w      *Workspace
	table  *loaded
	logic  *schema.Table
	cols   []*schema.Column
	fill   []filling // columns that are not loaded
	raw    []byte    // rows to come: of each value its length plus one, 0 for NULL, and its bytes
	rows   uint64    // in raw
	size   int64     // bytes of their values
	needs  needs
	total  expected // of the statement that is at work
	stream bool     // that is LOAD DATA
	err    error
}

// filling is a column that is not loaded, with what it gets.
type filling struct{ name, value string }

// expected is what a statement will say of rows.
type expected struct{ rows, warnings uint64 }

// check compares it with what the server says.
func (x expected) check(ok wire.OK, t *schema.Table) error {
	if ok.AffectedRows != x.rows || uint64(ok.Warnings) != min(x.warnings, 65535) {
		return fmt.Errorf("%w: rows of table %s.%s were not stored in the evaluator as they were read", errOwn, t.DB, t.Name)
	}
	return nil
}

// needs says which variables of a session a load depends on.
type needs struct {
	mode    bool // sql_mode: there are values that some modes refuse or change
	zone    bool // time_zone: there are TIMESTAMPs
	charset bool // character_set_client: the statement is not ASCII
	checks  bool // check_constraint_checks: the table may have a CHECK
}

// look notes what a value needs.
func (n *needs) look(c *schema.Column, v []byte) {
	switch c.Kind {
	case schema.KindTimestamp:
		n.zone = true
		n.mode = n.mode || !realDate(v)
	case schema.KindDate, schema.KindDateTime:
		n.mode = n.mode || !realDate(v)
	case schema.KindEnum:
		n.mode = n.mode || isZero(v)
	default:
		n.mode = n.mode || c.AutoIncrement && isZero(v)
	}
}

// Load starts loading rows of t; cols are the columns that rows will have. Other columns are left to some value that
// their definition allows; all columns of PRIMARY and UNIQUE keys and of a partitioning must be among cols.
func (w *Workspace) Load(t *schema.Table, cols []*schema.Column) (*Loader, error) {
	if err := w.closeLoader(); err != nil {
		return nil, err
	}
	table, err := w.table(t)
	if err != nil {
		return nil, err
	}
	return w.loadInto(table, t, cols)
}

// loadInto is Load for a table of the workspace's.
func (w *Workspace) loadInto(table *loaded, t *schema.Table, cols []*schema.Column) (*Loader, error) {
	if err := w.closeLoader(); err != nil {
		return nil, err
	}
	l := &Loader{w: w, table: table, logic: t, cols: append([]*schema.Column(nil), cols...)}
	given := map[*schema.Column]bool{}
	for _, c := range cols {
		if given[c] || c.Kind == schema.KindNone {
			return nil, fmt.Errorf("%w: column %s.%s.%s cannot be loaded", errOwn, t.DB, t.Name, c.Name)
		}
		given[c] = true
		l.needs.charset = l.needs.charset || !simple(c.Name)
	}
	l.needs.charset = l.needs.charset || !simple(table.name)
	l.needs.checks = table.checks
	for i := range t.Columns {
		c := &t.Columns[i]
		if v := filler(c); !given[c] && v != "" {
			l.fill = append(l.fill, filling{schema.Quote(c.Name), v})
			l.needs.charset = l.needs.charset || !simple(c.Name)
			l.needs.mode = l.needs.mode || strings.HasPrefix(v, "'0000-")
		}
	}
	if !table.inUse {
		table.inUse = true
		w.used = append(w.used, table)
	}
	w.loader = l
	return l, nil
}

// filler is the value of a column that is not loaded, "" where its default will do.
func filler(c *schema.Column) string {
	switch {
	case c.Generated, c.Default == schema.DefaultNull, c.Default == schema.DefaultValue, c.Default == schema.DefaultNow:
		return ""
	case !c.NotNull:
		return "NULL"
	}
	switch k := c.Kind; {
	case k == schema.KindNone:
		return "DEFAULT"
	case k <= schema.KindYear:
		return "0"
	case k == schema.KindDate:
		return "'0000-00-00'"
	case k == schema.KindTime:
		return "'00:00:00'"
	case k == schema.KindDateTime, k == schema.KindTimestamp:
		return "'0000-00-00 00:00:00'"
	case k == schema.KindEnum:
		return "1"
	case k == schema.KindBit, k == schema.KindSet:
		return "0"
	case k == schema.KindJSON, c.JSONCheck:
		return "'null'"
	case k == schema.KindGeometry:
		return emptyGeometry(c.SQLType)
	case k == schema.KindUUID:
		return "'00000000-0000-0000-0000-000000000000'"
	case k == schema.KindINET4:
		return "'0.0.0.0'"
	case k == schema.KindINET6:
		return "'::'"
	}
	return "''"
}

// Row adds a row: the stored form of each column, nil for NULL. Values of generated columns are left to the server. The
// values are not kept.
func (l *Loader) Row(values [][]byte) error {
	switch {
	case l.err != nil:
		return l.err
	case l.w.loader != l:
		return fmt.Errorf("%w: the loader is closed", errOwn)
	case len(values) != len(l.cols):
		return l.fail(fmt.Errorf("%w: a row has %d values for %d columns", errOwn, len(values), len(l.cols)))
	}
	for i, c := range l.cols {
		v := values[i]
		if v == nil {
			l.raw = append(l.raw, 0)
			continue
		}
		l.raw = append(binary.AppendUvarint(l.raw, uint64(len(v))+1), v...)
		l.needs.look(c, v)
		if c.Kind == schema.KindEnum && isZero(v) {
			l.total.warnings++ // the error value is stored with a warning
		}
		l.size += int64(len(v))
	}
	l.rows++
	l.size += rowOverhead
	if len(l.raw) < batchSize {
		return nil
	}
	return l.fail(l.flush(false))
}

// next takes the next value of raw.
func next(raw []byte) (v, rest []byte) {
	n, k := binary.Uvarint(raw)
	if n == 0 {
		return nil, raw[k:]
	}
	end := k + int(n) - 1
	return raw[k:end:end], raw[end:]
}

// fail keeps the first error.
func (l *Loader) fail(err error) error {
	if l.err == nil {
		l.err = err
	}
	return l.err
}

// Close sends what is left. The server's answer comes with the statement that runs on the rows.
func (l *Loader) Close() error {
	if l.w.loader != l {
		return l.err
	}
	if l.err == nil {
		l.fail(l.flush(true))
	}
	if l.err == nil && l.stream {
		l.fail(l.endStream())
	}
	l.w.loader = nil
	return l.err
}

// flush sends the rows there are; last says that no more will come.
func (l *Loader) flush(last bool) error {
	if l.rows == 0 {
		return nil
	}
	w := l.w
	if err := w.account(l); err != nil {
		return err
	}
	var err error
	switch {
	case l.stream:
		err = l.write()
	case !last && w.infile:
		if err = l.beginStream(); err == nil {
			err = l.write()
		}
	default:
		err = l.insert(last)
	}
	l.raw, l.rows, l.size = l.raw[:0], 0, 0
	return err
}

// insert gathers an INSERT. Of large ones no more than one is on its way while the next is made.
func (l *Loader) insert(last bool) error {
	w := l.w
	if err := w.suit(l.needs); err != nil {
		return err
	}
	w.conn.ResetSequence()
	b, err := l.appendInsert(append(w.conn.Begin(), byte(wire.ComQuery)))
	if err != nil {
		return err // what Begin gave is forgotten
	}
	l.total.rows = l.rows
	total, logic := l.total, l.logic
	l.total = expected{}
	err = w.sendPacket(b, sent{done: func(ok wire.OK) error { return total.check(ok, logic) }})
	if err == nil {
		err = l.transact()
	}
	if err == nil && !last {
		if err = w.flush(); err == nil {
			err = w.drainTo(1)
		}
	}
	return err
}

// appendInsert writes the INSERT of the rows there are.
func (l *Loader) appendInsert(b []byte) ([]byte, error) {
	b = append(append(append(b, "INSERT INTO "...), l.table.name...), " ("...)
	sep := ""
	for _, c := range l.cols {
		if !c.Generated {
			b, sep = append(append(b, sep...), schema.Quote(c.Name)...), ","
		}
	}
	tail := ""
	for _, f := range l.fill {
		b = append(append(b, sep...), f.name...)
		tail, sep = tail+sep+f.value, ","
	}
	b = append(b, ") VALUES "...)
	v, raw := []byte(nil), l.raw
	for r := range l.rows {
		if r > 0 {
			b = append(b, ',')
		}
		b, sep = append(b, '('), ""
		for _, c := range l.cols {
			if v, raw = next(raw); c.Generated {
				continue
			}
			var err error
			if b, err = appendLiteral(append(b, sep...), c, v); err != nil {
				return nil, err
			}
			sep = ","
		}
		b = append(append(b, tail...), ')')
	}
	return b, nil
}

// transact ends the transaction where it has grown too large to be rolled back.
func (l *Loader) transact() error {
	w := l.w
	w.rows += int(l.rows)
	if w.rows <= rollbackRows && !l.table.dirty {
		return nil
	}
	w.commits()
	return w.send("COMMIT", sent{})
}

// account bounds what all workspaces hold.
func (w *Workspace) account(l *Loader) error {
	w.bytes += l.size
	if w.e.taken.Add(l.size) > w.e.cfg.Memory {
		return &wire.Error{Code: codeTableFull, State: "HY000", Message: fmt.Sprintf(
			"The table '%s' is full: the rows that the statement needs take more memory than evaluator.memory allows; "+
				"narrow them by a condition on an indexed column, or raise it", l.logic.Name)}
	}
	return nil
}

func (w *Workspace) closeLoader() error {
	if w.loader == nil {
		return nil
	}
	return w.loader.Close()
}
