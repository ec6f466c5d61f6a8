package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

var (
	writesSeed  = flag.Uint64("writes-seed", 1, "seed of TestRandomWrites")
	writesCount = flag.Int("writes-count", 200, "statements of TestRandomWrites, by sql_mode")
)

// TestRandomWrites sends random statements that write, on tables with keys of every kind and without any, and compares what is affected and the
// whole table after each with a plain server. What is refused is not done on either side.
func TestRandomWrites(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		for i, mode := range []string{"", "STRICT_TRANS_TABLES"} {
			name := s.database(t, fmt.Sprintf("random_writes%d", i))
			plain, err := rawmysql.Dial(rawmysql.Config{Address: s.plain.Address, Database: name})
			must(t, err)
			defer plain.Close()
			w := &writesRun{t: t, plain: plain, sealed: s.connect(t, rawmysql.Config{Database: name}),
				writes: writesGenerator{Rand: rand.New(rand.NewPCG(*writesSeed, uint64(i)))}}
			w.both("SET sql_mode = '" + mode + "'")
			for i := range 3 {
				w.both(w.writes.table(fmt.Sprintf("t%d", i)))
			}
			for range *writesCount {
				w.write()
			}
			t.Logf("sql_mode %q: %d statements, %d failed, %d refused", mode, w.sent, w.failed, w.refused)
			if w.sent < *writesCount/2 || w.failed > w.sent*2/3 {
				t.Error("too few statements did anything")
			}
		}
		s.healthy(t)
	})
}

// writesRun is one session on each side.
type writesRun struct {
	t                     *testing.T
	plain, sealed         *rawmysql.Conn
	writes                writesGenerator
	sent, failed, refused int
}

func (w *writesRun) both(sql string) {
	w.t.Helper()
	run(w.t, w.plain, sql)
	run(w.t, w.sealed, sql)
}

// write sends one statement to both sides.
func (w *writesRun) write() {
	w.t.Helper()
	sql, table := w.writes.statement()
	got, err := w.sealed.Query(sql)
	must(w.t, err)
	if e := got[0].Err; e != nil && strings.HasPrefix(e.Message, "tdeproxy: ") {
		w.refused++
		return
	}
	want, err := w.plain.Query(sql)
	must(w.t, err)
	w.sent++
	if want[0].Err != nil {
		w.failed++
	}
	// Which of several errors comes first is a matter of the order in which rows are worked on.
	if g, p := got[0], want[0]; (g.Err == nil) != (p.Err == nil) || g.AffectedRows != p.AffectedRows || g.Info != p.Info && !strings.HasPrefix(sql, "INSERT") && p.Info != "" {
		w.t.Fatalf("%s\n%s: %d rows, %q, error %v; want %d, %q, error %v", strings.Join(w.writes.tables(), "\n"), sql, g.AffectedRows, g.Info, g.Err, p.AffectedRows, p.Info, p.Err)
	}
	all := "SELECT * FROM " + table + " ORDER BY " + w.writes.all(table)
	if got, want := column(w.t, w.sealed, strings.Replace(all, "*", w.writes.joined(table), 1)), column(w.t, w.plain, strings.Replace(all, "*", w.writes.joined(table), 1)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Fatalf("%s\nafter %s: %q, want %q", strings.Join(w.writes.tables(), "\n"), sql, got, want)
	}
}

// writesGenerator makes tables and statements.
type writesGenerator struct {
	*rand.Rand
	made []randomTable
}

type randomTable struct {
	name, create string
	columns      []randomColumn
}

type randomColumn struct {
	name    string
	kind    *randomKind
	notNull bool
}

// randomKind is a type with values and expressions of a column x that the type takes.
type randomKind struct {
	sql           string
	values, exprs []string
}

