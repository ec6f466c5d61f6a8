# Transactions and locks of queries that the evaluator computes.
#! known: warnings
CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(40), n INT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
#! known: warnings
CREATE TABLE b (id INT PRIMARY KEY, v VARCHAR(40), n INT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO a VALUES (1, 'one', 10), (2, 'two', 20);
INSERT INTO b VALUES (1, 'eins', 1), (2, 'zwei', 2);
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
SELECT UPPER(v) FROM a ORDER BY id;
BEGIN;
SELECT SUM(n) FROM a;
UPDATE a SET n = 11 WHERE id = 1;
SELECT SUM(n) FROM a;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
#! conn: other
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
ROLLBACK;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
# autocommit = 0: a query opens a transaction.
SET autocommit = 0;
SELECT SUM(n) FROM a;
#! conn: other
UPDATE a SET n = 100 WHERE id = 1;
SELECT SUM(n) FROM a;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
COMMIT;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
SELECT 1;
COMMIT;
SET autocommit = 1;
SELECT SUM(n) FROM a;
# A read-only transaction.
START TRANSACTION READ ONLY;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
UPDATE a SET n = 1 WHERE id = 1;
SELECT UPPER(v) FROM a ORDER BY id;
COMMIT;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
START TRANSACTION WITH CONSISTENT SNAPSHOT;
#! conn: other
UPDATE b SET n = 200 WHERE id = 1;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
COMMIT;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
# completion_type must not outlive a query of several tables.
SET completion_type = 1;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
SELECT 1;
SET completion_type = 2;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
SELECT 1;
SET completion_type = 0;
# What is said of the next transaction.
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
START TRANSACTION;
SELECT SUM(n) FROM a WHERE v LIKE 'o%';
#! conn: other
SET innodb_lock_wait_timeout = 1;
#! conn: other
UPDATE a SET n = 5 WHERE id = 1;
COMMIT;
#! conn: other
UPDATE a SET n = 5 WHERE id = 1;
# FOR UPDATE with a condition that upstream does not see.
BEGIN;
SELECT id FROM a WHERE UPPER(v) = 'ONE' AND id = 1 FOR UPDATE;
#! conn: other
UPDATE a SET n = 6 WHERE id = 1;
#! conn: other
UPDATE a SET n = 7 WHERE id = 2;
ROLLBACK;
#! conn: other
UPDATE a SET n = 8 WHERE id = 1;
SELECT id FROM a WHERE v LIKE 'o%' FOR UPDATE;
#! conn: other
UPDATE a SET n = 9 WHERE id = 1;
SELECT a.id FROM a JOIN b ON a.id = b.id WHERE a.v LIKE 'o%' AND UPPER(b.v) = 'EINS' FOR UPDATE;
#! conn: other
UPDATE b SET n = 9 WHERE id = 1;
BEGIN;
SELECT UPPER(v) FROM a WHERE id = 2 FOR SHARE;
#! only: mariadb
SELECT UPPER(v) FROM a WHERE id = 2 LOCK IN SHARE MODE;
#! conn: other
UPDATE a SET n = 10 WHERE id = 2;
COMMIT;
# LOCK TABLES.
LOCK TABLES a READ, b READ;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
#! conn: other
SET lock_wait_timeout = 1;
#! conn: other
UPDATE a SET n = 11 WHERE id = 2;
SELECT UPPER(v) FROM a ORDER BY id;
UNLOCK TABLES;
#! conn: other
UPDATE a SET n = 11 WHERE id = 2;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
# Savepoints see what was done before them.
BEGIN;
SAVEPOINT s;
INSERT INTO a VALUES (3, 'three', 30);
SELECT GROUP_CONCAT(UPPER(v) ORDER BY id) FROM a;
ROLLBACK TO s;
SELECT GROUP_CONCAT(UPPER(v) ORDER BY id) FROM a;
SELECT nosuch, UPPER(v) FROM a;
SELECT SUM(a.n + b.n) FROM a JOIN b ON a.id = b.id;
ROLLBACK;
SELECT 1;
