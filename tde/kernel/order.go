package kernel

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Order is how ORDER BY sorts a column.
type Order struct {
	// key appends what compare orders; ok is false where the place of a value is not known.
	key     func(dst, stored []byte) (key []byte, ok bool)
	compare func(a, b []byte) int
	prefix  int // of strings, the bytes that are compared
	// filled: under a short max_sort_length servers fill strings up with zero bytes, so that those at an end count for nothing.
	filled bool
}

// sure says whether ORDER BY surely sorts by all of a value, and as compare does.
func (o *Order) sure(stored []byte) bool {
	return o.prefix == 0 || len(stored) <= o.prefix && !(o.filled && len(stored) > 0 && stored[len(stored)-1] == 0)
}

// OrderOf is the order of a column, where it is known. Strings are ordered by no more than their first prefix bytes, as
// servers do that sort by max_sort_length; 0 means that no string's order is known.
func OrderOf(col *schema.Column, prefix int) (o *Order, ok bool) {
	o = &Order{compare: bytes.Compare}
	switch col.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt, schema.KindYear:
		o.key = integerKey(col.Unsigned || col.Kind == schema.KindYear)
	case schema.KindFloat, schema.KindDouble:
		o.key = doubleKey
	case schema.KindDecimal:
		o.compare = compareDecimal
		o.key = func(dst, stored []byte) ([]byte, bool) { return append(dst, stored...), number(stored) }
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp:
		o.key = func(dst, stored []byte) ([]byte, bool) { return append(dst, stored...), true } // of one length, so they order as texts
	case schema.KindTime:
		o.key = timeKey
	default:
		return o, prefix > 0 && o.strings(col, prefix)
	}
	return o, true
}

// strings makes the order that of a string column.
func (o *Order) strings(col *schema.Column, prefix int) bool {
	o.prefix = prefix
	if isBytes(col.Kind) {
		o.key = func(dst, stored []byte) ([]byte, bool) {
			return append(dst, stored[:min(len(stored), prefix)]...), true
		}
		return true
	}
	c, ok := collationOf(col)
	if !ok || !c.order {
		return false
	}
	o.compare, o.filled = c.bytes, !c.pad
	o.key = func(dst, stored []byte) ([]byte, bool) {
		stored = stored[:min(len(stored), prefix)]
		if c.bytewise {
			return append(dst, stored...), true
		}
		return c.folded(dst, stored)
	}
	return true
}

func integerKey(unsigned bool) func(dst, stored []byte) ([]byte, bool) {
	flip := byte(0x80) // orders signed numbers as unsigned ones
	if unsigned {
		flip = 0
	}
	return func(dst, stored []byte) ([]byte, bool) {
		if len(stored) != 8 {
			return dst, false
		}
		return append(append(dst, stored[0]^flip), stored[1:]...), true
	}
}

func doubleKey(dst, stored []byte) ([]byte, bool) {
	f, ok := double(stored)
	if f == 0 {
		f = 0 // minus zero equals zero
	}
	bits := math.Float64bits(f)
	if bits>>63 != 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, bits), ok
}

func timeKey(dst, stored []byte) ([]byte, bool) {
	v, ok := microseconds(stored)
	return binary.BigEndian.AppendUint64(dst, uint64(v)^1<<63), ok
}

// place is where a row stands by one column: NULL comes before all values.
type place struct {
	null bool
	key  []byte
}

func (o *Order) places(a, b place) int {
	if a.null || b.null {
		return cmp.Compare(truth(b.null), truth(a.null))
	}
	return o.compare(a.key, b.key)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
