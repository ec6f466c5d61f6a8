package wire

import "encoding/binary"

// Param is a bound value: of a COM_STMT_EXECUTE or a query attribute.
type Param struct {
	Name     []byte // of a query attribute, or with CLIENT_QUERY_ATTRIBUTES of a parameter; aliases the packet
	Type     Type
	Unsigned bool
	Null     bool
	Long     bool   // the value came by COM_STMT_SEND_LONG_DATA and is not in this packet
	Value    []byte // as in a binary row, without a length before it; aliases the packet
}

// params reads a null bitmap, types and names where bound says so, and values. dst gives the memory and, when the packet
// has no types, the types of the execution before.
func (r *reader) params(dst []Param, count int, named bool) (params []Param, bound bool) {
	nulls := r.take((count + 7) / 8)
	bound = r.u8() == 1
	if r.bad {
		return dst[:0], bound
	}
	if cap(dst) < count { // the bitmap is there, so count is at most eight times the packet
		dst = append(make([]Param, 0, count), dst...)
	}
	known := len(dst)
	dst = dst[:count]
	clear(dst[min(known, count):])
	if !bound && known < count {
		r.bad = true
		return dst[:0], bound
	}
	for i := range dst {
		p := &dst[i]
		p.Value, p.Name = nil, nil
		if bound {
			t := r.u16()
			p.Type, p.Unsigned = Type(t), t&0x8000 != 0
			if named {
				p.Name = r.str()
			}
		}
		p.Null = nulls[i/8]&(1<<(i%8)) != 0
	}
	for i := range dst {
		if p := &dst[i]; !p.Long && !p.Null && p.Type != TypeNull {
			p.Value = r.value(p.Type)
		}
	}
	return dst, bound
}

// value reads a value of type t in the binary format.
func (r *reader) value(t Type) []byte {
	size, ok := binarySize(t)
	switch {
	case !ok:
		r.bad, r.b = true, nil
		return nil
	case size == -1:
		return r.str()
	case size == -2:
		return r.take(int(r.u8()))
	}
	return r.take(size)
}

// AppendValue encodes a value of type t in the binary format: value as Param and BinaryRow hold it.
func AppendValue(dst []byte, t Type, value []byte) []byte {
	switch size, _ := binarySize(t); size {
	case -1:
		return AppendString(dst, value)
	case -2:
		return append(append(dst, byte(len(value))), value...)
	}
	return append(dst, value...)
}

// appendParams encodes what reader.params reads.
func appendParams(dst []byte, params []Param, bound, named bool) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, (len(params)+7)/8)...)
	for i := range params {
		if params[i].Null {
			dst[at+i/8] |= 1 << (i % 8)
		}
	}
	if bound {
		dst = append(dst, 1)
		for i := range params {
			t := uint16(params[i].Type)
			if params[i].Unsigned {
				t |= 0x8000
			}
			dst = binary.LittleEndian.AppendUint16(dst, t)
			if named {
				dst = AppendString(dst, params[i].Name)
			}
		}
	} else {
		dst = append(dst, 0)
	}
	for i := range params {
		if p := &params[i]; !p.Long && !p.Null && p.Type != TypeNull {
			dst = AppendValue(dst, p.Type, p.Value)
		}
	}
	return dst
}
