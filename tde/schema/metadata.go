package schema

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// CommentMark begins the comment of every protected table, and of each of its columns that holds a further piece.
const CommentMark = "tdeproxy1:"

// MetadataColumn stands for the column id in the associated data of sealed metadata. No column has it.
const MetadataColumn uint16 = 0xFFFF

// Sizes of comments, in characters, and of metadata, in bytes.
const (
	tableComment  = 2048
	columnComment = 1024
	maxMetadata   = 16 << 20 // inflated
	maxWrapped    = 1 << 12
)

// ErrMetadata says that a table's comments are not what Encode wrote: altered, cut off, or of another table.
var ErrMetadata = errors.New("the metadata in the table's comments is damaged")

// Header is the part of a table's metadata that can be read without a key.
type Header struct {
	ID         TableID
	KeyID      uint16
	WrappedKey []byte
}

// Encode writes a table's logical definition into the comments of its physical table: tableComment, and what does not
// fit there into columnComments, one for each physical column as CreateTable has them, "" where there is none.
// seal encrypts and authenticates the definition.
//
// A comment is the mark, then in base64url a header {table id 16, key id 2, length of wrapped key 2, wrapped key}, a
// point, the number of pieces that follow in column comments, a point, and the sealed blob's beginning in base64url. A
// column's comment is the mark, the piece's number from 1, a point, and the piece.
func Encode(t *Table, seal func(plaintext []byte) []byte) (table string, columns []string, err error) {
	if len(t.WrappedKey) > maxWrapped {
		return "", nil, fmt.Errorf("table %s.%s: wrapped key of %d bytes is too long", t.DB, t.Name, len(t.WrappedKey))
	}
	plain, err := deflate(t)
	if err != nil {
		return "", nil, fmt.Errorf("table %s.%s: encoding metadata: %w", t.DB, t.Name, err)
	}
	header := slices.Concat(t.ID[:], binary.BigEndian.AppendUint16(nil, t.KeyID),
		binary.BigEndian.AppendUint16(nil, uint16(len(t.WrappedKey))), t.WrappedKey)
	text := base64.RawURLEncoding.EncodeToString(seal(plain))
	head := CommentMark + base64.RawURLEncoding.EncodeToString(header) + "."
	// Three digits and a point: there are 4,096 columns at most, and far fewer pieces.
	room := tableComment - len(head) - 4
	if room < 0 {
		return "", nil, fmt.Errorf("table %s.%s: wrapped key of %d bytes is too long", t.DB, t.Name, len(t.WrappedKey))
	}
	first := text[:min(room, len(text))]
	for rest := text[len(first):]; rest != ""; {
		mark := CommentMark + strconv.Itoa(len(columns)+1) + "."
		n := min(columnComment-len(mark), len(rest))
		columns, rest = append(columns, mark+rest[:n]), rest[n:]
	}
	if len(columns) > t.physicalColumns() || len(columns) > 999 {
		return "", nil, t.refuse("a definition that takes %d characters of metadata, more than its columns' comments hold,", len(text))
	}
	return head + strconv.Itoa(len(columns)) + "." + first, columns, nil
}

// Rewrap is a table's comment with another wrapping of its key, which must be as long as the one that it has.
func Rewrap(comment string, wrapped []byte) (string, error) {
	h, _, _, protected, err := parseTable(comment)
	if err == nil && (!protected || len(h.WrappedKey) != len(wrapped)) {
		err = fmt.Errorf("%w: a wrapped key of another length", ErrMetadata)
	}
	if err != nil {
		return "", err
	}
	head, rest, _ := strings.Cut(strings.TrimPrefix(comment, CommentMark), ".")
	b, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return "", fmt.Errorf("%w: no header", ErrMetadata)
	}
	return CommentMark + base64.RawURLEncoding.EncodeToString(append(b[:len(b)-len(wrapped)], wrapped...)) + "." + rest, nil
}

// ParseHeader reads the clear part of a table's comment. protected is false for the comment of a plaintext table.
func ParseHeader(comment string) (h Header, protected bool, err error) {
	h, _, _, protected, err = parseTable(comment)
	return h, protected, err
}

