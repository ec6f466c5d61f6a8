package plan

import (
	"slices"
	"strings"
)

// programKind says what a text that StoredProgram takes for one defines: PROCEDURE, FUNCTION …, or "" where it is a compound statement.
func programKind(source string) string {
	words := headWords(source[:min(len(source), 1024)], 24)
	if len(words) > 0 && words[0] != "CREATE" && words[0] != "ALTER" {
		return ""
	}
	i := slices.IndexFunc(words, func(w string) bool {
		return slices.Contains([]string{"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"}, w)
	})
	if i < 0 {
		return "?"
	}
	return words[i]
}

// tablelessProgram says whether a text, the definition of a stored function or procedure or of an event, a compound statement, or the
// body of one of them, can neither name a table nor run SQL that it computes, nor change what the proxy knows of the session, but for what the
// procedures do that it calls. All of the text counts, statements after it, too.
func tablelessProgram(source string, mode Mode, body bool) (calls []Routine, ok bool) {
	p := &program{}
	each := func(first bool) bool { return p.tableless(first && !body) }
	return p.calls, p.parts(source, mode, each)
}

// passingProgram says whether a text is a stored program or compound statement that touches no table. calls are those of a statement that runs now;
// of a procedure they are looked at when it is called, and of nothing else.
func passingProgram(source string, env *Env) (calls, within []Routine, ok bool) {
	calls, ok = tablelessProgram(source, env.Mode, false)
	if !ok {
		return nil, nil, false
	}
	switch programKind(source) {
	case "":
		return calls, nil, true
	case "PROCEDURE":
		return nil, calls, true
	}
	return nil, nil, len(calls) == 0
}

// CreatesProcedure says whether a statement makes a stored procedure.
func CreatesProcedure(source []byte) bool {
	return StoredProgram(source) && programKind(string(source)) == "PROCEDURE" && headWords(string(source), 1)[0] == "CREATE"
}

// callsOf are the procedures that a body calls; not ok where that cannot be told.
func callsOf(body string, mode Mode) (calls []Routine, ok bool) {
	p := &program{}
	ok = p.parts(body, mode, func(bool) bool {
		for i := range p.tokens {
			if p.upper(i) == "CALL" && !p.called(i+1) {
				return false
			}
		}
		return p.calledBare()
	})
	return p.calls, ok
}

// parts reads a text up to each semicolon until one of the parts will not do.
func (p *program) parts(source string, mode Mode, each func(first bool) bool) bool {
	if strings.Contains(source, "/*!") || strings.Contains(source, "/*M!") {
		return false
	}
	first := true
	for rest := []byte(source); ; first = false {
		lx := Lexer{Record: true, Keep: true}
		if err := lx.Lex(rest, mode); err != nil {
			return false
		}
		p.end = len(source) - len(rest) + lx.End
		p.block = block{text: string(lx.Template), tokens: lx.Tokens}
		if !each(first) {
			return false
		}
		if !lx.More {
			return true
		}
		rest = rest[lx.End+1:]
	}
}

// program is a stored program's text, of which block is a part between semicolons.
type program struct {
	block
	calls []Routine
	end   int // of that part in the text
}

// called notes the procedure whose name begins at token i.
func (p *program) called(i int) bool {
	if i >= len(p.tokens) || p.tokens[i].Kind > TokQuoted {
		return false
	}
	switch n := p.chain(i); n {
	case 1:
		p.calls = append(p.calls, Routine{Name: p.ident(i)})
	case 2:
		p.calls = append(p.calls, Routine{DB: p.ident(i), Name: p.ident(i + 2)})
	default:
		return false
	}
	return true
}

// openers are words after which a statement begins; endings are statements of one word.
var (
	openers = []string{"BEGIN", "THEN", "ELSE", "LOOP", "REPEAT", "DO"}
	endings = []string{"BEGIN", "NULL", "COMMIT", "ROLLBACK", "RESIGNAL", "RETURN", "CONTINUE", "EXIT", "END", "TRUE", "FALSE", "UNKNOWN"}
)

