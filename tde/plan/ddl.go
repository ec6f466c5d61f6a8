package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// head reads a statement by its first words, for what the parser need not or cannot read.
type head struct {
	text   string
	tokens []Token
}

func (h *head) word(i int) string {
	if i >= len(h.tokens) {
		return ""
	}
	return strings.ToUpper(h.text[h.tokens[i].Start:h.tokens[i].End])
}

// name reads [db.]table at token i and returns the token after it.
func (h *head) name(i int, current string) (db, table string, next int, ok bool) {
	first, ok := h.ident(i)
	if !ok {
		return "", "", i, false
	}
	if h.word(i+1) != "." {
		return current, first, i + 1, true
	}
	second, ok := h.ident(i + 2)
	return first, second, i + 3, ok
}

func (h *head) ident(i int) (string, bool) {
	if i >= len(h.tokens) || h.tokens[i].Kind > TokQuoted {
		return "", false
	}
	s := h.text[h.tokens[i].Start:h.tokens[i].End]
	if h.tokens[i].Kind == TokQuoted {
		s = unquote(s)
	}
	return s, true
}

// special plans CREATE TABLE, which upstream's own flavour reads better than any parser here, dynamic SQL, and what concerns
// the server's TLS.
func (h *head) special(st Statement, env *Env) Plan {
	switch h.word(0) {
	case "CREATE", "ALTER", "DROP", "CALL", "GRANT", "REVOKE", "SHOW":
		if p := h.ownName(); p != nil && env.Rules.HasDefaults() {
			return p
		}
	}
	switch h.word(0) {
	case "CREATE":
		if p := h.database(env); p != nil {
			return p
		}
		if i := h.createIndex(); i > 0 {
			return h.index(i, env)
		}
		if p := h.createView(env); p != nil {
			return p
		}
		return h.createTable(env)
	case "DROP":
		i := 1
		for h.word(i) == "ONLINE" || h.word(i) == "OFFLINE" {
			i++
		}
		if h.word(i) == "INDEX" {
			return h.index(i, env)
		}
	case "RENAME":
		return h.renameTables(env)
	case "EXECUTE":
		if p := h.executes(env); p != nil {
			return p
		}
		if h.word(1) == "IMMEDIATE" && (env.Snapshot.Len() > 0 || !env.Rules.Empty()) {
			return refuse("prepare", "EXECUTE IMMEDIATE is not supported where tables are encrypted")
		}
	case "SHOW":
		if p := h.showTLS(env); p != nil {
			return p
		}
		if p := h.showDatabase(env); p != nil {
			return p
		}
		if p := h.showProcedure(env); p != nil {
			return p
		}
		return h.show(env)
	case "DESC", "DESCRIBE", "EXPLAIN":
		return h.show(env)
	case "SET":
		if h.word(1) == "STATEMENT" {
			return h.setStatement(env)
		}
		return h.setTLS()
	case "FLUSH":
		return h.flushTLS(env)
	case "ALTER":
		if h.word(1) == "INSTANCE" && h.word(2) == "RELOAD" && h.word(3) == "TLS" {
			return h.reloadTLS(env)
		}
		if p := h.keyring(); p != nil {
			return p
		}
		if h.word(1) == "INSTANCE" {
			return refuse("alter-instance", "ALTER INSTANCE through the proxy is not supported")
		}
		if p := h.database(env); p != nil {
			return p
		}
		if p := h.createView(env); p != nil {
			return p
		}
		return h.alterTable(env)
	}
	return nil
}

// createTable plans CREATE TABLE of a designated table; nil where the statement is something else.
func (h *head) createTable(env *Env) Plan {
	i, replace, temporary := 1, false, -1
	if h.word(i) == "OR" && h.word(i+1) == "REPLACE" {
		i, replace = i+2, true
	}
	if h.word(i) == "TEMPORARY" {
		i, temporary = i+1, i
	}
	if h.word(i) != "TABLE" {
		return nil
	}
	i++
	c := &CreateTable{}
	if h.word(i) == "IF" && h.word(i+1) == "NOT" && h.word(i+2) == "EXISTS" {
		i, c.IfNotExists = i+3, true
	}
	var ok bool
	if c.DB, c.Name, i, ok = h.name(i, env.DB); !ok || c.DB == "" {
		return nil
	}
	q := h.query(i)
	body := h.body(i, q, temporary)
	designated := env.Rules.Designated(c.DB, c.Name)
	switch {
	case body.encrypt == 'Y' && !designated && temporary >= 0:
		return refuse("temporary", "ENCRYPTION='Y' for a temporary table that no rule designates is not supported")
	case body.encrypt == 'Y':
		designated = true
	case body.encrypt == 'N' && env.Rules.Ruled(c.DB, c.Name):
		return refuse("designation", "ENCRYPTION='N' for a table that a rule designates is not supported; change the rule")
	case body.encrypt == 'N' && designated && temporary >= 0:
		return refuse("temporary", "ENCRYPTION='N' for a temporary table in a database whose default is encryption is not supported")
	case body.encrypt == 'N' && replace && env.Snapshot.Lookup(c.DB, c.Name) != nil:
		return refuse("designation", "CREATE OR REPLACE of an encrypted table with ENCRYPTION='N' is not supported; DROP it before")
	case body.encrypt == 'N':
		designated = false
	}
	if !designated {
		if body.encrypt == 'N' && q < len(h.tokens) {
			return refuse("create-table", "ENCRYPTION='N' in a CREATE TABLE … SELECT is not supported")
		}
		if body.encrypt == 'N' {
			return &Rewrite{Verb: "CREATE", Head: []Part{{Text: h.body(i, q, -1).statement}}}
		}
		return nil
	}
	c.Temporary = temporary >= 0
	like, p := h.like(i, env)
	switch {
	case p != nil:
		return p
	case q < len(h.tokens) && (!replace || env.Mode.MariaDB && !c.Temporary && !c.IfNotExists):
		c.Replace = replace
		return h.createSelect(c, i, q, body.definition, env)
	case !body.plain && like == nil:
		return refuse("create-table", "this form of CREATE TABLE (UNION, WITH, DIRECTORY of a partition, OR REPLACE TEMPORARY … SELECT) in a designated database is not supported")
	}
	c.Statement, c.Replace, c.Like = body.statement, replace, like
	return c
}

