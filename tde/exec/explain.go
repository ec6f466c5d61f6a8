package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// explain answers EXPLAIN with the rows of a plan, and below them with upstream's own EXPLAIN of what is sent there to read. What the
// server objects to in the statement is an error here as well.
func (x *Session) explain(ctx context.Context, p *plan.Explain, more bool) error {
	rows, err := x.explained(ctx, p)
	if err != nil {
		return err
	}
	return x.sendExplained(rows, false, more)
}

// explainPrepared answers an execution of a prepared EXPLAIN as the text that it is with its parameters.
func (x *Session) explainPrepared(ctx context.Context, st *statement, e *wire.Execute) error {
	if err := x.inline(e.Params); err != nil {
		return err
	}
	text := withParams(st.src, st.literals, x.args.inlined)
	p, _, err := x.planFirst(ctx, text)
	if err != nil {
		return err
	}
	rows, err := x.explainedAs(ctx, p)
	if x.mustSplit(p, err) {
		if p, err = x.planSplit(ctx, text); err == nil {
			rows, err = x.explainedAs(ctx, p)
		}
	}
	if err != nil {
		return err
	}
	return x.sendExplained(rows, true, false)
}

// explainedAs is explained, for a plan that has been made anew.
func (x *Session) explainedAs(ctx context.Context, p plan.Plan) ([][]string, error) {
	switch p := p.(type) {
	case *plan.Explain:
		return x.explained(ctx, p)
	case *plan.Refuse:
		return nil, p.Err
	}
	return nil, wire.NewError(codeNeedReprepare, "Prepared statement needs to be re-prepared")
}

