package plan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// unread plans a statement that nobody here could read: it goes through only where it can neither name a protected
// table nor run text that could.
func unread(source string, env *Env) Plan {
	if env.Snapshot.Len() == 0 && env.Rules.Empty() {
		return &PassThrough{Effects: Effects{Session: true}}
	}
	if env.Rules.HasDefaults() && containsName(strings.ToLower(source), schema.DatabaseProcedure) {
		return refuse("designation", "the procedure %s is the proxy's", schema.DatabaseProcedure)
	}
	if StoredProgram([]byte(source)) && (isASCII(source) || env.Bytewise) {
		if calls, within, ok := passingProgram(source, env); ok {
			return &PassThrough{Effects: Effects{Session: true, Schema: true}, Calls: calls, Within: within}
		}
	}
	if mentions(source, env) {
		return refuse("unreadable", "this statement could not be read and names, or could name, an encrypted table; write it more plainly")
	}
	if tableless(source) {
		return &PassThrough{Effects: Effects{Session: true}}
	}
	words := headWords(source, 3)
	if len(words) > 0 && writesOrReads(words[0]) && (env.Rules.DesignatedDB(env.DB) || mentionsDatabase(source, env)) {
		return refuse("unreadable", "this statement could not be read and could name a table of a designated database; write it more plainly")
	}
	if len(words) > 0 && words[0] == "CALL" {
		return refuse("unreadable", "this CALL could not be read and could write to an encrypted table; write it more plainly")
	}
	if len(words) > 0 && words[0] == "EXECUTE" {
		return refuse("prepare", "EXECUTE … USING anything but user variables is not supported where tables are encrypted")
	}
	if dynamic(source) {
		return refuse("dynamic-sql", "dynamic SQL (PREPARE, EXECUTE IMMEDIATE) in a stored program or compound statement is not supported where tables are encrypted")
	}
	pass := &PassThrough{Effects: Effects{Session: true, Schema: true}}
	if StoredProgram([]byte(source)) && programKind(source) == "" { // it runs now
		calls, ok := callsOf(source, env.Mode)
		if !ok && strings.Contains(strings.ToUpper(source), "CALL") {
			return refuse("unreadable", "what this statement calls could not be read and could write to an encrypted table; write it more plainly")
		}
		pass.Calls = calls
	} else if StoredProgram([]byte(source)) && containsName(strings.ToLower(source), "call") {
		within, ok := callsOf(source, env.Mode)
		if !ok {
			return refuse("unreadable", "what this stored program calls could not be read and could write to an encrypted table; write it more plainly")
		}
		pass.Within = within
	}
	return pass
}

// tableless says whether a text is a query that can name no table, in whatever character set and mode the server reads it.
func tableless(source string) bool {
	low := strings.ToLower(strings.TrimSpace(source))
	return strings.HasPrefix(low, "select") && !slices.ContainsFunc([]string{"from", "table", "into", ";"}, func(w string) bool { return strings.Contains(low, w) })
}

// mentions says whether the text has the name of a protected table anywhere, in any spelling.
func mentions(source string, env *Env) bool {
	low := strings.ToLower(source)
	for _, name := range env.Snapshot.Names() {
		if containsName(low, name) || !plainName(name) {
			return true
		}
	}
	return false
}

// Names says whether a text could name a table, whatever the text is.
func Names(text, table string) bool {
	table = strings.ToLower(table)
	return containsName(strings.ToLower(text), table) || !plainName(table)
}

// Mentions says whether the text could name a protected table, whatever it is.
func Mentions(source string, env *Env) bool { return mentions(source, env) }

