# Stored functions that touch no table, in statements with encrypted tables.
CREATE TABLE fn (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30), n INT, d DATE, KEY (name)) DEFAULT CHARSET=utf8mb4;
INSERT INTO fn (name, n, d) VALUES ('one', 1, '2020-01-01'), ('Two', 2, '2021-02-03'), (NULL, NULL, NULL), ('ünï', 4, '2022-03-04');
CREATE FUNCTION fn_twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2;
CREATE FUNCTION fn_greet(s VARCHAR(30) CHARACTER SET utf8mb4) RETURNS VARCHAR(60) CHARACTER SET utf8mb4 DETERMINISTIC BEGIN DECLARE out_ VARCHAR(60) CHARACTER SET utf8mb4 DEFAULT 'hello '; IF s IS NULL THEN RETURN 'nobody'; END IF; SET out_ = CONCAT(out_, UPPER(s)); RETURN out_; END;
CREATE FUNCTION fn_seven() RETURNS INT NO SQL RETURN 7;
SELECT fn_twice(n), fn_greet(name) FROM fn ORDER BY id;
SELECT id FROM fn WHERE fn_twice(n) = 4;
SELECT id FROM fn WHERE name = fn_greet('x') OR id = fn_twice(1) ORDER BY id;
SELECT id, fn_twice(id) FROM fn WHERE id = fn_seven() - 6;
SELECT fn_seven(), COUNT(*) FROM fn;
SELECT fn_twice(n) AS t, COUNT(*) FROM fn GROUP BY t ORDER BY t;
SELECT name FROM fn ORDER BY fn_twice(n) DESC, id;
SELECT fn_twice(SUM(n)), MAX(fn_greet(name)) FROM fn;
SELECT f1.id, fn_greet(f2.name) FROM fn f1 JOIN fn f2 ON f2.n = fn_twice(f1.n) ORDER BY f1.id;
SELECT FN_TWICE(n), `fn_twice` (n) FROM fn ORDER BY id LIMIT 1;
SELECT (SELECT fn_greet(name) FROM fn WHERE n = 2) AS g, EXISTS (SELECT 1 FROM fn WHERE fn_twice(n) = 8) AS e;
SELECT fn_twice(fn_twice(n)) FROM fn UNION SELECT fn_seven() ORDER BY 1;
# Writing.
INSERT INTO fn (name, n) VALUES (fn_greet('ins'), fn_twice(50));
INSERT INTO fn (name, n) SELECT fn_greet(name), fn_twice(n) FROM fn WHERE n = 2;
UPDATE fn SET name = fn_greet(name), n = fn_twice(n) WHERE id <= 2;
UPDATE fn SET n = fn_seven() WHERE name IS NULL;
REPLACE INTO fn (id, name) VALUES (3, fn_greet('rep'));
DELETE FROM fn WHERE fn_twice(n) = 8 AND id = 4;
INSERT INTO fn (id, name, n) VALUES (1, 'dup', 5) ON DUPLICATE KEY UPDATE n = fn_twice(VALUES(n)), name = fn_greet(VALUES(name));
SELECT * FROM fn ORDER BY id;
CREATE TABLE fn2 AS SELECT id, fn_greet(name) AS g, fn_twice(n) AS t FROM fn;
SELECT * FROM fn2 ORDER BY id;
DROP TABLE fn2;
# Errors, warnings and signals.
SELECT fn_twice(n, n) FROM fn;
SELECT fn_twice() FROM fn;
SELECT fn_missing(n) FROM fn;
SELECT fn_twice('abc') FROM fn ORDER BY id LIMIT 1;
CREATE FUNCTION fn_check(a INT) RETURNS INT DETERMINISTIC BEGIN IF a > 100 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'too much', MYSQL_ERRNO = 5555; ELSEIF a = 7 THEN SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT = 'seven'; END IF; RETURN a; END;
SELECT fn_check(n) FROM fn WHERE id = 3;
SELECT fn_check(n) FROM fn ORDER BY id;
UPDATE fn SET n = fn_check(n + 1000) WHERE id = 1;
INSERT INTO fn (n) VALUES (fn_check(101));
SELECT id, n FROM fn ORDER BY id;
CREATE FUNCTION fn_nothing(a INT) RETURNS INT DETERMINISTIC BEGIN IF a > 0 THEN RETURN 1; END IF; END;
SELECT fn_nothing(-1) FROM fn;
SELECT fn_nothing(1) FROM fn;
CREATE FUNCTION fn_short(a VARCHAR(50)) RETURNS VARCHAR(3) DETERMINISTIC RETURN a;
SELECT fn_short('abcdef') FROM fn ORDER BY id LIMIT 1;
CREATE FUNCTION fn_handled(a INT) RETURNS VARCHAR(20) DETERMINISTIC BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION RETURN 'handled'; RETURN fn_check(a); END;
SELECT fn_handled(n), fn_handled(1000) FROM fn ORDER BY id;
# What a function is may change; the one that is called may be another.
DROP FUNCTION fn_twice;
CREATE FUNCTION fn_twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 20;
SELECT fn_twice(n) FROM fn ORDER BY id;
DROP FUNCTION fn_twice;
SELECT fn_twice(n) FROM fn ORDER BY id;
CREATE FUNCTION fn_twice(a INT) RETURNS VARCHAR(10) DETERMINISTIC RETURN CONCAT('s', a);
SELECT fn_twice(n) FROM fn ORDER BY id;
# Loops, time, dates, other modes.
CREATE FUNCTION fn_fact(a INT) RETURNS BIGINT DETERMINISTIC BEGIN DECLARE r BIGINT DEFAULT 1; WHILE a > 1 DO SET r = r * a, a = a - 1; END WHILE; RETURN r; END;
CREATE FUNCTION fn_loop(a INT) RETURNS INT DETERMINISTIC BEGIN DECLARE i, s INT DEFAULT 0; l: LOOP SET i = i + 1; IF i > a THEN LEAVE l; END IF; CASE WHEN i % 2 = 0 THEN ITERATE l; ELSE SET s = s + i; END CASE; END LOOP; RETURN s; END;
SELECT fn_fact(n % 10), fn_loop(n) FROM fn ORDER BY id;
CREATE FUNCTION fn_age(d DATE) RETURNS INT NO SQL RETURN TIMESTAMPDIFF(YEAR, d, CURDATE());
SET timestamp = 1700000000;
SELECT fn_age(d) FROM fn ORDER BY id;
SET timestamp = DEFAULT;
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
CREATE FUNCTION fn_ansi("a b" VARCHAR(20)) RETURNS VARCHAR(40) DETERMINISTIC RETURN "a b" || '!' ;
SELECT fn_ansi(name) FROM fn ORDER BY id;
SET sql_mode = '';
SELECT fn_ansi(name) FROM fn ORDER BY id;
SELECT fn_short('abcdef') FROM fn ORDER BY id LIMIT 1;
SET sql_mode = DEFAULT;
CREATE FUNCTION fn_quoted() RETURNS VARCHAR(40) CHARACTER SET utf8mb4 DETERMINISTIC RETURN 'it''s; "né"';
SELECT id FROM fn WHERE fn_quoted() LIKE CONCAT('%', name, '%') OR LENGTH(fn_quoted()) = n;
SELECT fn_quoted(), name FROM fn ORDER BY id LIMIT 1;
# EXPLAIN shows nothing of them that matters here; prepared ones are looked at with each execution.
PREPARE fn_p FROM 'SELECT fn_twice(n), fn_fact(?) FROM fn ORDER BY id LIMIT 2';
SET @fn_a = 4;
EXECUTE fn_p USING @fn_a;
DROP FUNCTION fn_fact;
CREATE FUNCTION fn_fact(a INT) RETURNS BIGINT DETERMINISTIC RETURN a - 1000;
EXECUTE fn_p USING @fn_a;
DEALLOCATE PREPARE fn_p;
#! only: mariadb
CREATE FUNCTION fn_for(a INT) RETURNS INT DETERMINISTIC BEGIN DECLARE s INT DEFAULT 0; FOR i IN 1..a DO SET s = s + i; END FOR; RETURN s; END;
#! only: mariadb
SELECT fn_for(n % 10) FROM fn ORDER BY id;
#! only: mariadb
DROP FUNCTION fn_for;
# Further places.
SELECT GROUP_CONCAT(fn_greet(name) ORDER BY id), COUNT(DISTINCT fn_loop(n % 10)) FROM fn HAVING COUNT(fn_greet(name)) > 1;
SELECT id, SUM(fn_loop(n % 10)) OVER (ORDER BY id) AS s FROM fn ORDER BY id;
WITH c AS (SELECT id, fn_greet(name) AS g FROM fn) SELECT c.g, d.x FROM c JOIN (SELECT fn_loop(3) AS x, id FROM fn) d ON d.id = c.id ORDER BY c.id;
WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < fn_seven()) SELECT MAX(i), (SELECT COUNT(*) FROM fn WHERE id <= fn_seven()) FROM r;
SELECT CASE fn_seven() WHEN 7 THEN name ELSE 'x' END FROM fn ORDER BY id;
SELECT id FROM fn WHERE n BETWEEN fn_seven() AND fn_seven() * 100 ORDER BY id;
UPDATE fn a JOIN fn b ON b.id = a.id SET a.name = fn_short(b.name) WHERE fn_seven() = 7 AND a.id = 1;
SELECT id, name FROM fn ORDER BY id;
CREATE TABLE fn4 (a INT CHECK (fn_seven() > a));
CREATE TABLE fn4 (a INT, b INT DEFAULT (fn_seven()));
CREATE TABLE fn4 (a INT, b INT GENERATED ALWAYS AS (fn_seven() + a) STORED);
#! only: mariadb
INSERT INTO fn (name) VALUES ('ret') RETURNING id, fn_greet(name);
#! only: mariadb
REPLACE INTO fn (id, name) VALUES (1, 'ret') RETURNING fn_greet(name), fn_seven();
#! only: mariadb
DELETE FROM fn WHERE name = 'ret' AND id > 1 RETURNING fn_greet(name);
#! only: mariadb
SELECT fn_greet(name) FROM fn INTERSECT SELECT fn_greet(name) FROM fn WHERE id > 1;
# Views that call them.
CREATE VIEW fn_v AS SELECT id, fn_greet(name) AS g, fn_loop(n % 10) AS l, n FROM fn WHERE fn_loop(n % 10) >= 0;
CREATE VIEW fn_w AS SELECT fn_seven() AS seven;
CREATE VIEW fn_over AS SELECT v.id, CONCAT(v.g, fn_short('abc')) AS o FROM fn_v v JOIN fn_w w ON w.seven = 7;
CREATE VIEW fn_bad AS SELECT fn_missing(id) FROM fn;
SELECT * FROM fn_v ORDER BY id;
SELECT * FROM fn_w;
SELECT * FROM fn_over WHERE id > 1 ORDER BY id;
SHOW CREATE VIEW fn_w;
SHOW COLUMNS FROM fn_v;
SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'fn_over' ORDER BY 1;
UPDATE fn_v SET n = l + 100 WHERE g LIKE 'hello%' AND id > 3;
SELECT * FROM fn_v ORDER BY id;
DROP FUNCTION fn_seven;
SELECT * FROM fn_w;
CREATE FUNCTION fn_seven() RETURNS INT NO SQL RETURN 7;
SELECT * FROM fn_w;
SELECT id, DATE'2020-01-01', TIME'10:00:00', TIMESTAMP'2020-01-01 10:00:00' FROM fn WHERE d > DATE'2020-06-01' AND id < 100 AND DATE'2020-01-01' < '2021-01-01' ORDER BY id;
UPDATE fn SET d = {d '2019-05-06'} WHERE id = 3;
CREATE TABLE fn3 AS SELECT DATE'2020-01-01' AS a, TIME'10:00:00' AS b FROM fn;
SELECT * FROM fn3 LIMIT 1;
DROP TABLE fn3;
DROP VIEW fn_v, fn_w, fn_over;
DROP FUNCTION fn_twice;
DROP FUNCTION fn_greet;
DROP FUNCTION fn_seven;
DROP FUNCTION fn_check;
DROP FUNCTION fn_nothing;
DROP FUNCTION fn_short;
DROP FUNCTION fn_handled;
DROP FUNCTION fn_fact;
DROP FUNCTION fn_loop;
DROP FUNCTION fn_age;
DROP FUNCTION fn_ansi;
DROP FUNCTION fn_quoted;
DROP TABLE fn;
