# ON DUPLICATE KEY UPDATE with any expression: counts, ids, info, warnings, errors and rows.
CREATE TABLE uc (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k VARCHAR(20), v VARCHAR(20), n INT DEFAULT 3, d DECIMAL(8,2), UNIQUE KEY uk (k), KEY (n));
INSERT INTO uc (k, n) VALUES ('a', 1) ON DUPLICATE KEY UPDATE n = n + 1;
SELECT LAST_INSERT_ID();
INSERT INTO uc (k, n) VALUES ('a', 1) ON DUPLICATE KEY UPDATE n = n + 1;
SELECT LAST_INSERT_ID();
INSERT INTO uc (k, n) VALUES ('A', 1) ON DUPLICATE KEY UPDATE n = n + VALUES(n);
INSERT INTO uc (k, n) VALUES ('a', 7) ON DUPLICATE KEY UPDATE n = n;
SELECT ROW_COUNT();
INSERT INTO uc (k, n) VALUES ('b', 1) ON DUPLICATE KEY UPDATE n = n + 1;
SELECT LAST_INSERT_ID();
SELECT * FROM uc ORDER BY k;
INSERT INTO uc (k, n) VALUES ('a', 1), ('b', 2), ('c', 3), ('a', 4) ON DUPLICATE KEY UPDATE n = n + VALUES(n);
SELECT LAST_INSERT_ID();
INSERT INTO uc (k, n) VALUES ('d', 1), ('d', 2), ('d', 3) ON DUPLICATE KEY UPDATE n = n * 10 + VALUES(n), v = CONCAT(IFNULL(v, ''), VALUES(n));
SELECT LAST_INSERT_ID();
SELECT * FROM uc ORDER BY k;
INSERT INTO uc (k, v) VALUES ('a', 'x') ON DUPLICATE KEY UPDATE v = 'constant';
INSERT INTO uc (k, v) VALUES ('a', 'x') ON DUPLICATE KEY UPDATE v = 'constant';
INSERT INTO uc (k, v) VALUES ('a', 'x') ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v)), n = LENGTH(v);
INSERT INTO uc (k, v) VALUES ('a', 'x') ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v));
INSERT INTO uc (k, v) VALUES ('a', 'xxxxxxxxxxxxxxxxx') ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v));
ALTER TABLE uc AUTO_INCREMENT = 200;
INSERT INTO uc (k, n) VALUES ('a', 5), ('b', 50) ON DUPLICATE KEY UPDATE n = IF(VALUES(n) > n, VALUES(n), n), d = n / 3;
#! mode: text
SHOW WARNINGS;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE v = NULL, d = NULL;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE v = NULL, d = NULL;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE n = DEFAULT, v = DEFAULT(v);
INSERT INTO uc (k, n) VALUES (NULL, 5), (NULL, 6) ON DUPLICATE KEY UPDATE n = n + 1;
INSERT INTO uc (id, k, n) VALUES (1, 'zz', 5) ON DUPLICATE KEY UPDATE n = n + 100;
INSERT INTO uc (id, k, n) VALUES (1, 'b', 5) ON DUPLICATE KEY UPDATE n = n + 1000;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE uc.n = uc.n + 1;
SELECT k, v, n, d FROM uc ORDER BY k, n;
# The number of the row that is there.
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), n = n + 1;
SELECT LAST_INSERT_ID();
INSERT INTO uc (k, n) VALUES ('fresh', 5) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), n = n + 1;
SELECT LAST_INSERT_ID();
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id);
SELECT LAST_INSERT_ID();
# Keys that change.
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE k = 'moved', n = 1;
INSERT INTO uc (k, n) VALUES ('moved', 5) ON DUPLICATE KEY UPDATE n = n + 1, k = CONCAT('A', '');
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE k = 'b';
ALTER TABLE uc AUTO_INCREMENT = 300;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE k = VALUES(k), n = n + 1;
INSERT INTO uc (k, n) VALUES ('a', 5), ('B', 6), ('new', 7) ON DUPLICATE KEY UPDATE k = VALUES(k), n = VALUES(n);
SELECT k, v, n, d FROM uc ORDER BY k, n;
# Errors and warnings.
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE n = 'no number';
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE n = nosuch + 1;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE nosuch = 1;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE n = 1 / 0;
INSERT INTO uc (k, n) VALUES ('a', 5) ON DUPLICATE KEY UPDATE n = n + 3000000000;
ALTER TABLE uc AUTO_INCREMENT = 400;
SET sql_mode = '';
INSERT INTO uc (k, n) VALUES ('a', 5), ('a', 6) ON DUPLICATE KEY UPDATE n = n + 3000000000, v = REPEAT('y', 30);
#! mode: text
SHOW WARNINGS;
SET sql_mode = DEFAULT;
INSERT IGNORE INTO uc (k, n) VALUES ('a', 5), ('ignored', 'x') ON DUPLICATE KEY UPDATE n = n - 1, v = REPEAT('z', 30);
#! mode: text
SHOW WARNINGS;
UPDATE uc SET n = 50 WHERE k = 'a';
SELECT k, v, n, d FROM uc ORDER BY k, n;
# Where values come from.
INSERT INTO uc (k, n) SELECT k, 10 FROM uc WHERE k IN ('a', 'b') ORDER BY k ON DUPLICATE KEY UPDATE n = uc.n + 1;
INSERT INTO uc (k, n) SELECT CONCAT(k, k), 10 FROM (SELECT k FROM uc WHERE k IN ('a', 'b') ORDER BY k) s ON DUPLICATE KEY UPDATE n = n + VALUES(n);
INSERT INTO uc (k, n) SELECT CONCAT(k, k), 10 FROM (SELECT k FROM uc WHERE k IN ('a', 'b') ORDER BY k) s ON DUPLICATE KEY UPDATE n = n + VALUES(n);
INSERT INTO uc SET k = LOWER('A'), n = 4 ON DUPLICATE KEY UPDATE n = n + VALUES(n);
SET @step = 20;
INSERT INTO uc SET k = 'a', n = 4 ON DUPLICATE KEY UPDATE n = n + @step;
SELECT k, v, n, d FROM uc ORDER BY k, n;
#! args: 'a' 8 2
INSERT INTO uc (k, n) VALUES (?, ?) ON DUPLICATE KEY UPDATE n = n + ?;
#! args: 'bound' 8 2
INSERT INTO uc (k, n) VALUES (?, ?) ON DUPLICATE KEY UPDATE n = n + ?;
#! args: 'bound' 8 2
INSERT INTO uc (k, n) VALUES (?, ?) ON DUPLICATE KEY UPDATE n = n + ?;
#! args: 'bound' 'a' 5
INSERT INTO uc (k, n) VALUES (?, 1), (?, 2) ON DUPLICATE KEY UPDATE n = VALUES(n) + ?;
BEGIN;
INSERT INTO uc (k, n) VALUES ('a', 5), ('in', 6) ON DUPLICATE KEY UPDATE n = n + 1;
INSERT INTO uc (k, n) VALUES ('in', 6) ON DUPLICATE KEY UPDATE n = n + 1;
SELECT k, n FROM uc WHERE k IN ('a', 'in') ORDER BY k;
INSERT INTO uc (k, n) VALUES ('in', 6) ON DUPLICATE KEY UPDATE n = 'bad';
SELECT k, n FROM uc WHERE k IN ('a', 'in') ORDER BY k;
ROLLBACK;
ALTER TABLE uc AUTO_INCREMENT = 500;
SELECT k, n FROM uc WHERE k IN ('a', 'in') ORDER BY k;
# Other tables.
CREATE TABLE up (a INT, b VARCHAR(10), c TEXT, hits INT NOT NULL DEFAULT 0, PRIMARY KEY (a, b), UNIQUE KEY byc (hits, a));
INSERT INTO up VALUES (1, 'x', 'one', 1), (1, 'y', 'two', 2), (1, 'X', 'three', 3) ON DUPLICATE KEY UPDATE c = CONCAT(c, '+', VALUES(c));
INSERT INTO up VALUES (1, 'x', 'three', 3) ON DUPLICATE KEY UPDATE hits = hits + 10, a = 2;
INSERT INTO up VALUES (2, 'x', 'three', 3) ON DUPLICATE KEY UPDATE hits = hits + 10;
INSERT INTO up VALUES (9, 'new', 'three', 2), (1, 'new', 'three', 2) ON DUPLICATE KEY UPDATE c = CONCAT('by key ', hits);
SELECT * FROM up ORDER BY a, b;
CREATE TABLE ug (k INT PRIMARY KEY, price DECIMAL(8,2), qty INT, total DECIMAL(10,2) AS (price * qty) STORED, seen TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP, CHECK (qty < 100));
INSERT INTO ug (k, price, qty) VALUES (1, 2.5, 4), (2, 1, 1) ON DUPLICATE KEY UPDATE qty = qty + VALUES(qty);
INSERT INTO ug (k, price, qty) VALUES (1, 2.5, 4), (2, 1, 1) ON DUPLICATE KEY UPDATE qty = qty + VALUES(qty);
SELECT k, price, qty, total, seen IS NULL FROM ug ORDER BY k;
INSERT INTO ug (k, price, qty) VALUES (1, 2.5, 95) ON DUPLICATE KEY UPDATE qty = qty + VALUES(qty);
INSERT INTO ug (k, price, qty) VALUES (1, 2.5, 100) ON DUPLICATE KEY UPDATE qty = 1;
INSERT INTO ug (k, price, qty) VALUES (1, 2.5, 1) ON DUPLICATE KEY UPDATE qty = VALUES(qty);
SELECT k, price, qty, total FROM ug ORDER BY k;
CREATE TABLE un (a INT, b INT);
INSERT INTO un VALUES (1, 1), (1, 1) ON DUPLICATE KEY UPDATE b = b + 1;
CREATE TABLE uf (id INT AUTO_INCREMENT PRIMARY KEY, pa INT, k INT UNIQUE, note VARCHAR(10), FOREIGN KEY (pa) REFERENCES uc (id));
INSERT INTO uf (pa, k, note) VALUES (1, 1, 'a'), (NULL, 2, 'b') ON DUPLICATE KEY UPDATE note = 'dup', pa = VALUES(pa);
INSERT INTO uf (pa, k, note) VALUES (NULL, 1, 'a'), (1, 2, 'b') ON DUPLICATE KEY UPDATE note = CONCAT(note, '!'), pa = VALUES(pa);
INSERT INTO uf (pa, k) VALUES (100000, 1) ON DUPLICATE KEY UPDATE note = CONCAT(note, '?'), pa = VALUES(pa);
SELECT pa, k, note FROM uf ORDER BY k;
# MySQL's names for the row that was to be stored.
CREATE TABLE ua (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k VARCHAR(20) UNIQUE, n INT, v VARCHAR(30));
#! only: mysql
INSERT INTO ua (k, n, v) VALUES ('a', 1, 'x'), ('b', 2, 'y') AS new ON DUPLICATE KEY UPDATE n = ua.n + new.n;
#! only: mysql
INSERT INTO ua (k, n, v) VALUES ('a', 1, 'x'), ('c', 2, 'y') AS new ON DUPLICATE KEY UPDATE n = ua.n + new.n, v = CONCAT(ua.v, '-', new.v);
#! only: mysql
INSERT INTO ua (k, n, v) VALUES ('a', 10, 'x') AS new(nk, nn, nv) ON DUPLICATE KEY UPDATE n = n + nn, v = nk;
#! only: mysql
INSERT INTO ua SET k = 'b', n = 3 AS new ON DUPLICATE KEY UPDATE ua.n = new.n, v = UPPER(new.k);
#! only: mysql
INSERT INTO ua (k, n) VALUES ('b', 3) AS new ON DUPLICATE KEY UPDATE n = new.n;
#! only: mysql
#! args: 'c' 7
INSERT INTO ua (k, n) VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(ua.id), n = ua.n * new.n;
#! only: mysql
INSERT INTO ua (k, n) SELECT * FROM (SELECT 'a', 5 UNION SELECT 'd', 6) AS new (nk, nn) ON DUPLICATE KEY UPDATE n = ua.n + nn;
SELECT LAST_INSERT_ID() > 0;
SELECT k, n, v FROM ua ORDER BY k;
# Beside what SHOW has made in the evaluator.
CREATE TABLE seen (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v CHAR(30));
INSERT INTO seen (v) VALUES ('a'), ('b');
SHOW CREATE TABLE seen;
INSERT INTO seen VALUES (2, 'x') ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v));
INSERT INTO seen (v) VALUES ('y') ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v));
SHOW CREATE TABLE seen;
CREATE TABLE made AS SELECT id, v FROM seen;
INSERT INTO made VALUES (2, 'x') ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v));
INSERT INTO seen (v) SELECT v FROM made ON DUPLICATE KEY UPDATE v = CONCAT(seen.v, VALUES(v));
SELECT * FROM seen ORDER BY id;
