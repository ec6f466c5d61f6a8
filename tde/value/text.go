package value

import (
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// coerceText stores a string in a column with a character set: CHAR, VARCHAR and the TEXT family.
func coerceText(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	start := len(dst)
	dst, err := appendString(dst, v, col.Charset, ctx)
	if err != nil {
		return dst[:start], err
	}
	stored := dst[start:]
	chars, ok := wellFormed(stored, col.Charset)
	length := len(stored)
	if col.Kind == schema.KindChar || col.Kind == schema.KindVarChar {
		length = chars
	}
	if !ok || length > col.Length || length == col.Length && compressed(col) {
		return dst[:start], ErrNeedsServer
	}
	if col.Kind == schema.KindChar {
		stored = trimSpaces(stored, col.Charset)
	}
	return dst[:start+len(stored)], nil
}

// compressed reports whether a column is MariaDB's COMPRESSED: of the longest texts it depends on how well they pack whether they fit.
func compressed(col *schema.Column) bool { return strings.HasSuffix(col.SQLType, " COMPRESSED*/") }

// appendString appends a value's characters in the character set to, "" for the bytes of a binary column.
func appendString(dst []byte, v Value, to string, ctx *Context) ([]byte, error) {
	switch v.Kind {
	case String:
		if to == "" {
			return appendLiteralBytes(dst, v, ctx)
		}
		if !throughConnection(v, ctx) {
			return dst, ErrNeedsServer
		}
		return transcode(dst, v.Bytes, v.Charset, to, false)
	case Binary, Hex:
		return append(dst, v.Bytes...), nil
	case Int, Bool, Decimal:
		return numberInto(dst, v, to)
	}
	return dst, ErrNeedsServer
}

// throughConnection reports whether a literal survives character_set_connection, into which the server may convert it
// first. One with an introducer is not converted, but a Value does not say so.
func throughConnection(v Value, ctx *Context) bool {
	if noConversion(v.Charset) {
		return false
	}
	if noConversion(ctx.ConnectionCharset) || sameCharset(v.Charset, ctx.ConnectionCharset) ||
		asciiCompatible(v.Charset) && asciiCompatible(ctx.ConnectionCharset) && isASCII(v.Bytes) {
		return true
	}
	_, err := transcode(nil, v.Bytes, v.Charset, ctx.ConnectionCharset, false)
	return err == nil
}

// appendLiteralBytes appends a character string to what becomes a binary one. Its bytes stay as they are, provided that
// the connection's character set did not change them and that the server had nothing to say about them.
func appendLiteralBytes(dst []byte, v Value, ctx *Context) ([]byte, error) {
	if noConversion(v.Charset) {
		return append(dst, v.Bytes...), nil
	}
	same := noConversion(ctx.ConnectionCharset) || sameCharset(v.Charset, ctx.ConnectionCharset) ||
		asciiCompatible(v.Charset) && asciiCompatible(ctx.ConnectionCharset) && isASCII(v.Bytes)
	if !same {
		return dst, ErrNeedsServer
	}
	if _, ok := wellFormed(v.Bytes, v.Charset); !ok && !v.Param {
		return dst, ErrNeedsServer
	}
	return append(dst, v.Bytes...), nil
}

// numberInto appends a number's text. MariaDB cuts long ones on their way into sets such as utf32, so those are the
// server's.
func numberInto(dst []byte, v Value, to string) ([]byte, error) {
	if to != "" && !asciiCompatible(to) {
		return dst, ErrNeedsServer
	}
	return numberText(dst, v)
}

// numberText is the text that a server makes of an exact number: no leading zeros, the fraction as written.
func numberText(dst []byte, v Value) ([]byte, error) {
	p, ok := exact(v)
	if !ok || p.neg && p.zero() {
		return dst, ErrNeedsServer
	}
	if p.neg {
		dst = append(dst, '-')
	}
	if len(p.whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, p.whole...)
	if len(p.frac) > 0 {
		dst = append(append(dst, '.'), p.frac...)
	}
	return dst, nil
}

// coerceBytes stores a string in a column of bytes: BINARY, VARBINARY and the BLOB family.
func coerceBytes(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	start := len(dst)
	dst, err := appendString(dst, v, "", ctx)
	if err != nil || len(dst)-start > col.Length || len(dst)-start == col.Length && compressed(col) {
		return dst[:start], ErrNeedsServer
	}
	if col.Kind == schema.KindBinary {
		for len(dst)-start < col.Length {
			dst = append(dst, 0)
		}
	}
	return dst, nil
}

// outText is a stored string in the client's character set. PAD_CHAR_TO_FULL_LENGTH fills a CHAR up again.
func outText(dst, stored []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	start := len(dst)
	dst, err := results(dst, stored, col.Charset, ctx)
	if err != nil || !ctx.PadCharToFullLength || col.Kind != schema.KindChar {
		return dst, err
	}
	chars, ok := wellFormed(stored, col.Charset)
	if !ok {
		return dst[:start], ErrNeedsServer
	}
	to := ctx.ResultsCharset
	if noConversion(to) {
		to = col.Charset
	}
	for ; chars < col.Length; chars++ {
		if dst, err = transcode(dst, []byte(" "), "ascii", to, true); err != nil {
			return dst[:start], err
		}
	}
	return dst, nil
}

// results converts to character_set_results.
func results(dst, b []byte, from string, ctx *Context) ([]byte, error) {
	return transcode(dst, b, from, ctx.ResultsCharset, true)
}
