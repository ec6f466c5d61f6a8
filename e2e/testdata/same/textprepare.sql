# PREPARE and EXECUTE as SQL, of statements over encrypted tables.
#! known: warnings
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30), n INT, f DOUBLE, d DATE, vb VARBINARY(10), KEY (v), KEY (n)) DEFAULT CHARSET=utf8mb4;
INSERT INTO t VALUES (1,'one',1,0.5,'2024-01-01',x'01'),(2,'two',2,1.5,'2024-02-02',x'02'),(3,NULL,NULL,NULL,NULL,NULL);
#! mode: text
PREPARE st FROM 'SELECT id, v FROM t WHERE v = ?';
SET @a = 'ONE', @b = 2, @c = NULL, @d = 1.5e0, @e = x'02';
#! mode: text
EXECUTE st USING @a;
#! mode: text
EXECUTE st USING @b;
#! mode: text
#! known: warnings
EXECUTE st USING @c;
#! mode: text
EXECUTE st;
#! mode: text
EXECUTE st USING @a, @b;
#! mode: text
EXECUTE nosuch USING @a;
#! mode: text
PREPARE St FROM 'INSERT INTO t (v, n, f, d, vb) VALUES (?, ?, ?, ?, ?)';
SET @date = '2024-03-03';
#! mode: text
EXECUTE st USING @a, @b, @d, @date, @e;
#! mode: text
EXECUTE ST USING @c, @c, @c, @c, @c;
SELECT * FROM t ORDER BY id;
#! mode: text
PREPARE up FROM 'UPDATE t SET v = ?, n = ? WHERE v = ?';
SET @new = 'new ''quoted''';
#! mode: text
EXECUTE up USING @new, @b, @a;
SELECT * FROM t ORDER BY id;
#! mode: text
PREPARE sel FROM 'SELECT ?, UPPER(v), n + ? FROM t WHERE n > ? OR v LIKE ? ORDER BY id';
SET @like = '%w%', @zero = 0;
#! mode: text
EXECUTE sel USING @a, @d, @zero, @like;
#! mode: text
EXECUTE sel USING @c, @d, @b, @like;
#! mode: text
PREPARE ord FROM 'SELECT id, v FROM t ORDER BY ?, id DESC';
#! mode: text
EXECUTE ord USING @b;
#! mode: text
PREPARE lim FROM 'SELECT id, LOWER(v) FROM t ORDER BY id LIMIT ?';
#! mode: text
EXECUTE lim USING @b;
#! mode: text
EXECUTE lim USING @a;
#! mode: text
PREPARE bad FROM 'SELECT nosuch FROM t';
#! mode: text
EXECUTE bad;
#! mode: text
PREPARE bad FROM 'SELECT UPPER(nosuch) FROM t';
#! mode: text
PREPARE bad FROM 'SELECT v FROM nosuch';
SET @text = 'SELECT COUNT(*), MAX(v) FROM t WHERE n < ?', @ten = 10;
#! mode: text
PREPARE var FROM @text;
#! mode: text
EXECUTE var USING @ten;
SET @text = NULL;
#! mode: text
PREPARE var FROM @text;
#! mode: text
PREPARE plain FROM 'SELECT ? + 1 AS x';
#! mode: text
EXECUTE plain USING @b;
#! mode: text
PREPARE plain FROM 'SELECT MAX(v) FROM t WHERE n = ?';
#! mode: text
EXECUTE plain USING @b;
#! mode: text
PREPARE plain FROM 'SELECT ? + 2 AS x';
#! mode: text
EXECUTE plain USING @b;
#! mode: text
DEALLOCATE PREPARE plain;
#! mode: text
EXECUTE plain USING @b;
#! mode: text
DEALLOCATE PREPARE sel;
#! mode: text
EXECUTE sel USING @a, @d, @zero, @like;
#! mode: text
DROP PREPARE sel;
SELECT v, n INTO @hv, @hn FROM t WHERE id = 2;
#! mode: text
PREPARE st FROM 'SELECT id, ? FROM t WHERE v = ? AND n = ?';
#! mode: text
EXECUTE st USING @hv, @hv, @hn;
#! mode: text
PREPARE ins FROM 'INSERT INTO t (v, n) VALUES (?, ?)';
#! mode: text
EXECUTE ins USING @hv, @hn;
#! mode: text
PREPARE inner1 FROM 'SELECT id FROM t WHERE v = @hv ORDER BY id';
#! mode: text
EXECUTE inner1;
#! mode: text
PREPARE into1 FROM 'SELECT v INTO @x FROM t WHERE id = ?';
SET @one = 1;
#! mode: text
EXECUTE into1 USING @one;
SELECT @x;
# A PREPARE that fails leaves none of its name.
#! mode: text
PREPARE gone FROM 'SELECT id, v FROM t WHERE v = ?';
#! mode: text
PREPARE gone FROM 'SELECT nosuch, UPPER(v) FROM t';
#! mode: text
EXECUTE gone USING @one;
#! mode: text
PREPARE gone FROM 'SELECT v FROM nosuch';
#! mode: text
PREPARE gone FROM 'SELECT UPPER(v) FROM t WHERE id = ?';
#! mode: text
EXECUTE gone USING @one;
#! mode: text
PREPARE gone FROM 'SELECT 1 +';
#! mode: text
EXECUTE gone USING @one;
#! mode: text
PREPARE gone FROM 'SELECT 1 + ?';
#! mode: text
EXECUTE gone USING @one;
#! mode: text
PREPARE gone FROM 'SELECT UPPER(nosuch) FROM t';
#! mode: text
EXECUTE gone USING @one;
#! mode: text
DEALLOCATE PREPARE gone;
# Texts in other character sets.
SET @u = CONVERT('SELECT UPPER(v) FROM t WHERE id = 1' USING ucs2);
#! mode: text
PREPARE u FROM @u;
#! mode: text
EXECUTE u;
SET @u = CONVERT('INSERT INTO t (v) VALUES (''wide'')' USING utf16);
#! mode: text
PREPARE u FROM @u;
#! mode: text
EXECUTE u;
SET @u = CONVERT('SELECT id FROM t WHERE v = ''ünd''' USING latin1);
#! mode: text
PREPARE u FROM @u;
#! mode: text
EXECUTE u;
SELECT v FROM t WHERE v = 'wide';
# A statement that executes one is none that can be prepared.
#! mode: text
PREPARE p1 FROM 'SELECT UPPER(v) FROM t WHERE id = 1';
#! mode: text
PREPARE p1 FROM 'EXECUTE p1';
#! mode: text
EXECUTE p1;
# MariaDB takes expressions.
#! mode: text
PREPARE e FROM 'SELECT id, v FROM t WHERE v = ? AND id < ? + 5';
#! only: mariadb
#! mode: text
EXECUTE e USING 'ONE', 1 + 1;
#! only: mariadb
#! mode: text
EXECUTE e USING CONCAT('o', 'ne'), @two;
#! only: mariadb
#! mode: text
EXECUTE e USING NULL, 9;
#! only: mariadb
#! mode: text
EXECUTE e USING 'one';
#! mode: text
PREPARE e FROM 'INSERT INTO t (v, n) VALUES (?, ?)';
#! only: mariadb
#! mode: text
EXECUTE e USING UPPER('expr'), 7 * 6;
#! only: mariadb
SELECT v, n FROM t WHERE v = 'EXPR';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'SELECT UPPER(v) FROM t WHERE id = 1';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE CONCAT('SELECT LOWER(v), ? FROM t WHERE id', ' = ?') USING 5, 1;
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'INSERT INTO t (v) VALUES (?)' USING 'immediate';
#! only: mariadb
#! mode: text
SELECT ROW_COUNT();
#! only: mariadb
SELECT v FROM t WHERE v = 'immediate';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'SELECT 1 + ?' USING 3;
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'SELECT nosuch FROM t';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'SELECT 1 +';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE NULL;
#! only: mariadb
#! mode: text
EXECUTE NoSuch USING 'x', 1 + 1;
SET @self = 'EXECUTE IMMEDIATE @self';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE @self;
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'CREATE TABLE made (id INT, v VARCHAR(10))';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'INSERT INTO made VALUES (1, ''x'')';
#! only: mariadb
SELECT UPPER(v) FROM made;
SET @n = 0;
#! mode: text
#! known: warnings
PREPARE assign FROM 'SELECT @n := @n + id, UPPER(v) FROM t WHERE id <= 2 ORDER BY id';
#! mode: text
EXECUTE assign;
SELECT @n;
#! mode: text
EXECUTE assign;
SELECT @n;
#! mode: text
PREPARE into2 FROM 'SELECT v, n INTO @x, @y FROM t WHERE id = ?';
SET @two = 2;
#! mode: text
EXECUTE into2 USING @one;
#! mode: text
EXECUTE into2 USING @two;
SELECT @x, @y;
#! mode: text
EXECUTE into2 USING @one;
SELECT @x, @y;
#! mode: text
PREPARE del FROM 'DELETE FROM t WHERE v = ?';
#! mode: text
EXECUTE del USING @hv;
SELECT id, v, n FROM t ORDER BY id;
#! conn: other
#! mode: text
EXECUTE del USING @hv;
