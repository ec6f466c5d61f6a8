package session

import (
	"sort"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// shown are the values that the proxy puts into the rows of a SHOW.
func (s *Session) shown(p *plan.ServerTLS) map[string]string {
	if p.Action == plan.TLSVariables {
		return s.systemVariables()
	}
	return s.statusVariables()
}

// showText is what upstream gets of a SHOW: where its WHERE looks at values, with the proxy's in their place.
func (s *Session) showText(p *plan.ServerTLS, sql []byte) []byte {
	if p.Pieces == nil {
		return sql
	}
	values := s.shown(p)
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString("(CASE LOWER(Variable_name)")
	for _, name := range names {
		b.WriteString(" WHEN '" + name + "' THEN " + sqlString(values[name]))
	}
	b.WriteString(" ELSE `Value` END)")
	return []byte(strings.Join(p.Pieces, b.String()))
}

// relayShow relays the answer to a SHOW of variables, with the proxy's values in it. Rows are read, as are those of no other
// statement that passes.
func (s *Session) relayShow(values map[string]string, binary bool, flags uint16) (failed bool, err error) {
	packet, err := s.passPacket()
	if err != nil || wire.IsError(packet) {
		return true, err
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 {
		return false, &wire.BrokenError{Conn: s.up, Err: wire.ErrMalformed}
	}
	types := make([]wire.Type, n)
	for i := range types {
		if packet, err = s.passPacket(); err != nil {
			return false, err
		}
		var c wire.Column
		if err := c.Decode(packet, s.caps); err != nil {
			return false, &wire.BrokenError{Conn: s.up, Err: err}
		}
		types[i] = c.Type
	}
	if !s.caps.Has(wire.DeprecateEOF) {
		if _, err = s.passPacket(); err != nil {
			return false, err
		}
	}
	rewrite := func(packet []byte) []byte { return packet }
	if len(types) == 2 {
		rewrite = func(packet []byte) []byte { return showRow(packet, types, values, binary) }
	}
	return s.relayRows(rewrite, flags)
}

// passPacket passes one packet on and returns it.
func (s *Session) passPacket() ([]byte, error) {
	packet, err := s.up.ReadPacket()
	if err == nil && len(packet) == 0 {
		err = wire.ErrMalformed
	}
	if err != nil {
		return nil, &wire.BrokenError{Conn: s.up, Err: err}
	}
	err = s.client.WritePacket(packet)
	if err == nil && wire.IsError(packet) {
		err = s.client.Flush()
	}
	if err != nil {
		return nil, &wire.BrokenError{Conn: s.client, Err: err}
	}
	return packet, nil
}

// relayRows passes rows on as rewrite makes them, and their end with flags.
func (s *Session) relayRows(rewrite func([]byte) []byte, flags uint16) (failed bool, err error) {
	for {
		packet, err := s.up.ReadPacket()
		switch {
		case err != nil:
			return false, &wire.BrokenError{Conn: s.up, Err: err}
		case wire.IsError(packet):
			return true, s.tell(packet)
		case !wire.IsEnd(packet, s.caps):
			if err := s.client.WritePacket(rewrite(packet)); err != nil {
				return false, &wire.BrokenError{Conn: s.client, Err: err}
			}
			continue
		}
		end, err := wire.DecodeEnd(packet, s.caps)
		if err != nil {
			return false, &wire.BrokenError{Conn: s.up, Err: err}
		}
		s.status = end.Status
		end.Status |= flags
		return false, s.tell(wire.AppendEnd(nil, end, s.caps))
	}
}

// showRow is a row of a name and a value with the proxy's value in it, where the name has one.
func showRow(packet []byte, types []wire.Type, values map[string]string, binary bool) []byte {
	if !binary {
		row := wire.NewTextRow(packet)
		name, _ := row.Next()
		value, ok := values[strings.ToLower(string(name))]
		if !ok {
			return packet
		}
		return wire.AppendText(wire.AppendText(nil, name), []byte(value))
	}
	row := wire.NewBinaryRow(packet, len(types))
	name, _ := row.Next(types[0])
	value, ok := values[strings.ToLower(string(name))]
	if _, text := row.Next(types[1]); !ok || !text {
		return packet
	}
	out, _ := wire.BeginBinaryRow(nil, len(types))
	return wire.AppendString(wire.AppendString(out, name), value)
}
