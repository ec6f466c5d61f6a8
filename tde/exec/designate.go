package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// fromDefaults finds what is stored of databases' defaults.
const fromDefaults = "FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'PROCEDURE' AND ROUTINE_NAME = '" + schema.DatabaseProcedure + "'"

// readDefaults reads which databases have encryption as their default. One of which that cannot be told has: that costs what new tables
// could do in clear, and no value.
func (c *Catalog) readDefaults(ctx context.Context, tables []*schema.Table) (*schema.Rules, error) {
	rows, err := c.rows(ctx, "SELECT ROUTINE_SCHEMA, COALESCE(ROUTINE_COMMENT, '') "+fromDefaults)
	if err != nil {
		return nil, fmt.Errorf("reading the defaults of databases: %w", err)
	}
	found := map[string]bool{}
	for _, r := range rows {
		cells, err := c.databaseCells(r[0])
		if err != nil {
			return nil, err
		}
		encrypt, err := schema.OpenDatabase(r[0], r[1], func(b []byte) ([]byte, error) { return cells.Open(nil, schema.MetadataColumn, b) })
		if err != nil {
			c.log.Error("the default encryption of a database cannot be read; its new tables are encrypted", "database", r[0], "error", err)
			encrypt = true
		}
		found[r[0]] = encrypt
	}
	for _, t := range tables {
		if _, ok := found[t.DB]; t.Defaulted && !ok {
			c.log.Error("somebody has removed the default encryption of a database past the proxy, or upstream.user cannot see its procedures; its new tables are "+
				"encrypted", "database", t.DB, "procedure", schema.DatabaseProcedure)
			found[t.DB] = true
		}
	}
	return c.rules.WithDefaults(schema.NewDefaults(found, c.fold)), nil
}

func (c *Catalog) databaseCells(db string) (*cell.Table, error) {
	key, err := c.ring.Load().ViewKey()
	if err != nil {
		return nil, err
	}
	defer key.Destroy()
	return cell.NewTable(key, schema.DatabaseID(db), 1)
}

// designate makes or alters a database and stores its default encryption in it. The client's own connection does it, so the client's privileges
// decide. Both leave in one packet: who kills the proxy leaves both or neither.
func (x *Session) designate(ctx context.Context, p *plan.Designate, more bool) error {
	if p.Encrypt && x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	if !ascii([]byte(p.DB)) && !strings.HasPrefix(x.vars.ClientCharset, "utf8") {
		return notSupported("DEFAULT ENCRYPTION of a database whose name is not ASCII needs SET NAMES utf8mb4")
	}
	first, there, err := x.databaseStatement(p)
	if err != nil {
		return err
	}
	_, known := x.state.Rules.DefaultKnown(p.DB)
	if there && p.Create || !p.Encrypt && !known || p.Create && !p.Encrypt { // nothing to store
		ok, err := x.exec(first)
		if err == nil && p.Create {
			err = x.catalog.Reload(ctx)
		}
		if err != nil {
			return err
		}
		return x.sendOK(ok, more)
	}
	ok, err := x.storeDefault(p, first, known && !p.Create)
	if reload := x.catalog.Reload(ctx); err == nil && reload != nil {
		err = reload
	}
	if err != nil {
		return err
	}
	if is, known := x.catalog.State().Rules.DefaultKnown(p.DB); !known || is != p.Encrypt {
		return x.undoDefault(p, notSupported("upstream.user cannot see the procedures of database %s, one of which holds its default encryption: GRANT EXECUTE ON %s.* TO it", p.DB, quoteName(p.DB)))
	}
	return x.sendOK(ok, more)
}

// codeMissingDatabase is MySQL's ER_NO_SUCH_DB.
const codeMissingDatabase = 3503

// databaseStatement is what becomes of the client's statement: one that changes nothing where the clause was all that it said. there says that it
// creates a database that is there, and so does nothing.
func (x *Session) databaseStatement(p *plan.Designate) (sql string, there bool, err error) {
	if p.Statement != "" && !p.IfNotExists {
		return p.Statement, false, nil
	}
	_, collation, err := x.databaseDefaults(p.DB)
	switch missing := isCode(err, codeUnknownDatabase); {
	case p.Create && missing:
		return p.Statement, false, nil
	case missing && !x.catalog.mariaDB:
		return "", false, &wire.Error{Code: codeMissingDatabase, State: "42Y07", Message: "Database '" + p.DB + "' doesn't exist"}
	case err != nil || p.Create:
		return p.Statement, true, err
	}
	return "ALTER DATABASE " + quoteName(p.DB) + " COLLATE " + quoteName(collation), false, nil
}

