# Views over encrypted tables: what upstream has of them is sealed.
CREATE TABLE vwa (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, kind VARCHAR(10), price DECIMAL(10,2), made DATETIME, KEY (name));
CREATE TABLE vwb (id INT PRIMARY KEY AUTO_INCREMENT, a INT, note VARCHAR(60), KEY (a));
INSERT INTO vwa VALUES (1, 'anvil', 'tool', 12.50, '2024-01-02 03:04:05'), (2, 'bolt', 'part', 0.25, NULL), (3, 'cog', NULL, 1.75, '2023-12-31 00:00:00'), (4, 'drill', 'tool', 99.00, '2024-06-01 12:00:00');
INSERT INTO vwb (a, note) VALUES (1, 'heavy'), (2, 'small'), (2, 'steel'), (9, 'lost');
CREATE VIEW vw_tools AS SELECT id, name, price FROM vwa WHERE kind = 'tool';
SELECT * FROM vw_tools ORDER BY id;
SELECT name FROM vw_tools WHERE price > 20;
SELECT COUNT(*), SUM(price), MAX(name) FROM vw_tools;
SELECT t.name, b.note FROM vw_tools t JOIN vwb b ON b.a = t.id ORDER BY b.id;
SELECT a.id, t.id FROM vwa a LEFT JOIN vw_tools t ON t.id = a.id ORDER BY a.id;
SELECT id FROM vwa WHERE id IN (SELECT id FROM vw_tools) ORDER BY id;
SELECT id, name FROM vw_tools UNION SELECT id, note FROM vwb ORDER BY 1, 2;
WITH c AS (SELECT * FROM vw_tools) SELECT name FROM c ORDER BY price DESC;
SELECT x.name FROM (SELECT name, price FROM vw_tools WHERE price < 50) x;
SELECT EXISTS(SELECT 1 FROM vw_tools WHERE name = 'drill') AS e;
# Lists of columns, expressions, views over views, aggregates.
CREATE VIEW vw_list (n, upper_name, twice) AS SELECT id, UPPER(name), price * 2 FROM vwa;
SELECT * FROM vw_list ORDER BY n;
CREATE VIEW vw_sum AS SELECT kind, COUNT(*) AS cnt, SUM(price) AS total, GROUP_CONCAT(name ORDER BY name SEPARATOR '; ') AS names FROM vwa GROUP BY kind;
SELECT * FROM vw_sum ORDER BY kind;
CREATE VIEW vw_over AS SELECT upper_name, twice FROM vw_list WHERE n IN (SELECT id FROM vw_tools);
SELECT * FROM vw_over ORDER BY upper_name;
CREATE VIEW vw_join AS SELECT a.name, b.note, CONCAT(a.name, '/', b.note) AS both_of FROM vwa a LEFT JOIN vwb b ON b.a = a.id;
SELECT * FROM vw_join ORDER BY name, note;
CREATE VIEW vw_union AS SELECT name AS text FROM vwa UNION ALL SELECT note FROM vwb;
SELECT * FROM vw_union ORDER BY text;
CREATE VIEW vw_const AS SELECT 'a constant' AS c, 42 AS n;
SELECT * FROM vw_const;
CREATE VIEW vw_item AS SELECT 'unnamed', 1 + 1;
SELECT * FROM vw_item;
CREATE ALGORITHM = TEMPTABLE VIEW vw_temp AS SELECT id, name FROM vwa ORDER BY name LIMIT 2;
SELECT * FROM vw_temp;
CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW vw_merge AS SELECT id, kind FROM vwa WHERE kind <=> NULL;
SELECT * FROM vw_merge;
# What it shows.
SHOW CREATE VIEW vw_tools;
SHOW CREATE TABLE vw_list;
SHOW CREATE VIEW vw_sum;
SHOW CREATE VIEW vw_join;
SHOW CREATE VIEW vw_merge;
DESCRIBE vw_tools;
SHOW COLUMNS FROM vw_list;
SHOW FULL COLUMNS FROM vw_sum;
SHOW INDEX FROM vw_sum;
SHOW FULL TABLES LIKE 'vw\_%';
SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'vw\_%' ORDER BY 1;
SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_TYPE, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'vw\_%' ORDER BY 1, 3;
SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'vw_list' AND COLUMN_NAME = 'twice';
SELECT TABLE_NAME, CHECK_OPTION, IS_UPDATABLE, SECURITY_TYPE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'vw\_%' ORDER BY 1;
SELECT TABLE_NAME, REPLACE(VIEW_DEFINITION, DATABASE(), 'db') AS d FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'vw\_%' ORDER BY 1;
# Errors.
CREATE VIEW vw_tools AS SELECT 1;
CREATE OR REPLACE VIEW vw_tools AS SELECT id, name, price, kind FROM vwa WHERE kind = 'tool' WITH CHECK OPTION;
SELECT * FROM vw_tools ORDER BY id;
SHOW CREATE VIEW vw_tools;
CREATE VIEW vw_bad AS SELECT nothing FROM vwa;
CREATE VIEW vw_bad AS SELECT id FROM vw_not_there;
CREATE VIEW vw_bad (a, b) AS SELECT id FROM vwa;
CREATE VIEW vw_bad AS SELECT id, id FROM vwa;
CREATE VIEW vw_bad AS SELECT @x;
ALTER VIEW vw_not_there AS SELECT 1;
ALTER VIEW vw_temp AS SELECT name, id FROM vwa WHERE name LIKE 'c%';
SELECT * FROM vw_temp;
SELECT nothing FROM vw_tools;
SHOW CREATE VIEW vwa;
ALTER TABLE vw_sum ADD c INT;
CREATE INDEX i ON vw_sum (kind);
DROP TABLE vw_sum;
DROP VIEW vwa;
DROP VIEW vw_not_there;
DROP VIEW IF EXISTS vw_not_there;
# INSERT from a view, and a view's tables when they change.
CREATE TABLE vwc (id INT PRIMARY KEY, name VARCHAR(40), price DECIMAL(10,2));
INSERT INTO vwc SELECT id, name, price FROM vw_tools;
SELECT * FROM vwc ORDER BY id;
UPDATE vwc SET price = (SELECT MAX(price) FROM vw_tools) WHERE name = 'anvil';
DELETE FROM vwc WHERE id IN (SELECT id FROM vw_tools WHERE price > 50);
SELECT * FROM vwc ORDER BY id;
UPDATE vwa SET kind = 'tool' WHERE id = 3;
SELECT name FROM vw_tools ORDER BY name;
CREATE VIEW vw_c AS SELECT id, name FROM vwc;
ALTER TABLE vwc ADD extra VARCHAR(10) DEFAULT 'x';
SELECT * FROM vw_c ORDER BY id;
ALTER TABLE vwc MODIFY name VARCHAR(50);
DESCRIBE vw_c;
RENAME TABLE vwc TO vwd;
SELECT * FROM vw_c;
RENAME TABLE vwd TO vwc;
SELECT * FROM vw_c ORDER BY id;
DROP TABLE vwc;
SELECT * FROM vw_c;
CREATE TABLE vwc (id INT, name VARCHAR(9));
INSERT INTO vwc VALUES (1, 'again');
SELECT * FROM vw_c;
DROP VIEW vw_tools, vw_list;
SELECT * FROM vw_over;
SELECT * FROM vw_tools;
DROP VIEW IF EXISTS vw_sum, vw_over, vw_join, vw_union, vw_const, vw_item, vw_temp, vw_merge, vw_c;
SHOW FULL TABLES LIKE 'vw\_%';
CREATE TABLE vw_sum (a INT);
INSERT INTO vw_sum VALUES (1);
SELECT * FROM vw_sum WHERE a + 0 = 1;
DROP TABLE vw_sum, vwa, vwb, vwc;
CREATE TABLE vw_named (id INT PRIMARY KEY, v VARCHAR(20), n INT);
INSERT INTO vw_named VALUES (1, 'a', 1), (2, 'b', 2), (3, 'a', 3);
CREATE VIEW vw_unnamed AS SELECT id, (SELECT MAX(n) + 5 FROM vw_named WHERE v = 'a') FROM vw_named WHERE EXISTS (SELECT 1, 'x', n + 7 FROM vw_named i WHERE i.v = 'b') AND n IN (SELECT n + 0 FROM vw_named UNION SELECT 3 + 4);
SELECT * FROM vw_unnamed ORDER BY id;
SELECT COUNT(*) FROM vw_unnamed WHERE id > 1;
SHOW COLUMNS FROM vw_unnamed;
CREATE VIEW vw_derived AS SELECT * FROM (SELECT n + 1, 'lit', CONCAT(v, 'it''s') FROM vw_named) AS d;
SELECT * FROM vw_derived ORDER BY 1;
DROP VIEW vw_unnamed, vw_derived;
DROP TABLE vw_named;

