package rawmysql

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Cursor flags of COM_STMT_EXECUTE.
const (
	CursorNone     byte = 0
	CursorReadOnly byte = 1
)

// Param is one bound parameter or query attribute.
type Param struct {
	Name  string // of a query attribute
	Type  byte   // MYSQL_TYPE_…
	Value []byte // in the binary protocol, length prefix included; nil is NULL
	Long  bool   // sent before by SendLongData
	// Indicator stands for the value in a bulk execution.
	Indicator byte
}

// Int is a BIGINT parameter.
func Int(v int64) Param {
	return Param{Type: 8, Value: binary.LittleEndian.AppendUint64(nil, uint64(v))}
}

// Double is a DOUBLE parameter.
func Double(v float64) Param {
	return Param{Type: 5, Value: binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))}
}

// Text is a string parameter.
func Text(v string) Param {
	return Param{Type: 253, Value: append(appendLenInt(nil, uint64(len(v))), v...)}
}

// Null is a NULL of the given type (6 is MYSQL_TYPE_NULL).
func Null(typ byte) Param { return Param{Type: typ} }

// Long stands for a parameter that SendLongData has sent.
func Long() Param { return Param{Type: 252, Long: true, Value: []byte{}} }

// Attribute names a parameter, which makes it a query attribute.
func Attribute(name string, p Param) Param { p.Name = name; return p }

// Stmt is a prepared statement.
type Stmt struct {
	conn       *Conn
	ID         uint32
	Params     []Column
	Columns    []Column
	Warnings   uint16
	cursorCols []Column
}

// Prepare sends COM_STMT_PREPARE. A server's refusal is a *ServerError.
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	p, err := c.Command(comStmtPrepare, []byte(sql))
	if err != nil {
		return nil, err
	}
	if p[0] == 0xff {
		return nil, parseError(p, true)
	}
	if len(p) < 12 {
		return nil, errors.New("short prepare answer")
	}
	s := &Stmt{conn: c, ID: binary.LittleEndian.Uint32(p[1:]), Warnings: binary.LittleEndian.Uint16(p[10:])}
	columns, params := binary.LittleEndian.Uint16(p[5:]), binary.LittleEndian.Uint16(p[7:])
	if s.Params, err = c.readDefinitions(int(params)); err != nil {
		return nil, err
	}
	if s.Columns, err = c.readDefinitions(int(columns)); err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Conn) readDefinitions(n int) ([]Column, error) {
	if n == 0 {
		return nil, nil
	}
	columns, err := c.readColumns(n)
	if err != nil || c.Capabilities&ClientDeprecateEOF != 0 {
		return columns, err
	}
	return columns, c.readEOF(&Result{})
}

// SendLongData sends one piece of parameter i; nothing is answered.
func (s *Stmt) SendLongData(i int, piece []byte) error {
	body := binary.LittleEndian.AppendUint32(nil, s.ID)
	body = binary.LittleEndian.AppendUint16(body, uint16(i))
	return s.conn.command(comStmtSendLong, append(body, piece...))
}

// Execute runs the statement and returns all results.
func (s *Stmt) Execute(params ...Param) ([]*Result, error) {
	if err := s.send(CursorNone, params); err != nil {
		return nil, err
	}
	return s.conn.readResults(true, nil)
}

// Open executes with a read-only cursor; rows come by Fetch. A result without
// StatusCursorExists came whole.
func (s *Stmt) Open(params ...Param) (*Result, error) {
	if err := s.send(CursorReadOnly, params); err != nil {
		return nil, err
	}
	if s.conn.Capabilities&ClientDeprecateEOF != 0 {
		return nil, errors.New("rawmysql: cursors need Drop of ClientDeprecateEOF")
	}
	r, err := s.conn.readResult(true, nil)
	if err == nil {
		s.cursorCols = r.Columns
	}
	return r, err
}

// Fetch reads up to n rows of the open cursor.
func (s *Stmt) Fetch(n uint32) (*Result, error) {
	body := binary.LittleEndian.AppendUint32(nil, s.ID)
	if err := s.conn.command(comStmtFetch, binary.LittleEndian.AppendUint32(body, n)); err != nil {
		return nil, err
	}
	r := &Result{Columns: s.cursorCols}
	return r, s.conn.readRows(r, true, nil)
}

// Close sends COM_STMT_CLOSE; nothing is answered.
func (s *Stmt) Close() error {
	return s.conn.command(comStmtClose, binary.LittleEndian.AppendUint32(nil, s.ID))
}

