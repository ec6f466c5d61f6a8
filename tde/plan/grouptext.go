package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// text makes the evaluator's statement of the client's.
func (g *grouper) text(out *Groups) bool {
	b := *g.narrower.block
	from := b.word("FROM")
	if from < 0 {
		return false
	}
	end, stop := from, len(b.text)
	for _, w := range []string{"GROUP", "HAVING", "ORDER", "LIMIT"} {
		if i := findWord(b.text, b.tokens, w, from); i >= 0 && b.tokens[i].Start < stop {
			end, stop = i, b.tokens[i].Start
		}
	}
	if end == from {
		end = len(b.tokens)
	}
	own := []edit{{b.tokens[from].Start, stop, []Part{
		{Text: "FROM "}, {Kind: PartGroups, Literal: -1}, {Text: " AS " + quote(g.alias()) + " "},
	}}}
	n := 0
	for i := 0; i+1 < len(b.tokens); i++ {
		if i == from {
			i = end
		}
		if !b.aggregates(i) {
			continue
		}
		close := b.closing(i + 1)
		if n == len(g.calls) || close >= len(b.tokens) {
			return false
		}
		start, stop := b.tokens[i].Start, b.tokens[close].End
		x := parseExpr(b.read[start:stop], b.env.Mode)
		if x == nil || !sameExpr(x, g.calls[n]) {
			return false
		}
		own = append(own, edit{start, stop, []Part{{Text: out.Calls[n].replacement(n)}}})
		i, n = close, n+1
	}
	if n != len(g.calls) {
		return false
	}
	for _, k := range g.names {
		e, ok := b.keyEdit(k)
		if !ok {
			return false
		}
		own = append(own, e)
	}
	b.edits = slices.DeleteFunc(slices.Clone(b.edits), func(e edit) bool {
		return slices.ContainsFunc(own, func(o edit) bool { return e.start >= o.start && e.end <= o.end && e.start < e.end })
	})
	b.edits = append(b.edits, own...)
	out.Text = b.parts(0, len(b.text))
	return true
}

// keyEdit puts a key's column in the place of its expression.
func (b *block) keyEdit(k keyName) (out edit, ok bool) {
	at := k.expr.OriginTextPosition()
	i := b.tokenAt(at)
	if i < 0 {
		return out, false
	}
	end := i
	switch n := k.expr.(type) {
	case *ast.ColumnNameExpr:
		for _, q := range []string{n.Name.Schema.O, n.Name.Table.O} {
			if q != "" {
				end += 2
			}
		}
		if end >= len(b.tokens) || b.tokens[end].Kind > TokQuoted {
			return out, false
		}
	default:
		if !b.is(i+1, "(") {
			return out, false
		}
		if end = b.closing(i + 1); end >= len(b.tokens) {
			return out, false
		}
	}
	start, stop := b.tokens[i].Start, b.tokens[end].End
	x := parseExpr(b.read[start:stop], b.env.Mode)
	return edit{start, stop, []Part{{Text: quote(KeyColumn(k.key))}}}, x != nil && sameExpr(unparen(x), k.expr)
}

// aggregates says whether an aggregate function begins at token i.
func (b *block) aggregates(i int) bool {
	return i+1 < len(b.tokens) && b.tokens[i].Kind == TokWord && b.is(i+1, "(") && (i == 0 || !b.is(i-1, ".")) &&
		slices.ContainsFunc([]string{"SUM", "COUNT", "AVG", "MIN", "MAX"}, func(w string) bool { return b.is(i, w) })
}

// replacement gives call i of the one row that each group has.
func (c *Call) replacement(i int) string {
	of := func(part int) string { return "MAX(" + GroupColumn(i, part) + ")" }
	if c.Func == AggregateAvg {
		return "(" + of(0) + "/" + of(1) + ")"
	}
	return of(0)
}
