package plan

import (
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// CreateView makes a view whose definition upstream has sealed: one that reads protected tables, or is in a designated database.
type CreateView struct {
	DB, Name string
	// Verb is CREATE, CREATE OR REPLACE or ALTER; Whose the clauses DEFINER and SQL SECURITY; Guard is IF NOT EXISTS, or nothing.
	Verb, Whose, Guard string
	// Statement is the CREATE VIEW without these: the evaluator runs it.
	Statement string
	Opened
}

func (*CreateView) plan() {}

// String implements Plan.
func (p *CreateView) String() string {
	out := "CreateView " + quote(p.DB) + "." + quote(p.Name)
	for _, t := range p.Tables {
		out += "\n  reads:    " + tableName(t)
	}
	for _, v := range p.Views {
		out += "\n  view:     " + tableName(v.View)
	}
	return out
}

// viewHead is a CREATE VIEW or ALTER VIEW as its first words have it.
type viewHead struct {
	CreateView
	algorithm string
	name      int // the token of its name
	after     int // the token behind that
}

// viewWords reads CREATE [OR REPLACE] or ALTER, ALGORITHM, DEFINER, SQL SECURITY, VIEW and the name; ok is false where it is
// another statement.
func (h *head) viewWords(env *Env) (v viewHead, ok bool) {
	i := 1
	if v.Verb = h.word(0); h.word(1) == "OR" && h.word(2) == "REPLACE" {
		v.Verb, i = "CREATE OR REPLACE", 3
	}
	if h.word(i) == "ALGORITHM" && h.word(i+1) == "=" {
		v.algorithm = "ALGORITHM = " + h.word(i+2) + " "
		i += 3
	}
	whose := i
	if h.word(i) == "DEFINER" && h.word(i+1) == "=" {
		for i += 2; i < whose+8 && i < len(h.tokens) && (h.tokens[i].Kind != TokWord || i == whose+2 || h.word(i) != "SQL" && h.word(i) != "VIEW"); {
			i++
		}
	}
	if h.word(i) == "SQL" && h.word(i+1) == "SECURITY" {
		i += 3
	}
	if h.word(i) != "VIEW" || h.tokens[i].Kind != TokWord {
		return v, false
	}
	v.Whose = h.text[h.tokens[whose].Start:h.tokens[i].Start]
	i++
	if h.word(i) == "IF" && h.word(i+1) == "NOT" && h.word(i+2) == "EXISTS" {
		v.Guard, i = "IF NOT EXISTS ", i+3
	}
	v.name = i
	v.DB, v.Name, v.after, ok = h.name(i, env.DB)
	return v, ok && v.DB != ""
}

// createView plans CREATE VIEW and ALTER VIEW; nil where upstream may read it: it is another statement, or of a view that has
// nothing to do with what is protected.
func (h *head) createView(env *Env) Plan {
	if env.Snapshot.Len() == 0 && env.Rules.Empty() {
		return nil
	}
	v, ok := h.viewWords(env)
	if !ok || v.after >= len(h.tokens) { // without a query it is no statement
		return nil
	}
	h.viewStatement(&v, env)
	i := v.after
	if h.word(i) == "(" {
		i = h.closing(i) + 1
	}
	was := env.Snapshot.Lookup(v.DB, v.Name)
	seal := env.Rules.Designated(v.DB, v.Name) || was != nil && was.IsView()
	if h.word(i) != "AS" || i+1 >= len(h.tokens) {
		if !seal && !mentions(h.text, env) {
			return nil
		}
		return refuse("view", "this view could not be read; write it more plainly")
	}
	source := h.text[h.tokens[i+1].Start:]
	query := h.text[h.tokens[i+1].Start:h.viewQueryEnd()]
	lx := Lexer{Record: true}
	if err := lx.Lex([]byte(query), env.Mode); err != nil || lx.More {
		return refuse("template", "the query of this view could not be read; write it more plainly")
	}
	b := newBlock(env, string(lx.Template), lx.Tokens)
	node := b.parseQuery()
	if node == nil {
		if seal || mentions(source, env) {
			return v.skimmed(b, seal)
		}
		return nil
	}
	switch p := touches(node, Statement{Template: b.text, Source: query}, env).(type) {
	case nil:
	case *PassThrough:
		if !seal {
			return nil
		}
	default:
		return p
	}
	for _, l := range lx.Literals {
		if l.Kind == LitParam {
			return refuse("view", "a view with parameters is not supported")
		}
	}
	if !env.Evaluator {
		return refuse("view", "this view needs the evaluator, which is off")
	}
	t, err := newTree(env, node)
	if err == nil {
		err = t.viewable()
	}
	if err != nil {
		return asPlan(err, "this view could not be planned")
	}
	p := v.CreateView
	p.Functions = t.uses.Functions
	p.Views, p.Tables = t.viewUses(), withoutSequences(t.tables())
	return &p
}

// viewStatement writes the CREATE VIEW that the evaluator runs.
func (h *head) viewStatement(v *viewHead, env *Env) {
	was := env.Snapshot.Lookup(v.DB, v.Name)
	if v.algorithm == "" && v.Verb == "ALTER" && was != nil && was.IsView() && was.Locked == "" {
		v.algorithm = "ALGORITHM = " + was.Defined.Algorithm + " " // it stays
	}
	v.Statement = "CREATE " + v.algorithm + "VIEW " + quote(v.DB) + "." + quote(v.Name) + " " + strings.TrimSpace(h.text[h.tokens[v.after].Start:])
}

// skimmed plans a view whose query the parser cannot read.
func (v *viewHead) skimmed(b *block, seal bool) Plan {
	if !b.env.Evaluator {
		return refuse("view", "this view needs the evaluator, which is off")
	}
	s, p := b.skimView(0)
	switch {
	case p != nil:
		return p
	case s == nil:
		return refuse("template", "the query of this view could not be read; write it more plainly")
	case len(s.viewed)+len(s.views) == 0 && !seal:
		return nil
	}
	out := v.CreateView
	out.Functions = s.uses.Functions
	out.Views, out.Tables = s.views, s.viewed
	return &out
}

// viewQueryEnd is where the query of a view ends: before WITH … CHECK OPTION, if there is that.
func (h *head) viewQueryEnd() int {
	n := len(h.tokens)
	for n > 0 && h.word(n-1) == ";" {
		n--
	}
	if n < 4 || h.word(n-1) != "OPTION" || h.word(n-2) != "CHECK" {
		return len(h.text)
	}
	n -= 3
	if h.word(n) == "CASCADED" || h.word(n) == "LOCAL" {
		n--
	}
	if h.word(n) != "WITH" {
		return len(h.text)
	}
	return h.tokens[n].Start
}

// notTable is ER_WRONG_OBJECT: a statement of tables names a view.
func notTable(t *schema.Table, mode Mode) *Refuse {
	what := "BASE TABLE"
	if mode.MariaDB {
		what = "of type 'BASE TABLE'"
	}
	return refuseMySQL("view", 1347, "HY000", "'"+t.DB+"."+t.Name+"' is not "+what)
}
