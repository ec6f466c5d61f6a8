package wire

import "encoding/binary"

// Flags of COM_STMT_EXECUTE.
const (
	CursorReadOnly          uint8 = 0x01
	CursorForUpdate         uint8 = 0x02
	CursorScrollable        uint8 = 0x04
	ParameterCountAvailable uint8 = 0x08 // the packet counts its parameters: query attributes follow the statement's own
)

// Execute is COM_STMT_EXECUTE. Byte slices alias the packet.
type Execute struct {
	StatementID uint32
	Flags       uint8
	Iterations  uint32 // always 1
	Bound       bool   // the packet has types; without, those of the execution before hold
	// Params are the statement's parameters and after them its query attributes.
	Params []Param
}

// ExecuteStatement is the statement id of a COM_STMT_EXECUTE, SEND_LONG_DATA, CLOSE, RESET, FETCH or BULK_EXECUTE packet.
func ExecuteStatement(packet []byte) (id uint32, ok bool) {
	if len(packet) < 5 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(packet[1:]), true
}

// Decode reads packet, of a connection with caps, for a statement of count parameters, into e. Before, e.Params holds
// the parameters of the statement's last execution, whose types hold on where the packet has none; Long is true in
// those whose value was sent by COM_STMT_SEND_LONG_DATA since.
func (e *Execute) Decode(packet []byte, count int, caps Capability) error {
	r := reader{b: packet}
	if Command(r.u8()) != ComStmtExecute {
		return ErrMalformed
	}
	e.StatementID, e.Flags, e.Iterations, e.Bound = r.u32(), r.u8(), r.u32(), false
	named := caps.Has(QueryAttributes)
	n := uint64(count)
	if named && (count > 0 || e.Flags&ParameterCountAvailable != 0) {
		n = r.lenenc()
	}
	if r.bad || n > uint64(len(packet))*8 || n < uint64(count) {
		return ErrMalformed
	}
	if n == 0 {
		e.Params = e.Params[:0]
		return nil
	}
	e.Params, e.Bound = r.params(e.Params, int(n), named)
	if len(r.b) > 0 { // the values are not those of this statement
		return ErrMalformed
	}
	return r.err()
}

// Append encodes e, for a statement of len(e.Params) parameters and attributes, for a connection with caps.
func (e *Execute) Append(dst []byte, caps Capability) []byte {
	dst = binary.LittleEndian.AppendUint32(append(dst, byte(ComStmtExecute)), e.StatementID)
	dst = binary.LittleEndian.AppendUint32(append(dst, e.Flags), e.Iterations)
	named := caps.Has(QueryAttributes)
	if named && (len(e.Params) > 0 || e.Flags&ParameterCountAvailable != 0) {
		dst = AppendInt(dst, uint64(len(e.Params)))
	}
	if len(e.Params) == 0 {
		return dst
	}
	return appendParams(dst, e.Params, e.Bound, named)
}
