package evaluator

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// readBack lists columns in forms of which stored makes the stored form exactly, under character_set_results NULL and
// any session.
func readBack(cols []*schema.Column) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		name := schema.Quote(c.Name)
		switch c.Kind {
		case schema.KindFloat, schema.KindDouble:
			// A FLOAT's own text has 6 digits; an expression's has all, and the shortest that read back the same.
			out[i] = name + " + 0e0"
		case schema.KindTimestamp:
			out[i] = "UNIX_TIMESTAMP(" + name + ")"
		case schema.KindEnum, schema.KindSet:
			out[i] = "CAST(" + name + " AS UNSIGNED)"
		default:
			out[i] = name
		}
	}
	return strings.Join(out, ", ")
}

// stored makes a value's stored form (docs/format.md) of its form in readBack. nil is NULL.
func stored(c *schema.Column, v []byte) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	bad := fmt.Errorf("%w: column %s came back in an unknown form", errOwn, c.Name)
	switch c.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt:
		if c.Unsigned {
			return unsigned(v, bad)
		}
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return nil, bad
		}
		return binary.BigEndian.AppendUint64(nil, uint64(n)), nil
	case schema.KindYear, schema.KindEnum, schema.KindSet:
		return unsigned(v, bad)
	case schema.KindFloat:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return nil, bad
		}
		return binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(f))), nil
	case schema.KindDouble:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return nil, bad
		}
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)), nil
	case schema.KindDecimal:
		return plainDecimal(v), nil
	case schema.KindTimestamp:
		return timestamp(string(v), c.FSP, bad)
	case schema.KindChar:
		return trimSpaces(v, c.Charset), nil
	case schema.KindNone:
		return nil, bad
	}
	return v, nil
}

func unsigned(v []byte, bad error) ([]byte, error) {
	n, err := strconv.ParseUint(string(v), 10, 64)
	if err != nil {
		return nil, bad
	}
	return binary.BigEndian.AppendUint64(nil, n), nil
}

// plainDecimal drops the zeros that ZEROFILL puts in front.
func plainDecimal(v []byte) []byte {
	for len(v) > 1 && v[0] == '0' && v[1] != '.' {
		v = v[1:]
	}
	return v
}

// timestamp writes seconds since 1970 as a time in UTC. 0 is the zero timestamp.
func timestamp(v string, fsp int, bad error) ([]byte, error) {
	whole, fraction, _ := strings.Cut(v, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return nil, bad
	}
	s := "0000-00-00 00:00:00"
	if n != 0 || strings.Trim(fraction, "0") != "" {
		s = time.Unix(n, 0).UTC().Format(time.DateTime)
	}
	if fsp > 0 {
		s += "." + (fraction + "000000")[:fsp]
	}
	return []byte(s), nil
}

// space is the encoding of U+0020 in a character set.
func space(charset string) string {
	switch charset {
	case "ucs2", "utf16":
		return "\x00 "
	case "utf16le":
		return " \x00"
	case "utf32":
		return "\x00\x00\x00 "
	}
	return " "
}

// trimSpaces cuts trailing spaces.
func trimSpaces(v []byte, charset string) []byte {
	sp := space(charset)
	for len(v) >= len(sp) && string(v[len(v)-len(sp):]) == sp {
		v = v[:len(v)-len(sp)]
	}
	return v
}
