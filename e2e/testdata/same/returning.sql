# MariaDB's INSERT … RETURNING and DELETE … RETURNING, of columns.
CREATE TABLE ret (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), u VARCHAR(40) UNIQUE, d DECIMAL(8,2) DEFAULT 1.50, t DATETIME, b BLOB, KEY (v));
#! only: mariadb
INSERT INTO ret (v) VALUES ('one') RETURNING id;
#! only: mariadb
INSERT INTO ret (v, u) VALUES ('two', 'u2'), ('three', 'u3'), (NULL, NULL) RETURNING *;
#! only: mariadb
INSERT INTO ret SET v = 'four', t = '2020-02-02 10:11:12' RETURNING ret.t AS `when`, d, id i, ret.id;
SELECT LAST_INSERT_ID();
SELECT * FROM ret ORDER BY id;
#! only: mariadb
INSERT INTO ret (id, v, b) VALUES (10, 'ten', x'00FF') RETURNING b, v, v AS again;
#! only: mariadb
INSERT INTO ret (v, u) VALUES ('five', 'u5'), ('six', 'u3') RETURNING id, u;
#! only: mariadb
INSERT INTO ret (v, u) VALUES ('six', 'u3') RETURNING v;
SELECT id, v, u FROM ret ORDER BY id;
#! only: mariadb
INSERT INTO ret (v) VALUES ('x') RETURNING nosuch;
#! only: mariadb
INSERT INTO ret (v) VALUES ('x') RETURNING other.id;
#! only: mariadb
INSERT INTO ret (v, id) VALUES ('x', 10) RETURNING id;
#! only: mariadb
DELETE FROM ret WHERE v = 'two' RETURNING id, v, u, d, t, b;
#! only: mariadb
DELETE FROM ret WHERE v = 'nosuch' RETURNING id;
#! only: mariadb
DELETE FROM ret ORDER BY id LIMIT 1 RETURNING v;
SELECT ROW_COUNT();
#! only: mariadb
DELETE FROM ret WHERE id >= 10 RETURNING *;
SELECT COUNT(*) FROM ret;
#! only: mariadb
DELETE FROM ret RETURNING v, id;
SELECT COUNT(*) FROM ret;
DROP TABLE ret;
CREATE TABLE ret_b (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40) NOT NULL, n INT, KEY (v));
#! only: mariadb
#! args: 'bound' 5
INSERT INTO ret_b (v, n) VALUES (?, ?) RETURNING id, v, n;
#! only: mariadb
#! args: 'bound'
DELETE FROM ret_b WHERE id > 0 AND v = ? RETURNING *;
#! only: mariadb
INSERT INTO ret_b (n) VALUES (1) RETURNING id;
DROP TABLE ret_b;
# Rows that the evaluator makes
CREATE TABLE ret_c (id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v VARCHAR(5), n INT UNSIGNED CHECK (n < 100), t TIME(3), y YEAR, f FLOAT,
  d DATE NOT NULL, g INT AS (n * 2) STORED, UNIQUE KEY (v));
