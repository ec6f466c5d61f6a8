# Stored procedures whose statements read and write encrypted tables, one after the other.
CREATE TABLE proc (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), n DECIMAL(10,2), KEY (name));
CREATE PROCEDURE proc_add(IN a INT, b VARCHAR(20), c DECIMAL(8,2)) BEGIN INSERT INTO proc (id, name, n) VALUES (a, b, c); /* a note */ INSERT INTO proc VALUES (a + 1, CONCAT(b, 'x'), c * 2); END;
CREATE PROCEDURE proc_find(x VARCHAR(20)) READS SQL DATA SELECT id, name FROM proc WHERE name = x ORDER BY id;
CREATE PROCEDURE proc_several(x INT) BEGIN SELECT COUNT(*), MAX(name) FROM proc; SELECT * FROM proc WHERE id >= x ORDER BY id; UPDATE proc SET name = 'zz' WHERE id >= x AND n > 100; END;
CREATE PROCEDURE proc_warns(x INT) BEGIN UPDATE proc SET name = 'a', n = 1.555 WHERE id >= x; SELECT id FROM proc WHERE id > x ORDER BY id; END;
CREATE PROCEDURE proc_note(x INT) INSERT INTO proc VALUES (x, 'q', 1.239);
CREATE PROCEDURE proc_drop(x BIGINT UNSIGNED) DELETE FROM proc WHERE id = x;
# A parameter hides a column of its name, but where only a column can stand.
CREATE DEFINER=CURRENT_USER PROCEDURE proc_new(name VARCHAR(20)) MODIFIES SQL DATA SQL SECURITY INVOKER BEGIN INSERT INTO proc (name) VALUES (name); UPDATE proc SET name = CONCAT(name, '!') WHERE id = LAST_INSERT_ID(); END;
CREATE PROCEDURE proc_in(a INT, b INT, c INT) SELECT id FROM proc WHERE id IN (a, b) OR id BETWEEN c AND c + 1 OR name LIKE 'q%' ORDER BY id;
CREATE PROCEDURE proc_sub(a VARCHAR(9)) SELECT id FROM proc t WHERE EXISTS (SELECT 1 FROM proc u WHERE u.name = a AND u.id = t.id);
CREATE PROCEDURE proc_set(a INT, b VARCHAR(20)) UPDATE proc SET name = b WHERE id = a;
CREATE PROCEDURE proc_bad(a INT) BEGIN UPDATE proc SET name = 'b' WHERE id = a; LEAVE nowhere; END;
SHOW CREATE PROCEDURE proc_add;
SHOW CREATE PROCEDURE proc_new;
SELECT ROUTINE_NAME, ROUTINE_DEFINITION, ROUTINE_COMMENT, SECURITY_TYPE, SQL_DATA_ACCESS FROM INFORMATION_SCHEMA.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME LIKE 'proc\_%' ORDER BY ROUTINE_NAME;
SELECT COUNT(*) FROM INFORMATION_SCHEMA.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION LIKE '%a note%';
SELECT SPECIFIC_NAME, PARAMETER_NAME, DTD_IDENTIFIER FROM INFORMATION_SCHEMA.PARAMETERS WHERE SPECIFIC_SCHEMA = DATABASE() AND SPECIFIC_NAME = 'proc_add' ORDER BY ORDINAL_POSITION;
CALL proc_add(1, 'ab', 2.5);
SELECT ROW_COUNT();
CALL proc_add(1, 'ab', 2.5);
#! mode: text
SHOW WARNINGS;
CALL proc_add(NULL, 'ab', 2.5);
CALL proc_add('10', 15, '-0.50');
CALL proc_find('AB');
SELECT ROW_COUNT();
CALL proc_find('ab');
SELECT FOUND_ROWS();
CALL proc_find(NULL);
CALL proc_find();
CALL proc_find(1, 2);
CALL proc_nosuch(1);
CALL proc_several(1);
SELECT ROW_COUNT();
CALL proc_warns(10);
#! mode: text
SHOW WARNINGS;
CALL proc_note(50);
#! mode: text
SHOW WARNINGS;
CALL proc_new('new');
SELECT LAST_INSERT_ID();
CALL proc_new(NULL);
CALL proc_in(1, 2, 10);
CALL proc_sub('abx');
CALL proc_set(1, 'é');
SELECT name INTO @proc_name FROM proc WHERE id = 2;
CALL proc_find(@proc_name);
CALL proc_set(11, @proc_name);
CALL proc_find(CONCAT(@proc_name, ''));
SET @proc_id = 1;
CALL proc_set(@proc_id, 'x');
CALL proc_set((SELECT 2), 'two');
START TRANSACTION;
CALL proc_drop(1);
SELECT COUNT(*) FROM proc;
ROLLBACK;
SET autocommit = 0;
CALL proc_set(1, 'rolled');
ROLLBACK;
SET autocommit = 1;
SELECT * FROM proc ORDER BY id;
# It runs under the sql_mode of its CREATE.
SET sql_mode = 'ANSI_QUOTES';
CALL proc_find('x');
SHOW CREATE PROCEDURE proc_find;
SELECT @@sql_mode;
SET sql_mode = DEFAULT;
ALTER PROCEDURE proc_find SQL SECURITY INVOKER;
CALL proc_find('x');
CREATE PROCEDURE proc_find(x VARCHAR(20)) SELECT id FROM proc WHERE name = x;
CREATE PROCEDURE IF NOT EXISTS proc_find(x VARCHAR(20)) SELECT id FROM proc WHERE name = x;
#! mode: text
SHOW WARNINGS;
#! only: mariadb
CREATE OR REPLACE PROCEDURE proc_find(x VARCHAR(20)) SELECT n FROM proc WHERE name = x;
CALL proc_find('x');
DROP PROCEDURE proc_find;
CALL proc_find('x');
DROP PROCEDURE IF EXISTS proc_find;
DROP PROCEDURE proc_add;
DROP PROCEDURE proc_several;
DROP PROCEDURE proc_warns;
DROP PROCEDURE proc_note;
DROP PROCEDURE proc_drop;
DROP PROCEDURE proc_new;
DROP PROCEDURE proc_in;
DROP PROCEDURE proc_sub;
DROP PROCEDURE proc_set;
DROP TABLE proc;
# Transactions within, and the other types of parameters.
CREATE TABLE proc (id INT PRIMARY KEY, name VARCHAR(20), n DECIMAL(10,2), KEY (name));
INSERT INTO proc VALUES (1, 'a', 1);
CREATE PROCEDURE proc_commits(IN a INT, b VARCHAR(20)) BEGIN START TRANSACTION; INSERT INTO proc VALUES (a, b, 1.25); UPDATE proc SET name = b WHERE id = 1; COMMIT; END;
CREATE PROCEDURE proc_undoes(IN a INT, b TEXT, c CHAR(5), d BOOLEAN) BEGIN START TRANSACTION; INSERT INTO proc VALUES (a, b, 2); UPDATE proc SET name = c WHERE id = 1; SELECT * FROM proc WHERE name = c AND d = 1 ORDER BY id; ROLLBACK; END;
CREATE PROCEDURE proc_begins(IN a INT) BEGIN START TRANSACTION; UPDATE proc SET n = n + a; END;
CREATE PROCEDURE proc_notes(IN a INT) BEGIN INSERT INTO proc VALUES (a, 'note', 1.239); COMMIT; END;
#! mode: text
CALL proc_commits(2, 'bb');
#! mode: text
SHOW WARNINGS;
SELECT ROW_COUNT();
#! mode: text
CALL proc_undoes(3, 'text', 'ch  ', TRUE);
SELECT ROW_COUNT();
#! mode: text
CALL proc_undoes(3, '', '', FALSE);
#! mode: text
CALL proc_begins(1);
SELECT ROW_COUNT();
ROLLBACK;
SELECT * FROM proc ORDER BY id;
#! mode: text
CALL proc_notes(7);
#! mode: text
SHOW WARNINGS;
SELECT ROW_COUNT();
START TRANSACTION;
INSERT INTO proc VALUES (9, 'a', 1);
#! mode: text
CALL proc_commits(5, 'bb');
ROLLBACK;
SELECT * FROM proc ORDER BY id;
#! mode: text
CALL proc_commits(5, 'bb');
#! mode: text
SHOW WARNINGS;
INSERT INTO proc VALUES (10, 'open', 1);
ROLLBACK;
SELECT * FROM proc ORDER BY id;
DROP PROCEDURE proc_commits;
DROP PROCEDURE proc_undoes;
DROP PROCEDURE proc_begins;
DROP PROCEDURE proc_notes;
DROP TABLE proc;
