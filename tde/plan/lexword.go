package plan

import "bytes"

// word lexes an unquoted identifier or keyword, or a literal that starts with a letter: NULL, x'41', _utf8mb4'a'.
func (l *Lexer) word() error {
	start := l.pos
	for l.pos < len(l.src) && isIdent(l.src[l.pos]) {
		l.pos++
	}
	word := l.src[start:l.pos]
	if l.prev.kind == prevPunct && l.prev.punct == '.' {
		l.emit(TokWord, word)
		l.prev = lexPrev{kind: prevIdent}
		return nil
	}
	if l.at(0) == '\'' && len(word) == 1 {
		switch upper(word[0]) {
		case 'N':
			return l.stringLiteral(start)
		case 'X':
			return l.radix(start, LitHex)
		case 'B':
			return l.radix(start, LitBit)
		}
	}
	if word[0] == '_' && l.introduces() {
		return l.introduced(start)
	}
	if l.first {
		l.keep = l.Keep || !templated(word)
		l.group.on = !l.whole && (bytes.EqualFold(word, []byte("INSERT")) || bytes.EqualFold(word, []byte("REPLACE")))
	}
	if kind, ok := constant(word); ok && l.standsAlone() {
		l.literal(kind, start, l.pos)
		return nil
	}
	l.lastWord.src, l.lastWord.template = start, len(l.Template)
	l.emit(TokWord, word)
	l.prev.set(word)
	if l.depth == 0 {
		l.group.word(l)
	}
	return nil
}

// templated says whether a statement that starts with word gets a template; others keep their literals.
func templated(word []byte) bool {
	for _, w := range [...]string{"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES", "TABLE"} {
		if len(w) == len(word) && bytes.EqualFold(word, []byte(w)) {
			return true
		}
	}
	return false
}

func constant(word []byte) (LiteralKind, bool) {
	switch len(word) {
	case 4:
		if bytes.EqualFold(word, []byte("NULL")) {
			return LitNull, true
		}
		if bytes.EqualFold(word, []byte("TRUE")) {
			return LitTrue, true
		}
	case 5:
		if bytes.EqualFold(word, []byte("FALSE")) {
			return LitFalse, true
		}
	}
	return 0, false
}

// standsAlone says whether NULL, TRUE or FALSE can only be a value where it stands: after = ( , < or >.
func (l *Lexer) standsAlone() bool {
	if l.prev.kind != prevPunct {
		return false
	}
	switch l.prev.punct {
	case '=', '(', ',', '<', '>':
		return true
	}
	return false
}

// introduces says whether a string or hexadecimal literal follows a _charset word.
func (l *Lexer) introduces() bool {
	p := l.pos
	for p < len(l.src) && isSpace(l.src[p]) {
		p++
	}
	rest := l.src[p:]
	if len(rest) == 0 {
		return false
	}
	switch {
	case rest[0] == '\'' || rest[0] == '"' && !l.mode.ANSIQuotes:
		return true
	case len(rest) > 1 && rest[1] == '\'':
		return upper(rest[0]) == 'X' || upper(rest[0]) == 'B'
	}
	return len(rest) > 1 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'b')
}

// introduced lexes the literal after a _charset word as one with it.
func (l *Lexer) introduced(start int) error {
	for isSpace(l.at(0)) {
		l.pos++
	}
	switch c := l.at(0); {
	case c == '\'' || c == '"':
		return l.stringLiteral(start)
	case upper(c) == 'X' || upper(c) == 'B':
		kind := LitHex
		if upper(c) == 'B' {
			kind = LitBit
		}
		l.pos++
		return l.radix(start, kind)
	}
	return l.number(start)
}

// radix lexes the quoted digits of x'..' or b'..'.
func (l *Lexer) radix(start int, kind LiteralKind) error {
	end := bytes.IndexByte(l.src[l.pos+1:], '\'')
	if end < 0 {
		return ErrLex
	}
	l.pos += end + 2
	l.literal(kind, start, l.pos)
	return nil
}

