package exec

import (
	"bytes"
	"errors"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// answer runs the client's text in the evaluator and passes its answer on: definitions with the logical names, rows as they
// are, the session's own status at the end. params is nil for the text protocol.
func (s *splitRun) answer(sql []byte, params *wire.Execute, more bool) error {
	run := func() error { return s.bench.Query(sql) }
	s.binary = params != nil
	if params != nil {
		run = func() error { return s.execute(sql, params) }
	}
	if err := run(); err != nil {
		return err
	}
	return s.relay(more)
}

// evaluated is an error of the evaluator's connection, which costs the statement alone.
func (s *splitRun) evaluated(err error) error { return s.bench.Broken(err) }

// relay passes one answer on.
func (s *splitRun) relay(more bool) error {
	conn := s.bench.Conn()
	packet, err := conn.ReadPacket()
	if err != nil {
		return s.evaluated(err)
	}
	if wire.IsError(packet) {
		if s.grouping != nil {
			s.bench.Answered()
			return errUngrouped // the error is to be in the client's own words
		}
		return s.evaluatorError(packet)
	}
	if err := s.strange(); err != nil {
		return err
	}
	if s.plan.Uses.NoRows {
		return s.done(packet, more)
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > maxColumns {
		return s.evaluated(wire.ErrMalformed)
	}
	count := append([]byte(nil), packet...)
	columns := make([][]byte, n)
	for i := range columns {
		if columns[i], err = s.definition(); err != nil {
			return err
		}
		s.types = append(s.types, s.lastType)
	}
	if g := s.grouping; g != nil {
		if !g.matches(columns, s.caps) {
			return errors.Join(errUngrouped, s.skipRows())
		}
		columns = g.answer
	}
	s.learn(columns)
	// An error instead of the first row is still an error instead of a result, as a plain server gives it.
	if packet, err = conn.ReadPacket(); err != nil {
		return s.evaluated(err)
	}
	var held [][]byte
	if s.grouping != nil {
		if held, packet, err = s.holdGroups(packet); err != nil {
			return err
		}
	}
	if err := s.head(count, columns, more); err != nil {
		return err
	}
	return s.relayRows(held, packet, more)
}

// holdGroups reads rows of groups, of which packet is the first, before any goes to the client: an error that comes with a later one
// is to be in the client's own words, too. It gives the packet after them.
func (s *splitRun) holdGroups(packet []byte) (held [][]byte, next []byte, err error) {
	for size := 0; size < projectMax; size += len(packet) {
		switch {
		case wire.IsError(packet):
			s.bench.Answered()
			return nil, nil, errUngrouped
		case wire.IsEnd(packet, s.bench.Capabilities()):
			return held, packet, nil
		}
		held = append(held, bytes.Clone(packet))
		if packet, err = s.bench.Conn().ReadPacket(); err != nil {
			return nil, nil, s.evaluated(err)
		}
	}
	return held, packet, nil
}

// done passes on that a statement without a result set is done.
func (s *splitRun) done(packet []byte, more bool) error {
	var ok wire.OK
	if err := ok.Decode(packet, s.bench.Capabilities()); err != nil {
		return s.evaluated(err)
	}
	s.bench.Answered()
	s.found = found{known: true, rows: ok.AffectedRows, affected: int64(ok.AffectedRows), count: ok.Warnings}
	if s.plan.Uses.Silent {
		s.found.rows, s.found.here = s.before.rows, !s.catalog.mariaDB
	}
	out := wire.OK{AffectedRows: ok.AffectedRows, Warnings: ok.Warnings, Status: s.Status &^ statusOfStatement}
	if err := s.after(ok.Warnings); err != nil {
		return err
	}
	return s.sendOK(out, more)
}

// after asks the evaluator for what is to be kept of a statement.
func (s *splitRun) after(warnings uint16) error {
	if warnings > 0 {
		if err := s.keepWarnings(); err != nil {
			return err
		}
	}
	return s.keepUserVars()
}

// definition reads a column definition and gives it as the client is to have it.
func (s *splitRun) definition() ([]byte, error) {
	packet, err := s.bench.Conn().ReadPacket()
	if err != nil {
		return nil, s.evaluated(err)
	}
	return s.defined(packet)
}

// defined is the packet of a definition as the client is to have it.
func (s *splitRun) defined(packet []byte) ([]byte, error) {
	var c wire.Column
	if err := c.Decode(packet, s.bench.Capabilities()); err != nil {
		return nil, s.evaluated(err)
	}
	s.lastType = c.Type
	c.Schema = s.logicalText(c.Schema)
	if n := c.Length / evaluator.MaxPacket; n > 0 && n <= 4 && c.Length%evaluator.MaxPacket == 0 && s.packet > 0 {
		c.Length = n * s.packet // the most that a value may have, in characters of n bytes
	}
	s.asked(&c)
	if s.shownColumn(&c) {
		return c.Append(nil, s.caps), nil
	}
	if c.Charset != binaryCharset && s.vars.ResultsCharset != "" {
		c.Charset = s.vars.ResultsCollation // which a login chooses, and SET does not
	}
	return c.Append(nil, s.caps), nil
}

// logicalText puts the client's names of databases in place of the workspace's, in a text that the evaluator has said in the session's character set.
func (s *splitRun) logicalText(text []byte) []byte {
	set := s.vars.ResultsCharset
	plain, err := value.Transcode(nil, text, set, "utf8mb4")
	if err != nil {
		return text
	}
	logical := s.bench.Logical(plain)
	if bytes.Equal(logical, plain) {
		return text
	}
	if logical, err = value.Transcode(nil, logical, "utf8mb4", set); err != nil {
		return text
	}
	return logical
}

// head sends the column count and the definitions.
func (s *splitRun) head(count []byte, columns [][]byte, more bool) error {
	if s.cursor != nil {
		s.cursor.head = append([][]byte{count}, columns...)
		return nil
	}
	if err := s.client.WritePacket(count); err != nil {
		return s.gone(err)
	}
	for _, c := range columns {
		if err := s.client.WritePacket(c); err != nil {
			return s.gone(err)
		}
	}
	if s.caps.Has(wire.DeprecateEOF) {
		return nil
	}
	status := s.Status &^ statusOfStatement
	if more {
		status |= wire.StatusMoreResults
	}
	if err := s.client.WritePacket(wire.EOF{Status: status}.Append(nil)); err != nil {
		return s.gone(err)
	}
	return nil
}

// relayRows passes rows on, those held and then packet and what follows it, until the result ends.
func (s *splitRun) relayRows(held [][]byte, packet []byte, more bool) error {
	conn, caps := s.bench.Conn(), s.bench.Capabilities()
	conn.Enlarge()
	defer conn.Shrink()
	rows := uint64(len(held))
	for _, row := range held {
		if err := s.row(row); err != nil {
			return err
		}
	}
	for {
		switch {
		case wire.IsEnd(packet, caps):
			end, err := wire.DecodeEnd(packet, caps)
			if err != nil {
				return s.evaluated(err)
			}
			s.bench.Answered()
			return s.ended(end, rows, more)
		case wire.IsError(packet):
			return s.evaluatorError(packet)
		}
		var err error
		if s.patch != nil {
			if packet, err = patched(s.patch, packet, s.types, s.binary); err != nil {
				return s.evaluated(err)
			}
		}
		if packet != nil {
			if err := s.row(packet); err != nil {
				return err
			}
			rows++
		}
		if packet, err = conn.ReadPacket(); err != nil {
			return s.evaluated(err)
		}
	}
}

// row passes one row on, or keeps it for a cursor.
func (s *splitRun) row(packet []byte) error {
	if s.cursor != nil {
		return s.cursor.add(packet)
	}
	if err := s.client.WritePacket(packet); err != nil {
		return s.gone(err)
	}
	return nil
}

// rowsEnd ends the client's answer.
func (s *splitRun) rowsEnd(warnings uint16, more bool) error {
	if s.cursor != nil {
		return s.cursorOpened(warnings)
	}
	return s.Session.rowsEnd(warnings, more)
}

// ended keeps what the client may ask about the statement afterwards, and sends the packet that ends rows.
func (s *splitRun) ended(end wire.OK, rows uint64, more bool) error {
	s.answered = true
	if s.plan.Asks && end.Warnings == 0 { // and changes nothing of that
		s.found, s.found.rows = s.before, rows
		return s.rowsEnd(0, more)
	}
	s.found = found{known: true, rows: rows, affected: -1, count: end.Warnings}
	if err := s.after(end.Warnings); err != nil {
		return err
	}
	if s.plan.CountsAll() {
		if err := s.countAll(); err != nil {
			return err
		}
	}
	return s.rowsEnd(end.Warnings, more)
}

// evaluatorError is an error that the evaluator answered with, in the logical tables' words.
func (s *splitRun) evaluatorError(packet []byte) error {
	e, err := wire.DecodeError(packet)
	if err != nil {
		return s.evaluated(err)
	}
	s.bench.Answered()
	e.Message = string(s.logicalText([]byte(e.Message)))
	s.found = found{known: true, affected: -1}
	if err := s.keepWarnings(); err != nil {
		s.found = found{} // what the client asks about is the error, whatever ended the evaluator's connection after it
		return e
	}
	s.found.count = uint16(len(s.found.warnings))
	if err := s.keepUserVars(); err != nil { // some may have been assigned before
		return err
	}
	return e
}

// execute executes the client's text in the evaluator with the client's parameters. It stays prepared there, so that most
// executions cost no more than a query.
func (s *splitRun) execute(sql []byte, params *wire.Execute) error {
	id, count, kept := s.bench.Prepared(sql)
	if !kept {
		tainted := s.bench.Tainted()
		ok, err := s.prepareThere(sql, nil)
		if err != nil {
			return err
		}
		if id, count = ok.StatementID, ok.Params; len(s.plan.Uses.Functions) == 0 {
			if err := s.bench.Keep(sql, id, count, tainted); err != nil {
				return s.evaluated(err)
			}
		}
	}
	e := wire.Execute{StatementID: id, Iterations: 1, Bound: true, Params: params.Params}
	if len(e.Params) != int(count) {
		return errParams
	}
	if s.bulked != nil {
		return s.bench.Execute(s.bulked.packet(id))
	}
	return s.bench.Execute(e.Append(nil, s.bench.Capabilities()))
}

// prepareThere prepares a text in the evaluator and hands the result's definitions, as the client is to have them, to
// column. The evaluator's connections know no EOF between lists.
func (s *splitRun) prepareThere(sql []byte, column func([]byte) error) (ok wire.PrepareOK, err error) {
	if err := s.bench.Prepare(sql); err != nil {
		return ok, err
	}
	packet, err := s.bench.Conn().ReadPacket()
	if err != nil {
		return ok, s.evaluated(err)
	}
	if wire.IsError(packet) {
		return ok, s.evaluatorError(packet)
	}
	if err := s.strange(); err != nil {
		return ok, err
	}
	if ok, err = wire.DecodePrepareOK(packet); err != nil {
		return ok, s.evaluated(err)
	}
	for i := range int(ok.Params) + int(ok.Columns) {
		c, err := s.definition()
		if err == nil && i >= int(ok.Params) && column != nil {
			err = column(c)
		}
		if err != nil {
			return ok, err
		}
	}
	s.bench.Answered()
	return ok, nil
}
