package evaluator

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// twinDB holds the twins: temporary tables with some columns of a logical table, without its keys.
const twinDB = "_tde_twins"

// maxTwins is how many twins a connection keeps.
const maxTwins = 64

// rowColumn counts a twin's rows, so that they come back in their order.
const rowColumn = schema.Prefix + "row"

// twin is a temporary table of one connection.
type twin struct {
	name          string // quoted, with its database
	bare          string // neither
	transactional bool
}

// makeTwin finds or makes the twin of some columns of t.
func (c *conn) makeTwin(t *schema.Table, cols []*schema.Column) (*twin, error) {
	definition, engine := twinDefinition(t, cols)
	key := definition + engine
	if w := c.twins[key]; w != nil {
		return w, nil
	}
	if len(c.oldest) >= maxTwins {
		if _, err := c.query("DROP TEMPORARY TABLE " + c.twins[c.oldest[0]].name); err != nil {
			return nil, err
		}
		delete(c.twins, c.oldest[0])
		c.oldest = c.oldest[1:]
	}
	c.made++
	bare := schema.Prefix + "twin_" + strconv.Itoa(c.made) // as no table of a client's is called: errors are searched for it
	w := &twin{name: schema.Quote(twinDB) + "." + schema.Quote(bare), bare: bare, transactional: engine == "InnoDB"}
	c.set = false
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS " + schema.Quote(twinDB), setUTC,
		"CREATE TEMPORARY TABLE " + w.name + " (" + definition + ") ENGINE=" + engine,
	} {
		if _, err := c.query(sql); err != nil {
			return nil, err
		}
	}
	c.twins[key] = w
	c.oldest = append(c.oldest, key)
	return w, nil
}

// setUTC makes the session one for which definitions are written. The literals are of a character set of their own: the
// session's may be one that not every variable takes.
const setUTC = "SET sql_mode = _utf8mb4'', time_zone = _utf8mb4'+00:00'"

// twinDefinition writes the columns of a twin. Its engine is transactional exactly if the table's is: that decides what
// STRICT_TRANS_TABLES means.
func twinDefinition(t *schema.Table, cols []*schema.Column) (definition, engine string) {
	lines := make([]string, 0, len(cols)+1)
	for _, c := range cols {
		lines = append(lines, twinColumn(c))
	}
	lines = append(lines, schema.Quote(rowColumn)+" BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY")
	engine = "InnoDB"
	if !schema.Transactional(t.Engine) {
		engine = "MyISAM"
	}
	return strings.Join(lines, ", "), engine
}

func twinColumn(c *schema.Column) string {
	s := schema.Quote(c.Name) + " " + c.SQLType
	if c.Kind == schema.KindEnum || c.Kind == schema.KindSet {
		s = schema.Quote(c.Name) + " " + memberType(c)
	}
	if c.Charset != "" {
		s += " CHARACTER SET " + c.Charset + " COLLATE " + c.Collation
	}
	if c.NotNull {
		s += " NOT NULL"
	} else {
		s += " NULL"
	}
	switch c.Default {
	case schema.DefaultNow:
		s += " DEFAULT CURRENT_TIMESTAMP(" + strconv.Itoa(c.FSP) + ")"
	case schema.DefaultNull:
		s += " DEFAULT NULL"
	case schema.DefaultExpr:
		s += " DEFAULT (" + c.DefaultSQL + ")"
	case schema.DefaultValue:
		s += " DEFAULT " + twinDefault(c)
	}
	if c.JSONCheck {
		s += " CHECK (json_valid(" + schema.Quote(c.Name) + "))"
	}
	return s
}

// twinDefault is a constant default, of its stored form where the server's text depends on the session or has lost
// characters.
func twinDefault(c *schema.Column) string {
	switch {
	case c.Kind == schema.KindTimestamp:
		return "'" + string(c.DefaultStored) + "'"
	case c.Kind == schema.KindEnum, c.Kind == schema.KindSet:
		return quoteMember(memberText(c))
	case c.Charset != "":
		return fmt.Sprintf("_%s x'%x'", c.Charset, c.DefaultStored)
	case c.Kind >= schema.KindBinary && c.Kind <= schema.KindLongBlob:
		return fmt.Sprintf("x'%x'", c.DefaultStored)
	}
	return c.DefaultSQL
}

