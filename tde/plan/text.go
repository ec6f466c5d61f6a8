package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// texter makes of the client's text what the evaluator runs.
type texter struct {
	*block
	tree    *tree
	columns map[int]bool // template offsets at which the name of a column begins
	tables  int          // qualified names of tables that were found
	stored  int          // calls of functions that are named with a database
	calls   map[string]int
	vars    int
}

// evaluated is the client's text with the databases and the session's functions replaced. Every replacement is found
// twice, by the parser and among the tokens: a text in which the two differ is refused.
func (b *block) evaluated(t *tree, node ast.StmtNode) ([]Part, error) {
	if err := b.translate(t, node); err != nil {
		return nil, err
	}
	return b.parts(0, len(b.text)), nil
}

// translate makes the edits that evaluated speaks of.
func (b *block) translate(t *tree, node ast.StmtNode) error {
	x := &texter{block: b, tree: t, columns: map[int]bool{}, calls: map[string]int{}}
	where := &positions{}
	node.Accept(where)
	b.listed.Accept(where)
	for _, p := range slices.Concat(where.columns, b.assigned(node), b.duplicated(node)) {
		x.columns[p] = true
	}
	target := -1
	if t.target != nil {
		if target = b.targetToken(); target < 0 {
			return refuse("position", "the table of the INSERT was not found in the statement")
		}
	}
	for i := 0; i < len(b.tokens); {
		if i == target {
			i += x.twin(i)
			continue
		}
		n, err := x.token(i)
		if err != nil {
			return err
		}
		i += n
	}
	if x.tables != t.qualified() || x.stored != t.calls || x.vars != t.vars || !sameCounts(x.calls, t.asked) {
		return refuse("position", "the names of this statement on an encrypted table could not be told apart; write it more plainly")
	}
	return x.nameItems()
}

// twin puts the twin's schema in front of the name of the table that an INSERT fills, and says how many tokens that takes.
func (x *texter) twin(i int) int {
	t := x.tokens[i]
	if n := x.chain(i); n > 1 {
		x.edits = append(x.edits, edit{t.Start, t.End, []Part{{Kind: PartTwin}}})
		return 2*n - 1
	}
	x.edits = append(x.edits, edit{t.Start, t.Start, []Part{{Kind: PartTwin}, {Text: "."}}})
	return 1
}

// qualified counts the tables that the query names with their database.
func (t *tree) qualified() int {
	n := 0
	for name := range t.known {
		if name.Schema.O != "" {
			n++
		}
	}
	for name := range t.scopes.aliases {
		if name.Schema.O != "" {
			n++
		}
	}
	return n
}

func sameCounts(a, b map[string]int) bool {
	if len(a) != len(b) {
		return false
	}
	for k, n := range a {
		if b[k] != n {
			return false
		}
	}
	return true
}

// positions collects where the names of columns and the literals of a statement begin.
type positions struct {
	columns, literals []int
}

// Enter implements ast.Visitor.
func (p *positions) Enter(n ast.Node) (ast.Node, bool) {
	if e, ok := n.(*ast.ColumnNameExpr); ok {
		p.columns = append(p.columns, e.OriginTextPosition())
	}
	if at, ok := markerOf(n); ok {
		p.literals = append(p.literals, at)
	}
	return n, false
}

// Leave implements ast.Visitor.
func (p *positions) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// token reads what begins at token i, and says how many tokens it takes.
func (x *texter) token(i int) (int, error) {
	switch t := x.tokens[i]; {
	case t.Kind == TokVar:
		x.variable(t)
	case t.Kind == TokPunct && x.text[t.Start:t.End] == "." && !x.number(i):
		return 0, refuse("position", "a name that begins with a dot is not supported in a statement with an encrypted table")
	case t.Kind <= TokQuoted:
		n := x.chain(i)
		if n > 1 {
			return 2*n - 1, x.qualifiedName(i, n)
		}
		x.call(i)
	}
	return 1, nil
}

