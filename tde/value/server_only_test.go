package value

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

func u64(u uint64) string { return string(binary.BigEndian.AppendUint64(nil, u)) }

// TestServerOnlyForms reads stored forms that only a server makes: zero dates, error values, negative zeros, JSON.
func TestServerOnlyForms(t *testing.T) {
	type form struct{ sql, stored string }
	cases := []struct {
		sql   string
		col   schema.Column
		forms []form
		only  string
	}{
		{"date", schema.Column{Kind: schema.KindDate}, []form{{"'0000-00-00'", "0000-00-00"}, {"'2024-00-00'", "2024-00-00"}, {"'0000-05-00'", "0000-05-00"}}, ""},
		{"datetime(2)", schema.Column{Kind: schema.KindDateTime, FSP: 2}, []form{{"0", "0000-00-00 00:00:00.00"}, {"'2024-00-00 01:00:00.25'", "2024-00-00 01:00:00.25"}, {"'0000-00-00 00:00:00.25'", "0000-00-00 00:00:00.25"}}, ""},
		{"timestamp(2) null", schema.Column{Kind: schema.KindTimestamp, FSP: 2}, []form{{"0", "0000-00-00 00:00:00.00"}, {"'1970-01-01 02:00:01.50'", "1970-01-01 00:00:01.50"}, {"'2038-01-19 05:14:07.25'", "2038-01-19 03:14:07.25"}}, ""},
		{"time(1)", schema.Column{Kind: schema.KindTime, FSP: 1}, []form{{"'-00:00:00.5'", "-00:00:00.5"}, {"'900:00:00'", "838:59:59.9"}, {"'-900:00:00'", "-838:59:59.9"}}, "mariadb"},
		{"time(1)", schema.Column{Kind: schema.KindTime, FSP: 1}, []form{{"'-00:00:00.5'", "-00:00:00.5"}, {"'900:00:00'", "838:59:59.0"}}, "mysql"},
		{"year", schema.Column{Kind: schema.KindYear}, []form{{"0", u64(0)}, {"'0'", u64(2000)}, {"99", u64(1999)}}, ""},
		{"double", schema.Column{Kind: schema.KindDouble, Scale: -1}, []form{{"1e-320", u64(math.Float64bits(1e-320))}, {"-1e-310", u64(math.Float64bits(-1e-310))}}, ""},
		{"enum('a','b') character set latin1", schema.Column{Kind: schema.KindEnum, Charset: "latin1", Members: []string{"a", "b"}}, []form{{"'x'", u64(0)}, {"'B'", u64(2)}}, ""},
		{"set('a','b') character set latin1", schema.Column{Kind: schema.KindSet, Charset: "latin1", Members: []string{"a", "b"}}, []form{{"'x'", u64(0)}, {"'B,A'", u64(3)}}, ""},
		{"json", schema.Column{Kind: schema.KindJSON}, []form{{`'{"a":["é",1.50]}'`, `{"a": ["é", 1.5]}`}, {`'"日"'`, `"日"`}}, "mysql"},
		{"geometry", schema.Column{Kind: schema.KindGeometry}, []form{{"ST_GeomFromText('POINT(1 2)')", "\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@"}}, ""},
	}
	eachServer(t, func(t *testing.T, s *server) {
		s.must(t, "SET sql_mode='', time_zone='+02:00'")
		for _, c := range cases {
			if c.only != "" && c.only != s.name {
				continue
			}
			t.Run(c.sql, func(t *testing.T) {
				s.must(t, "DROP TEMPORARY TABLE IF EXISTS t")
				s.must(t, "CREATE TEMPORARY TABLE t (id int primary key auto_increment, c "+c.sql+")")
				w := writer{t: t, s: s, c: &column{c.sql, c.col}, ctx: &Context{Location: time.FixedZone("", 7200), MariaDB: s.mariadb, ResultsCharset: "utf8mb4"}}
				for _, f := range c.forms {
					s.must(t, "INSERT INTO t (c) VALUES ("+f.sql+")")
					w.literals = append(w.literals, literal{sql: f.sql})
					w.stored = append(w.stored, []byte(f.stored))
				}
				for _, charset := range []string{"utf8mb4", "latin1", "utf16", "binary"} {
					if s.mariadb && charset == "utf16" && c.col.Kind == schema.KindYear || c.col.Kind == schema.KindDouble && charset == "utf16" {
						continue // the client cannot read them
					}
					w.ctx.ResultsCharset = charset
					s.must(t, "SET character_set_results="+charset)
					w.compare("SELECT c FROM t ORDER BY id")
				}
				s.must(t, "SET character_set_results=utf8mb4")
				for i, stored := range w.stored {
					if _, _, _, err := Canonical(nil, stored, &c.col); err != nil && c.col.Kind != schema.KindJSON && c.col.Kind != schema.KindGeometry {
						t.Errorf("%s: %v", w.literals[i], err)
					}
				}
			})
		}
	})
}

// TestMaxStored holds the sizes that physical columns get.
func TestMaxStored(t *testing.T) {
	for want, col := range map[int]schema.Column{
		8:       {Kind: schema.KindTinyInt},
		4:       {Kind: schema.KindFloat},
		13:      {Kind: schema.KindDecimal, Precision: 10, Scale: 2},
		10:      {Kind: schema.KindDate},
		26:      {Kind: schema.KindTimestamp, FSP: 6},
		12:      {Kind: schema.KindTime, FSP: 1},
		2:       {Kind: schema.KindBit, Length: 9},
		80:      {Kind: schema.KindVarChar, Length: 20, Charset: "utf8mb4"},
		20:      {Kind: schema.KindChar, Length: 20, Charset: "latin1"},
		65535:   {Kind: schema.KindText, Length: 65535, Charset: "utf8mb4"},
		maxLong: {Kind: schema.KindJSON},
	} {
		if got := MaxStored(&col); got != want {
			t.Errorf("kind %d: %d bytes, want %d", col.Kind, got, want)
		}
	}
}

// TestNow holds CURRENT_TIMESTAMP: the session's wall clock for a DATETIME, UTC for a TIMESTAMP, cut to the column's digits.
func TestNow(t *testing.T) {
	ctx := &Context{Now: time.Date(2024, 5, 6, 22, 30, 0, 987_654_321, time.UTC), Location: time.FixedZone("", 7200)}
	for want, col := range map[string]schema.Column{
		"2024-05-07 00:30:00":        {Kind: schema.KindDateTime},
		"2024-05-07 00:30:00.987":    {Kind: schema.KindDateTime, FSP: 3},
		"2024-05-06 22:30:00.987654": {Kind: schema.KindTimestamp, FSP: 6},
	} {
		if got, err := Now(nil, &col, ctx); err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	if _, err := Now(nil, &schema.Column{Kind: schema.KindDate}, ctx); err == nil {
		t.Error("a DATE took CURRENT_TIMESTAMP")
	}
}
