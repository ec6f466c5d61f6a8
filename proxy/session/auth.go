package session

import (
	"bytes"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

const (
	cachingSHA2 = "caching_sha2_password"

	// What caching_sha2_password says in AuthMoreData, and a client's question for the RSA key.
	fastAuthOK       = 0x03
	fullAuthNeeded   = 0x04
	publicKeyRequest = 0x02
)

// authenticate relays packets between upstream and client until upstream says OK or ERR. The scrambles are upstream's, so
// what the client makes of its password is right there; only where a password travels differently on the two sides, since
// one is protected and the other not, does the proxy take part. An OK is passed on once the client's own side of the connection has
// what its account demands.
func (s *Session) authenticate(plugin string) error {
	for {
		packet, err := s.up.ReadPacket()
		if err != nil {
			return s.lost(err)
		}
		if len(packet) == 0 {
			return s.lost(wire.ErrMalformed)
		}
		switch packet[0] {
		case 0x00:
			if ok, err := wire.DecodeOK(packet, s.caps); err == nil {
				s.status = ok.Status
			}
			packet = bytes.Clone(packet)
			if err := s.admit(); err != nil {
				return err
			}
			return s.tell(packet)
		case 0xff:
			if err := s.tell(packet); err != nil {
				return err
			}
			return errDenied
		case 0xfe:
			if plugin, err = s.switchTo(packet); err != nil {
				return err
			}
		default:
			if err := s.more(plugin, packet); err != nil {
				return err
			}
		}
	}
}

// errDenied says that upstream refused the login; the client knows.
var errDenied = fmt.Errorf("%w: upstream refused the login", errTold)

// tell sends one packet to the client.
func (s *Session) tell(packet []byte) error { return s.finish(s.client.WritePacket(packet)) }

// ask sends one packet to the client and returns its reply.
func (s *Session) ask(packet []byte) ([]byte, error) {
	if err := s.tell(packet); err != nil {
		return nil, err
	}
	reply, err := s.client.ReadPacket()
	if err != nil {
		return nil, &wire.BrokenError{Conn: s.client, Err: err}
	}
	s.password = s.password || hasPassword(reply)
	return reply, nil
}

// hasPassword says whether what a client sent to authenticate is more than "no password": nothing, or one zero byte.
func hasPassword(auth []byte) bool { return len(auth) > 1 || len(auth) == 1 && auth[0] != 0 }

// pass asks the client and gives upstream its reply.
func (s *Session) pass(packet []byte) error {
	reply, err := s.ask(packet)
	if err != nil {
		return err
	}
	return s.send(reply)
}

// switchTo relays an AuthSwitchRequest.
func (s *Session) switchTo(packet []byte) (plugin string, err error) {
	a, err := wire.DecodeAuthSwitch(packet)
	if err != nil {
		return "", s.lost(err)
	}
	if err := s.clearPassword(a.Plugin); err != nil {
		return "", err
	}
	s.scramble = append([]byte(nil), bytes.TrimSuffix(a.Data, []byte{0})...)
	return a.Plugin, s.pass(packet)
}

// clearPassword refuses a method that would send the password as it is, when the client protects it and the way upstream
// would not.
func (s *Session) clearPassword(plugin string) error {
	switch plugin {
	case "mysql_clear_password", "sha256_password", "dialog":
		if s.secure && !s.server.Secure() {
			return s.refuse(wire.NewError(wire.CodeSecureTransport,
				"Authentication plugin '%s' needs an encrypted connection from the proxy to the server", plugin))
		}
	}
	return nil
}

// more relays what a plugin says. All but caching_sha2_password's "fast authentication succeeded" wait for a reply.
func (s *Session) more(plugin string, packet []byte) error {
	said := bytes.TrimPrefix(packet, []byte{0x01})
	if plugin != cachingSHA2 && plugin != "" || len(said) != 1 {
		return s.pass(packet)
	}
	switch said[0] {
	case fastAuthOK:
		return s.tell(packet)
	case fullAuthNeeded:
		if s.secure != s.server.Secure() {
			return s.bridge(packet)
		}
	}
	return s.pass(packet)
}
