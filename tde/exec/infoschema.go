package exec

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// maxTwinRows bounds of how many logical tables it is kept what INFORMATION_SCHEMA says.
const maxTwinRows = 8192

// shownTables is what the evaluator has said of INFORMATION_SCHEMA.
type shownTables struct {
	mu     sync.Mutex
	tables map[string]*schema.Table // definitions, by name in capitals; nil: there is none
	rows   map[shownKey][][][]byte  // of logical tables
}

type shownKey struct{ view, db, name, create string }

// shownTable is the definition of a table of INFORMATION_SCHEMA; nil where there is none of that name.
func (c *Catalog) shownTable(ctx context.Context, name string) (*schema.Table, error) {
	upper := strings.ToUpper(name)
	c.shown.mu.Lock()
	t, ok := c.shown.tables[upper]
	c.shown.mu.Unlock()
	if ok {
		return t, nil
	}
	if c.evaluator == nil {
		return nil, errNoEvaluator
	}
	t, err := c.evaluator.DescribeView(ctx, upper)
	if err != nil {
		return nil, err
	}
	if t != nil {
		v := schema.ViewOf(upper)
		for i := range t.Columns {
			t.Columns[i].Storage = schema.StoredClear
			// Of a view, upstream has none of the names of columns, so that it cannot find any.
			if v != nil && (!v.Kept(t.Columns[i].Name) || strings.EqualFold(t.Columns[i].Name, "COLUMN_NAME") && strings.HasPrefix(upper, "COLUMNS")) {
				t.Columns[i].Storage = schema.StoredShown
			}
		}
	}
	c.shown.mu.Lock()
	defer c.shown.mu.Unlock()
	if c.shown.tables == nil {
		c.shown.tables = map[string]*schema.Table{}
	}
	c.shown.tables[upper] = t
	return t, nil
}

// defineShown publishes the definition of a table of INFORMATION_SCHEMA under the name that a statement gives it.
func (c *Catalog) defineShown(ctx context.Context, db, name string) (exists bool, err error) {
	t, err := c.shownTable(ctx, name)
	if err != nil || t == nil {
		return false, err
	}
	named := *t
	named.DB, named.Name = db, name
	c.change(func(s *State) *State {
		return s.with(s.Snapshot.WithDefinition(&named), s.sealers)
	})
	return true, nil
}

// twinRows is what a table of INFORMATION_SCHEMA says of a logical table, all columns in their ReadBack form.
func (c *Catalog) twinRows(w *evaluator.Workspace, view, t *schema.Table) ([][][]byte, error) {
	key := shownKey{strings.ToUpper(view.Name), t.DB, t.Name, t.Create}
	if rows, ok := c.shown.of(key); ok {
		return rows, nil
	}
	if err := w.Show(t, 0); err != nil {
		return nil, err
	}
	rows, err := w.Shown(view, t, false)
	if err != nil {
		return nil, err
	}
	if i := column(view, "CREATE_OPTIONS"); i >= 0 {
		for _, r := range rows {
			r[i] = bytes.TrimSpace(append(bytes.Clone(r[i]), ` ENCRYPTION="Y"`...))
		}
	}
	c.shown.keep(key, rows)
	return rows, nil
}

// column is the place of a column in a table, or -1.
func column(t *schema.Table, name string) int {
	return slices.IndexFunc(t.Columns, func(c schema.Column) bool { return strings.EqualFold(c.Name, name) })
}

// shownRun turns the rows that upstream's INFORMATION_SCHEMA gives into those of the logical tables.
type shownRun struct {
	*splitRun
	fetch  *plan.Fetch
	view   *schema.View
	places []int // of the fetch's columns in the table's
	schema int   // places in the fetch
	table  int   // -1: there is none
	key    []int
	seen   map[*schema.Table]map[string]bool // keys of the rows that upstream gave
	rows   [][][]byte
}

