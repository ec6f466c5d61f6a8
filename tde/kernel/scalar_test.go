package kernel_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestScalarsKnowTheirLimits: what only a server knows is not guessed at.
func TestScalarsKnowTheirLimits(t *testing.T) {
	text := &schema.Column{Kind: schema.KindVarChar, Charset: "utf8mb4", Collation: "utf8mb4_general_ci"}
	turkish := &schema.Column{Kind: schema.KindVarChar, Charset: "utf8mb4", Collation: "utf8mb4_turkish_ci"}
	latin := &schema.Column{Kind: schema.KindVarChar, Charset: "latin1", Collation: "latin1_swedish_ci"}
	c, ok := kernel.ScalarColumn(0, text)
	if !ok {
		t.Fatal("a text column is not bound")
	}
	if _, ok := kernel.ScalarColumn(0, turkish); ok {
		t.Error("a collation of which nothing is known is bound")
	}
	l, _ := kernel.ScalarColumn(1, latin)
	if _, ok := kernel.Concat(c, l); ok {
		t.Error("two character sets are joined")
	}
	upper, _ := c.Cased(true)
	part, _ := c.Substring(-2, 5)
	for _, v := range []struct {
		s    *kernel.Scalar
		in   string
		want string
		ok   bool
	}{
		{upper, "aZ~ 9", "AZ~ 9", true}, {upper, "\u00e4", "", false}, {part, "a\u00e4\u65e5", "\u00e4\u65e5", true}, {part, "a", "", true},
	} {
		got, null, ok := v.s.Text(nil, [][]byte{[]byte(v.in)})
		if ok != v.ok || null || ok && string(got) != v.want {
			t.Errorf("%q gives %q (known: %v), want %q (%v)", v.in, got, ok, v.want, v.ok)
		}
	}
	if _, null, ok := upper.Text(nil, [][]byte{nil}); !null || !ok {
		t.Error("NULL is not NULL")
	}
	number := func(literal string) *kernel.Scalar {
		n, ok := kernel.NumberConstant([]byte(literal))
		if !ok {
			t.Fatal(literal)
		}
		return kernel.ScalarNumber(n)
	}
	if _, ok := kernel.Coalesce(number("1"), number("1.5")); ok {
		t.Error("numbers of two scales are one type")
	}
	if _, ok := kernel.Coalesce(number("1"), c); ok {
		t.Error("a number and a text are one type")
	}
}