// number says whether the dot at token i is part of a number, as in 1.5.
func (x *texter) number(i int) bool {
	return i > 0 && x.tokens[i-1].Kind >= TokParam && x.tokens[i-1].End == x.tokens[i].Start
}

// chain counts the names of a.b.c at token i; a `*` counts as one.
func (b *block) chain(i int) int {
	n := 1
	for ; i+2 < len(b.tokens) && b.is(i+1, "."); i += 2 {
		if b.tokens[i+2].Kind > TokQuoted && !b.is(i+2, "*") {
			break
		}
		n++
	}
	return n
}

// ident is token i without quotes.
func (b *block) ident(i int) string {
	s := b.text[b.tokens[i].Start:b.tokens[i].End]
	if b.tokens[i].Kind == TokQuoted {
		return unquote(s)
	}
	return s
}

// qualifiedName replaces the database of db.table, db.table.column and db.table.*.
func (x *texter) qualifiedName(i, n int) error {
	last := i + 2*(n-1)
	switch {
	case n > 3:
		return refuse("position", "a name of four parts in a statement with an encrypted table is not supported")
	case n == 3:
	case x.columns[x.tokens[i].Start], x.is(last, "*"), x.ofColumn(i):
		return nil // table.column or table.*
	case last+1 < len(x.tokens) && x.is(last+1, "("):
		if x.stored++; x.env.Mode.MariaDB && among(ownSchemas, strings.ToLower(x.ident(i))) {
			return nil
		}
	default:
		x.tables++
	}
	t := x.tokens[i]
	x.edits = append(x.edits, edit{t.Start, t.End, []Part{{Kind: PartSchema, Text: x.tree.database(x.ident(i))}}})
	return nil
}

// database is a database's name as the definitions of its tables have it.
func (t *tree) database(name string) string {
	for _, b := range t.blocks {
		for _, r := range b.refs {
			if r.table != nil && t.env.Snapshot.SameName(r.table.DB, name) {
				return r.table.DB
			}
		}
	}
	return name
}

// ofColumn says whether the name at token i is the argument of DEFAULT or VALUES, which is a column.
func (x *texter) ofColumn(i int) bool {
	return i > 1 && x.is(i-1, "(") && (x.is(i-2, "DEFAULT") || x.is(i-2, "VALUES") || x.is(i-2, "VALUE"))
}

// variable replaces a system variable.
func (x *texter) variable(t Token) {
	if text := x.text[t.Start:t.End]; strings.HasPrefix(text, "@@") {
		x.vars++
		if !evaluated(text) {
			x.ask(t.Start, t.End)
		}
	}
}

// evaluated says whether the evaluator's session has a system variable as upstream's has it, so that it stays in the text: as a
// literal, its collation would weigh as much as that of the literals beside it, which is an illegal mix.
func evaluated(variable string) bool {
	name := strings.ToLower(strings.TrimPrefix(variable, "@@"))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "session."), "local.")
	return name == "collation_connection" || name == "character_set_connection"
}

// call replaces a function that only upstream's session can answer.
func (x *texter) call(i int) {
	if x.tokens[i].Kind != TokWord || i > 0 && x.is(i-1, ".") {
		return
	}
	name := strings.ToLower(x.ident(i))
	if !among(askedFunctions, name) || x.columns[x.tokens[i].Start] {
		return
	}
	end := x.tokens[i].End
	switch {
	case i+2 < len(x.tokens) && x.is(i+1, "(") && x.is(i+2, ")"):
		end = x.tokens[i+2].End
	case name != "current_user" && name != "current_role":
		return
	}
	x.calls[name]++
	x.ask(x.tokens[i].Start, end)
}

func (x *texter) ask(start, end int) {
	x.edits = append(x.edits, edit{start, end, []Part{{Kind: PartSession, Text: x.text[start:end]}}})
}
