package evaluator

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// forms gives stored forms that a column can have: of every literal that its twin takes, under several modes.
func forms(t *testing.T, e *Evaluator, table *schema.Table, c *schema.Column, more ...string) [][]byte {
	t.Helper()
	var out [][]byte
	for _, mode := range []string{"", "ALLOW_INVALID_DATES"} {
		for _, l := range append(more, literals...) {
			got, _, err := e.Coerce(context.Background(), table, []*schema.Column{c}, [][]Cell{{{SQL: l}}}, Session{SQLMode: mode, TimeZone: "+00:00", Charset: "utf8mb4", Collation: "utf8mb4_unicode_ci"})
			if err != nil || slices.ContainsFunc(out, func(b []byte) bool { return bytes.Equal(b, got[0][0]) && (b == nil) == (got[0][0] == nil) }) {
				continue
			}
			out = append(out, got[0][0])
		}
	}
	if !c.NotNull {
		out = append(out, nil)
	}
	return out
}

// readRows reads columns of a workspace's table back, in stored form.
func readRows(t *testing.T, w *Workspace, table *schema.Table, cols []*schema.Column, order string) [][][]byte {
	t.Helper()
	db, err := w.Schema(table.DB)
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = c.ReadBack("")
	}
	rows, err := w.ask("SELECT " + strings.Join(parts, ", ") + " FROM " + schema.Quote(db) + "." + schema.Quote(table.Name) + order)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, c := range cols {
			if row[i], err = Stored(c, row[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return rows
}

// sessions in which rows are loaded: what they store must not depend on it.
var sessions = [][]Variable{
	nil,
	{{Name: "sql_mode", Value: "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ANSI_QUOTES'"}, {Name: "time_zone", Value: "'America/New_York'"},
		{Name: "character_set_client", Value: "'latin1'"}, {Name: "character_set_connection", Value: "'ucs2'"}, {Name: "character_set_results", Value: "NULL"}},
	{{Name: "sql_mode", Value: "'NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'"}, {Name: "time_zone", Value: "'-11:30'"},
		{Name: "character_set_client", Value: "'gbk'"}, {Name: "collation_connection", Value: "'gbk_bin'"}, {Name: "character_set_results", Value: "'binary'"}},
}

// roundTrip loads values of each column, rows long as the longest list, and reads them back.
func roundTrip(t *testing.T, e *Evaluator, table *schema.Table, values map[*schema.Column][][]byte) {
	t.Helper()
	cols := columnsOf(table)
	cols = slices.DeleteFunc(cols, func(c *schema.Column) bool { return values[c] == nil && c.Name != "id" })
	n := 0
	for _, v := range values {
		n = max(n, len(v))
	}
	rows := make([][][]byte, n)
	for i := range rows {
		for _, c := range cols {
			if c.Name == "id" {
				rows[i] = append(rows[i], number(i))
				continue
			}
			rows[i] = append(rows[i], values[c][i%len(values[c])])
		}
	}
	for s := range 2 * len(sessions) {
		session, file := sessions[s%len(sessions)], s >= len(sessions)
		w := lend(t, e)
		session = slices.DeleteFunc(slices.Clone(session), func(v Variable) bool { return !e.cfg.MariaDB && strings.Contains(v.Value, "PAD_CHAR") })
		if err := w.Set(session); err != nil {
			t.Fatal(err)
		}
		if err := w.client(); err != nil { // the load finds it so
			t.Fatal(err)
		}
		l, err := w.Load(table, cols)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := l.Row(row); err != nil {
				t.Fatal(err)
			}
			if file && i == 0 {
				if err := l.flush(false); err != nil { // the rest goes as a file
					t.Fatal(err)
				}
			}
		}
		if file != l.stream {
			t.Fatal("it went the other way")
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := w.Set(nil); err != nil {
			t.Fatal(err)
		}
		got := readRows(t, w, table, cols, " ORDER BY id")
		w.Release()
		if len(got) != n {
			t.Fatalf("%d rows came back of %d", len(got), n)
		}
		for i := range rows {
			for j, c := range cols {
				if !bytes.Equal(got[i][j], rows[i][j]) || (got[i][j] == nil) != (rows[i][j] == nil) {
					t.Errorf("session %d, %s %s: %q came back as %q", s, c.Name, c.SQLType, rows[i][j], got[i][j])
				}
			}
		}
	}
	t.Logf("%d rows of %d columns", n, len(cols))
}

// TestLoad stores what a table of every type can hold.
func TestLoad(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "every", strings.Replace(everyType, "UNIQUE KEY u (vc(3), i)", "KEY u (vc(3), i)", 1))
		values := map[*schema.Column][][]byte{}
		for i := range table.Columns {
			if c := &table.Columns[i]; c.Name != "id" {
				values[c] = forms(t, e, table, c, "-0e0", "1.17549435e-38", "-3.402823466e38", "2.2250738585072014e-308", "'[1, 2.0, 1e300, \"é😀\\\\\"]'", "'12:00:00.000001'",
					"ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')", "'9999-12-31 23:59:59.99'", "'0001-01-01'", "'1970-01-01 00:00:00.01'")
				if len(values[c]) == 0 {
					t.Fatalf("no values of %s", c.Name)
				}
			}
		}
		roundTrip(t, e, table, values)
	})
}

// TestLoadCharsets stores texts of every character set that the server has.
func TestLoadCharsets(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		w := lend(t, e)
		rows, err := w.ask("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME <> 'binary' ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		w.Release()
		for _, row := range rows {
			cs := string(row[0])
			table := describe(t, e, "c", "CREATE TABLE c (id INT PRIMARY KEY, c CHAR(9), v VARCHAR(9), t TEXT, e ENUM('a','b'), s SET('r','g')) CHARACTER SET "+cs)
			values := map[*schema.Column][][]byte{}
			for i := 1; i < len(table.Columns); i++ {
				c := &table.Columns[i]
				values[c] = forms(t, e, table, c, "'日本'", "'é\\\\\\''", "'Ωяש'", "' \\0\\t '", "x'81'", "x'ff'", "x'e3'", "x'5c27'", "x'd800'", "x'8140'")
			}
			roundTrip(t, e, table, values)
		}
	})
}

// TestLoadNames has names that are neither ASCII nor words.
func TestLoadNames(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		d := ddl(e, "tä`b; 日本", "CREATE TABLE `tä``b; 日本` (id INT PRIMARY KEY, `cö``l, (` VARCHAR(5) COMMENT 'a, (b'')\\\\\n', g INT AS (id + 1), CHECK (id > -5), v INT NOT NULL)")
		d.Database = "dä'b-é"
		table, err := e.Describe(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		values := map[*schema.Column][][]byte{&table.Columns[1]: {[]byte("x"), nil, []byte("é")}}
		roundTrip(t, e, table, values)
		w := lend(t, e)
		defer w.Release()
		if err := load(w, table, columnsOf(table, "id", "g"), [][]byte{number(4), nil}); err != nil {
			t.Fatal(err)
		}
		if err := w.Use(d.Database); err != nil {
			t.Fatal(err)
		}
		rows, err := w.ask("SELECT id, g, v FROM `tä``b; 日本`")
		if err != nil || fmt.Sprintf("%s", rows) != "[[4 5 0]]" {
			t.Errorf("%s %v", rows, err)
		}
	})
}
