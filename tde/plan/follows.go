package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Follow is a foreign key between sealed columns whose rows follow a change of what they point at. Upstream, which cannot make their
// cells, has RESTRICT in its place.
type Follow struct {
	Child   *schema.Table
	Columns []*schema.Column // of the child
	Refs    []*schema.Column // that they point at
	Null    bool             // they become NULL, not the new values
	Next    []Follow         // what points at Columns and follows in turn
}

// maxFollows is how deep servers let changes follow each other.
const maxFollows = 15

// String tells what follows.
func (f *Follow) String() string {
	var names []string
	for _, c := range f.Columns {
		names = append(names, quote(c.Name))
	}
	out := tableName(f.Child) + " " + strings.Join(names, ", ")
	if f.Null {
		out += " becomes NULL"
	}
	for i := range f.Next {
		out += ", then " + f.Next[i].String()
	}
	return out
}

// pointing is a foreign key of a table.
type pointing struct {
	child *schema.Table
	fk    *schema.ForeignKey
}

// pointings are the foreign keys that point at a table.
func (e *Env) pointings(table *schema.Table) (out []pointing) {
	for _, o := range e.Snapshot.Tables() {
		for i := range o.ForeignKeys {
			if fk := &o.ForeignKeys[i]; !fk.Pending && e.Snapshot.Lookup(nonEmpty(fk.RefDB, o.DB), fk.RefTable) == table {
				out = append(out, pointing{o, fk})
			}
		}
	}
	return out
}

// updates are what follows where columns of a table get new values; not ok where not all of it can be done, so that nothing is and
// upstream's RESTRICT stands. through are the tables that the change has come through, and by the foreign key via.
func (e *Env) updates(table *schema.Table, changes func(column string) bool, through []*schema.Table, via *schema.ForeignKey) (out []Follow, ok bool) {
	var at []pointing
	for _, p := range e.pointings(table) {
		if slices.ContainsFunc(p.fk.RefColumns, changes) {
			at = append(at, p)
		}
	}
	if len(at) == 0 {
		return nil, true
	}
	if len(through) >= maxFollows || !schema.Transactional(table.Engine) || clearKeyChanges(table, changes) || slices.ContainsFunc(table.ForeignKeys, func(fk schema.ForeignKey) bool {
		return (via == nil || fk.Name != via.Name) && slices.ContainsFunc(fk.Columns, changes)
	}) {
		return nil, false // its own foreign keys are not looked at while it changes
	}
	through = append(through[:len(through):len(through)], table)
	for _, p := range at {
		f, ok := e.follow(table, p, p.fk.OnUpdate)
		if !ok || !uniqueKey(table, p.fk.RefColumns) || slices.Contains(through, p.child) || rowIdentity(p.child) == nil || !keyed(p.child) {
			return nil, false
		}
		own := func(column string) bool {
			return slices.ContainsFunc(p.fk.Columns, func(name string) bool { return sameIdent(name, column) })
		}
		if f.Next, ok = e.updates(p.child, own, through, p.fk); !ok || len(f.Next) > 0 && len(f.Columns) > 1 || e.shared(p, own) {
			return nil, false
		}
		out = append(out, f)
	}
	return out, true
}

// clearKeyChanges says whether a column that is not sealed, and has a key, changes: tables that are not encrypted may point at it, which nobody here knows of.
func clearKeyChanges(t *schema.Table, changes func(column string) bool) bool {
	return slices.ContainsFunc(t.Indexes, func(ix schema.Index) bool {
		return slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool {
			c := t.Column(p.Column)
			return c != nil && c.Storage == schema.StoredClear && changes(c.Name)
		})
	})
}

// shared says whether another foreign key of the child has one of the columns.
func (e *Env) shared(p pointing, own func(string) bool) bool {
	return slices.ContainsFunc(p.child.ForeignKeys, func(fk schema.ForeignKey) bool {
		return fk.Name != p.fk.Name && slices.ContainsFunc(fk.Columns, own)
	})
}

// follow is what a foreign key does, where the proxy can do it: between columns of one type, all sealed.
func (e *Env) follow(table *schema.Table, p pointing, action string) (f Follow, ok bool) {
	if action != "CASCADE" && action != "SET NULL" || !schema.Transactional(p.child.Engine) || p.child.TokenDomain != table.TokenDomain ||
		slices.ContainsFunc(p.child.Columns, func(c schema.Column) bool { return c.Generated }) {
		return f, false
	}
	f = Follow{Child: p.child, Null: action == "SET NULL"}
	for i, name := range p.fk.Columns {
		c, ref := p.child.Column(name), table.Column(p.fk.RefColumns[i])
		if c == nil || ref == nil || sealed(c) == nil || sealed(ref) == nil || !c.Token || !ref.Token || c.SQLType != ref.SQLType ||
			c.Kind != ref.Kind || c.Charset != ref.Charset || c.Collation != ref.Collation || f.Null && c.NotNull {
			return f, false
		}
		f.Columns, f.Refs = append(f.Columns, c), append(f.Refs, ref)
	}
	return f, true
}