// memberText is the text of an ENUM's or a SET's default.
func memberText(c *schema.Column) string {
	if len(c.DefaultStored) != 8 {
		return ""
	}
	bits := binary.BigEndian.Uint64(c.DefaultStored)
	if c.Kind == schema.KindEnum {
		if bits == 0 || bits > uint64(len(c.Members)) {
			return ""
		}
		return c.Members[bits-1]
	}
	var texts []string
	for i, m := range c.Members {
		if bits&(1<<i) != 0 {
			texts = append(texts, m)
		}
	}
	return strings.Join(texts, ",")
}

func quoteMember(text string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(text) + "'"
}

// memberType writes an ENUM or SET for the mode ”: the server's own text has lost characters beyond the BMP.
func memberType(c *schema.Column) string {
	word := "ENUM("
	if c.Kind == schema.KindSet {
		word = "SET("
	}
	quoted := make([]string, len(c.Members))
	for i, m := range c.Members {
		quoted[i] = quoteMember(m)
	}
	return word + strings.Join(quoted, ",") + ")"
}

// members reads the texts of ENUM and SET members by storing each.
func (r *reader) members() error {
	for i := range r.table.Columns {
		c := &r.table.Columns[i]
		if c.Kind != schema.KindEnum && c.Kind != schema.KindSet {
			continue
		}
		values := make([]string, len(c.Members))
		for i := range values {
			values[i] = "(" + strconv.Itoa(i+1) + ")"
			if c.Kind == schema.KindSet {
				values[i] = "(" + strconv.FormatUint(1<<i, 10) + ")"
			}
		}
		const twin = "`" + twinDB + "`.`members`"
		name := schema.Quote(c.Name)
		var rows result
		var err error
		for _, sql := range []string{
			"CREATE DATABASE IF NOT EXISTS " + schema.Quote(twinDB),
			"CREATE TEMPORARY TABLE " + twin + " AS SELECT " + name + " FROM " + qualified(r.ddl) + " LIMIT 0",
			"ALTER TABLE " + twin + " ADD COLUMN " + rowColumn + " INT AUTO_INCREMENT PRIMARY KEY",
			"INSERT INTO " + twin + " (" + name + ") VALUES " + strings.Join(values, ","),
			"SELECT CONVERT(" + name + " USING utf8mb4) FROM " + twin + " ORDER BY " + rowColumn,
		} {
			if rows, err = r.query(sql); err != nil {
				return err
			}
		}
		if rows.RowNumber() != len(c.Members) {
			return fmt.Errorf("%w: %s has %d members and not %d", errOwn, c.Name, rows.RowNumber(), len(c.Members))
		}
		for i := range c.Members {
			c.Members[i] = rows.text(i, 0)
		}
		if _, err := r.query("DROP TEMPORARY TABLE " + twin); err != nil {
			return err
		}
	}
	return nil
}

// defaults stores each constant default once, and reads back what that gave.
func (r *reader) defaults() error {
	var cols []*schema.Column
	for i := range r.table.Columns {
		if c := &r.table.Columns[i]; c.Default == schema.DefaultValue && c.Kind != schema.KindNone && !c.Generated {
			cols = append(cols, c)
		}
	}
	if len(cols) == 0 {
		return nil
	}
	names := make([]string, len(cols))
	var bits, values []string // MySQL's CREATE … SELECT loses the default of a BIT
	for i, c := range cols {
		names[i] = schema.Quote(c.Name)
		if c.Kind == schema.KindBit && strings.HasPrefix(c.DefaultSQL, "b'") {
			bits, values = append(bits, names[i]), append(values, c.DefaultSQL)
		}
	}
	const twin = "`" + twinDB + "`.`defaults`"
	var rows result
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS " + schema.Quote(twinDB),
		"CREATE TEMPORARY TABLE " + twin + " AS SELECT " + strings.Join(names, ", ") + " FROM " + qualified(r.ddl) + " LIMIT 0",
		"INSERT INTO " + twin + " (" + strings.Join(bits, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")",
		"SELECT " + readBack(cols) + " FROM " + twin,
	} {
		var err error
		if rows, err = r.query(sql); err != nil {
			return err
		}
	}
	for i, c := range cols {
		v, err := stored(c, rows.bytes(0, i))
		if err != nil {
			return err
		}
		if v == nil {
			return fmt.Errorf("%w: the default of column %s came back as NULL", errOwn, c.Name)
		}
		c.DefaultStored = v
	}
	return nil
}
