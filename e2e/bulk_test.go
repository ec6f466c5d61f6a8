package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// bulkConfig asks for MariaDB's bulk operations.
func bulkConfig(database string, extra uint32) rawmysql.Config {
	return rawmysql.Config{Database: database, Extra: extra, Drop: rawmysql.ClientLongPassword, Extended: rawmysql.MariaDBBulk}
}

// bulkCase is a statement that is run for many rows at once.
type bulkCase struct {
	setup   []string
	sql     string
	rows    [][]rawmysql.Param
	refused bool     // it may be
	same    []string // queries that tell what it has made
}

func bulkRow(params ...any) (row []rawmysql.Param) {
	for _, p := range params {
		switch p := p.(type) {
		case int:
			row = append(row, rawmysql.Int(int64(p)))
		case float64:
			row = append(row, rawmysql.Double(p))
		case string:
			row = append(row, rawmysql.Text(p))
		case nil:
			row = append(row, rawmysql.Null(253))
		case byte:
			row = append(row, rawmysql.Indicated(253, p))
		}
	}
	return row
}

const bulkTable = "CREATE TABLE bulk (id INT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL DEFAULT 7, s VARCHAR(10) DEFAULT 'none', u INT, UNIQUE KEY (u)) ENGINE="

var bulkCases = func() []bulkCase {
	def, ign := rawmysql.BulkDefault, rawmysql.BulkIgnore
	three := []string{"INSERT INTO bulk (n, s, u) VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)"}
	five := []string{"SET sql_mode = ''", "INSERT INTO bulk (n, s) VALUES (1, 'a'), (1, 'a'), (2, 'b'), (3, 'c'), (3, 'd')"}
	const update, long = "UPDATE bulk SET s = ? WHERE n = ?", "much too long a text"
	return []bulkCase{
		{sql: "INSERT INTO bulk (n, s, u) VALUES (?, ?, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x", 1), bulkRow(2, "y", 2), bulkRow(3, nil, nil)}},
		{sql: "INSERT INTO bulk (n, s, u) VALUES (?, ?, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x", 1)}},
		{sql: "INSERT INTO bulk (n, s, u) VALUES (?, ?, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x", 1), bulkRow(def, def, def), bulkRow(ign, ign, ign)}},
		{sql: "INSERT INTO bulk (id, n) VALUES (?, ?)", rows: [][]rawmysql.Param{bulkRow(def, 1), bulkRow(nil, 2), bulkRow(70, 3), bulkRow(0, 4)}},
		{sql: "INSERT INTO bulk (id, n) VALUES (?, ?)", rows: [][]rawmysql.Param{bulkRow(50, 1), bulkRow(60, 2)}},
		{sql: "INSERT INTO bulk (n, s, u) VALUES (?, ?, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x", 1), bulkRow(2, "y", 1), bulkRow(3, "z", 3)}},
		{sql: "INSERT INTO bulk (n, s) VALUES (?, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(2, "much too long a text"), bulkRow(3, "z")}},
		{sql: "INSERT INTO bulk (n, s) VALUES (?, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(nil, "null"), bulkRow(3, "z")}},
		{sql: "INSERT IGNORE INTO bulk (n, s, u) VALUES (?, ?, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x", 1), bulkRow(nil, "much too long a text", 2), bulkRow(2, "y", 1)}},
		{setup: []string{"SET sql_mode = ''"}, sql: "INSERT INTO bulk (n, s, u) VALUES (?, ?, ?)", rows: [][]rawmysql.Param{bulkRow("12x", "much too long a text", 2), bulkRow("2", "y", 1)}},
		{sql: "INSERT INTO bulk (n, s) VALUES (? + 1, CONCAT(?, 'x'))", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(2, "y")}},
		{sql: "INSERT INTO bulk (n, s) VALUES (? + 1, CONCAT(?, 'x'))", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(2, def)}},
		{sql: "INSERT INTO bulk (n, s) VALUES (? + 1, CONCAT(?, 'x'))", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(ign, "y")}},
		{sql: "INSERT INTO bulk (n, s) VALUES (?, 'const'), (8, ?)", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(2, "y")}},
		{sql: "INSERT INTO bulk SET n = ?, s = ?", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(2, "y")}},
		{setup: three, sql: "INSERT INTO bulk (n, s) SELECT n + ?, s FROM bulk WHERE id = ?", rows: [][]rawmysql.Param{bulkRow(1, 1), bulkRow(2, 2)}},
		{setup: three, refused: true, sql: "INSERT INTO bulk (n, u) VALUES (?, ?) ON DUPLICATE KEY UPDATE n = VALUES(n)", rows: [][]rawmysql.Param{bulkRow(5, 10), bulkRow(6, 60), bulkRow(3, 30)}},
		{setup: three, refused: true, sql: "INSERT INTO bulk (n, u) VALUES (?, ?) ON DUPLICATE KEY UPDATE n = n + ?", rows: [][]rawmysql.Param{bulkRow(5, 10, 100), bulkRow(6, 60, 200), bulkRow(3, 30, 300)}},
		{setup: three, refused: true, sql: "INSERT INTO bulk (n, u) VALUES (?, ?) ON DUPLICATE KEY UPDATE s = ?", rows: [][]rawmysql.Param{bulkRow(5, 10, "up"), bulkRow(6, 60, "dated"), bulkRow(3, 30, def)}},
		{setup: three, sql: "REPLACE INTO bulk (n, u) VALUES (?, ?)", rows: [][]rawmysql.Param{bulkRow(5, 10), bulkRow(6, 60), bulkRow(3, 30)}},
		{setup: three, sql: "UPDATE bulk SET s = ? WHERE n = ?", rows: [][]rawmysql.Param{bulkRow("one", 1), bulkRow("none", 9), bulkRow("c", 3)}},
		{setup: three, refused: true, sql: "UPDATE bulk SET s = ?, n = ? WHERE id = ?", rows: [][]rawmysql.Param{bulkRow("one", def, 1), bulkRow(ign, 22, 2), bulkRow(def, ign, 3)}},
		{setup: three, refused: true, sql: "UPDATE bulk SET s = UPPER(?) WHERE n = ?", rows: [][]rawmysql.Param{bulkRow("one", 1), bulkRow(ign, 2)}},
		{setup: three, refused: true, sql: "UPDATE bulk SET s = ? WHERE n = ?", rows: [][]rawmysql.Param{bulkRow("one", 1), bulkRow("two", ign)}},
		{setup: three, refused: true, sql: "UPDATE bulk SET s = ? WHERE n = ?", rows: [][]rawmysql.Param{bulkRow("one", 1), bulkRow("two", def)}},
		{setup: three, sql: "UPDATE bulk SET s = ? WHERE n = ?", rows: [][]rawmysql.Param{bulkRow("one", 1), bulkRow("much too long a text", 2), bulkRow("three", 3)}},
		{setup: three, sql: "UPDATE bulk SET u = ? WHERE id = ?", rows: [][]rawmysql.Param{bulkRow(11, 1), bulkRow(30, 2), bulkRow(33, 3)}},
		{setup: append([]string{"SET sql_mode = ''"}, three...), sql: "UPDATE bulk SET s = ? WHERE n = ?", rows: [][]rawmysql.Param{bulkRow("much too long a text", 1), bulkRow("also much too long", 2), bulkRow("three", 3)}},
		{setup: append([]string{"BEGIN"}, three...), sql: "UPDATE bulk SET u = ? WHERE id = ?", rows: [][]rawmysql.Param{bulkRow(11, 1), bulkRow(30, 2), bulkRow(33, 3)}, same: []string{"ROLLBACK"}},
		{setup: three, sql: "DELETE FROM bulk WHERE s = ?", rows: [][]rawmysql.Param{bulkRow("a"), bulkRow("none"), bulkRow("c")}},
		{setup: three, sql: "DELETE FROM bulk WHERE LENGTH(s) = ? AND n = ?", rows: [][]rawmysql.Param{bulkRow(1, 1), bulkRow(1, 3)}},
		{setup: three, sql: "UPDATE bulk a JOIN bulk b ON a.n = b.n SET a.s = ? WHERE b.n = ?", rows: [][]rawmysql.Param{bulkRow("x", 1), bulkRow("y", 3)}},
		{setup: three, sql: "SELECT n FROM bulk WHERE n = ?", rows: [][]rawmysql.Param{bulkRow(1), bulkRow(2)}},
		{setup: three, sql: "SELECT UPPER(s) FROM bulk WHERE n = ?", rows: [][]rawmysql.Param{bulkRow(1), bulkRow(2)}},
		{setup: three, sql: "SELECT ?", rows: [][]rawmysql.Param{bulkRow(1), bulkRow(2)}},
		{setup: three, sql: "SET @a = ?", rows: [][]rawmysql.Param{bulkRow(1), bulkRow(2)}},
		{setup: five, sql: update, rows: [][]rawmysql.Param{bulkRow("x", 1), bulkRow("b", 2), bulkRow("c", 3)}},
		{setup: five, sql: update, rows: [][]rawmysql.Param{bulkRow("a", 1)}},
		{setup: five, sql: update, rows: [][]rawmysql.Param{bulkRow(long, 1), bulkRow("x", 2), bulkRow("y", 2)}},
		{setup: five, sql: update, rows: [][]rawmysql.Param{bulkRow("x", 1), bulkRow(long, 2), bulkRow("y", 2)}},
		{setup: five, refused: true, sql: update, rows: [][]rawmysql.Param{bulkRow("x", 1), bulkRow(ign, 2), bulkRow(def, 3)}},
		{setup: five, sql: "DELETE FROM bulk WHERE n = ? AND n < CONCAT(id + 5, 'x')", rows: [][]rawmysql.Param{bulkRow(1), bulkRow(2), bulkRow(3)}},
		{setup: five, sql: "DELETE a FROM bulk a JOIN bulk b ON a.n = b.n WHERE b.s = ?", rows: [][]rawmysql.Param{bulkRow("a"), bulkRow("z"), bulkRow("d")}},
		{setup: five, sql: "UPDATE bulk a JOIN bulk b ON a.id = b.id SET a.s = ? WHERE b.n = ?", rows: [][]rawmysql.Param{bulkRow(long, 1), bulkRow("x", 2), bulkRow("y", 2)}},
		{sql: "INSERT INTO bulk (n, s) VALUES (?, ?) RETURNING id, n, s", rows: [][]rawmysql.Param{bulkRow(1, "x"), bulkRow(2, "y")}},
		{setup: three, refused: true, sql: "DELETE FROM bulk WHERE n = ? RETURNING id, s", rows: [][]rawmysql.Param{bulkRow(1), bulkRow(9), bulkRow(2)}},
	}
}()

