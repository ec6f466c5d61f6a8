package plan

import (
	"slices"
	"strings"
)

// tablelessProgram says whether a text, the definition of a stored function or procedure or of an event, a compound statement, or the
// body of one of them, can neither name a table nor run SQL that it computes, nor change what the proxy knows of the session. All of the text
// counts, statements after it, too.
func tablelessProgram(source string, mode Mode) bool {
	if strings.Contains(source, "/*!") || strings.Contains(source, "/*M!") {
		return false
	}
	first := true
	for rest := []byte(source); ; first = false {
		lx := Lexer{Record: true, Keep: true}
		if err := lx.Lex(rest, mode); err != nil {
			return false
		}
		p := program{block{text: string(lx.Template), tokens: lx.Tokens}}
		if !p.tableless(first) {
			return false
		}
		if !lx.More {
			return true
		}
		rest = rest[lx.End+1:]
	}
}

// program is a part of a stored program's text, between semicolons.
type program struct{ block }

// needsTable are words with which something begins that could be about a table, or that runs SQL or changes the session.
var needsTable = []string{
	"ALTER", "ANALYZE", "BACKUP", "BINLOG", "CACHE", "CALL", "CHANGE", "CHECKSUM", "DELETE", "DESCRIBE", "DROP", "EXECUTE", "EXPLAIN", "FLUSH", "FROM",
	"HANDLER", "HELP", "IMMEDIATE", "INSERT", "JOIN", "LASTVAL", "LOAD", "LOCK", "NEXTVAL", "OPTIMIZE", "OUTFILE", "DUMPFILE", "PACKAGE", "PREPARE", "RENAME", "REPAIR",
	"REPLACE", "ROWTYPE", "SETVAL", "SHOW", "SONAME", "STATEMENT", "TABLE", "TABLES", "TRIGGER", "TRUNCATE", "TYPE", "UNLOCK", "UPDATE", "USE", "VIEW", "XA",
}

// setsOthers are words of SET that are of the session and not of the program: what the proxy knows of it a function would change unseen.
var setsOthers = []string{
	"NAMES", "CHARACTER", "CHARSET", "SESSION", "LOCAL", "GLOBAL", "PERSIST", "PERSIST_ONLY", "TRANSACTION", "PASSWORD", "ROLE", "DEFAULT", "AUTOCOMMIT", "TIMESTAMP",
	"TIME_ZONE", "DIV_PRECISION_INCREMENT", "GROUP_CONCAT_MAX_LEN", "LC_TIME_NAMES", "DEFAULT_WEEK_FORMAT", "MAX_SORT_LENGTH", "MAX_ERROR_COUNT", "OLD_MODE",
	"DEFAULT_STORAGE_ENGINE", "STORAGE_ENGINE", "ENFORCE_STORAGE_ENGINE", "INNODB_STRICT_MODE", "EXPLICIT_DEFAULTS_FOR_TIMESTAMP", "OPTIMIZER_SWITCH",
	"NOTE_VERBOSITY", "MAX_RECURSIVE_ITERATIONS", "MAX_STATEMENT_TIME", "STANDARD_COMPLIANT_CTE", "CHECK_CONSTRAINT_CHECKS", "WINDOWING_USE_HIGH_PRECISION",
	"CTE_MAX_RECURSION_DEPTH", "DEFAULT_COLLATION_FOR_UTF8MB4", "MAX_EXECUTION_TIME", "BLOCK_ENCRYPTION_MODE", "SHOW_CREATE_TABLE_VERBOSITY",
}

func (p *program) tableless(first bool) bool {
	var openers []string
	for i, t := range p.tokens {
		switch {
		case t.Kind == TokVar && p.text[t.Start:min(t.Start+2, t.End)] == "@@":
			if p.stands(i+1, "=") || p.stands(i+1, ":=") || p.stands(i+1, ":") {
				return false
			}
		case p.stands(i, "("):
			openers = append(openers, p.upper(i-1))
		case p.stands(i, ")") && len(openers) > 0:
			openers = openers[:len(openers)-1]
		case t.Kind == TokWord && !p.harmlessWord(i, first, openers):
			return false
		}
	}
	return true
}

// upper is token i in upper case where it is a word.
func (p *program) upper(i int) string {
	if i < 0 || i >= len(p.tokens) || p.tokens[i].Kind != TokWord {
		return ""
	}
	return strings.ToUpper(p.text[p.tokens[i].Start:p.tokens[i].End])
}

func (p *program) harmlessWord(i int, first bool, openers []string) bool {
	w := p.upper(i)
	switch {
	case w == "CREATE":
		return first && i == 0 // the program itself
	case strings.HasPrefix(w, "SQL_"), strings.HasPrefix(w, "CHARACTER_SET_"), strings.HasPrefix(w, "COLLATION_"):
		return false
	case slices.Contains(setsOthers, w) && (p.upper(i-1) == "SET" || p.stands(i-1, ",")):
		return false
	case !slices.Contains(needsTable, w):
		return true
	}
	switch w {
	case "FROM": // TRIM(BOTH x FROM y)
		return len(openers) > 0 && slices.Contains([]string{"TRIM", "EXTRACT", "SUBSTRING", "SUBSTR", "MID"}, openers[len(openers)-1])
	case "INSERT", "REPLACE", "TRUNCATE": // functions; and CREATE OR REPLACE FUNCTION
		return p.stands(i+1, "(") || w == "REPLACE" && first && i == 2 && p.upper(1) == "OR"
	case "HANDLER":
		return slices.Contains([]string{"CONTINUE", "EXIT", "UNDO"}, p.upper(i-1))
	}
	return false
}
