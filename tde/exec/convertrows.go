package exec

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// clearOf is a table as one that is not encrypted.
func clearOf(t *schema.Table) *schema.Table {
	out := *t
	out.Columns = slices.Clone(t.Columns)
	for i := range out.Columns {
		c := &out.Columns[i]
		c.Storage, c.Token, c.Order, c.Part = schema.StoredClear, false, false, 0
	}
	return &out
}

// prepare finds out what the locked table is and makes the twin.
func (c *conversion) prepare(ctx context.Context) error {
	r, err := c.work.exec("SHOW CREATE TABLE " + c.in(c.mark.Name))
	if err != nil {
		return err
	}
	defer r.Close()
	create, err := r.GetString(0, 1)
	if err != nil {
		return fmt.Errorf("reading the definition of table %s.%s: %w", c.mark.DB, c.mark.Name, err)
	}
	var ddl string
	if c.mark.Encrypt {
		ddl, err = c.prepareSealed(ctx, strings.Clone(create))
	} else {
		ddl, err = c.prepareClear(strings.Clone(create))
	}
	if err != nil {
		return err
	}
	if _, err := c.work.exec(ddl); err != nil {
		return err
	}
	if c.counter > 0 {
		_, err = c.work.exec("ALTER TABLE " + c.in(c.twin()) + " AUTO_INCREMENT = " + strconv.FormatUint(c.counter, 10))
	}
	return err
}

// prepareSealed gives the physical CREATE TABLE of the twin of a plaintext table.
func (c *conversion) prepareSealed(ctx context.Context, create string) (string, error) {
	defaults, err := c.catalog.rows(ctx, "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", c.mark.DB)
	if err != nil || len(defaults) != 1 {
		return "", fmt.Errorf("reading database %s: %w", c.mark.DB, err)
	}
	t, err := c.catalog.evaluator.Describe(ctx, evaluator.DDL{
		Statement: create, Database: c.mark.DB, Table: c.mark.Name, DBCharset: defaults[0][0], DBCollation: defaults[0][1],
		SQLMode:   "NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES",
		Variables: map[string]string{"explicit_defaults_for_timestamp": "1", "innodb_strict_mode": "0"},
	})
	if err != nil {
		return "", fmt.Errorf("describing table %s.%s: %w", c.mark.DB, c.mark.Name, err)
	}
	t.ID = c.mark.id
	c.client.Lock()
	err = c.protect(ctx, t)
	c.client.Unlock()
	if err != nil {
		return "", err
	}
	s, ddl, err := c.physical(t, &schema.Physical{As: c.twin(), NoForeignKeys: true})
	c.from, c.to, c.sealer = clearOf(t), t, s
	return ddl, err
}

// prepareClear gives the CREATE TABLE of the twin of an encrypted table.
func (c *conversion) prepareClear(stored string) (string, error) {
	c.to, c.sealer = clearOf(c.from), c.catalog.State().sealers[c.from.ID]
	if c.sealer == nil {
		return "", errNoSealer
	}
	if m := counters.FindAllString(stored[strings.LastIndexByte(stored, '\n')+1:], 1); len(m) == 1 {
		var err error
		if c.counter, err = strconv.ParseUint(m[0][strings.IndexByte(m[0], '=')+1:], 10, 64); err != nil {
			return "", fmt.Errorf("reading the AUTO_INCREMENT of table %s.%s: %w", c.from.DB, c.from.Name, err)
		}
	}
	rest, ok := strings.CutPrefix(c.from.Create, "CREATE TABLE "+quoteName(c.from.Name)+" (")
	if !ok {
		return "", fmt.Errorf("exec: internal error: the definition of table %s.%s begins in an unknown way", c.from.DB, c.from.Name)
	}
	return withoutForeignKeys("CREATE TABLE " + c.in(c.twin()) + " (" + rest), nil
}

