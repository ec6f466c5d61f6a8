package value

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// fuzzCharsets are those that fuzzing chooses from; the last is unknown.
var fuzzCharsets = []string{"utf8mb4", "latin1", "utf8mb3", "ascii", "ucs2", "utf16", "utf16le", "utf32", "binary", "", "gbk", "sjis", "tis620", "swe7", "klingon"}

// fuzzColumn makes a column of the numbers that fuzzing gives.
func fuzzColumn(kind, charset, length, scale byte, attributes byte) *schema.Column {
	c := &schema.Column{
		Kind:     schema.Kind(kind % byte(schema.KindGeometry+1)),
		Charset:  fuzzCharsets[int(charset)%len(fuzzCharsets)],
		Length:   int(length),
		FSP:      int(scale % 7),
		Unsigned: attributes&1 != 0,
		Zerofill: attributes&2 != 0,
		Members:  []string{"a", "B", "é", "ab", "x y"},
	}
	switch c.Kind {
	case schema.KindDecimal:
		c.Scale = int(scale % 31)
		c.Precision = c.Scale + int(length)%35 + 1
	case schema.KindFloat, schema.KindDouble:
		c.Scale = -1
		if attributes&4 != 0 {
			c.Precision, c.Scale = 10, int(scale%9)
		}
	case schema.KindBit:
		c.Length = int(length)%64 + 1
	}
	return c
}

// FuzzCoerce converts anything to anything. What succeeds must be a stored form that all the other functions take, and that
// its own text coerces to again.
func FuzzCoerce(f *testing.F) {
	for i, c := range fast {
		f.Add(byte(c.v.Kind), c.v.Bytes, byte(0), byte(c.col.Kind), byte(i), byte(20), byte(2), byte(i))
	}
	f.Add(byte(String), []byte("838:59:59.999999"), byte(0), byte(schema.KindTime), byte(0), byte(0), byte(3), byte(0))
	f.Add(byte(Decimal), []byte("-00.0"), byte(0), byte(schema.KindDecimal), byte(0), byte(9), byte(9), byte(1))
	f.Fuzz(func(t *testing.T, kind byte, b []byte, from, colKind, charset, length, scale, attributes byte) {
		v := Value{Kind: Kind(kind % byte(Time+1)), Bytes: b, Charset: fuzzCharsets[int(from)%len(fuzzCharsets)], Param: attributes&8 != 0}
		col := fuzzColumn(colKind, charset, length, scale, attributes)
		ctx := &Context{Location: time.FixedZone("", 5400), ConnectionCharset: "utf8mb4", ResultsCharset: "utf8mb4", MariaDB: attributes&16 != 0}
		if _, _, _, err := Comparand(nil, v, col, ctx); err != nil && !errors.Is(err, ErrNeedsServer) {
			t.Errorf("Comparand: %v", err)
		}
		stored, err := Coerce([]byte("x"), v, col, ctx)
		if err != nil {
			if !errors.Is(err, ErrNeedsServer) || string(stored) != "x" {
				t.Errorf("refused with %v, leaving %q", err, stored)
			}
			return
		}
		stored = stored[1:]
		checkStored(t, stored, col, ctx)
	})
}

// checkStored holds a stored form that Coerce made against the other functions.
func checkStored(t *testing.T, stored []byte, col *schema.Column, ctx *Context) {
	if len(stored) > MaxStored(col) {
		t.Errorf("%d bytes stored, at most %d are said to be", len(stored), MaxStored(col))
	}
	if _, err := AppendBinary(nil, stored, col, ctx); err != nil && !errors.Is(err, ErrNeedsServer) {
		t.Errorf("AppendBinary: %v", err)
	}
	if _, _, _, err := Canonical(nil, stored, col); err != nil && !errors.Is(err, ErrNeedsServer) {
		t.Errorf("Canonical: %v", err)
	}
	text, err := AppendText(nil, stored, col, ctx)
	if err != nil {
		if !errors.Is(err, ErrNeedsServer) {
			t.Errorf("AppendText: %v", err)
		}
		return
	}
	if col.Kind == schema.KindFloat || col.Kind == schema.KindBit || col.Zerofill || col.Charset == "tis620" || bytes.IndexByte(text, '?') >= 0 {
		return // the text does not say all, or is no strict number
	}
	charset := "utf8mb4"
	if isBytes(col.Kind) || noConversion(col.Charset) {
		charset = col.Charset
	}
	v := Value{Kind: String, Bytes: text, Charset: charset, Param: true}
	again, err := Coerce(nil, v, col, ctx)
	if err == nil && !bytes.Equal(again, stored) {
		t.Errorf("stored %q, its text %q coerces to %q", stored, text, again)
	}
}

