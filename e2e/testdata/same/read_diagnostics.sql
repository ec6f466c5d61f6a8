# MariaDB keeps the warnings of the statement before one that names no table: those of the evaluator go.
# Diagnostics of what comes after a query that the evaluator computed, and of errors of the proxy.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT, KEY (v)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (1, 'one', 10), (2, '2x', 20);
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SHOW WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT 1/0, '3x' + 0;
#! mode: text
SHOW WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT 1;
#! mode: text
#! only: mysql
SHOW WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT v FROM t WHERE v = 'one';
#! mode: text
SHOW WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT CAST('4x' AS SIGNED);
#! mode: text
SHOW WARNINGS;
#! mode: text
SHOW COUNT(*) WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT CAST('4x' AS SIGNED) INTO @x;
#! mode: text
SHOW WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
DO 1;
#! mode: text
#! only: mysql
SHOW WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT nosuch;
#! mode: text
SHOW ERRORS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SET @a = 1;
#! mode: text
#! only: mysql
SHOW WARNINGS;
#! mode: text
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
SELECT @@sql_mode;
#! mode: text
#! only: mysql
SHOW WARNINGS;
#! mode: text
SELECT nosuch(v) FROM t;
#! mode: text
SELECT '5x' + 0;
#! mode: text
SHOW WARNINGS;
