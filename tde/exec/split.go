package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// splitRun is one execution of a Split.
type splitRun struct {
	*Session
	plan  *plan.Split
	bench *evaluator.Workspace
	lits  map[string]string // PartSession expressions as literals
	// preset are upstream's own user variables that the evaluator has been given.
	preset   map[string]*userVar
	twin     *evaluator.Twin      // that a Store fills, or a CREATE TABLE … SELECT makes
	given    []evaluator.Variable // the client's session variables
	defining []evaluator.Variable // what a definition depends on beside
	base     int                  // added to the indexes of literals
	patch    patch                // of each row of the answer; nil: none
	types    []wire.Type          // of the answer's columns
	lastType wire.Type            // of the column definition read last
	binary   bool                 // its protocol
	cursor   *cursor              // that keeps the answer's rows; nil: they go to the client
	answered bool                 // the client's text; what follows is of the proxy's own
	// read reads a fetch's rows; nil: as Session.query does.
	read     func(sql string, fn func(row [][]byte) error) error
	grouping *grouping // whose text runs; nil: the client's own
	// missing is the name of a function that is neither the server's nor stored upstream; timed and varies say that a stored one asks for
	// the time, and that one may give another value at each call.
	missing       string
	timed, varies bool
	sorts         bool         // the answer may be sorted rows
	sorting       *sorting     // of the fetch; nil: the evaluator sorts
	reload        func() error // begins to load the fetch's table anew
	params        *wire.Execute
	stop          func() error // says that the statement was killed
	printed       []byte       // scratch
	rowOut        []byte       // scratch
}

// errRedefined says that a table is not what the plan took it for: the statement is planned again. Nothing of an answer has been
// sent.
var errRedefined = errors.New("exec: a table was redefined; plan again")

// maxPlans bounds how often a statement is planned again while others redefine its tables.
const maxPlans = 8

// split answers a query that upstream cannot compute: it fetches the rows that the query could need, and lets the evaluator
// run the client's text over them. params is nil for the text protocol.
func (x *Session) split(ctx context.Context, p *plan.Split, params *wire.Execute, more bool) error {
	if x.catalog.evaluator == nil {
		return errNoEvaluator
	}
	if params == nil {
		if done, err := x.project(p, nil, nil, more); done {
			return err
		}
	}
	ctx, done := x.catalog.running.start(ctx, x.ID)
	defer done()
	w, err := x.workspace(ctx)
	if err != nil {
		return err
	}
	defer w.Release()
	x.catalog.advice.note(p)
	s := &splitRun{Session: x, plan: p, bench: w, cursor: x.keeping, params: params, binary: params != nil, stop: ctx.Err}
	if err := s.functions(ctx); err != nil {
		return err
	}
	if err := s.prepareSession(); err != nil {
		return s.interrupted(ctx, err)
	}
	defer func() { x.binder.keys, x.binder.totals = nil, nil }()
	if done, err := s.group(params, more); done {
		return s.interrupted(ctx, err)
	}
	s.sorts = true
	defer func() { s.sorting.close() }()
	if err := s.fetchAll(); err != nil {
		return s.interrupted(ctx, err)
	}
	if s.sorting != nil && s.sorting.direct {
		return s.interrupted(ctx, s.sorting.send(more))
	}
	if s.listing != nil {
		return s.interrupted(ctx, s.list())
	}
	sql, err := s.text()
	if err != nil {
		return err
	}
	if s.using != nil {
		if sql, err = s.prepareUsing(sql); err != nil {
			return s.interrupted(ctx, err)
		}
	}
	if s.plan.Uses.Analyses {
		s.patch = func(row [][]byte) bool {
			row[0] = s.logicalText(row[0])
			return true
		}
	}
	begun := time.Now()
	err = s.answer(sql, params, more)
	s.step("evaluator", begun, s.found.rows, p.Text)
	return s.interrupted(ctx, err)
}

// workspace is one of the evaluator's for a statement.
func (x *Session) workspace(ctx context.Context) (*evaluator.Workspace, error) {
	w, err := x.catalog.evaluator.Workspace(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, errInterrupted()
	}
	return w, err
}

// errInterrupted is the error of a statement that was killed, in the server's words.
func errInterrupted() error {
	return &wire.Error{Code: codeInterrupted, State: "70100", Message: "Query execution was interrupted"}
}

// interrupted is the error of a statement that was killed; any other stays.
func (s *splitRun) interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	var broken *wire.BrokenError
	if errors.As(err, &broken) && broken.Conn != s.bench.Conn() {
		return err
	}
	return errInterrupted()
}

// codeInterrupted is ER_QUERY_INTERRUPTED.
const codeInterrupted = 1317

// prepareSession makes the evaluator's session the client's.
func (s *splitRun) prepareSession() error {
	if s.plan.Parted {
		s.bench.ForPartitions()
	}
	if err := s.countBefore(); err != nil {
		return err
	}
	if err := s.sessionValues(); err != nil {
		return err
	}
	vars, err := s.mirrored()
	if err != nil {
		return err
	}
	// Those that it assigns, too: it may leave them as they are.
	names := s.plan.Uses.UserIn
	for _, n := range s.plan.Uses.UserOut {
		if !slices.ContainsFunc(names, func(in string) bool { return strings.EqualFold(in, n) }) {
			names = append(names[:len(names):len(names)], n)
		}
	}
	user, err := s.userVariables(names)
	if err != nil {
		return err
	}
	if s.plan.Uses.Now || s.timed || s.clock {
		now, err := s.now()
		if err != nil {
			return err
		}
		user = append(user, now)
	}
	if s.using != nil {
		user = s.usingVariables(user)
	}
	s.given = slices.Concat(vars, s.defining, user)
	if err := s.bench.Set(s.given); err != nil {
		return err
	}
	return s.bench.Use(s.vars.DB)
}

// text renders the client's statement for the evaluator.
func (s *splitRun) text() (_ []byte, err error) {
	s.sql, err = s.appendText(s.sql[:0], s.plan.Text)
	return s.sql, err
}

func (s *splitRun) appendText(out []byte, parts []plan.Part) ([]byte, error) {
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case plan.PartText:
			out = append(out, p.Text...)
		case plan.PartTwin:
			out = append(out, quoteName(s.twin.Schema)...)
		case plan.PartSchema:
			name, err := s.bench.Schema(p.Text)
			if err != nil {
				return out, err
			}
			out = append(out, quoteName(name)...)
		case plan.PartShown:
			name, err := s.bench.ShownSchema(p.Text)
			if err != nil {
				return out, err
			}
			out = append(out, quoteName(name)...)
		case plan.PartSession:
			lit, ok := s.lits[p.Text]
			if !ok {
				return out, fmt.Errorf("exec: internal error: %s was not asked for", p.Text)
			}
			out = append(out, lit...)
		case plan.PartName:
			name, err := s.appendText(nil, p.Expr)
			if err != nil {
				return out, err
			}
			out = append(out, quoteName(string(name))...)
		case plan.PartGroups:
			name, err := s.bench.Schema(s.grouping.table.DB)
			if err != nil {
				return out, err
			}
			out = append(append(append(out, quoteName(name)...), '.'), quoteName(s.grouping.table.Name)...)
		case plan.PartValue:
			out = append(out, s.raw(s.base+p.Literal)...)
		}
	}
	return out, nil
}

// raw is a literal as the client wrote it, or the place of a parameter.
func (s *splitRun) raw(i int) []byte {
	l := s.args.literals[i]
	if l.Kind == plan.LitParam {
		return []byte("?")
	}
	return s.args.src[l.Start:l.End]
}
