// Package exec runs plans: it binds literals and parameters to cells and tokens, sends what the plan says upstream, and
// opens the cells of results as they pass.
package exec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/spill"
)

// Upstream runs the proxy's own queries: those of its account, beside the clients' connections.
type Upstream interface {
	Query(ctx context.Context, query string, args ...any) (*mysql.Result, error)
	// Conn opens a connection of its own, which the caller closes.
	Conn(ctx context.Context) (*client.Conn, error)
}

// rows runs a query of the proxy's account and gives its rows as text.
func (c *Catalog) rows(ctx context.Context, query string, args ...any) ([][]string, error) {
	r, err := c.upstream.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([][]string, r.RowNumber())
	for i := range out {
		for j := range r.ColumnNumber() {
			v, err := r.GetString(i, j)
			if err != nil {
				return nil, fmt.Errorf("reading a row: %w", err)
			}
			out[i] = append(out[i], v)
		}
	}
	return out, nil
}

// Config is what a Catalog is made of.
type Config struct {
	Ring      *keyring.Ring
	Keys      Keys
	Evaluator *evaluator.Evaluator
	Upstream  Upstream
	Rules     *schema.Rules
	MariaDB   bool // upstream's flavour
	Version   int  // upstream's, as executable comments have it: 101119
	Log       *slog.Logger
	Observer  Observer
	// Beside says that a proxy may be running: what looks like left by one that was killed is left alone.
	Beside bool
	// Spill is where statements sort more than their memory holds; nil: the evaluator sorts.
	Spill *spill.Dir
}

// Catalog is what all sessions share: the schema, its plans, and the keys of its tables.
type Catalog struct {
	ring      atomic.Pointer[keyring.Ring]
	keys      Keys
	evaluator *evaluator.Evaluator
	spill     *spill.Dir
	upstream  Upstream
	rules     *schema.Rules
	mariaDB   bool
	version   int
	log       *slog.Logger
	weights   *weights
	running   running
	advice    advice
	figures   Figures
	observer  Observer
	shown     shownTables

	gate *gate

	turns      turns
	converting atomic.Pointer[Conversion]
	generation atomic.Uint64 // of conversions: it changes when one begins and when it ends
	converts   chan struct{} // holds one token: conversions follow one another

	changes sync.Mutex // one change of state at a time
	fold    int        // lower_case_table_names
	state   atomic.Pointer[State]
}

// State is the schema at one moment, with the plans and keys that belong to it. It is immutable but for its plan cache.
type State struct {
	Snapshot *schema.Snapshot
	Rules    *schema.Rules // the configuration's, and the defaults of databases
	Plans    *plan.Cache
	sealers  map[schema.TableID]*sealer
}

// with is the state after the schema has changed.
func (s *State) with(snapshot *schema.Snapshot, sealers map[schema.TableID]*sealer) *State {
	return &State{Snapshot: snapshot, Rules: s.Rules, Plans: plan.NewCache(), sealers: sealers}
}

// NewCatalog reads the protected tables of upstream.
func NewCatalog(ctx context.Context, cfg Config) (*Catalog, error) {
	c := &Catalog{
		keys: cfg.Keys, evaluator: cfg.Evaluator, upstream: cfg.Upstream, rules: cfg.Rules, mariaDB: cfg.MariaDB, version: cfg.Version,
		log: cfg.Log, observer: cfg.Observer, spill: cfg.Spill, weights: newWeights(cfg.Evaluator), gate: newGate(),
		converts: make(chan struct{}, 1),
	}
	c.ring.Store(cfg.Ring)
	rows, err := c.rows(ctx, "SELECT @@lower_case_table_names")
	if err != nil {
		return nil, fmt.Errorf("reading lower_case_table_names: %w", err)
	}
	if len(rows) == 1 && rows[0][0] != "0" {
		c.fold = 1
	}
	if !cfg.Beside {
		if err := c.cleanAll(ctx); err != nil {
			return nil, err
		}
		if err := c.settleConversions(ctx); err != nil {
			return nil, err
		}
	}
	return c, c.Reload(ctx)
}

