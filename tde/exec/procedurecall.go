package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// errSealed says that a procedure is the proxy's to run.
var errSealed = errors.New("exec: a procedure whose body is sealed")

// planNamed plans a statement that names user variables of this session, but for a CALL of a procedure that the proxy runs itself.
func (x *Session) planNamed(ctx context.Context, src []byte) (p plan.Plan, done bool, err error) {
	if r, ok := plan.Called(src, x.vars.mode, x.vars.DB); ok {
		rows, err := x.catalog.rows(ctx, "SELECT COALESCE(ROUTINE_DEFINITION, '') FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'PROCEDURE' AND "+
			"ROUTINE_SCHEMA = ? AND ROUTINE_NAME = ?", r.DB, r.Name)
		if err != nil {
			return nil, false, err
		}
		if len(rows) != 1 {
			return nil, false, nil // which is an error
		}
		if _, _, _, sealed := schema.SealedProcedure(rows[0][0]); sealed {
			return nil, false, nil
		}
	}
	return x.planUserVars(ctx, src)
}

// planCall plans a CALL: upstream's where what it calls touches nothing that is protected, the proxy's own where its body is sealed.
func (x *Session) planCall(ctx context.Context, p *plan.PassThrough, src []byte) (plan.Plan, error) {
	err := x.harmless(ctx, p.Calls, true)
	if !errors.Is(err, errSealed) {
		return p, err
	}
	args, ok := plan.CallArguments(src, x.vars.mode)
	if !ok {
		return nil, notSupported("this CALL of a procedure over encrypted tables could not be read; write it more plainly")
	}
	return &plan.CallProcedure{Routine: p.Calls[0], Args: args}, nil
}

// callProcedure runs a procedure's statements, one after the other.
func (x *Session) callProcedure(ctx context.Context, p *plan.CallProcedure, more bool) error {
	kept, err := x.keptProcedure(ctx, p.Routine)
	if err != nil {
		return err
	}
	read, why := plan.ReadProcedure("CREATE PROCEDURE p"+kept.Head+kept.Body, kept.DB, readingMode(sqlModes(kept.SQLMode), x.catalog.mariaDB, x.catalog.version))
	if why != "" {
		return notSupported("procedure %s.%s is none that this version of the proxy runs", p.DB, p.Name)
	}
	if err := x.mayCallProcedure(p, len(read.Params)); err != nil {
		return err
	}
	if err := x.asDefiner(p.Routine, kept); err != nil {
		return err
	}
	if !x.caps.Has(wire.MultiResults) {
		return notSupported("CALL of a procedure over encrypted tables by a client that takes no several results")
	}
	values, err := x.arguments(ctx, read.Params, p.Args, kept.DatabaseCollation)
	if err != nil {
		return err
	}
	read.DB, read.Name = kept.DB, kept.Name
	return x.inProcedure(ctx, kept.StoredProcedure, func() error { return x.runProcedure(ctx, read, values, more) })
}

// keptProcedure is a procedure as upstream has it.
type keptProcedure struct {
	*schema.StoredProcedure
	definer string
	invoker bool // SQL SECURITY INVOKER
}

// keptProcedure looks at a procedure: others change procedures without the proxy.
func (x *Session) keptProcedure(ctx context.Context, r plan.Routine) (*keptProcedure, error) {
	rows, err := x.catalog.rows(ctx, "SELECT COALESCE(ROUTINE_DEFINITION, ''), DEFINER, SECURITY_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'PROCEDURE' "+
		"AND ROUTINE_SCHEMA = ? AND ROUTINE_NAME = ?", r.DB, r.Name)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, errRedefined
	}
	_, _, sealed, ok := schema.SealedProcedure(rows[0][0])
	if !ok {
		return nil, errRedefined
	}
	p, err := x.catalog.openProcedure(r, sealed)
	return &keptProcedure{p, rows[0][1], rows[0][2] == "INVOKER"}, err
}

