package exec

import (
	"bytes"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// returned is what upstream gives back of the rows that it got, as packets for the client: they wait until all is stored.
type returned struct {
	binary            bool
	definitions, rows [][]byte
	stored            [][][]byte // stored forms by the sink's columns, of which the evaluator makes the client's rows
}

// returning inserts the batch, the statement's only one, and takes what RETURNING gives of it. How many rows that changes the client is
// not told, so what other statements count need not be foreseen here.
func (k *sink) returning(last bool) error {
	if !last || k.batches > 0 {
		return notSupported("INSERT … RETURNING of more than %d bytes of rows into an encrypted table is not supported; insert fewer at a time", sinkBatch)
	}
	if k.into.List != nil { // the evaluator may find an error
		if err := k.protect(); err != nil {
			return err
		}
	}
	ok, err := k.takeReturned(string(append(k.text, k.tail...)))
	if err != nil {
		return k.duplicate(err)
	}
	return k.sent(ok)
}

func (k *sink) takeReturned(sql string) (ok wire.OK, err error) {
	if err := k.send(wire.ComQuery, []byte(sql)); err != nil {
		return ok, err
	}
	packet, err := k.readUpstream()
	if err != nil {
		return ok, k.lost(err)
	}
	if wire.IsError(packet) {
		return ok, k.statementError(packet)
	}
	row, err := k.returnedColumns(packet)
	if err != nil {
		return ok, err
	}
	var failed error
	n := uint64(0)
	for {
		packet, err := k.readUpstream()
		switch {
		case err != nil:
			return ok, k.lost(err)
		case wire.IsError(packet):
			return ok, k.statementError(packet)
		case wire.IsEnd(packet, k.caps):
			end, err := wire.DecodeEnd(packet, k.caps)
			if err != nil {
				return ok, err
			}
			k.Status = end.Status
			return wire.OK{AffectedRows: n, Warnings: end.Warnings, Status: end.Status}, failed
		}
		if n++; failed == nil {
			failed = row(packet)
		}
	}
}

// returnedColumns reads the definitions, and gives what takes each row.
func (k *sink) returnedColumns(packet []byte) (row func(packet []byte) error, err error) {
	r := &reader{outputs: k.into.Outputs, context: &k.vars.context, state: k.state, opened: &k.Session.opened}
	want := len(r.outputs)
	row = func(packet []byte) error { return k.returnedRow(r, packet) }
	if k.into.List != nil {
		want, row = len(k.into.Back), k.storedRow
	}
	if n, _ := wire.Int(packet); n != uint64(want) {
		return nil, fmt.Errorf("reading a result: %w", wire.ErrMalformed)
	}
	for i := range want {
		packet, err := k.readUpstream()
		if err != nil {
			return nil, k.lost(err)
		}
		var c wire.Column
		if err := c.Decode(packet, k.caps); err != nil {
			return nil, err
		}
		if k.into.List == nil {
			r.types = append(r.types, c.Type)
			k.logicalColumn(&c, &r.outputs[i])
			k.back.definitions = append(k.back.definitions, c.Append(nil, k.caps))
		}
	}
	if k.caps.Has(wire.DeprecateEOF) {
		return row, nil
	}
	if _, err := k.readUpstream(); err != nil {
		return nil, k.lost(err)
	}
	return row, nil
}

// returnedRow makes a row of the client's protocol of one of text.
func (k *sink) returnedRow(r *reader, packet []byte) error {
	var out []byte
	var err error
	if k.back.binary {
		out, err = k.binaryOfText(r, packet)
	} else {
		out, err = r.textRow(nil, packet)
	}
	k.back.rows = append(k.back.rows, out)
	return err
}

// binaryOfText makes a row of the binary protocol of one of the text protocol.
func (k *sink) binaryOfText(r *reader, packet []byte) ([]byte, error) {
	out, nulls := wire.BeginBinaryRow(nil, len(r.outputs))
	row := wire.NewTextRow(packet)
	for i, c := range k.into.Back {
		v, ok := row.Next()
		if !ok {
			return out, wire.ErrMalformed
		}
		if v == nil {
			wire.SetNull(out, nulls, i)
			continue
		}
		var plain []byte
		var err error
		if r.outputs[i].Column == nil {
			plain, err = evaluator.Stored(c, v)
		} else {
			plain, err = r.open(&r.outputs[i], v)
		}
		if err == nil {
			out, err = value.AppendBinary(out, plain, c, r.context)
		}
		if err != nil {
			return out, corrupt(k.table, c, err)
		}
	}
	return out, row.Err()
}

// sendReturned answers with the rows that RETURNING gave.
func (s *storeRun) sendReturned(ok wire.OK, more bool) error {
	s.found.affected = -1 // as after any result
	return s.back.send(s.splitRun, ok, more)
}

func (r *returned) send(s *splitRun, ok wire.OK, more bool) error {
	if err := s.head(wire.AppendInt(nil, uint64(len(r.definitions))), r.definitions, more); err != nil {
		return err
	}
	for _, row := range r.rows {
		if err := s.row(row); err != nil {
			return err
		}
	}
	return s.rowsEnd(ok.Warnings, more)
}

// takeReturned keeps the rows that the evaluator's RETURNING gives, of which packet is the number of columns: they wait until all is written.
func (r *replayRun) takeReturned(packet []byte) (ok wire.OK, err error) {
	r.back = &returned{}
	return r.takeRows(packet, r.back, r.targets[0].Table)
}

// takeRows adds the rows of the evaluator's answer to what is kept, of which packet is the number of columns.
func (s *splitRun) takeRows(packet []byte, back *returned, table *schema.Table) (ok wire.OK, err error) {
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > maxColumns {
		return ok, s.evaluated(wire.ErrMalformed)
	}
	back.definitions = nil
	for range n {
		c, err := s.definition()
		if err != nil {
			return ok, err
		}
		back.definitions = append(back.definitions, c)
	}
	held := int64(0)
	for {
		packet, err := s.bench.Conn().ReadPacket()
		switch {
		case err != nil:
			return ok, s.evaluated(err)
		case wire.IsError(packet):
			return ok, s.evaluatorError(packet)
		case wire.IsEnd(packet, s.bench.Capabilities()):
			end, err := wire.DecodeEnd(packet, s.bench.Capabilities())
			if err != nil {
				return ok, s.evaluated(err)
			}
			s.bench.Answered()
			return wire.OK{AffectedRows: uint64(len(back.rows)), Warnings: end.Warnings}, s.bench.Take(table, held)
		}
		back.rows = append(back.rows, bytes.Clone(packet))
		held += int64(len(packet)) + 24
	}
}
