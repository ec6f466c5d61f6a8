package differ

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// Mode is a protocol to send statements by.
type Mode string

// The protocols.
const (
	Text   Mode = "text"
	Binary Mode = "binary"
)

// Runner compares a plain server with a proxy, statement by statement.
type Runner struct {
	Flavour string // skips statements that are for others
	Mode    Mode
	// Dial connects to the plain server or, with proxy set, to the proxy.
	Dial func(proxy bool) (*rawmysql.Conn, error)
	// MayRefuse accepts an error of the proxy instead of the plain answer;
	// such a statement is then not run on the plain server either.
	MayRefuse bool

	conns map[string]*pair
}

type pair struct{ plain, proxy *rawmysql.Conn }

// Difference is one statement whose answers differ.
type Difference struct {
	Statement Statement
	Refused   bool // by an error of the proxy's own; the plain server was not asked
	Details   []string
}

// String prints statement, expected and got.
func (d Difference) String() string {
	return fmt.Sprintf("line %d: %s\n    %s", d.Statement.Line, d.Statement.Text(), strings.Join(d.Details, "\n    "))
}

// Outcome counts what a run saw.
type Outcome struct {
	Run, Refused int // statements run; of these refused by the proxy
	Differences  []Difference
	Refusals     []string // the statements that were refused, with the error
}

var (
	orderBy = regexp.MustCompile(`(?i)\border\s+by\b`)
	// temporary finds statements whose results may pass through temporary tables.
	temporary = regexp.MustCompile(`(?i)\bjoin\b|\bover\b|\bgroup\s+by\b|\bdistinct\b|\bunion\b|\bfrom\s+\w+\s*,|\b(in|exists)\s*\(\s*select\b`)
)

// Run executes the statements in their order. The error is of a connection
// that broke: then nothing after it was run.
func (r *Runner) Run(statements []Statement) (o Outcome, err error) {
	r.conns = map[string]*pair{}
	defer r.close()
	for _, s := range statements {
		if s.Only != "" && s.Only != r.Flavour || s.Mode != "" && s.Mode != string(r.Mode) {
			continue
		}
		p, err := r.pair(s.Conn)
		if err != nil {
			return o, err
		}
		o.Run++
		diffs, refused, err := r.one(p, s)
		if err != nil {
			return o, fmt.Errorf("line %d: %.200s: %w", s.Line, s.SQL, err)
		}
		if refused != "" {
			o.Refused++
			o.Refusals = append(o.Refusals, fmt.Sprintf("line %d: %s: %s", s.Line, s.Text(), refused))
		}
		if len(diffs) > 0 {
			o.Differences = append(o.Differences, Difference{s, refused != "", diffs})
		}
	}
	return o, nil
}

