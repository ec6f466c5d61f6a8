package exec

import (
	"context"
	"errors"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// target is a value to coerce: a literal for a column, or an expression whose first literal that is.
type target struct {
	literal int
	column  *schema.Column
	expr    []plan.Part
	base    int // of the expression's literals
}

// coerceSets lets the evaluator coerce the values of an UPDATE where Go cannot.
func (x *Session) coerceSets(ctx context.Context, p *plan.ReadModifyWrite) error {
	var row []target
	needed := false
	for i := range p.Sets {
		s := &p.Sets[i]
		if s.Null || s.Form != plan.Cell {
			continue
		}
		switch _, err := x.newValue(p, s); {
		case errors.Is(err, errCoerce):
			needed = true
		case err != nil:
			return err
		}
		row = append(row, target{s.Literal, s.Column, s.Expr, 0})
	}
	if !needed {
		return nil
	}
	err := x.evaluate(ctx, p.Table, [][]target{row})
	if err != nil {
		x.args.stored = nil
		return x.toReplay(err) // whether the row is there, and what there is to be warned of, decide all rows
	}
	return nil
}

// evaluate coerces rows of values by the evaluator's twin of their table. Rows of one shape go in one statement, so that
// the server's errors count rows as the client's statement does.
func (x *Session) evaluate(ctx context.Context, t *schema.Table, rows [][]target) error {
	if x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	if x.args.stored == nil {
		x.args.stored = map[int][]byte{}
	}
	cols := make([]*schema.Column, len(rows[0]))
	for i := range rows[0] {
		cols[i] = rows[0][i].column
	}
	cells := make([][]evaluator.Cell, len(rows))
	for r, row := range rows {
		if len(row) != len(cols) {
			return notSupported("an INSERT whose rows give different columns constants that need conversion is not supported; use one row a statement")
		}
		for i, tg := range row {
			if tg.column != cols[i] {
				return notSupported("an INSERT whose rows give different columns constants that need conversion is not supported; use one row a statement")
			}
			c, err := x.evaluatorCell(tg)
			if err != nil {
				return err
			}
			cells[r] = append(cells[r], c)
		}
	}
	stored, warnings, err := x.catalog.evaluator.Coerce(ctx, t, cols, cells, x.evaluatorSession())
	if err != nil {
		return err
	}
	if warnings > 0 {
		return notSupported("a value of this statement would be stored with a warning; such conversions of encrypted columns are not supported")
	}
	for r, row := range rows {
		for i, tg := range row {
			x.args.stored[tg.literal] = stored[r][i]
		}
	}
	return nil
}

// evaluatorSession is what the evaluator mirrors of the session.
func (x *Session) evaluatorSession() evaluator.Session {
	return evaluator.Session{SQLMode: x.vars.SQLMode, TimeZone: x.vars.TimeZone, Charset: x.vars.ConnectionCharset, Collation: x.vars.Collation, Timestamp: x.stands}
}

// evaluatorCell is a literal, parameter or expression for the evaluator.
func (x *Session) evaluatorCell(t target) (evaluator.Cell, error) {
	if t.expr != nil {
		return x.evaluatorExpr(t)
	}
	v, err := x.args.value(t.literal)
	if err != nil {
		return evaluator.Cell{}, err
	}
	if v.Kind == value.Null {
		return evaluator.Cell{Null: true}, nil
	}
	return evaluator.Cell{SQL: string(literalSQL(v))}, nil
}

// evaluatorExpr writes an expression with its literals in a form that reads the same in every session.
func (x *Session) evaluatorExpr(t target) (evaluator.Cell, error) {
	var sql []byte
	for _, p := range t.expr {
		if p.Kind == plan.PartText {
			sql = append(sql, p.Text...)
			continue
		}
		v, err := x.args.value(t.base + p.Literal)
		if err != nil {
			return evaluator.Cell{}, err
		}
		sql = append(sql, literalSQL(v)...)
	}
	return evaluator.Cell{SQL: string(sql)}, nil
}
