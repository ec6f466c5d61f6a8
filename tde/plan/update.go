package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// updatePlan plans UPDATE of one protected table with constants.
func (b *block) updatePlan(s *ast.UpdateStmt) (Plan, error) {
	if s.MultipleTable || s.With != nil || s.IgnoreErr || hintsSetVariables(s.TableHints) {
		return nil, refuse("update", "UPDATE IGNORE, WITH and UPDATE of several tables with an encrypted table are not supported")
	}
	if err := b.single(s.TableRefs.TableRefs, "update"); err != nil {
		return nil, err
	}
	if err := b.filter(s.Where, s.Order); err != nil {
		return nil, err
	}
	u := &updater{block: b, table: b.sources[0].table}
	if u.table == nil {
		return nil, refuse("update", "UPDATE of a table that is not encrypted by what encrypted tables hold is not supported")
	}
	if u.table.Decided() {
		return nil, refuse("decided", "an UPDATE of an encrypted table with CHECK constraints or generated columns needs the evaluator, which is off")
	}
	if err := u.assignments(s); err != nil {
		return nil, err
	}
	if len(u.sets) == 0 && !u.onUpdate {
		return &Rewrite{Verb: "UPDATE", Head: b.parts(0, len(b.text)), Tables: b.tables()}, nil
	}
	return u.plan()
}

// deletesNowhere is the error of a DELETE of several tables that names one to delete from without a database, aliases too, where none is current: servers
// look at nothing else before. It is nil for other statements.
func deletesNowhere(node ast.StmtNode, env *Env) *Refuse {
	s, ok := node.(*ast.DeleteStmt)
	if !ok || !s.IsMultiTable || env.DB != "" || s.Tables == nil {
		return nil
	}
	if slices.ContainsFunc(s.Tables.Tables, func(n *ast.TableName) bool { return n.Schema.O == "" }) {
		return refuseMySQL("no-database", 1046, "3D000", "No database selected")
	}
	return nil
}

// deletePlan plans DELETE from one protected table.
func (b *block) deletePlan(s *ast.DeleteStmt) (Plan, error) {
	if s.IsMultiTable || s.With != nil || s.IgnoreErr || hintsSetVariables(s.TableHints) {
		return nil, refuse("delete", "DELETE IGNORE, WITH and DELETE from several tables with an encrypted table are not supported")
	}
	if err := b.single(s.TableRefs.TableRefs, "delete"); err != nil {
		return nil, err
	}
	if err := b.filter(s.Where, s.Order); err != nil {
		return nil, err
	}
	return &Rewrite{Verb: "DELETE", Head: b.parts(0, len(b.text)), Tables: b.tables()}, nil
}

// single requires that the statement names one table.
func (b *block) single(refs *ast.Join, reason string) error {
	if refs.Right != nil {
		return refuse(reason, "%s of several tables with an encrypted table is not supported", strings.ToUpper(reason))
	}
	return b.from(refs)
}

func (b *block) filter(where ast.ExprNode, order *ast.OrderByClause) error {
	if err := b.cond(where); err != nil {
		return err
	}
	if order == nil {
		return nil
	}
	for _, item := range order.Items {
		if err := b.clear(item.Expr); err != nil {
			return err
		}
	}
	return nil
}

// updater plans the SET list of one UPDATE.
type updater struct {
	*block
	table    *schema.Table
	sets     []Set
	sealed   []Part   // assignments of sealed columns and tokens
	clearSet [][2]int // template bytes of the others
	onUpdate bool
	keyed    bool // a column of the primary key is set: it cannot tell rows apart then
	set      int  // token of SET
	tail     int  // template offset where the SET list ends
	where    int  // token of WHERE, or -1
	whereEnd int  // template offset
}

