package exec

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// planImmediate plans EXECUTE IMMEDIATE by the statement in its text. What touches no protected table goes upstream as it is; the
// expression gives the same text there.
func (x *Session) planImmediate(ctx context.Context, p *plan.ExecuteText) (plan.Plan, error) {
	vars, err := x.computed(ctx, p.Text)
	if err != nil {
		return nil, err
	}
	if vars[0].null {
		return &plan.PassThrough{Effects: plan.Effects{Session: true, Schema: true}}, nil // the server's error
	}
	text, err := x.textOf(vars[0])
	switch {
	case err != nil:
		return nil, err
	case plan.AsksBefore(text) && x.before.known:
		return nil, errAsksBefore
	case x.immediate: // the server has no such statement in another
		return nil, &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
	}
	x.immediate = true
	inner, err := x.planPrepare(ctx, &plan.PrepareText{Text: string(text)})
	x.immediate, x.instead = false, instead{}
	switch inner.(type) {
	case *plan.PassThrough:
		if x.keepsSecrets() && bytes.IndexByte(text, '@') >= 0 {
			return nil, errUnread
		}
		return &plan.PassThrough{Effects: plan.Effects{Session: true, Schema: true}}, err
	case *plan.PrepareText:
		return &plan.ExecuteText{Immediate: true, Text: []string{string(text)}, Exprs: p.Exprs}, err
	}
	return inner, err
}

// computed lets the evaluator compute expressions of literals and variables.
func (x *Session) computed(ctx context.Context, exprs []string) ([]*userVar, error) {
	if x.catalog.evaluator == nil {
		return nil, errNoEvaluator
	}
	sql, names := "SET ", make([]string, len(exprs))
	for i, e := range exprs {
		names[i] = fmt.Sprintf("_tde_expr_%d", i)
		sql += fmt.Sprintf("%s@%s = (%s)", []string{"", ", "}[min(i, 1)], names[i], e)
	}
	if err := x.lexer.Lex([]byte(sql), x.vars.mode); err != nil || x.lexer.More {
		return nil, errUnread
	}
	env := x.env()
	env.Evaluate = true
	p, err := x.plan(ctx, []byte(sql), env)
	if err != nil {
		return nil, err
	}
	split, ok := p.(*plan.Split)
	if !ok || len(split.Fetches) > 0 {
		return nil, notSupported("these expressions of EXECUTE could not be read; use user variables where tables are encrypted")
	}
	x.bindText(ctx, []byte(sql))
	before := x.found
	defer func() { x.found = before }()
	if err := x.compute(ctx, split); err != nil {
		return nil, err
	}
	vars := make([]*userVar, len(names))
	for i, n := range names {
		if vars[i] = x.userVars[n]; vars[i] == nil { // what no session keeps: NULL, as it was
			vars[i] = &userVar{null: true, literal: "NULL", set: "NULL", kind: wire.TypeNull}
		}
	}
	for i, e := range exprs {
		if !strings.Contains(e, "@") {
			vars[i].expr = e
		}
	}
	x.forgetUserVars(names)
	return vars, nil
}

// compute runs a SET of user variables in the evaluator and keeps their values.
func (x *Session) compute(ctx context.Context, p *plan.Split) error {
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	w, err := x.workspace(ctx)
	if err != nil {
		return err
	}
	defer w.Release()
	s := &splitRun{Session: x, plan: p, bench: w}
	if err := s.prepareSession(); err != nil {
		return s.interrupted(ctx, err)
	}
	sql, err := s.text()
	if err != nil {
		return err
	}
	if err := w.Query(sql); err != nil {
		return err
	}
	packet, err := w.Conn().ReadPacket()
	if err != nil {
		return s.interrupted(ctx, s.evaluated(err))
	}
	if wire.IsError(packet) {
		return s.interrupted(ctx, s.evaluatorError(packet))
	}
	w.Answered()
	return s.interrupted(ctx, s.keepUserVars())
}
