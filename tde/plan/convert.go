package plan

import (
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// ConvertTable encrypts or decrypts a table that is there: ALTER TABLE … ENCRYPTION.
type ConvertTable struct {
	DB, Name string
	Encrypt  bool
}

func (*ConvertTable) plan() {}

// String implements Plan.
func (p *ConvertTable) String() string {
	if p.Encrypt {
		return "ConvertTable encrypt " + quote(p.DB) + "." + quote(p.Name)
	}
	return "ConvertTable decrypt " + quote(p.DB) + "." + quote(p.Name)
}

// Codes of what the server says where it cannot alter as it is told to.
const (
	codeAlterNotSupported       = 1845 // ER_ALTER_OPERATION_NOT_SUPPORTED
	codeAlterNotSupportedReason = 1846 // ER_ALTER_OPERATION_NOT_SUPPORTED_REASON
)

// convert plans ALTER TABLE of the table named at token i where it has a clause that designates; nil where it has none.
func (h *head) convert(i int, env *Env) Plan {
	db, name, i, ok := h.name(i, env.DB)
	if !ok || db == "" {
		return nil
	}
	value, cut := h.clauses(i)
	if value == 0 {
		return nil
	}
	p, protected := env.protected(db, name)
	switch {
	case p != nil:
		return p
	case schema.System(db):
		return refuse("designation", "ENCRYPTION for a table of the server's own is not supported")
	case protected == (value == 'Y'):
		return h.unclaused(without(h.text, cut), protected, env)
	case value == 'N' && env.Rules.Ruled(db, name):
		return refuse("designation", "ENCRYPTION='N' for a table that a rule designates is not supported; change the rule")
	case protected && env.Snapshot.Lookup(db, name).Temporary:
		return refuse("temporary", "ENCRYPTION='N' for a temporary table that is encrypted is not supported; make it anew")
	case !env.Evaluator:
		return refuse("evaluator", "encrypting a table needs the evaluator, which is off")
	}
	for _, spec := range h.specs(i) {
		if p := h.alone(spec[0], spec[1]); p != nil {
			return p
		}
	}
	return &ConvertTable{DB: db, Name: name, Encrypt: value == 'Y'}
}

// clauses finds the clauses that designate from token i on: what the last one says, and where they stand in the text, with a
// comma that goes with each.
func (h *head) clauses(i int) (value byte, cut [][2]int) {
	depth, first := 0, i
	for ; i < len(h.tokens); i++ {
		switch w := h.word(i); {
		case h.tokens[i].Kind == TokPunct && w == "(":
			depth++
		case h.tokens[i].Kind == TokPunct && w == ")":
			depth--
		case depth == 0 && h.tokens[i].Kind == TokWord:
			v, end := h.encryption(i)
			if v == 0 {
				continue
			}
			value = v
			next := slices.IndexFunc(h.tokens, func(t Token) bool { return t.Start >= end })
			if (i == first || len(cut) > 0 && cut[len(cut)-1][1] == h.tokens[i-1].End) && next >= 0 && h.word(next) == "," {
				end = h.tokens[next].End
			}
			cut = append(cut, [2]int{h.tokens[i].Start, end})
		}
	}
	return value, cut
}

// unclaused plans the statement without a clause that changes nothing.
func (h *head) unclaused(text string, protected bool, env *Env) Plan {
	if !protected {
		p := Build(Statement{Template: text, Source: text}, env)
		if _, passes := p.(*PassThrough); passes {
			return &Rewrite{Verb: "ALTER", Head: []Part{{Text: text}}}
		}
		return p
	}
	lx := Lexer{Record: true}
	if err := lx.Lex([]byte(text), env.Mode); err != nil || lx.More {
		return refuse("designation", "this ALTER TABLE with an ENCRYPTION clause cannot be read; write it more plainly")
	}
	rest := head{text: text, tokens: lx.Tokens}
	return rest.alterTable(env)
}

// alone sees that a part of an ALTER TABLE that converts is the clause itself, or says how to go about it as can be done.
func (h *head) alone(i, end int) Plan {
	if v, stop := h.encryption(i); v != 0 && h.tokens[end-1].End == stop {
		return nil
	}
	w, value := h.word(i), strings.Trim(h.word(end-1), "'\"`")
	if end-i > 3 || end-i == 3 && h.word(i+1) != "=" || end-i < 2 {
		w = ""
	}
	switch {
	case w == "ALGORITHM" && (value == "COPY" || value == "DEFAULT"), w == "LOCK" && (value == "SHARED" || value == "EXCLUSIVE" || value == "DEFAULT"):
		return nil
	case w == "ALGORITHM" && (value == "INPLACE" || value == "INSTANT" || value == "NOCOPY"):
		return refuseMySQL("algorithm", codeAlterNotSupported, "0A000",
			"ALGORITHM="+value+" is not supported for this operation. Try ALGORITHM=COPY.")
	case w == "LOCK" && value == "NONE":
		return refuseMySQL("algorithm", codeAlterNotSupportedReason, "0A000",
			"LOCK=NONE is not supported. Reason: COPY algorithm requires a lock. Try LOCK=SHARED.")
	}
	return refuse("designation", "ENCRYPTION together with other changes in one ALTER TABLE is not supported; use two statements")
}
