package exec

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
)

// codeNoCursor is ER_STMT_HAS_NO_OPEN_CURSOR.
const codeNoCursor = 1421

// cursor is one that a client has opened on a result of the evaluator's: all its rows, as servers keep them in a temporary
// table. They count as the evaluator's until they have been fetched or the cursor is closed.
type cursor struct {
	evaluator *evaluator.Evaluator
	head      [][]byte // the column count and the definitions
	rows      [][]byte
	held      int64
}

// add keeps a row.
func (c *cursor) add(row []byte) error {
	n := int64(len(row)) + rowOverhead
	if err := c.evaluator.Hold(n); err != nil {
		return err
	}
	c.held += n
	c.rows = append(c.rows, bytes.Clone(row))
	return nil
}

// rowOverhead is what a row that is kept takes beside its bytes.
const rowOverhead = 40

// close gives the rows up.
func (c *cursor) close() {
	if c == nil {
		return
	}
	c.evaluator.Let(c.held)
	c.rows, c.head, c.held = nil, nil, 0
}

// closeCursor ends a cursor that the statement has open.
func (st *statement) closeCursor() {
	st.cursor.close()
	st.cursor = nil
}

// closeCursors gives up what the session keeps for its client.
func (x *Session) closeCursors() {
	for _, st := range x.stmts {
		st.closeCursor()
	}
}

// noCursor is the error of a fetch from a statement without one, in the words of either flavour.
func (x *Session) noCursor(id uint32) *wire.Error {
	e := &wire.Error{Code: codeNoCursor, State: "HY000", Message: fmt.Sprintf("The statement (%d) has no open cursor", id)}
	if !x.catalog.mariaDB {
		e.Message += "."
	}
	return e
}

// cursorOpened answers an execution whose rows are kept: the definitions, and that a cursor is open.
func (s *splitRun) cursorOpened(warnings uint16) error {
	for _, packet := range s.cursor.head {
		if err := s.client.WritePacket(packet); err != nil {
			return s.gone(err)
		}
	}
	return s.cursorEnd(warnings, wire.StatusCursorExists)
}

// cursorEnd sends the packet that ends an answer about a cursor.
func (x *Session) cursorEnd(warnings, flag uint16) error {
	out := wire.OK{Status: x.Status&^statusOfStatement | flag, Warnings: warnings}
	if err := x.client.WritePacket(wire.AppendEnd(nil, out, x.caps)); err != nil {
		return x.gone(err)
	}
	if err := x.client.Flush(); err != nil {
		return x.gone(err)
	}
	return nil
}

// fetchKept answers COM_STMT_FETCH of a cursor of the proxy's own. The last row is known to be that one when more are asked for
// than there are.
func (x *Session) fetchKept(st *statement, packet []byte) error {
	if len(packet) < 9 {
		return wire.NewError(wire.CodeMalformedPacket, "Malformed communication packet")
	}
	want := int(binary.LittleEndian.Uint32(packet[5:]))
	n := min(want, len(st.cursor.rows))
	for _, row := range st.cursor.rows[:n] {
		if err := x.client.WritePacket(row); err != nil {
			return x.gone(err)
		}
	}
	clear(st.cursor.rows[:n])
	st.cursor.rows = st.cursor.rows[n:]
	if n == want {
		return x.cursorEnd(0, wire.StatusCursorExists)
	}
	st.closeCursor()
	return x.cursorEnd(0, wire.StatusLastRowSent)
}
