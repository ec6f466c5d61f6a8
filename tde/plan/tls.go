package plan

import (
	"bytes"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// ServerTLS is a statement about the server's side of its clients' TLS. For them the server is the proxy: it has the
// certificate, so such a statement is never upstream's alone to answer.
type ServerTLS struct {
	Action TLSAction
	// Tolerant is NO ROLLBACK ON ERROR of TLSReload.
	Tolerant bool
	// Secure is what TLSSet makes require_secure_transport.
	Secure bool
	// Upstream is TLSSet without the new value: it asks upstream for everything else, the privilege among it.
	Upstream string
	// Pieces of a TLSShow whose WHERE looks at values: what upstream shall see of a value goes between them. nil: none.
	Pieces []string
}

// TLSAction says what a ServerTLS is.
type TLSAction uint8

// Actions.
const (
	TLSReload    TLSAction = iota // ALTER INSTANCE RELOAD TLS, FLUSH SSL
	TLSStatus                     // SHOW STATUS
	TLSVariables                  // SHOW VARIABLES
	TLSSelect                     // SELECT with @@variables of TLS; SpliceTLS puts values in their place
	TLSSet                        // SET GLOBAL require_secure_transport
)

// tlsVariables are the system variables that describe the server's side of TLS.
var tlsVariables = map[string]bool{
	"have_openssl": true, "have_ssl": true, "require_secure_transport": true, "ssl_ca": true, "ssl_capath": true, "ssl_cert": true,
	"ssl_cipher": true, "ssl_crl": true, "ssl_crlpath": true, "ssl_key": true, "ssl_session_cache_mode": true,
	"ssl_session_cache_timeout": true, "tls_certificates_enforced_validation": true, "tls_ciphersuites": true, "tls_version": true,
	"version_ssl_library": true,
}

const secureTransport = "require_secure_transport"

// tlsPrefixes begin the names that SHOW STATUS and SHOW VARIABLES have for TLS.
var tlsPrefixes = [...]string{"ssl_", "tls_", "current_tls_", "have_", secureTransport, "version_ssl_"}

// ConcernsTLS says whether a text could be, or hold, a ServerTLS: cheaply, and for nearly all texts that are none with no.
func ConcernsTLS(src []byte) bool {
	if i := bytes.IndexByte(src, ';'); i < 0 || len(bytes.TrimRight(src[i:], "; \t\r\n\x00")) == 0 {
		switch firstByte(src) {
		case 's', 'w', '(', 'a', 'f', 'p', 'e', '/': // SELECT, SHOW, SET, WITH, ALTER, FLUSH, PREPARE, EXECUTE, executable comments
		default:
			return false
		}
	}
	return holdsFold(src, "ssl", 'l') || holdsFold(src, "tls", 'l') || holdsFold(src, secureTransport, '_') ||
		holdsFold(src, "show", 'w') && (holdsFold(src, "status", 'u') || holdsFold(src, "variables", 'v'))
}

// holdsFold says whether a text has a lower-case word in it, in any case. It looks where rare is, the letter of the word that
// texts have least of, so that long texts are passed over at the speed of memory.
func holdsFold(text []byte, word string, rare byte) bool {
	at := strings.IndexByte(word, rare)
	for _, c := range [...]byte{rare, upper(rare)} {
		for from := at; from < len(text); {
			i := bytes.IndexByte(text[from:], c)
			if i < 0 {
				break
			}
			from += i
			if startsFold(text[from-at:], word) {
				return true
			}
			from++
		}
	}
	return false
}

// startsFold says whether text starts with a lower-case word, in any case.
func startsFold(text []byte, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := range len(word) {
		if c := text[i]; c != word[i] && c|0x20 != word[i] {
			return false
		}
	}
	return true
}

// firstByte is the first byte of a statement, in lower case; comments before it do not count.
func firstByte(src []byte) byte {
	for len(src) > 0 {
		switch c := src[0]; {
		case isSpace(c):
			src = src[1:]
		case c == '#' || bytes.HasPrefix(src, []byte("--")):
			_, src, _ = bytes.Cut(src, []byte("\n"))
		case bytes.HasPrefix(src, []byte("/*")) && !bytes.HasPrefix(src, []byte("/*!")) && !bytes.HasPrefix(src, []byte("/*M!")):
			_, src, _ = bytes.Cut(src[2:], []byte("*/"))
		default:
			return c | 0x20
		}
	}
	return 0
}

// selectTLS makes a plan of a SELECT that passes, where it names variables of TLS.
func (h *head) selectTLS(p Plan, node ast.StmtNode) Plan {
	if _, ok := p.(*PassThrough); !ok {
		return p
	}
	switch node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt:
	default:
		return p
	}
	for _, t := range h.tokens {
		if t.Kind == TokVar && tlsVariable(h.text[t.Start:t.End]) != "" {
			return &ServerTLS{Action: TLSSelect}
		}
	}
	return p
}

