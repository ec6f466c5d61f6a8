package exec

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// storeRun is one execution of a Store.
type storeRun struct {
	*splitRun
	into   *plan.Store
	params *wire.Execute // of the binary protocol
	own    bool          // the proxy has begun a transaction for the statement
	made   wire.OK       // the evaluator's answer
	back   *returned     // of RETURNING
	failed error         // the evaluator's error, where rows before it stay: the table is not transactional
	// listing says that the evaluator computes the list of RETURNING with the statement.
	listing bool
}

// store runs an INSERT whose rows the evaluator makes.
func (x *Session) store(ctx context.Context, p *plan.Store, params *wire.Execute, more bool) error {
	for tries := 0; ; tries++ {
		err := x.storeOnce(ctx, p, params, more)
		switch {
		case !errors.Is(err, errStoreAgain):
			return err
		case tries == maxStores:
			return wire.NewError(codeLockWait, "Lock wait timeout exceeded; try restarting transaction")
		}
	}
}

// storeOnce tries it.
func (x *Session) storeOnce(ctx context.Context, p *plan.Store, params *wire.Execute, more bool) error {
	if x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	w, err := x.workspace(ctx)
	if err != nil {
		return err
	}
	defer w.Release()
	x.catalog.advice.note(p.Query)
	s := &storeRun{splitRun: &splitRun{Session: x, plan: p.Query, bench: w}, into: p, params: params}
	ok, err := s.run(ctx)
	if err != nil {
		return s.interrupted(ctx, err)
	}
	if s.back != nil {
		return s.sendReturned(ok, more)
	}
	return s.sendOK(ok, more)
}

func (s *storeRun) run(ctx context.Context) (ok wire.OK, err error) {
	if err := s.mayShow(s.plan); err != nil {
		return ok, err
	}
	if s.into.Loads {
		if err := s.mayLoad(); err != nil {
			return ok, err
		}
	}
	if s.using != nil && s.inList() > 0 || s.bulked != nil && s.into.List != nil {
		return ok, notSupported("RETURNING of an expression with parameters, from an encrypted table, is not supported here")
	}
	if err := s.functions(ctx); err != nil {
		return ok, err
	}
	if u := s.into.Upsert; u != nil && s.varies {
		return ok, notSupported("ON DUPLICATE KEY UPDATE of an encrypted table with a function that gives another value at each call is not supported")
	}
	if err := s.prepareSession(); err != nil {
		return ok, err
	}
	if s.twin, err = s.bench.Twin(s.into.Table); err != nil {
		return ok, err
	}
	if err := s.viewsOverTwin(); err != nil {
		return ok, err
	}
	if err := s.begin(); err != nil {
		return ok, err
	}
	ok, err = s.fill()
	if s.own {
		err = s.finish(err)
	}
	if err == nil {
		err = s.failed
	}
	ok.Status = s.Status &^ statusOfStatement
	return ok, err
}

// begin starts a transaction where the statement reads tables and the client has none: the rows that were read stay locked
// until others have been made of them.
func (s *storeRun) begin() (err error) {
	if len(s.plan.Fetches) == 0 || s.tablesLocked {
		return nil
	}
	if s.own, err = s.needsTransaction(); err == nil && s.own {
		_, err = s.exec("START TRANSACTION")
	}
	return err
}

// fill lets the evaluator make the rows, and stores them.
func (s *storeRun) fill() (ok wire.OK, err error) {
	for i := range s.plan.Fetches {
		f := &s.plan.Fetches[i]
		if f.Table.Source != "" {
			if err := s.unchanged(f.Table); err != nil {
				return ok, err
			}
		}
		if err := s.fetch(f); err != nil {
			return ok, err
		}
	}
	if err := s.makeViews(); err != nil {
		return ok, err
	}
	if err := s.make(); err != nil {
		return ok, err
	}
	if s.into.List != nil {
		s.back = &returned{}
		if err := s.list(nil); err != nil {
			return ok, err
		}
	}
	if u := s.into.Upsert; u != nil && !u.Foreseen() {
		return s.compute()
	}
	k := newSink(s.Session, s.into, s.own)
	if s.into.Returns != "" {
		s.back = &returned{binary: s.params != nil}
	}
	k.back = s.back
	if err := s.twin.Rows(k.columns, k.row); err != nil {
		return ok, k.abandon(err)
	}
	if s.back != nil {
		if err := s.listStored(k); err != nil {
			return ok, k.abandon(err)
		}
	}
	if err := k.close(); err != nil {
		return ok, k.abandon(err)
	}
	if s.failed != nil {
		return ok, nil
	}
	return s.answerOf(k)
}

