package exec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// sinkBatch is how many bytes of rows, about, one INSERT takes upstream.
const sinkBatch = 1 << 20

// sink seals rows and inserts them upstream in batches, as one statement: all of them or none.
type sink struct {
	*Session
	into    *plan.Store
	table   *schema.Table
	columns []*schema.Column // that rows have
	head    []byte           // INSERT … VALUES
	group   string           // begins a row group
	tail    string           // ends the statement
	text    []byte           // of the batch
	rows    []sunkRow        // of the batch, for messages
	records uint64           // so far
	sum     wire.OK
	auto    int  // the AUTO_INCREMENT column, or -1
	counts  bool // a row of the batch gets its number from upstream
	counted bool // sum.InsertID is such a number
	batches int
	within  bool      // a transaction
	begun   bool      // by the sink
	manual  bool      // by turning autocommit off
	saved   bool      // a savepoint stands before the first batch
	relaxed bool      // the transaction that it begins may see what others commit meanwhile
	upsert  *upsert   // of ON DUPLICATE KEY UPDATE
	back    *returned // of RETURNING
	// warnings of batches of an INSERT IGNORE: their definitions and rows, and the row of the statement that each is of.
	definitions [][]byte
	warnings    []warned
}

// sunkRow is a row that has been given to upstream.
type sunkRow struct {
	number uint64   // in the statement, from 1
	values [][]byte // stored forms
}

// newSink starts one; within says that a transaction has been begun for the statement.
func newSink(x *Session, p *plan.Store, within bool) *sink {
	k := &sink{Session: x, into: p, table: p.Table, auto: -1, within: within}
	verb := "INSERT INTO "
	switch {
	case p.Ignore:
		verb = "INSERT IGNORE INTO "
	case p.Replace:
		verb = "REPLACE INTO "
	}
	head := []byte(verb + quoteName(k.table.DB) + "." + quoteName(k.table.Name) + " (")
	sep, named := "", len(head)-1
	for i := range k.table.Columns {
		c := &k.table.Columns[i]
		if c.Storage == schema.StoredClear && c.Generated {
			continue
		}
		if c.AutoIncrement {
			k.auto = len(k.columns)
		}
		k.columns = append(k.columns, c)
		head, sep = append(append(head, sep...), quoteName(c.Name)...), ", "
	}
	for _, c := range k.columns {
		for _, name := range c.Hidden() {
			head = append(append(head, sep...), quoteName(name)...)
		}
	}
	k.head, k.group = append(head, ") VALUES "...), "("
	if k.auto >= 0 && (p.Counts || x.bulked != nil && x.bulked.repeats) {
		// The same rows in a form of which upstream does not know beforehand how many there are.
		k.head = append(head, (") WITH r " + string(head[named:]) + ") AS (VALUES ")...)
		k.tail = ") SELECT * FROM r"
		if !x.catalog.mariaDB {
			k.group = "ROW("
		}
	}
	if p.Upsert != nil && p.Upsert.Foreseen() {
		k.upsert = newUpsert(k)
		k.tail += k.upsert.clause
	}
	switch {
	case p.Returns != "":
		k.tail += " " + p.Returns
	case p.List != nil && (p.Upsert == nil || p.Upsert.Foreseen()):
		k.tail += returningColumns(p.Back)
	}
	return k
}

// row takes one row of stored forms.
func (k *sink) row(values [][]byte) error {
	if len(k.text) >= sinkBatch {
		if err := k.flush(false); err != nil {
			return err
		}
	}
	return k.append(values)
}

// append seals a row into the batch.
func (k *sink) append(values [][]byte) error {
	k.records++
	kept := make([][]byte, len(values))
	for i, v := range values {
		if v != nil {
			kept[i] = append([]byte{}, v...)
		}
	}
	k.rows = append(k.rows, sunkRow{k.records, kept})
	if k.auto >= 0 {
		k.counts = k.counts || values[k.auto] == nil || isZeroInteger(values[k.auto])
	}
	if len(k.text) == 0 {
		k.text = append(k.text, k.head...)
	} else {
		k.text = append(k.text, ", "...)
	}
	return k.seal(values)
}

