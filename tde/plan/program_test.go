package plan

import "testing"

// TestTablelessProgram tells programs that touch no table from others.
func TestTablelessProgram(t *testing.T) {
	for _, source := range []string{
		"CREATE FUNCTION f1() RETURNS INT RETURN 1",
		"CREATE OR REPLACE FUNCTION f(a VARCHAR(9) CHARACTER SET utf8) RETURNS TEXT DETERMINISTIC RETURN REPLACE(TRIM(BOTH ' ' FROM a), 'x', INSERT(a, 1, 1, 'from t'))",
		"CREATE DEFINER=`root`@`localhost` PROCEDURE p(IN a INT, OUT b INT) BEGIN DECLARE c INT DEFAULT 5; DECLARE EXIT HANDLER FOR SQLEXCEPTION SET b = 0; SET b = a + c; END",
		"CREATE PROCEDURE p() SELECT 'DELETE FROM customers', EXTRACT(YEAR FROM NOW()), @x, @@version",
		"BEGIN NOT ATOMIC DECLARE i INT DEFAULT 0; WHILE i < 3 DO SET i = i + 1; END WHILE; SELECT i; END",
	} {
		if !tablelessProgram(source, Mode{MariaDB: true}) {
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
		"CREATE PROCEDURE p() CALL q()",
		"CREATE PROCEDURE p() BEGIN PREPARE s FROM @x; EXECUTE s; END",
		"CREATE PROCEDURE p() EXECUTE IMMEDIATE CONCAT('DROP ', 'TABLE customers')",
		"CREATE PROCEDURE p() TRUNCATE customers",
		"CREATE PROCEDURE p() HANDLER customers OPEN",
		"CREATE PROCEDURE p() CREATE TABLE customers (a INT)",
		"CREATE PROCEDURE p() TABLE customers",
		"CREATE PROCEDURE p() /*!40000 DELETE */ SELECT 1",
		"CREATE TRIGGER t BEFORE INSERT ON customers FOR EACH ROW SET @x = 1",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET sql_mode = ''; RETURN 1; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET @a = 1, time_zone = '+01:00'; RETURN 1; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET @@session.autocommit = 0; RETURN 1; END",
		"CREATE FUNCTION f() RETURNS INT BEGIN SET NAMES latin1; RETURN 1; END",
		"CREATE FUNCTION f RETURNS STRING SONAME 'f.so'",
		"CREATE FUNCTION f() RETURNS INT RETURN 'open",
	} {
		if tablelessProgram(source, Mode{MariaDB: true}) {
			t.Errorf("it touches no table: %s", source)
		}
	}
}
