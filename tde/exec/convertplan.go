package exec

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// planPrefix begins the name of a table that holds what is to be done once the RENAME has made a conversion so: the foreign keys and views that
// are to go with it. It is written before the RENAME, and whoever finds it without the twin does what it says.
const planPrefix = conversionPrefix + "~plan~"

func (c *conversion) planTable() string { return planPrefix + hex.EncodeToString(c.mark.id[:]) }

// Kinds of steps, in the order that they are done.
const (
	stepTable = "table" // the name of the table that was converted
	stepView  = "view"  // a view that is to be sealed: the statement that does it
	stepTie   = "tie"   // a foreign key of another table, which the RENAME has made point at the old one: its clause
	stepOwn   = "own"   // a foreign key of the table: its clause
)

// step is a row of that table.
type step struct{ kind, db, table, name, sql string }

// writePlan writes what is to be done, if there is anything.
func (c *conversion) writePlan(ctx context.Context) error {
	if len(c.keys)+len(c.views) == 0 {
		return nil
	}
	steps := []step{{kind: stepTable, db: c.mark.DB, table: c.mark.Name}}
	for _, v := range c.views {
		if v.sql != "" {
			steps = append(steps, step{stepView, v.db, v.name, "", v.sql})
		}
	}
	for _, own := range []bool{false, true} {
		for i := range c.keys {
			k := &c.keys[i]
			if k.own != own {
				continue
			}
			kind := stepTie
			if own {
				kind = stepOwn
			}
			steps = append(steps, step{kind, k.db, k.table, k.name, k.clause})
		}
	}
	_, err := c.work.exec("CREATE TABLE " + c.in(c.planTable()) + " (n INT NOT NULL PRIMARY KEY, kind VARBINARY(8) NOT NULL, db VARBINARY(256) NOT NULL, " +
		"tbl VARBINARY(256) NOT NULL, name VARBINARY(256) NOT NULL, text LONGBLOB NOT NULL) ENGINE=InnoDB")
	if err != nil {
		return err
	}
	var rows []string
	for i, s := range steps {
		rows = append(rows, fmt.Sprintf("(%d, x'%x', x'%x', x'%x', x'%x', x'%x')", i, s.kind, s.db, s.table, s.name, s.sql))
	}
	_, err = c.work.exec("INSERT INTO " + c.in(c.planTable()) + " VALUES " + strings.Join(rows, ", "))
	return err
}

