# What EXPLAIN of a statement on encrypted tables objects to; its rows are the proxy's own.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT, w TEXT, KEY (v)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (1, 'one', 10, 'x'), (2, 'two', 20, 'y');
#! mode: text
EXPLAIN SELECT nosuch FROM t;
#! mode: text
EXPLAIN SELECT v FROM t WHERE nosuch = 'x';
#! mode: text
EXPLAIN SELECT UPPER(v), nosuch FROM t;
#! mode: text
EXPLAIN SELECT UPPER(v) FROM t ORDER BY nosuch;
#! mode: text
EXPLAIN SELECT t.v, x.v FROM t;
#! mode: text
EXPLAIN SELECT v FROM t, nosuch;
#! mode: text
EXPLAIN SELECT UPPER(v) FROM t, nosuch WHERE t.id = nosuch.id;
#! mode: text
EXPLAIN SELECT UPPER(v) FROM nosuch;
#! mode: text
EXPLAIN SELECT v FROM t JOIN t ON t.id = t.id;
#! mode: text
EXPLAIN SELECT UPPER(v) FROM t JOIN t;
#! mode: text
EXPLAIN SELECT v FROM t WHERE;
#! mode: text
EXPLAIN SELECT UPPER(v FROM t;
#! mode: text
EXPLAIN SELECT FROM t;
#! mode: text
EXPLAIN SELECT v FROM t GROUP;
#! mode: text
EXPLAIN SELECT nosuch(v) FROM t;
#! mode: text
EXPLAIN SELECT UPPER(v, 1) FROM t;
#! mode: text
EXPLAIN SELECT SUM(n), MAX(SUM(n)) FROM t;
#! mode: text
EXPLAIN SELECT id FROM t WHERE (id, n) = (1, 2, 3);
#! mode: text
EXPLAIN SELECT id FROM t WHERE LENGTH(v) IN (SELECT id, n FROM t);
#! mode: text
EXPLAIN SELECT v FROM t UNION SELECT v, n FROM t;
#! mode: text
EXPLAIN SELECT v COLLATE nosuch_ci FROM t;
#! mode: text
EXPLAIN SELECT v FROM t WHERE v = 'a' COLLATE latin1_swedish_ci;
#! mode: text
SHOW WARNINGS;
#! mode: text
EXPLAIN UPDATE t SET nosuch = 1;
#! mode: text
EXPLAIN DELETE FROM nosuch;
#! mode: text
EXPLAIN UPDATE t SET n = LENGTH(nosuch);
#! mode: text
EXPLAIN UPDATE t JOIN nosuch ON t.v = nosuch.v SET n = 1;
#! mode: text
EXPLAIN DELETE FROM t WHERE LENGTH(nosuch) > 1;
