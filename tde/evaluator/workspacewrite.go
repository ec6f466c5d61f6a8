package evaluator

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Columns that tables of a workspace have beside the logical ones, where statements change rows. No statement of the client's
// sees them.
const (
	numberColumn  = schema.Prefix + "row"     // the number that a row was loaded with; NULL of a row that was added
	changedColumn = schema.Prefix + "changed" // NULL of a row that is as it was loaded
)

// ForWriting says that the statement of this lend changes rows. Tables then have CHECKs, and what tells changed rows: Changed and
// Left say what has become of them. It comes before anything is loaded.
func (w *Workspace) ForWriting() { w.writes = true }

// ForPartitions says that the statement of this lend names partitions: tables have theirs. It comes before anything is loaded.
func (w *Workspace) ForPartitions() { w.parted = true }

// RowNumber is a column to be loaded as the last one, with numbers from 0, into a table whose rows a statement may change.
func RowNumber() *schema.Column {
	return &schema.Column{Name: numberColumn, Kind: schema.KindBigInt, Unsigned: true, SQLType: "bigint unsigned", Default: schema.DefaultNull}
}

// writeColumns are the definitions of the columns that a table has in addition. The server itself says which rows an UPDATE
// has changed: it sets what is ON UPDATE CURRENT_TIMESTAMP of those and of no others.
func writeColumns() []string {
	return []string{
		schema.Quote(numberColumn) + " BIGINT UNSIGNED NULL DEFAULT NULL INVISIBLE",
		schema.Quote(changedColumn) + " DATETIME(6) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(6) INVISIBLE",
	}
}

// Added is the number that Changed gives for rows that were not loaded.
const Added = -1

// Changed hands the rows of a table that a statement has changed, or added, to fn: the number that a row was loaded with, and the
// stored forms of some of its columns. fn must not use the workspace, nor keep the row.
func (w *Workspace) Changed(t *schema.Table, cols []*schema.Column, fn func(number int, row [][]byte) error) error {
	table, err := w.written(t)
	if err != nil {
		return err
	}
	return w.changed(table, cols, fn)
}

func (w *Workspace) changed(table *loaded, cols []*schema.Column, fn func(number int, row [][]byte) error) error {
	sql := "SELECT " + schema.Quote(numberColumn)
	for _, c := range cols {
		sql += ", " + c.ReadBack("")
	}
	sql += " FROM %s WHERE " + schema.Quote(changedColumn) + " IS NOT NULL OR " + schema.Quote(numberColumn) + " IS NULL"
	out := make([][]byte, len(cols))
	err := w.readTable(table, sql, len(cols)+1, func(row [][]byte) error {
		n, err := rowNumber(row[0])
		if err != nil {
			return err
		}
		for i, c := range cols {
			if out[i] = row[i+1]; out[i] != nil {
				if out[i], err = stored(c, row[i+1]); err != nil {
					return err
				}
			}
		}
		return fn(n, out)
	})
	return cmp.Or(err, warnsRead(cols, w.readWarned))
}

// Left hands the numbers of the rows that were loaded into a table and are still there to fn.
func (w *Workspace) Left(t *schema.Table, fn func(number int) error) error {
	number := schema.Quote(numberColumn)
	table, err := w.written(t)
	if err != nil {
		return err
	}
	return w.readTable(table, "SELECT "+number+" FROM %s WHERE "+number+" IS NOT NULL", 1, func(row [][]byte) error {
		n, err := rowNumber(row[0])
		if err != nil {
			return err
		}
		return fn(n)
	})
}

func rowNumber(v []byte) (int, error) {
	if v == nil {
		return Added, nil
	}
	n, err := strconv.Atoi(string(v))
	if err != nil {
		return 0, fmt.Errorf("%w: a row's number came back in an unknown form", errOwn)
	}
	return n, nil
}

// written finds a table that this lend has loaded.
func (w *Workspace) written(t *schema.Table) (*loaded, error) {
	db, err := w.Schema(t.DB)
	if err != nil {
		return nil, err
	}
	table := w.tables[db+"."+w.fold(t.Name)]
	if table == nil || !table.inUse {
		return nil, fmt.Errorf("%w: table %s.%s was not loaded", errOwn, t.DB, t.Name)
	}
	return table, nil
}

// readTable runs a query of the workspace's own over a table that this lend has loaded. %s in it is the table.
func (w *Workspace) readTable(table *loaded, sql string, width int, fn func(row [][]byte) error) error {
	if w.answer {
		return fmt.Errorf("%w: the answer before was not read", errOwn)
	}
	if err := errors.Join(w.closeLoader(), w.own(), w.drain()); err != nil {
		return err
	}
	w.conn.ResetSequence()
	b := append(append(w.conn.Begin(), byte(wire.ComQuery)), fmt.Sprintf(sql, table.name)...)
	if err := errors.Join(w.conn.End(b), w.conn.Flush()); err != nil {
		return w.Broken(err)
	}
	return w.readRows(width, fn)
}

// readRows reads the answer to a query. After an error of fn the workspace is of no more use.
func (w *Workspace) readRows(width int, fn func(row [][]byte) error) error {
	w.conn.Enlarge()
	defer w.conn.Shrink()
	row := make([][]byte, width)
	for n := 0; ; n++ {
		packet, err := w.conn.ReadPacket()
		switch {
		case err != nil:
			return w.Broken(err)
		case wire.IsError(packet):
			return decoded(packet)
		case n <= width: // the number of columns, the columns
			continue
		case wire.IsEnd(packet, w.caps):
			end, err := wire.DecodeEnd(packet, w.caps)
			w.readWarned = end.Warnings
			return err
		}
		text := wire.NewTextRow(packet)
		for i := range row {
			v, ok := text.Next()
			if !ok {
				return w.Broken(wire.ErrMalformed)
			}
			row[i] = v
		}
		if err := fn(row); err != nil {
			w.broken = err
			return err
		}
	}
}
