package value

import (
	"bytes"
	"encoding/hex"
	"net/netip"

	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// uuidSize is the length of a UUID's text.
const uuidSize = len("01234567-89ab-cdef-0123-456789abcdef")

// address appends the canonical form of MariaDB's UUID, INET4 or INET6 for its text: the bytes that it stands for.
func address(dst, text []byte, col *schema.Column) (cell.Kind, []byte, error) {
	if col.Kind == schema.KindUUID {
		dst, err := uuidBytes(dst, text)
		return cell.UUID, dst, err
	}
	a, err := netip.ParseAddr(string(text))
	switch {
	case err != nil || a.Zone() != "" || a.Is4() != (col.Kind == schema.KindINET4):
		return 0, dst, ErrNeedsServer
	case a.Is4():
		b := a.As4()
		return cell.INET4, append(dst, b[:]...), nil
	}
	b := a.As16()
	return cell.INET6, append(dst, b[:]...), nil
}

// uuidBytes reads a UUID with its dashes where the server writes them: it takes others, too, which are left to it.
func uuidBytes(dst, text []byte) ([]byte, error) {
	if len(text) != uuidSize || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return dst, ErrNeedsServer
	}
	digits := bytes.ReplaceAll(text, []byte("-"), nil)
	if len(digits) != 32 {
		return dst, ErrNeedsServer
	}
	start := len(dst)
	dst, err := hex.AppendDecode(dst, digits)
	if err != nil {
		return dst[:start], ErrNeedsServer
	}
	return dst, nil
}

// coerceAddress stores a text that is a UUID or an address of IPv4 as the server itself writes it, but for the case of letters.
func coerceAddress(dst []byte, v Value, col *schema.Column, ctx *Context) ([]byte, error) {
	if v.Kind != String {
		return dst, ErrNeedsServer
	}
	text, err := utf8Text(v, ctx)
	if err != nil {
		return dst, ErrNeedsServer
	}
	if _, _, err := address(nil, text, col); err != nil {
		return dst, ErrNeedsServer
	}
	return append(dst, bytes.ToLower(text)...), nil
}

// comparandAddress compares with a UUID or an address: a text that is one.
func comparandAddress(dst []byte, v Value, col *schema.Column, ctx *Context) (cell.Kind, []byte, bool, error) {
	if v.Kind != String {
		return 0, dst, false, ErrNeedsServer
	}
	text, err := utf8Text(v, ctx)
	if err != nil {
		return 0, dst, false, ErrNeedsServer
	}
	kind, canonical, err := address(dst, text, col)
	if err != nil {
		return 0, dst, false, ErrNeedsServer
	}
	return kind, canonical, false, nil
}