// stringLiteral lexes one or more adjacent strings; start is where their introducer begins.
func (l *Lexer) stringLiteral(start int) error {
	for {
		end, ok := l.stringEnd(l.pos, true)
		if !ok {
			return ErrLex
		}
		l.pos = end
		next := end
		for next < len(l.src) && isSpace(l.src[next]) {
			next++
		}
		if next >= len(l.src) || l.src[next] != '\'' && (l.src[next] != '"' || l.mode.ANSIQuotes) {
			break
		}
		l.pos = next
	}
	if kind, ok := l.temporal(); ok {
		l.retract()
		l.literal(kind, l.lastWord.src, l.pos)
		return nil
	}
	if l.verbatimString() {
		l.emit(TokText, l.src[start:l.pos])
		l.prev = lexPrev{kind: prevIdent}
		return nil
	}
	l.literal(LitString, start, l.pos)
	return nil
}

// verbatimString says whether the grammar wants a string here that no parameter can stand for.
func (l *Lexer) verbatimString() bool {
	p := &l.prev
	switch p.kind {
	case prevIdent, prevLiteral:
		return true // an alias: `a 'name'`
	case prevPunct:
		return p.punct == ')' || p.punct == '>' && l.jsonArrow()
	case prevWord:
		return !l.beforeValue()
	}
	return false
}

// valueWords are the keywords after which a string is a value; after any other word it is an alias or a name.
var valueWords = [...]string{
	"SELECT", "LIKE", "AND", "OR", "XOR", "NOT", "BETWEEN", "THEN", "ELSE", "WHEN", "CASE", "IN", "BY", "REGEXP", "RLIKE", "DIV", "MOD",
	"INTERVAL", "DISTINCT", "DISTINCTROW", "ALL", "BINARY", "WHERE", "HAVING", "ON", "LIMIT", "VALUES", "VALUE", "SET", "USING", "RETURN",
	"LEADING", "TRAILING", "BOTH", "FROM", "OF", "ROW", "OFFSET", "SQL_NO_CACHE", "SQL_CACHE", "SQL_CALC_FOUND_ROWS", "HIGH_PRIORITY",
	"STRAIGHT_JOIN", "SQL_SMALL_RESULT", "SQL_BIG_RESULT", "SQL_BUFFER_RESULT", "SOUNDS", "INTO",
}

func (l *Lexer) beforeValue() bool {
	if l.prev.n == 0 {
		return l.prev.long // a word too long to be remembered: one of the SQL_ options, or a name
	}
	for _, w := range valueWords {
		if l.prev.is(w) {
			return true
		}
	}
	return false
}

// temporal says whether the string just read is that of a DATE, TIME or TIMESTAMP literal.
func (l *Lexer) temporal() (LiteralKind, bool) {
	switch {
	case l.keep || l.lastWord.src < 0:
		return 0, false
	case l.prev.is("DATE"):
		return LitDate, true
	case l.prev.is("TIME"):
		return LitTime, true
	case l.prev.is("TIMESTAMP"):
		return LitTimestamp, true
	}
	return 0, false
}

// retract takes the last word out of the template again: it is part of a literal.
func (l *Lexer) retract() {
	l.Template = l.Template[:l.lastWord.template]
	if l.Record {
		l.Tokens = l.Tokens[:len(l.Tokens)-1]
	}
}

// jsonArrow says whether -> or ->> stands before the string at pos.
func (l *Lexer) jsonArrow() bool {
	t := bytes.TrimRight(l.Template, " ")
	return bytes.HasSuffix(t, []byte("->")) || bytes.HasSuffix(t, []byte("->>"))
}

// stringEnd finds the end of the quoted text at p.
func (l *Lexer) stringEnd(p int, escapes bool) (int, bool) {
	q := l.src[p]
	for p++; p < len(l.src); p++ {
		switch c := l.src[p]; {
		case c == '\\' && escapes && !l.mode.NoBackslashEscapes:
			p++
		case c == q && p+1 < len(l.src) && l.src[p+1] == q:
			p++
		case c == q:
			return p + 1, true
		}
	}
	return 0, false
}

