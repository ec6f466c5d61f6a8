package evaluator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// twinKey begins the keys of the private schemas in which tables are what they are logically, to be shown and not filled. Those
// of twins that are filled begin otherwise.
const twinKey = "\x01"

// ShownSchema is the name, unquoted, of the private schema that holds a database's twins.
func (w *Workspace) ShownSchema(db string) (string, error) { return w.schema(twinKey+w.fold(db), db) }

// Show makes the empty table that a logical table is, to be shown: with its engine, foreign keys and constraints. auto is
// its next AUTO_INCREMENT value, 0 or 1 where that is not known.
func (w *Workspace) Show(t *schema.Table, auto uint64) error {
	db, err := w.ShownSchema(t.DB)
	if err != nil {
		return err
	}
	if err := w.closeLoader(); err != nil {
		return err
	}
	key, name := db+"."+w.fold(t.Name), schema.Quote(db)+"."+schema.Quote(t.Name)
	auto = max(auto, 1)
	have := w.tables[key]
	w.clock++
	if have != nil && have.create == t.Create && have.auto == auto {
		have.used = w.clock
		return nil
	}
	if err := w.own(); err != nil {
		return err
	}
	w.commits()
	if have == nil || have.create != t.Create {
		definition, err := twinTable(t, db)
		if err != nil {
			return err
		}
		err = errors.Join(w.supersede(t, db, key), w.unview(key, name), w.send("DROP TABLE IF EXISTS "+name, sent{}), w.send(definition, sent{}))
		if err != nil {
			return err
		}
		have = &loaded{key: key, name: name, create: t.Create, auto: 1, checks: true}
	}
	if have.auto != auto {
		if err := w.send("ALTER TABLE "+name+" AUTO_INCREMENT = "+strconv.FormatUint(auto, 10), sent{}); err != nil {
			return err
		}
		have.auto = auto
	}
	if err := w.drain(); err != nil {
		w.unsure(err)
		return fmt.Errorf("making the twin of table %s.%s in the evaluator: %w", t.DB, t.Name, err)
	}
	have.used = w.clock
	w.tables[key] = have
	return nil
}

var constraintName = regexp.MustCompile("CONSTRAINT `(?:[^`]|``)+`")

// supersede drops the twins that have a constraint of a name that t has: such names are a database's own, so those tables are not there any
// more under their names, or have lost it.
func (w *Workspace) supersede(t *schema.Table, db, key string) error {
	for _, constraint := range constraintName.FindAllString(t.Create, -1) {
		for k, other := range w.tables {
			if k == key || !strings.HasPrefix(k, db+".") || !strings.Contains(other.create, constraint) {
				continue
			}
			delete(w.tables, k)
			if err := errors.Join(w.unview(k, other.name), w.send("DROP TABLE IF EXISTS "+other.name, sent{})); err != nil {
				return err
			}
		}
	}
	return nil
}

// twinTable is a logical table's own CREATE TABLE, in a private schema. Left out are AUTO_INCREMENT= and places of files.
func twinTable(t *schema.Table, db string) (string, error) {
	_, text, ok := strings.Cut(t.Create, "CREATE TABLE ")
	_, n := sqlToken(text)
	items, options, read := definitionItems(text[n:])
	if !ok || !read {
		return "", fmt.Errorf("%w: table %s.%s has a CREATE TABLE that cannot be read", errOwn, t.DB, t.Name)
	}
	for i := range items {
		items[i] = columnItem(t, items[i])
	}
	var b strings.Builder
	for rest := options; ; {
		token, n := sqlToken(rest)
		if n == 0 {
			break
		}
		switch upper := strings.ToUpper(token); upper {
		case "AUTO_INCREMENT":
			_, k := sqlValue(rest[n:])
			rest = rest[n+k:]
			continue
		case "DATA", "INDEX":
			if word, m := sqlToken(rest[n:]); strings.EqualFold(word, "DIRECTORY") {
				_, k := sqlValue(rest[n+m:])
				rest = rest[n+m+k:]
				continue
			}
		}
		b.WriteString(rest[:n])
		rest = rest[n:]
	}
	return "CREATE TABLE " + schema.Quote(db) + "." + schema.Quote(t.Name) + " (" + strings.Join(items, ",") + ")" + b.String(), nil
}

// Shown reads of a table of INFORMATION_SCHEMA what it says of a logical table, whose twin must be there: the values of
// of columns, in their ReadBack form. Private schemas go by the names of their databases.
// strict says that the session's sql_mode is, which counts where the table is a view.
func (w *Workspace) Shown(view *schema.Table, t *schema.Table, strict bool) ([][][]byte, error) {
	db, err := w.ShownSchema(t.DB)
	if err != nil {
		return nil, err
	}
	if err := w.own(); err != nil {
		return nil, err
	}
	if t.IsView() {
		if err := w.strictly(strict); err != nil {
			return nil, err
		}
	}
	columns := make([]string, len(view.Columns))
	for i := range columns {
		columns[i] = view.Columns[i].ReadBack("")
	}
	v := schema.ViewOf(view.Name)
	about := schema.Quote(v.Schema) + " = " + hexString(db)
	if table := hexString(t.Name); view.Column(v.Table) != nil {
		about += " AND " + schema.Quote(v.Table) + " = " + table
	} else {
		about += " AND CONSTRAINT_NAME IN (SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = " +
			hexString(db) + " AND TABLE_NAME = " + table + ")"
	}
	rows, err := w.rowsOf("SELECT " + strings.Join(columns, ", ") + " FROM information_schema." + schema.Quote(view.Name) + " WHERE " + about)
	for _, r := range rows {
		for i, v := range r {
			if string(v) == db {
				r[i] = []byte(t.DB)
			}
		}
	}
	return rows, err
}

// DescribeView gives a table of INFORMATION_SCHEMA as one that rows can be loaded into. It is nil where the server has no
// such table.
func (e *Evaluator) DescribeView(ctx context.Context, name string) (*schema.Table, error) {
	const db = twinDB + "_views"
	view := schema.InformationSchema + "." + schema.Quote(name)
	t, err := e.Describe(ctx, DDL{
		Statement: "CREATE TABLE " + schema.Quote(db) + "." + schema.Quote(name) + " AS SELECT * FROM " + view + " LIMIT 0",
		View:      view, Database: db, Table: name, DBCharset: "utf8mb4", DBCollation: "utf8mb4_general_ci", SQLMode: "ALLOW_INVALID_DATES",
	})
	my, ok := errors.AsType[*wire.Error](err)
	if ok && (my.Code == codeUnknownView || my.Code == codeNoTable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t.DB = schema.InformationSchema
	return t, nil
}

// ER_UNKNOWN_TABLE and ER_NO_SUCH_TABLE.
const (
	codeUnknownView = 1109
	codeNoTable     = 1146
)
