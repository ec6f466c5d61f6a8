package exec

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// replayRun is one execution of a Replay. Its steps, each of which may be used by itself:
//
//	open   begins the transaction, where the client has none
//	load   fetches rows under their locks into the workspace; of targets it remembers what tells them apart
//	compute runs the client's text there, and keeps what it warns of
//	write  seals what has changed in a target and writes it: rows that are gone, then rows that have changed
//	close  ends the transaction, or undoes what the statement has written in the client's
//
// What was read stays locked from load to close, so that what compute saw is what write changes.
type replayRun struct {
	splitRun
	replay  *plan.Replay
	targets []*written
	back    *returned // of RETURNING
	// unchecked says that upstream does not look at foreign keys for now, and touched that it has not at some time.
	unchecked, touched bool
	writer
}

// replay runs an UPDATE or DELETE in the evaluator and writes what it has changed upstream. params is nil for the text protocol.
func (x *Session) replay(ctx context.Context, p *plan.Replay, params *wire.Execute, more bool) error {
	if x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	if err := x.mayShow(&p.Split); err != nil {
		return err
	}
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	w, err := x.workspace(ctx)
	if err != nil {
		return err
	}
	defer w.Release()
	w.ForWriting()
	x.catalog.advice.note(&p.Split)
	r := &replayRun{splitRun: splitRun{Session: x, plan: &p.Split, bench: w}, replay: p}
	r.read = r.readUnderLock
	if err := r.functions(ctx); err != nil {
		return err
	}
	if err := r.prepareSession(); err != nil {
		return r.interrupted(ctx, err)
	}
	if err := r.open(x); err != nil {
		return err
	}
	ok, err := r.changes(params)
	err = r.checked(err)
	if err = r.close(err); err != nil {
		return r.interrupted(ctx, err)
	}
	if r.back != nil {
		r.found.affected = -1 // as after any result
		return r.back.send(&r.splitRun, ok, more)
	}
	ok.Status = x.Status
	return x.sendOK(ok, more)
}

// changes does what is to be done in the transaction.
func (r *replayRun) changes(params *wire.Execute) (wire.OK, error) {
	if err := r.load(); err != nil {
		return wire.OK{}, err
	}
	ok, err := r.compute(params)
	if err != nil {
		return ok, err
	}
	if len(r.targets) == 0 && ok.AffectedRows > 0 {
		return ok, notSupported("writing to this view over encrypted tables is not supported; write to the table")
	}
	for _, t := range r.targets {
		if err := r.write(t); err != nil {
			r.found = found{} // the client may ask about this error, not about what the evaluator said
			return ok, err
		}
	}
	r.uncount(&ok)
	return ok, nil
}

// load fetches the rows of every table.
func (r *replayRun) load() error {
	for i := range r.plan.Fetches {
		if t := r.plan.Fetches[i].Table; t.Source != "" {
			if err := r.unchanged(t); err != nil {
				return err
			}
		}
	}
	for i := range r.plan.Fetches {
		f := &r.plan.Fetches[i]
		t := r.target(f)
		if t == nil {
			if err := r.fetch(f); err != nil {
				return err
			}
			continue
		}
		if err := r.loadTarget(t); err != nil {
			return err
		}
	}
	return r.makeViews()
}

// target is what a fetch's rows are kept by, where the statement may change them.
func (r *replayRun) target(f *plan.Fetch) *written {
	for i := range r.replay.Targets {
		if p := &r.replay.Targets[i]; p.Table == f.Table {
			t := &written{Target: p, fetch: f}
			r.targets = append(r.targets, t)
			return t
		}
	}
	return nil
}

// written is a table whose rows a statement may change.
type written struct {
	*plan.Target
	fetch *plan.Fetch
	rows  []lockedRow // by the numbers that they are loaded with
	was   []digest    // of rows, where mayStay
	same  uint64      // how many of them have stayed
}

// lockedRow is what identifies a row upstream.
type lockedRow struct {
	identity []byte   // a condition's operands; see appendCondition
	keys     []string // literals of the Target's Keys
	cells    [][]byte // of a target without Identity, until all rows are there
}

