package e2e_test

import (
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestExplainAndAdvise asks for plans by EXPLAIN and by the verb, and for the
// index that would spare whole fetches.
func TestExplainAndAdvise(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := ownProxy(t, stageOf(t, f))
		database := s.database(t, "explained")
		c := s.connect(t, rawmysql.Config{Database: database})
		run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), w VARCHAR(20), KEY (v))",
			"INSERT INTO t (v, w) VALUES ('a', 'b')", "SELECT UPPER(w) FROM t WHERE w = 'secret-word'", "SELECT UPPER(w) FROM t WHERE v = 'a'")
		const query = "SELECT UPPER(w) FROM t WHERE w = 'secret-word' AND v > 'other-word' AND id < 9"
		results, err := c.Query("EXPLAIN " + query)
		must(t, err)
		if results[0].Err != nil {
			t.Fatal(results[0].Err)
		}
		var rows []string
		for _, r := range results[0].Rows {
			rows = append(rows, string(r[0])+"|"+string(r[1])+"|"+string(r[2]))
		}
		shown := strings.Join(rows, "\n")
		printed := verb(t, s, "explain", "-d", database, query)
		for _, want := range []string{"fetch", "no index on explained.t.w", `name = "explained.t.w" index = "equality"`, "range of explained.t.v", "evaluator"} {
			if !strings.Contains(shown, want) || !strings.Contains(printed, want) {
				t.Errorf("%q is missing in EXPLAIN:\n%s\nor in explain:\n%s", want, shown, printed)
			}
		}
		if strings.Contains(shown+printed, "-word") {
			t.Errorf("a literal shows:\n%s\n%s", shown, printed)
		}
		if !strings.Contains(shown, "upstream EXPLAIN|id=1 select_type=SIMPLE table=t ") || strings.Contains(printed, "upstream EXPLAIN") {
			t.Errorf("upstream's own EXPLAIN is missing in EXPLAIN:\n%s\nor is in explain:\n%s", shown, printed)
		}
		for query, want := range map[string]string{
			"EXPLAIN SELECT v FROM t WHERE v = 'secret-word'":                   "key=v key_len=17 ", // upstream does all of it
			"EXPLAIN FORMAT='TRADITIONAL' SELECT UPPER(w) FROM t WHERE v = 'a'": "key=v key_len=17 ",
			"EXPLAIN UPDATE t SET w = UPPER(w) WHERE id = 1":                    "key=PRIMARY ",
			"EXPLAIN DELETE FROM t WHERE UPPER(w) = 'x'":                        "table=t type=ALL ",
			"EXPLAIN SELECT v FROM t WHERE v = 5":                               "table=t type=ALL ",
		} {
			results, err := c.Query(query)
			must(t, err)
			found := slices.ContainsFunc(results[0].Rows, func(r [][]byte) bool {
				return string(r[0]) == "upstream EXPLAIN" && strings.Contains(string(r[1]), want)
			})
			if !found {
				t.Errorf("%s: error %v, no %q in %q", query, results[0].Err, want, results[0].Rows)
			}
			if warnings, err := c.Query("SHOW WARNINGS"); err != nil || len(warnings[0].Rows) > 0 {
				t.Errorf("%s: SHOW WARNINGS: %v, %q", query, err, warnings[0].Rows)
			}
		}
		advice := verb(t, s, "table", "advise")
		if !strings.Contains(advice, "explained.t") || !strings.Contains(advice, `name = "explained.t.w" index = "equality"`) {
			t.Errorf("advice:\n%s", advice)
		}
		response, err := http.Get("http://" + s.proxy.Admin + "/metrics")
		must(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		must(t, err)
		if want := `tdeproxy_full_fetches_total{database="explained",table="t"} 1`; !strings.Contains(string(text), want) {
			t.Errorf("metrics have no %s", want)
		}
	})
}

// ownProxy is the stage with a proxy that has seen nothing yet.
func ownProxy(t *testing.T, s *stage) *stage {
	t.Helper()
	own := *s
	var err error
	own.proxy, err = harness.StartProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.upstream.Address, Flavour: s.flavour, Encrypt: []string{"*"}})
	must(t, err)
	t.Cleanup(own.proxy.Remove)
	return &own
}

// verb runs a verb of the proxy's binary with the stage's configuration.
func verb(t *testing.T, s *stage, args ...string) string {
	t.Helper()
	out, err := exec.Command(proxyBinary(t), append(args, "-c", s.proxy.Config)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestExplainExecuted explains what SQL has prepared, with the value of a user variable; not of one whose value upstream must not see.
func TestExplainExecuted(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "explains")})
		run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), w VARCHAR(20), KEY (v))", "INSERT INTO t (v, w) VALUES ('a', 'b')",
			"SET @a = 'a'", "SELECT w INTO @b FROM t")
		for _, text := range []string{"SELECT w FROM t WHERE v = ?", "SELECT UPPER(w) FROM t WHERE v = ? AND id < 5", "SELECT UPPER(w) FROM t WHERE w > ?"} {
			run(t, c, "PREPARE e FROM 'EXPLAIN "+text+"'")
			got, want := column(t, c, "EXECUTE e USING @a"), column(t, c, "EXPLAIN "+strings.Replace(text, "?", "'a'", 1))
			if strings.Join(got, "\n") != strings.Join(want, "\n") || !slices.Contains(got, "upstream EXPLAIN") {
				t.Errorf("EXPLAIN %s, executed, shows\n%q\nand with a literal\n%q", text, got, want)
			}
			wantError(t, "EXPLAIN "+text+" with a value of an encrypted table", c.Exec("EXECUTE e USING @b"), 1235)
		}
		s.healthy(t)
	})
}

