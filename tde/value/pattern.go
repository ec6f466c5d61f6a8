package value

import (
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Pattern appends a literal or parameter that is a LIKE pattern for a column, in the column's character set. It is
// ErrNeedsServer where the server compares in another way than by the column's characters and collation.
func Pattern(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	switch {
	case isText(col.Kind):
		if v.Kind != String || ctx.PadCharToFullLength && col.Kind == schema.KindChar {
			return dst, ErrNeedsServer
		}
		start := len(dst)
		dst, err := appendString(dst, v, col.Charset, ctx)
		if err != nil {
			return dst[:start], err
		}
		if _, ok := wellFormed(dst[start:], col.Charset); !ok {
			return dst[:start], ErrNeedsServer
		}
		return dst, nil
	case isBytes(col.Kind):
		_, dst, _, err := comparandBytes(dst, v, ctx)
		return dst, err
	}
	return dst, ErrNeedsServer
}
