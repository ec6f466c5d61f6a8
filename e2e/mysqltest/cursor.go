package mysqltest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// cursor is a place in one file's text.
type cursor struct {
	text, delim, path string
	pos, line, depth  int
}

func (c *cursor) place(line int) string { return fmt.Sprintf("%s:%d", filepath.Base(c.path), line) }

func (c *cursor) rest() string { return c.text[c.pos:] }

func (c *cursor) end() bool { return c.pos == len(c.text) }

func (c *cursor) advance(n int) {
	c.line += strings.Count(c.text[c.pos:c.pos+n], "\n")
	c.pos += n
}

// space skips white space and empty statements.
func (c *cursor) space() {
	for !c.end() {
		switch {
		case strings.IndexByte(" \t\r\n", c.text[c.pos]) >= 0:
			c.advance(1)
		case strings.HasPrefix(c.rest(), c.delim):
			c.advance(len(c.delim))
		default:
			return
		}
	}
}

// takeLine reads to the line's end and leaves the newline.
func (c *cursor) takeLine() string {
	line, _, _ := strings.Cut(c.rest(), "\n")
	c.advance(len(line))
	return strings.TrimRight(line, "\r")
}

// takeCommand reads up to the delimiter outside quotes; or, where the text starts an if or while, up to the brace that
// opens its block.
func (c *cursor) takeCommand() (text string, block bool) {
	rest := c.rest()
	head := blockHead.MatchString(rest)
	var quote byte
	for i := 0; i < len(rest); i++ {
		switch b := rest[i]; {
		case quote != 0 && b == '\\' && quote != '`':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case head && b == '{':
			c.advance(i + 1)
			return rest[:i], true
		case strings.HasPrefix(rest[i:], c.delim):
			c.advance(i + len(c.delim))
			return rest[:i], false
		case b == '\'' || b == '"' || b == '`':
			quote = b
		}
	}
	c.advance(len(rest))
	return rest, false
}

// Split gives the first n of several statements with semicolons between them; ok is false where there are no more.
func Split(sql string, n int) (first string, ok bool) {
	c := &cursor{text: sql, delim: ";"}
	for range n {
		c.takeCommand()
	}
	return sql[:c.pos], !c.end()
}

// setDelimiter takes the argument of a delimiter command, behind which the old delimiter may stand.
func (c *cursor) setDelimiter(arg string) {
	arg = strings.TrimSpace(arg)
	if fresh := strings.TrimSpace(strings.TrimSuffix(arg, c.delim)); fresh != "" {
		arg = fresh
	}
	if arg != "" {
		c.delim = arg
	}
}

// skipDocument passes over the lines up to one that is the mark.
func (c *cursor) skipDocument(arg string) {
	mark := "EOF"
	if words := strings.Fields(arg); len(words) > 0 && word.MatchString(words[len(words)-1]) {
		mark = words[len(words)-1]
	}
	c.takeLine()
	for !c.end() {
		c.advance(1)
		if strings.TrimSpace(c.takeLine()) == mark {
			return
		}
	}
}

var (
	blockHead = regexp.MustCompile(`^(?i)(if|while)\s*\(`)
	word      = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9-]*`)
)
