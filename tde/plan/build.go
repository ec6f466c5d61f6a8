package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Env is what a plan depends on beside the statement's text.
type Env struct {
	Mode            Mode
	DB              string // current database
	OnlyFullGroupBy bool
	Bytewise        bool // of the client's character set: no byte of a character beyond ASCII is an ASCII character's
	Snapshot        *schema.Snapshot
	Rules           *schema.Rules
	Absent          []NeedTable // tables that were asked for and that upstream does not have
	// Evaluator says that there is one to run what upstream cannot: without it no Split is planned.
	Evaluator bool
	// Split asks for one even where upstream could do all of a SELECT but for the values that it has.
	Split bool
	// Evaluate says that the statement reads user variables whose values upstream must not see: only a Split will do, with
	// encrypted tables or without.
	Evaluate bool
}

// absent says whether a table was looked up in vain.
func (e *Env) absent(db, name string) bool {
	return slices.ContainsFunc(e.Absent, func(n NeedTable) bool { return n.DB == db && n.Name == name })
}

// Statement is what the lexer made of a statement.
type Statement struct {
	Template string
	Source   string // the statement itself, for what no template can stand for
	Rows     int
}

// Build plans one statement. It never fails: what it cannot plan and could touch a protected table is refused.
func Build(st Statement, env *Env) Plan {
	if len(st.Template) == 0 || isBlank(st.Template) {
		if mentions(st.Source, env) { // in a comment that the other make of server would run
			return refuseMySQL("empty", 1065, "42000", "Query was empty")
		}
		return &PassThrough{}
	}
	lx := Lexer{Record: true}
	if err := lx.Lex([]byte(st.Template), env.Mode); err != nil || lx.More || string(lx.Template) != st.Template {
		return unread(st.Source, env)
	}
	h := head{text: st.Template, tokens: lx.Tokens}
	if p := h.special(st, env); p != nil {
		return p
	}
	if h.maintains() {
		return h.maintain(st, env)
	}
	read := st.Template
	node := parse(read, env.Mode)
	if node == nil {
		read = reading(st.Template, lx.Tokens)
		node = parse(read, env.Mode)
	}
	b := newBlock(env, st.Template, lx.Tokens)
	b.read = read
	if node != nil && b.parted() {
		if p := skimmed(b); p != nil {
			return p
		}
	}
	if node == nil || b.numbersRows() {
		if p := skimmed(b); p != nil {
			return p
		}
		if p := b.explainUnread(); p != nil {
			return p
		}
		if p := b.returningPlan(st); p != nil {
			return p
		}
		if node = parse(st.Source, env.Mode); node == nil {
			return unread(st.Source, env)
		}
		if p := touches(node, st, env); p != nil {
			return p
		}
		return refuse("template", "this statement on an encrypted table could not be read; write it more plainly")
	}
	if err := deletesNowhere(node, env); err != nil {
		return err
	}
	if p := touches(node, st, env); p != nil {
		if pass, ok := p.(*PassThrough); ok {
			b.variables(pass, node)
		}
		return h.selectTLS(p, node)
	}
	p, err := b.plan(node, st.Rows)
	if err != nil {
		var r *Refuse
		if errors.As(err, &r) {
			return r
		}
		return refuse("internal", "this statement on an encrypted table could not be planned")
	}
	return p
}

// plan plans a statement that names a protected table.
func (b *block) plan(node ast.StmtNode, rows int) (Plan, error) {
	if rows > 1 {
		if _, ok := node.(*ast.InsertStmt); !ok {
			return nil, refuse("statement", "this statement on an encrypted table is not supported")
		}
	}
	switch s := node.(type) {
	case *ast.SelectStmt:
		if b.env.Split || b.env.Evaluate || b.env.readsCatalog(s) || b.env.Evaluator && b.into() != nil {
			return b.splitPlan(s)
		}
		if b.into() != nil {
			return nil, refuse("into", "SELECT … INTO with an encrypted table needs the evaluator, which is off")
		}
		p, err := b.selectPlan(s)
		if err != nil && b.env.Evaluator && splits(s, err) {
			return b.splitPlan(s)
		}
		return p, err
	case *ast.SetOprStmt, *ast.DoStmt:
		if b.env.Evaluator {
			return b.splitPlan(s)
		}
	case *ast.SetStmt:
		if b.env.Evaluator && setsUserVars(s) {
			return b.splitPlan(s)
		}
	case *ast.InsertStmt:
		return b.insertOrStore(s, rows)
	case *ast.LoadDataStmt:
		return b.loadPlan(s)
	case *ast.UpdateStmt:
		return b.orReplay(s, func() (Plan, error) { return b.updatePlan(s) })
	case *ast.ExplainStmt:
		return b.explainPlan(s)
	case *ast.DeleteStmt:
		return b.orReplay(s, func() (Plan, error) { return b.deletePlan(s) })
	case *ast.DropTableStmt:
		return b.dropTable(s), nil
	case *ast.TruncateTableStmt, *ast.LockTablesStmt:
		return &PassThrough{}, nil
	case *ast.AnalyzeTableStmt:
		if len(s.ColumnNames) == 0 && s.ColumnChoice == 0 && s.HistogramOperation == ast.HistogramOperationNop {
			return &PassThrough{}, nil
		}
	}
	return nil, refuse("statement", "this statement on an encrypted table is not supported")
}

