package plan

import (
	"slices"
	"strings"
)

// Batch says how a server runs a prepared statement that a client executes for many rows of parameters at once, by MariaDB's
// COM_STMT_BULK_EXECUTE.
type Batch uint8

// The ways.
const (
	BatchRefused Batch = iota // it does not
	BatchRows                 // an INSERT or REPLACE: one statement that stores all rows
	BatchUpdate               // an UPDATE of one table: one after the other
	BatchJoined               // one of several tables
	BatchDelete
)

// BatchOf tells it of a statement, by its words. set is how many parameters come before WHERE: those that can be DEFAULT.
func BatchOf(src []byte, mode Mode) (b Batch, set int) {
	l := Lexer{Record: true}
	if l.Lex(src, mode) != nil {
		return BatchRefused, 0
	}
	var words []string // of the statement's own level, and commas
	depth, where := 0, len(src)
	for _, t := range l.Tokens {
		switch text := string(l.Template[t.Start:t.End]); {
		case t.Kind == TokPunct && text == "(":
			depth++
		case t.Kind == TokPunct && text == ")":
			depth--
		case depth == 0 && (t.Kind == TokWord || t.Kind == TokPunct && text == ","):
			words = append(words, strings.ToUpper(text))
			if words[len(words)-1] == "WHERE" {
				where = t.Start
			}
		case t.Kind == TokQuoted && depth == 0:
			words = append(words, "")
		}
		if t.Kind == TokParam && t.Start < where {
			set++
		}
	}
	return batchOf(words), set
}

func batchOf(words []string) Batch {
	if len(words) == 0 {
		return BatchRefused
	}
	first := func(among ...string) string {
		i := slices.IndexFunc(words, func(w string) bool { return slices.Contains(among, w) })
		if i < 0 {
			return ""
		}
		return words[i]
	}
	switch words[0] {
	case "INSERT", "REPLACE":
		switch first("VALUES", "VALUE", "SET", "SELECT", "WITH", "TABLE") {
		case "VALUES", "VALUE", "SET":
			return BatchRows
		}
	case "UPDATE":
		switch first("SET", ",", "JOIN", "STRAIGHT_JOIN") {
		case "SET":
			return BatchUpdate
		case "":
			return BatchRefused
		}
		return BatchJoined
	case "DELETE":
		i := 1
		for i < len(words) && slices.Contains([]string{"LOW_PRIORITY", "QUICK", "IGNORE"}, words[i]) {
			i++
		}
		if i < len(words) && words[i] == "FROM" && first("USING", "JOIN", ",", "WHERE") != "USING" {
			return BatchDelete
		}
	}
	return BatchRefused
}
