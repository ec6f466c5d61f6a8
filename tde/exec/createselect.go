package exec

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// making is one CREATE TABLE … SELECT under way.
type making struct {
	*splitRun
	into    *plan.CreateSelect
	table   *schema.Table
	sealer  *sealer
	name    string // the physical table's until it is whole
	charset string // of the database
	collate string
	made    wire.OK // the evaluator's answer
}

// createSelect makes a protected table of what a query gives. The evaluator runs the client's own statement; the table that this
// makes there is read, sealed, and stored upstream under a name of its own, in one transaction. RENAME TABLE then gives it its own:
// whoever is killed before that leaves no table.
func (x *Session) createSelect(ctx context.Context, p *plan.CreateSelect, more bool) error {
	switch {
	case x.catalog.evaluator == nil:
		return errNoEvaluator
	case x.tablesLocked:
		return notSupported("CREATE TABLE … SELECT of an encrypted table under LOCK TABLES is not supported")
	}
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	if p.Temporary {
		if err := x.keepsRows(); err != nil {
			return err
		}
	} else if err := x.endTransaction(); err != nil {
		return err
	}
	if there, err := x.taken(ctx, p); err != nil {
		return err
	} else if there && !p.Replace {
		return x.existed(p, more)
	}
	if err := x.lexer.Lex([]byte(p.Source), x.vars.mode); err != nil {
		return err
	}
	x.bindText(ctx, []byte(p.Source))
	w, err := x.workspace(ctx)
	if err != nil {
		return err
	}
	defer w.Release()
	x.catalog.advice.note(p.Query)
	m := &making{splitRun: &splitRun{Session: x, plan: p.Query, bench: w}, into: p}
	if err := m.run(ctx); err != nil {
		return m.interrupted(ctx, err)
	}
	ok := wire.OK{
		Status: x.Status &^ statusOfStatement, AffectedRows: m.made.AffectedRows, InsertID: m.made.InsertID, Warnings: m.found.count,
		Info: x.info(string(insertInfo.Find(m.made.Info))),
	}
	x.found.affected = int64(ok.AffectedRows)
	return x.sendOK(ok, more)
}

// taken says whether there is a table of the name: for a temporary one, another of the session's.
func (x *Session) taken(ctx context.Context, p *plan.CreateSelect) (bool, error) {
	if !p.Temporary {
		return x.catalog.there(ctx, p.DB, p.Name)
	}
	t := x.present().Snapshot.Lookup(p.DB, p.Name)
	return t != nil && t.Temporary, nil
}

// there says whether upstream has a table.
func (c *Catalog) there(ctx context.Context, db, name string) (bool, error) {
	rows, err := c.rows(ctx, "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", db, name)
	if err != nil {
		return false, fmt.Errorf("looking up table %s.%s: %w", db, name, err)
	}
	return len(rows) > 0, nil
}

// existed answers where there is a table of the name already.
func (x *Session) existed(p *plan.CreateSelect, more bool) error {
	message := "Table '" + p.Name + "' already exists"
	if !p.IfNotExists {
		return &wire.Error{Code: codeTableExists, State: "42S01", Message: message}
	}
	x.found = found{known: true}
	if err := x.keepThese([]evaluator.Warning{{Level: "Note", Code: strconv.Itoa(codeTableExists), Message: message}}); err != nil {
		return err
	}
	return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement, Warnings: 1}, more)
}

func (m *making) run(ctx context.Context) error {
	if err := m.functions(ctx); err != nil {
		return err
	}
	defaults, err := m.definitionVariables()
	if err != nil {
		return err
	}
	if defaults["enforce_storage_engine"] == "NULL" {
		delete(defaults, "enforce_storage_engine") // to set it takes a privilege
	}
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		m.defining = append(m.defining, evaluator.Variable{Name: name, Value: defaults[name], Optional: true})
	}
	if m.charset, m.collate, err = m.databaseDefaults(m.into.DB); err != nil {
		return err
	}
	if err := m.prepareSession(); err != nil {
		return err
	}
	if err := m.fetchAll(); err != nil {
		return err
	}
	if m.twin, err = m.bench.Makes(m.into.DB, m.charset, m.collate); err != nil {
		return err
	}
	defer m.twin.Drop(m.into.Name)
	if err := m.make(); err != nil {
		return err
	}
	if err := m.describe(ctx); err != nil {
		return err
	}
	return m.store(ctx)
}

// make runs the client's text.
func (m *making) make() error {
	sql, err := m.text()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := m.bench.Query(sql); err != nil {
		return err
	}
	packet, err := m.bench.Conn().ReadPacket()
	if err != nil {
		return m.evaluated(err)
	}
	if wire.IsError(packet) {
		return m.evaluatorError(packet)
	}
	if err := m.strange(); err != nil {
		return err
	}
	if err := m.made.Decode(packet, m.bench.Capabilities()); err != nil {
		return m.evaluated(err)
	}
	m.made.Info = append([]byte(nil), m.made.Info...)
	m.bench.Answered()
	m.step("evaluator", begun, m.made.AffectedRows, m.plan.Text)
	m.found = found{known: true, rows: m.before.rows, count: m.made.Warnings}
	return m.after(m.made.Warnings)
}

