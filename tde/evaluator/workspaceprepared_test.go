package evaluator

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// TestPreparedStays counts what the server is asked for one row: a text that is executed again is not prepared again, and
// neither variables nor the session are set anew.
func TestPreparedStays(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		table := describe(t, e, "people", "CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(20))")
		execute := func(i int, sql, mode string) string {
			t.Helper()
			w := lend(t, e)
			defer w.Release()
			if err := errors.Join(w.Set(checking(e, mode)), w.Use("shop"),
				load(w, table, columnsOf(table), [][]byte{number(i), fmt.Appendf(nil, "n%d", i)})); err != nil {
				t.Fatal(err)
			}
			return executeText(t, w, sql)
		}
		const upper = "SELECT UPPER(name) FROM people"
		for i := range 5 { // what proves variables and makes tables
			execute(i, upper, "'STRICT_ALL_TABLES'")
		}
		before := counts(t, e)
		for i := range 10 {
			if got := execute(i, upper, "'STRICT_ALL_TABLES'"); got != fmt.Sprintf("N%d", i) {
				t.Fatalf("row %d: %s", i, got)
			}
		}
		after := counts(t, e)
		for name, want := range map[string]int{
			"Com_stmt_prepare": 0, "Com_set_option": 0, "Com_stmt_execute": 10, "Com_insert": 10, "Com_commit": 0, "Com_create_table": 0, "Com_truncate": 0,
		} {
			if got := after[name] - before[name]; got != want {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		}
		// Another mode reads the same text otherwise.
		const quoted = `SELECT "name" FROM people`
		for range 2 {
			if a, b := execute(1, quoted, "''"), execute(1, quoted, "'ANSI_QUOTES'"); a != "name" || b != "n1" {
				t.Errorf("%s, %s", a, b)
			}
		}
		for i := range 3 * maxPrepared { // more than are kept
			if got := execute(i, fmt.Sprintf("SELECT CONCAT(name, '-%d') FROM people", i), "''"); got != fmt.Sprintf("n%d-%d", i, i) {
				t.Fatal(got)
			}
		}
		if n := counts(t, e)["Prepared_stmt_count"]; n > maxPrepared+2 {
			t.Errorf("%d statements stay prepared", n)
		}
		// A table of another definition is another table, whatever was prepared.
		wider := describe(t, e, "people", "CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40) COLLATE utf8mb4_bin)")
		w := lend(t, e)
		defer w.Release()
		if err := errors.Join(w.Set([]Variable{{Name: "sql_mode", Value: "'STRICT_ALL_TABLES'"}}), w.Use("shop"),
			load(w, wider, columnsOf(wider), [][]byte{number(1), []byte("a name that twenty characters do not hold")[:40]})); err != nil {
			t.Fatal(err)
		}
		if got := executeText(t, w, upper); len(got) != 40 {
			t.Error(got)
		}
	})
}

// checking is a client's session that checks constraints, on MariaDB, where that is a variable.
func checking(e *Evaluator, mode string) []Variable {
	vars := []Variable{{Name: "sql_mode", Value: mode}}
	if e.cfg.MariaDB {
		vars = append(vars, Variable{Name: checksVariable, Value: "'ON'"})
	}
	return vars
}

// TestChecksAreOff loads rows that CHECKs refuse, after statements for which those were on: a session could have them off when the rows were stored.
func TestChecksAreOff(t *testing.T) {
	eachFlavour(t, func(t *testing.T, e *Evaluator) {
		if !e.cfg.MariaDB {
			t.Skip("CHECKs cannot be turned off")
		}
		plain := describe(t, e, "plainly", "CREATE TABLE plainly (id INT PRIMARY KEY, `check` INT)")
		checked := describe(t, e, "checked", "CREATE TABLE checked (id INT PRIMARY KEY, n INT CHECK (n > 0), j JSON)")
		for i, table := range []*schema.Table{plain, checked, plain, checked} {
			w := lend(t, e)
			rows := [][][]byte{{number(i), number(-1)}}
			if table == checked {
				rows[0] = append(rows[0], []byte("{ no"))
			}
			if err := errors.Join(w.Set(checking(e, "''")), w.Use("shop"), load(w, table, columnsOf(table), rows...)); err != nil {
				t.Fatal(err)
			}
			got, err := w.ask("SELECT id FROM " + table.Name)
			if err != nil || len(got) != 1 {
				t.Errorf("%s: %d rows, %v", table.Name, len(got), err)
			}
			if w.tables[w.used[0].key].checks != (table == checked) {
				t.Errorf("%s: has a CHECK: %t", table.Name, table != checked)
			}
			w.Release()
		}
	})
}

// executeText executes a text as a prepared statement and gives the first value.
func executeText(t *testing.T, w *Workspace, sql string) string {
	t.Helper()
	id, _, kept := w.Prepared([]byte(sql))
	if !kept {
		tainted := w.Tainted()
		if err := w.Prepare([]byte(sql)); err != nil {
			t.Fatal(err)
		}
		packet, err := w.Conn().ReadPacket()
		if err != nil {
			t.Fatal(err)
		}
		ok, err := wire.DecodePrepareOK(packet)
		if err != nil {
			t.Fatalf("%v: %q", err, packet)
		}
		for range ok.Columns {
			if _, err := w.Conn().ReadPacket(); err != nil {
				t.Fatal(err)
			}
		}
		w.Answered()
		if id = ok.StatementID; w.Keep([]byte(sql), id, 0, tainted) != nil {
			t.Fatal("not kept")
		}
	}
	e := wire.Execute{StatementID: id, Iterations: 1, Bound: true}
	if err := w.Execute(e.Append(nil, w.Capabilities())); err != nil {
		t.Fatal(err)
	}
	out := ""
	for n := 0; ; n++ {
		packet, err := w.Conn().ReadPacket()
		switch {
		case err != nil:
			t.Fatal(err)
		case wire.IsError(packet):
			t.Fatalf("%q", packet)
		case n >= 2 && wire.IsEnd(packet, w.Capabilities()):
			w.Answered()
			return out
		case n == 2:
			row := wire.NewBinaryRow(packet, 1)
			v, _ := row.Next(wire.TypeVarString)
			out = string(v)
		}
	}
}

// counts are the server's own counters.
func counts(t *testing.T, e *Evaluator) map[string]int {
	t.Helper()
	out := map[string]int{}
	err := e.with(context.Background(), func(c *conn) error {
		r, err := c.query("SHOW GLOBAL STATUS WHERE Variable_name LIKE 'Com\\_%' OR Variable_name = 'Prepared_stmt_count'")
		for i := range r.Values {
			var n int
			if _, err := fmt.Sscan(r.text(i, 1), &n); err == nil {
				out[r.text(i, 0)] = n
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
