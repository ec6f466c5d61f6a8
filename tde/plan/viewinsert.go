package plan

import (
	"errors"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// storeView plans an INSERT or REPLACE into a view: the view is made over the table's twin, and the evaluator runs the client's text on
// it, with its WITH CHECK OPTION.
func (b *block) storeView(s *ast.InsertStmt, rows int, name *ast.TableName, view *schema.Table) (Plan, error) {
	in, err := openView(b.env, view, 0)
	if need := new(definitionNeeded); errors.As(err, &need) {
		return &need.need, nil
	}
	if err != nil {
		return nil, err
	}
	w, ok := in.writes()
	if !ok || len(w.tables) != 1 || !w.single() {
		return nil, refuseViewWrite(view)
	}
	target := w.tables[0]
	switch {
	case b.env.Snapshot.Lookup(target.DB, target.Name) != target || target.Temporary:
		return nil, refuseViewWrite(view)
	case len(s.OnDuplicate) > 0:
		return nil, refuse("view", "ON DUPLICATE KEY UPDATE of view %s, which reads encrypted tables, is not supported; write to the table", tableName(view))
	case valuesRead(s):
		return nil, refuse("view", "an INSERT into view %s, which reads encrypted tables, with values that read tables or columns is not supported; write to the table", tableName(view))
	}
	if err := w.counted(target, view); err != nil {
		return nil, err
	}
	verb := "INSERT"
	if s.IsReplace {
		verb = "REPLACE"
	}
	w.write(verb)
	p := &Store{Table: target, Ignore: s.IgnoreErr, Replace: s.IsReplace, Counts: s.Select != nil}
	for i := len(w.chain) - 1; i >= 0; i-- {
		u := w.chain[i].use
		u.Query = slices.Clone(u.Query)
		for j := range u.Query {
			if u.Query[j].Kind == PartSchema {
				u.Query[j] = Part{Kind: PartTwin}
			}
		}
		p.Into = append(p.Into, u)
	}
	return b.store(s, w.meant(s), rows, name, p)
}

// single says whether each of the views reads one table or view and no other, under names that can be side by side.
func (w *writableView) single() bool {
	names := []string{w.tables[0].Name}
	for _, in := range w.chain {
		v := in.use.View
		if len(in.blocks) != 1 || len(in.blocks[0].refs) != 1 || slices.ContainsFunc(names, func(n string) bool { return sameIdent(n, v.Name) }) {
			return false
		}
		names = append(names, v.Name)
	}
	return true
}

// counted refuses views of a table with an AUTO_INCREMENT column whose number would have to be known, or not be told.
func (w *writableView) counted(target, view *schema.Table) error {
	at := slices.IndexFunc(target.Columns, func(c schema.Column) bool { return c.AutoIncrement })
	if at < 0 {
		return nil
	}
	counts := &target.Columns[at]
	if !slices.ContainsFunc(w.columns, func(c viewColumn) bool { return c.column == counts }) {
		return refuse("view", "an INSERT into view %s, which leaves out the AUTO_INCREMENT column of an encrypted table, is not supported; write to the table", tableName(view))
	}
	check := slices.ContainsFunc(w.chain, func(in *readView) bool { return in.use.View.Defined.Check != "" })
	for i, in := range w.chain {
		where := in.blocks[0].stmt.Where
		if !check || where == nil {
			continue
		}
		v := &namesVisitor{}
		where.Accept(v)
		if slices.ContainsFunc(v.names, func(n string) bool { return w.chain[i].meansCounter(n, counts) }) {
			return refuse("view", "an INSERT into view %s, whose CHECK OPTION reads the AUTO_INCREMENT column of an encrypted table, is not supported; write to the table",
				tableName(view))
		}
	}
	return nil
}

// meansCounter says whether a name in the view's query could be that of a column.
func (in *readView) meansCounter(name string, counts *schema.Column) bool {
	r := in.blocks[0].refs[0]
	if r.view == nil {
		return sameIdent(name, counts.Name)
	}
	inner, _ := in.viewOf(r.view).writes()
	return slices.ContainsFunc(inner.columns, func(c viewColumn) bool { return sameIdent(c.name, name) && c.column == counts })
}

// meant is an INSERT with the table's columns in place of the view's.
func (w *writableView) meant(s *ast.InsertStmt) *ast.InsertStmt {
	out := *s
	out.Columns = nil
	add := func(c viewColumn) {
		n := &ast.ColumnName{}
		if n.Name.O = c.name; c.column != nil {
			n.Name.O = c.column.Name
		}
		out.Columns = append(out.Columns, n)
	}
	for _, n := range s.Columns {
		at := slices.IndexFunc(w.columns, func(c viewColumn) bool { return sameIdent(c.name, n.Name.O) })
		if at < 0 {
			add(viewColumn{name: n.Name.O})
			continue
		}
		add(w.columns[at])
	}
	if len(s.Columns) == 0 {
		for _, c := range w.columns {
			add(c)
		}
	}
	return &out
}

// namesVisitor collects names of columns, and whether there are subqueries.
type namesVisitor struct {
	names []string
	reads bool
}

// Enter implements ast.Visitor.
func (v *namesVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.ColumnName:
		v.names = append(v.names, e.Name.O)
	case *ast.DefaultExpr:
		v.reads = v.reads || e.Name != nil
	case *ast.SelectStmt, *ast.SetOprStmt:
		v.reads = true
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *namesVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// valuesRead says whether a VALUES list names a column or has a subquery.
func valuesRead(s *ast.InsertStmt) bool {
	v := &namesVisitor{}
	for _, list := range s.Lists {
		for _, e := range list {
			e.Accept(v)
		}
	}
	return v.reads || len(v.names) > 0
}
