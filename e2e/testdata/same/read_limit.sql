# LIMIT without ORDER BY, of rows that an equality finds.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT, w TEXT, k INT, u VARCHAR(10), KEY (v), KEY (n), KEY uk (u, n)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (9, 'a', 5, 'w9', 1, 'x'), (3, 'A', 5, 'w3', 2, 'x'), (7, 'b', 4, 'w7', 3, 'x'), (1, 'á', 5, 'w1', 1, 'y'), (5, 'a ', 3, 'w5', 2, 'x'),
  (2, 'b', 5, 'w2', 1, 'x'), (8, NULL, NULL, 'w8', 2, 'x'), (4, 'a', 9, 'w4', 3, 'y'), (6, 'B', 1, NULL, 1, 'x');
SELECT UPPER(w) FROM t WHERE v = 'a' LIMIT 3;
SELECT UPPER(w) FROM t WHERE v = 'a' LIMIT 2, 2;
SELECT UPPER(w), v, n FROM t WHERE 'A' = v LIMIT 1 OFFSET 4;
SELECT UPPER(w) FROM t WHERE v = 'a' LIMIT 0;
SELECT UPPER(w), n FROM t WHERE n = 5 LIMIT 2;
SELECT UPPER(w), n FROM t WHERE n = '5' LIMIT 2;
SELECT UPPER(w), n FROM t WHERE n = 5.0 LIMIT 2;
SELECT UPPER(w), n FROM t WHERE n = 5.5 LIMIT 2;
SELECT UPPER(w), n FROM t WHERE n = 'five' LIMIT 2;
SELECT UPPER(w) FROM t WHERE v = 5 LIMIT 2;
SELECT UPPER(w) FROM t WHERE v = NULL LIMIT 2;
SELECT UPPER(w) FROM t WHERE v = 'a' AND id > 3 LIMIT 2;
SELECT UPPER(w) FROM t WHERE v = 'a' AND n = 5 LIMIT 2;
SELECT UPPER(w), n FROM t WHERE u = 'x' LIMIT 3;
SELECT UPPER(w) FROM t WHERE u = 'x' AND n = 5 LIMIT 2;
SELECT UPPER(w) FROM t WHERE v = 'a' AND w LIKE '%4' LIMIT 2;
SELECT UPPER(w) FROM t WHERE v = 'none' LIMIT 2;
SELECT UPPER(w) FROM t WHERE v = 'a' LIMIT 2 FOR UPDATE;
#! args: 'a' 2
SELECT UPPER(w) FROM t WHERE v = ? LIMIT ?;
#! args: NULL 2
SELECT UPPER(w) FROM t WHERE v = ? LIMIT ?;
#! args: 5 2
SELECT UPPER(w) FROM t WHERE v = ? LIMIT ?;
# MariaDB sorts groups, and LIMIT takes the first of these.
CREATE TABLE gl (id INT PRIMARY KEY, v VARCHAR(10), c CHAR(10), n INT, KEY (v), KEY (c), KEY (n), KEY (v, n));
INSERT INTO gl VALUES (1,'q','zz',9),(2,'a','yy',3),(3,'Q','xx',7),(4,'m','ww',7),(5,NULL,'vv',3),(6,'b ','uu',1),(7,'b','tt',12),(8,'z','ss',5),(9,'k','rr',2),(10,'e','qq',NULL);
#! only: mariadb
SELECT v, COUNT(*) FROM gl GROUP BY v LIMIT 4;
#! only: mariadb
SELECT v, COUNT(c) FROM gl GROUP BY v DESC LIMIT 2, 3;
#! only: mariadb
SELECT SQL_BIG_RESULT n, COUNT(*) FROM gl WHERE id > 1 GROUP BY n LIMIT 3;
#! only: mariadb
SELECT n, v FROM gl WHERE v IN ('q', 'm', 'z') GROUP BY n, v LIMIT 3;
#! only: mariadb
SELECT MAX(x.m) FROM (SELECT v, MAX(n) AS m FROM gl GROUP BY v LIMIT 3) x;
SELECT v, COUNT(*) FROM gl GROUP BY v ORDER BY v LIMIT 4;
