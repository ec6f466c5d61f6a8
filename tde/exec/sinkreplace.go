package exec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// same counts the rows of the batch that are already there as they are: upstream takes them for rows that change, because a
// new cell differs from the old one even where the value does not. It locks the rows that the batch replaces.
func (k *sink) same() (n uint64, err error) {
	ix := k.into.Compare
	if ix == nil {
		return 0, nil
	}
	keys := make([]string, len(k.rows))
	var wanted []string
	seen := map[string]bool{"": true}
	for i := range k.rows {
		if keys[i], err = k.keyText(ix, k.rows[i].values); err != nil {
			return 0, err
		}
		if !seen[keys[i]] {
			seen[keys[i]] = true
			wanted = append(wanted, keys[i])
		}
	}
	if len(wanted) == 0 {
		return 0, nil
	}
	there, err := k.replaced(ix, wanted)
	if err != nil {
		return 0, err
	}
	for i := range k.rows {
		if keys[i] == "" {
			continue
		}
		old, found := there[keys[i]]
		whole, err := k.goesWhole(k.rows[i].values)
		if err != nil {
			return 0, err
		}
		if found && !whole && slices.EqualFunc(old, k.rows[i].values, equalValues) {
			n++
		}
		there[keys[i]] = k.rows[i].values
	}
	return n, nil
}

func equalValues(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// goesWhole says whether a row that is replaced by its like is deleted: they have a key in common that is not the last.
func (k *sink) goesWhole(values [][]byte) (bool, error) {
	for _, ix := range k.into.Before {
		if key, err := k.keyText(ix, values); key != "" || err != nil {
			return true, err
		}
	}
	return false, nil
}

// keyText writes a row's key as a row constructor, "" where a part of it is NULL or a number that upstream gives.
func (k *sink) keyText(ix *schema.Index, values [][]byte) (string, error) {
	out := []byte{'('}
	for i, part := range ix.Parts {
		c := k.table.Column(part.Column)
		at := slices.Index(k.columns, c)
		if at < 0 || values[at] == nil || at == k.auto && isZeroInteger(values[at]) {
			return "", nil
		}
		if i > 0 {
			out = append(out, ", "...)
		}
		if c.Storage == schema.StoredClear {
			var err error
			if out, err = appendInteger(out, c, values[at]); err != nil {
				return "", err
			}
			continue
		}
		t, err := k.keyTokenOf(ix, part, values[at])
		if err != nil {
			return "", err
		}
		out = appendHex(out, t)
	}
	return string(append(out, ')')), nil
}

// replaced reads and locks the rows of some keys: their stored forms, by key.
func (k *sink) replaced(ix *schema.Index, keys []string) (map[string][][]byte, error) {
	var names, shown []string
	for _, part := range ix.Parts {
		names = append(names, quoteName(k.table.KeyColumn(ix, part)))
	}
	for _, c := range k.columns {
		shown = append(shown, quoteName(c.Name))
	}
	out := map[string][][]byte{}
	err := k.whole("SELECT "+strings.Join(append(shown, names...), ", ")+" FROM "+quoteName(k.table.DB)+"."+quoteName(k.table.Name)+
		" WHERE ("+strings.Join(names, ", ")+") IN ("+strings.Join(keys, ", ")+") FOR UPDATE", func(row [][]byte) error {
		values, err := k.opened(row)
		if err != nil {
			return err
		}
		key := []byte{'('}
		for i, part := range ix.Parts {
			if i > 0 {
				key = append(key, ", "...)
			}
			if v := row[len(k.columns)+i]; k.table.Column(part.Column).Storage == schema.StoredClear {
				key = append(key, v...)
			} else {
				key = append(hex.AppendEncode(append(key, "x'"...), v), '\'')
			}
		}
		out[string(append(key, ')'))] = values
		return nil
	})
	return out, err
}

// opened makes stored forms of a row's columns.
func (k *sink) opened(row [][]byte) ([][]byte, error) {
	out := make([][]byte, len(k.columns))
	for i, c := range k.columns {
		switch {
		case row[i] == nil:
		case c.Storage == schema.StoredClear:
			v, err := evaluator.Stored(c, row[i])
			if err != nil {
				return nil, fmt.Errorf("reading column %s: %w", c.Name, err)
			}
			out[i] = slices.Clone(v)
		default:
			v, err := k.state.sealers[k.table.ID].cells.Open([]byte{}, c.ID, row[i])
			if err != nil {
				return nil, corrupt(k.table, c, err)
			}
			out[i] = v
		}
	}
	return out, nil
}
