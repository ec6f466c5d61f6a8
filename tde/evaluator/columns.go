package evaluator

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// kinds by DATA_TYPE of INFORMATION_SCHEMA.
var kinds = map[string]schema.Kind{
	"tinyint": schema.KindTinyInt, "smallint": schema.KindSmallInt, "mediumint": schema.KindMediumInt, "int": schema.KindInt,
	"bigint": schema.KindBigInt, "float": schema.KindFloat, "double": schema.KindDouble, "decimal": schema.KindDecimal,
	"year": schema.KindYear, "date": schema.KindDate, "time": schema.KindTime, "datetime": schema.KindDateTime,
	"timestamp": schema.KindTimestamp, "char": schema.KindChar, "varchar": schema.KindVarChar, "tinytext": schema.KindTinyText,
	"text": schema.KindText, "mediumtext": schema.KindMediumText, "longtext": schema.KindLongText, "binary": schema.KindBinary,
	"varbinary": schema.KindVarBinary, "tinyblob": schema.KindTinyBlob, "blob": schema.KindBlob, "mediumblob": schema.KindMediumBlob,
	"longblob": schema.KindLongBlob, "bit": schema.KindBit, "enum": schema.KindEnum, "set": schema.KindSet, "json": schema.KindJSON,
	"geometry": schema.KindGeometry, "point": schema.KindGeometry, "linestring": schema.KindGeometry, "polygon": schema.KindGeometry,
	"multipoint": schema.KindGeometry, "multilinestring": schema.KindGeometry, "multipolygon": schema.KindGeometry,
	"geometrycollection": schema.KindGeometry, "geomcollection": schema.KindGeometry,
	"uuid": schema.KindUUID, "inet4": schema.KindINET4, "inet6": schema.KindINET6,
}

func (r *reader) columns() error {
	rows, err := r.catalog("COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, "+
		"NUMERIC_SCALE, DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLUMN_COMMENT, "+
		"COLUMN_DEFAULT IS NULL, GENERATION_EXPRESSION", "COLUMNS", " ORDER BY ORDINAL_POSITION")
	if err != nil {
		return err
	}
	for i := range rows.RowNumber() {
		c, err := r.column(rows, i)
		if err != nil {
			return err
		}
		r.table.Columns = append(r.table.Columns, c)
	}
	return nil
}