// number lexes a number with its sign, or an identifier that starts with digits. start may lie before an introducer.
func (l *Lexer) number(start int) error {
	if c := l.at(0); c == '-' || c == '+' {
		l.pos++
	}
	from := l.pos
	if l.prev.kind == prevPunct && l.prev.punct == '.' && start == from {
		return l.word() // t.5
	}
	p := from
	for p < len(l.src) && isIdent(l.src[p]) {
		p++
	}
	whole := l.src[from:p]
	if kind, ok := radixNumber(whole); ok {
		l.pos = p
		l.literal(kind, start, p)
		return nil
	}
	digits := countDigits(whole)
	kind, p := LitInt, from+digits
	if p < len(l.src) && l.src[p] == '.' {
		kind = LitDecimal
		p++
		p += countDigits(l.src[p:])
	}
	if n := exponent(l.src[p:]); n > 0 {
		kind = LitFloat
		p += n
	} else if p < len(l.src) && isIdent(l.src[p]) {
		if kind == LitDecimal {
			return ErrLex // 1.5abc: servers disagree on what it is
		}
		return l.word() // an identifier such as 2nd
	}
	l.pos = p
	l.literal(kind, start, p)
	return nil
}

func countDigits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

// exponent measures e[+-]digits at the start of b.
func exponent(b []byte) int {
	if len(b) < 2 || upper(b[0]) != 'E' {
		return 0
	}
	n := 1
	if b[n] == '+' || b[n] == '-' {
		n++
	}
	d := countDigits(b[n:])
	if d == 0 || n+d < len(b) && isIdent(b[n+d]) {
		return 0
	}
	return n + d
}

// radixNumber recognises 0x41 and 0b01.
func radixNumber(w []byte) (LiteralKind, bool) {
	if len(w) < 3 || w[0] != '0' || w[1] != 'x' && w[1] != 'b' {
		return 0, false
	}
	for _, c := range w[2:] {
		hex := isDigit(c) || upper(c) >= 'A' && upper(c) <= 'F'
		if w[1] == 'x' && !hex || w[1] == 'b' && c != '0' && c != '1' {
			return 0, false
		}
	}
	if w[1] == 'x' {
		return LitHex, true
	}
	return LitBit, true
}

// literal puts `?` into the template for the source bytes [start, end).
func (l *Lexer) literal(kind LiteralKind, start, end int) {
	l.pos = end
	if l.keep && kind != LitParam {
		l.emit(TokText, l.src[start:end])
	} else {
		l.emit(TokParam, questionMark)
		l.Literals = append(l.Literals, Literal{Kind: kind, Start: start, End: end})
	}
	l.prev = lexPrev{kind: prevLiteral}
}

var questionMark = []byte{'?'}

// groupState follows the row groups of INSERT … VALUES (…), (…): groups that look alike are written to the template once.
type groupState struct {
	on       bool // an INSERT or REPLACE that has not passed its row groups
	phase    groupPhase
	start    int // of the open group in the template
	tokens   int // before the open group
	first    int // of the group that stands for all
	firstEnd int
	literals int  // before the open group
	mixed    bool // groups of several shapes: none can stand for all
}

type groupPhase uint8

const (
	groupBefore groupPhase = iota
	groupValues
	groupOpen
	groupAfter
)

func (g *groupState) word(l *Lexer) {
	if g.on && g.phase == groupBefore && (l.prev.is("VALUES") || l.prev.is("VALUE")) {
		g.phase = groupValues
		return
	}
	g.end()
}

// end leaves the row groups for good.
func (g *groupState) end() {
	if g.phase != groupBefore {
		g.on = false
	}
}

func (g *groupState) open(l *Lexer) {
	if g.on && (g.phase == groupValues || g.phase == groupAfter) {
		g.start, g.literals, g.tokens = len(l.Template), len(l.Literals), len(l.Tokens)
		g.phase = groupOpen
	}
}

func (g *groupState) close(l *Lexer) {
	if !g.on || g.phase != groupOpen {
		return
	}
	g.phase = groupAfter
	switch {
	case l.Rows == 0:
		g.first, g.firstEnd, l.Rows = g.start, len(l.Template), 1
		l.RowWidth = len(l.Literals) - g.literals
	case bytes.Equal(l.Template[g.first:g.firstEnd], l.Template[g.start:]):
		l.Template = l.Template[:g.firstEnd]
		if l.Record {
			l.Tokens = l.Tokens[:g.tokens-1] // the comma goes too
		}
		l.Rows++
	default:
		g.mixed = true
	}
}
