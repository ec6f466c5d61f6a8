package exec

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// upsert foresees what ON DUPLICATE KEY UPDATE does: upstream takes a row for changed that gets a new cell of the same value. The rows
// that are there already are read under lock first, and what upstream then counts must be what was foreseen.
type upsert struct {
	*sink
	clause     string
	matches    bool   // the client counts rows that are found and not those that change
	counts     uint64 // what upstream will count of the batch
	same       uint64 // what it will count too much
	inserted   bool   // a row of the batch is new
	changed    bool   // one changes
	duplicates uint64 // of the statement, as its info string has it
}

func newUpsert(k *sink) *upsert {
	u := &upsert{sink: k, matches: k.caps.Has(wire.FoundRows)}
	var sets []string
	for _, c := range k.into.Upsert.Copies {
		for _, name := range append([]string{c.Name}, c.Hidden()...) {
			name = quoteName(name)
			if k.catalog.mariaDB {
				sets = append(sets, name+" = VALUES("+name+")")
			} else {
				sets = append(sets, name+" = r."+name)
			}
		}
	}
	for _, c := range k.into.Upsert.Kept {
		sets = append(sets, quoteName(c.Name)+" = "+quoteName(c.Name))
	}
	if len(k.into.Upsert.Kept) > 0 {
		u.clause = " ON DUPLICATE KEY UPDATE " + strings.Join(sets, ", ")
		return u
	}
	if k.tail == "" && !k.catalog.mariaDB {
		u.clause = " AS r"
	}
	u.clause += " ON DUPLICATE KEY UPDATE " + strings.Join(sets, ", ")
	return u
}

// present are the rows that are there, by each of the unique keys.
type present []map[string]*[][]byte

func newPresent(keys int) present {
	p := make(present, keys)
	for i := range p {
		p[i] = map[string]*[][]byte{}
	}
	return p
}

// add notes a row under all of its keys, unless it is known by one: then it gives nil.
func (u *upsert) add(p present, values [][]byte) (*[][]byte, error) {
	keys := make([]string, len(p))
	for i, ix := range u.into.Upsert.Keys {
		var err error
		if keys[i], err = u.keyText(ix, values); err != nil {
			return nil, err
		}
		if keys[i] != "" && p[i][keys[i]] != nil {
			return nil, nil
		}
	}
	row := slices.Clone(values)
	for i, key := range keys {
		if key != "" {
			p[i][key] = &row
		}
	}
	return &row, nil
}

// read locks and reads the rows that rows of the batch have a key in common with, and hands those that are not known yet to
// fn.
func (u *upsert) read(p present, fn func(row *[][]byte)) error {
	for i, ix := range u.into.Upsert.Keys {
		seen := map[string]bool{"": true}
		var wanted []string
		for _, row := range u.rows {
			key, err := u.keyText(ix, row.values)
			if err != nil {
				return err
			}
			if !seen[key] {
				seen[key] = true
				if p[i][key] != nil {
					continue
				}
				wanted = append(wanted, key)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		rows, err := u.replaced(ix, wanted)
		if err != nil {
			return err
		}
		for _, values := range rows {
			row, err := u.add(p, values)
			if err != nil {
				return err
			}
			if row != nil {
				fn(row)
			}
		}
	}
	return nil
}

// foresee tells what upstream will count of the batch.
func (u *upsert) foresee() error {
	p := newPresent(len(u.into.Upsert.Keys))
	if err := u.read(p, func(*[][]byte) {}); err != nil {
		return err
	}
	u.counts, u.same, u.inserted, u.changed = 0, 0, false, false
	for _, row := range u.rows {
		old, err := u.hit(p, row.values)
		switch {
		case err != nil:
			return err
		case old == nil:
			u.counts, u.inserted = u.counts+1, true
			if _, err := u.add(p, row.values); err != nil {
				return err
			}
		default:
			u.replaces(*old, row.values)
		}
	}
	return nil
}

// hit is the row that is there by the first of the keys that a row has in common with one.
func (u *upsert) hit(p present, values [][]byte) (*[][]byte, error) {
	for i, ix := range u.into.Upsert.Keys {
		key, err := u.keyText(ix, values)
		if err != nil {
			return nil, err
		}
		if old := p[i][key]; key != "" && old != nil {
			return old, nil
		}
	}
	return nil, nil
}

// replaces gives a row that is there what it is to get.
func (u *upsert) replaces(old, values [][]byte) {
	stays, cells := true, false
	for _, c := range u.into.Upsert.Copies {
		i := slices.Index(u.columns, c)
		cells = cells || c.Storage != schema.StoredClear && values[i] != nil
		stays = stays && equalValues(old[i], values[i])
		old[i] = bytes.Clone(values[i])
	}
	switch {
	case !stays || cells:
		u.counts += 2
	case u.matches:
		u.counts++
	}
	switch {
	case stays && cells && u.matches:
		u.same++
	case stays && cells:
		u.same += 2
	}
	if !stays || u.matches && !u.into.Counts { // an INSERT … SELECT counts changes here whatever the client counts
		u.duplicates++
	}
	u.changed = u.changed || !stays
}

// corrects makes of upstream's answer to the batch the plaintext table's.
func (u *upsert) corrects(ok *wire.OK) error {
	if ok.AffectedRows != u.counts {
		return notSupported("what this ON DUPLICATE KEY UPDATE changes could not be foreseen")
	}
	ok.AffectedRows -= u.same
	if !u.inserted && !u.changed {
		ok.InsertID = 0
	}
	return nil
}