// statusNoIndex is SERVER_QUERY_NO_INDEX_USED: an encrypted table may have one where the plain one has none.
const statusNoIndex = 1 << 5

// TestBulkSame executes statements on encrypted tables for many rows at once, by MariaDB's COM_STMT_BULK_EXECUTE, and wants the answers,
// warnings, rows and AUTO_INCREMENT numbers of a plain server.
func TestBulkSame(t *testing.T) {
	s := stageOf(t, harness.MariaDB)
	database := s.database(t, "bulk")
	for _, extra := range []uint32{0, rawmysql.ClientFoundRows, rawmysql.ClientDeprecateEOF | rawmysql.ClientSessionTrack} {
		plain, err := s.plain.Connect(bulkConfig(database, extra))
		must(t, err)
		defer plain.Close()
		proxied := s.connect(t, bulkConfig(database, extra))
		if proxied.Extended != rawmysql.MariaDBBulk {
			t.Fatal("the proxy does not offer bulk operations")
		}
		for _, engine := range []string{"InnoDB", "MyISAM"} {
			for i := range bulkCases {
				b := &bulkCases[i]
				want, got := bulkStory(t, plain, engine, b), bulkStory(t, proxied, engine, b)
				if b.refused && (engine == "MyISAM" || extra == rawmysql.ClientFoundRows || strings.Contains(b.sql, "RETURNING")) && strings.Contains(got, "ERROR 1235") {
					continue
				}
				if want != got {
					t.Errorf("capabilities %x, %s: %s\nplain:\n%s\nproxy:\n%s", extra, engine, b.sql, want, got)
				}
			}
		}
	}
}

