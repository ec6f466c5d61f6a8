package exec

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// readingView is a view that upstream has in clear and that reads a table which is to be encrypted.
type readingView struct {
	db, name           string
	charset, collation string
	sql                string // makes it the sealed one
	table              *schema.Table
}

// readers finds the views upstream that read the table, and those that read these.
func (c *conversion) readers(ctx context.Context) (out []readingView, err error) {
	rows, err := c.catalog.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(VIEW_DEFINITION, ''), CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.VIEWS "+
		"WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2")
	if err != nil {
		return nil, fmt.Errorf("reading views: %w", err)
	}
	names := []string{c.mark.Name}
	for found := true; found; {
		found = false
		for i, r := range rows {
			if r == nil || len(schema.SealedViews(r[2])) > 0 {
				continue
			}
			if r[2] == "" {
				return nil, notSupported("encrypting table %s.%s, which view %s.%s could name (its definition cannot be seen by upstream.user), is not supported",
					c.mark.DB, c.mark.Name, r[0], r[1])
			}
			if slices.ContainsFunc(names, func(n string) bool { return plan.Names(r[2], n) }) {
				out = append(out, readingView{db: r[0], name: r[1], charset: r[3], collation: r[4]})
				names, rows[i], found = append(names, r[1]), nil, true
			}
		}
	}
	return out, nil
}

// sealViews finds what seals the views that read the table, which is known by now as it is to be. A view that names something else of that name
// stays as it is.
func (c *conversion) sealViews(ctx context.Context) error {
	now, err := c.readers(ctx)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(now, c.views, func(a, b readingView) bool { return a.db == b.db && a.name == b.name }) {
		return notSupported("encrypting a table while views that read it are made is not supported; try again")
	}
	for i := range c.views {
		if err := c.sealView(ctx, &c.views[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversion) sealView(ctx context.Context, v *readingView) error {
	if !strings.HasPrefix(v.charset, "utf8") {
		return notSupported("encrypting table %s.%s, which view %s.%s reads, whose character set is %s, is not supported", c.mark.DB, c.mark.Name, v.db, v.name, v.charset)
	}
	r, err := c.work.exec("SHOW CREATE VIEW " + quoteName(v.db) + "." + quoteName(v.name))
	if err != nil {
		return err
	}
	defer r.Close()
	create, err := r.GetString(0, 1)
	if err != nil {
		return fmt.Errorf("reading view %s.%s: %w", v.db, v.name, err)
	}
	p, err := c.planView(ctx, v, "CREATE OR REPLACE "+strings.TrimPrefix(strings.Clone(create), "CREATE "))
	if err != nil || p == nil {
		return err
	}
	if len(p.Functions) > 0 { // the client's privileges to call it are unknown here
		return notSupported("encrypting table %s.%s, which view %s.%s reads that calls a function (%s), is not supported", c.mark.DB, c.mark.Name, v.db, v.name, p.Functions[0].Name)
	}
	ask := evaluator.ViewDDL{
		Statement: p.Statement, Database: v.db, Name: v.name, Strict: c.vars.Strict, TimeZone: c.vars.TimeZone, Charset: v.charset, Collation: v.collation, Tables: p.Tables,
	}
	for _, u := range p.Views {
		ask.Views = append(ask.Views, u.View.Defined)
	}
	d, _, err := c.catalog.evaluator.DefineView(ctx, ask)
	if err != nil {
		return fmt.Errorf("describing view %s.%s: %w", v.db, v.name, err)
	}
	if d.Sealed, err = c.catalog.sealView(d); err != nil {
		return err
	}
	v.table = schema.NewView(d)
	sealed := " AS SELECT '" + d.Sealed + "' AS " + quoteName(schema.ViewColumn)
	v.sql = p.Verb + " " + p.Whose + "VIEW " + quoteName(v.db) + "." + quoteName(v.name) + sealed
	return c.mayDefine(p.Whose, sealed)
}

// mayDefine sees that the proxy's account may make a view that is another's, before anything depends on it.
func (c *conversion) mayDefine(whose, sealed string) error {
	probe := "VIEW " + c.in(probeView)
	if _, err := c.work.exec("CREATE OR REPLACE " + whose + probe + sealed); err != nil {
		return err
	}
	_, err := c.work.exec("DROP " + probe)
	return err
}

// probeView is a view that is made and dropped to see whether it may be.
const probeView = conversionPrefix + "~view"

// planView plans the view over the table that is to be; nil where it reads none that is encrypted.
func (c *conversion) planView(ctx context.Context, v *readingView, create string) (*plan.CreateView, error) {
	env := &plan.Env{Mode: plan.Mode{MariaDB: c.catalog.mariaDB, Version: c.catalog.version}, DB: v.db, Rules: c.catalog.State().Rules, Evaluator: true}
	for range 64 {
		env.Snapshot = c.catalog.State().Snapshot.With(c.to)
		for i := range c.views {
			if t := c.views[i].table; t != nil {
				env.Snapshot = env.Snapshot.With(t)
			}
		}
		switch p := plan.Build(plan.Statement{Template: create, Source: create}, env).(type) {
		case *plan.CreateView:
			return p, nil
		case *plan.PassThrough:
			return nil, nil
		case *plan.Refuse:
			return nil, notSupported("encrypting table %s.%s, which view %s.%s reads, is not supported: %s", c.mark.DB, c.mark.Name, v.db, v.name, p.Err.Error())
		case *plan.NeedTable:
			if err := c.catalog.supply(ctx, p, env); err != nil {
				return nil, err
			}
		default:
			return nil, notSupported("view %s.%s, which reads the table, could not be read", v.db, v.name)
		}
	}
	return nil, notSupported("view %s.%s reads too many tables", v.db, v.name)
}
