package exec

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// texts are the session's statements that SQL has prepared, by name in lower case.
type texts struct {
	own      map[string]*keptText   // those that touch protected tables
	upstream map[string]*passedText // those that upstream has
}

// keptText is a statement as it was when SQL prepared it.
type keptText struct {
	src  []byte
	db   string // the current database
	mode plan.Mode
}

// passedText is one that upstream has.
type passedText struct {
	keptText
	reads, writes string // user variables
	generation    uint64 // of conversions, in which it was planned
	calls         bool   // procedures, which change without the proxy
}

// codeUnknownHandler is ER_UNKNOWN_STMT_HANDLER.
const codeUnknownHandler = 1243

// codeWrongArguments is ER_WRONG_ARGUMENTS.
const codeWrongArguments = 1210

// planText decides who keeps, executes or drops a prepared statement.
func (x *Session) planText(ctx context.Context, p plan.Plan) (plan.Plan, error) {
	pass := &plan.PassThrough{Effects: plan.Effects{Session: true}}
	switch p := p.(type) {
	case *plan.PrepareText:
		return x.planPrepareText(ctx, p)
	case *plan.DeallocateText:
		if x.texts.own[p.Name] != nil {
			return p, nil
		}
		x.instead.after = func(bool) { delete(x.texts.upstream, p.Name) }
	case *plan.ExecuteText:
		if p.Immediate {
			return x.planImmediate(ctx, p)
		}
		if x.texts.own[p.Name] != nil {
			return p, nil
		}
		if names := x.secret(p.Using); len(names) > 0 {
			return nil, errUserVar(names...)
		}
		there := x.texts.upstream[p.Name]
		if p.Exprs != nil && there == nil { // upstream would see values that are for nothing that it has
			return nil, &wire.Error{Code: codeUnknownHandler, State: "HY000", Message: "Unknown prepared statement handler (" + p.Written + ") given to EXECUTE"}
		}
		if err := x.stillPassed(ctx, there); err != nil {
			return nil, err
		}
		if there == nil {
			there = &passedText{}
		}
		if plan.AsksBefore(there.src) && x.before.known {
			return nil, errAsksBefore
		}
		if err := x.Allows(there.reads); err != nil {
			return nil, err
		}
		x.instead.after = func(bool) { x.Overwritten(there.writes) }
		pass.Effects.Schema = true
	}
	return pass, nil
}

// planPrepareText plans PREPARE. One that fails does away with the statement that had its name before, as servers do.
func (x *Session) planPrepareText(ctx context.Context, p *plan.PrepareText) (plan.Plan, error) {
	q, err := x.planPrepare(ctx, p)
	var broken *wire.BrokenError
	if errors.As(err, &broken) {
		return nil, err
	}
	r, refused := q.(*plan.Refuse)
	if err != nil {
		r, refused = &plan.Refuse{Reason: "error", Err: answer(err)}, true
	}
	_, upstream := x.texts.upstream[p.Name]
	if refused && (upstream || x.texts.own[p.Name] != nil) {
		x.instead = instead{}
		return &plan.PrepareText{Name: p.Name, Fails: r}, nil
	}
	return q, err
}

