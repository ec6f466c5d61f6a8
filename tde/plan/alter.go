package plan

import (
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// AlterTable changes a protected table: by ALTER TABLE, CREATE INDEX, DROP INDEX or RENAME TABLE of one table.
type AlterTable struct {
	DB, Name       string
	NewDB, NewName string // as it is called afterwards
	// Statement is the client's.
	Statement string
	// Renamed are columns that get another name: the old one and the new one. Dropped are those that go.
	Renamed [][2]string
	Dropped []string
	// Counter: it sets AUTO_INCREMENT. Bare: it does nothing but rename, and so counts no rows.
	Counter, Bare bool
}

func (*AlterTable) plan() {}

// RenameTables is a RENAME of several tables, one after the other.
type RenameTables struct{ Steps []*AlterTable }

func (*RenameTables) plan() {}

// alterTable plans ALTER TABLE of a protected table; nil where it is another.
func (h *head) alterTable(env *Env) Plan {
	i := 1
	for h.word(i) == "ONLINE" || h.word(i) == "IGNORE" {
		i++
	}
	if h.word(i) != "TABLE" {
		return nil
	}
	i++
	if h.word(i) == "IF" && h.word(i+1) == "EXISTS" {
		i += 2
	}
	if p := h.convert(i, env); p != nil {
		return p
	}
	return h.alter(i, env)
}

// index plans CREATE INDEX and DROP INDEX of a protected table: i is where INDEX stands.
func (h *head) index(i int, env *Env) Plan {
	for j := i + 1; j < len(h.tokens); j++ {
		if h.word(j) == "ON" && h.tokens[j].Kind == TokWord {
			return h.alter(j+1, env)
		}
	}
	return nil
}

// createIndex finds where INDEX stands in CREATE INDEX; 0 where the statement is another.
func (h *head) createIndex() int {
	i := 1
	if h.word(i) == "OR" && h.word(i+1) == "REPLACE" {
		i += 2
	}
	for slices.Contains([]string{"UNIQUE", "FULLTEXT", "SPATIAL", "ONLINE", "OFFLINE"}, h.word(i)) {
		i++
	}
	if h.word(i) == "INDEX" {
		return i
	}
	return 0
}

// alter plans a statement that changes the table named at token i.
func (h *head) alter(i int, env *Env) Plan {
	db, name, i, ok := h.name(i, env.DB)
	if !ok || db == "" {
		return nil
	}
	if p, protected := env.protected(db, name); p != nil || !protected {
		return p
	}
	a := &AlterTable{DB: db, Name: name, NewDB: db, NewName: name, Statement: h.text, Bare: true}
	for _, spec := range h.specs(i) {
		if p := h.spec(spec[0], spec[1], a, env); p != nil {
			return p
		}
	}
	a.Bare = a.Bare && h.word(0) == "ALTER"
	if (a.NewDB != db || a.NewName != name) && !env.Snapshot.Known(a.NewDB, a.NewName) && env.Rules.Designated(a.NewDB, a.NewName) &&
		!env.absent(a.NewDB, a.NewName) {
		return &NeedTable{DB: a.NewDB, Name: a.NewName}
	}
	return a
}

// protected says whether a table is; p is what must be answered instead, or nil.
func (e *Env) protected(db, name string) (p Plan, protected bool) {
	t := e.Snapshot.Lookup(db, name)
	switch {
	case t == nil && !e.Snapshot.Known(db, name) && e.Rules.Designated(db, name) && !e.absent(db, name):
		return &NeedTable{DB: db, Name: name}, false
	case t == nil:
		return nil, false
	case t.Locked != "":
		return refuse("locked", "encrypted table %s cannot be opened: %s", tableName(t), t.Locked), true
	case t.IsView():
		return notTable(t, e.Mode), true
	case !e.Evaluator:
		return refuse("evaluator", "DDL on an encrypted table needs the evaluator, which is off"), true
	}
	return nil, true
}

// renameTemporary refuses RENAME TABLE of a temporary table, which means the table that it hides to MySQL; nil where it is none.
func (e *Env) renameTemporary(db, name string) Plan {
	if t := e.Snapshot.Lookup(db, name); t != nil && t.Temporary {
		return refuse("temporary", "RENAME TABLE of an encrypted temporary table, on MySQL or together with others, is not supported; ALTER TABLE … RENAME is")
	}
	return nil
}

// specs are the parts of an ALTER TABLE that commas separate: tokens [from, to).
func (h *head) specs(i int) [][2]int {
	var out [][2]int
	depth, from := 0, i
	for ; i < len(h.tokens); i++ {
		switch {
		case h.tokens[i].Kind != TokPunct:
		case h.word(i) == "(":
			depth++
		case h.word(i) == ")":
			depth--
		case h.word(i) == "," && depth == 0:
			out = append(out, [2]int{from, i})
			from = i + 1
		}
	}
	return append(out, [2]int{from, len(h.tokens)})
}

// partitionRows are what an ALTER TABLE does to the rows of partitions.
var partitionRows = []string{"DROP", "TRUNCATE", "REBUILD", "OPTIMIZE", "ANALYZE", "CHECK", "REPAIR"}

// onlyNames says whether nothing but words, names and commas stand from token i on. Servers take nothing else beside what is done to partitions.
func (h *head) onlyNames(i int) bool {
	return !slices.ContainsFunc(h.tokens[i:], func(t Token) bool { return t.Kind > TokQuoted && h.text[t.Start:t.End] != "," })
}

// firstSpec is the token behind the name in ALTER TABLE.
func (h *head) firstSpec() int {
	i := 1
	for h.word(i) != "TABLE" {
		i++
	}
	if i++; h.word(i) == "IF" {
		i += 2
	}
	_, _, i, _ = h.name(i, "")
	return i
}

// spec reads of one part what the evaluator does not tell: which columns keep their values under another name.
func (h *head) spec(i, end int, a *AlterTable, env *Env) Plan {
	first := h.word(i)
	next := func(words ...string) {
		for _, w := range words {
			if h.word(i) == w {
				i++
			}
		}
	}
	bare := false
	if h.word(i+1) == "PARTITION" && slices.Contains(partitionRows, first) {
		if t := env.Snapshot.Lookup(a.DB, a.Name); t.PartitionStored() && first != "DROP" && i == h.firstSpec() && h.onlyNames(i) {
			return &PassThrough{} // upstream's partitions have the same rows; nothing of the definition changes
		}
		return refuse("alter", "ALTER TABLE … %s PARTITION of an encrypted table is not supported", first)
	}
	switch first {
	case "CHANGE":
		i++
		next("COLUMN", "IF", "EXISTS")
		old, ok := h.ident(i)
		name, ok2 := h.ident(i + 1)
		if ok && ok2 {
			a.Renamed = append(a.Renamed, [2]string{old, name})
		}
	case "DROP":
		i++
		if slices.Contains([]string{"INDEX", "KEY", "PRIMARY", "FOREIGN", "CHECK", "CONSTRAINT", "PARTITION", "PERIOD", "SYSTEM"}, h.word(i)) && i+1 < end {
			break
		}
		next("COLUMN", "IF", "EXISTS")
		if name, ok := h.ident(i); ok {
			a.Dropped = append(a.Dropped, name)
		}
	case "RENAME":
		bare = h.renameSpec(i+1, a, env)
	case "DISCARD", "IMPORT", "EXCHANGE", "CONVERT":
		if w := h.word(i + 1); first != "CONVERT" || w == "TABLE" || w == "PARTITION" {
			return refuse("alter", "ALTER TABLE … %s %s of an encrypted table is not supported", first, h.word(i+1))
		}
	case "ENABLE", "DISABLE":
		bare = h.word(i+1) == "KEYS"
	}
	a.Bare = a.Bare && bare
	return h.options(i, end, a)
}

// renameSpec reads RENAME …; bare says that it renames the table.
func (h *head) renameSpec(i int, a *AlterTable, env *Env) (bare bool) {
	switch {
	case h.word(i) == "COLUMN":
		i++
		if h.word(i) == "IF" && h.word(i+1) == "EXISTS" {
			i += 2
		}
		old, ok := h.ident(i)
		name, ok2 := h.ident(i + 2)
		if ok && ok2 {
			a.Renamed = append(a.Renamed, [2]string{old, name})
		}
		return false
	case (h.word(i) == "INDEX" || h.word(i) == "KEY") && (h.word(i+2) == "TO" || h.word(i+1) == "IF" && h.word(i+2) == "EXISTS"):
		return false
	case slices.Contains([]string{"TO", "AS", "="}, h.word(i)):
		i++
	}
	if db, name, _, ok := h.name(i, env.DB); ok {
		a.NewDB, a.NewName = db, name
	}
	return true
}

// options reads table options, of which several may stand in one part.
func (h *head) options(i, end int, a *AlterTable) Plan {
	depth := 0
	for ; i < end; i++ {
		switch w := h.word(i); {
		case h.tokens[i].Kind == TokPunct && w == "(":
			depth++
		case h.tokens[i].Kind == TokPunct && w == ")":
			depth--
		case depth > 0 || h.tokens[i].Kind != TokWord:
		case w == "AUTO_INCREMENT":
			n := h.word(i + 1)
			if n == "=" {
				n = h.word(i + 2)
			}
			a.Counter = a.Counter || n != "" && strings.Trim(n, "0123456789") == ""
		}
	}
	return nil
}

// RenameView is a RENAME TABLE of a view whose definition upstream has sealed.
type RenameView struct {
	View     *schema.Table
	DB, Name string // as it is called afterwards
}

func (*RenameView) plan() {}

// String implements Plan.
func (p *RenameView) String() string {
	return "RenameView " + tableName(p.View) + " to " + quote(p.DB) + "." + quote(p.Name)
}

// renameView plans RENAME TABLE of a view; alone says that it does nothing else.
func renameView(v *schema.Table, db, name string, alone bool, env *Env) Plan {
	switch {
	case v.Locked != "":
		return refuse("locked", "view %s cannot be opened: %s", tableName(v), v.Locked)
	case !alone:
		return refuse("rename", "RENAME of view %s, whose definition is sealed, and of others in one statement is not supported", tableName(v))
	case env.need(db, name) != nil:
		return env.need(db, name)
	}
	return &RenameView{View: v, DB: db, Name: name}
}

// renameTables plans RENAME TABLE where it names a protected table.
func (h *head) renameTables(env *Env) Plan {
	if w := h.word(1); w != "TABLE" && w != "TABLES" {
		return nil
	}
	i := 2
	if h.word(i) == "IF" && h.word(i+1) == "EXISTS" {
		return nil
	}
	r := &RenameTables{}
	any, all, none := false, true, true
	var now []string // protected ones by the names they have so far
	key := func(db, name string) string { return db + "\x00" + name }
	for {
		db, name, next, ok := h.name(i, env.DB)
		if !ok || h.word(next) != "TO" {
			return nil // WAIT n, NOWAIT, or an error
		}
		db2, name2, after, ok := h.name(next+1, env.DB)
		if !ok || db == "" || db2 == "" {
			return nil
		}
		at := slices.Index(now, key(db, name))
		p, protected := Plan(nil), at >= 0
		if !protected {
			if t := env.Snapshot.Lookup(db, name); t != nil && t.IsView() {
				return renameView(t, db2, name2, len(r.Steps) == 0 && after == len(h.tokens), env)
			}
			if p, protected = env.protected(db, name); p != nil {
				return p
			}
			alone := len(r.Steps) == 0 && after == len(h.tokens)
			if p := env.renameTemporary(db, name); p != nil && !(alone && env.Mode.MariaDB) {
				return p
			}
		}
		if at >= 0 {
			now = slices.Delete(now, at, at+1)
		}
		if protected {
			now = append(now, key(db2, name2))
		}
		if need := env.need(db2, name2); need != nil {
			return need
		}
		any, all, none = any || protected, all && protected, none && env.absent(db, name)
		r.Steps = append(r.Steps, &AlterTable{
			DB: db, Name: name, NewDB: db2, NewName: name2, Bare: true, Statement: "ALTER TABLE " + quote(db) + "." + quote(name) +
				" RENAME TO " + quote(db2) + "." + quote(name2),
		})
		if h.word(after) != "," {
			if after < len(h.tokens) {
				return nil
			}
			break
		}
		i = after + 1
	}
	switch {
	case !any && none:
		return &PassThrough{} // upstream says that it has none of them
	case !any:
		return nil
	case !all:
		return refuse("rename", "RENAME of encrypted tables and others in one statement is not supported")
	}
	return r
}

// need asks for a table of a designated database that is not known; nil where it is, or is not there.
func (e *Env) need(db, name string) Plan {
	if e.Snapshot.Known(db, name) || !e.Rules.Designated(db, name) || e.absent(db, name) {
		return nil
	}
	return &NeedTable{DB: db, Name: name}
}
