package plan

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestFetchesAreEnough runs random queries over whole tables, and over tables that hold only the rows and columns that
// the Split's fetches read: the answers must be the same. The tables are not encrypted, so that a condition on a token
// reads the column itself; one half of the conditions that could be left out are.
func TestFetchesAreEnough(t *testing.T) {
	for name, mariaDB := range map[string]bool{"TDEPROXY_TEST_MARIADB": true, "TDEPROXY_TEST_MYSQL": false} {
		t.Run(strings.ToLower(strings.TrimPrefix(name, "TDEPROXY_TEST_")), func(t *testing.T) {
			conn := serverOf(t, name)
			newEnough(t, conn, mariaDB).run(2000)
		})
	}
}

// enough is one run: databases full and part, and the random queries.
type enough struct {
	t          *testing.T
	conn       *client.Conn
	full, part string
	env        *Env
	rnd        *rand.Rand
	aliases    int
	used       []string // tables of the query
	pushed     int
	joined     int
	listed     int
	lists      []List
	limited    int
	reduced    int
	topped     int  // fetches of the first rows alone
	ranged     int  // comparisons by order tokens
	wide       bool // a condition of the fetch was left out
}

func newEnough(t *testing.T, conn *client.Conn, mariaDB bool) *enough {
	stamp := fmt.Sprintf("tde_plan_%d_%d", os.Getpid(), time.Now().UnixNano())
	e := &enough{t: t, conn: conn, full: stamp + "_full", part: stamp + "_part", rnd: rand.New(rand.NewPCG(1, 2))}
	t.Cleanup(func() {
		e.must("DROP DATABASE " + e.full)
		e.must("DROP DATABASE " + e.part)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	e.must("SET sql_mode = ''")
	e.must("CREATE DATABASE " + e.full + " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
	e.must("CREATE DATABASE " + e.part + " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
	snapshot := schema.NewSnapshot(nil, 0)
	for i, name := range e.names() {
		table := e.table(name, name > "c")
		for _, db := range []string{e.full, e.part} {
			e.must("CREATE TABLE " + db + "." + name + " (id INT, k VARCHAR(20), " + table.Columns[2].Name + " INT, " + table.Columns[3].Name + " INT)")
		}
		for id := range 9 {
			v := func() string { return []string{"NULL", "0", "1", "2", "3"}[e.rnd.IntN(5)] }
			k := []string{"NULL", "'a'", "'b'", "'C'", "''"}[e.rnd.IntN(5)]
			e.must(fmt.Sprintf("INSERT INTO %s.%s VALUES (%d, %s, %s, %s)", e.full, name, id+i, k, v(), v()))
		}
		if name > "c" {
			snapshot = snapshot.WithDefinition(table)
		} else {
			snapshot = snapshot.With(table)
		}
	}
	e.env = &Env{DB: e.full, Mode: Mode{MariaDB: mariaDB, Version: 101119}, Snapshot: snapshot, Evaluator: true}
	return e
}

// names of the tables; those from d on are not encrypted.
func (e *enough) names() []string { return []string{"a", "b", "c", "d", "e"} }

// table has columns id (clear and unique) and k, and two of its own name; the last has no token.
func (e *enough) table(name string, clear bool) *schema.Table {
	column := func(id uint16, name string, kind schema.Kind, token bool) schema.Column {
		c := schema.Column{ID: id, Name: name, Kind: kind, Collation: "utf8mb4_general_ci", Default: schema.DefaultNull, Token: token}
		c.NotNull = name == "id"
		c.Order, c.Length = token, 20
		if clear || name == "id" {
			c.Storage, c.Token, c.Order = schema.StoredClear, false, false
		}
		return c
	}
	unique := []schema.Index{{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "id"}}}}
	return &schema.Table{DB: e.full, Name: name, TokenDomain: "x", Indexes: unique, Columns: []schema.Column{
		column(1, "id", schema.KindInt, false), column(2, "k", schema.KindVarChar, true), column(3, name+"n", schema.KindInt, true),
		column(4, name+"x", schema.KindInt, false),
	}}
}

func (e *enough) must(sql string) {
	e.t.Helper()
	if _, err := e.conn.Execute(sql); err != nil {
		e.t.Fatalf("%.300s: %v", sql, err)
	}
}

func (e *enough) run(n int) {
	failed := 0
	ran := 0
	for range n {
		e.aliases, e.used = 0, nil
		sql := e.query(nil, 2, 0)
		want, err := e.rows(e.full, sql)
		if err != nil {
			continue
		}
		ran++
		if got, text := e.split(sql); got != want {
			e.t.Errorf("%s\n%s\ngot  %s\nwant %s", sql, text, got, want)
			if failed++; failed > 5 {
				return
			}
		}
	}
	e.t.Logf("%d queries of %d, %d fetches with conditions, %d semi-joins, %d limits", ran, n, e.pushed, e.joined, e.limited)
	e.t.Logf("%d lists of keys", e.listed)
	e.t.Logf("%d conditions that the proxy decides, %d fetches of the first rows, %d ranges", e.reduced, e.topped, e.ranged)
	if ran < n/2 || e.pushed < n/4 || e.joined < n/16 || e.limited < n/100 || e.topped < n/50 || e.ranged < n/50 || e.reduced < n/32 || e.listed < n/128 {
		e.t.Error("too few queries tested anything")
	}
}

// rows are the rows of a query, sorted.
func (e *enough) rows(db, sql string) (string, error) {
	e.must("USE " + db)
	r, err := e.conn.Execute(sql)
	if err != nil {
		return "", err
	}
	defer r.Close()
	var all []string
	for i := range r.Values {
		var row []string
		for j := range r.Values[i] {
			v := r.Values[i][j].Value()
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			row = append(row, fmt.Sprint(v))
		}
		all = append(all, strings.Join(row, ","))
	}
	slices.Sort(all)
	return strings.Join(all, ";"), nil
}

// split plans a query as a Split whatever else it could be, and runs it over what the fetches read.
func (e *enough) split(sql string) (rows, plan string) {
	lx := Lexer{Record: true}
	if err := lx.Lex([]byte(sql), e.env.Mode); err != nil {
		e.t.Fatal(sql, err)
	}
	b := newBlock(e.env, string(lx.Template), lx.Tokens)
	node := parse(b.text, e.env.Mode)
	if node == nil {
		e.t.Fatalf("%s: not read", sql)
	}
	p, err := b.splitPlan(node)
	if err != nil {
		e.t.Fatalf("%s: %v", sql, err)
	}
	s := p.(*Split)
	e.lists = s.Lists
	text := func(parts []Part) string { return e.render(parts, sql, lx.Literals) }
	for _, name := range e.names() {
		e.must("DELETE FROM " + e.part + "." + name)
	}
	for i := range s.Fetches {
		f := &s.Fetches[i]
		var names []string
		for _, c := range f.Columns {
			names = append(names, c.Name)
		}
		e.wide = false
		_, where, _ := strings.Cut(text(f.SQL), " FROM "+tableName(f.Table))
		if where != "" {
			e.pushed++
		}
		if strings.Contains(partsString(f.SQL), "-order ") {
			e.ranged++
		}
		list := strings.Join(names, ", ")
		e.must("INSERT INTO " + e.part + "." + f.Table.Name + " (" + list + ") SELECT " + list + " FROM " + e.full + "." + f.Table.Name + where)
		e.reduce(f, sql, lx.Literals)
	}
	rows, err = e.rows(e.part, text(s.Text))
	if err != nil {
		rows = err.Error()
	}
	return rows, s.String()
}

// reduce removes the rows of a fetch that its Filter says are of no use.
func (e *enough) reduce(f *Fetch, sql string, literals []Literal) {
	for _, c := range f.Filter {
		if c.Pushed {
			continue
		}
		e.reduced++
		e.must("DELETE FROM " + e.part + "." + f.Table.Name + " WHERE NOT COALESCE(" + e.predicate(c.Predicate, f, sql, literals) + ", FALSE)")
	}
}

// predicate is a predicate's text.
func (e *enough) predicate(p *Predicate, f *Fetch, sql string, literals []Literal) string {
	return literalNumber.ReplaceAllStringFunc(p.print(f.Columns), func(n string) string {
		i, err := strconv.Atoi(n[1:])
		if err != nil {
			e.t.Fatal(err)
		}
		return sql[literals[i-1].Start:literals[i-1].End]
	})
}

// list is the condition that a key is in a List.
func (e *enough) list(p Part, sql string, literals []Literal) string {
	l := &e.lists[p.Literal]
	text := strings.Replace(strings.NewReplacer(schema.TokenPrefix, "", schema.OrderPrefix, "").Replace(p.Text), "`id`", "id", 1) + " IN (SELECT id FROM " + e.full + "." + l.Fetch.Table.Name + " WHERE TRUE"
	for _, c := range l.Fetch.Filter {
		text += " AND " + e.predicate(c.Predicate, &l.Fetch, sql, literals)
	}
	return text + ")"
}

var literalNumber = regexp.MustCompile(`\$[0-9]+`)

func (e *enough) render(parts []Part, sql string, literals []Literal) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Kind == PartTop && e.wide:
		case p.Kind == PartTop:
			e.topped++
			b.WriteString(e.render(p.Expr, sql, literals))
		case p.Form == LikeLow || p.Form == LikeHigh:
			b.WriteString(likeEnd(p.Form, sql[literals[p.Literal].Start:literals[p.Literal].End]))
		case p.Fold != nil:
			b.WriteString(p.Fold.print())
		case p.Kind == PartValue:
			b.WriteString(sql[literals[p.Literal].Start:literals[p.Literal].End])
		case p.Kind == PartCondition && e.rnd.IntN(2) == 0:
			b.WriteString("TRUE")
			e.wide = true
		case p.Kind == PartCondition:
			b.WriteString(e.render(p.Expr, sql, literals))
		case p.Kind == PartJoin && e.rnd.IntN(8) == 0:
			b.WriteString("TRUE")
		case p.Kind == PartJoin:
			e.joined++
			b.WriteString(e.render(p.Expr, sql, literals))
		case p.Kind == PartKeys && e.rnd.IntN(4) == 0:
			b.WriteString("TRUE")
		case p.Kind == PartKeys:
			e.listed++
			b.WriteString(e.list(p, sql, literals))
		case p.Kind == PartLimit:
			sum := 0
			for _, v := range p.Expr {
				n, err := strconv.Atoi(e.render([]Part{v}, sql, literals))
				if err != nil {
					e.t.Fatal(err)
				}
				sum += n
			}
			e.limited++
			fmt.Fprintf(&b, " LIMIT %d", sum)
		case p.Kind == PartName:
			b.WriteString(quote(e.render(p.Expr, sql, literals)))
		case p.Kind == PartSchema:
			b.WriteString(e.part)
		default:
			b.WriteString(strings.NewReplacer(schema.TokenPrefix, "", schema.OrderPrefix, "").Replace(p.Text))
		}
	}
	return b.String()
}

// likeEnd is an end of the range of strings that match a pattern that ends with %.
func likeEnd(form Form, pattern string) string {
	prefix, _, _ := strings.Cut(strings.Trim(pattern, "'"), "%")
	if form == LikeHigh {
		prefix += "~~~~"
	}
	return "'" + prefix + "'"
}
