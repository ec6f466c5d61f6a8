package exec

import (
	"context"
	"errors"
	"slices"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// codeSyntax is ER_PARSE_ERROR.
const codeSyntax = 1064

// unreadReasons are the reasons of refusals of what nobody here can read.
var unreadReasons = map[string]bool{"unreadable": true, "template": true}

// misspelt gives a statement that is refused because it could not be read the server's own error where it is none of SQL: the
// evaluator prepares it, which runs nothing. Whatever else the evaluator says of it, it stays refused.
func (x *Session) misspelt(ctx context.Context, p *plan.Refuse, src []byte) (plan.Plan, error) {
	if x.catalog.evaluator == nil || !unreadReasons[p.Reason] {
		return p, nil
	}
	before := x.found
	err := x.prepares(ctx, src)
	x.found = before
	var broken *wire.BrokenError
	var e *wire.Error
	switch {
	case errors.As(err, &broken) && broken.Conn == x.upstream:
		return nil, err
	case errors.As(err, &e) && e.Code == codeSyntax:
		return &plan.Refuse{Reason: "syntax", Err: e}, nil
	}
	return p, nil
}

// prepares lets the evaluator prepare a text in the client's session, without any table.
func (x *Session) prepares(ctx context.Context, src []byte) error {
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	w, err := x.workspace(ctx)
	if err != nil {
		return err
	}
	defer w.Release()
	s := &splitRun{Session: x, plan: &plan.Split{}, bench: w}
	if err := s.prepareSession(); err != nil {
		return s.interrupted(ctx, err)
	}
	_, err = s.prepareThere(src, nil)
	return s.interrupted(ctx, err)
}

// nameable lets the evaluator say what is wrong with the name of a table that has a character beyond those that names may have: no
// server has such a table, and to look it up would be an error of another kind.
func (x *Session) nameable(ctx context.Context, src []byte, tables ...plan.NeedTable) error {
	beyond := func(n plan.NeedTable) bool { return beyondNames(n.DB) || beyondNames(n.Name) }
	if x.catalog.evaluator == nil || !slices.ContainsFunc(tables, beyond) {
		return nil
	}
	before := x.found
	err := x.prepares(ctx, src)
	x.found = before
	return err
}

// beyondNames says whether a name has a character outside of the Basic Multilingual Plane.
func beyondNames(name string) bool {
	for _, r := range name {
		if r > 0xffff {
			return true
		}
	}
	return false
}

// denied gives a query of a table that is not there upstream's error: the account may not read it, or it is not among those that
// LOCK TABLES has locked. Nothing of the query goes there but the table's name.
func (x *Session) denied(p *plan.Refuse) (plan.Plan, error) {
	name := quoteName(p.Absent.DB) + "." + quoteName(p.Absent.Name)
	err := x.query("SELECT 1 FROM "+name+" LIMIT 0", func([][]byte) error { return nil })
	var e *wire.Error
	switch {
	case errors.As(err, &e):
		return &plan.Refuse{Reason: p.Reason, Err: e}, nil
	case err != nil:
		return nil, err
	}
	return p, nil // another client has made it since
}