// fetchShown reads a table of INFORMATION_SCHEMA as the client's account sees it, and loads what the logical tables are.
func (s *splitRun) fetchShown(f *plan.Fetch) error {
	sql, err := s.binder.appendParts(nil, f.SQL, 0, nil)
	if err != nil {
		return err
	}
	if s.vars.SelectLimit != noLimit {
		sql = append(sql, " LIMIT "+noLimit...)
	}
	r := &shownRun{splitRun: s, fetch: f, view: schema.ViewOf(f.Table.Name), table: -1, schema: -1, seen: map[*schema.Table]map[string]bool{}}
	var rows [][][]byte
	err = s.query(string(sql), func(row [][]byte) error {
		rows = append(rows, cloned(row))
		return nil
	})
	if err != nil {
		return err
	}
	r.place()
	for _, row := range rows {
		if err := r.row(row); err != nil {
			return err
		}
	}
	if err := r.extra(); err != nil {
		return err
	}
	return r.load()
}

// load gives the evaluator the rows.
func (r *shownRun) load() error {
	loader, err := r.bench.Load(r.fetch.Table, r.fetch.Columns)
	if err != nil {
		return err
	}
	for _, row := range r.rows {
		for i, v := range row {
			if row[i], err = evaluator.Stored(r.fetch.Columns[i], v); err != nil {
				return err
			}
		}
		if err := loader.Row(row); err != nil {
			return err
		}
	}
	return loader.Close()
}

// cloned is a row that outlives its packet.
func cloned(row [][]byte) [][]byte {
	out := make([][]byte, len(row))
	for i, v := range row {
		if v != nil {
			out[i] = append([]byte{}, v...)
		}
	}
	return out
}

// place finds the columns that tell what a row is about.
func (r *shownRun) place() {
	for i, c := range r.fetch.Columns {
		r.places = append(r.places, column(r.fetch.Table, c.Name))
		switch name := strings.ToUpper(c.Name); {
		case r.view == nil:
		case name == r.view.Schema:
			r.schema = i
		case name == r.view.Table:
			r.table = i
		case slices.Contains(r.view.Key, name):
			r.key = append(r.key, i)
		}
	}
}

// row loads what the logical table has in place of one row.
func (r *shownRun) row(row [][]byte) error {
	if r.view == nil {
		r.keep(row)
		return nil
	}
	if strings.EqualFold(r.fetch.Table.Name, schema.RoutinesView) {
		r.routine(row)
		r.keep(row)
		return nil
	}
	if r.table >= 0 {
		if v := r.catalog.State().Snapshot.Lookup(string(row[r.schema]), string(row[r.table])); v != nil && v.IsView() {
			return r.viewRow(v, row)
		}
	}
	if slices.ContainsFunc(r.key, func(i int) bool { return bytes.HasPrefix(row[i], []byte(schema.Prefix)) }) {
		return nil // of what is stored alone
	}
	if r.table < 0 {
		r.database(row)
		r.keep(row)
		return nil
	}
	t := r.catalog.State().Snapshot.Lookup(string(row[r.schema]), string(row[r.table]))
	switch {
	case t == nil:
		r.keep(row)
		return nil
	case r.view.Hidden:
		return nil
	case t.Locked != "":
		r.locked(row)
		return nil
	}
	twins, err := r.catalog.twinRows(r.bench, r.fetch.Table, t)
	if err != nil {
		return err
	}
	if r.seen[t] == nil {
		r.seen[t] = map[string]bool{}
	}
	key := r.keyOf(row)
	for _, twin := range twins {
		out := r.twin(twin)
		if r.keyOf(out) != key {
			continue
		}
		r.seen[t][key] = true
		for i, c := range r.fetch.Columns {
			if r.view.Kept(c.Name) {
				out[i] = row[i]
			}
		}
		r.keep(out)
		return nil
	}
	return nil
}

func (r *shownRun) keep(row [][]byte) { r.rows = append(r.rows, row) }

