package plan

import (
	"bytes"
	"errors"
)

// Mode is the part of a session that decides how its SQL reads.
type Mode struct {
	ANSIQuotes         bool // "x" is an identifier
	NoBackslashEscapes bool // '\' is an ordinary character in strings
	PipesAsConcat      bool // || is CONCAT
	HighNotPrecedence  bool // NOT binds as ! does
	MariaDB            bool // executable comments as MariaDB reads them
	Version            int  // of the server as in executable comments: 101119, 90704
}

// SameReading reports whether src reads the same under both modes. It may say no where it does.
func SameReading(src []byte, a, b Mode) bool {
	switch {
	case a == b:
		return true
	case a.ANSIQuotes != b.ANSIQuotes && bytes.ContainsRune(src, '"'),
		a.NoBackslashEscapes != b.NoBackslashEscapes && bytes.ContainsRune(src, '\\'),
		a.PipesAsConcat != b.PipesAsConcat && bytes.Contains(src, []byte("||")),
		a.HighNotPrecedence != b.HighNotPrecedence && bytes.Contains(bytes.ToUpper(src), []byte("NOT")):
		return false
	}
	return a.MariaDB == b.MariaDB && a.Version == b.Version
}

// LiteralKind says how a literal is written.
type LiteralKind uint8

// Literal kinds. Param is a client's own `?`.
const (
	LitParam LiteralKind = iota
	LitInt
	LitDecimal
	LitFloat
	LitString    // one or more adjacent quoted strings, with an optional introducer or N prefix
	LitHex       // x'..' or 0x..
	LitBit       // b'..' or 0b..
	LitDate      // DATE '…'
	LitTime      // TIME '…'
	LitTimestamp // TIMESTAMP '…'
	LitNull
	LitTrue
	LitFalse
)

// Literal is one literal of a statement: source bytes [Start, End).
type Literal struct {
	Kind       LiteralKind
	Start, End int
}

// ErrLex says that a statement does not end where MySQL's lexer would let it: an open string, comment or identifier.
var ErrLex = errors.New("unterminated string, identifier or comment")

// Lexer turns a statement into its template: the same text with literals as `?` and without comments. Statements of
// one shape share a template, however many rows their VALUES list has. A Lexer is reused; its results are valid until
// the next call of Lex.
type Lexer struct {
	Template []byte
	Literals []Literal
	Rows     int // row groups that the template's last VALUES group stands for; 0 where it has none
	RowWidth int // literals in each of them
	End      int // where the statement ends in the source: at its `;` or the end of the text
	More     bool
	Vars     []Literal // user and system variables: where they are in the source

	Keep   bool    // leave every literal in the template
	Record bool    // fill Tokens
	Tokens []Token // of the template

	whole bool // keep every row group: they differ
	src   []byte
	pos   int
	mode  Mode
	keep  bool // not a DML statement: literals stay in the template
	first bool
	prev  lexPrev
	depth int
	group groupState
	exec  int // open executable comments

	lastWord struct{ src, template int } // where the last word starts
}

// lexPrev is what the lexer remembers of the token before.
type lexPrev struct {
	kind  prevKind
	word  [20]byte // upper case, of a word that fits
	n     int
	long  bool // it does not fit
	punct byte
}

type prevKind uint8

const (
	prevNone prevKind = iota
	prevWord
	prevIdent // quoted
	prevLiteral
	prevPunct
)

// Lex reads the first statement of src.
func (l *Lexer) Lex(src []byte, mode Mode) error {
	if err := l.run(src, mode); err != nil || !l.group.mixed {
		return err
	}
	l.whole = true
	defer func() { l.whole = false }()
	return l.run(src, mode)
}

func (l *Lexer) run(src []byte, mode Mode) error {
	*l = Lexer{
		Template: l.Template[:0], Literals: l.Literals[:0], Tokens: l.Tokens[:0], Vars: l.Vars[:0],
		Keep: l.Keep, Record: l.Record, whole: l.whole, src: src, mode: mode, first: true, keep: l.Keep,
	}
	for l.pos < len(src) {
		c := src[l.pos]
		if c == ';' {
			break
		}
		if err := l.step(c); err != nil {
			return err
		}
	}
	if l.exec > 0 {
		return ErrLex
	}
	l.End = l.pos
	l.More = l.pos < len(src) && len(bytes.Trim(src[l.pos:], "; \t\r\n\x00")) > 0
	return nil
}

