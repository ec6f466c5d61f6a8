package wire

import "encoding/binary"

// Handshake is the server's greeting, Protocol::HandshakeV10.
type Handshake struct {
	Version      string
	ConnectionID uint32
	Scramble     []byte // what the password is hashed with: 20 bytes, without the zero after them
	Capabilities Capability
	Charset      uint8 // collation id
	Status       uint16
	Plugin       string // the authentication method of the accounts that have no other
}

// DecodeHandshake reads a greeting.
func DecodeHandshake(packet []byte) (*Handshake, error) {
	r := reader{b: packet}
	if r.u8() != 10 {
		return nil, ErrMalformed
	}
	h := &Handshake{Version: string(r.nul()), ConnectionID: r.u32()}
	h.Scramble = append(h.Scramble, r.take(8)...)
	r.take(1)
	h.Capabilities = Capability(r.u16())
	h.Charset = r.u8()
	h.Status = r.u16()
	h.Capabilities |= Capability(r.u16()) << 16
	size := int(r.u8())
	r.take(6)
	if ext := Capability(r.u32()); !h.Capabilities.Has(LongPassword) {
		h.Capabilities |= ext << 32
	}
	if h.Capabilities.Has(SecureConnection) {
		part := r.take(max(13, size-8))
		if len(part) > 0 && part[len(part)-1] == 0 {
			part = part[:len(part)-1]
		}
		h.Scramble = append(h.Scramble, part...)
	}
	if h.Capabilities.Has(PluginAuth) {
		h.Plugin = string(r.nulOrRest())
	}
	return h, r.err()
}

// Append encodes h.
func (h *Handshake) Append(dst []byte) []byte {
	caps := h.Capabilities
	longest := 20
	if caps.Has(PluginAuth) {
		longest = 254 // what its length byte can say, with the zero after it
	}
	scramble := append(make([]byte, 0, 32), h.Scramble[:min(len(h.Scramble), longest)]...)
	for len(scramble) < 20 {
		scramble = append(scramble, 0)
	}
	dst = append(append(append(dst, 10), h.Version...), 0)
	dst = binary.LittleEndian.AppendUint32(dst, h.ConnectionID)
	dst = append(append(dst, scramble[:8]...), 0)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(caps))
	dst = append(dst, h.Charset)
	dst = binary.LittleEndian.AppendUint16(dst, h.Status)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(caps>>16))
	size := byte(0)
	if caps.Has(PluginAuth) {
		size = byte(len(scramble) + 1)
	}
	dst = append(dst, size, 0, 0, 0, 0, 0, 0)
	ext := uint32(0)
	if !caps.Has(LongPassword) {
		ext = uint32(caps >> 32)
	}
	dst = binary.LittleEndian.AppendUint32(dst, ext)
	if caps.Has(SecureConnection) {
		dst = append(append(dst, scramble[8:]...), 0)
	}
	if caps.Has(PluginAuth) {
		dst = append(append(dst, h.Plugin...), 0)
	}
	return dst
}
