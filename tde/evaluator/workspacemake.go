package evaluator

import (
	"context"
	"errors"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// makeKey begins the keys of the private schemas in which such tables are made: no table that was shown or loaded stands in the way.
const makeKey = "\x02"

// Makes gives a schema of the workspace in which a client's CREATE TABLE … SELECT makes a table, as if it were a database of some
// defaults. It comes after all loads and right before the statement, which ends the transaction that they are in.
func (w *Workspace) Makes(db, charset, collation string) (*Twin, error) {
	name, err := w.schema(makeKey+w.fold(db), db)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.closeLoader(), w.own()); err != nil {
		return nil, err
	}
	w.commits()
	err = errors.Join(w.send("ALTER DATABASE "+schema.Quote(name)+" CHARACTER SET "+charset+" COLLATE "+collation, sent{}), w.drain())
	if err != nil {
		w.unsure(err)
		return nil, err
	}
	return &Twin{Schema: name, w: w}, nil
}

// Made says what the table is called that was made in a twin's schema: it is the one whose Rows are read, and Drop drops it.
func (t *Twin) Made(name string) { t.from = schema.Quote(t.Schema) + "." + schema.Quote(name) }

// Drop drops a table that was made, if it was.
func (t *Twin) Drop(name string) {
	if t.w.broken != nil || t.w.answer {
		return // with the connection goes all that it has made
	}
	err := errors.Join(t.w.send("DROP TABLE IF EXISTS "+schema.Quote(t.Schema)+"."+schema.Quote(name), sent{}), t.w.drain())
	if err != nil {
		t.w.unsure(err)
	}
}

// DescribeMade reads a table that was made in a twin's schema as Describe reads one that it makes: d.Statement is not run, and the
// table is the logical database's.
func (e *Evaluator) DescribeMade(ctx context.Context, t *Twin, d DDL) (*schema.Table, error) {
	table := &schema.Table{DB: d.Database, Name: d.Table}
	d.Database = t.Schema
	err := e.alone(ctx, func(c *conn) error {
		c.set = false
		if err := e.mirror(c, Session{TimeZone: d.TimeZone}); err != nil {
			return err
		}
		if _, err := c.query("SET sql_mode = ''"); err != nil {
			return err
		}
		return (&reader{conn: c, ddl: &d, mariaDB: e.cfg.MariaDB, table: table}).read()
	})
	return table, err
}
