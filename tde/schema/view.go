package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Definition is a view as the application defined it, in the server's own words. Upstream has a view of the same name, whose
// only content is this, sealed: so that upstream knows that the view is there, who may use it and whose it is.
type Definition struct {
	DB, Name  string
	Algorithm string `json:",omitempty"` // UNDEFINED, MERGE or TEMPTABLE
	// List is the list of columns in brackets, where it was given; Query what follows AS, with every name's database; Check the
	// WITH CHECK OPTION. They are in utf8mb4 and read under the sql_mode ''.
	List  string `json:",omitempty"`
	Query string
	Check string `json:",omitempty"`
	// Charset and Collation are those of the connection that defined it: literals have them.
	Charset, Collation string
	Strict             bool `json:",omitempty"` // it was defined under a strict sql_mode, by which more can be NULL
	// Sealed is what upstream has.
	Sealed string `json:"-"`
}

// ViewColumn is the only column of a view upstream.
const ViewColumn = Prefix + "view"

// ViewMark begins what that column has.
const ViewMark = "tdeproxyview1:"

// ErrView says that a view's content is not what SealView wrote: altered, or of another view or keyring.
var ErrView = errors.New("the definition of the view is damaged, or of another view or keyring")

// IsView says whether it is a view.
func (t *Table) IsView() bool { return t.Defined != nil }

// ViewID stands for a view in the associated data of its definition.
func ViewID(db, name string) (id TableID) {
	h := sha256.Sum256([]byte(strings.ToLower(db) + "\x00" + strings.ToLower(name)))
	copy(id[:], h[:])
	return id
}

// NewView is a view as a Snapshot has it.
func NewView(d *Definition) *Table {
	return &Table{DB: d.DB, Name: d.Name, ID: ViewID(d.DB, d.Name), Defined: d}
}

// LockedView is a view that cannot be used, and why.
func LockedView(db, name, why string) *Table {
	t := NewView(&Definition{DB: db, Name: name})
	t.Locked = why
	return t
}

// SealView writes a definition as upstream has it. seal encrypts it and binds it to the ViewID.
func SealView(d *Definition, seal func([]byte) []byte) (string, error) {
	plain, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("view %s.%s: %w", d.DB, d.Name, err)
	}
	return ViewMark + base64.RawURLEncoding.EncodeToString(seal(plain)), nil
}

// SealedViews finds in what upstream shows of a view what SealView wrote, once, or once for each name where the view is being renamed; none where it is
// another view.
func SealedViews(definition string) (sealed []string) {
	if !strings.Contains(definition, ViewColumn) {
		return nil
	}
	return sealedIn(definition)
}

func sealedIn(text string) (sealed []string) {
	for {
		i := strings.Index(text, ViewMark)
		if i < 0 {
			return sealed
		}
		end := i + len(ViewMark)
		for end < len(text) && (text[end] == '-' || text[end] == '_' || text[end] >= '0' && text[end] <= '9' ||
			text[end] >= 'A' && text[end] <= 'Z' || text[end] >= 'a' && text[end] <= 'z') {
			end++
		}
		sealed = append(sealed, text[i:end])
		text = text[end:]
	}
}

// HasSealed says whether what a view upstream gives is a definition, maybe among others.
func HasSealed(value, sealed string) bool { return slices.Contains(sealedIn(value), sealed) }

// OpenView reads what SealView wrote, of view db.name. open undoes its seal.
func OpenView(db, name, sealed string, open func([]byte) ([]byte, error)) (*Table, error) {
	text, ok := strings.CutPrefix(sealed, ViewMark)
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil {
		return nil, fmt.Errorf("view %s.%s: %w", db, name, ErrView)
	}
	plain, err := open(b)
	if err != nil {
		return nil, fmt.Errorf("view %s.%s: %w: %w", db, name, ErrView, err)
	}
	d := &Definition{}
	if err := json.NewDecoder(bytes.NewReader(plain)).Decode(d); err != nil || !strings.EqualFold(d.DB, db) || !strings.EqualFold(d.Name, name) {
		return nil, fmt.Errorf("view %s.%s: %w", db, name, ErrView) // the error of package json may quote what it read
	}
	d.DB, d.Name, d.Sealed = db, name, sealed
	return NewView(d), nil
}