// mayCallProcedure has upstream say whether the client may call a procedure with the arguments of its call, of which none is sent. It is called
// with another number of arguments than it has: privileges are looked at before that is, and nothing runs.
func (x *Session) mayCallProcedure(p *plan.CallProcedure, params int) error {
	name := quoteName(p.DB) + "." + quoteName(p.Name)
	if !ascii([]byte(name)) && !strings.HasPrefix(x.vars.ClientCharset, "utf8") {
		return notSupported("CALL of a procedure over encrypted tables whose name is not ASCII needs SET NAMES utf8mb4")
	}
	n := len(p.Args)
	if n == params {
		n++
	}
	_, err := x.exec("CALL " + name + "(" + strings.TrimSuffix(strings.Repeat("NULL, ", n), ", ") + ")")
	if e := (*wire.Error)(nil); errors.As(err, &e) && e.Code == codeWrongArgs && len(p.Args) == params {
		return nil
	}
	if err == nil {
		return errRedefined
	}
	return err
}

// asDefiner refuses a call in which the statements would have other privileges than the client.
func (x *Session) asDefiner(r plan.Routine, p *keptProcedure) error {
	if p.invoker {
		return nil
	}
	_, row, err := x.queryRow("SELECT CURRENT_USER(), CURRENT_ROLE()")
	if err != nil || p.definer == string(row[0]) && (row[1] == nil || string(row[1]) == "NONE") {
		return err
	}
	return notSupported("procedure %s.%s runs with the privileges of its definer, who is another account, or without the client's roles; make it SQL SECURITY INVOKER", r.DB, r.Name)
}

// inProcedure runs what does so in the procedure's database and under the variables of the session that made it.
func (x *Session) inProcedure(ctx context.Context, p *schema.StoredProcedure, run func() error) error {
	db := x.vars.DB
	var set, back string
	if x.vars.SQLMode != p.SQLMode || x.vars.ClientCharset != p.Charset || x.vars.Collation != p.Collation {
		names := []string{"sql_mode", "character_set_client", "collation_connection"}
		var err error
		if back, err = x.restoring(names); err != nil {
			return err
		}
		set = fmt.Sprintf("SET sql_mode = '%s', character_set_client = %s, collation_connection = %s", p.SQLMode, p.Charset, p.Collation)
		if !plainWords(p.SQLMode) || !plainWords(p.Charset) || !plainWords(p.Collation) {
			return notSupported("procedure %s.%s was made under variables of an unknown kind", p.DB, p.Name)
		}
	}
	if db != p.DB && db == "" {
		return notSupported("CALL of a procedure over encrypted tables without a current database")
	}
	enter, leave := []string{set}, []string{back}
	if db != p.DB {
		enter, leave = append(enter, "USE "+quoteName(p.DB)), append(leave, "USE "+quoteName(db))
	}
	err := x.execAll(enter)
	if err == nil {
		if err = x.refresh(ctx); err == nil {
			err = run()
		}
	}
	if isBroken(err) {
		return err
	}
	if failed := x.execAll(leave); failed != nil {
		return x.lost(failed) // the statements may have been answered
	}
	return err
}

// execAll runs statements that change what is known of the session.
func (x *Session) execAll(list []string) error {
	for _, sql := range list {
		if sql == "" {
			continue
		}
		if _, err := x.exec(sql); err != nil {
			return err
		}
		x.Effects(plan.Effects{Session: true})
	}
	return nil
}

// runProcedure runs the statements and sends what ends a CALL.
func (x *Session) runProcedure(ctx context.Context, p *plan.Procedure, values []*userVar, more bool) error {
	if err := x.untracked(p); err != nil {
		return err
	}
	begins := found{known: true, rows: x.before.rows}
	for i := range p.Steps { // before the first one does anything
		if p.Steps[i].Passes {
			continue
		}
		step, err := x.planStep(ctx, &p.Steps[i], values)
		r, refused := step.(*plan.Refuse)
		switch {
		case err != nil:
			return err
		case refused:
			return r.Err
		case !runs(step):
			return notSupported("a table that the procedure names is not encrypted any more")
		}
	}
	x.found = begins
	var last wire.OK
	for i := range p.Steps {
		ok, err := x.runStep(ctx, &p.Steps[i], values)
		if err == nil && x.Failed {
			return x.failedAt(ctx, p, p.Steps[i].Line)
		}
		if err != nil {
			return err
		}
		if x.catalog.mariaDB { // which counts the rows of all
			ok.AffectedRows += last.AffectedRows
		}
		last = ok
	}
	if err := x.called(last.Warnings > 0 || p.Steps[len(p.Steps)-1].Query); err != nil {
		return err
	}
	x.found.affected = int64(last.AffectedRows)
	return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement, AffectedRows: last.AffectedRows, Warnings: x.found.count}, more)
}

