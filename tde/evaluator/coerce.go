package evaluator

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Session is what of a client's session decides what a column stores. Empty fields leave the server's defaults, but for
// the mode: an empty one is the mode ”.
type Session struct {
	SQLMode, TimeZone  string
	Charset, Collation string // of the connection: character_set_connection, collation_connection
	Timestamp          string // the time, a number, where the session's clock stands still
}

// Cell is one value of a row to be stored.
type Cell struct {
	SQL     string // a literal in utf8mb4, or with an introducer and in hexadecimal, as its session's sql_mode reads it
	Null    bool
	Default bool // DEFAULT
}

// Coerce stores rows of literals in columns of a table under a client's session, as INSERT would, and gives what was
// stored: stored[row][column], nil for NULL, with the number of warnings. What the server objects to is a *wire.Error in
// its words, with the table's name and the row's number.
func (e *Evaluator) Coerce(ctx context.Context, t *schema.Table, cols []*schema.Column, rows [][]Cell, s Session) (stored [][][]byte, warnings int, err error) {
	if len(rows) == 0 || len(cols) == 0 {
		return make([][][]byte, len(rows)), 0, nil
	}
	insert, err := insertion(cols, rows)
	if err != nil {
		return nil, 0, err
	}
	err = e.with(ctx, func(c *conn) error {
		w, err := c.makeTwin(t, cols)
		if err != nil {
			return err
		}
		if err := e.mirror(c, s); err != nil {
			return err
		}
		stored, warnings, err = c.coerce(w, cols, insert, len(rows))
		if my, ok := serverError(err).(*wire.Error); ok {
			my.Message = strings.ReplaceAll(my.Message, w.name, schema.Quote(t.DB)+"."+schema.Quote(t.Name))
			my.Message = strings.ReplaceAll(my.Message, w.bare, t.Name)
			return my
		}
		return err
	})
	return stored, warnings, err
}

// insertion is the part of an INSERT that follows the table's name.
func insertion(cols []*schema.Column, rows [][]Cell) (string, error) {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = schema.Quote(c.Name)
	}
	var b strings.Builder
	b.WriteString(" (" + strings.Join(names, ",") + ") VALUES ")
	for i, row := range rows {
		if len(row) != len(cols) {
			return "", fmt.Errorf("%w: a row has %d values for %d columns", errOwn, len(row), len(cols))
		}
		separator := byte('(')
		if i > 0 {
			b.WriteByte(',')
		}
		for _, cell := range row {
			b.WriteByte(separator)
			separator = ','
			switch {
			case cell.Null:
				b.WriteString("NULL")
			case cell.Default:
				b.WriteString("DEFAULT")
			default:
				b.WriteString(cell.SQL)
			}
		}
		b.WriteByte(')')
	}
	return b.String(), nil
}

// coerce stores rows in a twin, reads them back and empties it, in one round trip.
func (c *conn) coerce(w *twin, cols []*schema.Column, insert string, n int) ([][][]byte, int, error) {
	before, after := "DELETE FROM "+w.name, "DELETE FROM "+w.name
	if w.transactional {
		before, after = "START TRANSACTION", "ROLLBACK"
	}
	results, err := c.each(before + "; INSERT INTO " + w.name + insert +
		"; SELECT " + readBack(cols) + " FROM " + w.name + " ORDER BY " + rowColumn + "; " + after)
	if err != nil {
		if _, failed := c.query(after); failed != nil {
			return nil, 0, failed
		}
		return nil, 0, err
	}
	if len(results) != 4 || results[2].RowNumber() != n {
		return nil, 0, fmt.Errorf("%w: the twin gave back another number of rows than it was given", errOwn)
	}
	out := make([][][]byte, n)
	for i := range out {
		out[i] = make([][]byte, len(cols))
		for j, col := range cols {
			if out[i][j], err = stored(col, results[2].bytes(i, j)); err != nil {
				return nil, 0, err
			}
		}
	}
	return out, int(results[1].Warnings), nil
}

// mirror makes the server's session as the client's is.
func (e *Evaluator) mirror(c *conn, s Session) error {
	if c.set && c.session == s {
		return nil
	}
	c.set = false
	zone, collation := s.TimeZone, s.Collation
	if zone == "" {
		zone = "SYSTEM"
	}
	connection := "collation_connection = " + hexString(collation)
	switch {
	case collation == "" && s.Charset == "":
		connection = "character_set_connection = utf8mb4"
	case collation == "":
		connection = "character_set_connection = " + hexString(s.Charset)
	}
	sql := "SET sql_mode = " + hexString(s.SQLMode) + ", " + connection + ", time_zone = " + hexString(zone) + ", timestamp = " + cmp.Or(s.Timestamp, "DEFAULT")
	_, err := c.query(sql)
	if my, ok := serverError(err).(*wire.Error); ok && my.Code == codeUnknownTimeZone {
		if err = e.loadZone(c, zone); err == nil {
			_, err = c.query(sql)
		}
	}
	if err == nil {
		c.session, c.set = s, true
	}
	return err
}

// codeUnknownTimeZone is ER_UNKNOWN_TIME_ZONE.
const codeUnknownTimeZone = 1298
