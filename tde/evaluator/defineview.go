package evaluator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// ViewDDL is a client's CREATE VIEW or ALTER VIEW with what it depends on.
type ViewDDL struct {
	Statement      string // CREATE VIEW, in utf8mb4, without DEFINER and SQL SECURITY
	Database, Name string
	Current        string // the client's database, "" where it has none
	SQLMode        string
	TimeZone       string
	Charset        string // of the client's connection
	Collation      string
	Strict         bool                 // SQLMode is
	Tables         []*schema.Table      // that the view reads
	Views          []*schema.Definition // that it reads, those that others read first
	Functions      []Function           // that it calls, and those that these call
}

// DefineView runs a CREATE VIEW over empty tables in databases of the client's databases' names, and gives what the server made of
// it. What the server objects to is a *wire.Error.
func (e *Evaluator) DefineView(ctx context.Context, d ViewDDL) (*schema.Definition, []Warning, error) {
	defer e.lockNames(d.databases())()
	out, made := &Altered{}, (*schema.Definition)(nil)
	err := e.alone(ctx, func(c *conn) (err error) {
		made, err = e.defineView(c, &d, out)
		for _, sql := range d.drops() {
			if _, drop := c.query(sql); err == nil {
				err = drop
			}
		}
		return err
	})
	return made, out.Warnings, err
}

