package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Replay is a statement that changes rows and that upstream cannot compute over ciphertext. The rows that it could read or
// change are fetched under the locks that it would take itself, and loaded into the evaluator. Text, the client's own, runs
// there; what has become of the rows of each Target is then sealed and written upstream, in the same transaction. The answer is
// the evaluator's.
type Replay struct {
	Split
	Targets []Target
}

// Target is a table whose rows a Replay changes. Its Fetch has all columns of the table but generated ones in Columns, and
// selects behind them those of Identity, then those of Keys.
type Target struct {
	Table *schema.Table
	// Sets are the columns that a changed row may have got new values of; nil where rows are only deleted.
	Sets []*schema.Column
	// Deletes says that rows may go.
	Deletes bool
	// Identity are the physical columns that tell rows apart; empty where only all of a row's cells do.
	Identity []Identity
	// Keys are the physical columns of the unique keys that a change of Sets can break.
	Keys []Identity
	// Updates and Removals are the rows of other tables that follow where rows get other values or go.
	Updates, Removals []Follow
}

func (*Replay) plan() {}

// String implements Plan.
func (p *Replay) String() string {
	var b strings.Builder
	b.WriteString("Replay" + strings.TrimPrefix(p.Split.String(), "Split"))
	for i := range p.Targets {
		b.WriteString("\n  writes:   " + p.Targets[i].String())
	}
	return b.String()
}

// String tells what may be written.
func (t *Target) String() string {
	var names []string
	for _, c := range t.Sets {
		names = append(names, quote(c.Name))
	}
	out := tableName(t.Table)
	if len(names) > 0 {
		out += " " + strings.Join(names, ", ")
	}
	if t.Deletes {
		out += " or no row"
	}
	names = nil
	for _, id := range t.Identity {
		names = append(names, quote(id.Name))
	}
	if names == nil {
		out += " by all cells"
	} else {
		out += " by " + strings.Join(names, ", ")
	}
	for _, f := range slices.Concat(t.Updates, t.Removals) {
		out += "\n  follows:  " + f.String()
	}
	return out
}

// replays says whether an UPDATE or DELETE that could not be rewritten is for the evaluator, which has the server's own words for
// what is wrong with it.
func (b *block) replays(err error) bool { return err != nil && b.env.Evaluator }

// orReplay plans an UPDATE or DELETE for upstream, or where that cannot be for the evaluator.
func (b *block) orReplay(node ast.StmtNode, rewrite func() (Plan, error)) (Plan, error) {
	if b.env.Split || b.env.Evaluate || b.followed(node) {
		return b.replayPlan(node)
	}
	p, err := rewrite()
	if b.replays(err) {
		return b.replayPlan(node)
	}
	return p, err
}

// replayPlan plans an UPDATE or DELETE for the evaluator.
func (b *block) replayPlan(node ast.StmtNode) (Plan, error) {
	if err := b.nowhere(node); err != nil {
		return nil, err
	}
	b = b.again()
	t, err := newTree(b.env, node)
	if err == nil && b.listed != nil {
		b.listed.Accept(t)
		err = t.err
	}
	if err != nil {
		var d *definitionNeeded
		if errors.As(err, &d) {
			return &d.need, nil
		}
		return nil, err
	}
	for _, n := range t.names {
		if strings.HasPrefix(strings.ToLower(n.Name.O), schema.Prefix) {
			return nil, unknownColumn(n.Name.O, "SET", b.env.Mode)
		}
	}
	targets, err := t.targets(node)
	if err != nil {
		return nil, err
	}
	text, err := b.evaluated(t, node)
	if err != nil {
		return nil, err
	}
	q, err := b.fetches(t)
	if err != nil {
		return nil, err
	}
	q.Text, q.Uses.NoRows = text, b.listed == nil
	q.Clear, q.ClearVars = b.clearLiterals(node, t.couldStoreClear), t.clearVars
	return &Replay{Split: *q, Targets: targets}, nil
}

// nowhere is the server's error for a DELETE of several tables that names one to delete from without a database, where none is the
// current one: also one that is another's alias.
func (b *block) nowhere(node ast.StmtNode) error {
	s, ok := node.(*ast.DeleteStmt)
	if ok && s.Tables != nil && b.env.DB == "" && slices.ContainsFunc(s.Tables.Tables, func(n *ast.TableName) bool { return n.Schema.O == "" }) {
		return refuseMySQL("no-database", 1046, "3D000", "No database selected")
	}
	return nil
}

