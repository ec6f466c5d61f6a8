package value

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write eastasian.bin from the server's conversions")

// candidates are the byte sequences that begin with a lead byte and could be one character. Sequences that begin with a
// character of one byte are none.
func candidates(name string, lead byte, single func(byte) bool) (out [][]byte) {
	out = append(out, []byte{lead})
	if single(lead) {
		return out
	}
	for trail := 0x30; trail < 0x100; trail++ {
		out = append(out, []byte{lead, byte(trail)})
	}
	if lead == 0x8F && (name == "ujis" || name == "eucjpms") {
		for a := 0xA1; a < 0xFF; a++ {
			for b := 0xA1; b < 0xFF; b++ {
				out = append(out, []byte{lead, byte(a), byte(b)})
			}
		}
	}
	return out
}

// hexes runs a query for every argument, many at a time.
func (s *server) hexes(t *testing.T, format string, args []string) (out []string) {
	t.Helper()
	for chunk := range slices.Chunk(args, 300) {
		var b strings.Builder
		for i, a := range chunk {
			if i > 0 {
				b.WriteString(" UNION ALL ")
			}
			fmt.Fprintf(&b, "SELECT COALESCE(HEX("+format+"),'')", a)
		}
		out = append(out, s.column(t, b.String())...)
	}
	return out
}

// oneChar is the character that a server made of a sequence: 0 if none, or more than one.
func oneChar(utf32 string) rune {
	b, err := hex.DecodeString(utf32)
	if err != nil || len(b) != 4 || binary.BigEndian.Uint32(b) == '?' {
		return 0
	}
	return rune(binary.BigEndian.Uint32(b))
}

// meanings asks the server what sequences mean.
func (s *server) meanings(t *testing.T, name string, sequences [][]byte) []rune {
	args := make([]string, len(sequences))
	for i, b := range sequences {
		args[i] = fmt.Sprintf("%x", b)
	}
	out := make([]rune, len(args))
	for i, h := range s.hexes(t, "CONVERT(CONVERT(CAST(x'%s' AS BINARY) USING "+name+") USING utf32)", args) {
		out[i] = oneChar(h)
	}
	return out
}

// codeNumber is a sequence as a number.
func codeNumber(b []byte) uint32 { return uint32(bigEndian(b)) }

// TestEastAsianTables holds the tables against both servers, for an eighth of all lead bytes. With -update it asks for all
// of them and writes the file.
func TestEastAsianTables(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		s.must(t, "SET sql_mode=''")
		var file bytes.Buffer
		for _, name := range eastAsian {
			if *update {
				file.Write(s.mapping(t, name))
				continue
			}
			t.Run(name, func(t *testing.T) { sampleCodes(t, s, name) })
		}
		if *update && s.mariadb {
			writeTables(t, file.Bytes())
		}
	})
}

func sampleCodes(t *testing.T, s *server, name string) {
	table := newMultiByteTable(name)
	for lead := 0x80 + len(name)%8; lead < 0x100; lead += 8 {
		sequences := candidates(name, byte(lead), func(b byte) bool { return table.chars[b] != 0 })
		for i, want := range s.meanings(t, name, sequences) {
			got, size := table.decode(sequences[i])
			if size != 0 && size != len(sequences[i]) || got != want {
				t.Errorf("%x: %x, server says %x", sequences[i], got, want)
			}
		}
	}
}

// mapping asks the server for a whole set, in the file's form.
func (s *server) mapping(t *testing.T, name string) []byte {
	var m mapping
	single := map[byte]bool{}
	for lead := 0x80; lead < 0x100; lead++ {
		single[byte(lead)] = s.meanings(t, name, [][]byte{{byte(lead)}})[0] != 0
		sequences := candidates(name, byte(lead), func(b byte) bool { return single[b] })
		for i, r := range s.meanings(t, name, sequences) {
			if r != 0 {
				m.pairs = append(m.pairs, pair{codeNumber(sequences[i]), r})
			}
		}
	}
	slices.SortFunc(m.pairs, func(a, b pair) int { return int(a.code) - int(b.code) })
	lowest := map[rune]uint32{}
	for _, p := range m.pairs {
		if lowest[p.char] == 0 {
			lowest[p.char] = p.code
		}
	}
	var args []string
	for r := 1; r < 0x10000; r++ {
		args = append(args, fmt.Sprintf("%04x", r))
	}
	for i, h := range s.hexes(t, "CONVERT(_ucs2 x'%s' USING "+name+")", args) {
		b, err := hex.DecodeString(h)
		r := rune(i + 1)
		if err != nil || len(b) == 0 || h == "3F" {
			if lowest[r] != 0 {
				t.Errorf("%s: U+%04X cannot be encoded", name, r)
			}
			continue
		}
		if code := codeNumber(b); code != lowest[r] && !(lowest[r] == 0 && r < 0x80 && code == uint32(r)) {
			m.irregular = append(m.irregular, pair{code, r})
		}
	}
	return appendPairs(appendPairs(nil, m.pairs), m.irregular)
}

func appendPairs(b []byte, pairs []pair) []byte {
	slices.SortFunc(pairs, func(a, b pair) int { return int(a.code) - int(b.code) })
	b = binary.AppendUvarint(b, uint64(len(pairs)))
	var last pair
	for _, p := range pairs {
		b = binary.AppendUvarint(b, uint64(p.code-last.code))
		b = binary.AppendVarint(b, int64(p.char-last.char))
		last = p
	}
	return b
}

func writeTables(t *testing.T, raw []byte) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Write(raw); err == nil {
		err = w.Close()
	}
	if err == nil {
		err = os.WriteFile("eastasian.bin", b.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d deflated", len(raw), b.Len())
}
