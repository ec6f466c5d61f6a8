package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// ViewUse is a view that a statement reads: the evaluator has it beside the tables that it reads, and so does with it what the
// server does.
type ViewUse struct {
	View  *schema.Table
	Query []Part // what it reads, with its literals: not for printing
	Lock  string // the locking clause of a query that locks its rows
	// Writes is the verb of a statement that writes through it: INSERT, REPLACE, UPDATE or DELETE.
	Writes string
}

// readView is a view's query, looked into.
type readView struct {
	*tree
	node ast.StmtNode // nil: the parser does not read it
	use  ViewUse
}

// view looks into a view that a query names: all rows of the tables that it reads are needed.
func (t *tree) view(v *schema.Table) error {
	for _, in := range t.views {
		if in.use.View == v {
			return nil
		}
	}
	in, err := openView(t.env, v, t.within)
	if err != nil {
		return err
	}
	t.views = append(t.views, in)
	t.whole = append(t.whole, in.tables()...)
	t.uses.Now = t.uses.Now || in.uses.Now
	t.uses.Zones = t.uses.Zones || in.uses.Zones
	for _, f := range in.uses.Functions {
		if !slices.Contains(t.uses.Functions, f) {
			t.uses.Functions = append(t.uses.Functions, f)
		}
	}
	return nil
}

// viewUses are the views that a query reads, directly or by others: those first that others read.
func (t *tree) viewUses() (out []ViewUse) {
	out = append(out, t.unreadViews...)
	for _, in := range t.views {
		for _, u := range append(in.viewUses(), in.use) {
			at := slices.IndexFunc(out, func(o ViewUse) bool { return o.View == u.View })
			if at < 0 {
				out = append(out, u)
				continue
			}
			out[at].Writes, out[at].Lock = nonEmpty(out[at].Writes, u.Writes), nonEmpty(out[at].Lock, u.Lock)
		}
	}
	return out
}

// viewLock is a lock that a query takes on the rows that a view reads.
type viewLock struct {
	in   *readView
	lock *ast.SelectLockInfo
}

// lockView notes the lock that a query takes on what a view reads: all rows of its tables.
func (t *tree) lockView(r *reference) error {
	l := r.lock()
	if l == nil {
		return nil
	}
	switch l.LockType {
	case ast.SelectLockForUpdate, ast.SelectLockForShare, ast.SelectLockForUpdateNoWait, ast.SelectLockForShareNoWait:
	default:
		return refuse("locking", "SKIP LOCKED and WAIT of a view over encrypted tables are not supported; name the tables")
	}
	at := slices.IndexFunc(t.views, func(in *readView) bool { return in.use.View == r.view })
	t.viewLocks = append(t.viewLocks, viewLock{t.views[at], l})
	if u := &t.views[at].use; u.Lock == "" || exclusive(l.LockType) {
		u.Lock = lockClause(l, t.env.Mode.MariaDB)
	}
	return nil
}

// maxViews bounds how deep views may be within views.
const maxViews = 32

// openView reads a view's query. Where a table that it reads is not there, that is the server's error of an invalid view.
func openView(env *Env, v *schema.Table, within int) (*readView, error) {
	if v.Locked != "" {
		return nil, refuse("locked", "view %s cannot be used: %s", tableName(v), v.Locked)
	}
	if within > maxViews {
		return nil, refuse("view", "more than %d views within views are not supported", maxViews)
	}
	inner := *env
	inner.Mode = Mode{MariaDB: env.Mode.MariaDB, Version: env.Mode.Version} // it is in the server's own words
	inner.DB, inner.Evaluate = v.DB, false
	query := v.Defined.Query
	lx := Lexer{Record: true}
	if err := lx.Lex([]byte(query), inner.Mode); err != nil || lx.More {
		return nil, refuseView(v)
	}
	b := newBlock(&inner, string(lx.Template), lx.Tokens)
	node := b.parseQuery()
	t := &tree{within: within + 1}
	t.start(&inner)
	if node == nil {
		return unreadView(b, t, v, lx.Literals)
	}
	node.Accept(t)
	if err := t.err; err != nil {
		var r *Refuse
		if errors.As(err, &r) && (r.Reason == "no-table" || r.Reason == "invalid-view") {
			return nil, invalidView(v)
		}
		return nil, err
	}
	if err := t.viewable(); err != nil {
		return nil, err
	}
	parts, err := b.evaluated(t, node)
	if err != nil {
		return nil, err
	}
	for i := range parts {
		parts[i] = spelt(parts[i], query, lx.Literals)
	}
	return &readView{tree: t, node: node, use: ViewUse{View: v, Query: parts}}, nil
}

