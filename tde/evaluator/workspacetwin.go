package evaluator

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Twin is an empty table of a workspace in which a client's INSERT stores what it would store in a table of the same name:
// it has that one's columns and CHECKs, and none of its keys. What an AUTO_INCREMENT column is not given stays NULL.
type Twin struct {
	// Schema is the twin's, unquoted. It stands for the table's database in messages and is no other table's.
	Schema string
	w      *Workspace
	from   string // what its rows are read from, in their order
}

// Twin makes a table's twin.
func (w *Workspace) Twin(t *schema.Table) (*Twin, error) {
	db, err := w.schema("\x00"+w.fold(t.DB), t.DB)
	if err != nil {
		return nil, err
	}
	table, err := w.place(t, db, func() (string, error) { return storingTable(t, db) })
	if err != nil {
		return nil, err
	}
	if !table.inUse {
		table.inUse = true
		w.used = append(w.used, table)
	}
	table.dirty = table.dirty || !schema.Transactional(t.Engine)
	return &Twin{Schema: db, w: w, from: table.name + " ORDER BY " + rowColumn}, nil
}

// storingTable makes the definition of a table's twin of its own.
func storingTable(t *schema.Table, db string) (string, error) {
	bad := fmt.Errorf("%w: table %s.%s has a CREATE TABLE that cannot be read", errOwn, t.DB, t.Name)
	text, ok := strings.CutPrefix(t.Create, "CREATE TEMPORARY TABLE ")
	if !ok {
		if text, ok = strings.CutPrefix(t.Create, "CREATE TABLE "); !ok {
			return "", bad
		}
	}
	_, n := sqlToken(text)
	items, options, ok := definitionItems(text[n:])
	if !ok {
		return "", bad
	}
	var kept []string
	for _, item := range items {
		name, _ := sqlToken(item)
		words := sqlWords(item, 3)
		switch {
		case strings.HasPrefix(name, "`"):
			kept = append(kept, uncounted(columnItem(t, item)))
		case words[0] == "CHECK", words[0] == "CONSTRAINT" && words[2] == "CHECK":
			kept = append(kept, item)
		}
	}
	kept = append(kept, schema.Quote(rowColumn)+" BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE, KEY ("+schema.Quote(rowColumn)+")")
	engine := "InnoDB"
	if !schema.Transactional(t.Engine) {
		engine = "MyISAM"
	}
	if options = tableOptions(options); !t.PartitionDecided() {
		options = unpartitioned(options)
	}
	return "CREATE TABLE " + schema.Quote(db) + "." + schema.Quote(t.Name) + " (" + strings.Join(kept, ",") + ") ENGINE=" + engine + options, nil
}

// uncounted makes of an AUTO_INCREMENT column's part of the definition that of one which may be NULL.
func uncounted(item string) string {
	if !strings.Contains(item, "AUTO_INCREMENT") {
		return item
	}
	var b strings.Builder
	counted := false
	for rest := item; ; {
		token, n := sqlToken(rest)
		if n == 0 {
			break
		}
		following, m := sqlToken(rest[n:])
		switch {
		case token == "NOT" && following == "NULL":
			n += m
		case token == "AUTO_INCREMENT":
			counted = true
		default:
			b.WriteString(rest[:n])
		}
		rest = rest[n:]
	}
	if !counted {
		return item // the word is in a comment
	}
	return b.String()
}

// Rows reads what a twin holds, in the order in which it was stored: of each row the stored forms of cols, nil for NULL.
// They are valid until fn returns. After an error of fn the other rows are dropped.
func (t *Twin) Rows(cols []*schema.Column, fn func(row [][]byte) error) error {
	w := t.w
	if err := w.Set([]Variable{{Name: "character_set_results", Value: "NULL"}}); err != nil {
		return err
	}
	if err := w.Query([]byte("SELECT " + readBack(cols) + " FROM " + t.from)); err != nil {
		return err
	}
	w.conn.Enlarge()
	defer w.conn.Shrink()
	packet, err := w.conn.ReadPacket()
	if err == nil && wire.IsError(packet) {
		w.Answered()
		return decoded(packet)
	}
	for range cols {
		if err == nil {
			_, err = w.conn.ReadPacket()
		}
	}
	if err != nil {
		return w.Broken(err)
	}
	var failed error
	row := make([][]byte, len(cols))
	for {
		packet, err := w.conn.ReadPacket()
		switch {
		case err != nil:
			return w.Broken(err)
		case wire.IsEnd(packet, w.caps):
			w.Answered()
			return cmp.Or(failed, warned(cols, packet, w.caps))
		case wire.IsError(packet):
			w.Answered()
			return errors.Join(failed, decoded(packet))
		case failed != nil:
			continue
		}
		if failed = storedRow(cols, packet, row); failed == nil {
			failed = fn(row)
		}
	}
}

// storedRow makes stored forms of a row of the text protocol.
func storedRow(cols []*schema.Column, packet []byte, row [][]byte) (err error) {
	text := wire.NewTextRow(packet)
	for i, c := range cols {
		v, ok := text.Next()
		if !ok {
			return fmt.Errorf("reading a row: %w", wire.ErrMalformed)
		}
		if row[i], err = stored(c, v); err != nil {
			return err
		}
	}
	return nil
}

// Take counts bytes of rows, bound for a table's twin, that did not come through a Loader. After its error the workspace is
// of no more use.
func (w *Workspace) Take(t *schema.Table, bytes int64) error {
	err := w.account(&Loader{logic: t, size: bytes})
	if err != nil && w.broken == nil {
		w.broken = err
	}
	return err
}
