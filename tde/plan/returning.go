package plan

import (
	"errors"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// returningPlan plans MariaDB's INSERT … RETURNING and DELETE … RETURNING, which the parser does not know, where upstream does all of the
// statement and gives columns back (MariaDB Knowledge Base, "INSERT...RETURNING"). It is nil for other statements, and for those that name no
// protected table.
func (b *block) returningPlan(st Statement) Plan {
	at := b.returning()
	if at < 0 {
		return nil
	}
	cut := b.tokens[at].Start
	changes := newBlock(b.env, b.text[:cut], b.tokens[:at])
	changes.read = reading(changes.text, changes.tokens)
	node := parse(changes.read, b.env.Mode)
	switch node.(type) {
	case *ast.InsertStmt, *ast.DeleteStmt:
	default:
		return nil
	}
	if p := touches(node, st, b.env); p != nil {
		if _, passes := p.(*PassThrough); passes {
			return nil // the list has not been read
		}
		return p
	}
	p, err := b.returns(changes, node, st.Rows, at)
	if err == nil {
		return p
	}
	var r *Refuse
	if errors.As(err, &r) {
		return r
	}
	return refuse("internal", "this statement on an encrypted table could not be planned")
}

// returning finds the word in an INSERT, REPLACE or DELETE: its token, or -1.
func (b *block) returning() int {
	if !b.env.Mode.MariaDB || len(b.tokens) == 0 || !b.is(0, "INSERT") && !b.is(0, "REPLACE") && !b.is(0, "DELETE") {
		return -1
	}
	depth := 0
	for i := range b.tokens {
		switch {
		case b.is(i, "("):
			depth++
		case b.is(i, ")"):
			depth--
		case depth == 0 && i > 0 && b.tokens[i].Kind == TokWord && b.is(i, "RETURNING") && !b.is(i-1, "."):
			return i
		}
	}
	return -1
}

// returns joins the plan of what changes rows with that of the list at token at.
func (b *block) returns(changes *block, node ast.StmtNode, rows, at int) (p Plan, err error) {
	switch s := node.(type) {
	case *ast.InsertStmt:
		if p, err = changes.insertOrStore(s, rows); err == nil {
			err = b.single(s.Table.TableRefs, "insert")
		}
	case *ast.DeleteStmt:
		if b.env.Split || b.env.Evaluate {
			return b.replayReturns(changes, node, at)
		}
		if p, err = changes.deletePlan(s); err == nil {
			err = b.single(s.TableRefs.TableRefs, "delete")
		}
		if b.replays(err) {
			return b.replayReturns(changes, node, at)
		}
	}
	if err != nil {
		return nil, err
	}
	if _, asks := p.(*NeedTable); asks {
		return p, nil
	}
	outs, err := b.returned(at)
	if _, deletes := node.(*ast.DeleteStmt); deletes && b.replays(err) {
		return b.replayReturns(changes, node, at)
	}
	if err != nil {
		return nil, err
	}
	list := b.text[b.tokens[at].Start:]
	switch p := p.(type) {
	case *Rewrite:
		p.Tail, p.Outputs = appendText(p.Tail, " "+list), outs.list
		return p, nil
	case *Store:
		return p, p.returns(list, outs)
	}
	return nil, refuse("returning", "RETURNING in this statement on an encrypted table is not supported")
}

// replayReturns plans a DELETE … RETURNING whose rows or list the evaluator is to compute: it runs the client's text, list and all.
func (b *block) replayReturns(changes *block, node ast.StmtNode, at int) (Plan, error) {
	h := &head{b.text, b.tokens}
	if !h.harmless(at+1, b.env) {
		return nil, refuse("returning", "RETURNING of a subquery, a variable or what asks the session, from an encrypted table, is not supported")
	}
	for i := at + 1; i+3 < len(b.tokens); i++ {
		if b.is(i, ".") && b.is(i+2, ".") {
			return nil, refuse("returning", "RETURNING with the name of a database, from an encrypted table, is not supported")
		}
	}
	p, err := changes.replayPlan(node)
	r, ok := p.(*Replay)
	if err != nil || !ok {
		return p, err
	}
	r.Text = appendText(r.Text, " ")
	for _, part := range b.parts(b.tokens[at].Start, len(b.text)) {
		r.Text = appendPart(r.Text, part)
	}
	r.Uses.NoRows = false
	return r, nil
}

// returns has upstream give columns of the rows that it gets.
func (p *Store) returns(list string, outs *outputs) error {
	switch {
	case len(p.Query.Fetches) > 0 || p.Counts:
		return refuse("returning", "RETURNING of an INSERT or REPLACE into an encrypted table that reads tables is not supported")
	case p.Upsert != nil && !p.Upsert.Foreseen():
		return refuse("returning", "RETURNING with ON DUPLICATE KEY UPDATE of an encrypted table is supported for column = VALUES(column) and column = column only")
	}
	for i := range outs.items {
		c := p.Table.Column(outs.items[i].column.name)
		if c == nil {
			return unknownColumn(outs.items[i].column.name, "RETURNING", Mode{MariaDB: true})
		}
		if c.Storage == schema.StoredClear && c.Kind > schema.KindBigInt {
			return refuse("returning", "RETURNING a column of an encrypted table that upstream has in clear and that is no integer is not supported")
		}
		p.Back = append(p.Back, c)
	}
	p.Returns, p.Outputs = list, outs.list
	return nil
}

// returned plans a list of columns.
func (b *block) returned(at int) (*outputs, error) {
	unsupported := refuse("returning", "RETURNING from an encrypted table is supported for columns and `*`; expressions are not")
	for i := at + 1; i < len(b.tokens); i++ {
		if k := b.tokens[i].Kind; k != TokWord && k != TokQuoted && !b.is(i, ",") && !b.is(i, ".") && !b.is(i, "*") {
			return nil, unsupported
		}
	}
	// The list as a SELECT, each name where it is in the statement.
	const verb, blanks = "SELECT", "   "
	t := b.tokens[at]
	b.read = strings.Repeat(" ", t.Start) + verb + blanks + b.text[t.End:] + " FROM " + tableName(b.sources[0].table)
	node := parse(b.read, b.env.Mode)
	s, ok := node.(*ast.SelectStmt)
	if !ok || s.Fields == nil || s.SelectStmtOpts != nil && (s.Distinct || s.SelectStmtOpts.CalcFoundRows) {
		return nil, unsupported
	}
	for _, f := range s.Fields.Fields {
		if f.WildCard != nil {
			continue
		}
		if _, bare := f.Expr.(*ast.ColumnNameExpr); !bare {
			return nil, unsupported
		}
	}
	return b.fields(s)
}
