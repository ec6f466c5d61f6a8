package exec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Keys change the keyring. Each gives the ring that is to be used from then on; the one before stays open.
type Keys struct {
	Rotate func(ctx context.Context) (*keyring.Ring, error) // adds a master key version
	Reload func(ctx context.Context) (*keyring.Ring, error) // reads the keyring file again
}

// codeAccessDenied is ER_SPECIFIC_ACCESS_DENIED_ERROR.
const codeAccessDenied = 1227

// keyring rotates the master key or reloads the keyring, and then has all table keys wrapped by the active version.
func (x *Session) keyring(ctx context.Context, p *plan.Keyring, more bool) error {
	if err := x.endTransaction(); err != nil {
		return err
	}
	if err := x.mayRotate(p); err != nil {
		return err
	}
	change, what := x.catalog.keys.Rotate, "the master key was not rotated"
	if p.Reload {
		change, what = x.catalog.keys.Reload, "the keyring was not reloaded"
	}
	if change == nil {
		return notSupported("changing the keyring here is not supported")
	}
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	var err error
	x.apart(func() { err = x.catalog.changeKeys(ctx, change) })
	if err != nil {
		x.catalog.log.Error(what, "user", x.User, "connection", x.ID, "error", err)
		return interrupted(ctx, wire.NewError(wire.CodeUnknown, "tdeproxy: %s: %s", what, err.Error()))
	}
	x.catalog.log.Info("the keyring was changed by a client's statement", "user", x.User, "connection", x.ID, "reload", p.Reload, "master_key", x.catalog.ring.Load().Active())
	return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement}, more)
}

// mayRotate sees whether the client may do upstream what it wants to do here.
func (x *Session) mayRotate(p *plan.Keyring) error {
	privileges, words := []string{"SUPER", "ENCRYPTION_KEY_ADMIN"}, "SUPER or ENCRYPTION_KEY_ADMIN"
	switch {
	case x.catalog.mariaDB:
		privileges, words = privileges[:1], "SUPER"
	case p.Reload:
		privileges, words = privileges[1:], "ENCRYPTION_KEY_ADMIN"
	}
	may := false
	err := x.query("SHOW GRANTS", func(row [][]byte) error {
		may = may || slices.ContainsFunc(privileges, func(p string) bool { return grantsAll(string(row[0]), p) })
		return nil
	})
	if err == nil && !may {
		err = &wire.Error{Code: codeAccessDenied, State: "42000", Message: "Access denied; you need (at least one of) the " + words + " privilege(s) for this operation"}
	}
	return err
}

