package exec

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

const (
	// sampleRows is how many rows of a table the evaluator sees before anything happens; chunkRows how many are written anew
	// at a time, in statements of batchRows.
	sampleRows = 1000
	chunkRows  = 2000
	batchRows  = 100
	batchBytes = 1 << 20
	// sampleBytes bounds the values of what is held at a time.
	sampleBytes = 16 << 20
)

// fillRow is the column that tells rows apart while they are written anew.
const fillRow = schema.FillPrefix + "row"

// errEnough ends a read of rows.
var errEnough = errors.New("exec: enough rows")

// sample reads the table's first rows; whole says that these are all.
func (a *alteration) sample() (rows [][][]byte, whole bool, err error) {
	size, more := 0, false
	err = a.stored(nil, fmt.Sprintf(" LIMIT %d", sampleRows+1), func(_, row [][]byte) error {
		for _, v := range row {
			size += len(v)
		}
		if len(rows) == sampleRows || size > sampleBytes {
			more = true
			return errEnough
		}
		rows = append(rows, row)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil {
		err = a.endTransaction() // reading has begun one where autocommit is off
	}
	return rows, !more, err
}

// stored reads rows of the table as it is: some physical columns as they come, and the stored forms of all logical ones. What
// fn gets is its own.
func (a *alteration) stored(physical []string, tail string, fn func(extra, row [][]byte) error) error {
	var list []string
	for _, name := range physical {
		list = append(list, quoteName(name))
	}
	for i := range a.from.Columns {
		c := &a.from.Columns[i]
		if c.Storage == schema.StoredClear {
			list = append(list, c.ReadBack(""))
		} else {
			list = append(list, quoteName(c.Name))
		}
	}
	cells := a.state.sealers[a.from.ID]
	if cells == nil {
		return errNoSealer
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + quoteName(a.from.DB) + "." + quoteName(a.from.Name) + tail
	return a.whole(sql, func(raw [][]byte) error {
		extra := make([][]byte, len(physical))
		for i := range extra {
			extra[i] = append([]byte(nil), raw[i]...)
		}
		row := make([][]byte, len(a.from.Columns))
		for i := range row {
			v, c := raw[len(physical)+i], &a.from.Columns[i]
			if v == nil {
				continue
			}
			var err error
			if c.Storage == schema.StoredClear {
				row[i], err = evaluator.Stored(c, append([]byte{}, v...))
			} else {
				row[i], err = cells.cells.Open([]byte{}, c.ID, v)
			}
			if err != nil {
				return corrupt(a.from, c, err)
			}
		}
		return fn(extra, row)
	})
}

// rewriteRows gives each row the values that the table's new columns need, and then makes it the new table. The table is
// locked all the while: no write is lost. Until the last statement the table is the old one.
func (a *alteration) rewriteRows(ctx context.Context) (err error) {
	back, err := a.ownSettings()
	if err != nil {
		return err
	}
	defer a.catalog.gate.begin(a.from.ID)()
	unlock, err := a.lockAlone()
	if err == nil {
		if err = a.fillAndFinish(ctx); err == nil {
			a.publish()
		}
		if _, failed := a.exec(unlock); err == nil {
			err = failed
		}
	}
	if _, restored := a.exec(back); err == nil {
		err = restored
	}
	return err
}

// ownSettings makes the session one for the proxy's own statements, and gives the statement that makes it the client's again.
func (a *alteration) ownSettings() (back string, err error) {
	err = a.query("SELECT "+variablesAsBytes("sql_mode", "time_zone", "sql_safe_updates")+" LIMIT 1", func(row [][]byte) error {
		// The session's literals may be of a character set that a time zone is not taken in.
		back = fmt.Sprintf("SET SESSION sql_mode = _utf8mb4 x'%x', time_zone = _utf8mb4 x'%x', sql_safe_updates = %s", row[0], row[1], row[2])
		return nil
	})
	if err == nil {
		_, err = a.exec("SET SESSION sql_mode = _utf8mb4'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = _utf8mb4'+00:00', sql_safe_updates = 0")
	}
	return back, err
}

// lockAlone locks the table when no statement that was planned for the old one runs; unlock is what unlocks it. One that waits
// upstream for this lock is let through first.
func (a *alteration) lockAlone() (unlock string, err error) {
	if a.from.Temporary {
		return nothing, nil // it is this session's
	}
	gate := a.catalog.gate
	if a.tablesLocked {
		if !gate.shut(a.from.ID) {
			return "", notSupported("encrypted table %s.%s is being used; try again, or without LOCK TABLES", a.from.DB, a.from.Name)
		}
		return nothing, nil
	}
	for {
		if _, err := a.exec(a.lockText()); err != nil {
			return "", err
		}
		if gate.shut(a.from.ID) {
			return "UNLOCK TABLES", nil
		}
		if _, err := a.exec("UNLOCK TABLES"); err != nil {
			return "", err
		}
		gate.drain(a.from.ID)
	}
}

// lockText locks the table against all others, and those that its foreign keys point at.
func (a *alteration) lockText() string {
	sql := "LOCK TABLES " + quoteName(a.from.DB) + "." + quoteName(a.from.Name) + " WRITE"
	locked := map[string]bool{strings.ToLower(a.from.DB + "." + a.from.Name): true}
	for i := range a.to.ForeignKeys {
		fk := &a.to.ForeignKeys[i]
		if fk.Pending {
			continue
		}
		db := fk.RefDB
		if db == "" {
			db = a.to.DB
		}
		if key := strings.ToLower(db + "." + fk.RefTable); !locked[key] {
			locked[key] = true
			sql += ", " + quoteName(db) + "." + quoteName(fk.RefTable) + " WRITE"
		}
	}
	return sql
}

// fillAndFinish is what happens under the lock.
func (a *alteration) fillAndFinish(ctx context.Context) error {
	if err := a.dropLeftovers(); err != nil {
		return err
	}
	if len(a.steps.Fill) == 0 {
		return a.finishTable(a.steps.Finish)
	}
	id, err := a.identity()
	if err != nil {
		return err
	}
	prepare, finish, undo := a.steps.Prepare, a.steps.Finish, a.steps.Undo
	if id[0] == fillRow {
		prepare += ", ADD COLUMN " + fillRow + " BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE, ADD UNIQUE KEY " + fillRow + " (" + fillRow + ")"
		finish += ", DROP COLUMN " + fillRow
		undo += ", DROP COLUMN " + fillRow
	}
	if _, err := a.exec(prepare); err != nil {
		return err
	}
	if err = a.fill(ctx, id); err == nil {
		err = a.finishTable(finish)
	}
	if err == nil {
		return nil
	}
	var broken *wire.BrokenError
	if errors.As(err, &broken) {
		if a.from.Temporary {
			return err
		}
		go a.catalog.clean(a.from.DB, a.from.Name)
		return err
	}
	if _, failed := a.exec(undo); failed != nil {
		a.catalog.log.Error("columns of an ALTER TABLE that failed could not be dropped; the next start drops them",
			"database", a.from.DB, "table", a.from.Name, "error", failed)
	}
	return err
}

// dropLeftovers drops what an ALTER TABLE that was killed has left. Nobody fills it: the table is locked.
func (a *alteration) dropLeftovers() error {
	if a.from.Temporary {
		return nil // it would have gone with its session
	}
	var names []string
	err := a.query(leftovers(a.from.DB, a.from.Name), func(row [][]byte) error {
		names = append(names, "DROP COLUMN "+quoteName(string(row[0])))
		return nil
	})
	if err != nil || len(names) == 0 {
		return err
	}
	_, err = a.exec("ALTER TABLE " + quoteName(a.from.DB) + "." + quoteName(a.from.Name) + " " + strings.Join(names, ", "))
	return err
}

func leftovers(db, table string) string {
	return fmt.Sprintf("SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = x'%x' AND TABLE_NAME = x'%x' AND COLUMN_NAME LIKE '%s%%'",
		db, table, strings.ReplaceAll(schema.FillPrefix, "_", `\_`))
}

// cleanAll drops what DDL that was killed has left anywhere.
func (c *Catalog) cleanAll(ctx context.Context) error {
	rows, err := c.rows(ctx, "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS WHERE COLUMN_NAME LIKE '"+
		strings.ReplaceAll(schema.FillPrefix, "_", `\_`)+"%'")
	if err != nil {
		return fmt.Errorf("looking for interrupted DDL: %w", err)
	}
	for _, r := range rows {
		c.clean(r[0], r[1])
	}
	return c.cleanMade(ctx)
}

// clean drops what a DDL that was killed has left of a table.
func (c *Catalog) clean(db, table string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rows, err := c.rows(ctx, leftovers(db, table))
	if err != nil || len(rows) == 0 {
		return // the next start tries again
	}
	var drops []string
	for _, r := range rows {
		drops = append(drops, "DROP COLUMN "+quoteName(r[0]))
	}
	if _, err := c.upstream.Query(ctx, "ALTER TABLE "+quoteName(db)+"."+quoteName(table)+" "+strings.Join(drops, ", ")); err != nil {
		c.log.Error("columns of an ALTER TABLE that was interrupted could not be dropped", "database", db, "table", table, "error", err)
		return
	}
	c.log.Info("undid an ALTER TABLE that was interrupted", "database", db, "table", table)
}

// identity are the physical columns that tell rows apart: a clear counter that is a key by itself, else one that is added,
// else, as there may be one counter only, those of the primary key.
func (a *alteration) identity() ([]string, error) {
	counter := false
	for i := range a.from.Columns {
		counter = counter || a.from.Columns[i].AutoIncrement
	}
	if !counter {
		return []string{fillRow}, nil
	}
	var primary []string
	for i := range a.from.Indexes {
		ix := &a.from.Indexes[i]
		c := a.from.Column(ix.Parts[0].Column)
		if ix.Unique && len(ix.Parts) == 1 && c.AutoIncrement {
			return []string{c.Name}, nil
		}
		if ix.Name != "PRIMARY" {
			continue
		}
		for _, part := range ix.Parts {
			c := a.from.Column(part.Column)
			if c.Storage == schema.StoredCell {
				primary = append(primary, a.from.KeyColumn(ix, part))
			} else {
				primary = append(primary, c.Name)
			}
		}
	}
	if primary == nil {
		return nil, notSupported("this change of encrypted table %s.%s needs a primary key there", a.from.DB, a.from.Name)
	}
	return primary, nil
}

// fill writes the values of new columns, chunk by chunk.
func (a *alteration) fill(ctx context.Context, id []string) error {
	var quoted []string
	for _, name := range id {
		quoted = append(quoted, quoteName(name))
	}
	keys := strings.Join(quoted, ", ")
	tail := ""
	for done := 0; ; {
		var ids, rows [][][]byte
		size := 0
		err := a.stored(id, tail+" ORDER BY "+keys+fmt.Sprintf(" LIMIT %d", chunkRows), func(key, row [][]byte) error {
			for _, v := range row {
				size += len(v)
			}
			if size > sampleBytes && len(rows) > 0 {
				return errEnough
			}
			ids, rows = append(ids, key), append(rows, row)
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		converted, err := a.convert(ctx, rows, done)
		if err != nil {
			return err
		}
		if err := a.write(ctx, id, ids, converted); err != nil {
			return err
		}
		done += len(rows)
		tail = " WHERE (" + keys + ") > " + a.identityRow(id, ids[len(ids)-1])
	}
}

// identityRow writes a row's identity as a row constructor: tokens in hexadecimal, other values as they came.
func (a *alteration) identityRow(id []string, key [][]byte) string {
	var out []string
	for i, name := range id {
		out = append(out, a.identityValue(name, key[i]))
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func (a *alteration) identityValue(name string, v []byte) string {
	if c := a.from.Column(name); strings.HasPrefix(name, schema.TokenPrefix) || strings.HasPrefix(name, schema.PartPrefix) || c != nil && (c.Charset != "" || c.Kind >= schema.KindBinary && c.Kind <= schema.KindLongBlob) {
		return "x'" + hex.EncodeToString(v) + "'"
	}
	if _, err := strconv.ParseFloat(string(v), 64); err == nil {
		return string(v)
	}
	return quoteText(string(v))
}

// convert gives rows as values of the new table's columns. done is how many rows there were before.
func (a *alteration) convert(ctx context.Context, rows [][][]byte, done int) ([][][]byte, error) {
	if a.onlyTokens() {
		out := make([][][]byte, len(rows))
		for i, row := range rows {
			out[i] = make([][]byte, len(a.to.Columns))
			for j := range a.to.Columns {
				for k := range a.from.Columns {
					if &a.from.Columns[k] == a.origins[a.to.Columns[j].Name] {
						out[i][j] = row[k]
					}
				}
			}
		}
		return out, nil
	}
	ask := a.ask
	ask.Rows = rows
	got, err := a.catalog.evaluator.Alter(ctx, &ask)
	if err != nil {
		return nil, inChunk(err, done)
	}
	if len(got.Rows) != len(rows) {
		return nil, notSupported("this change of encrypted table %s.%s, which drops rows", a.from.DB, a.from.Name)
	}
	if done == 0 {
		a.warnings = nil
	}
	a.warnings = append(a.warnings, got.Warnings...)
	return got.Rows, nil
}

// onlyTokens says that no value changes.
func (a *alteration) onlyTokens() bool {
	for i := range a.steps.Fill {
		f := &a.steps.Fill[i]
		if o := a.origins[f.Column.Name]; !f.Token && !f.Order && !f.Part || o == nil || o.ID != f.Column.ID {
			return false
		}
	}
	return true
}

// rowNumber is where an error counts rows.
var rowNumber = regexp.MustCompile(`at row (\d+)$`)

// inChunk makes an error about a row of a chunk one about a row of the table.
func inChunk(err error, done int) error {
	var e *wire.Error
	if !errors.As(err, &e) || done == 0 {
		return err
	}
	e.Message = rowNumber.ReplaceAllStringFunc(e.Message, func(s string) string {
		n, err := strconv.Atoi(strings.TrimPrefix(s, "at row "))
		if err != nil {
			return s
		}
		return "at row " + strconv.Itoa(n+done)
	})
	return e
}

// write stores values in the columns that are filled.
func (a *alteration) write(ctx context.Context, id []string, ids, rows [][][]byte) error {
	var selects []string
	size := 0
	flush := func() error {
		if len(selects) == 0 {
			return nil
		}
		_, err := a.exec(a.update(id, selects))
		selects, size = nil, 0
		return err
	}
	for i, row := range rows {
		var items []string
		for k, name := range id {
			items = append(items, a.identityValue(name, ids[i][k])+" AS k"+strconv.Itoa(k))
		}
		for k := range a.steps.Fill {
			v, err := a.filled(ctx, &a.steps.Fill[k], row)
			if err != nil {
				return err
			}
			items = append(items, v+" AS v"+strconv.Itoa(k))
		}
		s := "SELECT " + strings.Join(items, ", ")
		if len(selects) == batchRows || size+len(s) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		selects, size = append(selects, s), size+len(s)
	}
	return flush()
}

// update is the statement that stores values of some rows.
func (a *alteration) update(id, selects []string) string {
	table, values := quoteName(a.from.DB)+"."+quoteName(a.from.Name), quoteName(schema.FillPrefix+"values")
	var on, set []string
	for k, name := range id {
		on = append(on, table+"."+quoteName(name)+" = "+values+".k"+strconv.Itoa(k))
	}
	for k := range a.steps.Fill {
		set = append(set, table+"."+quoteName(a.steps.Fill[k].Name)+" = "+values+".v"+strconv.Itoa(k))
	}
	for i := range a.from.Columns {
		if c := &a.from.Columns[i]; c.OnUpdateNow && c.Storage == schema.StoredClear {
			set = append(set, table+"."+quoteName(c.Name)+" = "+table+"."+quoteName(c.Name))
		}
	}
	return "UPDATE " + table + " JOIN (" + strings.Join(selects, " UNION ALL ") + ") AS " + values + " ON " + strings.Join(on, " AND ") +
		" SET " + strings.Join(set, ", ")
}

// filled is the value of a physical column, as SQL.
func (a *alteration) filled(ctx context.Context, f *schema.Fill, row [][]byte) (string, error) {
	var v []byte
	for i := range a.to.Columns {
		if &a.to.Columns[i] == f.Column {
			v = row[i]
		}
	}
	return a.sealer.physical(ctx, a.catalog.weights, f, v)
}

// physical is what a physical column holds of a stored value, as SQL.
func (s *sealer) physical(ctx context.Context, w *weights, f *schema.Fill, v []byte) (string, error) {
	switch {
	case v == nil:
		return "NULL", nil
	case f.Column.Storage == schema.StoredClear:
		return evaluator.Literal(f.Column, v)
	case !f.Token && !f.Order && !f.Part:
		return "x'" + hex.EncodeToString(s.cells.Seal(nil, f.Column.ID, v)) + "'", nil
	}
	if f.Part {
		token, err := s.appendPart(ctx, nil, w, v, f.Column)
		return "x'" + hex.EncodeToString(token) + "'", err
	}
	c, err := stored(nil, v, f.Column)
	if err != nil {
		return "", err
	}
	if f.Order {
		order, err := s.appendOrder(ctx, nil, w, c, f.Column)
		return "x'" + hex.EncodeToString(order) + "'", err
	}
	token, err := s.tokenOf(ctx, w, c, f.Column)
	return "x'" + hex.EncodeToString(token[:]) + "'", err
}
