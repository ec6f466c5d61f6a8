package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/tally"
)

//go:embed status.html
var statusText string

// statusTemplate is the status page.
var statusTemplate = template.Must(template.New("status").Funcs(template.FuncMap{
	"size": size, "ago": ago, "took": took, "most": most, "count": count, "percent": func(of, n int) string { return share(n, of) },
}).Parse(statusText))

// statusPage is what the page shows.
type statusPage struct {
	Version, Upstream, Listen string
	Started, Now              time.Time
	Ready                     bool
	Notes                     []note
	Conversion                *conversionRow

	Current, Accepted, Refused uint64
	Plots                      []*plot
	Kinds                      []kindRow
	Reasons                    []wordCount
	Databases                  []databaseRow
	Leaks                      []exec.Leak
	Advice                     []exec.Advice
	Certificates               []certificateRow
	Keyring                    string
	MasterKeys                 []masterRow
	Evaluator                  *evaluator.Status
	Audit                      string
	Known                      bool // upstream's schema has been read
}

// note is something that somebody should do.
type note struct {
	Bad  bool
	Text string
}

// conversionRow is the table that is being encrypted or decrypted.
type conversionRow struct {
	Table    string
	Encrypt  bool
	Rows, Of uint64 // written, and about how many there are
}

// Percent is how much is done; what upstream takes the table to have may be too little.
func (c *conversionRow) Percent() string {
	return share(int(min(c.Rows, c.Of)), int(c.Of))
}

type kindRow struct {
	Kind                 string
	Count, Failed        uint64
	Mean, Upstream, Most time.Duration
}

type wordCount struct {
	Word  string
	Count uint64
}

// databaseRow is a database's coverage.
type databaseRow struct {
	Name                                string
	Tables                              []exec.TableStatus // at most maxRows of those that are not clear
	Encrypted, Locked, Plaintext, Clear int
	More                                int // tables that are not listed
}

// All is how many tables there are.
func (d *databaseRow) All() int { return d.Encrypted + d.Locked + d.Plaintext + d.Clear }

type certificateRow struct {
	What, Subject, Key string
	Names              string
	End                time.Time
	Soon               bool
}

type masterRow struct {
	Version uint32
	Created time.Time
	Active  bool
	Tables  int // whose key it wraps
}

// maxRows bounds the lists of the page, each.
const maxRows = 400

// statusPages answers /, /status.json, /tables and /leakage.
func (s *service) statusPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("GET /conversion", s.serveConversion)
	mux.HandleFunc("GET /tables", func(w http.ResponseWriter, r *http.Request) {
		c := s.catalog.Load()
		if c == nil {
			http.Error(w, "the schema has not been read yet", http.StatusServiceUnavailable)
			return
		}
		tables, err := c.Tables(r.Context())
		if err != nil {
			http.Error(w, "upstream cannot be asked", http.StatusBadGateway)
			return
		}
		writeJSON(w, tables)
	})
	mux.HandleFunc("GET /verify", func(w http.ResponseWriter, r *http.Request) {
		c := s.catalog.Load()
		if c == nil {
			http.Error(w, "the schema has not been read yet", http.StatusServiceUnavailable)
			return
		}
		verified, err := c.Verify(r.Context(), verifyRows)
		if err != nil {
			s.log.Warn("verifying tables", "error", err)
			http.Error(w, "upstream cannot be read; the account needs SELECT on encrypted tables", http.StatusBadGateway)
			return
		}
		writeJSON(w, verified)
	})
	mux.HandleFunc("GET /leakage", func(w http.ResponseWriter, _ *http.Request) {
		c := s.catalog.Load()
		if c == nil {
			http.Error(w, "the schema has not been read yet", http.StatusServiceUnavailable)
			return
		}
		writeJSON(w, c.Leakage())
	})
}

