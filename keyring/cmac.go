package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync"
)

// CMAC is AES-CMAC under a 128-bit key (RFC 4493, NIST SP 800-38B), and the key derivation built on it. It holds the
// expanded key, which Go's cipher keeps on the ordinary heap (see Harden); the Secret it was made from may be destroyed.
// It is safe for concurrent use.
type CMAC struct{ key func() *macKey } // a function, as in Secret

type macKey struct {
	block  cipher.Block
	k1, k2 [aes.BlockSize]byte
	states sync.Pool // *macState: a cipher's arguments escape, so each call would allocate one
}

// macState is the chaining value with the bytes of the current block already added in.
type macState struct {
	x [aes.BlockSize]byte
	n int // bytes of the current block
}

// NewCMAC expands the key.
func NewCMAC(key *Secret) (*CMAC, error) {
	k := &macKey{states: sync.Pool{New: func() any { return new(macState) }}}
	err := key.use(func(b []byte) (err error) {
		k.block, err = aes.NewCipher(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	var l [aes.BlockSize]byte
	k.block.Encrypt(l[:], l[:])
	k.k1 = double(l)
	k.k2 = double(k.k1)
	return &CMAC{func() *macKey { return k }}, nil
}

// double multiplies by x in GF(2^128), as RFC 4493 section 2.3 does to make the subkeys, in constant time.
func double(b [aes.BlockSize]byte) [aes.BlockSize]byte {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	carry := hi >> 63
	binary.BigEndian.PutUint64(b[:8], hi<<1|lo>>63)
	binary.BigEndian.PutUint64(b[8:], lo<<1^carry*0x87)
	return b
}

// Sum is the MAC of the parts, one after the other. Where they end does not show in it: give parts that cannot be read
// in two ways.
func (c *CMAC) Sum(parts ...[]byte) [aes.BlockSize]byte {
	k := c.key()
	s := k.states.Get().(*macState)
	for _, p := range parts {
		s.write(k.block, p)
	}
	last := &k.k1
	if s.n < aes.BlockSize {
		s.x[s.n] ^= 0x80
		last = &k.k2
	}
	subtle.XORBytes(s.x[:], s.x[:], last[:])
	k.block.Encrypt(s.x[:], s.x[:])
	sum := s.x
	*s = macState{}
	k.states.Put(s)
	return sum
}

func (s *macState) write(b cipher.Block, p []byte) {
	for len(p) > 0 {
		if s.n == aes.BlockSize {
			b.Encrypt(s.x[:], s.x[:])
			s.n = 0
		}
		k := subtle.XORBytes(s.x[s.n:], s.x[s.n:], p)
		s.n += k
		p = p[k:]
	}
}

// Derive gives the subkey for a label and a context: the KDF in counter mode of NIST SP 800-108r1 with CMAC as its PRF,
// a 32-bit counter before the fixed input, and one block of output. The label holds no NUL. The caller wipes the result.
func (c *CMAC) Derive(label string, context []byte) [KeySize]byte {
	return c.Sum([]byte{0, 0, 0, 1}, []byte(label), []byte{0}, context, []byte{0, 0, 0, 8 * KeySize})
}

func (c *CMAC) deriveSecret(label string, context []byte) (*Secret, error) {
	k := c.Derive(label, context)
	defer clear(k[:])
	return NewSecret(k[:])
}

// Format writes "[redacted]" for every verb.
func (*CMAC) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "[redacted]".
func (*CMAC) LogValue() slog.Value { return slog.StringValue(redacted) }
