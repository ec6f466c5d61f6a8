package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// viewColumn is a column of a view that is no more than one of a table.
type viewColumn struct {
	name   string
	table  *schema.Table
	column *schema.Column // nil: the view's column is computed
	// collated: the view's column compares otherwise.
	collated bool
}

// writable is what a statement that writes to a view could change.
type writableView struct {
	columns []viewColumn
	tables  []*schema.Table
	chain   []*readView // the views that are written through, the first one itself
}

// writes looks for what lies behind a view: all that the server could find, whether or not it then objects. ok is false where more could
// lie behind it than is seen: it reads derived tables, or its query could not be read.
func (in *readView) writes() (w writableView, ok bool) {
	w.chain = []*readView{in}
	if _, union := in.node.(*ast.SetOprStmt); union {
		return w, true // none can be written to
	}
	s, selects := in.node.(*ast.SelectStmt)
	if !selects || s.Kind != ast.SelectStmtKindSelect || s.With != nil || s.Fields == nil {
		return w, false
	}
	behind := map[*reference]writableView{}
	for _, r := range in.blocks[0].refs {
		switch {
		case r.view != nil:
			inner, ok := in.viewOf(r.view).writes()
			if !ok {
				return w, false
			}
			behind[r] = inner
			w.tables, w.chain = append(w.tables, inner.tables...), append(w.chain, inner.chain...)
		case r.table == nil || r.table.Describes():
			return w, false
		default:
			w.tables = append(w.tables, r.table)
		}
	}
	names, ok := in.list()
	if !ok || names != nil && len(names) != len(s.Fields.Fields) {
		return w, false
	}
	for i, f := range s.Fields.Fields {
		if f.WildCard != nil {
			return w, false
		}
		name := resultName(f)
		if names != nil {
			name = names[i]
		}
		w.columns = append(w.columns, in.behind(name, f.Expr, behind)...)
	}
	return w, true
}

// behind is what an item of the select list could stand for.
func (in *readView) behind(name string, e ast.ExprNode, views map[*reference]writableView) (out []viewColumn) {
	collated := false
	for { // servers write through COLLATE
		c, ok := unparen(e).(*ast.SetCollationExpr)
		if !ok {
			break
		}
		e, collated = c.Expr, true
	}
	if n, ok := unparen(e).(*ast.ColumnNameExpr); ok {
		for _, r := range in.blocks[0].refs {
			if !r.couldOwn(n.Name) {
				continue
			}
			if r.view != nil {
				for _, c := range views[r].columns {
					if sameIdent(c.name, n.Name.Name.O) {
						out = append(out, viewColumn{name, c.table, c.column, collated || c.collated})
					}
				}
				continue
			}
			for i := range r.table.Columns {
				if c := &r.table.Columns[i]; sameIdent(c.Name, n.Name.Name.O) {
					out = append(out, viewColumn{name, r.table, c, collated})
				}
			}
		}
	}
	if out == nil {
		out = []viewColumn{{name: name}}
	}
	return out
}

// list are the names of a view's list of columns, nil where it has none.
func (in *readView) list() (names []string, ok bool) {
	list := in.use.View.Defined.List
	if list == "" {
		return nil, true
	}
	lx := Lexer{Record: true}
	if err := lx.Lex([]byte(list), Mode{MariaDB: in.env.Mode.MariaDB, Version: in.env.Mode.Version}); err != nil || lx.More {
		return nil, false
	}
	b := newBlock(in.env, string(lx.Template), lx.Tokens)
	for i := range b.tokens {
		if b.tokens[i].Kind <= TokQuoted {
			names = append(names, b.ident(i))
		}
	}
	return names, names != nil
}

// viewOf is a view that the query reads.
func (t *tree) viewOf(v *schema.Table) *readView {
	return t.views[slices.IndexFunc(t.views, func(in *readView) bool { return in.use.View == v })]
}

// writeView notes that a statement could write to a view.
func (w *writableView) write(verb string) {
	for _, in := range w.chain {
		if in.use.Writes == "" {
			in.use.Writes = verb
		}
	}
}

// setsView notes what an assignment could set through a view.
func (t *tree) setsView(r *reference, name *ast.ColumnName) error {
	if !r.couldOwn(name) {
		return nil
	}
	w, ok := t.viewOf(r.view).writes()
	if !ok {
		others := func(o *reference) bool { return o != r && o.table != nil && o.couldOwn(name) }
		if name.Table.O == "" && slices.ContainsFunc(r.block.refs, others) {
			return nil // else it would be ambiguous
		}
		return refuseViewWrite(r.view)
	}
	for _, c := range w.columns {
		if !sameIdent(c.name, name.Name.O) {
			continue
		}
		if w.write("UPDATE"); c.column == nil {
			continue // the server has its error
		}
		if target := t.written(c.table); !slices.Contains(target.Sets, c.column) {
			target.Sets = append(target.Sets, c.column)
		}
	}
	return nil
}

// deletesView notes what a DELETE could delete through a view.
func (t *tree) deletesView(r *reference) error {
	w, ok := t.viewOf(r.view).writes()
	if !ok {
		return refuseViewWrite(r.view)
	}
	w.write("DELETE")
	for _, table := range w.tables {
		t.written(table).Deletes = true
	}
	return nil
}

// clearBehind says whether a name could be that of a view's column that upstream has in clear.
func (t *tree) clearBehind(r *reference, name *ast.ColumnName) bool {
	if r.view == nil || !r.couldOwn(name) {
		return false
	}
	w, ok := t.viewOf(r.view).writes()
	return !ok || slices.ContainsFunc(w.columns, func(c viewColumn) bool {
		return sameIdent(c.name, name.Name.O) && c.column != nil && c.column.Storage == schema.StoredClear
	})
}

// couldStoreClear says whether an UPDATE's assignment could set a column which upstream has in clear.
func (t *tree) couldStoreClear(name *ast.ColumnName) bool {
	return slices.ContainsFunc(t.blocks[0].refs, func(r *reference) bool {
		return r.table != nil && r.couldOwn(name) && mayBeClear(r.table, name.Name.O) || t.clearBehind(r, name)
	})
}
