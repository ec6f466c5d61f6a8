package exec

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// bystanders refuses to convert a table that others name: what they hold would go on to mean the table as it was.
func (c *conversion) bystanders(ctx context.Context) error {
	rows, err := c.catalog.rows(ctx, "SELECT COALESCE(TABLE_ROWS, 0), COALESCE(ENGINE, '') FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? "+
		"AND TABLE_TYPE = 'BASE TABLE'", c.mark.DB, c.mark.Name)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return notSupported("encrypting or decrypting what is not a table that stays is not supported")
	}
	c.engine = rows[0][1]
	about, err := strconv.ParseUint(rows[0][0], 10, 64)
	if err != nil {
		return fmt.Errorf("reading the number of rows: %w", err)
	}
	c.mark.Of.Store(about)
	if err := c.catalog.seesAll(ctx); err != nil {
		return err
	}
	for _, k := range []struct{ what, query string }{
		{"a foreign key", "SELECT CONSTRAINT_SCHEMA, CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE " +
			"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL LIMIT 1"},
		{"a foreign key", "SELECT CONSTRAINT_SCHEMA, CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE " +
			"WHERE REFERENCED_TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME = ? LIMIT 1"},
		{"a trigger", "SELECT TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ? LIMIT 1"},
	} {
		rows, err := c.catalog.rows(ctx, k.query, c.mark.DB, c.mark.Name)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			return notSupported("encrypting or decrypting table %s.%s, which has, or is named by, %s (%s.%s), is not supported; drop that first",
				c.mark.DB, c.mark.Name, k.what, rows[0][0], rows[0][1])
		}
	}
	if !c.mark.Encrypt {
		return nil
	}
	return c.definitions(ctx)
}

// seesAll sees that INFORMATION_SCHEMA hides no trigger, view or event from the proxy's account: it hides what an account has no
// privilege on.
func (c *Catalog) seesAll(ctx context.Context) error {
	grants, err := c.rows(ctx, "SHOW GRANTS")
	if err != nil {
		return err
	}
	for _, p := range []string{"SELECT", "TRIGGER", "EVENT", "SHOW VIEW"} {
		if !slices.ContainsFunc(grants, func(r []string) bool { return grantsAll(r[0], p) }) {
			return notSupported("encrypting or decrypting a table needs the privilege %s ON *.* for upstream.user, to see what else names the table", p)
		}
	}
	return nil
}

// grantsAll says whether a row of SHOW GRANTS gives a privilege on everything.
func grantsAll(row, privilege string) bool {
	list, _, global := strings.Cut(row, " ON *.* TO ")
	list = strings.TrimPrefix(list, "GRANT ")
	return global && (list == "ALL PRIVILEGES" || slices.ContainsFunc(strings.Split(list, ","), func(p string) bool { return strings.TrimSpace(p) == privilege }))
}

// definitions refuses to encrypt what a view, a stored function, a trigger or an event could name: the server runs them without
// the proxy. Procedures are looked at when they are called.
func (c *conversion) definitions(ctx context.Context) error {
	for _, k := range []struct{ what, query string }{
		{"view", "SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(VIEW_DEFINITION, '') FROM information_schema.VIEWS WHERE TABLE_SCHEMA"},
		{"function", "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, COALESCE(ROUTINE_DEFINITION, '') FROM information_schema.ROUTINES " +
			"WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA"},
		{"trigger", "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, COALESCE(ACTION_STATEMENT, '') FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA"},
		{"event", "SELECT EVENT_SCHEMA, EVENT_NAME, COALESCE(EVENT_DEFINITION, '') FROM information_schema.EVENTS WHERE EVENT_SCHEMA"},
	} {
		rows, err := c.catalog.rows(ctx, k.query+" NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')")
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r[2] == "" || plan.Names(r[2], c.mark.Name) {
				return notSupported("encrypting table %s.%s, which %s %s.%s names, or could name (its definition cannot be seen by upstream.user), is not supported",
					c.mark.DB, c.mark.Name, k.what, r[0], r[1])
			}
		}
	}
	return nil
}

// settleConversions ends what conversions have left that were interrupted: a RENAME decided what became of each, and what it did
// not leave in the table's place goes.
func (c *Catalog) settleConversions(ctx context.Context) error {
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_NAME LIKE '"+conversionPrefix+"~%'")
	if err != nil {
		return fmt.Errorf("looking for interrupted conversions: %w", err)
	}
	for _, r := range rows {
		id, twin := strings.CutPrefix(r[1], twinPrefix)
		if !twin {
			id = strings.TrimPrefix(r[1], oldPrefix)
		}
		if err := c.settle(ctx, r[0], id); err != nil {
			return fmt.Errorf("ending an interrupted conversion: %w", err)
		}
		c.log.Info("ended a conversion that was interrupted", "database", r[0], "undone", twin)
	}
	return nil
}

// settle drops the tables that a conversion has left, once no statement of its is under way upstream.
func (c *Catalog) settle(ctx context.Context, db, id string) error {
	for {
		rows, err := c.rows(ctx, "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND INFO LIKE '%"+conversionPrefix+"~%"+id+"%'")
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			if _, err := c.upstream.Query(ctx, "KILL "+r[0]); err != nil {
				c.log.Debug("a statement of an interrupted conversion has ended by itself", "connection", r[0], "error", err)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	_, err := c.upstream.Query(ctx, "DROP TABLE IF EXISTS "+quoteName(db)+"."+quoteName(twinPrefix+id)+", "+quoteName(db)+"."+quoteName(oldPrefix+id))
	return err
}