// parse reads text, or returns nil.
func parse(text string, mode Mode) (node ast.StmtNode) {
	defer func() {
		if recover() != nil {
			node = nil // the parser gave up on it: nobody has read this statement
		}
	}()
	p := parser.New()
	m := mysql.SQLMode(0)
	if mode.ANSIQuotes {
		m |= mysql.ModeANSIQuotes
	}
	if mode.NoBackslashEscapes {
		m |= mysql.ModeNoBackslashEscapes
	}
	if mode.PipesAsConcat {
		m |= mysql.ModePipesAsConcat
	}
	if mode.HighNotPrecedence {
		m |= mysql.ModeHighNotPrecedence
	}
	p.SetSQLMode(m)
	n, err := p.ParseOneStmt(text, "", "")
	if err != nil {
		return nil
	}
	return n
}

// touches returns a plan for a statement that names no protected table, or that must be looked up first; nil where it
// names one.
func touches(node ast.StmtNode, st Statement, env *Env) Plan {
	v := &tableVisitor{env: env, scopes: scopes{env: env}}
	if s, ok := node.(*ast.InsertStmt); ok {
		s.Table.Accept(v) // of tables that are not there, the server tells of this one first
	}
	node.Accept(v)
	switch {
	case v.need != nil:
		return v.need
	case v.stored && env.Snapshot.Len() > 0:
		return refuse("catalog", "InnoDB's own tables of INFORMATION_SCHEMA show encrypted tables as they are stored; a query of them is not supported")
	case v.locked != nil:
		if _, drop := node.(*ast.DropTableStmt); drop {
			return nil
		}
		return refuse("locked", "encrypted table %s cannot be opened: %s", tableName(v.locked), v.locked.Locked)
	case v.catalog && env.kept():
		return catalogQuery(node, v, env)
	case v.protected:
		return nil
	case v.absent != nil && isData(node):
		// Its values were meant for an encrypted table whose name has a slip; upstream would log them.
		r := refuseAbsent(v.absent.DB, v.absent.Name)
		if e, ok := node.(*ast.ExplainStmt); ok {
			node = e.Stmt
		}
		switch node.(type) {
		case *ast.SelectStmt, *ast.SetOprStmt:
			r.Absent = v.absent
		}
		return r
	}
	if p := other(node, st, env); p != nil {
		return p
	}
	if env.Evaluate {
		return nil
	}
	if !isServers(node) && mentions(st.Source, env) {
		return refuse("statement", "this statement names, or could name, an encrypted table and is not supported")
	}
	return &PassThrough{Effects: effects(node), Calls: calls(node, env)}
}

// calls names the procedure of a CALL, but for the server's own.
func calls(node ast.StmtNode, env *Env) []Routine {
	c, ok := node.(*ast.CallStmt)
	if !ok || c.Procedure == nil {
		return nil
	}
	db := nonEmpty(c.Procedure.Schema.O, env.DB)
	switch strings.ToLower(db) {
	case "mysql", "sys": // those that alter tables or run SQL are refused before: see runsSQL
		return nil
	}
	return []Routine{{DB: db, Name: c.Procedure.FnName.O}}
}

// runsSQL says whether a CALL is of a procedure of the server's own that makes SQL of its arguments: what that is about, nobody here reads.
func runsSQL(c *ast.CallStmt) bool {
	if c.Procedure == nil {
		return false
	}
	switch strings.ToLower(c.Procedure.FnName.O) {
	case "addgeometrycolumn", "dropgeometrycolumn", "execute_prepared_stmt", "create_synonym_db", "statement_performance_analyzer":
		return true
	}
	return false
}

