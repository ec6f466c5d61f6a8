package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// planProcedure plans a CREATE PROCEDURE whose statements the proxy can run, each as if a client had sent it; p is the refusal of any other.
func (x *Session) planProcedure(ctx context.Context, p *plan.Refuse, src []byte) (plan.Plan, error) {
	if !plan.CreatesProcedure(src) || x.catalog.evaluator == nil {
		return p, nil
	}
	refused := func(why string) plan.Plan {
		return &plan.Refuse{Reason: p.Reason, Err: answer(notSupported("this procedure could touch an encrypted table, and is none that the proxy runs itself: %s", why))}
	}
	if !ascii(src) && !strings.HasPrefix(x.vars.ClientCharset, "utf8") || wide(x.vars.ConnectionCharset) {
		return refused("its text is in another character set than utf8mb4"), nil
	}
	if modes := sqlModes(x.vars.SQLMode); modes["ORACLE"] || modes["PAD_CHAR_TO_FULL_LENGTH"] || x.vars.emptyIsNull {
		return refused("the sql_mode is ORACLE, PAD_CHAR_TO_FULL_LENGTH or EMPTY_STRING_IS_NULL"), nil
	}
	read, why := plan.ReadProcedure(string(src), x.vars.DB, x.vars.mode)
	if why != "" {
		return refused(why), nil
	}
	if read.DB != x.vars.DB {
		return refused("it is not in the current database"), nil
	}
	note := x.note.Template
	defer func() { x.instead, x.note.Template, x.found = instead{}, note, found{} }()
	for i := range read.Steps {
		if read.Steps[i].Passes {
			continue
		}
		step, err := x.planStep(ctx, &read.Steps[i], examples(read.Params))
		if isBroken(err) {
			return nil, err
		}
		if _, ok := step.(*plan.Refuse); ok || err != nil || !runs(step) {
			return refused(fmt.Sprintf("its statement %d is not supported, or names a table that is not there or not encrypted", i+1)), nil
		}
	}
	return &plan.CreateProcedure{Procedure: read}, nil
}

// callsNone refuses a program that calls a procedure whose body is sealed: its text would show arguments to upstream.
func (x *Session) callsNone(ctx context.Context, calls []plan.Routine) error {
	if len(calls) == 0 || !x.Protects() {
		return nil
	}
	for _, r := range calls {
		if r.DB == "" {
			r.DB = x.vars.DB
		}
		rows, err := x.catalog.rows(ctx, "SELECT COALESCE(ROUTINE_DEFINITION, '') FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'PROCEDURE' AND "+
			"ROUTINE_SCHEMA = ? AND ROUTINE_NAME = ?", r.DB, r.Name)
		if err != nil {
			return err
		}
		if len(rows) != 1 {
			continue
		}
		if _, _, _, sealed := schema.SealedProcedure(rows[0][0]); sealed {
			return notSupported("a stored program that calls a procedure over encrypted tables (%s.%s) is not supported", r.DB, r.Name)
		}
	}
	return nil
}

// planStep plans a statement with values for the parameters.
func (x *Session) planStep(ctx context.Context, s *plan.ProcedureStep, values []*userVar) (plan.Plan, error) {
	defer x.forgetParams(values)
	p, rest, err := x.planFirst(ctx, x.stepText(s, values))
	if err == nil && rest != nil {
		return nil, errUnread
	}
	return p, err
}

// runs says whether a plan is one of a statement of a procedure.
func runs(p plan.Plan) bool {
	switch p := p.(type) {
	case *plan.Rewrite:
		return p.StatusOf == "" && p.DefaultOf == "" && p.ProcedureOf == nil
	case *plan.Split, *plan.Store, *plan.Replay, *plan.ReadModifyWrite:
		return true
	}
	return false
}

// createProcedure makes a procedure: upstream gets one whose body holds the client's, sealed.
func (x *Session) createProcedure(ctx context.Context, p *plan.CreateProcedure, more bool) error {
	_, row, err := x.queryRow("SELECT @@collation_database")
	if err != nil {
		return err
	}
	stored := &schema.StoredProcedure{
		DB: p.DB, Name: p.Name, Head: p.Head, Body: p.Body, SQLMode: x.vars.SQLMode, Charset: x.vars.ClientCharset, Collation: x.vars.Collation,
		DatabaseCollation: string(row[0]),
	}
	cells, err := x.catalog.procedureCells(p.DB, p.Name)
	if err != nil {
		return err
	}
	body, err := stored.Seal(func(b []byte) []byte { return cells.Seal(nil, schema.MetadataColumn, b) })
	if err != nil {
		return err
	}
	if err := x.send(wire.ComQuery, []byte(p.Verb+p.Whose+"PROCEDURE "+p.Guard+quoteName(p.DB)+"."+quoteName(p.Name)+p.Head+body)); err != nil {
		return err
	}
	ok, err := x.readTold()
	if err != nil {
		return err
	}
	return x.sendOK(ok, more)
}

func (c *Catalog) procedureCells(db, name string) (*cell.Table, error) {
	key, err := c.ring.Load().ViewKey()
	if err != nil {
		return nil, err
	}
	defer key.Destroy()
	return cell.NewTable(key, schema.ProcedureID(db, name), 1)
}

// openProcedure opens what upstream has of a procedure.
func (c *Catalog) openProcedure(r plan.Routine, sealed string) (*schema.StoredProcedure, error) {
	cells, err := c.procedureCells(r.DB, r.Name)
	if err != nil {
		return nil, err
	}
	p, err := schema.OpenProcedure(r.DB, r.Name, sealed, func(b []byte) ([]byte, error) { return cells.Open(nil, schema.MetadataColumn, b) })
	if err != nil {
		c.log.Error("procedure cannot be opened; it is not called", "database", r.DB, "procedure", r.Name, "error", err)
		return nil, notSupported("procedure %s.%s cannot be opened", r.DB, r.Name)
	}
	return p, nil
}

// routine gives a row of INFORMATION_SCHEMA.ROUTINES the body that the client wrote.
func (r *shownRun) routine(row [][]byte) {
	for i, c := range r.fetch.Columns {
		if !strings.EqualFold(c.Name, "ROUTINE_DEFINITION") || r.schema < 0 || r.table < 0 {
			continue
		}
		if _, _, sealed, ok := schema.SealedProcedure(string(row[i])); ok {
			row[i] = []byte(r.catalog.procedureBody(plan.Routine{DB: string(row[r.schema]), Name: string(row[r.table])}, sealed))
		}
	}
}

// procedureBody is the body that the client wrote.
func (c *Catalog) procedureBody(r plan.Routine, sealed string) string {
	p, err := c.openProcedure(r, sealed)
	if err != nil {
		return "/* tdeproxy: the body cannot be opened */ BEGIN END"
	}
	return p.Body
}

// procedurePatch puts the body that the client wrote in the place of what upstream has of it.
func (x *Session) procedurePatch(r plan.Routine) patch {
	return func(row [][]byte) bool {
		if len(row) < 3 {
			return true
		}
		from, to, sealed, ok := schema.SealedProcedure(string(row[2]))
		if !ok {
			return true
		}
		row[2] = []byte(string(row[2][:from]) + x.catalog.procedureBody(r, sealed) + string(row[2][to:]))
		return true
	}
}
