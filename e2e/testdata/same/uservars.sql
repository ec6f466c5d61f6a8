# User variables whose values come of encrypted tables.
#! known: warnings
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(30), l VARCHAR(30) CHARACTER SET latin1, b VARCHAR(30) COLLATE utf8mb4_bin, n INT, u BIGINT UNSIGNED, dc DECIMAL(10,3), f DOUBLE, d DATE, dm DATETIME(2), vb VARBINARY(20), j JSON, KEY (v), KEY (n), KEY (b)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (1,'Zoë','Zoë','Zoë',5,18446744073709551615,1.250,0.1,'2024-02-29','2024-02-29 01:02:03.45',x'00ff','{"a": 1}'),(2,'it''s\\','x','y',-7,0,-3.5,-1e300,'1000-01-01','1000-01-01 00:00:00','','[]'),(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
SET @v = 'before', @n = 1;
SELECT v, l, b, n, u, dc, f, d, dm, vb FROM t WHERE id = 1 INTO @v, @l, @b, @n, @u, @dc, @f, @d, @dm, @vb;
SELECT @v, @l, @b, @n, @u, @dc, @f, @d, @dm, @vb;
SELECT HEX(@v), HEX(@l), COLLATION(@v), COLLATION(@l), COLLATION(@b), COERCIBILITY(@v), @n + 1, @u, @dc * 2, @f / 3, @d + INTERVAL 1 DAY, HEX(@vb);
SELECT @V AS upper_name, CONCAT(@v, '-', @`n`) x, @'l';
SELECT ROW_COUNT();
SELECT id FROM t WHERE v = @v;
SELECT id FROM t WHERE n = @n;
SELECT id FROM t WHERE b = @b;
SELECT id FROM t WHERE b = @v;
SELECT id FROM t WHERE v = @l;
SELECT id FROM t WHERE id = @n - 4;
SELECT id, @v, v = @v FROM t ORDER BY id;
SELECT id FROM t WHERE v IN (@v, 'x') AND n <=> @n;
SELECT id FROM t WHERE n < @n ORDER BY id;
SELECT 1 FROM (SELECT @v AS a) q WHERE q.a = 'ZOE';
SELECT @v UNION SELECT @l;
INSERT INTO t (id, v, n, u, dc, f, d, dm, vb) VALUES (10, @v, @n, @u, @dc, @f, @d, @dm, @vb);
SELECT * FROM t WHERE id = 10;
INSERT INTO t (id, v, n) VALUES (11, @v, 3), (12, 'x', @n);
UPDATE t SET v = @l, n = @n WHERE id = 2;
UPDATE t SET n = 9 WHERE v = @v AND id = 11;
SELECT id, v, n FROM t ORDER BY id;
DELETE FROM t WHERE v = @v AND n = 9;
SELECT COUNT(*) FROM t;
SELECT v FROM t WHERE id = 99 INTO @v;
#! mode: text
SHOW WARNINGS;
SELECT @v;
SELECT v FROM t INTO @v;
SELECT @v;
SELECT v, n FROM t WHERE id = 1 INTO @v;
SELECT v INTO @first FROM t WHERE id = 1;
SELECT v INTO @second FROM t ORDER BY v DESC LIMIT 1;
SELECT @first, @second;
SELECT v, n, f, dc, l FROM t WHERE id = 3 INTO @v, @n, @f, @dc, @l;
SELECT @v, @n, @f, @dc, @l, COLLATION(@l), @n IS NULL;
INSERT INTO t (id, n, v) VALUES (20, @n, @v);
SET @x = (SELECT MAX(n) FROM t), @y = 5;
SELECT @x, @y, @x + @y;
SET @z = @x + 1, @w = CONCAT(@x, 'a');
SELECT @z, @w;
SET @x = 7;
SELECT @x;
INSERT INTO t (id, n) VALUES (@x, @x);
SET @x = (SELECT nosuch FROM t);
SELECT @x;
DO (SELECT MAX(v) FROM t);
DO @z + 1;
DO (SELECT v FROM t);
#! known: warnings
SET @row = 0;
SELECT @row := @row + 1 AS r, UPPER(v) FROM t WHERE v > '' ORDER BY id;
SELECT @row;
SELECT @max := v FROM t WHERE id = 1;
SELECT @max, @max = 'zoe';
SELECT @max := 1;
SELECT @max;
SELECT 'plain' INTO @second;
SELECT @second;
#! args: 1
SELECT v, n FROM t WHERE id = ? INTO @v, @n;
#! args: 'x' 5
SELECT ?, @v, @n = ?;
#! args: 6
SET @n = ?;
SELECT @n;
#! args: 1 'Z'
SELECT id FROM t WHERE v = @v AND id >= ? AND v > ?;
#! known: warnings
#! args: 'x'
SELECT @found := id FROM t WHERE n = ?;
#! known: warnings
#! args: '5x'
SELECT @found := id FROM t WHERE n = ?;
SELECT @found;
#! known: warnings
#! args: '9 '
SELECT @found := id FROM t WHERE n = ?;
SELECT @found;
SET @q = (SELECT v FROM t WHERE id = 1);
BEGIN;
INSERT INTO t (id, v) VALUES (30, @q);
ROLLBACK;
SELECT COUNT(*) FROM t WHERE v = @q;
SELECT GROUP_CONCAT(@q, id ORDER BY id) FROM t;
SET @q = NULL;
SELECT @q IS NULL;
#! conn: other
SELECT @v, @n;
