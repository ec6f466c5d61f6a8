package exec

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Session runs the statements of one client that touch protected tables. It is used by one goroutine.
type Session struct {
	catalog          *Catalog
	client, upstream *wire.Conn
	caps             wire.Capability

	// ID is the connection's, upstream's and the client's.
	ID uint32
	// Status are the server's status flags as the client saw them last.
	Status uint16
	// User and Peer are the name that the client logged in with and its address: for the audit log.
	User, Peer string
	// Failed says that the last statement ended in an error, so that those after it in the same text do not run.
	Failed bool

	turn    atomic.Uint64 // see turns
	planned uint64        // the generation of conversions in which the statement was planned
	born    uint64        // the generation in which the session began
	within  *Conversion   // that has let the command through

	doubt bool // a statement has failed since Status was told: a transaction may be gone
	state *State
	vars  Vars
	known bool // vars holds
	clock bool // the client may have set the session's time
	// stands is the statement's time as a number, where clock is true and the statement writes.
	stands string

	mirror       []evaluator.Variable // for the evaluator; nil while not known
	packet       uint32               // upstream's max_allowed_packet, known as mirror is
	found        found                // of the last statement
	before       found                // of the one before, for what asks about it
	tablesLocked bool                 // by LOCK TABLES
	unrelaxed    bool                 // upstream's binlog takes no READ COMMITTED transactions
	isolates     bool                 // SET TRANSACTION has given a transaction a level that the session's variable does not tell
	userVars     map[string]*userVar  // by name in lower case
	instead      instead              // of the statement that Plan has seen last
	texts        texts                // prepared by SQL
	temporary    temporary
	shapes       map[shapeKey]*shape // of results that the proxy can compute
	binaryCall   bool                // a CALL that was prepared is being executed
	immediate    bool                // an EXECUTE IMMEDIATE is being planned
	splits       bool                // what upstream could compute is the evaluator's, too
	analyzes     bool                // the statement runs for its figures
	using        []*userVar          // the parameters of such a statement that is being executed; nil: there is none

	lexer    plan.Lexer
	key      []byte
	sql      []byte
	args     args
	binder   binder
	stmts    map[uint32]*statement
	last     uint32       // the id of the one that was prepared last
	params   []wire.Param // of the execution under way
	rowPatch patch        // of the result that comes next; nil: none
	// cursorOf is the prepared statement whose result is being read.
	cursorOf *statement
	// keeping is the cursor that the execution at work opens.
	keeping *cursor
	// listing is the body of the COM_FIELD_LIST at work; nil: none is.
	listing []byte
	// bulked are rows of parameters for the evaluator, gather what is answered while a bulk execution goes on; nil: there is none.
	bulked *bulked
	gather *gathered
	note   note
	// Multi says that upstream takes several statements in one text.
	Multi  bool
	opened uint64 // cells since a statement was last counted
	passed uint64 // rows of upstream's last result that were passed on
}

// NewSession makes the executor of a session with capabilities caps on both sides.
func NewSession(c *Catalog, client, upstream *wire.Conn, caps wire.Capability) *Session {
	x := &Session{catalog: c, client: client, upstream: upstream, caps: caps, stmts: map[uint32]*statement{}, born: c.generation.Load()}
	x.binder.weights = c.weights
	return x
}

// Reset forgets what was known of the session: after COM_CHANGE_USER and COM_RESET_CONNECTION.
func (x *Session) Reset() {
	x.known, x.mirror, x.found, x.tablesLocked, x.isolates, x.clock, x.unrelaxed = false, nil, found{}, false, false, false, false
	x.closeCursors()
	clear(x.stmts)
	clear(x.userVars)
	x.texts, x.temporary, x.shapes = texts{}, temporary{}, nil
}

// Doubt notes that a forwarded statement has failed. Errors carry no status flags, and some end the transaction.
func (x *Session) Doubt() { x.doubt = true }