// called keeps what the client may ask about a CALL: that is about its last statement, which upstream forgets with what the proxy asks itself.
func (x *Session) called(warns bool) (err error) {
	defer func() { x.found.here = true }()
	if x.found.known {
		return nil
	}
	f := found{known: true}
	if warns {
		if f.columns, err = x.warningColumns(); err != nil {
			return err
		}
		err = x.query("SHOW WARNINGS", func(row [][]byte) error {
			var out []byte
			for _, v := range row {
				out = wire.AppendString(out, v)
			}
			f.warnings = append(f.warnings, out)
			return nil
		})
		if err != nil {
			return err
		}
		f.count = uint16(len(f.warnings))
		for _, w := range f.warnings {
			if isErrorRow(w) {
				f.errors++
			}
		}
	}
	_, row, err := x.queryRow("SELECT FOUND_ROWS()")
	if err != nil {
		return err
	}
	f.rows, err = strconv.ParseUint(string(row[0]), 10, 64)
	x.found = f
	return err
}

// failedAt keeps what the client may ask about a CALL that has ended in an error: MariaDB notes the line.
func (x *Session) failedAt(ctx context.Context, p *plan.Procedure, line int) error {
	if err := x.called(true); err != nil {
		return err
	}
	x.found.affected = -1
	if !x.catalog.mariaDB {
		return nil
	}
	rows, err := x.catalog.rows(ctx, "SHOW CREATE PROCEDURE "+quoteName(p.DB)+"."+quoteName(p.Name))
	if err != nil || len(rows) != 1 || len(rows[0]) < 3 {
		return nil //nolint:nilerr // the client has been told of its own error
	}
	from, _, _, _ := schema.SealedProcedure(rows[0][2])
	line += 1 + strings.Count(rows[0][2][:from], "\n")
	row := wire.AppendString(nil, []byte("Note"))
	row = wire.AppendString(row, []byte("4094"))
	row = wire.AppendString(row, fmt.Appendf(nil, "At line %d in %s.%s", line, p.DB, p.Name))
	x.found.warnings = append(x.found.warnings, row)
	x.found.count++
	return nil
}

// runStep runs a statement; the answer of one without rows is not for the client. Where it fails, the client has been told.
func (x *Session) runStep(ctx context.Context, s *plan.ProcedureStep, values []*userVar) (wire.OK, error) {
	defer x.forgetParams(values)
	text := x.stepText(s, values)
	if s.Passes {
		return x.passStep(string(text))
	}
	if s.Query && x.binaryCall {
		return wire.OK{}, x.runBinary(ctx, text)
	}
	p, _, err := x.Plan(ctx, text)
	if err != nil {
		return wire.OK{}, err
	}
	if s.Query {
		return wire.OK{}, x.Run(ctx, p, text, true)
	}
	g := &gathered{}
	x.gather = g
	err = x.Run(ctx, p, text, false)
	x.gather = nil
	if err == nil && g.err != nil {
		if !x.found.known {
			x.found = foundError(g.err, x.before.rows) // upstream's own words may be of what is stored
		}
		err = x.fail(g.err)
	}
	return g.last, err
}

// passStep begins or ends a transaction. MariaDB goes on telling of what the statement before has warned of.
func (x *Session) passStep(text string) (wire.OK, error) {
	x.Failed = false
	if err := x.called(true); err != nil {
		return wire.OK{}, err
	}
	if !x.catalog.mariaDB {
		x.found = found{known: true, here: true, rows: x.found.rows}
	}
	ok, err := x.exec(text)
	if err != nil {
		return ok, x.settle(err)
	}
	return ok, nil
}

// untracked refuses a procedure that begins or ends transactions where the client is told of their state with each result.
func (x *Session) untracked(p *plan.Procedure) error {
	if !slices.ContainsFunc(p.Steps, func(s plan.ProcedureStep) bool { return s.Passes }) {
		return nil
	}
	_, row, err := x.queryRow("SELECT @@session_track_transaction_info")
	if err != nil || string(row[0]) == "OFF" {
		return err
	}
	return notSupported("START TRANSACTION, COMMIT and ROLLBACK in a procedure over encrypted tables where session_track_transaction_info is not OFF")
}