// loadTarget loads rows that the statement may change, with numbers.
func (r *replayRun) loadTarget(t *written) error {
	columns := append(t.fetch.Columns[:len(t.fetch.Columns):len(t.fetch.Columns)], evaluator.RowNumber())
	loader, err := r.bench.Load(t.fetch.Table, columns)
	if err != nil {
		return err
	}
	keep := t.mayStay()
	err = r.fetchRows(t.fetch, func(o *opener) error {
		if keep {
			t.remember(o.row)
		}
		number := value64(uint64(len(t.rows)))
		t.rows = append(t.rows, t.lockedRow(o.from))
		return loader.Row(append(o.row[:len(o.row):len(o.row)], number[:]))
	})
	if err != nil {
		return err
	}
	if err := loader.Close(); err != nil {
		return err
	}
	return r.tellByCell(t)
}

// value64 is an integer's stored form.
func value64(n uint64) (out [8]byte) {
	for i := range out {
		out[7-i] = byte(n >> (8 * i))
	}
	return out
}

// readUnderLock reads rows in the statement's transaction, which it begins with the first.
func (r *replayRun) readUnderLock(sql string, fn func(row [][]byte) error) error {
	if r.begin == "" {
		return r.query(sql, fn)
	}
	_, begun := r.pair(r.begin, []byte(sql))
	r.begin = ""
	var broken *wire.BrokenError
	if errors.As(begun, &broken) {
		return begun
	}
	_, err := r.readRows(fn)
	if begun != nil {
		return begun
	}
	return err
}

// compute runs the client's text and gives its answer, whose affected rows are those that the client counts.
func (r *replayRun) compute(params *wire.Execute) (wire.OK, error) {
	sql, err := r.text()
	if err == nil && r.using != nil {
		sql, err = r.prepareUsing(sql)
	}
	switch {
	case err != nil:
	case params == nil:
		err = r.bench.Query(sql)
	default:
		err = r.execute(sql, params)
	}
	if err != nil {
		return wire.OK{}, err
	}
	packet, err := r.bench.Conn().ReadPacket()
	if err != nil {
		return wire.OK{}, r.evaluated(err)
	}
	if wire.IsError(packet) {
		return wire.OK{}, r.computeError(packet)
	}
	if err := r.strange(); err != nil {
		return wire.OK{}, err
	}
	var ok wire.OK
	if r.plan.Uses.NoRows {
		ok, err = r.computed(packet)
	} else {
		ok, err = r.takeReturned(packet)
	}
	if err != nil {
		return ok, err
	}
	r.found = found{known: true, rows: r.before.rows, affected: int64(ok.AffectedRows), count: ok.Warnings}
	return ok, r.after(ok.Warnings)
}

// ER_MULTI_UPDATE_KEY_CONFLICT, of tables whose rows are stored by their primary key: those of the evaluator are.
const codeUpdatedTwice = 1706

// computeError is the evaluator's error, where the client's table would give it, too.
func (r *replayRun) computeError(packet []byte) error {
	err := r.evaluatorError(packet)
	var e *wire.Error
	if errors.As(err, &e) && e.Code == codeUpdatedTwice && slices.ContainsFunc(r.targets, func(t *written) bool { return !schema.Transactional(t.Table.Engine) }) {
		r.found = found{}
		return notSupported("an UPDATE of the primary key of an encrypted table without transactions, by two of its names, is not supported")
	}
	return err
}

// matched reads an UPDATE's info string.
var matched = regexp.MustCompile(`^Rows matched: (\d+)  Changed: \d+  Warnings: \d+`)

// computed reads the evaluator's OK as the client is to have it. Without session tracking an info string ends a packet, with
// its length before it.
func (r *replayRun) computed(packet []byte) (wire.OK, error) {
	var ok wire.OK
	if err := ok.Decode(packet, r.bench.Capabilities()); err != nil {
		return ok, r.evaluated(err)
	}
	r.bench.Answered()
	out := wire.OK{AffectedRows: ok.AffectedRows, InsertID: ok.InsertID, Warnings: ok.Warnings}
	if len(ok.Info) > 0 {
		text := string(ok.Info[1:])
		out.Info = r.info(text)
		if m := matched.FindStringSubmatch(text); m != nil && r.caps.Has(wire.FoundRows) {
			out.AffectedRows, _ = strconv.ParseUint(m[1], 10, 64)
		}
	}
	return out, nil
}

// readColumns are the columns of changed rows that must be known: those that are set, and of the keys that those break.
func (t *written) readColumns() (out []*schema.Column) {
	out = append(out, t.Sets...)
	for _, ix := range t.brokenKeys() {
		for _, part := range ix.Parts {
			if c := t.Table.Column(part.Column); c != nil && !containsColumn(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

func containsColumn(cols []*schema.Column, c *schema.Column) bool {
	for _, o := range cols {
		if o == c {
			return true
		}
	}
	return false
}
