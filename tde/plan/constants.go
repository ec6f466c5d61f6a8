package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
)

// variables finds out what a statement that passes has to do with user variables.
func (b *block) variables(p *PassThrough, node ast.StmtNode) {
	var v computing
	node.Accept(&v)
	switch s := node.(type) {
	case *ast.BeginStmt, *ast.CommitStmt, *ast.RollbackStmt, *ast.SavepointStmt, *ast.ReleaseSavepointStmt, *ast.UseStmt, *ast.ShowStmt:
		p.Effects.Quiet = !v.foreign
		return
	case *ast.SetStmt:
		v.elsewhere = v.elsewhere || !setsUserVars(s)
	case *ast.SelectStmt:
		v.elsewhere = v.elsewhere || s.From != nil || len(b.into()) == 0 && !v.assigns
		v.foreign = v.foreign || s.From != nil
	case *ast.DoStmt:
		v.elsewhere = v.elsewhere || !v.assigns
	default:
		return
	}
	p.Effects.Quiet = !v.foreign
	p.Constants = v.constants && !v.foreign && !v.elsewhere
}

// computes says whether a statement asks nobody but itself.
func computes(node ast.Node) bool {
	var v computing
	node.Accept(&v)
	return !v.foreign && !v.elsewhere
}

// CallsStored says whether a statement may call stored functions, which can read user variables that it does not name.
func CallsStored(src []byte, mode Mode) bool {
	lx := Lexer{Record: true}
	if err := lx.Lex(src, mode); err != nil {
		return true
	}
	text := string(lx.Template)
	node := parse(text, mode)
	if node == nil {
		node = parse(reading(text, lx.Tokens), mode)
	}
	if node == nil {
		return true
	}
	var v computing
	node.Accept(&v)
	return v.stored
}

// computing looks at the expressions of a statement.
type computing struct {
	constants bool // there are some
	assigns   bool // to a user variable, within an expression
	foreign   bool // there are tables, or functions that may be stored ones
	stored    bool // there are such functions
	elsewhere bool // only upstream gives what they give
}

// Enter implements ast.Visitor.
func (v *computing) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *test_driver.ParamMarkerExpr, *test_driver.ValueExpr:
		v.constants = true
	case *ast.TableName:
		v.foreign = true
	case *ast.VariableExpr:
		v.assigns = v.assigns || !e.IsSystem && e.Value != nil
	case *ast.FuncCallExpr:
		v.function(e)
	}
	return n, false
}

func (v *computing) function(f *ast.FuncCallExpr) {
	name := f.FnName.L
	switch {
	case f.Schema.O != "", name == "extractvalue", name == "updatexml": // whose XPath may name user variables
		v.foreign, v.stored = true, true
	case among(spatialFunctions, name), strings.HasPrefix(name, "st_"), strings.HasPrefix(name, "mbr"):
		v.elsewhere = true // a variable of a spatial type has no literal
	case pure(name), among(timeFunctions, name), name == zoneFunction:
	case among(askedFunctions, name):
		v.elsewhere = v.elsewhere || len(f.Args) > 0
	case among(unsteadyFunctions, name), among(lockedFunctions, name):
		v.elsewhere = true
	default:
		v.foreign, v.stored = true, true
	}
}

// Leave implements ast.Visitor.
func (v *computing) Leave(n ast.Node) (ast.Node, bool) { return n, true }
