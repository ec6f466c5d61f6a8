package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// tie is a foreign key of a table that is converted, or one that points at it. It stays what it is: its columns are clear before and after.
type tie struct {
	db, table, name string // the foreign key, and the table that has it
	refDB, refTable string
	own             bool     // the table that is converted has it
	columns         []string // of that table
	clause          string   // CONSTRAINT …, as upstream shows it
}

// other is the table at the other end.
func (t *tie) other() (db, table string) {
	if t.own {
		return t.refDB, t.refTable
	}
	return t.db, t.table
}

// ties reads the foreign keys that the table is part of.
func (c *conversion) ties(ctx context.Context) ([]tie, error) {
	rows, err := c.catalog.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, COLUMN_NAME, REFERENCED_COLUMN_NAME "+
		"FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND (TABLE_SCHEMA = ? AND TABLE_NAME = ? OR "+
		"REFERENCED_TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME = ?) ORDER BY 1, 2, 3, ORDINAL_POSITION", c.mark.DB, c.mark.Name, c.mark.DB, c.mark.Name)
	if err != nil {
		return nil, fmt.Errorf("reading foreign keys: %w", err)
	}
	is := func(db, table string) bool {
		return db == c.mark.DB && table == c.mark.Name || c.catalog.fold != 0 && strings.EqualFold(db, c.mark.DB) && strings.EqualFold(table, c.mark.Name)
	}
	var out []tie
	for _, r := range rows {
		t := tie{own: is(r[0], r[1]), db: r[0], table: r[1], name: r[2], refDB: r[3], refTable: r[4]}
		if n := len(out); n == 0 || out[n-1].db != t.db || out[n-1].table != t.table || out[n-1].name != t.name {
			out = append(out, t)
		}
		last := &out[len(out)-1]
		if last.own {
			last.columns = append(last.columns, r[5])
		}
		if is(r[3], r[4]) {
			last.columns = append(last.columns, r[6])
		}
	}
	return out, nil
}

// tied are the tables at other ends of foreign keys, each once.
func (c *conversion) tied() (out [][2]string) {
	for i := range c.keys {
		k := &c.keys[i]
		db, table := k.other()
		if o := [2]string{db, table}; !slices.Contains(out, o) && (k.db != k.refDB || k.table != k.refTable) {
			out = append(out, o)
		}
	}
	return out
}

// lockText locks the table, with what is to be in the way of its RENAME, and those that are tied to it: they are altered, too.
func (c *conversion) lockText() string {
	sql := "LOCK TABLES " + c.in(c.mark.Name) + " WRITE, " + c.in(c.old()) + " WRITE"
	for _, o := range c.tied() {
		sql += ", " + quoteName(o[0]) + "." + quoteName(o[1]) + " WRITE"
	}
	return sql
}

// bind sees that the foreign keys can stay, now that the tables are locked, and reads how upstream has them.
func (c *conversion) bind(ctx context.Context) error {
	now, err := c.ties(ctx)
	if err != nil {
		return err
	}
	same := func(a, b tie) bool {
		return a.db == b.db && a.table == b.table && a.name == b.name && a.refDB == b.refDB && a.refTable == b.refTable && slices.Equal(a.columns, b.columns)
	}
	if !slices.EqualFunc(now, c.keys, same) {
		return notSupported("encrypting or decrypting a table whose foreign keys change meanwhile is not supported; try again")
	}
	sealed := c.from
	if c.mark.Encrypt {
		sealed = c.to
	}
	for i := range c.keys {
		k := &c.keys[i]
		for _, name := range k.columns {
			if col := sealed.Column(name); col == nil || col.Storage != schema.StoredClear {
				return notSupported("encrypting or decrypting table %s.%s, of which foreign key %s of %s.%s needs column %s, is not supported, since one end of it would be "+
					"encrypted and the other not; drop the foreign key, convert both tables and add it again", c.mark.DB, c.mark.Name, k.name, k.db, k.table,
					strings.TrimPrefix(name, schema.TokenPrefix))
			}
		}
		if k.clause, err = c.clause(k); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(sealed.ForeignKeys, func(fk schema.ForeignKey) bool { return fk.Pending }) {
		return notSupported("decrypting table %s.%s, a foreign key of which points at a table that is not there yet, is not supported", c.mark.DB, c.mark.Name)
	}
	return nil
}

// clause is a foreign key as upstream shows it.
func (c *conversion) clause(k *tie) (string, error) {
	r, err := c.work.exec("SHOW CREATE TABLE " + quoteName(k.db) + "." + quoteName(k.table))
	if err != nil {
		return "", err
	}
	defer r.Close()
	create, err := r.GetString(0, 1)
	if err != nil {
		return "", fmt.Errorf("reading the definition of table %s.%s: %w", k.db, k.table, err)
	}
	head := "  CONSTRAINT " + quoteName(k.name) + " FOREIGN KEY ("
	for line := range strings.Lines(create) {
		if strings.HasPrefix(line, head) {
			return strings.Clone(strings.TrimRight(strings.TrimSpace(line), ",")), nil // the buffer is another's then
		}
	}
	return "", fmt.Errorf("exec: internal error: table %s.%s shows no foreign key %s", k.db, k.table, k.name)
}

// withoutForeignKeys is a CREATE TABLE in the server's words without them: their names are taken as long as the other table is there.
func withoutForeignKeys(create string) string {
	var lines []string
	for line := range strings.SplitSeq(create, "\n") {
		if strings.HasPrefix(line, "  CONSTRAINT `") {
			end := skipQuoted(line, len("  CONSTRAINT "))
			if strings.HasPrefix(line[end:], " FOREIGN KEY (") {
				continue
			}
		}
		if n := len(lines); n > 0 && strings.HasPrefix(line, ")") {
			lines[n-1] = strings.TrimSuffix(lines[n-1], ",")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// skipQuoted is behind the quoted name at i.
func skipQuoted(s string, i int) int {
	for i++; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '`' {
			return i + 1
		}
		i++
	}
	return i
}

// codeUnknownVariable is ER_UNKNOWN_SYSTEM_VARIABLE.
const codeUnknownVariable = 1193

// unrestrict lets foreign keys be added that were made when MySQL asked less of what they point at. Where the account may not say so, it is
// as with unstrict.
func (o *ownConn) unrestrict() error {
	_, err := o.exec("SET SESSION restrict_fk_on_non_standard_key = 0")
	var e *wire.Error
	if errors.As(err, &e) && (e.Code == codeAccessDenied || e.Code == codeUnknownVariable) {
		return nil
	}
	return err
}
