package e2e_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// canaryTable has a protected column of each kind that a canary fits into.
const canaryTable = `CREATE TABLE %s (
	id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200), u VARCHAR(100), t TEXT, b VARBINARY(100), bl BLOB, n BIGINT, f DOUBLE, d DECIMAL(20,0), j JSON,
	KEY (v), UNIQUE KEY (u), KEY (n)) DEFAULT CHARSET=utf8mb4`

// canaryWrite sends one write and may fail; it returns the error.
type canaryWrite struct {
	name string
	must bool // the proxy has to carry it out; others may be refused
	run  func(c *rawmysql.Conn, a *harness.Canaries) error
}

func text(format string, values ...func(a *harness.Canaries) any) func(c *rawmysql.Conn, a *harness.Canaries) error {
	return func(c *rawmysql.Conn, a *harness.Canaries) error {
		var args []any
		for _, v := range values {
			args = append(args, v(a))
		}
		return c.Exec(fmt.Sprintf(format, args...))
	}
}

func word(a *harness.Canaries) any   { return a.Text("word", 30) }
func number(a *harness.Canaries) any { return a.Int() }
func real(a *harness.Canaries) any   { return a.Double() }
func bytesOf(a *harness.Canaries) any {
	return hex.EncodeToString(a.Binary(40))
}

// hexWord is a text canary, written in hex.
func hexWord(a *harness.Canaries) any { return hex.EncodeToString([]byte(a.Text("hex", 30))) }

func prepared(sql string, params ...func(a *harness.Canaries) rawmysql.Param) func(c *rawmysql.Conn, a *harness.Canaries) error {
	return func(c *rawmysql.Conn, a *harness.Canaries) error {
		s, err := c.Prepare(sql)
		if err != nil {
			return err
		}
		defer s.Close()
		var all []rawmysql.Param
		for _, p := range params {
			all = append(all, p(a))
		}
		results, err := s.Execute(all...)
		if err != nil {
			return err
		}
		if results[0].Err != nil {
			return results[0].Err
		}
		return nil
	}
}

func boundWord(a *harness.Canaries) rawmysql.Param { return rawmysql.Text(a.Text("bound", 30)) }
func boundInt(a *harness.Canaries) rawmysql.Param  { return rawmysql.Int(a.Int()) }
func boundBlob(a *harness.Canaries) rawmysql.Param {
	p := rawmysql.Text(string(a.Binary(60)))
	p.Type = 252
	return p
}

