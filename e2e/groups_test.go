package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

var groupsSeed = flag.Uint64("groups.seed", 1, "of TestGroupsAsServers' random aggregates")

// TestGroupsAsServers compares random aggregates over random rows, on a plain server and through the proxy: names, types, rows,
// warnings. Some are the proxy's own, and some only the evaluator's; nobody can tell which.
func TestGroupsAsServers(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
			g := groupsGenerator{rand.New(rand.NewPCG(*groupsSeed, uint64(len(mode))))}
			statements := []differ.Statement{{SQL: groupsTable}}
			for range 4 {
				statements = append(statements, differ.Statement{SQL: g.rows(60, len(statements)*100)})
			}
			for range 250 {
				statements = append(statements, differ.Statement{SQL: g.query()})
			}
			o, err := runner(s, s.proxy.Address, s.database(t, "groups_"+string(mode)), mode, false).Run(statements)
			must(t, err)
			for _, d := range o.Differences {
				t.Errorf("seed %d: %s", *groupsSeed, d)
			}
		}
	})
}

const groupsTable = "CREATE TABLE g (id INT PRIMARY KEY, k VARCHAR(10) COLLATE utf8mb4_general_ci, b CHAR(4) COLLATE utf8mb4_bin, i INT, u BIGINT UNSIGNED, " +
	"s SMALLINT NOT NULL, t TINYINT UNSIGNED, d DECIMAL(15,2), e DECIMAL(6,4) NOT NULL, w DECIMAL(40,3), f DOUBLE, at DATE, dt DATETIME(3) NOT NULL, " +
	"v VARBINARY(6), y YEAR, KEY (s))"

type groupsGenerator struct{ *rand.Rand }

func (g groupsGenerator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g groupsGenerator) maybe(v string) string {
	if g.IntN(8) == 0 {
		return "NULL"
	}
	return v
}

func (g groupsGenerator) rows(n, id int) string {
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf("(%d,%s,%s,%s,%s,%d,%s,%s,%d.%04d,%s,%s,%s,'2024-05-06 10:11:12.%03d',%s,%s)", id+i,
			g.maybe(g.pick("'red'", "'green'", "'blue'", "'a b'", "'\u00e4'")), g.maybe(g.pick("'A'", "'b'", "'ab'", "'a'")),
			g.maybe(g.pick("0", "1", "-1", "2147483647", "-2147483648", fmt.Sprint(g.IntN(2000)-999))),
			g.maybe(g.pick("0", "2", "9223372036854775807", "18446744073709551615", fmt.Sprint(g.IntN(1000000)))), g.IntN(7)-3,
			g.maybe(fmt.Sprint(g.IntN(256))), g.maybe(fmt.Sprintf("%d.%02d", g.IntN(200000)-100000, g.IntN(100))), g.IntN(19)-9, g.IntN(10000),
			g.maybe(fmt.Sprintf("%d.%03d", g.IntN(1e15)-5e14, g.IntN(1000))), g.maybe(g.pick("0.5", "1e10", "-2.25")),
			g.maybe(fmt.Sprintf("'2024-0%d-%02d'", 1+g.IntN(9), 1+g.IntN(28))), g.IntN(1000), g.maybe(fmt.Sprintf("x'%02x00'", g.IntN(4))), g.maybe(g.pick("1999", "2024"))))
	}
	return "INSERT INTO g VALUES " + strings.Join(rows, ",")
}

func (g groupsGenerator) aggregate() string {
	switch f := g.pick("SUM", "AVG", "SUM", "AVG", "MIN", "MAX", "COUNT", "SUM(DISTINCT s)"); f {
	case "COUNT":
		return g.pick("COUNT(*)", "COUNT(i)", "COUNT(k)", "COUNT(d * e)", "COUNT(1)", "COUNT(w)", "COUNT(DISTINCT k)")
	case "MIN", "MAX":
		return f + "(" + g.pick("i", "s", "t", "u", "d", "e", "w", "at", "dt", "k", "f", "y") + ")"
	case "SUM", "AVG":
		return f + "(" + g.pick("i", "s", "t", "d", "e", "u", "d * e", "d * (1 - e)", "d * (1 - e) * (1 + e)", "i * 2", "i - 1", "s * s", "-d", "d + 1.50", "i + d",
			"u * 2", "t + s", "d * 100 - i", "w", "w * 2", "f", "e * e * e * e", "i * i", "t - 128", "1.5", "3") + ")"
	default:
		return f
	}
}

