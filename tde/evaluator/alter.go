package evaluator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Alter is a client's ALTER TABLE, or another statement that changes one table, with what it depends on.
type Alter struct {
	// DDL has the statement, the client's database, which the statement's names are of, and the table's name.
	DDL
	From                 *schema.Table
	NewDatabase, NewName string // what the table is called afterwards
	// Rows are values of From's columns in stored form; nil is NULL.
	Rows [][][]byte
}

// Altered is what the server makes of an Alter.
type Altered struct {
	Table    *schema.Table // as Describe gives it: ids of columns are its own
	Affected uint64        // rows that it has written, of Rows; 0 where it changes the table in place
	Warnings []Warning
	// Rows are Alter's, in their order, as values of Table's columns.
	Rows [][][]byte
}

// Warning is a row of SHOW WARNINGS.
type Warning struct{ Level, Code, Message string }

// changed is the name of the database and the table that the statement leaves.
func (a *Alter) changed() *DDL {
	d := a.DDL
	d.Database, d.Table = a.NewDatabase, a.NewName
	return &d
}

// Alter runs the statement on an empty table of the name and definition of From, and on one with its rows. What the server
// objects to is a *wire.Error; rows count from 1 in it.
func (e *Evaluator) Alter(ctx context.Context, a *Alter) (*Altered, error) {
	dbs := []string{a.From.DB, a.NewDatabase, a.Database}
	slices.Sort(dbs)
	dbs = slices.Compact(slices.DeleteFunc(dbs, func(s string) bool { return s == "" }))
	defer e.lockNames(dbs)()
	out := &Altered{}
	err := e.alone(ctx, func(c *conn) error {
		err := e.alter(c, a, dbs, out)
		for _, name := range a.names() {
			if _, drop := c.query("DROP TABLE IF EXISTS " + name); err == nil {
				err = drop
			}
		}
		return err
	})
	return out, err
}

func (a *Alter) names() []string {
	from := schema.Quote(a.From.DB) + "." + schema.Quote(a.From.Name)
	return []string{from, qualified(a.changed())}
}

func (e *Evaluator) alter(c *conn, a *Alter, dbs []string, out *Altered) error {
	before := []string{"SET foreign_key_checks = 0"}
	for _, db := range dbs {
		before = append(before, "CREATE DATABASE IF NOT EXISTS "+schema.Quote(db),
			"ALTER DATABASE "+schema.Quote(db)+" CHARACTER SET "+a.DBCharset+" COLLATE "+a.DBCollation)
	}
	for _, sql := range before {
		if _, err := c.query(sql); err != nil {
			return err
		}
	}
	first, err := e.alterOne(c, a, a.From.Create, nil)
	if err != nil {
		return err
	}
	if err := c.warned(first, out); err != nil {
		return err
	}
	if _, err := c.query(setPlain); err != nil {
		return err
	}
	d := a.changed()
	r := &reader{conn: c, ddl: d, mariaDB: e.cfg.MariaDB, table: &schema.Table{DB: d.Database, Name: d.Table}}
	if err := r.read(); err != nil {
		return err
	}
	out.Table = r.table
	if len(a.Rows) == 0 && !a.From.Temporary {
		return nil
	}
	return e.alterRows(c, a, out)
}

// alterOne makes the table with some rows, and changes it.
func (e *Evaluator) alterOne(c *conn, a *Alter, create string, fill func() error) (result, error) {
	before := []string{setUTC}
	for _, name := range a.names() {
		before = append(before, "DROP TABLE IF EXISTS "+name)
	}
	before = append(before, "USE "+schema.Quote(a.From.DB), create)
	c.set = false
	for _, sql := range before {
		if _, err := c.query(sql); err != nil {
			return result{}, err
		}
	}
	if fill != nil {
		if err := fill(); err != nil {
			return result{}, err
		}
	}
	if a.Database != "" {
		if _, err := c.query("USE " + schema.Quote(a.Database)); err != nil {
			return result{}, err
		}
	}
	if err := e.mirror(c, Session{SQLMode: a.SQLMode, TimeZone: a.TimeZone, Timestamp: a.Timestamp, Collation: a.Collation}); err != nil {
		return result{}, err
	}
	return c.query(a.Statement)
}

