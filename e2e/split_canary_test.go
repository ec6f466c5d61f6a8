package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// canaryReads are queries that the evaluator computes, with values unique in the world in every place that takes one.
func canaryReads() []canaryWrite {
	return []canaryWrite{
		{"where", true, text("SELECT id FROM c WHERE UPPER(v) = UPPER('%s') OR v LIKE '%%%s%%'", word, word)},
		{"range", true, text("SELECT id FROM c WHERE v > '%s' AND n < %d AND f > %v", word, number, real)},
		{"hex", true, text("SELECT id FROM c WHERE CONCAT(v, '') = 0x%s OR CONCAT(t) = x'%s'", hexWord, hexWord)},
		{"select list", true, text("SELECT v = '%s', CONCAT(v, '%s'), IF(v > '', '', u) FROM c", word, word)},
		{"projection", true, projected},
		{"having", true, text("SELECT v, COUNT(*) FROM c GROUP BY v HAVING MAX(v) > '%s'", word)},
		{"on", true, text("SELECT a.id FROM c a LEFT JOIN c b ON UPPER(a.v) = '%s' AND b.u LIKE '%s'", word, word)},
		{"joined with another", true, text("SELECT c.id FROM c JOIN d ON d.id = c.id AND UPPER(c.v) <> '%s' WHERE d.w <> c.v AND c.v <> '%s'", word, word)},
		{"subquery", true, text("SELECT id FROM c WHERE v < ANY (SELECT CONCAT(u, '%s') FROM c WHERE t LIKE '%s')", word, word)},
		{"exists", true, text("SELECT id FROM c WHERE EXISTS (SELECT 1 FROM c d WHERE d.v LIKE c.v AND d.t > '%s')", word)},
		{"derived", true, text("SELECT * FROM (SELECT CONCAT(v, '%s') AS w FROM c) q WHERE w > ''", word)},
		{"cte", true, text("WITH q AS (SELECT '%s' AS v) SELECT c.id FROM c JOIN q ON CONCAT(q.v, '%s') = c.v", word, word)},
		{"union", true, text("SELECT UPPER(v) FROM c UNION SELECT '%s' UNION SELECT '%s'", word, word)},
		{"order by", true, text("SELECT id FROM c ORDER BY v = '%s', INSTR(v, '%s'), v LIMIT 5", word, word)},
		{"case", true, text("SELECT CASE v WHEN '%s' THEN '%s' ELSE u END FROM c", word, word)},
		{"in", true, text("SELECT id FROM c WHERE UPPER(v) IN ('%s', '%s')", word, word)},
		{"between", true, text("SELECT id FROM c WHERE v BETWEEN '%s' AND '%s'", word, word)},
		{"aggregates", true, text("SELECT GROUP_CONCAT(v SEPARATOR '%s'), MAX(t), SUM(n), JSON_ARRAYAGG(u) FROM c", word)},
		{"window", true, text("SELECT FIRST_VALUE(v) OVER (ORDER BY CONCAT(v, '%s')) FROM c", word)},
		{"json", true, text(`SELECT JSON_EXTRACT(j, '$.k') FROM c WHERE JSON_CONTAINS(j, '"%s"', '$.k')`, word)},
		{"regexp", true, text("SELECT id FROM c WHERE v REGEXP '%s'", word)},
		{"arithmetic", true, text("SELECT n - %d, f * %v FROM c", number, real)},
		{"for update", true, text("SELECT id FROM c WHERE UPPER(v) = '%s' FOR UPDATE", word)},
		{"transaction", true, texts("BEGIN", "SELECT u FROM c WHERE v LIKE '%s' FOR UPDATE", "COMMIT")},
		{"warnings", true, texts("SELECT v + 0, '%s' + 0 FROM c", "SHOW WARNINGS", "SELECT FOUND_ROWS()")},
		{"error", false, text("SELECT id FROM c WHERE v REGEXP CONCAT('(', '%s')", word)},
		{"unknown column", false, text("SELECT nosuch FROM c WHERE v LIKE '%s' OR v = '%s'", word, word)},
		{"error of JSON", false, text("SELECT JSON_EXTRACT(CONCAT(v, '%s'), '$.a') FROM c", word)},
		{"many rows of a subquery", false, text("SELECT id FROM c WHERE v LIKE (SELECT CONCAT(u, '%s') FROM c)", word)},
		{"into variable", false, text("SELECT CONCAT(v, '%s') INTO @x FROM c LIMIT 1", word)},
		{"assignment", false, text("SELECT @x := CONCAT(v, '%s') FROM c", word)},
		{"explain", false, text("EXPLAIN SELECT id FROM c WHERE UPPER(v) = '%s'", word)},
		{"prepared", true, prepared("SELECT CONCAT(v, ?) FROM c WHERE v LIKE ? OR u > ?", boundWord, boundWord, boundWord)},
		{"prepared types", true, prepared("SELECT n - ?, f + ? FROM c WHERE CONCAT(bl) <> ? AND n < ?", boundInt, boundDouble, boundBlob, boundInt)},
		{"prepared list", true, prepared("SELECT id FROM c WHERE UPPER(v) IN (?, ?) HAVING id > 0", boundWord, boundWord)},
		{"prepared long data", true, longRead},
		{"prepared by text", false, text("PREPARE s FROM 'SELECT UPPER(v) FROM c WHERE v LIKE ''%s'''", word)},
	}
}

