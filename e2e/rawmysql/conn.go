// Package rawmysql is a small MySQL protocol client for tests. It shows what
// drivers hide: column definitions field by field, values as the bytes that
// came, server status, warnings, and it can send what drivers do not send
// (query attributes, long data, cursors, malformed packets).
package rawmysql

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// Capability flags that this client asks for or tests name (MySQL's names).
const (
	ClientLongPassword        uint32 = 1
	ClientFoundRows           uint32 = 1 << 1
	ClientLongFlag            uint32 = 1 << 2
	ClientConnectWithDB       uint32 = 1 << 3
	ClientLocalFiles          uint32 = 1 << 7
	ClientProtocol41          uint32 = 1 << 9
	ClientSSL                 uint32 = 1 << 11
	ClientTransactions        uint32 = 1 << 13
	ClientSecureConnection    uint32 = 1 << 15
	ClientMultiStatements     uint32 = 1 << 16
	ClientMultiResults        uint32 = 1 << 17
	ClientPSMultiResults      uint32 = 1 << 18
	ClientPluginAuth          uint32 = 1 << 19
	ClientSessionTrack        uint32 = 1 << 23
	ClientDeprecateEOF        uint32 = 1 << 24
	ClientQueryAttributes     uint32 = 1 << 27
	baseCapabilities                 = ClientLongPassword | ClientLongFlag | ClientProtocol41 | ClientTransactions | ClientSecureConnection | ClientMultiResults | ClientPSMultiResults | ClientPluginAuth
	maxPayload                       = 1<<24 - 1
	defaultTimeout                   = 60 * time.Second
	collationUTF8MB4GeneralCI uint8  = 45
)

// Config says where and how to connect. The zero value of each field but
// Address is usable: user root without a password, no database, clear.
type Config struct {
	Address  string // host:port, or the path of a unix socket
	User     string // "root" when empty
	Password string
	Database string
	TLS      *tls.Config   // nil: clear
	Extra    uint32        // capabilities to ask for beyond the base set
	Drop     uint32        // base capabilities not to ask for
	Extended uint32        // MariaDB's capabilities to ask for; they need Drop of ClientLongPassword
	Charset  uint8         // collation id of the handshake; 45 when 0
	Timeout  time.Duration // of connecting and of each command; 60 s when 0
}

// Conn is one connection. It is not safe for concurrent use.
type Conn struct {
	net     net.Conn
	r       *bufio.Reader
	seq     uint8
	timeout time.Duration
	config  Config

	Capabilities  uint32 // what both sides agreed on
	Extended      uint32 // MariaDB's capabilities that both sides agreed on
	ServerVersion string
	ConnectionID  uint32
	LocalFile     func(name string) []byte // answers LOAD DATA LOCAL INFILE
	Attributes    []Param                  // sent with each statement when ClientQueryAttributes was agreed
}

// ErrClosed is wrapped by errors of a connection that the server closed.
var ErrClosed = errors.New("connection closed by server")

// Dial connects and authenticates.
func Dial(c Config) (*Conn, error) {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.User == "" {
		c.User = "root"
	}
	if c.Charset == 0 {
		c.Charset = collationUTF8MB4GeneralCI
	}
	network := "tcp"
	if strings.HasPrefix(c.Address, "/") {
		network = "unix"
	}
	nc, err := net.DialTimeout(network, c.Address, c.Timeout)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	conn := &Conn{net: nc, r: bufio.NewReaderSize(nc, 64<<10), timeout: c.Timeout, config: c}
	_ = nc.SetDeadline(time.Now().Add(c.Timeout))
	if err := conn.handshake(c); err != nil {
		nc.Close()
		return nil, err
	}
	return conn, nil
}

// NetConn gives the transport, for tests that misuse it.
func (c *Conn) NetConn() net.Conn { return c.net }

// Close sends COM_QUIT and closes.
func (c *Conn) Close() error {
	c.seq = 0
	_ = c.writePacket([]byte{comQuit})
	return c.net.Close()
}

func (c *Conn) readPacket() ([]byte, error) {
	var payload []byte
	for {
		var head [4]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			return nil, closed(err)
		}
		n := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
		if head[3] != c.seq {
			return nil, fmt.Errorf("packet out of order: sequence %d, want %d", head[3], c.seq)
		}
		c.seq++
		old := len(payload)
		payload = slices.Grow(payload, n)[:old+n]
		if _, err := io.ReadFull(c.r, payload[old:]); err != nil {
			return nil, closed(err)
		}
		if n < maxPayload {
			return payload, nil
		}
	}
}

func closed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return err
}

func (c *Conn) writePacket(payload []byte) error {
	for {
		n := min(len(payload), maxPayload)
		head := [4]byte{byte(n), byte(n >> 8), byte(n >> 16), c.seq}
		c.seq++
		bufs := net.Buffers{head[:], payload[:n]}
		if _, err := bufs.WriteTo(c.net); err != nil {
			return err
		}
		payload = payload[n:]
		if n < maxPayload {
			return nil
		}
	}
}

// command sends one command packet and leaves the connection ready to read
// its answer.
func (c *Conn) command(code byte, body []byte) error {
	c.seq = 0
	_ = c.net.SetDeadline(time.Now().Add(c.timeout))
	return c.writePacket(append([]byte{code}, body...))
}

// Command sends any command and returns its first answer packet, undecoded.
func (c *Conn) Command(code byte, body []byte) ([]byte, error) {
	if err := c.command(code, body); err != nil {
		return nil, err
	}
	return c.readPacket()
}
