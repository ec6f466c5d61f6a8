package session

import (
	"bytes"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// severalPlain is several where nothing is encrypted: only a statement about the server's TLS takes a text apart.
func (e *encryption) severalPlain(s *Session, packet, sql []byte) error {
	for rest := sql; rest != nil && e.multi; {
		p, next, err := e.run.Plan(e.ctx, rest)
		if err != nil {
			return err
		}
		switch p.(type) {
		case *plan.ServerTLS, *plan.Refuse, *plan.Keyring:
			return e.oneByOne(s, sql)
		}
		rest = next
	}
	return e.forward(s, packet, plan.Effects{Session: true})
}

// serverTLS answers a statement about the server's TLS. more says that the client awaits further results.
func (e *encryption) serverTLS(s *Session, p *plan.ServerTLS, sql []byte, more bool) (failed bool, err error) {
	flags := uint16(0)
	if more {
		flags = wire.StatusMoreResults
	}
	defer func() {
		e.run.Status = s.Status()
		if failed {
			e.run.Doubt()
		}
	}()
	if s.handler.cfg.ServerTLS == nil {
		return e.leaveTLS(s, p, sql, flags)
	}
	switch p.Action {
	case plan.TLSReload, plan.TLSSet:
		defer e.run.Effects(plan.Effects{Session: true}) // SET may have changed others in the same statement
		return s.runTLS(p, flags)
	case plan.TLSSelect:
		return e.sendTLS(s, e.selectText(s, sql), flags)
	}
	if err := e.queryTLS(s, s.showText(p, sql)); err != nil {
		return false, err
	}
	return s.relayShow(s.shown(p), false, flags)
}

// leaveTLS passes a statement that only reads on where this package was given nothing to answer it with.
func (e *encryption) leaveTLS(s *Session, p *plan.ServerTLS, sql []byte, flags uint16) (failed bool, err error) {
	if p.Action == plan.TLSReload || p.Action == plan.TLSSet {
		return true, s.SendError(wire.NewError(wire.CodeNotSupported, "tdeproxy: this statement is not supported here"))
	}
	return e.sendTLS(s, sql, flags)
}

// selectText is a SELECT with the proxy's values in it; one that cannot be read anew goes as it is.
func (e *encryption) selectText(s *Session, sql []byte) []byte {
	text, ok := plan.SpliceTLS(sql, e.run.Mode(), s.variableExpr)
	if !ok {
		return sql
	}
	return []byte(text)
}

func (e *encryption) queryTLS(s *Session, sql []byte) error {
	q := wire.Query{SQL: bytes.Clone(sql)}
	return s.SendCommand(q.Append(nil, s.Capabilities()))
}

func (e *encryption) sendTLS(s *Session, sql []byte, flags uint16) (failed bool, err error) {
	if err := e.queryTLS(s, sql); err != nil {
		return false, err
	}
	return s.RelayAnswer(wire.AnswerQuery, flags)
}

// standIn is prepared upstream in place of a statement that never goes there, for its id.
const standIn = "DO 0"

// prepareTLS prepares a statement about the server's TLS. What a SELECT reads is what it was when it was prepared.
func (e *encryption) prepareTLS(s *Session, p *plan.ServerTLS, sql []byte) error {
	text := sql
	switch cfg := s.handler.cfg.ServerTLS; {
	case p.Action == plan.TLSReload || p.Action == plan.TLSSet:
		text = []byte(standIn)
	case cfg == nil:
		return e.forward(s, append([]byte{byte(wire.ComStmtPrepare)}, sql...), plan.Effects{})
	case p.Action == plan.TLSSelect:
		text = e.selectText(s, sql)
		return e.forward(s, append([]byte{byte(wire.ComStmtPrepare)}, text...), plan.Effects{})
	default:
		text = s.showText(p, sql)
	}
	return e.prepareNoting(s, append([]byte{byte(wire.ComStmtPrepare)}, text...), func(id uint32) { e.tls[id] = p })
}

// executeFlags is where COM_STMT_EXECUTE has its flags, which ask for a cursor.
const executeFlags = 5

// executeTLS runs a prepared statement about the server's TLS. A SHOW is answered without a cursor: then its rows come here.
func (e *encryption) executeTLS(s *Session, p *plan.ServerTLS, packet []byte) error {
	if p.Action == plan.TLSReload || p.Action == plan.TLSSet {
		_, err := e.serverTLS(s, p, nil, false)
		return err
	}
	packet = bytes.Clone(packet)
	if len(packet) > executeFlags {
		packet[executeFlags] = 0
	}
	if err := s.SendCommand(packet); err != nil {
		return err
	}
	failed, err := s.relayShow(s.shown(p), true, 0)
	e.run.Status = s.Status()
	if failed {
		e.run.Doubt()
	}
	return err
}