func (r *reader) column(rows result, i int) (schema.Column, error) {
	text := func(j int) string { return rows.text(i, j) }
	number := func(j int) int {
		n, err := strconv.Atoi(text(j))
		if err != nil {
			return 0
		}
		return n
	}
	extra := strings.ToLower(text(12))
	c := schema.Column{
		ID: uint16(i + 1), Name: text(0), Kind: kinds[text(1)], SQLType: text(2), FSP: number(7), Charset: text(8), Collation: text(9),
		NotNull: text(10) == "NO", Comment: text(13),
		Invisible:     strings.Contains(extra, "invisible"),
		AutoIncrement: strings.Contains(extra, "auto_increment"),
		Generated:     text(15) != "" || strings.Contains(extra, "virtual generated") || strings.Contains(extra, "stored generated"),
		Unstored:      r.mariaDB && strings.Contains(extra, "virtual generated"),
		OnUpdateNow:   strings.Contains(extra, "on update"),
	}
	if strings.Contains(c.SQLType, "/*") && !strings.HasSuffix(c.SQLType, " COMPRESSED*/") { // which says nothing of values
		c.Kind = schema.KindNone
	}
	attributes := c.SQLType[strings.LastIndexByte(c.SQLType, ')')+1:]
	c.Unsigned = strings.Contains(attributes, "unsigned")
	c.Zerofill = strings.Contains(attributes, "zerofill")
	switch {
	case c.Kind == schema.KindChar || c.Kind == schema.KindVarChar:
		c.Length = number(3)
	case c.Kind >= schema.KindTinyText && c.Kind <= schema.KindLongBlob:
		c.Length = number(4)
	case c.Kind == schema.KindBit:
		c.Length = number(5)
	case c.Kind == schema.KindDecimal:
		c.Precision, c.Scale = number(5), number(6)
	case c.Kind == schema.KindFloat || c.Kind == schema.KindDouble:
		c.Scale = -1
		if m, d, ok := strings.Cut(inBrackets(c.SQLType), ","); ok {
			c.Precision, c.Scale = atoi(m), atoi(d)
		}
	case c.Kind <= schema.KindBigInt || c.Kind == schema.KindYear:
		c.Length = atoi(inBrackets(c.SQLType))
	case c.Kind == schema.KindEnum || c.Kind == schema.KindSet:
		c.Members = make([]string, countMembers(c.SQLType))
	}
	if c.Kind == schema.KindJSON || c.Kind == schema.KindGeometry {
		c.Charset, c.Collation = "", ""
	}
	return c, r.defaultOf(&c, text(11), text(14) == "1", extra)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// inBrackets is what a type has between its brackets.
func inBrackets(typ string) string {
	_, s, _ := strings.Cut(typ, "(")
	s, _, _ = strings.Cut(s, ")")
	return s
}

// countMembers counts the members of enum('a','b”c'). Their texts are not read from here: INFORMATION_SCHEMA loses
// characters beyond the BMP.
func countMembers(typ string) int {
	n, quotes := 0, 0
	for i := range len(typ) {
		if typ[i] == '\'' {
			quotes++
		} else if typ[i] == ',' && quotes%2 == 0 {
			n++
		}
	}
	return n + 1
}

// Defaults that CURRENT_TIMESTAMP gives, and constants as MariaDB writes them.
var (
	nowDefault      = regexp.MustCompile(`(?i)^current_timestamp(\((\d?)\))?$`)
	constantDefault = regexp.MustCompile(`^(-?\d+(\.\d+)?([eE][-+]?\d+)?|b'[01]*'|[xX]'[0-9A-Fa-f]*'|'([^'\\]|''|\\.)*')$`)
)

// defaultOf reads COLUMN_DEFAULT: MySQL gives a constant's bare text, MariaDB gives SQL.
func (r *reader) defaultOf(c *schema.Column, text string, null bool, extra string) error {
	now := nowDefault.FindStringSubmatch(text)
	moment := c.Kind == schema.KindDateTime || c.Kind == schema.KindTimestamp
	generated := strings.Contains(extra, "default_generated")
	switch {
	case c.AutoIncrement:
		c.Default = schema.DefaultAuto
	case null && c.NotNull && c.Kind == schema.KindEnum && !c.Generated:
		// Its first member: https://dev.mysql.com/doc/refman/9.4/en/enum.html
		c.Default, c.DefaultSQL, c.DefaultImplied = schema.DefaultValue, "1", true
	case c.Generated, null && c.NotNull:
		c.Default = schema.DefaultNone
	case null, r.mariaDB && strings.EqualFold(text, "NULL"):
		c.Default = schema.DefaultNull
	case now != nil && moment && atoi(now[2]) == c.FSP && (r.mariaDB || generated):
		c.Default = schema.DefaultNow
	case r.mariaDB && !constantDefault.MatchString(text), generated:
		c.Default, c.DefaultSQL = schema.DefaultExpr, text
	default:
		c.Default, c.DefaultSQL = schema.DefaultValue, text
		if !r.mariaDB {
			c.DefaultSQL = constant(c, text)
		}
	}
	return nil
}

// constant writes MySQL's bare text of a constant as SQL.
func constant(c *schema.Column, text string) string {
	switch {
	case c.Kind == schema.KindBit, c.Kind >= schema.KindBinary && c.Kind <= schema.KindLongBlob && strings.HasPrefix(text, "0x"):
		return text
	case c.Kind >= schema.KindTinyInt && c.Kind <= schema.KindDecimal:
		return text
	case c.Kind >= schema.KindDate && c.Kind <= schema.KindTimestamp, c.Kind == schema.KindYear:
		return "'" + text + "'"
	}
	return fmt.Sprintf("_utf8mb4 x'%x'", text)
}
