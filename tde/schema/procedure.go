package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// StoredProcedure is a procedure as the application defined it. Upstream has one of the same name and parameters, whose body holds nothing but
// this, sealed: so that upstream knows that the procedure is there, who may call it and whose it is.
type StoredProcedure struct {
	DB, Name string
	Head     string // parameters and characteristics
	Body     string
	// SQLMode, Charset and Collation are those of the session that made it, DatabaseCollation its database's.
	SQLMode, Charset, Collation, DatabaseCollation string
}

const (
	procedureMark  = "tdeproxyprocedure1:"
	procedureBegin = "BEGIN SELECT '"
	// ProcedureState is the SQLSTATE of the error that a call past the proxy ends in.
	ProcedureState = "45TDE"
	procedureEnd   = "' AS `" + Prefix + "procedure`; SIGNAL SQLSTATE '" + ProcedureState + "' SET MESSAGE_TEXT = 'tdeproxy: call this procedure through the proxy'; END"
)

// ErrProcedure says that a procedure's body is not what Seal wrote: altered, or of another procedure or keyring.
var ErrProcedure = errors.New("the body of the procedure is damaged, or of another procedure or keyring")

// ProcedureID stands for a procedure in the associated data of its body.
func ProcedureID(db, name string) (id TableID) {
	h := sha256.Sum256([]byte("procedure\x00" + strings.ToLower(db) + "\x00" + strings.ToLower(name)))
	copy(id[:], h[:])
	return id
}

// Seal writes the body that upstream has. seal encrypts it and binds it to the ProcedureID.
func (p *StoredProcedure) Seal(seal func([]byte) []byte) (string, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("procedure %s.%s: %w", p.DB, p.Name, err)
	}
	return procedureBegin + procedureMark + base64.RawURLEncoding.EncodeToString(seal(plain)) + procedureEnd, nil
}

// SealedProcedure finds in a text what Seal wrote: bytes [from, to) are the body, in which sealed stands; not ok where there is none.
func SealedProcedure(text string) (from, to int, sealed string, ok bool) {
	from = strings.Index(text, procedureBegin+procedureMark)
	if from < 0 {
		return 0, 0, "", false
	}
	start := from + len(procedureBegin)
	n := strings.IndexByte(text[start:], '\'')
	if n < 0 || !strings.HasPrefix(text[start+n:], procedureEnd) {
		return 0, 0, "", false
	}
	return from, start + n + len(procedureEnd), text[start : start+n], true
}

// OpenProcedure reads what Seal wrote, of procedure db.name. open undoes its seal.
func OpenProcedure(db, name, sealed string, open func([]byte) ([]byte, error)) (*StoredProcedure, error) {
	text, ok := strings.CutPrefix(sealed, procedureMark)
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil {
		return nil, fmt.Errorf("procedure %s.%s: %w", db, name, ErrProcedure)
	}
	plain, err := open(b)
	if err != nil {
		return nil, fmt.Errorf("procedure %s.%s: %w: %w", db, name, ErrProcedure, err)
	}
	p := &StoredProcedure{}
	if err := json.NewDecoder(bytes.NewReader(plain)).Decode(p); err != nil || !strings.EqualFold(p.DB, db) || !strings.EqualFold(p.Name, name) {
		return nil, fmt.Errorf("procedure %s.%s: %w", db, name, ErrProcedure) // the error of package json may quote what it read
	}
	return p, nil
}
