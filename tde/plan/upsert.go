package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Upsert is what ON DUPLICATE KEY UPDATE does to rows that are there by one of the unique Keys.
type Upsert struct {
	Keys []*schema.Index
	// Copies are the columns that get what the row would have been, where that is all: column = VALUES(column). Upstream then
	// decides which rows are there, and no value is computed that depends on one.
	Copies []*schema.Column
	// Kept are columns that are set to themselves, where nothing else is set: such rows stay as they are.
	Kept []*schema.Column
	// Sets are the columns that get values else: the evaluator computes these over the rows that are there.
	Sets []*schema.Column
	// Counts is an AUTO_INCREMENT column that is set to LAST_INSERT_ID(of itself), for upstream to do.
	Counts *schema.Column
	// ReadsAuto says that what is computed may depend on the AUTO_INCREMENT column, which a row that is new has not got yet.
	ReadsAuto bool
}

// Foreseen says that upstream does it, without values of the evaluator.
func (u *Upsert) Foreseen() bool { return len(u.Copies)+len(u.Kept) > 0 }

// String says what is set.
func (u *Upsert) String() (out string) {
	for _, c := range u.Copies {
		out += "\n  or sets:  " + quote(c.Name)
	}
	for _, c := range u.Sets {
		out += "\n  or sets:  " + quote(c.Name) + " to what the evaluator computes"
	}
	for _, c := range u.Kept {
		out += "\n  or keeps: " + quote(c.Name)
	}
	if u.Counts != nil {
		out += "\n  or gives: LAST_INSERT_ID(" + quote(u.Counts.Name) + ")"
	}
	return out
}

// upserts plans ON DUPLICATE KEY UPDATE.
func (b *block) upserts(s *ast.InsertStmt, t *tree, p *Store) error {
	if len(s.OnDuplicate) == 0 {
		return nil
	}
	if !schema.Transactional(p.Table.Engine) {
		return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE on an encrypted table whose engine has no transactions is not supported")
	}
	u := &Upsert{}
	for i := range p.Table.Indexes {
		if ix := &p.Table.Indexes[i]; ix.Unique || ix.Name == "PRIMARY" {
			u.Keys = append(u.Keys, ix)
		}
	}
	for _, ix := range u.Keys {
		for _, part := range ix.Parts {
			if c := p.Table.Column(part.Column); c == nil || part.Prefix > 0 && !p.Table.ByPart(ix, part) || sealed(c) != nil && !c.Token {
				return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE with a unique key on an expression or a prefix is not supported")
			}
		}
	}
	p.Upsert = u
	if u.copies(s, p.Table) {
		return nil
	}
	return b.computes(s, t, p)
}

// copies says whether all that is set is what the row would have been, in columns that no unique key has, or what it is.
func (u *Upsert) copies(s *ast.InsertStmt, t *schema.Table) bool {
	if s.IgnoreErr || len(t.Checks) > 0 || t.PartitionDecided() || slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Generated || c.OnUpdateNow }) {
		return false
	}
	var copied, kept []*schema.Column
	for _, a := range s.OnDuplicate {
		c := t.Column(a.Column.Name.O)
		if c == nil && !strings.HasPrefix(strings.ToLower(a.Column.Name.O), schema.Prefix) {
			continue // the evaluator has the server's error
		}
		if c != nil && s.Select == nil && keeps(a, t, c) && !slices.Contains(copied, c) {
			kept = append(kept, c)
			continue
		}
		v, ok := unparen(a.Expr).(*ast.ValuesExpr)
		if !ok || c == nil || slices.Contains(kept, c) || t.Column(v.Column.Name.Name.O) != c || slices.Contains(copied, c) || u.keyed(c) {
			return false
		}
		copied = append(copied, c)
	}
	if len(copied) > 0 && slices.ContainsFunc(kept, isAuto) {
		return false
	}
	if u.Copies = copied; len(copied) == 0 {
		u.Kept = kept
	}
	return true
}

