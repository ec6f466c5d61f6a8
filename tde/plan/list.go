package plan

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// List is the key of each row of a table that fulfils conditions which upstream cannot decide and the proxy can. It is read before what
// joins the table, so that a PartKeys narrows that; where there are too many keys, it is of no use.
type List struct {
	Fetch Fetch // whose first column in SQL is the key, as upstream has it: Key or its token
	Key   *schema.Column
	// Exact: the list is that of a subquery, column [NOT] IN (SELECT Key …), and there is no going on without it.
	Exact, Not bool
	// Scalar: it is no list but what the only one of Calls comes to, over all rows that fulfil the Fetch's conditions.
	Scalar bool
	// Grouped: the keys are those of groups of rows that fulfil Having, a condition on the results of Calls. Sorted: rows with one key come
	// together.
	Grouped, Sorted bool
	Calls           []Call
	Having          []*Predicate // whose Column is an index into Calls
}

// list is the number of a reference's List, -1 if there is none: one of a table with a primary key of one column. Its conditions are those
// of the reference, and what each side of an OR asks of it.
func (n *narrower) list(r *reference) int {
	if i, ok := n.tree.listed[r]; ok {
		return i
	}
	i := -1
	if l, ok := n.listOf(r); ok {
		n.tree.lists = append(n.tree.lists, l)
		i = len(n.tree.lists) - 1
	}
	if n.tree.listed == nil {
		n.tree.listed = map[*reference]int{}
	}
	n.tree.listed[r] = i
	return i
}

func (n *narrower) listOf(r *reference) (l List, ok bool) {
	if r.table == nil || r.table.Describes() || r.table.Sequence() || n.tree.tuned() {
		return l, false
	}
	if l.Key = listKey(r.table); l.Key == nil {
		return l, false
	}
	f := &l.Fetch
	f.Table = r.table
	d := &describer{block: n.block, ref: r}
	d.find = func(e *ast.ColumnNameExpr) int {
		if !r.owns(e.Name) {
			return -1
		}
		c := r.table.Column(e.Name.Name.O)
		if c.Generated {
			return -1
		}
		i := slices.Index(d.columns, c)
		if i < 0 {
			i, d.columns = len(d.columns), append(d.columns, c)
		}
		return i
	}
	var where []Part
	for _, c := range r.conditions() {
		if !steady(c.expr) || c.supplied && !rejectsNull(c.expr) {
			continue
		}
		res := n.push(r, c)
		if res.parts != nil {
			where = appendParts(and(where), res.parts)
		}
		if res.parts != nil && (!res.widened || res.folded) {
			continue // bound or not, it is not worth a reading of the table
		}
		if p := d.implied(c.expr); p != nil {
			f.Filter = append(f.Filter, Conjunct{Predicate: p})
		}
	}
	if len(f.Filter) == 0 {
		return l, false
	}
	f.Columns = d.columns
	q := "SELECT " + quote(physical(l.Key))
	for _, c := range f.Columns {
		if c.Storage == schema.StoredCell {
			q += ", " + quote(c.Name)
		} else {
			q += ", " + c.ReadBack("")
		}
	}
	f.SQL = appendText(nil, q+" FROM "+tableName(r.table))
	if where != nil {
		f.SQL = appendParts(appendText(f.SQL, " WHERE "), where)
	}
	return l, true
}

// listKey is the column of a table's primary key, or nil: one that upstream has a token of, or a clear integer.
func listKey(t *schema.Table) *schema.Column {
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; ix.Name == "PRIMARY" && len(ix.Parts) == 1 && ix.Parts[0].Prefix == 0 {
			c := t.Column(ix.Parts[0].Column)
			if c != nil && listable(c) {
				return c
			}
		}
	}
	return nil
}

// implied describes what a condition says of the describer's columns alone: all of it, or of an OR what each of its sides says.
func (d *describer) implied(e ast.ExprNode) *Predicate {
	if p := d.predicate(e); p != nil {
		return p
	}
	sides := disjuncts(e, nil)
	if len(sides) < 2 {
		return nil
	}
	var out *Predicate
	for _, s := range sides {
		var side *Predicate
		for _, c := range conjuncts(s, nil) {
			if p := d.implied(c); p != nil && side != nil {
				side = &Predicate{Op: OpAnd, Args: []*Predicate{side, p}}
			} else if p != nil {
				side = p
			}
		}
		switch {
		case side == nil:
			return nil
		case out == nil:
			out = side
		default:
			out = &Predicate{Op: OpOr, Args: []*Predicate{out, side}}
		}
	}
	return out
}

// keys is the condition that a reference's key is in its List, or nil; table qualifies the key, quoted and with its dot.
func (n *narrower) keys(r *reference, table string) []Part {
	i := n.list(r)
	if i < 0 {
		return nil
	}
	return []Part{{Kind: PartKeys, Literal: i, Text: table + quote(physical(n.tree.lists[i].Key))}}
}

// ownLists narrows the fetches of tables whose lists are read for others anyhow.
func (n *narrower) ownLists(fetches []Fetch) {
	used := make([]bool, len(n.tree.lists))
	for i := range fetches {
		listed(fetches[i].SQL, used)
	}
	for i := range fetches {
		f := &fetches[i]
		refs := n.tree.references(f.Table)
		if len(refs) != 1 || f.Lock != "" || slices.Contains(n.tree.whole, f.Table) || slices.ContainsFunc(f.SQL, func(p Part) bool { return p.Kind == PartTop }) {
			continue
		}
		k, ok := n.tree.listed[refs[0]]
		if !ok || k < 0 || !used[k] {
			continue
		}
		f.SQL = appendParts(appendText(f.SQL, map[bool]string{true: " WHERE ", false: " AND "}[f.Full]), n.keys(refs[0], ""))
		f.Full = false
	}
}

// listed marks the lists that narrow a fetch.
func listed(parts []Part, used []bool) {
	for _, p := range parts {
		switch p.Kind {
		case PartKeys:
			used[p.Literal] = true
		case PartJoin:
			listed(p.Expr, used)
		}
	}
}
