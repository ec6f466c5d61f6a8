# Transactions, savepoints, locks and two sessions.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), KEY (v)) ENGINE=InnoDB;
INSERT INTO t VALUES (1, 'one'), (2, 'two');
BEGIN;
UPDATE t SET v = 'changed' WHERE id = 1;
SELECT * FROM t ORDER BY id;
#! conn: other
SELECT * FROM t ORDER BY id;
ROLLBACK;
SELECT * FROM t ORDER BY id;
START TRANSACTION;
INSERT INTO t VALUES (3, 'three');
SAVEPOINT s1;
INSERT INTO t VALUES (4, 'four');
SELECT COUNT(*) FROM t;
ROLLBACK TO SAVEPOINT s1;
SELECT COUNT(*) FROM t;
RELEASE SAVEPOINT s1;
COMMIT;
SELECT * FROM t ORDER BY id;
SET autocommit = 0;
DELETE FROM t WHERE v = 'three';
#! conn: other
SELECT COUNT(*) FROM t;
COMMIT;
#! conn: other
SELECT COUNT(*) FROM t;
SET autocommit = 1;
BEGIN;
SELECT * FROM t WHERE id = 1 FOR UPDATE;
#! conn: other
SET innodb_lock_wait_timeout = 1;
#! conn: other
UPDATE t SET v = 'blocked' WHERE id = 1;
UPDATE t SET v = 'mine' WHERE id = 1;
COMMIT;
#! conn: other
SELECT * FROM t WHERE v = 'mine';
START TRANSACTION READ ONLY;
UPDATE t SET v = 'no' WHERE id = 1;
COMMIT;
ROLLBACK TO SAVEPOINT nosuch;
START TRANSACTION WITH CONSISTENT SNAPSHOT;
#! conn: other
INSERT INTO t VALUES (9, 'late');
SELECT COUNT(*) FROM t;
COMMIT;
SELECT COUNT(*) FROM t;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
