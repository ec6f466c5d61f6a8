package value

import (
	"encoding/hex"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestOrderKey has the places of constants: among the values of their column, between two of them, and beyond all. (The
// order of values is checked against servers in e2e.)
func TestOrderKey(t *testing.T) {
	tiny, unsigned := schema.Column{Kind: schema.KindTinyInt}, schema.Column{Kind: schema.KindTinyInt, Unsigned: true}
	big := schema.Column{Kind: schema.KindBigInt}
	dec := schema.Column{Kind: schema.KindDecimal, Precision: 4, Scale: 2}
	float, double := schema.Column{Kind: schema.KindFloat, Scale: -1}, schema.Column{Kind: schema.KindDouble, Scale: -1}
	date, stamp, micro := schema.Column{Kind: schema.KindDate}, schema.Column{Kind: schema.KindDateTime}, schema.Column{Kind: schema.KindDateTime, FSP: 2}
	clock, bytes := schema.Column{Kind: schema.KindTime}, schema.Column{Kind: schema.KindVarBinary, Length: 3}
	long := schema.Column{Kind: schema.KindVarBinary, Length: 40}
	for _, c := range []struct {
		column    schema.Column
		canonical string // in hexadecimal for doubles
		key       string
		after     bool
		err       error
	}{
		{tiny, "0", "80", false, nil}, {tiny, "-128", "00", false, nil}, {tiny, "127", "ff", false, nil}, {tiny, "127.5", "ff", true, nil}, {tiny, "128", "ff", true, nil},
		{tiny, "-128.5", "", false, nil}, {tiny, "-129", "", false, nil}, {tiny, "-0.5", "7f", true, nil}, {tiny, "0.5", "80", true, nil}, {tiny, "99999999999999999999", "ff", true, nil},
		{tiny, "-99999999999999999999", "", false, nil}, {unsigned, "-1", "", false, nil}, {unsigned, "255", "ff", false, nil}, {unsigned, "256", "ff", true, nil}, {unsigned, "-0.5", "", false, nil},
		{big, "-9223372036854775808", "0000000000000000", false, nil}, {big, "-9223372036854775808.5", "", false, nil}, {big, "9223372036854775808", "ffffffffffffffff", true, nil},
		{dec, "0", "2710", false, nil}, {dec, "0.01", "2711", false, nil}, {dec, "-0.01", "270f", false, nil}, {dec, "0.001", "2710", true, nil}, {dec, "-0.001", "270f", true, nil},
		{dec, "99.99", "4e1f", false, nil}, {dec, "-99.99", "0001", false, nil}, {dec, "-99.991", "0000", true, nil}, {dec, "1000", "ffff", true, nil}, {dec, "-1000", "", false, nil}, {dec, "5", "2904", false, nil},
		{double, "3ff0000000000000", "bff0000000000000", false, nil}, {double, "bff0000000000000", "400fffffffffffff", false, nil}, {double, "0000000000000000", "8000000000000000", false, nil},
		{float, "3ff0000000000000", "bf800000", false, nil}, {float, "3fb999999999999a", "", false, ErrNeedsServer},
		{date, "2024-02-29 00:00:00", "0fd05d", false, nil}, {date, "2024-02-29 00:00:01", "0fd05d", true, nil}, {date, "0000-00-00 00:00:00", "000000", false, nil},
		{stamp, "2024-02-29 23:59:58", "1fa0bb7efa", false, nil}, {stamp, "2024-02-29 23:59:58.5", "1fa0bb7efa", true, nil}, {micro, "2024-02-29 23:59:58.5", "1fa0bb7efa07a120", false, nil},
		{clock, "00:00:01", "800001", false, nil}, {clock, "-00:00:01", "7fffff", false, nil}, {clock, "-00:00:01.5", "7ffffe", true, nil}, {clock, "838:59:59.9", "ae166f", true, nil},
		{bytes, "ab", "6162", false, nil}, {bytes, "", "", false, nil}, {bytes, "abc", "616263", false, nil}, {bytes, "abcd", "616263", true, nil},
		{long, "0123456789012345678901234567890123456789", hex.EncodeToString([]byte("01234567890123456789012345678901")), false, nil},
	} {
		canonical := []byte(c.canonical)
		if c.column.Kind == schema.KindFloat || c.column.Kind == schema.KindDouble {
			canonical, _ = hex.DecodeString(c.canonical)
		}
		key, after, err := OrderKey(nil, canonical, &c.column)
		if got := hex.EncodeToString(key); got != c.key || after != c.after || err != c.err {
			t.Errorf("type %d, %s: %s, %t, %v; want %s, %t", c.column.Kind, c.canonical, got, after, err, c.key, c.after)
		}
	}
}

func TestStringKey(t *testing.T) {
	exact, inexact := schema.OrderKey{Size: 4, Exact: true}, schema.OrderKey{Size: 4}
	for _, c := range []struct {
		weights, pad string
		form         schema.OrderKey
		key          string
		after        bool
		err          error
	}{
		{"ab", " ", exact, "ab  ", false, nil}, {"ab", "", exact, "ab", false, nil}, {"abcde", "", exact, "abcd", true, nil}, {"abcde", " ", exact, "", false, ErrNeedsServer},
		{"abcde", " ", inexact, "abcd", false, nil}, {"abcde", "", inexact, "abcd", false, nil}, {"a", "\x02\x09", inexact, "a\x02\x09\x02", false, nil}, {"", " ", exact, "    ", false, nil},
	} {
		var pad []byte
		if c.pad != "" {
			pad = []byte(c.pad)
		}
		key, after, err := StringKey(nil, []byte(c.weights), pad, c.form)
		if string(key) != c.key || after != c.after || err != c.err {
			t.Errorf("%q padded by %q: %q, %t, %v", c.weights, c.pad, key, after, err)
		}
	}
}

// FuzzOrderKey compares the keys of two numbers with the numbers.
func FuzzOrderKey(f *testing.F) {
	f.Add(int64(-1), int64(1), uint8(2), uint8(8))
	f.Add(int64(-150), int64(99), uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, a, b int64, scale, size uint8) {
		columns := []schema.Column{
			{Kind: []schema.Kind{schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt}[size%5]},
			{Kind: schema.KindDecimal, Precision: 19 + int(scale%20), Scale: int(scale % 20)},
		}
		for i := range columns {
			x, afterX, errX := OrderKey(nil, cell.AppendInt(nil, a), &columns[i])
			y, afterY, errY := OrderKey(nil, cell.AppendInt(nil, b), &columns[i])
			if errX != nil || errY != nil {
				t.Fatal(errX, errY)
			}
			if afterX {
				x = append(x, 1)
			}
			if afterY {
				y = append(y, 1)
			}
			// Beyond the column's values all places are one.
			if a < b && string(x) > string(y) || a > b && string(x) < string(y) || a == b && string(x) != string(y) {
				t.Errorf("%d and %d, %+v: %x and %x", a, b, columns[i], x, y)
			}
		}
	})
}

func BenchmarkOrderKey(b *testing.B) {
	for _, c := range []struct {
		name, canonical string
		column          schema.Column
	}{
		{"BIGINT", "-1234567890", schema.Column{Kind: schema.KindBigInt}}, {"DECIMAL", "-12345.67", schema.Column{Kind: schema.KindDecimal, Precision: 10, Scale: 2}},
		{"DATETIME", "2024-02-29 23:59:58.5", schema.Column{Kind: schema.KindDateTime, FSP: 3}}, {"VARBINARY", "some bytes", schema.Column{Kind: schema.KindVarBinary, Length: 40}},
	} {
		b.Run(c.name, func(b *testing.B) {
			dst := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, _, err = OrderKey(dst[:0], []byte(c.canonical), &c.column); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