// FuzzStored reads bytes that may be no stored form.
func FuzzStored(f *testing.F) {
	for i, c := range fast {
		stored, err := Coerce(nil, c.v, &c.col, &Context{Location: time.UTC})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stored, byte(c.col.Kind), byte(i), byte(20), byte(2), byte(i))
	}
	f.Add([]byte{0x7F, 0xF0, 0, 0, 0, 0, 0, 1}, byte(schema.KindDouble), byte(0), byte(0), byte(0), byte(0))
	f.Fuzz(func(t *testing.T, stored []byte, kind, charset, length, scale, attributes byte) {
		col := fuzzColumn(kind, charset, length, scale, attributes)
		for _, name := range []string{"utf8mb4", "latin1", "utf32", ""} {
			ctx := &Context{Location: time.UTC, ResultsCharset: name, PadCharToFullLength: attributes&8 != 0, MariaDB: attributes&16 != 0}
			for _, out := range []func([]byte, []byte, *schema.Column, *Context) ([]byte, error){AppendText, AppendBinary} {
				if got, err := out([]byte("x"), stored, col, ctx); err != nil && (string(got) != "x" || !errors.Is(err, ErrStored) && !errors.Is(err, ErrNeedsServer)) {
					t.Errorf("refused with %v, leaving %q", err, got)
				}
			}
		}
		if kind, _, _, err := Canonical(nil, stored, col); err == nil && kind == 0 {
			t.Error("no kind")
		}
	})
}

// FuzzTranscode converts any bytes between any two sets; what converts without loss converts back.
func FuzzTranscode(f *testing.F) {
	f.Add([]byte("Grüße, 日本 😀"), byte(0), byte(1))
	f.Add([]byte{0xD8, 0x3D, 0xDE, 0}, byte(5), byte(0))
	f.Add([]byte{0xFF, 0xC0, 0x80}, byte(1), byte(7))
	f.Add([]byte(`a\b`), byte(0), byte(11))
	f.Fuzz(func(t *testing.T, b []byte, from, to byte) {
		a, z := fuzzCharsets[int(from)%len(fuzzCharsets)], fuzzCharsets[int(to)%len(fuzzCharsets)]
		if got, err := Transcode([]byte("x"), b, a, z); err != nil && (string(got) != "x" || !errors.Is(err, ErrNeedsServer)) {
			t.Errorf("refused with %v, leaving %q", err, got)
		}
		there, err := transcode(nil, b, a, z, false)
		if err != nil || a == "tis620" || z == "tis620" || a == "sjis" || z == "sjis" {
			return // several codes of these mean one character
		}
		if back, err := transcode(nil, there, z, a, false); err == nil && !bytes.Equal(back, b) {
			t.Errorf("%s %q is %s %q, and that is %q", a, b, z, there, back)
		}
	})
}

// FuzzGcvt prints doubles: the text must read as the same double.
func FuzzGcvt(f *testing.F) {
	for _, v := range edgeDoubles() {
		f.Add(math.Float64bits(v))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		v := math.Float64frombits(bits)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		if back, ok := parseDouble(gcvt(nil, v, 17), 64); !ok || back != v {
			t.Errorf("%x prints as %q", bits, gcvt(nil, v, 17))
		}
	})
}