func (u *updater) assignments(s *ast.UpdateStmt) error {
	if err := u.locate(); err != nil {
		return err
	}
	end := u.tokenIndex(u.tail)
	ranges := u.split(u.set+1, end)
	if len(ranges) != len(s.List) {
		return refuse("position", "the assignments of the UPDATE were not found in the statement")
	}
	assigned := map[*schema.Column]bool{}
	for i, a := range s.List {
		c := u.table.Column(a.Column.Name.O)
		if c == nil {
			return unknownColumn(a.Column.Name.O, "SET", u.env.Mode)
		}
		if assigned[c] {
			return refuse("update", "column %s is assigned twice", columnName(u.table, c))
		}
		assigned[c] = true
		u.keyed = u.keyed || inPrimary(u.table, c)
		if sealed(c) == nil {
			if err := u.clear(a.Expr); err != nil {
				return err
			}
			u.clearSet = append(u.clearSet, u.bytes(ranges[i : i+1])[0])
			continue
		}
		at := u.bytes(ranges[i : i+1])[0]
		if eq := u.find(ranges[i], "="); eq >= 0 && eq+1 < ranges[i][1] {
			at[0] = u.tokens[eq+1].Start
		}
		if err := u.assign(c, a.Expr, at); err != nil {
			return err
		}
	}
	return u.touch(assigned)
}

// locate finds SET and WHERE and where their clauses end.
func (u *updater) locate() error {
	u.set, u.where = u.word("SET"), u.word("WHERE")
	if u.set < 0 {
		return refuse("position", "the assignments of the UPDATE were not found in the statement")
	}
	u.whereEnd = len(u.text)
	for _, w := range []string{"ORDER", "LIMIT"} {
		if i := findWord(u.text, u.tokens, w, u.set); i >= 0 {
			u.whereEnd = min(u.whereEnd, u.tokens[i].Start)
		}
	}
	u.tail = u.whereEnd
	if u.where >= 0 {
		u.tail = u.tokens[u.where].Start
	}
	return nil
}

// tokenIndex is the first token at or after a template offset.
func (u *updater) tokenIndex(offset int) int {
	for i, t := range u.tokens {
		if t.Start >= offset {
			return i
		}
	}
	return len(u.tokens)
}

func (u *updater) assign(c *schema.Column, e ast.ExprNode, at [2]int) error {
	p, hidden, err := u.value(u.table, c, e, at)
	if err != nil {
		return err
	}
	if p.Kind == PartText && p.Text == "DEFAULT" || p.Kind == PartText && c.NotNull || p.Form == DefaultCell && c.DefaultImplied {
		return refuse("update-null", "column %s has no default and cannot be NULL", columnName(u.table, c))
	}
	u.sets = append(u.sets, Set{Column: c, Literal: p.Literal, Null: p.Kind == PartText, Form: p.Form, Expr: p.Expr})
	u.seal(c, p, hidden)
	return nil
}

// seal assigns a cell and the columns beside it.
func (u *updater) seal(c *schema.Column, p Part, hidden []Part) {
	u.sealed = append(u.sealed, setParts(c.Name, p)...)
	for i, name := range c.Hidden() {
		u.sealed = append(u.sealed, setParts(name, hidden[i])...)
	}
}

func setParts(name string, p Part) []Part {
	return []Part{{Text: ", " + quote(name) + " = "}, p}
}

// touch adds the columns with ON UPDATE CURRENT_TIMESTAMP that the statement does not set.
func (u *updater) touch(assigned map[*schema.Column]bool) error {
	for i := range u.table.Columns {
		c := &u.table.Columns[i]
		if !c.OnUpdateNow || sealed(c) == nil || assigned[c] {
			continue
		}
		if len(u.clearSet) > 0 {
			return refuse("on-update", "column %s has ON UPDATE CURRENT_TIMESTAMP; an UPDATE that also sets columns that are not encrypted is not supported",
				columnName(u.table, c))
		}
		u.onUpdate = true
		p, hidden, err := cellParts(Part{Kind: PartValue, Literal: -1, Form: NowCell, Table: u.table, Column: c}, NowToken)
		if err != nil {
			return err
		}
		u.seal(c, p, hidden)
	}
	return nil
}

