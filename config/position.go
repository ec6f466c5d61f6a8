package config

import (
	"strconv"
	"strings"
)

// positions maps the path of a key (encrypt[1].tables) to its line. The TOML decoder knows lines only of the errors
// that it finds itself, and we find most of ours after it.
type positions map[string]int

// of returns the line of the key at path, or else of the nearest table above it, or else 0.
func (p positions) of(path string) int {
	for path != "" {
		if line, ok := p[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
	return 0
}

// locate finds the line of every key and table in a document that the decoder has accepted. Keys inside inline tables
// have their table's line.
func locate(doc string) positions {
	s := scanner{doc: doc, line: 1, found: positions{}, count: map[string]int{}}
	for s.pos < len(s.doc) {
		s.statement()
	}
	return s.found
}

// scanner walks a TOML document that is known to be valid.
type scanner struct {
	doc   string
	pos   int
	line  int
	table string         // path of the table that keys belong to now
	found positions      // result
	count map[string]int // elements seen per array of tables
}

// statement reads one [table], [[array]], key = value, comment or empty line.
func (s *scanner) statement() {
	switch s.skipBlank(); {
	case s.pos >= len(s.doc):
	case s.doc[s.pos] == '#':
		s.skipLine()
	case strings.HasPrefix(s.doc[s.pos:], "[["):
		s.pos += 2
		name := s.arrayPath(s.key())
		s.table = name + "[" + strconv.Itoa(s.count[name]) + "]"
		s.count[name]++
		s.note(s.table)
		s.skipLine()
	case s.doc[s.pos] == '[':
		s.pos++
		s.table = s.arrayPath(s.key())
		s.note(s.table)
		s.skipLine()
	default:
		path := s.key()
		if s.table != "" {
			path = s.table + "." + path
		}
		s.note(path)
		s.pos++ // the equals sign
		s.value()
	}
}

// note remembers where a path is; its first place counts.
func (s *scanner) note(path string) {
	if _, ok := s.found[path]; !ok {
		s.found[path] = s.line
	}
}

// arrayPath adds the current index to those parts of a table's name that are arrays of tables: [encrypt.x] is
// encrypt[0].x.
func (s *scanner) arrayPath(name string) string {
	parts := strings.Split(name, ".")
	path := parts[0]
	for _, part := range parts[1:] {
		if n := s.count[path]; n > 0 {
			path += "[" + strconv.Itoa(n-1) + "]"
		}
		path += "." + part
	}
	return path
}

// key reads a dotted key up to its equals sign or bracket, without quotes and spaces.
func (s *scanner) key() string {
	var b strings.Builder
	for s.pos < len(s.doc) {
		switch c := s.doc[s.pos]; c {
		case '=', ']', '\n':
			return b.String()
		case ' ', '\t', '\r':
			s.pos++
		case '"', '\'':
			start := s.pos + 1
			s.quoted()
			b.WriteString(s.doc[start : s.pos-1])
		default:
			b.WriteByte(c)
			s.pos++
		}
	}
	return b.String()
}

// value skips a value: all up to the end of the line on which no bracket is open any more.
func (s *scanner) value() {
	for depth := 0; s.pos < len(s.doc); {
		switch s.doc[s.pos] {
		case '"', '\'':
			s.quoted()
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '#':
			s.skipLine()
			continue
		case '\n':
			if depth <= 0 {
				return
			}
			s.line++
		}
		s.pos++
	}
}

// quoted skips a string of any of the four kinds, its quotes included.
func (s *scanner) quoted() {
	quote := s.doc[s.pos : s.pos+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(s.doc[s.pos:], long) {
		quote = long
	}
	s.pos += len(quote)
	for s.pos < len(s.doc) && !strings.HasPrefix(s.doc[s.pos:], quote) {
		if s.doc[s.pos] == '\\' && quote[0] == '"' {
			s.pos++
		}
		if s.pos < len(s.doc) && s.doc[s.pos] == '\n' {
			s.line++
		}
		s.pos++
	}
	s.pos = min(s.pos+len(quote), len(s.doc))
	// A long string may end in one or two quotes of its own: """a"""".
	for len(quote) == 3 && s.pos < len(s.doc) && s.doc[s.pos] == quote[0] {
		s.pos++
	}
}

// skipBlank skips spaces and newlines.
func (s *scanner) skipBlank() {
	for s.pos < len(s.doc) && strings.IndexByte(" \t\r\n", s.doc[s.pos]) >= 0 {
		if s.doc[s.pos] == '\n' {
			s.line++
		}
		s.pos++
	}
}

// skipLine goes to the newline that ends the current line.
func (s *scanner) skipLine() {
	if n := strings.IndexByte(s.doc[s.pos:], '\n'); n >= 0 {
		s.pos += n
		return
	}
	s.pos = len(s.doc)
}
