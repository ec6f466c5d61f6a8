package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

var projectSeed = flag.Uint64("project.seed", 1, "of TestProjectionAsServers' random expressions")

// TestProjectionAsServers compares random expressions over encrypted columns, on a plain server and through the proxy: names, types,
// rows, warnings. Each query comes twice: the evaluator answers the first time, and the second time the proxy may.
func TestProjectionAsServers(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
			g := projectGenerator{groupsGenerator{rand.New(rand.NewPCG(*projectSeed, uint64(len(mode))))}}
			statements := []differ.Statement{{SQL: projectTable}, {SQL: g.rows(40)}}
			for range 250 {
				q := differ.Statement{SQL: g.query()}
				statements = append(statements, q, q)
			}
			o, err := runner(s, s.proxy.Address, s.database(t, "project_"+string(mode)), mode, false).Run(statements)
			must(t, err)
			for _, d := range o.Differences {
				t.Errorf("seed %d: %s", *projectSeed, d)
			}
		}
	})
}

const projectTable = "CREATE TABLE p (id INT AUTO_INCREMENT PRIMARY KEY, c VARCHAR(20) COLLATE utf8mb4_general_ci, b CHAR(10) COLLATE utf8mb4_bin NOT NULL, " +
	"l VARCHAR(12) CHARACTER SET latin1, tx TEXT, i INT, u INT UNSIGNED, n BIGINT, w BIGINT UNSIGNED NOT NULL, s TINYINT, d DECIMAL(10,2), e DECIMAL(6,4) NOT NULL, " +
	"at DATE, dt DATETIME(3), v VARBINARY(8), f DOUBLE, KEY (c))"

type projectGenerator struct{ groupsGenerator }

func (g projectGenerator) rows(n int) string {
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf("(%d,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%d.%04d,%s,%s,%s,%s)", i+1,
			g.maybe(g.pick("'abc'", "'  x y '", "''", "'ÄÖ ü'", "'ABC'", "'日本語 text'", "'a%b'")), g.pick("'b'", "'Bb  '", "''", "'é1'"),
			g.maybe(g.pick("'lat'", "'LÄT'", "''", "' z'")), g.maybe(g.pick("'some text'", "'tëxt'", "REPEAT('ab ', 40)")),
			g.maybe(g.pick("0", "-1", "5", "2147483647", "-2147483648")), g.maybe(g.pick("0", "7", "4294967295")),
			g.maybe(g.pick("0", "3", "9223372036854775807", "-9223372036854775808", "4611686018427387904")), g.pick("0", "1", "18446744073709551615"),
			g.maybe(g.pick("-128", "127", "2")), g.maybe(g.pick("0.00", "-0.01", "99999999.99", "12.50")), g.IntN(19)-9, g.IntN(10000),
			g.maybe(g.pick("'2024-02-29'", "'1000-01-01'", "'9999-12-31'")), g.maybe(g.pick("'2024-05-06 07:08:09.123'", "'1999-12-31 23:59:59.999'")),
			g.maybe("x'00ff41'"), g.maybe(g.pick("0.5", "-1e10"))))
	}
	return "INSERT INTO p VALUES " + strings.Join(rows, ",")
}

func (g projectGenerator) text(depth int) string {
	if depth > 2 {
		return g.pick("c", "b", "l", "tx")
	}
	switch g.IntN(12) {
	case 0, 1:
		return g.pick("UPPER", "LOWER", "UCASE", "LCASE", "TRIM", "LTRIM", "RTRIM") + "(" + g.text(depth+1) + ")"
	case 2, 3:
		return "CONCAT(" + g.text(depth+1) + g.pick("", ", '-'", ", ' <', '>'", ", i", ", d", ", n + 1") + ", " + g.pick("c", "b", "l") + ")"
	case 4:
		return g.pick("LEFT", "RIGHT", "SUBSTRING", "SUBSTR") + "(" + g.text(depth+1) + ", " + g.pick("0", "1", "2", "3", "-2", "100") + ")"
	case 5:
		return "SUBSTRING(" + g.text(depth+1) + ", " + g.pick("0", "1", "-3", "2") + ", " + g.pick("0", "1", "2", "-1", "50") + ")"
	case 6:
		return g.pick("IFNULL", "COALESCE") + "(" + g.text(depth+1) + ", " + g.pick("'none'", "c", "''", "b") + ")"
	case 7:
		return "IF(" + g.condition() + ", " + g.text(depth+1) + ", " + g.pick("'other'", "b", "c", "NULL") + ")"
	case 8:
		return "CASE WHEN " + g.condition() + " THEN " + g.text(depth+1) + " WHEN " + g.condition() + " THEN 'two' " + g.pick("", "ELSE 'three' ") + "END"
	}
	return g.pick("c", "b", "l", "tx", "c", "b")
}

