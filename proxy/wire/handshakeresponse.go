package wire

import "encoding/binary"

// HandshakeResponse is the client's first packet, Protocol::HandshakeResponse41; with SSL it comes after the SSLRequest
// and the TLS handshake. Byte slices alias the packet.
type HandshakeResponse struct {
	Capabilities Capability
	MaxPacket    uint32 // the longest packet the client will take, in bytes
	Charset      uint8  // collation id
	User         string
	Auth         []byte // what the plugin made of the password and the scramble
	Database     string
	Plugin       string
	Attributes   []byte // connection attributes as they came: length-encoded keys and values
	ZstdLevel    uint8
}

// SSLRequest asks for TLS: the head of a HandshakeResponse.
type SSLRequest struct {
	Capabilities Capability
	MaxPacket    uint32
	Charset      uint8
}

// DecodeSSLRequest reads an SSLRequest; it is one if it has CLIENT_SSL and ends where the user's name would begin.
func DecodeSSLRequest(packet []byte) (*SSLRequest, error) {
	r := reader{b: packet}
	q := r.clientPrefix()
	if r.bad || len(r.b) != 0 || !q.Capabilities.Has(SSL) {
		return nil, ErrMalformed
	}
	return &q, nil
}

// Append encodes q.
func (q *SSLRequest) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(q.Capabilities))
	dst = binary.LittleEndian.AppendUint32(dst, q.MaxPacket)
	dst = append(dst, q.Charset)
	dst = append(dst, make([]byte, 19)...)
	ext := uint32(0)
	if !q.Capabilities.Has(LongPassword) {
		ext = uint32(q.Capabilities >> 32)
	}
	return binary.LittleEndian.AppendUint32(dst, ext)
}

// clientPrefix reads what SSLRequest and HandshakeResponse41 have in common.
func (r *reader) clientPrefix() (q SSLRequest) {
	q.Capabilities = Capability(r.u32())
	q.MaxPacket = r.u32()
	q.Charset = r.u8()
	r.take(19)
	if ext := Capability(r.u32()); !q.Capabilities.Has(LongPassword) {
		q.Capabilities |= ext << 32
	}
	return q
}

// DecodeHandshakeResponse reads a client's response. Clients older than MySQL 4.1 are ErrMalformed.
func DecodeHandshakeResponse(packet []byte) (*HandshakeResponse, error) {
	r := reader{b: packet}
	q := r.clientPrefix()
	caps := q.Capabilities
	if r.bad || !caps.Has(Protocol41) {
		return nil, ErrMalformed
	}
	h := &HandshakeResponse{Capabilities: caps, MaxPacket: q.MaxPacket, Charset: q.Charset, User: string(r.nul())}
	switch {
	case caps.Has(PluginAuthLenEncData):
		h.Auth = r.str()
	case caps.Has(SecureConnection):
		h.Auth = r.take(int(r.u8()))
	default:
		h.Auth = r.nulOrRest()
	}
	if caps.Has(ConnectWithDB) && len(r.b) > 0 {
		h.Database = string(r.nulOrRest())
	}
	if caps.Has(PluginAuth) && len(r.b) > 0 {
		h.Plugin = string(r.nulOrRest())
	}
	if caps.Has(ConnectAttrs) && len(r.b) > 0 {
		h.Attributes = r.str()
	}
	if caps.Has(ZstdCompression) && len(r.b) > 0 {
		h.ZstdLevel = r.u8()
	}
	return h, r.err()
}

// Append encodes h.
func (h *HandshakeResponse) Append(dst []byte) []byte {
	caps := h.Capabilities
	q := SSLRequest{Capabilities: caps, MaxPacket: h.MaxPacket, Charset: h.Charset}
	dst = q.Append(dst)
	dst = append(append(dst, h.User...), 0)
	switch {
	case caps.Has(PluginAuthLenEncData):
		dst = AppendString(dst, h.Auth)
	case caps.Has(SecureConnection):
		auth := h.Auth[:min(len(h.Auth), 255)]
		dst = append(append(dst, byte(len(auth))), auth...)
	default:
		dst = append(append(dst, h.Auth...), 0)
	}
	if caps.Has(ConnectWithDB) {
		dst = append(append(dst, h.Database...), 0)
	}
	if caps.Has(PluginAuth) {
		dst = append(append(dst, h.Plugin...), 0)
	}
	if caps.Has(ConnectAttrs) {
		dst = AppendString(dst, h.Attributes)
	}
	if caps.Has(ZstdCompression) {
		dst = append(dst, h.ZstdLevel)
	}
	return dst
}

// nulOrRest reads up to a zero byte or, where that is missing as some clients leave it out, to the end.
func (r *reader) nulOrRest() []byte {
	for _, c := range r.b {
		if c == 0 {
			return r.nul()
		}
	}
	return r.rest()
}
