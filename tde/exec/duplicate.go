package exec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"

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
	text := "?"
	for row := range max(x.lexer.Rows, 1) {
		shown, plain, ok := x.rowKey(p, ix, row)
		if ok && entry != "" && (strings.HasPrefix(shown, entry) || shown == entry) || x.lexer.Rows <= 1 && ok {
			text = plain
			break
		}
	}
	e.Message = duplicateHead + cut(text, x.catalog.mariaDB) + duplicateKey + key + "'"
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
	if ix == nil {
		return err
	}
	var parts []string
	for _, part := range ix.Parts {
		text := "?"
		for i := range p.Sets {
			if s := &p.Sets[i]; strings.EqualFold(s.Column.Name, part.Column) {
				text = x.setText(p, s)
			}
		}
		parts = append(parts, text)
	}
	e.Message = duplicateHead + cut(strings.Join(parts, "-"), x.catalog.mariaDB) + duplicateKey + key + "'"
	return e
}

// setText is what a column is set to as an error message shows it.
func (x *Session) setText(p *plan.ReadModifyWrite, s *plan.Set) string {
	plain, err := x.newValue(p, s)
	if err != nil {
		return "?"
	}
	if plain == nil {
		return "NULL"
	}
	text, err := keyText(plain, s.Column, &x.vars)
	if err != nil {
		return "?"
	}
	return text
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
	return message[len(duplicateHead):i], message[i+len(duplicateKey) : len(message)-1], true
}

func index(t *schema.Table, name string) *schema.Index {
	for i := range t.Indexes {
		if strings.EqualFold(t.Indexes[i].Name, name) {
			return &t.Indexes[i]
		}
	}
	return nil
}

// rowKey gives the key of one row twice: as upstream shows its tokens, and as the logical table would show its values.
func (x *Session) rowKey(p *plan.Rewrite, ix *schema.Index, row int) (shown, plain string, ok bool) {
	var s, v []string
	for _, part := range ix.Parts {
		a, b, ok := x.keyPart(p, part.Column, row)
		if !ok {
			return "", "", false
		}
		s, v = append(s, a), append(v, b)
	}
	return strings.Join(s, "-"), strings.Join(v, "-"), true
}

func (x *Session) keyPart(p *plan.Rewrite, name string, row int) (shown, plain string, ok bool) {
	parts, base := p.Head, 0
	if p.Row != nil {
		parts, base = p.Row, row*x.lexer.RowWidth
	}
	for i := range parts {
		part := &parts[i]
		if part.Kind != plan.PartValue || part.Column == nil || !strings.EqualFold(part.Column.Name, name) ||
			part.Form != plan.StoreToken && part.Form != plan.DefaultToken && part.Form != plan.NowToken {
			continue
		}
		t, err := x.binder.bind(part, base)
		if err != nil || t.null {
			return "NULL", "NULL", err == nil
		}
		shown = showBinary(t.bytes)
		stored, _, err := x.binder.storedForm(part, base)
		if err != nil {
			return "", "", false
		}
		text, err := keyText(stored, part.Column, &x.vars)
		return shown, text, err == nil
	}
	return "", "", false
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
		return showBinary(text), nil
	}
	return string(text), nil
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

// literalSQL writes a value as SQL for the evaluator, whatever the session's sql_mode.
func literalSQL(v value.Value) []byte {
	switch v.Kind {
	case value.Null:
		return []byte("NULL")
	case value.Int, value.Decimal, value.Float, value.Float32, value.Bool:
		return v.Bytes
	case value.Hex:
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