func isZeroInteger(v []byte) bool { return len(v) == 8 && binary.BigEndian.Uint64(v) == 0 }

// seal writes a row group.
func (k *sink) seal(values [][]byte) error {
	s := k.state.sealers[k.table.ID]
	if s == nil {
		return errNoSealer
	}
	sep := k.group
	var err error
	for i, c := range k.columns {
		k.text = append(k.text, sep...)
		sep = ","
		switch {
		case values[i] == nil:
			k.text = append(k.text, "NULL"...)
		case c.Storage == schema.StoredClear:
			if k.text, err = appendInteger(k.text, c, values[i]); err != nil {
				return err
			}
		default:
			k.binder.sealings++
			k.binder.sealed = s.cells.Seal(k.binder.sealed[:0], c.ID, values[i])
			k.text = appendHex(k.text, bound{bytes: k.binder.sealed})
		}
	}
	for i, c := range k.columns {
		if c.Token {
			t, err := k.tokenOf(c, values[i])
			if err != nil {
				return err
			}
			k.text = appendHex(append(k.text, ','), t)
		}
		if c.Order {
			t, err := k.orderOf(c, values[i])
			if err != nil {
				return err
			}
			k.text = appendHex(append(k.text, ','), t)
		}
		if c.Part > 0 {
			t, err := k.partOf(c, values[i])
			if err != nil {
				return err
			}
			k.text = appendHex(append(k.text, ','), t)
		}
	}
	k.text = append(k.text, ')')
	return nil
}

// appendInteger writes the stored form of an integer, which clear columns have: they are counted, or point at what is.
func appendInteger(dst []byte, c *schema.Column, v []byte) ([]byte, error) {
	if c.Kind > schema.KindBigInt || len(v) != 8 {
		return dst, fmt.Errorf("exec: internal error: column %s is clear and no integer", c.Name)
	}
	if c.Unsigned {
		return strconv.AppendUint(dst, binary.BigEndian.Uint64(v), 10), nil
	}
	return strconv.AppendInt(dst, int64(binary.BigEndian.Uint64(v)), 10), nil
}

// tokenOf makes the token of a stored value.
func (k *sink) tokenOf(c *schema.Column, v []byte) (bound, error) {
	if v == nil {
		return bound{null: true}, nil
	}
	canon, err := stored(k.binder.canon[:0], v, c)
	if err != nil {
		return bound{}, err
	}
	k.binder.canon = canon.bytes
	return k.binder.token(k.state.sealers[k.table.ID], canon, c)
}

// orderOf makes the order token of a stored value.
func (k *sink) orderOf(c *schema.Column, v []byte) (bound, error) {
	if v == nil {
		return bound{null: true}, nil
	}
	canon, err := stored(k.binder.canon[:0], v, c)
	if err != nil {
		return bound{}, err
	}
	k.binder.canon = canon.bytes
	return k.binder.order(k.state.sealers[k.table.ID], canon, c)
}

// partOf makes the part token of a stored value.
func (k *sink) partOf(c *schema.Column, v []byte) (bound, error) {
	if v == nil {
		return bound{null: true}, nil
	}
	return k.binder.part(k.state.sealers[k.table.ID], v, c)
}

// keyTokenOf makes the token that an index has of a stored value.
func (k *sink) keyTokenOf(ix *schema.Index, part schema.IndexPart, v []byte) (bound, error) {
	if k.table.ByPart(ix, part) {
		return k.partOf(k.table.Column(part.Column), v)
	}
	return k.tokenOf(k.table.Column(part.Column), v)
}

