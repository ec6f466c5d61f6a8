package kernel_test

import (
	"encoding/binary"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestPairsCompareAsTheirType: two columns of one type compare by value, and what is not known stays open.
func TestPairsCompareAsTheirType(t *testing.T) {
	integer := func(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
	text := func(s string) []byte { return []byte(s) }
	signed, unsigned := &schema.Column{Kind: schema.KindInt}, &schema.Column{Kind: schema.KindInt, Unsigned: true}
	decimal := &schema.Column{Kind: schema.KindDecimal, Precision: 9, Scale: 2}
	date := &schema.Column{Kind: schema.KindDate}
	folding := &schema.Column{Kind: schema.KindVarChar, Charset: "utf8mb4", Collation: "utf8mb4_general_ci"}
	for _, v := range []struct {
		col  *schema.Column
		a, b []byte
		op   kernel.Operator
		want kernel.Outcome
	}{
		{signed, integer(-1), integer(0), kernel.Less, kernel.True}, {unsigned, integer(1), integer(-1), kernel.Less, kernel.True},
		{signed, nil, integer(0), kernel.Less, kernel.Null}, {signed, integer(7), integer(7), kernel.GreaterEqual, kernel.True},
		{decimal, text("-10.50"), text("-9.99"), kernel.Less, kernel.True}, {decimal, text("10.00"), text("9.99"), kernel.NotEqual, kernel.True},
		{date, text("1999-12-31"), text("2000-01-01"), kernel.Greater, kernel.False}, {folding, text("Red"), text("red  "), kernel.Equal, kernel.True},
		{folding, text("\u00e4"), text("a"), kernel.Equal, kernel.Unsure},
	} {
		c, ok := kernel.Pair(0, v.col, v.op, 1, v.col)
		if !ok {
			t.Fatalf("%v is not compared", v.col.Kind)
		}
		if got := c.Of([][]byte{v.a, v.b}); got != v.want {
			t.Errorf("%v: %q with %q gives %v, want %v", v.col.Kind, v.a, v.b, got, v.want)
		}
	}
	for _, other := range [][2]*schema.Column{{signed, unsigned}, {signed, decimal}, {folding, {Kind: schema.KindVarChar, Charset: "utf8mb4", Collation: "utf8mb4_bin"}},
		{{Kind: schema.KindTimestamp}, {Kind: schema.KindTimestamp}}} {
		if _, ok := kernel.Pair(0, other[0], kernel.Equal, 1, other[1]); ok {
			t.Errorf("%v is compared with %v", other[0], other[1])
		}
	}
}