// Source is the text of a part of the source.
func (l *Lexer) Source(at Literal) []byte { return l.src[at.Start:at.End] }

// step consumes one token, comment or run of space.
func (l *Lexer) step(c byte) error {
	switch {
	case isSpace(c):
		for l.pos < len(l.src) && isSpace(l.src[l.pos]) {
			l.Template = append(l.Template, l.src[l.pos])
			l.pos++
		}
		return nil
	case c == '#', c == '-' && l.lineComment(), c == '/' && l.at(1) == '*':
		return l.comment(c)
	case c == '*' && l.at(1) == '/' && l.exec > 0:
		l.exec--
		l.pos += 2
		l.Template = append(l.Template, ' ')
		return nil
	case c == '\'' || c == '"' && !l.mode.ANSIQuotes:
		return l.stringLiteral(l.pos)
	case c == '`' || c == '"':
		return l.quotedIdent(c)
	case c == '@':
		return l.variable()
	case isDigit(c) || c == '.' && isDigit(l.at(1)) && !l.afterIdent():
		return l.number(l.pos)
	case isIdent(c):
		return l.word()
	case c == '?':
		l.literal(LitParam, l.pos, l.pos+1)
		return nil
	case (c == '-' || c == '+') && l.signed():
		return l.number(l.pos)
	}
	l.punct(c)
	return nil
}

