// Package schema describes protected tables: the logical table that an application sees, and the physical one that
// upstream stores. Its values are immutable once published in a Snapshot.
package schema

import (
	"slices"
	"strings"
)

// Prefix starts the name of every column that tdeproxy adds to a physical table. Logical names must not have it.
const Prefix = "_tde_"

// TokenPrefix starts the name of an equality-token column; the logical column's name follows.
const TokenPrefix = Prefix + "eq_"

// MakePrefix starts the name of a table that is being made and filled: what has it after a crash is of no table yet, and goes.
const MakePrefix = Prefix + "make_"

// TableID identifies a protected table for its whole life, across renames. It is random.
type TableID [16]byte

// Kind is a column's data type as MySQL names it, without length or attributes.
type Kind uint8

// Kinds. KindNone is the zero value and no type.
const (
	KindNone Kind = iota
	KindTinyInt
	KindSmallInt
	KindMediumInt
	KindInt
	KindBigInt
	KindFloat
	KindDouble
	KindDecimal
	KindYear
	KindDate
	KindTime
	KindDateTime
	KindTimestamp
	KindChar
	KindVarChar
	KindTinyText
	KindText
	KindMediumText
	KindLongText
	KindBinary
	KindVarBinary
	KindTinyBlob
	KindBlob
	KindMediumBlob
	KindLongBlob
	KindBit
	KindEnum
	KindSet
	KindJSON
	KindGeometry
	KindUUID  // MariaDB's, as are the next two
	KindINET4 // an address of IPv4
	KindINET6
)

// Storage says how upstream stores a column.
type Storage uint8

// Storage forms.
const (
	StoredCell  Storage = iota // sealed; nothing but its length and NULL shows
	StoredClear                // as the application wrote it
	StoredShown                // of INFORMATION_SCHEMA: what upstream says is of the stored table, and is replaced
)

// DefaultKind says what an INSERT that leaves a column out stores there.
type DefaultKind uint8

// Defaults.
const (
	DefaultNone  DefaultKind = iota // no DEFAULT: error 1364 under a strict sql_mode
	DefaultNull                     // NULL, declared or implied
	DefaultValue                    // a constant
	DefaultNow                      // CURRENT_TIMESTAMP(fsp)
	DefaultExpr                     // any other expression; only the evaluator can compute it
	DefaultAuto                     // AUTO_INCREMENT
)

// Wire is a column's definition in a result set, as a server that holds the logical table sends it under
// character_set_results utf8mb4 (MySQL Internals, Protocol::ColumnDefinition41).
type Wire struct {
	Type     byte
	Charset  uint16 // collation id of the column itself, 63 for binary
	Length   uint32
	Flags    uint16
	Decimals byte
	// RawLength is the length where character_set_results is NULL or binary: bytes of the column's own character set.
	RawLength uint32
}

// Column is one logical column.
type Column struct {
	ID        uint16 // never reused within a table; part of a cell's associated data
	Name      string
	Kind      Kind
	SQLType   string // COLUMN_TYPE of INFORMATION_SCHEMA: "int(11) unsigned", "enum('a','b')"
	Charset   string // "" for types without one
	Collation string
	Length    int // characters (CHAR, VARCHAR), bytes (BINARY, VARBINARY, BLOB and TEXT families), bits (BIT), display width (integers, 0 if none)
	Precision int // DECIMAL digits in all; FLOAT(M,D), DOUBLE(M,D): M, else 0
	Scale     int // DECIMAL digits after the point; FLOAT(M,D), DOUBLE(M,D): D, else -1 for FLOAT and DOUBLE
	FSP       int // fractional seconds, 0 to 6
	Unsigned  bool
	Zerofill  bool
	NotNull   bool
	Invisible bool
	Members   []string // ENUM and SET, in UTF-8
	Default   DefaultKind
	// DefaultStored is the constant default in stored form (package value); DefaultSQL its text in the server's words.
	DefaultStored []byte
	DefaultSQL    string
	// DefaultImplied: the column, an ENUM that is NOT NULL, has no DEFAULT clause. An UPDATE to DEFAULT is an error then.
	DefaultImplied bool `json:",omitempty"`
	OnUpdateNow    bool
	AutoIncrement  bool
	Generated      bool
	Unstored       bool `json:",omitempty"` // MariaDB's VIRTUAL: its value may depend on who reads it, and when
	JSONCheck      bool // MariaDB's JSON: LONGTEXT with CHECK (json_valid(column))
	Comment        string
	Storage        Storage
	Token          bool // upstream has an equality token beside the cell
	Order          bool `json:",omitempty"` // and an order token
	// Part is how many of its first characters, or bytes, another token is of, for unique indexes on a prefix; 0: there is none.
	Part int `json:",omitempty"`
	Wire Wire
}

