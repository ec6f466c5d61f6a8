package e2e_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// TestGroupsOfOuterJoinsAsServers compares random aggregates over outer joins, and over groups of these, on a plain server and through the
// proxy: names, types, rows, warnings.
func TestGroupsOfOuterJoinsAsServers(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
			g := groupsGenerator{rand.New(rand.NewPCG(*groupsSeed, 17+uint64(len(mode))))}
			statements := []differ.Statement{{SQL: groupsTable}, {SQL: joinedTable}, {SQL: clearTable}}
			for range 15 {
				statements = append(statements, differ.Statement{SQL: g.outer()}) // over empty tables
			}
			statements = append(statements, differ.Statement{SQL: g.rows(60, 0)}, differ.Statement{SQL: g.rows(60, 100)},
				differ.Statement{SQL: g.joinedRows(40)}, differ.Statement{SQL: "INSERT INTO m (ms) VALUES (-1), (0), (2), (3), (3), (70)"})
			for range 250 {
				statements = append(statements, differ.Statement{SQL: g.outer()})
			}
			o, err := runner(s, s.proxy.Address, s.database(t, "groupsouter_"+string(mode)), mode, false).Run(statements)
			must(t, err)
			for _, d := range o.Differences {
				if d.Details = slices.DeleteFunc(d.Details, plansOwn); len(d.Details) > 0 {
					t.Errorf("seed %d: %s", *groupsSeed, d)
				}
			}
		}
	})
}

// outer is an aggregate over an outer join, or over a derived table of such aggregates.
func (g groupsGenerator) outer() string {
	from := g.pick("g LEFT JOIN h ON s = hs", "g LEFT JOIN h ON s = hs", "g LEFT OUTER JOIN h ON s = hs", "(g LEFT JOIN h ON hs = s)", "g LEFT JOIN h ON g.id = h.hid",
		"g x LEFT JOIN h AS y ON x.k = y.hk", "g LEFT JOIN h ON s = hs AND k = hk", "g RIGHT JOIN h ON s = hs", "h JOIN g ON s = hs", "g LEFT JOIN h ON s <> hs", "g LEFT JOIN h ON d > q",
		"g LEFT JOIN h ON hid < 9")
	for range g.IntN(3) {
		cond := g.pick("hk LIKE 'r%'", "hk NOT LIKE '%b%'", "q > 0", "i < hi", "at <> hat", "k = 'red'", "hk IS NULL", "hk IS NOT NULL", "NOT (q > 5)", "hb IN ('A', 'b')", "q > 1000000",
			"id < 50", "hs = 1", "hi + 1 > 0", "(q > 0 OR d > 0)", "hat BETWEEN '2024-02-01' AND '2024-05-31'", "s = 2", "b = hb", "EXISTS (SELECT 1 FROM m z WHERE z.ms = hs)", "hk = 'red'", "1 = 1")
		if from == "h JOIN g ON s = hs" || strings.HasSuffix(from, ")") && !strings.HasPrefix(from, "(") {
			break
		}
		from = strings.TrimSuffix(from, ")") + " AND " + cond + map[bool]string{true: ")"}[strings.HasPrefix(from, "(")]
	}
	if g.IntN(12) == 0 {
		from = g.pick("g LEFT JOIN h ON s = hs LEFT JOIN m ON ms = s", "m LEFT JOIN g ON s = ms LEFT JOIN h ON hs = s", "m JOIN g ON s = ms LEFT JOIN h ON hs = s", "m LEFT JOIN (g JOIN h ON hs = s) ON s = ms",
			"g NATURAL LEFT JOIN h", "m, g LEFT JOIN h ON hs = s WHERE ms = s", "g LEFT JOIN h ON s = hs JOIN m ON ms = hs")
	} else if g.IntN(3) == 0 {
		from += " WHERE " + g.pick("s > 0", "k LIKE 'r%'", "hk IS NULL", "q > 0", "d > 0 AND id > 5", "hid IS NULL AND s > 0", "k = 'red' OR hk = 'red'", "id > 100000", "i IS NOT NULL",
			"EXISTS (SELECT 1 FROM m z WHERE z.ms = s)", "s IN (SELECT ms FROM m)")
	}
	var keys []string
	for range g.pick("x", "x", "xx", "") {
		if k := g.pick("s", "k", "id", "b", "at", "hs", "s", "hk"); len(keys) == 0 || keys[0] != k {
			keys = append(keys, k)
		}
	}
	call := func() string {
		return g.pick("COUNT(hid)", "COUNT(hk)", "COUNT(q)", "SUM(q)", "AVG(q)", "MIN(q)", "MAX(hi)", "SUM(hi)", "COUNT(DISTINCT hk)", "COUNT(hid)", "COUNT(hb)", "SUM(q * 2)", "COUNT(*)", "SUM(d)", "COUNT(id)",
			"SUM(COALESCE(q, 1))", "COUNT(1)", "MIN(hid)")
	}
	if g.IntN(2) == 0 {
		items := slices.Concat(keys, []string{call()})
		if g.IntN(2) == 0 {
			items = append(items, call(), g.pick("100.00 * SUM(q) / 7", "COALESCE(SUM(q), 0)", "COUNT(hid) * 2"))
		}
		sql := "SELECT " + strings.Join(items, ", ") + " FROM " + from
		if len(keys) > 0 {
			sql += " GROUP BY " + strings.Join(keys, ", ") + g.pick("", "", " HAVING COUNT(hid) > 1") + " ORDER BY " + strings.Join(keys, ", ")
		}
		return sql
	}
	return g.overGroups(from, call)
}

