package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// source is one table of a FROM clause.
type source struct {
	db, alias string
	table     *schema.Table // nil: not protected; its columns are unknown
}

// block plans one statement: it resolves names, and collects what becomes of the text.
type block struct {
	env     *Env
	text    string
	read    string // what the parser has read: text, or its reading
	tokens  []Token
	params  map[int]int // template offset of a `?` -> index of its literal
	sources []source
	forms   map[int]Part // by literal: those that do not go as they came
	edits   []edit
	widens  bool        // a condition may let more rows pass than the statement's
	negated bool        // within NOT, which servers move into what it negates
	widened bool        // one does
	project *projecting // nil: expressions of the select list are upstream's
	grouped bool        // the template's row group stands for several
	listed  *returnList // of RETURNING, where the evaluator computes it
}

// edit replaces template bytes [start, end).
type edit struct {
	start, end int
	parts      []Part
}

func newBlock(env *Env, text string, tokens []Token) *block {
	b := &block{env: env, text: text, read: text, tokens: tokens, params: map[int]int{}, forms: map[int]Part{}}
	for _, t := range tokens {
		if t.Kind == TokParam {
			b.params[t.Start] = len(b.params)
		}
	}
	return b
}

// again is a block over the same statement in which nothing has been planned.
func (b *block) again() *block {
	c := newBlock(b.env, b.text, b.tokens)
	c.read, c.listed = b.read, b.listed
	return c
}

// from collects the tables of a FROM clause.
func (b *block) from(node ast.ResultSetNode) error {
	switch n := node.(type) {
	case nil:
		return nil
	case *ast.Join:
		if n.NaturalJoin || len(n.Using) > 0 {
			return refuse("join-using", "NATURAL JOIN and USING with an encrypted table are not supported; use ON")
		}
		if err := b.from(n.Left); err != nil {
			return err
		}
		if n.Right == nil {
			return nil
		}
		return b.from(n.Right)
	case *ast.TableSource:
		name, ok := n.Source.(*ast.TableName)
		if !ok {
			return refuse("derived-table", "a derived table in a statement with an encrypted table is not supported")
		}
		return b.table(name, n.AsName.O)
	}
	return refuse("from", "this FROM clause with an encrypted table is not supported")
}

func (b *block) table(name *ast.TableName, alias string) error {
	if len(name.PartitionNames) > 0 || name.AsOf != nil || name.TableSample != nil {
		return refuse("table-option", "PARTITION, AS OF and TABLESAMPLE with an encrypted table are not supported")
	}
	db := name.Schema.O
	if db == "" {
		db = b.env.DB
	}
	if alias == "" {
		alias = name.Name.O
	}
	if t := b.env.Snapshot.Lookup(db, name.Name.O); t != nil && t.IsView() {
		return refuse("view", "view %s can only be read by the evaluator", tableName(t))
	}
	b.sources = append(b.sources, source{db: db, alias: alias, table: b.env.Snapshot.Lookup(db, name.Name.O)})
	return nil
}

// column is what a name in the statement means.
type column struct {
	src  *source
	col  *schema.Column // nil: clear
	name string         // as the statement has it
	pos  int            // of its first token
	qual int            // qualifiers before the name
}

// resolve finds the column that a name means. Names that no protected table has are clear: upstream resolves them.
func (b *block) resolve(e *ast.ColumnNameExpr) (column, error) {
	n := e.Name
	c := column{name: n.Name.O, pos: e.OriginTextPosition()}
	if strings.HasPrefix(strings.ToLower(c.name), schema.Prefix) {
		return c, unknownColumn(c.name, "SELECT", b.env.Mode)
	}
	if n.Schema.O != "" {
		c.qual++
	}
	if n.Table.O != "" {
		c.qual++
		return b.qualified(c, n)
	}
	return b.unqualified(c)
}

func (b *block) qualified(c column, n *ast.ColumnName) (column, error) {
	for i := range b.sources {
		s := &b.sources[i]
		if !strings.EqualFold(s.alias, n.Table.O) || n.Schema.O != "" && !strings.EqualFold(s.db, n.Schema.O) {
			continue
		}
		if c.src != nil {
			return c, refuse("ambiguous-table", "two tables of the statement go by the name %s", quote(n.Table.O))
		}
		c.src = s
	}
	if c.src != nil && c.src.table != nil {
		c.col = sealed(c.src.table.Column(c.name))
	}
	return c, nil
}

func (b *block) unqualified(c column) (column, error) {
	matches, clear := 0, 0
	for i := range b.sources {
		s := &b.sources[i]
		if s.table == nil {
			clear++
			continue
		}
		if col := s.table.Column(c.name); col != nil {
			matches++
			if sealed(col) != nil {
				c.src, c.col = s, col
			}
		}
	}
	if c.col == nil {
		return c, nil
	}
	if matches > 1 {
		return c, refuseMySQL("ambiguous-column", codeAmbiguous, "23000", "Column '"+c.name+"' in field list is ambiguous")
	}
	if clear > 0 {
		return c, refuse("unqualified-column", "column %s must be qualified by its table in a join with a table that is not encrypted", quote(c.name))
	}
	return c, nil
}

// sealed returns c where upstream stores it as cells.
func sealed(c *schema.Column) *schema.Column {
	if c == nil || c.Storage == schema.StoredClear {
		return nil
	}
	return c
}