// warned reads what the last statement, whose result is r, warned of.
func (c *conn) warned(r result, out *Altered) error {
	if r.Warnings == 0 {
		return nil
	}
	rows, err := c.query("SHOW WARNINGS")
	if err != nil {
		return err
	}
	for i := range rows.RowNumber() {
		if strings.Contains(rows.text(i, 2), "open statistics table") {
			continue // MariaDB's, which the evaluator does without
		}
		out.Warnings = append(out.Warnings, Warning{Level: rows.text(i, 0), Code: rows.text(i, 1), Message: rows.text(i, 2)})
	}
	return nil
}

// alterRows changes a table with rows, and reads them back. One more column tells the rows apart. A temporary table is one here, too: servers
// change those in other ways.
func (e *Evaluator) alterRows(c *conn, a *Alter, out *Altered) error {
	create := a.From.Create
	if rest, ok := strings.CutPrefix(create, "CREATE TABLE "); ok && a.From.Temporary {
		create = "CREATE TEMPORARY TABLE " + rest
	}
	r, err := e.alterOne(c, a, create, func() error { return c.fill(a.From, a.Rows) })
	if err != nil {
		return err
	}
	out.Affected = r.AffectedRows
	out.Warnings = nil
	if err := c.warned(r, out); err != nil {
		return err
	}
	var cols []*schema.Column
	for i := range out.Table.Columns {
		cols = append(cols, &out.Table.Columns[i])
	}
	rows, err := c.query("SELECT " + readBack(cols) + " FROM " + qualified(a.changed()) + " ORDER BY " + schema.Quote(rowColumn))
	if err == nil {
		err = warnsRead(cols, rows.Warnings)
	}
	if err != nil {
		return err
	}
	for i := range rows.RowNumber() {
		row := make([][]byte, len(cols))
		for j, col := range cols {
			if col.Kind == schema.KindNone {
				continue
			}
			if row[j], err = stored(col, rows.bytes(i, j)); err != nil {
				return err
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return nil
}

// fillSize is how long an INSERT of fill may get, roughly, in bytes.
const fillSize = 1 << 20

// fill stores rows in a table, and numbers them in one more column.
func (c *conn) fill(t *schema.Table, rows [][][]byte) error {
	name := schema.Quote(t.DB) + "." + schema.Quote(t.Name)
	var names []string
	for i := range t.Columns {
		if !t.Columns[i].Generated {
			names = append(names, schema.Quote(t.Columns[i].Name))
		}
	}
	for _, sql := range []string{
		"SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
		"ALTER TABLE " + name + " ADD COLUMN " + schema.Quote(rowColumn) + " BIGINT UNSIGNED NOT NULL",
	} {
		if _, err := c.query(sql); err != nil {
			return err
		}
	}
	head := "INSERT INTO " + name + " (" + strings.Join(append(names, schema.Quote(rowColumn)), ",") + ") VALUES "
	sql := []byte(head)
	for n, row := range rows {
		var err error
		if sql, err = appendRow(sql, t, row, n); err != nil {
			return err
		}
		if len(sql) < fillSize && n+1 < len(rows) {
			sql = append(sql, ',')
			continue
		}
		if _, err := c.query(string(sql)); err != nil {
			return err
		}
		sql = append(sql[:0], head...)
	}
	return nil
}

func appendRow(sql []byte, t *schema.Table, row [][]byte, n int) ([]byte, error) {
	sql = append(sql, '(')
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated {
			continue
		}
		var err error
		if sql, err = appendLiteral(sql, c, row[i]); err != nil {
			return nil, err
		}
		sql = append(sql, ',')
	}
	return append(fmt.Appendf(sql, "%d", n+1), ')'), nil
}
