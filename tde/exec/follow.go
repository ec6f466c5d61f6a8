package exec

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// follow has a table's foreign keys point at what upstream's do: a table that was renamed, or whose columns were, takes them with it, and the
// definition that is sealed in the table which has them still has the old names. What upstream says decides of names alone: a foreign key between
// sealed columns stays one.
func (c *Catalog) follow(ctx context.Context, t *schema.Table, find func(db, name string) *schema.Table) (*schema.Table, error) {
	if len(t.ForeignKeys) == 0 || t.Locked != "" || t.IsView() {
		return t, nil
	}
	rows, err := c.rows(ctx, "SELECT CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION", t.DB, t.Name)
	if err != nil {
		return nil, fmt.Errorf("reading the foreign keys of table %s.%s: %w", t.DB, t.Name, err)
	}
	for i := range t.ForeignKeys {
		fk := &t.ForeignKeys[i]
		var db, name string
		var columns []string
		for _, r := range rows {
			if strings.EqualFold(r[0], fk.Name) {
				db, name, columns = r[1], r[2], append(columns, r[3])
			}
		}
		if len(columns) != len(fk.Columns) {
			continue
		}
		parent := find(db, name)
		if strings.EqualFold(db, t.DB) && strings.EqualFold(name, t.Name) {
			parent = t
		}
		if logical, ok := referred(t, fk, parent, columns); ok && !c.points(t, fk, db, name, logical) {
			t = t.Refer(i, db, name, logical)
		} else if !ok {
			c.log.Error("a foreign key of an encrypted table points upstream at what it cannot point at; what is known of it is not changed",
				"database", t.DB, "table", t.Name, "foreign_key", fk.Name)
		}
	}
	return t, nil
}

// points says whether a foreign key is known to point there.
func (c *Catalog) points(t *schema.Table, fk *schema.ForeignKey, db, name string, columns []string) bool {
	is := fk.RefDB
	if is == "" {
		is = t.DB
	}
	same := func(a, b string) bool { return a == b || c.fold != 0 && strings.EqualFold(a, b) }
	return same(is, db) && same(fk.RefTable, name) && slices.EqualFunc(fk.RefColumns, columns, strings.EqualFold)
}

// referred are the logical names of the columns of parent that a foreign key's physical columns refer to; ok is false where its columns are stored
// otherwise than those.
func referred(t *schema.Table, fk *schema.ForeignKey, parent *schema.Table, physical []string) (logical []string, ok bool) {
	for i, name := range physical {
		c := t.Column(fk.Columns[i])
		rest, token := strings.CutPrefix(name, schema.TokenPrefix)
		if c == nil || token != (c.Storage == schema.StoredCell) {
			return nil, false
		}
		if token {
			if parent == nil || parent.Locked != "" || parent.TokenDomain != t.TokenDomain {
				return nil, false
			}
			if rc := parent.Column(rest); rc == nil || rc.Storage != schema.StoredCell || !rc.Token {
				return nil, false
			}
		}
		logical = append(logical, rest)
	}
	return logical, true
}

// followAll is follow for all tables that are known.
func (c *Catalog) followAll(ctx context.Context, tables []*schema.Table, sealers map[schema.TableID]*sealer) error {
	known := schema.NewSnapshot(tables, c.fold)
	for i, t := range tables {
		followed, err := c.follow(ctx, t, known.Lookup)
		if err != nil {
			return err
		}
		if followed != t {
			tables[i], sealers[t.ID] = followed, sealers[t.ID].as(followed)
		}
	}
	return nil
}

// as is the sealer of a table of which other things are known now that concern no value.
func (s *sealer) as(t *schema.Table) *sealer {
	return &sealer{table: t, cells: s.cells, tokens: s.tokens}
}

// children are the tables with foreign keys that point at a table.
func children(snapshot *schema.Snapshot, of *schema.Table) (out []*schema.Table) {
	for _, child := range snapshot.Tables() {
		if child.ID != of.ID && slices.ContainsFunc(child.ForeignKeys, func(fk schema.ForeignKey) bool { return pointsAt(child, &fk, of) }) {
			out = append(out, child)
		}
	}
	return out
}

// pointsAt says whether a foreign key of a table points at another.
func pointsAt(child *schema.Table, fk *schema.ForeignKey, of *schema.Table) bool {
	return strings.EqualFold(fk.RefTable, of.Name) && (strings.EqualFold(fk.RefDB, of.DB) || fk.RefDB == "" && strings.EqualFold(child.DB, of.DB))
}

// followed has the foreign keys follow that point at the table which was changed.
func (a *alteration) followed(ctx context.Context) error {
	for _, child := range children(a.state.Snapshot, a.from) {
		is, err := a.catalog.follow(ctx, child, a.catalog.State().Snapshot.Lookup)
		if err != nil {
			return err
		}
		if is == child {
			continue
		}
		a.catalog.change(func(was *State) *State {
			s := was.sealers[child.ID]
			if s == nil || s.table != child { // it is another by now, and was read as it is
				return &State{Snapshot: was.Snapshot, Rules: was.Rules, Plans: plan.NewCache(), sealers: was.sealers}
			}
			sealers := maps.Clone(was.sealers)
			sealers[child.ID] = s.as(is)
			return was.with(was.Snapshot.With(is), sealers)
		})
	}
	return nil
}
