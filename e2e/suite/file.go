package suite

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/mysqltest"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// ownError starts the messages of the proxy's own errors.
const ownError = "tdeproxy: "

// Options choose how a file is run.
type Options struct {
	Mode      differ.Mode
	Statement time.Duration     // a statement that takes longer loses its connection
	File      time.Duration     // the rest of the file is left out after it
	Known     map[string]string // differences between two plain servers, by place, with the reason
}

// givenUp is the reason of statements that come after a file has ended early.
const givenUp = "after the file was given up"

// maxLost connections end a file.
const maxLost = 3

// fileRun is one file being run.
type fileRun struct {
	stage        *Stage
	options      Options
	plain, proxy *side
	result       *Result
	lost         int
	refusedLast  bool // what is asked about the statement before differs then
	deadline     time.Time
	drifted      string // the first statement that changed the data of one side only
	givenUp      string // why the rest of the file is left out
	left         int    // statements left out so
	explains     explains
}

// Run runs one test file. The error is of the machinery.
func (s *Stage) Run(path string, o Options) (*Result, error) {
	f := &fileRun{stage: s, options: o, deadline: time.Now().Add(o.File), explains: explains{},
		plain:  &side{address: s.plain.Address, timeout: o.Statement, conns: map[string]*rawmysql.Conn{}},
		proxy:  &side{address: s.second(), timeout: o.Statement, conns: map[string]*rawmysql.Conn{}},
		result: &Result{File: filepath.Base(path), Kinds: map[Kind]*Tally{}, Skipped: map[string]int{}},
	}
	start := time.Now()
	if _, err := s.heal(); err != nil {
		return nil, err
	}
	if err := s.reset(); err != nil {
		return nil, err
	}
	defer f.plain.close()
	defer f.proxy.close()
	for _, side := range []*side{f.plain, f.proxy} {
		if a := side.connect("default", mysqltest.Login{Database: "test"}); a.lost != nil || a.err() != nil {
			return nil, fmt.Errorf("connecting to %s: %v %v", side.address, a.lost, a.err())
		}
	}
	r := &mysqltest.Reader{Do: f.do, Ask: f.ask}
	if err := r.Run(path); err != nil {
		return nil, err
	}
	f.result.merge(r.Skipped)
	f.result.Note = f.givenUp
	f.result.Seconds = time.Since(start).Seconds()
	return f.result, nil
}

// do runs one step on both sides.
func (f *fileRun) do(s mysqltest.Step) error {
	if f.givenUp == "" && time.Now().After(f.deadline) {
		f.givenUp = "its time was up at " + s.Place
	}
	switch {
	case f.givenUp != "":
		f.result.skip(givenUp, 1)
		if f.left++; f.left > 20000 {
			return mysqltest.ErrStop
		}
		return nil
	case s.Op == mysqltest.Disconnect:
		f.plain.disconnect(s.Conn)
		f.proxy.disconnect(s.Conn)
		return nil
	case s.Op == mysqltest.Connect:
		s.SQL = s.Command
		f.judge(s, f.login(f.plain, s), f.login(f.proxy, s))
		return nil
	case f.plain.conns[s.Conn] == nil || f.proxy.conns[s.Conn] == nil:
		f.result.skip("on a connection that is not there", 1)
		return nil
	case unsafe.MatchString(s.SQL):
		f.result.skip("would end, block or reconfigure a server", 1)
		return nil
	}
	_, err := f.statement(s)
	return err
}

func (f *fileRun) login(side *side, s mysqltest.Step) answer {
	l := s.Login
	switch l.Database {
	case "":
		l.Database = "test"
	case "*NO-ONE*":
		l.Database = ""
	}
	return side.connect(s.Conn, l)
}

// ask runs a query whose answer the test itself needs, and compares it like any other.
func (f *fileRun) ask(s mysqltest.Step) (mysqltest.Answer, bool) {
	if f.givenUp != "" || f.plain.conns[s.Conn] == nil || f.proxy.conns[s.Conn] == nil || unsafe.MatchString(s.SQL) {
		return mysqltest.Answer{}, false
	}
	plain, err := f.statement(s)
	if err != nil || plain.lost != nil || plain.err() != nil {
		return mysqltest.Answer{}, false
	}
	if len(plain.results) == 0 { // refused: no side has changed
		if plain = f.plain.run(s.Conn, s.SQL, differ.Text); plain.lost != nil || plain.err() != nil {
			return mysqltest.Answer{}, false
		}
	}
	a := mysqltest.Answer{Rows: plain.results[0].Rows}
	for _, c := range plain.results[0].Columns {
		a.Columns = append(a.Columns, c.Name)
	}
	return a, true
}

// statement runs on the proxy first: what it refuses is not run on the plain server either, so that the two hold the
// same data. It gives the plain server's answer, without results then.
func (f *fileRun) statement(s mysqltest.Step) (answer, error) {
	proxy := f.proxy.run(s.Conn, s.SQL, f.options.Mode)
	if e := proxy.err(); e != nil && strings.HasPrefix(e.Message, ownError) {
		f.refused(s, e)
		if n := len(proxy.results) - 1; n > 0 {
			f.catchUp(s, n)
		}
		return answer{}, nil
	}
	plain := f.plain.run(s.Conn, s.SQL, f.options.Mode)
	f.judge(s, plain, proxy)
	if plain.lost == nil && proxy.lost == nil {
		return plain, nil
	}
	return plain, f.revive(s)
}