func (g projectGenerator) number(depth int) string {
	if depth > 2 {
		return g.pick("i", "u", "n", "w", "s", "d", "e")
	}
	switch g.IntN(10) {
	case 0, 1, 2:
		return g.number(depth+1) + g.pick(" + ", " - ", " * ") + g.pick("1", "2", "1.5", "i", "s", "d", "e", "100")
	case 3:
		return g.pick("LENGTH", "CHAR_LENGTH", "OCTET_LENGTH") + "(" + g.text(depth+1) + ")"
	case 4:
		return g.pick("YEAR", "MONTH", "DAY", "DAYOFMONTH") + "(" + g.pick("at", "dt") + ")"
	case 5:
		return g.pick("IFNULL", "COALESCE") + "(" + g.number(depth+1) + ", " + g.pick("0", "-1", "1.25", "e", "w") + ")"
	case 6:
		return "IF(" + g.condition() + ", " + g.number(depth+1) + ", " + g.pick("0", "1", "d", "i") + ")"
	case 7:
		return "CASE WHEN " + g.condition() + " THEN " + g.number(depth+1) + g.pick("", " ELSE 0", " ELSE d") + " END"
	}
	return g.pick("i", "u", "n", "w", "s", "d", "e", "i", "d")
}

func (g projectGenerator) condition() string {
	return g.pick("c IS NULL", "i > 0", "d >= 12.5", "c = 'abc'", "c LIKE 'a%'", "b IN ('b', 'é1')", "at < '2024-06-01'", "i BETWEEN -1 AND 5", "NOT (s = 2)",
		"i > 0 AND c = 'ABC'", "n IS NOT NULL OR d < 0", "l LIKE '%t'", "w = 1", "e <> 0", "dt IS NULL", "i + 1 > 3", "f > 0")
}

func (g projectGenerator) query() string {
	var items []string
	for range 1 + g.IntN(4) {
		switch g.IntN(8) {
		case 0:
			items = append(items, g.pick("id", "p.*", "c", "d", "v", "f", "dt", "i AS alias", "id + 1", "'lit'", "b"))
		case 1, 2, 3:
			items = append(items, g.text(0)+g.pick("", "", " AS x"))
		case 4:
			items = append(items, g.condition())
		default:
			items = append(items, g.number(0)+g.pick("", "", " AS y"))
		}
	}
	return "SELECT " + strings.Join(items, ", ") + " FROM p" + g.pick("", " WHERE id = 7", " WHERE c = 'abc'", " WHERE id < 12 AND i IS NOT NULL",
		" AS q JOIN p ON p.id = q.id + 1", " WHERE id IN (1, 5, 9)", " WHERE 1 = 0") + g.pick(" ORDER BY p.id", " ORDER BY p.id LIMIT 3", " ORDER BY p.id DESC LIMIT 5, 4")
}

// TestProjectionStays sees that the evaluator gets no row of a query whose select list alone needs plaintext, once it has
// answered one; and that where it must answer for a value, it does.
func TestProjectionStays(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		c := s.connect(t, rawmysql.Config{Database: s.database(t, "projectstays")})
		run(t, c, "CREATE TABLE kept (id INT AUTO_INCREMENT PRIMARY KEY, c VARCHAR(20), n BIGINT, KEY (c))", "CREATE TABLE others (id INT AUTO_INCREMENT PRIMARY KEY, c VARCHAR(20), KEY (c))")
		run(t, c, "INSERT INTO kept VALUES (1, 'one', 1), (2, 'two', 9223372036854775807), (3, 'drei', NULL)", "INSERT INTO others VALUES (7, 'one'), (8, 'two')")
		for _, q := range []struct {
			sql, want string
			fallback  bool
		}{
			{"SELECT UPPER(c) FROM kept WHERE id = 1", "ONE", false},
			{"SELECT UPPER(c), n + 1 FROM kept WHERE id < 2 OR c = 'drei' ORDER BY id", "ONE,2;DREI,NULL", false},
			{"SELECT n - 1 FROM kept WHERE c = 'two'", "9223372036854775806", false},
			{"SELECT CONCAT(k.c, '/', o.c) FROM kept k JOIN others o ON k.c = o.c WHERE o.id > 0 ORDER BY k.id", "one/one;two/two", false},
			{"SELECT n + 1 FROM kept WHERE c = 'two'", "error 1690", true},
		} {
			answer(t, c, q.sql, q.want)
			before := s.loaded(t, c)
			answer(t, c, q.sql, q.want)
			if got := s.loaded(t, c) > before+1; got != q.fallback {
				t.Errorf("%s: asked the evaluator: %v, want %v", q.sql, got, q.fallback)
			}
		}
	})
}

// loaded is how many rows the evaluator has got, one more of them now. A statement is counted before the connection's next one begins.
func (s *stage) loaded(t *testing.T, c *rawmysql.Conn) float64 {
	t.Helper()
	answer(t, c, "SELECT REPLACE(c, 'n', 'm') FROM kept WHERE id = 1", "ome")
	run(t, c, "DO 0")
	n, err := s.proxy.Metric(residualLoaded)
	must(t, err)
	return n
}

// answer runs a query and compares its rows, written with commas and semicolons.
func answer(t *testing.T, c *rawmysql.Conn, sql, want string) {
	t.Helper()
	r, err := c.Query(sql)
	must(t, err)
	if e := r[0].Err; e != nil {
		if got := fmt.Sprintf("error %d", e.Code); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
		return
	}
	var rows []string
	for _, row := range r[0].Rows {
		var vals []string
		for _, v := range row {
			if v == nil {
				v = []byte("NULL")
			}
			vals = append(vals, string(v))
		}
		rows = append(rows, strings.Join(vals, ","))
	}
	if got := strings.Join(rows, ";"); got != want {
		t.Errorf("%s: %s, want %s", sql, got, want)
	}
}
