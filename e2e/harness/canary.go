package harness

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode/utf16"
)

// window is the length that every needle has at least: short ones would be
// found by chance.
const window = 8

// Needle is one byte string to search for, and the canary that it stands for.
type Needle struct {
	Canary string // what the application wrote, as people read it
	Form   string // how Bytes encode it
	Bytes  []byte
}

// Canaries makes values that are unique in the world and remembers them and
// every form in which they could show up. It is safe for concurrent use.
type Canaries struct {
	mu      sync.Mutex
	needles []Needle
	seen    map[string]bool
}

// Text returns a unique text value of n bytes of ASCII letters and digits
// that begins with name; n below 24 gives 24.
func (c *Canaries) Text(name string, n int) string {
	const alphabet = "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRSTUVWXYZ2345679"
	b := make([]byte, max(n-len(name), 24-len(name), 16))
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	v := name + string(b)
	// The random part alone is the needle: names of columns may look like name.
	c.AddText(v, string(b))
	return v
}

// AddText remembers any text; part is what to search for ("" is all of it).
func (c *Canaries) AddText(canary, part string) {
	if part == "" {
		part = canary
	}
	c.add(canary, textForms(part))
	if upper := strings.ToUpper(part); upper != part {
		c.add(canary, map[string][]byte{"upper case": []byte(upper)})
	}
	if lower := strings.ToLower(part); lower != part {
		c.add(canary, map[string][]byte{"lower case": []byte(lower)})
	}
}

// Binary returns n unique random bytes, at least 16.
func (c *Canaries) Binary(n int) []byte {
	b := make([]byte, max(n, 16))
	_, _ = rand.Read(b)
	c.AddBinary(b)
	return b
}

// Int returns a unique positive BIGINT of 18 digits.
func (c *Canaries) Int() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	v := int64(binary.BigEndian.Uint64(b[:])%899_999_999_999_999_999) + 100_000_000_000_000_000
	c.AddInt(v)
	return v
}

// AddInt remembers any integer of enough digits.
func (c *Canaries) AddInt(v int64) {
	text := fmt.Sprint(v)
	forms := textForms(text)
	forms["bytes, little-endian"] = binary.LittleEndian.AppendUint64(nil, uint64(v))
	forms["bytes, big-endian"] = binary.BigEndian.AppendUint64(nil, uint64(v))
	forms["bytes, as InnoDB keeps them"] = binary.BigEndian.AppendUint64(nil, uint64(v)^1<<63)
	c.add(text, forms)
}

// AddBinary remembers any bytes.
func (c *Canaries) AddBinary(b []byte) { c.add(hex.EncodeToString(b), binaryForms(b)) }

// Double returns a unique DOUBLE with a mantissa full of random digits.
func (c *Canaries) Double() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	v := 1 + float64(binary.BigEndian.Uint64(b[:])>>12)/(1<<52)
	forms := textForms(fmt.Sprint(v))
	forms["bytes, little-endian"] = binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
	forms["bytes, big-endian"] = binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
	c.add(fmt.Sprint(v), forms)
	return v
}

// Needles returns all forms of all canaries so far.
func (c *Canaries) Needles() []Needle {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Needle{}, c.needles...)
}

func (c *Canaries) add(canary string, forms map[string][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	for form, b := range forms {
		if len(b) >= window && !c.seen[string(b)] {
			c.seen[string(b)] = true
			c.needles = append(c.needles, Needle{Canary: canary, Form: form, Bytes: b})
		}
	}
}

func textForms(s string) map[string][]byte {
	forms := binaryForms([]byte(s))
	units := utf16.Encode([]rune(s))
	var le, be, be32 []byte
	for _, u := range units {
		le, be = binary.LittleEndian.AppendUint16(le, u), binary.BigEndian.AppendUint16(be, u)
	}
	for _, r := range s {
		be32 = binary.BigEndian.AppendUint32(be32, uint32(r))
	}
	forms["utf16le"], forms["utf16be"], forms["utf32be"] = le, be, be32
	if latin1, ok := toLatin1(s); ok {
		forms["latin1"] = latin1
	}
	return forms
}

func toLatin1(s string) ([]byte, bool) {
	var b []byte
	for _, r := range s {
		if r > 255 {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, len(b) != len(s)
}

// binaryForms are the bytes, reversed, in hex, and in base64 at each of the
// three alignments that a longer value can give them.
func binaryForms(b []byte) map[string][]byte {
	reversed := make([]byte, len(b))
	for i := range b {
		reversed[len(b)-1-i] = b[i]
	}
	lower := hex.EncodeToString(b)
	forms := map[string][]byte{"plain": b, "reversed": reversed, "hex": []byte(lower), "HEX": []byte(strings.ToUpper(lower))}
	for shift := range 3 {
		padded := append(make([]byte, shift), b...)
		text := base64.RawStdEncoding.EncodeToString(padded)
		// The first and last characters depend on the neighbours.
		from, to := (shift*8+5)/6, len(padded)*8/6
		forms[fmt.Sprintf("base64 shifted by %d", shift)] = []byte(text[from:to])
	}
	return forms
}