// TestBulkCanary looks upstream for values that came by COM_STMT_BULK_EXECUTE, those of statements that fail and of packets that are cut off
// included.
func TestBulkCanary(t *testing.T) {
	s := stageOf(t, harness.MariaDB)
	c := s.connect(t, bulkConfig(s.database(t, "bulkcanary"), 0))
	run(t, c, "CREATE TABLE bulk (id INT AUTO_INCREMENT PRIMARY KEY, n INT UNIQUE, s VARCHAR(60))")
	var needles []harness.Needle
	canary := func(name string) string {
		text := "canary-bulk-" + name + "-5b1f0c77"
		needles = append(needles, harness.Needle{Canary: name, Form: "text", Bytes: []byte(text)})
		return text
	}
	for i, b := range []struct {
		sql  string
		rows [][]rawmysql.Param
	}{
		{"INSERT INTO bulk (n, s) VALUES (?, ?)", [][]rawmysql.Param{bulkRow(1, canary("insert")), bulkRow(2, canary("second"))}},
		{"INSERT INTO bulk (n, s) VALUES (?, ?)", [][]rawmysql.Param{bulkRow(3, canary("before")), bulkRow(3, canary("duplicate"))}},
		{"INSERT INTO bulk (n, s) VALUES (?, UPPER(?)) ON DUPLICATE KEY UPDATE s = CONCAT(s, ?)", [][]rawmysql.Param{bulkRow(1, "x", canary("upsert")), bulkRow(5, "y", "z")}},
		{"REPLACE INTO bulk SET n = ?, s = ?", [][]rawmysql.Param{bulkRow(1, canary("replace")), bulkRow(6, canary("set"))}},
		{"UPDATE bulk SET s = ? WHERE n = ?", [][]rawmysql.Param{bulkRow(canary("update"), 1), bulkRow(rawmysql.BulkDefault, 2), bulkRow(canary("matches nothing"), 99)}},
		{"UPDATE bulk SET n = 1 WHERE s <> ? OR n = ?", [][]rawmysql.Param{bulkRow(canary("condition"), 1), bulkRow(canary("condition, second"), 1)}},
		{"DELETE FROM bulk WHERE s LIKE ?", [][]rawmysql.Param{bulkRow(canary("delete")), bulkRow(canary("delete, second"))}},
		{"SELECT n FROM bulk WHERE s = ?", [][]rawmysql.Param{bulkRow(canary("select"))}},
		{"INSERT INTO bulk (s) SELECT ? FROM bulk", [][]rawmysql.Param{bulkRow(canary("insert select"))}},
	} {
		stmt, err := c.Prepare(b.sql)
		must(t, err)
		results, err := stmt.Bulk(b.rows...)
		must(t, err)
		if results[0].Err != nil && i < 1 {
			t.Errorf("%s: %v", b.sql, results[0].Err)
		}
		must(t, stmt.Close())
	}
	stmt, err := c.Prepare("INSERT INTO bulk (n, s) VALUES (?, ?)")
	must(t, err)
	whole := stmt.BulkPacket(bulkRow(7, canary("cut off")), bulkRow(8, canary("never whole")))
	for _, n := range []int{len(whole) - 1, len(whole) - 30, 12, 8, 6} {
		p, err := c.Command(250, whole[:n])
		must(t, err)
		if p[0] != 0xff {
			t.Errorf("a packet of %d bytes of %d was taken", n, len(whole))
		}
	}
	if got := column(t, c, "SELECT s FROM bulk WHERE n = 1"); len(got) != 1 || !strings.Contains(got[0], "update") {
		t.Errorf("the row reads %q", got)
	}
	s.absent(t, needles)
	s.healthy(t)
}

