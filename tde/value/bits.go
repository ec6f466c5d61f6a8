package value

import (
	"encoding/binary"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// coerceBit stores a BIT(n) from a number or from the bytes of a hexadecimal or bit literal.
func coerceBit(dst []byte, v Value, col *schema.Column) ([]byte, error) {
	u, ok := uint64(0), false
	switch v.Kind {
	case Int, Bool:
		p, valid := exact(v)
		u, ok = p.magnitude()
		ok = ok && valid && !(p.neg && u != 0)
	case Hex:
		ok = len(v.Bytes) > 0 && len(v.Bytes) <= 8
		if ok {
			u = bigEndian(v.Bytes)
		}
	}
	if !ok || col.Length < 64 && u>>col.Length != 0 {
		return dst, ErrNeedsServer
	}
	var buf [8]byte
	binary.BigEndian.PutUint64(buf[:], u)
	return append(dst, buf[8-bitBytes(col):]...), nil
}

// bitBytes is how many bytes hold a BIT column's bits.
func bitBytes(col *schema.Column) int { return (col.Length + 7) / 8 }