func (s *service) servePage(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	page := s.page(ctx)
	var b bytes.Buffer
	if err := statusTemplate.Execute(&b, page); err != nil {
		s.log.Error("the status page", "error", err)
		http.Error(w, "the status page cannot be shown; the log says why", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(b.Bytes()) // who asked is gone, else
}

// page collects what the page shows.
func (s *service) page(ctx context.Context) *statusPage {
	counts := s.proxy.Counts()
	p := &statusPage{
		Version: version, Upstream: s.cfg.Upstream.Address, Listen: s.cfg.Listen.Address, Started: s.started, Now: time.Now(), Ready: s.admin.ready.Load(),
		Current: uint64(counts.Current), Accepted: counts.Accepted, Refused: counts.Refused, Plots: plots(s.history.read()), Audit: s.cfg.Audit.File,
	}
	if s.opened.Load() {
		s.pageCertificates(p)
	}
	c := s.catalog.Load()
	if c == nil {
		p.note(false, "Upstream's schema has not been read yet.")
		return p
	}
	p.Known = true
	p.figures(c.Figures())
	p.Leaks, p.Advice = first(c.Leakage(), maxRows), first(c.Advice(), maxRows)
	tables, err := c.Tables(ctx)
	if err != nil {
		p.note(true, "Upstream cannot be asked for its tables.")
	}
	p.coverage(tables)
	if m := c.Converting(); m != nil {
		p.Conversion = &conversionRow{Table: m.DB + "." + m.Name, Encrypt: m.Encrypt, Rows: m.Rows.Load(), Of: m.Of.Load()}
	}
	s.pageKeyring(p, tables)
	if e, ok := c.EvaluatorStatus(); ok {
		if p.Evaluator = &e; !e.Up {
			p.note(true, "The evaluator's server does not answer; statements that need it wait or fail.")
		}
	}
	if s.audit != nil {
		if _, _, failing := s.audit.Status(); failing {
			p.note(true, "The audit log cannot be written.")
		}
	}
	return p
}

func first[T any](all []T, n int) []T { return all[:min(len(all), n)] }

func (p *statusPage) note(bad bool, format string, args ...any) {
	p.Notes = append(p.Notes, note{bad, fmt.Sprintf(format, args...)})
}

func (p *statusPage) figures(f *exec.Figures) {
	for kind := range exec.Kinds {
		k := &f.Kinds[kind]
		whole := k.Whole.Read()
		if whole.Count == 0 {
			continue
		}
		n := time.Duration(whole.Count)
		p.Kinds = append(p.Kinds, kindRow{
			Kind: kind.String(), Count: whole.Count, Failed: k.Failed.Load(), Mean: whole.Sum / n, Upstream: k.Upstream.Read().Sum / n, Most: whole.Quantile(0.95),
		})
	}
	f.Refusals.Each(func(word string, n uint64) { p.Reasons = append(p.Reasons, wordCount{word, n}) })
	slices.SortStableFunc(p.Reasons, func(a, b wordCount) int { return int(b.Count) - int(a.Count) })
}

// coverage sorts tables by database.
func (p *statusPage) coverage(tables []exec.TableStatus) {
	var locked, plaintext int
	for i := range tables {
		t := &tables[i]
		if n := len(p.Databases); n == 0 || p.Databases[n-1].Name != t.Database {
			p.Databases = append(p.Databases, databaseRow{Name: t.Database})
		}
		d := &p.Databases[len(p.Databases)-1]
		switch t.State {
		case exec.StateEncrypted:
			d.Encrypted++
		case exec.StateLocked:
			d.Locked++
			locked++
		case exec.StatePlaintext:
			d.Plaintext++
			plaintext++
		default:
			d.Clear++
			continue
		}
		if len(d.Tables) < maxRows {
			d.Tables = append(d.Tables, *t)
		} else {
			d.More++
		}
	}
	if locked > 0 {
		p.note(true, "Encrypted tables that do not open: %d. Statements on them are refused.", locked)
	}
	if plaintext > 0 {
		p.note(true, "Tables that [[encrypt]] designates and that are still stored as plaintext: %d.", plaintext)
	}
}

func (s *service) pageCertificates(p *statusPage) {
	snap := s.certs.Snapshot()
	add := func(what string, end time.Time, subject, key, names string, soon time.Duration) {
		row := certificateRow{What: what, Subject: subject, Key: key, Names: names, End: end, Soon: time.Until(end) < soon}
		p.Certificates = append(p.Certificates, row)
		if row.Soon {
			p.note(true, "The %s ends %s.", what, end.UTC().Format(time.DateOnly))
		}
	}
	leaf := snap.Certificate.Leaf
	add("certificate", leaf.NotAfter, leaf.Subject.String(), keyKind(leaf), strings.Join(leaf.DNSNames, ", "), certificateLeft)
	for _, ca := range snap.CA {
		add("CA", ca.NotAfter, ca.Subject.String(), keyKind(ca), "", 180*24*time.Hour)
	}
	if err := s.certs.Status().Err; err != nil {
		p.note(true, "The certificate files are not usable; the proxy serves what it had before.")
	}
	p.Keyring = fmt.Sprintf("%s, generation %d", s.ring.get().ID(), s.ring.get().Generation())
}

func (s *service) pageKeyring(p *statusPage, tables []exec.TableStatus) {
	wraps := map[uint32]int{}
	for i := range tables {
		if tables[i].MasterKey > 0 {
			wraps[tables[i].MasterKey]++
		}
	}
	var versions []keyring.Version
	versions = append(versions, s.ring.get().Versions()...)
	for _, v := range slices.Backward(versions) {
		p.MasterKeys = append(p.MasterKeys, masterRow{v.Number, v.Created, v.Number == s.ring.get().Active(), wraps[v.Number]})
	}
}

// most is a quantile: past the last bound of the histograms it is only known to be more.
func most(d time.Duration) string {
	bounds := tally.Bounds()
	if last := bounds[len(bounds)-1]; d == last {
		return "over " + last.String()
	}
	return took(d)
}

// took is a duration with three digits.
func took(d time.Duration) string {
	for unit := time.Duration(1); unit < time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}

// count is a number with spaces between thousands.
func count(n any) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}

// size is a number of bytes as people read it.
func size(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
}

// ago is a time as a number of days from now.
func ago(t time.Time) string {
	days := int(time.Until(t).Hours() / 24)
	switch {
	case days > 1:
		return fmt.Sprintf("in %d days", days)
	case days < -1:
		return fmt.Sprintf("%d days ago", -days)
	}
	return "today"
}

// share is a part of a whole in percent.
func share(n, of int) string {
	if of == 0 {
		return "0%"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(of))
}
