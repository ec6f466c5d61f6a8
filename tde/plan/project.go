package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Projection says that upstream can do all of a query but expressions of its select list, which the proxy computes of each row as it
// passes. The definitions of its result are those that the evaluator has given for the same text before; where there are none yet,
// and where a value turns up of which only a server knows what becomes, the Split is done as if there were no Projection.
type Projection struct {
	// Query has columns in place of the expressions.
	Query Rewrite
	// Columns are the encrypted ones among the columns of Query's result, nil for others.
	Columns []*schema.Column
	Items   []ProjectedItem
	// Literals are those within expressions. They stay here, and with the text decide the definitions.
	Literals []int
}

// ProjectedItem is a column of the client's result.
type ProjectedItem struct {
	Output int         // a column of Query's result, which is the item where Expr is nil
	Expr   *Expression // of others
}

// projecting is a Projection that is being planned.
type projecting struct {
	out   Projection
	ends  []int // of the items, as tokens
	items int
	expresser
	own   []column // those that the item at work reads
	first int      // their first output
}

// projection plans a query whose select list alone needs plaintext, or returns nil.
func (n *narrower) projection(s *ast.SelectStmt, split *Split) *Projection {
	u := &split.Uses
	if n.read != n.text || !n.projectsInOrder(s, split) || s.Distinct || s.GroupBy != nil || s.Having != nil || s.SelectStmtOpts != nil && s.SelectStmtOpts.CalcFoundRows ||
		len(u.UserIn)+len(u.UserOut)+len(u.Functions) > 0 || u.NoRows || u.Analyses || split.Asks ||
		slices.ContainsFunc(split.Text, func(p Part) bool { return p.Kind == PartSession }) {
		return nil
	}
	b := n.block.again()
	p := &projecting{}
	p.expresser = expresser{d: describer{block: b, find: p.column}}
	if !p.bounds(b, len(s.Fields.Fields)) {
		return nil
	}
	b.project = p
	q, err := b.selectPlan(s)
	if err != nil {
		return nil
	}
	r, ok := q.(*Rewrite)
	if !ok || r.Star || len(p.out.Items) == 0 {
		return nil
	}
	for _, o := range r.Outputs {
		if o.Computed {
			return nil
		}
		p.out.Columns = append(p.out.Columns, o.Column)
	}
	for _, part := range r.Head {
		for _, l := range p.literals {
			if part.Kind != PartText && part.Literal == l {
				return nil // what is computed here is not for upstream
			}
		}
	}
	p.out.Query, p.out.Literals = *r, p.literals
	return &p.out
}

// projectsInOrder says whether upstream gives the rows of a query in the order in which a plain server does, as far as that is certain, and
// with LIMIT the same rows.
func (n *narrower) projectsInOrder(s *ast.SelectStmt, split *Split) bool {
	if len(n.tree.blocks) != 1 || slices.ContainsFunc(n.tree.blocks[0].refs, func(r *reference) bool { return r.table == nil || r.table.Describes() }) {
		return false
	}
	refs := n.tree.blocks[0].refs
	if s.Limit != nil {
		return len(refs) == 1 && slices.ContainsFunc(split.Fetches[0].SQL, func(p Part) bool { return p.Kind == PartTop })
	}
	if len(refs) != 1 {
		return s.OrderBy != nil
	}
	r := refs[0]
	if n.atMostOne(r) {
		return true
	}
	order, ok := r.ordered(!n.locks)
	return ok && (order != "" || clustered(r.table) && !n.tree.indexOnly(r) && n.allPushed(r, true))
}

// atMostOne says whether a reference's conditions fix the values of a unique key.
func (n *narrower) atMostOne(r *reference) bool {
	var fixed []*schema.Column
	for _, c := range r.conditions() {
		e, ok := unparen(c.expr).(*ast.BinaryOperationExpr)
		if !ok || e.Op != opcode.EQ {
			continue
		}
		for _, sides := range [2][2]ast.ExprNode{{e.L, e.R}, {e.R, e.L}} {
			name, ok := unparen(sides[0]).(*ast.ColumnNameExpr)
			if _, literal := n.literal(sides[1]); ok && literal && r.owns(name.Name) {
				fixed = append(fixed, r.table.Column(name.Name.Name.O))
			}
		}
	}
	return distinct(r.table, fixed)
}

// bounds finds where each item of the select list ends.
func (p *projecting) bounds(b *block, n int) bool {
	depth := 0
	for i := range b.tokens {
		switch {
		case b.is(i, "("):
			depth++
		case b.is(i, ")"):
			depth--
		case depth == 0 && b.is(i, ","):
			p.ends = append(p.ends, i)
		case depth == 0 && b.is(i, "FROM"):
			p.ends = append(p.ends, i)
			return len(p.ends) == n
		}
	}
	return false
}

// star notes the items that a wildcard stands for: outputs from..to.
func (p *projecting) star(from, to int) {
	for i := from; i < to; i++ {
		p.out.Items = append(p.out.Items, ProjectedItem{Output: i})
	}
	p.items++
}

// expression makes an item one that is computed here, of columns that upstream gives in its place; done is false where it needs none.
func (p *projecting) expression(b *block, f *ast.SelectField, outs *outputs) (done bool, err error) {
	if b.clear(f.Expr) == nil {
		return false, nil
	}
	p.own, p.first = nil, len(outs.list)
	literals := len(p.literals)
	e := p.describe(f.Expr)
	start := b.tokenAt(f.Offset)
	if e == nil || start < 0 || len(p.own) == 0 {
		return false, refuse("expression", "an expression that the proxy does not compute")
	}
	end := b.tokens[p.ends[p.items]-1].End
	if b.tokens[start].Kind == TokParam || !p.within(b, literals, b.tokens[start].Start, end) {
		return false, refuse("position", "a literal was not found in the statement")
	}
	var names []string
	for _, c := range p.own {
		names = append(names, quote(c.src.alias)+"."+quote(c.col.Name))
		b.output(outs, c, item{alias: f.AsName.O})
	}
	b.edits = append(b.edits, edit{b.tokens[start].Start, end, []Part{{Text: strings.Join(names, ", ")}}})
	p.out.Items = append(p.out.Items, ProjectedItem{Output: p.first, Expr: e})
	p.items++
	return true, nil
}

// within says whether the literals between two places are those of the item's expression.
func (p *projecting) within(b *block, from, start, end int) bool {
	n := 0
	for at := range b.params {
		if at >= start && at < end {
			n++
		}
	}
	return n == len(p.literals)-from
}

// column is the output that an expression's column is, or -1.
func (p *projecting) column(e *ast.ColumnNameExpr) int {
	c, err := p.d.resolve(e)
	if err != nil || c.col == nil || c.col.Generated || !p.d.unique(c.src) {
		return -1
	}
	for i := range p.own {
		if p.own[i].src == c.src && p.own[i].col == c.col {
			return p.first + i
		}
	}
	p.own = append(p.own, c)
	for len(p.d.columns) < p.first+len(p.own) {
		p.d.columns = append(p.d.columns, c.col)
	}
	p.d.columns[p.first+len(p.own)-1] = c.col
	return p.first + len(p.own) - 1
}

// unique says whether a source's alias names it and no other.
func (b *block) unique(src *source) bool {
	n := 0
	for i := range b.sources {
		if sameIdent(b.sources[i].alias, src.alias) {
			n++
		}
	}
	return n == 1
}
