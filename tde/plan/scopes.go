package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// scopes follows a walk through a statement and knows which names of common table expressions are in sight.
type scopes struct {
	env   *Env
	names []string
	marks []int
	// aliases are the tables of FOR UPDATE OF and those that a DELETE deletes from: they name what FROM names.
	aliases map[*ast.TableName]bool
}

// enter is to be called first by a visitor's Enter; where it says done, the node has been walked already.
func (s *scopes) enter(n ast.Node, v ast.Visitor) (done bool) {
	switch e := n.(type) {
	case *ast.SelectStmt:
		s.mark()
		if e.LockInfo != nil {
			s.alias(e.LockInfo.Tables)
		}
	case *ast.DeleteStmt:
		s.mark()
		if e.Tables != nil {
			s.alias(e.Tables.Tables)
		}
	case *ast.SetOprStmt, *ast.SetOprSelectList, *ast.UpdateStmt:
		s.mark()
	case *ast.WithClause:
		s.with(e, v)
		return true
	}
	return false
}

func (s *scopes) alias(names []*ast.TableName) {
	for _, t := range names {
		if s.aliases == nil {
			s.aliases = map[*ast.TableName]bool{}
		}
		s.aliases[t] = true
	}
}

// leave is to be called by a visitor's Leave.
func (s *scopes) leave(n ast.Node) {
	switch n.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.SetOprSelectList, *ast.UpdateStmt, *ast.DeleteStmt:
		last := len(s.marks) - 1
		s.names, s.marks = s.names[:s.marks[last]], s.marks[:last]
	}
}

func (s *scopes) mark() { s.marks = append(s.marks, len(s.names)) }

// with walks the expressions of a WITH clause. Each sees those before it; a recursive one sees itself and, in MariaDB, those
// after it.
func (s *scopes) with(w *ast.WithClause, v ast.Visitor) {
	all := w.IsRecursive && s.env.Mode.MariaDB
	for _, c := range w.CTEs {
		if all {
			s.names = append(s.names, c.Name.O)
		}
	}
	for _, c := range w.CTEs {
		if w.IsRecursive && !all {
			s.names = append(s.names, c.Name.O)
		}
		c.Query.Accept(v)
		if !w.IsRecursive {
			s.names = append(s.names, c.Name.O)
		}
	}
}

// hides says whether a name means a common table expression and no table.
func (s *scopes) hides(t *ast.TableName) bool {
	if s.aliases[t] {
		return true
	}
	if t.Schema.O != "" {
		return false
	}
	for _, n := range s.names {
		if s.env.Snapshot.SameName(n, t.Name.O) {
			return true
		}
	}
	return false
}
