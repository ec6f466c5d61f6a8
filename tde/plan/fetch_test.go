package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// checkFetches reads the fetches of a Split as upstream will: each names one table, and no comparison in it has a literal in
// clear beside an encrypted column or its token.
func checkFetches(t *testing.T, s *Split, mode Mode) {
	t.Helper()
	fetches := slices.Clone(s.Fetches)
	for _, l := range s.Lists {
		if !l.Scalar {
			l.Fetch.Columns = append([]*schema.Column{l.Key}, l.Fetch.Columns...)
		}
		fetches = append(fetches, l.Fetch)
	}
	for i := range fetches {
		f := &fetches[i]
		sql := strings.TrimSuffix(fetchText(f.SQL), " LOCK IN SHARE MODE NOWAIT") // MariaDB's; the parser does not know it
		lx := Lexer{Record: true}
		if err := lx.Lex([]byte(sql), mode); err != nil {
			t.Errorf("%q: %v", sql, err)
			continue
		}
		node := parse(sql, mode)
		if node == nil {
			node = parse(reading(sql, lx.Tokens), mode)
		}
		sel, ok := node.(*ast.SelectStmt)
		if !ok || len(sel.Fields.Fields) != len(f.Columns) {
			t.Errorf("%q is not a SELECT of %d columns", sql, len(f.Columns))
			continue
		}
		if sel.Where == nil {
			continue
		}
		checkCondition(t, s, sql, f.Table, nil, sel.Where)
	}
}

// checkCondition reads the condition of a fetch's table, and of those inside it. outer is the table around one that has innerAlias.
func checkCondition(t *testing.T, s *Split, sql string, table, outer *schema.Table, where ast.ExprNode) {
	t.Helper()
	for _, atom := range atoms(where, nil) {
		atom = unparen(atom)
		v := &atomVisitor{table: table, outer: outer}
		inner := (*ast.SelectStmt)(nil)
		if in, ok := atom.(*ast.PatternInExpr); ok && in.Sel != nil {
			inner, atom = subselect(in.Sel), in.Expr
		}
		if e, ok := atom.(*ast.ExistsSubqueryExpr); ok {
			inner, atom = subselect(e.Sel), ast.NewValueExpr(1, "", "")
		}
		if inner != nil {
			src := inner.From.TableRefs.Left.(*ast.TableSource)
			name := src.Source.(*ast.TableName)
			i := slices.IndexFunc(s.Fetches, func(f Fetch) bool { return f.Table.DB == name.Schema.O && f.Table.Name == name.Name.O })
			if i < 0 {
				t.Errorf("%q reads %s, which the query does not", sql, name.Name.O)
				continue
			}
			around := (*schema.Table)(nil)
			if src.AsName.O == innerAlias {
				around, v.outer = table, table
			}
			checkCondition(t, s, sql, s.Fetches[i].Table, around, inner.Where)
		}
		if eq, ok := atom.(*ast.BinaryOperationExpr); ok && subselect(eq.R) != nil { // the first or last value of the table itself
			if inner := subselect(eq.R); inner.Where != nil {
				checkCondition(t, s, sql, table, nil, inner.Where)
			}
			atom = eq.L
		}
		atom.Accept(v)
		if v.sealed && v.literal || v.unknown != "" {
			t.Errorf("%q sends a literal beside an encrypted column in clear, or names %q", sql, v.unknown)
		}
	}
}

// fetchText renders a fetch: literals in clear as parameters, others as hexadecimal.
func fetchText(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Kind == PartCondition || p.Kind == PartJoin || p.Kind == PartTop:
			b.WriteString(fetchText(p.Expr))
		case p.Kind == PartKeys:
			b.WriteString("TRUE")
		case p.Kind == PartLimit:
			b.WriteString(" LIMIT ?")
		case p.Kind == PartValue && p.Form == Clear:
			b.WriteString("?")
		case p.Kind == PartValue:
			b.WriteString("x'00'")
		default:
			b.WriteString(p.String())
		}
	}
	return b.String()
}

// atoms are the parts of a condition that AND, OR, XOR and NOT join.
func atoms(e ast.ExprNode, out []ast.ExprNode) []ast.ExprNode {
	switch n := unparen(e).(type) {
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.LogicAnd, opcode.LogicOr, opcode.LogicXor:
			return atoms(n.R, atoms(n.L, out))
		}
	case *ast.UnaryOperationExpr:
		if n.Op == opcode.Not || n.Op == opcode.Not2 {
			return atoms(n.V, out)
		}
	}
	return append(out, e)
}

type atomVisitor struct {
	table, outer    *schema.Table
	sealed, literal bool
	unknown         string
}

// Enter implements ast.Visitor.
func (v *atomVisitor) Enter(n ast.Node) (ast.Node, bool) {
	if c, ok := n.(*ast.ColumnName); ok {
		name := strings.TrimPrefix(strings.TrimPrefix(c.Name.O, schema.TokenPrefix), schema.OrderPrefix)
		table, named := v.table, c.Table.O == "" || v.outer != nil && c.Table.O == innerAlias
		if v.outer != nil && c.Table.O == v.outer.Name && c.Schema.O == v.outer.DB {
			table, named = v.outer, true
		}
		switch col := table.Column(name); {
		case col == nil || !named:
			v.unknown = c.String()
		case sealed(col) != nil:
			v.sealed = true
		}
	}
	if _, ok := markerOf(n); ok {
		v.literal = true
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *atomVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
