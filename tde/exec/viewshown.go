package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// viewQuery writes what a view reads, with the private schemas that stand for databases.
func viewQuery(parts []plan.Part, private func(db string) (string, error)) (string, error) {
	var out strings.Builder
	for i := range parts {
		switch p := &parts[i]; p.Kind {
		case plan.PartText:
			out.WriteString(p.Text)
		case plan.PartSchema:
			name, err := private(p.Text)
			if err != nil {
				return "", err
			}
			out.WriteString(quoteName(name))
		default:
			return "", errors.New("exec: internal error: a view's query has another part")
		}
	}
	return out.String(), nil
}

// showOpened makes a view with what it reads as twins, to be shown.
func showOpened(w *evaluator.Workspace, o *plan.Opened, stored []*storedFunction) error {
	if err := w.ShownFunctions(copies(stored)); err != nil {
		return uncopied(stored, err)
	}
	for _, t := range o.Tables {
		if err := w.Show(t, 0); err != nil {
			return err
		}
	}
	for i := range o.Views {
		u := &o.Views[i]
		db, err := w.ShownSchema(u.View.DB)
		if err != nil {
			return err
		}
		query, err := viewQuery(u.Query, w.ShownSchema)
		if err != nil {
			return err
		}
		if err := w.View(u.View.Defined, db, query); evaluator.Invalidates(err) {
			top := o.Views[len(o.Views)-1].View
			return evaluator.ErrInvalidView(top.DB, top.Name)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (s *splitRun) showOpened(o *plan.Opened) error {
	stored, err := s.catalog.shownFunctions(s.binder.ctx, o)
	if err != nil {
		return err
	}
	return showOpened(s.bench, o, stored)
}

// shownFunctions are the stored functions that a view calls which is shown. Where one is gone the view is invalid, and the workspace is not to
// try it: others may be shown beside it.
func (c *Catalog) shownFunctions(ctx context.Context, o *plan.Opened) ([]*storedFunction, error) {
	stored, missing, err := c.storedFunctions(ctx, o.Functions, nil)
	if err == nil && missing != "" {
		err = plan.InvalidView(o.Views[len(o.Views)-1].View).Err
	}
	return stored, err
}

// whose is how a view's definer stands in SHOW CREATE VIEW.
var whose = regexp.MustCompile(`^(?s)CREATE ALGORITHM=\w+ (DEFINER=.*? SQL SECURITY \w+) VIEW `)

// showView makes the view that a SHOW statement tells of, after upstream has shown the stored one to the client's account: its
// privileges decide, and whose it is is upstream's.
func (s *splitRun) showView(p *plan.Show) error {
	name := quoteName(p.Table.DB) + "." + quoteName(p.Table.Name)
	switch p.What {
	case plan.ShowCreate:
		_, row, err := s.queryRow("SHOW CREATE VIEW " + name)
		if err != nil {
			return err
		}
		is := []byte(nil)
		switch {
		case len(row) < 2:
		case whose.FindSubmatch(row[1]) != nil:
			is = bytes.Clone(whose.FindSubmatch(row[1])[1])
		case bytes.HasPrefix(row[1], []byte("CREATE VIEW ")): // MariaDB's sql_mode ORACLE, and others of its kind
			is = []byte{}
		}
		if is == nil {
			return fmt.Errorf("exec: view %s is shown in an unknown form", name)
		}
		s.patch = func(row [][]byte) bool {
			if at := whose.FindSubmatchIndex(row[1]); at != nil {
				row[1] = append(append(bytes.Clone(row[1][:at[2]]), is...), row[1][at[3]:]...)
			}
			row[1] = s.bench.Logical(row[1])
			return true
		}
	default:
		var privileges []byte
		err := s.query("SHOW FULL COLUMNS FROM "+name, func(row [][]byte) error {
			if len(row) > privilegesPlace {
				privileges = bytes.Clone(row[privilegesPlace])
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.patch = func(row [][]byte) bool {
			if p.What == plan.ShowFull && len(row) > privilegesPlace {
				row[privilegesPlace] = privileges
			}
			return true
		}
	}
	if err := s.showOpened(p.Opened); err != nil {
		return err
	}
	if p.What == plan.ShowCreate && s.vars.DB == p.Table.DB {
		return s.bench.UseShown(p.Table.DB) // the current database is left out of names
	}
	return nil
}

// viewRows is what a table of INFORMATION_SCHEMA says of a view, as twinRows of a table.
func (c *Catalog) viewRows(ctx context.Context, w *evaluator.Workspace, table, v *schema.Table, strict bool) ([][][]byte, error) {
	o, err := c.openedView(ctx, v)
	if err != nil {
		return nil, err
	}
	create := v.Defined.Sealed
	for _, t := range o.Tables {
		create += "\x00" + t.Create
	}
	for _, u := range o.Views {
		create += "\x00" + u.View.Defined.Sealed
	}
	stored, err := c.shownFunctions(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, f := range stored {
		create += fmt.Sprint("\x00", f.copied)
	}
	create += fmt.Sprint("\x00", strict)
	key := shownKey{strings.ToUpper(table.Name), v.DB, v.Name, create}
	if rows, ok := c.shown.of(key); ok {
		return rows, nil
	}
	if err := showOpened(w, o, stored); err != nil {
		return nil, err
	}
	rows, err := w.Shown(table, v, strict)
	if err != nil {
		return nil, err
	}
	if i := column(table, "VIEW_DEFINITION"); i >= 0 {
		for _, r := range rows {
			r[i] = w.Logical(r[i])
		}
	}
	c.shown.keep(key, rows)
	return rows, nil
}

// of is what is known of a logical table.
func (s *shownTables) of(key shownKey) ([][][]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, ok := s.rows[key]
	return rows, ok
}

func (s *shownTables) keep(key shownKey, rows [][][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil || len(s.rows) >= maxTwinRows {
		s.rows = map[shownKey][][][]byte{}
	}
	s.rows[key] = rows
}

// viewRow puts what the logical view has in the place of one row of upstream's: of TABLES that is the same, of COLUMNS every column in
// place of the only one that upstream has.
func (r *shownRun) viewRow(v *schema.Table, row [][]byte) error {
	if v.Locked != "" {
		r.locked(row)
		return nil
	}
	if strings.EqualFold(r.fetch.Table.Name, "TABLES") {
		r.keep(row)
		return nil
	}
	rows, err := r.catalog.viewRows(r.binder.ctx, r.bench, r.fetch.Table, v, r.vars.Strict)
	var e *wire.Error
	if errors.As(err, &e) && e.Code == codeInvalidView {
		if len(r.view.Key) == 0 {
			r.hide(row)
			r.keep(row)
		}
		return nil
	}
	if err != nil {
		return err
	}
	for _, twin := range rows {
		out := r.twin(twin)
		for i, c := range r.fetch.Columns {
			name := strings.ToUpper(c.Name)
			hidden := name == "VIEW_DEFINITION" && len(row[i]) == 0 // from who may not see it
			if r.view.Kept(c.Name) && len(r.view.Key) == 0 || name == "PRIVILEGES" || hidden {
				out[i] = row[i]
			}
		}
		r.keep(out)
	}
	return nil
}

// hide empties what upstream says of the stored view alone.
func (r *shownRun) hide(row [][]byte) {
	for i, c := range r.fetch.Columns {
		if strings.EqualFold(c.Name, "VIEW_DEFINITION") {
			row[i] = []byte{}
		}
	}
}

// codeInvalidView is ER_VIEW_INVALID.
const codeInvalidView = 1356
