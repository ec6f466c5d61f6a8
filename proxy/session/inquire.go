package session

import (
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// asked is the answer to a statement of the proxy's own; NULL is "".
type asked struct {
	rows     [][]string
	warnings uint16
}

// inquire runs statements of the proxy's own on the client's upstream connection, all in one round trip, and returns the
// answer to each. The first error of the server is returned as a *wire.Error once all answers are read.
func (s *Session) inquire(statements ...string) ([]asked, error) {
	for _, sql := range statements {
		s.up.ResetSequence()
		q := wire.Query{SQL: []byte(sql)}
		if err := s.up.WritePacket(q.Append(nil, s.caps)); err != nil {
			return nil, &wire.BrokenError{Conn: s.up, Err: err}
		}
	}
	if err := s.up.Flush(); err != nil {
		return nil, &wire.BrokenError{Conn: s.up, Err: err}
	}
	var failed *wire.Error
	answers := make([]asked, len(statements))
	for i := range statements {
		s.up.SetSequence(1)
		refused, err := s.readAnswer(&answers[i])
		if err != nil {
			return nil, &wire.BrokenError{Conn: s.up, Err: err}
		}
		if failed == nil {
			failed = refused
		}
	}
	if failed != nil {
		return nil, failed
	}
	return answers, nil
}

// readAnswer reads one answer: an OK, rows, or the error that is returned as refused.
func (s *Session) readAnswer(a *asked) (refused *wire.Error, err error) {
	packet, err := s.up.ReadPacket()
	if err != nil || len(packet) == 0 {
		return nil, unreadable(err)
	}
	switch packet[0] {
	case 0xff:
		return wire.DecodeError(packet)
	case 0x00:
		ok, err := wire.DecodeOK(packet, s.caps)
		if err == nil {
			s.status, a.warnings = ok.Status, ok.Warnings
		}
		return nil, err
	}
	n, size := wire.Int(packet)
	if size == 0 || n > 4096 {
		return nil, wire.ErrMalformed
	}
	skip := int(n)
	if !s.caps.Has(wire.DeprecateEOF) {
		skip++
	}
	for range skip {
		if _, err := s.up.ReadPacket(); err != nil {
			return nil, err
		}
	}
	return s.readRows(a, int(n))
}

func (s *Session) readRows(a *asked, columns int) (refused *wire.Error, err error) {
	for {
		packet, err := s.up.ReadPacket()
		switch {
		case err != nil || len(packet) == 0:
			return nil, unreadable(err)
		case wire.IsError(packet):
			return wire.DecodeError(packet)
		case wire.IsEnd(packet, s.caps):
			end, err := wire.DecodeEnd(packet, s.caps)
			if err == nil {
				s.status, a.warnings = end.Status, end.Warnings
			}
			return nil, err
		}
		row, values := make([]string, columns), wire.NewTextRow(packet)
		for i := range row {
			v, ok := values.Next()
			if !ok {
				return nil, fmt.Errorf("reading a row: %w", wire.ErrMalformed)
			}
			row[i] = string(v)
		}
		a.rows = append(a.rows, row)
	}
}

// unreadable is err, or what an empty packet is.
func unreadable(err error) error {
	if err != nil {
		return err
	}
	return wire.ErrMalformed
}