// TestExplainPrepared prepares EXPLAIN: it says what EXPLAIN with a literal does.
func TestExplainPrepared(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "explain_prepared")})
		run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), w VARCHAR(20), KEY (v))", "INSERT INTO t (v, w) VALUES ('a', 'b')")
		for _, text := range []string{
			"SELECT w FROM t WHERE v = ?", "SELECT UPPER(w) FROM t WHERE v = ? AND id < 5", "SELECT CONCAT(w, v) FROM t WHERE REVERSE(w) > ?", "DELETE FROM t WHERE v = ?",
		} {
			st, err := c.Prepare("EXPLAIN " + text)
			must(t, err)
			if len(st.Params) != 1 || len(st.Columns) != 3 || st.Columns[0].Name != "step" {
				t.Errorf("EXPLAIN %s, prepared, has parameters %+v and columns %+v", text, st.Params, st.Columns)
			}
			for range 2 {
				results, err := st.Execute(rawmysql.Text("a"))
				must(t, err)
				if results[0].Err != nil {
					t.Fatalf("EXPLAIN %s: %v", text, results[0].Err)
				}
				var got []string
				for _, r := range results[0].Rows {
					got = append(got, string(r[0]))
				}
				want := column(t, c, "EXPLAIN "+strings.Replace(text, "?", "'a'", 1))
				if strings.Join(got, "\n") != strings.Join(want, "\n") || !slices.Contains(got, "upstream EXPLAIN") {
					t.Errorf("EXPLAIN %s, prepared, shows\n%q\nand as text\n%q", text, got, want)
				}
			}
			must(t, st.Close())
		}
		st, err := c.Prepare("EXPLAIN SELECT w FROM t WHERE v = ?")
		must(t, err)
		results, err := st.Execute(rawmysql.Int(5)) // which upstream cannot compare a token with
		must(t, err)
		if want := column(t, c, "EXPLAIN SELECT w FROM t WHERE v = 5"); results[0].Err != nil || len(results[0].Rows) != len(want) {
			t.Errorf("EXPLAIN of a comparison with a number, prepared: %v, %q, as text %q", results[0].Err, results[0].Rows, want)
		}
		if got := column(t, c, "SELECT w FROM t"); len(got) != 1 {
			t.Errorf("EXPLAIN of a DELETE has left %q", got)
		}
		s.healthy(t)
	})
}

// TestExplainAnalyze runs queries for their figures: how many rows each step has met.
func TestExplainAnalyze(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "explain_analyze")})
		run(t, c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), w VARCHAR(20), KEY (v))",
			"INSERT INTO t (v, w) VALUES ('a', 'secret-b'), ('a', 'secret-c'), ('d', 'secret-e')")
		analyze, other, refused := "EXPLAIN ANALYZE ", "ANALYZE ", uint16(1064)
		if f == harness.MariaDB {
			analyze, other, refused = other, analyze, 1235
		}
		for query, want := range map[string][]string{
			"SELECT w FROM t WHERE v = 'a'":                                     {"ran upstream", "actual rows=2 "},
			"SELECT CONCAT(w, 'secret-x') FROM t WHERE REVERSE(w) > 'secret-y'": {"ran fetch", "actual rows=3 ", "ran evaluator", "rows fetched=3 loaded into the evaluator=3"},
			"SELECT COUNT(*) FROM t WHERE v = 'a' FOR UPDATE":                   {"actual rows=1 "},
		} {
			results, err := c.Query(analyze + query)
			must(t, err)
			if results[0].Err != nil {
				t.Fatalf("%s%s: %v", analyze, query, results[0].Err)
			}
			var shown strings.Builder
			for _, r := range results[0].Rows {
				shown.WriteString(string(r[0]) + "|" + string(r[1]) + "|" + string(r[2]) + "\n")
			}
			for _, w := range append(want, "ran whole", "upstream EXPLAIN") {
				if !strings.Contains(shown.String(), w) {
					t.Errorf("%s%s has no %q:\n%s", analyze, query, w, &shown)
				}
			}
			if strings.Contains(shown.String(), "secret-") {
				t.Errorf("%s%s shows a literal or a row:\n%s", analyze, query, &shown)
			}
		}
		for query, code := range map[string]uint16{
			analyze + "SELECT REVERSE(w) FROM t WHERE v = (SELECT v FROM t)": 1242, // an error of its run alone
			analyze + "UPDATE t SET w = UPPER(w)":                            1235,
			analyze + "SELECT w INTO @kept FROM t LIMIT 1":                   1235,
			other + "SELECT w FROM t":                                        refused,
		} {
			wantError(t, query, c.Exec(query), code)
		}
		if got := column(t, c, "SELECT w FROM t WHERE id = 1"); len(got) != 1 || got[0] != "secret-b" {
			t.Errorf("after all that a row is %q", got)
		}
		s.healthy(t)
	})
}
