package value

import (
	"encoding/binary"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// temporal reads a value that is a DATE, DATETIME or TIMESTAMP in canonical text.
func temporal(v Value) (m moment, ok bool) {
	switch v.Kind {
	case Date, DateTime:
	case String:
		if !asciiCompatible(v.Charset) {
			return moment{}, false
		}
	default:
		return moment{}, false
	}
	m, ok = parseMoment(v.Bytes)
	return m, ok && m.real()
}

// coerceDate stores a DATE. A time of day other than midnight is cut with a note, so it is the server's.
func coerceDate(dst []byte, v Value) ([]byte, error) {
	m, ok := temporal(v)
	if !ok || !m.midnight() {
		return dst, ErrNeedsServer
	}
	return m.appendDate(dst), nil
}

// coerceDateTime stores a DATETIME or, in UTC, a TIMESTAMP.
func coerceDateTime(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	m, ok := temporal(v)
	if ok {
		m, ok = m.fitDateTime(col.FSP, ctx)
	}
	if !ok {
		return dst, ErrNeedsServer
	}
	if col.Kind == schema.KindTimestamp {
		unix, ok := toUTC(m, ctx.Location)
		if !ok || unix < firstTimestamp || unix > lastTimestamp {
			return dst, ErrNeedsServer
		}
		m = fromEpoch(unix, m.micro)
	}
	return m.appendDateTime(dst, col.FSP), nil
}

// clockValue reads a value that is a TIME in canonical text, within its range and not a negative zero.
func clockValue(v Value) (m moment, ok bool) {
	if v.Kind != Time && (v.Kind != String || !asciiCompatible(v.Charset)) {
		return moment{}, false
	}
	m, ok = parseTime(v.Bytes)
	return m, ok && m.hour <= 838 && !(m.hour == 838 && m.minute == 59 && m.sec == 59 && m.micro > 0) &&
		!(m.neg && m.midnight())
}

// coerceTime stores a TIME.
func coerceTime(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	m, ok := clockValue(v)
	if ok {
		m, ok = m.fitTime(col.FSP, ctx)
	}
	if !ok {
		return dst, ErrNeedsServer
	}
	return m.appendClock(dst, col.FSP), nil
}

// localMoment is a stored DATETIME or TIMESTAMP as the session sees it: a TIMESTAMP in its time zone. The zero TIMESTAMP is
// zero everywhere.
func localMoment(stored []byte, col *schema.Column, ctx *Context) (moment, error) {
	m, ok := parseMoment(stored)
	if !ok || m.time != (col.Kind != schema.KindDate) {
		return moment{}, ErrStored
	}
	if col.Kind != schema.KindTimestamp || m.year == 0 {
		return m, nil
	}
	if ctx.Location == nil {
		return moment{}, ErrNeedsServer
	}
	unix := m.epoch()
	return fromEpoch(unix+offsetAt(ctx.Location, unix), m.micro), nil
}

// textTemporal is the text protocol's form of DATE, DATETIME, TIMESTAMP and TIME.
func textTemporal(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	if col.Kind == schema.KindTime {
		if _, ok := parseTime(stored); !ok {
			return dst, ErrStored
		}
		return append(dst, stored...), nil
	}
	m, err := localMoment(stored, col, ctx)
	switch {
	case err != nil:
		return dst, err
	case col.Kind == schema.KindTimestamp:
		return m.appendDateTime(dst, col.FSP), nil
	}
	return append(dst, stored...), nil
}

// binaryTemporal is the binary protocol's form: a length byte, then as few fields as hold the value.
func binaryTemporal(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	if col.Kind == schema.KindTime {
		m, ok := parseTime(stored)
		if !ok {
			return dst, ErrStored
		}
		return m.binaryTime(dst), nil
	}
	m, err := localMoment(stored, col, ctx)
	if err != nil {
		return dst, err
	}
	return m.binaryDate(dst), nil
}

// binaryDate is ProtocolBinary's DATE, DATETIME and TIMESTAMP: 0, 4, 7 or 11 bytes after the length.
func (m moment) binaryDate(dst []byte) []byte {
	length := byte(11)
	switch {
	case m.year|m.month|m.day == 0 && m.midnight():
		return append(dst, 0)
	case m.midnight():
		length = 4
	case m.micro == 0:
		length = 7
	}
	dst = append(dst, length)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(m.year))
	dst = append(dst, byte(m.month), byte(m.day))
	if length > 4 {
		dst = append(dst, byte(m.hour), byte(m.minute), byte(m.sec))
	}
	if length > 7 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(m.micro))
	}
	return dst
}

// binaryTime is ProtocolBinary's TIME: 0, 8 or 12 bytes after the length; hours past 24 count as days.
func (m moment) binaryTime(dst []byte) []byte {
	if m.midnight() {
		return append(dst, 0)
	}
	length := byte(8)
	if m.micro != 0 {
		length = 12
	}
	neg := byte(0)
	if m.neg {
		neg = 1
	}
	dst = append(dst, length, neg)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(m.hour/24))
	dst = append(dst, byte(m.hour%24), byte(m.minute), byte(m.sec))
	if m.micro != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(m.micro))
	}
	return dst
}
