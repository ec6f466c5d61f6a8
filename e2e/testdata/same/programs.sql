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
# Procedures that call others, and what cursors, SHOW WARNINGS and texts beyond ASCII have.
CREATE PROCEDURE prog_inner(IN a INT, OUT b INT) BEGIN DECLARE c INT DEFAULT 2; SET b = a * c; END;
CREATE PROCEDURE prog_outer(IN a INT) BEGIN DECLARE r INT; CALL prog_inner(a, r); SELECT r; IF a > 0 THEN CALL prog_outer2(r); END IF; END;
CREATE PROCEDURE prog_outer2(IN a INT) BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SHOW WARNINGS; END; CALL prog_missing(a); END;
#! mode: text
CALL prog_outer(0);
#! mode: text
CALL prog_outer(4);
#! mode: text
CALL prog_missing(4);
ALTER PROCEDURE prog_inner COMMENT 'où' SQL SECURITY INVOKER;
#! mode: text
CALL prog_outer(1);
CREATE PROCEDURE prog_words() BEGIN /* né */ DECLARE a VARCHAR(20) CHARACTER SET utf8mb4; DECLARE EXIT HANDLER FOR NOT FOUND SELECT 'é'; SET a = 'né'; SELECT a, HEX(a); SELECT 1 FROM DUAL; END;
#! mode: text
CALL prog_words();
#! only: mariadb
#! mode: text
BEGIN NOT ATOMIC DECLARE r INT; CALL prog_inner(3, r); SELECT r; END;
#! only: mariadb
CREATE FUNCTION prog_typed() RETURNS INT BEGIN DECLARE a INT DEFAULT 3; DECLARE b TYPE OF a; SET b = a + 1; RETURN b; END;
#! only: mariadb
SELECT prog_typed();
#! only: mariadb
DROP FUNCTION prog_typed;
DROP PROCEDURE prog_inner;
DROP PROCEDURE prog_outer;
DROP PROCEDURE prog_outer2;
DROP PROCEDURE prog_words;
# Results of a procedure that has opened a cursor say so.
CREATE PROCEDURE prog_cursor() BEGIN DECLARE a VARCHAR(20); DECLARE c CURSOR FOR SELECT 'one' AS x; OPEN c; SELECT 1; FETCH c INTO a; SELECT a, 2; CLOSE c; SELECT 3; END;
#! mode: text
CALL prog_cursor();
SELECT 4;
#! mode: text
CALL prog_cursor();
DROP PROCEDURE prog_cursor;

# Double quotes are strings in one sql_mode and names in the other: that of the procedure counts.
CREATE PROCEDURE prog_signal() BEGIN DECLARE foo CONDITION FOR SQLSTATE "99999"; SIGNAL foo; END;
#! mode: text
CALL prog_signal();
SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES');
#! mode: text
CALL prog_signal();
SET sql_mode = DEFAULT;
DROP PROCEDURE prog_signal;
