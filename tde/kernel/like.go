package kernel

import (
	"bytes"
	"unicode/utf8"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// pattern is a LIKE pattern. Each of its bytes is a literal, or one of '%' and '_' where wild says so.
type pattern struct {
	text []byte
	wild []bool
	utf8 bool // '_' is a character of one byte or more
}

// Like is a column's LIKE with a pattern in the column's character set, in which '\' escapes. ok is false where nothing of
// it can be decided here.
func Like(col *schema.Column, text []byte) (test Test, ok bool) {
	var c collation
	if isBytes(col.Kind) {
		c = collation{bytewise: true}
	} else if c, ok = collationOf(col); !ok {
		return nil, false
	}
	p, ok := parsePattern(text)
	if !ok {
		return nil, false
	}
	if c.bytewise {
		p.utf8 = c.utf8
		return func(stored []byte) Outcome { return of(p.matches(stored)) }, true
	}
	if p.text, ok = c.folded(nil, p.text); !ok {
		return nil, false
	}
	var scratch []byte
	return func(stored []byte) Outcome {
		var ok bool
		if scratch, ok = c.folded(scratch[:0], stored); !ok {
			return Unsure
		}
		return of(p.matches(scratch))
	}, true
}

// parsePattern takes the escapes out; one at the end escapes nothing, and is not decided here.
func parsePattern(text []byte) (p pattern, ok bool) {
	for i := 0; i < len(text); i++ {
		b := text[i]
		wild := b == '%' || b == '_'
		if b == '\\' {
			if i++; i == len(text) {
				return p, false
			}
			b = text[i]
		}
		p.text, p.wild = append(p.text, b), append(p.wild, wild)
	}
	return p, true
}

// matches goes through s once, but for what follows a '%', which is tried at each place.
func (p *pattern) matches(s []byte) bool {
	i, j := 0, 0           // in s, in the pattern
	retry, after := -1, -1 // where to try again: in s, and behind the last '%'
	for i < len(s) || j < len(p.text) {
		switch {
		case j < len(p.text) && p.wild[j] && p.text[j] == '%':
			if j++; j == len(p.text) {
				return true
			}
			retry, after = p.next(s, i, j), j
			if i = retry; i < 0 {
				return false
			}
			continue
		case j < len(p.text) && i < len(s) && p.wild[j]:
			i, j = i+p.width(s[i:]), j+1
			continue
		case j < len(p.text) && i < len(s) && p.text[j] == s[i]:
			i, j = i+1, j+1
			continue
		case after < 0 || retry >= len(s):
			return false
		}
		if retry = p.next(s, retry+p.width(s[retry:]), after); retry < 0 {
			return false
		}
		i, j = retry, after
	}
	return true
}

// next is the first place from i on at which the pattern could go on with its byte j, or -1.
func (p *pattern) next(s []byte, i, j int) int {
	if p.wild[j] {
		return i
	}
	end := j + 1
	for end < len(p.text) && !p.wild[end] {
		end++
	}
	if at := bytes.Index(s[i:], p.text[j:end]); at >= 0 {
		return i + at
	}
	return -1
}

// width is that of the first character.
func (p *pattern) width(s []byte) int {
	if !p.utf8 {
		return 1
	}
	_, n := utf8.DecodeRune(s)
	return n
}
