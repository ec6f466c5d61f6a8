package evaluator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Keyed is a Twin that has the logical table's keys as well, and rows that are there already: what an INSERT does to them can be
// asked. Its rows are not numbered by an AUTO_INCREMENT column.
type Keyed struct {
	Twin
	table *loaded
	logic *schema.Table
}

// Keyed makes a table's keyed twin. Where rows are numbered, the AUTO_INCREMENT column of a row that is added is NULL: only
// upstream knows the number, and it is no other row's.
func (w *Workspace) Keyed(t *schema.Table, numbered bool) (*Keyed, error) {
	if numbered {
		return w.keyed("\x05", t, true) // keys before are of other tables
	}
	return w.keyed("\x04", t, false)
}

// Returned makes the table in which the list of a RETURNING is computed, of rows that are stored already: it has the logical table's keys.
func (w *Workspace) Returned(t *schema.Table) (*Keyed, error) { return w.keyed("\x03", t, false) }

func (w *Workspace) keyed(key string, t *schema.Table, numbered bool) (*Keyed, error) {
	w.rows = max(w.rows, 1) // the client's text has filled a twin, which no loader has counted
	db, err := w.schema(key+w.fold(t.DB), t.DB)
	if err != nil {
		return nil, err
	}
	table, err := w.place(t, db, func() (string, error) { return keyedTable(t, db, w.e.cfg.MariaDB, numbered) })
	if err != nil {
		return nil, err
	}
	if !table.inUse {
		table.inUse = true
		w.used = append(w.used, table)
	}
	return &Keyed{Twin: Twin{Schema: db, w: w, from: table.name}, table: table, logic: t}, nil
}

// keyedTable is the definition of a keyed twin.
func keyedTable(t *schema.Table, db string, mariaDB, numbered bool) (string, error) {
	text, err := workspaceTable(t, db, mariaDB, true, false)
	if err != nil || !numbered {
		return text, err
	}
	auto := slices.IndexFunc(t.Columns, func(c schema.Column) bool { return c.AutoIncrement })
	if auto < 0 {
		return text, nil
	}
	head := "CREATE TABLE " + schema.Quote(db) + "." + schema.Quote(t.Name)
	items, options, ok := definitionItems(strings.TrimPrefix(text, head))
	if !ok {
		return "", fmt.Errorf("%w: table %s.%s has a CREATE TABLE that cannot be read", errOwn, t.DB, t.Name)
	}
	primary := slices.ContainsFunc(t.Indexes, func(ix schema.Index) bool {
		return ix.Name == "PRIMARY" && slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool {
			return strings.EqualFold(p.Column, t.Columns[auto].Name)
		})
	})
	for i, item := range items {
		name, _ := sqlToken(item)
		words := sqlWords(item, 2)
		switch {
		case name == schema.Quote(t.Columns[auto].Name):
			items[i] = uncounted(item)
		case primary && words[0] == "PRIMARY" && words[1] == "KEY": // of NULLs, there may be several in other keys alone
			_, n := sqlToken(item)
			_, m := sqlToken(item[n:])
			items[i] = "UNIQUE KEY " + schema.Quote(schema.Prefix+"primary") + item[n+m:]
		}
	}
	return head + " (" + strings.Join(items, ",") + ")" + options, nil
}

// DeleteInOrder is the beginning of a statement that deletes all rows in the order of the numbers that they were loaded with.
func (k *Keyed) DeleteInOrder() string {
	// As it must be under sql_safe_updates.
	number := schema.Quote(numberColumn)
	return "DELETE FROM " + k.table.name + " WHERE " + number + " IS NOT NULL ORDER BY " + number + " LIMIT 9223372036854775807 "
}

// Load starts loading rows that are there; see Workspace.Load.
func (k *Keyed) Load(cols []*schema.Column) (*Loader, error) {
	return k.w.loadInto(k.table, k.logic, cols)
}

// Changed hands rows to fn as Workspace.Changed does.
func (k *Keyed) Changed(cols []*schema.Column, fn func(number int, row [][]byte) error) error {
	return k.w.changed(k.table, cols, fn)
}