// dropTable plans a DROP TABLE that names protected tables.
func (b *block) dropTable(s *ast.DropTableStmt) *DropTable {
	p := &DropTable{}
	for _, name := range s.Tables {
		if t := b.env.Snapshot.Lookup(nonEmpty(name.Schema.O, b.env.DB), name.Name.O); t != nil && t.Temporary && !s.IsView { // DROP VIEW sees none
			p.Temporary = append(p.Temporary, t)
		}
	}
	p.Effects.Schema = len(p.Temporary) < len(s.Tables)
	return p
}

// like finds the table of CREATE TABLE … LIKE; p is what must be answered instead. Both are nil in another statement.
func (h *head) like(i int, env *Env) (t *schema.Table, p Plan) {
	if h.word(i) == "(" {
		i++
	}
	if h.word(i) != "LIKE" {
		return nil, nil
	}
	db, name, _, ok := h.name(i+1, env.DB)
	if !ok || db == "" {
		return nil, nil
	}
	if p, protected := env.protected(db, name); protected || p != nil {
		return env.Snapshot.Lookup(db, name), p
	}
	switch t := env.Snapshot.Plain(db, name); {
	case t != nil:
		return t, nil
	case env.absent(db, name):
		return nil, refuseAbsent(db, name)
	}
	return nil, &NeedTable{DB: db, Name: name, Definition: true}
}

// tableBody is what follows the name in CREATE TABLE.
type tableBody struct {
	plain     bool   // column definitions and options only
	encrypt   byte   // 'Y', 'N' or 0: what the statement says of encryption
	statement string // the whole statement without those words
	// definition is what stands between the name and the query, without those words.
	definition string
}

// body reads what follows the name up to a query, which begins at token q; temporary is the token of that word, or -1.
func (h *head) body(i, q, temporary int) tableBody {
	from, to := len(h.text), len(h.text)
	if i < len(h.tokens) {
		from = h.tokens[i].Start
	}
	if q < len(h.tokens) {
		to = h.tokens[q].Start
	}
	b := tableBody{plain: q == len(h.tokens) && h.word(i) == "(" && !slices.Contains([]string{"LIKE", "SELECT", "WITH", "VALUES", "("}, h.word(i+1))}
	var cut [][2]int
	if temporary >= 0 {
		cut = append(cut, [2]int{h.tokens[temporary].Start, h.tokens[temporary].End})
	}
	depth, partitioned := 0, false
	for ; i < q; i++ {
		w := h.word(i)
		switch {
		case w == "(" && h.tokens[i].Kind == TokPunct:
			depth++
			continue
		case w == ")" && h.tokens[i].Kind == TokPunct:
			depth--
			continue
		case w == "DIRECTORY" && partitioned && h.tokens[i].Kind == TokWord:
			b.plain = false // a place for files, of this machine or of another
		case depth > 0 || h.tokens[i].Kind != TokWord:
			continue
		}
		partitioned = partitioned || w == "PARTITION"
		if slices.Contains(notPlain, w) {
			b.plain = false
		}
		if v, end := h.encryption(i); v != 0 {
			b.encrypt = v
			cut = append(cut, [2]int{h.tokens[i].Start, end})
		}
	}
	b.statement = without(h.text, cut)
	if temporary >= 0 {
		cut = cut[1:]
	}
	for j := range cut {
		cut[j][0], cut[j][1] = cut[j][0]-from, cut[j][1]-from
	}
	b.definition = without(h.text[from:to], cut)
	return b
}

// notPlain are words that, outside brackets, make CREATE TABLE more than columns and options.
var notPlain = []string{"LIKE", "SELECT", "AS", "VALUES", "WITH", "TABLE", "REPLACE", "IGNORE", "UNION"}

// encryption reads ENCRYPTION [=] 'Y', ENCRYPTED [=] YES or BLOCK_FORMAT [=] ENCRYPTED at token i.
func (h *head) encryption(i int) (value byte, end int) {
	j := i + 1
	if h.word(j) == "=" {
		j++
	}
	if j >= len(h.tokens) {
		return 0, 0
	}
	w, v := h.word(i), strings.Trim(h.word(j), "'\"`")
	switch {
	case w == "ENCRYPTION" && v == "Y", w == "ENCRYPTED" && (v == "YES" || v == "1"), w == "BLOCK_FORMAT" && v == "ENCRYPTED":
		value = 'Y'
	case w == "ENCRYPTION" && v == "N", w == "ENCRYPTED" && (v == "NO" || v == "0"), w == "BLOCK_FORMAT" && v == "DEFAULT":
		value = 'N'
	default:
		return 0, 0
	}
	return value, h.tokens[j].End
}

func without(text string, cut [][2]int) string {
	var out strings.Builder
	pos := 0
	for _, c := range cut {
		end := c[0]
		for end > pos && (text[end-1] == ' ' || text[end-1] == ',') {
			end--
		}
		out.WriteString(text[pos:end])
		pos = c[1]
	}
	out.WriteString(text[pos:])
	return out.String()
}