// flush inserts the batch; last says that it is the statement's last.
func (k *sink) flush(last bool) error {
	if len(k.rows) == 0 {
		return nil
	}
	if k.back != nil {
		return k.returning(last)
	}
	if !last || k.into.Compare != nil || k.upsert != nil {
		if err := k.protect(); err != nil {
			return err
		}
	}
	same, err := k.same()
	if err == nil && k.upsert != nil {
		err = k.upsert.foresee()
	}
	if err != nil {
		return err
	}
	ok, err := k.exec(string(append(k.text, k.tail...)))
	if err != nil {
		return k.duplicate(err)
	}
	if k.upsert != nil {
		if err := k.upsert.corrects(&ok); err != nil {
			return err
		}
	}
	ok.AffectedRows -= same
	return k.sent(ok)
}

// sent notes upstream's answer to a batch.
func (k *sink) sent(ok wire.OK) error {
	k.batches++
	k.sum.AffectedRows += ok.AffectedRows
	if ok.InsertID != 0 && !k.counted {
		k.sum.InsertID, k.counted = ok.InsertID, k.counts
	}
	if ok.Warnings > 0 {
		if err := k.keepWarnings(ok.Warnings); err != nil {
			return err
		}
	}
	k.text, k.rows, k.counts = k.text[:0], k.rows[:0], false
	return nil
}

// protect sees before a batch that is not the last that all of them can be undone together.
func (k *sink) protect() error {
	if k.within || k.saved {
		return nil
	}
	own, err := k.needsTransaction()
	switch {
	case err != nil:
		return err
	case own && k.tablesLocked:
		// BEGIN would unlock them; a transaction that autocommit leaves open does not, nor does its COMMIT.
		if _, err := k.exec("SET SESSION autocommit = 0"); err != nil {
			return err
		}
		k.within, k.begun, k.manual = true, true, true
		return nil
	case own:
		if err := k.start(); err != nil {
			return err
		}
		k.within, k.begun = true, true
		return nil
	}
	_, err = k.exec("SAVEPOINT " + savepoint)
	k.saved = err == nil
	return err
}

// start begins a transaction. Where rows are not there, one of REPEATABLE READ would lock the gaps for all who look for such.
func (k *sink) start() error {
	const begin = "START TRANSACTION"
	if !k.relaxed {
		_, err := k.exec(begin)
		return err
	}
	_, err := k.pair("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", []byte(begin))
	if isBroken(err) {
		return err
	}
	if _, begun := k.readOK(); err == nil {
		err = begun
	}
	return err
}

// end finishes the transaction that protect began.
func (k *sink) end(cause error) error {
	err := k.finish(cause)
	if k.manual {
		k.manual = false
		if _, on := k.exec("SET SESSION autocommit = 1"); err == nil {
			err = on
		}
	}
	return err
}

// savepoint is a name that no client's savepoint has.
const savepoint = "`" + schema.Prefix + "store`"

// close stores the last rows and ends what protect began.
func (k *sink) close() error {
	if err := k.flush(true); err != nil {
		return err
	}
	if k.batches > 1 && k.counted {
		// Upstream remembers the first number of the last batch.
		if _, err := k.exec("DO LAST_INSERT_ID(" + strconv.FormatUint(k.sum.InsertID, 10) + ")"); err != nil {
			return err
		}
	}
	switch {
	case k.begun:
		k.begun = false
		return k.end(nil)
	case k.saved:
		k.saved = false
		_, err := k.exec("RELEASE SAVEPOINT " + savepoint)
		return err
	}
	return nil
}

// abandon undoes the batches that were stored, after an error.
func (k *sink) abandon(cause error) error {
	var broken *wire.BrokenError
	if errors.As(cause, &broken) && broken.Conn == k.upstream {
		return cause
	}
	switch {
	case k.begun:
		return k.end(cause)
	case k.saved:
		// After a deadlock there is no savepoint any more, and nothing to undo.
		if _, err := k.exec("ROLLBACK TO SAVEPOINT " + savepoint); err != nil && errors.As(err, &broken) {
			return err
		}
	}
	return cause
}
