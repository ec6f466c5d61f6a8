# Where peers stored plaintext or answered wrongly: each is answered as on a plain table, or refused.
CREATE TABLE s (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), card VARCHAR(40), n INT, d DATE, KEY (name), UNIQUE KEY (card));
CREATE TABLE r (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), card VARCHAR(40), n INT, d DATE, KEY (name), UNIQUE KEY (card));
INSERT INTO s (name, card, n, d) VALUES ('Ann Smith','4111-1111',1,'2024-01-01'),('Bob Brown','4222-2222',2,'2024-01-02'),('ann smith','4333-3333',3,NULL),('100% %_','4444-4444',4,'2024-03-03'),(NULL,NULL,NULL,NULL);
# INSERT … SELECT, ON DUPLICATE KEY UPDATE, REPLACE, CASE, JOIN in UPDATE, functions around values
INSERT INTO r (name, card, n) SELECT name, card, n FROM s;
INSERT INTO r (name, card) SELECT 'const', 'const-card';
INSERT INTO r SELECT * FROM s ON DUPLICATE KEY UPDATE name = 'upd';
INSERT INTO s (id, name, card) VALUES (1, 'Dup', '4111-1111') ON DUPLICATE KEY UPDATE name = VALUES(name);
INSERT INTO s (card, name) VALUES ('4222-2222', 'Dup') ON DUPLICATE KEY UPDATE name = 'Duplicate', n = n + 1;
REPLACE INTO s (id, name, card) VALUES (3, 'Replaced', '4333-0000');
REPLACE INTO s (name, card) VALUES ('ByCard', '4444-4444');
UPDATE s SET name = CASE WHEN n = 1 THEN 'Case One' ELSE 'Case Other' END;
UPDATE s SET name = IF(id = 1, 'If One', name);
UPDATE s JOIN r ON s.card = r.card SET s.name = 'joined', r.name = 'joined';
UPDATE s, r SET s.name = r.name WHERE s.id = r.id;
UPDATE s SET name = CONCAT(name, '!') WHERE id = 1;
UPDATE s SET name = UPPER('upper value') WHERE id = 2;
UPDATE s SET n = n + 1;
UPDATE s SET name = (SELECT 'from subquery');
UPDATE s SET name = card, card = name WHERE id = 1;
INSERT INTO s (name, card) VALUES (CONCAT('fun', 'ction'), LOWER('CARD-X'));
INSERT INTO s (name, card) VALUES ((SELECT 'sub'), MD5('x'));
INSERT INTO s (name, n, d) VALUES ('expr', 1 + 1, DATE '2024-01-01' + INTERVAL 1 DAY);
INSERT INTO s (name) VALUES (@undefined), (USER()), (DATABASE());
SET @secret = 'variable value';
INSERT INTO s (name) VALUES (@secret);
SELECT * FROM s ORDER BY id;
SELECT * FROM r ORDER BY id;
# Aliases, subqueries, derived tables, views, CTEs, unions
SELECT t.name FROM s t ORDER BY t.id;
SELECT * FROM (SELECT * FROM s) t ORDER BY id;
SELECT t.name FROM (SELECT name, id FROM s WHERE card = '4222-2222') t;
SELECT x.nm FROM (SELECT name AS nm FROM s WHERE id = 2) x;
WITH q AS (SELECT name, id FROM s) SELECT * FROM q ORDER BY id;
SELECT name FROM s WHERE id = 1 UNION SELECT name FROM r WHERE id = 2;
SELECT name FROM s UNION ALL SELECT 'literal';
SELECT name FROM s WHERE card IN (SELECT card FROM r) ORDER BY id;
SELECT name FROM s WHERE EXISTS (SELECT 1 FROM r WHERE r.card = s.card) ORDER BY id;
SELECT name, (SELECT COUNT(*) FROM r WHERE r.name = s.name) FROM s ORDER BY id;
SELECT name FROM s WHERE card = (SELECT card FROM r WHERE id = 2);
CREATE VIEW v AS SELECT id, name FROM s;
SELECT * FROM v ORDER BY id;
# Functions on ciphertext
SELECT CONCAT(name, '/', card) FROM s ORDER BY id;
SELECT UPPER(name), LOWER(name), LENGTH(name), CHAR_LENGTH(name) FROM s ORDER BY id;
SELECT SUBSTRING(name, 1, 3), LEFT(name, 2), REVERSE(name) FROM s ORDER BY id;
SELECT CASE WHEN name = 'Bob Brown' THEN 'bob' ELSE name END FROM s ORDER BY id;
SELECT IF(n > 1, name, 'small'), IFNULL(name, 'none'), COALESCE(name, card, 'x'), NULLIF(name, 'Dup') FROM s ORDER BY id;
SELECT CONCAT_WS('-', name, card, n) FROM s ORDER BY id;
SELECT n + 1, n * 2, -n, n / 2, n % 2 FROM s ORDER BY id;
SELECT YEAR(d), d + INTERVAL 1 DAY, DATE_FORMAT(d, '%Y') FROM s ORDER BY id;
SELECT MD5(name), HEX(name), CAST(n AS CHAR), CONVERT(name USING latin1) FROM s ORDER BY id;
SELECT name COLLATE utf8mb4_bin FROM s ORDER BY id;
SELECT GROUP_CONCAT(name ORDER BY id) FROM s;
SELECT name = 'Dup', name IS NULL, name LIKE 'D%' FROM s ORDER BY id;
# LIKE, ranges, ordering
SELECT id FROM s WHERE name LIKE 'Ann%' ORDER BY id;
SELECT id FROM s WHERE name LIKE '%smith' ORDER BY id;
SELECT id FROM s WHERE name LIKE '100!% %' ESCAPE '!' ORDER BY id;
SELECT id FROM s WHERE name LIKE '100\% \%\_' ORDER BY id;
SELECT id FROM s WHERE name NOT LIKE 'A%' ORDER BY id;
SELECT id FROM s WHERE name REGEXP '^A' ORDER BY id;
SELECT id FROM s WHERE name > 'B' ORDER BY id;
SELECT id FROM s WHERE n BETWEEN 1 AND 3 ORDER BY id;
SELECT id FROM s WHERE n >= 2 ORDER BY id;
SELECT id FROM s WHERE d < '2024-02-01' ORDER BY id;
SELECT name FROM s ORDER BY name, id;
SELECT name FROM s ORDER BY n DESC, id LIMIT 2;
SELECT id FROM s ORDER BY name IS NULL, id;
SELECT name, id FROM s ORDER BY 1, 2;
SELECT MIN(name), MAX(name), SUM(n), AVG(n) FROM s;
SELECT name, SUM(n) FROM s GROUP BY name ORDER BY name;
SELECT UPPER(name) u, COUNT(*) FROM s GROUP BY u ORDER BY u;
SELECT name, ROW_NUMBER() OVER (ORDER BY id) FROM s;
SELECT COUNT(*) FROM s GROUP BY name HAVING name = 'Dup';
SELECT id FROM s WHERE UPPER(name) = 'DUP' ORDER BY id;
SELECT id FROM s WHERE name = UPPER('dup') ORDER BY id;
SELECT id FROM s WHERE name = CONCAT('D', 'up') ORDER BY id;
SELECT id FROM s WHERE name = n ORDER BY id;
SELECT id FROM s WHERE name = 0 ORDER BY id;
SELECT id FROM s WHERE n = 'abc' ORDER BY id;
SELECT id FROM s WHERE name = BINARY 'Dup' ORDER BY id;
SELECT id FROM s WHERE name = 'dup' COLLATE utf8mb4_bin ORDER BY id;
SELECT id FROM s WHERE d = '2024-01-01 00:00:00' ORDER BY id;
SELECT id FROM s WHERE d = NOW() ORDER BY id;
SELECT id FROM s WHERE name ORDER BY id;
SELECT id FROM s WHERE n ORDER BY id;
SELECT id FROM s WHERE NOT n ORDER BY id;
SELECT id FROM s NATURAL JOIN r ORDER BY id;
SELECT s.id FROM s JOIN r ON s.n = r.n ORDER BY s.id, r.id;
SELECT s.id FROM s JOIN r ON s.n < r.n ORDER BY s.id, r.id;
SELECT s.id FROM s JOIN r ON s.name = r.card ORDER BY s.id, r.id;
#! args: 'Dup'
SELECT id FROM s WHERE UPPER(name) = UPPER(?) ORDER BY id;
#! args: 'A%'
SELECT id FROM s WHERE name LIKE ? ORDER BY id;
#! args: 'bound' 'bound-card' 'again'
INSERT INTO s (name, card) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = ?;
#! args: 5
UPDATE s SET n = n + ? WHERE id = 1;
#! args: 'in-concat'
UPDATE s SET name = CONCAT('a', ?) WHERE id = 1;
SELECT * FROM s ORDER BY id;
