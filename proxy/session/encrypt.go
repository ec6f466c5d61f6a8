package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// Encrypt makes the guards of sessions whose upstream has encrypted tables.
func Encrypt(ctx context.Context, catalog *exec.Catalog, maxPacket int) func(*Session) Guard {
	return func(s *Session) Guard {
		run := exec.NewSession(catalog, s.Client(), s.Upstream(), s.Capabilities())
		run.Join()
		run.ID, run.User, run.Peer = s.ConnectionID(), s.User(), s.Peer()
		return &encryption{
			session: s, ctx: ctx, run: run, maxPacket: maxPacket,
			multi: s.Capabilities().Has(wire.MultiStatements), forwarded: map[uint32]*forwarded{}, tls: map[uint32]*plan.ServerTLS{},
		}
	}
}

// encryption is the guard of one session: it plans each statement, forwards what touches no protected table, and leaves
// the rest to the executor.
type encryption struct {
	session   *Session
	ctx       context.Context
	run       *exec.Session
	maxPacket int
	multi     bool                       // the client may send several statements in one
	forwarded map[uint32]*forwarded      // prepared statements that are upstream's, by id
	tls       map[uint32]*plan.ServerTLS // prepared ones about the server's TLS, by id
	last      uint32                     // the id of the one that was prepared last; 0: there is none
	query     wire.Query
}

// Reset implements Guard.
func (e *encryption) Reset() {
	e.run.Reset()
	e.run.User = e.session.User()
	clear(e.forwarded)
	clear(e.tls)
	e.last = 0
}

// Close implements Guard.
func (e *encryption) Close() { e.run.Leave() }

// Command implements Guard.
func (e *encryption) Command(s *Session, packet []byte) (handled bool, err error) {
	e.run.Status, e.run.Multi = s.Status(), e.multi
	e.run.Work()
	defer func() {
		e.run.Rest()
		if handled {
			s.SetStatus(e.run.Status)
		}
		e.run.End(err)
	}()
	switch cmd := wire.Command(packet[0]); cmd {
	case wire.ComQuery, wire.ComStmtExecute, wire.ComStmtBulkExecute, wire.ComStmtPrepare, wire.ComFieldList:
		e.run.Begin(cmd == wire.ComStmtExecute || cmd == wire.ComStmtBulkExecute)
	}
	switch wire.Command(packet[0]) {
	case wire.ComQuery:
		return true, e.text(s, packet)
	case wire.ComStmtPrepare:
		return true, e.prepare(s, packet)
	case wire.ComInitDB:
		return true, e.initDB(s, packet)
	case wire.ComSetOption:
		return true, e.setOption(s, packet)
	case wire.ComFieldList:
		if !e.run.Protects() {
			return false, nil
		}
		return e.run.FieldList(e.ctx, packet)
	case wire.ComProcessKill:
		failed, err := e.relay(s, packet, plan.Effects{})
		if !failed && len(packet) >= 5 {
			e.run.Kill(binary.LittleEndian.Uint32(packet[1:]))
		}
		return true, err
	case wire.ComCreateDB, wire.ComDropDB:
		return false, wire.NewError(wire.CodeUnknownCommand, "Unknown command")
	}
	return e.statement(s, packet)
}

// statement handles the commands that name a prepared statement.
func (e *encryption) statement(s *Session, packet []byte) (handled bool, err error) {
	if done, err := e.resolve(s, packet); done || err != nil {
		return done && err == nil, err
	}
	id, ok := wire.ExecuteStatement(packet)
	if !ok {
		return false, nil
	}
	own := e.run.Owns(id)
	about := e.tls[id]
	switch cmd := wire.Command(packet[0]); {
	case cmd == wire.ComStmtExecute && own:
		return true, e.run.Execute(e.ctx, packet)
	case cmd == wire.ComStmtBulkExecute && own:
		return true, e.run.Bulk(e.ctx, packet)
	case cmd == wire.ComStmtSendLongData && own:
		e.run.LongData(packet, e.maxPacket)
		return true, nil
	case cmd == wire.ComStmtFetch && own:
		return true, e.run.Fetch(e.ctx, packet)
	case cmd == wire.ComStmtReset && own:
		e.run.ResetStatement(id)
	case cmd == wire.ComStmtExecute && about != nil:
		return true, e.executeTLS(s, about, packet)
	case cmd == wire.ComStmtBulkExecute && about != nil:
		return false, wire.NewError(wire.CodeNotSupported, "tdeproxy: COM_STMT_BULK_EXECUTE of this statement is not supported")
	case cmd == wire.ComStmtClose:
		e.run.CloseStatement(id)
		if id == e.last {
			e.last = 0
		}
		delete(e.forwarded, id)
		delete(e.tls, id)
	case cmd == wire.ComStmtExecute || cmd == wire.ComStmtBulkExecute:
		return true, e.executeForwarded(s, id, packet)
	}
	return false, nil
}

