package exec

import (
	"context"
	"errors"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// Session runs the statements of one client that touch protected tables. It is used by one goroutine.
type Session struct {
	catalog          *Catalog
	client, upstream *wire.Conn
	caps             wire.Capability

	// Status are the server's status flags as the client saw them last.
	Status uint16
	// Failed says that the last statement ended in an error, so that those after it in the same text do not run.
	Failed bool

	doubt bool // a statement has failed since Status was told: a transaction may be gone
	state *State
	vars  Vars
	known bool // vars holds

	lexer  plan.Lexer
	key    []byte
	sql    []byte
	args   args
	binder binder
	stmts  map[uint32]*statement
	params []wire.Param // of the execution under way
	// cursorOf is the prepared statement whose result is being read.
	cursorOf *statement
}

// NewSession makes the executor of a session with capabilities caps on both sides.
func NewSession(c *Catalog, client, upstream *wire.Conn, caps wire.Capability) *Session {
	x := &Session{catalog: c, client: client, upstream: upstream, caps: caps, stmts: map[uint32]*statement{}}
	x.binder.weights = c.weights
	return x
}

// Reset forgets what was known of the session: after COM_CHANGE_USER and COM_RESET_CONNECTION.
func (x *Session) Reset() {
	x.known = false
	clear(x.stmts)
}

// Doubt notes that a forwarded statement has failed. Errors carry no status flags, and some end the transaction.
func (x *Session) Doubt() { x.doubt = true }

// Effects applies what a statement that went through may have changed.
func (x *Session) Effects(e plan.Effects) {
	if e.Session {
		x.known = false
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
	p, rest, err = x.planFirst(ctx, src)
	var broken *wire.BrokenError
	if err != nil && !errors.As(err, &broken) {
		return &plan.Refuse{Reason: "error", Err: answer(err)}, rest, nil
	}
	return p, rest, err
}

func (x *Session) planFirst(ctx context.Context, src []byte) (p plan.Plan, rest []byte, err error) {
	if !x.known && plan.Diagnostics(src) {
		return &plan.PassThrough{}, nil, nil // asking for variables would throw away what it asks for
	}
	if err := x.refresh(ctx); err != nil {
		return nil, nil, err
	}
	x.state = x.catalog.State()
	env := x.env()
	if !bytewise(x.vars.ClientCharset) && !ascii(src) || plan.StoredProgram(src) {
		return plan.Unreadable(string(src), env), nil, nil
	}
	if err := x.lexer.Lex(src, x.vars.mode); err != nil {
		return plan.Unreadable(string(src), env), nil, nil
	}
	if x.lexer.More {
		rest = src[x.lexer.End+1:]
	}
	if p, err = x.plan(ctx, src[:x.lexer.End], env); err != nil {
		return nil, rest, err
	}
	if pass, ok := p.(*plan.PassThrough); ok && pass.Calls != nil {
		return p, rest, x.harmless(ctx, pass.Calls)
	}
	return p, rest, nil
}

// harmless refuses to call a procedure that could touch a protected table. It looks at the body each time: procedures
// change without the proxy.
func (x *Session) harmless(ctx context.Context, r *plan.Routine) error {
	rows, err := x.catalog.rows(ctx, "SELECT COALESCE(ROUTINE_DEFINITION, '') FROM information_schema.ROUTINES "+
		"WHERE ROUTINE_TYPE = 'PROCEDURE' AND ROUTINE_SCHEMA = ? AND ROUTINE_NAME = ?", r.DB, r.Name)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return &wire.Error{Code: codeNoProcedure, State: "42000", Message: "PROCEDURE " + r.DB + "." + r.Name + " does not exist"}
	}
	env := x.env()
	env.DB = r.DB
	if !plan.Harmless(rows[0][0], env) {
		return notSupported("procedure %s.%s could touch an encrypted table (it names one, calls others, runs dynamic SQL, belongs to a "+
			"designated database, or cannot be seen by upstream.user)", r.DB, r.Name)
	}
	return nil
}

// codeNoProcedure is ER_SP_DOES_NOT_EXIST.
const codeNoProcedure = 1305

func (x *Session) env() *plan.Env {
	return &plan.Env{
		Mode: x.vars.mode, DB: x.vars.DB, OnlyFullGroupBy: x.vars.OnlyFullGroupBy,
		Snapshot: x.state.Snapshot, Rules: x.catalog.rules,
	}
}

// plan finds or makes the plan of what the lexer has read.
func (x *Session) plan(ctx context.Context, src []byte, env *plan.Env) (plan.Plan, error) {
	x.key = plan.AppendKey(x.key[:0], x.lexer.Template, x.lexer.Rows, env)
	if p, ok := x.state.Plans.Get(x.key); ok {
		return p, nil
	}
	st := plan.Statement{Template: string(x.lexer.Template), Source: string(src), Rows: x.lexer.Rows}
	for range 64 {
		p := plan.Build(st, env)
		need, ok := p.(*plan.NeedTable)
		if !ok {
			if len(env.Absent) == 0 {
				x.state.Plans.Put(x.key, p)
			}
			return p, nil
		}
		exists, err := x.catalog.Lookup(ctx, need.DB, need.Name)
		if err != nil {
			return nil, err
		}
		if !exists {
			env.Absent = append(env.Absent, *need)
		}
		x.state = x.catalog.State()
		env.Snapshot = x.state.Snapshot
	}
	return nil, errors.New("a statement names more tables of designated databases than can be looked up")
}

// Protected says whether a table, of the current database, is a protected one.
func (x *Session) Protected(ctx context.Context, table string) (bool, error) {
	if err := x.refresh(ctx); err != nil {
		return false, err
	}
	return x.catalog.State().Snapshot.Lookup(x.vars.DB, table) != nil, nil
}

// Protects says whether there is anything to protect: where not, statements need no plan.
func (x *Session) Protects() bool { return x.catalog.Protects() }

// Run executes a plan for the statement that the lexer read last. more says that the client awaits further results.
// An error is of a connection and ends the session; everything else has been answered.
func (x *Session) Run(ctx context.Context, p plan.Plan, src []byte, more bool) error {
	x.Failed = false
	x.args = args{src: src, literals: x.lexer.Literals, mode: x.vars.mode, vars: &x.vars}
	x.binder.start(ctx, x.state, &x.args)
	return x.settle(x.run(ctx, p, more))
}

// settle answers an error that is the statement's own.
func (x *Session) settle(err error) error {
	var broken *wire.BrokenError
	if err == nil || errors.As(err, &broken) {
		return err
	}
	return x.fail(answer(err))
}

// fail sends an error to the client.
func (x *Session) fail(e *wire.Error) error {
	x.Failed, x.doubt = true, true
	if err := x.client.WritePacket(e.Append(nil)); err != nil {
		return x.gone(err)
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

func (x *Session) run(ctx context.Context, p plan.Plan, more bool) error {
	switch p := p.(type) {
	case *plan.Refuse:
		return p.Err
	case *plan.Rewrite:
		return x.rewrite(ctx, p, more)
	case *plan.ReadModifyWrite:
		return x.readModifyWrite(ctx, p, more)
	case *plan.CreateTable:
		return x.createTable(ctx, p, more)
	case *plan.DropTable:
		return x.dropTable(ctx, p, more)
	}
	panic("exec: internal error: no way to run this plan")
}

// rewrite sends a statement that upstream does whole.
func (x *Session) rewrite(ctx context.Context, p *plan.Rewrite, more bool) error {
	if err := x.strict(p); err != nil {
		return err
	}
	if err := x.render(ctx, p); err != nil {
		return err
	}
	if err := x.send(wire.ComQuery, x.sql); err != nil {
		return err
	}
	if p.Insert != nil {
		return x.insertAnswer(p, more)
	}
	return x.result(p, false, more)
}

// strict refuses an INSERT whose errors upstream raises as the plaintext table does under a strict sql_mode only.
func (x *Session) strict(p *plan.Rewrite) error {
	if p.Insert == nil || !p.Insert.NeedsStrict || x.vars.Strict {
		return nil
	}
	return notSupported("an INSERT that leaves out or sets to NULL a NOT NULL column of an encrypted table needs a strict sql_mode")
}

// render makes the upstream statement, letting the evaluator coerce its values where Go cannot.
func (x *Session) render(ctx context.Context, p *plan.Rewrite) error {
	err := x.text(p)
	if errors.Is(err, errCoerce) {
		if err = x.coerce(ctx, p); err == nil {
			err = x.text(p)
		}
	}
	return err
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
	packet, err := x.upstream.ReadPacket()
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
	x.Status = ok.Status
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
	packet, err := x.upstream.ReadPacket()
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
