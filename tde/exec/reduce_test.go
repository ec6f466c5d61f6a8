package exec

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

var (
	seed       = flag.Uint64("reduce.seed", 1, "of the random conditions on columns of all types")
	conditions = flag.Int("reduce.conditions", 150, "how many conditions each column is tried with")
)

// reducible are columns of all types, and collations that are known and some that are not.
func reducible(mariaDB bool) []schema.Column {
	var out []schema.Column
	add := func(sqlType string, c schema.Column) {
		c.ID, c.Name, c.SQLType, c.Default = 2, "c", sqlType, schema.DefaultNull
		out = append(out, c)
	}
	for i, name := range []string{"tinyint", "smallint", "mediumint", "int", "bigint"} {
		add(name, schema.Column{Kind: schema.KindTinyInt + schema.Kind(i)})
		add(name+" unsigned", schema.Column{Kind: schema.KindTinyInt + schema.Kind(i), Unsigned: true})
	}
	add("year", schema.Column{Kind: schema.KindYear, Length: 4, Unsigned: true})
	add("float", schema.Column{Kind: schema.KindFloat, Scale: -1})
	add("float(7,2)", schema.Column{Kind: schema.KindFloat, Precision: 7, Scale: 2})
	add("double", schema.Column{Kind: schema.KindDouble, Scale: -1})
	for _, p := range [][2]int{{10, 0}, {6, 2}, {15, 4}, {30, 10}, {65, 30}, {5, 5}} {
		add(fmt.Sprintf("decimal(%d,%d)", p[0], p[1]), schema.Column{Kind: schema.KindDecimal, Precision: p[0], Scale: p[1]})
	}
	add("date", schema.Column{Kind: schema.KindDate})
	for _, fsp := range []int{0, 3} {
		add(fmt.Sprintf("time(%d)", fsp), schema.Column{Kind: schema.KindTime, FSP: fsp})
		add(fmt.Sprintf("datetime(%d)", fsp), schema.Column{Kind: schema.KindDateTime, FSP: fsp})
		add(fmt.Sprintf("timestamp(%d) null", fsp), schema.Column{Kind: schema.KindTimestamp, FSP: fsp})
	}
	text := func(collation string) {
		charset, _, _ := strings.Cut(collation, "_")
		suffix := " character set " + charset + " collate " + collation
		add("varchar(40)"+suffix, schema.Column{Kind: schema.KindVarChar, Length: 40, Charset: charset, Collation: collation})
		add("char(20)"+suffix, schema.Column{Kind: schema.KindChar, Length: 20, Charset: charset, Collation: collation})
		add("text"+suffix, schema.Column{Kind: schema.KindText, Length: 65535, Charset: charset, Collation: collation})
	}
	for _, c := range []string{
		"utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci", "utf8mb4_bin", "utf8mb3_general_ci", "latin1_swedish_ci", "latin1_bin",
		"latin1_general_ci", "utf8mb4_turkish_ci", "utf8mb4_lithuanian_ci", "utf8mb4_spanish2_ci", "ascii_general_ci", "ascii_bin", "ucs2_general_ci", "utf16_bin",
	} {
		text(c)
	}
	if mariaDB {
		text("utf8mb4_nopad_bin")
		text("utf8mb4_uca1400_ai_ci")
		text("utf8mb4_uca1400_as_ci")
	} else {
		text("utf8mb4_0900_ai_ci")
		text("utf8mb4_0900_as_ci")
		text("utf8mb4_0900_as_cs")
		text("utf8mb4_0900_bin")
	}
	add("binary(5)", schema.Column{Kind: schema.KindBinary, Length: 5})
	add("varbinary(40)", schema.Column{Kind: schema.KindVarBinary, Length: 40})
	add("blob", schema.Column{Kind: schema.KindBlob, Length: 65535})
	add("bit(9)", schema.Column{Kind: schema.KindBit, Length: 9})
	add("enum('a','b','1')", schema.Column{Kind: schema.KindEnum, Charset: "utf8mb4", Collation: "utf8mb4_general_ci", Members: []string{"a", "b", "1"}})
	return out
}