// keeps says whether an assignment gives a column its own value.
func keeps(a *ast.Assignment, t *schema.Table, c *schema.Column) bool {
	e, ok := unparen(a.Expr).(*ast.ColumnNameExpr)
	return ok && e.Name.Schema.O == "" && (e.Name.Table.O == "" || e.Name.Table.O == t.Name) && t.Column(e.Name.Name.O) == c
}

// keyed says whether a unique key has a column.
func (u *Upsert) keyed(c *schema.Column) bool {
	return slices.ContainsFunc(u.Keys, func(ix *schema.Index) bool { return covers(ix, c) })
}

// computes plans it where the evaluator computes what rows get. It runs the statement twice: over no rows, which says what rows it
// would add, and over those that have a key in common with one of them.
func (b *block) computes(s *ast.InsertStmt, t *tree, p *Store) error {
	u, table := p.Upsert, p.Table
	switch {
	case len(t.uses.UserOut) > 0:
		return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE of an encrypted table in a statement that assigns user variables is not supported")
	case unsteady(s):
		return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE of an encrypted table with a function that gives another value at each call is not supported")
	case s.IgnoreErr && (len(table.ForeignKeys) > 0 || b.referenced(table)):
		return refuse("on-duplicate", "INSERT IGNORE … ON DUPLICATE KEY UPDATE of an encrypted table with foreign keys is not supported")
	}
	v := &duplicateVisitor{targetVisitor: targetVisitor{env: b.env, target: table, scopes: scopes{env: b.env}}}
	for _, a := range s.OnDuplicate {
		if err := b.duplicateSet(s, t, u, table, a); err != nil {
			return err
		}
		if !isAuto(table.Column(a.Column.Name.O)) {
			a.Expr.Accept(v)
		}
	}
	if v.err != nil {
		return v.err
	}
	if v.reads {
		return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE of an encrypted table with a subquery that reads it is not supported")
	}
	_, _, named := b.rowAlias()
	u.ReadsAuto = v.counts || named
	for i := range table.Columns {
		c := &table.Columns[i]
		if (c.OnUpdateNow || c.Generated && sealed(c) != nil) && !slices.Contains(u.Sets, c) {
			u.Sets = append(u.Sets, c)
		}
	}
	return nil
}

func isAuto(c *schema.Column) bool { return c != nil && c.AutoIncrement }

// duplicateSet plans one assignment.
func (b *block) duplicateSet(s *ast.InsertStmt, t *tree, u *Upsert, table *schema.Table, a *ast.Assignment) error {
	name := a.Column.Name.O
	c := table.Column(name)
	switch {
	case strings.HasPrefix(strings.ToLower(name), schema.Prefix):
		return unknownColumn(name, "ON UPDATE", b.env.Mode)
	case c == nil, c.Generated:
		return nil // the evaluator has the server's error
	case c.AutoIncrement && selfIdentity(a.Expr, c.Name):
		u.Counts = c
		return nil
	case c.AutoIncrement && isColumn(a.Expr, c.Name):
		return nil
	case c.AutoIncrement:
		return refuse("on-duplicate", "ON DUPLICATE KEY UPDATE of AUTO_INCREMENT column %s is supported as %s = LAST_INSERT_ID(%s) only",
			quote(c.Name), quote(c.Name), quote(c.Name))
	case s.IgnoreErr && u.keyed(c):
		return refuse("on-duplicate", "INSERT IGNORE … ON DUPLICATE KEY UPDATE of column %s, which a unique key has, is not supported", quote(c.Name))
	case mayBeClear(table, name):
		if _, _, named := b.rowAlias(); named {
			return refuseClear(name)
		}
		if err := t.clearValue(a.Expr, name, table, t.uses.UserOut); err != nil {
			return err
		}
	}
	if !slices.Contains(u.Sets, c) {
		u.Sets = append(u.Sets, c)
	}
	return nil
}

// isColumn says whether an expression is a column of a name.
func isColumn(e ast.ExprNode, name string) bool {
	n, ok := unparen(e).(*ast.ColumnNameExpr)
	return ok && sameIdent(n.Name.Name.O, name)
}

