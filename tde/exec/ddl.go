package exec

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// createTable makes a protected table: the evaluator runs the logical statement and says what it means, upstream gets the
// physical one. The client's own connection makes it, so the client's privileges decide.
func (x *Session) createTable(ctx context.Context, p *plan.CreateTable, more bool) error {
	if x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	t, warnings, err := x.describe(ctx, p)
	if err != nil {
		return err
	}
	t.Temporary = p.Temporary
	if t.Temporary && t.Partition != nil {
		return partitionedTemporary(x.catalog.mariaDB)
	}
	if err := x.protect(ctx, t); err != nil {
		return err
	}
	s, ddl, err := x.physical(t, &schema.Physical{IfNotExists: p.IfNotExists, Replace: p.Replace})
	if err != nil {
		return err
	}
	if err := x.send(wire.ComQuery, []byte(ddl)); err != nil {
		return err
	}
	ok, err := x.readTold()
	if err != nil {
		return err
	}
	if p.Temporary {
		return x.createdTemporary(p, s, ok, warnings, more)
	}
	// IF NOT EXISTS may have found another table there: what upstream has counts, not what was sent.
	if ok.Warnings > 0 || p.IfNotExists {
		if _, err := x.catalog.Lookup(ctx, t.DB, t.Name); err != nil {
			return err
		}
		return x.sendOK(ok, more)
	}
	if old := x.catalog.State().Snapshot.Lookup(t.DB, t.Name); old != nil {
		x.catalog.replace(old, s)
	} else {
		x.catalog.publish(s)
	}
	if err := x.settlePending(ctx, t); err != nil {
		return err
	}
	return x.created(ok, warnings, more)
}

// created answers a CREATE TABLE of which the evaluator has warned.
func (x *Session) created(ok wire.OK, warnings []evaluator.Warning, more bool) error {
	if warnings = x.executed(warnings); len(warnings) > 0 {
		ok.Warnings = uint16(min(len(warnings), 65535))
		x.found = found{known: true}
		if err := x.keepThese(warnings); err != nil {
			return err
		}
	}
	return x.sendOK(ok, more)
}

// protect decides how a new table is stored, or why it cannot be.
func (x *Session) protect(ctx context.Context, t *schema.Table) error {
	members := func(c schema.Column) bool { // of bytes, which INFORMATION_SCHEMA may leave without a character set
		return (c.Kind == schema.KindEnum || c.Kind == schema.KindSet) && (c.Charset == "binary" || c.Charset == "")
	}
	if wide(x.vars.ConnectionCharset) && slices.ContainsFunc(t.Columns, members) {
		return notSupported("an ENUM or SET of bytes, whose members this connection writes in %s, in an encrypted table is not supported", x.vars.ConnectionCharset)
	}
	t.TokenDomain = t.DB
	t.Defaulted = x.state.Rules.Default(t.DB)
	if err := x.pending(ctx, t, nil); err != nil {
		return err
	}
	if err := t.Protect(x.state.Rules, x.state.Snapshot.Lookup); err != nil {
		return unsupported(err)
	}
	return x.weighable(ctx, t)
}

// wide says whether a character set writes ASCII in more than a byte.
func wide(charset string) bool {
	return charset == "ucs2" || strings.HasPrefix(charset, "utf16") || charset == "utf32"
}

// weighable refuses a table with a token column whose collation no weights tell the equality of.
func (x *Session) weighable(ctx context.Context, t *schema.Table) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Token || c.Charset == "" {
			continue
		}
		w, err := x.catalog.evaluator.Weigher(ctx, c.Charset, c.Collation)
		if err != nil {
			return notSupported("an index on column %s of an encrypted table: %s", c.Name, err.Error())
		}
		if _, ok := w.Order(); c.Order && !ok {
			return notSupported("index = \"range\" for column %s, whose collation %s has no order over ciphertext, is not supported", c.Name, c.Collation)
		}
	}
	return nil
}

// describe lets the evaluator read the logical CREATE TABLE.
func (x *Session) describe(ctx context.Context, p *plan.CreateTable) (*schema.Table, []evaluator.Warning, error) {
	text, err := value.Transcode(nil, []byte(p.Statement), x.vars.ClientCharset, "utf8mb4")
	if err != nil {
		return nil, nil, notSupported("CREATE TABLE of an encrypted table in this character set is not supported; use SET NAMES utf8mb4")
	}
	charset, collation, err := x.databaseDefaults(p.DB)
	if err != nil {
		return nil, nil, err
	}
	variables, err := x.definitionVariables()
	if err != nil {
		return nil, nil, err
	}
	return x.catalog.evaluator.DescribeWarned(ctx, evaluator.DDL{
		Statement: string(text), Database: p.DB, Table: p.Name, DBCharset: charset, DBCollation: collation,
		SQLMode: x.vars.SQLMode, Collation: x.vars.Collation, TimeZone: x.vars.TimeZone, Like: p.Like, Current: x.vars.DB, Variables: variables,
	})
}

