package exec

import (
	"context"
	"fmt"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Count is how many encrypted tables are known, and how many of them do not open.
func (c *Catalog) Count() (tables, locked int) {
	s := c.State()
	if s == nil {
		return 0, 0
	}
	for _, t := range s.Snapshot.Tables() {
		tables++
		if t.Locked != "" {
			locked++
		}
	}
	return tables, locked
}

// EvaluatorStatus is how the evaluator is; ok is false where there is none.
func (c *Catalog) EvaluatorStatus() (s evaluator.Status, ok bool) {
	if c.evaluator == nil {
		return s, false
	}
	return c.evaluator.Status(), true
}

// TableStatus is how one table of upstream stands.
type TableStatus struct {
	Database string `json:"database"`
	Table    string `json:"table"`
	// State is encrypted, locked (its key or metadata does not open), plaintext (although a rule designates it) or clear (none
	// does).
	State string `json:"state"`
	Rows  uint64 `json:"rows"`  // upstream's estimate
	Bytes uint64 `json:"bytes"` // of data and indexes, upstream's estimate
	// MasterKey is the master key version that wraps the table's key, KeyID the generation of that; 0 where State is not encrypted.
	MasterKey uint32 `json:"master_key,omitempty"`
	KeyID     uint16 `json:"key_id,omitempty"`
	Why       string `json:"why,omitempty"` // it is locked
}

// States of a TableStatus.
const (
	StateEncrypted = "encrypted"
	StateLocked    = "locked"
	StatePlaintext = "plaintext"
	StateClear     = "clear"
)

// maxStatus bounds how many tables Tables lists.
const maxStatus = 20000

// Tables lists the base tables of upstream that the proxy's account sees, by name, but for the system's and those that a conversion
// makes for itself.
func (c *Catalog) Tables(ctx context.Context) ([]TableStatus, error) {
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT LIKE '"+schema.CommentMark+"%', COALESCE(TABLE_ROWS, 0), "+
		"COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME NOT LIKE '"+conversionPrefix+"~%' "+
		"AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema') ORDER BY 1, 2 LIMIT "+fmt.Sprint(maxStatus))
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	snapshot := c.State().Snapshot
	out := make([]TableStatus, len(rows))
	for i, r := range rows {
		s := &out[i]
		s.Database, s.Table, s.State = r[0], r[1], StateClear
		_, _ = fmt.Sscan(r[3], &s.Rows)
		_, _ = fmt.Sscan(r[4], &s.Bytes)
		t := snapshot.Lookup(s.Database, s.Table)
		switch {
		case t != nil && t.Locked != "":
			s.State, s.Why = StateLocked, t.Locked
		case t != nil:
			s.State, s.KeyID = StateEncrypted, t.KeyID
			if s.MasterKey, err = keyring.MasterVersion(t.WrappedKey); err != nil {
				return nil, fmt.Errorf("table %s.%s: %w", t.DB, t.Name, err)
			}
		case r[2] == "1":
			s.State, s.Why = StateLocked, "this proxy has not read it: it was made elsewhere since the start"
		case c.rules.Ruled(s.Database, s.Table):
			s.State = StatePlaintext
		}
	}
	return out, nil
}

// Leak is a schema.Leak with the name of its table.
type Leak struct {
	Database string `json:"database"`
	Table    string `json:"table"`
	Column   string `json:"column"`
	Shows    string `json:"shows"`
	Why      string `json:"why"`
}

// Leakage reports what each column of the encrypted tables shows to upstream.
func (c *Catalog) Leakage() []Leak {
	out := []Leak{}
	for _, t := range c.State().Snapshot.Tables() {
		if t.Locked != "" {
			continue
		}
		for _, l := range schema.Leakage(t) {
			out = append(out, Leak{Database: t.DB, Table: t.Name, Column: l.Column, Shows: l.Shows, Why: l.Why})
		}
	}
	return out
}