// overGroups aggregates the groups of a derived table.
func (g groupsGenerator) overGroups(from string, call func() string) string {
	if g.IntN(4) == 0 {
		from = g.pick("g", "g, h WHERE s = hs", "g JOIN h ON s = hs AND i < hi", "g WHERE k LIKE 'r%'", "g, h WHERE s = hs AND NOT EXISTS (SELECT 1 FROM m z WHERE z.ms = hs)")
		call = func() string {
			return g.pick("COUNT(i)", "COUNT(*)", "COUNT(DISTINCT k)", "SUM(d)", "COUNT(d)", "MAX(id)")
		}
	}
	keys := g.pick("s AS a", "id AS a", "k AS a", "s AS a, b AS e", "b AS e, id AS a")
	by := strings.NewReplacer(" AS a", "", " AS e", "").Replace(keys)
	inner := "SELECT " + keys + ", " + call() + " AS c, " + call() + " AS d FROM " + from + " GROUP BY " + by + g.pick("", "", "", " ORDER BY "+by, " HAVING COUNT(*) > 1")
	key := g.pick("c", "c", "z.c", "d", "a", "c, d", "")
	items := []string{g.pick("COUNT(*)", "COUNT(*) AS n", "SUM(c)", "MAX(c)", "AVG(c)", "COUNT(a)", "SUM(c * 2) / 3", "COUNT(DISTINCT c)", "MIN(d)", "SUM(CASE WHEN c > 1 THEN c ELSE 0 END)", "MIN(a)")}
	if g.IntN(3) == 0 {
		items = append(items, g.pick("COUNT(*)", "SUM(d)", "COUNT(c) + 1", "MAX(a)"))
	}
	alias := g.pick("z", "z", "AS z", "AS z", "c")
	if alias == "c" {
		alias, key = "z", "c"
		items = append(items, "c AS k2")
	}
	if key == "" {
		return "SELECT " + strings.Join(items, ", ") + " FROM (" + inner + ") " + alias + g.pick("", " WHERE c > 1", " HAVING COUNT(*) > 0")
	}
	return "SELECT " + key + ", " + strings.Join(items, ", ") + " FROM (" + inner + ") " + alias + g.pick("", "", "", " WHERE c > 1") + " GROUP BY " + key + g.pick("", "", " HAVING COUNT(*) > 1") +
		" ORDER BY " + key + g.pick("", " DESC", " LIMIT 4")
}
