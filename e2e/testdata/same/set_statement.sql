# MariaDB's SET STATEMENT … FOR.
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(10), n INT, KEY (v));
INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20), (3, NULL, 30);
#! only: mariadb
#! mode: text
SET STATEMENT div_precision_increment = 2 FOR SELECT n / 3 FROM t ORDER BY id;
SELECT n / 3, @@div_precision_increment FROM t ORDER BY id;
#! only: mariadb
#! mode: text
SET STATEMENT sql_select_limit = 1, max_statement_time = 50 FOR SELECT id, UPPER(v) FROM t ORDER BY id;
#! only: mariadb
#! mode: text
SET STATEMENT sql_select_limit = 2 FOR SELECT id FROM t WHERE v IS NOT NULL ORDER BY id;
#! only: mariadb
#! mode: text
SELECT FOUND_ROWS();
#! only: mariadb
SELECT @@sql_select_limit, @@max_statement_time;
#! only: mariadb
#! mode: text
SET STATEMENT sql_mode = 'NO_ENGINE_SUBSTITUTION' FOR INSERT INTO t (v, n) VALUES ('much longer than that', 'x');
#! only: mariadb
SELECT ROW_COUNT();
#! only: mariadb
#! mode: text
SET STATEMENT sql_mode = 'STRICT_ALL_TABLES' FOR INSERT INTO t (v) VALUES ('much longer than that');
SELECT id, v, n, @@sql_mode FROM t ORDER BY id;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 1048576 FOR UPDATE t SET v = 'three' WHERE v IS NULL;
#! only: mariadb
SELECT ROW_COUNT();
#! only: mariadb
#! mode: text
SET STATEMENT max_sort_length = 64 FOR DELETE FROM t WHERE v = 'two';
SELECT id, v FROM t ORDER BY id;
#! only: mariadb
#! mode: text
SET STATEMENT group_concat_max_len = 5 FOR SELECT GROUP_CONCAT(v ORDER BY id) FROM t;
#! only: mariadb
#! mode: text
SHOW WARNINGS;
#! only: mariadb
#! mode: text
SET STATEMENT nosuch = 1 FOR SELECT v FROM t;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 'x' FOR SELECT v FROM t;
#! only: mariadb
#! mode: text
SET STATEMENT autocommit = 0 FOR SELECT 1;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 100000 FOR SELECT nosuch FROM t;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 100000 FOR SELECT v FROM nosuch;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 100000 FOR SELECT 1 + 1;
#! only: mariadb
#! mode: text
SET STATEMENT sql_mode = '' FOR CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(10) NOT NULL, e ENUM('a', 'b') DEFAULT 'a');
#! only: mariadb
INSERT INTO u (id, v) VALUES (1, 'secret');
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 100000 FOR ALTER TABLE u ADD w INT DEFAULT 7;
#! only: mariadb
SELECT * FROM u;
#! only: mariadb
#! mode: text
SET STATEMENT sql_mode = 'NO_ENGINE_SUBSTITUTION' FOR DROP TABLE u;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 100000 FOR SELECT v INTO @v FROM t WHERE id = 1;
#! only: mariadb
SELECT @v;
BEGIN;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 100000 FOR INSERT INTO t (v) VALUES ('gone');
ROLLBACK;
SELECT COUNT(*) FROM t;
#! mode: text
PREPARE ins FROM 'INSERT INTO t (v, n) VALUES (?, ?)';
#! mode: text
PREPARE sel FROM 'SELECT id, v FROM t WHERE v = ?';
#! mode: text
PREPARE plain FROM 'SELECT 1 / 3';
SET @a = 'longer than a column', @b = 5;
#! only: mariadb
#! mode: text
SET STATEMENT sql_mode = '' FOR EXECUTE ins USING @a, @b;
#! only: mariadb
#! mode: text
SELECT ROW_COUNT();
#! mode: text
EXECUTE ins USING @a, @b;
SET @a = 'one';
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 100000 FOR EXECUTE sel USING @a;
#! only: mariadb
#! mode: text
SET STATEMENT div_precision_increment = 2 FOR EXECUTE plain;
#! only: mariadb
#! mode: text
SET STATEMENT div_precision_increment = 2 FOR EXECUTE nosuch;
#! mode: text
EXECUTE sel USING @a;
SELECT id, v, n FROM t ORDER BY id;
#! only: mariadb
CREATE TABLE st (id INT PRIMARY KEY, v VARCHAR(10));
#! only: mariadb
INSERT INTO st VALUES (1, 'one'), (2, 'two');
#! only: mariadb
#! mode: text
SET STATEMENT sql_mode = 'NO_ENGINE_SUBSTITUTION' FOR CREATE TABLE st2 AS SELECT id, CONCAT(v, 'x') w, CAST('much longer' AS CHAR(4)) c FROM st;
#! only: mariadb
SELECT * FROM st2 ORDER BY id;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 1048576 FOR CREATE VIEW sv AS SELECT v FROM st WHERE id > 1;
#! only: mariadb
SELECT * FROM sv;
#! only: mariadb
CREATE PROCEDURE stp(IN a INT) SELECT a;
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 1048576 FOR CALL stp(3);
#! only: mariadb
#! mode: text
SET STATEMENT sort_buffer_size = 1048576 FOR CALL nostp(3);
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'SELECT v, ? FROM st WHERE id < ? ORDER BY id' USING DATE'2001-01-01', TIME'00:00:02';
#! only: mariadb
#! mode: text
EXECUTE IMMEDIATE 'SELECT v, ? FROM st ORDER BY id' USING TIMESTAMP'2001-01-01 10:20:30.5';
#! only: mariadb
DROP PROCEDURE stp;
#! only: mariadb
DROP VIEW sv;
#! only: mariadb
DROP TABLE st, st2;
