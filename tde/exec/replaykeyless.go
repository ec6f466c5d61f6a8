package exec

import (
	"bytes"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// tellByCell finds, for rows that nothing but all their cells tell apart, one column whose cells alone do: no two cells of a column are the same, unless
// a row was copied as it is stored, and then none is found. Rows are then written many at a time, where each would have taken a statement
// that reads the whole table.
func (t *written) tellByCell() {
	if len(t.Identity) > 0 {
		return
	}
	for i, c := range t.fetch.Columns {
		if c.Storage == schema.StoredClear || !t.distinct(i) {
			continue
		}
		id := plan.Identity{Name: c.Name, Binary: true}
		target := *t.Target
		target.Identity = []plan.Identity{id}
		t.Target = &target
		for n := range t.rows {
			t.rows[n].identity = appendPhysical(nil, id, t.rows[n].cells[i])
		}
		break
	}
	for n := range t.rows {
		t.rows[n].cells = nil
	}
}

// distinct says whether every row has a cell in a column, and none that another row has.
func (t *written) distinct(column int) bool {
	seen := make(map[string]struct{}, len(t.rows))
	for n := range t.rows {
		cell := t.rows[n].cells[column]
		if cell == nil {
			return false
		}
		if _, twice := seen[string(cell)]; twice {
			return false
		}
		seen[string(cell)] = struct{}{}
	}
	return true
}

// cloneCells keeps a row's cells beyond the next one's reading.
func cloneCells(raw [][]byte) [][]byte {
	out := make([][]byte, len(raw))
	for i, v := range raw {
		out[i] = bytes.Clone(v)
	}
	return out
}
