# Queries that the evaluator answers, in sessions that are not the usual ones.
CREATE TABLE s (id INT PRIMARY KEY, n INT, t VARCHAR(20), at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE u (id INT PRIMARY KEY, n INT, v INT);
CREATE TABLE w (id INT PRIMARY KEY, v INT, x INT);
# The session's clock stands still.
SET timestamp = 972000000;
INSERT INTO s (id, n, t) VALUES (1, 1, 'one'), (2, 2, 'two');
SET timestamp = 972003600.5;
INSERT INTO s (id, n, t) VALUES (3, 3, 'three');
SELECT id, UPPER(t), at FROM s ORDER BY id;
SET timestamp = DEFAULT;
INSERT INTO u VALUES (1, 1, 10), (2, 2, 20), (3, 4, 40);
INSERT INTO w VALUES (1, 10, 1), (2, 20, 2), (3, 30, 3);
# A name in ON is looked for in that join alone.
SELECT s.id, w.x FROM s JOIN (u JOIN w ON n + 9 = x + 9) ON s.id = u.id ORDER BY s.id;
SELECT s.id FROM s JOIN u ON s.id = u.id WHERE n = 1;
# Character sets of the connection that are not supersets of ASCII.
SET collation_connection = utf16_general_ci;
SELECT id, CONCAT(t, 'x') FROM s WHERE t LIKE '%o%' ORDER BY id;
INSERT INTO s (id, n, t) VALUES (4, 4, 'four');
CREATE TABLE y (a YEAR, b DECIMAL(4,1), c DATE);
INSERT INTO y VALUES (1, 1.5, '2001-02-03');
SELECT a + 1, b * 2, YEAR(c) FROM y;
SET NAMES utf8mb4;
SELECT id, LENGTH(t) FROM s ORDER BY id;
# What the evaluator's statement leaves to ask about.
SELECT SQL_CALC_FOUND_ROWS id FROM s WHERE LENGTH(t) > 1 ORDER BY id LIMIT 1;
SELECT FOUND_ROWS();
#! only: mariadb
SET standard_compliant_cte = 0;
#! only: mariadb
WITH RECURSIVE r (n) AS (SELECT n FROM u WHERE n = 1 UNION SELECT MAX(u.n) FROM u, r WHERE u.n > r.n) SELECT n, UPPER('x') FROM r ORDER BY n;
#! only: mariadb
SET standard_compliant_cte = DEFAULT;
# A limit for the client's SELECTs is none for the proxy's own.
SET sql_select_limit = 1;
SELECT SUM(n) FROM s;
SELECT id, UPPER(t) FROM s ORDER BY id;
UPDATE s SET n = 7;
SELECT @@sql_select_limit;
SET sql_select_limit = 0;
SELECT id, UPPER(t) FROM s ORDER BY id;
UPDATE s SET n = 8;
SET sql_select_limit = DEFAULT;
SELECT id, n, UPPER(t) FROM s ORDER BY id;
# User variables go along; TIME becomes DATETIME by the session's date.
SET @v = 2, @w = 'x', @`odd name` = 1.5;
SELECT n - @v, CONCAT(@w, t), @V + 1, id * @`odd name` FROM s ORDER BY id;
SET timestamp = 972000000;
SELECT CAST(CAST('10:00:00' AS TIME) AS DATETIME), LENGTH(t) FROM s WHERE id = 1;
CREATE TABLE z (d DATETIME);
INSERT INTO z VALUES (TIME'10:20:30');
SELECT * FROM z;
SET timestamp = DEFAULT;
SELECT id, LENGTH(t) FROM s ORDER BY id LIMIT 1, 1;
SELECT FOUND_ROWS();
# Of several tables that are not there, the first is told of.
SELECT * FROM absent1 JOIN absent2 ON absent1.a = absent2.a;
SELECT * FROM absent1 WHERE a NOT IN (SELECT a FROM absent2);
# A LONGTEXT is as long in every character set.
CREATE TABLE l (t LONGTEXT, m MEDIUMTEXT, k LONGTEXT CHARACTER SET latin1);
SET character_set_results = latin1;
SELECT * FROM l;
SET character_set_results = NULL;
SELECT * FROM l;
SET character_set_results = binary;
SELECT * FROM l;
SET NAMES utf8mb4;
SELECT * FROM l;
# A function that is not there any more.
#! only: mysql
SELECT UPPER(t), SHA(t) FROM s;
#! only: mariadb
CREATE TABLE noted (a VARCHAR(10) CHARACTER SET latin1, b INT, KEY (a));
#! only: mariadb
INSERT INTO noted VALUES ('x', 1), ('y', 2);
#! only: mariadb
SET note_verbosity = 'unusable_keys';
#! only: mariadb
SELECT UPPER(a) FROM noted WHERE a > 5 AND UPPER(a) <> 'Z';
#! only: mariadb
#! mode: text
SHOW WARNINGS;
#! only: mariadb
SET note_verbosity = DEFAULT;
#! only: mariadb
DROP TABLE noted;
# Lengths that max_allowed_packet bounds.
CREATE TABLE bound (a VARCHAR(10), b VARCHAR(10) CHARACTER SET latin1);
INSERT INTO bound VALUES ('x', 'y');
SET group_concat_max_len = 4294967295;
SELECT GROUP_CONCAT(a), GROUP_CONCAT(UPPER(b)) FROM bound;
#! only: mariadb
SELECT SFORMAT('{}-{}', a, b), SFORMAT('{}', b) FROM bound;
# Names that no table can have.
#! known: warnings
SELECT * FROM `bound😁`;
#! known: warnings
INSERT INTO `😁` VALUES ('x');
#! only: mariadb
SELECT ROWNUM(), x.a FROM `bound😁` x;
# Rows that ORDER BY does not tell apart come as the server sorts them, which is not as they lie.
CREATE TABLE tied (name VARCHAR(255), n INT, KEY (name(3)));
INSERT INTO tied VALUES ('bb', 1), ('aa', 2), ('cc   ', 3), (CONCAT('cc ', 0x06), 4), ('cc', 5), ('bb ', 6), ('cc ', 7), ('bb ', 8), ('aa', 9), ('aa', 10), ('bb', 11);
SELECT * FROM tied ORDER BY name;
SELECT name, LENGTH(name), n FROM tied ORDER BY name DESC;
