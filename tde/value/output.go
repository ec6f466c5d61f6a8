package value

import (
	"bytes"
	"encoding/binary"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// AppendText appends a stored value as the text protocol sends it, without its length.
func AppendText(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	if !printed(col.Kind) {
		return appendBody(dst, stored, col, ctx)
	}
	start := len(dst)
	dst, err := appendPrinted(dst, stored, col, ctx)
	if err != nil {
		return dst[:start], err
	}
	return widen(dst, start, ctx)
}

// printed reports whether only the text protocol sends a type as text.
func printed(k schema.Kind) bool {
	switch k {
	case schema.KindFloat, schema.KindDouble, schema.KindDate, schema.KindDateTime, schema.KindTimestamp, schema.KindTime, schema.KindYear:
		return true
	}
	return isInteger(k)
}

// appendPrinted appends a number's or a temporal value's text, in ASCII.
func appendPrinted(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	switch col.Kind {
	case schema.KindFloat, schema.KindDouble:
		return textFloat(dst, stored, col)
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp, schema.KindTime:
		return textTemporal(dst, stored, col, ctx)
	}
	u, err := storedInt(stored)
	switch {
	case err != nil:
		return dst, err
	case col.Kind == schema.KindYear:
		return textYear(dst, u, col), nil
	}
	return textInteger(dst, u, col), nil
}

// widen converts the ASCII from start on, if character_set_results is one such as utf16.
func widen(dst []byte, start int, ctx *Context) ([]byte, error) {
	if !wide(ctx) {
		return dst, nil
	}
	return transcode(dst[:start], bytes.Clone(dst[start:]), "ascii", ctx.ResultsCharset, true)
}

// AppendBinary appends a stored value as the binary protocol sends it, with its length where the type has one. The caller
// writes the row's NULL bitmap.
func AppendBinary(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	switch col.Kind {
	case schema.KindFloat, schema.KindDouble:
		return binaryFloat(dst, stored, col)
	case schema.KindDate, schema.KindDateTime, schema.KindTimestamp, schema.KindTime:
		return binaryTemporal(dst, stored, col, ctx)
	}
	if isInteger(col.Kind) || col.Kind == schema.KindYear {
		u, err := storedInt(stored)
		if err != nil {
			return dst, err
		}
		return binaryInteger(dst, u, col.Kind), nil
	}
	return appendCounted(dst, stored, col, ctx)
}

// appendBody appends what both protocols send as a length-encoded string, without the length.
func appendBody(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	switch {
	case isText(col.Kind):
		return outText(dst, stored, col, ctx)
	case isBytes(col.Kind):
		return append(dst, stored...), nil
	}
	switch col.Kind {
	case schema.KindDecimal:
		start := len(dst)
		dst, err := textDecimal(dst, stored, col)
		if err != nil {
			return dst, err
		}
		return widen(dst, start, ctx)
	case schema.KindBit:
		if len(stored) != bitBytes(col) {
			return dst, ErrStored
		}
		return append(dst, stored...), nil
	case schema.KindEnum, schema.KindSet:
		return memberText(dst, stored, col, ctx.ResultsCharset)
	case schema.KindJSON:
		return results(dst, stored, "utf8mb4", ctx)
	case schema.KindUUID, schema.KindINET4, schema.KindINET6:
		return results(dst, stored, "ascii", ctx)
	case schema.KindGeometry:
		return append(dst, stored...), nil
	}
	return dst, ErrStored
}

// appendCounted appends a length-encoded string. Its length is known only afterwards: what is longer than 250 bytes moves
// up to make room.
func appendCounted(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	start := len(dst)
	dst, err := appendBody(append(dst, 0), stored, col, ctx)
	if err != nil {
		return dst[:start], err
	}
	n := len(dst) - start - 1
	if n < 251 {
		dst[start] = byte(n)
		return dst, nil
	}
	var buf [9]byte
	prefix := appendLength(buf[:0], uint64(n))
	dst = append(dst, prefix[1:]...)
	copy(dst[start+len(prefix):], dst[start+1:start+1+n])
	copy(dst[start:], prefix)
	return dst, nil
}

// appendLength writes a length-encoded integer of 251 or more.
func appendLength(dst []byte, n uint64) []byte {
	switch {
	case n < 1<<16:
		return binary.LittleEndian.AppendUint16(append(dst, 0xFC), uint16(n))
	case n < 1<<24:
		return append(dst, 0xFD, byte(n), byte(n>>8), byte(n>>16))
	}
	return binary.LittleEndian.AppendUint64(append(dst, 0xFE), n)
}