// spelt is a part of a view's query with its literals, and the names that are made of such.
func spelt(p Part, query string, literals []Literal) Part {
	switch p.Kind {
	case PartValue:
		l := literals[p.Literal]
		return Part{Text: query[l.Start:l.End]}
	case PartName:
		var name string
		for _, of := range p.Expr {
			if of = spelt(of, query, literals); of.Kind != PartText {
				return p
			}
			name += of.Text
		}
		return Part{Text: quote(name)}
	}
	return p
}

// parseQuery reads a SELECT or UNION; nil where the text is something else.
func (b *block) parseQuery() ast.StmtNode {
	node := parse(b.read, b.env.Mode)
	if node == nil {
		b.read = reading(b.text, b.tokens)
		node = parse(b.read, b.env.Mode)
	}
	switch node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt:
		return node
	}
	return nil
}

// viewable refuses queries of views that would read otherwise for each session, or lock.
func (t *tree) viewable() error {
	if len(t.asked) > 0 || t.vars > 0 {
		return refuse("view", "a view over encrypted tables, or in a designated database, that asks the session (USER(), DATABASE(), @@variables) is not supported")
	}
	for _, b := range t.blocks {
		if l := b.stmt.LockInfo; l != nil && l.LockType != ast.SelectLockNone {
			return refuse("view", "a view over encrypted tables that locks rows is not supported")
		}
	}
	for _, table := range t.tables() {
		switch {
		case table.Describes():
			return refuse("view", "a view of INFORMATION_SCHEMA over encrypted tables, or in a designated database, is not supported")
		case table.Temporary:
			return refuseMySQL("view", 1352, "HY000", "View's SELECT refers to a temporary table '"+table.Name+"'")
		}
	}
	return nil
}

func refuseView(v *schema.Table) *Refuse {
	return refuse("view", "the definition of view %s could not be read", tableName(v))
}

func refuseViewWrite(v *schema.Table) *Refuse {
	return refuse("view", "writing to view %s, which reads encrypted tables, is not supported; write to the table", tableName(v))
}

// InvalidView is what reads a view is answered where something that the view names is not there.
func InvalidView(v *schema.Table) *Refuse { return invalidView(v) }

// invalidView is ER_VIEW_INVALID.
func invalidView(v *schema.Table) *Refuse {
	return refuseMySQL("invalid-view", 1356, "HY000", "View '"+v.DB+"."+v.Name+
		"' references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights to use them")
}

// Opened is a view with all that it reads.
type Opened struct {
	Views  []ViewUse       // itself at the end
	Tables []*schema.Table // of which the evaluator needs the definitions
	// Functions are those that they call and that may be stored ones.
	Functions []Routine
}

// OpenView looks into a view; p is what must be answered instead, or looked up.
func OpenView(env *Env, v *schema.Table) (o *Opened, p Plan) {
	in, err := openView(env, v, 0)
	if err != nil {
		return nil, asPlan(err, "this view could not be planned")
	}
	return &Opened{Views: append(in.viewUses(), in.use), Tables: withoutSequences(in.tables()), Functions: in.uses.Functions}, nil
}

func withoutSequences(tables []*schema.Table) []*schema.Table {
	return slices.DeleteFunc(slices.Clone(tables), (*schema.Table).Sequence)
}

// asPlan is the plan that an error of planning stands for.
func asPlan(err error, otherwise string) Plan {
	var r *Refuse
	if need := new(definitionNeeded); errors.As(err, &need) {
		return &need.need
	}
	if errors.As(err, &r) {
		return r
	}
	return refuse("internal", "%s", otherwise)
}

// ReadsFrom says whether what a view reads names a table.
func ReadsFrom(query []Part, t *schema.Table) bool {
	for i := 1; i < len(query); i++ {
		if query[i-1].Kind == PartSchema && query[i-1].Text == t.DB && query[i].Kind == PartText && strings.HasPrefix(query[i].Text, "."+quote(t.Name)) {
			return true
		}
	}
	return false
}
