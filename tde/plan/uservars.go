package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// UserVars is what a statement does with the session's user variables. Names are in lower case, without the @.
type UserVars struct {
	Reads, Writes []string
	// Computes says that the evaluator can run the statement: it is a query, a SET of user variables, a DO, an UPDATE or a DELETE.
	Computes bool
	// Stores says that the statement writes rows and may have values in place of the variables.
	Stores bool
}

// UserVarsOf finds out what a statement does with user variables. Of one that cannot be read it says that it reads all that it
// names.
func UserVarsOf(src []byte, mode Mode) UserVars {
	lx := Lexer{Record: true}
	err := lx.Lex(src, mode)
	text := string(lx.Template)
	var node ast.StmtNode
	if err == nil {
		if node = parse(text, mode); node == nil {
			node = parse(reading(text, lx.Tokens), mode)
		}
	}
	var u UserVars
	switch s := node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.DoStmt:
		u.Computes = true
	case *ast.SetStmt:
		u.Computes = setsUserVars(s)
	case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		u.Computes, u.Stores = true, true
	case *ast.ExecuteStmt, *ast.PrepareStmt:
		return u // who executes it looks
	default:
		if k := newSkim(text, lx.Tokens, mode); err == nil && node == nil && k.query() {
			k.walk()
			return UserVars{Reads: k.uses.UserIn, Writes: k.uses.UserOut, Computes: true}
		}
		for _, v := range lx.Vars {
			u.Reads = append(u.Reads, VarName(lx.src[v.Start:v.End]))
		}
		return u
	}
	node.Accept((*userVarVisitor)(&u))
	b := block{text: text, tokens: lx.Tokens}
	u.Writes = append(u.Writes, b.into()...)
	return u
}

// setsUserVars says whether SET assigns user variables and nothing else.
func setsUserVars(s *ast.SetStmt) bool {
	return !slices.ContainsFunc(s.Variables, func(v *ast.VariableAssignment) bool {
		return v.IsSystem || v.Name == ast.SetNames || v.Name == ast.SetCharset
	})
}

// VarName is the name of a user variable as a statement writes it, @name or @`name`, in lower case; "" is a system variable.
func VarName(text []byte) string {
	s := string(text[1:])
	if strings.HasPrefix(s, "@") {
		return ""
	}
	if s != "" && strings.IndexByte("'\"`", s[0]) >= 0 {
		s = unquote(s)
	}
	return strings.ToLower(s)
}

// into names the variables of SELECT … INTO @a, @b.
func (b *block) into() (names []string) {
	for i := range b.tokens {
		if from, to := b.intoVars(i); to > 0 {
			for j := from; j < to; j += 2 {
				t := b.tokens[j]
				names = append(names, VarName([]byte(b.text[t.Start:t.End])))
			}
		}
	}
	return names
}

// intoVars finds the variables that follow INTO at token i: tokens [from, to), commas among them; to is 0 where there are none.
func (b *block) intoVars(i int) (from, to int) {
	if !b.is(i, "INTO") || i+1 >= len(b.tokens) || b.tokens[i+1].Kind != TokVar {
		return 0, 0
	}
	to = i + 2
	for to+1 < len(b.tokens) && b.is(to, ",") && b.tokens[to+1].Kind == TokVar {
		to += 2
	}
	return i + 1, to
}

// userVarVisitor collects user variables.
type userVarVisitor UserVars

// Enter implements ast.Visitor.
func (v *userVarVisitor) Enter(n ast.Node) (ast.Node, bool) {
	switch e := n.(type) {
	case *ast.VariableExpr:
		switch {
		case e.IsSystem:
		case e.Value != nil:
			v.Writes = append(v.Writes, strings.ToLower(e.Name))
		default:
			v.Reads = append(v.Reads, strings.ToLower(e.Name))
		}
	case *ast.VariableAssignment:
		if !e.IsSystem {
			v.Writes = append(v.Writes, strings.ToLower(e.Name))
		}
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *userVarVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// Reveals says whether a plan sends one of some literals upstream as it came; only of a Rewrite, a ReadModifyWrite and a Split
// is that known. rows and width are those of the statement's VALUES
// list.
func Reveals(p Plan, rows, width int, literal func(i int) bool) bool {
	clear := func(base int, lists ...[]Part) bool {
		return slices.ContainsFunc(lists, func(parts []Part) bool {
			return slices.ContainsFunc(parts, func(p Part) bool { return revealed(&p, base, literal) })
		})
	}
	switch p := p.(type) {
	case *Rewrite:
		if clear(0, p.Head, p.Tail) {
			return true
		}
		for row := 0; p.Row != nil && row < rows; row++ {
			if clear(row*width, p.Row) {
				return true
			}
		}
		return false
	case *ReadModifyWrite:
		return clear(0, p.Update, p.Rest, p.Fetch)
	case *Replay:
		return Reveals(&p.Split, rows, width, literal)
	case *Split:
		for row := range max(rows, 1) {
			if slices.ContainsFunc(p.Clear, func(i int) bool { return literal(row*width + i) }) {
				return true
			}
		}
		return slices.ContainsFunc(p.Fetches, func(f Fetch) bool { return clear(0, f.SQL) }) || p.Groups != nil && p.Groups.reads(func(parts []Part) bool { return clear(0, parts) }) ||
			slices.ContainsFunc(p.Lists, func(l List) bool { return clear(0, l.Fetch.SQL) })
	case *Store:
		return Reveals(p.Query, rows, width, literal)
	}
	return true
}

func revealed(p *Part, base int, literal func(i int) bool) bool {
	switch p.Kind {
	case PartValue:
		return p.Form == Clear && p.Literal >= 0 && literal(base+p.Literal)
	case PartCondition, PartTop, PartJoin:
		return slices.ContainsFunc(p.Expr, func(e Part) bool { return revealed(&e, base, literal) })
	}
	return false
}

// Compares says whether a plan compares one of some literals with a column that the collation is not that of.
func Compares(p Plan, collation string, literal func(i int) bool) bool {
	r, ok := p.(*Rewrite)
	return ok && slices.ContainsFunc(slices.Concat(r.Head, r.Tail), func(p Part) bool {
		return p.compares() && literal(p.Literal) && p.Column.Collation != collation
	})
}
