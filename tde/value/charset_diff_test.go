package value

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestTranscodeAsServers converts every byte of every single-byte set, and blocks of Unicode into every set, and compares
// with CONVERT(… USING …).
func TestTranscodeAsServers(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		s.must(t, "SET sql_mode=''")
		for name := range singleByte {
			t.Run(name+" bytes", func(t *testing.T) { everyByte(t, s, name) })
		}
		for name, cs := range charsets() {
			if cs.encode != nil && name != "utf8" {
				t.Run("unicode to "+name, func(t *testing.T) { everyBlock(t, s, name) })
			}
		}
	})
}

func everyByte(t *testing.T, s *server, name string) {
	var cols []string
	for i := range 256 {
		cols = append(cols, fmt.Sprintf("SELECT HEX(CONVERT(CONVERT(CAST(x'%02x' AS BINARY) USING %s) USING utf8mb4))", i, name))
	}
	for i, want := range s.column(t, strings.Join(cols, " UNION ALL ")) {
		got, err := Transcode(nil, []byte{byte(i)}, name, "utf8mb4")
		if err != nil || !strings.EqualFold(hex.EncodeToString(got), want) {
			t.Errorf("%02x: %x, %v, server says %s", i, got, err, want)
		}
		if back, err := transcode(nil, got, "utf8mb4", name, false); err == nil && back[0] != byte(i) && name != "tis620" && name != "armscii8" && string(got) != "?" {
			t.Errorf("%02x: comes back as %x", i, back)
		}
	}
}

// everyBlock converts the first plane in blocks of 64 characters, sparsely where few sets have any, and some beyond.
func everyBlock(t *testing.T, s *server, name string) {
	var texts []string
	for r := rune(1); r < 0x20000; r += 64 {
		if r > 0x2700 && r%0x700 != 1 && r < 0xF600 || r > 0x10100 && r%0x4000 != 1 {
			continue
		}
		var b []byte
		for c := r; c < r+64; c++ {
			if utf8.ValidRune(c) {
				b = utf8.AppendRune(b, c)
			}
		}
		texts = append(texts, string(b))
	}
	var cols []string
	for _, text := range texts {
		cols = append(cols, fmt.Sprintf("SELECT HEX(CONVERT(_utf8mb4 x'%x' USING %s))", text, name))
	}
	for i, want := range s.column(t, strings.Join(cols, " UNION ALL ")) {
		got, err := Transcode(nil, []byte(texts[i]), "utf8mb4", name)
		if err != nil || !strings.EqualFold(hex.EncodeToString(got), want) {
			t.Errorf("from %q: %x, %v, server says %s", texts[i][:4], got, err, want)
		}
	}
}

// TestResultsCharset reads columns under every character_set_results.
func TestResultsCharset(t *testing.T) {
	columns := []column{
		{"int", schema.Column{Kind: schema.KindInt}},
		{"double", schema.Column{Kind: schema.KindDouble, Scale: -1}},
		{"decimal(6,2)", schema.Column{Kind: schema.KindDecimal, Precision: 6, Scale: 2}},
		{"datetime(3)", schema.Column{Kind: schema.KindDateTime, FSP: 3}},
		{"time(0)", schema.Column{Kind: schema.KindTime}},
		{"date", schema.Column{Kind: schema.KindDate}},
		{"year", schema.Column{Kind: schema.KindYear, Length: 4}},
		{"bit(9)", schema.Column{Kind: schema.KindBit, Length: 9}},
		{"varbinary(5)", schema.Column{Kind: schema.KindVarBinary, Length: 5}},
		{"char(5) character set utf8mb4", schema.Column{Kind: schema.KindChar, Length: 5, Charset: "utf8mb4"}},
		{"varchar(5) character set latin1", schema.Column{Kind: schema.KindVarChar, Length: 5, Charset: "latin1"}},
		{"text character set utf16", schema.Column{Kind: schema.KindText, Length: 65535, Charset: "utf16"}},
		{"varchar(5) character set greek", schema.Column{Kind: schema.KindVarChar, Length: 5, Charset: "greek"}},
		{"varchar(5) character set sjis", schema.Column{Kind: schema.KindVarChar, Length: 5, Charset: "sjis"}},
		{"set('aé','b') character set utf8mb4", schema.Column{Kind: schema.KindSet, Charset: "utf8mb4", Members: []string{"aé", "b"}}},
		{"enum('a','é','Ж') character set utf8mb3", schema.Column{Kind: schema.KindEnum, Charset: "utf8mb3", Members: []string{"a", "é", "Ж"}}},
	}
	eachServer(t, func(t *testing.T, s *server) {
		for _, c := range columns {
			t.Run(c.sql, func(t *testing.T) {
				s.must(t, "SET NAMES utf8mb4, sql_mode=''")
				s.must(t, "DROP TEMPORARY TABLE IF EXISTS t")
				s.must(t, "CREATE TEMPORARY TABLE t (id int primary key, c "+c.sql+")")
				w := writer{t: t, s: s, c: &c, ctx: &Context{ConnectionCharset: "utf8mb4", MariaDB: s.mariadb}}
				s.must(t, "BEGIN")
				for _, l := range testLiterals() {
					w.insert(l)
				}
				s.must(t, "COMMIT")
				for name := range charsets() {
					// The client cannot read numbers in wide sets; DECIMAL stands for them.
					if name != "utf8" && !(name == "gb18030" && s.mariadb) && !(!asciiCompatible(name) && (c.Kind == schema.KindInt || c.Kind == schema.KindDouble || c.Kind == schema.KindYear)) {
						w.readAs(name)
					}
				}
				w.readAs("binary")
				w.readAs("NULL")
				s.must(t, "SET NAMES utf8mb4")
			})
		}
	})
}

// readAs compares what the server sends under a character_set_results; ErrNeedsServer is accepted, a wrong answer is not.
func (w *writer) readAs(name string) {
	w.t.Helper()
	w.s.must(w.t, "SET character_set_results="+name)
	w.ctx.ResultsCharset = strings.TrimPrefix(name, "NULL")
	text, bin := w.s.raw(w.t, "SELECT c FROM t ORDER BY id")
	refused := 0
	for i, stored := range w.stored {
		got, err := AppendText(nil, stored, &w.c.Column, w.ctx)
		if errors.Is(err, ErrNeedsServer) {
			refused++
			continue
		}
		if err != nil || !bytes.Equal(got, text[i]) {
			w.t.Errorf("%s: %v: text %q, %v, the server sends %q", name, w.literals[i], got, err, text[i])
		}
		if got, err := AppendBinary(nil, stored, &w.c.Column, w.ctx); err != nil || !bytes.Equal(got, bin[i]) {
			w.t.Errorf("%s: %v: binary %x, %v, the server sends %x", name, w.literals[i], got, err, bin[i])
		}
	}
	if refused > 0 {
		w.t.Logf("%s: %d of %d values need the server", name, refused, len(w.stored))
	}
}
