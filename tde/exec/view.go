package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// createView makes a view: the evaluator runs the client's statement over empty tables and says what it means, upstream gets a view
// of the same name that holds that, sealed. The client's own connection makes it, so the client's privileges decide.
func (x *Session) createView(ctx context.Context, p *plan.CreateView, more bool) error {
	if x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	stored, _, err := x.catalog.storedFunctions(ctx, p.Functions, x.mayCall)
	if err != nil {
		return err
	}
	for _, t := range p.Tables {
		if err := x.mayRead(t); err != nil {
			return err
		}
	}
	for _, v := range p.Views {
		if err := x.mayRead(v.View); err != nil {
			return err
		}
	}
	d, warnings, err := x.defineView(ctx, p, copies(stored))
	if err != nil {
		return err
	}
	view := schema.NewView(d)
	if _, err := x.catalog.openedView(ctx, view); err != nil {
		return err
	}
	if d.Sealed, err = x.catalog.sealView(d); err != nil {
		return err
	}
	name := quoteName(p.DB) + "." + quoteName(p.Name)
	if !ascii([]byte(name+p.Whose)) && !strings.HasPrefix(x.vars.ClientCharset, "utf8") {
		return notSupported("CREATE VIEW with names that are not ASCII needs SET NAMES utf8mb4")
	}
	sql := p.Verb + " " + p.Whose + "VIEW " + p.Guard + name + " AS SELECT '" + d.Sealed + "' AS " + quoteName(schema.ViewColumn)
	if err := x.send(wire.ComQuery, []byte(sql)); err != nil {
		return err
	}
	ok, err := x.readTold()
	if err != nil {
		return err
	}
	if p.Guard != "" && ok.Warnings > 0 { // what upstream has counts, not what was sent
		if _, err := x.catalog.Lookup(ctx, p.DB, p.Name); err != nil {
			return err
		}
		return x.sendOK(ok, more)
	}
	x.catalog.publish(&sealer{table: view})
	return x.created(ok, warnings, more)
}

// mayRead has upstream say whether the client may read a table or view.
func (x *Session) mayRead(t *schema.Table) error {
	return x.query("SELECT 1 FROM "+quoteName(t.DB)+"."+quoteName(t.Name)+" LIMIT 0", func([][]byte) error { return nil })
}

// defineView lets the evaluator read the logical CREATE VIEW.
func (x *Session) defineView(ctx context.Context, p *plan.CreateView, functions []evaluator.Function) (*schema.Definition, []evaluator.Warning, error) {
	text, err := value.Transcode(nil, []byte(p.Statement), x.vars.ClientCharset, "utf8mb4")
	utf8 := strings.HasPrefix(x.vars.ClientCharset, "utf8")
	if err != nil || wide(x.vars.ClientCharset) || !utf8 && !ascii(text) {
		return nil, nil, notSupported("a view over encrypted tables in this character set is not supported; use SET NAMES utf8mb4")
	}
	var views []*schema.Definition
	for _, v := range p.Views {
		views = append(views, v.View.Defined)
	}
	return x.catalog.evaluator.DefineView(ctx, evaluator.ViewDDL{
		Statement: string(text), Database: p.DB, Name: p.Name, Current: x.vars.DB, SQLMode: x.vars.SQLMode, Strict: x.vars.Strict, TimeZone: x.vars.TimeZone,
		Charset: x.vars.ClientCharset, Collation: x.vars.Collation, Tables: p.Tables, Views: views, Functions: functions,
	})
}

// sealView seals a definition.
func (c *Catalog) sealView(d *schema.Definition) (string, error) {
	cells, err := c.viewCells(d.DB, d.Name)
	if err != nil {
		return "", err
	}
	return schema.SealView(d, func(b []byte) []byte { return cells.Seal(nil, schema.MetadataColumn, b) })
}

// openView opens one: while a view is renamed upstream has its definition under both names. A view that does not open is locked, as a table is.
func (c *Catalog) openView(db, name string, sealed []string) (v *schema.Table, err error) {
	cells, err := c.viewCells(db, name)
	if err != nil {
		return nil, err
	}
	for _, s := range sealed {
		v, err = schema.OpenView(db, name, s, func(b []byte) ([]byte, error) { return cells.Open(nil, schema.MetadataColumn, b) })
		if err == nil {
			break
		}
	}
	if err != nil {
		c.log.Error("view cannot be opened; statements on it are refused", "database", db, "view", name, "error", err)
		return schema.LockedView(db, name, err.Error()), nil
	}
	return v, nil
}

func (c *Catalog) viewCells(db, name string) (*cell.Table, error) {
	key, err := c.ring.Load().ViewKey()
	if err != nil {
		return nil, err
	}
	defer key.Destroy()
	return cell.NewTable(key, schema.ViewID(db, name), 1)
}

// whyClearView is why a view that was made past the proxy cannot be used.
const whyClearView = "it was made past the proxy and names, or could name, an encrypted table; make it through the proxy"

