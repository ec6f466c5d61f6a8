package exec

import (
	"errors"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/audit"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Observer is told of statements. Either may be nil. What it is given holds no value of a statement.
type Observer struct {
	// Audit is told of a statement that touches protected tables before it runs, and again where it fails. An error refuses
	// a statement that has not run.
	Audit func(*audit.Record) error
	// Done is told of every statement when its answer is sent, while Wants says so. It keeps nothing of what it is given.
	Done  func(*Statement)
	Wants func() bool // nil is yes
}

// wants says whether statements are to be described to Done, which costs a little.
func (o *Observer) wants() bool { return o.Done != nil && (o.Wants == nil || o.Wants()) }

// Statement is what an Observer learns of one.
type Statement struct {
	Connection uint32
	User       string
	Client     string // the client's address
	Database   string // the current one
	// Template is the client's text with ? for every literal and without comments; empty where it was not read, as of
	// statements that were passed on unread.
	Template string
	Kind     Kind
	Binary   bool // a prepared statement's execution
	Begun    time.Time
	Took     time.Duration
	Upstream time.Duration // of Took, waiting for upstream
	Fetched  uint64        // rows
	Loaded   uint64        // rows
	Code     uint16        // of the error that it was answered with
	Reason   string        // of a refusal
	Steps    []Step
}

// Verb is the statement's first word.
func (s *Statement) Verb() string { return verbOf(s.Template) }

// Step is a part of a statement's work.
type Step struct {
	Name         string // upstream, fetch or evaluator
	Shape        string // the text that was sent, with names of columns in the places of values
	Begun, Ended time.Time
	Rows         uint64
}

// note is what is known of the statement under way.
type note struct {
	Statement
	begun   bool
	allowed bool // the audit log has it
}

// Begin begins to note a statement; End ends that. What comes outside is not counted.
func (x *Session) Begin(binary bool) {
	steps := x.note.Steps[:0]
	x.note = note{begun: true}
	x.note.Steps, x.note.Binary, x.note.Begun = steps, binary, time.Now()
	x.upstream.Time()
}

// Preparing says that the statement that was begun is prepared, not run.
func (x *Session) Preparing() { x.note.Kind = Prepared }

// End counts the statement. err is the error that the session has for the client, or that ends it.
func (x *Session) End(err error) {
	n := &x.note
	if !n.begun {
		return
	}
	n.begun = false
	if err != nil {
		var e *wire.Error // on the heap, where errors.As has it
		if errors.As(err, &e) {
			x.noteError(e)
		}
	}
	n.Took, n.Upstream = time.Since(n.Begun), x.upstream.Waited()
	f := &x.catalog.figures
	k := &f.Kinds[n.Kind]
	k.Whole.Observe(n.Took)
	k.Upstream.Observe(n.Upstream)
	k.Own.Observe(n.Took - n.Upstream)
	if n.Code != 0 {
		k.Failed.Add(1)
	}
	if n.Reason != "" {
		f.Refusals.Add(n.Reason)
	}
	f.Sealed.Add(x.binder.sealings)
	x.binder.sealings = 0
	f.Opened.Add(x.opened)
	x.opened = 0
	f.Fetched.Add(n.Fetched)
	f.Loaded.Add(n.Loaded)
	if n.allowed && n.Code != 0 {
		_ = x.record(audit.Failed, nil) // it has run; that the log fails is counted there
	}
	if x.catalog.observer.wants() {
		n.Connection, n.User, n.Client, n.Database = x.ID, x.User, x.Peer, x.vars.DB
		x.catalog.observer.Done(&n.Statement)
	}
}

// noteError notes the error that a statement is answered with.
func (x *Session) noteError(e *wire.Error) {
	x.note.Code = e.Code
	if x.note.Reason == "" && e.Code == wire.CodeNotSupported && strings.HasPrefix(e.Message, "tdeproxy: ") {
		x.note.Reason = "at-run-time"
	}
}

// NoteRelayed notes that upstream answered a forwarded statement with an error, which passed unread.
func (x *Session) NoteRelayed() {
	if x.note.Code == 0 {
		x.note.Code = wire.CodeUnknown
	}
}

// notePlan notes a plan that the statement has got. Its template is kept for whoever observes.
func (x *Session) notePlan(p plan.Plan) {
	if x.note.Kind != Prepared || kindOf(p) == Refused {
		x.note.Kind = kindOf(p)
	}
	if r, ok := p.(*plan.Refuse); ok {
		x.note.Reason = r.Reason
	}
}

// authorize has the audit log say what is about to run.
func (x *Session) authorize(p plan.Plan) error {
	x.note.Kind = kindOf(p)
	r, refused := p.(*plan.Refuse)
	if refused {
		x.note.Reason, x.note.Code = r.Reason, r.Err.Code
	}
	if x.catalog.observer.Audit == nil || x.note.allowed {
		return nil
	}
	if refused {
		_ = x.record(audit.Refused, x.touched(p)) // it is refused in any case
		return nil
	}
	touched := x.touched(p)
	if len(touched) == 0 {
		return nil
	}
	if err := x.record(audit.Allowed, touched); err != nil {
		x.note.Reason = "audit-log"
		return err
	}
	x.note.allowed = true
	return nil
}

// touched are the protected tables of a plan; of one that does not say, those that the statement mentions.
func (x *Session) touched(p plan.Plan) []plan.Touch {
	if t := plan.Touched(p); len(t) > 0 {
		return t
	}
	switch p := p.(type) {
	case *plan.CreateTable:
		return []plan.Touch{{Table: &schema.Table{DB: p.DB, Name: p.Name}}}
	case *plan.ShowWarnings, *plan.GetDiagnostics, *plan.PrepareText, *plan.ExecuteText, *plan.DeallocateText, *plan.PassThrough, *plan.Split:
		return nil
	}
	if x.state == nil || x.note.Template == "" {
		return nil
	}
	return plan.Mentioned(x.note.Template, x.env())
}

// record writes to the audit log.
func (x *Session) record(event audit.Event, touched []plan.Touch) error {
	n := &x.note
	r := audit.Record{
		Time: time.Now().UTC(), Event: event, Connection: x.ID, User: x.User, Client: x.Peer, Database: x.vars.DB,
		Statement: n.Verb(), Plan: n.Kind.String(), Prepared: n.Binary, Reason: n.Reason, Error: n.Code,
	}
	for _, t := range touched {
		one := audit.Table{Database: t.Table.DB, Table: t.Table.Name}
		for _, c := range t.Columns {
			one.Columns = append(one.Columns, c.Name)
		}
		r.Tables = append(r.Tables, one)
	}
	if err := x.catalog.observer.Audit(&r); err != nil {
		return &wire.Error{Code: wire.CodeUnknown, State: "HY000", Message: "tdeproxy: the audit log cannot be written, so that no statement on an encrypted table runs"}
	}
	return nil
}

// step notes a part of the work that began then, where somebody observes.
func (x *Session) step(name string, begun time.Time, rows uint64, parts ...[]plan.Part) {
	if !x.analyzes && !x.catalog.observer.wants() {
		return
	}
	one := Step{Name: name, Begun: begun, Ended: time.Now(), Rows: rows}
	for _, p := range parts {
		one.Shape += plan.Shape(p)
	}
	one.Shape = plan.Redacted([]byte(one.Shape), x.vars.mode)
	x.note.Steps = append(x.note.Steps, one)
}

// noteTemplate keeps what the lexer has read, where somebody observes.
func (x *Session) noteTemplate() {
	if x.catalog.observer.wants() || x.catalog.observer.Audit != nil {
		x.note.Template = plan.Redacted(x.lexer.Template, x.vars.mode)
	}
}

// verbOf is the first word of a template, in upper case.
func verbOf(template string) string {
	end := 0
	for end < len(template) && (template[end]|0x20 >= 'a' && template[end]|0x20 <= 'z') {
		end++
	}
	return strings.ToUpper(template[:end])
}