// HasEncrypted says whether upstream has encrypted tables.
func HasEncrypted(ctx context.Context, u Upstream) (bool, error) {
	c := Catalog{upstream: u}
	rows, err := c.rows(ctx, "SELECT 1 "+fromEncrypted+" LIMIT 1")
	if err == nil && len(rows) == 0 {
		rows, err = c.rows(ctx, "SELECT 1 "+fromDefaults+" LIMIT 1")
	}
	if err != nil {
		return false, fmt.Errorf("looking for encrypted tables: %w", err)
	}
	return len(rows) > 0, nil
}

// fromEncrypted finds the tables that say of themselves that they are encrypted.
const fromEncrypted = "FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_COMMENT LIKE '" + schema.CommentMark +
	"%' AND TABLE_NAME NOT LIKE '" + conversionPrefix + "~%'"

// Plaintext lists the tables that a rule designates and that are stored as plaintext all the same, because they were there
// before the rule: database.table.
func (c *Catalog) Plaintext(ctx context.Context) ([]string, error) {
	if c.rules.Empty() {
		return nil, nil
	}
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "+
		"WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_COMMENT NOT LIKE '"+schema.CommentMark+"%' ORDER BY 1, 2")
	if err != nil {
		return nil, fmt.Errorf("looking for plaintext tables: %w", err)
	}
	var out []string
	for _, r := range rows {
		if c.rules.Ruled(r[0], r[1]) {
			out = append(out, r[0]+"."+r[1])
		}
	}
	return out, nil
}

// State is the present schema.
func (c *Catalog) State() *State { return c.state.Load() }

// Close lets go of the tables' keys. No session may be left: one that is ends in a panic of its own, not in the clear.
func (c *Catalog) Close() { c.state.Store(nil) }

// Protects says whether anything is or is to be encrypted; where not, sessions need no guard.
func (c *Catalog) Protects() bool {
	return c.State().Snapshot.Len() > 0 || !c.State().Rules.Empty() || c.converting.Load() != nil
}

// WithholdsBulk says whether clients are not to be offered COM_STMT_BULK_EXECUTE: there may be encrypted tables, and no evaluator.
func (c *Catalog) WithholdsBulk() bool { return c.evaluator == nil && c.Protects() }

// Reload reads all protected tables anew.
func (c *Catalog) Reload(ctx context.Context) error {
	c.changes.Lock()
	defer c.changes.Unlock()
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT "+fromEncrypted)
	if err != nil {
		return fmt.Errorf("reading encrypted tables: %w", err)
	}
	var tables []*schema.Table
	sealers := map[schema.TableID]*sealer{}
	for _, r := range rows {
		if strings.HasPrefix(r[1], schema.MakePrefix) {
			continue // of no use to anybody until it has its name
		}
		s, err := c.load(ctx, r[0], r[1], r[2])
		if err != nil {
			return err
		}
		tables = append(tables, s.table)
		if s.cells != nil {
			sealers[s.table.ID] = s
		}
	}
	if err := c.followAll(ctx, tables, sealers); err != nil {
		return err
	}
	views, err := c.readViews(ctx, tables)
	if err != nil {
		return err
	}
	tables = append(tables, views...)
	rules, err := c.readDefaults(ctx, tables)
	if err != nil {
		return err
	}
	c.state.Store(&State{Snapshot: schema.NewSnapshot(tables, c.fold), Rules: rules, Plans: plan.NewCache(), sealers: sealers})
	return nil
}

// load reads one protected table's metadata and keys. A table that does not open is locked: upstream must not be able to
// stop the proxy by a comment, nor make it take the table for plaintext.
func (c *Catalog) load(ctx context.Context, db, name, comment string) (*sealer, error) {
	columns, err := c.columnComments(ctx, db, name)
	if err != nil {
		return nil, err
	}
	s, err := c.open(db, name, comment, columns)
	if err != nil {
		c.log.Error("encrypted table cannot be opened; statements on it are refused", "database", db, "table", name, "error", err)
		return &sealer{table: &schema.Table{DB: db, Name: name, Locked: err.Error()}}, nil
	}
	return s, nil
}

