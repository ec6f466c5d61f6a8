package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// tree is a query as a Split sees it: its query blocks at all depths with the tables that they read, and what its
// expressions use.
type tree struct {
	env    *Env
	scopes scopes
	blocks []*queryBlock // in the order of the walk
	stack  []*queryBlock
	names  []*ast.ColumnName // all that could mean a column
	exists map[*ast.SelectStmt]bool
	nested map[*ast.SelectStmt]bool // subqueries of expressions
	known  map[*ast.TableName]bool  // those that a FROM clause has brought
	uses   Uses
	asked  map[string]int            // calls of functions that upstream's session answers, by name
	calls  int                       // of functions that are named with a database
	vars   int                       // system variables that are read
	target *ast.TableName            // that an INSERT fills
	shares bool                      // rows are locked as an INSERT … SELECT locks them
	writes map[*schema.Table]*Target // of a Replay; else nil
	whole  []*schema.Table           // tables of which every row is needed
	err    error
	// showing are the derived tables that are being looked into for what they show of encrypted columns.
	showing []*reference
	views   []*readView
	// viewLocks are the locks on rows of the tables that views read.
	viewLocks []viewLock
	// unread and unreadViews are the tables and views that a query could name of which the parser reads nothing.
	unread      []*schema.Table
	unreadViews []ViewUse
	within      int // how many views the query is within
	// identities are calls of LAST_INSERT_ID(column) that upstream does, too.
	identities []*ast.FuncCallExpr
	lists      []List
	listed     map[*reference]int // their numbers, -1 of those that have none
	clearVars  []string           // user variables that values for columns which upstream has in clear are made of
}

// queryBlock is one SELECT, TABLE or VALUES.
type queryBlock struct {
	stmt *ast.SelectStmt
	refs []*reference
	// around is the block of whose expressions it is; nil: of none, or a block whose names it may not see.
	around *queryBlock
	// exists: of EXISTS, which does not read the select list.
	exists bool
	// merges: NATURAL or USING makes one column of two.
	merges bool
}

// reference is one table of a FROM clause.
type reference struct {
	block     *queryBlock
	table     *schema.Table // nil: a derived table or common table expression
	query     ast.Node      // of a derived table
	view      *schema.Table // that table and query do not say
	db, alias string
	path      []joinStep // from the whole FROM clause down to the table
}

// joinStep is a join on a reference's path, and which side the reference is on.
type joinStep struct {
	join  *ast.Join
	right bool
}

// supplied says whether the join gives NULLs for the reference's columns where no row matches.
func (s joinStep) supplied() bool {
	return s.join.Tp == ast.LeftJoin && s.right || s.join.Tp == ast.RightJoin && !s.right
}

func newTree(env *Env, node ast.StmtNode) (*tree, error) {
	t := &tree{}
	t.start(env)
	node.Accept(t)
	return t, t.err
}

func (t *tree) start(env *Env) {
	t.env, t.scopes = env, scopes{env: env}
	t.exists, t.known, t.asked = map[*ast.SelectStmt]bool{}, map[*ast.TableName]bool{}, map[string]int{}
}

// Enter implements ast.Visitor.
func (t *tree) Enter(n ast.Node) (ast.Node, bool) {
	if t.err != nil || t.scopes.enter(n, t) {
		return n, true
	}
	switch e := n.(type) {
	case *ast.SelectStmt:
		t.open(e)
	case *ast.UpdateStmt, *ast.DeleteStmt:
		t.open(writeBlock(e))
	case *ast.TableRefsClause:
		if len(t.stack) > 0 {
			t.err = t.from(t.stack[len(t.stack)-1], e.TableRefs, nil)
		}
	case *ast.TableName:
		if !t.known[e] && !t.scopes.aliases[e] && e != t.target {
			t.err = refuse("from", "this way to name a table in a statement with an encrypted table is not supported")
		}
	case *ast.SubqueryExpr:
		if sel, ok := e.Query.(*ast.SelectStmt); ok {
			if t.nested == nil {
				t.nested = map[*ast.SelectStmt]bool{}
			}
			t.nested[sel] = true
		}
	case *ast.ExistsSubqueryExpr:
		if sub, ok := e.Sel.(*ast.SubqueryExpr); ok {
			if sel, ok := sub.Query.(*ast.SelectStmt); ok {
				t.exists[sel] = true
			}
		}
	case *ast.ColumnName:
		t.names = append(t.names, e)
	default:
		t.err = t.expression(n)
	}
	return n, t.err != nil
}

