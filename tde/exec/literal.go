package exec

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// errLiteral says that a literal is not what the lexer took it for.
var errLiteral = errors.New("exec: malformed literal")

// literalValue reads a literal of a statement in character set charset. The result aliases src where it can.
func literalValue(src []byte, l plan.Literal, mode plan.Mode, charset string) (value.Value, error) {
	text := src[l.Start:l.End]
	switch l.Kind {
	case plan.LitNull:
		return value.Value{Kind: value.Null}, nil
	case plan.LitTrue:
		return value.Value{Kind: value.Bool, Bytes: []byte("1")}, nil
	case plan.LitFalse:
		return value.Value{Kind: value.Bool, Bytes: []byte("0")}, nil
	case plan.LitInt:
		return value.Value{Kind: value.Int, Bytes: text}, nil
	case plan.LitDecimal:
		return value.Value{Kind: value.Decimal, Bytes: text}, nil
	case plan.LitFloat:
		return value.Value{Kind: value.Float, Bytes: text}, nil
	case plan.LitString:
		return stringValue(text, mode, charset)
	case plan.LitDate, plan.LitTime, plan.LitTimestamp:
		return temporalValue(text, l.Kind, mode, charset)
	case plan.LitHex, plan.LitBit:
		if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
			return value.Value{}, errSigned
		}
		return radixValue(text, l.Kind)
	}
	return value.Value{}, errLiteral
}

// errSigned says that a literal is an expression: what the sign makes of bytes depends on the flavour and on their number.
var errSigned = fmt.Errorf("%w, %w", errCoerce, errComparand)

// introducer cuts a leading _charset or N from a literal.
func introducer(text []byte, charset string) ([]byte, string) {
	switch {
	case len(text) > 1 && (text[0] == 'N' || text[0] == 'n') && text[1] == '\'':
		return text[1:], "utf8mb3"
	case len(text) == 0 || text[0] != '_':
		return text, charset
	}
	end := bytes.IndexAny(text, "'\" \t\r\n")
	if end < 0 {
		return text, charset
	}
	name := strings.ToLower(string(text[1:end]))
	if name == "utf8" {
		name = "utf8mb3"
	}
	return bytes.TrimLeft(text[end:], " \t\r\n"), name
}

// stringValue reads one or more adjacent quoted strings.
func stringValue(text []byte, mode plan.Mode, charset string) (value.Value, error) {
	text, charset = introducer(text, charset)
	kind := value.String
	if charset == "binary" {
		kind = value.Binary
	}
	if len(text) < 2 {
		return value.Value{}, errLiteral
	}
	if body := text[1 : len(text)-1]; bytes.IndexByte(body, text[0]) < 0 && (mode.NoBackslashEscapes || bytes.IndexByte(body, '\\') < 0) {
		return value.Value{Kind: kind, Bytes: body, Charset: charset}, nil
	}
	var out []byte
	for i := 0; i < len(text); {
		if text[i] != '\'' && text[i] != '"' {
			i++ // space between two strings
			continue
		}
		n, ok := 0, false
		if out, n, ok = unquoted(out, text[i:], mode); !ok {
			return value.Value{}, errLiteral
		}
		i += n
	}
	return value.Value{Kind: kind, Bytes: out, Charset: charset}, nil
}

// unquoted appends what a quoted string means and tells how long its text is (MySQL manual, "String Literals").
func unquoted(out, text []byte, mode plan.Mode) ([]byte, int, bool) {
	q := text[0]
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && !mode.NoBackslashEscapes && i+1 < len(text):
			i++
			out = appendEscaped(out, text[i])
		case c == q && i+1 < len(text) && text[i+1] == q:
			i++
			out = append(out, q)
		case c == q:
			return out, i + 1, true
		default:
			out = append(out, c)
		}
	}
	return out, len(text), false
}

func appendEscaped(out []byte, c byte) []byte {
	switch c {
	case '0':
		return append(out, 0)
	case 'b':
		return append(out, '\b')
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'Z':
		return append(out, 26)
	case '%', '_':
		return append(out, '\\', c)
	}
	return append(out, c)
}

// temporalValue reads DATE '…', TIME '…' and TIMESTAMP '…'.
func temporalValue(text []byte, kind plan.LiteralKind, mode plan.Mode, charset string) (value.Value, error) {
	quote := bytes.IndexAny(text, "'\"")
	if quote < 0 {
		return value.Value{}, errLiteral
	}
	v, err := stringValue(text[quote:], mode, charset)
	switch kind {
	case plan.LitDate:
		v.Kind = value.Date
	case plan.LitTime:
		v.Kind = value.Time
	default:
		v.Kind = value.DateTime
	}
	v.Charset = ""
	return v, err
}

// radixValue reads x'..', 0x.., b'..' and 0b.., with or without an introducer.
func radixValue(text []byte, kind plan.LiteralKind) (value.Value, error) {
	text, charset := introducer(text, "")
	if len(text) < 2 {
		return value.Value{}, errLiteral
	}
	digits := text[2:]
	if text[1] == '\'' {
		if len(digits) == 0 {
			return value.Value{}, errLiteral
		}
		digits = digits[:len(digits)-1]
	}
	out, err := radixBytes(digits, kind)
	if err != nil {
		return value.Value{}, errLiteral
	}
	if charset != "" && charset != "binary" {
		return value.Value{Kind: value.String, Bytes: out, Charset: charset}, nil
	}
	return value.Value{Kind: value.Hex, Bytes: out, Number: text[1] != '\'' || kind == plan.LitBit}, nil
}

