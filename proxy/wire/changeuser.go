package wire

import "encoding/binary"

// ChangeUser is COM_CHANGE_USER. Byte slices alias the packet.
type ChangeUser struct {
	User       string
	Auth       []byte
	Database   string
	Charset    uint16 // collation id; 0 when the client gave none
	Plugin     string
	Attributes []byte // connection attributes as they came
}

// DecodeChangeUser reads a COM_CHANGE_USER of a connection with caps.
func DecodeChangeUser(packet []byte, caps Capability) (*ChangeUser, error) {
	r := reader{b: packet}
	if Command(r.u8()) != ComChangeUser {
		return nil, ErrMalformed
	}
	u := &ChangeUser{User: string(r.nul())}
	if caps.Has(SecureConnection) {
		u.Auth = r.take(int(r.u8()))
	} else {
		u.Auth = r.nul()
	}
	u.Database = string(r.nulOrRest())
	if len(r.b) > 0 {
		u.Charset = r.u16()
	}
	if caps.Has(PluginAuth) && len(r.b) > 0 {
		u.Plugin = string(r.nulOrRest())
	}
	if caps.Has(ConnectAttrs) && len(r.b) > 0 {
		u.Attributes = r.str()
	}
	return u, r.err()
}

// Append encodes u for a connection with caps.
func (u *ChangeUser) Append(dst []byte, caps Capability) []byte {
	dst = append(append(append(dst, byte(ComChangeUser)), u.User...), 0)
	if caps.Has(SecureConnection) {
		auth := u.Auth[:min(len(u.Auth), 255)]
		dst = append(append(dst, byte(len(auth))), auth...)
	} else {
		dst = append(append(dst, u.Auth...), 0)
	}
	dst = append(append(dst, u.Database...), 0)
	dst = binary.LittleEndian.AppendUint16(dst, u.Charset)
	if caps.Has(PluginAuth) {
		dst = append(append(dst, u.Plugin...), 0)
	}
	if caps.Has(ConnectAttrs) {
		dst = AppendString(dst, u.Attributes)
	}
	return dst
}