// finish does what a conversion has planned whose RENAME is done, from wherever it was left.
func (c *Catalog) finish(ctx context.Context, db, id string) error {
	steps, err := c.readPlan(ctx, db, id)
	if err != nil {
		return err
	}
	conn, err := c.own(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	f := &finisher{Catalog: c, ownConn: conn, ctx: ctx, steps: steps, db: db, old: oldPrefix + id}
	if len(steps) > 0 {
		err = f.run()
	}
	if err != nil {
		return fmt.Errorf("finishing the conversion of table %s.%s: %w", steps[0].db, steps[0].table, err)
	}
	_, err = conn.exec("DROP TABLE IF EXISTS " + quoteName(db) + "." + quoteName(planPrefix+id))
	return err
}

func (c *Catalog) readPlan(ctx context.Context, db, id string) ([]step, error) {
	rows, err := c.rows(ctx, "SELECT kind, db, tbl, name, text FROM "+quoteName(db)+"."+quoteName(planPrefix+id)+" ORDER BY n")
	if err != nil {
		return nil, fmt.Errorf("reading what a conversion has planned: %w", err)
	}
	var steps []step
	for _, r := range rows {
		steps = append(steps, step{r[0], r[1], r[2], r[3], r[4]})
	}
	return steps, nil
}

// finisher does what a conversion has planned.
type finisher struct {
	*Catalog
	*ownConn
	ctx     context.Context
	steps   []step
	db, old string
}

// exec runs a statement that says whose it is, so that one which a kill has left under way is found.
func (f *finisher) exec(sql string) (*mysql.Result, error) {
	return f.ownConn.exec(sql + " /* " + f.old + " */")
}

// lockWait bounds how long it waits for a lock, in seconds: a transaction past the conversion's gate could wait for the conversion.
const lockWait = "60"

func (f *finisher) run() error {
	if err := f.prepare(); err != nil {
		return err
	}
	for _, s := range f.steps {
		if s.kind != stepView {
			continue
		}
		if _, err := f.exec(s.sql); err != nil {
			return err
		}
	}
	if err := f.locked(); err != nil {
		return err
	}
	_, err := f.exec("UNLOCK TABLES")
	return err
}

func (f *finisher) prepare() error {
	if !f.mariaDB {
		if err := f.unrestrict(); err != nil {
			return err
		}
	}
	if _, err := f.exec("SET NAMES utf8mb4"); err != nil {
		return err
	}
	_, err := f.exec("SET SESSION lock_wait_timeout = " + lockWait)
	return err
}

// locked puts the foreign keys in their places, with all their tables locked, so that nobody writes what they would not let be.
func (f *finisher) locked() error {
	old, err := f.rows(f.ctx, "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", f.db, f.old)
	if err != nil {
		return err
	}
	if err := f.lock(len(old) > 0); err != nil {
		return err
	}
	for _, s := range f.steps {
		if s.kind == stepTie {
			if err := f.tie(&s); err != nil {
				return err
			}
		}
	}
	if len(old) > 0 { // it has the names of the table's own foreign keys
		if _, err := f.exec("DROP TABLE " + quoteName(f.db) + "." + quoteName(f.old)); err != nil {
			return err
		}
	}
	for _, s := range f.steps {
		if s.kind == stepOwn {
			if err := f.tie(&s); err != nil {
				return err
			}
		}
	}
	return nil
}

// lock locks all tables that the foreign keys are of, and the old one.
func (f *finisher) lock(old bool) error {
	sql := "LOCK TABLES " + quoteName(f.steps[0].db) + "." + quoteName(f.steps[0].table) + " WRITE"
	if old {
		sql += ", " + quoteName(f.db) + "." + quoteName(f.old) + " WRITE"
	}
	locked := map[string]bool{f.steps[0].db + "\x00" + f.steps[0].table: true}
	for _, s := range f.steps {
		db, table := s.db, s.table
		if s.kind == stepOwn {
			db, table = references(s.sql, s.db)
		}
		if key := db + "\x00" + table; (s.kind == stepTie || s.kind == stepOwn) && !locked[key] {
			locked[key] = true
			sql += ", " + quoteName(db) + "." + quoteName(table) + " WRITE"
		}
	}
	_, err := f.exec(sql)
	return err
}

// references is the table that a foreign key's clause, as servers show it, points at.
func references(clause, current string) (db, table string) {
	i := len("CONSTRAINT ")
	i = skipQuoted(clause, i) + len(" FOREIGN KEY (")
	for i < len(clause) && clause[i] != ')' {
		if clause[i] == '`' {
			i = skipQuoted(clause, i)
		} else {
			i++
		}
	}
	i += len(") REFERENCES ")
	if i >= len(clause) {
		return "", ""
	}
	unquoted := func(s string) string { return strings.ReplaceAll(strings.Trim(s, "`"), "``", "`") }
	end := skipQuoted(clause, i)
	if end < len(clause) && clause[end] == '.' {
		return unquoted(clause[i:end]), unquoted(clause[end+1 : skipQuoted(clause, end+1)])
	}
	return current, unquoted(clause[i:end])
}

// tie makes a foreign key point at the table that is there now.
func (f *finisher) tie(s *step) error {
	rows, err := f.rows(f.ctx, "SELECT REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND "+
		"CONSTRAINT_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL LIMIT 1", s.db, s.table, s.name)
	if err != nil {
		return err
	}
	alter := "ALTER TABLE " + quoteName(s.db) + "." + quoteName(s.table) + " "
	if len(rows) > 0 {
		if rows[0][0] != f.old {
			return nil // done before
		}
		if _, err := f.exec(alter + "DROP FOREIGN KEY " + quoteName(s.name)); err != nil {
			return err
		}
	}
	_, err = f.exec(alter + "ADD " + s.sql)
	return err
}
