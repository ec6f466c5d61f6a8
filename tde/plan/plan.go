// Package plan decides what becomes of a statement. It is pure: no I/O, no keys, no values, no clock. Text and schema
// snapshot go in, a symbolic Plan comes out, which says "seal literal 2 as shop.users.email" and so can be cached,
// printed and kept across key rotations.
package plan

import (
	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Plan is one of PassThrough, Rewrite, ReadModifyWrite, CreateTable, DropTable, NeedTable and Refuse.
type Plan interface {
	plan()
	// String prints the plan for goldens and EXPLAIN; it holds no value.
	String() string
}

// PassThrough forwards the statement as it came: it touches no protected table.
type PassThrough struct {
	Effects Effects
	// Calls is the procedure that the statement calls: it may go only if its body leaves protected tables alone.
	Calls *Routine
}

// Routine is a stored procedure.
type Routine struct{ DB, Name string }

// Effects is what a forwarded statement may change of what the proxy knows.
type Effects struct {
	Session bool   // session variables or the current database: ask again before the next plan
	Schema  bool   // tables may have come, gone or changed: load the schema again
	UseDB   string // the current database becomes this
}

// Form says in which form a literal or parameter goes upstream.
type Form uint8

// Forms.
const (
	Clear        Form = iota // as it came
	Cell                     // coerced to Column and sealed
	StoreToken               // the token of what Cell stores
	CompareToken             // the token of a value that Column is compared with
	DefaultCell              // Column's default, sealed; no literal
	DefaultToken             // the token of Column's default
	NowCell                  // CURRENT_TIMESTAMP, sealed
	NowToken
)

// Part is a piece of an upstream statement: text, or a value in some form, or the place for one more condition.
type Part struct {
	Kind    PartKind
	Text    string // of PartText; for PartExtra the word that joins the condition: "AND" or "WHERE"
	Literal int    // index into the statement's literals; -1 where Form needs none
	Form    Form
	Table   *schema.Table
	Column  *schema.Column
	// Expr is the expression of constants that a Cell or StoreToken is computed from, by the evaluator; Literal is then the
	// first of its literals. nil: the value is the literal itself.
	Expr []Part
}

// PartKind says what a Part is.
type PartKind uint8

// Part kinds.
const (
	PartText PartKind = iota
	PartValue
	PartExtra
)

// Output is one column of a result. A nil Column means that it goes to the client as it is.
type Output struct {
	Table  *schema.Table
	Column *schema.Column
	// Computed is set where upstream sends the cell through a function and so has lost where it comes from; Alias is
	// then the table's name in the statement.
	Computed bool
	Alias    string
}

// Rewrite is a statement that upstream can do whole over ciphertext.
type Rewrite struct {
	Verb string // SELECT, INSERT, UPDATE, DELETE
	Head []Part
	// Row is repeated for every row group of a VALUES list; its literals count from the group's first.
	Row  []Part
	Tail []Part
	// Outputs of a SELECT. Star says that they are to be told from the result's own column definitions, because
	// a `*` covers a table whose columns the proxy does not know.
	Outputs []Output
	Star    bool
	Insert  *Insert
	Set     []Set // protected columns that an UPDATE sets
	Tables  []*schema.Table
}

// Insert is what the executor needs to know of an INSERT beside its parts.
type Insert struct {
	Table *schema.Table
	// Columns are the logical columns that get a value, in the order of the row's items.
	Columns []*schema.Column
	// NeedsStrict: a NOT NULL column without a default is left out, or gets NULL. Upstream's error is the plaintext table's
	// under a strict sql_mode only.
	NeedsStrict bool
}

// Set is one assignment of an UPDATE to a protected column.
type Set struct {
	Column  *schema.Column
	Literal int // -1: Null or a default
	Null    bool
	Form    Form   // Cell, DefaultCell or NowCell
	Expr    []Part // as Part.Expr
}

// ReadModifyWrite is an UPDATE whose exact affected rows need the old values. Where the client asked for found rows
// and OnUpdate is false, Update alone is exact.
type ReadModifyWrite struct {
	Table *schema.Table
	Sets  []Set
	// Update is the whole statement, Rest the same without the protected columns (nil where nothing is left): the
	// executor narrows each to some rows by a condition on Identity in place of its PartExtra.
	Update, Rest []Part
	// Fetch reads Identity, then the old cells of Sets, of the same rows, and locks them.
	Fetch []Part
	// Identity are the physical columns that tell rows apart; empty where the table has none that can.
	Identity []Identity
	// OnUpdate: Update also sets a column with ON UPDATE CURRENT_TIMESTAMP, which unchanged rows must keep.
	OnUpdate bool
}

// Identity is a physical column of the primary key.
type Identity struct {
	Name   string
	Binary bool // a token; else a clear integer
}

// CreateTable makes a protected table.
type CreateTable struct {
	DB, Name    string
	IfNotExists bool
	Temporary   bool
	// Statement is the logical CREATE TABLE without the words that designate.
	Statement string
}

// DropTable is a DROP or TRUNCATE of protected tables: upstream does it, then the snapshot forgets them.
type DropTable struct {
	Effects Effects
}

// Refuse answers with an error; nothing goes upstream.
type Refuse struct {
	Err    *wire.Error
	Reason string // a short, stable word for metrics and the audit log
}

// NeedTable asks the caller to look up a table in a designated database that the snapshot does not know, and to plan again.
type NeedTable struct {
	DB, Name string
}

func (*PassThrough) plan()     {}
func (*Rewrite) plan()         {}
func (*ReadModifyWrite) plan() {}
func (*CreateTable) plan()     {}
func (*DropTable) plan()       {}
func (*Refuse) plan()          {}
func (*NeedTable) plan()       {}
