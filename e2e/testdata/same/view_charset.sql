# Views that are made where literals are of a character set of several bytes for ASCII.
CREATE TABLE t1 (a INT, b VARCHAR(20), c CHAR(5) CHARACTER SET latin1);
INSERT INTO t1 VALUES (1, 'one', 'x'), (2, 'two', 'y');
SET NAMES utf8mb4;
SET collation_connection = ucs2_general_ci;
CREATE VIEW v1 AS SELECT CONCAT(a) AS x, 'lit' AS y, CONCAT(b, '!') AS z, a + 1 AS w, HEX('a') AS h FROM t1;
#! mode: text
SHOW CREATE VIEW v1;
SELECT * FROM v1;
DESCRIBE v1;
SELECT * FROM v1 WHERE y = 'lit' AND z LIKE 'o%';
SET collation_connection = utf32_general_ci;
SELECT * FROM v1;
#! mode: text
SHOW CREATE VIEW v1;
CREATE VIEW v2 AS SELECT * FROM v1 WHERE z > 'a';
#! mode: text
SHOW CREATE VIEW v2;
SELECT * FROM v2;
SET NAMES utf8mb4;
SELECT * FROM v2;
SELECT * FROM v1;
#! mode: text
SHOW CREATE VIEW v2;
SELECT TABLE_NAME, CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.VIEWS WHERE VIEW_DEFINITION IS NOT NULL AND TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'v_' ORDER BY 1;
DROP VIEW v1, v2;
SET collation_connection = utf16_general_ci;
CREATE VIEW v1 AS SELECT a, 'ü' AS u, CONCAT_WS('-', a, b, 'ß') AS cw, DATE_FORMAT('2001-02-03', '%M') AS m, IF(b = 'one', 'ja', 'nein') AS i FROM t1 WHERE b <> 'zz';
#! mode: text
SHOW CREATE VIEW v1;
SELECT * FROM v1;
INSERT INTO t1 VALUES (3, 'ü', 'z');
SELECT u, HEX(u), COLLATION(u), cw, COLLATION(cw) FROM v1;
SET NAMES utf8mb4;
SELECT u, HEX(u), COLLATION(u), cw, COLLATION(cw), m, i, COLLATION(i) FROM v1;
DROP VIEW v1;
DROP TABLE t1;
SET collation_connection = ucs2_general_ci;
CREATE TABLE t4 (a INT PRIMARY KEY, b VARCHAR(20));
CREATE VIEW v4 AS SELECT a, b FROM t4 WHERE b <> 'no' WITH CHECK OPTION;
INSERT INTO v4 VALUES (1, 'yes');
INSERT INTO v4 VALUES (2, 'no');
UPDATE v4 SET b = 'no' WHERE a = 1;
UPDATE v4 SET b = CONCAT(b, '!') WHERE b LIKE 'y%';
ALTER VIEW v4 AS SELECT a, CONCAT(b, '?') AS b FROM t4;
SELECT * FROM v4;
#! mode: text
SHOW COLUMNS FROM v4;
SET NAMES utf8mb4;
SELECT * FROM v4 WHERE b = 'yes!?';
CREATE TABLE t5 (b VARCHAR(20));
INSERT INTO t5 SELECT b FROM v4;
SELECT b FROM t5;
DROP VIEW v4;
DROP TABLE t4, t5;
