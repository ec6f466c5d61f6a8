package plan

import (
	"fmt"
	"slices"
	"strings"
)

const codeReadOnlyVariable = 1238 // ER_INCORRECT_GLOBAL_LOCAL_VAR

// String implements Plan.
func (p *ServerTLS) String() string {
	switch p.Action {
	case TLSReload:
		if p.Tolerant {
			return "ServerTLS reload, a fault is a warning"
		}
		return "ServerTLS reload"
	case TLSStatus, TLSVariables:
		out := "ServerTLS show status"
		if p.Action == TLSVariables {
			out = "ServerTLS show variables"
		}
		if p.Pieces != nil {
			out += "\n  upstream: " + strings.Join(p.Pieces, "<value>")
		}
		return out
	case TLSSet:
		return fmt.Sprintf("ServerTLS set %s %t\n  upstream: %s", secureTransport, p.Secure, p.Upstream)
	}
	return "ServerTLS select"
}

// Prepared plans PREPARE … FROM of the statement: what only reads goes on, and shows upstream's values; nil then.
func (p *ServerTLS) Prepared() *Refuse {
	switch p.Action {
	case TLSReload, TLSSet:
		return refuse("prepare", "PREPARE of a statement that changes the proxy's TLS is not supported; send it by itself")
	}
	return nil
}

// reloadTLS plans ALTER INSTANCE RELOAD TLS [FOR CHANNEL name] [NO ROLLBACK ON ERROR].
func (h *head) reloadTLS(env *Env) Plan {
	p, i, channel := &ServerTLS{Action: TLSReload}, 4, ""
	if h.word(i) == "FOR" {
		if h.word(i+1) != "CHANNEL" {
			return h.syntax(i+1, env)
		}
		var ok bool
		if channel, ok = h.ident(i + 2); !ok {
			return h.syntax(i+2, env)
		}
		i += 3
		channel = strings.ToLower(channel)
	}
	if h.word(i) == "NO" {
		for _, w := range [...]string{"NO", "ROLLBACK", "ON", "ERROR"} {
			if h.word(i) != w {
				return h.syntax(i, env)
			}
			i++
		}
		p.Tolerant = true
	}
	if i < len(h.tokens) {
		return h.syntax(i, env)
	}
	switch channel {
	case "", "mysql_main", "mysql_admin":
		return p
	}
	return refuseMySQL("tls-channel", 1149, "42000", "You have an error in your SQL syntax; check the manual that corresponds to your "+
		serverName(env)+" server version for the right syntax to use") // the server's words for a channel that is none
}

// flushTLS plans MariaDB's FLUSH SSL.
func (h *head) flushTLS(env *Env) Plan {
	if !env.Mode.MariaDB {
		return nil
	}
	i := 1
	if w := h.word(i); w == "LOCAL" || w == "NO_WRITE_TO_BINLOG" {
		i++
	}
	if h.word(i) != "SSL" {
		for ; i < len(h.tokens); i++ {
			if h.word(i) == "SSL" && h.word(i-1) == "," {
				return refuse("flush", "FLUSH SSL reloads the proxy's certificates and goes by itself; send it as a statement of its own")
			}
		}
		return nil
	}
	switch {
	case i+1 == len(h.tokens):
		return &ServerTLS{Action: TLSReload}
	case h.word(i+1) == ",":
		return refuse("flush", "FLUSH SSL reloads the proxy's certificates and goes by itself; send it as a statement of its own")
	}
	return h.syntax(i+1, env)
}

// syntax is the server's error for a statement that goes wrong at token i.
func (h *head) syntax(i int, env *Env) Plan {
	near, line := "", 1
	if i < len(h.tokens) {
		start := h.tokens[i].Start
		near, line = h.text[start:], 1+strings.Count(h.text[:start], "\n")
	} else {
		line += strings.Count(h.text, "\n")
	}
	return refuseMySQL("syntax", 1064, "42000", fmt.Sprintf("You have an error in your SQL syntax; check the manual that corresponds to "+
		"your %s server version for the right syntax to use near '%s' at line %d", serverName(env), near[:min(len(near), 80)], line))
}

func serverName(env *Env) string {
	if env.Mode.MariaDB {
		return "MariaDB"
	}
	return "MySQL"
}

// showTLS plans SHOW [GLOBAL|SESSION|LOCAL] STATUS|VARIABLES that could show what concerns TLS.
func (h *head) showTLS(env *Env) Plan {
	i := 1
	switch h.word(i) {
	case "GLOBAL", "SESSION", "LOCAL":
		i++
	}
	p := &ServerTLS{Action: TLSStatus}
	switch h.word(i) {
	case "STATUS":
	case "VARIABLES":
		p.Action = TLSVariables
	default:
		return nil
	}
	switch h.word(i + 1) {
	case "LIKE":
		if i+2 < len(h.tokens) && !couldMatch(h.text[h.tokens[i+2].Start:h.tokens[i+2].End]) {
			return nil
		}
	case "WHERE":
		if h.queries(i+2) && (env.Snapshot.Len() > 0 || !env.Rules.Empty()) {
			return refuse("statement", "a subquery in this statement is not supported where tables are encrypted")
		}
		p.Pieces = h.values(i + 2)
	}
	return p
}