// tableVisitor looks at every table that a statement names.
type tableVisitor struct {
	env       *Env
	scopes    scopes
	protected bool
	catalog   bool // a table of INFORMATION_SCHEMA that tells how tables are stored
	stored    bool // one that tells of nothing else
	need      *NeedTable
	absent    *NeedTable
	locked    *schema.Table
	showDB    string // SHOW … FROM table FROM showDB, whatever database the table's name has
}

// Enter implements ast.Visitor.
func (v *tableVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if v.scopes.enter(n, v) {
		return n, true
	}
	if s, ok := n.(*ast.ShowStmt); ok {
		v.showDB = s.DBName
	}
	t, ok := n.(*ast.TableName)
	if !ok || v.scopes.hides(t) {
		return n, false
	}
	db := nonEmpty(v.showDB, nonEmpty(t.Schema.O, v.env.DB))
	name := t.Name.O
	switch {
	case db == "":
	case strings.EqualFold(db, "information_schema"):
		v.catalog = v.catalog || v.env.shows(name)
		v.stored = v.stored || schema.StoredView(name)
	case v.env.Snapshot.Lookup(db, name) != nil:
		v.protected = true
		if t := v.env.Snapshot.Lookup(db, name); t.Locked != "" {
			v.locked = t
		}
	case !v.env.Snapshot.Known(db, name) && v.env.Rules.Designated(db, name):
		need := NeedTable{DB: db, Name: name}
		switch {
		case !v.env.absent(db, name):
			v.need = &need
		case v.absent == nil: // the server tells of the first
			v.absent = &need
		}
	}
	return n, false
}

// isServers says whether a statement is of a kind that the servers have and whose names of tables are its node's: the parser
// reads others, in which they may stand in texts.
func isServers(node ast.StmtNode) bool {
	switch node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.LoadDataStmt, *ast.ExplainStmt,
		*ast.DoStmt, *ast.CallStmt, *ast.SetStmt, *ast.ShowStmt, *ast.UseStmt, *ast.BeginStmt, *ast.CommitStmt, *ast.RollbackStmt,
		*ast.SavepointStmt, *ast.ReleaseSavepointStmt, *ast.LockTablesStmt, *ast.UnlockTablesStmt, *ast.KillStmt, *ast.FlushStmt,
		*ast.AnalyzeTableStmt, *ast.OptimizeTableStmt, *ast.CreateDatabaseStmt, *ast.AlterDatabaseStmt, *ast.DropDatabaseStmt,
		*ast.CreateTableStmt, *ast.AlterTableStmt, *ast.DropTableStmt, *ast.RenameTableStmt, *ast.TruncateTableStmt,
		*ast.CreateIndexStmt, *ast.DropIndexStmt, *ast.CreateViewStmt, *ast.CreateUserStmt, *ast.AlterUserStmt, *ast.DropUserStmt,
		*ast.RenameUserStmt, *ast.GrantStmt, *ast.GrantRoleStmt, *ast.GrantProxyStmt, *ast.RevokeStmt, *ast.RevokeRoleStmt,
		*ast.SetPwdStmt, *ast.SetRoleStmt, *ast.SetDefaultRoleStmt, *ast.BinlogStmt, *ast.ShutdownStmt, *ast.RestartStmt,
		*ast.DropProcedureStmt, *ast.CreateSequenceStmt, *ast.AlterSequenceStmt, *ast.DropSequenceStmt, *ast.ExplainForStmt:
		return true
	}
	return false
}

// isData says whether a statement reads or writes rows.
func isData(node ast.StmtNode) bool {
	switch node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.LoadDataStmt, *ast.ExplainStmt:
		return true
	}
	return false
}

// Leave implements ast.Visitor.
func (v *tableVisitor) Leave(n ast.Node) (ast.Node, bool) {
	v.scopes.leave(n)
	return n, true
}