// describe reads what has become of it as a table of the client's.
func (m *making) describe(ctx context.Context) (err error) {
	m.table, err = m.catalog.evaluator.DescribeMade(ctx, m.twin, evaluator.DDL{Database: m.into.DB, Table: m.into.Name, TimeZone: m.vars.TimeZone})
	if err != nil {
		return err
	}
	m.table.Temporary = m.into.Temporary
	if err := m.protect(ctx, m.table); err != nil {
		return err
	}
	return m.clear()
}

// clear refuses a table in which upstream would see what is encrypted elsewhere.
func (m *making) clear() error {
	first := len(m.table.Columns) - len(m.into.Shows) // of the query's
	for i := range m.table.Columns {
		if c := &m.table.Columns[i]; c.Storage == schema.StoredClear && (!m.into.Told || i >= first && first >= 0 && m.into.Shows[i-first]) {
			return notSupported("column %s is not encrypted and cannot be set to what could come of an encrypted one", quoteName(c.Name))
		}
	}
	return nil
}

// store makes the physical table, fills it, and gives it its name.
func (m *making) store(ctx context.Context) error {
	if m.into.Temporary {
		return m.storeTemporary()
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("making a table name: %w", err)
	}
	m.name = schema.MakePrefix + hex.EncodeToString(random[:])
	s, ddl, err := m.physical(m.table, &schema.Physical{As: m.name})
	if err != nil {
		return err
	}
	m.sealer = s
	if _, err := m.exec(ddl); err != nil {
		return m.named(err)
	}
	err = m.fill()
	if err == nil && m.into.Replace {
		_, err = m.exec("DROP TABLE IF EXISTS " + quoteName(m.table.DB) + "." + quoteName(m.table.Name))
	}
	if err == nil {
		_, err = m.exec("RENAME TABLE " + m.physicalName() + " TO " + quoteName(m.table.DB) + "." + quoteName(m.table.Name))
	}
	if err != nil {
		return m.undo(m.named(err))
	}
	if old := m.catalog.State().Snapshot.Lookup(m.table.DB, m.table.Name); old != nil {
		m.catalog.replace(old, s)
	} else {
		m.catalog.publish(s)
	}
	return nil
}

func (m *making) physicalName() string { return quoteName(m.table.DB) + "." + quoteName(m.name) }

// fill stores the rows in one transaction.
func (m *making) fill() error {
	state := m.state
	defer func() { m.state = state }()
	sealers := maps.Clone(state.sealers)
	sealers[m.table.ID] = m.sealer
	m.state = &State{Snapshot: state.Snapshot, Rules: state.Rules, Plans: state.Plans, sealers: sealers}
	own, err := m.begin()
	if err != nil {
		return err
	}
	physical := *m.table
	physical.Name = m.name
	k := newSink(m.Session, &plan.Store{Table: &physical}, true)
	m.twin.Made(m.into.Name)
	if err = m.twin.Rows(k.columns, k.row); err == nil {
		err = k.close()
	}
	if own {
		err = m.finish(err)
	}
	if err != nil || m.made.InsertID == 0 {
		return err
	}
	_, err = m.exec("DO LAST_INSERT_ID(" + strconv.FormatUint(m.made.InsertID, 10) + ")")
	return err
}

// begin starts a transaction, unless a temporary table is filled in one of the client's: this one does not end those.
func (m *making) begin() (own bool, err error) {
	if m.into.Temporary {
		own, err = m.needsTransaction()
		if err != nil || !own {
			return own, err
		}
	}
	_, err = m.exec("START TRANSACTION")
	return true, err
}

// undo drops what there is of the physical table. Where the connection is lost, that is for the proxy's own account, or for the
// next start.
func (m *making) undo(cause error) error {
	var broken *wire.BrokenError
	if !errors.As(cause, &broken) {
		if _, err := m.exec("DROP TABLE IF EXISTS " + m.physicalName()); err == nil {
			return cause
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	m.catalog.dropMade(ctx, m.table.DB, m.name)
	return cause
}

// named is an error of upstream's with the table's own name.
func (m *making) named(err error) error {
	var e *wire.Error
	if errors.As(err, &e) {
		e.Message = strings.ReplaceAll(e.Message, m.name, m.table.Name)
	}
	return err
}

// cleanMade drops the tables that CREATE TABLE … SELECT had not finished when it was killed.
func (c *Catalog) cleanMade(ctx context.Context) error {
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_NAME LIKE '"+
		strings.ReplaceAll(schema.MakePrefix, "_", `\_`)+"%' AND TABLE_COMMENT LIKE '"+schema.CommentMark+"%'")
	if err != nil {
		return fmt.Errorf("looking for interrupted DDL: %w", err)
	}
	for _, r := range rows {
		c.dropMade(ctx, r[0], r[1])
	}
	return nil
}

func (c *Catalog) dropMade(ctx context.Context, db, name string) {
	if _, err := c.upstream.Query(ctx, "DROP TABLE IF EXISTS "+quoteName(db)+"."+quoteName(name)); err != nil {
		c.log.Error("a table that an interrupted CREATE TABLE … SELECT has left could not be dropped; it holds ciphertext of no table",
			"database", db, "table", name, "error", err)
		return
	}
	c.log.Info("undid a CREATE TABLE … SELECT that was interrupted", "database", db, "table", name)
}
