package e2e_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestCursorsSame opens cursors on results that upstream computes and on those that the evaluator computes, fetches them in pieces,
// resets and executes anew, and wants rows, status and errors of a plain server.
func TestCursorsSame(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "cursorssame")
		config := rawmysql.Config{Database: database, Drop: rawmysql.ClientDeprecateEOF}
		plain, err := s.plain.Connect(config)
		must(t, err)
		defer plain.Close()
		proxied := s.connect(t, config)
		for _, query := range []string{
			"SELECT id, v FROM k ORDER BY id", "SELECT id, UPPER(v) AS u FROM k WHERE id % 2 = 0 ORDER BY id", "SELECT COUNT(v), MAX(v) FROM k",
			"SELECT CONCAT(v, '!') FROM k WHERE v LIKE '%nothing%'",
		} {
			want, got := cursorStory(t, plain, query), cursorStory(t, proxied, query)
			if strings.Join(want, "\n") != strings.Join(got, "\n") {
				t.Errorf("%s\nplain:\n%s\nproxy:\n%s", query, strings.Join(want, "\n"), strings.Join(got, "\n"))
			}
		}
	})
}

// cursorStory tells what a cursor does that is fetched from, reset, opened anew, and left open while another statement runs.
func cursorStory(t *testing.T, c *rawmysql.Conn, query string) (lines []string) {
	t.Helper()
	var rows []string
	for i := range 21 {
		rows = append(rows, fmt.Sprintf("(%d, 'value %d')", i+1, i))
	}
	run(t, c, "DROP TABLE IF EXISTS k", "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50))", "INSERT INTO k VALUES "+strings.Join(rows, ", "))
	stmt, err := c.Prepare(query)
	must(t, err)
	say := func(what string, r *rawmysql.Result, err error) {
		must(t, err)
		if r.Err != nil {
			lines = append(lines, fmt.Sprintf("%s: error %v", what, strings.Replace(r.Err.Error(), fmt.Sprintf("(%d)", stmt.ID), "(ID)", 1)))
			return
		}
		line := fmt.Sprintf("%s: status %#x", what, r.Status&(rawmysql.StatusCursorExists|rawmysql.StatusLastRowSent))
		for _, row := range r.Rows {
			line += fmt.Sprintf(" %q", row)
		}
		lines = append(lines, line)
	}
	fetch := func(n uint32) {
		r, err := stmt.Fetch(n)
		say(fmt.Sprintf("fetch %d", n), r, err)
	}
	for range 2 {
		r, err := stmt.Open()
		say("open", r, err)
		fetch(5)
		if column(t, c, "SELECT COUNT(*) FROM k")[0] != "21" { // another statement leaves the cursor alone
			t.Error("not 21 rows")
		}
		run(t, c, "UPDATE k SET v = 'changed' WHERE id = 20")
		fetch(5)
		fetch(1)
		fetch(100)
		fetch(1)
	}
	r, err := stmt.Open()
	say("open", r, err)
	p, err := c.Command(rawmysql.ComStmtReset, binary.LittleEndian.AppendUint32(nil, stmt.ID))
	must(t, err)
	lines = append(lines, fmt.Sprintf("reset %#x", p[0]))
	fetch(1)
	must(t, stmt.Close())
	return lines
}

// TestCursorMemory wants the rows that a cursor keeps to count in evaluator.memory until it is closed, be it that its connection ends.
func TestCursorMemory(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		config := rawmysql.Config{Database: s.database(t, "cursormemory"), Drop: rawmysql.ClientDeprecateEOF}
		c := s.connect(t, config)
		const rows, size = 100, 10_000
		run(t, c, "CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)",
			"INSERT INTO k (v) VALUES "+strings.TrimSuffix(strings.Repeat("('"+strings.Repeat("x", size)+"'),", rows), ","))
		held := func() float64 {
			n, err := s.proxy.Metric("tdeproxy_evaluator_rows_bytes")
			must(t, err)
			return n
		}
		open := func(c *rawmysql.Conn) (*rawmysql.Stmt, float64) {
			stmt, err := c.Prepare("SELECT id, UPPER(v) AS u FROM k ORDER BY id")
			must(t, err)
			r, err := stmt.Open()
			must(t, err)
			if r.Err != nil || r.Status&rawmysql.StatusCursorExists == 0 {
				t.Fatalf("no cursor: %v, status %#x", r.Err, r.Status)
			}
			n := held()
			if n < rows*size {
				t.Errorf("%v bytes are held, %d are kept for the cursor", n, rows*size)
			}
			return stmt, n
		}
		stmt, kept := open(c)
		must(t, stmt.Close())
		run(t, c, "DO 1") // COM_STMT_CLOSE has no answer
		if n := held(); n > kept-rows*size {
			t.Errorf("%v bytes of %v are held after the statement's end", n, kept)
		}
		second, err := s.proxy.Connect(config)
		must(t, err)
		_, kept = open(second)
		must(t, second.Close())
		deadline := time.Now().Add(time.Minute)
		for n := held(); n > kept-rows*size; n = held() {
			if time.Now().After(deadline) {
				t.Fatalf("%v bytes of %v are held after the connection's end", n, kept)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}
