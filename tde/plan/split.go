package plan

import (
	"errors"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// splits says whether a SELECT that could not be rewritten is for the evaluator. Errors in the server's own words are
// right about a statement of one plain block only.
func splits(s *ast.SelectStmt, err error) bool {
	var r *Refuse
	if !errors.As(err, &r) || r.Err.Code == codeNotSupported || r.Err.Code == codeAmbiguous {
		return true // a name in the ON of a nested join is looked for in that join alone
	}
	v := &nestVisitor{outer: s}
	s.Accept(v)
	return v.nested
}

// nestVisitor finds out whether a SELECT has others in it.
type nestVisitor struct {
	outer  *ast.SelectStmt
	nested bool
}

// Enter implements ast.Visitor.
func (v *nestVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.SelectStmt:
		v.nested = v.nested || e != v.outer
	case *ast.SetOprStmt, *ast.WithClause:
		v.nested = true
	}
	return n, v.nested
}

// Leave implements ast.Visitor.
func (v *nestVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// splitPlan plans a query that the evaluator computes from rows of its tables.
func (b *block) splitPlan(node ast.StmtNode) (Plan, error) {
	b = b.again() // what the attempt to rewrite has edited counts no more
	t, err := newTree(b.env, node)
	if err != nil {
		var d *definitionNeeded
		if errors.As(err, &d) {
			return &d.need, nil
		}
		return nil, err
	}
	for _, name := range b.into() {
		t.assigns(name)
		t.uses.NoRows = true
	}
	switch node.(type) {
	case *ast.SetStmt, *ast.DoStmt:
		t.uses.NoRows, t.uses.Silent = true, true
	}
	t.uses.Constants = computes(node)
	text, err := b.evaluated(t, node)
	if err != nil {
		return nil, err
	}
	q, err := b.fetches(t)
	if err != nil {
		return nil, err
	}
	q.Text, q.Aliases = text, aliases(node)
	if q.Lists = t.lists; len(t.views) > 0 {
		return q, nil // the tables that they read are no business of these
	}
	q.Groups = newNarrower(b, t).groups(node)
	q.Lists = t.lists
	if s, ok := node.(*ast.SelectStmt); ok && !b.env.Split && !b.env.Evaluate && b.into() == nil {
		q.Projection = newNarrower(b, t).projection(s, q)
	}
	return q, nil
}

// fetches plans the reading of a statement's tables.
func (b *block) fetches(t *tree) (*Split, error) {
	p := &Split{Uses: t.uses, Views: t.viewUses()}
	n := newNarrower(b, t)
	for _, table := range t.tables() {
		f, err := n.fetch(table)
		if err != nil {
			return nil, err
		}
		p.Fetches = append(p.Fetches, f)
		if b.env.Snapshot.Lookup(table.DB, table.Name) == table {
			p.Tables = append(p.Tables, table)
		}
	}
	n.ownLists(p.Fetches)
	for _, v := range p.Views {
		p.Tables = append(p.Tables, v.View)
	}
	return p, nil
}

// aliases are those of the select list that names a query's columns.
func aliases(node ast.Node) (out []string) {
	switch s := node.(type) {
	case *ast.SetOprStmt:
		if len(s.SelectList.Selects) > 0 {
			return aliases(s.SelectList.Selects[0])
		}
	case *ast.SelectStmt:
		if s.Fields == nil {
			return nil
		}
		for _, f := range s.Fields.Fields {
			if f.AsName.O != "" {
				out = append(out, f.AsName.O)
			}
		}
	}
	return out
}

// fetch plans the reading of one table.
func (n *narrower) fetch(table *schema.Table) (Fetch, error) {
	t := n.tree
	f := Fetch{Table: table, Columns: t.needed(table)}
	if table.Sequence() {
		return f, nil // the evaluator has it
	}
	q := f.selection()
	if w := t.writes[table]; w != nil {
		q += w.physical()
	}
	refs := t.references(table)
	f.SQL = appendText(nil, q+" FROM "+tableName(table))
	var seen decided
	var where, limit []Part
	whole := slices.Contains(t.whole, table)
	switch {
	case !whole:
		where = n.where(refs, &seen)
	case !table.Describes():
		where = n.viewed(table, &seen)
	}
	if !whole && !table.Describes() { // of which upstream has other rows
		if limit = n.limit(refs); limit == nil && t.writes == nil {
			limit = n.extremes(refs, where)
		}
	}
	f.SQL, f.Full = append(f.SQL, where...), where == nil && limit == nil
	f.SQL = appendParts(f.SQL, limit)
	f.Stayed = seen.stayed
	if table.Describes() {
		return f, nil
	}
	if !whole {
		n.reduce(&f, t, refs, seen.pushed)
	}
	lock, err := t.locking(table, refs)
	if err != nil {
		return f, err
	}
	f.SQL, f.Lock = appendText(f.SQL, lock), lock
	return f, nil
}

// TableOf is the table of column i.
func (f *Fetch) TableOf(i int) *schema.Table {
	if f.Of != nil {
		return f.Of[i]
	}
	return f.Table
}

// selection is the beginning of a Fetch's SQL: SELECT and its columns.
func (f *Fetch) selection() string {
	q := "SELECT "
	for i, c := range f.Columns {
		if i > 0 {
			q += ", "
		}
		if c.Storage == schema.StoredCell {
			q += quote(c.Name)
		} else {
			q += c.ReadBack("")
		}
	}
	return q
}

// locking is the clause that locks at least what the statement locks in the table of the references.
func (t *tree) locking(table *schema.Table, refs []*reference) (string, error) {
	if t.writes != nil {
		return t.writeLock(table), nil
	}
	var strongest *ast.SelectLockInfo
	skips := 0
	for _, r := range refs {
		l := r.lock()
		if l == nil {
			continue
		}
		if l.LockType == ast.SelectLockForUpdateSkipLocked || l.LockType == ast.SelectLockForShareSkipLocked {
			skips++
		}
		if strongest == nil || !exclusive(strongest.LockType) && exclusive(l.LockType) {
			strongest = l
		}
	}
	for _, v := range t.viewLocks {
		if slices.Contains(v.in.tables(), table) && (strongest == nil || !exclusive(strongest.LockType) && exclusive(v.lock.LockType)) {
			strongest = v.lock
		}
	}
	if skips > 0 && (skips < len(refs) || slices.Contains(t.whole, table)) {
		return "", refuse("locking", "SKIP LOCKED on an encrypted table that the statement also reads without it is not supported")
	}
	switch {
	case strongest == nil && t.shares:
		return " LOCK IN SHARE MODE", nil
	case strongest == nil:
		return "", nil
	}
	return lockClause(strongest, t.env.Mode.MariaDB), nil
}

// lock is the locking clause that reaches a reference.
func (r *reference) lock() *ast.SelectLockInfo {
	l := r.block.stmt.LockInfo
	if l == nil || l.LockType == ast.SelectLockNone {
		return nil
	}
	if len(l.Tables) > 0 && !slices.ContainsFunc(l.Tables, func(n *ast.TableName) bool { return sameIdent(n.Name.O, r.alias) }) {
		return nil
	}
	return l
}

func exclusive(t ast.SelectLockType) bool {
	switch t {
	case ast.SelectLockForUpdate, ast.SelectLockForUpdateNoWait, ast.SelectLockForUpdateWaitN, ast.SelectLockForUpdateSkipLocked:
		return true
	}
	return false
}

// lockClause writes a locking clause as the server's flavour reads it.
func lockClause(l *ast.SelectLockInfo, mariaDB bool) string {
	text := " FOR UPDATE"
	if !exclusive(l.LockType) {
		text = " FOR SHARE"
		if mariaDB || l.LockType == ast.SelectLockForShare {
			text = " LOCK IN SHARE MODE"
		}
	}
	switch l.LockType {
	case ast.SelectLockForUpdateNoWait, ast.SelectLockForShareNoWait:
		return text + " NOWAIT"
	case ast.SelectLockForUpdateSkipLocked, ast.SelectLockForShareSkipLocked:
		return text + " SKIP LOCKED"
	}
	return text
}
