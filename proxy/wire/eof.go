package wire

// EOF is an EOF packet of a connection without CLIENT_DEPRECATE_EOF.
type EOF struct {
	Warnings uint16
	Status   uint16
}

// DecodeEOF reads an EOF packet.
func DecodeEOF(packet []byte) (EOF, error) {
	r := reader{b: packet}
	if r.u8() != 0xfe || len(packet) > 8 {
		return EOF{}, ErrMalformed
	}
	e := EOF{Warnings: r.u16(), Status: r.u16()}
	return e, r.err()
}

// Append encodes e.
func (e EOF) Append(dst []byte) []byte {
	return append(dst, 0xfe, byte(e.Warnings), byte(e.Warnings>>8), byte(e.Status), byte(e.Status>>8))
}

// IsEnd reports whether packet ends rows: an EOF, or an OK in its place. A row that begins with 0xfe is longer.
func IsEnd(packet []byte, caps Capability) bool {
	if len(packet) == 0 || packet[0] != 0xfe {
		return false
	}
	if caps.Has(DeprecateEOF) {
		return len(packet) < maxPayload
	}
	return len(packet) < 9
}

// DecodeEnd reads a packet for which IsEnd holds, whatever its layout, as an OK.
func DecodeEnd(packet []byte, caps Capability) (OK, error) {
	var ok OK
	if caps.Has(DeprecateEOF) && len(packet) >= 7 {
		err := ok.Decode(packet, caps)
		return ok, err
	}
	e, err := DecodeEOF(packet)
	return OK{Warnings: e.Warnings, Status: e.Status, EndOfRows: true}, err
}

// AppendEnd encodes the packet that ends rows in the layout that caps asks for.
func AppendEnd(dst []byte, end OK, caps Capability) []byte {
	if caps.Has(DeprecateEOF) {
		end.EndOfRows = true
		return end.Append(dst, caps)
	}
	return EOF{Warnings: end.Warnings, Status: end.Status}.Append(dst)
}