// bulkStory tells what a bulk execution does.
func bulkStory(t *testing.T, c *rawmysql.Conn, engine string, b *bulkCase) string {
	t.Helper()
	var out strings.Builder
	say := func(results []*rawmysql.Result, err error) {
		if err != nil {
			t.Fatalf("%s: %v", b.sql, err)
		}
		for _, r := range results {
			fmt.Fprintf(&out, "affected %d id %d status %#x warnings %d info %q err %v\n", r.AffectedRows, r.LastInsertID, r.Status&^(statusSlow|statusNoIndex), r.Warnings, r.Info, r.Err)
			for _, row := range r.Rows {
				if len(row) == 3 && string(row[1]) == "1196" {
					continue // of upstream's binlog, which the plain server of the tests has not
				}
				fmt.Fprintf(&out, "  %q\n", row)
			}
		}
	}
	run(t, c, "ROLLBACK", "DO LAST_INSERT_ID(0)", "SET sql_mode = DEFAULT", "DROP TABLE IF EXISTS bulk", bulkTable+engine)
	run(t, c, b.setup...)
	stmt, err := c.Prepare(b.sql)
	if err != nil {
		return err.Error()
	}
	defer stmt.Close()
	results, err := stmt.Bulk(b.rows...)
	say(results, err)
	for _, q := range []string{"SHOW WARNINGS", "SELECT LAST_INSERT_ID()", "SELECT * FROM bulk ORDER BY id"} {
		if results[0].Err == nil || !strings.Contains(q, "LAST") { // rows that the evaluator refuses take no numbers
			say(c.Query(q))
		}
	}
	for _, q := range b.same {
		say(c.Query(q))
		say(c.Query("SELECT * FROM bulk ORDER BY id"))
	}
	if results[0].Err != nil {
		return out.String()
	}
	// One more row tells which number AUTO_INCREMENT has come to.
	say(c.Query("INSERT INTO bulk (n) VALUES (99)"))
	return out.String()
}