// executeCall runs an execution of a CALL that was prepared.
func (x *Session) executeCall(ctx context.Context, st *statement, p *plan.CallProcedure, e *wire.Execute) error {
	if e.Flags&wire.CursorReadOnly != 0 || !x.caps.Has(wire.PSMultiResults) {
		return notSupported("a prepared CALL of a procedure over encrypted tables, with a cursor or by a client that takes no several results of it")
	}
	if err := x.inline(e.Params); err != nil {
		return err
	}
	args, ok := plan.CallArguments(withParams(st.src, st.literals, x.args.inlined), st.mode)
	if !ok {
		return notSupported("this CALL of a procedure over encrypted tables could not be read; write it more plainly")
	}
	x.binaryCall = true
	defer func() { x.binaryCall = false }()
	return x.callProcedure(ctx, &plan.CallProcedure{Routine: p.Routine, Args: args}, false)
}

// runBinary runs a query whose rows are to be in the binary protocol: the evaluator gives them so.
func (x *Session) runBinary(ctx context.Context, text []byte) error {
	x.Failed, x.splits = false, true
	p, _, err := x.Plan(ctx, text)
	x.splits = false
	if err != nil {
		return err
	}
	split, ok := p.(*plan.Split)
	switch r, refused := p.(*plan.Refuse); {
	case refused:
		return x.settle(r.Err)
	case !ok:
		return x.settle(errRedefined)
	}
	x.bindText(ctx, text)
	return x.settle(x.admit(p, func() error {
		if err := x.authorize(p); err != nil {
			return err
		}
		return x.split(ctx, split, &wire.Execute{}, true)
	}))
}

// stepText is a statement with the values of parameters: numbers of the client's own stand in it, other values in user variables of the session's
// that upstream does not see.
func (x *Session) stepText(s *plan.ProcedureStep, values []*userVar) []byte {
	var out []byte
	for i, text := range s.Texts {
		out = append(out, text...)
		if i == len(s.Params) {
			break
		}
		n := s.Params[i]
		if v := values[n]; v.collation == "" && v.constant {
			out = append(append(append(out, ' '), v.literal...), ' ')
			continue
		}
		if x.userVars == nil {
			x.userVars = map[string]*userVar{}
		}
		v := *values[n]
		v.constant = false
		x.userVars[paramName(n)] = &v
		out = append(out, " @"+paramName(n)+" "...)
	}
	return out
}

func paramName(n int) string { return fmt.Sprintf("%sprocedure_%d", schema.Prefix, n) }

func (x *Session) forgetParams(values []*userVar) {
	for n := range values {
		delete(x.userVars, paramName(n))
	}
}

// examples are values with which statements are planned that are not run.
func examples(params []plan.Param) []*userVar {
	out := make([]*userVar, len(params))
	for i, p := range params {
		switch p.Type {
		case plan.ParamText:
			out[i] = textVar([]byte("a"), "utf8mb4_general_ci")
		case plan.ParamDecimal:
			out[i] = decimalVar("1.0")
		default:
			out[i] = integerVar("1", false)
		}
		out[i].constant = true
	}
	return out
}

func textVar(raw []byte, collation string) *userVar {
	v := &userVar{literal: string(raw), bytes: raw, null: raw == nil, kind: wire.TypeVarString}
	if v.null {
		v.literal = "NULL"
	}
	v.text(raw, collation)
	return v
}

func decimalVar(literal string) *userVar {
	return newUserVar(&wire.Column{Type: wire.TypeNewDecimal}, []byte(literal), "")
}

func integerVar(literal string, unsigned bool) *userVar {
	c := &wire.Column{Type: wire.TypeLongLong}
	if unsigned {
		c.Flags = wire.FlagUnsigned
	}
	return newUserVar(c, []byte(literal), "")
}

// arguments are the values of a call's arguments in the types of the parameters.
func (x *Session) arguments(ctx context.Context, params []plan.Param, args []string, collation string) ([]*userVar, error) {
	if len(args) == 0 {
		return nil, nil
	}
	for _, a := range args {
		if plan.CallsStored([]byte("SELECT "+a), x.vars.mode) || strings.Contains(a, ":=") {
			return nil, notSupported("a stored function or an assignment in an argument of a CALL of a procedure over encrypted tables is not supported")
		}
	}
	given, err := x.computed(ctx, args)
	if err != nil {
		return nil, err
	}
	out := make([]*userVar, len(args))
	for i, v := range given {
		if out[i], err = convertArgument(&params[i], v, collation); err != nil {
			return nil, err
		}
		out[i].constant = v.constant || !strings.Contains(args[i], "@")
	}
	return out, nil
}
