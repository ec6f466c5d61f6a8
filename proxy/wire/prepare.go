package wire

import "encoding/binary"

// PrepareOK is COM_STMT_PREPARE_OK, after which Params and Columns column definitions follow, each list ended by an EOF
// unless CLIENT_DEPRECATE_EOF.
type PrepareOK struct {
	StatementID uint32
	Columns     uint16
	Params      uint16
	Warnings    uint16
}

// DecodePrepareOK reads a COM_STMT_PREPARE_OK.
func DecodePrepareOK(packet []byte) (PrepareOK, error) {
	r := reader{b: packet}
	if r.u8() != 0 {
		return PrepareOK{}, ErrMalformed
	}
	p := PrepareOK{StatementID: r.u32(), Columns: r.u16(), Params: r.u16()}
	r.take(1)
	if len(r.b) >= 2 {
		p.Warnings = r.u16()
	}
	return p, r.err()
}

// Append encodes p.
func (p PrepareOK) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(append(dst, 0), p.StatementID)
	dst = binary.LittleEndian.AppendUint16(dst, p.Columns)
	dst = binary.LittleEndian.AppendUint16(dst, p.Params)
	return binary.LittleEndian.AppendUint16(append(dst, 0), p.Warnings)
}