// writeBlock is the query block that finds the rows of an UPDATE or DELETE.
func writeBlock(n ast.Node) *ast.SelectStmt {
	out := &ast.SelectStmt{Fields: &ast.FieldList{}}
	switch s := n.(type) {
	case *ast.UpdateStmt:
		out.From, out.Where, out.OrderBy, out.Limit, out.TableHints, out.With = s.TableRefs, s.Where, s.Order, s.Limit, s.TableHints, s.With
	case *ast.DeleteStmt:
		out.From, out.Where, out.OrderBy, out.Limit, out.TableHints, out.With = s.TableRefs, s.Where, s.Order, s.Limit, s.TableHints, s.With
	}
	return out
}

// targets finds the tables that an UPDATE or DELETE changes: those that a name could mean, wherever the server might find it.
func (t *tree) targets(node ast.StmtNode) ([]Target, error) {
	t.writes = map[*schema.Table]*Target{}
	top := t.blocks[0]
	ignore := false
	switch s := node.(type) {
	case *ast.UpdateStmt:
		ignore = s.IgnoreErr
		for _, a := range s.List {
			for _, r := range top.refs {
				if err := t.sets(r, a.Column); err != nil {
					return nil, err
				}
			}
		}
		if err := t.clearSets(s); err != nil {
			return nil, err
		}
	case *ast.DeleteStmt:
		ignore = s.IgnoreErr
		for _, r := range top.refs {
			if s.IsMultiTable && (s.Tables == nil || !slices.ContainsFunc(s.Tables.Tables, func(n *ast.TableName) bool { return sameIdent(n.Name.O, r.alias) })) {
				continue
			}
			switch {
			case r.table != nil:
				t.written(r.table).Deletes = true
			case r.view != nil:
				if err := t.deletesView(r); err != nil {
					return nil, err
				}
			}
		}
	}
	var out []Target
	for _, table := range t.tables() {
		w := t.writes[table]
		if w == nil {
			continue
		}
		if err := t.writable(w, ignore); err != nil {
			return nil, err
		}
		out = append(out, *w)
	}
	return out, nil
}

func (t *tree) written(table *schema.Table) *Target {
	w := t.writes[table]
	if w == nil {
		w = &Target{Table: table}
		t.writes[table] = w
	}
	return w
}

// sets notes what an assignment could set in a reference's table.
func (t *tree) sets(r *reference, name *ast.ColumnName) error {
	if r.view != nil {
		return t.setsView(r, name)
	}
	if r.table == nil || !r.couldOwn(name) {
		return nil
	}
	for i := range r.table.Columns {
		c := &r.table.Columns[i]
		if !sameIdent(c.Name, name.Name.O) {
			continue
		}
		if w := t.written(r.table); !slices.Contains(w.Sets, c) {
			w.Sets = append(w.Sets, c)
		}
	}
	return nil
}

// writable completes a target, or says why it cannot be one.
func (t *tree) writable(w *Target, ignore bool) error {
	table := w.Table
	if t.env.Snapshot.Lookup(table.DB, table.Name) != table {
		return refuse("replay-plain", "a statement that changes table %s, which is not encrypted, by what encrypted tables hold is not supported", tableName(table))
	}
	self := func(fk schema.ForeignKey) bool { return t.env.Snapshot.SameName(fk.RefTable, table.Name) }
	if w.Deletes && slices.ContainsFunc(table.ForeignKeys, self) {
		return refuse("self-reference", "this DELETE from table %s, which references itself, cannot be computed over ciphertext", tableName(table))
	}
	if ignore && (len(table.ForeignKeys) > 0 || t.referenced(table)) {
		return refuse("ignore", "IGNORE on an encrypted table with foreign keys is not supported")
	}
	if w.Sets != nil {
		for i := range table.Columns {
			if c := &table.Columns[i]; (c.OnUpdateNow || c.Generated) && !slices.Contains(w.Sets, c) {
				w.Sets = append(w.Sets, c)
			}
		}
		slices.SortFunc(w.Sets, func(x, y *schema.Column) int { return columnIndex(table, x) - columnIndex(table, y) })
	}
	w.complete()
	t.follows(w)
	if ignore && len(w.Keys) > 0 {
		t.whole = append(t.whole, table) // which rows a duplicate key keeps from changing, all rows decide
	}
	return nil
}