func (r *Runner) pair(name string) (*pair, error) {
	if p := r.conns[name]; p != nil {
		return p, nil
	}
	plain, err := r.Dial(false)
	if err != nil {
		return nil, fmt.Errorf("plain server: %w", err)
	}
	proxy, err := r.Dial(true)
	if err != nil {
		plain.Close()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &pair{plain, proxy}
	r.conns[name] = p
	return p, nil
}

func (r *Runner) close() {
	for _, p := range r.conns {
		p.plain.Close()
		p.proxy.Close()
	}
}

// catalogQuery finds queries of INFORMATION_SCHEMA.
var catalogQuery = regexp.MustCompile(`(?i)\binformation_schema\b`)

func (r *Runner) one(p *pair, s Statement) (diffs []string, refused string, err error) {
	proxy, err := r.execute(p.proxy, s)
	if err != nil {
		return nil, "", fmt.Errorf("proxy: %w", err)
	}
	if r.MayRefuse && failed(proxy.results) {
		return nil, proxy.results[len(proxy.results)-1].Err.Error(), nil
	}
	if reason := refusal(proxy.results); reason != "" && !r.MayRefuse {
		// Not run on the plain server either: the two shall not drift apart.
		return []string{"refused: " + reason}, reason, nil
	}
	plain, err := r.execute(p.plain, s)
	if err != nil {
		return nil, "", fmt.Errorf("plain server: %w", err)
	}
	lenience := Lenience{AnyOrder: s.Order == "any" || s.Order == "" && !orderBy.MatchString(s.SQL), KeyFlags: temporary.MatchString(s.SQL),
		NamesOnly: r.Flavour == "mysql" && (catalogQuery.MatchString(s.SQL) || strings.HasPrefix(s.SQL, "EXECUTE"))}
	if !r.MayRefuse {
		diffs = append(diffs, proxy.notes...)
	}
	diffs = append(diffs, comparePrepared(plain, proxy, lenience)...)
	diffs = append(diffs, Compare(plain.results, proxy.results, lenience)...)
	if s.Known != "" {
		diffs = slices.DeleteFunc(diffs, func(d string) bool { return strings.HasPrefix(d, s.Known+":") })
	}
	if len(diffs) == 0 && plain.results[0].Warnings > 0 && s.Known != "warnings" {
		diffs, err = compareWarnings(p)
	}
	return diffs, "", err
}

// refusal is the message of the proxy's own error, "" for none.
func refusal(results []*rawmysql.Result) string {
	if !failed(results) {
		return ""
	}
	e := results[len(results)-1].Err
	if !strings.HasPrefix(e.Message, "tdeproxy: ") {
		return ""
	}
	return e.Error()
}

func failed(results []*rawmysql.Result) bool {
	return len(results) > 0 && results[len(results)-1].Err != nil
}

// answer is all that came for one statement.
type answer struct {
	prepared *rawmysql.Stmt // nil in the text protocol and when preparing failed
	results  []*rawmysql.Result
	notes    []string
}

// unpreparable is MySQL's error for statements without a binary protocol.
const unpreparable = 1295

func (r *Runner) execute(c *rawmysql.Conn, s Statement) (answer, error) {
	if r.Mode == Text {
		results, err := c.Query(s.Text())
		return answer{results: results}, err
	}
	stmt, err := c.Prepare(s.SQL)
	var refused *rawmysql.ServerError
	switch {
	case errors.As(err, &refused) && refused.Code == unpreparable:
		results, err := c.Query(s.Text())
		return answer{results: results}, err
	case errors.As(err, &refused) && len(s.Args) == 0 && strings.Contains(refused.Message, "send it as text"):
		results, err := c.Query(s.SQL)
		return answer{results: results, notes: []string{"not preparable: " + refused.Error()}}, err
	case errors.As(err, &refused):
		return answer{results: []*rawmysql.Result{{Err: refused}}}, nil
	case err != nil:
		return answer{}, err
	}
	if len(stmt.Params) != len(s.Args) {
		return answer{}, fmt.Errorf("statement has %d parameters, corpus gives %d", len(stmt.Params), len(s.Args))
	}
	results, err := stmt.Execute(s.params()...)
	if err != nil {
		return answer{}, err
	}
	return answer{prepared: stmt, results: results}, stmt.Close()
}

func comparePrepared(plain, proxy answer, l Lenience) []string {
	if plain.prepared == nil || proxy.prepared == nil {
		if (plain.prepared == nil) != (proxy.prepared == nil) && len(proxy.notes) == 0 && !failed(plain.results) && !failed(proxy.results) {
			return []string{fmt.Sprintf("prepared: want %t, got %t", plain.prepared != nil, proxy.prepared != nil)}
		}
		return nil
	}
	var diffs []string
	for _, d := range compareColumns(plain.prepared.Columns, proxy.prepared.Columns, l) {
		diffs = append(diffs, "at prepare: "+d.Text)
	}
	if want, got := len(plain.prepared.Params), len(proxy.prepared.Params); want != got {
		diffs = append(diffs, fmt.Sprintf("parameters: want %d, got %d", want, got))
	}
	return diffs
}

func compareWarnings(p *pair) ([]string, error) {
	plain, err := p.plain.Query("SHOW WARNINGS")
	if err != nil {
		return nil, err
	}
	proxy, err := p.proxy.Query("SHOW WARNINGS")
	if err != nil {
		return nil, err
	}
	diffs := Compare(plain, proxy, Lenience{})
	for i := range diffs {
		diffs[i] = "SHOW WARNINGS: " + diffs[i]
	}
	return diffs, nil
}