// changeKeys takes a new ring into use. Tables are wrapped by it one after the other; until then, and after a kill, they open
// under the version that they have.
func (c *Catalog) changeKeys(ctx context.Context, change func(context.Context) (*keyring.Ring, error)) error {
	select {
	case c.converts <- struct{}{}: // the key of a twin is wrapped by the ring of when it was begun
		defer func() { <-c.converts }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ring, err := change(ctx)
	if err != nil {
		return err
	}
	c.ring.Store(ring)
	return c.rewrapAll(ctx)
}

// Rewrap has the active master key version wrap all table keys that an older one wraps, as a rotation that was interrupted, or
// that was done while no proxy ran, has left them.
func (c *Catalog) Rewrap(ctx context.Context) error {
	return c.changeKeys(ctx, func(context.Context) (*keyring.Ring, error) { return c.ring.Load(), nil })
}

// A table that is in use for longer than rewrapWait is tried again after the others, so that who waits behind waits no longer.
const rewrapWait = 2 * time.Second

// codeLockWait is ER_LOCK_WAIT_TIMEOUT.
const codeLockWait = 1205

func (c *Catalog) rewrapAll(ctx context.Context) error {
	var conn *ownConn
	for {
		rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT "+fromEncrypted)
		if err != nil {
			return fmt.Errorf("reading encrypted tables: %w", err)
		}
		rows = slices.DeleteFunc(rows, func(r []string) bool { return !c.outdated(r[2]) })
		if len(rows) == 0 {
			return nil
		}
		if conn == nil {
			if conn, err = c.own(ctx); err != nil {
				return err
			}
			defer conn.close()
			if _, err := conn.exec(fmt.Sprintf("SET SESSION lock_wait_timeout = %d", rewrapWait/time.Second)); err != nil {
				return err
			}
		}
		done := map[schema.TableID][]byte{}
		for _, r := range rows {
			if err := c.rewrapOne(conn, r[0], r[1], done); err != nil && !passes(err) {
				c.rewrapped(done)
				return fmt.Errorf("wrapping the key of table %s.%s: %w", r[0], r[1], err)
			}
		}
		c.rewrapped(done)
		if len(done) == len(rows) {
			continue // and see that no DDL has put an older wrapping back
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(rewrapWait / 4):
		}
	}
}

// passes says whether a table's key may be wrapped later: the table is in use, or it or its database was dropped meanwhile.
func passes(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && slices.Contains([]uint16{codeLockWait, codeNoTable, codeNoDatabase}, e.Code)
}

// outdated says whether a table's comment has a key that an older master key version of this keyring wraps.
func (c *Catalog) outdated(comment string) bool {
	h, protected, err := schema.ParseHeader(comment)
	if err != nil || !protected {
		return false
	}
	ring := c.ring.Load()
	version, err := keyring.MasterVersion(h.WrappedKey)
	if err != nil || version == ring.Active() {
		return false
	}
	key, err := ring.UnwrapTableKey(h.ID, h.WrappedKey)
	if err != nil {
		return false // of another keyring: the table is locked
	}
	key.Destroy()
	return true
}

// rewrapOne changes the comment of a table, under a lock: no DDL is between reading and writing it.
func (c *Catalog) rewrapOne(conn *ownConn, db, name string, done map[schema.TableID][]byte) (err error) {
	table := quoteName(db) + "." + quoteName(name)
	if _, err := conn.exec("LOCK TABLES " + table + " WRITE"); err != nil {
		return err
	}
	defer func() {
		if _, failed := conn.exec("UNLOCK TABLES"); err == nil {
			err = failed
		}
	}()
	r, err := conn.exec(fmt.Sprintf("SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = x'%x' AND TABLE_NAME = x'%x'", db, name))
	if err != nil {
		return err
	}
	comment, err := r.GetString(0, 0)
	if err != nil {
		return err
	}
	h, _, err := schema.ParseHeader(comment)
	if err != nil {
		return err
	}
	ring := c.ring.Load()
	key, err := ring.UnwrapTableKey(h.ID, h.WrappedKey)
	if err != nil {
		return err
	}
	defer key.Destroy()
	wrapped, err := ring.WrapTableKey(h.ID, key)
	if err != nil {
		return err
	}
	if comment, err = schema.Rewrap(comment, wrapped); err != nil {
		return err
	}
	if _, err := conn.exec("ALTER TABLE " + table + " COMMENT = '" + comment + "'"); err != nil {
		return err
	}
	done[h.ID] = wrapped
	return nil
}

// rewrapped publishes tables with the new wrappings of their keys.
func (c *Catalog) rewrapped(done map[schema.TableID][]byte) {
	if len(done) == 0 {
		return
	}
	c.change(func(was *State) *State {
		snapshot, sealers := was.Snapshot, maps.Clone(was.sealers)
		for _, t := range was.Snapshot.Tables() {
			wrapped, s := done[t.ID], sealers[t.ID]
			if wrapped == nil || s == nil {
				continue
			}
			is := *t
			is.WrappedKey = wrapped
			snapshot = snapshot.With(&is)
			sealers[t.ID] = &sealer{table: &is, cells: s.cells, tokens: s.tokens}
		}
		return was.with(snapshot, sealers)
	})
	c.log.Info("table keys were wrapped by another master key version", "tables", len(done), "master_key", c.ring.Load().Active())
}