// forward passes a command on and applies what it changes.
func (e *encryption) forward(s *Session, packet []byte, f plan.Effects) error {
	_, err := e.relay(s, packet, f)
	return err
}

// relay is forward; failed says that the answer was an error.
func (e *encryption) relay(s *Session, packet []byte, f plan.Effects) (failed bool, err error) {
	if err := s.SendCommand(packet); err != nil {
		return true, err
	}
	failed, err = s.RelayAnswer(wire.Command(packet[0]).Answer(), 0)
	e.run.Status = s.Status()
	if failed {
		e.run.Doubt()
		e.run.NoteRelayed()
		f.UseDB = "" // what else a failed statement may have changed is asked for
	}
	e.run.Effects(f)
	return failed, err
}

// text handles COM_QUERY: one statement, or several.
func (e *encryption) text(s *Session, packet []byte) error {
	if err := e.query.Decode(packet, s.Capabilities()); err != nil {
		return wire.NewError(wire.CodeMalformedPacket, "Malformed communication packet")
	}
	sql := e.query.SQL
	if e.passes(sql) {
		return e.forward(s, packet, plan.Effects{Session: true})
	}
	p, rest, err := e.run.Plan(e.ctx, sql)
	if err != nil {
		return err
	}
	if rest != nil {
		return e.several(s, packet, sql)
	}
	switch p := p.(type) {
	case *plan.PassThrough:
		return e.pass(s, packet, sql, p.Effects)
	case *plan.ServerTLS:
		_, err := e.serverTLS(s, p, sql, false)
		return err
	}
	err = e.run.Run(e.ctx, p, sql, false)
	var passes *exec.Passes
	if errors.As(err, &passes) {
		if err := e.run.HandOver(passes.Effects); err != nil {
			return err
		}
		return e.pass(s, packet, sql, passes.Effects)
	}
	return err
}

// pass forwards a statement, and carries out on the evaluator's side what it kills.
func (e *encryption) pass(s *Session, packet, sql []byte, f plan.Effects) error {
	id, kills := exec.KillOf(sql)
	failed, err := e.relay(s, packet, f)
	e.run.Forwarded(failed)
	if kills && !failed {
		e.run.Kill(id)
	}
	return err
}

// passes says whether a text needs no plan: nothing is encrypted, it designates nothing, and is not about the server's TLS.
func (e *encryption) passes(sql []byte) bool {
	return !e.run.Protects() && !mayDesignate(sql) && !plan.ConcernsTLS(sql)
}

// mayDesignate says whether a statement could have a clause that designates a table, or be about the master key, where nothing
// is encrypted yet.
func mayDesignate(sql []byte) bool {
	for i := 0; i+7 <= len(sql); i++ {
		switch sql[i] | 0x20 {
		case 'e':
			if bytes.EqualFold(sql[i:i+7], []byte("encrypt")) {
				return true
			}
		case 'i':
			if i+8 <= len(sql) && bytes.EqualFold(sql[i:i+8], []byte("instance")) {
				return true
			}
		}
	}
	return false
}

// several handles a text of more than one statement. Where all of them pass and none changes how the next one reads, the
// text goes on as it came.
func (e *encryption) several(s *Session, packet, sql []byte) error {
	var last plan.Effects
	whole := true
	if !e.run.Protects() {
		return e.severalPlain(s, packet, sql)
	}
	generation := e.run.Generation()
	for rest := sql; rest != nil && whole; {
		p, next, err := e.run.Plan(e.ctx, rest)
		if err != nil {
			return err
		}
		pass, ok := p.(*plan.PassThrough)
		whole = ok && last == (plan.Effects{}) && !e.run.Remembers() && generation == e.run.Generation()
		if ok {
			last = pass.Effects
		}
		rest = next
	}
	switch {
	case whole:
		return e.forward(s, packet, last)
	case !e.multi:
		return wire.NewError(wire.CodeParse, "You have an error in your SQL syntax; several statements in one need the multi-statements option of your driver")
	}
	return e.oneByOne(s, sql)
}

