package e2e_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// clearStores are statements that would move a value of an encrypted column into one which upstream has in clear: the number that is
// in the table, or %d, which is bound for an encrypted column of the same row.
var clearStores = []string{
	"INSERT INTO m (id, v) SELECT n, v FROM m WHERE id = 1",
	"INSERT INTO m SELECT n, id, v FROM m WHERE id = 1",
	"INSERT INTO m (id) SELECT n + 1 FROM m WHERE id = 1",
	"INSERT INTO m (id) SELECT d.a FROM (SELECT n AS a FROM m WHERE id = 1) d",
	"INSERT INTO m (id, n) SELECT d.* FROM (SELECT n, id FROM m WHERE id = 1) d",
	"INSERT INTO m (id) WITH q AS (SELECT n FROM m WHERE id = 1) SELECT n FROM q",
	"INSERT INTO m (id) SELECT id FROM m WHERE id = 0 UNION SELECT n FROM m WHERE id = 1",
	"INSERT INTO m (id) SELECT @moved := n FROM m WHERE id = 1",
	"INSERT INTO m (id) VALUES ((SELECT MAX(n) FROM (SELECT n FROM m WHERE id = 1) d))",
	"INSERT INTO m (n, id) VALUES (%d, n)",
	"INSERT INTO m (n, id) VALUES (%d, n + 0)",
	"INSERT INTO m SET n = %d, id = m.n",
	"REPLACE INTO m (n, id) VALUES (%d, n)",
	"REPLACE INTO m (id) SELECT n FROM m WHERE id = 1",
	"INSERT IGNORE INTO m (id) SELECT n FROM m WHERE id = 1",
	"INSERT INTO m (n, id) VALUES (%d, DEFAULT(n) + n)",
	"LOAD DATA LOCAL INFILE 'f' INTO TABLE m (n) SET id = n",
	"LOAD DATA LOCAL INFILE 'f' INTO TABLE m (@f) SET n = @f, id = @f",
	"LOAD DATA LOCAL INFILE 'f' INTO TABLE m (@f) SET id = @g, n = (@g := @f)",
	"CREATE TABLE made (id BIGINT AUTO_INCREMENT PRIMARY KEY) SELECT n AS id, v FROM m",
	"CREATE TABLE made (id BIGINT AUTO_INCREMENT, KEY (id)) AS SELECT v, d.id FROM (SELECT v, n AS id FROM m) d",
	"CREATE TABLE made (id BIGINT AUTO_INCREMENT PRIMARY KEY) WITH q AS (SELECT n AS id FROM m) SELECT * FROM q",
	"SELECT n INTO @kept FROM m WHERE id = 1 ;; CREATE TABLE made (id BIGINT AUTO_INCREMENT PRIMARY KEY) SELECT @kept AS id",
	"SELECT n INTO @kept FROM m WHERE id = 1 ;; INSERT INTO m (id, v) VALUES (@kept, LOWER('X'))",
	"SELECT n INTO @kept FROM m WHERE id = 1 ;; INSERT INTO m (id, v) SELECT @kept, v FROM m WHERE id = 1",
	"SELECT n INTO @kept FROM m WHERE id = 1 ;; UPDATE m SET id = @kept WHERE v LIKE '%%x%%'",
	"SELECT n INTO @kept FROM m WHERE id = 1 ;; PREPARE s FROM 'INSERT INTO m (id, v) VALUES (?, LOWER(''X''))' ;; EXECUTE s USING @kept",
	"SELECT n INTO @kept FROM m WHERE id = 1 ;; PREPARE s FROM 'INSERT INTO m (id) SELECT ? FROM m' ;; EXECUTE s USING @kept",
	"SELECT n INTO @kept FROM m WHERE id = 1 ;; PREPARE s FROM 'UPDATE m SET id = ? WHERE v LIKE ''x%%''' ;; EXECUTE s USING @kept",
}

// TestClearStoreCanary tries to move values of encrypted columns into the AUTO_INCREMENT column beside them, in every way that SQL has,
// and searches upstream for them. Each is refused, and the session goes on.
func TestClearStoreCanary(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		config := rawmysql.Config{Database: s.database(t, "canaryclear"), Extra: rawmysql.ClientLocalFiles}
		var all []harness.Needle
		for _, script := range clearStores {
			for _, w := range ways[:2] {
				all = append(all, clearStore(t, s.connect(t, config), script, w.send)...)
			}
		}
		s.absent(t, all)
		s.healthy(t)
	})
}

// clearStore runs one script over a new table; its last statement must be refused.
func clearStore(t *testing.T, c *rawmysql.Conn, script string, send func(*rawmysql.Conn, string, *harness.Canaries) error) []harness.Needle {
	t.Helper()
	defer c.Close()
	var a harness.Canaries
	run(t, c, "DROP TABLE IF EXISTS m", "CREATE TABLE m (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, n BIGINT DEFAULT 0, v VARCHAR(50))",
		fmt.Sprintf("INSERT INTO m VALUES (1, %d, 'x')", a.Int()))
	bound := a.Int()
	c.LocalFile = func(string) []byte { return fmt.Appendf(nil, "%d\n", bound) }
	statements := strings.Split(script, " ;; ")
	for i, sql := range statements {
		if strings.Contains(sql, "%") {
			sql = strings.ReplaceAll(strings.ReplaceAll(sql, "%d", fmt.Sprint(bound)), "%%", "%")
		}
		var refusal *rawmysql.ServerError
		switch err := send(c, sql, &a); {
		case err == nil && i < len(statements)-1:
		case err == nil:
			t.Errorf("%s: not refused", script)
		case !errors.As(err, &refusal):
			t.Errorf("%s: the session is lost: %v", script, err)
		case i < len(statements)-1 && refusal.Code != 1295: // which a server says of PREPARE in the binary protocol
			t.Errorf("%s: %v", sql, err)
		}
	}
	if got := column(t, c, "SELECT COUNT(*) FROM m"); got[0] != "1" {
		t.Errorf("%s: the table has %s rows", script, got[0])
	}
	needles := a.Needles()
	for i := range needles {
		needles[i].Canary = script + ": " + needles[i].Canary
	}
	return needles
}