// twin gives of a twin's row the columns of the fetch.
func (r *shownRun) twin(row [][]byte) [][]byte {
	out := make([][]byte, len(r.places))
	for i, p := range r.places {
		out[i] = row[p]
	}
	return out
}

func (r *shownRun) keyOf(row [][]byte) string {
	var b strings.Builder
	for _, i := range r.key {
		b.Write(row[i])
		b.WriteByte(0)
	}
	return b.String()
}

// locked tells of a table that cannot be opened that it is there, and nothing of its columns.
func (r *shownRun) locked(row [][]byte) {
	if len(r.view.Key) > 0 {
		return
	}
	for i, c := range r.fetch.Columns {
		if !r.view.Kept(c.Name) && row[i] != nil && c.Kind >= schema.KindChar && c.Kind <= schema.KindLongText {
			row[i] = []byte{}
		}
	}
	r.keep(row)
}

// extra loads the rows of logical tables that upstream has none of: constraints that only the proxy knows.
func (r *shownRun) extra() error {
	if r.view == nil || !r.view.Extra {
		return nil
	}
	visible, err := r.visible()
	if err != nil {
		return err
	}
	for _, t := range visible {
		twins, err := r.catalog.twinRows(r.bench, r.fetch.Table, t)
		if err != nil {
			return err
		}
		for _, twin := range twins {
			out := r.twin(twin)
			if r.seen[t][r.keyOf(out)] {
				continue
			}
			r.rows = append(r.rows, out)
		}
	}
	return nil
}

// visible are the encrypted tables that the client's account may see.
func (r *shownRun) visible() (out []*schema.Table, err error) {
	err = r.catalogQuery("SELECT CAST(TABLE_SCHEMA AS BINARY), CAST(TABLE_NAME AS BINARY) FROM information_schema.TABLES LIMIT "+noLimit, func(row [][]byte) error {
		if t := r.catalog.State().Snapshot.Lookup(string(row[0]), string(row[1])); t != nil && t.Locked == "" && !t.IsView() {
			out = append(out, t)
		}
		return nil
	})
	return out, err
}

// shownColumn gives the definition of a result's column that comes of a table of INFORMATION_SCHEMA as the server does.
func (s *splitRun) shownColumn(c *wire.Column) bool {
	if !strings.EqualFold(string(c.Schema), schema.InformationSchema) || len(c.OrgName) == 0 {
		return false
	}
	for i := range s.plan.Fetches {
		t := s.plan.Fetches[i].Table
		if !t.Describes() || !strings.EqualFold(t.Name, string(c.OrgTable)) {
			continue
		}
		col := t.Column(string(c.OrgName))
		if col == nil {
			return false
		}
		c.Schema, c.OrgTable = []byte(schema.InformationSchema), []byte(strings.ToUpper(t.Name))
		if !s.catalog.mariaDB {
			c.Name = s.viewColumn(c, col)
			return false
		}
		s.logicalColumn(c, &plan.Output{Table: t, Column: col})
		return true
	}
	return false
}

// viewColumn is the name of a result's column. MySQL's tables of INFORMATION_SCHEMA are views, whose columns go by their own
// names whatever the case in which a statement writes them.
func (s *splitRun) viewColumn(c *wire.Column, col *schema.Column) []byte {
	if strings.EqualFold(string(c.Name), col.Name) && !slices.Contains(s.plan.Aliases, string(c.Name)) {
		return []byte(col.Name)
	}
	return c.Name
}

// database says of a database that encryption is its default.
func (r *shownRun) database(row [][]byte) {
	if r.schema < 0 || !r.catalog.State().Rules.Default(string(row[r.schema])) {
		return
	}
	for i, c := range r.fetch.Columns {
		if strings.EqualFold(c.Name, "DEFAULT_ENCRYPTION") {
			row[i] = strconv.AppendInt(nil, int64(slices.Index(c.Members, "YES")+1), 10) // the ReadBack of an ENUM
		}
	}
}
