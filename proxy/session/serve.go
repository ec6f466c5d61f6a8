package session

import (
	"errors"
	"io"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

const (
	smallCommand = 8 << 10 // longer commands are passed on in pieces when no guard wants to see them
	lastWords    = time.Second
	lastLimit    = 64 << 10
	lingerLimit  = 64 << 20
)

// serve runs commands until either side ends.
func (s *Session) serve() error {
	for {
		transaction := s.status&wire.StatusInTransaction != 0
		s.link.Idle(transaction)
		if s.link.Ending() && !transaction {
			return s.goodbye(wire.NewError(wire.CodeServerShutdown, "Server shutdown in progress"))
		}
		s.client.ResetSequence()
		err := s.command()
		switch {
		case err == nil:
			s.link.Served()
		case errors.Is(err, errClientRead):
			return s.silent(err)
		default:
			return s.failed(err)
		}
	}
}

// errClientRead marks that no command came.
var errClientRead = errors.New("session: reading a command")

// command reads one command and sees it answered.
func (s *Session) command() error {
	if s.guard == nil {
		return s.passCommand()
	}
	packet, err := s.client.ReadPacket()
	if err != nil {
		return errors.Join(errClientRead, err)
	}
	s.link.Busy()
	if len(packet) == 0 {
		return s.unknown()
	}
	handled, err := s.guard.Command(s, packet)
	switch {
	case err != nil:
		return s.answerOwn(err)
	case handled:
		return nil
	}
	return s.ForwardCommand(packet)
}

// answerOwn sends an error that a guard has for the client; any other ends the session.
func (s *Session) answerOwn(err error) error {
	var answer *wire.Error
	if errors.As(err, &answer) {
		return s.SendError(answer)
	}
	return err
}

// passCommand passes a command on without a guard: a short one from the read buffer, a long one in pieces.
func (s *Session) passCommand() error {
	head, err := s.client.Peek(4)
	if err != nil {
		return errors.Join(errClientRead, err)
	}
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if size <= smallCommand {
		packet, err := s.client.ReadPacket()
		if err != nil {
			return errors.Join(errClientRead, err)
		}
		s.link.Busy()
		return s.ForwardCommand(packet)
	}
	head, err = s.client.Peek(5)
	if err != nil {
		return errors.Join(errClientRead, err)
	}
	if head[3] != 0 {
		return wire.ErrSequence
	}
	return s.passLong(wire.Command(head[4]))
}

// passLong streams a command that is too long for the read buffer.
func (s *Session) passLong(command wire.Command) error {
	s.link.Busy()
	switch command.Answer() {
	case wire.AnswerUnknown:
		if err := s.client.Skip(); err != nil {
			return &wire.BrokenError{Conn: s.client, Err: err}
		}
		return s.unknown()
	case wire.AnswerAuth:
		packet, err := s.client.ReadPacket()
		if err != nil {
			return &wire.BrokenError{Conn: s.client, Err: err}
		}
		return s.changeUser(packet)
	}
	s.answer.Start(wire.AnswerNone, s.caps)
	if err := s.client.RelayPacket(s.up); err != nil {
		return err
	}
	_, err := s.RelayAnswer(command.Answer(), 0)
	return err
}

// silent ends a session whose client sent no command: it closed, it broke the protocol, or its read was cut short because
// the server drains, the time was up or upstream is gone.
func (s *Session) silent(err error) error {
	switch {
	case s.link.UpstreamGone():
		s.server.Socket.SetReadDeadline(time.Now().Add(lastWords))
		s.link.Conn.SetWriteDeadline(time.Now().Add(lastWords))
		s.up.Empty(s.client, lastLimit)
		return errTold
	case s.link.IdleExpired():
		return s.goodbye(wire.NewError(wire.CodeClientInteractionOut, "The client was disconnected by the server because"+
			" of inactivity. See wait_timeout and interactive_timeout for configuring this behavior."))
	case s.link.Draining() && isTimeout(err):
		return s.goodbye(wire.NewError(wire.CodeServerShutdown, "Server shutdown in progress"))
	}
	return s.failed(err)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// goodbye tells a client that waits for nothing that it must go. Upstream is told as a client would.
func (s *Session) goodbye(e *wire.Error) error {
	s.link.Conn.SetWriteDeadline(time.Now().Add(lastWords))
	s.server.Socket.SetWriteDeadline(time.Now().Add(lastWords))
	s.client.ResetSequence()
	s.up.ResetSequence()
	_ = s.send([]byte{byte(wire.ComQuit)}) // only a courtesy: the connection is closed in any case
	return s.refuse(e)
}

// failed ends a session that cannot go on, and tells the client why where the protocol has a place for it.
func (s *Session) failed(err error) error {
	var broken *wire.BrokenError
	var answer *wire.Error
	switch {
	case errors.Is(err, errTold):
		return err
	case errors.As(err, &broken) && broken.Conn == s.up:
		return s.lost(err)
	case errors.Is(err, wire.ErrSequence):
		answer = wire.NewError(wire.CodePacketsOutOfOrder, "Got packets out of order")
	case errors.Is(err, wire.ErrTooLarge):
		answer = wire.NewError(wire.CodePacketTooLarge, "Got a packet bigger than 'max_allowed_packet' bytes")
	default:
		return err
	}
	s.client.SetSequence(1)
	err = s.refuse(answer)
	s.linger()
	return err
}

// linger reads on for a moment what a client still sends that has just been refused: to close with bytes unread resets
// the connection, and the client would not see why.
func (s *Session) linger() {
	if c, ok := s.link.Conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() == nil {
		s.link.Conn.SetReadDeadline(time.Now().Add(lastWords))
		io.CopyN(io.Discard, s.link.Conn, lingerLimit)
	}
}

// lost tells the client that upstream has gone: as the answer, or in the place of a row when the answer has begun. In the
// middle of a packet there is no place for it. When upstream said why before it stopped listening, that is the answer.
func (s *Session) lost(err error) error {
	s.handler.cfg.Log.Warn("upstream connection lost", "connection", s.id, "error", err)
	s.link.Conn.SetWriteDeadline(time.Now().Add(lastWords))
	if !s.answer.AtPacket() {
		return errTold
	}
	if !s.answer.Begun {
		s.server.Socket.SetReadDeadline(time.Now().Add(lastWords))
		s.answer.Start(wire.AnswerSimple, s.caps)
		if s.answer.Relay(s.up, s.client) == nil || s.answer.Begun {
			return errTold
		}
	}
	return s.refuse(wire.NewError(wire.CodeReadInterrupted, "Lost connection to MySQL server during query"))
}
