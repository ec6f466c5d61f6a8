package exec

import (
	"context"
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

// alteration is one ALTER TABLE under way.
type alteration struct {
	*Session
	plan     *plan.AlterTable
	from, to *schema.Table
	ask      evaluator.Alter
	sealer   *sealer // of to
	steps    *schema.Alteration
	origins  map[string]*schema.Column // of to's columns, by name: what of from they were
	affected uint64
	all      bool // the evaluator has seen all rows
	warnings []evaluator.Warning
}

// alterTable changes a protected table. The evaluator runs the client's statement on a table of that name, definition and, as
// far as they are few, rows: it raises the server's errors and says what the table becomes. Upstream then gets what makes the
// physical table that one's.
func (x *Session) alterTable(ctx context.Context, p *plan.AlterTable, more bool) error {
	a := &alteration{Session: x, plan: p, from: x.state.Snapshot.Lookup(p.DB, p.Name)}
	if a.from == nil {
		return errRedefined
	}
	if err := x.endTransaction(); err != nil {
		return err
	}
	if err := a.run(ctx); err != nil {
		return err
	}
	if err := a.followed(ctx); err != nil {
		return err
	}
	a.warnings = x.executed(a.warnings)
	ok := wire.OK{Status: x.Status &^ statusOfStatement, AffectedRows: a.affected, Warnings: uint16(min(len(a.warnings), 65535))}
	if !p.Bare || a.from.Temporary && !x.catalog.mariaDB { // MySQL copies a temporary table to rename it
		ok.Info = x.info(fmt.Sprintf("Records: %d  Duplicates: 0  Warnings: %d", a.affected, len(a.warnings)))
	}
	x.found = found{known: true, affected: int64(a.affected)}
	if err := x.keepThese(a.warnings); err != nil {
		return err
	}
	return x.sendOK(ok, more)
}

// endTransaction ends the client's transaction, as the server does before DDL whatever becomes of it.
func (x *Session) endTransaction() error {
	own, err := x.needsTransaction()
	if err == nil && !own {
		_, err = x.exec(commit)
	}
	return err
}

func (a *alteration) run(ctx context.Context) error {
	text, err := value.Transcode(nil, []byte(a.plan.Statement), a.vars.ClientCharset, "utf8mb4")
	if err != nil {
		return notSupported("DDL on an encrypted table in this character set is not supported; use SET NAMES utf8mb4")
	}
	charset, collation, err := a.databaseDefaults(a.plan.NewDB)
	if err != nil {
		return err
	}
	stands, err := a.upstreamClock() // one for all rows, however long it takes
	if err != nil {
		return err
	}
	a.ask = evaluator.Alter{
		DDL: evaluator.DDL{
			Statement: string(text), Database: a.vars.DB, Table: a.from.Name, DBCharset: charset, DBCollation: collation,
			SQLMode: a.vars.SQLMode, Collation: a.vars.Collation, TimeZone: a.vars.TimeZone, Timestamp: stands,
		},
		From: a.from, NewDatabase: a.plan.NewDB, NewName: a.plan.NewName,
	}
	rows, whole, err := a.sample()
	if err != nil {
		return err
	}
	a.ask.Rows = rows
	done, err := a.catalog.evaluator.Alter(ctx, &a.ask)
	if err != nil {
		return err
	}
	a.to, a.affected, a.warnings, a.all = done.Table, done.Affected, done.Warnings, whole
	if err := a.define(ctx); err != nil {
		return err
	}
	if err := a.countRows(whole); err != nil {
		return err
	}
	if len(a.steps.Fill) > 0 || a.renames() {
		return a.rewriteRows(ctx)
	}
	if err = a.finishTable(a.steps.Finish); err == nil {
		a.publish()
	}
	return err
}

// publish makes the table known as it is now.
func (a *alteration) publish() {
	if a.from.Temporary {
		a.replaceTemporary(a.from, a.sealer)
		return
	}
	a.catalog.replace(a.from, a.sealer)
}

// finishTable makes the physical table what it is to be. Of a duplicate that a new unique key finds, upstream knows the tokens alone.
func (a *alteration) finishTable(sql string) error {
	_, err := a.exec(sql + a.steps.Partition)
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != codeDuplicate {
		return err
	}
	if _, key, ix := violated(e, a.to); ix != nil {
		e.Message = duplicateHead + strings.Repeat("?-", len(ix.Parts)-1) + "?" + duplicateKey + key + "'"
	}
	return e
}

// renames says whether the name of a column is another one's now: statements under way would mean the old one.
func (a *alteration) renames() bool {
	return slices.ContainsFunc(a.to.Columns, func(c schema.Column) bool {
		o := a.from.Column(c.Name)
		return o != nil && o.ID != c.ID
	})
}

// databaseDefaults are a database's character set and collation, as the client's account sees them.
func (x *Session) databaseDefaults(db string) (charset, collation string, err error) {
	err = x.catalogQuery("SELECT CAST(DEFAULT_CHARACTER_SET_NAME AS BINARY), CAST(DEFAULT_COLLATION_NAME AS BINARY) FROM information_schema.SCHEMATA "+
		"WHERE SCHEMA_NAME = x'"+fmt.Sprintf("%x", db)+"' LIMIT 1", func(row [][]byte) error {
		charset, collation = string(row[0]), string(row[1])
		return nil
	})
	if err == nil && charset == "" {
		err = &wire.Error{Code: codeUnknownDatabase, State: "42000", Message: "Unknown database '" + db + "'"}
	}
	return charset, collation, err
}

// define makes of the evaluator's answer the table that it is to be, and finds the way there.
func (a *alteration) define(ctx context.Context) error {
	from, to := a.from, a.to
	to.ID, to.KeyID, to.WrappedKey, to.TokenDomain = from.ID, from.KeyID, from.WrappedKey, from.TokenDomain
	to.Defaulted, to.Temporary = from.Defaulted, from.Temporary
	if !a.plan.Counter {
		to.AutoIncrement = from.AutoIncrement // which goes upstream where it differs, and would set an empty table's counter back
	}
	if err := a.pending(ctx, to, from); err != nil {
		return err
	}
	if err := to.Protect(a.state.Rules, a.state.Snapshot.Lookup); err != nil {
		return unsupported(err)
	}
	of, err := origins(a.plan, from, to)
	if err != nil {
		return err
	}
	a.origins = of
	anew, err := a.checked()
	if err != nil {
		return err
	}
	to.Inherit(from, func(c *schema.Column) *schema.Column {
		if c == anew {
			return nil
		}
		return a.origins[c.Name]
	})
	if err := a.unreferenced(); err != nil {
		return err
	}
	if err := a.weighable(ctx, to); err != nil {
		return err
	}
	key, err := a.catalog.ring.Load().UnwrapTableKey(to.ID, to.WrappedKey)
	if err != nil {
		return fmt.Errorf("opening the key of table %s.%s: %w", from.DB, from.Name, err)
	}
	defer key.Destroy()
	if a.sealer, err = sealerWithKey(a.catalog.ring.Load(), to, key); err != nil {
		return err
	}
	return a.physical(ctx)
}

// checked is a column to write anew where the table gets a CHECK constraint, or partitions that may not take all rows: the evaluator sees all rows then, under the lock. It is
// nil where that need not be.
func (a *alteration) checked() (*schema.Column, error) {
	parted := a.to.PartitionDecided() && (a.from.Partition == nil || a.from.Partition.Clause != a.to.Partition.Clause)
	if !parted && !slices.ContainsFunc(a.to.Checks, func(check string) bool { return !slices.Contains(a.from.Checks, check) }) {
		return nil, nil
	}
	i := slices.IndexFunc(a.to.Columns, func(c schema.Column) bool { return c.Storage == schema.StoredCell && a.origins[c.Name] != nil })
	if i < 0 {
		return nil, notSupported("adding a CHECK constraint to a table of which no column is encrypted")
	}
	return &a.to.Columns[i], nil
}

// physical finds the way from one physical table to the other.
func (a *alteration) physical(ctx context.Context) error {
	comment, columns, old, err := a.comments(ctx)
	if err != nil {
		return err
	}
	was := &schema.Physical{
		MariaDB: a.catalog.mariaDB, MaxStored: value.MaxStored, Overhead: cell.Overhead, ColumnComments: old, RefColumn: a.refColumn(a.from),
	}
	is := *was
	is.TableComment, is.ColumnComments, is.RefColumn = comment, columns, a.refColumn(a.to)
	a.steps, err = schema.AlterTable(a.from, a.to, was, &is, func(c *schema.Column) bool {
		switch {
		case a.origins[c.Name] != nil:
			return true
		case c.Storage == schema.StoredClear:
			return c.AutoIncrement && a.all && a.sealedPrimary() // upstream would count in the order of tokens
		}
		return c.NotNull || c.Default != schema.DefaultNull
	})
	if err != nil {
		return unsupported(err)
	}
	if !ascii([]byte(a.steps.Prepare+a.steps.Finish+a.steps.Partition)) && !strings.HasPrefix(a.vars.ClientCharset, "utf8") {
		return notSupported("DDL on an encrypted table with names that are not ASCII needs SET NAMES utf8mb4")
	}
	return nil
}

// comments are the table's and its columns', which hold the metadata, and those that the columns have had. Nobody reads a temporary table's.
func (a *alteration) comments(ctx context.Context) (table string, columns, old []string, err error) {
	if a.from.Temporary {
		return "", nil, nil, nil
	}
	table, columns, err = schema.Encode(a.to, func(b []byte) []byte { return a.sealer.cells.Seal(nil, schema.MetadataColumn, b) })
	if err != nil {
		return "", nil, nil, unsupported(err)
	}
	old, err = a.catalog.columnComments(ctx, a.from.DB, a.from.Name)
	return table, columns, old, err
}

// origins finds of what column each of to's was made. A column that is neither kept nor dropped is an error: its values would be lost.
func origins(p *plan.AlterTable, from, to *schema.Table) (map[string]*schema.Column, error) {
	out := map[string]*schema.Column{}
	kept := map[*schema.Column]bool{}
	for i := range to.Columns {
		name := to.Columns[i].Name
		source := name
		for _, d := range p.Dropped {
			if strings.EqualFold(d, name) {
				source = ""
			}
		}
		for _, r := range p.Renamed {
			if strings.EqualFold(r[0], name) && source == name {
				source = ""
			}
		}
		for _, r := range p.Renamed {
			if strings.EqualFold(r[1], name) && from.Column(r[0]) != nil { // else IF EXISTS has left it out
				source = r[0]
			}
		}
		if o := from.Column(source); o != nil {
			out[name], kept[o] = o, true
		}
	}
	for i := range from.Columns {
		c := &from.Columns[i]
		if !kept[c] && !slices.ContainsFunc(p.Dropped, func(d string) bool { return strings.EqualFold(d, c.Name) }) {
			return nil, notSupported("this ALTER TABLE of an encrypted table cannot be read: what becomes of column %s?", quoteName(c.Name))
		}
	}
	return out, nil
}

// unreferenced refuses what upstream's foreign keys of other tables would not follow.
func (a *alteration) unreferenced() error {
	if a.from.Temporary {
		return nil // no foreign key points at it, but at the table that it hides
	}
	for _, child := range children(a.state.Snapshot, a.from) {
		if a.to.Partition != nil {
			return notSupported("partitioning encrypted table %s.%s, which a foreign key of %s.%s points at", a.from.DB, a.from.Name, child.DB, child.Name)
		}
		if a.plan.NewDB != a.from.DB {
			return notSupported("moving encrypted table %s.%s, which a foreign key of %s.%s points at, to another database", a.from.DB, a.from.Name, child.DB, child.Name)
		}
		for i := range child.ForeignKeys {
			if !pointsAt(child, &child.ForeignKeys[i], a.from) {
				continue
			}
			for _, name := range child.ForeignKeys[i].RefColumns {
				if o := a.from.Column(name); o == nil || !a.keeps(o) {
					return notSupported("changing column %s.%s.%s, which a foreign key of %s.%s points at", a.from.DB, a.from.Name, name, child.DB, child.Name)
				}
			}
		}
	}
	return nil
}

// keeps says whether what is stored of a column stays, under its name: servers do not rename a token that a foreign key points at, as they do not
// change what is more than its name.
func (a *alteration) keeps(o *schema.Column) bool {
	for i := range a.to.Columns {
		if n := &a.to.Columns[i]; a.origins[n.Name] == o {
			return n.Name == o.Name && n.ID == o.ID && n.Token == o.Token
		}
	}
	return false
}

// sealedPrimary says whether upstream has the rows in the order of tokens.
func (a *alteration) sealedPrimary() bool {
	for i := range a.from.Indexes {
		if ix := &a.from.Indexes[i]; ix.Name == "PRIMARY" {
			return a.from.Column(ix.Parts[0].Column).Storage == schema.StoredCell
		}
	}
	return false
}

// countRows finds how many rows the server would have written anew. The evaluator checks no foreign keys, and so adds them
// in place.
func (a *alteration) countRows(whole bool) (err error) {
	copies := a.affected > 0
	for i := range a.to.ForeignKeys {
		name := a.to.ForeignKeys[i].Name
		if copies || slices.ContainsFunc(a.from.ForeignKeys, func(fk schema.ForeignKey) bool { return fk.Name == name }) {
			continue
		}
		err := a.query("SELECT "+variablesAsBytes("foreign_key_checks")+" LIMIT 1", func(row [][]byte) error {
			copies = isOn(row[0])
			return nil
		})
		if err != nil {
			return err
		}
	}
	if copies && (!whole || a.affected == 0) {
		a.affected, err = a.count()
	}
	return err
}

// count is how many rows the table has.
func (a *alteration) count() (n uint64, err error) {
	err = a.query("SELECT COUNT(*) FROM "+quoteName(a.from.DB)+"."+quoteName(a.from.Name)+" LIMIT 1", func(row [][]byte) error {
		_, err := fmt.Sscan(string(row[0]), &n)
		return err
	})
	return n, err
}

// renameTables renames several tables one after the other. What was renamed goes back where a later one fails.
func (x *Session) renameTables(ctx context.Context, p *plan.RenameTables, more bool) error {
	if err := x.endTransaction(); err != nil {
		return err
	}
	for i, step := range p.Steps {
		err := x.renameTable(ctx, step)
		if err == nil {
			continue
		}
		if i > 0 && errors.Is(err, errRedefined) { // by the steps before: no other plan finds it
			err = &wire.Error{Code: codeNoTable, State: "42S02", Message: "Table '" + step.DB + "." + step.Name + "' doesn't exist"}
		}
		for _, done := range backwards(p.Steps[:i]) {
			if back := x.renameTable(ctx, done); back != nil {
				return errors.Join(err, back)
			}
		}
		return err
	}
	return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement}, more)
}

func (x *Session) renameTable(ctx context.Context, step *plan.AlterTable) error {
	x.state = x.present()
	a := &alteration{Session: x, plan: step, from: x.state.Snapshot.Lookup(step.DB, step.Name)}
	if a.from == nil {
		return errRedefined
	}
	if err := a.run(ctx); err != nil {
		return err
	}
	return a.followed(ctx)
}

// backwards are the renames that undo others.
func backwards(steps []*plan.AlterTable) []*plan.AlterTable {
	var out []*plan.AlterTable
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		out = append(out, &plan.AlterTable{
			DB: s.NewDB, Name: s.NewName, NewDB: s.DB, NewName: s.Name, Bare: true,
			Statement: "ALTER TABLE " + quoteName(s.NewDB) + "." + quoteName(s.NewName) + " RENAME TO " + quoteName(s.DB) + "." + quoteName(s.Name),
		})
	}
	return out
}