func (u *updater) plan() (Plan, error) {
	p := &ReadModifyWrite{Table: u.table, Sets: u.sets, OnUpdate: u.onUpdate, Identity: identity(u.table)}
	if u.keyed {
		p.Identity = nil
	}
	head := u.parts(0, u.tokens[u.set].End)
	var clear []Part
	for _, r := range u.clearSet {
		clear = appendText(clear, ", ")
		for _, part := range u.parts(r[0], r[1]) {
			clear = appendPart(clear, part)
		}
	}
	p.Update = u.statement(head, append(append([]Part(nil), clear...), u.sealed...))
	if len(clear) > 0 {
		p.Rest = u.statement(head, clear)
	}
	p.Fetch = u.fetch(p.Identity)
	return p, nil
}

// statement joins a head, assignments that each start with a comma, and the filter.
func (u *updater) statement(head, sets []Part) []Part {
	out := append([]Part(nil), head...)
	first := sets[0]
	first.Text = " " + strings.TrimPrefix(first.Text, ", ")
	out = appendPart(out, first)
	for _, part := range sets[1:] {
		out = appendPart(out, part)
	}
	return u.filtered(out)
}

// filtered adds WHERE, ORDER BY and LIMIT with room for one more condition.
func (u *updater) filtered(out []Part) []Part {
	add := func(parts []Part) {
		for _, part := range parts {
			out = appendPart(out, part)
		}
	}
	if u.where >= 0 {
		out = appendText(out, " WHERE (")
		add(u.parts(u.tokens[u.where].End, u.whereEnd))
		out = appendText(out, ") ")
		out = append(out, Part{Kind: PartExtra, Text: "AND"})
	} else {
		out = append(out, Part{Kind: PartExtra, Text: " WHERE"})
	}
	if u.whereEnd < len(u.text) {
		out = appendText(out, " ")
		add(u.parts(u.whereEnd, len(u.text)))
	}
	return out
}

// fetch reads what decides whether a row changes.
func (u *updater) fetch(ids []Identity) []Part {
	q := "SELECT "
	sep := ""
	for _, id := range ids {
		q += sep + quote(id.Name)
		sep = ", "
	}
	for _, s := range u.sets {
		q += sep + quote(s.Column.Name)
		sep = ", "
	}
	out := []Part{{Text: q + " FROM "}}
	from := u.tokens[u.word("UPDATE")+1].Start
	if u.is(u.word("UPDATE")+1, "LOW_PRIORITY") {
		from = u.tokens[u.word("UPDATE")+2].Start
	}
	for _, part := range u.parts(from, u.tokens[u.set].Start) {
		out = appendPart(out, part)
	}
	return appendText(u.filtered(out), " FOR UPDATE")
}

// assigned are the places of the names of the columns that an UPDATE sets.
func (b *block) assigned(node ast.StmtNode) (at []int) {
	u := &updater{block: b}
	if s, ok := node.(*ast.UpdateStmt); !ok || len(s.List) == 0 || u.locate() != nil {
		return nil
	}
	for _, r := range u.split(u.set+1, u.tokenIndex(u.tail)) {
		at = append(at, b.tokens[r[0]].Start)
	}
	return at
}

func inPrimary(t *schema.Table, c *schema.Column) bool {
	for _, ix := range t.Indexes {
		if ix.Name != "PRIMARY" {
			continue
		}
		for _, part := range ix.Parts {
			if strings.EqualFold(part.Column, c.Name) {
				return true
			}
		}
	}
	return false
}

// identity finds the physical columns of the primary key, where each is a token or a clear integer.
func identity(t *schema.Table) []Identity {
	for _, ix := range t.Indexes {
		if ix.Name != "PRIMARY" {
			continue
		}
		var ids []Identity
		for _, part := range ix.Parts {
			c := t.Column(part.Column)
			switch {
			case c == nil:
				return nil
			case sealed(c) != nil && c.Token:
				ids = append(ids, Identity{Name: t.KeyColumn(&ix, part), Binary: true})
			case c.Storage == schema.StoredClear && c.AutoIncrement:
				ids = append(ids, Identity{Name: c.Name})
			default:
				return nil
			}
		}
		return ids
	}
	return nil
}
