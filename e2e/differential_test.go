package e2e_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// maxReported bounds the differences that one corpus prints.
const maxReported = 40

// TestDifferential runs every corpus of statements that must work on a plain
// server directly and, encrypted, through the proxy: no client can tell.
func TestDifferential(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := corpusStage(t, f)
		for _, path := range corpora(t, "same") {
			for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
				t.Run(corpusName(path)+"/"+string(mode), func(t *testing.T) {
					runCorpus(t, s, s.proxy.Address, path, mode, false)
					s.healthy(t)
				})
			}
		}
	})
}

// TestEqualOrRefused runs statements that the proxy may refuse: it must refuse
// or answer as a plain server would, never otherwise.
func TestEqualOrRefused(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := corpusStage(t, f)
		for _, path := range corpora(t, "either") {
			for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
				t.Run(corpusName(path)+"/"+string(mode), func(t *testing.T) {
					runCorpus(t, s, s.proxy.Address, path, mode, true)
					s.healthy(t)
				})
			}
		}
	})
}

// corpusStage is a stage whose proxy is as its users build it: one client runs the corpora in turn, and nothing looks for what upstream has seen of them.
func corpusStage(t *testing.T, f harness.Flavour) *stage {
	t.Helper()
	s := &stage{flavour: f, plain: plainServer(t, f)}
	var err error
	s.upstream, err = harness.StartServer(f, harness.ServerOptions{})
	must(t, err)
	t.Cleanup(s.upstream.Remove)
	s.proxy, err = harness.StartProxy(harness.ProxyOptions{Binary: plainBinary(t), Upstream: s.upstream.Address, Flavour: f, Encrypt: []string{"*"}, Extra: rangeRule})
	must(t, err)
	t.Cleanup(s.proxy.Remove)
	return s
}

// TestDifferentialPassThrough runs the corpora through a proxy that encrypts
// nothing.
func TestDifferentialPassThrough(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		upstream, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(upstream.Remove)
		s := &stage{flavour: f, plain: plainServer(t, f), upstream: upstream}
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: plainBinary(t), Upstream: upstream.Address, Flavour: f, Evaluator: "off"})
		must(t, err)
		t.Cleanup(p.Remove)
		for _, path := range corpora(t, "same") {
			for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
				t.Run(corpusName(path)+"/"+string(mode), func(t *testing.T) { runCorpus(t, s, p.Address, path, mode, false) })
			}
		}
		checkLog(t, p)
	})
}

// TestDifferentialHarness proves the comparison: it sees nothing where two
// plain servers are compared over a TCP forwarder, and it sees each of a list
// of faults put in between.
func TestDifferentialHarness(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := &stage{flavour: f, plain: plainServer(t, f)}
		other, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(other.Remove)
		s.upstream = other
		tap, err := harness.StartTap(other.Address, "")
		must(t, err)
		t.Cleanup(func() { tap.Close() })
		for _, path := range append(corpora(t, "same"), corpora(t, "either")...) {
			for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
				t.Run(corpusName(path)+"/"+string(mode), func(t *testing.T) { runCorpus(t, s, tap.Address, path, mode, false) })
			}
		}
		t.Run("sees faults", func(t *testing.T) { seesFaults(t, s, tap.Address) })
	})
}

// seesFaults changes the second server behind the runner's back.
func seesFaults(t *testing.T, s *stage, address string) {
	database := s.database(t, "faults")
	tables := []string{"CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), w VARCHAR(20))", "INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', '')"}
	for name, change := range map[string]string{
		"value":    "UPDATE t SET v = 'c' WHERE id = 1",
		"null":     "UPDATE t SET w = NULL WHERE id = 2",
		"row":      "DELETE FROM t WHERE id = 2",
		"length":   "ALTER TABLE t MODIFY v VARCHAR(21)",
		"flags":    "ALTER TABLE t MODIFY v VARCHAR(20) NOT NULL",
		"type":     "ALTER TABLE t MODIFY w TEXT",
		"column":   "ALTER TABLE t ADD extra INT",
		"name":     "ALTER TABLE t CHANGE v V VARCHAR(20)",
		"no table": "DROP TABLE t",
	} {
		for _, server := range []*harness.Server{s.plain, s.upstream} {
			must(t, server.Exec(append([]string{"USE " + database, "DROP TABLE IF EXISTS t"}, tables...)...))
		}
		must(t, s.upstream.Exec("USE "+database, change))
		r := runner(s, address, database, differ.Text, false)
		o, err := r.Run([]differ.Statement{{SQL: "SELECT * FROM t"}})
		must(t, err)
		if len(o.Differences) == 0 {
			t.Errorf("%s: the comparison did not see %q", name, change)
		}
	}
}

func corpora(t *testing.T, kind string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", kind, "*.sql"))
	must(t, err)
	if len(paths) == 0 {
		t.Fatalf("no corpus in testdata/%s", kind)
	}
	return paths
}

func corpusName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".sql") }

func runner(s *stage, address, database string, mode differ.Mode, mayRefuse bool) *differ.Runner {
	return &differ.Runner{Flavour: string(s.flavour), Mode: mode, MayRefuse: mayRefuse, Dial: func(proxy bool) (*rawmysql.Conn, error) {
		c := rawmysql.Config{Address: s.plain.Address, Database: database}
		if mode == differ.Binary {
			// The protocols are also what two kinds of clients ask for.
			c.Extra = rawmysql.ClientDeprecateEOF | rawmysql.ClientSessionTrack | rawmysql.ClientFoundRows
		}
		if proxy {
			c.Address = address
		}
		return rawmysql.Dial(c)
	}}
}

func runCorpus(t *testing.T, s *stage, address, path string, mode differ.Mode, mayRefuse bool) {
	t.Helper()
	statements, err := differ.Load(path)
	must(t, err)
	kind := map[bool]string{false: "d", true: "e"}[mayRefuse]
	database := s.database(t, fmt.Sprintf("%s_%s_%s", kind, corpusName(path), mode))
	o, err := runner(s, address, database, mode, mayRefuse).Run(statements)
	for i, d := range o.Differences {
		if i == maxReported {
			t.Errorf("… and %d more", len(o.Differences)-i)
			break
		}
		t.Errorf("%s %s", path, d)
	}
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if mayRefuse {
		t.Logf("refused:\n%s", strings.Join(o.Refusals, "\n"))
	}
	t.Logf("%d statements, %d refused, %d differ", o.Run, o.Refused, len(o.Differences))
}

// passThrough starts a proxy that encrypts nothing.
func passThrough(t *testing.T, f harness.Flavour, upstream string, settings map[string]string) *harness.Proxy {
	t.Helper()
	all := map[string]string{}
	for k, v := range settings {
		all[k] = v
	}
	p, err := harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: upstream, Flavour: f, Evaluator: "off", Settings: all})
	must(t, err)
	t.Cleanup(p.Remove)
	return p
}
