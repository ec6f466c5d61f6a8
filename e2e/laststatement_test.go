package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestLastStatement executes, fetches, resets and closes statements by the id that stands for the one that was prepared last, as MariaDB's
// clients do. It must be that of the client, not what the proxy has prepared upstream in its place.
func TestLastStatement(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "laststatement")
		config := rawmysql.Config{Database: database}
		plain, err := s.plain.Connect(config)
		must(t, err)
		defer plain.Close()
		canary := "canary-last-statement-77d1c0e2"
		want, got := lastStory(t, plain, canary), lastStory(t, s.connect(t, config), canary)
		if want != got {
			t.Errorf("plain:\n%s\nproxy:\n%s", want, got)
		}
		s.absent(t, []harness.Needle{{Canary: "last", Form: "text", Bytes: []byte(canary)}})
	})
}

// lastStory tells what commands with that id do.
func lastStory(t *testing.T, c *rawmysql.Conn, canary string) string {
	t.Helper()
	var out strings.Builder
	last := func(sql string) *rawmysql.Stmt {
		stmt, err := c.Prepare(sql)
		if err != nil {
			fmt.Fprintf(&out, "%s: %v\n", sql, err)
			return nil
		}
		return stmt.AsLast()
	}
	say := func(results []*rawmysql.Result, err error) {
		must(t, err)
		for _, r := range results {
			fmt.Fprintf(&out, "affected %d err %v", r.AffectedRows, r.Err)
			for _, row := range r.Rows {
				fmt.Fprintf(&out, " %q", row)
			}
			fmt.Fprintln(&out)
		}
	}
	run(t, c, "CREATE TABLE k (id INT PRIMARY KEY, v VARCHAR(60))")
	insert := last("INSERT INTO k VALUES (?, ?)")
	say(insert.Execute(rawmysql.Int(1), rawmysql.Text(canary)))
	say(c.Query("SELECT v FROM k")) // prepares nothing
	say(insert.Execute(rawmysql.Int(2), rawmysql.Text(canary+" again")))
	for _, sql := range []string{"SELECT * FROM k ORDER BY id", "SELECT UPPER(v) FROM k ORDER BY id", "SELECT 1 + 1"} {
		query := last(sql)
		say(query.Execute())
		say(query.Execute())
	}
	update := last("UPDATE k SET v = CONCAT(v, ?)")
	must(t, update.SendLongData(0, []byte("!")))
	say(update.Execute(rawmysql.Long()))
	must(t, update.Close())
	say(update.Execute(rawmysql.Text("?")))
	last("SELECT nothing FROM k")
	say(update.Execute(rawmysql.Text("?")))
	say(c.Query("SELECT v FROM k ORDER BY id"))
	return out.String()
}
