package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
)

// CMAC is AES-CMAC under a 128-bit key (RFC 4493, NIST SP 800-38B), and the key derivation built on it. It holds the
// expanded key, in guarded memory; the Secret it was made from may be destroyed. It is safe for concurrent use.
type CMAC struct{ key func() *macKey } // a function, as in Secret

type macKey struct {
	block  cipher.Block
	k1, k2 *[aes.BlockSize]byte // beside the cipher
	states sync.Pool            // *macState: a cipher's arguments escape, so each call would allocate one
	guarded
}

// macState is the chaining value with the bytes of the current block already added in.
type macState struct {
	x [aes.BlockSize]byte
	n int // bytes of the current block
}

// NewCMAC expands the key.
func NewCMAC(key *Secret) (*CMAC, error) {
	scrub()
	defer scrub()
	k := &macKey{states: sync.Pool{New: func() any { return new(macState) }}}
	var block cipher.Block
	err := key.use(func(b []byte) (err error) {
		block, err = aes.NewCipher(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	if k.block, k.guarded, err = guard(k, block); err != nil {
		wipeCipher(block)
		return nil, err
	}
	k.k1, k.k2 = (*[aes.BlockSize]byte)(k.slot.rest[:]), (*[aes.BlockSize]byte)(k.slot.rest[aes.BlockSize:])
	k.block.Encrypt(k.k1[:], k.k1[:]) // the slot is all zeros
	double(k.k1, k.k1)
	double(k.k2, k.k1)
	return &CMAC{func() *macKey { return k }}, nil
}

// double multiplies by x in GF(2^128), as RFC 4493 section 2.3 does to make the subkeys, in constant time.
func double(dst, b *[aes.BlockSize]byte) {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	carry := hi >> 63
	binary.BigEndian.PutUint64(dst[:8], hi<<1|lo>>63)
	binary.BigEndian.PutUint64(dst[8:], lo<<1^carry*0x87)
}

// Sum is the MAC of the parts, one after the other. Where they end does not show in it: give parts that cannot be read
// in two ways.
func (c *CMAC) Sum(parts ...[]byte) [aes.BlockSize]byte {
	k := c.key()
	s := k.states.Get().(*macState)
	k.sum(s, parts)
	sum := s.x
	*s = macState{}
	k.states.Put(s)
	return sum
}

// sum leaves the MAC in s.x.
func (k *macKey) sum(s *macState, parts [][]byte) {
	for _, p := range parts {
		s.write(k.block, p)
	}
	last := k.k1
	if s.n < aes.BlockSize {
		s.x[s.n] ^= 0x80
		last = k.k2
	}
	subtle.XORBytes(s.x[:], s.x[:], last[:])
	k.block.Encrypt(s.x[:], s.x[:])
	clearVectors()
	runtime.KeepAlive(k) // its memory is wiped after it
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

// Derive gives use the subkey for a label and a context: the KDF in counter mode of NIST SP 800-108r1 with CMAC as its
// PRF, a 32-bit counter before the fixed input, and one block of output. The label holds no NUL. The subkey is wiped when
// use returns.
func (c *CMAC) Derive(label string, context []byte, use func(subkey []byte) error) error {
	scrub()
	defer scrub()
	k := c.key()
	s := k.states.Get().(*macState)
	k.sum(s, [][]byte{{0, 0, 0, 1}, []byte(label), {0}, context, {0, 0, 0, 8 * KeySize}})
	err := use(s.x[:])
	*s = macState{}
	k.states.Put(s)
	return err
}

// DeriveGCM expands the subkey for a label and a context.
func (c *CMAC) DeriveGCM(label string, context []byte) (g *GCM, err error) {
	err = c.Derive(label, context, func(subkey []byte) error {
		g, err = NewGCM(subkey)
		return err
	})
	return g, err
}

// deriveSecret is the subkey for a label and a context, as a Secret.
func (c *CMAC) deriveSecret(label string, context []byte) (s *Secret, err error) {
	err = c.Derive(label, context, func(subkey []byte) error {
		s, err = NewSecret(subkey)
		return err
	})
	return s, err
}

// Destroy wipes the expanded key at once. It is for an owner who shares c with nobody: any use of c, at the same time or
// later, panics at best. Without it the key is wiped when c is garbage.
func (c *CMAC) Destroy() {
	k := c.key()
	k.block, k.k1, k.k2 = nil, nil, nil
	k.wipe()
}

// Format writes "[redacted]" for every verb.
func (*CMAC) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "[redacted]".
func (*CMAC) LogValue() slog.Value { return slog.StringValue(redacted) }
