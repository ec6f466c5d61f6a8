package plan

import (
	"errors"

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
		if b.env.Split || b.env.Evaluate || b.followed(s) {
			return b.replayReturns(changes, s, at)
		}
		if p, err = changes.deletePlan(s); err == nil {
			err = b.single(s.TableRefs.TableRefs, "delete")
		}
		if b.replays(err) {
			return b.replayReturns(changes, s, at)
		}
	}
	if err != nil {
		return nil, err
	}
	if _, asks := p.(*NeedTable); asks {
		return p, nil
	}
	r, ok := p.(returner)
	if !ok {
		return nil, refuse("returning", "RETURNING in this statement on an encrypted table is not supported")
	}
	outs, err := b.returned(at)
	if err == nil {
		if p, err = r.returns(b.text[b.tokens[at].Start:], outs); err == nil {
			return p, nil
		}
	}
	if !b.replays(err) {
		return nil, err
	}
	if s, ok := node.(*ast.InsertStmt); ok {
		return b.storeReturns(changes, s, rows, at)
	}
	return b.replayReturns(changes, node.(*ast.DeleteStmt), at)
}

// replayReturns plans a DELETE … RETURNING whose rows or list the evaluator is to compute: it runs the client's text, list and all.
func (b *block) replayReturns(changes *block, s *ast.DeleteStmt, at int) (Plan, error) {
	c, err := b.evaluatedList(changes, at)
	if err != nil {
		return nil, err
	}
	return c.replayPlan(s)
}

// returner is a plan of which upstream may give columns of the rows that it changes.
type returner interface {
	returns(list string, outs *outputs) (Plan, error)
}

func (p *Rewrite) returns(list string, outs *outputs) (Plan, error) {
	p.Tail, p.Outputs = appendText(p.Tail, " "+list), outs.list
	return p, nil
}

// returns has upstream give columns of the rows that it gets.
func (p *Store) returns(list string, outs *outputs) (Plan, error) {
	if p.Upsert != nil && !p.Upsert.Foreseen() {
		return nil, refuse("returning", "RETURNING with this ON DUPLICATE KEY UPDATE needs the evaluator, which is off")
	}
	if p.Into != nil {
		return nil, refuse("returning", "RETURNING of what is written through a view over encrypted tables is not supported")
	}
	for i := range outs.items {
		c := p.Table.Column(outs.items[i].column.name)
		if c == nil {
			return nil, unknownColumn(outs.items[i].column.name, "RETURNING", Mode{MariaDB: true})
		}
		if c.Storage == schema.StoredClear && c.Kind > schema.KindBigInt {
			return nil, refuse("returning", "RETURNING a column of an encrypted table that upstream has in clear and that is no integer is not supported")
		}
		p.Back = append(p.Back, c)
	}
	p.Returns, p.Outputs = list, outs.list
	return p, nil
}

// returned plans a list of columns.
func (b *block) returned(at int) (*outputs, error) {
	unsupported := refuse("returning", "RETURNING from an encrypted table is supported for columns and `*`; expressions are not")
	for i := at + 1; i < len(b.tokens); i++ {
		if k := b.tokens[i].Kind; k != TokWord && k != TokQuoted && !b.is(i, ",") && !b.is(i, ".") && !b.is(i, "*") {
			return nil, unsupported
		}
	}
	s := b.list(at)
	if s == nil {
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