// projected asks twice for expressions with one word: the second time the proxy computes them of what upstream gives.
func projected(c *rawmysql.Conn, a *harness.Canaries) error {
	w := word(a)
	sql := fmt.Sprintf("SELECT v = '%s', CONCAT(v, '%s'), IF(v LIKE '%s%%', '%s', v) FROM c", w, w, w, w)
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	for range 2 {
		if err := c.Exec(sql); err != nil {
			return err
		}
		r, err := s.Execute()
		if err != nil {
			return err
		}
		if r[0].Err != nil {
			return r[0].Err
		}
	}
	return nil
}

// texts runs several statements; a word goes into each that has a place for one.
func texts(statements ...string) func(*rawmysql.Conn, *harness.Canaries) error {
	return func(c *rawmysql.Conn, a *harness.Canaries) error {
		for _, sql := range statements {
			if strings.Contains(sql, "%s") {
				sql = fmt.Sprintf(sql, word(a))
			}
			if err := c.Exec(sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	}
}

func boundDouble(a *harness.Canaries) rawmysql.Param { return rawmysql.Double(a.Double()) }

// longRead sends a parameter of a query in pieces.
func longRead(c *rawmysql.Conn, a *harness.Canaries) error {
	s, err := c.Prepare("SELECT id FROM c WHERE CONCAT(t, ?) > v")
	if err != nil {
		return err
	}
	if err := s.SendLongData(0, []byte(a.Text("longread", 900))); err != nil {
		return err
	}
	results, err := s.Execute(rawmysql.Long())
	if err == nil && results[0].Err != nil {
		return results[0].Err
	}
	return err
}

// TestSplitCanary asks with values unique in the world about rows full of others, in every way that the evaluator answers,
// and searches upstream's files, memory and link, and all logs, for them. Of the evaluator nothing may be on a disk.
func TestSplitCanary(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		conn := s.connect(t, rawmysql.Config{Database: s.database(t, "canaryread")})
		run(t, conn, fmt.Sprintf(canaryTable, "c"), "CREATE TABLE d (id INT PRIMARY KEY, w VARCHAR(100))")
		var stored harness.Canaries
		for i := range 3 {
			must(t, text(`INSERT INTO c VALUES (NULL, '%s', '%s', '%s', x'%s', x'%s', %d, %v, %d, '{"k": "%s"}')`,
				word, word, word, bytesOf, bytesOf, number, real, number, word)(conn, &stored))
			must(t, text(fmt.Sprintf("INSERT INTO d VALUES (%d, '%%s')", i), word)(conn, &stored))
		}
		all := stored.Needles()
		for _, r := range canaryReads() {
			var a harness.Canaries
			err := r.run(conn, &a)
			if err != nil && r.must {
				t.Errorf("%s: %v", r.name, err)
			} else if err != nil {
				t.Logf("%s: %v", r.name, err)
			}
			for _, n := range a.Needles() {
				n.Canary = r.name + ": " + n.Canary
				all = append(all, n)
			}
		}
		onMemory(t, evaluatorPID(t, s.proxy))
		t.Logf("%d needles", len(all))
		s.absent(t, all)
		s.healthy(t)
	})
}

// onMemory fails the test unless every file that a process holds open for writing lies on a memory file system or is none.
func onMemory(t *testing.T, pid int) {
	t.Helper()
	links, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	must(t, err)
	files := 0
	for _, l := range links {
		path := fmt.Sprintf("/proc/%d/fd/%s", pid, l.Name())
		info, err := os.Stat(path)
		name, _ := os.Readlink(path)
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(name, "anon_inode:") {
			continue
		}
		flags, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", pid, l.Name()))
		if err != nil || !writable(string(flags)) {
			continue
		}
		var st syscall.Statfs_t
		must(t, syscall.Statfs(path, &st))
		files++
		if st.Type != tmpfs {
			t.Errorf("the evaluator writes to %s, which is on a file system of type %#x", name, st.Type)
		}
	}
	if files < 3 {
		t.Errorf("the evaluator has %d files open: this looks at the wrong process", files)
	}
}

// tmpfs is TMPFS_MAGIC.
const tmpfs = 0x01021994

// writable reads the flags of /proc/PID/fdinfo: O_WRONLY is 1, O_RDWR 2.
func writable(info string) bool {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, "flags:"); ok {
			v = strings.TrimSpace(v)
			return v[len(v)-1]&3 != 0
		}
	}
	return false
}
