package session

import (
	"crypto/tls"
	"strings"
)

// requirement is what an account demands of its client's TLS, as mysql.user has it.
type requirement struct {
	kind                    string // "", ANY, X509 or SPECIFIED
	cipher, issuer, subject string // of SPECIFIED; empty is any
}

// met says whether a client's connection has what is demanded, as servers decide it: MySQL wants a certificate beside a CIPHER.
// state is nil without TLS.
func (r requirement) met(state *tls.ConnectionState, mariaDB bool) bool {
	if r.kind == "" {
		return true
	}
	if state == nil {
		return false
	}
	certified := len(state.VerifiedChains) > 0 && len(state.PeerCertificates) > 0
	switch r.kind {
	case "ANY":
		return true
	case "X509":
		return certified
	case "SPECIFIED":
	default:
		return false
	}
	if r.cipher != "" && r.cipher != cipherName(state.CipherSuite) {
		return false
	}
	if mariaDB && r.issuer == "" && r.subject == "" {
		return true
	}
	return certified && is(state.PeerCertificates[0].RawIssuer, r.issuer) && is(state.PeerCertificates[0].RawSubject, r.subject)
}

// is says whether a distinguished name is the one wanted; "" is any.
func is(der []byte, want string) bool {
	if want == "" {
		return true
	}
	have, err := oneLine(der)
	return err == nil && have == want
}

// requirementOf reads the REQUIRE clause of what SHOW CREATE USER says. escapes says whether \ escapes in strings.
// What cannot be read is of a kind that is never met.
func requirementOf(text string, escapes bool) requirement {
	words := clauseWords(text, escapes)
	for i, w := range words {
		if w != "REQUIRE" {
			continue
		}
		words = words[i+1:]
		break
	}
	r := requirement{}
	for len(words) > 0 {
		switch {
		case words[0] == "NONE":
			return r
		case words[0] == "SSL":
			return requirement{kind: "ANY"}
		case words[0] == "X509":
			return requirement{kind: "X509"}
		case words[0] == "AND":
			words = words[1:]
			continue
		case len(words) < 2 || !strings.HasPrefix(words[1], "'"):
			return r
		}
		value := words[1][1:]
		switch words[0] {
		case "CIPHER":
			r.kind, r.cipher = "SPECIFIED", value
		case "ISSUER":
			r.kind, r.issuer = "SPECIFIED", value
		case "SUBJECT":
			r.kind, r.subject = "SPECIFIED", value
		default:
			return r
		}
		words = words[2:]
	}
	return r
}

// clauseWords splits a statement of the server's making: words as they are, strings as ' with what they hold, names left out.
func clauseWords(text string, escapes bool) []string {
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', ',', '@', '(', ')':
			i++
		case '\'', '`', '"':
			value, n := quotedText(text[i:], escapes && c != '`')
			if c == '\'' {
				words = append(words, "'"+value)
			}
			i += n
		default:
			n := strings.IndexAny(text[i:], " ,@()'`\"")
			if n < 0 {
				n = len(text) - i
			}
			words = append(words, text[i:i+n])
			i += n
		}
	}
	return words
}

// quotedText reads the quoted text at the start of text; n is its length there.
func quotedText(text string, escapes bool) (value string, n int) {
	var b strings.Builder
	q := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && escapes && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case text[i] == q && i+1 < len(text) && text[i+1] == q:
			i++
			b.WriteByte(q)
		case text[i] == q:
			return b.String(), i + 1
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), len(text)
}
