package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// clearStores refuses an INSERT, REPLACE or LOAD DATA that would store what encrypted columns hold in a column which upstream has in
// clear. A constant that the statement gives to such a column is the client's own will.
func (t *tree) clearStores(node ast.StmtNode, target *schema.Table) error {
	switch s := node.(type) {
	case *ast.InsertStmt:
		into := given(s, target)
		for _, list := range s.Lists {
			for i, e := range list {
				if i >= len(into) || !mayBeClear(target, into[i]) {
					continue
				}
				if err := t.clearValue(e, into[i], target, t.uses.UserOut); err != nil {
					return err
				}
			}
		}
		if s.Select != nil {
			return t.clearSelect(s.Select, into, target)
		}
	case *ast.LoadDataStmt:
		return t.clearLoad(s, target)
	}
	return nil
}

func refuseClear(column string) error {
	return refuse("clear-value", "column %s is not encrypted and cannot be set to what could come of an encrypted one", quote(column))
}

// given are the names of the columns that an INSERT gives values to, in the order of the values.
func given(s *ast.InsertStmt, target *schema.Table) (names []string) {
	for _, n := range s.Columns {
		names = append(names, n.Name.O)
	}
	for i := range target.Columns {
		if c := &target.Columns[i]; len(s.Columns) == 0 && !c.Invisible {
			names = append(names, c.Name)
		}
	}
	return names
}

func mayBeClear(table *schema.Table, name string) bool {
	return slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return c.Storage == schema.StoredClear && sameIdent(c.Name, name) })
}

func maySeal(table *schema.Table, name string) bool {
	return slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return sealed(&c) != nil && sameIdent(c.Name, name) })
}

// clearValue refuses to set a clear column to an expression that could be made of encrypted columns, those of the row that is stored
// among them; vars are user variables that the statement itself could have made so.
func (t *tree) clearValue(e ast.Node, column string, row *schema.Table, vars []string) error {
	v := &shownVisitor{tree: t, row: row, vars: vars}
	if e.Accept(v); v.reads {
		return refuseClear(column)
	}
	t.clearVars = append(t.clearVars, v.named...)
	return nil
}

// readsSealed says whether the statement reads any encrypted column's values at all.
func (t *tree) readsSealed() bool {
	// What the definition of a view has is sealed, too.
	return len(t.views) > 0 || slices.ContainsFunc(t.tables(), func(table *schema.Table) bool {
		return slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return sealed(&c) != nil })
	})
}

func (t *tree) clearSelect(query ast.Node, into []string, target *schema.Table) error {
	out, ok := t.results(query)
	for i, name := range into {
		if !mayBeClear(target, name) || ok && i >= len(out) {
			continue
		}
		c := t.untold()
		if ok {
			c = out[i]
		}
		if c.shows {
			return refuseClear(name)
		}
		t.clearVars = append(t.clearVars, c.vars...)
	}
	return nil
}

// untold is what a value may be made of that cannot be told.
func (t *tree) untold() (c resultColumn) {
	c.shows = t.readsSealed()
	for _, v := range t.uses.UserIn {
		c.vars = append(c.vars, strings.ToLower(v))
	}
	return c
}

// clearLoad looks at the assignments of a LOAD DATA. A variable holds what the file has for an encrypted column where an assignment
// of such a one names it.
func (t *tree) clearLoad(s *ast.LoadDataStmt, target *schema.Table) error {
	var u UserVars
	for _, a := range s.ColumnAssignments {
		if maySeal(target, a.Column.Name.O) {
			a.Expr.Accept((*userVarVisitor)(&u))
		}
	}
	for _, a := range s.ColumnAssignments {
		if !mayBeClear(target, a.Column.Name.O) {
			continue
		}
		if err := t.clearValue(a.Expr, a.Column.Name.O, target, slices.Concat(u.Reads, u.Writes)); err != nil {
			return err
		}
	}
	t.clearVars = slices.DeleteFunc(t.clearVars, func(name string) bool { return slices.Contains(t.uses.UserOut, name) })
	return nil
}

// resultColumn is one column of a query's result.
type resultColumn struct {
	name  string   // empty where the server makes one up
	shows bool     // it could be made of encrypted columns
	vars  []string // user variables that it could be made of
}

// result looks at one value of a query's result.
func (t *tree) result(name string, e ast.Node) resultColumn {
	v := &shownVisitor{tree: t, vars: t.uses.UserOut}
	e.Accept(v)
	return resultColumn{name, v.reads, v.named}
}

// or is what a column is that has the values of either.
func (c resultColumn) or(o resultColumn) resultColumn {
	return resultColumn{c.name, c.shows || o.shows, append(c.vars, o.vars...)}
}

// maxNesting is how many derived tables within each other are looked into.
const maxNesting = 4

