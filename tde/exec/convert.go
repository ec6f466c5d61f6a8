package exec

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// A conversion copies a table's rows into a twin and lets one RENAME put that in the table's place. The names of twin and
// original say what is under way, since a RENAME is atomic and they change with it: whatever has one of these names is left
// over, before the RENAME of what was not finished, after it of what was. They sort behind other names, so that the RENAME
// waits for the table's own lock first of all.
const (
	conversionPrefix = "~tde"
	twinPrefix       = conversionPrefix + "~twin~"
	oldPrefix        = conversionPrefix + "~old~"
)

// conversion is one under way.
type conversion struct {
	*Session
	mark     *Conversion
	from, to *schema.Table
	sealer   *sealer // of the encrypted one of the two
	// lock has the table locked and reads it, work writes the twin and renames.
	lock, work *ownConn
	counter    uint64 // AUTO_INCREMENT of the twin
	engine     string
	keys       []tie
	views      []readingView
	client     sync.Mutex // has the client's own connection
}

func (c *conversion) twin() string { return twinPrefix + hex.EncodeToString(c.mark.id[:]) }
func (c *conversion) old() string  { return oldPrefix + hex.EncodeToString(c.mark.id[:]) }

// in is a table's name with its database, quoted.
func (c *conversion) in(table string) string {
	return quoteName(c.mark.DB) + "." + quoteName(table)
}

// convertTable encrypts or decrypts a table. The client's own connection is asked whether it may alter the table; the work
// is done by the proxy's account, since no other may make the twin.
func (x *Session) convertTable(ctx context.Context, p *plan.ConvertTable, more bool) error {
	if x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	if x.tablesLocked {
		return notSupported("encrypting or decrypting a table within LOCK TABLES is not supported; use UNLOCK TABLES first")
	}
	if err := x.endTransaction(); err != nil {
		return err
	}
	if _, err := x.exec("ALTER TABLE " + quoteName(p.DB) + "." + quoteName(p.Name)); err != nil {
		return err
	}
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	var rows uint64
	var err error
	x.apart(func() { rows, err = x.convert(ctx, p) })
	if err != nil {
		return interrupted(ctx, err)
	}
	x.found = found{known: true, affected: int64(rows)}
	return x.sendOK(wire.OK{
		Status: x.Status &^ statusOfStatement, AffectedRows: rows,
		Info: x.info(fmt.Sprintf("Records: %d  Duplicates: 0  Warnings: 0", rows)),
	}, more)
}

// interrupted is the error of a statement that was killed.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &wire.Error{Code: codeInterrupted, State: "70100", Message: "Query execution was interrupted"}
	}
	return err
}