// Values that columns are filled and compared with.
var (
	numberPool = []string{
		"0", "1", "-1", "5", "7", "100", "127", "128", "-128", "255", "256", "2024", "1999", "32767", "65535", "16777216", "16777217", "2147483647",
		"-2147483648", "4294967295", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
		"99999999999999999999", "0.5", "-0.5", "0.1", "1.5", "-1.50", "2.25", "99.99", "-0.0", "0.00001", "123456.7891", "12345678901234567890.0123456789",
		"1e0", "5e-1", "1e-1", "1.1e0", "-2.5e0", "1e10", "3.4e38", "1e300", "TRUE", "FALSE", "'5'", "'5.5'", "' 5'", "'0.1'", "'abc'", "'5abc'", "''",
	}
	timePool = []string{
		"'2024-05-06'", "'2024-05-07'", "'1999-12-31'", "'0000-00-00'", "'2024-02-30'", "'9999-12-31'", "'2024-05-06 10:11:12'", "'2024-05-06 10:11:12.5'",
		"'2024-05-06 10:11:12.123'", "'2024-05-06 10:11:12.123456'", "'2024-10-27 02:30:00'", "'2024-10-27 01:30:00'", "'2024-10-27 03:30:00'", "'2024-03-31 02:30:00'", "'2024-05-06 00:00:00'", "'10:11:12'",
		"'-10:11:12'", "'100:00:00'", "'838:59:59'", "'-00:00:01'", "'00:00:00'", "'10:11:12.5'", "'1:2:3'", "DATE'2024-05-06'", "TIME'10:11:12'", "TIMESTAMP'2024-05-06 10:11:12'",
		"20240506", "20240506101112", "101112", "'20240506'", "'x'",
	}
	textPool = []string{
		"'a'", "'A'", "'b'", "'ab'", "'abc'", "'ABC'", "'aBc def'", "'abc '", "' '", "''", "'a\\tb'", "'a\\t'", "'a\\nb'", "'\\0'", "'a\\0'", "'ä'", "'Ä'", "'àbc'", "'ß'", "'ss'", "'i'", "'I'", "'ı'", "'İ'",
		"'y'", "'ll'", "'ch'", "'aa'", "'å'", "'_'", "'~'", "'%'", "'a_c'", "'a%c'", "'a\\\\b'", "'日本'", "'😀'", "'zz'", "'é'", "'e\u0301'", "'x-y'", "'xy'", "'1'", "'10'", "'9'",
		"x'61'", "x'ff'", "_latin1'abc'", "_utf8mb4'abc'", "_binary'abc'", "5", "0", "1.5",
	}
	patternPool = []string{
		"'%'", "''", "'a%'", "'%a'", "'%b%'", "'_'", "'a_c'", "'_b%'", "'%B%c'", "'%_'", "'a\\\\_c'", "'a\\\\%c'", "'\\\\\\\\'", "'%\\\\\\\\%'", "'%x_y%'", "'a%b%c%'", "'ä%'", "'%bc def'", "'__'", "'%日_'", "'a'", "'abc '", "' %'",
		"'%ss%'", "'i%'", "'%l%'", "'%\\t%'", "'a\\\\'", "5", "x'25'", "_binary'a%'", "'%aab%'", "'%ab%ab%'",
	}
)

// reduceTest is a table of one column on a server, and the stored forms of its rows.
type reduceTest struct {
	t       *testing.T
	conn    *sql.Conn
	table   *schema.Table
	rows    [][]byte
	rnd     *rand.Rand
	session *splitRun
	decided int
	ordered int // sorts of several rows
}

// TestReductionAsServers asks a server random conditions over all types: what a reduction makes of one includes what the server
// says, and where it makes anything of one, the server warns of nothing. What ORDER BY … LIMIT gives is among what it keeps.
func TestReductionAsServers(t *testing.T) {
	for env, address := range servers(t) {
		t.Run(strings.ToLower(strings.TrimPrefix(env, "TDEPROXY_TEST_")), func(t *testing.T) {
			conn := connect(t, address)
			db := fmt.Sprintf("tde_exec_%d", os.Getpid())
			must(t, conn, "DROP DATABASE IF EXISTS "+db, "CREATE DATABASE "+db+" CHARACTER SET utf8mb4", "USE "+db)
			t.Cleanup(func() { must(t, conn, "DROP DATABASE "+db) })
			loadBerlin(t, conn)
			mariaDB := env == "TDEPROXY_TEST_MARIADB"
			decided, ordered := map[schema.Kind]int{}, map[schema.Kind]int{}
			for i, c := range reducible(mariaDB) {
				t.Run(c.SQLType, func(t *testing.T) {
					r := newReduceTest(t, conn, db, c, mariaDB)
					r.rnd = rand.New(rand.NewPCG(uint64(i), *seed))
					for range *conditions {
						r.condition(r.random(2))
					}
					for range 12 {
						r.first()
						r.sorted()
					}
					ordered[c.Kind] += r.ordered
					decided[c.Kind] += r.decided
				})
			}
			for k, n := range decided {
				if n == 0 && k != schema.KindBit && k != schema.KindEnum && k != schema.KindFloat {
					t.Errorf("no condition on kind %d was decided", k)
				}
				if ordered[k] == 0 && k != schema.KindBit && k != schema.KindEnum && k != schema.KindFloat {
					t.Errorf("no rows were sorted by kind %d", k)
				}
			}
		})
	}
}

