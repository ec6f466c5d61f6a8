package wire

// AuthSwitch is Protocol::AuthSwitchRequest: the server wants another method, with another scramble.
type AuthSwitch struct {
	Plugin string
	Data   []byte // aliases the packet; usually the scramble and a zero byte
}

// DecodeAuthSwitch reads an AuthSwitchRequest. One of a single byte asks for the method of MySQL 4.0, which has no name.
func DecodeAuthSwitch(packet []byte) (*AuthSwitch, error) {
	r := reader{b: packet}
	if r.u8() != 0xfe {
		return nil, ErrMalformed
	}
	if len(r.b) == 0 {
		return &AuthSwitch{Plugin: "mysql_old_password"}, nil
	}
	a := &AuthSwitch{Plugin: string(r.nul()), Data: r.rest()}
	return a, r.err()
}

// Append encodes a.
func (a *AuthSwitch) Append(dst []byte) []byte {
	dst = append(append(append(dst, 0xfe), a.Plugin...), 0)
	return append(dst, a.Data...)
}

// AuthMore is Protocol::AuthMoreData: what a method says in its own words.
type AuthMore struct {
	Data []byte // aliases the packet
}

// DecodeAuthMore reads AuthMoreData.
func DecodeAuthMore(packet []byte) (AuthMore, error) {
	if len(packet) == 0 || packet[0] != 0x01 {
		return AuthMore{}, ErrMalformed
	}
	return AuthMore{Data: packet[1:]}, nil
}

// Append encodes a.
func (a AuthMore) Append(dst []byte) []byte { return append(append(dst, 0x01), a.Data...) }
