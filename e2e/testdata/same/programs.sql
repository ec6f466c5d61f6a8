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
# What no server takes has the server's error, also where it names an encrypted table or could name one.
CREATE TABLE prog (id INT PRIMARY KEY, v VARCHAR(20));
CREATE PROCEDURE prog_bad() BEGIN SELECT v FROM prog; LEAVE nowhere; END;
CREATE PROCEDURE prog_bad() BEGIN DECLARE a INT; DECLARE a INT; INSERT INTO prog VALUES (a, 'x'); END;
CREATE FUNCTION prog_bad() RETURNS INT BEGIN SELECT v FROM prog; RETURN 1; END;
CREATE FUNCTION prog_bad() RETURNS INT BEGIN INSERT INTO prog VALUES (1, 'x'); END;
CREATE FUNCTION prog_bad() RETURNS INT BEGIN COMMIT; UPDATE prog SET v = 'x'; RETURN 1; END;
CREATE PROCEDURE prog_bad() BEGIN DECLARE CONTINUE HANDLER FOR SQLSTATE 'abc' SELECT v FROM prog; END;
CREATE PROCEDURE prog_bad() BEGIN OPEN c; SELECT v FROM prog; END;
CREATE PROCEDURE prog_bad() BEGIN SELECT v FORM FROM prog WHERE; END;
CREATE PROCEDURE prog_bad() BEGIN USE test; SELECT v FROM prog; END;
CREATE TRIGGER prog_bad BEFORE INSERT ON prog FOR EACH ROW SET NEW.v = OLD.v;
CREATE TRIGGER prog_bad AFTER INSERT ON prog FOR EACH ROW SET NEW.v = 'x';
CREATE FUNCTION prog_bad() RETURNS INT BEGIN DROP TABLE prog; RETURN 1; END;
CREATE PROCEDURE prog_bad() CREATE PROCEDURE prog_worse() SELECT v FROM prog;
DROP TABLE prog;
