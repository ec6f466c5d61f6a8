// Package remote is what the drivers of KMSes share: what an error of the network means, and one line of what another
// program wrote. For the clouds' it also reads the KMS's URL, and has a client whose answers are whole and errors that
// name the key, say what to do, and hold neither credentials nor key bytes.
//
// Such an error shows codes and request ids of the provider, never its texts: some of those repeat the request's headers,
// and so a session token. A request's URL is never shown, either; one provider has the key in it.
package remote

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// Key names a KMS key in errors, and says what to do about those that its owner can mend.
type Key struct {
	KMS    string // "AWS KMS"
	Name   string // "alias/tdeproxy in eu-central-1"
	Access string // what helps against keyring.ErrDenied
	State  string // what helps against keyring.ErrKeyState
}

// Fault is an error of the class that keyring names, in one line: what the KMS said, and what to do.
func (k Key) Fault(class error, said string) error { return k.fault(class, said, k.advice(class)) }

func (k Key) fault(class error, said, advice string) error {
	if class == keyring.ErrWrongKey {
		return fmt.Errorf("the key %w: %s key %s: %s; %s", class, k.KMS, k.Name, OneLine(said), advice)
	}
	return fmt.Errorf("%s %w: key %s: %s; %s", k.KMS, class, k.Name, OneLine(said), advice)
}

func (k Key) advice(class error) string {
	switch class {
	case keyring.ErrDenied:
		return k.Access
	case keyring.ErrKeyState:
		return k.State
	case keyring.ErrUnavailable:
		return "check the network between here and there, or wait until the KMS is back"
	case keyring.ErrWrongKey:
		return "another key wrapped it, or for another keyring or version"
	}
	return "check that the URL, its endpoint and proxies in between lead to the KMS"
}

// maxText is what an error shows of a text that another program wrote, in bytes.
const maxText = 300

// OneLine makes a text of another program fit for an error: without line ends, and not too long.
func OneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + " …"
	}
	return text
}

// Code is an error code with its request id, as errors quote them. Both are identifiers; what is none is not shown.
func Code(code, requestID string) string {
	if !identifier(code) {
		code = "an error without a code"
	}
	if identifier(requestID) {
		code += " (request " + requestID + ")"
	}
	return code
}

// maxIdentifier is short enough for no token to pass as a code or request id.
const maxIdentifier = 80

func identifier(s string) bool {
	return s != "" && len(s) <= maxIdentifier && !strings.ContainsFunc(s, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	})
}

// Params are the parameters of a KMS's URL. Those that are not allowed, or come twice or without a value, are an error,
// and so are a user, password or fragment in the URL: credentials do not belong there.
func Params(u *url.URL, allowed ...string) (map[string]string, error) {
	switch {
	case u.User != nil:
		return nil, fmt.Errorf("the URL of %s names a user; take it out, credentials come from where the provider's own tools find them", u.Scheme)
	case u.Fragment != "" || u.Opaque != "":
		return nil, fmt.Errorf("the URL of %s is not of the form %s://…; docs/kms.md has an example", u.Scheme, u.Scheme)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the URL of %s has parameters that cannot be read; write them as ?name=value", u.Scheme)
	}
	params := make(map[string]string, len(query))
	for name, values := range query {
		if !slices.Contains(allowed, name) {
			return nil, fmt.Errorf("the URL of %s has the parameter %q, which it does not know; it knows %s", u.Scheme, OneLine(name), strings.Join(allowed, ", "))
		}
		if len(values) != 1 || values[0] == "" {
			return nil, fmt.Errorf("the URL of %s needs one value for %s; give it once", u.Scheme, name)
		}
		params[name] = values[0]
	}
	return params, nil
}

// Endpoint checks the parameter "endpoint", which may be absent. Keys travel over it, so it is https, or http to this
// very machine.
func Endpoint(params map[string]string) (*url.URL, error) {
	text, ok := params["endpoint"]
	if !ok {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("endpoint is not of the form https://host or https://host:port; mend it")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("endpoint %s://%s is not https; keys would travel in clear", u.Scheme, u.Host)
	}
	u.Path = ""
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// CheckSize sees that what is to be wrapped, or came out of an answer, has the size of a key.
func CheckSize(key []byte) error {
	if len(key) != keyring.KeySize {
		return fmt.Errorf("a key of %d bytes, where keys have %d", len(key), keyring.KeySize)
	}
	return nil
}

// Status adds an HTTP status to what was said.
func Status(status int, said string) string {
	if status == 0 {
		return said
	}
	return fmt.Sprintf("HTTP status %d, %s", status, said)
}