// TokenColumn is the physical name of the column's equality token.
func (c *Column) TokenColumn() string { return TokenPrefix + c.Name }

// IndexPart is one column of an index.
type IndexPart struct {
	Column string // "" for an expression, as in MySQL's functional indexes
	Prefix int    // characters or bytes; 0 = the whole column
	Desc   bool
}

// Index is a logical index. The primary key's name is PRIMARY.
type Index struct {
	Name      string
	Unique    bool
	Invisible bool
	Type      string // BTREE, HASH, FULLTEXT, SPATIAL
	Comment   string
	Parts     []IndexPart
}

// ForeignKey is a logical foreign key.
type ForeignKey struct {
	Name       string
	Columns    []string
	RefDB      string // "" = the table's own database
	RefTable   string
	RefColumns []string
	// Pending: its table is not there yet, and upstream has no foreign key.
	Pending  bool   `json:",omitempty"`
	OnDelete string // "", CASCADE, SET NULL, NO ACTION, RESTRICT, SET DEFAULT
	OnUpdate string
}

// Table is one protected table.
type Table struct {
	DB, Name    string
	ID          TableID
	KeyID       uint16 // generation of the data key that seals new cells
	TokenDomain string // names the token key; the database's name when the table was made
	WrappedKey  []byte // the data key, wrapped by the master key
	// Locked says why the table cannot be opened: its key belongs to another keyring, or its metadata is damaged. Nothing
	// but its name is known then.
	Locked string `json:"-"`
	// Source is upstream's own SHOW CREATE TABLE of a table that is not protected, without AUTO_INCREMENT=; else empty.
	Source    string `json:"-"`
	Engine    string
	Charset   string
	Collation string
	RowFormat string
	Comment   string
	Create    string // SHOW CREATE TABLE of the logical table
	// AutoIncrement is the next value as AUTO_INCREMENT=n gives it; 0 where the table has no such column.
	AutoIncrement uint64
	Checks        []string   // CHECK constraints, JSONCheck not among them: name and expression
	Options       string     // CREATE_OPTIONS of INFORMATION_SCHEMA: "partitioned", "row_format=COMPRESSED"
	Versioned     bool       // MariaDB's WITH SYSTEM VERSIONING
	Partition     *Partition `json:",omitempty"`
	// Defaulted: it was made where encryption was the database's default. Where nothing says so any more, somebody has removed that.
	Defaulted bool `json:",omitempty"`
	// Temporary: it is one session's.
	Temporary bool `json:"-"`
	// Defined is what a view is; nil of a table. Nothing but DB, Name, ID and Locked is set beside it.
	Defined *Definition `json:"-"`
	// NextColumn is an id that no column has had yet, where columns were dropped; else 0.
	NextColumn  uint16 `json:",omitempty"`
	Columns     []Column
	Indexes     []Index
	ForeignKeys []ForeignKey
}

// Column finds a column by its name, which is case-insensitive as in MySQL. It returns nil where there is none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	return nil
}

// Decided says that only a server can tell what a row of the table is, or whether it may be: the table has generated columns
// or CHECK constraints, or partitions that some rows are of none of.
func (t *Table) Decided() bool {
	return len(t.Checks) > 0 || t.PartitionDecided() || slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Generated })
}

// Transactional says whether a storage engine has transactions: that decides what STRICT_TRANS_TABLES means.
func Transactional(engine string) bool {
	switch strings.ToUpper(engine) {
	case "MYISAM", "ARIA", "MEMORY", "CSV", "ARCHIVE":
		return false
	}
	return true
}
