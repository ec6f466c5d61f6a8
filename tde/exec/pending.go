package exec

import (
	"context"
	"errors"
	"slices"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// pending marks the foreign keys of a table whose own tables are not there yet, as dumps have them: with foreign_key_checks = 0 a server takes
// them. How their columns are stored depends on the table that is to come; until then they are sealed, and upstream has no such foreign
// key. was is what the table was before an ALTER TABLE; nil where it is made.
func (x *Session) pending(ctx context.Context, t, was *schema.Table) error {
	for i := range t.ForeignKeys {
		fk := &t.ForeignKeys[i]
		db := fk.RefDB
		if db == "" {
			db = t.DB
		}
		known := x.state.Snapshot.SameName(db, t.DB) && x.state.Snapshot.SameName(fk.RefTable, t.Name) || x.state.Snapshot.Known(db, fk.RefTable)
		if known || !x.state.Rules.Designated(db, fk.RefTable) {
			continue
		}
		exists, err := x.catalog.Lookup(ctx, db, fk.RefTable)
		if err != nil {
			return err
		}
		if exists {
			return errRedefined // it is known from here on
		}
		is := was != nil && slices.ContainsFunc(was.ForeignKeys, func(o schema.ForeignKey) bool { return o.Name == fk.Name && o.Pending })
		if !is {
			err = x.query("SELECT "+variablesAsBytes("foreign_key_checks")+" LIMIT 1", func(row [][]byte) error {
				is = !isOn(row[0])
				return nil
			})
		}
		if err != nil {
			return err
		}
		fk.Pending = is
	}
	return nil
}

// settlePending gives upstream the foreign keys that wait for a table which was just made, and stores their columns as that wants it. Where one
// cannot be, the table goes again: it is empty.
func (x *Session) settlePending(ctx context.Context, made *schema.Table) error {
	for _, child := range children(x.catalog.State().Snapshot, made) {
		if !slices.ContainsFunc(child.ForeignKeys, func(fk schema.ForeignKey) bool { return fk.Pending && pointsAt(child, &fk, made) }) {
			continue
		}
		nothing := &plan.AlterTable{
			DB: child.DB, Name: child.Name, NewDB: child.DB, NewName: child.Name, Bare: true, Statement: "ALTER TABLE " + quoteName(child.DB) + "." + quoteName(child.Name),
		}
		err := x.renameTable(ctx, nothing)
		if err == nil {
			continue
		}
		_, dropped := x.exec("DROP TABLE " + quoteName(made.DB) + "." + quoteName(made.Name))
		if dropped == nil {
			dropped = x.catalog.Reload(ctx)
		}
		return errors.Join(err, dropped)
	}
	return nil
}