# Views get other names.
CREATE TABLE vw_base (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO vw_base VALUES (1, 'one'), (2, 'two');
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW vw_first (a, b) AS SELECT id, UPPER(v) FROM vw_base WHERE v <> 'one';
CREATE VIEW vw_over AS SELECT b FROM vw_first;
RENAME TABLE vw_first TO vw_second;
SELECT * FROM vw_second;
SHOW CREATE VIEW vw_second;
SHOW COLUMNS FROM vw_second;
SELECT TABLE_NAME, VIEW_DEFINITION, SECURITY_TYPE FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'vw_second' ORDER BY 1;
SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'vw_second' ORDER BY ORDINAL_POSITION;
SELECT * FROM vw_first;
SELECT * FROM vw_over;
RENAME TABLE vw_second TO vw_base;
SELECT * FROM vw_second;
RENAME TABLE vw_second TO vw_first;
SELECT * FROM vw_over;
RENAME TABLE vw_nosuch TO vw_second;
RENAME TABLE vw_first TO nosuch_database.vw_first;
SELECT * FROM vw_first;
DROP VIEW vw_first, vw_over;
DROP TABLE vw_base;

# Views whose queries the parser cannot read, and such queries of views.
CREATE TABLE vw_unread (id INT PRIMARY KEY, v VARCHAR(20), n INT);
INSERT INTO vw_unread VALUES (1, 'one', 1), (2, 'two', NULL), (3, '1', 7);
CREATE VIEW vw_likes AS SELECT id, v LIKE 1 IN (0,1) AS x, v FROM vw_unread WHERE n LIKE 7 IN (0,1) OR id = 2;
SELECT * FROM vw_likes ORDER BY id;
SHOW CREATE VIEW vw_likes;
SELECT v LIKE 1 IN (1), id FROM vw_likes WHERE id LIKE 2 IN (0,1) ORDER BY id;
CREATE VIEW vw_over AS SELECT id, v LIKE 'o%' IN (1) AS y FROM vw_likes;
SELECT * FROM vw_over ORDER BY id;
SELECT o.id, u.n FROM vw_over o JOIN vw_unread u ON u.id = o.id ORDER BY 1;
CREATE VIEW vw_const AS SELECT 2 LIKE 3 IN (0,1), 2 LIKE (3 IN (0,1)), (2 LIKE 3) IN (0,1);
SELECT 2 LIKE 3 IN (0,1), 2 LIKE (3 IN (0,1)), (2 LIKE 3) IN (0,1) UNION SELECT * FROM vw_const;
CREATE VIEW vw_bad AS SELECT v LIKE 1 IN (1) AS x FROM vw_nosuch;
CREATE VIEW vw_bad AS SELECT nosuch LIKE 1 IN (1) AS x FROM vw_unread;
# Views under locks.
SELECT * FROM vw_likes ORDER BY id FOR UPDATE;
SELECT * FROM vw_over ORDER BY id LOCK IN SHARE MODE;
SELECT o.id, u.n FROM vw_over o JOIN vw_unread u ON u.id = o.id ORDER BY 1 FOR UPDATE;
SELECT id, v LIKE 1 IN (1) AS a FROM vw_likes ORDER BY id FOR UPDATE;
#! only: mysql
SELECT * FROM vw_likes ORDER BY id FOR UPDATE OF vw_likes;
#! only: mysql
SELECT * FROM vw_likes ORDER BY id FOR SHARE;
START TRANSACTION;
SELECT id FROM vw_likes ORDER BY id FOR UPDATE NOWAIT;
UPDATE vw_unread SET n = 8 WHERE id = 3;
SELECT * FROM vw_likes ORDER BY id FOR UPDATE;
ROLLBACK;
DROP VIEW vw_likes, vw_over, vw_const;
DROP TABLE vw_unread;

# A view is what it was under the sql_mode that it was made under.
CREATE TABLE vw_mode (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO vw_mode VALUES (1, 'one'), (2, ''), (3, NULL);
SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,IGNORE_SPACE';
CREATE VIEW vw_moded AS SELECT id, v || 'x' AS "c", 'a\nb' AS l, NOT id BETWEEN -5 AND 5 AS n, COUNT (*) OVER () AS w FROM vw_mode;
SELECT * FROM vw_moded ORDER BY id;
SHOW CREATE VIEW vw_moded;
SET sql_mode = '';
SELECT * FROM vw_moded ORDER BY id;
SHOW CREATE VIEW vw_moded;
CREATE VIEW vw_plain AS SELECT id, v || 'x' AS c, 'a\nb' AS l, NOT id BETWEEN -5 AND 5 AS n FROM vw_mode;
SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE';
SELECT * FROM vw_plain ORDER BY id;
DROP VIEW vw_moded, vw_plain;
#! only: mariadb
SET sql_mode = 'EMPTY_STRING_IS_NULL';
#! only: mariadb
INSERT INTO vw_mode VALUES (4, ''), (5, '' ''), (6, CONCAT('', 'a'));
#! only: mariadb
SELECT * FROM vw_mode ORDER BY id;
#! only: mariadb
SELECT id FROM vw_mode WHERE v = '' OR v IN ('', 'one') ORDER BY id;
#! only: mariadb
SELECT id FROM vw_mode WHERE v <=> '' ORDER BY id;
#! only: mariadb
SELECT id FROM vw_mode WHERE v <> '' ORDER BY id;
#! only: mariadb
UPDATE vw_mode SET v = '' WHERE id = 1;
#! only: mariadb
CREATE VIEW vw_empty AS SELECT id, v, '' AS e FROM vw_mode;
#! only: mariadb
SELECT * FROM vw_empty ORDER BY id;
#! only: mariadb
SET sql_mode = '';
#! only: mariadb
SELECT * FROM vw_empty ORDER BY id;
#! only: mariadb
SHOW CREATE VIEW vw_empty;
#! only: mariadb
DROP VIEW vw_empty;
#! only: mariadb
SET sql_mode = 'ORACLE';
#! only: mariadb
CREATE VIEW vw_oracle AS SELECT id, v || 'x' AS c, SUBSTR(v, 0) AS s, NVL2(v, 1, 2) AS n FROM vw_mode;
#! only: mariadb
SHOW CREATE VIEW vw_oracle;
#! only: mariadb
SELECT * FROM vw_oracle ORDER BY id;
#! only: mariadb
SET sql_mode = '';
#! only: mariadb
SELECT * FROM vw_oracle ORDER BY id;
#! only: mariadb
SHOW CREATE VIEW vw_oracle;
#! only: mariadb
DROP VIEW vw_oracle;
DROP TABLE vw_mode;
# The server's own text of a view has expressions that are too long for the names of columns.
CREATE TABLE vw_long (a INT PRIMARY KEY, b VARCHAR(20));
INSERT INTO vw_long VALUES (1, 'x'), (2, 'y'), (3, NULL);
CREATE VIEW vw_names AS SELECT * FROM vw_long WHERE a = 1 OR (3 = 3 AND (SELECT a = 2 AND (SELECT CONCAT('from ', a, ',', b, ')', CHAR(39)) FROM vw_long y WHERE y.a = vw_long.a) <> 'as' AND b IN ('x', 'y') FROM vw_long z WHERE z.a = vw_long.a));
SELECT * FROM vw_names ORDER BY a;
SELECT COUNT(*), MAX(b) FROM vw_names;
UPDATE vw_names SET b = CONCAT(b, '!') WHERE a = 2;
SHOW CREATE VIEW vw_names;
SELECT UPPER(b) FROM vw_names ORDER BY a;
DROP VIEW vw_names;
DROP TABLE vw_long;
