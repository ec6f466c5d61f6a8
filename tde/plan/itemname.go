package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// maxName is the longest name that an expression of a select list gets, in characters.
const maxName = 255

// nameItems gives each item of a select list in which something was replaced the name that the server would give it
// by its text.
func (x *texter) nameItems() error {
	edits := x.edits
	for _, b := range x.tree.blocks {
		if b.stmt.Fields == nil || b.stmt.Kind != ast.SelectStmtKindSelect {
			continue
		}
		if err := x.nameFields(b.stmt.Fields.Fields, edits); err != nil {
			return err
		}
	}
	if x.listed != nil {
		return x.nameFields(x.listed.fields, edits)
	}
	return nil
}

func (x *texter) nameFields(fields []*ast.SelectField, edits []edit) error {
	for _, f := range fields {
		if f.WildCard != nil || f.AsName.O != "" {
			continue
		}
		if err := x.nameItem(f, edits); err != nil {
			return err
		}
	}
	return nil
}

func (x *texter) nameItem(f *ast.SelectField, edits []edit) error {
	if _, ok := unparen(f.Expr).(*ast.ColumnNameExpr); ok {
		return nil // its name is the column's
	}
	start, end, ok := x.itemText(f)
	if !ok {
		if len(edits) == 0 {
			return nil
		}
		return refuse("position", "an item of the select list was not found in the statement; give it an alias")
	}
	for _, e := range edits {
		if e.start >= start && e.end <= end {
			x.edits = append(x.edits, edit{end, end, x.alias(start, end)})
			break
		}
	}
	return nil
}

// itemText finds the template bytes of an item: up to the comma or the clause that follows.
func (x *texter) itemText(f *ast.SelectField) (start, end int, ok bool) {
	i := x.tokenFrom(f.Offset)
	if i >= len(x.tokens) {
		return 0, 0, false
	}
	start = x.tokens[i].Start
	depth := 0
	for j := i; ; j++ {
		if j == len(x.tokens) || depth == 0 && x.endsItem(j) {
			if j == i {
				return 0, 0, false
			}
			end = x.tokens[j-1].End
			break
		}
		switch {
		case x.is(j, "("):
			depth++
		case x.is(j, ")"):
			depth--
		}
	}
	e := parseExpr(x.read[start:end], x.env.Mode)
	return start, end, e != nil && sameExpr(e, f.Expr)
}

// endsItem says whether a token outside brackets ends an item of a select list.
func (x *texter) endsItem(i int) bool {
	if i == x.listed.from(-1) {
		return true
	}
	t := x.tokens[i]
	switch text := x.text[t.Start:t.End]; t.Kind {
	case TokPunct:
		return text == "," || text == ")"
	case TokWord:
		switch strings.ToUpper(text) {
		case "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "FOR", "LOCK", "INTO",
			"PROCEDURE", "OFFSET", "FETCH", "ON":
			return i == 0 || !x.is(i-1, ".")
		}
	}
	return false
}

// tokenFrom is the first token at or after a template offset.
func (b *block) tokenFrom(offset int) int {
	for i, t := range b.tokens {
		if t.Start >= offset {
			return i
		}
	}
	return len(b.tokens)
}

// alias is AS and the name that template bytes [start, end) give.
func (x *texter) alias(start, end int) []Part {
	parts := x.again().parts(start, end)
	if len(parts) == 1 && parts[0].Kind == PartText {
		return []Part{{Text: " AS " + quote(cut(parts[0].Text, maxName))}}
	}
	return []Part{{Text: " AS "}, {Kind: PartName, Literal: -1, Expr: parts}}
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
