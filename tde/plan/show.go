package plan

import (
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Show says what of a logical table a Split's Text shows, which the evaluator runs over the table's twin.
type Show struct {
	Table   *schema.Table
	What    Shown
	*Opened // of a view
}

// Shown is a kind of SHOW statement.
type Shown uint8

// Kinds.
const (
	ShowCreate  Shown = iota // SHOW CREATE TABLE
	ShowColumns              // SHOW COLUMNS, DESCRIBE
	ShowFull                 // SHOW FULL COLUMNS, which tells of privileges
	ShowIndex                // SHOW INDEX
)

// shown is a SHOW statement of one table, as its first words have it.
type shown struct {
	what       Shown
	view       bool // SHOW CREATE VIEW
	db, table  string
	start, end int // of the tokens that name the table, with those of FROM db
	own        int // the token of the table's own name
}

// show plans the SHOW statements that tell of tables, and DESCRIBE; nil where it is none of those. It reads names as the
// server does, which the parser of other statements does not for every name.
func (h *head) show(env *Env) Plan {
	if env.Snapshot.Len() == 0 && env.Rules.Empty() {
		return nil
	}
	if db, at, ok := h.tableStatus(env); ok {
		return h.showStatus(db, at, env)
	}
	s, ok := h.shown(env)
	if !ok {
		return nil
	}
	t := env.Snapshot.Lookup(s.db, s.table)
	switch {
	case s.db == "":
		return &PassThrough{}
	case t == nil && !h.harmless(s.end, env):
		return nil
	case t == nil && !env.Snapshot.Known(s.db, s.table) && env.Rules.Designated(s.db, s.table) && !env.absent(s.db, s.table):
		return &NeedTable{DB: s.db, Name: s.table}
	case t == nil && !isASCII(s.db+s.table) && mentions(h.text, env):
		return refuse("unreadable", "this name of a table could not be read; use SET NAMES utf8mb4")
	case t == nil:
		return &PassThrough{}
	case t.Locked != "":
		return refuse("locked", "encrypted table %s cannot be opened: %s", tableName(t), t.Locked)
	case !env.Evaluator:
		return refuse("catalog", "this statement on an encrypted table needs the evaluator, which is off")
	case !h.harmless(s.end, env):
		return refuse("catalog", "this form of SHOW of an encrypted table is not supported; write it more plainly")
	}
	var o *Opened
	switch {
	case t.IsView() && s.what == ShowIndex, !t.IsView() && s.view:
		return &PassThrough{} // it has none, or is none
	case t.IsView():
		var p Plan
		if o, p = OpenView(env, t); p != nil {
			return p
		}
	}
	b := newBlock(env, h.text, h.tokens)
	name := h.tokens[s.own]
	b.edits = []edit{{h.tokens[s.start].Start, h.tokens[s.end-1].End, []Part{
		{Kind: PartShown, Text: t.DB}, {Text: "." + h.text[name.Start:name.End]},
	}}}
	return &Split{Show: &Show{Table: t, What: s.what, Opened: o}, Text: b.parts(0, len(b.text)), Tables: []*schema.Table{t}}
}

// shown reads the head of SHOW CREATE TABLE, SHOW COLUMNS, SHOW INDEX and DESCRIBE.
func (h *head) shown(env *Env) (s shown, ok bool) {
	i := 1
	switch h.word(0) {
	case "DESC", "DESCRIBE", "EXPLAIN":
		return h.described(env)
	case "SHOW":
	default:
		return s, false
	}
	if h.word(1) == "CREATE" {
		return h.named(shown{what: ShowCreate, view: h.word(2) == "VIEW"}, 3, env, h.word(2) == "TABLE" || h.word(2) == "VIEW")
	}
	for ; h.word(i) == "EXTENDED" || h.word(i) == "FULL"; i++ {
		if h.word(i) == "FULL" {
			s.what = ShowFull
		}
	}
	switch h.word(i) {
	case "COLUMNS", "FIELDS":
		if s.what != ShowFull {
			s.what = ShowColumns
		}
	case "INDEX", "INDEXES", "KEYS":
		s.what = ShowIndex
	default:
		return s, false
	}
	if s, ok = h.named(s, i+2, env, h.from(i+1)); !ok || !h.from(s.end) {
		return s, ok
	}
	s.db, ok = h.ident(s.end + 1)
	s.end += 2
	return s, ok
}

func (h *head) from(i int) bool { return h.word(i) == "FROM" || h.word(i) == "IN" }

// named reads the table's name at token i.
func (h *head) named(s shown, i int, env *Env, ok bool) (shown, bool) {
	if !ok {
		return s, false
	}
	s.start = i
	s.db, s.table, s.end, ok = h.name(i, env.DB)
	s.own = s.end - 1
	return s, ok
}

// described reads DESCRIBE table [column | pattern].
func (h *head) described(env *Env) (shown, bool) {
	if h.word(1) == "" || h.tokens[1].Kind == TokWord && slices.Contains(explained, h.word(1)) {
		return shown{}, false
	}
	s, ok := h.named(shown{what: ShowColumns}, 1, env, true)
	if !ok || len(h.tokens) > s.end+1 || len(h.tokens) == s.end+1 && h.tokens[s.end].Kind == TokPunct {
		return s, false
	}
	return s, true
}

// explained are the words after EXPLAIN that are no table's name.
var explained = []string{"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "TABLE", "VALUES", "ANALYZE", "FOR"}

// tableStatus reads the head of SHOW TABLE STATUS; at is the token behind it.
func (h *head) tableStatus(env *Env) (db string, at int, ok bool) {
	if h.word(0) != "SHOW" || h.word(1) != "TABLE" || h.word(2) != "STATUS" {
		return "", 0, false
	}
	if !h.from(3) {
		return env.DB, 3, true
	}
	db, ok = h.ident(4)
	return db, 5, ok
}

// showStatus plans SHOW TABLE STATUS: upstream lists the tables, and what it says of those that are encrypted is replaced.
func (h *head) showStatus(db string, at int, env *Env) Plan {
	if !env.Snapshot.HasDB(db) {
		if !h.harmless(at, env) {
			return nil
		}
		return &PassThrough{}
	}
	if !env.Evaluator {
		return refuse("catalog", "SHOW TABLE STATUS of a database with encrypted tables needs the evaluator, which is off")
	}
	if h.word(at) == "WHERE" && !h.kept(at+1, env) {
		return refuse("catalog", "SHOW TABLE STATUS of a database with encrypted tables is supported with conditions on its name and statistics only")
	}
	b := newBlock(env, h.text, h.tokens)
	return &Rewrite{Verb: "SHOW", Head: b.parts(0, len(b.text)), Star: true, StatusOf: db}
}

// keptStatus are the columns of SHOW TABLE STATUS that are the same for the stored and the logical table, and the words that
// stand between them.
var keptStatus = []string{
	"NAME", "ENGINE", "VERSION", "ROWS", "AVG_ROW_LENGTH", "DATA_LENGTH", "MAX_DATA_LENGTH", "INDEX_LENGTH", "DATA_FREE", "AUTO_INCREMENT",
	"CREATE_TIME", "UPDATE_TIME", "CHECK_TIME", "COLLATION", "CHECKSUM", "AND", "OR", "XOR", "NOT", "LIKE", "IN", "IS", "NULL", "BETWEEN",
	"REGEXP", "RLIKE", "BINARY",
}

// kept says whether a condition reads columns alone that upstream tells as they are logically.
func (h *head) kept(i int, env *Env) bool {
	for j, t := range h.tokens[min(i, len(h.tokens)):] {
		word := t.Kind == TokWord && !strings.HasPrefix(h.word(i+j+1), "(")
		name, _ := h.ident(i + j)
		if (word || t.Kind == TokQuoted) && !slices.Contains(keptStatus, strings.ToUpper(name)) {
			return false
		}
	}
	return h.harmless(i, env)
}

// harmless says whether what follows token i reads no table, sets nothing and asks no session.
func (h *head) harmless(i int, env *Env) bool {
	for ; i < len(h.tokens); i++ {
		switch w := h.word(i); {
		case h.tokens[i].Kind == TokVar, h.tokens[i].Kind == TokWord && slices.Contains([]string{"SELECT", "WITH", "TABLE"}, w):
			return false
		case h.tokens[i].Kind == TokWord && h.word(i+1) == "(" && !pure(strings.ToLower(w)) && !slices.Contains(keptStatus, w) && w != "WHERE":
			return false
		case h.tokens[i].Kind == TokWord && strings.HasPrefix(w, "CURRENT_"):
			return false
		}
	}
	return true
}