// uniqueKey says whether columns are those of a unique key, so that no other row has what one gives up.
func uniqueKey(t *schema.Table, columns []string) bool {
	return slices.ContainsFunc(t.Indexes, func(ix schema.Index) bool {
		return (ix.Unique || ix.Name == "PRIMARY") && slices.EqualFunc(ix.Parts, columns, func(p schema.IndexPart, name string) bool {
			return p.Prefix == 0 && sameIdent(p.Column, name)
		})
	})
}

// keyed says whether a table's rows are told apart by a key, and not by cells, of which several rows get the same.
func keyed(t *schema.Table) bool {
	ids := rowIdentity(t)
	return len(ids) > 1 || len(ids) == 1 && t.Column(ids[0].Name) == nil || len(ids) == 1 && !ids[0].Binary
}

// removals are what becomes NULL where rows of a table go.
func (e *Env) removals(table *schema.Table) (out []Follow) {
	for _, p := range e.pointings(table) {
		if p.child == table {
			return nil
		}
		if f, ok := e.follow(table, p, p.fk.OnDelete); ok && f.Null {
			out = append(out, f)
		}
	}
	return out
}

// follows notes what follows a target's changes. Where the statement reads a table that would follow, nothing does: servers change it meanwhile.
func (t *tree) follows(w *Target) {
	if w.Sets != nil {
		w.Updates, _ = t.env.updates(w.Table, func(column string) bool {
			return slices.ContainsFunc(w.Sets, func(c *schema.Column) bool { return sameIdent(c.Name, column) })
		}, nil, nil)
	}
	if w.Deletes {
		w.Removals = t.env.removals(w.Table)
	}
	read := func(f Follow) bool { return t.readsFollower(&f) }
	if slices.ContainsFunc(w.Updates, read) || slices.ContainsFunc(w.Removals, read) {
		w.Updates, w.Removals = nil, nil
	}
	for _, f := range slices.Concat(w.Updates, w.Removals) {
		for _, c := range f.Refs {
			if id, _ := physicalPart(w.Table, schema.IndexPart{Column: c.Name}); !slices.Contains(w.Keys, id) {
				w.Keys = append(w.Keys, id)
			}
		}
	}
}

func (t *tree) readsFollower(f *Follow) bool {
	return slices.Contains(t.tables(), f.Child) || slices.ContainsFunc(f.Next, func(n Follow) bool { return t.readsFollower(&n) })
}

// followed says whether something could follow an UPDATE or DELETE that upstream would do by itself.
func (b *block) followed(node ast.StmtNode) bool {
	if !b.env.Evaluator || b.env.Snapshot == nil {
		return false
	}
	switch s := node.(type) {
	case *ast.UpdateStmt:
		table := b.onlyTable(s.TableRefs)
		if table == nil || s.MultipleTable {
			return false
		}
		out, _ := b.env.updates(table, func(column string) bool {
			return slices.ContainsFunc(s.List, func(a *ast.Assignment) bool { return sameIdent(a.Column.Name.O, column) })
		}, nil, nil)
		return len(out) > 0
	case *ast.DeleteStmt:
		table := b.onlyTable(s.TableRefs)
		return table != nil && !s.IsMultiTable && !referencesItself(b.env, table) && len(b.env.removals(table)) > 0
	}
	return false
}

func referencesItself(e *Env, t *schema.Table) bool {
	return slices.ContainsFunc(t.ForeignKeys, func(fk schema.ForeignKey) bool { return e.Snapshot.SameName(fk.RefTable, t.Name) })
}

// onlyTable is the protected table that a statement names, if it is one.
func (b *block) onlyTable(refs *ast.TableRefsClause) *schema.Table {
	if refs == nil || refs.TableRefs == nil || refs.TableRefs.Right != nil {
		return nil
	}
	src, ok := refs.TableRefs.Left.(*ast.TableSource)
	if !ok {
		return nil
	}
	name, ok := src.Source.(*ast.TableName)
	if !ok {
		return nil
	}
	return b.env.Snapshot.Lookup(nonEmpty(name.Schema.O, b.env.DB), name.Name.O)
}