func (c *Catalog) columnComments(ctx context.Context, db, name string) ([]string, error) {
	rows, err := c.rows(ctx, "SELECT COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? "+
		"ORDER BY ORDINAL_POSITION", db, name)
	if err != nil {
		return nil, fmt.Errorf("reading table %s.%s: %w", db, name, err)
	}
	columns := make([]string, len(rows))
	for i, r := range rows {
		columns[i] = r[0]
	}
	return columns, nil
}

// open opens a table's metadata and makes its sealer.
func (c *Catalog) open(db, name, comment string, columns []string) (*sealer, error) {
	var key *keyring.Secret
	t, err := schema.Decode(db, name, comment, columns, func(h schema.Header) (func([]byte) ([]byte, error), error) {
		var err error
		if key, err = c.ring.Load().UnwrapTableKey(h.ID, h.WrappedKey); err != nil {
			return nil, err
		}
		cells, err := cell.NewTable(key, h.ID, h.KeyID)
		if err != nil {
			return nil, err
		}
		return func(b []byte) ([]byte, error) { return cells.Open(nil, schema.MetadataColumn, b) }, nil
	})
	if key != nil {
		defer key.Destroy()
	}
	if err != nil {
		return nil, err
	}
	return sealerWithKey(c.ring.Load(), t, key)
}

// Lookup asks upstream about a table of a designated database that the schema does not know, and publishes what it is.
// exists is false where upstream has no such table.
func (c *Catalog) Lookup(ctx context.Context, db, name string) (exists bool, err error) {
	if beyondNames(db) || beyondNames(name) {
		return false, nil
	}
	rows, err := c.rows(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT, TABLE_TYPE FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", db, name)
	if err != nil {
		return false, fmt.Errorf("looking up table %s.%s: %w", db, name, err)
	}
	if len(rows) == 0 {
		return false, nil
	}
	if strings.HasSuffix(rows[0][3], "VIEW") {
		v, err := c.lookupView(ctx, rows[0][0], rows[0][1])
		if err != nil {
			return true, err
		}
		if v != nil {
			c.publish(&sealer{table: v})
			return true, nil
		}
	}
	comment := rows[0][2]
	if !strings.HasPrefix(comment, schema.CommentMark) {
		c.change(func(s *State) *State {
			return s.with(s.Snapshot.WithPlain(db, name), s.sealers)
		})
		return true, nil
	}
	s, err := c.load(ctx, rows[0][0], rows[0][1], comment)
	if err != nil {
		return true, err
	}
	is, err := c.follow(ctx, s.table, c.State().Snapshot.Lookup)
	if err != nil {
		return true, err
	}
	c.publish(s.as(is))
	return true, nil
}

// publish adds a table to the schema.
func (c *Catalog) publish(s *sealer) {
	c.change(func(old *State) *State {
		sealers := maps.Clone(old.sealers)
		if s.cells != nil {
			sealers[s.table.ID] = s
		}
		return old.with(old.Snapshot.With(s.table), sealers)
	})
}

// replace puts a table that DDL has changed in the place of what it was.
func (c *Catalog) replace(old *schema.Table, s *sealer) {
	c.change(func(was *State) *State {
		sealers := maps.Clone(was.sealers)
		delete(sealers, old.ID)
		if s.cells != nil { // a view has none
			sealers[s.table.ID] = s
		}
		return was.with(was.Snapshot.Without(old.DB, old.Name).With(s.table), sealers)
	})
}

// forget takes a table out of the schema that is not encrypted any more.
func (c *Catalog) forget(old *schema.Table) {
	c.change(func(was *State) *State {
		sealers := maps.Clone(was.sealers)
		delete(sealers, old.ID)
		return was.with(was.Snapshot.Without(old.DB, old.Name), sealers)
	})
}

// forgetPlain makes sessions look plaintext tables up again: one may have been dropped.
func (c *Catalog) forgetPlain() {
	c.change(func(s *State) *State {
		return s.with(s.Snapshot.WithoutPlain(), s.sealers)
	})
}

func (c *Catalog) change(fn func(*State) *State) {
	c.changes.Lock()
	defer c.changes.Unlock()
	c.state.Store(fn(c.state.Load()))
}

// errNoEvaluator is for what only a server computes.
var errNoEvaluator = errors.New("this statement needs the evaluator, which does not run: it is off, or no table was encrypted or designated when the proxy started")