#! only: mariadb
INSERT INTO ret_c (v, n, d) VALUES ('a', 5, '2020-02-02') RETURNING id;
#! only: mariadb
INSERT INTO ret_c (v, n, d, t, y, f) VALUES (CONCAT('b', 'c'), 7, '2020-02-02', '10:11:12.5', 2021, 1.25), (NULL, NULL, '2021-01-01', NULL, NULL, NULL) RETURNING *;
#! only: mariadb
INSERT INTO ret_c (v, n, d) VALUES ('d', 500, '2020-02-02') RETURNING id;
#! only: mariadb
INSERT INTO ret_c (v, n, d) VALUES ('a', 50, '2020-02-02') RETURNING id;
#! only: mariadb
INSERT INTO ret_c (v, n, d) VALUES ('too long a value', 50, '2020-02-02') RETURNING id;
SELECT ROW_COUNT();
#! only: mariadb
INSERT INTO ret_c (id, v, n, d) VALUES (60000, 'e', 50, NOW()) RETURNING id, ret_c.v AS vv, g, g AS h;
SELECT LAST_INSERT_ID();
SELECT ROW_COUNT();
#! only: mariadb
INSERT INTO ret_c (v, n, d) VALUES ('f', 1, '2020-02-02') RETURNING nosuch;
SELECT * FROM ret_c WHERE d < '2022-01-01' ORDER BY id;
SET sql_mode = '';
#! only: mariadb
INSERT INTO ret_c (v, n, d) VALUES ('too long a value', -5, '2020-02-31') RETURNING id, v, n, d;
#! mode: text
SHOW WARNINGS;
#! only: mariadb
#! args: 'g' 42
INSERT INTO ret_c (v, n, d) VALUES (?, ?, '2020-02-02') RETURNING *;
#! only: mariadb
INSERT INTO ret_c (v, n, d) VALUES (CONCAT('h', 'i'), 1, '2020-02-02') RETURNING id, v;
SELECT ROW_COUNT();
SELECT LAST_INSERT_ID();
#! only: mariadb
INSERT IGNORE INTO ret_c (v, n, d) VALUES ('hi', 3, '2020-02-03'), ('l', 5, '2020-02-03') RETURNING id, v, n;
#! mode: text
SHOW WARNINGS;
#! only: mariadb
REPLACE INTO ret_c (v, n, d) VALUES ('hi', 3, '2020-02-03'), ('n', 6, '2020-02-03') RETURNING id, v, n;
SELECT ROW_COUNT();
#! only: mariadb
REPLACE INTO ret_c (id, v, n, d) VALUES (60000, 'e', 50, '2020-02-03') RETURNING id;
SELECT id, v, n, d FROM ret_c ORDER BY id;
DROP TABLE ret_c;
CREATE TABLE ret_d (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(9) UNIQUE, n INT);
#! only: mariadb
INSERT INTO ret_d (v, n) VALUES ('a', 1), ('b', 2) ON DUPLICATE KEY UPDATE v = v RETURNING id;
#! only: mariadb
INSERT INTO ret_d (v, n) VALUES ('b', 7), (CONCAT('x', 'y'), 8) ON DUPLICATE KEY UPDATE n = VALUES(n) RETURNING *;
SELECT ROW_COUNT();
SELECT LAST_INSERT_ID();
#! only: mariadb
#! args: 'b' 9
INSERT INTO ret_d (v, n) VALUES (?, ?) ON DUPLICATE KEY UPDATE v = v RETURNING id, n;
#! only: mariadb
INSERT IGNORE INTO ret_d (v, n) VALUES ('b', 1), ('c', 2) RETURNING id;
#! only: mariadb
REPLACE INTO ret_d (v, n) VALUES ('b', 1), ('d', 2) RETURNING id;
SELECT * FROM ret_d ORDER BY id;
DROP TABLE ret_d;
# A DELETE whose rows or list the evaluator computes
CREATE TABLE ret_e (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), n INT, d DATETIME, UNIQUE KEY (n));
INSERT INTO ret_e (v, n, d) VALUES ('one', 1, '2020-01-01'), ('two', 2, NULL), ('three', 3, '2021-02-03 04:05:06'), ('four', 4, NULL), (NULL, 5, NULL), ('six', 6, NULL), ('seven', 7, NULL);
#! only: mariadb
DELETE FROM ret_e WHERE LENGTH(v) = 5 RETURNING *;
SELECT ROW_COUNT();
#! only: mariadb
DELETE FROM ret_e WHERE n = 1 RETURNING UPPER(v) AS big, n + 1, CONCAT(v, '-', n), d, 'x' AS x, YEAR(d);
#! only: mariadb
DELETE FROM ret_e WHERE v LIKE 't%' OR n > 6 RETURNING ret_e.v, ret_e.n * 2 AS twice, v IS NULL;
#! only: mariadb
DELETE FROM ret_e WHERE CONCAT(v, 'x') = 'nosuch' RETURNING id, LENGTH(v);
#! only: mariadb
#! args: 'o%' 5
DELETE FROM ret_e WHERE UPPER(v) LIKE UPPER(?) OR n = ? RETURNING id, v, COALESCE(v, 'none') AS c;
#! only: mariadb
#! args: '!' 4
DELETE FROM ret_e WHERE n = ? + 0 RETURNING CONCAT(v, ?);
#! only: mariadb
#! args: '!' 6
DELETE FROM ret_e WHERE CONCAT(v, ?) = 'six!' AND n = ? RETURNING v, n;
#! only: mariadb
DELETE FROM ret_e WHERE LENGTH(v) = 4 RETURNING nosuch;
#! only: mariadb
DELETE FROM ret_e WHERE LENGTH(v) = 4 ORDER BY n DESC LIMIT 1 RETURNING v, CONCAT(n, id), CHAR_LENGTH(v);
SELECT * FROM ret_e ORDER BY id;
#! only: mariadb
DELETE FROM ret_e RETURNING n + 0;
SELECT COUNT(*) FROM ret_e;
DROP TABLE ret_e;
# What upstream refuses gives no rows
CREATE TABLE ret_p (id INT PRIMARY KEY, v VARCHAR(20));
CREATE TABLE ret_f (id INT PRIMARY KEY, p INT, CONSTRAINT ret_fk FOREIGN KEY (p) REFERENCES ret_p (id));
INSERT INTO ret_p VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO ret_f VALUES (1, 2);
#! only: mariadb
DELETE FROM ret_p WHERE LENGTH(v) = 3 ORDER BY id RETURNING id, UPPER(v);
SELECT * FROM ret_p ORDER BY id;
START TRANSACTION;
#! only: mariadb
DELETE FROM ret_p WHERE LENGTH(v) > 3 RETURNING UPPER(v);
ROLLBACK;
SELECT * FROM ret_p ORDER BY id;
DROP TABLE ret_f, ret_p;
# Lists that the evaluator computes, of INSERT and REPLACE
CREATE TABLE ret_x (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), n INT UNIQUE, d DATETIME DEFAULT '2020-01-02 03:04:05', b BLOB, g INT AS (n * 2) STORED);
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('one', 1) RETURNING id + 1, UPPER(v), CONCAT(v, '-', n) AS c, n IS NULL, 'x', 1.5 * n AS m;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('two', 2), ('three', 3), (NULL, NULL) RETURNING *, LENGTH(v), id * 2, g + 1;
#! only: mariadb
INSERT INTO ret_x SET v = 'four', n = 4 RETURNING COALESCE(b, v) AS x, YEAR(d), ret_x.v, d;
SELECT LAST_INSERT_ID();
SELECT ROW_COUNT();
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('five', 5), ('six', 4) RETURNING UPPER(v), id;
#! only: mariadb
INSERT IGNORE INTO ret_x (v, n) VALUES ('five', 5), ('six', 4), ('seven', 7) RETURNING UPPER(v), n + 0;
#! mode: text
SHOW WARNINGS;
#! only: mariadb
INSERT IGNORE INTO ret_x (v, n) VALUES ('six', 4) RETURNING UPPER(v), id;
#! only: mariadb
REPLACE INTO ret_x (v, n) VALUES ('5', 5), ('5a', 5), ('8', 8) RETURNING CONCAT(v, n), n;
#! only: mariadb
REPLACE INTO ret_x SET id = 1, v = 'uno', n = 1 RETURNING id - 1, v LIKE 'u%', REVERSE(v);
SELECT id, v, n, g FROM ret_x ORDER BY id;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('x', 20) RETURNING UPPER(nosuch);
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('x', 20) RETURNING other.id + 1;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('x', 20) RETURNING COUNT(*);
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('x', 20) RETURNING MAX(n) + 1;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('x', 20) RETURNING n + 9223372036854775807;
SELECT COUNT(*) FROM ret_x WHERE n = 20;
#! only: mariadb
#! args: 'bound' 30 '!'
INSERT INTO ret_x (v, n) VALUES (?, ?) RETURNING CONCAT(v, ?), id;
#! only: mariadb
#! args: 'bound' 31 'more' 32 5
INSERT INTO ret_x (v, n) VALUES (?, ?), (?, ?) RETURNING n + ?, v;
#! only: mariadb
#! args: 'u' 1 'x' 7
REPLACE INTO ret_x (v, n) VALUES (?, ?) RETURNING CONCAT(v, ?) AS c, ? AS p;
# Rows of a query
CREATE TABLE ret_s (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), n INT, KEY (v));
#! only: mariadb
INSERT INTO ret_s (v, n) SELECT v, n FROM ret_x WHERE n < 6 ORDER BY n RETURNING *;
#! only: mariadb
INSERT INTO ret_s (v, n) SELECT v, n FROM ret_x WHERE n > 6 ORDER BY n RETURNING id + 0, UPPER(v), n * 2 AS t;
SELECT ROW_COUNT();
#! only: mariadb
INSERT INTO ret_s (v, n) SELECT v, n FROM ret_x WHERE n > 1000 RETURNING id, UPPER(v);
#! only: mariadb
INSERT INTO ret_s (v, n) SELECT CONCAT(v, '+'), n FROM ret_s ORDER BY id LIMIT 2 RETURNING id, v, LENGTH(v);
#! only: mariadb
REPLACE INTO ret_s SELECT id, v, n + 1 FROM ret_s WHERE id < 3 ORDER BY id RETURNING id, n;
#! only: mariadb
REPLACE INTO ret_s SELECT id, v, n + 1 FROM ret_s WHERE id < 3 ORDER BY id RETURNING id, n - 1;
SELECT * FROM ret_s ORDER BY id;
SELECT LAST_INSERT_ID();
# Subqueries, and what asks the session
#! only: mariadb
INSERT INTO ret_s (v, n) VALUES ('sub', 1) RETURNING (SELECT COUNT(*) FROM ret_x), id;
#! only: mariadb
INSERT INTO ret_s (v, n) VALUES ('sub', 2), ('sub', 3) RETURNING n, (SELECT MAX(x.v) FROM ret_x x WHERE x.n = ret_s.n) AS m, EXISTS (SELECT 1 FROM ret_x WHERE ret_x.v = 'four');
#! only: mariadb
INSERT INTO ret_s (v, n) VALUES ('sub', 2) RETURNING (SELECT v FROM ret_x);
#! only: mariadb
INSERT INTO ret_s (v, n) VALUES ('sub', 2) RETURNING (SELECT MAX(id) FROM ret_s);
#! only: mariadb
INSERT INTO ret_s (v, n) VALUES ('sub', 2) RETURNING (SELECT v, n FROM ret_x LIMIT 1);
#! only: mariadb
INSERT INTO ret_s (v, n) VALUES ('ask', 2) RETURNING LAST_INSERT_ID(), @@div_precision_increment, CONNECTION_ID() > 0 AS c;
#! only: mariadb
INSERT INTO ret_s (v, n) VALUES ('ask', 2), ('ask', 3) RETURNING LAST_INSERT_ID() + n;
#! only: mariadb
DELETE FROM ret_s WHERE v = 'ask' ORDER BY id RETURNING (SELECT COUNT(*) FROM ret_x WHERE ret_x.n <= ret_s.n), n;
#! only: mariadb
DELETE FROM ret_s WHERE n = 3 RETURNING (SELECT v FROM ret_s LIMIT 1);
#! only: mariadb
DELETE FROM ret_s WHERE n = 3 RETURNING MAX(n);
SELECT v, n FROM ret_s ORDER BY id;
# ON DUPLICATE KEY UPDATE
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('dup', 7) ON DUPLICATE KEY UPDATE v = CONCAT(VALUES(v), '!') RETURNING v, n;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('dup', 7), ('new', 70), ('dup', 7) ON DUPLICATE KEY UPDATE v = CONCAT(ret_x.v, '?') RETURNING v, n + 0;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('dup', 7) ON DUPLICATE KEY UPDATE v = CONCAT(ret_x.v, 'y') RETURNING id > 0, UPPER(v);
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('new', 71) ON DUPLICATE KEY UPDATE v = CONCAT(ret_x.v, 'y') RETURNING *, UPPER(v);
SELECT LAST_INSERT_ID();
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('vals', 71), ('vals', 72) ON DUPLICATE KEY UPDATE v = VALUES(v) RETURNING n, LOWER(v);
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('kept', 71) ON DUPLICATE KEY UPDATE v = v RETURNING LOWER(v), n;
#! only: mariadb
#! args: 'par' 71 '-' '+'
INSERT INTO ret_x (v, n) VALUES (?, ?) ON DUPLICATE KEY UPDATE v = CONCAT(VALUES(v), ?) RETURNING CONCAT(v, ?) AS c;
SELECT v, n FROM ret_x ORDER BY n;
START TRANSACTION;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('in', 80) RETURNING UPPER(v);
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('in', 81) RETURNING n + 9223372036854775807;
SELECT v, n FROM ret_x WHERE n >= 80 ORDER BY n;
ROLLBACK;
SELECT COUNT(*) FROM ret_x WHERE n >= 80;
SET sql_safe_updates = 1;
#! only: mariadb
INSERT INTO ret_x (v, n) VALUES ('safe', 90) RETURNING UPPER(v);
SET sql_safe_updates = 0;
CREATE TABLE ret_o (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), n INT UNIQUE);
#! only: mariadb
INSERT INTO ret_o (v, n) VALUES ('a', 1), ('b', 2) ON DUPLICATE KEY UPDATE v = VALUES(v) RETURNING id, UPPER(v);
#! only: mariadb
INSERT INTO ret_o (v, n) VALUES ('c', 1), ('d', 3), ('e', 3) ON DUPLICATE KEY UPDATE v = VALUES(v) RETURNING id, UPPER(v), CONCAT(n, v);
SELECT LAST_INSERT_ID();
#! only: mariadb
INSERT INTO ret_o (id, v, n) VALUES (10, 'f', 10), (10, 'g', 11) ON DUPLICATE KEY UPDATE v = CONCAT(VALUES(v), ret_o.v) RETURNING *, id + 1;
#! only: mariadb
INSERT INTO ret_o (v, n) VALUES ('h', 10), ('i', 11) ON DUPLICATE KEY UPDATE v = CONCAT(VALUES(v), ret_o.v) RETURNING v;
#! only: mariadb
INSERT INTO ret_o (v, n) SELECT v, n FROM ret_x WHERE n < 4 ORDER BY n ON DUPLICATE KEY UPDATE v = VALUES(v) RETURNING UPPER(v), ret_o.n;
SELECT * FROM ret_o ORDER BY n;
SET SESSION max_sort_length = 8;
#! only: mariadb
INSERT INTO ret_o (v, n) VALUES ('z', 100), ('y', 101), ('x', 102) RETURNING LOWER(v) AS l, id;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
#! only: mariadb
INSERT INTO ret_o (id, v, n) VALUES (0, 'zero', 200) RETURNING id, UPPER(v);
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
#! only: mariadb
INSERT INTO ret_o (v, n) VALUES ('ansi', 201) RETURNING v || '!', "n" + 1;
DROP TABLE ret_x, ret_s, ret_o;
# Rows of which the template has one, and subqueries of what follows them; rows that are none
CREATE TABLE ret_t (id1 INT PRIMARY KEY AUTO_INCREMENT, val1 VARCHAR(1));
CREATE TABLE ret_u (id2 INT PRIMARY KEY AUTO_INCREMENT, val2 VARCHAR(1) CHECK (val2 <> 'x'));
INSERT INTO ret_t VALUES (1, 'a'), (2, 'b');
#! only: mariadb
INSERT INTO ret_u (id2, val2) VALUES (3, 'c') RETURNING (SELECT id1 FROM ret_t);
#! only: mariadb
INSERT INTO ret_u VALUES (7, 'g'), (8, 'h') RETURNING (SELECT GROUP_CONCAT(val1) FROM ret_t WHERE id1 = 1), id2;
#! only: mariadb
INSERT INTO ret_u VALUES (7, 'g'), (8, 'h'), (9, 'i') ON DUPLICATE KEY UPDATE val2 = (SELECT val1 FROM ret_t WHERE id1 = 2) RETURNING *;
INSERT INTO ret_u VALUES (7, 'g'), (8, 'h') ON DUPLICATE KEY UPDATE val2 = (SELECT val1 FROM ret_t WHERE id1 = 1);
SELECT * FROM ret_u ORDER BY id2;
#! only: mariadb
INSERT INTO ret_u SELECT id1 + 20, val1 FROM ret_t WHERE 1 NOT IN (SELECT id1 FROM ret_t) RETURNING val2;
#! only: mariadb
INSERT INTO ret_u SELECT id1 + 20, val1 FROM ret_t RETURNING val2, id2;
#! only: mariadb
INSERT IGNORE INTO ret_u VALUES (200, 'x') RETURNING id2, val2;
#! only: mariadb
INSERT IGNORE INTO ret_u VALUES (200, 'x') RETURNING UPPER(val2) AS u, id2;
SELECT ROW_COUNT();
CREATE TABLE ret_w (a INT, v VARCHAR(1));
#! only: mariadb
INSERT INTO ret_w VALUES (1, 'a'), (2, 'b') RETURNING 1 + 1;
#! only: mariadb
INSERT INTO ret_w VALUES (1, 'a') RETURNING (SELECT id1 FROM ret_t);
#! only: mariadb
REPLACE INTO ret_w VALUES (1, 'a'), (1, 'a') RETURNING a, a + 1;
DROP TABLE ret_t, ret_u, ret_w;
