package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// TestFieldListSame asks for the fields of encrypted tables and views by COM_FIELD_LIST, which consoles use to complete names, and wants the
// definitions, defaults and errors of a plain server.
func TestFieldListSame(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		database := s.database(t, "fieldlist")
		statements := []string{
			"CREATE TABLE listed (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL DEFAULT 7, name VARCHAR(40) CHARACTER SET latin1 DEFAULT 'é', " +
				"price DECIMAL(9,2) DEFAULT '1.50', d DATE, ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, " +
				"kind ENUM('a','b') NOT NULL DEFAULT 'b', flags SET('x','y'), b BIT(9) DEFAULT b'101', body TEXT, raw BLOB, f FLOAT DEFAULT 0.5, " +
				"j JSON, t TIME(3) DEFAULT '01:02:03.456', v VARBINARY(9) DEFAULT 'bin', UNIQUE KEY (name), KEY (n))",
			"CREATE TABLE `od``d` (a INT, `b c` VARCHAR(3) DEFAULT 'x')",
			"CREATE VIEW seen AS SELECT n + 1 AS more, UPPER(name) AS upper_name, price FROM listed WHERE n > 3",
			"CREATE TEMPORARY TABLE passing (a INT DEFAULT 3, b VARCHAR(9) DEFAULT 'y')",
			"INSERT INTO listed (n) VALUES (1)",
		}
		for _, extra := range []uint32{0, rawmysql.ClientDeprecateEOF} {
			config := rawmysql.Config{Database: database, Extra: extra}
			plain, err := s.plain.Connect(config)
			must(t, err)
			defer plain.Close()
			proxied := s.connect(t, config)
			for _, c := range []*rawmysql.Conn{plain, proxied} {
				run(t, c, "DROP VIEW IF EXISTS seen", "DROP TABLE IF EXISTS listed, `od``d`, passing")
				run(t, c, statements...)
			}
			for _, set := range []string{"DO 0", "SET NAMES latin1", "SET NAMES utf8mb4", "SET sql_mode = 'ANSI_QUOTES'", "USE mysql", "USE " + database} {
				run(t, plain, set)
				run(t, proxied, set)
				for _, ask := range [][2]string{
					{"listed", ""}, {"listed", "n%"}, {"listed", "%e"}, {"listed", "none"}, {"LISTED", "id"}, {"od`d", ""}, {"seen", ""}, {"seen", "more"},
					{"absent", ""}, {"passing", ""}, {"user", "Host"}, {"lis`ted", ""},
				} {
					want, got := fieldStory(plain, ask[0], ask[1]), fieldStory(proxied, ask[0], ask[1])
					if want != got {
						t.Errorf("%s; fields of %s like %q\nplain:\n%s\nproxy:\n%s", set, ask[0], ask[1], want, got)
					}
				}
			}
			run(t, proxied, "SELECT n FROM listed", "INSERT INTO listed (n, name) VALUES (2, 'two')") // the session is as it was
		}
		fieldsDenied(t, s, database)
	})
}

// fieldsDenied wants upstream's privileges to decide who may list fields.
func fieldsDenied(t *testing.T, s *stage, database string) {
	t.Helper()
	for _, server := range []*harness.Server{s.plain, s.upstream} {
		must(t, server.Exec("DROP USER IF EXISTS lister", "CREATE USER lister IDENTIFIED BY 'lists'", "GRANT SELECT ON "+database+".seen TO lister"))
	}
	config := rawmysql.Config{Database: database, User: "lister", Password: "lists"}
	plain, err := s.plain.Connect(config)
	must(t, err)
	defer plain.Close()
	proxied := s.connect(t, config)
	for _, table := range []string{"listed", "seen", "absent"} {
		want, got := fieldStory(plain, table, ""), fieldStory(proxied, table, "")
		want, got = withoutHost(want), withoutHost(got)
		if want != got {
			t.Errorf("fields of %s without privileges\nplain:\n%s\nproxy:\n%s", table, want, got)
		}
	}
}

// withoutHost leaves out of an error from where a client came: the proxy's upstream sees the proxy.
func withoutHost(story string) string {
	before, rest, ok := strings.Cut(story, "'@'")
	if !ok {
		return story
	}
	_, after, _ := strings.Cut(rest, "'")
	return before + after
}

// statusSlow is SERVER_QUERY_WAS_SLOW.
const statusSlow = 1 << 11

// fieldStory tells what COM_FIELD_LIST gives.
func fieldStory(c *rawmysql.Conn, table, wild string) string {
	fields, tail, err := c.FieldList(table, wild)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%+v", f.Column)
		if f.Default == nil {
			fmt.Fprintln(&b, " NULL")
		} else {
			fmt.Fprintf(&b, " %q\n", f.Default)
		}
	}
	tail[4] &^= byte(statusSlow >> 8) // the tests' upstream logs every statement as a slow one
	fmt.Fprintf(&b, "%x", tail)
	return b.String()
}
