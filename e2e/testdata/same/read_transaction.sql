# Queries that upstream cannot compute, in transactions: they see the transaction's own writes, and lock.
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), n INT, KEY (v)) ENGINE=InnoDB;
#! known: info
INSERT INTO t (v, n) VALUES ('one',1),('two',2),('three',3);
BEGIN;
INSERT INTO t (v, n) VALUES ('four',4);
UPDATE t SET v = 'TWO' WHERE id = 2;
DELETE FROM t WHERE id = 1;
SELECT UPPER(v), n * 2 FROM t ORDER BY id;
SELECT SUM(n), MAX(v) FROM t;
#! conn: other
SELECT SUM(n), MAX(v) FROM t;
SELECT a.v, b.v FROM t a JOIN t b ON a.n + 1 = b.n ORDER BY a.id;
ROLLBACK;
SELECT UPPER(v), n * 2 FROM t ORDER BY id;
START TRANSACTION READ ONLY;
SELECT SUM(n) FROM t;
#! conn: other
UPDATE t SET n = 100 WHERE id = 1;
SELECT SUM(n) FROM t;
COMMIT;
SELECT SUM(n) FROM t;
SET autocommit = 0;
SELECT id, LOWER(v) FROM t WHERE n > 2 ORDER BY id FOR UPDATE;
#! conn: other
SET innodb_lock_wait_timeout = 1;
#! conn: other
UPDATE t SET n = 5 WHERE id = 3;
ROLLBACK;
SET autocommit = 1;
BEGIN;
SELECT id, n FROM t WHERE LOWER(v) LIKE 'T%' ORDER BY id LOCK IN SHARE MODE;
#! conn: other
UPDATE t SET n = 7 WHERE id = 2;
COMMIT;
#! conn: other
SELECT id, LOWER(v) FROM t WHERE n > 2 ORDER BY id FOR UPDATE NOWAIT;
BEGIN;
UPDATE t SET v = 'locked' WHERE id = 1;
#! conn: other
SELECT id, LOWER(v) FROM t WHERE v > 'a' ORDER BY id FOR UPDATE NOWAIT;
#! conn: other
SELECT id, LOWER(v) FROM t WHERE v > 'a' ORDER BY id FOR UPDATE SKIP LOCKED;
COMMIT;
SAVEPOINT s;
SELECT MAX(v) FROM t;
#! conn: other
SELECT MAX(v) FROM t;
LOCK TABLES t WRITE;
SELECT MAX(v), MIN(n) FROM t;
UNLOCK TABLES;
SELECT SQL_CALC_FOUND_ROWS UPPER(v) FROM t ORDER BY id LIMIT 1;
SELECT FOUND_ROWS();
SELECT UPPER(v) FROM t ORDER BY id LIMIT 2;
SELECT FOUND_ROWS();
SELECT ROW_COUNT();
INSERT INTO t (v) VALUES ('last');
SELECT LAST_INSERT_ID(), UPPER(v) FROM t ORDER BY id LIMIT 1;
SELECT UPPER(v) FROM t WHERE id = LAST_INSERT_ID();
SELECT @@max_connections, ROW_COUNT(), FOUND_ROWS(), UPPER(v) FROM t ORDER BY id LIMIT 1;