func (l *Lexer) at(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

// afterIdent says whether the token before can be qualified: after `t` a `.5` is the column `5`.
func (l *Lexer) afterIdent() bool { return l.prev.kind == prevWord || l.prev.kind == prevIdent }

// signed says whether a sign at pos belongs to the number that follows: it does where no operand stands before it.
func (l *Lexer) signed() bool {
	if !isDigit(l.at(1)) && !(l.at(1) == '.' && isDigit(l.at(2))) {
		return false
	}
	return l.prev.kind == prevPunct && l.prev.punct != ')' && l.prev.punct != '*' && l.prev.punct != '.'
}

func (l *Lexer) lineComment() bool {
	return l.at(1) == '-' && (l.pos+2 >= len(l.src) || l.at(2) <= ' ')
}

// comment drops a comment, or enters an executable one.
func (l *Lexer) comment(c byte) error {
	if c != '/' {
		for l.pos < len(l.src) && l.src[l.pos] != '\n' {
			l.pos++
		}
		l.Template = append(l.Template, ' ')
		return nil
	}
	if l.at(2) == '!' || l.at(2) == 'M' && l.at(3) == '!' {
		return l.executable()
	}
	end := bytes.Index(l.src[l.pos+2:], []byte("*/"))
	if end < 0 {
		return ErrLex
	}
	text := l.src[l.pos : l.pos+2+end+2]
	l.pos += len(text)
	if len(text) > 4 && text[2] == '+' && l.prev.isVerb() && !l.mode.MariaDB {
		l.Template = append(l.Template, text...) // an optimizer hint is part of the statement
		return nil
	}
	l.Template = append(l.Template, ' ')
	return nil
}

// markVersion is that of the comment by which SHOW CREATE TABLE says that a clause has designated a table. No server is of
// it, so that servers skip the clause; it is read here.
const markVersion = 999999

// defaultVersion is that of the comment by which SHOW CREATE DATABASE says that encryption is the default. MariaDB skips it.
const defaultVersion = 80016

// executable decides, as the server does, whether /*!NNNNN … */ is code or comment.
func (l *Lexer) executable() error {
	mariaOnly := l.at(2) == 'M'
	p := l.pos + 3
	if mariaOnly {
		p++
	}
	version, digits := 0, 0
	for p < len(l.src) && isDigit(l.src[p]) && digits < 6 {
		version = version*10 + int(l.src[p]-'0')
		p, digits = p+1, digits+1
	}
	run := digits == 0 || digits >= 5 && version <= l.mode.Version
	if l.mode.MariaDB && !mariaOnly && version >= 50700 && version <= 99999 {
		run = false // MariaDB leaves out what MySQL 5.7 and later alone understand
	}
	if mariaOnly && !l.mode.MariaDB {
		run = false
	}
	if digits > 0 && digits < 5 || l.exec > 0 {
		return ErrLex // servers differ here; nobody writes it
	}
	run = run || version == markVersion && bytes.HasPrefix(bytes.TrimLeft(l.src[p:], " "), []byte("ENCRYPTION='Y' */")) ||
		version == defaultVersion && bytes.HasPrefix(bytes.TrimLeft(l.src[p:], " "), []byte("DEFAULT ENCRYPTION='Y' */"))
	if !run {
		end := bytes.Index(l.src[p:], []byte("*/"))
		if end < 0 || bytes.Contains(l.src[p:p+end], []byte("/*")) {
			return ErrLex
		}
		p += end + 2
	} else {
		l.exec++
	}
	l.pos = p
	l.Template = append(l.Template, ' ')
	return nil
}

func (l *Lexer) quotedIdent(q byte) error {
	start := l.pos
	for p := l.pos + 1; p < len(l.src); p++ {
		if l.src[p] != q {
			continue
		}
		if p+1 < len(l.src) && l.src[p+1] == q {
			p++
			continue
		}
		l.pos = p + 1
		l.emit(TokQuoted, l.src[start:l.pos])
		l.prev = lexPrev{kind: prevIdent}
		return nil
	}
	return ErrLex
}

// variable copies @name, @'name', @`name` or @@scope.name.
func (l *Lexer) variable() error {
	start := l.pos
	for l.pos < len(l.src) && l.src[l.pos] == '@' {
		l.pos++
	}
	if c := l.at(0); c == '\'' || c == '"' || c == '`' {
		end, ok := l.stringEnd(l.pos, c != '`')
		if !ok {
			return ErrLex
		}
		l.pos = end
	}
	for l.pos < len(l.src) && (isIdent(l.src[l.pos]) || l.src[l.pos] == '.') {
		l.pos++
	}
	l.Vars = append(l.Vars, Literal{Start: start, End: l.pos})
	l.emit(TokVar, l.src[start:l.pos])
	l.prev = lexPrev{kind: prevIdent}
	return nil
}

// punct copies an operator or bracket and follows the row groups of a VALUES list.
func (l *Lexer) punct(c byte) {
	switch c {
	case '(':
		l.depth++
	case ')':
		l.depth--
	}
	if c == '(' && l.depth == 1 {
		l.group.open(l)
	}
	l.emit(TokPunct, l.src[l.pos:l.pos+1])
	l.pos++
	l.prev = lexPrev{kind: prevPunct, punct: c}
	switch {
	case c == ')' && l.depth == 0:
		l.group.close(l)
	case l.depth == 0 && c != ',':
		l.group.end()
	}
}

// emit copies a token.
func (l *Lexer) emit(kind TokenKind, text []byte) {
	if l.Record {
		l.Tokens = append(l.Tokens, Token{Kind: kind, Start: len(l.Template), End: len(l.Template) + len(text)})
	}
	l.Template = append(l.Template, text...)
	l.first = false
}

// TokenKind says what a token is.
type TokenKind uint8

// Token kinds.
const (
	TokWord   TokenKind = iota // an unquoted identifier or keyword
	TokQuoted                  // `name`, or "name" under ANSI_QUOTES
	TokVar                     // @name, @@name
	TokPunct                   // one character
	TokParam                   // `?`: a parameter or what was a literal
	TokText                    // a string or number that stays in the template
)

// Token is template bytes [Start, End).
type Token struct {
	Kind       TokenKind
	Start, End int
}

func (p *lexPrev) set(word []byte) {
	*p = lexPrev{kind: prevWord}
	if len(word) > len(p.word) {
		p.long = true
		return
	}
	p.n = len(word)
	for i, c := range word {
		p.word[i] = upper(c)
	}
}

func (p *lexPrev) is(word string) bool {
	return p.kind == prevWord && string(p.word[:p.n]) == word
}

// isVerb says whether an optimizer hint may follow.
func (p *lexPrev) isVerb() bool {
	return p.is("SELECT") || p.is("INSERT") || p.is("UPDATE") || p.is("DELETE") || p.is("REPLACE")
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isIdent says whether c can stand in an unquoted identifier.
func isIdent(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c == '$' || c >= 0x80
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 32
	}
	return c
}
