package harness

import (
	"bytes"
	"crypto/aes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// KeyNeedles are the forms in which an AES-128 key can be in a process's memory: itself, as texts spell it, what is
// expanded from it, and what GCM and CMAC make of it.
func KeyNeedles(name string, key []byte) []Needle {
	var all []Needle
	add := func(form string, b []byte) {
		all = append(all, Needle{Canary: name, Form: form, Bytes: bytes.Clone(b)})
	}
	add("key", key)
	add("hexadecimal", []byte(hex.EncodeToString(key)))
	add("base64", []byte(base64.StdEncoding.EncodeToString(key)[:21])) // the last digits depend on what follows
	schedule := expandKey(key)
	for round := range schedule {
		word := schedule[round]
		inverse := inverseMixColumns(word)
		if round > 0 {
			add(fmt.Sprintf("round key %d", round), word[:])
			add(fmt.Sprintf("round key %d for decryption", round), inverse[:])
		}
		add(fmt.Sprintf("round key %d as little-endian words", round), swapWords(word))
		add(fmt.Sprintf("round key %d for decryption as little-endian words", round), swapWords(inverse))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	var l [16]byte
	block.Encrypt(l[:], l[:])
	add("GHASH key", l[:])
	add("GHASH key as Go multiplies by it", doubledHash(l))
	k1 := double(l)
	k2 := double(k1)
	add("CMAC subkey K1", k1[:])
	add("CMAC subkey K2", k2[:])
	return all
}

// expandKey is FIPS 197's KeyExpansion for 128 bits: eleven round keys.
func expandKey(key []byte) (schedule [11][16]byte) {
	copy(schedule[0][:], key)
	rcon := byte(1)
	for round := 1; round < len(schedule); round++ {
		before, now := &schedule[round-1], &schedule[round]
		for i := range 4 {
			now[i] = before[i] ^ substitute(before[12+(i+1)%4])
		}
		now[0] ^= rcon
		rcon = times2(rcon)
		for i := 4; i < 16; i++ {
			now[i] = before[i] ^ now[i-4]
		}
	}
	return schedule
}

// substitute is the S-box: the inverse in GF(2^8), then an affine map.
func substitute(b byte) byte {
	inverse := byte(1)
	for range 254 { // b^254
		inverse = multiply(inverse, b)
	}
	s := inverse
	for i := 1; i < 5; i++ {
		s ^= bits.RotateLeft8(inverse, i)
	}
	return s ^ 0x63
}

// inverseMixColumns makes a round key one of the equivalent inverse cipher.
func inverseMixColumns(k [16]byte) (out [16]byte) {
	for i := range 16 {
		column := i &^ 3
		for j, factor := range []byte{14, 11, 13, 9} {
			out[i] ^= multiply(factor, k[column+(i+j)%4])
		}
	}
	return out
}

func multiply(a, b byte) (product byte) {
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			product ^= a
		}
		a = times2(a)
	}
	return product
}

func times2(b byte) byte { return b<<1 ^ b>>7*0x1b }

// double multiplies by x as CMAC has it.
func double(b [16]byte) (out [16]byte) {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	binary.BigEndian.PutUint64(out[:8], hi<<1|lo>>63)
	binary.BigEndian.PutUint64(out[8:], lo<<1^hi>>63*0x87)
	return out
}

func swapWords(b [16]byte) []byte {
	out := make([]byte, 16)
	for i := range out {
		out[i] = b[i^3]
	}
	return out
}

// doubledHash is the GHASH key times x in the field of GCM, lowest byte first: the form that lets processors multiply.
func doubledHash(b [16]byte) []byte {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	carry := hi >> 63
	out := binary.LittleEndian.AppendUint64(nil, lo<<1^carry)
	return binary.LittleEndian.AppendUint64(out, (hi<<1|lo>>63)^carry*0xc2<<56)
}
