package plan

import (
	"strings"
	"testing"
)

// TestTablelessProgram tells programs that touch no table from others.
func TestTablelessProgram(t *testing.T) {
	for _, source := range []string{
		"CREATE FUNCTION f1() RETURNS INT RETURN 1",
		"CREATE OR REPLACE FUNCTION f(a VARCHAR(9) CHARACTER SET utf8) RETURNS TEXT DETERMINISTIC RETURN REPLACE(TRIM(BOTH ' ' FROM a), 'x', INSERT(a, 1, 1, 'from t'))",
		"CREATE DEFINER=`root`@`localhost` PROCEDURE p(IN a INT, OUT b INT) BEGIN DECLARE c INT DEFAULT 5; DECLARE EXIT HANDLER FOR SQLEXCEPTION SET b = 0; SET b = a + c; END",
		"CREATE PROCEDURE p() SELECT 'DELETE FROM customers', EXTRACT(YEAR FROM NOW()), @x, @@version",
		"CREATE PROCEDURE p() CALL q(1, @x)",
		"CREATE PROCEDURE p() SELECT ROW_NUMBER() OVER (ORDER BY @x DESC), GROUP_CONCAT(@x ORDER BY @y DESC, 1 DESC SEPARATOR ',')",
		"CREATE PROCEDURE p() BEGIN DECLARE c CURSOR FOR SELECT 'é' AS a; OPEN c; FETCH NEXT FROM c INTO @x; SHOW WARNINGS; CLOSE c; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN /* né */ DECLARE a INT; DECLARE b TYPE OF a; SELECT 1 AS x FROM DUAL INTO b; RETURN b IS TRUE; END",
		"ALTER PROCEDURE p COMMENT 'où' SQL SECURITY INVOKER",
		"BEGIN NOT ATOMIC DECLARE i INT DEFAULT 0; WHILE i < 3 DO SET i = i + 1; END WHILE; SELECT i; END",
	} {
		if _, _, ok := passingProgram(source, &Env{Mode: Mode{MariaDB: true}}); !ok {
			t.Errorf("it touches a table: %s", source)
		}
	}
	for _, source := range []string{
		"CREATE FUNCTION f() RETURNS INT RETURN (SELECT MAX(id) FROM customers)",
		"CREATE FUNCTION f() RETURNS INT RETURN TRIM((SELECT name FROM customers))",
		"CREATE FUNCTION f() RETURNS INT RETURN 1; INSERT INTO customers VALUES (1)",
		"CREATE PROCEDURE p(a INT) INSERT customers VALUES (a)",
		"CREATE PROCEDURE p(a INT) REPLACE customers VALUES (a)",
		"CREATE PROCEDURE p(a INT) BEGIN UPDATE customers SET id = a; END",
		"CREATE PROCEDURE p() BEGIN DECLARE a TYPE OF customers.id; SELECT a; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN CALL q(); RETURN 1; END",
		"CREATE FUNCTION f RETURN INT AS BEGIN q; RETURN 1; END",
		"CREATE FUNCTION f RETURN INT AS BEGIN IF 1 THEN s.q(1, (2)); END IF; RETURN 1; END",
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO CALL q()",
		"CREATE PROCEDURE p() CALL a.b.c()",
		"CREATE PROCEDURE p() CALL q((SELECT MAX(id) FROM customers))",
		"CREATE PROCEDURE p() SELECT 1 FROM DUAL, customers",
		"CREATE PROCEDURE p() CREATE INDEX i ON customers (id)",
		"CREATE\xa0TABLE PROCEDURE p() SELECT 1",
		"CREATE PROCEDURE p() CREATE\xa0TABLE customers (id INT)",
		"CREATE PROCEDURE p() BEGIN DECLARE a ROW TYPE OF customers; SELECT a; END",
		"ALTER EVENT e DO DELETE FROM customers",
		"CREATE PROCEDURE p() BEGIN PREPARE s FROM @x; EXECUTE s; END",
		"CREATE PROCEDURE p() EXECUTE IMMEDIATE CONCAT('DROP ', 'TABLE customers')",
		"CREATE PROCEDURE p() TRUNCATE customers",
		"CREATE PROCEDURE p() HANDLER customers OPEN",
		"CREATE PROCEDURE p() CREATE TABLE customers (a INT)",
		"CREATE PROCEDURE p() TABLE customers",
		"CREATE PROCEDURE p() DESC shop.customers",
		"CREATE PROCEDURE p() BEGIN desc `customers` id; END",
		"CREATE PROCEDURE p() DESC SELECT * FROM customers",
		"CREATE PROCEDURE p() /*!40000 DELETE */ SELECT 1",
		"CREATE TRIGGER t BEFORE INSERT ON customers FOR EACH ROW SET @x = 1",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET sql_mode = ''; RETURN 1; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET @a = 1, time_zone = '+01:00'; RETURN 1; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET @@session.autocommit = 0; RETURN 1; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET NAMES latin1; RETURN 1; END",
		"CREATE FUNCTION f RETURNS STRING SONAME 'f.so'",
		"CREATE FUNCTION f() RETURNS INT RETURN 'open",
	} {
		if _, _, ok := passingProgram(source, &Env{Mode: Mode{MariaDB: true}}); ok {
			t.Errorf("it touches no table: %s", source)
		}
	}
}

// TestHarmless follows the calls of procedures.
func TestHarmless(t *testing.T) {
	env := testEnv()
	for _, c := range []struct {
		db, body string
		calls    string // those that are to be looked at, or "no"
	}{
		{"shop", "BEGIN SET @a = 1; CALL p2(1); IF @a THEN CALL other.p3; END IF; END", ".p2 other.p3"},
		{"shop", "BEGIN p2; IF 1 THEN other.p3(1, (2)); END IF; END", ".p2 other.p3"},
		{"shop", "CREATE INDEX i ON t (a)", "no"},
		{"shop", "INSERT INTO t VALUES (1)", "no"},
		{"other", "BEGIN INSERT INTO t VALUES (1); CALL p2(); END", ".p2"},
		{"other", "BEGIN INSERT INTO t VALUES (1); p2; END", ".p2"},
		{"other", "BEGIN INSERT INTO t VALUES ('a\\'); CALL p2(); END", "no"}, // the string does not end
		{"other", "BEGIN INSERT INTO t VALUES ('a\\\\'); CALL p2(); END", ".p2"},
		{"shop", "BEGIN DECLARE foo CONDITION FOR SQLSTATE \"99999\"; SIGNAL foo; END", ""},
		{"shop", "BEGIN SELECT 1 FROM \"t\"; END", "no"},
		{"other", "BEGIN INSERT INTO t VALUES (\"a\"); END", ""},
		{"other", "CALL shop.customers()", "shop.customers"},
		{"other", "CALL a.b.c()", "no"},
		{"other", "", "no"},
	} {
		e := *env
		e.DB = c.db
		calls, ok := Harmless(c.body, &e)
		got := "no"
		if ok {
			got = ""
			for _, r := range calls {
				got += " " + r.DB + "." + r.Name
			}
		}
		if strings.TrimSpace(got) != c.calls {
			t.Errorf("%s: %s: %q, want %q", c.db, c.body, got, c.calls)
		}
	}
}