// make runs the client's text on the twin.
func (s *storeRun) make() error {
	sql, err := s.statement()
	if err != nil {
		return err
	}
	if s.using != nil {
		if sql, err = s.prepareUsing(sql); err != nil {
			return err
		}
	}
	if s.params != nil {
		err = s.execute(sql, s.ownParams())
	} else {
		err = s.bench.Query(sql)
	}
	if err != nil {
		return err
	}
	packet, err := s.bench.Conn().ReadPacket()
	if err == nil && s.into.Loads && len(packet) > 0 && packet[0] == askForFile {
		if err := s.file(packet); err != nil {
			return err
		}
		packet, err = s.bench.Conn().ReadPacket()
	}
	if err != nil {
		return s.evaluated(err)
	}
	if wire.IsError(packet) {
		err := s.evaluatorError(packet)
		if schema.Transactional(s.into.Table.Engine) || !s.found.known {
			return err
		}
		s.failed = err
		return nil
	}
	if err := s.strange(); err != nil {
		return err
	}
	if s.listing {
		if s.made, err = s.takeRows(packet, s.back, s.into.Table); err != nil {
			return err
		}
	} else if err := s.made.Decode(packet, s.bench.Capabilities()); err != nil {
		return s.evaluated(err)
	}
	s.made.Info = append([]byte(nil), s.made.Info...)
	s.bench.Answered()
	s.found = found{known: true, rows: s.before.rows, count: s.made.Warnings}
	return s.after(s.made.Warnings)
}

// statement renders the client's text.
func (s *storeRun) statement() ([]byte, error) {
	out, err := s.appendText(s.sql[:0], s.plan.Text)
	for row := 0; err == nil && s.into.Row != nil && row < s.lexer.Rows; row++ {
		if row > 0 {
			out = append(out, ", "...)
		}
		s.base = row * s.lexer.RowWidth
		out, err = s.appendText(out, s.into.Row)
	}
	if err == nil {
		out, err = s.appendText(out, s.into.Tail)
	}
	if err == nil && s.listing {
		out, err = s.appendText(append(out, ' '), s.into.List)
	}
	s.base, s.sql = 0, out
	return out, err
}

// insertInfo is the info string of an INSERT of several rows.
var insertInfo = regexp.MustCompile(`Records: \d+  Duplicates: \d+  Warnings: (\d+)`)

// leftInfo has the rows that the evaluator's table has left out under IGNORE: no partition takes them.
var leftInfo = regexp.MustCompile(`Records: \d+  (?:Deleted: \d+  Skipped|Duplicates): (\d+)  Warnings`)

// leftOut is how many rows the evaluator has left out of what it counts.
func (s *storeRun) leftOut() uint64 {
	m := leftInfo.FindSubmatch(s.made.Info)
	if m == nil || !s.into.Ignore {
		return 0
	}
	n, _ := strconv.ParseUint(string(m[1]), 10, 64)
	return n
}

// answerOf makes the answer of what was stored.
func (s *storeRun) answerOf(k *sink) (ok wire.OK, err error) {
	if err := s.mergeWarnings(k); err != nil {
		return ok, err
	}
	ok = wire.OK{AffectedRows: k.sum.AffectedRows, InsertID: k.sum.InsertID, Warnings: s.found.count}
	s.found.affected = int64(ok.AffectedRows)
	k.records += s.leftOut()
	if s.into.Loads {
		deleted, skipped := uint64(0), uint64(0)
		if s.into.Replace {
			deleted = ok.AffectedRows - k.records
		} else {
			skipped = k.records - ok.AffectedRows
		}
		ok.InsertID, ok.Info = 0, s.info(fmt.Sprintf("Records: %d  Deleted: %d  Skipped: %d  Warnings: %d",
			k.records, deleted, skipped, s.found.count))
		return ok, nil
	}
	m := insertInfo.FindSubmatch(s.made.Info)
	if m == nil {
		return ok, nil
	}
	warnings, _ := strconv.ParseUint(string(m[1]), 10, 64)
	warnings += uint64(k.sum.Warnings)
	duplicates := uint64(0)
	switch {
	case s.into.Ignore:
		duplicates = k.records - ok.AffectedRows
	case s.into.Replace:
		duplicates = ok.AffectedRows - k.records
	case k.upsert != nil:
		duplicates = k.upsert.duplicates
	}
	ok.Info = s.info(fmt.Sprintf("Records: %d  Duplicates: %d  Warnings: %d", k.records, duplicates, warnings))
	return ok, nil
}

// executeStore runs an execution of COM_STMT_EXECUTE.
func (x *Session) executeStore(ctx context.Context, st *statement, p *plan.Store, e *wire.Execute) error {
	if err := x.inline(e.Params); err != nil {
		return err
	}
	st.outputs = nil
	if x.bulked != nil {
		if err := x.bulkStored(st, p); err != nil {
			return err
		}
	}
	return x.store(ctx, p, e, false)
}