// oneByOne runs the statements of a text one after the other, up to the first that fails.
func (e *encryption) oneByOne(s *Session, sql []byte) error {
	sql = bytes.Clone(sql) // relaying LOCAL INFILE reads from the client
	for rest := sql; rest != nil; {
		p, next, err := e.run.Plan(e.ctx, rest)
		if err != nil {
			return err
		}
		piece := rest
		if next != nil {
			piece = rest[:len(rest)-len(next)-1]
		}
		failed, err := e.one(s, p, piece, next != nil)
		if next != nil && !failed && err == nil {
			e.run.End(nil) // each counts as a statement of its own
			e.run.Begin(false)
		}
		if failed || err != nil {
			return err
		}
		rest = next
	}
	return nil
}

func (e *encryption) one(s *Session, p plan.Plan, piece []byte, more bool) (failed bool, err error) {
	pass, ok := p.(*plan.PassThrough)
	switch about, is := p.(*plan.ServerTLS); {
	case is:
		return e.serverTLS(s, about, piece, more)
	case !ok:
		err := e.run.Run(e.ctx, p, piece, more)
		var passes *exec.Passes
		if !errors.As(err, &passes) {
			return e.run.Failed, err
		}
		if err := e.run.HandOver(passes.Effects); err != nil {
			return true, err
		}
		pass = &plan.PassThrough{Effects: passes.Effects}
	}
	q := wire.Query{SQL: piece}
	if err := s.SendCommand(q.Append(nil, s.Capabilities())); err != nil {
		return false, err
	}
	flags := uint16(0)
	if more {
		flags = wire.StatusMoreResults
	}
	failed, err = s.RelayAnswer(wire.AnswerQuery, flags)
	e.run.Status = s.Status()
	f := pass.Effects
	if failed {
		e.run.Doubt()
		e.run.NoteRelayed()
		f.UseDB = ""
	}
	e.run.Forwarded(failed)
	e.run.Effects(f)
	return failed, err
}

// prepare handles COM_STMT_PREPARE.
func (e *encryption) prepare(s *Session, packet []byte) error {
	sql := packet[1:]
	e.last = 0
	e.run.Preparing()
	if e.passes(sql) {
		return e.forwardPrepare(s, packet, &plan.PassThrough{Effects: plan.Effects{Session: true}})
	}
	p, rest, err := e.run.Plan(e.ctx, sql)
	if err != nil {
		return err
	}
	if rest != nil {
		return wire.NewError(wire.CodeParse, "You have an error in your SQL syntax; a prepared statement is one statement")
	}
	switch p := p.(type) {
	case *plan.PassThrough:
		pass := *p
		pass.Effects.UserReads, pass.Effects.UserWrites = e.run.UserVars(sql)
		return e.forwardPrepare(s, packet, &pass)
	case *plan.ServerTLS:
		return e.prepareTLS(s, p, sql)
	}
	err = e.run.Prepare(e.ctx, p, sql)
	e.last = e.run.Last()
	return err
}

// prepareNoting passes COM_STMT_PREPARE on; note is told the statement's id.
func (e *encryption) prepareNoting(s *Session, packet []byte, note func(id uint32)) error {
	if err := s.SendCommand(packet); err != nil {
		return err
	}
	head, err := s.Upstream().Peek(9)
	if err == nil && head[4] == 0 {
		ok, err := wire.DecodePrepareOK(append(bytes.Clone(head[4:9]), make([]byte, 7)...))
		if err == nil {
			note(ok.StatementID)
			e.last = ok.StatementID
		}
	}
	_, err = s.RelayAnswer(wire.AnswerPrepare, 0)
	e.run.Status = s.Status()
	return err
}

// initDB handles COM_INIT_DB.
func (e *encryption) initDB(s *Session, packet []byte) error {
	return e.forward(s, packet, plan.Effects{UseDB: string(packet[1:])})
}

// setOption handles COM_SET_OPTION: MYSQL_OPTION_MULTI_STATEMENTS_ON is 0, OFF is 1.
func (e *encryption) setOption(s *Session, packet []byte) error {
	if err := s.SendCommand(packet); err != nil {
		return err
	}
	on := len(packet) == 3 && packet[1] == 0
	failed, err := s.RelayAnswer(wire.AnswerSimple, 0)
	if !failed {
		e.multi = on
	}
	e.run.Status = s.Status()
	return err
}
