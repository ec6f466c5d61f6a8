# What a session says about a query that the evaluator computed.
#! known: warnings
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT, d DECIMAL(10,2), KEY (v)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (1, 'one', 10, 1.50), (2, 'two', 20, 2.50), (3, 'three', 0, 0), (4, '4x', NULL, NULL), (5, 'five', 50, 5.55);
SELECT UPPER(v) FROM t WHERE v LIKE '%e%' ORDER BY id;
#! mode: text
SHOW WARNINGS;
#! mode: text
SHOW COUNT(*) WARNINGS;
SELECT UPPER(v) FROM t WHERE v LIKE '%e%' ORDER BY id;
#! mode: text
SELECT @@warning_count;
SELECT UPPER(v) FROM t ORDER BY id LIMIT 2;
#! known: warnings
SELECT FOUND_ROWS();
SELECT SQL_CALC_FOUND_ROWS UPPER(v) FROM t ORDER BY id LIMIT 2;
#! known: warnings
SELECT FOUND_ROWS();
SELECT SQL_CALC_FOUND_ROWS UPPER(v) FROM t WHERE v LIKE '%e%' ORDER BY id LIMIT 1, 1;
#! known: warnings
SELECT FOUND_ROWS() AS f;
SELECT UPPER(v) FROM t WHERE v LIKE 'nosuch%';
#! known: warnings
SELECT FOUND_ROWS();
SELECT UPPER(v) FROM t ORDER BY id LIMIT 3;
SELECT ROW_COUNT();
SELECT UPPER(v) FROM t ORDER BY id LIMIT 3, 5;
#! known: warnings
SELECT FOUND_ROWS(), ROW_COUNT();
# Warnings with the values in them.
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS LIMIT 2;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS LIMIT 1, 2;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW COUNT(*) WARNINGS;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT @@warning_count;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT @@session.warning_count, @@error_count;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW ERRORS;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW COUNT(*) ERRORS;
SELECT 10 / n, n FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS;
SET max_error_count = 2;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW COUNT(*) WARNINGS;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT @@warning_count;
SET max_error_count = 0;
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS;
SET max_error_count = DEFAULT;
# Asking twice, and another statement between.
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS;
#! mode: text
SHOW WARNINGS;
SELECT v + 0 FROM t ORDER BY id;
DO 1;
SELECT ROW_COUNT();
SELECT UPPER(v) FROM t ORDER BY id;
UPDATE t SET v = 'ONE' WHERE id = 1;
SELECT ROW_COUNT();
#! mode: text
SHOW WARNINGS;
SELECT UPPER(v) FROM t ORDER BY id;
INSERT INTO t (id, v) VALUES (9, 'nine');
#! known: warnings
SELECT ROW_COUNT(), FOUND_ROWS();
# Errors of the evaluator.
SELECT nosuch, UPPER(v) FROM t;
#! mode: text
SHOW WARNINGS;
SELECT nosuch, UPPER(v) FROM t;
#! mode: text
SHOW ERRORS;
SELECT nosuch, UPPER(v) FROM t;
#! mode: text
SELECT @@error_count;
SELECT UPPER(v) FROM t WHERE id = (SELECT n FROM t WHERE v LIKE '%e%');
#! mode: text
SHOW WARNINGS;
SELECT UPPER(v) FROM t WHERE id = (SELECT n FROM t WHERE v LIKE '%e%');
#! mode: text
SHOW COUNT(*) ERRORS;
SELECT UPPER(v) FROM t ORDER BY id LIMIT 1;
#! mode: text
SHOW ERRORS;
# GET DIAGNOSTICS.
SELECT UPPER(v) FROM t ORDER BY id;
#! mode: text
GET DIAGNOSTICS @n = NUMBER, @rows = ROW_COUNT;
#! mode: text
SELECT @n, @rows;
CREATE TABLE gd (id INT PRIMARY KEY, v VARCHAR(40), n INT, KEY (v)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO gd VALUES (1, 'one', 10), (2, 'two', 20), (3, 'thr€e', 0);
SELECT REVERSE(v) + 0 FROM gd ORDER BY id;
#! mode: text
GET DIAGNOSTICS @n = NUMBER, @rows = ROW_COUNT;
#! mode: text
SELECT @n, @rows;
SELECT REVERSE(v) + 0 FROM gd ORDER BY id;
#! mode: text
GET DIAGNOSTICS CONDITION 1 @state = RETURNED_SQLSTATE, @`text` = MESSAGE_TEXT, @errno = MYSQL_ERRNO;
#! mode: text
SELECT @state, @text, @errno, COLLATION(@text), COLLATION(@state);
SELECT REVERSE(v) + 0 FROM gd ORDER BY id;
SET @third = 3;
SELECT REVERSE(v) + 0 FROM gd ORDER BY id;
#! mode: text
GET CURRENT DIAGNOSTICS CONDITION @third @a = CLASS_ORIGIN, @b = SUBCLASS_ORIGIN, @c = MESSAGE_TEXT, @d = TABLE_NAME, @e = CONSTRAINT_CATALOG;
#! mode: text
SELECT @a, @b, @c, @d, @e;
SELECT REVERSE(v) + 0 FROM gd ORDER BY id;
#! mode: text
GET DIAGNOSTICS CONDITION 4 @none = MESSAGE_TEXT;
#! mode: text
SHOW WARNINGS;
#! mode: text
GET DIAGNOSTICS CONDITION 4 @none = MESSAGE_TEXT, @errno = MYSQL_ERRNO, @state = RETURNED_SQLSTATE;
#! mode: text
SELECT @none, @errno, @state;
SELECT REVERSE(v) / 0 FROM gd WHERE id = 1;
#! mode: text
GET DIAGNOSTICS CONDITION 2 @state = RETURNED_SQLSTATE, @errno = MYSQL_ERRNO, @origin = CLASS_ORIGIN;
#! mode: text
SELECT @state, @errno, @origin;
INSERT IGNORE INTO gd SELECT id + 10, REPEAT(v, 30), CONCAT(n, 'x') FROM gd WHERE id = 1;
#! mode: text
GET DIAGNOSTICS CONDITION 1 @s1 = RETURNED_SQLSTATE, @e1 = MYSQL_ERRNO, @m1 = MESSAGE_TEXT;
#! mode: text
SELECT @s1, @e1, @m1;
INSERT IGNORE INTO gd SELECT id + 20, REPEAT(v, 30), CONCAT(n, 'x') FROM gd WHERE id = 2;
#! mode: text
GET DIAGNOSTICS CONDITION 2 @s2 = RETURNED_SQLSTATE, @e2 = MYSQL_ERRNO, @m2 = MESSAGE_TEXT;
#! mode: text
SELECT @s2, @e2, @m2;
UPDATE IGNORE gd SET n = CONCAT(REVERSE(v), 'x'), v = REVERSE(v);
#! mode: text
GET DIAGNOSTICS @n = NUMBER, @rows = ROW_COUNT;
#! mode: text
SELECT @n, @rows;
INSERT INTO gd SELECT id, REVERSE(v), n FROM gd WHERE id = 1;
#! mode: text
GET DIAGNOSTICS CONDITION 1 @state = RETURNED_SQLSTATE, @errno = MYSQL_ERRNO, @text = MESSAGE_TEXT, @o = SUBCLASS_ORIGIN;
#! mode: text
SELECT @state, @errno, @text, @o;
UPDATE gd SET v = REPEAT(REVERSE(v), 40) WHERE id = 1;
#! mode: text
GET DIAGNOSTICS CONDITION 1 @state = RETURNED_SQLSTATE, @errno = MYSQL_ERRNO, @text = MESSAGE_TEXT;
#! mode: text
GET DIAGNOSTICS @n = NUMBER;
#! mode: text
SELECT @n, @state, @errno, @text;
SELECT REVERSE(v) FROM gd WHERE id = (SELECT n FROM gd WHERE v LIKE '%e%');
#! mode: text
GET DIAGNOSTICS CONDITION 1 @state = RETURNED_SQLSTATE, @errno = MYSQL_ERRNO, @text = MESSAGE_TEXT;
#! mode: text
SELECT @state, @errno, @text;
SELECT REVERSE(v) + 0 FROM gd ORDER BY id;
#! mode: text
GET DIAGNOSTICS @n = NUMBER;
SELECT ROW_COUNT();
UPDATE gd SET v = REVERSE(v);
#! mode: text
GET DIAGNOSTICS @n = NUMBER, @rows = ROW_COUNT;
SELECT ROW_COUNT();
#! mode: text
SELECT @n, @rows;
SELECT REVERSE(v) FROM gd ORDER BY id LIMIT 2;
SELECT FOUND_ROWS(), LAST_INSERT_ID() IS NULL;
UPDATE gd SET v = REVERSE(v);
SELECT ROW_COUNT(), DATABASE() IS NULL;
UPDATE gd SET v = REVERSE(v);
SET @f = ROW_COUNT();
SELECT @f;
SELECT REVERSE(v) FROM gd ORDER BY id LIMIT 2;
SET @f = FOUND_ROWS();
SELECT @f;
# Prepared, with parameters.
#! args: '%e%'
SELECT UPPER(v) FROM t WHERE v LIKE ? ORDER BY id;
#! known: warnings
SELECT FOUND_ROWS();
#! args: 3
SELECT SQL_CALC_FOUND_ROWS UPPER(v) FROM t ORDER BY id LIMIT ?;
#! known: warnings
SELECT FOUND_ROWS();
#! args: 1
SELECT v + ? FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS;
# Errors that the proxy gives itself: upstream never saw the statement.
INSERT INTO t VALUES (90, 'this text is much longer than the forty characters', 1, 1);
#! mode: text
SHOW WARNINGS;
INSERT INTO t VALUES (90, 'this text is much longer than the forty characters', 1, 1);
#! mode: text
SHOW ERRORS;
INSERT INTO t VALUES (90, 'this text is much longer than the forty characters', 1, 1);
#! mode: text
SELECT ROW_COUNT();
INSERT INTO t VALUES (90, 'this text is much longer than the forty characters', 1, 1);
#! mode: text
SELECT @@error_count, @@warning_count;
SELECT * FROM t_missing WHERE id = 1;
#! mode: text
SHOW COUNT(*) ERRORS;
SELECT * FROM t_missing WHERE id = 1;
#! mode: text
SHOW WARNINGS;
INSERT INTO t VALUES (91, 'a', 1, 1);
#! mode: text
SHOW WARNINGS;
SELECT ROW_COUNT();
# MariaDB's ROW_NUMBER, of conditions whose message has it.
CREATE TABLE gr (id INT PRIMARY KEY, v VARCHAR(3), n TINYINT);
SET sql_mode = '';
INSERT INTO gr VALUES (1, 'a', 1), (2, UPPER('long'), 2), (3, 'c', 300), (4, 'x', 'y');
#! only: mariadb
#! mode: text
GET DIAGNOSTICS CONDITION 1 @r1 = ROW_NUMBER, @t1 = MESSAGE_TEXT;
#! only: mariadb
#! mode: text
GET DIAGNOSTICS CONDITION 2 @r2 = ROW_NUMBER;
#! only: mariadb
#! mode: text
GET DIAGNOSTICS CONDITION 3 @r3 = ROW_NUMBER, @e3 = MYSQL_ERRNO;
#! only: mariadb
#! mode: text
GET DIAGNOSTICS CONDITION 4 @r4 = ROW_NUMBER;
#! mode: text
SELECT @r1, @t1, @r2, @r3, @e3, @r4;
SET sql_mode = DEFAULT;
INSERT INTO gr VALUES (7, 'a', 1), (8, 'b', 2), (9, 'c');
#! only: mariadb
#! mode: text
GET DIAGNOSTICS CONDITION 1 @r1 = ROW_NUMBER, @t1 = MESSAGE_TEXT;
#! mode: text
SELECT @r1, @t1;
DROP TABLE gr;
