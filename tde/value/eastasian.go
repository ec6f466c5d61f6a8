package value

import (
	"bytes"
	"compress/flate"
	_ "embed" // the tables
	"encoding/binary"
	"io"
	"sync"
	"unicode/utf8"
)

// eastAsianTables holds the mappings of eastAsian's sets to Unicode, on which MariaDB 10.11 and MySQL 9.7 agree. Deflated,
// in the order of the names: the number of codes (a uvarint), then for each code, in rising order, how much it is above
// the one before (uvarint) and its character above the one before (varint); then, in the same form, those characters
// that are encoded in another way than by the lowest code that means them. TestEastAsianTables makes the file.
//
//go:embed eastasian.bin
var eastAsianTables []byte

// eastAsian are the sets of the file. gb18030, which has all of Unicode, is not among them.
var eastAsian = []string{"big5", "cp932", "eucjpms", "euckr", "gb2312", "gbk", "sjis", "ujis"}

// pair is a code of a character set and the character that it means.
type pair struct {
	code uint32
	char rune
}

// mapping is one set's pairs, and what is encoded irregularly.
type mapping struct {
	pairs, irregular []pair
}

// readMappings unpacks the file.
var readMappings = sync.OnceValue(func() map[string]mapping {
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(eastAsianTables)))
	if err != nil {
		panic("tde/value: internal error: character set tables are damaged")
	}
	m := make(map[string]mapping, len(eastAsian))
	for _, name := range eastAsian {
		var one mapping
		one.pairs, raw = readPairs(raw)
		one.irregular, raw = readPairs(raw)
		m[name] = one
	}
	return m
})

func readPairs(raw []byte) ([]pair, []byte) {
	count, n := binary.Uvarint(raw)
	raw = raw[n:]
	out := make([]pair, count)
	var last pair
	for i := range out {
		code, n := binary.Uvarint(raw)
		char, m := binary.Varint(raw[n:])
		raw = raw[n+m:]
		last.code += uint32(code)
		last.char += rune(char)
		out[i] = last
	}
	return out, raw
}

// multiByteTable is one set ready for use. A code is its bytes as a big-endian number; three bytes always begin with 0x8F.
type multiByteTable struct {
	chars [1 << 16]uint16 // by codes of one and two bytes
	three [1 << 16]uint16 // by the last two bytes of three
	codes [1 << 16]uint32 // by character
}

func newMultiByteTable(name string) *multiByteTable {
	t := new(multiByteTable)
	m := readMappings()[name]
	for _, p := range m.pairs {
		if p.code > 0xFFFF {
			t.three[p.code&0xFFFF] = uint16(p.char)
		} else {
			t.chars[p.code] = uint16(p.char)
		}
		if t.codes[p.char] == 0 {
			t.codes[p.char] = p.code
		}
	}
	for _, p := range m.irregular {
		t.codes[p.char] = p.code
	}
	return t
}

// newMultiByte makes a set whose tables are unpacked at first use.
func newMultiByte(name string, maxLen int) *charset {
	table := sync.OnceValue(func() *multiByteTable { return newMultiByteTable(name) })
	return &charset{
		maxLen: maxLen, unit: 1, ascii: true,
		decode: func(b []byte) (rune, int) { return table().decode(b) },
		encode: func(dst []byte, r rune) ([]byte, bool) { return table().encode(dst, r) },
	}
}

// decode takes well-formed sequences that mean no character for malformed ones: what becomes of them is the server's.
func (t *multiByteTable) decode(b []byte) (rune, int) {
	switch {
	case b[0] < utf8.RuneSelf:
		return rune(b[0]), 1
	case t.chars[b[0]] != 0:
		return rune(t.chars[b[0]]), 1
	case len(b) >= 2:
		if r := t.chars[binary.BigEndian.Uint16(b)]; r != 0 {
			return rune(r), 2
		}
	}
	if len(b) >= 3 && b[0] == 0x8F {
		if r := t.three[binary.BigEndian.Uint16(b[1:])]; r != 0 {
			return rune(r), 3
		}
	}
	return 0, 0
}

func (t *multiByteTable) encode(dst []byte, r rune) ([]byte, bool) {
	if r > 0xFFFF {
		return dst, false
	}
	code := t.codes[r]
	switch {
	case code == 0 && r < utf8.RuneSelf:
		return append(dst, byte(r)), true
	case code == 0:
		return dst, false
	case code > 0xFFFF:
		dst = append(dst, byte(code>>16))
		fallthrough
	case code > 0xFF:
		dst = append(dst, byte(code>>8))
	}
	return append(dst, byte(code)), true
}
