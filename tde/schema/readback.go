package schema

// ReadBack is the expression that selects a clear column in a form from which its stored form can be made, whatever the
// session's character sets, time zone and sql_mode are. table qualifies the column, quoted and with its dot; it may be
// empty.
func (c *Column) ReadBack(table string) string {
	name := table + Quote(c.Name)
	switch c.Kind {
	case KindFloat, KindDouble:
		// A FLOAT's own text has 6 digits; an expression's has all, and the shortest that read back the same.
		return name + " + 0e0"
	case KindTimestamp:
		return "UNIX_TIMESTAMP(" + name + ")"
	case KindEnum, KindSet:
		return "CAST(" + name + " AS UNSIGNED)"
	case KindChar, KindVarChar, KindTinyText, KindText, KindMediumText, KindLongText:
		return "CAST(" + name + " AS BINARY)"
	case KindJSON:
		return "CAST(CAST(" + name + " AS CHAR CHARACTER SET utf8mb4) AS BINARY)"
	}
	return name
}