func (g groupsGenerator) query() string {
	var keys []string
	for range g.pick("", "x", "xx") {
		if k := g.pick("k", "b", "s", "t", "at", "v", "y", "i", "e", "f"); len(keys) == 0 || keys[0] != k {
			keys = append(keys, k)
		}
	}
	items := append([]string{}, keys...)
	for range 1 + g.IntN(4) {
		item := g.aggregate()
		if g.IntN(5) < 2 {
			item = strings.ReplaceAll(g.pick("# * 2", "# / 7", "ROUND(#, 3)", "COALESCE(#, 0)", "# / NULLIF(COUNT(*), 0)", "100.00 * # / SUM(d)",
				"CONCAT('<', #, '>')", "# + 0.005", "CAST(# AS DECIMAL(20,3))", "CASE WHEN # > 0 THEN 'x' ELSE # END"), "#", item)
		}
		items = append(items, item)
	}
	sql := "SELECT " + strings.Join(items, ", ") + " FROM g"
	if g.IntN(2) == 0 {
		sql += " WHERE " + g.pick("s > 0", "d > 10.5", "i IS NOT NULL", "k = 'blue'", "k LIKE 'b%'", "at < '2024-06-01'", "s BETWEEN -1 AND 2 AND d < 0",
			"b IN ('A', 'b')", "at < DATE_ADD('2024-01-31', INTERVAL 1 MONTH)", "at BETWEEN '2024-02-01' AND DATE_SUB('2024-08-31', INTERVAL '2' MONTH)",
			"d BETWEEN 10 * 2 - 5 AND 900.5 + .5", "s IN (1 + 1, 0 * 1)", "e > 0.5 - 0.2505", "dt < DATE_ADD('2024-05-05', INTERVAL 1 + 0 DAY)",
			"dt >= DATE_SUB('2025-05-06', INTERVAL 1 YEAR)", "i < 2147483647 + 1", "i * 2 < 10", "t > 100 OR i < 0", "id < 100", "s = 1", "i + 1 > 5", "dt >= '2024-05-06 10:11:12.500'")
	}
	if len(keys) > 0 {
		sql += " GROUP BY " + strings.Join(keys, ", ")
	}
	if g.IntN(4) == 0 {
		sql += " HAVING " + g.pick("COUNT(*) > 3", "SUM(d) > 0", "AVG(e) < 0.5", "MAX(s) >= 2")
	}
	if len(keys) > 0 {
		sql += " ORDER BY " + strings.Join(keys, ", ")
	}
	return sql
}

const residualLoaded = `tdeproxy_residual_rows_total{stage="loaded"}`

// TestGroupsStay counts the rows that reach the evaluator: one a group, where the proxy aggregates.
func TestGroupsStay(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "groupsstay")})
		run(t, c, groupsTable)
		g := groupsGenerator{rand.New(rand.NewPCG(1, 1))}
		for i := range 4 {
			run(t, c, strings.ReplaceAll(g.rows(100, i*100), "'\u00e4'", "'red'"))
		}
		for _, q := range []struct {
			sql    string
			loaded float64
		}{
			{"SELECT SUM(d), AVG(e), COUNT(*), MIN(i), MAX(dt) FROM g", 1},
			{"SELECT SUM(d * (1 - e) * (1 + e)) / 2 FROM g WHERE s > 0", 1},
			{"SELECT s, SUM(d) AS sum FROM g GROUP BY s HAVING SUM(d) <> 0 ORDER BY sum DESC LIMIT 2", 7},
			{"SELECT k, b, COUNT(*) FROM g WHERE k LIKE 'r%' AND b = 'A' GROUP BY k, b ORDER BY k", 1},
			{"SELECT COUNT(*) FROM g WHERE d < -200000", 1},
			{"SELECT SUM(f) FROM g", 400},
		} {
			before, err := s.proxy.Metric(residualLoaded)
			must(t, err)
			r, err := c.Query(q.sql)
			must(t, err)
			if r[0].Err != nil {
				t.Errorf("%s: %v", q.sql, r[0].Err)
			}
			after := 0.0
			for deadline := time.Now().Add(20 * time.Second); after-before < q.loaded && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				after, err = s.proxy.Metric(residualLoaded) // counts when the answer has gone
				must(t, err)
			}
			if after-before != q.loaded {
				t.Errorf("%s: %v rows were loaded, want %v", q.sql, after-before, q.loaded)
			}
		}
	})
}
