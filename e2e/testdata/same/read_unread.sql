# Queries that the parser cannot read: their tokens say what they need.
CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(20), n INT, KEY (name));
CREATE TABLE b (id INT PRIMARY KEY, a INT, note VARCHAR(20) COLLATE utf8mb4_bin, at DATETIME);
INSERT INTO a VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', 30), (4, NULL, 40), (5, 'One', 30);
INSERT INTO b VALUES (1, 1, 'x', '2024-01-02 03:04:05'), (2, 2, 'y', NULL), (3, 3, 'X', '2020-02-29 00:00:00'), (4, 9, 'z', '2021-01-01 00:00:00');
# Nothing is named.
#! only: mariadb
VALUES (1, 'a'), (2, 'b');
#! only: mariadb
SELECT HEX(WEIGHT_STRING('abc' LEVEL 1)), HEX(CONVERT('a' USING ucs2)), 'a' COLLATE utf8mb4_nopad_bin = 'a ' AS p;
#! only: mysql
VALUES ROW(1, 'a'), ROW(2, 'b');
#! only: mysql
SELECT HEX(CONVERT('a' USING ucs2)), HEX(CONVERT('a' USING macroman));
# Windows, values and limits of MariaDB.
#! only: mariadb
SELECT DISTINCT n, MEDIAN(id) OVER (PARTITION BY n) FROM a ORDER BY n;
#! only: mariadb
SELECT DISTINCT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY n) OVER (), CURRENT_USER() IS NULL FROM a WHERE name LIKE 'o%';
#! only: mariadb
SELECT name FROM a WHERE name IS NOT NULL UNION VALUES ('four'), ('five');
#! only: mariadb
SELECT id, name FROM a ORDER BY n OFFSET 1 ROWS FETCH FIRST 2 ROWS WITH TIES;
#! only: mariadb
SELECT id, name FROM a ORDER BY id OFFSET 1 ROW FETCH NEXT 2 ROWS ONLY;
#! only: mariadb
SELECT id FROM a WHERE id > 1 ORDER BY id OFFSET 2 ROWS;
#! only: mariadb
SELECT id, note FROM b WHERE note = 'x' COLLATE utf8mb4_uca1400_ai_ci ORDER BY id;
#! only: mariadb
SELECT a.id, HEX(WEIGHT_STRING(name LEVEL 1)) FROM a WHERE id > 2 ORDER BY id;
#! only: mariadb
SELECT n, GROUP_CONCAT(name ORDER BY id DESC LIMIT 1) FROM a GROUP BY n ORDER BY n;
#! only: mariadb
SELECT (SELECT MEDIAN(n) OVER () FROM a LIMIT 1) + 1, DATABASE() IS NULL FROM b ORDER BY id LIMIT 1;
#! only: mariadb
SELECT j.v, a.id FROM a, JSON_TABLE(CONCAT('[', a.n, ']'), '$[*]' COLUMNS (v INT PATH '$')) j ORDER BY a.id;
#! only: mariadb
WITH c (x) AS (SELECT MEDIAN(n) OVER () FROM a) SELECT DISTINCT x, x + 1 FROM c;
#! only: mariadb
WITH b AS (SELECT id, MEDIAN(n) OVER () AS note FROM a) SELECT id, note FROM b ORDER BY id;
#! only: mariadb
SELECT MEDIAN(n) OVER () AS nowhere FROM a, nowhere;
#! only: mariadb
SELECT MEDIAN(nowhere) OVER () FROM a;
#! only: mariadb
SELECT MEDIAN(n) OVER () FROM;
# A table that an earlier statement had, and that is gone, is not there in the evaluator either.
CREATE TABLE g (id INT PRIMARY KEY, name VARCHAR(20));
INSERT INTO g VALUES (1, 'gone');
SELECT UPPER(g.name), UPPER(a.name) FROM g, a WHERE a.id = 1;
DROP TABLE g;
#! only: mariadb
SELECT MEDIAN(n) OVER (), x.id FROM a, g x;
#! only: mariadb
SELECT MEDIAN(n) OVER () FROM a WHERE id IN (SELECT id FROM g);
#! only: mariadb
SELECT MEDIAN(1) OVER () FROM DUAL;
#! only: mariadb
SELECT id FROM a WHERE (id, 1) IN (SELECT 1, 1 FROM DUAL UNION VALUES (3, 1)) ORDER BY id;
#! only: mariadb
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v JOIN a ON a.id = v.1;
#! only: mariadb
SELECT * FROM (VALUES (1), (id)) v;
# User variables stay in the session.
#! only: mariadb
SELECT @m := MEDIAN(n) OVER () FROM a LIMIT 1;
SELECT @m;
#! only: mariadb
SELECT MEDIAN(n) OVER () + @m FROM a LIMIT 1;
#! only: mariadb
SELECT id FROM a WHERE n > @m ORDER BY id FETCH FIRST ROW ONLY;
#! only: mariadb
SELECT MEDIAN(n) OVER () INTO @k FROM a WHERE id < 3 LIMIT 1;
SELECT @k;
# Prepared.
#! only: mariadb
#! args: 1
SELECT id, MEDIAN(n) OVER () FROM a WHERE id > ? ORDER BY id;
#! only: mariadb
#! args: 'one'
SELECT id, name FROM a WHERE name = ? COLLATE utf8mb4_nopad_bin ORDER BY id;
# Locks, and what the session is asked after.
BEGIN;
#! only: mariadb
SELECT id, MEDIAN(n) OVER () FROM a WHERE id = 1 FOR UPDATE;
#! only: mariadb
SELECT SQL_CALC_FOUND_ROWS id, MEDIAN(n) OVER () FROM a ORDER BY id LIMIT 2;
#! only: mariadb
SELECT FOUND_ROWS();
COMMIT;
#! only: mysql
SELECT a.id, b.note FROM a JOIN b ON a.id = b.a WHERE UPPER(a.name) <> '' ORDER BY a.id FOR UPDATE OF a FOR SHARE OF b;
#! only: mysql
SELECT j.v, a.id FROM a, JSON_TABLE(CONCAT('[', a.n, ']'), '$[*]' COLUMNS (v INT PATH '$')) j ORDER BY a.id;
#! only: mysql
SELECT id, LAST_VALUE(n) OVER (ORDER BY id), j.* FROM a, JSON_TABLE('[1]', '$[*]' COLUMNS (v INT PATH '$')) j ORDER BY id;
DROP TABLE a, b;
# What depends on the rows that the server reads: it has all of them.
#! only: mariadb
SELECT id, ROWNUM(), UPPER(name) FROM a;
#! only: mariadb
SELECT id, name FROM a WHERE name LIKE 'o%' AND ROWNUM() <= 2;
#! only: mariadb
SELECT COUNT(*) FROM a, b WHERE ROWNUM() < 7;
#! only: mariadb
SELECT x.id FROM (SELECT id, n FROM a WHERE ROWNUM() <= 3) x WHERE x.n > 10;
#! only: mysql
SELECT id, ROWNUM() FROM a;
SELECT id, LAST_VALUE(name, n + 1) AS l FROM a ORDER BY id;
#! only: mariadb
SELECT id FROM b WHERE LAST_VALUE(1, note = 'x') ORDER BY id;
#! only: mariadb
SELECT * FROM a PROCEDURE ANALYSE();
#! only: mariadb
SELECT a.name, note FROM a JOIN b ON b.a = a.id PROCEDURE ANALYSE(10, 2000);
#! only: mariadb
SELECT UPPER(name), n FROM a WHERE id > 1 PROCEDURE ANALYSE();
#! only: mariadb
SELECT id, name FROM a LIMIT ROWS EXAMINED 2;
#! only: mariadb
SELECT id, name FROM a WHERE UPPER(name) > 'A' ORDER BY id LIMIT 3 ROWS EXAMINED 100;
#! only: mariadb
SELECT n, COUNT(*) FROM a GROUP BY n LIMIT ROWS EXAMINED 3;
# What is no SQL.
INSERT INTO a SELECT a.* AS x FROM a;
INSERT INTO a (id, name) VALUES (9, 'nine') nonsense;
SELEC id FROM a WHERE name = 'one';
UPDATE a SET name = 'x' 'y', WHERE id = 1;
SELECT id FROM a WHERE name = 'one' AND;
DELETE FROM a WHERE name = 'one' ODER BY id;
CREATE TABLE z (id INT, a VARCHAR(10) NOT NOT NULL);
#! mode: text
PREPARE p FROM 'SELECT id FROM a WHERE';
#! only: mariadb
SET STATEMENT sort_buffer_size = 100000 SELECT id FROM a;
SELECT COUNT(*) FROM a;
# Queries of no table, however they are written.
#! only: mariadb
SELECT 1 1.e*1;
SELECT 1 1.e;
#! only: mariadb
SELECT CAST('1 02:03:04' AS INTERVAL DAY_SECOND(6)), CAST(name AS INTERVAL DAY_SECOND(3)) FROM a WHERE id = 1;