// queries says whether a subquery stands at token i or after it.
func (h *head) queries(i int) bool {
	for ; i < len(h.tokens); i++ {
		if h.tokens[i].Kind == TokWord && slices.Contains([]string{"SELECT", "WITH", "TABLE", "VALUES"}, h.word(i)) {
			return true
		}
	}
	return false
}

// couldMatch says whether a LIKE pattern, in its quotes, could match a name of TLS.
func couldMatch(pattern string) bool {
	pattern = strings.ToLower(strings.Trim(pattern, `'"`))
	if i := strings.IndexAny(pattern, `%_\'"`); i >= 0 {
		pattern = pattern[:i]
	}
	for _, p := range tlsPrefixes {
		if n := min(len(p), len(pattern)); p[:n] == pattern[:n] {
			return true
		}
	}
	return false
}

// values splits the text where, from token i on, it names the column Value; nil where it does not.
func (h *head) values(i int) []string {
	var pieces []string
	pos := 0
	for ; i < len(h.tokens); i++ {
		t := h.tokens[i]
		name, ok := h.ident(i)
		if !ok || !strings.EqualFold(name, "value") || h.word(i+1) == "(" || h.word(i-1) == "." {
			continue
		}
		pieces = append(pieces, h.text[pos:t.Start])
		pos = t.End
	}
	if pieces == nil {
		return nil
	}
	return append(pieces, h.text[pos:])
}

// setTLS plans SET where it assigns to a variable of TLS.
func (h *head) setTLS() Plan {
	for i := 1; i < len(h.tokens); {
		equals, end := h.assignment(i)
		if equals < 0 {
			return nil
		}
		if name := h.target(i, equals); tlsVariables[name] && !strings.HasPrefix(name, "have_") {
			return h.setVariable(name, i, equals, end)
		}
		i = end + 1
	}
	return nil
}

// assignment finds the = or := of the assignment that begins at token i, and the comma or end behind it.
func (h *head) assignment(i int) (equals, end int) {
	equals = -1
	depth := 0
	for end = i; end < len(h.tokens); end++ {
		switch w := h.word(end); {
		case h.tokens[end].Kind != TokPunct:
		case w == "(":
			depth++
		case w == ")":
			depth--
		case w == "=" && equals < 0:
			equals = end
		case w == "," && depth == 0:
			return equals, end
		}
	}
	return equals, end
}

// target is the last component of the variable's name before an =, in lower case.
func (h *head) target(i, equals int) string {
	last := equals - 1
	if last >= i && h.word(last) == ":" {
		last--
	}
	if last < i {
		return ""
	}
	name := strings.ToLower(h.text[h.tokens[last].Start:h.tokens[last].End])
	if !strings.HasPrefix(name, "@@") && strings.HasPrefix(name, "@") {
		return "" // a user variable
	}
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	return strings.Trim(strings.TrimPrefix(name, "@@"), "`\"")
}

// setVariable plans the assignment of tokens [i, end).
func (h *head) setVariable(name string, i, equals, end int) Plan {
	if name != secureTransport {
		return refuseMySQL("read-only", codeReadOnlyVariable, "HY000", "Variable '"+name+"' is a read only variable")
	}
	for j := 1; j < len(h.tokens); j++ { // the word counts for later assignments, too
		if w := h.word(j); w == "PERSIST" || w == "PERSIST_ONLY" || strings.HasPrefix(w, "@@PERSIST") {
			return refuse("persist", "SET PERSIST %s is not supported: write it into the proxy's configuration file and reload that", name)
		}
	}
	if next, _ := h.assignment(end + 1); next >= 0 && h.setsAgain(end+1) {
		return refuse("set", "a SET that assigns to %s twice is not supported", name)
	}
	value := ""
	if equals+2 == end {
		value = h.text[h.tokens[equals+1].Start:h.tokens[equals+1].End]
	}
	p := &ServerTLS{Action: TLSSet}
	switch strings.ToUpper(value) {
	case "ON", "TRUE", "1", "'ON'", `"ON"`:
		p.Secure = true
	case "OFF", "FALSE", "0", "'OFF'", `"OFF"`, "DEFAULT":
	default:
		if wrongSwitch(value) {
			return nil // upstream has the error for it
		}
		return refuse("set", "%s can be set to ON, OFF or DEFAULT, and to no expression", name)
	}
	p.Upstream = h.text[:h.tokens[equals+1].Start] + "@@GLOBAL." + secureTransport + h.text[h.tokens[end-1].End:]
	return p
}

// setsAgain says whether a later assignment, from token i on, is to require_secure_transport as well.
func (h *head) setsAgain(i int) bool {
	for i < len(h.tokens) {
		equals, end := h.assignment(i)
		if equals < 0 {
			return false
		}
		if h.target(i, equals) == secureTransport {
			return true
		}
		i = end + 1
	}
	return false
}

// wrongSwitch says whether a value is one that no server takes for a switch: a number past 1, a word, NULL.
func wrongSwitch(value string) bool {
	if strings.EqualFold(value, "NULL") {
		return true
	}
	if value != "" && strings.Trim(value, "0123456789") == "" {
		n := strings.TrimLeft(value, "0")
		return n != "" && n != "1"
	}
	word := strings.Trim(value, "'")
	return len(word) == len(value)-2 && word != "" && upper(word[0]) != 'O' && strings.Trim(strings.ToUpper(word), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