// catchUp runs on the plain server the first n of several statements that were sent at once; the proxy refused the next.
func (f *fileRun) catchUp(s mysqltest.Step, n int) {
	first, ok := mysqltest.Split(s.SQL, n)
	if !ok || f.plain.run(s.Conn, first, differ.Text).lost != nil {
		f.givenUp = "several statements at once were refused in part at " + s.Place
	}
}

func (f *fileRun) refused(s mysqltest.Step, e *rawmysql.ServerError) {
	t := f.result.tally(KindOf(s.SQL))
	t.Total++
	t.Refused++
	f.refusedLast = true
	reason := reasonOf(e.Message)
	if e.Code != 1235 {
		reason = fmt.Sprintf("error %d: %s", e.Code, reason)
	}
	f.result.Cases = append(f.result.Cases, Case{Place: s.Place, Kind: KindOf(s.SQL), SQL: clip(s.SQL), Refusal: reason, Details: []string{e.Message}})
}

// judge compares two answers and counts the statement.
func (f *fileRun) judge(s mysqltest.Step, plain, proxy answer) {
	kind := KindOf(s.SQL)
	t := f.result.tally(kind)
	t.Total++
	loose := f.explains.executed(s.SQL) || isVolatile(s.SQL) || f.refusedLast && looksBack.MatchString(s.SQL)
	f.refusedLast = f.refusedLast && looksBack.MatchString(s.SQL)
	if f.refusedLast && f.drifted == "" && kind == Other {
		f.drifted = s.Place // GET DIAGNOSTICS keeps what differs in variables
	}
	details := compare(s, plain, proxy, loose)
	if len(details) == 0 && !loose && warned(plain) {
		details = f.warnings(s)
	}
	if len(details) > 0 && f.byPlan(s, plain, proxy, details) {
		t.ByPlan++
		details = nil
	}
	if len(details) == 0 {
		t.Same++
		if loose {
			t.Loose++
		}
		if plain.err() != nil && !s.Fails {
			t.Failing++
		}
		return
	}
	c := Case{Place: s.Place, Kind: kind, SQL: clip(s.SQL), What: gravest(details), Known: f.options.Known[s.Place], After: f.drifted}
	for _, d := range details {
		c.Details = append(c.Details, d.Text)
	}
	t.Different++
	t.count(c.label(), 1)
	f.result.Cases = append(f.result.Cases, c)
	if f.drifted == "" && changes(kind) && slices.Contains(driftedBy, c.What) {
		f.drifted = s.Place
	}
}

// driftedBy are differences of a statement that changes something which leave the sides with other data.
var driftedBy = []string{differ.Fault, differ.Affected, differ.InsertID, differ.Count, lostAnswer}

func changes(k Kind) bool { return k != Select && k != Show }

// label is the word under which a case is counted.
func (c *Case) label() string {
	switch {
	case c.Known != "":
		return "known"
	case c.After != "" && (c.What == differ.Rows || c.What == differ.Order):
		return c.What + " after other data"
	}
	return c.What
}

// warnings compares the texts of warnings, whose number is the same.
func (f *fileRun) warnings(s mysqltest.Step) []differ.Detail {
	plain := f.plain.run(s.Conn, "SHOW WARNINGS", differ.Text)
	proxy := f.proxy.run(s.Conn, "SHOW WARNINGS", differ.Text)
	var details []differ.Detail
	for _, d := range compare(mysqltest.Step{}, plain, proxy, false) {
		details = append(details, differ.Detail{What: warningText, Text: "SHOW WARNINGS: " + d.Text})
	}
	return details
}

// revive gives a connection that broke on either side a new session on both.
func (f *fileRun) revive(s mysqltest.Step) error {
	if f.lost++; f.lost == maxLost {
		f.givenUp = "too many connections were lost, the last at " + s.Place
		return nil
	}
	died, err := f.stage.heal()
	if err != nil {
		return err
	}
	if len(died) > 0 {
		f.givenUp = strings.Join(died, " and ") + " died at " + s.Place
		return nil
	}
	kill(f.stage.plain, f.plain.conns[s.Conn].ConnectionID)
	kill(f.stage.upstream, f.proxy.conns[s.Conn].ConnectionID)
	for _, side := range []*side{f.plain, f.proxy} {
		if a := side.connect(s.Conn, mysqltest.Login{Database: "test"}); a.lost != nil || a.err() != nil {
			f.givenUp = "no new connection at " + s.Place
		}
	}
	return nil
}

func warned(a answer) bool {
	return slices.ContainsFunc(a.results, func(r *rawmysql.Result) bool { return r.Warnings > 0 })
}

// maxSQL of a statement in a report.
const maxSQL = 400

func clip(sql string) string {
	sql = strings.Join(strings.Fields(sql), " ")
	if len(sql) > maxSQL {
		sql = sql[:maxSQL] + "…"
	}
	return strings.ToValidUTF8(sql, "?")
}