var randomKinds = []randomKind{
	{"INT", []string{"0", "1", "2", "-1", "7", "100"}, []string{"x + 1", "-x", "x % 3", "IFNULL(x, 3)", "GREATEST(x, 2)"}},
	{"BIGINT UNSIGNED", []string{"0", "1", "5", "20"}, []string{"x + 1", "x DIV 2", "IFNULL(x, 3)"}},
	{"DECIMAL(8,2)", []string{"0", "1.5", "-2.25", "9.99"}, []string{"x * 2", "ROUND(x)", "-x"}},
	{"VARCHAR(8)", []string{"'a'", "'A'", "'ab'", "'Ab '", "''", "'\u00e9'", "'zzzzzzz'"}, []string{"UPPER(x)", "CONCAT(x, 'q')", "LEFT(x, 2)", "IFNULL(x, 'n')"}},
	{"VARCHAR(8) COLLATE utf8mb4_bin", []string{"'a'", "'A'", "'ab'", "''", "'10'"}, []string{"CONCAT(x, 'q')", "REVERSE(x)"}},
	{"CHAR(4)", []string{"'a'", "'B'", "'bc'", "''"}, []string{"CONCAT(x, 'd')", "LOWER(x)"}},
	{"DATE", []string{"'2024-01-10'", "'2024-02-11'", "'2024-03-12'"}, []string{"IF(x > '2024-02-01', '2024-01-10', x)", "IFNULL(x, '2024-01-01')"}},
	{"ENUM('x','y','z')", []string{"'x'", "'y'", "'z'"}, []string{"IF(x = 'x', 'y', x)"}},
	{"TEXT", []string{"'t'", "'T'", "''", "'long text'"}, []string{"CONCAT(x, '!')", "LEFT(x, 3)"}},
}

func one[T any](g writesGenerator, of []T) T { return of[g.IntN(len(of))] }

// table makes a table whose first column may be a key, or has it without any.
func (g *writesGenerator) table(name string) string {
	t := randomTable{name: name}
	var defs []string
	for i := range 2 + g.IntN(4) {
		c := randomColumn{name: fmt.Sprintf("c%d", i), kind: &randomKinds[g.IntN(len(randomKinds))], notNull: g.IntN(3) == 0}
		for i == 0 && c.kind.sql == "TEXT" {
			c.kind = &randomKinds[g.IntN(len(randomKinds))]
		}
		d := c.name + " " + c.kind.sql
		if c.notNull {
			d += " NOT NULL"
		}
		if g.IntN(4) == 0 && c.kind.sql != "TEXT" {
			d += " DEFAULT " + one(*g, c.kind.values)
		}
		t.columns, defs = append(t.columns, c), append(defs, d)
	}
	if key := one(*g, []string{"PRIMARY KEY (c0)", "UNIQUE KEY (c0)", "UNIQUE KEY (c0)", "KEY (c0)", "", "", ""}); key != "" {
		defs = append(defs, key)
		t.columns[0].notNull = t.columns[0].notNull || strings.HasPrefix(key, "PRIMARY")
	}
	t.create = "CREATE TABLE " + name + " (" + strings.Join(defs, ", ") + ") DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
	g.made = append(g.made, t)
	return t.create
}

func (g *writesGenerator) tables() (out []string) {
	for _, t := range g.made {
		out = append(out, t.create)
	}
	return out
}

