package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// limit is the ORDER BY and LIMIT of a query that names one table once and has conditions that upstream decides, all of
// them: then the first rows that upstream finds are the query's, and the fetch needs no more. The evaluator orders them
// again and skips those before an offset.
//
// Without an order that tells all rows apart, any rows would be right. But who reads a table page by page without one counts
// on the order in which the server happens to read it, so that of upstream and the evaluator must be one: that of the primary key.
func (n *narrower) limit(refs []*reference) []Part {
	if len(n.tree.blocks) != 1 || len(n.tree.blocks[0].refs) != 1 || len(refs) != 1 {
		return nil
	}
	r := refs[0]
	s := r.block.stmt
	if s.Limit == nil || s.Distinct || s.GroupBy != nil || s.Having != nil || len(s.WindowSpecs) > 0 || s.With != nil ||
		s.SelectStmtOpts != nil && s.CalcFoundRows || s.Fields != nil && grouped(s.Fields) || !n.allPushed(r, s.OrderBy == nil) {
		return nil
	}
	order, ok := r.ordered(!n.locks)
	if !ok || order == "" && (!clustered(r.table) || n.tree.indexOnly(r)) {
		return nil
	}
	count := Part{Kind: PartLimit, Literal: -1}
	for _, e := range []ast.ExprNode{s.Limit.Count, s.Limit.Offset} {
		if e == nil {
			continue
		}
		i, ok := n.literal(e)
		if !ok {
			return nil
		}
		count.Expr = append(count.Expr, Part{Kind: PartValue, Literal: i, Form: Clear})
	}
	return []Part{{Kind: PartTop, Literal: -1, Expr: append(appendText(nil, order), count)}}
}

// allPushed says whether upstream decides every condition of the reference's block, where its values can be bound; unordered
// asks that it finds rows in the order of the logical table, too, whichever index it takes: rows of one value come in the order
// of the primary key, those of several come in an order that tokens do not have.
func (n *narrower) allPushed(r *reference, unordered bool) bool {
	var equal []*schema.Column
	for _, c := range r.conditions() {
		res := n.push(r, c)
		if res.parts == nil || res.widened {
			return false
		}
		if !unordered || !slices.ContainsFunc(res.parts, func(p Part) bool { return p.Kind == PartCondition }) {
			continue
		}
		col := equalsToken(c.expr, res.parts)
		if col == nil {
			return false
		}
		equal = append(equal, col)
	}
	return len(equal) == 0 || inKeyOrder(r.table, equal)
}

// equalsToken is the column of a condition `column = constant` that upstream decides by the column's equality token; else nil.
func equalsToken(e ast.ExprNode, parts []Part) *schema.Column {
	if op, ok := unparen(e).(*ast.BinaryOperationExpr); !ok || op.Op != opcode.EQ || len(parts) != 1 {
		return nil
	}
	var col *schema.Column
	for _, p := range parts[0].Expr {
		if p.Kind != PartValue {
			continue
		}
		if p.Form != CompareToken || col != nil {
			return nil
		}
		col = p.Column
	}
	return col
}

// inKeyOrder says whether the indexes that find rows by some columns' values give them in the order of the primary key.
func inKeyOrder(t *schema.Table, equal []*schema.Column) bool {
	in := func(p schema.IndexPart) bool {
		return slices.ContainsFunc(equal, func(c *schema.Column) bool { return strings.EqualFold(c.Name, p.Column) })
	}
	return !slices.ContainsFunc(t.Indexes, func(ix schema.Index) bool {
		return ix.Name != "PRIMARY" && slices.ContainsFunc(ix.Parts, in) &&
			slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool { return !in(p) })
	})
}

// clustered says whether upstream keeps a table's rows in the order of the logical table's primary key.
func clustered(t *schema.Table) bool {
	i := slices.IndexFunc(t.Indexes, func(ix schema.Index) bool { return ix.Name == "PRIMARY" })
	return i >= 0 && !slices.ContainsFunc(t.Indexes[i].Parts, func(p schema.IndexPart) bool {
		c := t.Column(p.Column)
		return c == nil || sealed(c) != nil
	})
}

// indexOnly says whether the server could answer from an index alone, in the index's order. Upstream's index is of tokens.
func (t *tree) indexOnly(r *reference) bool {
	if r.starred() {
		return false
	}
	primary := &schema.Index{}
	for i := range r.table.Indexes {
		if r.table.Indexes[i].Name == "PRIMARY" {
			primary = &r.table.Indexes[i]
		}
	}
	return slices.ContainsFunc(r.table.Indexes, func(ix schema.Index) bool {
		return ix.Name != "PRIMARY" && !slices.ContainsFunc(r.table.Columns, func(c schema.Column) bool {
			used := slices.ContainsFunc(t.names, func(n *ast.ColumnName) bool { return couldMean(n, &c, []*reference{r}) })
			return used && !covers(&ix, &c) && !covers(primary, &c)
		})
	})
}

// ordered is the ORDER BY of a reference's block as far as it tells all rows apart, where upstream orders so as well; ok says
// that it does, or that there is none. With tokens it may be by order tokens, and then leave open which of equal rows comes
// first, as the query does.
func (r *reference) ordered(tokens bool) (text string, ok bool) {
	s := r.block.stmt
	if s.OrderBy == nil {
		return "", true
	}
	var by []*schema.Column
	open := false
	text = " ORDER BY "
	for i, item := range s.OrderBy.Items {
		c, ok := unparen(item.Expr).(*ast.ColumnNameExpr)
		if !ok || !r.owns(c.Name) || r.block.aliased(c.Name.Name.O) {
			return "", false
		}
		col := r.table.Column(c.Name.Name.O)
		name := col.Name
		switch {
		case tokens && ordered(col):
			name, open = col.OrderColumn(), true
		case sealed(col) != nil || !sortable(col):
			return "", false
		}
		if i > 0 {
			text += ", "
		}
		text += quote(name)
		if item.Desc {
			text += " DESC"
		}
		if by = append(by, col); distinct(r.table, by) {
			return text, true
		}
	}
	return text, open
}

// distinct says whether no two rows of a table are alike in some columns.
func distinct(t *schema.Table, by []*schema.Column) bool {
	in := func(p schema.IndexPart) bool {
		return p.Prefix == 0 && slices.ContainsFunc(by, func(c *schema.Column) bool { return c.NotNull && strings.EqualFold(c.Name, p.Column) })
	}
	return slices.ContainsFunc(t.Indexes, func(ix schema.Index) bool {
		return ix.Unique && !slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool { return !in(p) })
	})
}

// sortable says whether the whole of a column's values decides their order.
func sortable(c *schema.Column) bool {
	switch c.Kind {
	case schema.KindJSON, schema.KindGeometry, schema.KindTinyText, schema.KindText, schema.KindMediumText, schema.KindLongText,
		schema.KindTinyBlob, schema.KindBlob, schema.KindMediumBlob, schema.KindLongBlob:
		return false
	}
	return true
}
