package exec

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// counters are what SHOW CREATE TABLE tells of a table's rows and not of its definition.
var counters = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

// definitionOf is a SHOW CREATE TABLE as far as it defines the table.
func definitionOf(create string) string { return counters.ReplaceAllString(create, "") }

// define publishes the definition of a table that is not protected, for the evaluator. A table that goes with it, such as a
// view, is refused.
func (c *Catalog) define(ctx context.Context, db, name string) error {
	if c.evaluator == nil {
		return errNoEvaluator
	}
	rows, err := c.rows(ctx, "SHOW CREATE TABLE "+quoteName(db)+"."+quoteName(name))
	if err != nil {
		return fmt.Errorf("reading the definition of table %s.%s: %w", db, name, err)
	}
	if len(rows) != 1 || len(rows[0]) != 2 {
		return notSupported("%s.%s, which is a view or a sequence, in a query that upstream cannot compute", db, name)
	}
	source := rows[0][1]
	defaults, err := c.rows(ctx, "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", db)
	if err != nil || len(defaults) != 1 {
		return fmt.Errorf("reading database %s: %w", db, err)
	}
	t, err := c.evaluator.Describe(ctx, evaluator.DDL{
		// A sequence, seq_1_to_10, is there in every database.
		Statement: "CREATE TABLE IF NOT EXISTS " + quoteName(db) + "." + strings.TrimPrefix(source, "CREATE TABLE "), Database: db, Table: name,
		DBCharset: defaults[0][0], DBCollation: defaults[0][1], Variables: map[string]string{"explicit_defaults_for_timestamp": "1"},
	})
	if err != nil {
		return fmt.Errorf("describing table %s.%s: %w", db, name, err)
	}
	for i := range t.Columns {
		t.Columns[i].Storage = schema.StoredClear
	}
	t.Source = definitionOf(source)
	c.change(func(s *State) *State {
		return s.with(s.Snapshot.WithDefinition(t), s.sealers)
	})
	return nil
}

// unchanged sees that a plaintext table is still what the plan took it for: others change it past the proxy.
func (s *splitRun) unchanged(t *schema.Table) error {
	_, row, err := s.queryRow("SHOW CREATE TABLE " + quoteName(t.DB) + "." + quoteName(t.Name))
	if err != nil {
		return err
	}
	if len(row) == 2 && definitionOf(string(row[1])) == t.Source {
		return nil
	}
	if len(row) == 2 && bytes.HasPrefix(row[1], []byte("CREATE TEMPORARY TABLE ")) {
		return notSupported("temporary table %s.%s in a query that upstream cannot compute", t.DB, t.Name)
	}
	// The session's sql_mode, sql_quote_show_create and character set decide how a definition reads, too.
	rows, err := s.catalog.rows(s.binder.ctx, "SHOW CREATE TABLE "+quoteName(t.DB)+"."+quoteName(t.Name))
	if err == nil && len(rows) == 1 && len(rows[0]) == 2 && definitionOf(rows[0][1]) == t.Source {
		return nil
	}
	s.catalog.forgetPlain()
	return errRedefined
}
