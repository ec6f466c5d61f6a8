package plan

import (
	"slices"
	"strings"
)

// reading is a template in other words of the same length, for a parser that does not know all of the servers' grammar:
// what has no name of a table or column in it becomes space, a cast to a type that the parser does not know another
// function of one argument, and a collation or character set one that it knows. Only the parser sees it, so that every position in what it makes is one in the template.
func reading(text string, tokens []Token) string {
	r := &reader{out: []byte(text), block: &block{text: text, tokens: tokens}}
	for i := range tokens {
		if tokens[i].Kind == TokWord {
			r.word(i)
		}
	}
	return string(r.out)
}

type reader struct {
	*block
	out []byte
}

func (r *reader) word(i int) {
	switch strings.ToUpper(r.text[r.tokens[i].Start:r.tokens[i].End]) {
	case "EXTENDED", "PARTITIONS":
		if i == 1 && slices.ContainsFunc([]string{"EXPLAIN", "DESCRIBE", "DESC"}, func(w string) bool { return r.is(0, w) }) {
			r.blank(i, i)
		}
	case "SOUNDS":
		if r.stands(i+1, "LIKE") {
			r.blank(i, i)
		}
	case "CURTIME", "CURRENT_TIME", "UTC_TIME":
		if r.stands(i+1, "(") && r.stands(i+3, ")") && r.tokens[i+2].Kind == TokParam {
			r.blank(i+2, i+2)
		}
	case "INTO":
		if _, to := r.intoVars(i); to > 0 {
			r.blank(i, to-1)
		}
	case "COLLATE":
		r.name(i+1, "binary")
	case "USING":
		if r.stands(i+2, ")") {
			r.name(i+1, "utf8")
		}
	case "CHARSET", "CHARACTER":
		if r.stands(i+1, "SET") {
			i++
		}
		r.name(i+1, "utf8")
	case "DUPLICATE":
		if from, to, _ := r.rowAlias(); to > 0 {
			r.blank(from, to-1)
		}
	case "OFFSET", "FETCH":
		if r.out[r.tokens[i].Start] != ' ' {
			r.fetchFirst(i)
		}
	case "CAST", "CONVERT", "WEIGHT_STRING", "JSON_VALUE":
		if r.stands(i+1, "(") {
			r.typed(i, r.closing(i+1))
		}
	}
}

// name makes the name of a collation or character set another one. That an expression has one is all that the planner asks.
func (r *reader) name(i int, other string) {
	if i >= len(r.tokens) || r.tokens[i].Kind != TokWord || r.stands(i+1, ".") {
		return
	}
	if t := r.tokens[i]; t.End-t.Start >= len(other) {
		r.blank(i, i)
		copy(r.out[t.Start:], other)
	}
}

// fetchFirst makes LIMIT ?, ? of OFFSET ? ROWS FETCH FIRST ? ROWS ONLY, and LIMIT ? where that begins with FETCH. Rows that are as
// good as the last one, which WITH TIES adds, are fetched with it.
func (r *reader) fetchFirst(i int) {
	fetch := i
	if r.stands(i, "OFFSET") {
		if fetch += 3; !r.stands(i+2, "ROW") && !r.stands(i+2, "ROWS") || r.tokens[i+1].Kind != TokParam {
			return
		}
	}
	last := fetch + 4
	switch {
	case !r.stands(fetch, "FETCH") || !r.stands(fetch+1, "FIRST") && !r.stands(fetch+1, "NEXT") || last >= len(r.tokens) ||
		r.tokens[fetch+2].Kind != TokParam || !r.stands(fetch+3, "ROW") && !r.stands(fetch+3, "ROWS"):
		return
	case r.stands(last, "WITH") && r.stands(last+1, "TIES"):
		last++
	case !r.stands(last, "ONLY"):
		return
	}
	for j := i; j <= last; j++ {
		if r.tokens[j].Kind != TokParam {
			r.blank(j, j)
		}
	}
	copy(r.out[r.tokens[i].Start:], "LIMIT")
	if fetch > i {
		r.out[r.tokens[i+2].Start] = ','
	}
}

// typed makes a function whose last operand is a type one that the parser reads; end is its closing bracket.
func (r *reader) typed(i, end int) {
	if end >= len(r.tokens) {
		return
	}
	sep, name := "AS", strings.ToUpper(r.text[r.tokens[i].Start:r.tokens[i].End])
	switch name {
	case "CONVERT":
		sep = ","
	case "JSON_VALUE":
		sep = "RETURNING"
	}
	at := -1
	depth := 0
	for j := i + 2; j < end; j++ {
		switch {
		case r.is(j, "("):
			depth++
		case r.is(j, ")"):
			depth--
		case depth == 0 && r.is(j, sep):
			at = j
		}
	}
	if at < 0 || at+1 >= end || !r.constant(at+1, end) {
		return
	}
	switch {
	case name == "WEIGHT_STRING" || name == "JSON_VALUE":
		r.blank(at, end-1)
	case name == "CAST" && (r.is(at+1, "INT") || r.is(at+1, "INTEGER") || r.is(at+1, "VARCHAR")):
		copy(r.out[r.tokens[i].Start:], "TRIM")
		r.blank(at, end-1)
	case r.stands(at+2, "("):
		r.blank(at+2, r.closing(at+2))
	}
}

// constant says whether tokens [from, to) are words, numbers and punctuation: a type and what goes with it.
func (r *reader) constant(from, to int) bool {
	if r.tokens[from].Kind != TokWord {
		return false
	}
	for j := from; j < to; j++ {
		if k := r.tokens[j].Kind; k == TokQuoted || k == TokVar || r.is(j, ".") || r.is(j, "SELECT") {
			return false
		}
	}
	return true
}

// blank makes tokens [from, to] space.
func (r *reader) blank(from, to int) {
	for p := r.tokens[from].Start; p < r.tokens[to].End; p++ {
		r.out[p] = ' '
	}
}
