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
	triggers, err := c.catalog.rows(ctx, "SELECT TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ? LIMIT 1",
		c.mark.DB, c.mark.Name)
	if err != nil {
		return err
	}
	if len(triggers) > 0 {
		return notSupported("encrypting or decrypting table %s.%s, which has a trigger (%s.%s), is not supported; drop that first",
			c.mark.DB, c.mark.Name, triggers[0][0], triggers[0][1])
	}
	if c.keys, err = c.ties(ctx); err != nil {
		return err
	}
	for _, o := range c.tied() {
		c.mark.andOf(o[1])
	}
	if !c.mark.Encrypt {
		return nil
	}
	if c.views, err = c.readers(ctx); err != nil {
		return err
	}
	for i := range c.views {
		c.mark.andOf(c.views[i].name)
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

// definitions refuses to encrypt what a stored function, a trigger or an event could name: the server runs them without
// the proxy. Procedures are looked at when they are called.
func (c *conversion) definitions(ctx context.Context) error {
	for _, k := range []struct{ what, query string }{
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
			if r[2] == "" || c.namedIn(r[2]) {
				return notSupported("encrypting table %s.%s, which %s %s.%s names, or could name (its definition cannot be seen by upstream.user), is not supported",
					c.mark.DB, c.mark.Name, k.what, r[0], r[1])
			}
		}
	}
	return nil
}

// namedIn says whether a text could name the table, or a view that reads it.
func (c *conversion) namedIn(text string) bool {
	return plan.Names(text, c.mark.Name) || slices.ContainsFunc(c.views, func(v readingView) bool { return plan.Names(text, v.name) })
}

// settleConversions ends what conversions have left that were interrupted: a RENAME decided what became of each, and what it did
// not leave in the table's place goes.
func (c *Catalog) settleConversions(ctx context.Context) error {
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_NAME LIKE '"+conversionPrefix+"~%'")
	if err != nil {
		return fmt.Errorf("looking for interrupted conversions: %w", err)
	}
	for _, r := range rows {
		id := r[1][strings.LastIndexByte(r[1], '~')+1:]
		if r[1] == probeView {
			if _, err := c.upstream.Query(ctx, "DROP VIEW IF EXISTS "+quoteName(r[0])+"."+quoteName(probeView)); err != nil {
				return fmt.Errorf("ending an interrupted conversion: %w", err)
			}
			continue
		}
		if err := c.settle(ctx, r[0], id); err != nil {
			return fmt.Errorf("ending an interrupted conversion: %w", err)
		}
		c.log.Info("ended a conversion that was interrupted", "database", r[0], "undone", strings.HasPrefix(r[1], twinPrefix))
	}
	return nil
}

// settle drops the tables that a conversion has left, once no statement of its is under way upstream. Where the RENAME is done, what was planned
// for after it is done first.
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
	there, err := c.rows(ctx, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME LIKE '"+conversionPrefix+"~%"+id+"'", db)
	if err != nil {
		return err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(there, func(r []string) bool { return r[0] == name })
	}
	if has(planPrefix+id) && !has(twinPrefix+id) {
		err = c.finish(ctx, db, id)
	} else if has(planPrefix + id) { // before the twin, which says that nothing of it is to be done
		_, err = c.upstream.Query(ctx, "DROP TABLE IF EXISTS "+quoteName(db)+"."+quoteName(planPrefix+id))
	}
	if err != nil {
		return err
	}
	_, err = c.upstream.Query(ctx, "DROP TABLE IF EXISTS "+quoteName(db)+"."+quoteName(twinPrefix+id)+", "+quoteName(db)+"."+quoteName(oldPrefix+id))
	return err
}
