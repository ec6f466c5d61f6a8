package session

import (
	"bytes"
	"context"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// Encrypt makes the guards of sessions whose upstream has encrypted tables.
func Encrypt(ctx context.Context, catalog *exec.Catalog, maxPacket int) func(*Session) Guard {
	return func(s *Session) Guard {
		return &encryption{
			ctx: ctx, run: exec.NewSession(catalog, s.Client(), s.Upstream(), s.Capabilities()), maxPacket: maxPacket,
			multi: s.Capabilities().Has(wire.MultiStatements), effects: map[uint32]plan.Effects{},
		}
	}
}

// encryption is the guard of one session: it plans each statement, forwards what touches no protected table, and leaves
// the rest to the executor.
type encryption struct {
	ctx       context.Context
	run       *exec.Session
	maxPacket int
	multi     bool                    // the client may send several statements in one
	effects   map[uint32]plan.Effects // of forwarded prepared statements, by id: those that have any
	query     wire.Query
}

// Reset implements Guard.
func (e *encryption) Reset() {
	e.run.Reset()
	clear(e.effects)
}

// Close implements Guard.
func (e *encryption) Close() {}

// Command implements Guard.
func (e *encryption) Command(s *Session, packet []byte) (handled bool, err error) {
	e.run.Status = s.Status()
	defer func() {
		if handled {
			s.SetStatus(e.run.Status)
		}
	}()
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
		return e.fieldList(packet)
	case wire.ComCreateDB, wire.ComDropDB:
		return false, wire.NewError(wire.CodeUnknownCommand, "Unknown command")
	}
	return e.statement(s, packet)
}

// statement handles the commands that name a prepared statement.
func (e *encryption) statement(s *Session, packet []byte) (handled bool, err error) {
	id, ok := wire.ExecuteStatement(packet)
	if !ok {
		return false, nil
	}
	own := e.run.Owns(id)
	switch cmd := wire.Command(packet[0]); {
	case cmd == wire.ComStmtExecute && own:
		return true, e.run.Execute(e.ctx, packet)
	case cmd == wire.ComStmtBulkExecute && own:
		return false, wire.NewError(wire.CodeNotSupported, "tdeproxy: COM_STMT_BULK_EXECUTE on an encrypted table is not supported")
	case cmd == wire.ComStmtSendLongData && own:
		e.run.LongData(packet, e.maxPacket)
		return true, nil
	case cmd == wire.ComStmtFetch && own:
		return true, e.run.Fetch(e.ctx, packet)
	case cmd == wire.ComStmtReset && own:
		e.run.ResetStatement(id)
	case cmd == wire.ComStmtClose:
		e.run.CloseStatement(id)
		delete(e.effects, id)
	case cmd == wire.ComStmtExecute || cmd == wire.ComStmtBulkExecute:
		return true, e.forward(s, packet, e.effects[id])
	}
	return false, nil
}

// forward passes a command on and applies what it changes.
func (e *encryption) forward(s *Session, packet []byte, f plan.Effects) error {
	if err := s.SendCommand(packet); err != nil {
		return err
	}
	failed, err := s.RelayAnswer(wire.Command(packet[0]).Answer(), 0)
	e.run.Status = s.Status()
	if failed {
		e.run.Doubt()
		f.UseDB = "" // what else a failed statement may have changed is asked for
	}
	e.run.Effects(f)
	return err
}

// text handles COM_QUERY: one statement, or several.
func (e *encryption) text(s *Session, packet []byte) error {
	if !e.run.Protects() && !mayDesignate(packet) {
		return e.forward(s, packet, plan.Effects{Session: true})
	}
	if err := e.query.Decode(packet, s.Capabilities()); err != nil {
		return wire.NewError(wire.CodeMalformedPacket, "Malformed communication packet")
	}
	sql := e.query.SQL
	p, rest, err := e.run.Plan(e.ctx, sql)
	if err != nil {
		return err
	}
	if rest != nil {
		return e.several(s, packet, sql)
	}
	if pass, ok := p.(*plan.PassThrough); ok {
		return e.forward(s, packet, pass.Effects)
	}
	return e.run.Run(e.ctx, p, sql, false)
}

// mayDesignate says whether a statement could have a clause that designates a table, where nothing is encrypted yet.
func mayDesignate(packet []byte) bool {
	for i := 0; i+7 <= len(packet); i++ {
		if packet[i]|0x20 == 'e' && bytes.EqualFold(packet[i:i+7], []byte("encrypt")) {
			return true
		}
	}
	return false
}

// several handles a text of more than one statement. Where all of them pass and none changes how the next one reads, the
// text goes on as it came.
func (e *encryption) several(s *Session, packet, sql []byte) error {
	var last plan.Effects
	whole := true
	for rest := sql; rest != nil && whole; {
		p, next, err := e.run.Plan(e.ctx, rest)
		if err != nil {
			return err
		}
		pass, ok := p.(*plan.PassThrough)
		whole = ok && last == (plan.Effects{})
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
		if failed || err != nil {
			return err
		}
		rest = next
	}
	return nil
}

func (e *encryption) one(s *Session, p plan.Plan, piece []byte, more bool) (failed bool, err error) {
	pass, ok := p.(*plan.PassThrough)
	if !ok {
		err := e.run.Run(e.ctx, p, piece, more)
		return e.run.Failed, err
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
		f.UseDB = ""
	}
	e.run.Effects(f)
	return failed, err
}

// prepare handles COM_STMT_PREPARE.
func (e *encryption) prepare(s *Session, packet []byte) error {
	if !e.run.Protects() && !mayDesignate(packet) {
		return e.forwardPrepare(s, packet, plan.Effects{Session: true})
	}
	sql := packet[1:]
	p, rest, err := e.run.Plan(e.ctx, sql)
	if err != nil {
		return err
	}
	if rest != nil {
		return wire.NewError(wire.CodeParse, "You have an error in your SQL syntax; a prepared statement is one statement")
	}
	if pass, ok := p.(*plan.PassThrough); ok {
		return e.forwardPrepare(s, packet, pass.Effects)
	}
	return e.run.Prepare(e.ctx, p, sql)
}

// forwardPrepare passes COM_STMT_PREPARE on and notes what executions will change.
func (e *encryption) forwardPrepare(s *Session, packet []byte, f plan.Effects) error {
	if f == (plan.Effects{}) {
		return e.forward(s, packet, f)
	}
	if err := s.SendCommand(packet); err != nil {
		return err
	}
	head, err := s.Upstream().Peek(9)
	if err == nil && head[4] == 0 {
		ok, err := wire.DecodePrepareOK(append(bytes.Clone(head[4:9]), make([]byte, 7)...))
		if err == nil {
			e.effects[ok.StatementID] = f
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

// fieldList refuses COM_FIELD_LIST of a protected table, whose physical columns it would show.
func (e *encryption) fieldList(packet []byte) (bool, error) {
	table, _, _ := bytes.Cut(packet[1:], []byte{0})
	protected, err := e.run.Protected(e.ctx, string(table))
	if err != nil || !protected {
		return false, err
	}
	return false, wire.NewError(wire.CodeNotSupported, "tdeproxy: COM_FIELD_LIST of an encrypted table is not supported")
}
