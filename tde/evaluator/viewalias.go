package evaluator

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// longName is what may be too long, in bytes, for the name that an item of a select list has by itself: servers allow 64 characters.
const longName = 60

// endsList are the words behind a select list. The text is a server's own, so that every name has quotes.
const endsList = " FROM WHERE GROUP HAVING ORDER LIMIT UNION EXCEPT INTERSECT PROCEDURE WINDOW INTO FOR "

// aliased gives long expressions that subqueries of a view's definition select a short name, also where the server has written out the long one.
// Servers read what they have stored without checking names, but refuse it in CREATE VIEW. Nothing can speak of names that are too long.
func aliased(query string) string {
	a := aliaser{blocks: []listed{{}}}
	for at := 0; ; {
		token, n := sqlToken(query[at:])
		if n == 0 {
			break
		}
		a.token(query[:at+n], at+n-len(token), strings.ToUpper(token))
		at += n
	}
	if a.aliases == 0 {
		return query
	}
	return a.out.String() + query[a.copied:]
}

// ownName is how a name begins that aliased has given, but for its quotes.
const ownName = "_tde_"

// ownNames matches the names that aliased has given, in the quotes of either sql_mode.
var ownNames = regexp.MustCompile(" AS (?:`" + ownName + "[0-9]+`|\"" + ownName + "[0-9]+\")")

// aliaser goes through the tokens of a definition.
type aliaser struct {
	out     strings.Builder
	copied  int // of the query, to out
	blocks  []listed
	aliases int
}

// listed is a pair of parentheses, or what is around all of them.
type listed struct {
	open  bool // within a select list
	named bool // the item has an alias
	from  int  // where the item begins
	as    int  // where what follows AS begins
}

// token takes one token in upper case, which begins at a place and with which the text ends.
func (a *aliaser) token(text string, at int, token string) {
	b := &a.blocks[len(a.blocks)-1]
	switch {
	case token == "(":
		a.blocks = append(a.blocks, listed{})
	case token == ")":
		a.end(b, text, at)
		if len(a.blocks) > 1 {
			a.blocks = a.blocks[:len(a.blocks)-1]
		}
	case token == "SELECT":
		*b = listed{open: len(a.blocks) > 1, from: len(text)}
	case token == "AS":
		b.named, b.as = true, len(text)
	case b.open && b.as > 0 && strings.HasPrefix(token, "`") && len(token) > 1:
		if utf8.RuneCountInString(strings.ReplaceAll(token[1:len(token)-1], "``", "`")) > 64 {
			a.alias(text, b.as, len(text))
		}
		b.as = 0
	case token == ",":
		open := b.open
		a.end(b, text, at)
		*b = listed{open: open, from: len(text)}
	case strings.Contains(endsList, " "+token+" "):
		a.end(b, text, at)
	}
}

// end ends an item before a place.
func (a *aliaser) end(b *listed, text string, at int) {
	if b.open && !b.named && len(strings.TrimSpace(text[b.from:at])) > longName {
		a.out.WriteString(text[a.copied:at] + " AS")
		a.copied = at
		a.alias(text, at, at)
	}
	b.open = false
}

// alias puts a short name in place of what is from one place to another.
func (a *aliaser) alias(text string, from, to int) {
	a.aliases++
	a.out.WriteString(text[a.copied:from])
	fmt.Fprintf(&a.out, " `_tde_%d` ", a.aliases)
	a.copied = to
}
