package e2e_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// loads are LOAD DATA LOCAL statements on table l, with the files that the
// client has for them.
var loads = []struct{ name, sql, file string }{
	{"plain", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l", "1\tone\t1.5\t2020-01-02\n2\ttwo\t\\N\t\\N\n3\tthree\t3\t2020-03-04"},
	{"csv", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\r\\n' IGNORE 1 LINES (id, v)",
		"id,v\r\n10,\"a,b\"\r\n11,\"q\"\"q\"\r\n12,plain\r\n"},
	{"set", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l (id, @x, @y) SET v = CONCAT(@x, '-', @y), n = LENGTH(@x) * 1.25, d = '2021-01-01'", "20\tab\tcd\n21\tx\ty\n"},
	{"conversions", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l", "30\ttoo long a text for it\tnumber\t2020-02-30\n31\tx\n32\ta\t1\t2020-01-01\textra\nx\n"},
	{"duplicates", "LOAD DATA LOCAL INFILE 'f' IGNORE INTO TABLE l (id, v)", "1\tagain\n40\tnew\n40\ttwice\n"},
	{"duplicates without IGNORE", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l (id, v)", "2\tagain\n41\tnew\n"},
	{"prefixes", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l FIELDS TERMINATED BY '|' ESCAPED BY '!' LINES STARTING BY '>>' (id, v)", "noise>>50|a!|b\n>>51|!N\nnothing\n"},
	{"latin1", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l CHARACTER SET latin1 (id, v)", "60\tZ\xfcrich\n"},
	{"no rows", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l", ""},
	{"unknown column", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l (id, nosuch)", "70\tx\n"},
	{"counted", "LOAD DATA LOCAL INFILE 'f' INTO TABLE k (v)", "a\nb\nc\n"},
	{"replace", "LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE k (id, v)", "1\ta\n2\tB\n2\tb\n90\tnew\n"},
	{"many", "LOAD DATA LOCAL INFILE 'f' INTO TABLE l (id, v)", manyLines(20000)},
}

func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d\tline %d\n", 1000+i, i)
	}
	return b.String()
}

// TestLoadData loads files of the client's, on a plain server directly and
// encrypted through the proxy: no client can tell.
func TestLoadData(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		config := rawmysql.Config{Database: s.database(t, "loads"), Extra: rawmysql.ClientLocalFiles}
		for _, server := range []*harness.Server{s.plain, s.upstream} {
			must(t, server.Exec("SET GLOBAL local_infile = 1"))
		}
		through := s.connect(t, config)
		config.Address = s.plain.Address
		direct, err := rawmysql.Dial(config)
		must(t, err)
		t.Cleanup(func() { direct.Close() })
		answers := func(c *rawmysql.Conn, sql, file string) (out []any) {
			c.LocalFile = func(string) []byte { return []byte(file) }
			for _, q := range []string{sql, "SHOW WARNINGS", "SELECT LAST_INSERT_ID(), @x, @y", "SELECT * FROM l WHERE id < 1000 ORDER BY id",
				"SELECT COUNT(*), MIN(v), MAX(v) FROM l", "SELECT * FROM k ORDER BY id"} {
				results, err := c.Query(q)
				for _, r := range results {
					out = append(out, fmt.Sprintf("%s: %q, %d affected, id %d, %d warnings, %q", q, r.Rows, r.AffectedRows, r.LastInsertID, r.Warnings, r.Info))
				}
				if err != nil {
					out = append(out, err.Error())
				}
			}
			return out
		}
		for _, c := range []*rawmysql.Conn{direct, through} {
			run(t, c, "CREATE TABLE l (id INT PRIMARY KEY, v VARCHAR(12), n DECIMAL(6,2), d DATE, UNIQUE KEY (v))",
				"CREATE TABLE k (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(12) NOT NULL)")
		}
		for _, l := range loads {
			want, got := answers(direct, l.sql, l.file), answers(through, l.sql, l.file)
			for i := range want {
				if i >= len(got) || !reflect.DeepEqual(want[i], got[i]) {
					t.Errorf("%s: want %.400v\ngot %.400v", l.name, want[i], got[min(i, len(got)-1)])
				}
			}
		}
		s.healthy(t)
	})
}
