package session

import (
	"errors"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// ForwardCommand passes a command on and relays its answer, whatever the kind. packet may be the guard's own: then it is
// framed anew; otherwise it goes as it came.
func (s *Session) ForwardCommand(packet []byte) error {
	if len(packet) == 0 {
		return s.unknown()
	}
	answer := wire.Command(packet[0]).Answer()
	switch answer {
	case wire.AnswerUnknown:
		return s.unknown()
	case wire.AnswerAuth:
		return s.changeUser(packet)
	}
	command := wire.Command(packet[0])
	if err := s.SendCommand(packet); err != nil {
		return err
	}
	if command == wire.ComQuit {
		return errTold
	}
	failed, err := s.RelayAnswer(answer, 0)
	if command == wire.ComResetConnection && err == nil && !failed && s.guard != nil {
		s.guard.Reset()
	}
	return err
}

// ForwardPart passes a COM_QUERY on that is one statement, not the last, of several that the client sent in one: the last
// packet of its answer says that more results follow. After an ERR no more may.
func (s *Session) ForwardPart(packet []byte) (failed bool, err error) {
	if err := s.SendCommand(packet); err != nil {
		return false, err
	}
	return s.RelayAnswer(wire.AnswerQuery, wire.StatusMoreResults)
}

// SendCommand sends a command upstream and leaves the answer to be read from Upstream or relayed by RelayAnswer.
func (s *Session) SendCommand(packet []byte) error {
	s.up.ResetSequence()
	s.answer.Start(wire.AnswerNone, s.caps)
	raw := s.client.Raw(packet)
	if raw == nil {
		return s.send(packet)
	}
	if err := s.up.WriteRaw(raw); err != nil {
		return &wire.BrokenError{Conn: s.up, Err: err}
	}
	s.up.SetSequence(1)
	return nil
}

// RelayAnswer relays upstream's answer to a command that was sent; flags are set in the packet that ends it. The client's
// sequence numbers go on from where they are. failed says that it ended in an ERR.
func (s *Session) RelayAnswer(a wire.Answer, flags uint16) (failed bool, err error) {
	if a == wire.AnswerNone {
		return false, nil
	}
	s.answer.Status = s.status
	s.answer.Start(a, s.caps)
	s.answer.Patch(s.client.Sequence()-s.up.Sequence(), flags)
	err = s.answer.Relay(s.up, s.client)
	s.status = s.answer.Status
	return s.answer.Failed, err
}

// unknown answers a command that this proxy does not pass on.
func (s *Session) unknown() error {
	return s.SendError(wire.NewError(wire.CodeUnknownCommand, "Unknown command"))
}

// changeUser relays COM_CHANGE_USER with its authentication. State is gone whatever comes of it: servers throw it away
// before they look at the password.
func (s *Session) changeUser(packet []byte) error {
	change, err := wire.DecodeChangeUser(packet, s.caps)
	if err != nil {
		return s.SendError(wire.NewError(wire.CodeMalformedPacket, "Malformed communication packet"))
	}
	if err := s.clearPassword(change.Plugin); err != nil {
		return err
	}
	if err := s.SendCommand(packet); err != nil {
		return err
	}
	before := s.user
	s.user, s.password = change.User, hasPassword(change.Auth)
	deadline := time.Now().Add(s.handler.cfg.HandshakeTimeout)
	s.link.Conn.SetDeadline(deadline)
	s.server.Socket.SetDeadline(deadline)
	err = s.authenticate(change.Plugin)
	s.link.Conn.SetDeadline(time.Time{})
	s.server.Socket.SetDeadline(time.Time{})
	if s.guard != nil {
		s.guard.Reset()
	}
	if errors.Is(err, errDenied) {
		s.user = before
		return nil // upstream closes the connection or does not
	}
	if err == nil {
		s.database, s.charset = change.Database, change.Charset
	}
	return err
}
