# Tables of MariaDB's SEQUENCE engine beside encrypted ones: the evaluator has them itself.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT, KEY (v)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
#! only: mariadb
INSERT INTO t SELECT seq, CONCAT('v', seq), seq * 10 FROM seq_1_to_20;
#! only: mariadb
INSERT INTO t (id, v) SELECT seq + 100, IF(seq % 2, 'odd', NULL) FROM seq_1_to_9_step_3 WHERE seq > 1;
#! only: mariadb
INSERT INTO t (id) SELECT seq FROM seq_19_to_22;
#! only: mariadb
INSERT IGNORE INTO t (id) SELECT seq FROM seq_19_to_22;
#! only: mariadb
SELECT * FROM t ORDER BY id;
#! only: mariadb
SELECT t.v, s.seq FROM t JOIN seq_1_to_5 s ON t.n = s.seq * 10 ORDER BY 2;
#! only: mariadb
SELECT seq, (SELECT UPPER(v) FROM t WHERE id = seq) FROM seq_3_to_1 ORDER BY seq DESC;
#! only: mariadb
SELECT * FROM seq_1_to_3 LEFT JOIN t ON CONCAT('v', seq) = t.v WHERE LENGTH(v) > 1 ORDER BY seq;
#! only: mariadb
SELECT COUNT(*), SUM(n) FROM t WHERE n / 10 IN (SELECT seq FROM seq_2_to_4);
#! only: mariadb
SELECT seq_1_to_3.seq AS a, s.seq AS b, UPPER(v) FROM seq_1_to_3, seq_1_to_2 s, t WHERE t.id = seq_1_to_3.seq ORDER BY 1, 2;
#! only: mariadb
SELECT UPPER(v) FROM t, SEQ_1_TO_2 WHERE t.id = seq;
#! only: mariadb
SELECT UPPER(v) FROM t, seq_1_to_x WHERE t.id = seq;
#! only: mariadb
SELECT UPPER(v), nosuch FROM t, seq_1_to_2 WHERE t.id = seq;
#! only: mariadb
UPDATE t JOIN seq_1_to_3 s ON s.seq = t.id SET t.n = LENGTH(t.v) + s.seq;
#! only: mariadb
SELECT id, n FROM t WHERE id < 5 ORDER BY id;
#! only: mariadb
DELETE t FROM t JOIN seq_1_to_3 s ON CONCAT('v', s.seq) = LOWER(t.v);
#! only: mariadb
SELECT COUNT(*) FROM t;
#! only: mariadb
BEGIN;
#! only: mariadb
INSERT INTO t (id, v) SELECT seq, (SELECT MAX(v) FROM t) FROM seq_1_to_2;
#! only: mariadb
SELECT id, LOWER(v) FROM t, seq_1_to_2 WHERE id = seq ORDER BY id;
#! only: mariadb
ROLLBACK;
#! only: mariadb
CREATE TABLE seq_1_to_7 (seq INT);
#! only: mariadb
#! args: 3
INSERT INTO t (id, v) SELECT seq + 500, 'bound' FROM seq_1_to_9 WHERE seq < ?;
#! only: mariadb
SELECT id, REVERSE(v) FROM t WHERE id > 500 ORDER BY id;