// berlin is the server's name of Europe/Berlin, as it was from 1980 on but for summers other than that of 2024.
const berlin = "tde_exec/berlin"

func loadBerlin(t *testing.T, conn *sql.Conn) {
	const id = "99991"
	remove := func() {
		for _, table := range []string{"time_zone_name", "time_zone_transition", "time_zone_transition_type", "time_zone"} {
			must(t, conn, "DELETE FROM mysql."+table+" WHERE Time_zone_id = "+id)
		}
	}
	remove()
	t.Cleanup(remove)
	must(t, conn, "INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES ("+id+", 'N')",
		"INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('"+berlin+"', "+id+")",
		"INSERT INTO mysql.time_zone_transition_type VALUES ("+id+", 0, 3600, 0, 'CET'), ("+id+", 1, 7200, 1, 'CEST')",
		"INSERT INTO mysql.time_zone_transition VALUES ("+id+", -2147483648, 0), ("+id+", 1711846800, 1), ("+id+", 1729990800, 0)")
}

func must(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := conn.ExecContext(context.Background(), s); err != nil {
			t.Fatalf("%.200s: %v", s, err)
		}
	}
}

func newReduceTest(t *testing.T, conn *sql.Conn, db string, c schema.Column, mariaDB bool) *reduceTest {
	r := &reduceTest{t: t, conn: conn, table: &schema.Table{DB: db, Name: "t", Columns: []schema.Column{
		{ID: 1, Name: "id", Kind: schema.KindInt, SQLType: "int", NotNull: true, Default: schema.DefaultNone, Storage: schema.StoredClear}, c,
	}, Indexes: []schema.Index{{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "id"}}}}}}
	key := "c"
	if strings.HasPrefix(c.SQLType, "text") || c.SQLType == "blob" {
		key = "c(10)"
	}
	must(t, conn, "SET sql_mode='', time_zone='"+berlin+"'", "DROP TABLE IF EXISTS t, part", "CREATE TABLE t (id INT PRIMARY KEY, c "+c.SQLType+", KEY ("+key+"))",
		"CREATE TABLE part LIKE t", "INSERT INTO t VALUES (0, NULL)")
	for _, v := range r.pool() {
		must(t, conn, "INSERT IGNORE INTO t SELECT MAX(id) + 1, "+v+" FROM t")
	}
	var err error
	rows := r.query("SELECT " + c.ReadBack("") + " FROM t ORDER BY id")
	for _, row := range rows {
		var v []byte
		if row[0] != nil {
			if v, err = evaluator.Stored(&c, []byte(*row[0])); err != nil {
				t.Fatal(err)
			}
			if v == nil {
				v = []byte{}
			}
		}
		r.rows = append(r.rows, v)
	}
	r.session = &splitRun{Session: &Session{}}
	vars := r.query(varsQuery)[0]
	var texts [][]byte
	for _, v := range vars {
		texts = append(texts, []byte(*v))
	}
	r.session.vars.parse(texts, 45, mariaDB, 0)
	if r.session.vars.context.Location, err = time.LoadLocation("Europe/Berlin"); err != nil {
		t.Fatal(err)
	}
	r.session.mirror = []evaluator.Variable{{Name: "max_sort_length", Value: "1024"}}
	return r
}

// pool are the literals that make sense with the column, and some that do not.
func (r *reduceTest) pool() []string {
	switch k := r.table.Columns[1].Kind; {
	case k <= schema.KindYear || k == schema.KindBit:
		return numberPool
	case k <= schema.KindTimestamp:
		return timePool
	}
	return textPool
}

func (r *reduceTest) literal() string {
	switch r.rnd.IntN(40) {
	case 0:
		return "NULL"
	case 1:
		return textPool[r.rnd.IntN(len(textPool))]
	case 2:
		return numberPool[r.rnd.IntN(len(numberPool))]
	case 3:
		return timePool[r.rnd.IntN(len(timePool))]
	}
	pool := r.pool()
	return pool[r.rnd.IntN(len(pool))]
}

