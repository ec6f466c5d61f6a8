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
	// Variables are further session variables to set, by name: explicit_defaults_for_timestamp, innodb_strict_mode.
	// Values are SQL.
	Variables map[string]string
}

// Describe runs a CREATE TABLE in an empty database of the client's database's name and gives the table that the server
// made of it, with ids for its columns. The table's own id, keys and storage are the caller's. What the server objects to
// is a *wire.Error.
func (e *Evaluator) Describe(ctx context.Context, d DDL) (*schema.Table, error) {
	name := e.nameLock(d.Database)
	name.Lock()
	defer name.Unlock()
	var t *schema.Table
	err := e.alone(ctx, func(c *conn) error {
		var err error
		if t, err = e.describe(c, &d); err != nil {
			// What the statement may have made goes; the first error counts.
			_, _ = c.query("DROP TABLE IF EXISTS " + qualified(&d))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
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

func (e *Evaluator) describe(c *conn, d *DDL) (*schema.Table, error) {
	db := schema.Quote(d.Database)
	before := []string{
		"CREATE DATABASE IF NOT EXISTS " + db,
		"ALTER DATABASE " + db + " CHARACTER SET " + d.DBCharset + " COLLATE " + d.DBCollation,
		"SET foreign_key_checks = 0",
		"DROP TABLE IF EXISTS " + qualified(d),
		"USE " + db,
	}
	for _, k := range slices.Sorted(maps.Keys(d.Variables)) {
		before = append(before, "SET "+schema.Quote(k)+" = "+d.Variables[k])
	}
	if err := e.mirror(c, Session{SQLMode: d.SQLMode, TimeZone: d.TimeZone}); err != nil {
		return nil, err
	}
	for _, sql := range append(before, d.Statement) {
		if _, err := c.query(sql); err != nil {
			return nil, err
		}
	}
	// From here on only the time zone is the client's: SHOW CREATE TABLE and defaults depend on the mode.
	if _, err := c.query("SET sql_mode = ''"); err != nil {
		return nil, err
	}
	r := &reader{conn: c, ddl: d, mariaDB: e.cfg.MariaDB, table: &schema.Table{DB: d.Database, Name: d.Table}}
	for _, step := range []func() error{r.options, r.columns, r.indexes, r.foreignKeys, r.constraints, r.create, r.wire, r.members, r.defaults} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	_, err := c.query("DROP TABLE " + qualified(d))
	return r.table, err
}

// reader reads one table out of the server.
type reader struct {
	*conn
	ddl     *DDL
	mariaDB bool
	table   *schema.Table
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

func (r *reader) create() error {
	rows, err := r.query("SHOW CREATE TABLE " + qualified(r.ddl))
	if err == nil {
		r.table.Create = rows.text(0, 1)
	}
	return err
}

// wire reads the definitions of the columns in a result, invisible ones too: their length depends on
// character_set_results, and their character set is their own only where that is NULL.
func (r *reader) wire() error {
	names := make([]string, len(r.table.Columns))
	for i := range names {
		names[i] = schema.Quote(r.table.Columns[i].Name)
	}
	sql := "SELECT " + strings.Join(names, ", ") + " FROM " + qualified(r.ddl) + " LIMIT 0"
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
