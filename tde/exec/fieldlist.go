package exec

import (
	"bytes"
	"context"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// FieldList answers COM_FIELD_LIST of an encrypted table or view, with the definitions and defaults of the logical columns. It is planned as
// the SHOW COLUMNS that it amounts to. handled is false where upstream is to answer.
func (x *Session) FieldList(ctx context.Context, packet []byte) (handled bool, err error) {
	body := bytes.Clone(packet[1:])
	table, _, found := bytes.Cut(body, []byte{0})
	if !found {
		return false, wire.NewError(wire.CodeMalformedPacket, "Malformed communication packet")
	}
	sql := []byte("SHOW COLUMNS FROM " + quoteName(string(table)))
	p, _, err := x.Plan(ctx, sql)
	if err != nil {
		return true, err
	}
	if _, pass := p.(*plan.PassThrough); pass {
		return false, nil
	}
	x.listing = body
	defer func() { x.listing = nil }()
	return true, x.Run(ctx, p, sql, false)
}

// showListed makes the twin of a table whose fields are to be listed, after upstream has listed those of the stored one to the client's account:
// its privileges decide.
func (s *splitRun) showListed(p *plan.Show) error {
	if err := s.send(wire.ComFieldList, s.listing); err != nil {
		return err
	}
	for {
		packet, err := s.readUpstream()
		switch {
		case err != nil:
			return s.lost(err)
		case wire.IsError(packet):
			return s.statementError(packet)
		case wire.IsEnd(packet, s.caps):
			if p.Table.IsView() {
				return s.showOpened(p.Opened)
			}
			return s.bench.Show(p.Table, 0)
		}
	}
}

// list passes on what the evaluator lists.
func (s *splitRun) list() error {
	if err := s.bench.UseShown(s.plan.Show.Table.DB); err != nil {
		return err
	}
	if err := s.bench.Command(append([]byte{byte(wire.ComFieldList)}, s.listing...)); err != nil {
		return err
	}
	s.found = s.before
	for {
		packet, err := s.bench.Conn().ReadPacket()
		switch {
		case err != nil:
			return s.evaluated(err)
		case wire.IsError(packet):
			return s.evaluatorError(packet)
		case wire.IsEnd(packet, s.bench.Capabilities()):
			s.bench.Answered()
			return s.rowsEnd(0, false)
		}
		c, err := s.defined(packet)
		if err != nil {
			return err
		}
		if err := s.client.WritePacket(c); err != nil {
			return s.gone(err)
		}
	}
}
