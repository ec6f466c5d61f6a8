package value

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

func str(s string) Value { return Value{Kind: String, Bytes: []byte(s), Charset: "utf8mb4"} }

func TestCoerceForms(t *testing.T) {
	ctx := &Context{Strict: true, Location: time.FixedZone("", 7200), ConnectionCharset: "utf8mb4", ResultsCharset: "utf8mb4"}
	intCol := &schema.Column{Kind: schema.KindInt}
	for _, c := range []struct {
		col    *schema.Column
		v      Value
		stored string // "" = needs the server
		text   string
	}{
		{intCol, Value{Kind: Int, Bytes: []byte("-5")}, "fffffffffffffffb", "-5"},
		{intCol, str("2147483647"), "000000007fffffff", "2147483647"},
		{intCol, str("2147483648"), "", ""},
		{intCol, str(" 5"), "", ""},
		{&schema.Column{Kind: schema.KindInt, Unsigned: true, Zerofill: true, Length: 10}, Value{Kind: Int, Bytes: []byte("7")}, "0000000000000007", "0000000007"},
		{&schema.Column{Kind: schema.KindDecimal, Precision: 6, Scale: 2}, Value{Kind: Decimal, Bytes: []byte("-.5")}, hex.EncodeToString([]byte("-0.50")), "-0.50"},
		{&schema.Column{Kind: schema.KindDecimal, Precision: 6, Scale: 2}, str("1.005"), "", ""},
		{&schema.Column{Kind: schema.KindFloat, Scale: -1}, Value{Kind: Decimal, Bytes: []byte("0.1")}, "3dcccccd", "0.1"},
		{&schema.Column{Kind: schema.KindTimestamp, FSP: 3}, str("2024-05-06 01:02:03.5"), hex.EncodeToString([]byte("2024-05-05 23:02:03.500")), "2024-05-06 01:02:03.500"},
		{&schema.Column{Kind: schema.KindDate}, str("2023-02-29"), "", ""},
		{&schema.Column{Kind: schema.KindChar, Length: 3, Charset: "latin1"}, str("é "), "e9", "é"},
		{&schema.Column{Kind: schema.KindVarChar, Length: 3, Charset: "latin1"}, str("日"), "", ""},
		{&schema.Column{Kind: schema.KindBinary, Length: 3}, str("a"), "610000", "a\x00\x00"},
		{&schema.Column{Kind: schema.KindSet, Members: []string{"ab", "cd", "ef"}, Charset: "utf8mb4"}, str("ef,ab"), "0000000000000005", "ab,ef"},
		{&schema.Column{Kind: schema.KindBit, Length: 9}, Value{Kind: Hex, Bytes: []byte{1, 0xFF}}, "01ff", "\x01\xff"},
	} {
		got, err := Coerce(nil, c.v, c.col, ctx)
		if c.stored == "" {
			if !errors.Is(err, ErrNeedsServer) {
				t.Errorf("%v %q: %x, %v, want ErrNeedsServer", c.col.Kind, c.v.Bytes, got, err)
			}
			continue
		}
		if err != nil || hex.EncodeToString(got) != c.stored {
			t.Errorf("%v %q: stored %x, %v, want %s", c.col.Kind, c.v.Bytes, got, err, c.stored)
			continue
		}
		if text, err := AppendText(nil, got, c.col, ctx); err != nil || string(text) != c.text {
			t.Errorf("%v %q: text %q, %v, want %q", c.col.Kind, c.v.Bytes, text, err, c.text)
		}
	}
}
