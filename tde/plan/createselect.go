package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// CreateSelect is a CREATE TABLE … SELECT. The evaluator runs the client's own text beside the rows that it reads: what becomes of
// that is the logical table, with its rows. The physical one is made of it under another name, filled, and then gets its own.
type CreateSelect struct {
	DB, Name    string
	IfNotExists bool
	Temporary   bool
	Replace     bool // whatever table has the name
	// Query has the fetches and the whole text, in which a PartTwin names the schema of the table that is made.
	Query *Split
	// Source is the text after the definition: the literals of Query are those of this one.
	Source string
	// Shows says of each column of the query's result, which are the table's last ones, whether it could be made of encrypted
	// columns; where Told is false, any could.
	Shows []bool
	Told  bool
}

func (*CreateSelect) plan() {}

// String implements Plan.
func (p *CreateSelect) String() string {
	out := "CreateSelect "
	if p.Temporary {
		out += "temporary "
	}
	out += quote(p.DB) + "." + quote(p.Name)
	if p.IfNotExists {
		out += " if not exists"
	}
	if p.Replace {
		out += " or replace"
	}
	return out + p.Query.String()[len("Split"):]
}

// query finds the token at which the query of a CREATE TABLE begins, with i behind the name; where there is none, it is the end.
func (h *head) query(i int) int {
	if h.word(i) == "(" && !h.beginsQuery(i) {
		i = h.closing(i) + 1
	}
	for depth := 0; i < len(h.tokens); i++ {
		switch {
		case depth == 0 && h.beginsQuery(i):
			return i
		case h.tokens[i].Kind == TokPunct && h.word(i) == "(":
			depth++
		case h.tokens[i].Kind == TokPunct && h.word(i) == ")":
			depth--
		}
	}
	return i
}

func (h *head) closing(i int) int { return (&block{text: h.text, tokens: h.tokens}).closing(i) }

// beginsQuery says whether a query begins at a token: a word that begins one, in brackets or not.
func (h *head) beginsQuery(i int) bool {
	for h.word(i) == "(" {
		i++
	}
	if i >= len(h.tokens) || h.tokens[i].Kind != TokWord {
		return false
	}
	switch h.word(i) {
	case "SELECT", "VALUES", "TABLE":
		return true
	case "WITH":
		return h.word(i+1) != "SYSTEM"
	}
	return false
}

// notSelected are words that make of the definition before a query more than the evaluator can run by itself.
var notSelected = []string{"LIKE", "PARTITION", "UNION", "REFERENCES", "FOREIGN", "SYSTEM", "DIRECTORY", "TABLESPACE"}

// createSelect plans a CREATE TABLE with a query that begins at token q; the name of the table ends before token i.
func (h *head) createSelect(c *CreateTable, i, q int, definition string, env *Env) Plan {
	for j := i; j < q; j++ {
		if h.tokens[j].Kind == TokWord && slices.Contains(notSelected, h.word(j)) {
			return refuse("create-table", "this form of CREATE TABLE … SELECT in a designated database is not supported")
		}
	}
	if !env.Evaluator {
		return refuse("create-table", "CREATE TABLE … SELECT in a designated database needs the evaluator, which is off")
	}
	source := h.text[h.tokens[q].Start:]
	lx := Lexer{Record: true}
	if err := lx.Lex([]byte(source), env.Mode); err != nil || lx.More {
		return refuse("template", "the query of this CREATE TABLE could not be read; write it more plainly")
	}
	for _, l := range lx.Literals {
		if l.Kind == LitParam {
			return refuse("create-table", "CREATE TABLE … SELECT with parameters in a designated database is not supported")
		}
	}
	b := newBlock(env, string(lx.Template), lx.Tokens)
	node := parse(b.read, env.Mode)
	if node == nil {
		b.read = reading(b.text, b.tokens)
		node = parse(b.read, env.Mode)
	}
	switch node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt:
	default:
		return refuse("template", "the query of this CREATE TABLE could not be read; write it more plainly")
	}
	switch p := touches(node, Statement{Template: b.text, Source: source}, env).(type) {
	case nil, *PassThrough:
	case *Refuse, *NeedTable, *NeedTables:
		return p
	default:
		return refuse("create-table", "CREATE TABLE … SELECT of INFORMATION_SCHEMA in a designated database is not supported")
	}
	p := &CreateSelect{DB: c.DB, Name: c.Name, IfNotExists: c.IfNotExists, Temporary: c.Temporary, Replace: c.Replace, Source: source}
	if err := p.plans(b, node, definition); err != nil {
		var r *Refuse
		if need := new(definitionNeeded); errors.As(err, &need) {
			return &need.need
		}
		if errors.As(err, &r) {
			return r
		}
		return refuse("internal", "this CREATE TABLE … SELECT could not be planned")
	}
	return p
}

// plans plans the query.
func (p *CreateSelect) plans(b *block, node ast.StmtNode, definition string) error {
	t, err := newTree(b.env, node)
	if err != nil {
		return err
	}
	text, err := b.evaluated(t, node)
	if err != nil {
		return err
	}
	if p.Query, err = b.fetches(t); err != nil {
		return err
	}
	if slices.ContainsFunc(p.Query.Fetches, func(f Fetch) bool { return f.Table.Describes() }) {
		return refuse("create-table", "CREATE TABLE … SELECT of INFORMATION_SCHEMA in a designated database is not supported")
	}
	if p.Replace && slices.ContainsFunc(p.Query.Fetches, func(f Fetch) bool {
		return strings.EqualFold(f.Table.DB, p.DB) && strings.EqualFold(f.Table.Name, p.Name)
	}) {
		return refuse("create-table", "CREATE OR REPLACE TABLE … SELECT of the table itself is not supported")
	}
	head := []Part{{Text: "CREATE TABLE "}, {Kind: PartTwin}, {Text: "." + quote(p.Name) + " " + definition}}
	for _, part := range text {
		head = appendPart(head, part)
	}
	p.Query.Text, p.Query.Uses.NoRows = head, true
	out, ok := t.results(node)
	p.Told = ok || !t.readsSealed()
	for _, c := range out {
		p.Shows = append(p.Shows, c.shows)
	}
	return nil
}
