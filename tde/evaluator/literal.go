package evaluator

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// appendLiteral appends the literal of a stored form: what a column stores of it in a workspace's own session is that
// form again.
func appendLiteral(dst []byte, c *schema.Column, v []byte) ([]byte, error) {
	if v == nil {
		return append(dst, "NULL"...), nil
	}
	bad := len(v) != 8
	switch k := c.Kind; k {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt:
		if bad {
			break
		}
		if n := binary.BigEndian.Uint64(v); c.Unsigned {
			return strconv.AppendUint(dst, n, 10), nil
		} else {
			return strconv.AppendInt(dst, int64(n), 10), nil
		}
	case schema.KindYear, schema.KindEnum, schema.KindSet:
		if bad {
			break
		}
		return strconv.AppendUint(dst, binary.BigEndian.Uint64(v), 10), nil
	case schema.KindFloat:
		if len(v) != 4 {
			break
		}
		return appendFloat(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(v)))), nil
	case schema.KindDouble:
		if bad {
			break
		}
		return appendFloat(dst, math.Float64frombits(binary.BigEndian.Uint64(v))), nil
	case schema.KindDecimal, schema.KindDate, schema.KindTime, schema.KindDateTime, schema.KindTimestamp:
		if !plain(v) {
			break
		}
		return append(append(append(dst, '\''), v...), '\''), nil
	case schema.KindJSON:
		return appendHex(append(dst, "_utf8mb4 "...), v), nil
	case schema.KindUUID, schema.KindINET4, schema.KindINET6:
		if !plainAddress(v) {
			break
		}
		return append(append(append(dst, '\''), v...), '\''), nil
	case schema.KindNone:
	default:
		return appendHex(dst, v), nil
	}
	return dst, fmt.Errorf("%w: a value of column %s is in no form of its type", errOwn, c.Name)
}

// appendFloat writes a number that reads back to the bit; as a text, which keeps the sign of a zero.
func appendFloat(dst []byte, f float64) []byte {
	dst = strconv.AppendFloat(append(dst, '\''), f, 'e', -1, 64)
	return append(dst, '\'')
}

func appendHex(dst, v []byte) []byte {
	dst = hex.AppendEncode(append(dst, "x'"...), v)
	return append(dst, '\'')
}

// plain says whether a number or a time is made of nothing else than such are.
func plain(v []byte) bool {
	for _, b := range v {
		if (b < '0' || b > '9') && strings.IndexByte("-+:. eE", b) < 0 {
			return false
		}
	}
	return true
}

// plainAddress says whether a UUID or an address is made of nothing else than such are.
func plainAddress(v []byte) bool {
	for _, b := range v {
		if strings.IndexByte("0123456789abcdef-:.", b) < 0 {
			return false
		}
	}
	return len(v) > 0
}

// isZero says whether an integer's stored form is 0.
func isZero(v []byte) bool { return len(v) == 8 && binary.BigEndian.Uint64(v) == 0 }

// realDate says whether a date or what begins with one exists; NULL does.
func realDate(v []byte) bool {
	if v == nil {
		return true
	}
	if len(v) < len("2006-01-02") || v[4] != '-' || v[7] != '-' {
		return false
	}
	month, day := 10*int(v[5]-'0')+int(v[6]-'0'), 10*int(v[8]-'0')+int(v[9]-'0')
	return month >= 1 && month <= 12 && day >= 1 && (day <= 28 || month != 2 && (day <= 30 || day == 31 && (month < 8) == (month%2 == 1)))
}

// emptyGeometry is some value of a geometry's type.
func emptyGeometry(sqlType string) string {
	text := "POINT(0 0)"
	switch strings.ToLower(sqlType) {
	case "linestring":
		text = "LINESTRING(0 0,1 1)"
	case "polygon":
		text = "POLYGON((0 0,1 0,1 1,0 0))"
	case "multipoint":
		text = "MULTIPOINT(0 0)"
	case "multilinestring":
		text = "MULTILINESTRING((0 0,1 1))"
	case "multipolygon":
		text = "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"
	case "geometrycollection", "geomcollection":
		text = "GEOMETRYCOLLECTION(POINT(0 0))"
	}
	return "ST_GeomFromText('" + text + "')"
}

// Stored makes the stored form (docs/format.md) of a column's value as schema.Column.ReadBack selects it, in the text
// protocol. nil is NULL. The result may alias v.
func Stored(c *schema.Column, v []byte) ([]byte, error) { return stored(c, v) }

// Literal is the SQL of a stored form that a column stores as that form again, in a session in UTC whose sql_mode takes any
// date.
func Literal(c *schema.Column, v []byte) (string, error) {
	b, err := appendLiteral(nil, c, v)
	if err == nil && v != nil && c.Charset != "" && c.Kind >= schema.KindChar && c.Kind <= schema.KindLongText {
		return "_" + c.Charset + " " + string(b), nil
	}
	return string(b), err
}
