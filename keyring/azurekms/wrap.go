package azurekms

import (
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// algorithms that wrap, with their number in a wrapped key.
var algorithms = map[azkeys.EncryptionAlgorithm]struct {
	number byte
	binds  bool // to data that is not encrypted
}{
	azkeys.EncryptionAlgorithmRSAOAEP256: {1, false},
	azkeys.EncryptionAlgorithmA128GCM:    {2, true},
	azkeys.EncryptionAlgorithmA192GCM:    {3, true},
	azkeys.EncryptionAlgorithmA256GCM:    {4, true},
}

const (
	format  = 0xa1
	ivSize  = 12
	tagSize = 16
)

// wrap is a wrapped key: format 0xa1 | algorithm (1) | length of the key's identifier (2, big-endian) | identifier |
// for AES nonce (12) and tag (16) | ciphertext | CRC-32 (4, big-endian) of all before. The identifier has the version
// in it, so that a rotation in the vault leaves older wraps as they are. The checksum tells a damaged wrap from a
// version that is gone.
type wrap struct {
	algorithm       azkeys.EncryptionAlgorithm
	kid             string
	iv, tag, result []byte
}

func (w wrap) plausible() bool {
	if len(w.kid) > 1<<10 || len(w.result) == 0 {
		return false
	}
	return !algorithms[w.algorithm].binds || len(w.iv) == ivSize && len(w.tag) == tagSize
}

func (w wrap) encode() []byte {
	b := []byte{format, algorithms[w.algorithm].number}
	b = binary.BigEndian.AppendUint16(b, uint16(len(w.kid)))
	b = append(b, w.kid...)
	if algorithms[w.algorithm].binds {
		b = append(append(b, w.iv...), w.tag...)
	}
	b = append(b, w.result...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func decode(b []byte) (w wrap, ok bool) {
	if len(b) < 8 || b[0] != format || crc32.ChecksumIEEE(b[:len(b)-4]) != binary.BigEndian.Uint32(b[len(b)-4:]) {
		return w, false
	}
	for algorithm, a := range algorithms {
		if a.number == b[1] {
			w.algorithm = algorithm
		}
	}
	n, rest := int(binary.BigEndian.Uint16(b[2:])), b[4:len(b)-4]
	if w.algorithm == "" || n > len(rest) {
		return w, false
	}
	w.kid, rest = string(rest[:n]), rest[n:]
	if algorithms[w.algorithm].binds {
		if len(rest) < ivSize+tagSize {
			return w, false
		}
		w.iv, w.tag, rest = rest[:ivSize], rest[ivSize:ivSize+tagSize], rest[ivSize+tagSize:]
	}
	w.result = rest
	return w, w.plausible()
}

// splitKID finds name and version in a key's identifier, https://VAULT/keys/NAME/VERSION.
func splitKID(kid string) (name, version string) {
	_, path, ok := strings.Cut(kid, "/keys/")
	if !ok {
		return "", ""
	}
	name, version, _ = strings.Cut(path, "/")
	if strings.Contains(version, "/") {
		return "", ""
	}
	return name, version
}