// effects is what a statement that goes through may change.
func effects(node ast.StmtNode) Effects {
	switch s := node.(type) {
	case *ast.SetStmt:
		return Effects{Session: setsSession(s)}
	case *ast.UseStmt:
		return Effects{UseDB: s.DBName}
	case *ast.DropTableStmt:
		return Effects{Schema: s.TemporaryKeyword == ast.TemporaryNone}
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.BeginStmt, *ast.CommitStmt,
		*ast.RollbackStmt, *ast.SavepointStmt, *ast.ReleaseSavepointStmt, *ast.ShowStmt, *ast.ExplainStmt, *ast.DoStmt, *ast.KillStmt:
		return Effects{}
	case ast.DDLNode:
		_, drop := node.(*ast.DropDatabaseStmt) // of the current one
		return Effects{Schema: true, Session: drop}
	}
	return Effects{Session: true}
}

// setsSession says whether SET changes what plans depend on.
func setsSession(s *ast.SetStmt) bool {
	for _, v := range s.Variables {
		if v.IsGlobal || !v.IsSystem && v.Name != ast.SetNames && v.Name != ast.SetCharset {
			continue
		}
		switch strings.ToLower(v.Name) {
		case "autocommit", "tx_isolation", "transaction_isolation", "tx_read_only", "transaction_read_only", "unique_checks",
			"foreign_key_checks", "wait_timeout", "interactive_timeout", "net_read_timeout", "net_write_timeout",
			"max_execution_time", "lock_wait_timeout", "innodb_lock_wait_timeout", "tx_read_ts", "profiling":
			continue
		}
		return true
	}
	return false
}

// other refuses or plans statements that name no protected table but concern some.
func other(node ast.StmtNode, st Statement, env *Env) Plan {
	switch s := node.(type) {
	case *ast.DropDatabaseStmt:
		if _, known := env.Rules.DefaultKnown(s.Name.O); known || env.Snapshot.HasDB(s.Name.O) {
			return &DropTable{Effects: Effects{Schema: true, Session: true}}
		}
	case *ast.PrepareStmt, *ast.ExecuteStmt, *ast.DeallocateStmt:
		return textPrepared(node)
	case *ast.CallStmt:
		if runsSQL(s) && (env.Snapshot.Len() > 0 || !env.Rules.Empty()) {
			return refuse("call", "CALL of a procedure of the server's own that alters tables or runs SQL is not supported where tables are encrypted")
		}
	case *ast.AlterInstanceStmt:
		return refuse("alter-instance", "ALTER INSTANCE through the proxy is not supported")
	case *ast.CreateTableStmt, *ast.AlterTableStmt, *ast.RenameTableStmt, *ast.CreateDatabaseStmt, *ast.AlterDatabaseStmt:
		return designates(node, st, env)
	case *ast.CreateViewStmt, *ast.ProcedureInfo:
		if mentions(st.Source, env) {
			return refuse("stored-program", "views and stored programs over encrypted tables are not supported")
		}
	}
	return nil
}

// designates refuses what would make, move or alter a table in a designated database in plaintext.
func designates(node ast.StmtNode, st Statement, env *Env) Plan {
	switch s := node.(type) {
	case *ast.RenameTableStmt:
		for _, tt := range s.TableToTables {
			db := nonEmpty(tt.NewTable.Schema.O, env.DB)
			within := env.Rules.Default(db) && db == nonEmpty(tt.OldTable.Schema.O, env.DB) // where it stays what it is
			if env.Rules.Ruled(db, tt.NewTable.Name.O) || env.Rules.Default(db) && !within {
				return refuse("rename", "RENAME of a plaintext table into a designated database is not supported")
			}
		}
	case *ast.CreateTableStmt:
		if env.Rules.Designated(nonEmpty(s.Table.Schema.O, env.DB), s.Table.Name.O) {
			return refuse("create-table", "this form of CREATE TABLE in a designated database is not supported")
		}
	}
	if encryptionClause(st.Source) {
		return refuse("designation", "the ENCRYPTION clause is supported in CREATE and ALTER of tables and databases only")
	}
	return nil
}

// encryptionClause says whether the text has a word that designates.
func encryptionClause(text string) bool {
	t := strings.ToUpper(text)
	return strings.Contains(t, "ENCRYPTION") || strings.Contains(t, "ENCRYPTED")
}

func nonEmpty(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func isBlank(s string) bool { return strings.Trim(s, " \t\r\n;\x00") == "" }

func hintsSetVariables(hints []*ast.TableOptimizerHint) bool {
	for _, h := range hints {
		if strings.EqualFold(h.HintName.O, "set_var") {
			return true
		}
	}
	return false
}