// databases are those that the statement needs.
func (d *ViewDDL) databases() []string {
	out := []string{d.Database}
	if d.Current != "" {
		out = append(out, d.Current)
	}
	for _, t := range d.Tables {
		out = append(out, t.DB)
	}
	for _, v := range d.Views {
		out = append(out, v.DB)
	}
	for _, f := range d.Functions {
		out = append(out, f.DB)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// drops take away what the statement has made.
func (d *ViewDDL) drops() []string {
	out := []string{"DROP VIEW IF EXISTS " + schema.Quote(d.Database) + "." + schema.Quote(d.Name)}
	for _, v := range d.Views {
		out = append(out, "DROP VIEW IF EXISTS "+schema.Quote(v.DB)+"."+schema.Quote(v.Name))
	}
	for _, t := range d.Tables {
		out = append(out, "DROP TABLE IF EXISTS "+schema.Quote(t.DB)+"."+schema.Quote(t.Name))
	}
	for _, f := range d.Functions {
		out = append(out, "DROP FUNCTION IF EXISTS "+schema.Quote(f.DB)+"."+schema.Quote(f.Name))
	}
	return out
}

func (e *Evaluator) defineView(c *conn, d *ViewDDL, out *Altered) (*schema.Definition, error) {
	before := []string{"SET foreign_key_checks = 0"}
	for _, db := range d.databases() {
		before = append(before, "CREATE DATABASE IF NOT EXISTS "+schema.Quote(db))
	}
	before = append(before, setUTC)
	for _, t := range d.Tables {
		definition, err := twinTable(t, t.DB)
		if err != nil {
			return nil, err
		}
		before = append(before, "DROP TABLE IF EXISTS "+schema.Quote(t.DB)+"."+schema.Quote(t.Name), definition)
	}
	if len(d.Functions) > 0 {
		r, err := c.query("SELECT @@GLOBAL.collation_server")
		if err != nil {
			return nil, err
		}
		for _, f := range d.Functions {
			before = append(before, "DROP FUNCTION IF EXISTS "+schema.Quote(f.DB)+"."+schema.Quote(f.Name))
			before = append(before, f.statements(f.DB, r.text(0, 0))...)
		}
	}
	for _, sql := range before {
		if _, err := c.query(sql); err != nil {
			return nil, err
		}
	}
	for _, v := range d.Views {
		if len(d.Functions) > 0 { // which a view names without a database: it is the view's
			if _, err := c.query("USE " + schema.Quote(v.DB)); err != nil {
				return nil, err
			}
		}
		if err := c.remakeView(v); err != nil {
			return nil, err
		}
	}
	if d.Current != "" {
		if _, err := c.query("USE " + schema.Quote(d.Current)); err != nil {
			return nil, err
		}
	}
	made := &schema.Definition{DB: d.Database, Name: d.Name, Charset: d.Charset, Collation: d.Collation, Strict: d.Strict}
	c.set = false
	if err := e.mirror(c, Session{SQLMode: d.SQLMode, TimeZone: d.TimeZone}); err != nil {
		return nil, err
	}
	if _, err := c.query(sessionOf(made)); err != nil {
		return nil, err
	}
	r, err := c.query(d.Statement)
	if err != nil {
		return nil, err
	}
	if err := c.warned(r, out); err != nil {
		return nil, err
	}
	// Without the database being the current one, every name comes with it.
	// The view is valid for its collation_connection alone, where it depends on that.
	for _, sql := range []string{"SET sql_mode = '', character_set_client = utf8mb4, character_set_results = utf8mb4", "USE " + schema.InformationSchema} {
		if _, err := c.query(sql); err != nil {
			return nil, err
		}
	}
	rows, err := c.query("SHOW CREATE VIEW " + schema.Quote(d.Database) + "." + schema.Quote(d.Name))
	if err != nil {
		return nil, err
	}
	if _, err := c.query(setPlain); err != nil {
		return nil, err
	}
	return made, readView(made, rows.text(0, 1))
}

// remakeView makes a view that a statement reads.
func (c *conn) remakeView(v *schema.Definition) error {
	for _, sql := range []string{modeOf(v.Strict), sessionOf(v), "CREATE OR REPLACE " + ViewText(v, v.DB, v.Query), setPlain} {
		if _, err := c.query(sql); Invalidates(err) {
			return ErrInvalidView(v.DB, v.Name)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Invalidates says whether an error of making a view says that what it reads is not there as it was: these the server hides.
func Invalidates(err error) bool {
	code := uint16(0)
	if e, ok := errors.AsType[*wire.Error](err); ok {
		code = e.Code
	} else if e, ok := errors.AsType[*mysql.MyError](err); ok {
		code = e.Code
	}
	return slices.Contains([]uint16{1054, 1109, 1142, 1143, 1146, 1305, 1356, 1370}, code)
}

// ErrInvalidView is ER_VIEW_INVALID.
func ErrInvalidView(db, name string) error {
	return &wire.Error{Code: 1356, State: "HY000", Message: "View '" + db + "." + name +
		"' references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights to use them"}
}

// sessionOf makes a session read literals as they are read in a view. Its collation says which character set that is; the text
// itself is in utf8mb4.
func sessionOf(v *schema.Definition) string {
	return "SET character_set_client = " + v.Charset + ", collation_connection = " + v.Collation
}

// modeOf is the sql_mode under which a view is made again.
func modeOf(strict bool) string {
	if strict {
		return "SET sql_mode = 'STRICT_ALL_TABLES'"
	}
	return "SET sql_mode = ''"
}

// ViewText is what follows CREATE for a view in database db, with its query in some form. Who reads it is whoever asks.
func ViewText(v *schema.Definition, db, query string) string {
	out := "ALGORITHM=" + v.Algorithm + " SQL SECURITY INVOKER VIEW " + schema.Quote(db) + "." + schema.Quote(v.Name) + " "
	if v.List != "" {
		out += v.List + " "
	}
	out += "AS " + aliased(query)
	if v.Check != "" {
		out += " " + v.Check
	}
	return out
}

// readView takes a SHOW CREATE VIEW apart.
func readView(v *schema.Definition, create string) error {
	bad := fmt.Errorf("%w: view %s.%s has a CREATE VIEW that cannot be read", errOwn, v.DB, v.Name)
	at, last := 0, ""
	next := func() string {
		token, n := sqlToken(create[at:])
		at += n
		last = token
		return token
	}
	for next() != "VIEW" {
		switch last {
		case "":
			return bad
		case "ALGORITHM":
			next()
			v.Algorithm = next()
		}
	}
	for range 3 { // database, point, name
		next()
	}
	if next() == "(" {
		start := at - 1
		for last != ")" && last != "" {
			next()
		}
		v.List = create[start:at]
		next()
	}
	if last != "AS" || v.Algorithm == "" {
		return bad
	}
	v.Query = strings.TrimSpace(create[at:])
	for _, check := range []string{"WITH CASCADED CHECK OPTION", "WITH LOCAL CHECK OPTION"} {
		if q, ok := strings.CutSuffix(v.Query, " "+check); ok {
			v.Query, v.Check = q, check
		}
	}
	return nil
}
