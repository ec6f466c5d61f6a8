package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// mostReadings bounds how often locate reads a piece of text to find out whether it is the expression.
const mostReadings = 48

// locate finds the template bytes of an expression: of all pieces of text around its names, from one AND, clause or bracket
// to another, the one that reads as the expression does.
func (b *block) locate(e ast.ExprNode) (start, end int, ok bool) {
	p := &positions{}
	e.Accept(p)
	all := append(p.columns, p.literals...)
	if len(all) == 0 {
		return 0, 0, false
	}
	lo, hi := b.tokenAt(slices.Min(all)), b.tokenAt(slices.Max(all))
	if lo < 0 || hi < 0 {
		return 0, 0, false
	}
	want, ok := restore(e)
	if !ok {
		return 0, 0, false
	}
	readings := 0
	ends := b.ends(hi)
	for _, l := range b.starts(lo) {
		for _, r := range ends {
			if !b.balanced(l, r) || b.markers(l, r) != len(p.literals) {
				continue
			}
			start, end := b.tokens[l].Start, b.tokens[r-1].End
			if readings++; readings > mostReadings {
				return 0, 0, false
			}
			if x := parseExpr(b.read[start:end], b.env.Mode); x != nil {
				if got, ok := restore(unparen(x)); ok && got == want {
					return start, end, true
				}
			}
		}
	}
	return 0, 0, false
}

// markers counts the literals that the parser saw among tokens [from, to).
func (b *block) markers(from, to int) int {
	n := 0
	for _, t := range b.tokens[from:to] {
		if t.Kind == TokParam && b.read[t.Start] == '?' {
			n++
		}
	}
	return n
}

// balanced says whether the brackets among tokens [from, to) close each other.
func (b *block) balanced(from, to int) bool {
	depth := 0
	for i := from; i < to && depth >= 0; i++ {
		switch {
		case b.is(i, "("):
			depth++
		case b.is(i, ")"):
			depth--
		}
	}
	return depth == 0
}

// starts are the tokens at or before i where an expression could begin, nearest first.
func (b *block) starts(i int) []int {
	var out []int
	depth := 0
	for ; i >= 0; i-- {
		switch {
		case b.is(i, ")"):
			depth++
		case b.is(i, "(") && depth > 0:
			depth--
		case b.is(i, "(") || depth == 0 && b.bounds(i):
			out = append(out, i+1)
		}
	}
	return out
}

// ends are the tokens behind i, at which an expression could have ended, nearest first.
func (b *block) ends(i int) []int {
	var out []int
	depth := 0
	for ; i < len(b.tokens); i++ {
		switch {
		case b.is(i, "("):
			depth++
		case b.is(i, ")") && depth > 0:
			depth--
		case b.is(i, ")") || depth == 0 && b.bounds(i):
			out = append(out, i)
		}
	}
	return append(out, len(b.tokens))
}

// bounds says whether a token can stand before or behind a condition.
func (b *block) bounds(i int) bool {
	if i == b.listed.from(-1) {
		return true
	}
	t := b.tokens[i]
	switch text := b.text[t.Start:t.End]; t.Kind {
	case TokPunct:
		return text == "," || text == "&" || text == ";"
	case TokWord:
		switch strings.ToUpper(text) {
		case "WHERE", "ON", "AND", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "FOR", "LOCK", "INTO",
			"JOIN", "LEFT", "RIGHT", "INNER", "CROSS", "NATURAL", "STRAIGHT_JOIN", "PROCEDURE":
			return true
		}
	}
	return false
}
