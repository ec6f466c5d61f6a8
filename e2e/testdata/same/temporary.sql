# Temporary tables, which INFORMATION_SCHEMA does not show and other sessions do not see.
CREATE TABLE base (id INT PRIMARY KEY, v VARCHAR(20), n INT);
INSERT INTO base VALUES (1, 'base one', 10), (2, 'base two', 20);
CREATE TEMPORARY TABLE tmp (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20) NOT NULL DEFAULT 'd', n DECIMAL(6,2), UNIQUE KEY (v), KEY nk (n)) COMMENT='of tmp';
CREATE TEMPORARY TABLE tmp (id INT);
CREATE TEMPORARY TABLE IF NOT EXISTS tmp (id INT);
SHOW WARNINGS;
INSERT INTO tmp (v, n) VALUES ('one', 1.5), ('two', 2.5);
INSERT INTO tmp (n) VALUES (3.25);
INSERT INTO tmp (v) VALUES ('ONE');
INSERT INTO tmp (v, n) SELECT CONCAT(v, '!'), n FROM base;
SELECT * FROM tmp ORDER BY id;
SELECT id FROM tmp WHERE v = 'TWO';
SELECT UPPER(v), n + 1 FROM tmp WHERE n > 2 ORDER BY id;
SELECT b.v, t.n FROM base b JOIN tmp t ON t.v = CONCAT(b.v, '!') ORDER BY 1;
SELECT b.id FROM base b WHERE b.n IN (SELECT n FROM tmp) ORDER BY 1;
UPDATE tmp SET n = n * 2 WHERE v LIKE 'base%';
UPDATE tmp SET v = 'three' WHERE v = 'd';
DELETE FROM tmp WHERE v = 'one';
SELECT id, v, n FROM tmp ORDER BY id;
SHOW CREATE TABLE tmp;
# MySQL defines the columns of these otherwise for temporary tables.
#! only: mariadb
SHOW COLUMNS FROM tmp;
#! only: mariadb
SHOW INDEX FROM tmp;
#! only: mariadb
DESCRIBE tmp;
SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1;
# A temporary table hides one of its name.
CREATE TEMPORARY TABLE base (x INT, w VARCHAR(9));
INSERT INTO base VALUES (7, 'hidden');
SELECT * FROM base;
SELECT id FROM base;
SELECT CONCAT(w, x) FROM base;
SHOW CREATE TABLE base;
SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'base' ORDER BY 1;
DROP TEMPORARY TABLE base;
SELECT * FROM base ORDER BY id;
DROP TEMPORARY TABLE base;
DROP TEMPORARY TABLE IF EXISTS base;
SELECT COUNT(*) FROM base;
# Of a table, of a temporary one, and within a transaction.
CREATE TEMPORARY TABLE l LIKE base;
INSERT INTO l SELECT * FROM base;
CREATE TEMPORARY TABLE l2 LIKE tmp;
INSERT INTO l2 (v) VALUES ('x');
SELECT * FROM l2;
START TRANSACTION;
INSERT INTO base VALUES (3, 'base three', 30);
CREATE TEMPORARY TABLE intx (a INT, b TEXT);
INSERT INTO intx VALUES (1, 'in');
SELECT CONCAT(b, a) FROM intx;
ROLLBACK;
SELECT COUNT(*) FROM base;
SELECT COUNT(*) FROM intx;
TRUNCATE TABLE l;
SELECT COUNT(*) FROM l;
DROP TABLE l, l2, nosuch;
SELECT 1 FROM l;
SELECT 1 FROM l2;
DROP TABLE IF EXISTS l2, tmp;
SELECT 1 FROM tmp;
CREATE TABLE tmp (id INT, v VARCHAR(9));
INSERT INTO tmp VALUES (1, 'real');
SELECT * FROM tmp;
SHOW CREATE TABLE tmp;
DROP TABLE base, tmp;
#! only: mariadb
CREATE OR REPLACE TEMPORARY TABLE r (a INT, b VARCHAR(5));
#! only: mariadb
CREATE OR REPLACE TEMPORARY TABLE r (b VARCHAR(7), c INT);
#! only: mariadb
INSERT INTO r VALUES ('xyz', 1);
#! only: mariadb
SELECT LOWER(b) FROM r;
# Made of what a query gives, in a transaction and outside.
CREATE TABLE src (id INT PRIMARY KEY, v VARCHAR(20), n DECIMAL(8,2));
INSERT INTO src VALUES (1, 'one', 1.25), (2, 'two', 2.5), (3, 'three', NULL);
CREATE TEMPORARY TABLE made AS SELECT id, UPPER(v) AS u, n * 2 AS d FROM src WHERE n IS NOT NULL;
CREATE TEMPORARY TABLE made AS SELECT 1 AS a;
CREATE TEMPORARY TABLE IF NOT EXISTS made SELECT * FROM src;
SELECT * FROM made ORDER BY id;
SHOW CREATE TABLE made;
INSERT INTO made VALUES (9, 'nine', 9);
SELECT m.u, s.v FROM made m JOIN src s ON s.id = m.id ORDER BY 1;
CREATE TEMPORARY TABLE counted (PRIMARY KEY (v)) SELECT v, n AS c FROM src;
SELECT * FROM counted ORDER BY v;
CREATE TEMPORARY TABLE fails (PRIMARY KEY (one)) SELECT 1 AS one FROM src;
SELECT * FROM fails;
CREATE TEMPORARY TABLE src AS SELECT v FROM src WHERE id = 2;
SELECT CONCAT(v, '!') FROM src;
DROP TEMPORARY TABLE src, made, counted;
SELECT COUNT(*) FROM src;
DROP TABLE src;
