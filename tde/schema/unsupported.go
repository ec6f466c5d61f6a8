package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// UnsupportedError says that a table cannot be protected, and why.
type UnsupportedError struct {
	Table string // database.table
	What  string // "a generated column (total)"
}

// Error names the table and what of it is not supported. It holds names only, never values.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("encrypted table %s: %s is not supported", e.Table, e.What)
}

// maxName is the longest identifier that MySQL takes, in characters.
const maxName = 64

// Check finds what a protected table cannot have. Storage and Token of its columns must be set.
func (t *Table) Check() error {
	unsupported := func(format string, args ...any) error {
		return &UnsupportedError{Table: t.DB + "." + t.Name, What: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(t.Columns) == 0:
		return unsupported("a table without columns")
	case strings.HasPrefix(strings.ToLower(t.Name), Prefix):
		return unsupported("a name that begins with %s", Prefix)
	case t.unsupportedPartition() != "":
		return unsupported("%s", t.unsupportedPartition())
	case t.Versioned:
		return unsupported("system versioning")
	case slices.ContainsFunc(t.Checks, asksSession):
		return unsupported("a CHECK constraint that calls a function of the session (USER(), DATABASE() …)")
	}
	for i := range t.Columns {
		if what := t.Columns[i].unsupported(); what != "" {
			return unsupported("%s", what)
		}
	}
	for i := range t.Indexes {
		if what := t.unsupportedIndex(&t.Indexes[i]); what != "" {
			return unsupported("%s", what)
		}
	}
	for i := range t.ForeignKeys {
		if what := t.unsupportedForeignKey(&t.ForeignKeys[i]); what != "" {
			return unsupported("%s", what)
		}
	}
	return nil
}

// sessionFunctions are those whose result is another one for the evaluator's session than for the client's.
var sessionFunctions = regexp.MustCompile(`(?i)\b(user|current_user|session_user|system_user|current_role|database|schema|connection_id|` +
	`last_insert_id|row_count|found_rows|version|load_file|get_lock|release_lock|release_all_locks|is_free_lock|is_used_lock|sleep|benchmark)\s*\(|@`)

// quotedText is a string in an expression, in the server's words: MySQL's INFORMATION_SCHEMA has its quotes escaped.
var quotedText = regexp.MustCompile(`\\?'(?:[^'\\]|''|\\[^'])*\\?'`)

// asksSession says whether an expression, in the server's words, calls one of them or reads a variable.
func asksSession(expression string) bool {
	return sessionFunctions.MatchString(quotedText.ReplaceAllString(expression, "''"))
}

func (c *Column) unsupported() string {
	switch {
	case strings.HasPrefix(strings.ToLower(c.Name), Prefix):
		return fmt.Sprintf("a column name that begins with %s (%s)", Prefix, c.Name)
	case c.Token && utf8.RuneCountInString(c.Name) > maxName-len(TokenPrefix):
		return fmt.Sprintf("a name of more than %d characters (%s) of an indexed column", maxName-len(TokenPrefix), c.Name)
	case c.Order && utf8.RuneCountInString(c.Name) > maxName-len(OrderPrefix):
		return fmt.Sprintf("a name of more than %d characters (%s) of a column with index = \"range\"", maxName-len(OrderPrefix), c.Name)
	case c.unsupportedPart():
		return fmt.Sprintf("a name of more than %d characters (%s) of a column with a unique index on its beginning", maxName-len(PartPrefix), c.Name)
	case c.Kind == KindNone:
		return fmt.Sprintf("the data type of column %s", c.Name)
	case c.Unstored:
		return fmt.Sprintf("a VIRTUAL generated column (%s) whose value depends on who reads it, or when,", c.Name)
	case c.Default == DefaultExpr && asksSession(c.DefaultSQL):
		return fmt.Sprintf("a DEFAULT that calls a function of the session (USER(), DATABASE() …) (%s)", c.Name)
	case c.Storage == StoredClear && (c.Generated || c.Default == DefaultExpr):
		return fmt.Sprintf("an expression for column %s, which is stored in clear,", c.Name)
	case c.Token && (c.Kind == KindJSON || c.Kind == KindGeometry):
		return fmt.Sprintf("an index on a JSON or spatial column (%s)", c.Name)
	}
	return ""
}

func (t *Table) unsupportedIndex(ix *Index) string {
	for _, p := range ix.Parts {
		c := t.Column(p.Column)
		switch {
		case p.Column == "" || c == nil:
			return fmt.Sprintf("an index on an expression (%s)", ix.Name)
		case c.Storage == StoredClear:
		case ix.Type == "FULLTEXT" || ix.Type == "SPATIAL" || ix.Type == "RTREE" || ix.Type == "VECTOR":
			return fmt.Sprintf("a %s index on an encrypted column (%s)", ix.Type, ix.Name)
		case t.ByPart(ix, p) && c.Part != p.Prefix:
			return fmt.Sprintf("a unique index on a prefix of an encrypted column (%s)", ix.Name)
		case !c.Token:
			return fmt.Sprintf("index %s without an equality token of column %s", ix.Name, c.Name)
		}
	}
	return ""
}

func (t *Table) unsupportedForeignKey(fk *ForeignKey) string {
	for _, name := range fk.Columns {
		c := t.Column(name)
		switch {
		case c == nil:
			return fmt.Sprintf("foreign key %s on an unknown column", fk.Name)
		case c.Storage == StoredClear:
		case fk.RefDB != "" && !strings.EqualFold(fk.RefDB, t.DB):
			return fmt.Sprintf("a foreign key between encrypted columns of two databases (%s)", fk.Name)
		case !c.Token:
			return fmt.Sprintf("foreign key %s without an equality token of column %s", fk.Name, c.Name)
		}
	}
	return ""
}