// convert converts while no session holds a plan that takes the table for what it was.
func (x *Session) convert(ctx context.Context, p *plan.ConvertTable) (rows uint64, err error) {
	k := x.catalog
	select {
	case k.converts <- struct{}{}:
		defer func() { <-k.converts }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	x.state = k.State()
	from := x.state.Snapshot.Lookup(p.DB, p.Name)
	if (from == nil) != p.Encrypt || from != nil && from.Locked != "" {
		return 0, errRedefined
	}
	var id schema.TableID
	if from != nil {
		id = from.ID
	} else if _, err := rand.Read(id[:]); err != nil {
		return 0, fmt.Errorf("making a table id: %w", err)
	}
	c := &conversion{Session: x, mark: newConversion(p.DB, p.Name, id, p.Encrypt), from: from}
	if err := c.bystanders(ctx); err != nil {
		return 0, err
	}
	end := k.gate.begin(id)
	defer end()
	k.converting.Store(c.mark)
	k.generation.Add(1)
	defer func() {
		k.converting.Store(nil)
		k.generation.Add(1)
	}()
	if err := k.turns.quiesce(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.tell(cancel)()
	k.log.Info("converting a table", "database", p.DB, "table", p.Name, "encrypt", p.Encrypt, "user", x.User)
	if err = c.run(ctx); err != nil {
		k.log.Error("a table was not converted", "database", p.DB, "table", p.Name, "encrypt", p.Encrypt, "error", err)
		return 0, interrupted(ctx, err)
	}
	rows = c.mark.Rows.Load()
	k.log.Info("converted a table", "database", p.DB, "table", p.Name, "encrypt", p.Encrypt, "rows", rows, "took", time.Since(c.mark.Begun).Round(time.Millisecond))
	return rows, nil
}

// run opens the connections, converts, and publishes what the table is now.
func (c *conversion) run(ctx context.Context) (err error) {
	if c.lock, err = c.catalog.own(ctx); err != nil {
		return err
	}
	defer c.lock.close()
	if c.work, err = c.catalog.own(ctx); err != nil {
		return err
	}
	defer c.work.close()
	swapping, err := c.locked(ctx)
	if err == nil && len(c.keys)+len(c.views) > 0 {
		err = c.catalog.finish(ctx, c.mark.DB, hex.EncodeToString(c.mark.id[:]))
	}
	if err == nil {
		c.publish()
		if _, failed := c.work.exec("DROP TABLE IF EXISTS " + c.in(c.old())); failed != nil {
			c.catalog.log.Error("the table that a conversion has replaced could not be dropped; the next start drops it",
				"database", c.mark.DB, "table", c.old(), "error", failed)
		}
		return nil
	}
	c.lock.close()
	c.work.close()
	return c.undo(ctx, swapping, err)
}

// publish tells all sessions what the table is now.
func (c *conversion) publish() {
	k := c.catalog
	if c.mark.Encrypt {
		k.publish(c.sealer)
		for i := range c.views {
			if t := c.views[i].table; t != nil {
				k.publish(&sealer{table: t})
			}
		}
		return
	}
	k.forget(c.from)
}

// undo drops what a conversion that has failed has left. Where the RENAME was sent, upstream is asked what the table is; as
// long as that is not known, no statement on it runs.
func (c *conversion) undo(ctx context.Context, swapping bool, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	err := c.catalog.settle(ctx, c.mark.DB, hex.EncodeToString(c.mark.id[:]))
	if !swapping {
		if err != nil {
			c.catalog.log.Error("what a conversion has left could not be dropped; the next start drops it", "database", c.mark.DB, "table", c.mark.Name, "error", err)
		}
		return failed
	}
	if err == nil {
		_, err = c.catalog.Lookup(ctx, c.mark.DB, c.mark.Name)
	}
	for i := range c.views {
		if err == nil {
			_, err = c.catalog.Lookup(ctx, c.views[i].db, c.views[i].name)
		}
	}
	if err != nil {
		c.catalog.log.Error("it is not known whether a conversion was done; statements on the table are refused until the next start",
			"database", c.mark.DB, "table", c.mark.Name, "error", err)
		c.catalog.publish(&sealer{table: &schema.Table{DB: c.mark.DB, Name: c.mark.Name, Locked: "upstream went away while it was converted; start the proxy again"}})
	}
	return failed
}

// undoTime bounds how long a conversion that has failed cleans up.
const undoTime = time.Minute

// locked does what needs the table locked. swapping says that the RENAME may have been done where there is an error.
func (c *conversion) locked(ctx context.Context) (swapping bool, err error) {
	// The RENAME cannot succeed while this table is there. It is locked with the other and dropped when the RENAME waits: a
	// connection that breaks before leaves the table as it is. MySQL with GTIDs does not lock tables of engines with and
	// without transactions at once.
	if _, err := c.work.exec("CREATE TABLE " + c.in(c.old()) + " (a INT NOT NULL) ENGINE=" + c.engine); err != nil {
		return false, err
	}
	if err := c.lockAlone(); err != nil {
		return false, err
	}
	c.mark.stage.Store(1)
	if err := c.prepare(ctx); err != nil {
		return false, err
	}
	if err := c.bind(ctx); err != nil {
		return false, err
	}
	if c.mark.Encrypt {
		if err := c.sealViews(ctx); err != nil {
			return false, err
		}
	}
	if err := c.copyRows(ctx); err != nil {
		return false, err
	}
	c.mark.stage.Store(2)
	if err := c.writePlan(ctx); err != nil {
		return false, err
	}
	return c.swap(ctx)
}

// lockAlone locks the table when no statement of a transaction runs that the gate has let through.
func (c *conversion) lockAlone() error {
	gate := c.catalog.gate
	for {
		if _, err := c.lock.exec(c.lockText()); err != nil {
			return err
		}
		if gate.shut(c.mark.id) {
			return nil
		}
		if _, err := c.lock.exec("UNLOCK TABLES"); err != nil {
			return err
		}
		gate.drain(c.mark.id)
	}
}

// swap puts the twin in the table's place.
func (c *conversion) swap(ctx context.Context) (swapping bool, err error) {
	renamed := make(chan error, 1)
	go func() {
		_, err := c.work.exec("RENAME TABLE " + c.in(c.mark.Name) + " TO " + c.in(c.old()) + ", " + c.in(c.twin()) + " TO " + c.in(c.mark.Name))
		renamed <- err
	}()
	if err := c.awaitRename(ctx, renamed); err != nil {
		return true, err
	}
	if _, err := c.lock.exec("DROP TABLE " + c.in(c.old())); err != nil {
		return true, err
	}
	if _, err := c.lock.exec("UNLOCK TABLES"); err != nil {
		return true, err
	}
	return true, <-renamed
}

// awaitRename waits until the RENAME stands before the lock: from there on it goes first.
func (c *conversion) awaitRename(ctx context.Context, renamed <-chan error) error {
	for {
		rows, err := c.catalog.rows(ctx, fmt.Sprintf("SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = %d", c.work.id()))
		switch {
		case err != nil:
			return err
		case len(rows) == 1 && rows[0][0] == "Waiting for table metadata lock":
			return nil
		}
		select {
		case err := <-renamed:
			return errors.Join(errors.New("the RENAME did not wait for the lock"), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
