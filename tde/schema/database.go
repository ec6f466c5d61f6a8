package schema

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// DatabaseProcedure is the name of the procedure, one in each database whose default is or was encryption, whose comment says so,
// sealed. Of all that a database can hold it is what shows least: it is no table, and goes with the database.
const DatabaseProcedure = Prefix + "database"

// DatabaseMark begins that comment.
const DatabaseMark = "tdeproxydatabase1:"

// ErrDatabase says that a database's comment is not what SealDatabase wrote: altered, or of another database or keyring.
var ErrDatabase = errors.New("what is stored of the database's default encryption is damaged, or of another database or keyring")

// sealedDatabase is what is sealed.
type sealedDatabase struct {
	DB      string
	Encrypt bool
}

// DatabaseID stands for a database in the associated data of what is sealed of it. No view's is the same.
func DatabaseID(db string) (id TableID) {
	h := sha256.Sum256([]byte("\x00database\x00" + strings.ToLower(db)))
	copy(id[:], h[:])
	return id
}

// SealDatabase writes whether new tables of a database are encrypted. seal encrypts that and binds it to the DatabaseID.
func SealDatabase(db string, encrypt bool, seal func([]byte) []byte) (string, error) {
	plain, err := json.Marshal(sealedDatabase{DB: db, Encrypt: encrypt})
	if err != nil {
		return "", fmt.Errorf("database %s: %w", db, err)
	}
	return DatabaseMark + base64.RawURLEncoding.EncodeToString(seal(plain)), nil
}

// OpenDatabase reads what SealDatabase wrote, of database db. open undoes its seal.
func OpenDatabase(db, comment string, open func([]byte) ([]byte, error)) (encrypt bool, err error) {
	text, ok := strings.CutPrefix(comment, DatabaseMark)
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil {
		return false, fmt.Errorf("database %s: %w", db, ErrDatabase)
	}
	plain, err := open(b)
	if err != nil {
		return false, fmt.Errorf("database %s: %w: %w", db, ErrDatabase, err)
	}
	var d sealedDatabase
	if err := json.Unmarshal(plain, &d); err != nil || !strings.EqualFold(d.DB, db) {
		return false, fmt.Errorf("database %s: %w", db, ErrDatabase)
	}
	return d.Encrypt, nil
}

// Defaults says of databases what SQL has made their default: encryption, or none. The zero value and nil know none.
type Defaults struct {
	fold    bool
	encrypt map[string]bool
}

// NewDefaults makes Defaults of databases by name.
func NewDefaults(encrypt map[string]bool, lowerCaseTableNames int) *Defaults {
	d := &Defaults{fold: lowerCaseTableNames != 0, encrypt: map[string]bool{}}
	for db, e := range encrypt {
		d.encrypt[d.key(db)] = e
	}
	return d
}

func (d *Defaults) key(db string) string {
	if d.fold {
		return strings.ToLower(db)
	}
	return db
}

// of is the default of a database; known is false where SQL has set none.
func (d *Defaults) of(db string) (encrypt, known bool) {
	if d == nil {
		return false, false
	}
	encrypt, known = d.encrypt[d.key(db)]
	return encrypt, known
}

func (d *Defaults) any() bool { return d != nil && len(d.encrypt) > 0 }

// WithDefaults are the rules with other defaults of databases.
func (r *Rules) WithDefaults(d *Defaults) *Rules {
	out := Rules{}
	if r != nil {
		out = *r
	}
	out.defaults = d
	return &out
}

// WithDefault are the rules after a database's default was set.
func (r *Rules) WithDefault(db string, encrypt bool) *Rules {
	out := r.WithDefaults(&Defaults{encrypt: map[string]bool{}})
	if r != nil && r.defaults != nil {
		out.defaults.fold = r.defaults.fold
		for k, e := range r.defaults.encrypt {
			out.defaults.encrypt[k] = e
		}
	}
	out.defaults.encrypt[out.defaults.key(db)] = encrypt
	return out
}

// Default says whether SQL has made encryption the default of a database.
func (r *Rules) Default(db string) bool {
	encrypt, _ := r.DefaultKnown(db)
	return encrypt
}

// DefaultKnown says what SQL has made the default of a database; known is false where it has set none.
func (r *Rules) DefaultKnown(db string) (encrypt, known bool) {
	if r == nil {
		return false, false
	}
	return r.defaults.of(db)
}

// HasDefaults says whether SQL has set the default of any database.
func (r *Rules) HasDefaults() bool { return r != nil && r.defaults.any() }
