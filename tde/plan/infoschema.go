package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// catalogQuery plans a statement that names a table of INFORMATION_SCHEMA which tells how tables are stored: nil where the
// evaluator is to run it over what the logical tables are.
func catalogQuery(node ast.StmtNode, v *tableVisitor, env *Env) Plan {
	switch node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.DoStmt, *ast.SetStmt:
		if env.Evaluator {
			return nil
		}
		return refuse("catalog", "INFORMATION_SCHEMA shows encrypted tables as they are stored; this query of it needs the evaluator, which is off")
	case *ast.ExplainStmt:
		if !v.protected {
			return &PassThrough{}
		}
	}
	return refuse("catalog", "INFORMATION_SCHEMA shows encrypted tables as they are stored; this statement with a query of it is not supported")
}

// readsCatalog says whether a statement reads a table of INFORMATION_SCHEMA that tells how tables are stored.
func (e *Env) readsCatalog(node ast.StmtNode) bool {
	if !e.kept() {
		return false
	}
	v := &tableVisitor{env: e, scopes: scopes{env: e}}
	node.Accept(v)
	return v.catalog
}

// kept says whether anything upstream is kept otherwise than it shows.
func (e *Env) kept() bool { return e.Snapshot.Len() > 0 || e.Rules.HasDefaults() }

// shows says whether a table of INFORMATION_SCHEMA tells how tables or databases are stored.
func (e *Env) shows(name string) bool {
	if strings.EqualFold(name, schema.SchemataView) {
		return !e.Mode.MariaDB && e.Rules.HasDefaults() // MariaDB's says nothing of encryption
	}
	return schema.ViewOf(name) != nil
}

// shownTable finds the definition of a table of INFORMATION_SCHEMA.
func (t *tree) shownTable(db, name string) (*schema.Table, error) {
	if p := t.env.Snapshot.Plain(db, name); p != nil {
		return p, nil
	}
	if t.env.absent(db, name) {
		return nil, refuseMySQL("no-table", 1109, "42S02", "Unknown table '"+strings.ToUpper(name)+"' in information_schema")
	}
	return nil, &definitionNeeded{NeedTable{DB: db, Name: name, Definition: true}}
}

// identify adds to the columns of a fetch from INFORMATION_SCHEMA those that tell what a row is about.
func identify(table *schema.Table, want []bool) {
	v := schema.ViewOf(table.Name)
	for i := range table.Columns {
		want[i] = want[i] || v != nil && v.Identity(table.Columns[i].Name)
	}
}
