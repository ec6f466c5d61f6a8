package plan

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// How many rows each table of a touch has, and the most that the fetches of a selective query may read
// of all of them.
const (
	touchRows = 4000
	touchMost = 120
)

// TestFetchesTouchFewRows runs fetches on tables as upstream stores them: of a join on keys, one side of which has a selective
// condition, the server reads the rows that join, by their indexes, and no table whole.
func TestFetchesTouchFewRows(t *testing.T) {
	for name, mariaDB := range map[string]bool{"TDEPROXY_TEST_MARIADB": true, "TDEPROXY_TEST_MYSQL": false} {
		t.Run(strings.ToLower(strings.TrimPrefix(name, "TDEPROXY_TEST_")), func(t *testing.T) {
			conn := serverOf(t, name)
			x := newTouch(t, conn, mariaDB)
			for _, sql := range []string{
				"SELECT UPPER(a.v) FROM a JOIN b ON b.k = a.k WHERE a.id = 7",
				"SELECT UPPER(a.v) FROM a JOIN b ON b.k = a.k WHERE a.n = 7",
				"SELECT UPPER(a.v) FROM a, b WHERE a.k = b.k AND a.n = b.n AND b.id IN (7, 8, 9)",
				"SELECT UPPER(a.v) FROM a JOIN b ON b.id = a.id WHERE a.n = 7 AND LOWER(b.v) <> 'x'",
				"SELECT UPPER(b.v) FROM a LEFT JOIN b ON b.k = a.k WHERE a.id = 7",
				"SELECT UPPER(c.v) FROM a JOIN b ON b.k = a.k JOIN c ON c.n = b.n WHERE a.id BETWEEN 7 AND 9",
				"SELECT UPPER(a.v) FROM a WHERE a.k IN (SELECT k FROM b WHERE b.n = 7)",
				"SELECT UPPER(a.v) FROM a WHERE a.n = 7 AND NOT EXISTS (SELECT * FROM b WHERE b.k = a.k AND UPPER(b.v) = 'X')",
				"SELECT UPPER(a.v), (SELECT MAX(b.v) FROM b WHERE b.k = a.k) FROM a WHERE a.id = 7",
			} {
				if n, text := x.reads(sql); n > touchMost {
					t.Errorf("%s reads %d rows\n%s", sql, n, text)
				}
			}
			if n, text := x.reads("SELECT UPPER(a.v) FROM a JOIN b ON UPPER(b.v) = a.v WHERE a.id = 7"); n < touchRows {
				t.Errorf("rows are not counted: %d\n%s", n, text)
			}
		})
	}
}

// serverOf connects to a test server.
func serverOf(t *testing.T, variable string) *client.Conn {
	t.Helper()
	addr := os.Getenv(variable)
	switch {
	case addr == "" && os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "":
		t.Fatalf("%s is not set", variable)
	case addr == "":
		t.Skipf("%s is not set", variable)
	}
	conn, err := client.Connect(addr, "root", "", "")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// touch is a database with tables a, b and c as upstream stores them: id is clear, v has no token, k is unique in each table,
// and five rows have one n.
type touch struct {
	t    *testing.T
	conn *client.Conn
	env  *Env
}

func newTouch(t *testing.T, conn *client.Conn, mariaDB bool) *touch {
	x := &touch{t: t, conn: conn}
	db := fmt.Sprintf("tde_touch_%d_%d", os.Getpid(), time.Now().UnixNano())
	t.Cleanup(func() {
		x.must("DROP DATABASE " + db)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	x.must("CREATE DATABASE " + db)
	x.must("USE " + db)
	x.must("CREATE TABLE digits (d INT)")
	x.must("INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
	column := func(id uint16, name string, kind schema.Kind, token bool) schema.Column {
		return schema.Column{ID: id, Name: name, Kind: kind, Collation: "utf8mb4_general_ci", Default: schema.DefaultNull, Token: token}
	}
	var tables []*schema.Table
	for _, name := range []string{"a", "b", "c"} {
		id := column(1, "id", schema.KindInt, false)
		id.Storage = schema.StoredClear
		tables = append(tables, &schema.Table{DB: db, Name: name, TokenDomain: db, Columns: []schema.Column{
			id, column(2, "k", schema.KindVarChar, true), column(3, "n", schema.KindInt, true), column(4, "v", schema.KindVarChar, false),
		}})
		x.must("CREATE TABLE " + name + " (id INT PRIMARY KEY, k VARBINARY(99), _tde_eq_k BINARY(16), n VARBINARY(99), _tde_eq_n BINARY(16), v VARBINARY(99), " +
			"UNIQUE KEY (_tde_eq_k), KEY (_tde_eq_n))")
		x.must(fmt.Sprintf("INSERT INTO %s SELECT i, 'cell', LEFT(UNHEX(SHA2(i, 256)), 16), 'cell', LEFT(UNHEX(SHA2(i DIV 5, 256)), 16), REPEAT('c', 60) FROM (SELECT p.d + 10 * q.d + 100 * r.d + "+
			"1000 * s.d AS i FROM digits p, digits q, digits r, digits s) AS all_digits WHERE i < %d", name, touchRows))
		if _, err := conn.Execute("ANALYZE TABLE " + name); err != nil {
			t.Fatal(err)
		}
	}
	x.env = &Env{DB: db, Mode: Mode{MariaDB: mariaDB, Version: 101119}, Snapshot: schema.NewSnapshot(tables, 0), Evaluator: true}
	return x
}

func (x *touch) must(sql string) {
	x.t.Helper()
	if _, err := x.conn.Execute(sql); err != nil {
		x.t.Fatalf("%.300s: %v", sql, err)
	}
}

// reads counts the rows that the fetches of a query read, as the storage engine is asked for them.
func (x *touch) reads(sql string) (rows int, text string) {
	x.t.Helper()
	var lx Lexer
	if err := lx.Lex([]byte(sql), x.env.Mode); err != nil {
		x.t.Fatal(err)
	}
	s, ok := planOf(sql, x.env).(*Split)
	if !ok {
		x.t.Fatalf("%s: %v", sql, planOf(sql, x.env))
	}
	for i := range s.Fetches {
		fetch := x.render(s.Fetches[i].SQL, sql, lx.Literals)
		x.must("FLUSH STATUS")
		x.must(fetch)
		n := x.count()
		rows += n
		text += fmt.Sprintf("%6d: %s\n", n, fetch)
	}
	return rows, text
}

// count is what the session's Handler_read counters say.
func (x *touch) count() int {
	r, err := x.conn.Execute("SHOW SESSION STATUS LIKE 'Handler\\_read%'")
	if err != nil {
		x.t.Fatal(err)
	}
	sum := 0
	for i := range r.Values {
		v, err := r.GetString(i, 1)
		if err != nil {
			x.t.Fatal(err)
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			x.t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// render writes a fetch with a hash in the place of tokens.
func (x *touch) render(parts []Part, sql string, literals []Literal) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Kind == PartCondition || p.Kind == PartJoin || p.Kind == PartTop:
			b.WriteString(x.render(p.Expr, sql, literals))
		case p.Kind == PartKeys:
			b.WriteString("TRUE")
		case p.Kind == PartValue:
			l := sql[literals[p.Literal].Start:literals[p.Literal].End]
			if p.Form != Clear {
				l = "LEFT(UNHEX(SHA2(" + l + ", 256)), 16)"
			}
			b.WriteString(l)
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String()
}
