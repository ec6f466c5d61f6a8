package rawmysql

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
)

// Command codes, MySQL's names.
const (
	comQuit            = 1
	ComInitDB          = 2
	ComQuery           = 3
	ComFieldList       = 4
	ComStatistics      = 9
	ComPing            = 14
	comChangeUser      = 17
	comStmtPrepare     = 22
	comStmtExecute     = 23
	comStmtSendLong    = 24
	comStmtClose       = 25
	ComStmtReset       = 26
	ComSetOption       = 27
	comStmtFetch       = 28
	ComResetConnection = 31
)

// Server status flags that tests look at.
const (
	StatusInTrans      uint16 = 1
	StatusAutocommit   uint16 = 2
	StatusMoreResults  uint16 = 8
	StatusCursorExists uint16 = 64
	StatusLastRowSent  uint16 = 128
)

// ServerError is an ERR packet.
type ServerError struct {
	Code     uint16
	SQLState string
	Message  string
}

// Error formats as the mysql client does.
func (e *ServerError) Error() string {
	return fmt.Sprintf("ERROR %d (%s): %s", e.Code, e.SQLState, e.Message)
}

// Column is one column definition packet, field by field.
type Column struct {
	Schema, Table, OrgTable, Name, OrgName string
	Charset                                uint16
	Length                                 uint32
	Type                                   uint8
	Flags                                  uint16
	Decimals                               uint8
}

// Result is one answer: an OK, a result set, or an error. In a row, nil is
// NULL; other values are the bytes of the protocol that was used.
type Result struct {
	Columns      []Column
	Rows         [][][]byte
	AffectedRows uint64
	LastInsertID uint64
	Status       uint16
	Warnings     uint16
	Info         string
	Session      []string // changes of session state, sorted
	Err          *ServerError
}

func parseError(p []byte, state bool) error {
	e := &ServerError{SQLState: "HY000"}
	if len(p) < 3 {
		return errors.New("short ERR packet")
	}
	e.Code = binary.LittleEndian.Uint16(p[1:])
	p = p[3:]
	if state && len(p) >= 6 && p[0] == '#' {
		e.SQLState, p = string(p[1:6]), p[6:]
	}
	e.Message = string(p)
	return e
}

// Query runs one text statement and returns all of its results.
func (c *Conn) Query(sql string) ([]*Result, error) {
	return c.QueryFunc(sql, nil)
}

// QueryFunc is Query that hands each row to row, when not nil, and keeps none.
func (c *Conn) QueryFunc(sql string, row func([]byte)) ([]*Result, error) {
	var body []byte
	if c.Capabilities&ClientQueryAttributes != 0 {
		body = appendLenInt(body, uint64(len(c.Attributes)))
		body = appendLenInt(body, 1)
		if len(c.Attributes) > 0 {
			body = appendParams(body, c.Attributes, true, true)
		}
	}
	if err := c.command(ComQuery, append(body, sql...)); err != nil {
		return nil, err
	}
	return c.readResults(false, row)
}

// Exec runs one text statement and returns its first result's error, if any.
func (c *Conn) Exec(sql string) error {
	results, err := c.Query(sql)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

func (c *Conn) readResults(binaryRows bool, row func([]byte)) ([]*Result, error) {
	var all []*Result
	for {
		r, err := c.readResult(binaryRows, row)
		if err != nil {
			return all, err
		}
		all = append(all, r)
		if r.Err != nil || r.Status&StatusMoreResults == 0 {
			return all, nil
		}
	}
}

func (c *Conn) readResult(binaryRows bool, row func([]byte)) (*Result, error) {
	p, err := c.readPacket()
	if err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return nil, errors.New("empty answer packet")
	}
	r := &Result{}
	switch p[0] {
	case 0x00:
		return r, r.parseOK(p[1:])
	case 0xff:
		return r, r.setError(p)
	case 0xfb:
		if err := c.sendLocalFile(string(p[1:])); err != nil {
			return nil, err
		}
		return c.readResult(binaryRows, row)
	}
	n, _, ok := lenInt(p)
	if !ok {
		return nil, errors.New("bad column count")
	}
	if r.Columns, err = c.readColumns(int(n)); err != nil {
		return nil, err
	}
	if c.Capabilities&ClientDeprecateEOF == 0 {
		if err := c.readEOF(r); err != nil {
			return nil, err
		}
		if r.Status&(StatusCursorExists|StatusMoreResults) == StatusCursorExists { // results of a CALL have the flag where the procedure has opened one
			return r, nil
		}
	}
	return r, c.readRows(r, binaryRows, row)
}

