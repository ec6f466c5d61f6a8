package exec

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// notSupported is ER_NOT_SUPPORTED_YET in the proxy's words; no argument may hold a value.
func notSupported(format string, args ...any) *wire.Error {
	return wire.NewError(wire.CodeNotSupported, "tdeproxy: "+format, args...)
}

// answer is the error packet for an error of the proxy's own; nil where err is of a connection and ends the session.
func answer(err error) *wire.Error {
	var e *wire.Error
	if errors.As(err, &e) {
		return e
	}
	switch {
	case errors.Is(err, errRedefined):
		return wire.NewError(codeDefinitionChanged, "Table definition has changed, please retry transaction")
	case errors.Is(err, errLiteral):
		return notSupported("a literal or parameter of this statement could not be read")
	case tampered(err):
		return wire.NewError(wire.CodeUnknown, "tdeproxy: a stored value is not what was sealed there: it was altered, cut off or moved")
	case errors.Is(err, value.ErrNeedsServer):
		return notSupported("a stored value cannot be converted to this session's character set or time zone exactly")
	}
	return wire.NewError(wire.CodeUnknown, "tdeproxy: %s", err.Error())
}

// ER_TABLE_DEF_CHANGED, ER_NO_SUCH_TABLE.
const (
	codeDefinitionChanged = 1412
	codeNoTable           = 1146
)

// Codes of foreign-key errors: ER_ROW_IS_REFERENCED_2, ER_NO_REFERENCED_ROW_2.
const (
	codeReferenced   = 1451
	codeNoReferenced = 1452
)

// constraintText is what a foreign-key error says of the constraint.
var constraintText = regexp.MustCompile("\\(`([^`]+)`\\.`([^`]+)`, CONSTRAINT `([^`]+)` FOREIGN KEY .*\\)$")

// logical puts upstream's error into the logical table's words: no token column shows, and a foreign key has the actions
// that the physical one lacks.
func (x *Session) logical(e *wire.Error) *wire.Error {
	for _, prefix := range []string{schema.TokenPrefix, schema.OrderPrefix, schema.PartPrefix} {
		e.Message = strings.ReplaceAll(e.Message, prefix, "")
	}
	m := constraintText.FindStringSubmatch(e.Message)
	if e.Code != codeReferenced && e.Code != codeNoReferenced || m == nil || x.state == nil {
		return e
	}
	t := x.state.Snapshot.Lookup(m[1], m[2])
	if t == nil {
		return e
	}
	for i := range t.ForeignKeys {
		if fk := &t.ForeignKeys[i]; fk.Name == m[3] {
			e.Message = withAction(withAction(e.Message, "ON DELETE", fk.OnDelete), "ON UPDATE", fk.OnUpdate)
		}
	}
	return e
}

// withAction gives a constraint the action that the physical one does not have: RESTRICT stands there, or nothing.
func withAction(message, event, action string) string {
	switch action {
	case "CASCADE", "SET NULL", "SET DEFAULT":
	default:
		return message
	}
	switch {
	case strings.Contains(message, event+" "+action):
		return message
	case strings.Contains(message, event+" RESTRICT"):
		return strings.Replace(message, event+" RESTRICT", event+" "+action, 1)
	}
	text := " " + event + " " + action
	if i := strings.LastIndex(message, " ON UPDATE "); i >= 0 && event == "ON DELETE" {
		return message[:i] + text + message[i:]
	}
	return strings.TrimSuffix(message, ")") + text + ")"
}

// corrupt wraps the failure to open a cell with where it was.
func corrupt(t *schema.Table, c *schema.Column, err error) error {
	if tampered(err) {
		return wire.NewError(wire.CodeUnknown, "tdeproxy: a value of column %s.%s.%s is not what was sealed there: it was altered, cut off or moved",
			t.DB, t.Name, c.Name)
	}
	return fmt.Errorf("opening a value of %s.%s.%s: %w", t.DB, t.Name, c.Name, err)
}

// tampered says whether err is that of a cell which nobody sealed for its place.
func tampered(err error) bool {
	return errors.Is(err, cell.ErrAuthentication) || errors.Is(err, cell.ErrMalformed) || errors.Is(err, cell.ErrKeyID) ||
		errors.Is(err, value.ErrStored)
}
