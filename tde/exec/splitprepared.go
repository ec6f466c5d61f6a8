package exec

import (
	"context"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// prepareSplit answers COM_STMT_PREPARE of a statement that the evaluator computes: upstream gives the id, the evaluator says
// what the result will be. writes says that the statement changes rows.
func (x *Session) prepareSplit(ctx context.Context, st *statement, p *plan.Split, writes bool) error {
	columns, err := x.describeSplit(ctx, st, p, writes)
	if err != nil {
		return err
	}
	ok, err := x.prepareNothing(st)
	if err != nil {
		return err
	}
	ok.Params, ok.Columns = uint16(st.params), uint16(len(columns))
	if err := x.client.WritePacket(ok.Append(nil)); err != nil {
		return x.gone(err)
	}
	if err := x.paramDefinitions(st.params); err != nil {
		return err
	}
	x.stmts[st.id], x.last = st, st.id
	for _, c := range columns {
		if err := x.client.WritePacket(c); err != nil {
			return x.gone(err)
		}
	}
	if len(columns) > 0 {
		if err := x.definitionsEnd(); err != nil {
			return err
		}
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

// prepareNothing prepares upstream what it can do of a statement, for the id; what it says of that is not the client's.
func (x *Session) prepareNothing(st *statement) (ok wire.PrepareOK, err error) {
	if err := x.send(wire.ComStmtPrepare, st.sql); err != nil {
		return ok, err
	}
	packet, err := x.readUpstream()
	if err != nil {
		return ok, x.lost(err)
	}
	if wire.IsError(packet) {
		return ok, x.statementError(packet)
	}
	if ok, err = wire.DecodePrepareOK(packet); err != nil {
		return ok, err
	}
	st.id, st.upstream = ok.StatementID, int(ok.Params)
	for _, n := range []int{int(ok.Params), int(ok.Columns)} {
		if err := x.skipDefinitions(n); err != nil {
			return ok, err
		}
	}
	return ok, nil
}

// describeSplit prepares the text in the evaluator over empty tables, for the definitions of its result.
func (x *Session) describeSplit(ctx context.Context, st *statement, p *plan.Split, writes bool) (columns [][]byte, err error) {
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
	x.args = args{src: st.src, literals: st.literals, mode: st.mode, vars: &x.vars}
	if err := s.makeTables(ctx); err != nil {
		return nil, s.interrupted(ctx, err)
	}
	sql, err := s.text()
	if err != nil {
		return nil, err
	}
	_, err = s.prepareThere(sql, func(c []byte) error {
		columns = append(columns, c)
		return nil
	})
	return columns, s.interrupted(ctx, err)
}

// makeTables makes the evaluator's session the client's and the tables of the plan, empty.
func (s *splitRun) makeTables(ctx context.Context) error {
	if err := s.functions(ctx); err != nil {
		return err
	}
	if err := s.prepareSession(); err != nil {
		return err
	}
	if err := s.alone(); err != nil {
		return err
	}
	if s.plan.Show != nil {
		if err := s.show(s.plan.Show); err != nil {
			return err
		}
	}
	for i := range s.plan.Fetches {
		f := &s.plan.Fetches[i]
		if f.Table.Sequence() {
			continue
		}
		loader, err := s.bench.Load(f.Table, f.Columns)
		if err == nil {
			err = loader.Close()
		}
		if err != nil {
			return err
		}
	}
	return s.makeViews()
}

// executeSplit runs an execution. Where the client asks for a cursor its rows are kept; those of a SHOW come at once, as servers
// send them.
func (x *Session) executeSplit(ctx context.Context, st *statement, p *plan.Split, e *wire.Execute) error {
	if e.Flags&wire.CursorReadOnly == 0 && x.args.inlined == nil {
		if done, err := x.project(p, st, e, false); done {
			return err
		}
		x.binder.start(ctx, x.state, &x.args)
	}
	if x.args.inlined == nil {
		if err := x.inline(e.Params); err != nil {
			return err
		}
	}
	st.outputs = nil
	if e.Flags&wire.CursorReadOnly == 0 || p.Show != nil || p.Uses.NoRows {
		return x.split(ctx, p, e, false)
	}
	x.keeping = &cursor{evaluator: x.catalog.evaluator}
	err := x.split(ctx, p, e, false)
	kept := x.keeping
	if x.keeping = nil; err != nil {
		kept.close()
		return err
	}
	st.cursor = kept
	return nil
}

// executeInstead runs an execution of a rewritten statement, whose values do not fit it, by the evaluator.
func (x *Session) executeInstead(ctx context.Context, st *statement, e *wire.Execute) error {
	if err := x.asPrepared(st.src, st.db, st.mode); err != nil {
		return err
	}
	if err := x.lexer.Lex(st.src, st.mode); err != nil {
		return err
	}
	p, err := x.planSplit(ctx, st.src)
	if err != nil {
		return err
	}
	x.args = args{src: st.src, literals: st.literals, params: e.Params, index: st.index, mode: st.mode, vars: &x.vars}
	x.binder.start(ctx, x.state, &x.args)
	switch p := p.(type) {
	case *plan.Split:
		return x.executeSplit(ctx, st, p, e)
	case *plan.Store:
		return x.executeStore(ctx, st, p, e)
	case *plan.Replay:
		return x.executeReplay(ctx, st, p, e)
	}
	return x.run(ctx, p, false)
}

// prepareReplay answers COM_STMT_PREPARE of a statement that the evaluator replays.
func (x *Session) prepareReplay(ctx context.Context, st *statement, p *plan.Replay) error {
	return x.prepareSplit(ctx, st, &p.Split, true)
}

// executeReplay runs an execution.
func (x *Session) executeReplay(ctx context.Context, st *statement, p *plan.Replay, e *wire.Execute) error {
	if x.args.inlined == nil {
		if err := x.inline(e.Params); err != nil {
			return err
		}
	}
	st.outputs = nil
	return x.replay(ctx, p, e, false)
}
