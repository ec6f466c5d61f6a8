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
