package kernel

import (
	"bytes"
	"encoding/binary"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// SortKey is what ORDER BY sorts rows by: columns, one after the other.
type SortKey struct {
	parts   []sortPart
	compare bool // parts have to be compared one by one; else keys compare by their bytes
}

type sortPart struct {
	column int
	order  *Order
	sign   int // -1 for descending
}

// Add adds a column. It reports false where its order is not known; see OrderOf.
func (k *SortKey) Add(column int, col *schema.Column, descending bool, prefix int) bool {
	o, ok := OrderOf(col, prefix)
	if !ok {
		return false
	}
	p := sortPart{column, o, 1}
	if descending {
		p.sign = -1
	}
	k.parts = append(k.parts, p)
	k.compare = k.compare || o.prefix > 0 || col.Kind == schema.KindDecimal
	return true
}

// Append writes the key of a row of stored forms. ok is false where the row's place is not known: of a string whose order is not, or of
// which a server does not look at every byte.
func (k *SortKey) Append(dst []byte, row [][]byte) (_ []byte, ok bool) {
	for _, p := range k.parts {
		v := row[p.column]
		from := len(dst)
		if v == nil {
			dst = append(dst, 0)
		} else {
			if !p.order.sure(v) {
				return dst, false
			}
			dst = append(dst, 1)
			if k.compare {
				dst = append(dst, 0, 0, 0, 0)
			}
			at := len(dst)
			if dst, ok = p.order.key(dst, v); !ok {
				return dst, false
			}
			if k.compare {
				binary.BigEndian.PutUint32(dst[at-4:], uint32(len(dst)-at))
			}
		}
		if p.sign < 0 && !k.compare {
			for i := from; i < len(dst); i++ {
				dst[i] ^= 0xff
			}
		}
	}
	return dst, true
}

// Compare orders keys.
func (k *SortKey) Compare(a, b []byte) int {
	if !k.compare {
		return bytes.Compare(a, b) // numbers and dates, of one length each
	}
	for _, p := range k.parts {
		var x, y place
		x, a = splitPlace(a)
		y, b = splitPlace(b)
		if c := p.order.places(x, y); c != 0 {
			return p.sign * c
		}
	}
	return 0
}

func splitPlace(key []byte) (p place, rest []byte) {
	if key[0] == 0 {
		return place{null: true}, key[1:]
	}
	n := 5 + binary.BigEndian.Uint32(key[1:])
	return place{key: key[5:n]}, key[n:]
}
