# Ways to ask about the statement before that must be refused where they would be answered wrong.
#! known: warnings
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', 0);
SELECT v + 0 FROM t ORDER BY id;
#! mode: text
#! known: warnings
GET DIAGNOSTICS @gd = NUMBER, @rows = ROW_COUNT;
SELECT UPPER(v) FROM t ORDER BY id LIMIT 2;
#! known: warnings
SET @f = FOUND_ROWS();
SELECT UPPER(v) FROM t ORDER BY id LIMIT 2;
#! known: warnings
SELECT FOUND_ROWS() + 1, 'x';
UPDATE t SET v = 'uno' WHERE id = 1;
SET @f = ROW_COUNT();
# User variables of every type in queries that the evaluator computes.
SET @s = 'o%', @i = 3, @d = 1.50, @f = 2.5e0, @n = NULL, @b = x'6f', @Mixed = 'T%';
SELECT id, @s, @i, @d, @f, @n, HEX(@b) FROM t WHERE v LIKE @s ORDER BY id;
SELECT id FROM t WHERE v LIKE @mixed ORDER BY id;
SELECT id, COLLATION(@s), CHARSET(@s), COERCIBILITY(@s) FROM t WHERE UPPER(v) LIKE '%O%' ORDER BY id;
SELECT id FROM t WHERE n + 1 > @i AND v > @b ORDER BY id;
SET @`odd ``name` = 'two';
SELECT id FROM t WHERE CONCAT(v, '') = @`odd ``name` ORDER BY id;
