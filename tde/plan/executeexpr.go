package plan

import (
	"slices"
	"strings"
)

// executes plans MariaDB's EXECUTE IMMEDIATE, and EXECUTE … USING anything but user variables; nil is another statement, or one that
// nobody can read.
func (h *head) executes(env *Env) Plan {
	if !env.Mode.MariaDB || env.Snapshot.Len() == 0 && env.Rules.Empty() {
		return nil
	}
	p := &ExecuteText{}
	next := 2
	if h.word(1) == "IMMEDIATE" {
		p.Immediate = true
		for next < len(h.tokens) && h.word(next) != "USING" {
			next++
		}
		p.Text = h.expressions(2, next)
	} else {
		name, ok := h.ident(1)
		if !ok || h.word(2) != "USING" {
			return nil
		}
		p.Name, p.Written = strings.ToLower(name), name
	}
	if next < len(h.tokens) {
		if p.Exprs = h.expressions(next+1, len(h.tokens)); p.Exprs == nil {
			return nil
		}
	}
	if p.Immediate && len(p.Text) != 1 {
		return nil
	}
	if !p.Immediate && !slices.ContainsFunc(h.tokens[3:], func(t Token) bool { return t.Kind != TokVar && t.Kind != TokPunct }) {
		return nil // user variables are read as they are
	}
	return p
}

// expressions are those in tokens [from, to), between commas: nil where one could give something else when it is computed again, or
// needs more than literals, variables and functions that depend on their arguments.
func (h *head) expressions(from, to int) (out []string) {
	depth, start := 0, from
	for i := from; i <= to; i++ {
		if i == to || depth == 0 && h.word(i) == "," {
			if i == start {
				return nil
			}
			out, start = append(out, h.text[h.tokens[start].Start:h.tokens[i-1].End]), i+1
			continue
		}
		switch t := h.tokens[i]; {
		case h.word(i) == "(":
			depth++
		case h.word(i) == ")":
			depth--
		case h.word(i) == "=" && i > from && h.word(i-1) == ":", t.Kind == TokQuoted || t.Kind == TokParam:
			return nil
		case t.Kind == TokWord && !h.steady(i):
			return nil
		}
	}
	return out
}

// steady says whether the word at token i calls a function that depends on its arguments alone, begins a literal, names a collation, or is NULL.
func (h *head) steady(i int) bool {
	if h.word(i+1) == "(" {
		return pure(strings.ToLower(h.word(i)))
	}
	switch h.word(i) {
	case "DATE", "TIME", "TIMESTAMP": // literals
		return i+1 < len(h.tokens) && h.tokens[i+1].Kind == TokText
	}
	return h.word(i) == "NULL" || h.word(i) == "COLLATE" || h.word(i-1) == "COLLATE" && i > 0
}