// userVariables takes a canary out of its table into variables and uses them wherever a statement may.
func userVariables(c *rawmysql.Conn, a *harness.Canaries) error {
	canary := a.Text("variable", 30)
	for _, q := range []string{
		"INSERT INTO c (v, n) VALUES ('" + canary + "', 1)", "SELECT v, UPPER(v) INTO @canary, @other FROM c WHERE v = '" + canary + "' LIMIT 1",
		"SELECT @canary", "SELECT id FROM c WHERE v = @canary", "INSERT INTO c (v, t) VALUES (@canary, @other)",
		"UPDATE c SET t = @canary WHERE v = @canary", "SET @third = CONCAT(@canary, 'x')", "SELECT @fourth := v FROM c WHERE v = @canary",
		"SELECT id FROM c WHERE v > @third AND id = LENGTH(@canary)", "DO @canary",
		"SELECT REVERSE(REVERSE(v)) + 0 FROM c WHERE v = @canary LIMIT 1", "GET DIAGNOSTICS CONDITION 1 @message = MESSAGE_TEXT", "SELECT LENGTH(@message)", "DELETE FROM c WHERE u = @other",
	} {
		if err := c.Exec(q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	for _, q := range []string{
		"INSERT INTO c (id) VALUES (@canary)", "DELETE FROM c WHERE id = @canary", "CREATE TABLE copy (v VARCHAR(100) DEFAULT (@canary))",
		"CREATE TABLE copy AS SELECT @canary AS v", "PREPARE p FROM @canary", "SET SESSION sql_mode = @canary", "SHOW TABLES LIKE @canary", "SHOW TABLES LIKE @message", "CREATE TABLE copy AS SELECT @message AS v",
		"SELECT @canary INTO OUTFILE '/tmp/canary'", "EXECUTE nosuch USING @canary", "KILL @canary", "GET DIAGNOSTICS @canary = ROW_COUNT",
	} {
		_ = c.Exec(q) // refused or not: it must not show the value
	}
	return nil
}

// constantVariables gives user variables canaries and uses them for encrypted columns alone.
func constantVariables(c *rawmysql.Conn, a *harness.Canaries) error {
	first, second, third, fourth, number := a.Text("constant", 30), a.Text("into", 30), a.Text("within", 30), a.Text("binary", 30), a.Int()
	for _, q := range []string{
		fmt.Sprintf("SET @a = '%s', @n = %d", first, number), fmt.Sprintf("SELECT '%s' INTO @b", second), fmt.Sprintf("SELECT @c := '%s'", third),
		"SELECT @a, @n", "INSERT INTO c (v, n, t) VALUES (@a, @n, @b)", "SELECT ROW_COUNT(), @@warning_count", "BEGIN", "SAVEPOINT s",
		"UPDATE c SET t = CONCAT(@c, 'x') WHERE n = @n", "ROLLBACK TO s", "COMMIT", "SET NAMES utf8mb4", "SHOW WARNINGS",
		fmt.Sprintf("SET @d = CONCAT(@a, '%s', UPPER('%s')), @m = @n + %d", second, first, number), "INSERT INTO c (t, n) VALUES (@d, @m)",
		"PREPARE p FROM 'INSERT INTO c (v, t) VALUES (?, ?)'", "EXECUTE p USING @a, @b",
		fmt.Sprintf(`SET @text = 'INSERT INTO c (v) VALUES ("%s")'`, third), "PREPARE p FROM @text", "EXECUTE p", "DEALLOCATE PREPARE p",
		"SELECT id FROM c WHERE n IN (@n, @m) OR CONCAT(@c, 'x') = 'x'", "DELETE FROM c WHERE n = @n", "SELECT LAST_INSERT_ID(), @@sql_mode",
	} {
		if err := c.Exec(q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	s, err := c.Prepare("SET @a = ?")
	if err != nil {
		return err
	}
	if _, err := s.Execute(rawmysql.Text(fourth)); err != nil {
		return err
	}
	return c.Exec("INSERT INTO c (v) VALUES (@a)")
}

// textPrepares prepares and executes statements by SQL, with canaries that were taken from a table.
func textPrepares(c *rawmysql.Conn, a *harness.Canaries) error {
	text, canary := a.Text("text", 30), a.Text("using", 30)
	for _, q := range []string{
		"PREPARE p FROM 'INSERT INTO c (v, t) VALUES (''" + text + "'', ?)'", "INSERT INTO c (v) VALUES ('" + canary + "')",
		"SELECT v INTO @using FROM c WHERE v = '" + canary + "' LIMIT 1", "EXECUTE p USING @using",
		"PREPARE p FROM 'SELECT ?, id FROM c WHERE v = ? AND UPPER(t) <> ?'", "EXECUTE p USING @using, @using, @using",
		"PREPARE p FROM 'UPDATE c SET v = ? WHERE v = ?'", "EXECUTE p USING @using, @using", "DEALLOCATE PREPARE p",
	} {
		if err := c.Exec(q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	for _, q := range []string{"PREPARE p FROM 'SELECT id FROM c WHERE id = ?'", "EXECUTE p USING @using", "PREPARE p FROM 'SELECT ?'", "EXECUTE p USING @using"} {
		_ = c.Exec(q) // refused or not: it must not show the value
	}
	return nil
}

// canaryWrites are the write forms of issue 2 and those by which peers leaked.
func canaryWrites() []canaryWrite {
	return []canaryWrite{
		{"insert one row", true, text("INSERT INTO c (v, u, t) VALUES ('%s', '%s', '%s')", word, word, word)},
		{"insert rows", true, text("INSERT INTO c (v, u) VALUES ('%s', '%s'), ('%s', '%s')", word, word, word, word)},
		{"insert numbers", true, text("INSERT INTO c (n, d, f) VALUES (%d, %d, %v)", number, number, real)},
		{"insert without column list", true, text("INSERT INTO c VALUES (NULL, '%s', '%s', '%s', x'%s', x'%s', %d, %v, %d, '{\"k\": \"%s\"}')", word, word, word, bytesOf, bytesOf, number, real, number, word)},
		{"insert set", true, text("INSERT INTO c SET v = '%s'", word)},
		{"insert hex", true, text("INSERT INTO c (v, t) VALUES (0x%s, x'%s')", hexWord, hexWord)},
		{"insert double quotes", true, text(`INSERT INTO c (v) VALUES ("%s")`, word)},
		{"update by key", true, text("UPDATE c SET v = '%s', t = '%s' WHERE id = 1", word, word)},
		{"update by canary", true, text("UPDATE c SET t = '%s' WHERE v = '%s'", word, word)},
		{"delete by canary", true, text("DELETE FROM c WHERE v = '%s' OR u IN ('%s', '%s')", word, word, word)},
		{"select by canary", true, text("SELECT id FROM c WHERE v = '%s' AND n = %d", word, number)},
		{"select in", true, text("SELECT id FROM c WHERE v IN ('%s', '%s') AND NOT u <=> '%s'", word, word, word)},
		{"prepared insert", true, prepared("INSERT INTO c (v, u, t, bl, n) VALUES (?, ?, ?, ?, ?)", boundWord, boundWord, boundWord, boundBlob, boundInt)},
		{"prepared update", true, prepared("UPDATE c SET v = ? WHERE u = ?", boundWord, boundWord)},
		{"prepared delete", true, prepared("DELETE FROM c WHERE n = ?", boundInt)},
		{"prepared select", true, prepared("SELECT * FROM c WHERE v = ? OR n = ?", boundWord, boundInt)},
		{"prepared with literal", true, prepared("INSERT INTO c (v, t) VALUES (?, 'x')", boundWord)},
		{"duplicate key", false, text("INSERT INTO c (id, v) VALUES (1, '%s')", word)},
		{"default clause", true, text("CREATE TABLE IF NOT EXISTS c_default (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100) DEFAULT '%s')", word)},
		{"column comment", false, text("CREATE TABLE IF NOT EXISTS c_enum (id INT AUTO_INCREMENT PRIMARY KEY, e ENUM('%s', 'b'))", word)},
		{"insert select", true, text("INSERT INTO c (v) SELECT '%s'", word)},
		{"insert select union", true, text("INSERT INTO c (v) SELECT '%s' UNION SELECT '%s'", word, word)},
		{"on duplicate", true, text("INSERT INTO c (id, v) VALUES (1, '%s') ON DUPLICATE KEY UPDATE v = '%s', t = CONCAT('%s', t)", word, word, word)},
		{"upsert", true, text("INSERT INTO c (id, v, u, t, n) VALUES (1, '%s', '%s', '%s', %d), (1, '%s', NULL, CONCAT('%s'), %d) "+
			"ON DUPLICATE KEY UPDATE v = VALUES(v), t = VALUES(t), n = VALUES(n)", word, word, word, number, word, word, number)},
		{"prepared upsert", true, prepared("INSERT INTO c (id, v, n) VALUES (1, ?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v), n = VALUES(n)", boundWord, boundInt)},
		{"replace", true, text("REPLACE INTO c (id, v) VALUES (1, '%s')", word)},
		{"update case", true, text("UPDATE c SET v = CASE WHEN n = 1 THEN '%s' ELSE '%s' END", word, word)},
		{"update if", true, text("UPDATE c SET v = IF(id > 1, '%s', v)", word)},
		{"update join", true, text("UPDATE c a JOIN c b ON a.id = b.id SET a.v = '%s' WHERE b.u = '%s'", word, word)},
		{"insert ignore", true, text("INSERT IGNORE INTO c (id, v, u) VALUES (1, '%s', 'x'), (NULL, '%s', REPEAT('%s', 9))", word, word, word)},
		{"insert select itself", true, text("INSERT INTO c (v, t) SELECT CONCAT(v, '%s'), '%s' FROM c WHERE v <> '%s' LIMIT 1", word, word, word)},
		{"subquery as value", true, text("INSERT INTO c (v) VALUES ((SELECT CONCAT('%s', COUNT(*)) FROM (SELECT * FROM c) x WHERE v = '%s'))", word, word)},
		{"function around value", true, text("INSERT INTO c (v) VALUES (UPPER('%s')), (CONCAT('%s', 'x')), (TRIM('%s'))", word, word, word)},
		{"cast around value", true, text("INSERT INTO c (n, v) VALUES (%d + 0, CAST('%s' AS CHAR))", number, word)},
		{"from variables", false, text("SELECT '%s', @a FROM c WHERE v = CONCAT(@a, '%s')", word, word)},
		{"like", false, text("SELECT id FROM c WHERE v LIKE '%s%%'", word)},
		{"range", false, text("SELECT id FROM c WHERE v > '%s' AND n < %d", word, number)},
		{"function in where", false, text("SELECT id FROM c WHERE UPPER(v) = UPPER('%s')", word)},
		{"having", false, text("SELECT v, COUNT(*) FROM c GROUP BY v HAVING v = '%s'", word)},
		{"on clause", false, text("SELECT a.id FROM c a JOIN c b ON a.v = b.v AND b.u = '%s'", word)},
		{"subquery", false, text("SELECT id FROM c WHERE v = (SELECT '%s')", word)},
		{"union", false, text("SELECT v FROM c UNION SELECT '%s'", word)},
		{"cte", false, text("WITH q AS (SELECT '%s' AS v) SELECT c.id FROM c JOIN q ON q.v = c.v", word)},
		{"select list", false, text("SELECT v = '%s' FROM c", word)},
		{"order by", false, text("SELECT id FROM c ORDER BY v = '%s'", word)},
		{"long data", false, longData},
		{"query attributes", false, text("INSERT /* a */ INTO c (v) VALUES ('%s')", word)},
		{"comment tricks", false, text("INSERT INTO c (v) /*!50000 VALUES ('%s') */", word)},
		{"user variables", true, userVariables},
		{"text prepare", true, textPrepares},
		{"foreign keys", true, followKeys},
		{"constants in user variables", true, constantVariables},
		{"server side prepare", false, text("PREPARE s FROM 'INSERT INTO c (v) VALUES (''%s'')'", word)},
		{"execute using", false, text("EXECUTE s")},
		{"set statement", false, text("SET STATEMENT max_statement_time=10 FOR INSERT INTO c (v) VALUES ('%s')", word)},
		{"explain", false, text("EXPLAIN SELECT * FROM c WHERE v = '%s'", word)},
		{"explain insert", false, text("EXPLAIN INSERT INTO c (v) VALUES ('%s')", word)},
		{"do", false, text("DO (SELECT COUNT(*) FROM c WHERE v = '%s')", word)},
		{"procedure", false, text("CREATE PROCEDURE pr() INSERT INTO c (v) VALUES ('%s')", word)},
		{"trigger", false, text("CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW SET NEW.v = '%s'", word)},
		{"event", false, text("CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO INSERT INTO c (v) VALUES ('%s')", word)},
		{"create as select", true, text("CREATE TABLE c_as AS SELECT '%s' AS v", word)},
		{"create as select from a table", true, text("CREATE TABLE c_of (x VARCHAR(99) DEFAULT '%s', KEY (w)) COMMENT '%s' AS SELECT id, CONCAT(v, '%s') AS w, 0x%s AS y "+
			"FROM c WHERE v <> '%s' AND u = '%s' OR UPPER(t) LIKE '%s%%'", word, word, word, hexWord, word, word, word)},
		{"create as select that fails", false, text("CREATE TABLE c_bad (UNIQUE KEY (w)) SELECT '%s' AS w UNION ALL SELECT '%s' FROM c UNION ALL SELECT 'x' FROM c a, c b", word, word)},
		{"alter default", true, text("ALTER TABLE c ALTER v SET DEFAULT '%s'", word)},
		{"alter add", true, text("ALTER TABLE c ADD extra VARCHAR(60) DEFAULT '%s'", word)},
		{"alter add, rows written anew", true, text("ALTER TABLE c ADD more VARCHAR(60) NOT NULL DEFAULT '%s', ADD KEY (more)", word)},
		{"alter modify", true, text("ALTER TABLE c MODIFY more VARCHAR(70) CHARACTER SET latin1 NOT NULL DEFAULT '%s' COMMENT '%s'", word, word)},
		{"alter enum", true, text("ALTER TABLE c ADD member ENUM('%s', 'x') COMMENT '%s', COMMENT '%s'", word, word, word)},
		{"alter check", false, text("ALTER TABLE c ADD CHECK (v <> '%s')", word)},
		{"alter generated", false, text("ALTER TABLE c ADD made VARCHAR(99) AS (CONCAT(v, '%s'))", word)},
		{"alter expression default", false, text("ALTER TABLE c ADD made VARCHAR(99) DEFAULT (CONCAT('a', '%s'))", word)},
		{"alter partition", false, text("ALTER TABLE c PARTITION BY LIST COLUMNS (v) (PARTITION p VALUES IN ('%s'))", word)},
		{"alter that fails", false, text("ALTER TABLE c ADD lost VARCHAR(60) DEFAULT '%s' COMMENT '%s', DROP COLUMN nosuch", word, word)},
		{"syntax error", false, text("INSERT INTO c (v) VALUES ('%s'", word)},
		{"unknown syntax", false, text("INSERT INTO c (v) VALUES ('%s') FROBNICATE", word)},
		{"too long", false, func(c *rawmysql.Conn, a *harness.Canaries) error {
			return c.Exec("INSERT INTO c (u) VALUES ('" + a.Text("long", 150) + "')")
		}},
		{"wrong type", false, text("INSERT INTO c (n) VALUES ('%s')", word)},
		{"bad json", false, text("INSERT INTO c (j) VALUES ('{%s')", word)},
		{"unknown column", false, text("INSERT INTO c (nosuch) VALUES ('%s')", word)},
		{"qualified name", true, text("INSERT INTO canary.c (v) VALUES ('%s')", word)},
		{"quoted name", true, text("INSERT INTO `canary`.`c` (`v`) VALUES ('%s')", word)},
		{"upper case column", true, text("insert into c (V) values ('%s')", word)},
		{"load data local", true, loadLocal},
		{"temporary table", true, temporaryTables},
		{"call with value", false, text("CALL nosuch('%s', (SELECT v FROM c LIMIT 1))", word)},
	}
}

// longData sends a parameter in pieces.
func longData(c *rawmysql.Conn, a *harness.Canaries) error {
	s, err := c.Prepare("INSERT INTO c (t) VALUES (?)")
	if err != nil {
		return err
	}
	value := a.Text("longdata", 3000)
	// Every piece is a needle by itself: a piece sent in clear leaks, too.
	for i := 0; i < len(value); i += 1000 {
		piece := value[i : i+1000]
		a.AddText(piece, piece[:40])
		if err := s.SendLongData(0, []byte(piece)); err != nil {
			return err
		}
	}
	results, err := s.Execute(rawmysql.Long())
	if err != nil {
		return err
	}
	if results[0].Err != nil {
		return results[0].Err
	}
	return s.Close()
}

func loadLocal(c *rawmysql.Conn, a *harness.Canaries) error {
	value := a.Text("file", 30)
	c.LocalFile = func(string) []byte { return []byte("500\t" + value + "\n") }
	return c.Exec("LOAD DATA LOCAL INFILE 'rows.tsv' INTO TABLE c (id, v)")
}

// TestCanary sends every write form with values unique in the world and then
// searches the upstream's files, memory and the link for them.
func TestCanary(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		var all []harness.Needle
		refused := 0
		for _, attributes := range []bool{false, true} {
			c := rawmysql.Config{Database: s.database(t, "canary"), Extra: rawmysql.ClientLocalFiles}
			run(t, s.connect(t, c), fmt.Sprintf(canaryTable, "c"), "INSERT INTO c (id, v) VALUES (1, 'first')")
			if attributes {
				c.Extra |= rawmysql.ClientQueryAttributes
			}
			for _, w := range slices.Concat(canaryWrites(), changeWrites(), upsertWrites(), viewWrites(), functionWrites()) {
				name := fmt.Sprintf("%s (query attributes %t)", w.name, attributes)
				var a harness.Canaries
				conn := s.connect(t, c)
				if attributes {
					conn.Attributes = []rawmysql.Param{rawmysql.Attribute("trace", rawmysql.Text("abc")), rawmysql.Attribute("n", rawmysql.Int(5))}
				}
				err := w.run(conn, &a)
				conn.Close()
				if err != nil {
					refused++
					t.Logf("%s: %v", name, err)
				}
				if err != nil && w.must {
					t.Errorf("%s: %v", name, err)
				}
				for _, n := range a.Needles() {
					n.Canary = name + ": " + n.Canary
					all = append(all, n)
				}
			}
		}
		t.Logf("%d needles, %d statements refused", len(all), refused)
		s.absent(t, all)
		s.healthy(t)
	})
}