// storeDefault runs first and stores the default, in one packet. It gives the answer to first.
func (x *Session) storeDefault(p *plan.Designate, first string, stored bool) (ok wire.OK, err error) {
	cells, err := x.catalog.databaseCells(p.DB)
	if err != nil {
		return ok, err
	}
	comment, err := schema.SealDatabase(p.DB, p.Encrypt, func(b []byte) []byte { return cells.Seal(nil, schema.MetadataColumn, b) })
	if err != nil {
		return ok, err
	}
	name := quoteName(p.DB) + "." + quoteName(schema.DatabaseProcedure)
	second := "CREATE PROCEDURE " + name + "() COMMENT '" + comment + "' BEGIN END"
	if stored {
		second = "ALTER PROCEDURE " + name + " COMMENT '" + comment + "'"
	}
	if p.Encrypt { // whatever becomes of it, nothing for the database goes up in clear from here on
		x.catalog.change(func(s *State) *State {
			out := s.with(s.Snapshot, s.sealers)
			out.Rules = s.Rules.WithDefault(p.DB, true)
			return out
		})
	}
	ok, one, two, err := x.inOnePacket(first, second)
	switch {
	case err != nil:
		return ok, err
	case one != nil:
		return ok, one
	case stored && isCode(two, codeNoProcedure): // somebody has dropped it past the proxy
		return x.storeDefault(p, first, false)
	case two != nil:
		return ok, x.undoDefault(p, two)
	}
	return ok, nil
}

// undoDefault undoes the making of a database whose default cannot be stored, unless somebody has put something into it.
func (x *Session) undoDefault(p *plan.Designate, cause error) error {
	if !p.Create {
		return cause
	}
	empty := true
	err := x.catalogQuery("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = x'"+fmt.Sprintf("%x", p.DB)+"' LIMIT 1", func([][]byte) error {
		empty = false
		return nil
	})
	if err == nil && empty {
		_, err = x.exec("DROP DATABASE " + quoteName(p.DB))
	}
	return errors.Join(cause, err)
}

// isCode says whether an error is the server's of a code.
func isCode(err error, code uint16) bool {
	e, ok := errors.AsType[*wire.Error](err)
	return ok && e.Code == code
}

// Options of COM_SET_OPTION.
var multiOn, multiOff = []byte{0, 0}, []byte{1, 0}

// inOnePacket sends two statements as one text: upstream runs both, even where the connection is gone by then. ok is the answer to the first, and one
// and two are the errors of the statements.
func (x *Session) inOnePacket(first, second string) (ok wire.OK, one, two, err error) {
	if !x.Multi {
		if err := x.queue(wire.ComSetOption, multiOn); err != nil {
			return ok, nil, nil, err
		}
		defer func() {
			if err == nil {
				err = x.option()
			}
		}()
	}
	if err := x.queue(wire.ComQuery, []byte(first+"; "+second)); err != nil {
		return ok, nil, nil, err
	}
	if !x.Multi {
		if err := x.queue(wire.ComSetOption, multiOff); err != nil {
			return ok, nil, nil, err
		}
	}
	if err := x.upstream.Flush(); err != nil {
		return ok, nil, nil, x.lost(err)
	}
	if !x.Multi {
		if err := x.option(); err != nil {
			return ok, nil, nil, err
		}
	}
	x.upstream.SetSequence(1)
	return x.answers()
}

// answers reads the answers to a text of two statements.
func (x *Session) answers() (ok wire.OK, one, two, err error) {
	var e *wire.Error
	if ok, err = x.readOK(); errors.As(err, &e) {
		return ok, err, nil, nil
	} else if err != nil {
		return ok, nil, nil, err
	}
	if ok.Status&wire.StatusMoreResults == 0 {
		return ok, nil, nil, x.lost(errors.New("upstream has not run the second of two statements"))
	}
	ok.Status &^= wire.StatusMoreResults
	_, err = x.readOK()
	x.Status &^= wire.StatusMoreResults
	if errors.As(err, &e) {
		return ok, nil, err, nil
	}
	return ok, nil, nil, err
}

// option reads the answer to COM_SET_OPTION.
func (x *Session) option() error {
	x.upstream.SetSequence(1)
	packet, err := x.readUpstream()
	if err != nil {
		return x.lost(err)
	}
	if wire.IsError(packet) {
		return x.statementError(packet)
	}
	return nil
}
