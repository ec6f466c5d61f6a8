// Command vectors opens cells from the customer master key up, and makes tokens, with nothing but Go's standard library:
// docs/format.md can be implemented by what it says. Run it as
//
//	go run ./e2e/vectors MASTER_KEY_FILE KEYRING_FILE VECTORS_JSON
package main

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// cmac is AES-CMAC (RFC 4493).
func cmac(key, message []byte) []byte {
	block, _ := aes.NewCipher(key)
	double := func(b []byte) []byte {
		d, carry := make([]byte, 16), b[0]>>7
		for i := range d {
			d[i] = b[i] << 1
			if i < 15 {
				d[i] |= b[i+1] >> 7
			}
		}
		d[15] ^= carry * 0x87
		return d
	}
	subkey := make([]byte, 16)
	block.Encrypt(subkey, subkey)
	subkey = double(subkey) // K1, for a last block that is full
	if len(message) == 0 || len(message)%16 != 0 {
		subkey = double(subkey) // K2
		message = append(bytes.Clone(message), 0x80)
		message = append(message, make([]byte, (16-len(message)%16)%16)...)
	}
	x := make([]byte, 16)
	for ; len(message) > 0; message = message[16:] {
		for i := range x {
			x[i] ^= message[i]
			if len(message) == 16 {
				x[i] ^= subkey[i]
			}
		}
		block.Encrypt(x, x)
	}
	return x
}

// kdf derives a key: SP 800-108r1 in counter mode, one block.
func kdf(key []byte, label string, context []byte) []byte {
	return cmac(key, join([]byte{0, 0, 0, 1}, label, []byte{0}, context, []byte{0, 0, 0, 128}))
}

// open reverses AES-128-GCM of nonce (12) | ciphertext | tag (16).
func open(key, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < 28 {
		return nil, errors.New("too short")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return gcm.Open(nil, sealed[:12], sealed[12:], aad)
}

// openCMK opens a key of the keyring file, which the "file:" KMS wrapped.
func openCMK(cmk, wrapped, ring []byte, kind string, version uint32) ([]byte, error) {
	if len(wrapped) < 9 || wrapped[0] != 1 || !bytes.Equal(wrapped[1:9], kdf(cmk, "tdeproxy filekms id v1", nil)[:8]) {
		return nil, errors.New("wrapped by another CMK")
	}
	return open(kdf(cmk, "tdeproxy filekms wrap v1", nil), wrapped[9:], join("tdeproxy keyring key v1", ring, kind, version))
}

// openTableKey opens a table's data key: 0x01 | master key version (4) | nonce | ciphertext | tag.
func openTableKey(masters map[uint32][]byte, wrapped, ring, table []byte) ([]byte, error) {
	if len(wrapped) != 49 || wrapped[0] != 1 {
		return nil, errors.New("no wrapped table key")
	}
	return open(masters[binary.BigEndian.Uint32(wrapped[1:])], wrapped[5:], join("tdeproxy table key v1", ring, table))
}

// openCell opens a cell: 0x01 | key id (2) | salt (4) | nonce | ciphertext | tag.
func openCell(tableKey, table []byte, keyID, column uint16, cell []byte) ([]byte, error) {
	if len(cell) < 35 || cell[0] != 1 || binary.BigEndian.Uint16(cell[1:]) != keyID {
		return nil, errors.New("no cell of this key")
	}
	return open(kdf(tableKey, "tdeproxy cell v1", cell[3:7]), cell[7:], join("tdeproxy cell", cell[:3], table, column))
}

// makeToken makes an equality token.
func makeToken(root []byte, domain, kind, collation string, canonical []byte) []byte {
	message := []byte(kind)
	if kind == "s" {
		message = join(kind, collation, []byte{0})
	}
	return cmac(kdf(root, "tdeproxy token v1", []byte(domain)), append(message, canonical...))
}

// makeOrder makes an order token of the key whose hexadecimal digits are given.
func makeOrder(root []byte, domain, space, digits string) (token []byte) {
	key := kdf(root, "tdeproxy token v1", []byte(domain))
	for i, digit := range digits {
		before, _ := hex.DecodeString(digits[:i] + strings.Repeat("0", i%2))
		masks := cmac(key, join("o", space, []byte{0}, uint16(i), before))
		node := 1
		for _, bit := range fmt.Sprintf("%04b", strings.IndexRune("0123456789abcdef", digit)) {
			token = append(token, byte(int(masks[node])*255>>8)+byte(bit-'0'))
			node = 2*node + int(bit-'0')
		}
	}
	return token
}

// openMetadata opens a table's definition, which is JSON: the table's comment and, in any order, those of its columns.
func openMetadata(masters map[uint32][]byte, ring []byte, comment string, columns []string) ([]byte, error) {
	parts := strings.SplitN(strings.TrimPrefix(comment, "tdeproxy1:"), ".", 3)
	header, err := base64.RawURLEncoding.DecodeString(parts[0]) // table id (16) | key id (2) | length (2) | wrapped key
	if err != nil || len(parts) != 3 || len(header) < 20 {
		return nil, errors.New("no metadata")
	}
	text := parts[2]
	for n := range columns { // as many pieces as parts[1] says
		for _, c := range columns {
			piece, found := strings.CutPrefix(c, fmt.Sprintf("tdeproxy1:%d.", n+1))
			if found {
				text += piece
			}
		}
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	tableKey, err := openTableKey(masters, header[20:], ring, header[:16])
	if err != nil {
		return nil, err
	}
	deflated, err := openCell(tableKey, header[:16], binary.BigEndian.Uint16(header[16:]), 0xFFFF, sealed)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(flate.NewReader(bytes.NewReader(deflated)))
}

// join puts strings, bytes and big-endian numbers together.
func join(parts ...any) (out []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(out, p...)
		case []byte:
			out = append(out, p...)
		default:
			out, _ = binary.Append(out, binary.BigEndian, p)
		}
	}
	return out
}
