package plan

import (
	"slices"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// viewed are the conditions that narrow a table which a query reads by one view alone, where rows of the view are rows of the table and
// the conditions are on columns of the same names; nil where every row is needed.
func (n *narrower) viewed(table *schema.Table, seen *decided) []Part {
	in := n.soleView(table)
	if in == nil {
		return nil
	}
	w, _ := in.writes()
	var refs []*reference
	for _, b := range n.tree.blocks {
		for _, r := range b.refs {
			if r.view == in.use.View {
				refs = append(refs, r)
			}
		}
	}
	var out []Part
	for i, r := range refs {
		c := n.viewConditions(r, &w, seen)
		switch {
		case c == nil:
			return nil
		case len(refs) == 1:
			return appendParts([]Part{{Text: " WHERE "}}, c)
		case i == 0:
			out = []Part{{Text: " WHERE ("}}
		default:
			out = appendText(out, " OR (")
		}
		out = appendText(appendParts(out, c), ")")
	}
	return out
}

// soleView is the view by which alone a query reads a table, if its rows are the table's.
func (n *narrower) soleView(table *schema.Table) (sole *readView) {
	t := n.tree
	whole := 0
	for _, o := range t.whole {
		if o == table {
			whole++
		}
	}
	if whole != 1 || len(t.references(table)) > 0 || slices.Contains(t.unread, table) {
		return nil
	}
	for _, in := range t.views {
		if !slices.Contains(in.tables(), table) {
			continue
		}
		if sole != nil {
			return nil
		}
		sole = in
	}
	if sole == nil {
		return nil
	}
	w, ok := sole.writes()
	if !ok || len(w.tables) != 1 || !w.single() {
		return nil
	}
	for _, in := range w.chain {
		if s := in.blocks[0].stmt; !rowByRow(s) || s.Distinct {
			return nil
		}
	}
	return sole
}

// viewConditions are the conditions on a view's rows that upstream decides of its table's.
func (n *narrower) viewConditions(r *reference, w *writableView, seen *decided) (out []Part) {
	as := &reference{block: r.block, table: w.tables[0], db: r.view.DB, alias: r.alias, path: r.path}
	for _, c := range r.conditions() {
		v := &namesVisitor{}
		if c.expr.Accept(v); v.reads || slices.ContainsFunc(v.names, func(name string) bool { return !w.passes(name) }) {
			continue
		}
		res := n.block.push(as, c)
		if seen.note(c.expr, res.parts != nil && !res.widened, res.why); res.parts != nil {
			out = appendParts(and(out), res.parts)
		}
	}
	return out
}

// passes says whether a name is that of a view's column which is the table's of the same name, or of no column of the table.
func (w *writableView) passes(name string) bool {
	if w.tables[0].Column(name) == nil {
		return true
	}
	found := false
	for _, c := range w.columns {
		if !sameIdent(c.name, name) {
			continue
		}
		if found || c.column == nil || c.column.Name != c.name || c.collated {
			return false
		}
		found = true
	}
	return found
}
