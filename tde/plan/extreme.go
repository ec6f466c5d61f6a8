package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// extreme is the first or last value of a column that a query asks for.
type extreme struct {
	column *schema.Column
	max    bool
}

// extremes is what narrows the fetch of a query that asks for nothing but MIN and MAX of columns by order tokens to rows
// that have them; where is the fetch's own condition.
func (n *narrower) extremes(refs []*reference, where []Part) []Part {
	if n.locks || len(n.tree.blocks) != 1 || len(n.tree.blocks[0].refs) != 1 || len(refs) != 1 {
		return nil
	}
	r := refs[0]
	s := r.block.stmt
	if s.Limit != nil || s.Distinct || s.GroupBy != nil || s.Having != nil || s.OrderBy != nil || len(s.WindowSpecs) > 0 || s.With != nil ||
		s.Fields == nil || !n.allPushed(r, false) {
		return nil
	}
	all, ok := r.asked()
	if !ok {
		return nil
	}
	out := Part{Kind: PartTop, Literal: -1}
	join := " WHERE "
	if where != nil {
		join = " AND "
	}
	if len(all) == 1 {
		name := quote(all[0].column.OrderColumn())
		out.Expr = []Part{{Text: join + name + " IS NOT NULL ORDER BY " + name + map[bool]string{true: " DESC"}[all[0].max] + " LIMIT 1"}}
		return []Part{out}
	}
	out.Expr = appendText(out.Expr, join+"(")
	for i, x := range all {
		name := quote(x.column.OrderColumn())
		fn := map[bool]string{false: "MIN(", true: "MAX("}[x.max]
		text := name + " = (SELECT " + fn + name + ") FROM " + tableName(r.table)
		if i > 0 {
			text = " OR " + text
		}
		out.Expr = appendText(appendParts(appendText(out.Expr, text), where), ")")
	}
	out.Expr = appendText(out.Expr, ") LIMIT 18446744073709551615") // whatever sql_select_limit is
	return []Part{out}
}

// asked are the least and greatest values that a reference's block selects, if it selects nothing else.
func (r *reference) asked() (all []extreme, ok bool) {
	for _, f := range r.block.stmt.Fields.Fields {
		if f.WildCard != nil {
			return nil, false
		}
		a, ok := unparen(f.Expr).(*ast.AggregateFuncExpr)
		if !ok || len(a.Args) != 1 {
			return nil, false
		}
		x := extreme{max: strings.EqualFold(a.F, "max")}
		name, ok := unparen(a.Args[0]).(*ast.ColumnNameExpr)
		if !ok || !x.max && !strings.EqualFold(a.F, "min") || !r.owns(name.Name) {
			return nil, false
		}
		if x.column = r.table.Column(name.Name.Name.O); !comparesOrdered(x.column) {
			return nil, false
		}
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all, len(all) > 0
}
