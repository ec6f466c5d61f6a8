package exec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// codeDuplicate is ER_DUP_ENTRY.
const codeDuplicate = 1062

const (
	duplicateHead = "Duplicate entry '"
	duplicateKey  = "' for key '"
)

// duplicate puts the values that the client sent in place of the tokens that a duplicate-key error names.
func (x *Session) duplicate(e *wire.Error, p *plan.Rewrite) {
	entry, key, ix := violated(e, p.Insert.Table)
	if ix == nil {
		return
	}
	if text, ok := x.violating(p, ix, entry); ok {
		e.Message = x.duplicateEntry(text, key)
	}
}

// violating finds the row whose key a duplicate-key error shows, and gives that key in plain words. A key that two rows
// of the statement have is that of the later one, unless a row that was there before has it, too.
func (x *Session) violating(p *plan.Rewrite, ix *schema.Index, entry string) (text string, ok bool) {
	var found []string
	var tokens []keyToken
	for row := range x.insertedRows(p) {
		k, ok := x.rowKey(p, ix, row, entry)
		if !ok || entry == "" || !strings.HasPrefix(k.shown, entry) {
			continue
		}
		found, tokens = append(found, k.plain), k.tokens
	}
	switch {
	case len(found) == 0:
		return "", false
	case len(found) == 1 || x.there(p.Insert.Table, tokens):
		return found[0], true
	}
	return found[1], true
}

// there says whether a row with these tokens exists, now that the INSERT has failed.
func (x *Session) there(t *schema.Table, tokens []keyToken) bool {
	sql := []byte("SELECT 1 FROM " + quoteName(t.DB) + "." + quoteName(t.Name) + " WHERE 1")
	for i := range tokens {
		sql = append(append(append(sql, " AND "...), quoteName(tokens[i].column)...), " = "...)
		sql = appendHex(sql, bound{bytes: tokens[i].bytes})
	}
	exists := false
	err := x.query(string(sql)+" LIMIT 1", func([][]byte) error { exists = true; return nil })
	return exists || err != nil
}

// violated reads a duplicate-key error: the entry as upstream shows it, the key's name, and the index that it names.
func violated(e *wire.Error, t *schema.Table) (entry, key string, ix *schema.Index) {
	entry, key, ok := splitDuplicate(e.Message)
	if !ok {
		return "", "", nil
	}
	name := key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		name = key[i+1:]
	}
	return entry, key, index(t, name)
}

// duplicateSet is duplicate for an UPDATE. Of a key's columns that it does not set it says `?`: their values differ by row.
func (x *Session) duplicateSet(err error, p *plan.ReadModifyWrite) error {
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != codeDuplicate {
		return err
	}
	_, key, ix := violated(e, p.Table)
	if ix == nil || !slices.ContainsFunc(ix.Parts, func(part schema.IndexPart) bool { // upstream has said it
		c := p.Table.Column(part.Column)
		return c == nil || c.Storage != schema.StoredClear
	}) {
		return err
	}
	entry := ""
	for _, part := range ix.Parts {
		text := "?"
		for i := range p.Sets {
			if s := &p.Sets[i]; strings.EqualFold(s.Column.Name, part.Column) {
				text = x.setText(p, s, ix, part)
			}
		}
		entry = dashed(entry) + text
	}
	e.Message = x.duplicateEntry(entry, key)
	return e
}

// dashed is a key's first parts with what goes before the next one: servers put nothing between while there is nothing.
func dashed(parts string) string {
	if parts == "" {
		return ""
	}
	return parts + "-"
}

// setText is what a column is set to as an error message shows it.
func (x *Session) setText(p *plan.ReadModifyWrite, s *plan.Set, ix *schema.Index, part schema.IndexPart) string {
	plain, err := x.newValue(p, s)
	if err != nil {
		return "?"
	}
	if plain == nil {
		return "NULL"
	}
	text, err := keyPartText(p.Table, ix, part, plain, &x.vars)
	if err != nil {
		return "?"
	}
	return text
}

// duplicateEntry is the message of a duplicate key, as the session gets errors.
func (x *Session) duplicateEntry(entry, key string) string {
	return duplicateHead + x.inResults(cut(entry, x.catalog.mariaDB), true) + duplicateKey + key + "'"
}

// duplicateWarning is duplicateEntry as SHOW WARNINGS has it, which in MySQL is a column like others.
func (x *Session) duplicateWarning(entry, key string) string {
	return duplicateHead + x.inResults(cut(entry, x.catalog.mariaDB), x.catalog.mariaDB) + duplicateKey + key + "'"
}

