// Package plan decides what becomes of a statement. It is pure: no I/O, no keys, no values, no clock. Text and schema
// snapshot go in, a symbolic Plan comes out, which says "seal literal 2 as shop.users.email" and so can be cached,
// printed and kept across key rotations.
package plan

import (
	"slices"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Plan is one of PassThrough, Rewrite, Split, Replay, ReadModifyWrite, CreateTable, CreateSelect, CreateView, DropTable, Designate, ServerTLS, ShowWarnings,
// NeedTable, NeedTables and Refuse.
type Plan interface {
	plan()
	// String prints the plan for goldens and EXPLAIN; it holds no value.
	String() string
}

// PassThrough forwards the statement as it came: it touches no protected table.
type PassThrough struct {
	Effects Effects
	// Calls are the procedures that the statement calls: it may go only if their bodies, and those that they call, leave protected tables alone.
	Calls []Routine
	// Within are the procedures that a program calls which the statement makes: their arguments stand in its text.
	Within []Routine
	// Constants says that the statement gives user variables values that it makes of constants, which may be bound for an
	// encrypted column later, and does nothing else: the evaluator can do it as well.
	Constants bool
}

// Routine is a stored procedure or function.
type Routine struct{ DB, Name string }

// Effects is what a forwarded statement may change of what the proxy knows.
type Effects struct {
	Session bool   // session variables or the current database: ask again before the next plan
	Schema  bool   // tables may have come, gone or changed: load the schema again
	UseDB   string // the current database becomes this
	// Quiet says that the statement runs nothing of upstream's own, as stored functions and triggers are, that could read user
	// variables which it does not name.
	Quiet bool
	// UserReads and UserWrites are the user variables that a prepared statement reads and assigns: in lower case with a space
	// before and after each.
	UserReads, UserWrites string
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
	StoreOrder   // the order token of what Cell stores
	DefaultOrder // the order token of Column's default
	NowOrder
	StorePart    // the part token of what Cell stores
	DefaultPart  // the part token of Column's default
	CompareOrder // the place among order tokens of a value that Column is compared with
	BelowOrder   // a place behind that value's, where Column's order tokens are inexact
	AboveOrder   // a place before it
	LikeLow      // the first order token of strings that match a pattern of LIKE
	LikeHigh     // what is behind the last one
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
	// first of its literals. nil: the value is the literal itself. For PartCondition, PartJoin, PartLimit and PartName see there.
	Expr []Part
	// Peer is 1 and the literal that a CompareOrder must be of one type with; 0: there is none.
	Peer int
	// Fold is an expression of literals that stands for Literal in a CompareOrder; nil: there is none.
	Fold *Constant
}

// PartKind says what a Part is.
type PartKind uint8

// Part kinds.
const (
	PartText PartKind = iota
	PartValue
	PartExtra
	PartSchema  // the evaluator's schema that stands for database Text, quoted
	PartShown   // the evaluator's schema that has the twins of database Text, quoted
	PartSession // what upstream's session says to the expression Text, such as USER() or @@version, as a literal
	// PartCondition is the condition Expr; where one of its values has no token, TRUE stands for it, which lets more rows pass.
	PartCondition
	// PartJoin is the condition Expr, which reads another table; TRUE may stand for it, which lets more rows pass.
	PartJoin
	// PartLimit is a LIMIT of as many rows as the values in Expr sum up to, or nothing where one is not a number.
	PartLimit
	PartTwin // the schema, quoted, of the twin that a Store fills
	// PartTop is an ORDER BY or a condition for the first rows, Expr, which is left out where a PartCondition before it was, and
	// where order tokens are not sorted as a whole.
	PartTop
	// PartOrder is the order token Text of ORDER BY, quoted.
	PartOrder
	// PartName is the text of Expr as a quoted name: the name that the server gives to an expression without an alias.
	PartName
	// PartGroups is the evaluator's table of a Groups' results.
	PartGroups
	// PartKeys is the condition that the column Text is among the keys of the Split's List Literal; TRUE may stand for it.
	PartKeys
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
	// Outputs of a SELECT, or of a RETURNING. Star says that they are to be told from the result's own column definitions, because
	// a `*` covers a table whose columns the proxy does not know.
	Outputs []Output
	Star    bool
	// StatusOf is the database of which a SHOW TABLE STATUS tells.
	StatusOf string
	// DefaultOf is the database, with encryption as its default, of which a SHOW CREATE DATABASE tells.
	DefaultOf string
	// ProcedureOf is the procedure, whose body may be sealed, of which a SHOW CREATE PROCEDURE tells.
	ProcedureOf *Routine
	Insert      *Insert
	Set         []Set // protected columns that an UPDATE sets
	Tables      []*schema.Table
}

// Split is a query that upstream cannot compute over ciphertext: the rows of each Fetch are opened and loaded into a
// table of the evaluator that has the logical one's name and definition, and then Text, the client's own statement, runs
// there. Its answer is the client's.
type Split struct {
	Fetches []Fetch
	Lists   []List // that Fetches and Groups are narrowed by
	Text    []Part
	Uses    Uses
	Show    *Show           // nil where it is a query
	Aliases []string        // of the select list
	Asks    bool            // what the session says about the statement before, and nothing else
	Alone   bool            // the parser did not read Text: the evaluator must have no table but the Fetches'
	Parted  bool            // Text names partitions: the evaluator's tables must have them
	Tables  []*schema.Table // the protected ones among the Fetches'
	Groups  *Groups         // nil: the evaluator aggregates
	Views   []ViewUse       // that Text reads, those first that others read
	// Projection: the proxy computes the select list of each row that upstream gives; nil: it cannot.
	Projection *Projection
	// Clear are the literals that a Store or a Replay could write to a column which upstream has in clear.
	Clear []int
	// ClearVars are user variables, in lower case, of which a Store or a Replay makes values for such a column: none whose value
	// the proxy keeps may be among them.
	ClearVars []string
	// Asked are the texts of PartSession parts beside those of Text.
	Asked []string
}

// asks notes what other texts than Text ask the session.
func (p *Split) asks(texts ...[]Part) {
	for _, part := range slices.Concat(texts...) {
		if part.Kind == PartSession {
			p.Asked = append(p.Asked, part.Text)
		}
	}
}

// Fetch reads of one table, protected or not, every row that the statement could need, once whatever the number of places
// that name the table.
type Fetch struct {
	Table *schema.Table
	// Columns are those that SQL selects, in its order; the others are not needed. Protected ones come as cells, clear
	// ones as their ReadBack.
	Columns []*schema.Column
	Of      []*schema.Table // the table of each, where SQL joins several; nil: Table
	SQL     []Part
	Lock    string // the locking clause at the end of SQL, if any
	Full    bool   // no condition goes upstream
	// Stayed are the conditions that could not go upstream, for EXPLAIN.
	Stayed []Stayed
	// Filter and TopN tell which rows need not be loaded. Text asks all of it again, so that they may be left out.
	Filter []Conjunct
	TopN   *TopN
	Outer  *Outer // of Groups, whose last table is joined by LEFT JOIN; else nil
	// Witnesses are conditions on Groups' rows that take more reading. What they need of a row stands behind its Columns.
	Witnesses []Witness
	// Sort says that the rows that fulfil Filter are the query's answer, once they are sorted; nil: the evaluator makes that.
	Sort *Sort
}

// Stayed is a condition that the evaluator decides.
type Stayed struct {
	Text   string // as the template has it: without literals
	Column *schema.Column
	Table  *schema.Table
	Why    string
}

// Uses is what of its session a Split's Text reads beside tables and PartSession parts.
type Uses struct {
	Now    bool     // the time: NOW(), CURDATE(), UNIX_TIMESTAMP() …
	UserIn []string // user variables that it reads: names without the @, unquoted
	// UserOut are user variables that it assigns, in lower case; NoRows says that it gives no result set.
	UserOut []string
	NoRows  bool
	Silent  bool // SET and DO, which leave FOUND_ROWS() as it was
	// Constants says that what it assigns comes of constants and other user variables alone.
	Constants bool
	// Functions are those that are not the server's own: where upstream has none of such a name either, the evaluator
	// says so in the server's words; an answer that is no error is not for the client.
	Functions []Routine
	Zones     bool // it calls CONVERT_TZ, which knows the time zones that the server's tables have
	Analyses  bool // PROCEDURE ANALYSE: its first column holds names of columns, with their databases
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
	Replace     bool
	Temporary   bool
	// Like is the table whose definition it takes, or nil.
	Like *schema.Table
	// Statement is the logical CREATE TABLE without TEMPORARY and the words that designate.
	Statement string
}

// DropTable is a DROP or TRUNCATE of protected tables: upstream does it, then the snapshot forgets them.
type DropTable struct {
	Effects   Effects
	Temporary []*schema.Table // those that it names
}

// Refuse answers with an error; nothing goes upstream.
type Refuse struct {
	Err    *wire.Error
	Reason string // a short, stable word for metrics and the audit log
	// DB is the database of a table that is not there: where it is not there itself, MySQL says so.
	DB string
	// Absent is the table that a query names and that is not there: the server may have more to say of it to the client's account.
	Absent *NeedTable
}

// NeedTable asks the caller to look up a table in a designated database that the snapshot does not know, and to plan again.
type NeedTable struct {
	DB, Name string
	// Definition asks for the definition of a table that is not protected, as a Split needs it.
	Definition bool
}

func (*PassThrough) plan()     {}
func (*Rewrite) plan()         {}
func (*Split) plan()           {}
func (*ReadModifyWrite) plan() {}
func (*CreateTable) plan()     {}
func (*DropTable) plan()       {}
func (*ServerTLS) plan()       {}
func (*Refuse) plan()          {}
func (*NeedTable) plan()       {}