// targets are the physical columns of the twin.
func (c *conversion) targets() (fills []schema.Fill) {
	for i := range c.to.Columns {
		col := &c.to.Columns[i]
		if col.Generated && col.Storage == schema.StoredClear {
			continue // the server's to compute
		}
		fills = append(fills, schema.Fill{Name: col.Name, Column: col})
		if col.Token {
			fills = append(fills, schema.Fill{Name: col.TokenColumn(), Column: col, Token: true})
		}
		if col.Order {
			fills = append(fills, schema.Fill{Name: col.OrderColumn(), Column: col, Order: true})
		}
		if col.Part > 0 {
			fills = append(fills, schema.Fill{Name: col.PartColumn(), Column: col, Part: true})
		}
	}
	return fills
}

// query selects the rows of the table as it is.
func (c *conversion) query() string {
	var list []string
	for i := range c.from.Columns {
		if col := &c.from.Columns[i]; col.Storage == schema.StoredClear {
			list = append(list, col.ReadBack(""))
		} else {
			list = append(list, quoteName(col.Name))
		}
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM " + c.in(c.mark.Name)
}

// value is the stored form of what a column of the table holds.
func (c *conversion) value(col *schema.Column, v []byte) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	var err error
	if col.Storage == schema.StoredClear {
		v, err = evaluator.Stored(col, v)
	} else {
		v, err = c.sealer.cells.Open([]byte{}, col.ID, v)
	}
	if err != nil {
		return nil, corrupt(c.from, col, err)
	}
	return v, nil
}

// copyRows writes all rows into the twin. They come through here, so that no statement upstream holds a value in clear.
func (c *conversion) copyRows(ctx context.Context) error {
	fills := c.targets()
	var names []string
	for _, f := range fills {
		names = append(names, quoteName(f.Name))
	}
	b := &rowBatch{conversion: c, head: "INSERT INTO " + c.in(c.twin()) + " (" + strings.Join(names, ", ") + ") VALUES ", told: time.Now()}
	err := c.lock.each(c.query(), func(raw [][]byte) error {
		row := make(map[*schema.Column][]byte, len(raw))
		for i := range raw {
			v, err := c.value(&c.from.Columns[i], raw[i])
			if err != nil {
				return err
			}
			row[&c.to.Columns[i]] = v
		}
		var items []string
		for i := range fills {
			item, err := c.sealer.physical(ctx, c.catalog.weights, &fills[i], row[fills[i].Column])
			if err != nil {
				return err
			}
			items = append(items, item)
		}
		return b.add("(" + strings.Join(items, ", ") + ")")
	})
	if err != nil {
		return err
	}
	return b.flush()
}

// rowBatch is an INSERT into the twin that grows.
type rowBatch struct {
	*conversion
	head string
	sql  []byte
	rows uint64
	told time.Time
}

func (b *rowBatch) add(row string) error {
	if b.rows > 0 && len(b.sql)+len(row) > batchBytes {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if b.rows == 0 {
		b.sql = append(b.sql[:0], b.head...)
	} else {
		b.sql = append(b.sql, ", "...)
	}
	b.sql = append(b.sql, row...)
	b.rows++
	return nil
}

// tellEvery is how often the log has how far a conversion is.
const tellEvery = 10 * time.Second

func (b *rowBatch) flush() error {
	if b.rows == 0 {
		return nil
	}
	r, err := b.work.exec(string(b.sql))
	if err != nil {
		return err
	}
	if r.AffectedRows != b.rows {
		return fmt.Errorf("exec: internal error: of %d rows %d were stored", b.rows, r.AffectedRows)
	}
	done := b.mark.Rows.Add(b.rows)
	b.rows = 0
	if time.Since(b.told) > tellEvery {
		b.told = time.Now()
		b.catalog.log.Info("converting a table", "database", b.mark.DB, "table", b.mark.Name, "rows", done, "of_about", b.mark.Of.Load())
	}
	return err
}