// inResults writes a text of a message in the session's character_set_results. Characters that it does not have are numbers, or
// question marks.
func (x *Session) inResults(text string, numbers bool) string {
	to := x.vars.ResultsCharset
	if to == "" || to == "binary" || strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return text
	}
	var out []byte
	for _, r := range text {
		one, err := value.Transcode(nil, []byte(string(r)), "utf8mb4", to)
		if err != nil {
			return text
		}
		if numbers && r != '?' && string(one) == "?" {
			one = fmt.Appendf(nil, `\%04X`, r)
		}
		out = append(out, one...)
	}
	return string(out)
}

// cut shortens an entry as the server's message does: '%-.64s' in MySQL, '%-.192s' in MariaDB.
func cut(s string, mariaDB bool) string {
	n := 64
	if mariaDB {
		n = 192
	}
	if len(s) > n {
		return s[:n]
	}
	return s
}

func splitDuplicate(message string) (entry, key string, ok bool) {
	i := strings.LastIndex(message, duplicateKey)
	if !strings.HasPrefix(message, duplicateHead) || i < 0 || !strings.HasSuffix(message, "'") {
		return "", "", false
	}
	// MariaDB ends an entry that it has cut with three dots.
	return strings.TrimSuffix(message[len(duplicateHead):i], "..."), message[i+len(duplicateKey) : len(message)-1], true
}

func index(t *schema.Table, name string) *schema.Index {
	for i := range t.Indexes {
		if strings.EqualFold(t.Indexes[i].Name, name) {
			return &t.Indexes[i]
		}
	}
	return nil
}

// rowKey is the key of one row.
type rowKey struct {
	shown  string // as upstream shows it: tokens
	plain  string // as the logical table would show it
	tokens []keyToken
}

// keyToken is the token of one column of a key.
type keyToken struct {
	column string // the physical one
	bytes  []byte
}

// rowKey gives the key of one row. Clear parts are taken from the entry that upstream shows, which has the parts in order.
func (x *Session) rowKey(p *plan.Rewrite, ix *schema.Index, row int, entry string) (rowKey, bool) {
	var k rowKey
	for i, part := range ix.Parts {
		if i > 0 {
			k.shown, k.plain = k.shown+"-", dashed(k.plain)
		}
		c := p.Insert.Table.Column(part.Column)
		if c == nil || c.Storage == schema.StoredClear {
			n := clearPart(entry[min(len(k.shown), len(entry)):])
			k.shown, k.plain = k.shown+n, k.plain+n
			continue
		}
		tp, base, ok := x.tokenPart(p, c, row, p.Insert.Table.ByPart(ix, part))
		if !ok {
			return k, false
		}
		shown, plain, token, ok := x.keyPart(&tp, base, ix, part)
		if !ok {
			return k, false
		}
		k.shown, k.plain = k.shown+shown, k.plain+plain
		if token != nil {
			k.tokens = append(k.tokens, keyToken{p.Insert.Table.KeyColumn(ix, part), token})
		}
	}
	return k, len(k.tokens) > 0
}

// clearPart is the integer, or NULL, at the start of an entry: clear columns are AUTO_INCREMENT ones and what points at them.
func clearPart(entry string) string {
	n := 0
	for n < len(entry) && (entry[n] >= '0' && entry[n] <= '9' || n == 0 && entry[n] == '-') {
		n++
	}
	if n == 0 && strings.HasPrefix(entry, "NULL") {
		n = len("NULL")
	}
	return entry[:n]
}

// tokenPart finds what makes a column's token in one row, or that of its beginning.
func (x *Session) tokenPart(p *plan.Rewrite, c *schema.Column, row int, beginning bool) (part plan.Part, base int, ok bool) {
	parts := p.Row
	if parts != nil {
		base = row * x.lexer.RowWidth
	} else {
		parts = rowParts(p.Head, row)
	}
	forms := []plan.Form{plan.StoreToken, plan.DefaultToken, plan.NowToken}
	if beginning {
		forms = []plan.Form{plan.StorePart, plan.DefaultPart}
	}
	for i := range parts {
		t := parts[i]
		if t.Kind == plan.PartValue && t.Column == c && slices.Contains(forms, t.Form) {
			return t, base, true
		}
	}
	return part, base, false
}

// insertedRows is how many rows an INSERT … VALUES has.
func (x *Session) insertedRows(p *plan.Rewrite) int {
	if p.Row != nil {
		return max(x.lexer.Rows, 1)
	}
	n := 1
	for len(rowParts(p.Head, n)) > 0 {
		n++
	}
	return n
}

// rowParts are the values of one row of a statement whose rows do not look alike: parentheses around it are what sets it off. Without
// any, as in INSERT … SET, all are of row 0.
func rowParts(head []plan.Part, row int) []plan.Part {
	depth, group, first := 0, -1, -1
	var out []plan.Part
	for i := range head {
		p := &head[i]
		if p.Kind == plan.PartValue {
			if first < 0 {
				first = group
			}
			if group-first == row {
				out = append(out, *p)
			}
			continue
		}
		quoted := false
		for _, c := range []byte(p.Text) {
			switch {
			case c == '`':
				quoted = !quoted
			case quoted:
			case c == '(':
				if depth == 0 {
					group++
				}
				depth++
			case c == ')':
				depth--
			}
		}
	}
	return out
}

