package exec

import (
	"bytes"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// tellByCell finds, for rows that nothing but all their cells tell apart, one column whose cells alone do, in the whole table: cells are made one by
// one, but an UPDATE may have set rows to the same one. Rows are then written many at a time, where each would take a statement that reads the whole
// table.
func (r *replayRun) tellByCell(t *written) error {
	if len(t.Identity) > 0 || len(t.rows) == 0 {
		return nil
	}
	for i, c := range t.fetch.Columns {
		if c.Storage == schema.StoredClear || !t.distinct(i) {
			continue
		}
		alone, err := r.alone(t, i)
		if err != nil {
			return err
		}
		if alone {
			t.tellBy(i)
			break
		}
	}
	for n := range t.rows {
		t.rows[n].cells = nil
	}
	return nil
}

// tellBy makes the cells of a column what tells rows apart.
func (t *written) tellBy(column int) {
	id := plan.Identity{Name: t.fetch.Columns[column].Name, Binary: true}
	target := *t.Target
	target.Identity = []plan.Identity{id}
	t.Target = &target
	for n := range t.rows {
		t.rows[n].identity = appendPhysical(nil, id, t.rows[n].cells[column])
	}
}

// alone asks upstream whether no other row of the table has one of the cells that the rows have in a column.
func (r *replayRun) alone(t *written, column int) (bool, error) {
	found := uint64(0)
	for rows := t.rows; len(rows) > 0; {
		sql := []byte("SELECT COUNT(*) FROM " + t.name() + " WHERE " + quoteName(t.fetch.Columns[column].Name) + " IN (")
		n := 0
		for ; n < len(rows) && (n == 0 || len(sql) < writeBytes); n++ {
			if n > 0 {
				sql = append(sql, ", "...)
			}
			sql = appendPhysical(sql, plan.Identity{Binary: true}, rows[n].cells[column])
		}
		rows = rows[n:]
		if err := r.query(string(append(sql, ')')), func(row [][]byte) error {
			count, err := strconv.ParseUint(string(row[0]), 10, 64)
			found += count
			return err
		}); err != nil {
			return false, err
		}
	}
	return found == uint64(len(t.rows)), nil
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
