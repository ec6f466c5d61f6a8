package harness

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// Probe asks a server for TLS as a MySQL client does, by an SSLRequest in
// answer to the greeting, and hangs up after the handshake.
func Probe(address string, config *tls.Config, timeout time.Duration) (tls.ConnectionState, error) {
	c, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(timeout))
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return tls.ConnectionState{}, fmt.Errorf("greeting: %w", err)
	}
	greeting := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	if _, err := io.ReadFull(c, greeting); err != nil {
		return tls.ConnectionState{}, fmt.Errorf("greeting: %w", err)
	}
	if len(greeting) == 0 || greeting[0] == 0xff {
		return tls.ConnectionState{}, fmt.Errorf("an error instead of a greeting: %q", greeting)
	}
	if _, err := c.Write(sslRequest()); err != nil {
		return tls.ConnectionState{}, err
	}
	secure := tls.Client(c, config)
	if err := secure.Handshake(); err != nil {
		return tls.ConnectionState{}, fmt.Errorf("TLS handshake: %w", err)
	}
	return secure.ConnectionState(), nil
}

// sslRequest is the whole packet: capabilities, largest packet, character set
// and 23 zero bytes.
func sslRequest() []byte {
	capabilities := rawmysql.ClientLongPassword | rawmysql.ClientProtocol41 | rawmysql.ClientSSL |
		rawmysql.ClientSecureConnection | rawmysql.ClientPluginAuth
	packet := make([]byte, 4+32)
	packet[0], packet[3] = 32, 1
	binary.LittleEndian.PutUint32(packet[4:], capabilities)
	binary.LittleEndian.PutUint32(packet[8:], 1<<24)
	packet[12] = 45
	return packet
}