// planPrepare plans the statement that PREPARE names. What touches no protected table is upstream's.
func (x *Session) planPrepare(ctx context.Context, p *plan.PrepareText) (plan.Plan, error) {
	hidden, shown := false, false
	if p.Var != "" {
		text, err := x.variableText(p.Var)
		if err != nil {
			return nil, err
		}
		if text == nil {
			return &plan.PassThrough{}, nil // the server's error
		}
		hidden, shown = len(x.secret([]string{p.Var})) > 0, len(x.derived([]string{p.Var})) > 0
		p = &plan.PrepareText{Name: p.Name, Text: string(text)}
	}
	src := []byte(p.Text)
	outer := x.note.Template
	inner, rest, err := x.planFirst(ctx, src)
	x.note.Template = outer // a text out of a variable is a value
	if tls, ok := inner.(*plan.ServerTLS); ok {
		if r := tls.Prepared(); r != nil {
			return r, err
		}
		inner = &plan.PassThrough{}
	}
	switch inner := inner.(type) {
	case *plan.PassThrough:
		if rest != nil { // not looked at: upstream's error would show it
			if r, ok := plan.Unreadable(p.Text, x.env()).(*plan.Refuse); ok {
				return r, err
			}
		}
		if hidden {
			return nil, notSupported("PREPARE of a text that comes of an encrypted table is not supported")
		}
		if shown {
			if err := x.handOver(); err != nil {
				return nil, err
			}
		}
		passed := &passedText{keptText: keptText{src, x.vars.DB, x.vars.mode}, generation: x.planned, calls: x.CallsAnew(inner, src)}
		passed.reads, passed.writes = x.UserVars(src)
		x.instead = instead{after: func(failed bool) {
			delete(x.texts.own, p.Name)
			delete(x.texts.upstream, p.Name)
			if failed {
				return
			}
			if x.texts.upstream == nil {
				x.texts.upstream = map[string]*passedText{}
			}
			x.texts.upstream[p.Name] = passed
		}}
		return inner, err
	case *plan.Refuse:
		return inner, err
	case *plan.PrepareText, *plan.ExecuteText, *plan.DeallocateText:
		return nil, &wire.Error{Code: codeUnpreparable, State: "HY000", Message: "This command is not supported in the prepared statement protocol yet"}
	case *plan.CreateProcedure, *plan.CallProcedure:
		return nil, notSupported("PREPARE of CREATE PROCEDURE and CALL for a procedure over encrypted tables is not supported")
	case *plan.SetStatement:
		return nil, notSupported("PREPARE of SET STATEMENT for a statement on an encrypted table is not supported")
	case *plan.Split:
		if err := x.checkSplit(ctx, inner, src, false); err != nil {
			return nil, err
		}
	case *plan.Replay:
		if err := x.checkSplit(ctx, &inner.Split, src, true); err != nil {
			return nil, err
		}
	case *plan.Rewrite, *plan.ReadModifyWrite:
		if err := x.checkPrepared(inner, src); err != nil {
			return nil, err
		}
	}
	x.instead = instead{}
	if err == nil && rest != nil {
		err = notSupported("PREPARE of several statements is not supported")
	}
	return p, err
}

// checkSplit lets the evaluator look at a statement as a server does at PREPARE.
func (x *Session) checkSplit(ctx context.Context, p *plan.Split, src []byte, writes bool) error {
	st := &statement{src: src, literals: slices.Clone(x.lexer.Literals), mode: x.vars.mode}
	_, err := x.describeSplit(ctx, st, p, writes)
	return err
}

// checkPrepared lets upstream look at a statement as a server does at PREPARE.
func (x *Session) checkPrepared(p plan.Plan, src []byte) error {
	if x.instead.src != nil {
		src = x.instead.src
	}
	st := &statement{rows: x.lexer.Rows, width: x.lexer.RowWidth}
	a := &args{src: src, literals: x.lexer.Literals, mode: x.vars.mode, vars: &x.vars}
	var sql []byte
	switch p := p.(type) {
	case *plan.Rewrite:
		sql = st.text(p, a)
	case *plan.ReadModifyWrite:
		sql = appendPrepared(nil, p.Update, 0, a)
	}
	if err := x.send(wire.ComStmtPrepare, sql); err != nil {
		return err
	}
	packet, err := x.readUpstream()
	if err != nil {
		return x.lost(err)
	}
	if wire.IsError(packet) {
		return x.statementError(packet)
	}
	ok, err := wire.DecodePrepareOK(packet)
	if err != nil {
		return err
	}
	if err := x.skipDefinitions(int(ok.Params)); err != nil {
		return err
	}
	if err := x.skipDefinitions(int(ok.Columns)); err != nil {
		return err
	}
	return x.send(wire.ComStmtClose, binary.LittleEndian.AppendUint32(nil, ok.StatementID))
}

// variableText is the text in a user variable; nil is NULL.
func (x *Session) variableText(name string) ([]byte, error) {
	v := x.userVars[name]
	if v == nil {
		columns, row, err := x.queryRow(userVarsQuery([]string{name}))
		if err != nil {
			return nil, err
		}
		v = newUserVar(&columns[0], row[1], string(row[2]))
	}
	if v.null {
		return nil, nil
	}
	return x.textOf(v)
}

// textOf is a value as the text of a statement: servers convert it to the client's character set.
func (x *Session) textOf(v *userVar) ([]byte, error) {
	charset, _, _ := strings.Cut(v.collation, "_")
	if charset == "" || charset == "binary" || charset == x.vars.ClientCharset {
		return v.bytes, nil
	}
	text, err := value.Transcode(nil, v.bytes, charset, x.vars.ClientCharset)
	if err != nil {
		return nil, notSupported("PREPARE from a text that cannot be converted to the client's character set is not supported")
	}
	return text, nil
}

