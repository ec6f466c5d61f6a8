package cell

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// TokenSize is the length of an equality token in bytes.
const TokenSize = 16

// Kind says how values compare, and so which of them have equal tokens: values of two kinds never do.
type Kind byte

// Kinds, each with the canonical form that its tokens are made over.
const (
	Number    Kind = 'n' // exact numbers: AppendInt, AppendUint, AppendDecimal
	Double    Kind = 'f' // approximate numbers: AppendDouble
	String    Kind = 's' // the collation's weights (the server's WEIGHT_STRING)
	Bytes     Kind = 'b' // the bytes as they are
	DateTime  Kind = 'd' // DATE and DATETIME: AppendDateTime
	Timestamp Kind = 'u' // TIMESTAMP in UTC: AppendDateTime
	Time      Kind = 't' // AppendTime
	UUID      Kind = 'U' // its 16 bytes
	INET4     Kind = '4' // the address in network order, 4 bytes
	INET6     Kind = '6' // and 16 bytes
)

// Tokens makes the equality tokens of one token domain. It is safe for concurrent use.
type Tokens struct{ mac *keyring.CMAC }

// NewTokens prepares a domain's token key (keyring.Ring.TokenKey). The Secret may be destroyed after.
func NewTokens(key *keyring.Secret) (*Tokens, error) {
	mac, err := keyring.NewCMAC(key)
	if err != nil {
		return nil, fmt.Errorf("preparing a token key: %w", err)
	}
	return &Tokens{mac}, nil
}

// Token is the equality token of a value in canonical form: AES-CMAC of
// kind (1) | for strings: collation name, 0x00 | canonical. Kinds other than String have no collation.
func (t *Tokens) Token(kind Kind, collation string, canonical []byte) [TokenSize]byte {
	return t.mac.Sum(appendHead(make([]byte, 0, 64), kind, collation), canonical)
}

func appendHead(head []byte, kind Kind, collation string) []byte {
	head = append(head, byte(kind))
	if kind == String {
		if collation == "" {
			panic("tde/cell: internal error: string token without a collation")
		}
		head = append(append(head, collation...), 0)
	}
	return head
}

// Part is the token of the first n characters, or bytes, of a string, which is no token of a whole one: AES-CMAC of
// 'p' | n (4) | as in Token.
func (t *Tokens) Part(kind Kind, collation string, n int, canonical []byte) [TokenSize]byte {
	head := binary.BigEndian.AppendUint32(append(make([]byte, 0, 64), 'p'), uint32(n))
	return t.mac.Sum(appendHead(head, kind, collation), canonical)
}

// Format writes "[tokens]" for every verb.
func (*Tokens) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[tokens]") }