// Session variables that say what a definition means which leaves it open. What a CREATE TABLE … LIKE copies says all.
var (
	definitionVars        = []string{"default_storage_engine", "explicit_defaults_for_timestamp", "innodb_strict_mode"}
	definitionVarsMariaDB = []string{"enforce_storage_engine", "old_mode"}
	definitionVarsMySQL   = []string{"default_collation_for_utf8mb4"}
)

// definitionVariables are the client's, as SQL, by name.
func (x *Session) definitionVariables() (map[string]string, error) {
	names := slices.Concat(definitionVars, definitionVarsMySQL)
	if x.catalog.mariaDB {
		names = slices.Concat(definitionVars, definitionVarsMariaDB)
	}
	_, row, err := x.queryRow("SELECT " + variablesAsBytes(names...) + " LIMIT 1")
	if err != nil {
		return nil, fmt.Errorf("reading session variables: %w", err)
	}
	out := make(map[string]string, len(names))
	for i, name := range names {
		out[name] = variableLiteral(row[i])
	}
	return out, nil
}

// partitionedTemporary is ER_FEATURE_NOT_SUPPORTED_WITH_PARTITIONING of MariaDB, ER_PARTITION_NO_TEMPORARY of MySQL.
func partitionedTemporary(mariaDB bool) error {
	if mariaDB {
		return &wire.Error{Code: 1506, State: "HY000", Message: "Partitioned tables do not support CREATE TEMPORARY TABLE"}
	}
	return &wire.Error{Code: 1562, State: "HY000", Message: "Cannot create temporary table with partitions"}
}

// codeUnknownDatabase is ER_BAD_DB_ERROR.
const codeUnknownDatabase = 1049

// physical gives a described table its keys, and an id where it has none, and writes its physical CREATE TABLE.
func (x *Session) physical(t *schema.Table, how *schema.Physical) (*sealer, string, error) {
	if t.ID == (schema.TableID{}) {
		if _, err := rand.Read(t.ID[:]); err != nil {
			return nil, "", fmt.Errorf("making a table id: %w", err)
		}
	}
	key, wrapped, err := x.catalog.ring.Load().NewTableKey(t.ID)
	if err != nil {
		return nil, "", fmt.Errorf("making a table key: %w", err)
	}
	defer key.Destroy()
	t.WrappedKey, t.KeyID = wrapped, 1
	s, err := sealerWithKey(x.catalog.ring.Load(), t, key)
	if err != nil {
		return nil, "", err
	}
	comment, columns, err := schema.Encode(t, func(b []byte) []byte { return s.cells.Seal(nil, schema.MetadataColumn, b) })
	if err != nil {
		return nil, "", unsupported(err)
	}
	how.MariaDB, how.MaxStored, how.Overhead, how.RefColumn = x.catalog.mariaDB, value.MaxStored, cell.Overhead, x.refColumn(t)
	how.TableComment, how.ColumnComments = comment, columns
	ddl, err := schema.CreateTable(t, how)
	if err == nil && !ascii([]byte(ddl)) && !strings.HasPrefix(x.vars.ClientCharset, "utf8") {
		err = notSupported("CREATE TABLE of an encrypted table with names that are not ASCII needs SET NAMES utf8mb4")
	}
	return s, ddl, unsupported(err)
}

// refColumn finds the physical column that a foreign key of t points at.
func (x *Session) refColumn(t *schema.Table) func(db, table, column string) (string, bool) {
	return func(db, table, column string) (string, bool) {
		ref := x.state.Snapshot.Lookup(db, table)
		if strings.EqualFold(db, t.DB) && strings.EqualFold(table, t.Name) {
			ref = t
		}
		if ref == nil {
			return column, true // a plaintext table: what points at it is clear, too
		}
		c := ref.Column(column)
		switch {
		case c == nil:
			return "", false
		case c.Storage == schema.StoredClear:
			return c.Name, true
		}
		return c.TokenColumn(), c.Token
	}
}

// unsupported turns an UnsupportedError into the answer for it.
func unsupported(err error) error {
	var u *schema.UnsupportedError
	if errors.As(err, &u) {
		return notSupported("%s", u.Error())
	}
	return err
}

// dropTable lets upstream drop tables or a database, and then forgets what is gone.
func (x *Session) dropTable(ctx context.Context, p *plan.DropTable, more bool) error {
	ok, err := x.exec(string(x.args.src))
	if len(p.Temporary) > 0 {
		err = cmp.Or(err, x.droppedTemporary(p.Temporary, err))
	}
	if p.Effects.Schema {
		err = cmp.Or(err, x.catalog.Reload(ctx))
	}
	if err != nil {
		return err
	}
	x.Effects(p.Effects)
	return x.sendOK(ok, more)
}