// Leave implements ast.Visitor.
func (t *tree) Leave(n ast.Node) (ast.Node, bool) {
	if t.err != nil {
		return n, false
	}
	t.scopes.leave(n)
	switch n.(type) {
	case *ast.SelectStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		t.stack = t.stack[:len(t.stack)-1]
	}
	return n, true
}

func (t *tree) open(s *ast.SelectStmt) {
	b := &queryBlock{stmt: s, exists: t.exists[s] && s.Having == nil && s.GroupBy == nil}
	if n := len(t.stack); t.nested[s] && n > 0 {
		b.around = t.stack[n-1]
	}
	t.blocks = append(t.blocks, b)
	t.stack = append(t.stack, b)
	if s.SelectIntoOpt != nil {
		t.err = refuse("into", "SELECT … INTO with an encrypted table is not supported")
	}
}

// from collects the tables of a FROM clause. What is in derived tables is walked by the visitor.
func (t *tree) from(b *queryBlock, node ast.ResultSetNode, path []joinStep) error {
	switch n := node.(type) {
	case *ast.Join:
		if n.Right == nil {
			return t.from(b, n.Left, path)
		}
		b.merges = b.merges || n.NaturalJoin || len(n.Using) > 0
		if err := t.from(b, n.Left, step(path, n, false)); err != nil {
			return err
		}
		return t.from(b, n.Right, step(path, n, true))
	case *ast.TableSource:
		if name, ok := n.Source.(*ast.TableName); ok {
			return t.table(b, name, n.AsName.O, path)
		}
		if j, ok := n.Source.(*ast.Join); ok {
			return t.from(b, j, path)
		}
		b.refs = append(b.refs, &reference{block: b, query: n.Source, alias: n.AsName.O, path: path})
		return nil
	case *ast.SelectStmt, *ast.SetOprStmt:
		b.refs = append(b.refs, &reference{block: b, query: n, path: path})
		return nil
	}
	return refuse("from", "this FROM clause with an encrypted table is not supported")
}

// step lengthens a path without sharing its memory.
func step(path []joinStep, j *ast.Join, right bool) []joinStep {
	return append(path[:len(path):len(path)], joinStep{j, right})
}

func (t *tree) table(b *queryBlock, name *ast.TableName, alias string, path []joinStep) error {
	t.known[name] = true
	r := &reference{block: b, db: nonEmpty(name.Schema.O, t.env.DB), alias: nonEmpty(alias, name.Name.O), path: path}
	b.refs = append(b.refs, r)
	if t.scopes.hides(name) {
		r.db = ""
		return nil
	}
	if len(name.PartitionNames) > 0 || name.AsOf != nil || name.TableSample != nil {
		return refuse("table-option", "PARTITION, AS OF and TABLESAMPLE with an encrypted table are not supported")
	}
	table, err := t.lookup(r.db, name.Name.O)
	if err != nil || table.Defined == nil {
		r.table = table
		return err
	}
	r.db, r.view = "", table
	if err := t.view(table); err != nil {
		return err
	}
	return t.lockView(r)
}

// lookup finds a table's definition.
func (t *tree) lookup(db, name string) (*schema.Table, error) {
	switch strings.ToLower(db) {
	case "":
		return nil, refuseMySQL("no-database", 1046, "3D000", "No database selected")
	case schema.InformationSchema:
		return t.shownTable(db, name)
	case "performance_schema", "mysql", "sys":
		return nil, refuse("catalog", "a query of the server's own tables together with encrypted ones is not supported")
	}
	if p := t.env.Snapshot.Lookup(db, name); p != nil {
		return p, nil
	}
	if p := t.env.Snapshot.Plain(db, name); p != nil {
		return p, nil
	}
	if t.env.absent(db, name) {
		return nil, refuseAbsent(db, name)
	}
	return nil, &definitionNeeded{NeedTable{DB: db, Name: name, Definition: true}}
}

// definitionNeeded interrupts the planning of a Split until a table has been looked up.
type definitionNeeded struct{ need NeedTable }

// Error implements error.
func (d *definitionNeeded) Error() string { return "a table must be looked up" }
