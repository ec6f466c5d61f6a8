package cell

import "encoding/binary"

// AppendOrder appends the order token of a key, eight bytes for each of its bytes: tokens of one domain and space order, byte by byte, as their keys do, and the
// token of a key's beginning is that of the key, cut. Space holds no NUL byte.
//
// Each bit b of the key becomes the byte F + b, where F, 0 to 254, is a PRF of the bits before it. So a token by itself
// tells hardly anything, and two tokens tell their order and the first bit in which the keys differ: the scheme of Chenette,
// Lewi, Weis and Wu, "Practical Order-Revealing Encryption with Limited Leakage" (FSE 2016), without its reduction modulo
// 3, so that bytes compare as they are. One AES-CMAC gives the F of the 15 nodes of four bits:
//
//	CMAC(token key, 'o' | space | 00 | number of half-bytes before (2) | these half-bytes, filled up with zeros to a byte)
func (t *Tokens) AppendOrder(dst []byte, space string, key []byte) []byte {
	var buf [128]byte
	head := append(append(append(buf[:0], 'o'), space...), 0)
	at := len(head)
	head = append(head, 0, 0)
	for i := range 2 * len(key) {
		half := key[i/2] >> 4
		binary.BigEndian.PutUint16(head[at:], uint16(i))
		if i%2 == 1 {
			half = key[i/2] & 0x0F
			head = append(head, key[i/2]&0xF0)
		} else if i > 0 {
			head[len(head)-1] = key[i/2-1]
		}
		f := t.mac.Sum(head)
		node := byte(1)
		for bit := 3; bit >= 0; bit-- {
			b := half >> bit & 1
			dst = append(dst, byte(uint16(f[node])*255>>8)+b)
			node = node<<1 | b
		}
	}
	return dst
}