func (r *reduceTest) random(depth int) string {
	if depth > 0 && r.rnd.IntN(4) == 0 {
		return "(" + r.random(depth-1) + []string{" AND ", " OR "}[r.rnd.IntN(2)] + r.random(depth-1) + ")"
	}
	not := []string{"", "NOT "}[r.rnd.IntN(2)]
	switch r.rnd.IntN(10) {
	case 0:
		return "c IS " + not + "NULL"
	case 1, 2:
		return "c " + not + "BETWEEN " + r.literal() + " AND " + r.literal()
	case 3, 4:
		return "c " + not + "IN (" + r.literal() + ", " + r.literal() + ", " + r.literal() + ")"
	case 5, 6:
		if k := r.table.Columns[1].Kind; k >= schema.KindChar && k <= schema.KindLongBlob {
			return "c " + not + "LIKE " + patternPool[r.rnd.IntN(len(patternPool))]
		}
		return "NOT (c " + operatorOf(r.rnd) + r.literal() + ")"
	case 7:
		return r.literal() + operatorOf(r.rnd) + "c"
	}
	return "c" + operatorOf(r.rnd) + r.literal()
}

func operatorOf(rnd *rand.Rand) string {
	return []string{" = ", " <> ", " < ", " <= ", " > ", " >= "}[rnd.IntN(6)]
}