// results are the columns of a query's result; not ok where they cannot be told.
func (t *tree) results(n ast.Node) (out []resultColumn, ok bool) {
	switch q := n.(type) {
	case *ast.SubqueryExpr:
		return t.results(q.Query)
	case *ast.SetOprStmt:
		return t.results(q.SelectList)
	case *ast.SetOprSelectList:
		for i, s := range q.Selects {
			other, ok := t.results(s)
			switch {
			case !ok || i > 0 && len(other) != len(out):
				return nil, false
			case i == 0:
				out = other
			default:
				for j := range out {
					out[j] = out[j].or(other[j])
				}
			}
		}
		return out, len(q.Selects) > 0
	case *ast.SelectStmt:
		return t.selected(q)
	}
	return nil, false
}

func (t *tree) selected(s *ast.SelectStmt) (out []resultColumn, ok bool) {
	switch {
	case s.Kind == ast.SelectStmtKindTable:
		return t.expanded(s, &ast.WildCardField{})
	case s.Kind == ast.SelectStmtKindValues:
		for _, row := range s.Lists {
			for i, e := range row.Values {
				if i == len(out) {
					out = append(out, resultColumn{})
				}
				out[i] = out[i].or(t.result("", e))
			}
		}
		return out, true
	case s.Fields == nil:
		return nil, false
	}
	for _, f := range s.Fields.Fields {
		if f.WildCard == nil {
			out = append(out, t.result(resultName(f), f.Expr))
			continue
		}
		all, ok := t.expanded(s, f.WildCard)
		if !ok {
			return nil, false
		}
		out = append(out, all...)
	}
	return out, true
}

func resultName(f *ast.SelectField) string {
	if c, ok := unparen(f.Expr).(*ast.ColumnNameExpr); ok && f.AsName.O == "" {
		return c.Name.Name.O
	}
	return f.AsName.O
}

// expanded are the columns that a wildcard stands for.
func (t *tree) expanded(s *ast.SelectStmt, w *ast.WildCardField) (out []resultColumn, ok bool) {
	at := slices.IndexFunc(t.blocks, func(b *queryBlock) bool { return b.stmt == s })
	if at < 0 || t.blocks[at].merges {
		return nil, false // of what merges the columns come first
	}
	for _, r := range t.blocks[at].refs {
		switch {
		case w.Table.O != "" && !sameIdent(r.alias, w.Table.O):
		case r.table == nil:
			all, ok := t.derived(r)
			if !ok {
				return nil, false
			}
			out = append(out, all...)
		default:
			for i := range r.table.Columns {
				if c := &r.table.Columns[i]; !c.Invisible {
					out = append(out, resultColumn{name: c.Name, shows: sealed(c) != nil})
				}
			}
		}
	}
	return out, true
}

// derived are the columns of a derived table. One does not read itself, whatever its names could mean: what it would add to its own
// columns is nothing.
func (t *tree) derived(r *reference) (out []resultColumn, ok bool) {
	switch {
	case slices.Contains(t.showing, r):
		return nil, true
	case r.query == nil || len(t.showing) == maxNesting:
		return nil, false
	}
	t.showing = append(t.showing, r)
	out, ok = t.results(r.query)
	t.showing = t.showing[:len(t.showing)-1]
	return out, ok
}

// column is what a name of a derived table's column could stand for.
func (t *tree) column(r *reference, name string) (c resultColumn) {
	out, ok := t.derived(r)
	if !ok {
		return t.untold()
	}
	for _, o := range out {
		if o.name == "" || sameIdent(o.name, name) {
			c = c.or(o)
		}
	}
	return c
}

// clearLiterals are the literals that an UPDATE could store in a column which upstream has in clear.
func (b *block) clearLiterals(node ast.Node, couldStore func(*ast.ColumnName) bool) (out []int) {
	v := &literalVisitor{block: b}
	switch s := node.(type) {
	case *ast.UpdateStmt:
		for _, a := range s.List {
			if couldStore(a.Column) {
				a.Expr.Accept(v)
			}
		}
	}
	return v.found
}

// clearStored are the literals that an INSERT could store in such a column.
func (b *block) clearStored(node ast.Node, target *schema.Table) (out []int) {
	s, ok := node.(*ast.InsertStmt)
	if !ok {
		return nil
	}
	v := &literalVisitor{block: b}
	clear := func(column string) bool { return mayBeClear(target, column) }
	into := given(s, target)
	for _, list := range s.Lists {
		for i, e := range list {
			if i < len(into) && clear(into[i]) {
				e.Accept(v)
			}
		}
	}
	if s.Select != nil && slices.ContainsFunc(into, clear) {
		s.Select.Accept(v)
	}
	for _, a := range s.OnDuplicate {
		if clear(a.Column.Name.O) {
			a.Expr.Accept(v)
		}
	}
	return v.found
}

// literalVisitor collects the literals of what it visits.
type literalVisitor struct {
	*block
	found []int
}

// Enter implements ast.Visitor.
func (v *literalVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if e, ok := n.(ast.ExprNode); ok {
		if i, ok := v.literal(e); ok && !slices.Contains(v.found, i) {
			v.found = append(v.found, i)
		}
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *literalVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
