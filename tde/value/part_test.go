package value_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

func TestPart(t *testing.T) {
	for _, c := range []struct {
		kind         schema.Kind
		charset      string
		stored, want string
		n            int
	}{
		{schema.KindVarChar, "utf8mb4", "aé€😀b", "aé€😀", 4},
		{schema.KindVarChar, "utf8mb4", "aé€😀b", "aé", 2},
		{schema.KindVarChar, "utf8mb4", "a  b", "a  ", 3},
		{schema.KindChar, "utf8mb4", "a  b", "a", 3},
		{schema.KindChar, "ucs2", "\x00a\x00 \x00b", "\x00a", 2},
		{schema.KindVarChar, "latin1", "\xe9\xe8\xe7", "\xe9\xe8", 2},
		{schema.KindVarChar, "utf16", "\xd8\x3d\xde\x00\x00a\x00b", "\xd8\x3d\xde\x00\x00a", 2},
		{schema.KindVarChar, "utf16le", "\x3d\xd8\x00\xdea\x00b\x00", "\x3d\xd8\x00\xdea\x00", 2},
		{schema.KindVarChar, "utf32", "\x00\x00\x00a\x00\x00\x00b", "\x00\x00\x00a", 1},
		{schema.KindVarChar, "gbk", "a\xd6\xd0b", "a\xd6\xd0", 2},
		{schema.KindVarChar, "sjis", "\xb1\x82\xa0b", "\xb1\x82\xa0", 2},
		{schema.KindVarChar, "ujis", "\x8e\xb1\x8f\xb0\xa1\xa4\xa2b", "\x8e\xb1\x8f\xb0\xa1\xa4\xa2", 3},
		{schema.KindVarChar, "gb18030", "\x81\x30\x81\x30\xd6\xd0b", "\x81\x30\x81\x30\xd6\xd0", 2},
		{schema.KindBlob, "", "\xc3\xa9x", "\xc3", 1},
		{schema.KindBinary, "", "ab\x00\x00", "ab\x00", 3},
		{schema.KindText, "utf8mb4", "short", "short", 100},
		{schema.KindText, "utf8mb4", "cut\xe2\x82", "cut\xe2\x82", 4},
		{schema.KindText, "utf8mb4", "", "", 1},
	} {
		col := &schema.Column{Kind: c.kind, Charset: c.charset}
		if got := string(value.Part([]byte(c.stored), col, c.n)); got != c.want {
			t.Errorf("%s %q: the first %d are %q, not %q", c.charset, c.stored, c.n, got, c.want)
		}
	}
}
