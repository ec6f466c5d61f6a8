package evaluator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// DDL is a client's CREATE TABLE with what it depends on.
type DDL struct {
	Statement              string // in utf8mb4
	Database, Table        string
	DBCharset, DBCollation string // defaults of the database
	SQLMode, TimeZone      string // of the client's session; "" are the server's defaults
	Timestamp              string // of the statement, as SET timestamp takes it; "" is the present
	Collation              string // collation_connection, which literals have; "" is utf8mb4's
	// Like is the table that CREATE TABLE … LIKE names, or nil; Current is then the client's database.
	Like    *schema.Table
	Current string
	// Variables are further session variables to set, by name: explicit_defaults_for_timestamp, innodb_strict_mode.
	// Values are SQL.
	Variables map[string]string
	// View, where the statement makes a copy of a view, is the view: its columns are defined otherwise in results.
	View string
}

// Describe runs a CREATE TABLE in an empty database of the client's database's name and gives the table that the server
// made of it, with ids for its columns. The table's own id, keys and storage are the caller's. What the server objects to
// is a *wire.Error.
func (e *Evaluator) Describe(ctx context.Context, d DDL) (*schema.Table, error) {
	t, _, err := e.DescribeWarned(ctx, d)
	return t, err
}

// DescribeWarned is Describe; it also gives what the server warned of.
func (e *Evaluator) DescribeWarned(ctx context.Context, d DDL) (*schema.Table, []Warning, error) {
	defer e.lockNames(d.databases())()
	out := &Altered{}
	err := e.alone(ctx, func(c *conn) error {
		err := e.describe(c, &d, out)
		for _, name := range d.leaves() {
			if _, drop := c.query("DROP TABLE IF EXISTS " + name); err == nil {
				err = drop // else what the statement may have made goes, and the first error counts
			}
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return out.Table, out.Warnings, nil
}

// databases are those that the statement needs.
func (d *DDL) databases() []string {
	if d.Like == nil {
		return []string{d.Database}
	}
	return []string{d.Database, d.Like.DB}
}

// leaves are the tables that the statement may leave.
func (d *DDL) leaves() []string {
	out := []string{qualified(d)}
	if d.Like != nil {
		out = append(out, schema.Quote(d.Like.DB)+"."+schema.Quote(d.Like.Name))
	}
	return out
}

// lockNames locks the names of databases against other DDL.
func (e *Evaluator) lockNames(names []string) (unlock func()) {
	names = slices.Clone(names)
	slices.Sort(names)
	var locked []*sync.Mutex
	for _, name := range slices.Compact(names) {
		m := e.nameLock(name)
		m.Lock()
		locked = append(locked, m)
	}
	return func() {
		for _, m := range locked {
			m.Unlock()
		}
	}
}

func (e *Evaluator) nameLock(database string) *sync.Mutex {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.names[database] == nil {
		e.names[database] = &sync.Mutex{}
	}
	return e.names[database]
}

func qualified(d *DDL) string { return schema.Quote(d.Database) + "." + schema.Quote(d.Table) }

func (e *Evaluator) describe(c *conn, d *DDL, out *Altered) error {
	db := schema.Quote(d.Database)
	before := []string{
		"CREATE DATABASE IF NOT EXISTS " + db,
		"ALTER DATABASE " + db + " CHARACTER SET " + d.DBCharset + " COLLATE " + d.DBCollation,
		"SET foreign_key_checks = 0",
		"DROP TABLE IF EXISTS " + qualified(d),
	}
	if d.Like != nil {
		source := schema.Quote(d.Like.DB)
		before = append(before, setUTC, "CREATE DATABASE IF NOT EXISTS "+source, "USE "+source,
			"DROP TABLE IF EXISTS "+schema.Quote(d.Like.Name), d.Like.Create)
	}
	if d.Like != nil && d.Current == d.Like.DB {
		before = append(before, "USE "+schema.Quote(d.Current)) // a name without a database is of this one
	} else {
		before = append(before, "USE "+db)
	}
	for _, k := range slices.Sorted(maps.Keys(d.Variables)) {
		before = append(before, "SET "+schema.Quote(k)+" = "+d.Variables[k])
	}
	for _, sql := range before {
		if _, err := c.query(sql); err != nil {
			return err
		}
	}
	c.set = false
	if err := e.mirror(c, Session{SQLMode: d.SQLMode, TimeZone: d.TimeZone, Collation: d.Collation}); err != nil {
		return err
	}
	made, err := c.query(d.Statement)
	if err != nil {
		return err
	}
	if err := c.warned(made, out); err != nil {
		return err
	}
	// From here on only the time zone is the client's: SHOW CREATE TABLE and defaults depend on the mode.
	if _, err := c.query(setPlain); err != nil {
		return err
	}
	r := &reader{conn: c, ddl: d, mariaDB: e.cfg.MariaDB, table: &schema.Table{DB: d.Database, Name: d.Table}}
	out.Table = r.table
	return r.read()
}

// setPlain makes definitions read as they do by default.
const setPlain = "SET sql_mode = '', character_set_connection = utf8mb4"

// reader reads one table out of the server.
type reader struct {
	*conn
	ddl     *DDL
	mariaDB bool
	table   *schema.Table
}

// read reads all of it. The session's sql_mode must be ”: SHOW CREATE TABLE and defaults depend on it.
func (r *reader) read() error {
	for _, step := range []func() error{r.options, r.columns, r.indexes, r.foreignKeys, r.constraints, r.create, r.partition, r.virtual, r.wire, r.members, r.defaults} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// catalog selects columns of a view of INFORMATION_SCHEMA for the table.
func (r *reader) catalog(columns, from, order string) (result, error) {
	return r.query("SELECT " + columns + " FROM information_schema." + from + " WHERE TABLE_SCHEMA = " + hexString(r.ddl.Database) +
		" AND TABLE_NAME = " + hexString(r.ddl.Table) + order)
}

func (r *reader) options() error {
	rows, err := r.catalog("ENGINE, ROW_FORMAT, CREATE_OPTIONS, CONVERT(TABLE_COMMENT USING utf8mb4), AUTO_INCREMENT, TABLE_TYPE, "+
		"(SELECT CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE COLLATION_NAME = TABLE_COLLATION LIMIT 1), TABLE_COLLATION", "TABLES", "")
	if err != nil {
		return err
	}
	if rows.RowNumber() != 1 {
		return fmt.Errorf("%w: the statement made no table %s.%s", errOwn, r.ddl.Database, r.ddl.Table)
	}
	t := r.table
	t.Engine, t.RowFormat, t.Options, t.Comment = rows.text(0, 0), rows.text(0, 1), rows.text(0, 2), rows.text(0, 3)
	if auto := rows.text(0, 4); auto != "" {
		if t.AutoIncrement, err = strconv.ParseUint(auto, 10, 64); err != nil {
			return fmt.Errorf("%w: AUTO_INCREMENT is no number", errOwn)
		}
	}
	t.Versioned = rows.text(0, 5) == "SYSTEM VERSIONED"
	t.Charset, t.Collation = rows.text(0, 6), rows.text(0, 7)
	if t.Charset == "" {
		// MariaDB lists collations that serve several character sets without one.
		t.Charset, _, _ = strings.Cut(t.Collation, "_")
	}
	return nil
}

// create reads the definition as setUTC makes it: it shows the defaults of TIMESTAMP columns in the session's time zone.
func (r *reader) create() error {
	if _, err := r.query("SET @zone = @@time_zone, time_zone = _utf8mb4'+00:00'"); err != nil {
		return err
	}
	rows, err := r.query("SHOW CREATE TABLE " + qualified(r.ddl))
	if err != nil {
		return err
	}
	r.table.Create = rows.text(0, 1)
	_, err = r.query("SET time_zone = @zone")
	return err
}

// wire reads the definitions of the columns in a result, invisible ones too: their length depends on
// character_set_results, and their character set is their own only where that is NULL.
func (r *reader) wire() error {
	names := make([]string, len(r.table.Columns))
	for i := range names {
		names[i] = schema.Quote(r.table.Columns[i].Name)
	}
	from := qualified(r.ddl)
	if r.ddl.View != "" {
		from = r.ddl.View
	}
	sql := "SELECT " + strings.Join(names, ", ") + " FROM " + from + " LIMIT 0"
	raw, err := r.query(sql)
	if err != nil {
		return err
	}
	if _, err := r.query("SET character_set_results = utf8mb4"); err != nil {
		return err
	}
	converted, err := r.query(sql)
	if err != nil {
		return err
	}
	if _, err := r.query("SET character_set_results = NULL"); err != nil {
		return err
	}
	if len(raw.Fields) != len(names) || len(converted.Fields) != len(names) {
		return fmt.Errorf("%w: %w", errOwn, mysql.ErrMalformPacket)
	}
	for i := range names {
		own, f := raw.Fields[i], converted.Fields[i]
		r.table.Columns[i].Wire = schema.Wire{
			Type: f.Type, Charset: own.Charset, Length: f.ColumnLength, Flags: f.Flag, Decimals: f.Decimal, RawLength: own.ColumnLength,
		}
	}
	return nil
}