// Effects applies what a statement that went through may have changed.
func (x *Session) Effects(e plan.Effects) {
	if e.Session {
		x.known, x.mirror, x.shapes = false, nil, nil
	}
	if e.UseDB != "" {
		x.vars.DB = e.UseDB
	}
	if e.Schema {
		x.catalog.forgetPlain()
	}
}

func lostUpstream(c *wire.Conn, err error) error { return &wire.BrokenError{Conn: c, Err: err} }

func (x *Session) lost(err error) error { return lostUpstream(x.upstream, err) }
func (x *Session) gone(err error) error { return lostUpstream(x.client, err) }

// Plan lexes and plans the first statement of src. The plan is Refuse where that cannot be done safely. rest is what of
// src follows the statement. An error is of a connection and ends the session.
func (x *Session) Plan(ctx context.Context, src []byte) (p plan.Plan, rest []byte, err error) {
	x.note.Template = ""
	p, rest, err = x.planFirst(ctx, src)
	var broken *wire.BrokenError
	if err != nil && !errors.As(err, &broken) {
		p, err = &plan.Refuse{Reason: "error", Err: answer(err)}, nil
	}
	if err == nil {
		x.notePlan(p)
	}
	if pass, ok := p.(*plan.PassThrough); ok && err == nil {
		err = x.HandOver(pass.Effects)
	}
	return p, rest, err
}

func (x *Session) planFirst(ctx context.Context, src []byte) (p plan.Plan, rest []byte, err error) {
	x.instead, x.lexer.Vars = instead{}, nil
	x.await(src)
	x.planned = x.catalog.generation.Load()
	named := x.named(src)
	if named && plan.Diagnostics(src) && !x.found.known {
		if names := x.derived(plan.UserVarsOf(src, x.vars.mode).Reads); len(names) > 0 {
			return nil, nil, errUserVar(names...)
		}
	}
	if p := x.diagnose(src); p != nil {
		return p, nil, nil
	}
	if !x.known && plan.Diagnostics(src) {
		return &plan.PassThrough{Effects: plan.Effects{Quiet: true}}, nil, nil // asking for variables would throw away what it asks for
	}
	if err := x.refresh(ctx); err != nil {
		return nil, nil, err
	}
	x.state = x.present()
	env := x.env()
	unread := !bytewise(x.vars.ClientCharset) && !ascii(src) || plan.StoredProgram(src)
	if unread || x.lexer.Lex(src, x.vars.mode) != nil {
		x.clock = x.clock || setsClock.Match(src)
		p, err := x.planUnread(ctx, src, env, named)
		return p, nil, err
	}
	if x.lexer.More {
		rest = src[x.lexer.End+1:]
	}
	x.noteTemplate()
	x.trackLocks(x.lexer.Template)
	x.before, x.found = x.found, found{}
	src = src[:x.lexer.End]
	x.clock = x.clock || setsClock.Match(src)
	if named {
		p, done, err := x.planNamed(ctx, src)
		if done || err != nil {
			return p, rest, err
		}
	}
	if p, err = x.plan(ctx, src, env); err != nil {
		return nil, rest, err
	}
	if pass, ok := p.(*plan.PassThrough); ok && plan.AsksBefore(src) && (x.before.known || !pass.Effects.Quiet && x.keepsConstants()) {
		answer, err := x.planAsked(ctx, pass, src)
		return answer, rest, err
	}
	switch p := p.(type) {
	case *plan.PassThrough:
		if p.Calls != nil && x.Protects() {
			called, err := x.planCall(ctx, p, src)
			return called, rest, err
		}
		if p.Constants && x.Protects() && x.catalog.evaluator != nil {
			kept, err := x.planConstants(ctx, p, src)
			return kept, rest, err
		}
	case *plan.PrepareText, *plan.ExecuteText, *plan.DeallocateText:
		p, err := x.planText(ctx, p)
		return p, rest, err
	case *plan.Refuse:
		if len(x.lexer.Vars) > 0 {
			stored, err := x.planStored(ctx, src)
			if stored != nil || err != nil {
				return stored, rest, err
			}
		}
		if p.Absent != nil {
			denied, err := x.denied(p)
			return denied, rest, err
		}
		other, err := x.misspelt(ctx, p, src)
		return other, rest, err
	case *plan.SetStatement:
		if e, ok := p.Of.(*plan.ExecuteText); ok && x.texts.own[e.Name] == nil {
			pass, err := x.planText(ctx, e)
			return pass, rest, err
		}
	}
	return p, rest, nil
}