func (s *Stmt) send(cursor byte, params []Param) error {
	c := s.conn
	body := binary.LittleEndian.AppendUint32(nil, s.ID)
	attributes := c.Capabilities&ClientQueryAttributes != 0
	flags := cursor
	if attributes {
		flags |= 8 // PARAMETER_COUNT_AVAILABLE
	}
	body = append(body, flags, 1, 0, 0, 0)
	all := params
	if attributes {
		all = append(append([]Param{}, params...), c.Attributes...)
		body = appendLenInt(body, uint64(len(all)))
	}
	if len(all) > 0 {
		body = appendParams(body, all, attributes, true)
	}
	return c.command(comStmtExecute, body)
}

// appendParams writes null bitmap, types (and names) and values.
func appendParams(b []byte, params []Param, names, bound bool) []byte {
	bitmap := make([]byte, (len(params)+7)/8)
	for i, p := range params {
		if p.Value == nil && !p.Long {
			bitmap[i/8] |= 1 << (i % 8)
		}
	}
	b = append(b, bitmap...)
	if bound {
		b = append(b, 1)
	}
	for _, p := range params {
		b = append(b, p.Type, 0)
		if names {
			b = append(appendLenInt(b, uint64(len(p.Name))), p.Name...)
		}
	}
	for _, p := range params {
		if !p.Long {
			b = append(b, p.Value...)
		}
	}
	return b
}

func decodeRow(p []byte, columns []Column, binaryRow bool) ([][]byte, error) {
	if binaryRow {
		return decodeBinaryRow(p, columns)
	}
	row := make([][]byte, len(columns))
	for i := range row {
		if len(p) > 0 && p[0] == 0xfb {
			p = p[1:]
			continue
		}
		v, rest, ok := lenBytes(p)
		if !ok {
			return nil, fmt.Errorf("row ends in column %d", i)
		}
		row[i], p = v, rest
	}
	if len(p) != 0 {
		return nil, fmt.Errorf("%d bytes after the row", len(p))
	}
	return row, nil
}

func decodeBinaryRow(p []byte, columns []Column) ([][]byte, error) {
	n := (len(columns) + 9) / 8
	if len(p) < 1+n || p[0] != 0 {
		return nil, errors.New("bad binary row head")
	}
	bitmap, p := p[1:1+n], p[1+n:]
	row := make([][]byte, len(columns))
	for i, col := range columns {
		if bitmap[(i+2)/8]&(1<<((i+2)%8)) != 0 {
			continue
		}
		size, ok := fixedSize[col.Type]
		if !ok {
			v, rest, ok := lenBytes(p)
			if !ok {
				return nil, fmt.Errorf("binary row ends in column %d", i)
			}
			row[i], p = v, rest
			continue
		}
		if len(p) < size {
			return nil, fmt.Errorf("binary row ends in column %d", i)
		}
		row[i], p = p[:size], p[size:]
	}
	if len(p) != 0 {
		return nil, fmt.Errorf("%d bytes after the binary row", len(p))
	}
	return row, nil
}

// fixedSize is the binary protocol's length of types without a length prefix.
var fixedSize = map[uint8]int{1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 0, 8: 8, 9: 4, 13: 2}

func appendLenInt(b []byte, v uint64) []byte {
	switch {
	case v < 251:
		return append(b, byte(v))
	case v < 1<<16:
		return append(b, 0xfc, byte(v), byte(v>>8))
	case v < 1<<24:
		return append(b, 0xfd, byte(v), byte(v>>8), byte(v>>16))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xfe), v)
}

func lenInt(p []byte) (uint64, []byte, bool) {
	if len(p) == 0 {
		return 0, nil, false
	}
	n := 0
	switch p[0] {
	case 0xfc:
		n = 2
	case 0xfd:
		n = 3
	case 0xfe:
		n = 8
	default:
		return uint64(p[0]), p[1:], p[0] < 0xfb
	}
	if len(p) < 1+n {
		return 0, nil, false
	}
	var v uint64
	for i := n; i > 0; i-- {
		v = v<<8 | uint64(p[i])
	}
	return v, p[1+n:], true
}

func lenBytes(p []byte) (value, rest []byte, ok bool) {
	n, rest, ok := lenInt(p)
	if !ok || uint64(len(rest)) < n {
		return nil, nil, false
	}
	return rest[:n:n], rest[n:], true
}

// AsLast is the statement under the id by which MariaDB's clients name the one that was prepared last.
func (s *Stmt) AsLast() *Stmt { return &Stmt{conn: s.conn, ID: 1<<32 - 1} }