// all are a table's columns.
func (g *writesGenerator) all(table string) string {
	var names []string
	for _, t := range g.made {
		if t.name == table {
			for _, c := range t.columns {
				names = append(names, "BINARY "+c.name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// joined is a row as one text.
func (g *writesGenerator) joined(table string) string {
	return "CONCAT_WS('|', " + strings.ReplaceAll(strings.ReplaceAll(g.all(table), "BINARY ", "IFNULL("), ",", ", 'NULL'),") + ", 'NULL'))"
}

// value is a literal for a column.
func (g *writesGenerator) value(c randomColumn) string {
	switch {
	case !c.notNull && g.IntN(8) == 0:
		return "NULL"
	case g.IntN(12) == 0:
		return "DEFAULT"
	}
	return one(*g, c.kind.values)
}

// expr is a value that may be computed of the row.
func (g *writesGenerator) expr(c randomColumn, of string) string {
	if g.IntN(3) == 0 {
		return g.value(c)
	}
	e := one(*g, c.kind.exprs)
	return strings.NewReplacer("(x", "("+of+c.name, "x)", of+c.name+")", "x ", of+c.name+" ", "-x", "-"+of+c.name, "x,", of+c.name+",").Replace(e)
}

// condition is one on a table's columns.
func (g *writesGenerator) condition(t *randomTable, of string) string {
	c := one(*g, t.columns)
	name, v := of+c.name, one(*g, c.kind.values)
	out := one(*g, []string{name + " = " + v, name + " <> " + v, name + " > " + v, name + " <= " + v, name + " IS NULL", name + " IS NOT NULL",
		name + " IN (" + v + ", " + one(*g, c.kind.values) + ")", "LENGTH(" + name + ") < 3", "NOT " + name + " = " + v})
	if g.IntN(3) == 0 {
		return "(" + out + one(*g, []string{" AND ", " OR "}) + g.condition(t, of) + ")"
	}
	return out
}

// ordered is an ORDER BY that tells rows apart but for equal ones, with a LIMIT.
func (g *writesGenerator) ordered(t *randomTable) string {
	if g.IntN(4) > 0 {
		return ""
	}
	return fmt.Sprintf(" ORDER BY %s LIMIT %d", g.all(t.name), g.IntN(4))
}

// statement is one that writes to a table.
func (g *writesGenerator) statement() (sql, table string) {
	t, other := &g.made[g.IntN(len(g.made))], &g.made[g.IntN(len(g.made))]
	ignore := one(*g, []string{"", "", "", " IGNORE"})
	switch k := g.IntN(20); {
	case k < 6:
		return g.insert(t, ignore), t.name
	case k < 12:
		c := one(*g, t.columns)
		sets := c.name + " = " + g.expr(c, "")
		if d := one(*g, t.columns); d.name != c.name && g.IntN(3) == 0 {
			sets += ", " + d.name + " = " + g.value(d)
		}
		where := ""
		if g.IntN(4) > 0 {
			where = " WHERE " + g.condition(t, "")
		}
		return "UPDATE" + ignore + " " + t.name + " SET " + sets + where + g.ordered(t), t.name
	case k < 15:
		return "DELETE FROM " + t.name + " WHERE " + g.condition(t, "") + " AND " + g.condition(t, "") + g.ordered(t), t.name
	case k < 17:
		return g.insertSelect(t, other, ignore), t.name
	case k < 18 && t != other:
		c, d := one(*g, t.columns), one(*g, other.columns)
		if c.kind == d.kind {
			e := one(*g, t.columns)
			return "UPDATE " + t.name + " a JOIN " + other.name + " b ON a." + c.name + " = b." + d.name + " SET a." + e.name + " = " + g.expr(e, "a.") + " WHERE " + g.condition(t, "a."), t.name
		}
		return "DELETE a FROM " + t.name + " a WHERE EXISTS (SELECT 1 FROM " + other.name + " b WHERE " + g.condition(other, "b.") + ") AND " + g.condition(t, "a."), t.name
	default:
		c := one(*g, t.columns)
		return "UPDATE " + t.name + " SET " + c.name + " = " + one(*g, c.kind.values), t.name // gives rows one value
	}
}

func (g *writesGenerator) insert(t *randomTable, ignore string) string {
	verb := "INSERT" + ignore
	if g.IntN(6) == 0 {
		verb = "REPLACE"
	}
	var names, rows []string
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	for range 1 + g.IntN(3) {
		var row []string
		for _, c := range t.columns {
			row = append(row, g.value(c))
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	}
	sql := verb + " INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES " + strings.Join(rows, ", ")
	if verb != "REPLACE" && g.IntN(4) == 0 {
		c := one(*g, t.columns)
		sql += " ON DUPLICATE KEY UPDATE " + c.name + " = " + one(*g, []string{"VALUES(" + c.name + ")", g.expr(c, ""), one(*g, c.kind.values)})
	}
	return sql
}

// insertSelect copies columns of like types.
func (g *writesGenerator) insertSelect(t, from *randomTable, ignore string) string {
	var names, exprs []string
	for _, c := range t.columns {
		e := one(*g, c.kind.values)
		for _, d := range from.columns {
			if c.kind == d.kind {
				e = strings.ReplaceAll(g.expr(d, ""), "DEFAULT", e)
			}
		}
		names, exprs = append(names, c.name), append(exprs, e)
	}
	return fmt.Sprintf("INSERT%s INTO %s (%s) SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %d", ignore, t.name, strings.Join(names, ", "), strings.Join(exprs, ", "),
		from.name, g.condition(from, ""), g.all(from.name), 1+g.IntN(4))
}
