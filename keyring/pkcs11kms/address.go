//go:build pkcs11

package pkcs11kms

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// address is what the URI says.
type address struct {
	token, serial string // at least one of them
	object        string // the key's label
	id            string // which of several of the label wraps; may be empty
	module        string
	pinFile       string
}

// String is the URI of the key, without how to get at it.
func (a address) String() string {
	s := "pkcs11:object=" + url.PathEscape(a.object)
	if a.token != "" {
		s += ";token=" + url.PathEscape(a.token)
	}
	if a.serial != "" {
		s += ";serial=" + url.PathEscape(a.serial)
	}
	return s
}

const form = "pkcs11:token=TOKEN;object=LABEL?module-path=/…/lib.so&pin-source=file:/…"

func parse(u *url.URL) (a address, err error) {
	if u.Host != "" || u.Path != "" || u.Fragment != "" {
		return a, errors.New("a key in a token is named as " + form)
	}
	for _, part := range []struct {
		text, separator string
		set             func(name, value string) error
	}{{u.Opaque, ";", a.setPath}, {u.RawQuery, "&", a.setQuery}} {
		for attribute := range strings.SplitSeq(part.text, part.separator) {
			name, escaped, ok := strings.Cut(attribute, "=")
			value, err := url.PathUnescape(escaped)
			if !ok || err != nil {
				return a, errors.New("an attribute that is none; a key in a token is named as " + form)
			}
			if err := part.set(name, value); err != nil {
				return a, err
			}
		}
	}
	if a.object == "" || a.token == "" && a.serial == "" || a.module == "" || a.pinFile == "" {
		return a, errors.New("a key in a token is named as " + form)
	}
	return a, nil
}

func (a *address) setPath(name, value string) error {
	switch name {
	case "token":
		a.token = value
	case "serial":
		a.serial = value
	case "object":
		a.object = value
	case "id":
		a.id = value
	case "type":
		if value != "secret-key" {
			return errors.New("type is secret-key, or not there")
		}
	default:
		return fmt.Errorf("no attribute %q; there are token, serial, object, id and type", name)
	}
	return nil
}

func (a *address) setQuery(name, value string) error {
	switch name {
	case "module-path":
		a.module = value
	case "pin-source":
		a.pinFile = strings.TrimPrefix(strings.TrimPrefix(value, "file:"), "//")
	case "pin-value":
		return errors.New("pin-value would put the PIN into the configuration; write it to a file of mode 0600, and name that by pin-source")
	default:
		return fmt.Errorf("no attribute %q; there are module-path and pin-source", name)
	}
	return nil
}