// sendLocalFile answers a LOCAL INFILE request with what LocalFile gives.
func (c *Conn) sendLocalFile(name string) error {
	if c.LocalFile != nil {
		if content := c.LocalFile(name); len(content) > 0 {
			if err := c.writePacket(content); err != nil {
				return err
			}
		}
	}
	return c.writePacket(nil)
}

func (r *Result) setError(p []byte) error {
	err := parseError(p, true)
	if !errors.As(err, &r.Err) {
		return err
	}
	return nil
}

func (c *Conn) readColumns(n int) ([]Column, error) {
	columns := make([]Column, n)
	for i := range columns {
		p, err := c.readPacket()
		if err != nil {
			return nil, err
		}
		if err := columns[i].parse(p); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

func (col *Column) parse(p []byte) error {
	var catalog string
	for _, s := range []*string{&catalog, &col.Schema, &col.Table, &col.OrgTable, &col.Name, &col.OrgName} {
		v, rest, ok := lenBytes(p)
		if !ok {
			return errors.New("bad column definition")
		}
		*s, p = string(v), rest
	}
	if len(p) < 11 || p[0] != 12 {
		return fmt.Errorf("bad column definition tail of %d bytes", len(p))
	}
	col.Charset = binary.LittleEndian.Uint16(p[1:])
	col.Length = binary.LittleEndian.Uint32(p[3:])
	col.Type = p[7]
	col.Flags = binary.LittleEndian.Uint16(p[8:])
	col.Decimals = p[10]
	return nil
}

func (c *Conn) readEOF(r *Result) error {
	p, err := c.readPacket()
	if err != nil {
		return err
	}
	if len(p) != 5 || p[0] != 0xfe {
		return fmt.Errorf("want EOF, got a packet of %d bytes starting %#x", len(p), p[0])
	}
	r.Warnings = binary.LittleEndian.Uint16(p[1:])
	r.Status = binary.LittleEndian.Uint16(p[3:])
	return nil
}

func (c *Conn) readRows(r *Result, binaryRows bool, row func([]byte)) error {
	for {
		p, err := c.readPacket()
		if err != nil {
			return err
		}
		switch {
		case len(p) > 0 && p[0] == 0xff:
			return r.setError(p)
		case len(p) == 5 && p[0] == 0xfe && c.Capabilities&ClientDeprecateEOF == 0:
			r.Warnings = binary.LittleEndian.Uint16(p[1:])
			r.Status = binary.LittleEndian.Uint16(p[3:])
			return nil
		case len(p) > 0 && len(p) < maxPayload && p[0] == 0xfe && c.Capabilities&ClientDeprecateEOF != 0:
			return r.parseOK(p[1:])
		}
		if row != nil {
			row(p)
			continue
		}
		values, err := decodeRow(p, r.Columns, binaryRows)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, values)
	}
}

func (r *Result) parseOK(p []byte) error {
	var ok bool
	if r.AffectedRows, p, ok = lenInt(p); !ok {
		return io.ErrUnexpectedEOF
	}
	if r.LastInsertID, p, ok = lenInt(p); !ok || len(p) < 4 {
		return io.ErrUnexpectedEOF
	}
	r.Status = binary.LittleEndian.Uint16(p)
	r.Warnings = binary.LittleEndian.Uint16(p[2:])
	r.parseInfo(p[4:])
	return nil
}

// statusStateChanged is SERVER_SESSION_STATE_CHANGED.
const statusStateChanged = 1 << 14

// parseInfo reads the human text, which servers send with its length before it
// whatever the protocol's documents say, and the session state's changes. What
// is otherwise goes into Info as "malformed".
func (r *Result) parseInfo(p []byte) {
	if len(p) == 0 {
		return
	}
	info, rest, ok := lenBytes(p)
	var state []byte
	if ok && len(rest) > 0 && r.Status&statusStateChanged != 0 {
		state, rest, ok = lenBytes(rest)
	}
	for ok && len(state) > 0 {
		var change []byte
		kind := state[0]
		if change, state, ok = lenBytes(state[1:]); ok {
			r.Session = append(r.Session, fmt.Sprintf("%d:%q", kind, change))
		}
	}
	sort.Strings(r.Session)
	r.Info = string(info)
	if !ok || len(rest) > 0 {
		r.Info = fmt.Sprintf("malformed: %q", p)
	}
}