// tlsVariable is the lower-case name of a variable of TLS that @@name or @@GLOBAL.name reads, or "". In the session's scope
// there are none: that is for upstream to say.
func tlsVariable(text string) string {
	name, ok := strings.CutPrefix(text, "@@")
	if !ok {
		return ""
	}
	name = strings.ToLower(name)
	name = strings.Trim(strings.TrimPrefix(name, "global."), "`")
	if !tlsVariables[name] {
		return ""
	}
	return name
}

// SpliceTLS puts the expressions that value gives in the place of the variables of TLS in a TLSSelect; columns keep the
// names that they would have had. value is given a variable's name and its text in the statement.
func SpliceTLS(src []byte, mode Mode, value func(name, text string) string) (string, bool) {
	lx := Lexer{Keep: true, Record: true}
	if lx.Lex(src, mode) != nil {
		return "", false
	}
	text := string(lx.Template)
	node := parse(text, mode)
	if node == nil {
		return "", false
	}
	var edits []tlsEdit
	for _, t := range lx.Tokens {
		if t.Kind != TokVar {
			continue
		}
		if name := tlsVariable(text[t.Start:t.End]); name != "" {
			edits = append(edits, tlsEdit{t.Start, t.End, value(name, text[t.Start:t.End])})
		}
	}
	v := &fieldNamer{text: text, edits: edits}
	node.Accept(v)
	return applyEdits(text, v.edits), !v.lost
}

// tlsEdit replaces text[start:end].
type tlsEdit struct {
	start, end int
	text       string
}

// applyEdits makes all edits; they do not overlap.
func applyEdits(text string, edits []tlsEdit) string {
	var out strings.Builder
	pos := 0
	for pos <= len(text) {
		next := -1
		for i, e := range edits {
			if e.start >= pos && (next < 0 || e.start < edits[next].start) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		e := edits[next]
		out.WriteString(text[pos:e.start] + e.text)
		pos = e.end
		edits = append(edits[:next:next], edits[next+1:]...)
	}
	return out.String() + text[min(pos, len(text)):]
}

// fieldNamer gives the items of select lists that are edited, and have no alias, the name that the text had.
type fieldNamer struct {
	text  string
	edits []tlsEdit
	lost  bool // an item was not where the parser said
}

// Enter implements ast.Visitor.
func (v *fieldNamer) Enter(n ast.Node) (ast.Node, bool) {
	f, ok := n.(*ast.SelectField)
	if !ok || f.AsName.O != "" || f.WildCard != nil {
		return n, false
	}
	name := strings.TrimSpace(f.Text())
	end := f.Offset + len(name)
	if f.Offset < 0 || end > len(v.text) || v.text[f.Offset:end] != name {
		v.lost = true
		return n, false
	}
	for _, e := range v.edits {
		if e.start >= f.Offset && e.end <= end && e.end > e.start {
			v.edits = append(v.edits, tlsEdit{end, end, " AS " + quote(name)})
			break
		}
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *fieldNamer) Leave(n ast.Node) (ast.Node, bool) { return n, true }