// referenced says whether an encrypted table has a foreign key to another.
func (t *tree) referenced(table *schema.Table) bool {
	for _, o := range t.env.Snapshot.Tables() {
		if slices.ContainsFunc(o.ForeignKeys, func(fk schema.ForeignKey) bool { return t.env.Snapshot.SameName(fk.RefTable, table.Name) }) {
			return true
		}
	}
	return false
}

func columnIndex(t *schema.Table, c *schema.Column) int {
	return slices.IndexFunc(t.Columns, func(o schema.Column) bool { return o.ID == c.ID && o.Name == c.Name })
}

// complete finds the columns that tell a target's rows apart, and those of the keys that Sets can break.
func (w *Target) complete() {
	w.Identity = rowIdentity(w.Table)
	for i := range w.Table.Indexes {
		ix := &w.Table.Indexes[i]
		if !ix.Unique && ix.Name != "PRIMARY" || !slices.ContainsFunc(w.Sets, func(c *schema.Column) bool { return covers(ix, c) }) {
			continue
		}
		for _, part := range ix.Parts {
			id, _ := keyPart(w.Table, ix, part)
			if id.Name != "" && !slices.Contains(w.Keys, id) {
				w.Keys = append(w.Keys, id)
			}
		}
	}
}

// keyPart is physicalPart of a unique index.
func keyPart(t *schema.Table, ix *schema.Index, part schema.IndexPart) (id Identity, exact bool) {
	id, exact = physicalPart(t, part)
	if t.ByPart(ix, part) {
		id.Name = t.KeyColumn(ix, part)
	}
	return id, exact
}

// physicalPart is an index's column as upstream has it; exact says that its values can be written as literals.
func physicalPart(t *schema.Table, part schema.IndexPart) (id Identity, exact bool) {
	c := t.Column(part.Column)
	switch {
	case c == nil:
		return id, false
	case sealed(c) != nil:
		return Identity{Name: c.TokenColumn(), Binary: true}, c.Token
	}
	return Identity{Name: c.Name}, c.Kind >= schema.KindTinyInt && c.Kind <= schema.KindBigInt
}

// rowIdentity finds the physical columns that tell a table's rows apart: those of the primary key, or of another unique one
// without NULLs. No cell does by itself: an UPDATE that sets many rows to one value may have given all of them one cell.
func rowIdentity(t *schema.Table) []Identity {
	for _, primary := range []bool{true, false} {
		for i := range t.Indexes {
			ix := &t.Indexes[i]
			if (ix.Name == "PRIMARY") != primary || !primary && !ix.Unique {
				continue
			}
			if ids := keyIdentity(t, ix); ids != nil {
				return ids
			}
		}
	}
	return nil
}

func keyIdentity(t *schema.Table, ix *schema.Index) []Identity {
	var ids []Identity
	for _, part := range ix.Parts {
		id, exact := keyPart(t, ix, part)
		if !exact || part.Prefix > 0 && !t.ByPart(ix, part) || !t.Column(part.Column).NotNull {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

// physical are the columns that a Fetch of a target selects behind those of the table.
func (w *Target) physical() (names string) {
	for _, id := range slices.Concat(w.Identity, w.Keys) {
		names += ", " + quote(id.Name)
	}
	return names
}

// writeLock is the locking clause with which a Replay reads a table.
func (t *tree) writeLock(table *schema.Table) string {
	switch {
	case t.writes[table] != nil:
		return " FOR UPDATE"
	case t.env.Mode.MariaDB:
		return " LOCK IN SHARE MODE"
	}
	return " FOR SHARE"
}

// explained are the rows of EXPLAIN.
func (p *Replay) explained() [][]string {
	rows := p.Split.explained()
	for i := range p.Targets {
		rows = append(rows, []string{"write", p.Targets[i].String(), fmt.Sprintf("what has changed, in the transaction of the %d fetches", len(p.Fetches))})
	}
	return rows
}
