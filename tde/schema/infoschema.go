package schema

import (
	"slices"
	"strings"
)

// InformationSchema is the name of the server's catalog.
const InformationSchema = "information_schema"

// View is how a table of INFORMATION_SCHEMA tells of protected tables: as they are stored, which is not as the application
// made them. Names are in capitals, as the server has them.
type View struct {
	// Schema and Table are the columns that name the table which a row is about. Table is empty where there is none.
	Schema, Table string
	// Key tells the rows of one table apart. A row of the stored table and one of the logical one that agree in it are
	// about the same thing; what is stored beside the logical table has no such row.
	Key []string
	// Upstream are columns of which upstream knows better: statistics, privileges.
	Upstream []string
	// Extra: there may be rows of the logical table that nothing stored stands for.
	Extra bool
	// Hidden: rows of protected tables are left out, since they are about what is stored alone.
	Hidden bool
}

// SchemataView is the table of INFORMATION_SCHEMA that tells of databases.
const SchemataView = "SCHEMATA"

// RoutinesView is the one that tells of stored procedures.
const RoutinesView = "ROUTINES"

var views = map[string]*View{
	"TABLES": {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Upstream: []string{
		"TABLE_CATALOG", "TABLE_TYPE", "VERSION", "TABLE_ROWS", "AVG_ROW_LENGTH", "DATA_LENGTH", "MAX_DATA_LENGTH", "INDEX_LENGTH", "DATA_FREE",
		"AUTO_INCREMENT", "CREATE_TIME", "UPDATE_TIME", "CHECK_TIME", "CHECKSUM", "MAX_INDEX_LENGTH", "TEMPORARY",
	}},
	"COLUMNS":                      {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Key: []string{"COLUMN_NAME"}, Upstream: []string{"PRIVILEGES"}},
	"COLUMNS_EXTENSIONS":           {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Key: []string{"COLUMN_NAME"}},
	"STATISTICS":                   {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Key: []string{"INDEX_NAME", "SEQ_IN_INDEX"}, Upstream: []string{"CARDINALITY"}},
	"KEY_COLUMN_USAGE":             {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Key: []string{"CONSTRAINT_NAME", "ORDINAL_POSITION"}},
	"TABLE_CONSTRAINTS":            {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Key: []string{"CONSTRAINT_NAME", "CONSTRAINT_TYPE"}, Extra: true},
	"TABLE_CONSTRAINTS_EXTENSIONS": {Schema: "CONSTRAINT_SCHEMA", Table: "TABLE_NAME", Key: []string{"CONSTRAINT_NAME"}, Extra: true},
	"REFERENTIAL_CONSTRAINTS": {Schema: "CONSTRAINT_SCHEMA", Table: "TABLE_NAME", Key: []string{"CONSTRAINT_NAME"}, Upstream: []string{
		"UNIQUE_CONSTRAINT_NAME",
	}},
	"PARTITIONS": {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Key: []string{"PARTITION_NAME", "SUBPARTITION_NAME"}, Upstream: []string{
		"TABLE_ROWS", "AVG_ROW_LENGTH", "DATA_LENGTH", "MAX_DATA_LENGTH", "INDEX_LENGTH", "DATA_FREE", "CREATE_TIME", "UPDATE_TIME", "CHECK_TIME", "CHECKSUM",
	}, Extra: true},
	"CHECK_CONSTRAINTS": {Schema: "CONSTRAINT_SCHEMA", Table: "TABLE_NAME", Key: []string{"CONSTRAINT_NAME"}, Extra: true},
	"VIEWS": {Schema: "TABLE_SCHEMA", Table: "TABLE_NAME", Upstream: []string{
		"TABLE_CATALOG", "DEFINER", "SECURITY_TYPE",
	}},
	RoutinesView: {Schema: "ROUTINE_SCHEMA", Table: "ROUTINE_NAME", Upstream: []string{
		"SPECIFIC_NAME", "ROUTINE_CATALOG", "ROUTINE_TYPE", "DATA_TYPE", "CHARACTER_MAXIMUM_LENGTH", "CHARACTER_OCTET_LENGTH", "NUMERIC_PRECISION",
		"NUMERIC_SCALE", "DATETIME_PRECISION", "CHARACTER_SET_NAME", "COLLATION_NAME", "DTD_IDENTIFIER", "ROUTINE_BODY", "EXTERNAL_NAME",
		"EXTERNAL_LANGUAGE", "PARAMETER_STYLE", "IS_DETERMINISTIC", "SQL_DATA_ACCESS", "SQL_PATH", "SECURITY_TYPE", "CREATED", "LAST_ALTERED",
		"SQL_MODE", "ROUTINE_COMMENT", "DEFINER", "CHARACTER_SET_CLIENT", "COLLATION_CONNECTION", "DATABASE_COLLATION",
	}},
	SchemataView: {Schema: "SCHEMA_NAME", Upstream: []string{
		"CATALOG_NAME", "DEFAULT_CHARACTER_SET_NAME", "DEFAULT_COLLATION_NAME", "SQL_PATH", "SCHEMA_COMMENT",
	}},
	"COLUMN_STATISTICS": {Schema: "SCHEMA_NAME", Table: "TABLE_NAME", Hidden: true},
}

// ViewOf is how a table of INFORMATION_SCHEMA tells of protected tables; nil where it says nothing of how they are stored.
func ViewOf(name string) *View { return views[strings.ToUpper(name)] }

// innodbViews are the tables of InnoDB's own that tell of columns, indexes or pages.
var innodbViews = []string{
	"INNODB_COLUMNS", "INNODB_FIELDS", "INNODB_FOREIGN", "INNODB_FOREIGN_COLS", "INNODB_INDEXES", "INNODB_TABLES", "INNODB_VIRTUAL",
	"INNODB_BUFFER_PAGE", "INNODB_BUFFER_PAGE_LRU",
}

// StoredView says whether a table of INFORMATION_SCHEMA tells of InnoDB's own structures, which are those of what is stored.
func StoredView(name string) bool {
	name = strings.ToUpper(name)
	return slices.Contains(innodbViews, strings.Replace(name, "INNODB_SYS_", "INNODB_", 1))
}

// Identity says whether a column names what a row is about: it is the same for the stored and the logical table.
func (v *View) Identity(column string) bool {
	column = strings.ToUpper(column)
	return column == v.Schema || column == v.Table || slices.Contains(v.Key, column)
}

// Kept says whether the values of a column are upstream's.
func (v *View) Kept(column string) bool {
	return v.Identity(column) || slices.Contains(v.Upstream, strings.ToUpper(column))
}

// Describes says whether a table is one of INFORMATION_SCHEMA.
func (t *Table) Describes() bool { return strings.EqualFold(t.DB, InformationSchema) }

// Sequence says whether a table is one of MariaDB's SEQUENCE engine, seq_1_to_10: it is in every database, and its rows are in
// its name.
func (t *Table) Sequence() bool { return t.Source != "" && t.Engine == "SEQUENCE" }