// selfIdentity says whether an expression is LAST_INSERT_ID(column): no more comes of it than what upstream has in clear.
func selfIdentity(e ast.ExprNode, column string) bool {
	f, ok := unparen(e).(*ast.FuncCallExpr)
	return ok && f.Schema.O == "" && f.FnName.L == "last_insert_id" && len(f.Args) == 1 && isColumn(f.Args[0], column)
}

// identities are the calls of LAST_INSERT_ID that selfIdentity speaks of, whatever their column is: duplicateSet looks at that.
func identities(s *ast.InsertStmt) (out []*ast.FuncCallExpr) {
	for _, a := range s.OnDuplicate {
		if selfIdentity(a.Expr, a.Column.Name.O) {
			out = append(out, unparen(a.Expr).(*ast.FuncCallExpr))
		}
	}
	return out
}

// duplicateVisitor looks at the expressions of ON DUPLICATE KEY UPDATE; VALUES(id) reads the AUTO_INCREMENT column, too.
type duplicateVisitor struct {
	targetVisitor
	err error
}

// Enter implements ast.Visitor.
func (v *duplicateVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if c, ok := n.(*ast.ColumnName); ok {
		switch {
		case strings.HasPrefix(strings.ToLower(c.Name.O), schema.Prefix):
			v.err = unknownColumn(c.Name.O, "ON UPDATE", v.env.Mode)
		case c.Schema.O != "":
			v.err = refuse("on-duplicate", "ON DUPLICATE KEY UPDATE of an encrypted table by a column that is named with its database is not supported")
		}
	}
	return v.targetVisitor.Enter(n)
}

// unsteady says whether a statement calls a function of which two runs may give two values.
func unsteady(s *ast.InsertStmt) bool {
	v := &unsteadyVisitor{}
	s.Accept(v)
	return v.found
}

type unsteadyVisitor struct{ found bool }

// Enter implements ast.Visitor.
func (v *unsteadyVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if f, ok := n.(*ast.FuncCallExpr); ok {
		v.found = v.found || among(unsteadyFunctions, f.FnName.L) || f.FnName.L == "sysdate"
	}
	return n, v.found
}

// Leave implements ast.Visitor.
func (v *unsteadyVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// duplicated are the places of the names of the columns that ON DUPLICATE KEY UPDATE sets.
func (b *block) duplicated(node ast.StmtNode) (at []int) {
	s, ok := node.(*ast.InsertStmt)
	if !ok || len(s.OnDuplicate) == 0 {
		return nil
	}
	from := b.onDuplicate()
	if from < 0 {
		return nil
	}
	for _, r := range b.split(from, b.listed.from(len(b.tokens))) {
		at = append(at, b.tokens[r[0]].Start)
	}
	return at
}

// rowAlias finds the tokens of MySQL's AS alias [(columns)] behind the rows of an INSERT; named says that it has columns.
func (b *block) rowAlias() (from, to int, named bool) {
	end := b.onDuplicate() - 4
	if end < 0 || b.env != nil && b.env.Mode.MariaDB {
		return 0, 0, false
	}
	for i := end - 2; i > 1; i-- {
		if !b.is(i, "AS") || b.tokens[i+1].Kind > TokQuoted || !b.is(i-1, ")") && b.word("SET") < 0 {
			continue
		}
		switch {
		case i+2 == end:
			return i, end, false
		case b.is(i+2, "(") && b.closing(i+2) == end-1:
			return i, end, true
		}
	}
	return 0, 0, false
}

// onDuplicate finds the token behind ON DUPLICATE KEY UPDATE, or -1.
func (b *block) onDuplicate() int {
	depth := 0
	for i := range b.tokens {
		switch {
		case b.is(i, "("):
			depth++
		case b.is(i, ")"):
			depth--
		case depth == 0 && b.is(i, "ON") && b.stands(i+1, "DUPLICATE") && b.stands(i+2, "KEY") && b.stands(i+3, "UPDATE"):
			return i + 4
		}
	}
	return -1
}
