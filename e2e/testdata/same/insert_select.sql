# INSERT … SELECT from encrypted tables, of expressions, the table itself, joins, unions and grouping.
CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(20), n INT, KEY (name));
CREATE TABLE b (id INT PRIMARY KEY, name VARCHAR(20), n BIGINT, note TEXT, KEY (name));
CREATE TABLE c (k INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(10), w DECIMAL(8,2) NOT NULL DEFAULT 1.5);
INSERT INTO a VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', NULL), (4, NULL, 40);
INSERT INTO b (id, name, n) SELECT id, name, n FROM a;
INSERT INTO b SELECT id + 10, UPPER(name), n * 2, CONCAT('note ', id) FROM a WHERE n > 5 ORDER BY id;
SELECT * FROM b ORDER BY id;
INSERT INTO b (id, name) SELECT id + 100, name FROM b WHERE id < 10;
INSERT INTO c (v) SELECT name FROM a ORDER BY id;
SELECT LAST_INSERT_ID();
INSERT INTO c (v, w) SELECT a.name, b.n FROM a JOIN b ON a.name = b.name WHERE b.n IS NOT NULL ORDER BY b.id;
INSERT INTO c (v, w) SELECT name, COUNT(*) FROM b GROUP BY name ORDER BY name;
INSERT INTO c (v) SELECT 'x' UNION SELECT 'y' UNION SELECT name FROM a ORDER BY 1;
INSERT INTO c (v) SELECT name FROM a WHERE id > 1000;
INSERT INTO c (v) SELECT DISTINCT v FROM c ORDER BY v;
INSERT INTO c (v) SELECT 1 + 1;
INSERT INTO c (k, v) SELECT 500, 'explicit';
INSERT INTO c (v) SELECT v FROM c WHERE k = (SELECT MAX(k) FROM c);
INSERT INTO c SELECT NULL, name, n FROM a WHERE n IS NOT NULL ORDER BY id LIMIT 1;
SELECT * FROM c ORDER BY k;
# What does not fit.
INSERT INTO c (v, w) SELECT name, n FROM a;
INSERT INTO c (v) SELECT REPEAT(name, 10) FROM a;
INSERT INTO b (id, name) SELECT id, name FROM a;
INSERT INTO a (id) SELECT id FROM a ORDER BY id;
INSERT INTO a (id, name) SELECT name, id FROM a;
INSERT INTO a SELECT * FROM c;
INSERT INTO a (id) SELECT nosuch FROM a;
INSERT INTO a (id) SELECT id FROM nosuch;
INSERT INTO a (nosuch) SELECT id FROM a;
INSERT IGNORE INTO b (id, name) SELECT id, name FROM a;
#! mode: text
SHOW WARNINGS;
INSERT IGNORE INTO b (id, name) SELECT id * 5, REPEAT(name, 10) FROM a ORDER BY id;
#! mode: text
SHOW WARNINGS;
SELECT id, name FROM b ORDER BY id;
SET sql_mode = '';
CREATE TABLE n (i TINYINT NOT NULL, s VARCHAR(3) NOT NULL);
INSERT INTO n SELECT id * 100, name FROM a ORDER BY id;
#! mode: text
SHOW WARNINGS;
SELECT * FROM n;
INSERT INTO n (i) SELECT id FROM a ORDER BY id;
#! mode: text
SHOW WARNINGS;
SET sql_mode = DEFAULT;
# In a transaction.
BEGIN;
INSERT INTO a SELECT id + 50, name, n FROM a WHERE id < 3;
SELECT COUNT(*) FROM a;
INSERT INTO a SELECT id + 50, name, n FROM a WHERE id < 3;
ROLLBACK;
SELECT COUNT(*) FROM a;
#! args: 200 'o%'
INSERT INTO b (id, name) SELECT id + ?, name FROM a WHERE name LIKE ?;
SELECT id, name FROM b WHERE id > 200 ORDER BY id;
INSERT INTO b (id, name, n) WITH w AS (SELECT name, n FROM a WHERE n > 10) SELECT 300 + n, name, n FROM w;
INSERT INTO b (id, name, n) SELECT 400 + ROW_NUMBER() OVER (ORDER BY id), name, n FROM a;
SELECT id, name, n FROM b WHERE id > 300 ORDER BY id;
# Rows by the thousand: more than one batch.
CREATE TABLE many (k INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(250), KEY (v));
INSERT INTO many (v) VALUES ('a'), ('b'), ('c'), ('d'), ('e'), ('f'), ('g'), ('h'), ('i'), ('j');
INSERT INTO many (v) SELECT CONCAT(x.v, y.v, z.v, REPEAT('-', 20)) FROM many x, many y, many z ORDER BY x.k, y.k, z.k;
SELECT LAST_INSERT_ID();
INSERT INTO many (v) SELECT v FROM many ORDER BY k;
SELECT LAST_INSERT_ID();
SELECT COUNT(*), COUNT(DISTINCT v) FROM many;
SELECT k, v FROM many WHERE v LIKE 'jjj%' ORDER BY k;
INSERT INTO many (k, v) SELECT 5000 - k, v FROM many ORDER BY k;
SELECT COUNT(*) FROM many;
CREATE TABLE few (k INT PRIMARY KEY, v VARCHAR(250));
INSERT INTO few VALUES (3000, 'there');
INSERT INTO few SELECT k + 1000, v FROM many WHERE k <= 2020 ORDER BY k;
SELECT COUNT(*) FROM few;
BEGIN;
INSERT INTO few VALUES (1, 'in the transaction');
INSERT INTO few SELECT k + 1000, v FROM many WHERE k <= 2020 ORDER BY k;
SELECT * FROM few;
COMMIT;
SELECT * FROM few;
INSERT IGNORE INTO few SELECT k + 1000, v FROM many WHERE k <= 2020 ORDER BY k;
SELECT COUNT(*) FROM few;
# VALUES that read the table itself.
CREATE TABLE self (id INT AUTO_INCREMENT PRIMARY KEY, x VARCHAR(10));
INSERT INTO self (x) VALUES ('one');
INSERT INTO self (x) VALUES ((SELECT UPPER(x) FROM self s));
INSERT INTO self (x) VALUES ((SELECT MAX(x) FROM self)), ((SELECT MIN(x) FROM self));
SELECT * FROM self ORDER BY id;
