package value

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

func TestAddresses(t *testing.T) {
	ctx := &Context{ConnectionCharset: "utf8mb4", MariaDB: true}
	uuid := []byte{0x6c, 0xcd, 0x78, 0x0c, 0xba, 0xba, 0x10, 0x26, 0x95, 0x64, 0x5b, 0x8c, 0x65, 0x60, 0x24, 0xdb}
	for _, c := range []struct {
		kind   schema.Kind
		text   string
		stored string // "": left to a server
		kinds  cell.Kind
		bytes  []byte // nil: not compared here
	}{
		{schema.KindUUID, "6CCD780c-baba-1026-9564-5b8c656024db", "6ccd780c-baba-1026-9564-5b8c656024db", cell.UUID, uuid},
		{schema.KindUUID, "6ccd780cbaba102695645b8c656024db", "", 0, nil},
		{schema.KindUUID, "6ccd780c-baba-1026-9564-5b8c656024d-", "", 0, nil},
		{schema.KindUUID, "6ccd780c-baba-1026-9564-5b8c656024dg", "", 0, nil},
		{schema.KindINET4, "1.2.3.4", "1.2.3.4", cell.INET4, []byte{1, 2, 3, 4}},
		{schema.KindINET4, "01.2.3.4", "", 0, nil},
		{schema.KindINET4, "::1.2.3.4", "", 0, nil},
		{schema.KindINET6, "::FFFF:1.2.3.4", "", cell.INET6, []byte{10: 0xff, 11: 0xff, 12: 1, 13: 2, 14: 3, 15: 4}},
		{schema.KindINET6, "1.2.3.4", "", 0, nil},
		{schema.KindINET6, "fe80::1%eth0", "", 0, nil},
	} {
		col := &schema.Column{Kind: c.kind}
		v := Value{Kind: String, Bytes: []byte(c.text), Charset: "utf8mb4"}
		stored, err := Coerce(nil, v, col, ctx)
		if string(stored) != c.stored || c.stored == "" && !errors.Is(err, ErrNeedsServer) {
			t.Errorf("%s: stored as %q, %v", c.text, stored, err)
		}
		kind, canonical, _, err := Comparand(nil, v, col, ctx)
		if c.bytes == nil && !errors.Is(err, ErrNeedsServer) || c.bytes != nil && (kind != c.kinds || !bytes.Equal(canonical, c.bytes)) {
			t.Errorf("%s: compared as %c %x, %v", c.text, kind, canonical, err)
		}
	}
}
