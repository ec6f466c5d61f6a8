package wire

import "encoding/binary"

// OK is an OK packet, or an EOF packet in an OK's layout (CLIENT_DEPRECATE_EOF).
type OK struct {
	AffectedRows uint64
	InsertID     uint64
	Status       uint16
	Warnings     uint16
	Info         []byte // aliases the packet
	SessionState []byte // session tracking as it came; only with StatusSessionStateChanged
	EndOfRows    bool   // begins with 0xfe: it ends rows
}

// DecodeOK reads an OK packet of a connection with caps.
func DecodeOK(packet []byte, caps Capability) (*OK, error) {
	ok := new(OK)
	if err := ok.Decode(packet, caps); err != nil {
		return nil, err
	}
	return ok, nil
}

// Decode reads packet into ok.
func (ok *OK) Decode(packet []byte, caps Capability) error {
	r := reader{b: packet}
	*ok = OK{}
	switch r.u8() {
	case 0x00:
	case 0xfe:
		ok.EndOfRows = true
	default:
		return ErrMalformed
	}
	ok.AffectedRows, ok.InsertID = r.lenenc(), r.lenenc()
	ok.Status, ok.Warnings = r.u16(), r.u16()
	if !caps.Has(SessionTrack) {
		ok.Info = r.rest()
		return r.err()
	}
	if len(r.b) > 0 {
		ok.Info = r.str()
	}
	if ok.Status&StatusSessionStateChanged != 0 && len(r.b) > 0 {
		ok.SessionState = r.str()
	}
	return r.err()
}

// Append encodes ok for a connection with caps.
func (ok *OK) Append(dst []byte, caps Capability) []byte {
	first := byte(0x00)
	if ok.EndOfRows {
		first = 0xfe
	}
	dst = AppendInt(AppendInt(append(dst, first), ok.AffectedRows), ok.InsertID)
	dst = binary.LittleEndian.AppendUint16(dst, ok.Status)
	dst = binary.LittleEndian.AppendUint16(dst, ok.Warnings)
	if !caps.Has(SessionTrack) {
		return append(dst, ok.Info...)
	}
	changed := ok.Status&StatusSessionStateChanged != 0
	if len(ok.Info) > 0 || changed {
		dst = AppendString(dst, ok.Info)
	}
	if changed {
		dst = AppendString(dst, ok.SessionState)
	}
	return dst
}
