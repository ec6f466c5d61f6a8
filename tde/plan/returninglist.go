package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// returnList is the list of a RETURNING that the evaluator computes.
type returnList struct {
	at     int // the token RETURNING
	start  int // its template byte
	fields []*ast.SelectField
}

// Accept walks its expressions.
func (l *returnList) Accept(v ast.Visitor) {
	if l == nil {
		return
	}
	for _, f := range l.fields {
		if f.WildCard == nil {
			f.Expr.Accept(v)
		}
	}
}

// from is the first token that is not of the statement before it, which else has n.
func (l *returnList) from(n int) int {
	if l == nil {
		return n
	}
	return l.at
}

// names looks at what it names of the table that rows go into.
func (l *returnList) names(env *Env, target *schema.Table) *targetVisitor {
	v := &targetVisitor{env: env, target: target, scopes: scopes{env: env}}
	l.Accept(v)
	return v
}

// lists gives a Store the list, and says where the text before it ends.
func (b *block) lists(p *Store) (end int) {
	if b.listed == nil {
		return len(b.text)
	}
	p.List = b.parts(b.listed.start, len(b.text))
	star := slices.ContainsFunc(b.listed.fields, func(f *ast.SelectField) bool { return f.WildCard != nil })
	p.ListsAuto = star || b.listed.names(b.env, p.Table).counts
	p.Back = nil
	for i := range p.Table.Columns {
		if c := &p.Table.Columns[i]; b.returnsColumn(p.Table, c, star) {
			p.Back = append(p.Back, c)
		}
	}
	for i := 0; i < len(p.Table.Columns) && p.Back == nil; i++ { // rows are counted
		if c := &p.Table.Columns[i]; c.Storage != schema.StoredClear || !c.Generated {
			p.Back = append(p.Back, c)
		}
	}
	return b.listed.start
}

// returnsColumn says whether a list could need a column, or a key that the evaluator's table has.
func (b *block) returnsColumn(t *schema.Table, c *schema.Column, star bool) bool {
	generated := func(c schema.Column) bool { return c.Generated }
	switch {
	case c.Storage == schema.StoredClear && c.Generated:
		return false // the evaluator makes it of the others
	case star && !c.Invisible, slices.ContainsFunc(t.Columns, generated):
		return true
	case slices.ContainsFunc(t.Indexes, func(ix schema.Index) bool { return (ix.Unique || ix.Name == "PRIMARY") && covers(&ix, c) }):
		return true
	}
	for i := b.listed.at + 1; i < len(b.tokens); i++ {
		if b.tokens[i].Kind <= TokQuoted && sameIdent(b.ident(i), c.Name) {
			return true
		}
	}
	return false
}

// list parses the list at token at as a SELECT, each name where it is in the statement; nil where it is none.
func (b *block) list(at int) *ast.SelectStmt {
	const verb, blanks = "SELECT", "   "
	t := b.tokens[at]
	b.read = strings.Repeat(" ", t.Start) + verb + blanks + reading(b.text, b.tokens)[t.End:] + " FROM t"
	s, ok := parse(b.read, b.env.Mode).(*ast.SelectStmt)
	if !ok || s.Fields == nil || s.Where != nil || s.GroupBy != nil || s.Having != nil || s.OrderBy != nil || s.Limit != nil ||
		s.LockInfo != nil || s.SelectIntoOpt != nil || s.SelectStmtOpts != nil && (s.Distinct || s.SelectStmtOpts.CalcFoundRows) {
		return nil
	}
	return s
}

// evaluatedList is a block over the whole statement whose list the evaluator computes.
func (b *block) evaluatedList(changes *block, at int) (*block, error) {
	s := b.list(at)
	if s == nil {
		return nil, refuse("returning", "this list of RETURNING from an encrypted table could not be read; write it more plainly")
	}
	for i := at + 1; i < len(b.tokens); i++ {
		switch {
		case b.tokens[i].Kind <= TokQuoted && strings.HasPrefix(strings.ToLower(b.ident(i)), schema.Prefix):
			return nil, unknownColumn(b.ident(i), "RETURNING", b.env.Mode)
		case b.tokens[i].Kind == TokVar && !strings.HasPrefix(b.text[b.tokens[i].Start:], "@@"):
			return nil, refuse("returning", "RETURNING of user variables, from an encrypted table, is not supported")
		case i+2 < len(b.tokens) && b.is(i, ".") && b.is(i+2, "."):
			return nil, refuse("returning", "RETURNING with the name of a database, from an encrypted table, is not supported")
		case b.tokens[i].Kind == TokWord && (b.is(i, "VALUES") || b.is(i, "VALUE")):
			return nil, refuse("returning", "RETURNING of VALUE(column), from an encrypted table, is not supported")
		}
	}
	c := newBlock(b.env, b.text, b.tokens)
	start := b.tokens[at].Start
	c.read = changes.read + b.read[start:len(b.text)]
	c.listed = &returnList{at, start, s.Fields.Fields}
	return c, nil
}

// storeReturns plans an INSERT or REPLACE … RETURNING whose list the evaluator computes.
func (b *block) storeReturns(changes *block, s *ast.InsertStmt, rows, at int) (Plan, error) {
	c, err := b.evaluatedList(changes, at)
	if err != nil {
		return nil, err
	}
	if t := b.sources[0].table; t != nil && !schema.Transactional(t.Engine) && !t.IsView() {
		return nil, refuse("returning", "RETURNING of expressions from an encrypted table whose engine has no transactions is not supported")
	}
	return c.storePlan(s, rows)
}
