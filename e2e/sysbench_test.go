package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

func itoa(n int) string { return strconv.Itoa(n) }

// sysbenchPad is how sysbench's values look: groups of eleven digits.
var sysbenchPad = regexp.MustCompile(`[0-9]{11}-[0-9]{11}`)

// TestSysbench runs sysbench's write and point read loads on encrypted tables
// in both of its statement modes: zero errors, and no pad of digits upstream.
func TestSysbench(t *testing.T) {
	if _, err := harness.Tool("sysbench"); err != nil {
		missing(t, err)
	}
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		for _, mode := range []string{"disable", "auto"} {
			database := s.database(t, "sb_"+mode)
			b := harness.Sysbench{Address: s.proxy.Address, Database: database, Rows: 1000, Threads: 4, Seconds: 3, PSMode: mode, Secondary: true}
			if out, err := b.Prepare(); err != nil {
				// CREATE INDEX after loading may be refused; then the loads run without.
				t.Logf("prepare with a secondary index: %v\n%s", err, out)
				b.Secondary = false
				run(t, s.connect(t, rawmysql.Config{}), "DROP TABLE IF EXISTS "+database+".sbtest1")
				out, err = b.Prepare()
				if err != nil {
					t.Fatalf("prepare: %v\n%s", err, out)
				}
			}
			for _, load := range []string{"oltp_point_select", "oltp_insert", "oltp_update_non_index", "oltp_delete"} {
				t.Run(mode+"/"+load, func(t *testing.T) {
					r, err := b.Run(load)
					if err != nil {
						t.Fatal(err)
					}
					t.Logf("%.0f transactions a second, %d errors, %d reconnects", r.TPS, r.Errors, r.Reconnects)
					if r.TPS == 0 || r.Errors != 0 || r.Reconnects != 0 {
						t.Errorf("want load without errors:\n%s", r.Output)
					}
				})
			}
			sysbenchUpstream(t, s, database)
		}
		s.healthy(t)
	})
}

// sysbenchUpstream reads the tables directly, and their file.
func sysbenchUpstream(t *testing.T, s *stage, database string) {
	t.Helper()
	through := s.connect(t, rawmysql.Config{Database: database})
	if got := column(t, through, "SELECT pad FROM sbtest1 ORDER BY id LIMIT 1"); len(got) != 1 || !sysbenchPad.MatchString(got[0]) {
		t.Errorf("through the proxy: %q is no pad of sysbench", got)
	}
	direct, err := s.upstream.Connect(rawmysql.Config{Database: database})
	must(t, err)
	defer direct.Close()
	results, err := direct.Query("SELECT * FROM sbtest1")
	must(t, err)
	if len(results[0].Rows) < 100 {
		t.Errorf("%d rows upstream", len(results[0].Rows))
	}
	for _, row := range results[0].Rows {
		for _, v := range row {
			if sysbenchPad.Match(v) {
				t.Fatalf("a pad in clear upstream: %.60q", v)
			}
		}
	}
	must(t, s.upstream.Flush())
	text, err := os.ReadFile(filepath.Join(s.upstream.DataDir, database, "sbtest1.ibd"))
	must(t, err)
	if m := sysbenchPad.Find(text); m != nil {
		t.Errorf("a pad in clear in the table's file: %q", m)
	}
	for _, name := range []string{"general.log", "slow.log"} {
		text, err := os.ReadFile(filepath.Join(s.upstream.DataDir, name))
		must(t, err)
		if m := sysbenchPad.Find(text); m != nil {
			t.Errorf("a pad in clear in %s: %q", name, m)
		}
	}
}
