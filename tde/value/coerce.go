package value

import (
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Coerce appends to dst the stored form of v in a column (docs/format.md). It succeeds only where a server of the
// context's flavour would store exactly that, with neither warning, note nor error; else it returns dst unchanged and
// ErrNeedsServer. v is not NULL.
func Coerce(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	switch col.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt:
		return coerceInteger(dst, v, col, ctx)
	case schema.KindYear:
		return coerceYear(dst, v, col)
	case schema.KindDecimal:
		return coerceDecimal(dst, v, col)
	case schema.KindFloat, schema.KindDouble:
		return coerceFloat(dst, v, col)
	case schema.KindDate:
		return coerceDate(dst, v)
	case schema.KindDateTime, schema.KindTimestamp:
		return coerceDateTime(dst, v, col, ctx)
	case schema.KindTime:
		return coerceTime(dst, v, col, ctx)
	case schema.KindBit:
		return coerceBit(dst, v, col)
	case schema.KindEnum:
		return coerceEnum(dst, v, col, ctx)
	case schema.KindSet:
		return coerceSet(dst, v, col, ctx)
	case schema.KindUUID, schema.KindINET4:
		return coerceAddress(dst, v, col, ctx)
	}
	switch {
	case isText(col.Kind):
		return coerceText(dst, v, col, ctx)
	case isBytes(col.Kind):
		return coerceBytes(dst, v, col, ctx)
	}
	return dst, ErrNeedsServer
}

// isText reports whether a type holds characters of a character set.
func isText(k schema.Kind) bool {
	switch k {
	case schema.KindChar, schema.KindVarChar, schema.KindTinyText, schema.KindText, schema.KindMediumText, schema.KindLongText:
		return true
	}
	return false
}

// isBytes reports whether a type holds bytes.
func isBytes(k schema.Kind) bool {
	switch k {
	case schema.KindBinary, schema.KindVarBinary, schema.KindTinyBlob, schema.KindBlob, schema.KindMediumBlob, schema.KindLongBlob:
		return true
	}
	return false
}

// isInteger reports whether a type is an integer, without YEAR and BIT.
func isInteger(k schema.Kind) bool { return k >= schema.KindTinyInt && k <= schema.KindBigInt }

// Now appends CURRENT_TIMESTAMP with the column's fractional digits, in the stored form of a DATETIME or TIMESTAMP.
func Now(dst []byte, col *schema.Column, ctx *Context) ([]byte, error) {
	unix, micro := ctx.Now.Unix(), ctx.Now.Nanosecond()/1000
	switch col.Kind {
	case schema.KindTimestamp:
	case schema.KindDateTime:
		if ctx.Location == nil {
			return dst, ErrNeedsServer
		}
		unix += offsetAt(ctx.Location, unix)
	default:
		return dst, ErrNeedsServer
	}
	return fromEpoch(unix, micro).appendDateTime(dst, col.FSP), nil
}
