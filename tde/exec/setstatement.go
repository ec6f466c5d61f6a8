package exec

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// setStatement gives the session's variables their values, runs the statement, and gives them back those that they had.
func (x *Session) setStatement(ctx context.Context, p *plan.SetStatement, more bool) error {
	assignments, src := string(x.lexer.Template[p.From:p.To]), bytes.Clone(x.lexer.Template[p.Start:])
	if plan.AsksBefore(src) {
		return notSupported("FOUND_ROWS(), ROW_COUNT(), @@warning_count and @@error_count in SET STATEMENT … FOR are not supported where tables are encrypted")
	}
	// The server says which variables it lets a statement have, and what is wrong with a value.
	ok, err := x.exec("SET STATEMENT " + assignments + "FOR DO 0")
	if err == nil && ok.Warnings > 0 {
		err = notSupported("SET STATEMENT of a value that the server warns of, for a statement on an encrypted table, is not supported")
	}
	if err != nil {
		return err
	}
	back, err := x.restoring(p.Names)
	if err != nil {
		return err
	}
	mode := x.vars.mode
	if _, err := x.exec("SET " + assignments); err != nil {
		return err
	}
	x.Effects(plan.Effects{Session: true})
	err = x.runSet(ctx, src, mode, more)
	var broken *wire.BrokenError
	if errors.As(err, &broken) {
		return err
	}
	if _, failed := x.exec(back); failed != nil {
		return x.lost(failed) // the statement may have been answered
	}
	x.Effects(plan.Effects{Session: true})
	return err
}

// restoring is the statement that gives variables the values that they have.
func (x *Session) restoring(names []string) (string, error) {
	exprs := make([]string, len(names))
	for i, n := range names {
		exprs[i] = "@@SESSION." + quoteName(n)
	}
	_, row, err := x.queryRow("SELECT " + strings.Join(exprs, ", ") + " LIMIT 1")
	if err != nil {
		return "", err
	}
	for i := range exprs {
		exprs[i] += " = " + variableLiteral(row[i])
	}
	return "SET " + strings.Join(exprs, ", "), nil
}

// runSet runs the statement of a SET STATEMENT under its variables; it was read under those of mode.
func (x *Session) runSet(ctx context.Context, src []byte, mode plan.Mode, more bool) error {
	if err := x.refresh(ctx); err != nil {
		return err
	}
	if !plan.SameReading(src, mode, x.vars.mode) {
		return notSupported("SET STATEMENT of an sql_mode by which the statement reads otherwise is not supported where tables are encrypted")
	}
	if err := x.lexer.Lex(src, x.vars.mode); err != nil {
		return err
	}
	// What SET STATEMENT has upstream do beside it would stand in the way of ROW_COUNT() and SHOW WARNINGS.
	x.splits = true
	defer func() { x.splits = false }()
	p, err := x.plan(ctx, src, x.env())
	if err != nil {
		return err
	}
	switch p.(type) {
	case *plan.PassThrough, *plan.Rewrite, *plan.ReadModifyWrite:
		return errRedefined // it was neither when it was planned
	}
	x.bindText(ctx, src)
	return x.admit(p, func() error { return x.run(ctx, p, more) })
}
