package value

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// edgeDoubles are where printing and rounding change: powers of ten around the exponent form, limits, ties.
func edgeDoubles() (out []float64) {
	for e := -25; e <= 25; e++ {
		for _, m := range []string{"1", "1.5", "9.99999", "9.999995", "9.9999949999", "1.23456789012345678", "9.999999999999999", "5e-1"} {
			f, _ := strconv.ParseFloat(m+"e0", 64)
			out = append(out, f*math.Pow(10, float64(e)))
			g, err := strconv.ParseFloat(strings.Replace(m, "e-1", "", 1)+"e"+strconv.Itoa(e), 64)
			if err == nil {
				out = append(out, g)
			}
		}
	}
	for e := -308; e <= 308; e += 7 {
		f, _ := strconv.ParseFloat("1.7e"+strconv.Itoa(e), 64)
		out = append(out, f)
	}
	return append(out, math.MaxFloat64, 0x1p-1022, 1<<53, 1<<53+2, 1<<63, 1<<64, 0.1, 0.3, 1/3.0, 2/3.0, math.Pi, 123456.5, 1234565, 0.5, 100, 1e15, 999999, 999999.5, 1000000)
}

func randomDoubles(n int) (out []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	for len(out) < n {
		f := math.Float64frombits(r.Uint64())
		switch len(out) % 4 {
		case 1:
			f = float64(r.IntN(1_000_000_000)) / 1000
		case 2:
			f = r.NormFloat64() * math.Pow(10, float64(r.IntN(40)-20))
		}
		if !math.IsNaN(f) && !math.IsInf(f, 0) && math.Abs(f) >= 0x1p-1022 {
			out = append(out, f)
		}
	}
	return out
}

// TestFloatText stores doubles as parameters, exact to the bit, and compares the text that the servers print of them, as
// DOUBLE and as FLOAT.
func TestFloatText(t *testing.T) {
	doubles := append(edgeDoubles(), randomDoubles(6000)...)
	eachServer(t, func(t *testing.T, s *server) {
		s.must(t, "SET sql_mode='STRICT_TRANS_TABLES'")
		for _, c := range []column{
			{"double", schema.Column{Kind: schema.KindDouble, Scale: -1}},
			{"float", schema.Column{Kind: schema.KindFloat, Scale: -1}},
			{"double zerofill", schema.Column{Kind: schema.KindDouble, Scale: -1, Unsigned: true, Zerofill: true}},
			{"double(20,4)", schema.Column{Kind: schema.KindDouble, Precision: 20, Scale: 4}},
			{"float(9,3)", schema.Column{Kind: schema.KindFloat, Precision: 9, Scale: 3}},
			{"double(255,20)", schema.Column{Kind: schema.KindDouble, Precision: 255, Scale: 20}},
			{"double(255,1)", schema.Column{Kind: schema.KindDouble, Precision: 255, Scale: 1}},
			{"float(255,0)", schema.Column{Kind: schema.KindFloat, Precision: 255}},
		} {
			t.Run(c.sql, func(t *testing.T) { floatTexts(t, s, &c, doubles) })
		}
	})
}

func floatTexts(t *testing.T, s *server, c *column, doubles []float64) {
	s.must(t, "DROP TEMPORARY TABLE IF EXISTS t")
	s.must(t, "CREATE TEMPORARY TABLE t (id int primary key auto_increment, c "+c.sql+")")
	var rows []string
	for _, f := range doubles {
		if c.Unsigned {
			f = math.Abs(f)
		}
		if c.Kind == schema.KindFloat && math.Abs(f) > math.MaxFloat32 || c.Precision > 0 && c.Precision < 255 && math.Abs(f) > 99999 || c.Precision == 255 && math.Abs(f) > 1e230 {
			continue
		}
		rows = append(rows, "("+strconv.FormatFloat(f, 'e', -1, 64)+")")
	}
	for len(rows) > 0 {
		n := min(500, len(rows))
		s.must(t, "INSERT INTO t (c) VALUES "+strings.Join(rows[:n], ","))
		rows = rows[n:]
	}
	text, bin := s.raw(t, "SELECT c FROM t ORDER BY id")
	for i := range text {
		stored := bytes.Clone(bin[i])
		for a, b := 0, len(stored)-1; a < b; a, b = a+1, b-1 {
			stored[a], stored[b] = stored[b], stored[a]
		}
		got, err := AppendText(nil, stored, &c.Column, &Context{})
		if err != nil || !bytes.Equal(got, text[i]) {
			t.Errorf("%x: %q, %v, the server prints %q", stored, got, err, text[i])
		}
	}
	if len(text) < 1000 {
		t.Errorf("%d rows only", len(text))
	}
}

// TestFloatParse writes random numbers as text and compares, to the bit, the doubles that servers make of literals,
// decimals and strings.
func TestFloatParse(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var literals []literal
	for range 1500 {
		whole := strconv.FormatUint(r.Uint64()>>r.IntN(64), 10)
		frac := fmt.Sprintf("%0*d", 1+r.IntN(18), r.Uint64()>>r.IntN(64))
		literals = append(literals, numbers(whole, whole+"."+frac, whole+"."+frac+"e"+strconv.Itoa(r.IntN(40)-20))...)
		literals = append(literals, strs(whole+"."+frac)...)
	}
	eachServer(t, func(t *testing.T, s *server) {
		s.must(t, "SET sql_mode='STRICT_TRANS_TABLES'")
		for _, c := range []column{
			{"double", schema.Column{Kind: schema.KindDouble, Scale: -1}},
			{"float", schema.Column{Kind: schema.KindFloat, Scale: -1}},
			{"decimal(40,20)", schema.Column{Kind: schema.KindDecimal, Precision: 40, Scale: 20}},
			{"decimal(12,3)", schema.Column{Kind: schema.KindDecimal, Precision: 12, Scale: 3}},
			{"bigint", schema.Column{Kind: schema.KindBigInt}},
			{"bigint unsigned", schema.Column{Kind: schema.KindBigInt, Unsigned: true}},
			{"varchar(40)", schema.Column{Kind: schema.KindVarChar, Length: 40, Charset: "utf8mb4"}},
		} {
			t.Run(c.sql, func(t *testing.T) {
				s.must(t, "DROP TEMPORARY TABLE IF EXISTS t")
				s.must(t, "CREATE TEMPORARY TABLE t (id int primary key, c "+c.sql+")")
				s.must(t, "BEGIN")
				w := writer{t: t, s: s, c: &c, ctx: &Context{Strict: true, ConnectionCharset: "utf8mb4", ResultsCharset: "utf8mb4", MariaDB: s.mariadb}}
				for _, l := range literals {
					if l.arg == nil {
						w.insert(l)
					}
				}
				s.must(t, "COMMIT")
				w.compare("SELECT c FROM t ORDER BY id")
				t.Logf("%d of %d on the fast path", len(w.stored), len(literals))
			})
		}
	})
}

// TestStoredDoubleOrder holds the stored form to big-endian IEEE.
func TestStoredDoubleOrder(t *testing.T) {
	got, err := Coerce(nil, Value{Kind: Float, Bytes: []byte("1.5e0")}, &schema.Column{Kind: schema.KindDouble, Scale: -1}, &Context{})
	if err != nil || binary.BigEndian.Uint64(got) != math.Float64bits(1.5) {
		t.Errorf("%x, %v", got, err)
	}
}
