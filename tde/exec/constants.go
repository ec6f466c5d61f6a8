package exec

import (
	"context"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// secret are the names among some of variables whose values upstream must not see.
func (x *Session) secret(names []string) (out []string) {
	for _, n := range x.derived(lower(names)) {
		if !x.userVars[n].constant {
			out = append(out, n)
		}
	}
	return out
}

func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	return out
}

// handOver gives upstream the variables whose values are made of the client's constants alone: what runs next may need them
// there. They are upstream's from then on.
func (x *Session) handOver() error {
	var sets []string
	for name, v := range x.userVars {
		if !v.constant {
			continue
		}
		for _, a := range v.variables(quoteName(name), nil) {
			sets = append(sets, a.Name+" = "+a.Value)
		}
	}
	if len(sets) > 0 {
		if _, err := x.exec("SET " + strings.Join(sets, ", ")); err != nil {
			return err
		}
	}
	for name, v := range x.userVars {
		if v.constant {
			delete(x.userVars, name)
		}
	}
	return nil
}

// HandOver gives upstream such variables before it runs a statement that was planned before, or is passed on.
func (x *Session) HandOver(e plan.Effects) error {
	if e.Quiet || len(x.userVars) == 0 {
		return nil
	}
	return x.handOver()
}

// handOverStored gives upstream such variables where it runs a statement on encrypted tables that may call a stored function.
func (x *Session) handOverStored(p plan.Plan, src []byte) error {
	switch p.(type) {
	case *plan.Rewrite, *plan.ReadModifyWrite:
		if x.keepsConstants() && plan.CallsStored(src, x.vars.mode) {
			return x.handOver()
		}
	}
	return nil
}

// keepsConstants says whether there are variables that upstream may be given.
func (x *Session) keepsConstants() bool {
	for _, v := range x.userVars {
		if v.constant {
			return true
		}
	}
	return false
}

// keepsSecrets says whether there are variables whose values upstream must not see.
func (x *Session) keepsSecrets() bool {
	for _, v := range x.userVars {
		if !v.constant {
			return true
		}
	}
	return false
}

// upstreams says whether upstream runs a statement that reads such variables alone, given these. What asks for nothing but
// what the evaluator knows as well is the evaluator's.
func (x *Session) upstreams(ctx context.Context, src []byte, computes bool) (bool, error) {
	p, err := x.plan(ctx, src, x.env())
	if err != nil {
		return false, err
	}
	switch p := p.(type) {
	case *plan.PassThrough:
		return !computes || !p.Effects.Quiet, nil
	case *plan.Refuse:
		return false, nil
	}
	return !evaluates(p), nil
}

// planShown leaves a statement to be planned as one that reads upstream's own variables.
func (x *Session) planShown(src []byte) (p plan.Plan, done bool, err error) {
	x.instead.src = nil
	if err := x.lexer.Lex(src, x.vars.mode); err != nil {
		return nil, true, err
	}
	return nil, false, x.handOver()
}

// planConstants has the evaluator run a statement that gives user variables constants, where it can.
func (x *Session) planConstants(ctx context.Context, pass *plan.PassThrough, src []byte) (plan.Plan, error) {
	p, err := x.planEvaluate(ctx, src)
	if split, ok := p.(*plan.Split); ok && err == nil && len(split.Fetches) == 0 {
		return p, nil
	}
	if err := x.lexer.Lex(src, x.vars.mode); err != nil {
		return nil, err
	}
	return pass, nil
}

// handOverNamed gives upstream such variables where a statement reads one: reads has their names, a space around each.
func (x *Session) handOverNamed(reads string) error {
	for name := range x.userVars {
		if strings.Contains(reads, " "+name+" ") {
			return x.handOver()
		}
	}
	return nil
}

// planAsked has the evaluator run a statement that asks, within more, about the one before, of which upstream does not know.
func (x *Session) planAsked(ctx context.Context, pass *plan.PassThrough, src []byte) (plan.Plan, error) {
	if !x.before.known || !pass.Effects.Quiet || x.catalog.evaluator == nil {
		return nil, errAsksBefore
	}
	p, err := x.planEvaluate(ctx, src)
	if split, ok := p.(*plan.Split); err == nil && (!ok || len(split.Fetches) > 0 || !split.Uses.NoRows && !plan.AsksPlainly(src)) {
		return nil, errAsksBefore
	}
	return p, err
}
