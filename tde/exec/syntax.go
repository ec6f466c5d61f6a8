package exec

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"slices"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// codeSyntax is ER_PARSE_ERROR.
const codeSyntax = 1064

// unreadReasons are the reasons of refusals of what nobody here can read.
var unreadReasons = map[string]bool{"unreadable": true, "template": true, "stored-program": true, "dynamic-sql": true}

// parserCodes are errors that servers' parsers find in the text of a statement alone, mostly of stored programs: whatever tables,
// routines and privileges there are, the statement has them. https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
var parserCodes = map[uint16]bool{
	codeSyntax: true,
	1303:       true, // ER_SP_NO_RECURSIVE_CREATE
	1308:       true, // ER_SP_LILABEL_MISMATCH
	1309:       true, // ER_SP_LABEL_REDEFINE
	1310:       true, // ER_SP_LABEL_MISMATCH
	1313:       true, // ER_SP_BADRETURN
	1314:       true, // ER_SP_BADSTATEMENT
	1319:       true, // ER_SP_COND_MISMATCH
	1320:       true, // ER_SP_NORETURN
	1323:       true, // ER_SP_BAD_CURSOR_QUERY
	1324:       true, // ER_SP_CURSOR_MISMATCH
	1327:       true, // ER_SP_UNDECLARED_VAR
	1330:       true, // ER_SP_DUP_PARAM
	1331:       true, // ER_SP_DUP_VAR
	1332:       true, // ER_SP_DUP_COND
	1333:       true, // ER_SP_DUP_CURS
	1335:       true, // ER_SP_SUBSELECT_NYI
	1336:       true, // ER_STMT_NOT_ALLOWED_IN_SF_OR_TRG
	1337:       true, // ER_SP_VARCOND_AFTER_CURSHNDLR
	1338:       true, // ER_SP_CURSOR_AFTER_HANDLER
	1362:       true, // ER_TRG_CANT_CHANGE_ROW
	1363:       true, // ER_TRG_NO_SUCH_ROW_IN_TRG
	1407:       true, // ER_SP_BAD_SQLSTATE
	1413:       true, // ER_SP_DUP_HANDLER
	1415:       true, // ER_SP_NO_RETSET
	1422:       true, // ER_COMMIT_NOT_ALLOWED_IN_SF_OR_TRG
	1641:       true, // ER_DUP_SIGNAL_SET
	1646:       true, // ER_SIGNAL_BAD_CONDITION_TYPE
}

// planUnread plans a text that is not read here but looked through.
func (x *Session) planUnread(ctx context.Context, src []byte, env *plan.Env, named bool) (plan.Plan, error) {
	if named && x.keepsSecrets() {
		return nil, errUnread
	}
	p := plan.Unreadable(string(src), env)
	x.before, x.found = x.found, found{}
	switch p := p.(type) {
	case *plan.Refuse:
		q, err := x.misspelt(ctx, p, src)
		if err == nil && q == plan.Plan(p) {
			return x.planProcedure(ctx, p, src)
		}
		return q, err
	case *plan.PassThrough:
		if err := x.callsNone(ctx, p.Within); err != nil {
			return nil, err
		}
		if x.before.known && (plan.AsksBefore(src) || asksWithin.Match(src)) && plan.Compound(src) {
			return nil, errAsksBefore
		}
		if p.Calls != nil && x.Protects() {
			return p, x.harmless(ctx, p.Calls, false)
		}
	}
	return p, nil
}

// asksWithin finds what asks about the statement before in a compound statement.
var asksWithin = regexp.MustCompile(`(?i)\bDIAGNOSTICS\b|\bSHOW\s+(?:WARNINGS|ERRORS|COUNT)\b`)

// misspelt gives a statement that is refused because it could not be read the server's own error where it is none of SQL, or of a
// stored program that no server takes: the evaluator prepares it, which runs nothing. Whatever else the evaluator says of it, it stays refused.
func (x *Session) misspelt(ctx context.Context, p *plan.Refuse, src []byte) (plan.Plan, error) {
	if x.catalog.evaluator == nil || !unreadReasons[p.Reason] {
		return p, nil
	}
	e, err := x.parserError(ctx, src)
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return p, nil
	case e.Code == codeSyntax && x.caps.Has(wire.MultiStatements):
		if first, err := x.endsEarly(ctx, src); first || err != nil {
			return p, err
		}
	}
	return &plan.Refuse{Reason: "syntax", Err: e}, nil
}

// mostSemicolons bounds how often endsEarly asks.
const mostSemicolons = 32

// endsEarly says whether a text that is none of SQL could be a statement and more: where clients may send several, a server runs those that
// stand before a mistake.
func (x *Session) endsEarly(ctx context.Context, src []byte) (bool, error) {
	if bytes.Count(src, []byte(";")) > mostSemicolons {
		return true, nil
	}
	for i, c := range src {
		if c != ';' || i == len(src)-1 {
			continue
		}
		if e, err := x.parserError(ctx, src[:i]); err != nil || e == nil || e.Code != codeSyntax {
			return true, err
		}
	}
	return false, nil
}

// parserError is the error that the evaluator's parser has for a text; nil is none, or one that depends on more than the text.
func (x *Session) parserError(ctx context.Context, src []byte) (*wire.Error, error) {
	before := x.found
	err := x.prepares(ctx, src)
	x.found = before
	var broken *wire.BrokenError
	var e *wire.Error
	switch {
	case errors.As(err, &broken) && broken.Conn == x.upstream:
		return nil, err
	case errors.As(err, &e) && parserCodes[e.Code]:
		return e, nil
	}
	return nil, nil
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
