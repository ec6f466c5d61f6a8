package plan

import (
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Designate is a CREATE DATABASE or ALTER DATABASE that says whether the database's new tables are encrypted.
type Designate struct {
	DB          string
	Create      bool
	IfNotExists bool
	Encrypt     bool
	// Statement is the client's without the clause, with the database's name; empty where nothing else is altered.
	Statement string
}

func (*Designate) plan() {}

// String implements Plan.
func (p *Designate) String() string {
	out := "Designate " + quote(p.DB)
	if !p.Encrypt {
		out += " plaintext"
	}
	if p.Statement != "" {
		out += "\n  sends:    " + p.Statement
	}
	return out
}

// database plans CREATE DATABASE and ALTER DATABASE with a clause about encryption; nil where there is none that is understood.
func (h *head) database(env *Env) Plan {
	p := &Designate{Create: h.word(0) == "CREATE"}
	i := 1
	if p.Create && h.word(i) == "OR" && h.word(i+1) == "REPLACE" {
		i += 2
	}
	if w := h.word(i); w != "DATABASE" && w != "SCHEMA" {
		return nil
	}
	i++
	if p.Create && h.word(i) == "IF" && h.word(i+1) == "NOT" && h.word(i+2) == "EXISTS" {
		p.IfNotExists, i = true, i+3
	}
	name := i
	if named := p.Create || !h.reserved(i); named {
		var ok bool
		if p.DB, ok = h.ident(i); !ok {
			return nil
		}
		i++
	} else if p.DB = env.DB; p.DB == "" {
		return refuseMySQL("database", 1046, "3D000", "No database selected")
	}
	value, cut, bad := h.defaultEncryption(i)
	switch {
	case bad != nil:
		return bad
	case value == 0:
		return nil
	case schema.System(p.DB):
		return refuse("designation", "DEFAULT ENCRYPTION of a database of the server's own is not supported")
	case value == 'N' && !p.Create && env.Rules.RuledDB(p.DB):
		return refuse("designation", "DEFAULT ENCRYPTION='N' for a database that a rule designates is not supported; change the rule")
	case value == 'Y' && !env.Evaluator:
		return refuse("evaluator", "encrypting a database's tables needs the evaluator, which is off")
	}
	p.Encrypt = value == 'Y'
	from := h.tokens[i].Start
	for j := range cut {
		cut[j][0], cut[j][1] = cut[j][0]-from, cut[j][1]-from
	}
	rest := strings.Trim(without(h.text[from:], cut), "; \t\r\n")
	if p.Create || rest != "" {
		p.Statement = strings.TrimSpace(strings.TrimSpace(h.text[:h.tokens[name].Start]) + " " + quote(p.DB) + " " + rest)
	}
	return p
}

// reserved says whether token i is a word that begins an option of ALTER DATABASE and can be no name.
func (h *head) reserved(i int) bool {
	switch h.word(i) {
	case "DEFAULT", "CHARACTER", "COLLATE", "READ":
		return h.tokens[i].Kind == TokWord
	}
	return false
}

// defaultEncryption finds the clauses [DEFAULT] ENCRYPTION [=] 'Y' from token i on: what the last one says, and where they stand.
func (h *head) defaultEncryption(i int) (value byte, cut [][2]int, bad Plan) {
	for ; i < len(h.tokens); i++ {
		if h.word(i) != "ENCRYPTION" || h.tokens[i].Kind != TokWord {
			continue
		}
		start, j := h.tokens[i].Start, i+1
		if h.word(i-1) == "DEFAULT" && h.tokens[i-1].Kind == TokWord {
			start = h.tokens[i-1].Start
		}
		if h.word(j) == "=" {
			j++
		}
		if j >= len(h.tokens) || h.tokens[j].Kind != TokText {
			return 0, nil, nil
		}
		text := h.text[h.tokens[j].Start:h.tokens[j].End]
		switch v := strings.ToUpper(strings.Trim(text, `'"`)); v {
		case "Y", "N":
			value = v[0]
		default:
			return 0, nil, refuseMySQL("designation", 1525, "HY000", "Incorrect argument (should be Y or N) value: '"+strings.Trim(text, `'"`)+"'")
		}
		cut = append(cut, [2]int{start, h.tokens[j].End})
		i = j
	}
	return value, cut, nil
}

// ownName refuses a statement that names the procedure which holds a database's default encryption; nil where it does not.
func (h *head) ownName() Plan {
	for i := range h.tokens {
		if name, ok := h.ident(i); ok && strings.EqualFold(name, schema.DatabaseProcedure) {
			return refuse("designation", "the procedure %s is the proxy's; ALTER DATABASE … DEFAULT ENCRYPTION changes what it holds", schema.DatabaseProcedure)
		}
	}
	return nil
}

// showDatabase plans SHOW CREATE DATABASE and SHOW PROCEDURE STATUS where a database has encryption as its default; nil where it is another statement.
func (h *head) showDatabase(env *Env) Plan {
	if !env.Rules.HasDefaults() {
		return nil
	}
	switch {
	case h.word(1) == "CREATE" && (h.word(2) == "DATABASE" || h.word(2) == "SCHEMA"):
		i := 3
		if h.word(i) == "IF" && h.word(i+1) == "NOT" && h.word(i+2) == "EXISTS" {
			i += 3
		}
		db, ok := h.ident(i)
		if !ok || !env.Rules.Default(db) {
			return nil
		}
		return &Rewrite{Verb: "SHOW", Head: []Part{{Text: h.text}}, Star: true, DefaultOf: db}
	case h.word(1) == "PROCEDURE" && h.word(2) == "STATUS":
		return h.procedureStatus()
	}
	return nil
}

// procedureStatus leaves the procedures out that hold databases' defaults.
func (h *head) procedureStatus() Plan {
	if !h.harmless(3, &Env{}) {
		return refuse("catalog", "this form of SHOW PROCEDURE STATUS is not supported; write it more plainly")
	}
	const own = "Name <> '" + schema.DatabaseProcedure + "'"
	head, rest := h.text[:h.tokens[2].End], ""
	if len(h.tokens) > 3 {
		rest = strings.TrimRight(h.text[h.tokens[3].End:], "; \t\r\n")
	}
	switch h.word(3) {
	case "WHERE":
		head += " WHERE (" + rest + ") AND " + own
	case "LIKE":
		head += " WHERE Name LIKE " + rest + " AND " + own
	case "", ";":
		head += " WHERE " + own
	default:
		return nil
	}
	return &Rewrite{Verb: "SHOW", Head: []Part{{Text: head}}, Star: true}
}
