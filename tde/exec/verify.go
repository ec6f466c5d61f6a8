package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Verified is what a look at one encrypted table has found.
type Verified struct {
	Database string   `json:"database"`
	Table    string   `json:"table"`
	Cells    uint64   `json:"cells"`              // that were opened
	Problems []string `json:"problems,omitempty"` // none: all is well. They hold no value.
}

// Verify compares the physical form of every encrypted table with its metadata, and opens all cells of up to rows of its rows.
func (c *Catalog) Verify(ctx context.Context, rows int) ([]Verified, error) {
	out := []Verified{}
	s := c.State()
	for _, t := range s.Snapshot.Tables() {
		v := Verified{Database: t.DB, Table: t.Name}
		if t.Locked != "" {
			v.Problems = []string{t.Locked}
			out = append(out, v)
			continue
		}
		columns, err := c.rows(ctx, "SELECT COLUMN_NAME, DATA_TYPE, COALESCE(CHARACTER_OCTET_LENGTH, 0) FROM information_schema.COLUMNS "+
			"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", t.DB, t.Name)
		if err != nil {
			return nil, fmt.Errorf("reading columns of %s.%s: %w", t.DB, t.Name, err)
		}
		if v.Problems = misshapen(t, columns); len(v.Problems) == 0 && rows > 0 {
			if err := c.openCells(ctx, s, t, rows, &v); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// misshapen lists what of a table's columns is not as its metadata has it.
func misshapen(t *schema.Table, columns [][]string) (problems []string) {
	have := map[string][]string{}
	for _, c := range columns {
		have[strings.ToLower(c[0])] = c
	}
	take := func(name string, fits func(typ, size string) bool, want string) {
		key := strings.ToLower(name)
		switch c := have[key]; {
		case c == nil:
			problems = append(problems, "column "+name+" is not there")
		case !fits(c[1], c[2]):
			problems = append(problems, fmt.Sprintf("column %s is %s(%s), not %s", name, c[1], c[2], want))
		}
		delete(have, key)
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Storage == schema.StoredClear {
			take(c.Name, func(string, string) bool { return true }, "")
			continue
		}
		take(c.Name, func(typ, _ string) bool { return typ == "varbinary" || strings.HasSuffix(typ, "blob") }, "a cell: VARBINARY or a BLOB")
		if c.Token {
			take(c.TokenColumn(), func(typ, size string) bool { return typ == "binary" && size == "16" }, "a token: BINARY(16)")
		}
		if c.Part > 0 {
			take(c.PartColumn(), func(typ, size string) bool { return typ == "binary" && size == "17" }, "a part token: BINARY(17)")
		}
		if c.Order {
			take(c.OrderColumn(), func(typ, _ string) bool { return strings.HasSuffix(typ, "binary") }, "an order token: BINARY or VARBINARY")
		}
	}
	for _, c := range columns {
		if have[strings.ToLower(c[0])] != nil {
			problems = append(problems, "column "+c[0]+" is not of the table's metadata: it was added past the proxy")
		}
	}
	return problems
}

// openCells opens the cells of a table's first rows, whichever upstream gives.
func (c *Catalog) openCells(ctx context.Context, s *State, t *schema.Table, rows int, v *Verified) error {
	var names []string
	var cells []*schema.Column
	for i := range t.Columns {
		if t.Columns[i].Storage == schema.StoredCell {
			names, cells = append(names, schema.Quote(t.Columns[i].Name)), append(cells, &t.Columns[i])
		}
	}
	if len(cells) == 0 {
		return nil
	}
	sealer := s.sealers[t.ID]
	if sealer == nil {
		return errNoSealer
	}
	r, err := c.upstream.Query(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+schema.Quote(t.DB)+"."+schema.Quote(t.Name)+fmt.Sprintf(" LIMIT %d", rows))
	if err != nil {
		return fmt.Errorf("reading %s.%s: %w", t.DB, t.Name, err)
	}
	bad := map[string]int{}
	var plain []byte
	for i := range r.RowNumber() {
		for j, col := range cells {
			cell, ok := r.Values[i][j].Value().([]byte)
			if !ok {
				continue // NULL
			}
			v.Cells++
			var err error
			if plain, err = sealer.cells.Open(plain[:0], col.ID, cell); err != nil {
				bad[col.Name]++
				if !tampered(err) {
					return errors.Join(fmt.Errorf("opening a cell of %s.%s.%s", t.DB, t.Name, col.Name), err)
				}
			}
		}
	}
	clear(plain[:cap(plain)])
	for _, col := range cells {
		if n := bad[col.Name]; n > 0 {
			v.Problems = append(v.Problems, fmt.Sprintf("%d values of column %s do not open: they were altered, cut off or moved", n, col.Name))
		}
	}
	return nil
}
