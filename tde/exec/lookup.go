package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// lookupBatch bounds the tables that one query looks for.
const lookupBatch = 100

// supplyAll looks up what a plan needs to know of tables, most of which are not there: they are all names that the statement has.
func (x *Session) supplyAll(ctx context.Context, tables []plan.NeedTable, env *plan.Env) error {
	for len(tables) > 0 {
		n := min(len(tables), lookupBatch)
		there, err := x.catalog.existing(ctx, tables[:n])
		if err != nil {
			return err
		}
		for i, t := range tables[:n] {
			if !there[i] {
				env.Absent = append(env.Absent, plan.NeedTable{DB: t.DB, Name: t.Name})
			} else if err := x.catalog.supply(ctx, &t, env); err != nil {
				return err
			}
		}
		tables = tables[n:]
	}
	return nil
}

// existing finds out which tables upstream has. It asks for each by its own name: a list of names would open every table.
func (c *Catalog) existing(ctx context.Context, tables []plan.NeedTable) (map[int]bool, error) {
	var queries []string
	var args []any
	for i, t := range tables {
		queries = append(queries, fmt.Sprintf("SELECT %d FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", i))
		args = append(args, t.DB, t.Name)
	}
	rows, err := c.rows(ctx, strings.Join(queries, " UNION ALL "), args...)
	if err != nil {
		return nil, fmt.Errorf("looking up tables: %w", err)
	}
	there := map[int]bool{}
	for _, r := range rows {
		var i int
		if _, err := fmt.Sscan(r[0], &i); err != nil {
			return nil, fmt.Errorf("looking up tables: %w", err)
		}
		there[i] = true
	}
	return there, nil
}