// errAsksBefore refuses what asks upstream about a statement that it does not know of.
var errAsksBefore error = notSupported("FOUND_ROWS(), ROW_COUNT(), @@warning_count and @@error_count within more, or in a compound statement, after a statement that upstream " +
	"did not compute; select them alone")

// UserVars are the user variables that the statement src, which Plan has seen last, reads and assigns: in lower case, a space
// around each.
func (x *Session) UserVars(src []byte) (reads, writes string) {
	if len(x.lexer.Vars) == 0 {
		return "", ""
	}
	u := plan.UserVarsOf(src, x.vars.mode)
	return spaced(u.Reads), spaced(u.Writes)
}

func spaced(names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(" " + n + " ")
	}
	return b.String()
}

// Forwarded notes that the statement that Plan has seen last has gone upstream: what it assigned is upstream's.
func (x *Session) Forwarded(failed bool) {
	if !failed {
		x.forgetUserVars(x.instead.writes)
	}
	if x.instead.after != nil {
		x.instead.after(failed)
	}
}

// Remembers says whether that statement changes what is known here of user variables or prepared statements.
func (x *Session) Remembers() bool { return len(x.instead.writes) > 0 || x.instead.after != nil }

// Allows refuses the execution of a statement prepared upstream that reads user variables whose values are here alone.
func (x *Session) Allows(reads string) error {
	for name, v := range x.userVars {
		if !v.constant && strings.Contains(reads, " "+name+" ") {
			return errUserVar(name)
		}
	}
	return nil
}

// Overwritten notes that a statement prepared upstream has assigned user variables.
func (x *Session) Overwritten(writes string) {
	for name := range x.userVars {
		if strings.Contains(writes, " "+name+" ") {
			delete(x.userVars, name)
		}
	}
}

// maxCalled bounds how many procedures one may call, and they call.
const maxCalled = 64

// harmless refuses to call procedures that could touch a protected table, by themselves or by others that they call. It looks at the bodies each
// time: procedures change without the proxy. plain is a CALL by itself.
func (x *Session) harmless(ctx context.Context, calls []plan.Routine, plain bool) error {
	env := x.env()
	queue := make([]plan.Routine, 0, len(calls))
	add := func(r plan.Routine, db string) {
		if r.DB == "" {
			r.DB = db // where a procedure runs, its own database is the current one
		}
		if !slices.Contains(queue, r) {
			queue = append(queue, r)
		}
	}
	for _, r := range calls {
		add(r, x.vars.DB)
	}
	for i := 0; i < len(queue); i++ {
		r := queue[i]
		if i == maxCalled {
			return notSupported("a procedure that calls more than %d others is not supported where tables are encrypted", maxCalled)
		}
		rows, err := x.catalog.rows(ctx, "SELECT COALESCE(ROUTINE_DEFINITION, ''), SQL_MODE FROM information_schema.ROUTINES "+
			"WHERE ROUTINE_TYPE = 'PROCEDURE' AND ROUTINE_SCHEMA = ? AND ROUTINE_NAME = ?", r.DB, r.Name)
		switch {
		case err != nil:
			return err
		case len(rows) == 0 && plain && i == 0:
			return &wire.Error{Code: codeNoProcedure, State: "42000", Message: "PROCEDURE " + r.DB + "." + r.Name + " does not exist"}
		case len(rows) == 0:
			continue // upstream says so when it comes there
		}
		if _, _, _, sealed := schema.SealedProcedure(rows[0][0]); sealed {
			if plain && i == 0 {
				return errSealed
			}
			return notSupported("procedure %s.%s works on encrypted tables; it can be called by itself, but not within another statement or program", r.DB, r.Name)
		}
		env.DB, env.Mode = r.DB, readingMode(sqlModes(rows[0][1]), x.catalog.mariaDB, x.catalog.version)
		if x.named([]byte(rows[0][0])) && x.keepsSecrets() {
			return notSupported("procedure %s.%s could use a user variable whose value comes of an encrypted table", r.DB, r.Name)
		}
		others, ok := plan.Harmless(rows[0][0], env)
		if !ok {
			return notSupported("procedure %s.%s could touch an encrypted table (it names one, runs dynamic SQL, belongs to a "+
				"designated database, or cannot be seen by upstream.user)", r.DB, r.Name)
		}
		for _, o := range others {
			add(o, r.DB)
		}
	}
	return nil
}