func radixBytes(digits []byte, kind plan.LiteralKind) ([]byte, error) {
	if kind == plan.LitHex {
		if len(digits)%2 == 1 {
			digits = append([]byte{'0'}, digits...)
		}
		out := make([]byte, len(digits)/2)
		_, err := hex.Decode(out, digits)
		return out, err
	}
	n, ok := new(big.Int).SetString("0"+string(digits), 2)
	if !ok {
		return nil, errLiteral
	}
	return n.FillBytes(make([]byte, (len(digits)+7)/8)), nil
}

// paramValue reads a parameter of the binary protocol; strings are in character set charset.
func paramValue(p *wire.Param, charset string) (value.Value, error) {
	if p.Null || p.Type == wire.TypeNull {
		return value.Value{Kind: value.Null}, nil
	}
	v := p.Value
	switch p.Type {
	case wire.TypeTiny, wire.TypeShort, wire.TypeYear, wire.TypeLong, wire.TypeInt24, wire.TypeLongLong:
		return intParam(p)
	case wire.TypeFloat:
		if len(v) != 4 {
			return value.Value{}, errLiteral
		}
		f := math.Float32frombits(binary.LittleEndian.Uint32(v))
		return value.Value{Kind: value.Float32, Bytes: strconv.AppendFloat(nil, float64(f), 'g', -1, 32)}, nil
	case wire.TypeDouble:
		if len(v) != 8 {
			return value.Value{}, errLiteral
		}
		f := math.Float64frombits(binary.LittleEndian.Uint64(v))
		return value.Value{Kind: value.Float, Bytes: strconv.AppendFloat(nil, f, 'g', -1, 64)}, nil
	case wire.TypeDate, wire.TypeDatetime, wire.TypeTimestamp:
		return momentParam(v)
	case wire.TypeTime:
		return timeParam(v)
	case wire.TypeNewDecimal, wire.TypeDecimal:
		if bytes.IndexByte(v, '.') < 0 {
			return value.Value{Kind: value.Int, Bytes: v}, nil
		}
		return value.Value{Kind: value.Decimal, Bytes: v}, nil
	case wire.TypeTinyBlob, wire.TypeMediumBlob, wire.TypeLongBlob, wire.TypeBlob:
		return value.Value{Kind: value.Binary, Bytes: v}, nil
	case wire.TypeVarchar, wire.TypeVarString, wire.TypeString, wire.TypeEnum, wire.TypeSet:
		return value.Value{Kind: value.String, Bytes: v, Charset: charset, Param: true}, nil
	}
	return value.Value{}, errLiteral
}

func intParam(p *wire.Param) (value.Value, error) {
	var u uint64
	for i := len(p.Value) - 1; i >= 0; i-- {
		u = u<<8 | uint64(p.Value[i])
	}
	out := value.Value{Kind: value.Int}
	if p.Unsigned {
		out.Bytes = strconv.AppendUint(nil, u, 10)
		return out, nil
	}
	shift := 64 - 8*len(p.Value)
	if shift < 0 || shift > 56 {
		return out, errLiteral
	}
	out.Bytes = strconv.AppendInt(nil, int64(u<<shift)>>shift, 10)
	return out, nil
}

// momentParam reads MYSQL_TYPE_DATE, DATETIME and TIMESTAMP: year, month, day, then time, then microseconds.
func momentParam(v []byte) (value.Value, error) {
	var year, month, day, hour, minute, second, micro int
	switch len(v) {
	case 0:
	case 11:
		micro = int(binary.LittleEndian.Uint32(v[7:]))
		fallthrough
	case 7:
		hour, minute, second = int(v[4]), int(v[5]), int(v[6])
		fallthrough
	case 4:
		year, month, day = int(binary.LittleEndian.Uint16(v)), int(v[2]), int(v[3])
	default:
		return value.Value{}, errLiteral
	}
	b := appendPadded(nil, year, 4)
	b = appendPadded(append(b, '-'), month, 2)
	b = appendPadded(append(b, '-'), day, 2)
	if len(v) <= 4 {
		return value.Value{Kind: value.Date, Bytes: b}, nil
	}
	b = appendClock(append(b, ' '), hour, minute, second, micro)
	return value.Value{Kind: value.DateTime, Bytes: b}, nil
}

// timeParam reads MYSQL_TYPE_TIME: sign, days, hours, minutes, seconds, microseconds.
func timeParam(v []byte) (value.Value, error) {
	var b []byte
	var hours, minute, second, micro int
	switch len(v) {
	case 0:
	case 12:
		micro = int(binary.LittleEndian.Uint32(v[8:]))
		fallthrough
	case 8:
		hours = int(binary.LittleEndian.Uint32(v[1:]))*24 + int(v[5])
		minute, second = int(v[6]), int(v[7])
		if v[0] != 0 {
			b = append(b, '-')
		}
	default:
		return value.Value{}, errLiteral
	}
	return value.Value{Kind: value.Time, Bytes: appendClock(b, hours, minute, second, micro)}, nil
}

func appendClock(b []byte, hour, minute, second, micro int) []byte {
	b = appendPadded(b, hour, 2)
	b = appendPadded(append(b, ':'), minute, 2)
	b = appendPadded(append(b, ':'), second, 2)
	if micro > 0 {
		b = appendPadded(append(b, '.'), micro, 6)
	}
	return b
}

func appendPadded(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}
