package wire

import (
	"errors"
	"fmt"
)

// What reading and decoding can find wrong with a peer.
var (
	// ErrMalformed says that a packet is not what its kind prescribes.
	ErrMalformed = errors.New("wire: malformed packet")
	// ErrTooLarge says that a packet announces more than the connection's limit.
	ErrTooLarge = errors.New("wire: packet larger than the limit")
	// ErrSequence says that a packet's sequence number is not the one due.
	ErrSequence = errors.New("wire: packets out of order")
)

// Error codes that the proxy raises itself, by MySQL's names.
const (
	CodeTooManyConnections   uint16 = 1040 // ER_CON_COUNT_ERROR
	CodeBadHost              uint16 = 1042 // ER_BAD_HOST_ERROR
	CodeHandshake            uint16 = 1043 // ER_HANDSHAKE_ERROR
	CodeAccessDenied         uint16 = 1045 // ER_ACCESS_DENIED_ERROR
	CodeUnknownCommand       uint16 = 1047 // ER_UNKNOWN_COM_ERROR
	CodeServerShutdown       uint16 = 1053 // ER_SERVER_SHUTDOWN
	CodeParse                uint16 = 1064 // ER_PARSE_ERROR
	CodeUnknown              uint16 = 1105 // ER_UNKNOWN_ERROR
	CodePacketTooLarge       uint16 = 1153 // ER_NET_PACKET_TOO_LARGE
	CodePacketsOutOfOrder    uint16 = 1156 // ER_NET_PACKETS_OUT_OF_ORDER
	CodeReadInterrupted      uint16 = 1159 // ER_NET_READ_INTERRUPTED
	CodeNotSupported         uint16 = 1235 // ER_NOT_SUPPORTED_YET
	CodeUnknownStatement     uint16 = 1243 // ER_UNKNOWN_STMT_HANDLER
	CodeWrongArguments       uint16 = 1210 // ER_WRONG_ARGUMENTS
	CodeMalformedPacket      uint16 = 1835 // ER_MALFORMED_PACKET
	CodeSecureTransport      uint16 = 3159 // ER_SECURE_TRANSPORT_REQUIRED
	CodeClientInteractionOut uint16 = 4031 // ER_CLIENT_INTERACTION_TIMEOUT
)

// sqlStates has the SQLSTATE of the codes above; all others are HY000.
var sqlStates = map[uint16]string{
	CodeTooManyConnections: "08004",
	CodeBadHost:            "08S01",
	CodeHandshake:          "08S01",
	CodeAccessDenied:       "28000",
	CodeUnknownCommand:     "08S01",
	CodeServerShutdown:     "08S01",
	CodeParse:              "42000",
	CodePacketTooLarge:     "08S01",
	CodePacketsOutOfOrder:  "08S01",
	CodeReadInterrupted:    "08S01",
	CodeNotSupported:       "42000",
}

// Error is an ERR packet: what a server answers instead of a result.
type Error struct {
	Code    uint16
	State   string // five characters of SQLSTATE; empty in packets sent before the handshake
	Message string
}

// Error gives the message the way the mysql client shows it.
func (e *Error) Error() string { return fmt.Sprintf("ERROR %d (%s): %s", e.Code, e.State, e.Message) }

// NewError makes an error of one of the codes above, with that code's SQLSTATE.
func NewError(code uint16, format string, args ...any) *Error {
	state, ok := sqlStates[code]
	if !ok {
		state = "HY000"
	}
	return &Error{Code: code, State: state, Message: fmt.Sprintf(format, args...)}
}

// Append encodes e as an ERR packet.
func (e *Error) Append(dst []byte) []byte {
	dst = append(dst, 0xff, byte(e.Code), byte(e.Code>>8))
	if len(e.State) == 5 {
		dst = append(append(dst, '#'), e.State...)
	}
	return append(dst, e.Message...)
}

// DecodeError reads an ERR packet.
func DecodeError(packet []byte) (*Error, error) {
	r := reader{b: packet}
	if r.u8() != 0xff {
		return nil, ErrMalformed
	}
	e := &Error{Code: r.u16()}
	if r.bad {
		return nil, ErrMalformed
	}
	if len(r.b) >= 6 && r.b[0] == '#' {
		e.State, r.b = string(r.b[1:6]), r.b[6:]
	}
	e.Message = string(r.b)
	return e, nil
}

// IsError reports whether packet is an ERR packet (and no progress report of MariaDB).
func IsError(packet []byte) bool {
	return len(packet) >= 3 && packet[0] == 0xff && !(packet[1] == 0xff && packet[2] == 0xff)
}

// IsProgress reports whether packet is a progress report of MariaDB: more packets follow it.
func IsProgress(packet []byte, caps Capability) bool {
	return len(packet) >= 3 && packet[0] == 0xff && packet[1] == 0xff && packet[2] == 0xff && caps.Has(MariaDBProgress)
}