func (x *Session) keyPart(part *plan.Part, base int, ix *schema.Index, of schema.IndexPart) (shown, plain string, token []byte, ok bool) {
	t, err := x.binder.bind(part, base)
	if err != nil || t.null {
		return "NULL", "NULL", nil, err == nil
	}
	shown, token = showFixed(t.bytes), bytes.Clone(t.bytes)
	if part.Form == plan.StorePart || part.Form == plan.DefaultPart {
		shown = showPart(t.bytes)
	}
	stored, _, err := x.binder.storedForm(part, base)
	if err != nil {
		return "", "", nil, false
	}
	text, err := keyPartText(part.Table, ix, of, stored, &x.vars)
	return shown, text, token, err == nil
}

// keyPartText is what an index has of a value as an error message shows it.
func keyPartText(t *schema.Table, ix *schema.Index, part schema.IndexPart, stored []byte, vars *Vars) (string, error) {
	c := t.Column(part.Column)
	if t.ByPart(ix, part) && !shownWhole(c, part.Prefix) {
		stored = value.Part(stored, c, part.Prefix)
	}
	return keyText(stored, c, vars)
}

// shownWhole says whether servers show the whole value for a prefix of a text: they compare the prefix's length with that of a
// length and a pointer, unless characters have several bytes.
func shownWhole(c *schema.Column, prefix int) bool {
	if c.Charset != "" && value.MaxLength(c.Charset) > 1 {
		return false
	}
	switch c.Kind {
	case schema.KindTinyText, schema.KindTinyBlob:
		return prefix >= 9
	case schema.KindText, schema.KindBlob:
		return prefix >= 10
	case schema.KindMediumText, schema.KindMediumBlob:
		return prefix >= 11
	case schema.KindLongText, schema.KindLongBlob:
		return prefix >= 12
	}
	return false
}

// keyText is a value as an error message shows it: in UTF-8, binary strings with escapes.
func keyText(stored []byte, c *schema.Column, vars *Vars) (string, error) {
	ctx := vars.context
	ctx.ResultsCharset = "utf8mb4"
	text, err := value.AppendText(nil, stored, c, &ctx)
	if err != nil {
		return "", err
	}
	if c.Charset == "" && c.Wire.Charset == binaryCharset && isBytes(c) {
		if c.Kind == schema.KindBinary {
			return showFixed(text), nil
		}
		return showBinary(text), nil
	}
	return strings.Map(inMessages, string(text)), nil
}

// inMessages puts a question mark for what is beyond the BMP, which the character set of messages, utf8mb3, does not have.
func inMessages(r rune) rune {
	if r > 0xffff {
		return '?'
	}
	return r
}

func isBytes(c *schema.Column) bool {
	return c.Kind >= schema.KindBinary && c.Kind <= schema.KindLongBlob
}

// showBinary writes a binary string as the server's messages do: printable ASCII as it is, other bytes as \xNN.
func showBinary(b []byte) string {
	var out []byte
	for _, c := range b {
		if c >= 0x20 && c < 0x7f {
			out = append(out, c)
			continue
		}
		out = append(append(out, '\\', 'x'), bytes.ToUpper(hex.AppendEncode(nil, []byte{c}))...)
	}
	return string(out)
}

// showFixed is showBinary for a BINARY column: servers leave out the zero bytes at the end of a key's part, but for the first.
func showFixed(b []byte) string {
	for len(b) > 1 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return showBinary(b)
}

// showPart is showFixed for a part token: its index is without the last byte.
func showPart(b []byte) string { return showFixed(b[:len(b)-1]) }

// literalSQL writes a value as SQL for the evaluator, whatever the session's sql_mode.
func literalSQL(v value.Value) []byte {
	switch v.Kind {
	case value.Null:
		return []byte("NULL")
	case value.Int, value.Decimal, value.Float, value.Float32, value.Bool:
		return v.Bytes
	case value.Hex:
		if v.Number && len(v.Bytes) > 0 {
			return hex.AppendEncode([]byte("0x"), v.Bytes)
		}
		return append(hex.AppendEncode([]byte("x'"), v.Bytes), '\'')
	case value.Binary:
		return append(hex.AppendEncode([]byte("_binary x'"), v.Bytes), '\'')
	case value.Date:
		return quoted("DATE", v.Bytes)
	case value.DateTime:
		return quoted("TIMESTAMP", v.Bytes)
	case value.Time:
		return quoted("TIME", v.Bytes)
	}
	return append(hex.AppendEncode([]byte("_"+v.Charset+" x'"), v.Bytes), '\'')
}

func quoted(kind string, text []byte) []byte {
	return append(append(append([]byte(kind), '\''), text...), '\'')
}
