package wire

import "encoding/binary"

// AppendInt appends a length-encoded integer.
func AppendInt(dst []byte, v uint64) []byte {
	switch {
	case v < 0xfb:
		return append(dst, byte(v))
	case v <= 0xffff:
		return append(dst, 0xfc, byte(v), byte(v>>8))
	case v <= 0xffffff:
		return append(dst, 0xfd, byte(v), byte(v>>8), byte(v>>16))
	}
	return binary.LittleEndian.AppendUint64(append(dst, 0xfe), v)
}

// AppendString appends a length-encoded string.
func AppendString[T ~string | ~[]byte](dst []byte, s T) []byte {
	return append(AppendInt(dst, uint64(len(s))), s...)
}

// AppendNull appends the NULL of a text row.
func AppendNull(dst []byte) []byte { return append(dst, 0xfb) }

// Int reads a length-encoded integer and tells how many bytes it took, 0 when b is none.
func Int(b []byte) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	switch first := b[0]; {
	case first < 0xfb:
		return uint64(first), 1
	case first == 0xfc && len(b) >= 3:
		return uint64(binary.LittleEndian.Uint16(b[1:])), 3
	case first == 0xfd && len(b) >= 4:
		return uint64(b[1]) | uint64(b[2])<<8 | uint64(b[3])<<16, 4
	case first == 0xfe && len(b) >= 9:
		return binary.LittleEndian.Uint64(b[1:]), 9
	}
	return 0, 0
}

// String reads a length-encoded string and tells how many bytes it took in all, 0 when b does not hold it whole.
func String(b []byte) (s []byte, n int) {
	v, n := Int(b)
	if n == 0 || v > uint64(len(b)-n) {
		return nil, 0
	}
	return b[n : n+int(v) : n+int(v)], n + int(v)
}

// reader takes a packet apart from its front. After the first read past the end bad is set and all reads give zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	s := r.b[:n:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) u8() uint8 {
	if s := r.take(1); s != nil {
		return s[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if s := r.take(2); s != nil {
		return binary.LittleEndian.Uint16(s)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if s := r.take(4); s != nil {
		return binary.LittleEndian.Uint32(s)
	}
	return 0
}

func (r *reader) lenenc() uint64 {
	v, n := Int(r.b)
	if n == 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) str() []byte {
	s, n := String(r.b)
	if n == 0 {
		r.bad, r.b = true, nil
		return nil
	}
	r.b = r.b[n:]
	return s
}

// nul reads up to a zero byte, which it drops.
func (r *reader) nul() []byte {
	for i, c := range r.b {
		if c == 0 {
			s := r.b[:i:i]
			r.b = r.b[i+1:]
			return s
		}
	}
	r.bad, r.b = true, nil
	return nil
}

// rest reads all that is left.
func (r *reader) rest() []byte {
	s := r.b
	r.b = nil
	return s
}

// err is ErrMalformed when a read went past the end.
func (r *reader) err() error {
	if r.bad {
		return ErrMalformed
	}
	return nil
}
