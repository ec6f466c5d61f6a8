package evaluator

import (
	"errors"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// maxPending is how many answers may be due: the server must not block on writing them while it is written to.
const maxPending = 256

// send gathers a statement without a result set; its answer is read by drain.
func (w *Workspace) send(sql string, s sent) error {
	return w.sendBytes([]byte(sql), s)
}

func (w *Workspace) sendBytes(sql []byte, s sent) error {
	w.conn.ResetSequence()
	b := append(w.conn.Begin(), byte(wire.ComQuery))
	return w.sendPacket(append(b, sql...), s)
}

// sendPacket finishes a packet that the connection's Begin started.
func (w *Workspace) sendPacket(b []byte, s sent) error {
	if w.broken != nil {
		return w.broken
	}
	if err := w.conn.End(b); err != nil {
		return w.Broken(err)
	}
	w.pending = append(w.pending, s)
	if len(w.pending) >= maxPending {
		return w.drain()
	}
	return nil
}

// drain sends what was gathered and reads every answer but a Command's. The first error counts.
func (w *Workspace) drain() error {
	return w.drainTo(0)
}

// drainTo reads answers until so many are due.
func (w *Workspace) drainTo(due int) error {
	if w.broken != nil {
		return w.broken
	}
	if err := w.conn.Flush(); err != nil {
		return w.Broken(err)
	}
	var failed error
	n := 0
	for ; len(w.pending)-n > due; n++ {
		s := w.pending[n]
		w.conn.SetSequence(1)
		ok, err := w.read()
		if w.broken != nil {
			return w.broken
		}
		if err == nil && s.done != nil {
			err = s.done(ok)
		}
		if err != nil && s.vital {
			w.broken = err
		}
		if failed == nil {
			failed = err
		}
	}
	w.pending = append(w.pending[:0], w.pending[n:]...)
	if len(w.pending) == 0 {
		w.conn.SetSequence(1)
	}
	return failed
}

// read reads one OK or ERR.
func (w *Workspace) read() (wire.OK, error) {
	packet, err := w.conn.ReadPacket()
	if err != nil {
		return wire.OK{}, w.Broken(err)
	}
	if wire.IsError(packet) {
		my, err := wire.DecodeError(packet)
		if err != nil {
			return wire.OK{}, w.Broken(err)
		}
		my.Message = string(w.Logical([]byte(my.Message)))
		return wire.OK{}, my
	}
	var ok wire.OK
	if err := ok.Decode(packet, w.caps); err != nil {
		return wire.OK{}, w.Broken(err)
	}
	return ok, nil
}

// exec runs a statement at once.
func (w *Workspace) exec(sql string) error {
	return errors.Join(w.drain(), w.send(sql, sent{}), w.drain())
}

// value reads the first value of a result.
func (w *Workspace) value(sql string) (string, error) {
	rows, err := w.rowsOf(sql)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return string(rows[0][0]), nil
}

// rowsOf runs a query at once and gives its rows; nil is NULL.
func (w *Workspace) rowsOf(sql string) (rows [][][]byte, err error) {
	if err := w.drain(); err != nil {
		return nil, err
	}
	w.conn.ResetSequence()
	err = w.conn.End(append(append(w.conn.Begin(), byte(wire.ComQuery)), sql...))
	if err == nil {
		err = w.conn.Flush()
	}
	columns := 0
	for n := 0; err == nil; n++ {
		var packet []byte
		if packet, err = w.conn.ReadPacket(); err != nil {
			break
		}
		if wire.IsError(packet) {
			my, err := wire.DecodeError(packet)
			if err != nil {
				return nil, w.Broken(err)
			}
			return nil, my
		}
		if n == 0 {
			count, _ := wire.Int(packet)
			columns = int(count)
		}
		if n <= columns {
			continue
		}
		if wire.IsEnd(packet, w.caps) {
			return rows, nil
		}
		row := wire.NewTextRow(packet)
		values := make([][]byte, columns)
		for i := range values {
			if v, ok := row.Next(); ok && v != nil {
				values[i] = append([]byte{}, v...)
			}
		}
		rows = append(rows, values)
	}
	return nil, w.Broken(fmt.Errorf("reading rows: %w", err))
}