// prepareExplain answers COM_STMT_PREPARE of EXPLAIN: upstream gives the id.
func (x *Session) prepareExplain(st *statement) error {
	id, err := x.prepareNothing(st)
	if err != nil {
		return err
	}
	id.Params, id.Columns = uint16(st.params), uint16(len(plan.ExplainColumns))
	if err := x.client.WritePacket(id.Append(nil)); err != nil {
		return x.gone(err)
	}
	if err := x.paramDefinitions(st.params); err != nil {
		return err
	}
	x.stmts[st.id], x.last = st, st.id
	if err := x.explainDefinitions(); err != nil {
		return err
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

// explained are the rows of an EXPLAIN that was planned last.
func (x *Session) explained(ctx context.Context, p *plan.Explain) (rows [][]string, err error) {
	lexer := plan.Lexer{} // the session's still has the whole, should it be planned again
	src := bytes.Clone(x.lexer.Template[p.Start:])
	if err := lexer.Lex(src, x.vars.mode); err != nil {
		return nil, err
	}
	x.args = args{src: src, literals: lexer.Literals, mode: x.vars.mode, vars: &x.vars}
	x.binder.start(ctx, x.state, &x.args)
	if x.using != nil {
		if err := x.bindUsing(ctx, src, lexer.Literals, x.using); err != nil {
			return nil, err
		}
	}
	rows = plan.Explained(p.Of)
	switch of := p.Of.(type) {
	case *plan.Rewrite:
		if of.Insert != nil {
			break // what it stores may be the evaluator's to say
		}
		if err = x.text(of); err == nil {
			rows, err = x.explainThere(rows, x.sql)
		}
	case *plan.Split:
		rows, err = x.explainSplit(ctx, of, false, rows)
	case *plan.Replay:
		rows, err = x.explainSplit(ctx, &of.Split, true, rows)
	}
	if err == nil && p.Analyze {
		rows, err = x.analyze(ctx, p.Of, rows)
	}
	if err == nil {
		x.found = found{known: true, here: true} // upstream has notes of the texts that it was sent
	}
	return rows, err
}

// explainText is EXPLAIN whose rows are a table's: a session may have another format.
const explainText = "EXPLAIN FORMAT=TRADITIONAL "

// The columns of upstream's EXPLAIN.
var (
	explainedMariaDB = strings.Fields("id select_type table type possible_keys key key_len ref rows Extra")
	explainedMySQL   = strings.Fields("id select_type table partitions type possible_keys key key_len ref rows filtered Extra")
)

// explainThere adds upstream's EXPLAIN of a query to rows.
func (x *Session) explainThere(rows [][]string, sql []byte) ([][]string, error) {
	names := explainedMySQL
	if x.catalog.mariaDB {
		names = explainedMariaDB
	}
	err := x.query(explainText+string(sql), func(row [][]byte) error {
		if len(row) != len(names) {
			return fmt.Errorf("reading upstream's EXPLAIN: %w", wire.ErrMalformed)
		}
		var detail []string
		last := len(row) - 1
		for i, v := range row[:last] {
			if v != nil {
				detail = append(detail, names[i]+"="+string(v))
			}
		}
		rows = append(rows, []string{"upstream EXPLAIN", strings.Join(detail, " "), string(row[last])})
		return nil
	})
	return rows, err
}

// explainSplit lets the evaluator explain the client's text over empty tables, for the errors in it, and upstream the fetches.
func (x *Session) explainSplit(ctx context.Context, p *plan.Split, writes bool, rows [][]string) ([][]string, error) {
	if x.catalog.evaluator == nil {
		return nil, errNoEvaluator
	}
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	w, err := x.workspace(ctx)
	if err != nil {
		return nil, err
	}
	defer w.Release()
	if writes {
		w.ForWriting()
	}
	s := &splitRun{Session: x, plan: p, bench: w}
	rows, err = s.explain(ctx, rows)
	return rows, s.interrupted(ctx, err)
}

func (s *splitRun) explain(ctx context.Context, rows [][]string) ([][]string, error) {
	if err := s.makeTables(ctx); err != nil {
		return nil, err
	}
	sql, err := s.text()
	if err != nil {
		return nil, err
	}
	sql = append([]byte(explainText), sql...)
	if len(s.using) > 0 {
		if sql, err = s.prepareUsing(sql); err != nil {
			return nil, err
		}
	}
	if _, err := s.ask(string(sql), func([]byte) error { return nil }); err != nil {
		return nil, err
	}
	for i := range s.plan.Fetches {
		f := &s.plan.Fetches[i]
		if f.Table.Describes() || f.Table.Sequence() {
			continue
		}
		explain := func() error {
			sql, err := s.fetchText(f)
			if err == nil {
				rows, err = s.explainThere(rows, sql)
			}
			return err
		}
		if err := s.joined(f, explain); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// sendExplained sends the rows of EXPLAIN.
func (x *Session) sendExplained(rows [][]string, binary, more bool) error {
	if err := x.client.WritePacket(wire.AppendInt(nil, uint64(len(plan.ExplainColumns)))); err != nil {
		return x.gone(err)
	}
	if err := x.explainDefinitions(); err != nil {
		return err
	}
	for _, row := range rows {
		var packet []byte
		if binary {
			packet = make([]byte, 1+(len(row)+9)/8) // the header, and that none is NULL
		}
		for _, v := range row {
			packet = wire.AppendString(packet, []byte(v))
		}
		if err := x.client.WritePacket(packet); err != nil {
			return x.gone(err)
		}
	}
	return x.rowsEnd(0, more)
}

// explainDefinitions sends the definitions of EXPLAIN's columns.
func (x *Session) explainDefinitions() error {
	for _, name := range plan.ExplainColumns {
		c := wire.Column{Name: []byte(name), Charset: utf8mb4Collation, Length: 4 * 65535, Type: wire.TypeVarString, Flags: wire.FlagNotNull}
		if err := x.client.WritePacket(c.Append(nil, x.caps)); err != nil {
			return x.gone(err)
		}
	}
	return x.definitionsEnd()
}

// utf8mb4Collation is utf8mb4_general_ci's id, which both flavours know.
const utf8mb4Collation = 45

// Explain plans a statement as a session of the server's defaults in a database would, and gives the plan's rows. Nothing
// of the statement goes upstream but the names of tables that are not known yet.
func (c *Catalog) Explain(ctx context.Context, db, sql string) ([][]string, error) {
	x := NewSession(c, nil, nil, 0)
	x.vars = Vars{DB: db, OnlyFullGroupBy: !c.mariaDB, mode: plan.Mode{MariaDB: c.mariaDB, Version: c.version}}
	x.state = c.State()
	src := []byte(sql)
	if err := x.lexer.Lex(src, x.vars.mode); err != nil || x.lexer.More {
		return nil, errors.New("the text is not one statement that can be read")
	}
	p, err := x.plan(ctx, src[:x.lexer.End], x.env())
	if err != nil {
		return nil, err
	}
	if e, ok := p.(*plan.Explain); ok {
		p = e.Of
	}
	return plan.Explained(p), nil
}
