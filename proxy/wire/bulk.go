package wire

import "encoding/binary"

// Flags of COM_STMT_BULK_EXECUTE.
const (
	BulkUnitResults uint16 = 64  // affected rows and ids come back as a result set
	BulkTypes       uint16 = 128 // the packet has types
)

// Indicator says what stands for a value in COM_STMT_BULK_EXECUTE.
type Indicator byte

// The indicators.
const (
	IndicatorNone    Indicator = 0 // a value follows
	IndicatorNull    Indicator = 1
	IndicatorDefault Indicator = 2 // the column's default
	IndicatorIgnore  Indicator = 3 // as default in INSERT; in UPDATE the column stays as it is
)

// Bulk is MariaDB's COM_STMT_BULK_EXECUTE: one statement for many rows of parameters.
type Bulk struct {
	StatementID uint32
	Flags       uint16
	Types       []Param // Type and Unsigned of each parameter
	row         []BulkValue
	r           reader
}

// BulkValue is one value of a row.
type BulkValue struct {
	Indicator Indicator
	Value     []byte // with IndicatorNone: as in Param; aliases the packet
}

// Decode reads the head of packet, for a statement of count parameters. b.Types holds on from the execution before when
// the packet has none. Next gives the rows.
func (b *Bulk) Decode(packet []byte, count int) error {
	r := reader{b: packet}
	if Command(r.u8()) != ComStmtBulkExecute {
		return ErrMalformed
	}
	b.StatementID, b.Flags = r.u32(), r.u16()
	if b.Flags&BulkTypes != 0 {
		types := r.take(2 * count)
		if r.bad {
			return ErrMalformed
		}
		b.Types = b.Types[:0]
		for ; len(types) > 0; types = types[2:] {
			b.Types = append(b.Types, Param{Type: Type(types[0]), Unsigned: types[1]&0x80 != 0})
		}
	}
	b.r = r
	if r.bad || count == 0 || len(b.Types) != count {
		return ErrMalformed
	}
	return nil
}

// Rows are the rows that Next has not given yet, as they are in the packet.
func (b *Bulk) Rows() []byte { return b.r.b }

// Next returns the values of the next row; the slice is valid until the call after. ok is false after the last row and
// in a malformed packet.
func (b *Bulk) Next() (row []BulkValue, ok bool) {
	if len(b.r.b) == 0 {
		return nil, false
	}
	b.row = b.row[:0]
	for _, p := range b.Types {
		v := BulkValue{Indicator: Indicator(b.r.u8())}
		switch {
		case v.Indicator > IndicatorIgnore:
			b.r.bad, b.r.b = true, nil
		case v.Indicator == IndicatorNone && p.Type != TypeNull:
			v.Value = b.r.value(p.Type)
		}
		b.row = append(b.row, v)
	}
	return b.row, !b.r.bad
}

// Err is ErrMalformed when a row was cut off.
func (b *Bulk) Err() error { return b.r.err() }

// Append encodes b's head; AppendRow adds the rows.
func (b *Bulk) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(append(dst, byte(ComStmtBulkExecute)), b.StatementID)
	dst = binary.LittleEndian.AppendUint16(dst, b.Flags)
	if b.Flags&BulkTypes == 0 {
		return dst
	}
	for _, p := range b.Types {
		flag := byte(0)
		if p.Unsigned {
			flag = 0x80
		}
		dst = append(dst, byte(p.Type), flag)
	}
	return dst
}

// AppendRow encodes one row of values.
func (b *Bulk) AppendRow(dst []byte, row []BulkValue) []byte {
	for i, v := range row {
		dst = append(dst, byte(v.Indicator))
		if v.Indicator == IndicatorNone && b.Types[i].Type != TypeNull {
			dst = AppendValue(dst, b.Types[i].Type, v.Value)
		}
	}
	return dst
}