// useToken makes the statement speak of c's equality token where it names c.
func (b *block) useToken(c column) error {
	if !c.col.Token {
		return refuse("no-token", "column %s has no index, so the server cannot compare it; give it an index", columnName(c.src.table, c.col))
	}
	return b.rename(c, c.col.TokenColumn())
}

// rename makes the statement name a physical column where it names c.
func (b *block) rename(c column, name string) error {
	t, ok := b.nameToken(c)
	if !ok {
		return refuse("position", "the name of column %s was not found in the statement", columnName(c.src.table, c.col))
	}
	b.edits = append(b.edits, edit{t.Start, t.End, []Part{{Text: quote(name)}}})
	return nil
}

// nameToken finds the last token of a column's name, that after its qualifiers.
func (b *block) nameToken(c column) (Token, bool) {
	i := b.tokenAt(c.pos)
	if i < 0 {
		return Token{}, false
	}
	i += 2 * c.qual
	if i >= len(b.tokens) || b.tokens[i].Kind > TokQuoted {
		return Token{}, false
	}
	name := b.text[b.tokens[i].Start:b.tokens[i].End]
	if b.tokens[i].Kind == TokQuoted {
		name = unquote(name)
	}
	return b.tokens[i], strings.EqualFold(name, c.name)
}

func unquote(name string) string {
	q := name[:1]
	return strings.ReplaceAll(name[1:len(name)-1], q+q, q)
}

// tokenAt finds the token that starts at a template offset, or -1.
func (b *block) tokenAt(pos int) int {
	i, ok := slices.BinarySearchFunc(b.tokens, pos, func(t Token, pos int) int { return t.Start - pos })
	if !ok {
		return -1
	}
	return i
}

// literal finds the literal that an expression is.
func (b *block) literal(e ast.ExprNode) (int, bool) {
	p, ok := unparen(e).(*test_driver.ParamMarkerExpr)
	if !ok {
		return 0, false
	}
	i, ok := b.params[p.Offset]
	return i, ok
}

// word finds the first unquoted word w outside parentheses, or -1.
func (b *block) word(w string) int { return findWord(b.text, b.tokens, w, 0) }

func findWord(text string, tokens []Token, w string, from int) int {
	depth := 0
	for i, t := range tokens {
		switch s := text[t.Start:t.End]; {
		case t.Kind == TokPunct && s == "(":
			depth++
		case t.Kind == TokPunct && s == ")":
			depth--
		case i >= from && depth == 0 && t.Kind == TokWord && strings.EqualFold(s, w):
			return i
		}
	}
	return -1
}

func unparen(e ast.ExprNode) ast.ExprNode {
	for {
		p, ok := e.(*ast.ParenthesesExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// parts renders template bytes [from, to) with all edits, and each literal in its form.
func (b *block) parts(from, to int) []Part {
	edits := slices.Clone(b.edits)
	for start, i := range b.params {
		edits = append(edits, edit{start, start + 1, []Part{b.form(i)}})
	}
	slices.SortFunc(edits, func(x, y edit) int { return cmp.Or(x.start-y.start, x.end-y.end) })
	var out []Part
	pos := from
	for _, e := range edits {
		if e.start < pos || e.end > to || e.start == to && e.end == to && to != len(b.text) {
			continue
		}
		out = appendText(out, b.text[pos:e.start])
		for _, p := range e.parts {
			out = appendPart(out, p)
		}
		pos = e.end
	}
	return appendText(out, b.text[pos:to])
}

// form is the part that literal i becomes.
func (b *block) form(i int) Part {
	if p, ok := b.forms[i]; ok {
		return p
	}
	return Part{Kind: PartValue, Literal: i, Form: Clear}
}

func appendPart(out []Part, p Part) []Part {
	if p.Kind == PartText {
		return appendText(out, p.Text)
	}
	return append(out, p)
}

func appendText(out []Part, text string) []Part {
	if text == "" {
		return out
	}
	if n := len(out); n > 0 && out[n-1].Kind == PartText {
		out[n-1].Text += text
		return out
	}
	return append(out, Part{Text: text})
}

// tokenKind is the kind of a column's equality token.
func tokenKind(c *schema.Column) (cell.Kind, bool) {
	switch c.Kind {
	case schema.KindTinyInt, schema.KindSmallInt, schema.KindMediumInt, schema.KindInt, schema.KindBigInt,
		schema.KindDecimal, schema.KindYear, schema.KindBit:
		return cell.Number, true
	case schema.KindFloat, schema.KindDouble:
		return cell.Double, c.Scale < 0 // MySQL compares FLOAT(M,D) with a tolerance
	case schema.KindDate, schema.KindDateTime:
		return cell.DateTime, true
	case schema.KindTimestamp:
		return cell.Timestamp, true
	case schema.KindTime:
		return cell.Time, true
	case schema.KindBinary, schema.KindVarBinary, schema.KindTinyBlob, schema.KindBlob, schema.KindMediumBlob, schema.KindLongBlob:
		return cell.Bytes, true
	case schema.KindUUID:
		return cell.UUID, true
	case schema.KindINET4:
		return cell.INET4, true
	case schema.KindINET6:
		return cell.INET6, true
	case schema.KindJSON, schema.KindGeometry:
		return 0, false
	}
	return cell.String, true
}

// sameTokens says whether equal values of two columns have equal tokens.
func sameTokens(a, b column) bool {
	ka, oka := tokenKind(a.col)
	kb, okb := tokenKind(b.col)
	return oka && okb && ka == kb && a.src.table.TokenDomain == b.src.table.TokenDomain &&
		(ka != cell.String || a.col.Collation == b.col.Collation)
}