// containsName says whether a name stands in a text and is not part of a longer word there.
func containsName(low, name string) bool {
	for from := 0; ; {
		i := strings.Index(low[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || !isIdent(low[i-1]) || !isIdent(name[0])) && (end == len(low) || !isIdent(low[end]) || !isIdent(name[len(name)-1])) {
			return true
		}
		from = i + 1
	}
}

func mentionsDatabase(source string, env *Env) bool {
	low := strings.ToLower(source)
	for _, db := range env.Snapshot.Databases() {
		if db = strings.ToLower(db); containsName(low, db) || !plainName(db) {
			return true
		}
	}
	return false
}

// plainName says whether a lower-case name can only be written one way: in ASCII, without quotes to double.
func plainName(name string) bool {
	for i := range len(name) {
		if name[i] >= 0x80 || name[i] == '`' || name[i] == '"' || name[i] == '\\' {
			return false
		}
	}
	return true
}

func writesOrReads(word string) bool {
	switch word {
	case "SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD", "WITH", "HANDLER", "VALUES", "TABLE", "CREATE", "ALTER", "(":
		return true
	}
	return false
}

// dynamic says whether the text runs SQL that it computes.
func dynamic(source string) bool {
	up := strings.ToUpper(source)
	return strings.Contains(up, "PREPARE") && !strings.HasPrefix(strings.TrimSpace(up), "XA") || strings.Contains(up, "IMMEDIATE") && strings.Contains(up, "EXECUTE")
}

// headWords are the first n words of a statement in upper case.
func headWords(source string, n int) []string {
	lx := Lexer{Record: true}
	_ = lx.Lex([]byte(source), Mode{}) // what was read before an error is enough
	var out []string
	for _, t := range lx.Tokens {
		if len(out) == n {
			break
		}
		out = append(out, strings.ToUpper(string(lx.Template[t.Start:t.End])))
	}
	return out
}

// StoredProgram says whether a statement may hold others, so that a `;` does not end it: a stored program or one of
// MariaDB's compound statements.
func StoredProgram(source []byte) bool {
	if plainStart(source) {
		return false
	}
	words := headWords(string(source[:min(len(source), 1024)]), 24)
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "BEGIN":
		return len(words) > 1 && words[1] == "NOT"
	case "IF", "LOOP", "WHILE", "REPEAT", "FOR", "CASE", "DECLARE":
		return true
	case "CREATE", "ALTER":
		for _, w := range words[1:] {
			switch w {
			case "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE":
				return true
			case "TABLE", "DATABASE", "SCHEMA", "INDEX", "VIEW", "USER", "ROLE":
				return false
			}
		}
	}
	return false
}

// plainStart recognises without allocating the words that most statements start with.
func plainStart(source []byte) bool {
	n := 0
	for n < len(source) && source[n] >= 'A' && source[n] <= 'z' {
		n++
	}
	if n == len(source) || !isSpace(source[n]) {
		return n == len(source) && n > 0
	}
	for _, w := range [...]string{"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "SET", "SHOW", "USE", "COMMIT", "ROLLBACK", "START", "DROP"} {
		if len(w) == n && strings.EqualFold(string(source[:n]), w) {
			return true
		}
	}
	return false
}

// Harmless says whether the body of a stored procedure can touch no protected table but by the procedures that it calls: it names none and runs no
// SQL that it computes. A body that cannot be seen is not harmless. env is as the procedure runs: in its database, and in its own sql_mode.
func Harmless(body string, env *Env) (calls []Routine, ok bool) {
	plain := body != ""
	if plain {
		if calls, ok := tablelessProgram(body, env.Mode, true); ok {
			return calls, true
		}
	}
	switch {
	case body == "", mentions(body, env), mentionsDatabase(body, env), dynamic(body), env.Rules.DesignatedDB(env.DB):
		return nil, false
	case plain:
		if calls, ok := callsOf(body, env.Mode); ok {
			return calls, true
		}
	}
	return nil, !strings.Contains(strings.ToUpper(body), "CALL")
}

var diagnostics = regexp.MustCompile(`(?i)^\s*(show\s+(warnings|errors|count\s*\(\s*\*\s*\)\s*(warnings|errors))(\s+limit\s+[\d\s,]+)?|` +
	`get\s+(current\s+|stacked\s+)?diagnostics\s[^;]*|` +
	`select\s+(@@(session\.)?(warning_count|error_count)|row_count\(\)|found_rows\(\)|last_insert_id\(\))(\s+(as\s+)?\w+)?)\s*;?\s*$`)

// Diagnostics says whether a statement asks about the one before and names no table, however the session reads it.
func Diagnostics(source []byte) bool { return len(source) < 4096 && diagnostics.Match(source) }

// Unreadable plans a text that holds several statements which cannot be told apart, such as a stored program.
func Unreadable(source string, env *Env) Plan { return unread(source, env) }

// Compound says whether a text is a compound statement, which runs now.
func Compound(source []byte) bool {
	return StoredProgram(source) && programKind(string(source)) == ""
}