// calledBare notes the procedure that the part calls at its end without the word CALL, as sql_mode = ORACLE has it.
func (p *program) calledBare() bool {
	last := len(p.tokens) - 1
	if last >= 0 && p.is(last, ")") {
		depth := 0
		for ; last >= 0; last-- {
			switch {
			case p.is(last, ")"):
				depth++
			case p.is(last, "("):
				depth--
			}
			if depth == 0 {
				break
			}
		}
		last--
	}
	if last < 0 || p.tokens[last].Kind > TokQuoted {
		return true
	}
	head := last
	for head > 1 && p.is(head-1, ".") {
		head -= 2
	}
	if slices.Contains(endings, p.upper(last)) || head > 0 && !slices.Contains(openers, p.upper(head-1)) && !p.is(head-1, ":") && !(p.is(head-1, ">") && p.stands(head-2, ">")) {
		return true
	}
	return p.called(head)
}

// needsTable are words with which something begins that could be about a table, or that runs SQL or changes the session.
var needsTable = []string{
	"ALTER", "ANALYZE", "BACKUP", "BINLOG", "CACHE", "CHANGE", "CHECKSUM", "DELETE", "DESCRIBE", "DROP", "EXECUTE", "EXPLAIN", "FLUSH", "FROM",
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
	var brackets []string // the words before those that are open
	for i, t := range p.tokens {
		switch {
		case t.Kind == TokVar && p.text[t.Start:min(t.Start+2, t.End)] == "@@":
			if p.stands(i+1, "=") || p.stands(i+1, ":=") || p.stands(i+1, ":") {
				return false
			}
		case p.stands(i, "("):
			brackets = append(brackets, p.upper(i-1))
		case p.stands(i, ")") && len(brackets) > 0:
			brackets = brackets[:len(brackets)-1]
		case t.Kind == TokPunct && p.text[t.Start] >= 0x80:
			return false
		case t.Kind == TokWord && !p.harmlessWord(i, first, brackets):
			return false
		}
	}
	return p.calledBare()
}

// upper is token i in upper case where it is a word.
func (p *program) upper(i int) string {
	if i < 0 || i >= len(p.tokens) || p.tokens[i].Kind != TokWord {
		return ""
	}
	return strings.ToUpper(p.text[p.tokens[i].Start:p.tokens[i].End])
}

func (p *program) harmlessWord(i int, first bool, brackets []string) bool {
	w := p.upper(i)
	switch {
	case !isASCII(w):
		return false // it could have what some character set takes for space
	case w == "CREATE":
		return first && i == 0 // the program itself
	case w == "ALTER" && first && i == 0:
		return slices.Contains([]string{"PROCEDURE", "FUNCTION"}, p.upper(1))
	case w == "CALL":
		return p.called(i + 1)
	case w == "DESC": // of an ORDER BY, and not DESCRIBE
		return i > 0 && (i+1 == len(p.tokens) || p.stands(i+1, ",") || p.stands(i+1, ")") || p.upper(i+1) == "SEPARATOR" || p.upper(i+1) == "LIMIT")
	case strings.HasPrefix(w, "SQL_"), strings.HasPrefix(w, "CHARACTER_SET_"), strings.HasPrefix(w, "COLLATION_"):
		return false
	case slices.Contains(setsOthers, w) && (p.upper(i-1) == "SET" || p.stands(i-1, ",")):
		return false
	case !slices.Contains(needsTable, w):
		return true
	}
	switch w {
	case "FROM": // TRIM(BOTH x FROM y), FETCH FROM cursor, FROM DUAL
		return len(brackets) > 0 && slices.Contains([]string{"TRIM", "EXTRACT", "SUBSTRING", "SUBSTR", "MID"}, brackets[len(brackets)-1]) ||
			p.upper(i-1) == "FETCH" || p.upper(i-1) == "NEXT" && p.upper(i-2) == "FETCH" ||
			p.upper(i+1) == "DUAL" && !p.stands(i+2, ",") && !p.stands(i+2, ".")
	case "INSERT", "REPLACE", "TRUNCATE": // functions; and CREATE OR REPLACE FUNCTION
		return p.stands(i+1, "(") || w == "REPLACE" && first && i == 2 && p.upper(1) == "OR"
	case "HANDLER":
		return slices.Contains([]string{"CONTINUE", "EXIT", "UNDO"}, p.upper(i-1))
	case "SHOW":
		return p.upper(i+1) == "WARNINGS" || p.upper(i+1) == "ERRORS"
	case "TYPE": // of a variable
		return p.upper(i-1) != "ROW" && p.upper(i+1) == "OF" && p.chain(i+2) == 1
	}
	return false
}
