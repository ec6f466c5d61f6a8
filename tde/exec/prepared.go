package exec

import (
	"context"
	"errors"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// statement is a prepared statement of the client that touches a protected table.
type statement struct {
	id        uint32 // upstream's and the client's
	src       []byte
	plan      plan.Plan
	state     *State
	literals  []plan.Literal
	index     []int // of each LitParam literal among the client's parameters
	rows      int
	width     int
	params    int          // of the client
	upstream  int          // of upstream's statement
	bound     []wire.Param // types of the last execution, values of SEND_LONG_DATA
	longData  [][]byte     // by parameter: what SEND_LONG_DATA brought since the last execution
	long      int          // bytes of it
	sql       []byte       // upstream's text
	outputs   *reader      // of the last execution, for COM_STMT_FETCH
	cursor    *cursor      // or its rows, where the evaluator computed them
	mode      plan.Mode
	db        string       // the current database of its PREPARE
	userVars  string       // that it reads
	assigns   string       // user variables, too
	template  string       // for observers
	bulkTypes []wire.Param // of the last bulk execution
	late      bool         // it is planned when it is executed, as text
}

// Owns says whether a statement id belongs to a statement that this session runs itself.
func (x *Session) Owns(id uint32) bool {
	_, ok := x.stmts[id]
	return ok
}

// Last is the id of the statement that Prepare has prepared last, 0 where that failed.
func (x *Session) Last() uint32 { return x.last }

// Prepare prepares a statement that touches a protected table, for the plan that Plan gave.
func (x *Session) Prepare(ctx context.Context, p plan.Plan, src []byte) error {
	x.Failed, x.last = false, 0
	if x.before.known {
		x.found = found{known: true, rows: x.before.rows, affected: x.before.affected} // preparing finds nothing
	}
	err := x.prepare(ctx, p, src)
	if err != nil {
		x.found = found{} // what is asked next is about this error
	}
	return x.settle(err)
}

func (x *Session) prepare(ctx context.Context, p plan.Plan, src []byte) (err error) {
	late := x.instead.src != nil
	if late {
		// The variables' values are those of the execution.
		if err := x.lexer.Lex(src, x.vars.mode); err != nil {
			return err
		}
	}
	st := &statement{
		src: append([]byte(nil), src...), plan: p, state: x.state, rows: x.lexer.Rows, width: x.lexer.RowWidth, mode: x.vars.mode, db: x.vars.DB,
		literals: append([]plan.Literal(nil), x.lexer.Literals...), late: late, template: x.note.Template,
	}
	st.userVars, st.assigns = x.UserVars(src)
	st.index = make([]int, len(st.literals))
	for i, l := range st.literals {
		if l.Kind == plan.LitParam {
			st.index[i] = st.params
			st.params++
		}
	}
	if late {
		return x.prepareLate(ctx, st)
	}
	a := &args{src: st.src, literals: st.literals, mode: st.mode, vars: &x.vars}
	switch p := p.(type) {
	case *plan.Refuse:
		_ = x.authorize(p)
		return x.refused(p)
	case *plan.ShowWarnings, *plan.GetDiagnostics:
		return &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
	case *plan.Rewrite:
		st.sql = st.text(p, a)
	case *plan.ReadModifyWrite:
		st.sql = appendPrepared(nil, p.Update, 0, a)
	case *plan.Split:
		st.sql = st.splitText(p, a)
		return x.prepareSplit(ctx, st, p, false)
	case *plan.Replay:
		st.sql = []byte(nothing)
		return x.prepareReplay(ctx, st, p)
	case *plan.Explain:
		st.sql = []byte(nothing)
		return x.prepareExplain(st)
	case *plan.Store:
		if p.Loads {
			return &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
		}
		st.sql = []byte(nothing)
	case *plan.CreateProcedure:
		if !x.catalog.mariaDB {
			return &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
		}
		st.sql = []byte(nothing)
	case *plan.CallProcedure:
		st.sql = []byte(nothing)
	case *plan.CreateView:
		if p.Verb == "ALTER" && !x.catalog.mariaDB {
			return &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
		}
		st.sql = []byte(nothing)
	case *plan.CreateTable, *plan.CreateSelect, *plan.DropTable, *plan.AlterTable, *plan.RenameTables, *plan.RenameView, *plan.ConvertTable, *plan.Designate, *plan.Keyring:
		st.sql = []byte(nothing)
	case *plan.PrepareText, *plan.ExecuteText, *plan.DeallocateText:
		return &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
	default:
		return notSupported("this statement on an encrypted table cannot be prepared; send it as text")
	}
	return x.prepareUpstream(st)
}

// codeUnpreparable is ER_UNSUPPORTED_PS.
const codeUnpreparable = 1295

// nothing is prepared upstream in place of a statement that runs otherwise, for its id.
const nothing = "DO 0"

// text is a Rewrite as the text of a prepared statement.
func (st *statement) text(p *plan.Rewrite, a *args) []byte {
	out := appendPrepared(nil, p.Head, 0, a)
	if p.Row != nil {
		for row := range st.rows {
			if row > 0 {
				out = append(out, ", "...)
			}
			out = appendPrepared(out, p.Row, row*st.width, a)
		}
	}
	return appendPrepared(out, p.Tail, 0, a)
}

// splitText is what upstream prepares of a Split: what it can do of it, if the proxy can do the rest.
func (st *statement) splitText(p *plan.Split, a *args) []byte {
	if p.Projection == nil {
		return []byte(nothing)
	}
	return st.text(&p.Projection.Query, a)
}

// prepareUpstream prepares the statement there and answers the client with its own numbers.
func (x *Session) prepareUpstream(st *statement) error {
	if err := x.send(wire.ComStmtPrepare, st.sql); err != nil {
		return err
	}
	packet, err := x.readUpstream()
	if err != nil {
		return x.lost(err)
	}
	if wire.IsError(packet) {
		return x.statementError(packet)
	}
	ok, err := wire.DecodePrepareOK(packet)
	if err != nil {
		return err
	}
	st.id, st.upstream = ok.StatementID, int(ok.Params)
	columns, params := int(ok.Columns), int(ok.Params)
	if err := x.skipDefinitions(params); err != nil {
		return err
	}
	ok.Params = uint16(st.params)
	if err := x.client.WritePacket(ok.Append(nil)); err != nil {
		return x.gone(err)
	}
	if err := x.paramDefinitions(st.params); err != nil {
		return err
	}
	x.stmts[st.id], x.last = st, st.id
	if err := x.preparedColumns(st, columns); err != nil {
		return err
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

// skipDefinitions reads the definitions of upstream's parameters: the client gets its own.
func (x *Session) skipDefinitions(n int) error {
	if n > 0 && !x.caps.Has(wire.DeprecateEOF) {
		n++
	}
	for range n {
		if _, err := x.readUpstream(); err != nil {
			return x.lost(err)
		}
	}
	return nil
}

// paramDefinitions describes the client's parameters as a server does that does not know their types yet.
func (x *Session) paramDefinitions(n int) error {
	if n == 0 {
		return nil
	}
	for range n {
		c := wire.Column{Name: []byte("?"), Charset: binaryCharset, Type: wire.TypeVarString, Flags: wire.FlagBinary}
		if err := x.client.WritePacket(c.Append(nil, x.caps)); err != nil {
			return x.gone(err)
		}
	}
	return x.definitionsEnd()
}

func (x *Session) definitionsEnd() error {
	if x.caps.Has(wire.DeprecateEOF) {
		return nil
	}
	if err := x.client.WritePacket(wire.EOF{Status: x.Status}.Append(nil)); err != nil {
		return x.gone(err)
	}
	return nil
}

// preparedColumns passes the result's definitions on as the logical table has them.
func (x *Session) preparedColumns(st *statement, n int) error {
	if n == 0 {
		return nil
	}
	p, ok := st.plan.(*plan.Rewrite)
	r := &reader{types: make([]wire.Type, n), outputs: make([]plan.Output, n)}
	if ok && !p.Star && len(p.Outputs) == n {
		r.outputs = p.Outputs
	}
	if err := x.definitions(r, ok && p.Star); err != nil {
		return err
	}
	if !x.caps.Has(wire.DeprecateEOF) {
		if _, err := x.readUpstream(); err != nil {
			return x.lost(err)
		}
	}
	return x.definitionsEnd()
}

// Execute runs COM_STMT_EXECUTE of a statement of this session's own.
func (x *Session) Execute(ctx context.Context, packet []byte) error {
	x.Failed = false
	id, _ := wire.ExecuteStatement(packet)
	st := x.stmts[id]
	st.closeCursor()
	before, long := x.found, st.longData
	err := x.execute(ctx, st, packet)
	for tries := 0; errors.Is(err, errRedefined) && tries < maxPlans; tries++ {
		x.found, st.longData = before, long // as the first time
		err = x.execute(ctx, st, packet)
	}
	st.longData, st.long = nil, 0
	if err == nil && !x.Failed && !evaluates(st.plan) {
		x.Overwritten(st.assigns)
	}
	return x.settle(err)
}

func (x *Session) execute(ctx context.Context, st *statement, packet []byte) error {
	return x.executeWith(ctx, st, func() (*wire.Execute, error) { return x.decodeExecute(st, packet) })
}

// decodeExecute reads a COM_STMT_EXECUTE with what SEND_LONG_DATA has brought.
func (x *Session) decodeExecute(st *statement, packet []byte) (*wire.Execute, error) {
	long := st.takeLong()
	x.params = append(x.params[:0], st.bound...)
	e := &wire.Execute{Params: x.params}
	if err := e.Decode(packet, st.params, x.caps); err != nil {
		return nil, err
	}
	for i, v := range long {
		if v != nil && i < len(e.Params) {
			e.Params[i].Value, e.Params[i].Long, e.Params[i].Null = v, false, false
		}
	}
	if e.Bound {
		st.keepTypes(e.Params)
	}
	return e, nil
}

// executeWith executes a statement with the parameters that bind gives.
func (x *Session) executeWith(ctx context.Context, st *statement, bind func() (*wire.Execute, error)) error {
	x.await(st.src)
	x.planned = x.catalog.generation.Load()
	if err := x.refresh(ctx); err != nil {
		return err
	}
	before := x.found
	if !st.late && (st.mode != x.vars.mode || x.present() != st.state) {
		if err := x.replan(ctx, st); err != nil {
			return err
		}
	}
	if !st.late {
		x.state = st.state // which enter compares with what is now
		leave, err := x.enter(st.plan)
		if err != nil {
			return err
		}
		defer leave()
	}
	x.before, x.found = before, found{}
	if !evaluates(st.plan) && !st.late {
		if err := x.Allows(st.userVars); err != nil {
			return err
		}
		if err := x.handOverNamed(st.userVars); err != nil {
			return err
		}
		if err := x.handOverStored(st.plan, st.src); err != nil {
			return err
		}
	}
	e, err := bind()
	if err != nil {
		return err
	}
	x.params = e.Params // what follows the statement's own are query attributes: values that stay here
	e.Params = e.Params[:st.params]
	x.lexer.Rows, x.lexer.RowWidth = st.rows, st.width
	x.state = st.state
	x.args = args{
		src: st.src, literals: st.literals, params: e.Params, index: st.index, mode: st.mode, vars: &x.vars,
	}
	if x.note.Template = st.template; !st.late {
		if err := x.authorize(st.plan); err != nil {
			return err
		}
	}
	if st.late {
		return x.executeLate(ctx, st, e.Params)
	}
	x.binder.start(ctx, x.state, &x.args)
	if err := x.readClock(st.plan); err != nil {
		return err
	}
	if x.bulked != nil {
		return x.executeInstead(ctx, st, e)
	}
	switch p := st.plan.(type) {
	case *plan.Rewrite:
		if err := x.showStatus(ctx, p); err != nil {
			return err
		}
		err := x.executeRewrite(st, p, e)
		if x.mustSplit(p, err) {
			return x.executeInstead(ctx, st, e)
		}
		return err
	case *plan.ReadModifyWrite:
		err := x.executeUpdate(ctx, st, p, e)
		if x.mustSplit(p, err) {
			return x.executeInstead(ctx, st, e)
		}
		return err
	case *plan.Split:
		return x.executeSplit(ctx, st, p, e)
	case *plan.Store:
		return x.executeStore(ctx, st, p, e)
	case *plan.Replay:
		return x.executeReplay(ctx, st, p, e)
	case *plan.Explain:
		return x.explainPrepared(ctx, st, e)
	case *plan.CallProcedure:
		return x.executeCall(ctx, st, p, e)
	case *plan.CreateTable, *plan.CreateSelect, *plan.CreateView, *plan.CreateProcedure, *plan.DropTable, *plan.AlterTable, *plan.RenameTables, *plan.RenameView, *plan.ConvertTable, *plan.Designate, *plan.Keyring:
		return x.run(ctx, p, false)
	}
	return notSupported("this statement on an encrypted table cannot be prepared; send it as text")
}

// replan plans a statement again after its schema or the way its text reads has changed. The upstream statement stays
// where its text is the same; else the client must prepare again, as after a DDL that upstream cannot follow.
func (x *Session) replan(ctx context.Context, st *statement) error {
	if err := x.asPrepared(st.src, st.db, st.mode); err != nil && (st.db != x.vars.DB || string(st.sql) == nothing) {
		return err
	}
	p, _, err := x.Plan(ctx, st.src)
	if err != nil {
		return err
	}
	a := &args{src: st.src, literals: x.lexer.Literals, mode: x.vars.mode, vars: &x.vars}
	var sql []byte
	switch p := p.(type) {
	case *plan.Rewrite:
		sql = st.text(p, a)
	case *plan.ReadModifyWrite:
		sql = appendPrepared(nil, p.Update, 0, a)
	case *plan.Split:
		sql = st.splitText(p, a)
	case *plan.Store, *plan.Replay, *plan.Explain, *plan.CreateTable, *plan.CreateSelect, *plan.CreateView, *plan.CreateProcedure, *plan.CallProcedure, *plan.DropTable, *plan.AlterTable, *plan.RenameTables, *plan.RenameView, *plan.ConvertTable, *plan.Designate, *plan.Keyring:
		sql = []byte(nothing)
	case *plan.Refuse:
		return p.Err
	}
	if string(sql) != string(st.sql) || len(x.lexer.Literals) != len(st.literals) {
		return wire.NewError(codeNeedReprepare, "Prepared statement needs to be re-prepared")
	}
	st.plan, st.state, st.mode = p, x.state, x.vars.mode
	return nil
}

// asPrepared refuses to plan a statement where its text would mean another one than at its PREPARE: servers keep to the database
// and to the sql_mode of then.
func (x *Session) asPrepared(src []byte, db string, mode plan.Mode) error {
	if db == x.vars.DB && plan.SameReading(src, mode, x.vars.mode) {
		return nil
	}
	return wire.NewError(codeNeedReprepare, "Prepared statement needs to be re-prepared: the current database or sql_mode is not that of its PREPARE")
}

// codeNeedReprepare is ER_NEED_REPREPARE.
const codeNeedReprepare = 1615

// executeRewrite binds and forwards an execution.
func (x *Session) executeRewrite(st *statement, p *plan.Rewrite, e *wire.Execute) error {
	if err := x.strict(p); err != nil {
		return err
	}
	params, err := x.bindAll(st, p)
	if err != nil {
		return err
	}
	begun := time.Now()
	x.passed = 0
	defer func() { x.step("upstream", begun, x.passed, p.Head, p.Row, p.Tail) }()
	if err := x.sendExecute(st, params, e.Flags); err != nil {
		return err
	}
	if p.Insert != nil && len(p.Outputs) == 0 {
		return x.insertAnswer(p, false)
	}
	st.outputs = nil
	x.cursorOf = st
	defer func() { x.cursorOf = nil }()
	return x.result(p, true, false)
}

func (x *Session) bindAll(st *statement, p *plan.Rewrite) ([]wire.Param, error) {
	params, err := x.binder.appendParams(nil, p.Head, 0)
	for row := 0; err == nil && p.Row != nil && row < st.rows; row++ {
		params, err = x.binder.appendParams(params, p.Row, row*st.width)
	}
	if err != nil {
		return nil, err
	}
	return x.binder.appendParams(params, p.Tail, 0)
}

// executeUpdate runs an UPDATE of sealed columns.
func (x *Session) executeUpdate(ctx context.Context, st *statement, p *plan.ReadModifyWrite, e *wire.Execute) error {
	if err := x.coerceSets(ctx, p); err != nil {
		return err
	}
	null, err := x.nullColumn(p)
	if err != nil {
		return err
	}
	if x.caps.Has(wire.FoundRows) && !p.OnUpdate && null == nil {
		params, err := x.binder.appendParams(nil, p.Update, 0)
		if err != nil {
			return err
		}
		if err := x.sendExecute(st, params, 0); err != nil {
			return err
		}
		ok, err := x.readOK()
		if err != nil {
			return x.duplicateSet(err, p)
		}
		return x.sendOK(ok, false)
	}
	if err := x.inline(e.Params); err != nil {
		return err
	}
	return x.readModifyWrite(ctx, p, false)
}

// inline turns the client's parameters into literals, for statements that the proxy sends as text.
func (x *Session) inline(params []wire.Param) error {
	for i := range params {
		v, err := paramValue(&params[i], x.vars.ClientCharset)
		if err != nil {
			return err
		}
		x.args.inlined = append(x.args.inlined, literalSQL(v))
	}
	return nil
}

func (x *Session) sendExecute(st *statement, params []wire.Param, flags uint8) error {
	if len(params) != st.upstream {
		return errParams
	}
	e := wire.Execute{StatementID: st.id, Flags: flags &^ wire.ParameterCountAvailable, Iterations: 1, Bound: true, Params: params}
	x.upstream.ResetSequence()
	if err := x.upstream.WritePacket(e.Append(nil, x.caps)); err != nil {
		return x.lost(err)
	}
	if err := x.upstream.Flush(); err != nil {
		return x.lost(err)
	}
	return nil
}

var errParams = errors.New("exec: internal error: a prepared statement's parameters do not fit it")

// keepTypes keeps the parameter types for executions that send none.
func (st *statement) keepTypes(params []wire.Param) {
	st.bound = st.bound[:0]
	for _, p := range params[:min(len(params), st.params)] {
		st.bound = append(st.bound, wire.Param{Type: p.Type, Unsigned: p.Unsigned})
	}
}

// LongData keeps a piece of COM_STMT_SEND_LONG_DATA; it is never sent upstream as it is. limit bounds what is kept.
func (x *Session) LongData(packet []byte, limit int) {
	id, ok := wire.ExecuteStatement(packet)
	st := x.stmts[id]
	if !ok || st == nil || len(packet) < 7 {
		return // the command has no answer, not even an error
	}
	n := int(packet[5]) | int(packet[6])<<8
	if n >= st.params || st.long+len(packet)-7 > limit {
		return
	}
	if st.longData == nil {
		st.longData = make([][]byte, st.params)
	}
	if st.longData[n] == nil {
		st.longData[n] = []byte{}
	}
	st.longData[n] = append(st.longData[n], packet[7:]...)
	st.long += len(packet) - 7
}

// takeLong gives the long data kept, and marks its parameters in what the next packet is decoded into.
func (st *statement) takeLong() [][]byte {
	long := st.longData
	st.longData, st.long = nil, 0
	for len(st.bound) < st.params {
		st.bound = append(st.bound, wire.Param{})
	}
	for i := range st.bound {
		st.bound[i].Long = i < len(long) && long[i] != nil
	}
	return long
}

// ResetStatement forgets long data: COM_STMT_RESET, which upstream answers.
func (x *Session) ResetStatement(id uint32) {
	if st := x.stmts[id]; st != nil {
		st.longData, st.long = nil, 0
		st.closeCursor()
	}
}

// CloseStatement forgets a statement: COM_STMT_CLOSE, which goes upstream too.
func (x *Session) CloseStatement(id uint32) {
	if st := x.stmts[id]; st != nil {
		st.closeCursor()
		delete(x.stmts, id)
	}
}

// Fetch answers COM_STMT_FETCH.
func (x *Session) Fetch(ctx context.Context, packet []byte) error {
	x.Failed = false
	id, _ := wire.ExecuteStatement(packet)
	st := x.stmts[id]
	if st.cursor != nil {
		return x.settle(x.fetchKept(st, packet))
	}
	if st.outputs == nil {
		return x.settle(x.noCursor(id))
	}
	x.upstream.ResetSequence()
	if err := x.upstream.WritePacket(packet); err != nil {
		return x.gone(err)
	}
	if err := x.upstream.Flush(); err != nil {
		return x.lost(err)
	}
	st.outputs.context = &x.vars.context
	return x.settle(x.rowLoop(st.outputs, false))
}
