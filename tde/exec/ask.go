package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

// exec runs a statement of the proxy's own on the session's upstream connection; it gives no rows.
func (x *Session) exec(sql string) (wire.OK, error) {
	var ok wire.OK
	if err := x.send(wire.ComQuery, []byte(sql)); err != nil {
		return ok, err
	}
	return x.readOK()
}

// readUpstream is upstream's next packet. Reports of how far an ALTER TABLE is, which MariaDB sends to clients that want them, are left out.
func (x *Session) readUpstream() ([]byte, error) {
	for {
		packet, err := x.upstream.ReadPacket()
		if err != nil || !wire.IsProgress(packet, x.caps) {
			return packet, err
		}
	}
}

// readOK reads the answer to a statement without rows, of which the client's session is not told.
func (x *Session) readOK() (wire.OK, error) {
	ok, err := x.readTold()
	ok.SessionState = nil
	ok.Status &^= wire.StatusSessionStateChanged
	return ok, err
}

// readTold is readOK with what has changed of the session.
func (x *Session) readTold() (ok wire.OK, err error) {
	packet, err := x.readUpstream()
	if err != nil {
		return ok, x.lost(err)
	}
	if wire.IsError(packet) {
		return ok, x.statementError(packet)
	}
	if err := ok.Decode(packet, x.caps); err != nil {
		return ok, err
	}
	ok.Info = append([]byte(nil), ok.Info...)
	ok.SessionState = append([]byte(nil), ok.SessionState...)
	x.Status = ok.Status &^ wire.StatusSessionStateChanged
	return ok, nil
}

// statementError is upstream's error in the logical table's words.
func (x *Session) statementError(packet []byte) error {
	e, err := wire.DecodeError(packet)
	if err != nil {
		return err
	}
	return x.logical(e)
}

// query runs a statement of the proxy's own and hands each row to fn; rows alias the packet. After an error of fn the
// rest of the rows is read and dropped.
func (x *Session) query(sql string, fn func(row [][]byte) error) error {
	_, err := x.queryColumns(sql, fn)
	return err
}

// noLimit is the sql_select_limit of a session that has none.
const noLimit = "18446744073709551615"

// whole is query for rows of a table, of which the session's sql_select_limit must not cut off any.
func (x *Session) whole(sql string, fn func(row [][]byte) error) error {
	if x.vars.SelectLimit == noLimit {
		return x.query(sql, fn)
	}
	if _, err := x.exec("SET SESSION sql_select_limit = " + noLimit); err != nil {
		return err
	}
	err := x.query(sql, fn)
	if _, back := x.exec("SET SESSION sql_select_limit = " + x.vars.SelectLimit); err == nil {
		err = back
	}
	return err
}

// catalogQuery is query for a SELECT of INFORMATION_SCHEMA of the proxy's own, which a session's max_join_size must not forbid.
func (x *Session) catalogQuery(sql string, fn func(row [][]byte) error) error {
	if x.catalog.mariaDB {
		return x.query("SET STATEMENT sql_big_selects = 1 FOR "+sql, fn)
	}
	return x.query("SELECT /*+ SET_VAR(sql_big_selects = 1) */"+strings.TrimPrefix(sql, "SELECT"), fn)
}

// queryColumns is query; it also tells the collation id of the first column.
func (x *Session) queryColumns(sql string, fn func(row [][]byte) error) (collation uint16, err error) {
	columns, err := x.queryDefinitions(sql, fn)
	if err != nil {
		return 0, err
	}
	return columns[0].Charset, nil
}

// queryDefinitions is query; it also tells the result's columns. Their names are gone.
func (x *Session) queryDefinitions(sql string, fn func(row [][]byte) error) ([]wire.Column, error) {
	if err := x.send(wire.ComQuery, []byte(sql)); err != nil {
		return nil, err
	}
	return x.readRows(fn)
}

// pair sends two statements in one round trip. It gives the answer to the first; that to the second is still to be read,
// whatever became of the first.
func (x *Session) pair(first string, second []byte) (wire.OK, error) {
	if err := x.queue(wire.ComQuery, []byte(first)); err != nil {
		return wire.OK{}, err
	}
	if err := x.send(wire.ComQuery, second); err != nil {
		return wire.OK{}, err
	}
	x.upstream.SetSequence(1)
	ok, err := x.readOK()
	x.upstream.SetSequence(1)
	return ok, err
}

// readRows reads a result; see queryDefinitions.
func (x *Session) readRows(fn func(row [][]byte) error) ([]wire.Column, error) {
	packet, err := x.readUpstream()
	if err != nil {
		return nil, x.lost(err)
	}
	if wire.IsError(packet) {
		return nil, x.statementError(packet)
	}
	n, size := wire.Int(packet)
	if size == 0 || n == 0 || n > maxColumns {
		return nil, fmt.Errorf("reading a result: %w", wire.ErrMalformed)
	}
	columns := make([]wire.Column, n)
	for i := range columns {
		packet, err := x.readUpstream()
		if err != nil {
			return nil, x.lost(err)
		}
		if err := columns[i].Decode(packet, x.caps); err != nil {
			return nil, err
		}
		c := &columns[i]
		*c = wire.Column{Charset: c.Charset, Type: c.Type, Flags: c.Flags, Decimals: c.Decimals, Length: c.Length}
	}
	if !x.caps.Has(wire.DeprecateEOF) {
		if _, err := x.readUpstream(); err != nil {
			return nil, x.lost(err)
		}
	}
	return columns, x.eachRow(int(n), fn)
}

// maxColumns is the most that a result has.
const maxColumns = 4096

// largeResult is how many rows a result has had when it is read in larger steps.
const largeResult = 32

func (x *Session) eachRow(n int, fn func(row [][]byte) error) error {
	row := make([][]byte, n)
	var failed error
	for i := 0; ; i++ {
		if i == largeResult {
			x.upstream.Enlarge()
			defer x.upstream.Shrink()
		}
		packet, err := x.readUpstream()
		switch {
		case err != nil:
			return x.lost(err)
		case wire.IsError(packet):
			return x.statementError(packet)
		case wire.IsEnd(packet, x.caps):
			end, err := wire.DecodeEnd(packet, x.caps)
			if err != nil {
				return err
			}
			x.Status = end.Status
			return failed
		}
		if failed != nil {
			continue
		}
		t := wire.NewTextRow(packet)
		for i := range row {
			v, ok := t.Next()
			if !ok {
				return fmt.Errorf("reading a row: %w", wire.ErrMalformed)
			}
			row[i] = v
		}
		failed = fn(row)
	}
}

// refresh asks for the session's variables where they are not known.
func (x *Session) refresh(context.Context) error {
	if x.known {
		return nil
	}
	status := x.Status
	var row [][]byte
	collation, err := x.queryColumns(varsQuery, func(r [][]byte) error {
		for _, v := range r {
			row = append(row, append([]byte(nil), v...))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(row) != 12 {
		return fmt.Errorf("reading session variables: %w", wire.ErrMalformed)
	}
	x.Status = status
	x.vars = Vars{}
	x.vars.parse(row, collation, x.catalog.mariaDB, x.catalog.version)
	x.known, x.shapes = true, nil
	return nil
}

// quoteName writes an identifier.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