// readViews reads the views that are of concern: those that hold a sealed definition, and those that name a protected table.
func (c *Catalog) readViews(ctx context.Context, tables []*schema.Table) (out []*schema.Table, err error) {
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(VIEW_DEFINITION, '') FROM information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN "+
		"('mysql', 'sys', 'performance_schema', 'information_schema')")
	if err != nil {
		return nil, fmt.Errorf("reading views: %w", err)
	}
	for found := true; found; { // views of those that were found, too
		found = false
		for i, r := range rows {
			if r == nil {
				continue
			}
			v, err := c.readView(ctx, r[0], r[1], r[2], tables)
			if err != nil {
				return nil, err
			}
			if v != nil {
				out, tables = append(out, v), append(tables, v)
				rows[i], found = nil, true
			}
		}
	}
	return out, nil
}

// readView reads a view by the definition that upstream shows; nil where it has nothing to do with what is protected.
func (c *Catalog) readView(ctx context.Context, db, name, definition string, tables []*schema.Table) (*schema.Table, error) {
	sealed := schema.SealedViews(definition)
	if definition == "" { // no privilege to see it
		if rows, err := c.rows(ctx, "SELECT "+quoteName(schema.ViewColumn)+" FROM "+quoteName(db)+"."+quoteName(name)+" LIMIT 1"); err == nil && len(rows) == 1 {
			sealed = append(sealed, strings.Fields(rows[0][0])...)
		}
	}
	if len(sealed) > 0 {
		return c.openView(db, name, sealed)
	}
	for _, t := range tables {
		// Servers write the database in front of every name.
		if strings.Contains(strings.ToLower(definition), strings.ToLower(quoteName(t.DB)+"."+quoteName(t.Name))) {
			return schema.LockedView(db, name, whyClearView), nil
		}
	}
	return nil, nil
}

// lookupView looks at one view.
func (c *Catalog) lookupView(ctx context.Context, db, name string) (*schema.Table, error) {
	rows, err := c.rows(ctx, "SELECT COALESCE(VIEW_DEFINITION, '') FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", db, name)
	if err != nil || len(rows) != 1 {
		return nil, err
	}
	return c.readView(ctx, db, name, rows[0][0], append(c.State().Snapshot.Tables(), c.State().Snapshot.Views()...))
}

// openedView looks into a view; what it reads is looked up where it is not known.
func (c *Catalog) openedView(ctx context.Context, v *schema.Table) (*plan.Opened, error) {
	env := &plan.Env{Mode: plan.Mode{MariaDB: c.mariaDB, Version: c.version}, DB: v.DB, Rules: c.State().Rules, Evaluator: true}
	for range 64 {
		env.Snapshot = c.State().Snapshot
		o, p := plan.OpenView(env, v)
		switch p := p.(type) {
		case nil:
			return o, nil
		case *plan.Refuse:
			return nil, p.Err
		case *plan.NeedTable:
			if err := c.supply(ctx, p, env); err != nil {
				return nil, err
			}
		default:
			return nil, notSupported("view %s.%s could not be read", v.DB, v.Name)
		}
	}
	return nil, notSupported("view %s.%s reads too many tables", v.DB, v.Name)
}

// makeViews makes the views that the text reads, after their tables.
func (s *splitRun) makeViews() error {
	for i := range s.plan.Views {
		u := &s.plan.Views[i]
		if err := s.sameView(u); err != nil {
			return err
		}
		db, err := s.bench.Schema(u.View.DB)
		if err != nil {
			return err
		}
		query, err := viewQuery(u.Query, s.bench.Schema)
		if err != nil {
			return err
		}
		if err := s.bench.View(u.View.Defined, db, query); err != nil {
			return invalidView(s.plan.Views[i:], err)
		}
	}
	return nil
}

// invalidView is the error of a statement that reads a view, the first of these, which cannot be made any more since what it reads has changed:
// the server names the view that the statement itself names, and says no more.
func invalidView(views []plan.ViewUse, err error) error {
	if !evaluator.Invalidates(err) {
		return err
	}
	top := views[0].View
	for i := range views[1:] {
		if u := &views[i+1]; plan.ReadsFrom(u.Query, top) {
			top = u.View
		}
	}
	return evaluator.ErrInvalidView(top.DB, top.Name)
}

// sameView sees that the client may read a view, and that it is what the plan took it for: others change it past the proxy.
func (s *splitRun) sameView(u *plan.ViewUse) error {
	v := u.View
	sql := "SELECT " + quoteName(schema.ViewColumn) + " FROM " + quoteName(v.DB) + "." + quoteName(v.Name) + " LIMIT 1" + u.Lock
	_, row, err := s.queryRow(sql)
	if err != nil {
		return err
	}
	if err := s.mayWrite(u); err != nil {
		return err
	}
	if len(row) == 1 && schema.HasSealed(string(row[0]), v.Defined.Sealed) {
		return nil
	}
	if _, err := s.catalog.Lookup(s.binder.ctx, v.DB, v.Name); err != nil {
		return err
	}
	return errRedefined
}