func (r *reduceTest) query(text string) [][]*string {
	r.t.Helper()
	rows, err := r.conn.QueryContext(context.Background(), text)
	if err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		r.t.Fatal(err)
	}
	var out [][]*string
	for rows.Next() {
		row, into := make([]*string, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			r.t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

// fetch plans a statement and binds the reduction of its one fetch.
func (r *reduceTest) fetch(text string) (*plan.Fetch, *reduction) {
	r.t.Helper()
	x := r.session
	src := []byte(text)
	if err := x.lexer.Lex(src, x.vars.mode); err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
	env := &plan.Env{Mode: x.vars.mode, DB: r.table.DB, Snapshot: schema.NewSnapshot([]*schema.Table{r.table}, 0), Rules: schema.NewRules(nil, nil), Evaluator: true, Split: true}
	p, ok := plan.Build(plan.Statement{Template: string(x.lexer.Template), Source: text, Rows: x.lexer.Rows}, env).(*plan.Split)
	if !ok {
		r.t.Fatalf("%s is not split", text)
	}
	x.args = args{src: src, literals: x.lexer.Literals, mode: x.vars.mode, vars: &x.vars}
	x.binder.start(context.Background(), nil, &x.args)
	f := &p.Fetches[0]
	return f, x.reduction(f)
}

// condition compares the outcome of a condition with the server's for each row.
func (r *reduceTest) condition(condition string) {
	r.t.Helper()
	text := "SELECT id FROM t WHERE " + condition
	f, red := r.fetch(text + " ORDER BY c LIMIT 1")
	if red.filter == nil {
		return
	}
	if !red.whole || f.TopN == nil {
		r.part(condition, f, red)
		return
	}
	var all []*kernel.Condition // with what upstream has decided
	p := predicates{binder: &r.session.binder, fetch: f}
	for _, c := range f.Filter {
		all = append(all, p.condition(c.Predicate))
	}
	whole := kernel.And(all...)
	answers := r.query("SELECT (" + condition + ") FROM t IGNORE INDEX (c) ORDER BY id")
	r.silent(condition)
	found := map[string]bool{}
	for _, row := range r.query(text) {
		found[*row[0]] = true
	}
	r.silent(text)
	for i, v := range r.rows {
		outcome := whole.Of(place(f, v))
		want := kernel.Null
		if a := answers[i][0]; a != nil {
			want = kernel.False
			if *a != "0" {
				want = kernel.True
			}
		}
		if outcome&want == 0 || found[fmt.Sprint(i)] && outcome&kernel.True == 0 {
			r.t.Errorf("%s, of %q: outcomes %03b, the server says %03b, and finds %v", condition, v, outcome, want, found[fmt.Sprint(i)])
		}
		if outcome == want {
			r.decided++
		}
	}
}

// part checks a condition of which the reduction decides the first conjuncts: neither rows nor warnings are lost.
func (r *reduceTest) part(condition string, f *plan.Fetch, red *reduction) {
	r.t.Helper()
	text := "SELECT id FROM t IGNORE INDEX (c) WHERE " + condition
	rows, err := r.conn.QueryContext(context.Background(), text)
	if err != nil {
		return // whatever the rows are
	}
	rows.Close()
	kept := []string{"-1"}
	for i, v := range r.rows {
		if outcomeOf(red.filter, place(f, v))&kernel.True != 0 {
			kept = append(kept, fmt.Sprint(i))
		}
	}
	must(r.t, r.conn, "DELETE FROM part", "INSERT INTO part SELECT * FROM t WHERE id IN ("+strings.Join(kept, ", ")+")")
	want, warned := fmt.Sprint(r.texts(text)), fmt.Sprint(r.texts("SHOW COUNT(*) WARNINGS"))
	got := fmt.Sprint(r.texts("SELECT id FROM part IGNORE INDEX (c) WHERE " + condition))
	if warnings := fmt.Sprint(r.texts("SHOW COUNT(*) WARNINGS")); got != want || warnings != warned {
		r.t.Errorf("%s: rows %s and %s warnings over all, %s and %s over those that are kept", condition, want, warned, got, warnings)
	}
}

func (r *reduceTest) texts(text string) (out []string) {
	r.t.Helper()
	for _, row := range r.query(text) {
		out = append(out, *row[0])
	}
	return out
}

// outcomeOf is what a filter says of an open row.
func outcomeOf(f filter, row [][]byte) kernel.Outcome {
	out := kernel.True
	for i := range f {
		out = out.And(f[i].condition.Of(row))
	}
	return out
}

// place puts a value where the fetch has the column.
func place(f *plan.Fetch, v []byte) [][]byte {
	row := make([][]byte, len(f.Columns))
	row[slices.IndexFunc(f.Columns, func(c *schema.Column) bool { return c.Name == "c" })] = v
	return row
}

// silent complains about warnings other than those of deprecated syntax.
func (r *reduceTest) silent(text string) {
	r.t.Helper()
	for _, w := range r.query("SHOW WARNINGS") {
		if *w[1] != "1287" {
			r.t.Errorf("%s: bound, but the server warns %s %s", text, *w[1], *w[2])
			return
		}
	}
}

// first compares the rows that ORDER BY … LIMIT gives with those that are kept.
func (r *reduceTest) first() {
	r.t.Helper()
	length := []int{1024, 1024, 16}[r.rnd.IntN(3)]
	r.session.mirror[0].Value = fmt.Sprint(length)
	must(r.t, r.conn, fmt.Sprintf("SET max_sort_length = %d", length))
	defer must(r.t, r.conn, "SET max_sort_length = 1024")
	where := ""
	if r.rnd.IntN(2) == 0 {
		where = " WHERE " + r.random(1)
	}
	text := fmt.Sprintf("SELECT id FROM t IGNORE INDEX (c)%s ORDER BY c %s LIMIT %d, %d", where, []string{"ASC", "DESC"}[r.rnd.IntN(2)], r.rnd.IntN(3), 1+r.rnd.IntN(8))
	f, red := r.fetch(text)
	if red.top == nil {
		return
	}
	var pushed []*kernel.Condition
	p := predicates{binder: &r.session.binder, fetch: f}
	for _, c := range f.Filter {
		if c.Pushed {
			pushed = append(pushed, p.condition(c.Predicate))
		}
	}
	upstream := kernel.And(pushed...)
	kept := map[string]bool{}
	o := &opener{fetch: f, row: make([][]byte, len(f.Columns))}
	idAt := 1 - red.by
	load := func(row [][]byte) error {
		kept[string(row[idAt])] = true
		return nil
	}
	for i, v := range r.rows {
		row := place(f, v)
		row[idAt] = []byte(fmt.Sprint(i))
		copy(o.row, row)
		outcome := upstream.Of(row)
		outcome = outcome.And(outcomeOf(red.filter, row))
		if outcome&kernel.True == 0 || !red.held(o, row, outcome == kernel.True) {
			continue
		}
		if !red.passed {
			red.passed = true
			if err := red.top.Rows(load); err != nil {
				r.t.Fatal(err)
			}
		}
		_ = load(row)
	}
	if err := red.top.Rows(load); err != nil {
		r.t.Fatal(err)
	}
	for _, row := range r.query(text) {
		if !kept[*row[0]] {
			r.t.Errorf("%s (max_sort_length %d): row %s is not among %d kept", text, length, *row[0], len(kept))
		}
	}
}
