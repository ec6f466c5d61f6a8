package schema

import (
	"slices"
	"strings"
)

// Rule designates tables of one database: [[encrypt]] of the configuration.
type Rule struct {
	Database string   // "*": every database but the system's
	Tables   []string // patterns with `*`; none: all tables
}

// ColumnIndex is the kind of index that columns are to have upstream: [[column]] of the configuration. Names are patterns with `*`.
type ColumnIndex struct {
	Database, Table, Column string
	Index                   string // "equality", "range", "none"
}

// Rules says which tables are designated: those of the configuration, and all new ones of a database whose default is encryption. The
// zero value and nil designate none.
type Rules struct {
	rules    []Rule
	columns  []ColumnIndex
	defaults *Defaults
}

// NewRules makes Rules.
func NewRules(rules []Rule, columns []ColumnIndex) *Rules {
	return &Rules{rules: rules, columns: columns}
}

var systemDatabases = []string{"mysql", "information_schema", "performance_schema", "sys"}

// System says whether a database is one of the server's own.
func System(db string) bool { return slices.Contains(systemDatabases, strings.ToLower(db)) }

// Empty says that nothing is designated.
func (r *Rules) Empty() bool { return r == nil || len(r.rules) == 0 && !r.defaults.any() }

// Designated says whether a table is to be encrypted when it is made.
func (r *Rules) Designated(db, table string) bool { return r.Ruled(db, table) || r.Default(db) }

// Ruled says whether the configuration designates a table. Case does not count in patterns: a rule that was meant must not miss.
func (r *Rules) Ruled(db, table string) bool {
	if r == nil || db == "" || slices.Contains(systemDatabases, strings.ToLower(db)) {
		return false
	}
	return slices.ContainsFunc(r.rules, func(rule Rule) bool {
		if !match(rule.Database, db) {
			return false
		}
		return len(rule.Tables) == 0 || slices.ContainsFunc(rule.Tables, func(p string) bool { return match(p, table) })
	})
}

// DesignatedDB says whether a table of db could be designated.
func (r *Rules) DesignatedDB(db string) bool { return r.RuledDB(db) || r.Default(db) }

// RuledDB says whether a rule of the configuration could designate a table of db.
func (r *Rules) RuledDB(db string) bool {
	if r == nil || db == "" || slices.Contains(systemDatabases, strings.ToLower(db)) {
		return false
	}
	return slices.ContainsFunc(r.rules, func(rule Rule) bool { return match(rule.Database, db) })
}

// Index is what the first [[column]] that names a column asks for it: "" where none does.
func (r *Rules) Index(db, table, column string) string {
	if r == nil {
		return ""
	}
	for _, c := range r.columns {
		if match(c.Database, db) && match(c.Table, table) && match(c.Column, column) {
			return c.Index
		}
	}
	return ""
}

// match compares by a pattern in which only `*` is special: it stands for any characters, also none.
func match(pattern, name string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	name, ok := strings.CutPrefix(strings.ToLower(name), parts[0])
	if !ok || len(parts) == 1 {
		return ok && name == ""
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		at := strings.Index(name, p)
		if at < 0 {
			return false
		}
		name = name[at+len(p):]
	}
	return strings.HasSuffix(name, parts[last])
}