// prepareText keeps a statement.
func (x *Session) prepareText(p *plan.PrepareText, more bool) error {
	if _, there := x.texts.upstream[p.Name]; there {
		if _, err := x.exec("DEALLOCATE PREPARE " + quoteName(p.Name)); err != nil {
			return err
		}
		delete(x.texts.upstream, p.Name)
	}
	if p.Fails != nil {
		delete(x.texts.own, p.Name)
		_ = x.authorize(p.Fails)
		return p.Fails.Err
	}
	if x.texts.own == nil {
		x.texts.own = map[string]*keptText{}
	}
	x.texts.own[p.Name] = &keptText{[]byte(p.Text), x.vars.DB, x.vars.mode}
	info := []byte("Statement prepared")
	if !x.caps.Has(wire.SessionTrack) {
		info = wire.AppendString(nil, info) // as servers write it all the same
	}
	return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement, Info: info}, more)
}

// executeText runs a statement that was kept, with the values of user variables for its parameters.
func (x *Session) executeText(ctx context.Context, p *plan.ExecuteText, more bool) error {
	kept := x.texts.own[p.Name]
	if p.Immediate {
		kept = &keptText{[]byte(p.Text[0]), x.vars.DB, x.vars.mode}
	}
	src := kept.src
	if err := x.asPrepared(kept.src, kept.db, kept.mode); err != nil {
		return err
	}
	vars, hidden, err := x.usingValues(ctx, p)
	if err != nil {
		return err
	}
	outer := x.note.Template
	inner, _, err := x.planFirst(ctx, src)
	x.note.Template = outer
	if err != nil {
		return err
	}
	if x.instead.src != nil {
		src = x.instead.src
	}
	if err := x.bindUsing(ctx, src, x.lexer.Literals, vars); err != nil {
		return err
	}
	if inner, err = x.planUsing(ctx, inner, src, hidden); err != nil {
		return err
	}
	x.using = vars
	defer func() { x.using = nil }()
	err = x.run(ctx, inner, more)
	if x.mustSplit(inner, err) {
		if inner, err = x.planSplit(ctx, src); err == nil {
			if err = x.shows(inner, hidden); err == nil {
				err = x.run(ctx, inner, more)
			}
		}
	}
	if err == nil && !x.Failed && !evaluates(inner) {
		x.Forwarded(false)
	}
	return err
}

// usingValues reads the variables of USING, or has its expressions computed; hidden says that the value of one is here alone.
func (x *Session) usingValues(ctx context.Context, p *plan.ExecuteText) (vars []*userVar, hidden bool, err error) {
	if p.Exprs != nil {
		vars, err = x.computed(ctx, p.Exprs)
		return vars, false, err
	}
	names := p.Using
	vars = make([]*userVar, len(names))
	var there []string
	for i, n := range names {
		switch vars[i] = x.userVars[n]; {
		case vars[i] == nil:
			there = append(there, n)
		case !vars[i].constant:
			hidden = true
		}
	}
	if len(there) == 0 {
		return vars, hidden, nil
	}
	columns, row, err := x.queryRow(userVarsQuery(there))
	if err != nil {
		return nil, false, err
	}
	n := 0
	for i := range vars {
		if vars[i] == nil {
			vars[i] = newUserVar(&columns[3*n], row[3*n+1], string(row[3*n+2]))
			n++
		}
	}
	return vars, hidden, nil
}

// bindUsing makes the values the parameters of a statement with some literals.
func (x *Session) bindUsing(ctx context.Context, src []byte, literals []plan.Literal, vars []*userVar) error {
	x.args = args{src: src, literals: literals, index: make([]int, len(literals)), mode: x.vars.mode, vars: &x.vars}
	n := 0
	for i, l := range literals {
		if l.Kind == plan.LitParam {
			x.args.index[i] = n
			n++
		}
	}
	if n != len(vars) {
		return &wire.Error{Code: codeWrongArguments, State: "HY000", Message: "Incorrect arguments to EXECUTE"}
	}
	x.args.params = make([]wire.Param, n)
	for i, v := range vars {
		var err error
		if x.args.params[i], err = v.param(x.vars.ClientCharset); err != nil {
			return notSupported("a user variable of USING cannot be converted to the client's character set")
		}
	}
	x.binder.start(ctx, x.state, &x.args)
	return x.inline(x.args.params)
}

// planUsing gives what runs an execution. Where it matters to the answer that the values are parameters, or upstream would
// see one that it must not, the evaluator has it.
func (x *Session) planUsing(ctx context.Context, p plan.Plan, src []byte, hidden bool) (plan.Plan, error) {
	if r, ok := p.(*plan.Rewrite); ok && r.Verb == "SELECT" && x.catalog.evaluator != nil &&
		(plan.HasValue(src, x.args.literals, x.parameter) || x.shows(p, hidden) != nil) {
		var err error
		if p, err = x.planSplit(ctx, src); err != nil {
			return nil, err
		}
	}
	switch p.(type) {
	case *plan.PassThrough:
		return nil, wire.NewError(codeNeedReprepare, "Prepared statement needs to be re-prepared")
	case *plan.Refuse:
		return p, nil
	}
	return p, x.shows(p, hidden)
}

