package value

import (
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// fast is what applications write all day: each must be converted without a server and without an allocation.
var fast = []struct {
	name string
	v    Value
	col  schema.Column
}{
	{"int", Value{Kind: Int, Bytes: []byte("-12345")}, schema.Column{Kind: schema.KindInt}},
	{"int from string", Value{Kind: String, Bytes: []byte("42"), Charset: "utf8mb4"}, schema.Column{Kind: schema.KindInt}},
	{"bigint unsigned", Value{Kind: Int, Bytes: []byte("18446744073709551615")}, schema.Column{Kind: schema.KindBigInt, Unsigned: true}},
	{"bool", Value{Kind: Bool, Bytes: []byte("1")}, schema.Column{Kind: schema.KindTinyInt}},
	{"zerofill", Value{Kind: Int, Bytes: []byte("7")}, schema.Column{Kind: schema.KindInt, Unsigned: true, Zerofill: true, Length: 10}},
	{"year", Value{Kind: Int, Bytes: []byte("2024")}, schema.Column{Kind: schema.KindYear, Length: 4}},
	{"decimal", Value{Kind: Decimal, Bytes: []byte("123.45")}, schema.Column{Kind: schema.KindDecimal, Precision: 10, Scale: 2}},
	{"decimal from string", Value{Kind: String, Bytes: []byte("123.45"), Charset: "utf8mb4"}, schema.Column{Kind: schema.KindDecimal, Precision: 10, Scale: 2}},
	{"decimal from double", Value{Kind: Float, Bytes: []byte("9.99")}, schema.Column{Kind: schema.KindDecimal, Precision: 10, Scale: 2}},
	{"double", Value{Kind: Float, Bytes: []byte("1.5")}, schema.Column{Kind: schema.KindDouble, Scale: -1}},
	{"float", Value{Kind: Decimal, Bytes: []byte("0.1")}, schema.Column{Kind: schema.KindFloat, Scale: -1}},
	{"varchar", str("Zoë Müller"), schema.Column{Kind: schema.KindVarChar, Length: 50, Charset: "utf8mb4"}},
	{"varchar latin1", str("Zoë Müller"), schema.Column{Kind: schema.KindVarChar, Length: 50, Charset: "latin1"}},
	{"char", str("DE  "), schema.Column{Kind: schema.KindChar, Length: 4, Charset: "ascii"}},
	{"text", str("some longer text"), schema.Column{Kind: schema.KindText, Length: 65535, Charset: "utf8mb3"}},
	{"varbinary", Value{Kind: Binary, Bytes: []byte{0xFF, 0}}, schema.Column{Kind: schema.KindVarBinary, Length: 16}},
	{"blob from parameter", Value{Kind: String, Bytes: []byte{0xFF, 0}, Charset: "utf8mb4", Param: true}, schema.Column{Kind: schema.KindBlob, Length: 65535}},
	{"date", str("2024-05-06"), schema.Column{Kind: schema.KindDate}},
	{"datetime", str("2024-05-06 01:02:03"), schema.Column{Kind: schema.KindDateTime}},
	{"datetime rounded", str("2024-05-06 23:59:59.999999"), schema.Column{Kind: schema.KindDateTime}},
	{"datetime parameter", Value{Kind: DateTime, Bytes: []byte("2024-05-06 01:02:03.123456")}, schema.Column{Kind: schema.KindDateTime, FSP: 6}},
	{"timestamp", str("2024-05-06 01:02:03.5"), schema.Column{Kind: schema.KindTimestamp, FSP: 3}},
	{"time", str("-101:02:03"), schema.Column{Kind: schema.KindTime}},
	{"bit", Value{Kind: Int, Bytes: []byte("5")}, schema.Column{Kind: schema.KindBit, Length: 8}},
	{"enum", str("closed"), schema.Column{Kind: schema.KindEnum, Charset: "utf8mb4", Members: []string{"new", "open", "closed"}}},
	{"set", str("a,c"), schema.Column{Kind: schema.KindSet, Charset: "latin1", Members: []string{"a", "b", "c"}}},
}

func TestFastPath(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, mariadb := range []bool{true, false} {
		ctx := &Context{Strict: true, Location: berlin, ConnectionCharset: "utf8mb4", ResultsCharset: "utf8mb4", MariaDB: mariadb}
		for _, c := range fast {
			t.Run(c.name, func(t *testing.T) {
				stored, err := Coerce(nil, c.v, &c.col, ctx)
				if err != nil {
					t.Fatal(err)
				}
				buf := make([]byte, 0, 256)
				none(t, "Coerce", func() { _, _ = Coerce(buf, c.v, &c.col, ctx) })
				none(t, "AppendText", func() { _, _ = AppendText(buf, stored, &c.col, ctx) })
				none(t, "AppendBinary", func() { _, _ = AppendBinary(buf, stored, &c.col, ctx) })
				none(t, "Canonical", func() { _, _, _, _ = Canonical(buf, stored, &c.col) })
				none(t, "Comparand", func() { _, _, _, _ = Comparand(buf, c.v, &c.col, ctx) })
			})
		}
	}
}

// none fails if f allocates.
func none(t *testing.T, name string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(100, f); n > 0 {
		t.Errorf("%s allocates %v times", name, n)
	}
}

func BenchmarkCoerce(b *testing.B) {
	ctx := &Context{Strict: true, Location: time.UTC, ConnectionCharset: "utf8mb4", ResultsCharset: "utf8mb4"}
	for _, c := range fast {
		b.Run(c.name, func(b *testing.B) {
			buf := make([]byte, 0, 256)
			for b.Loop() {
				_, _ = Coerce(buf, c.v, &c.col, ctx)
			}
		})
	}
}

func BenchmarkAppendText(b *testing.B) {
	ctx := &Context{Strict: true, Location: time.UTC, ConnectionCharset: "utf8mb4", ResultsCharset: "utf8mb4"}
	for _, c := range fast {
		b.Run(c.name, func(b *testing.B) {
			stored, _ := Coerce(nil, c.v, &c.col, ctx)
			buf := make([]byte, 0, 256)
			for b.Loop() {
				_, _ = AppendText(buf, stored, &c.col, ctx)
			}
		})
	}
}
