# Stored functions and procedures that touch no table.
CREATE TABLE prog (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO prog VALUES (1, 'one');
CREATE FUNCTION prog_f(a INT, b VARCHAR(20)) RETURNS VARCHAR(60) DETERMINISTIC RETURN CONCAT(a + 1, '-', TRIM(BOTH ' ' FROM b));
SELECT prog_f(1, ' x '), prog_f(NULL, 'y');
CREATE PROCEDURE prog_p(IN a INT, OUT b INT) BEGIN DECLARE c INT DEFAULT 5; SET b = a * c; SELECT a, b, c; END;
#! mode: text
CALL prog_p(3, @prog_out);
SELECT @prog_out;
CREATE PROCEDURE prog_fails() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION SELECT 'caught'; SIGNAL SQLSTATE '45000'; END;
#! mode: text
CALL prog_fails();
SELECT v FROM prog;
DROP PROCEDURE prog_p;
DROP PROCEDURE prog_fails;
#! mode: text
CALL prog_p(1, @prog_out);
DROP FUNCTION prog_f;
SELECT prog_f(1, 'x');
DROP TABLE prog;