// parameter says whether a literal of the statement is a parameter.
func (x *Session) parameter(i int) bool { return x.args.literals[i].Kind == plan.LitParam }

// shows refuses a plan that would show hidden parameters to upstream.
func (x *Session) shows(p plan.Plan, hidden bool) error {
	if !hidden || !plan.Reveals(p, x.lexer.Rows, x.lexer.RowWidth, x.parameter) {
		return nil
	}
	return notSupported("a user variable of USING has a value that comes of an encrypted table; this statement would show it to upstream")
}

// names of the evaluator's user variables for the text of a statement and for its parameters.
const (
	textVariable  = "_tde_text"
	paramVariable = "_tde_param_"
)

// prepareUsing prepares a text in the evaluator as the client has, and gives what executes it.
func (s *splitRun) prepareUsing(sql []byte) ([]byte, error) {
	text := "_" + s.vars.ClientCharset + " x'" + hex.EncodeToString(sql) + "'"
	for _, q := range []string{"SET @" + textVariable + " = " + text, "PREPARE _tde FROM @" + textVariable} {
		if err := s.bench.Query([]byte(q)); err != nil {
			return nil, err
		}
		packet, err := s.bench.Conn().ReadPacket()
		if err != nil {
			return nil, s.evaluated(err)
		}
		if wire.IsError(packet) {
			return nil, s.evaluatorError(packet)
		}
		s.bench.Answered()
	}
	execute := "EXECUTE _tde"
	for i, v := range s.using {
		execute += []string{" USING ", ", "}[min(i, 1)] + cmp.Or(v.expr, fmt.Sprintf("@%s%d", paramVariable, i))
	}
	return []byte(execute), nil
}

// usingVariables are the evaluator's variables for an execution.
func (s *splitRun) usingVariables(out []evaluator.Variable) []evaluator.Variable {
	for i, v := range s.using {
		out = v.variables(fmt.Sprintf("%s%d", paramVariable, i), out)
	}
	return out
}

// stillPassed refuses to execute what upstream has prepared where a table has been converted since, and it could be about that
// one. What a session prepared while nothing was encrypted was not looked at: t is nil.
func (x *Session) stillPassed(ctx context.Context, t *passedText) error {
	if t == nil {
		if x.catalog.generation.Load() != x.born {
			return wire.NewError(codeNeedReprepare, "Prepared statement needs to be re-prepared")
		}
		return nil
	}
	if t.generation == x.planned && !(t.calls && x.Protects()) {
		return nil
	}
	outer := x.note.Template
	err := x.StillPasses(ctx, t.src, Reading{db: t.db, mode: t.mode, known: true})
	x.note.Template = outer
	if err == nil {
		t.generation = x.planned
	}
	return err
}

// CallsAnew says whether a prepared statement that is upstream's calls procedures, or could: it is looked at again with each execution.
func (x *Session) CallsAnew(pass *plan.PassThrough, src []byte) bool {
	return pass.Calls != nil || containsFold(src, "call")
}

// Reading is how the session reads a statement: the current database and the sql_mode. It is not known of what passes while
// nothing is encrypted.
type Reading struct {
	db    string
	mode  plan.Mode
	known bool
}

// Reading is the session's now.
func (x *Session) Reading() Reading { return Reading{db: x.vars.DB, mode: x.vars.mode, known: x.known} }

// StillPasses refuses a prepared statement that has passed and would not pass now.
func (x *Session) StillPasses(ctx context.Context, src []byte, as Reading) error {
	x.await(src)
	if err := x.refresh(ctx); err != nil {
		return err
	}
	x.planned = x.catalog.generation.Load()
	x.state = x.present()
	if !plan.Mentions(string(src), x.env()) && !containsFold(src, "call") { // a procedure's body may name one
		return nil
	}
	if as.known && x.asPrepared(src, as.db, as.mode) == nil {
		found, before := x.found, x.before
		p, _, err := x.planFirst(ctx, src)
		x.found, x.before, x.instead = found, before, instead{}
		if _, passes := p.(*plan.PassThrough); passes || err != nil {
			return err
		}
	}
	return wire.NewError(codeNeedReprepare, "Prepared statement needs to be re-prepared")
}