// codeNoProcedure is ER_SP_DOES_NOT_EXIST.
const codeNoProcedure = 1305

func (x *Session) env() *plan.Env {
	return &plan.Env{
		Mode: x.vars.mode, DB: x.vars.DB, OnlyFullGroupBy: x.vars.OnlyFullGroupBy, Bytewise: bytewise(x.vars.ClientCharset),
		Snapshot: x.state.Snapshot, Rules: x.state.Rules, Evaluator: x.catalog.evaluator != nil,
		Split: x.splits && x.catalog.evaluator != nil,
	}
}

// plan finds or makes the plan of what the lexer has read.
func (x *Session) plan(ctx context.Context, src []byte, env *plan.Env) (plan.Plan, error) {
	x.key = plan.AppendKey(x.key[:0], x.lexer.Template, x.lexer.Rows, env)
	if p, ok := x.state.Plans.Get(x.key); ok {
		x.catalog.figures.PlanHits.Add(1)
		return p, nil
	}
	x.catalog.figures.PlanMisses.Add(1)
	st := plan.Statement{Template: string(x.lexer.Template), Source: string(src), Rows: x.lexer.Rows}
	for range 64 {
		p := plan.Build(st, env)
		var err error
		switch need := p.(type) {
		case *plan.NeedTable:
			if err = x.nameable(ctx, src, *need); err == nil {
				err = x.catalog.supply(ctx, need, env)
			}
		case *plan.NeedTables:
			if err = x.nameable(ctx, src, need.Tables...); err == nil {
				err = x.supplyAll(ctx, need.Tables, env)
			}
		default:
			if _, text := p.(*plan.PrepareText); len(env.Absent) == 0 && !text && !loads(p) {
				x.state.Plans.Put(x.key, p)
			}
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		x.state = x.present()
		env.Snapshot, env.Rules = x.state.Snapshot, x.state.Rules
	}
	return nil, errors.New("a statement names more tables of designated databases than can be looked up")
}

// supply looks up what a plan needs to know of a table.
func (c *Catalog) supply(ctx context.Context, need *plan.NeedTable, env *plan.Env) error {
	lookup := c.Lookup
	if strings.EqualFold(need.DB, schema.InformationSchema) {
		lookup, need = c.defineShown, &plan.NeedTable{DB: need.DB, Name: need.Name}
	}
	exists, err := lookup(ctx, need.DB, need.Name)
	switch {
	case err != nil:
		return err
	case !exists:
		env.Absent = append(env.Absent, plan.NeedTable{DB: need.DB, Name: need.Name})
	case need.Definition && c.State().Snapshot.Lookup(need.DB, need.Name) == nil:
		return c.define(ctx, need.DB, need.Name)
	}
	return nil
}

// Protects says whether there is anything to protect: where not, statements need no plan.
func (x *Session) Protects() bool { return x.catalog.Protects() || len(x.temporary.tables) > 0 }

// Mode is how the session's SQL reads, as of the last Plan.
func (x *Session) Mode() plan.Mode { return x.vars.mode }

// Run executes a plan for the statement that the lexer read last. more says that the client awaits further results.
// An error is of a connection and ends the session; everything else has been answered.
func (x *Session) Run(ctx context.Context, p plan.Plan, src []byte, more bool) error {
	x.Failed = false
	if x.instead.src != nil {
		src = x.instead.src
	}
	x.bindText(ctx, src)
	err := x.admit(p, func() error { return x.run(ctx, p, more) })
	for tries := 0; err != nil && tries < maxPlans; tries++ {
		switch {
		case errors.Is(err, errRedefined):
			x.found = x.before
			if x.instead.src != nil {
				src = x.instead.original
			}
			p, _, err = x.planFirst(ctx, src)
			if x.instead.src != nil {
				src = x.instead.src
			}
		case x.mustSplit(p, err) && x.instead.src != nil:
			src = x.instead.original
			p, err = x.planEvaluate(ctx, src)
		case x.mustSplit(p, err):
			p, err = x.planSplit(ctx, src)
		default:
			return x.settle(err)
		}
		if pass, ok := p.(*plan.PassThrough); err == nil && ok {
			return &Passes{Effects: pass.Effects} // it is not this one's to send
		}
		if err == nil {
			x.bindText(ctx, src)
			err = x.admit(p, func() error { return x.run(ctx, p, more) })
		}
	}
	if err == nil && !x.Failed && forwards(p) {
		x.Forwarded(false)
	}
	return x.settle(err)
}

// Passes is what Run gives where a table was decrypted since the statement was planned: it is to be forwarded, and has not
// been answered.
type Passes struct{ Effects plan.Effects }

// Error implements error.
func (*Passes) Error() string { return "exec: the statement touches no encrypted table any more" }

// mustSplit says whether a statement that was to be rewritten cannot be with the values that it has, which another plan takes.
func (x *Session) mustSplit(p plan.Plan, err error) bool {
	if err == nil || x.catalog.evaluator == nil {
		return false
	}
	switch p := p.(type) {
	case *plan.Rewrite:
		return p.Insert == nil && errors.Is(err, errComparand) || p.Insert != nil && errors.Is(err, errCoerce)
	case *plan.ReadModifyWrite:
		return errors.Is(err, errComparand) || errors.Is(err, errReplay)
	case *plan.Explain:
		return errors.Is(err, errComparand)
	}
	return false
}

// errReplay says that a ReadModifyWrite has met values or rows that only the evaluator can handle, before it has written.
var errReplay = errors.New("exec: an UPDATE for the evaluator")

// evaluates says whether a plan lets the evaluator run the client's text, so that what it assigns is here.
func evaluates(p plan.Plan) bool {
	switch p.(type) {
	case *plan.Split, *plan.Store, *plan.Replay, *plan.CreateSelect, *plan.CallProcedure:
		return true
	}
	return false
}

// forwards says whether what a plan assigned is upstream's. Of an EXECUTE, executeText has noted it; SET STATEMENT runs nothing that
// upstream does.
func forwards(p plan.Plan) bool {
	switch p.(type) {
	case *plan.ExecuteText, *plan.SetStatement: // what they run is another plan
		return false
	}
	return !evaluates(p)
}

// planSplit plans the statement that the lexer read last for the evaluator.
func (x *Session) planSplit(ctx context.Context, src []byte) (plan.Plan, error) {
	env := x.env()
	env.Split = true
	return x.plan(ctx, src, env)
}

// bindText makes the literals of the statement that the lexer read last the binder's.
func (x *Session) bindText(ctx context.Context, src []byte) {
	x.args = args{src: src, literals: x.lexer.Literals, mode: x.vars.mode, vars: &x.vars}
	x.binder.start(ctx, x.state, &x.args)
}

// settle answers an error that is the statement's own.
func (x *Session) settle(err error) error {
	var broken *wire.BrokenError
	if err == nil || errors.As(err, &broken) {
		return err
	}
	e := answer(err)
	if !x.found.known && x.catalog.evaluator != nil {
		x.found = foundError(e, x.before.rows)
	}
	return x.fail(e)
}

// fail sends an error to the client.
func (x *Session) fail(e *wire.Error) error {
	x.Failed, x.doubt = true, true
	if x.gather != nil {
		x.gather.err = e
		return nil
	}
	x.noteError(e)
	if err := x.client.WritePacket(e.Append(nil)); err != nil {
		return x.gone(err)
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

func (x *Session) run(ctx context.Context, p plan.Plan, more bool) error {
	if err := x.authorize(p); err != nil {
		return err
	}
	if err := x.readClock(p); err != nil {
		return err
	}
	if err := x.handOverStored(p, x.args.src); err != nil {
		return err
	}
	switch p := p.(type) {
	case *plan.Refuse:
		return x.refused(p)
	case *plan.Rewrite:
		if err := x.showStatus(ctx, p); err != nil {
			return err
		}
		return x.rewrite(p, more)
	case *plan.Split:
		return x.split(ctx, p, nil, more)
	case *plan.Store:
		return x.store(ctx, p, nil, more)
	case *plan.Replay:
		return x.replay(ctx, p, nil, more)
	case *plan.ShowWarnings:
		return x.showWarnings(p, more)
	case *plan.GetDiagnostics:
		return x.getDiagnostics(ctx, p, more)
	case *plan.Explain:
		return x.explain(ctx, p, more)
	case *plan.SetStatement:
		return x.setStatement(ctx, p, more)
	case *plan.PrepareText:
		return x.prepareText(p, more)
	case *plan.ExecuteText:
		return x.executeText(ctx, p, more)
	case *plan.DeallocateText:
		delete(x.texts.own, p.Name)
		return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement}, more)
	case *plan.ReadModifyWrite:
		return x.readModifyWrite(ctx, p, more)
	case *plan.CreateTable:
		return x.createTable(ctx, p, more)
	case *plan.CreateSelect:
		return x.createSelect(ctx, p, more)
	case *plan.CreateView:
		return x.createView(ctx, p, more)
	case *plan.CreateProcedure:
		return x.createProcedure(ctx, p, more)
	case *plan.CallProcedure:
		return x.callProcedure(ctx, p, more)
	case *plan.DropTable:
		return x.dropTable(ctx, p, more)
	case *plan.AlterTable:
		return x.alterTable(ctx, p, more)
	case *plan.RenameView:
		return x.renameView(ctx, p, more)
	case *plan.RenameTables:
		return x.renameTables(ctx, p, more)
	case *plan.ConvertTable:
		return x.convertTable(ctx, p, more)
	case *plan.Designate:
		return x.designate(ctx, p, more)
	case *plan.Keyring:
		return x.keyring(ctx, p, more)
	}
	panic("exec: internal error: no way to run this plan")
}

// rewrite sends a statement that upstream does whole.
func (x *Session) rewrite(p *plan.Rewrite, more bool) error {
	if err := x.strict(p); err != nil {
		return err
	}
	if err := x.text(p); err != nil {
		return err
	}
	begun := time.Now()
	x.passed = 0
	defer func() { x.step("upstream", begun, x.passed, p.Head, p.Row, p.Tail) }()
	if err := x.send(wire.ComQuery, x.sql); err != nil {
		return err
	}
	if p.Insert != nil && len(p.Outputs) == 0 {
		return x.insertAnswer(p, more)
	}
	return x.result(p, false, more)
}

// strict sends an INSERT to the evaluator whose errors upstream raises as the plaintext table does under a strict sql_mode
// only.
func (x *Session) strict(p *plan.Rewrite) error {
	if p.Insert == nil || !p.Insert.NeedsStrict || x.vars.Strict && schema.Transactional(p.Insert.Table.Engine) {
		return nil
	}
	return errCoerce
}

// text renders a Rewrite as SQL.
func (x *Session) text(p *plan.Rewrite) (err error) {
	if x.sql, err = x.binder.appendParts(x.sql[:0], p.Head, 0, nil); err != nil {
		return err
	}
	if p.Row != nil {
		width := x.lexer.RowWidth
		for row := range x.lexer.Rows {
			if row > 0 {
				x.sql = append(x.sql, ", "...)
			}
			if x.sql, err = x.binder.appendParts(x.sql, p.Row, row*width, nil); err != nil {
				return err
			}
		}
	}
	x.sql, err = x.binder.appendParts(x.sql, p.Tail, 0, nil)
	return err
}

// send starts a command upstream. With query attributes announced, a COM_QUERY carries none: theirs are values too.
func (x *Session) send(cmd wire.Command, body []byte) error {
	if err := x.queue(cmd, body); err != nil {
		return err
	}
	if err := x.upstream.Flush(); err != nil {
		return x.lost(err)
	}
	return nil
}

// queue is send without the flush: commands queued together cost one round trip. Their answers come in order, and each
// counts its packets from 1.
func (x *Session) queue(cmd wire.Command, body []byte) error {
	x.upstream.ResetSequence()
	b := append(x.upstream.Begin(), byte(cmd))
	if cmd == wire.ComQuery && x.caps.Has(wire.QueryAttributes) {
		b = append(b, 0, 1)
	}
	b = append(b, body...)
	if err := x.upstream.End(b); err != nil {
		return x.lost(err)
	}
	return nil
}

// insertAnswer passes the answer to an INSERT on.
func (x *Session) insertAnswer(p *plan.Rewrite, more bool) error {
	packet, err := x.readUpstream()
	if err != nil {
		return x.lost(err)
	}
	if wire.IsError(packet) {
		return x.upstreamError(packet, p)
	}
	return x.ok(packet, more)
}

// upstreamError passes an error on in the logical table's words. p is the INSERT that failed, or nil.
func (x *Session) upstreamError(packet []byte, p *plan.Rewrite) error {
	e, err := wire.DecodeError(packet)
	if err != nil {
		return err
	}
	if e.Code == codeDuplicate && p != nil && p.Insert != nil {
		x.duplicate(e, p)
	}
	return x.fail(x.logical(e))
}

// ok passes an OK packet on.
func (x *Session) ok(packet []byte, more bool) error {
	var ok wire.OK
	if err := ok.Decode(packet, x.caps); err != nil {
		return err
	}
	return x.sendOK(ok, more)
}

func (x *Session) sendOK(ok wire.OK, more bool) error {
	x.Status = ok.Status &^ wire.StatusSessionStateChanged
	if x.gather != nil {
		x.gather.last = ok
		x.gather.last.Info = bytes.Clone(ok.Info)
		return nil
	}
	if more {
		ok.Status |= wire.StatusMoreResults
	}
	if err := x.client.WritePacket(ok.Append(nil, x.caps)); err != nil {
		return x.gone(err)
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

// endOfRows passes the packet on that ends a result.
func (x *Session) endOfRows(packet []byte, more bool) error {
	end, err := wire.DecodeEnd(packet, x.caps)
	if err != nil {
		return err
	}
	x.Status = end.Status
	if more {
		end.Status |= wire.StatusMoreResults
	}
	if err := x.client.WritePacket(wire.AppendEnd(nil, end, x.caps)); err != nil {
		return x.gone(err)
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

// end passes the EOF after column definitions on; done says that no rows follow: a cursor was opened.
func (x *Session) end(more bool) (done bool, err error) {
	packet, err := x.readUpstream()
	if err != nil {
		return false, x.lost(err)
	}
	eof, err := wire.DecodeEOF(packet)
	if err != nil {
		return false, err
	}
	if eof.Status&wire.StatusCursorExists != 0 {
		return true, x.endOfRows(packet, more)
	}
	if more {
		eof.Status |= wire.StatusMoreResults
	}
	if err := x.client.WritePacket(eof.Append(nil)); err != nil {
		return false, x.gone(err)
	}
	return false, nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