// parseTable takes a table's comment apart: the header, how many pieces follow elsewhere, and the first piece.
func parseTable(comment string) (h Header, pieces int, first string, protected bool, err error) {
	rest, ok := strings.CutPrefix(comment, CommentMark)
	if !ok {
		return h, 0, "", false, nil
	}
	head, rest, ok1 := strings.Cut(rest, ".")
	count, first, ok2 := strings.Cut(rest, ".")
	b, err := base64.RawURLEncoding.Strict().DecodeString(head)
	n, atoi := strconv.Atoi(count)
	if !ok1 || !ok2 || err != nil || atoi != nil || n < 0 || n > 999 || strconv.Itoa(n) != count || len(b) < 20 ||
		len(b)-20 != int(binary.BigEndian.Uint16(b[18:])) {
		return h, 0, "", true, fmt.Errorf("%w: no header", ErrMetadata)
	}
	h = Header{ID: TableID(b[:16]), KeyID: binary.BigEndian.Uint16(b[16:]), WrappedKey: b[20:]}
	return h, n, first, true, nil
}

// Decode reads what Encode wrote, of table db.name as upstream names it. columns are the comments of all its columns, in
// any order. open gives the function that undoes Encode's seal, for the key that the header holds.
func Decode(db, name, table string, columns []string, open func(Header) (func([]byte) ([]byte, error), error)) (*Table, error) {
	h, pieces, text, protected, err := parseTable(table)
	if err == nil && !protected {
		err = fmt.Errorf("%w: no mark", ErrMetadata)
	}
	if err == nil {
		text, err = join(text, pieces, columns)
	}
	if err != nil {
		return nil, fmt.Errorf("table %s.%s: %w", db, name, err)
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("table %s.%s: %w: not base64url", db, name, ErrMetadata)
	}
	unseal, err := open(h)
	if err != nil {
		return nil, fmt.Errorf("table %s.%s: opening its key: %w", db, name, err)
	}
	plain, err := unseal(sealed)
	if err != nil {
		return nil, fmt.Errorf("table %s.%s: %w: %w", db, name, ErrMetadata, err)
	}
	t, err := inflate(plain)
	switch {
	case err != nil:
		return nil, fmt.Errorf("table %s.%s: %w: %w", db, name, ErrMetadata, err)
	case t.ID != h.ID || t.KeyID != h.KeyID:
		return nil, fmt.Errorf("table %s.%s: %w: header and definition differ", db, name, ErrMetadata)
	case !strings.EqualFold(t.DB, db) || !strings.EqualFold(t.Name, name):
		return nil, fmt.Errorf("table %s.%s: %w: it is that of %s.%s", db, name, ErrMetadata, t.DB, t.Name)
	}
	t.DB, t.Name, t.WrappedKey = db, name, h.WrappedKey
	return t, nil
}

// join puts the pieces together, each of which must be there once.
func join(first string, pieces int, columns []string) (string, error) {
	found := make([]string, pieces)
	for _, c := range columns {
		rest, ok := strings.CutPrefix(c, CommentMark)
		if !ok {
			continue
		}
		number, piece, ok := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 1 || n > pieces || found[n-1] != "" || piece == "" {
			return "", fmt.Errorf("%w: a column's comment holds no piece of it", ErrMetadata)
		}
		found[n-1] = piece
	}
	if i := slices.Index(found, ""); i >= 0 {
		return "", fmt.Errorf("%w: piece %d of %d is missing", ErrMetadata, i+1, pieces)
	}
	return first + strings.Join(found, ""), nil
}

// deflate writes a definition as compressed JSON. The wrapped key is in the header.
func deflate(t *Table) ([]byte, error) {
	c := *t
	c.WrappedKey = nil
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(&c); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func inflate(b []byte) (*Table, error) {
	r := io.LimitReader(flate.NewReader(bytes.NewReader(b)), maxMetadata+1)
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if len(plain) > maxMetadata {
		return nil, fmt.Errorf("more than %d bytes", maxMetadata)
	}
	t := &Table{}
	if err := json.Unmarshal(plain, t); err != nil {
		// The error of package json may quote what it read.
		return nil, errors.New("not a table definition")
	}
	return t, nil
}
