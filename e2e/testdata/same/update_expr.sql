# UPDATE and DELETE with any expression: counts, info, warnings, errors as on the plain table.
CREATE TABLE acc (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner VARCHAR(30) NOT NULL, balance DECIMAL(12,2) NOT NULL DEFAULT 10, n INT, note TEXT, KEY (owner), UNIQUE KEY n (n));
INSERT INTO acc (owner, balance, n, note) VALUES ('ann',100,1,'a'),('bob',200,2,NULL),('cid',300,3,''),('dan',400,NULL,'d'),('eve',500,5,'e');
UPDATE acc SET balance = balance - 10.5 WHERE id = 1;
UPDATE acc SET balance = balance + 1 WHERE owner = 'bob';
UPDATE acc SET balance = balance WHERE id <= 3;
UPDATE acc SET balance = balance * 2, note = CONCAT(owner, ':', balance) WHERE balance > 150;
SELECT * FROM acc ORDER BY id;
UPDATE acc SET n = n + 1;
UPDATE acc SET n = n + 10;
SELECT * FROM acc ORDER BY id;
UPDATE acc SET n = n + 1 ORDER BY n DESC;
SELECT id, n FROM acc ORDER BY id;
UPDATE acc SET n = n - 1 ORDER BY n;
SELECT id, n FROM acc ORDER BY id;
UPDATE acc SET n = 11 WHERE owner = 'dan';
UPDATE acc SET n = n + 1 WHERE id = 1;
UPDATE acc SET owner = UPPER(owner) LIMIT 2;
UPDATE acc SET owner = LOWER(owner) ORDER BY id DESC LIMIT 3;
UPDATE acc SET note = NULL WHERE note IS NOT NULL AND LENGTH(note) > 3;
UPDATE acc SET balance = DEFAULT(balance) WHERE id = 2;
UPDATE acc SET balance = DEFAULT WHERE id = 3;
UPDATE acc SET owner = NULL WHERE id = 1;
UPDATE acc SET n = 'abc' WHERE id = 1;
UPDATE acc SET n = 99999999999 WHERE id = 1;
UPDATE acc SET owner = REPEAT('x', 31) WHERE id > 3;
UPDATE acc SET balance = 1/0 WHERE id = 1;
UPDATE acc SET balance = (SELECT MAX(a.id) FROM acc a) WHERE id = 1;
UPDATE acc SET nosuch = balance + 1;
UPDATE acc SET balance = nosuch + 1;
SELECT * FROM acc ORDER BY id;
UPDATE acc SET id = id + 100 WHERE owner = 'eve';
UPDATE acc SET id = id + 1 ORDER BY id DESC;
SELECT * FROM acc ORDER BY id;
UPDATE acc AS x SET x.balance = x.balance + 0.01 WHERE x.owner LIKE '%a%';
UPDATE acc SET acc.balance = acc.balance + 0.01 WHERE acc.owner LIKE '%b%';
#! args: 5.25 'ANN'
UPDATE acc SET balance = balance - ? WHERE owner = ?;
#! args: 1 2 '%'
UPDATE acc SET balance = balance + ?, n = n + ? WHERE owner LIKE ?;
SELECT * FROM acc ORDER BY id;
SET @d = 3;
UPDATE acc SET balance = balance + @d WHERE n > 1;
UPDATE acc SET n = (@r := @r + 1) WHERE id > 1000;
SET SESSION sql_mode = '';
UPDATE acc SET owner = REPEAT('x', 31) WHERE id = 3;
#! mode: text
SHOW WARNINGS;
UPDATE acc SET n = 'abc' WHERE id = 4;
#! mode: text
SHOW WARNINGS;
UPDATE acc SET owner = NULL WHERE id = 4;
UPDATE acc SET balance = 1/0 WHERE id = 3;
SELECT * FROM acc ORDER BY id;
DELETE FROM acc WHERE balance > 300 AND owner LIKE '%n%';
SELECT ROW_COUNT();
DELETE FROM acc WHERE LENGTH(owner) > 10 LIMIT 1;
DELETE FROM acc ORDER BY balance LIMIT 1;
SELECT * FROM acc ORDER BY id;
DELETE FROM acc WHERE balance < 0;
DELETE FROM acc WHERE balance > -1;
SELECT COUNT(*) FROM acc;

# Tables without a primary key, and with composite and text keys.
CREATE TABLE nokey (a INT NOT NULL, b VARCHAR(20));
INSERT INTO nokey VALUES (1,'x'),(1,'x'),(2,NULL),(3,'y');
UPDATE nokey SET a = a + 1;
UPDATE nokey SET b = CONCAT(b, 'z') WHERE a > 2;
DELETE FROM nokey WHERE a < 3 LIMIT 1;
SELECT * FROM nokey ORDER BY a, b;
CREATE TABLE nullable (a INT, b VARCHAR(20));
INSERT INTO nullable VALUES (1,'x'),(1,'x'),(NULL,NULL),(NULL,NULL),(3,NULL);
UPDATE nullable SET a = COALESCE(a, 0) + 1 LIMIT 4;
DELETE FROM nullable WHERE COALESCE(a, 7) < 3 LIMIT 1;
SELECT * FROM nullable ORDER BY a, b;
CREATE TABLE two (a INT NOT NULL, b VARCHAR(10) NOT NULL, c INT, PRIMARY KEY (a, b));
INSERT INTO two VALUES (1,'a',1),(1,'b',2),(2,'a',3);
UPDATE two SET c = c * 2;
UPDATE two SET a = a + 1 ORDER BY a DESC;
UPDATE two SET a = a - 1, b = CONCAT(b, 'x') WHERE c > 2;
UPDATE two SET b = UPPER(b);
SELECT * FROM two ORDER BY a, b;
DELETE FROM two WHERE a + c > 6;
SELECT * FROM two ORDER BY a, b;
CREATE TABLE word (w VARCHAR(20) PRIMARY KEY, n INT);
INSERT INTO word VALUES ('alpha', 1), ('beta', 2), ('gamma', 3);
UPDATE word SET w = CONCAT(w, '!') WHERE n < 3;
UPDATE word SET w = 'gamma' WHERE w = 'beta!';
UPDATE word SET w = CONCAT('gam', 'ma') WHERE n = 1;
UPDATE word SET w = REVERSE(w);
SELECT * FROM word ORDER BY w;
DROP TABLE acc, nokey, nullable, two, word;

# Safe updates: what is written by key here is refused where the server would.
CREATE TABLE safe (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(20) UNIQUE, n INT, x VARCHAR(9), KEY (n));
INSERT INTO safe (email, n, x) VALUES ('c1',1,'a'),('c2',2,'b'),('c3',3,'a'),('c4',4,'c'),('c5',5,'a');
SET sql_safe_updates = 1;
UPDATE safe SET x = 'a';
UPDATE safe SET x = 'a' WHERE x = 'b';
UPDATE safe SET x = 'q' LIMIT 2;
UPDATE safe SET x = 'z' WHERE id = 2;
UPDATE safe SET n = n + 1 WHERE email = 'c3';
UPDATE safe SET n = n + 1 WHERE x = 'z';
UPDATE safe SET n = n + 1;
UPDATE safe SET x = REVERSE(CONCAT(x, 'b')) WHERE n IN (1, 5);
#! args: 'w' 'c4'
UPDATE safe SET x = ? WHERE email = ?;
#! args: 'w'
UPDATE safe SET x = ?;
DELETE FROM safe WHERE x LIKE '%b';
DELETE FROM safe WHERE email = 'c1';
SET sql_safe_updates = 0;
SELECT * FROM safe ORDER BY id;

# A small max_join_size is for the client's queries.
SET max_join_size = 2;
CREATE TABLE small (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO small VALUES (1, 'a'), (2, 'b');
ALTER TABLE small ADD w INT;
SELECT REVERSE(v) FROM small WHERE id = 1;
DROP TABLE small;
SET max_join_size = DEFAULT;

# Many rows without a key: no more statements upstream than for some hundreds at once.
CREATE TABLE many (a INT, b VARCHAR(20));
INSERT INTO many VALUES (1,'a'),(2,NULL),(3,'c'),(NULL,'d'),(5,'e'),(6,'f'),(7,'g'),(NULL,NULL),(9,'i'),(10,'j');
INSERT INTO many SELECT m.a + 10, CONCAT(m.b, n.b) FROM many m, many n;
UPDATE many SET b = REVERSE(CONCAT(b, a));
UPDATE many SET b = REVERSE(b) WHERE a IS NOT NULL AND b IS NOT NULL;
UPDATE many SET a = a * 2, b = UPPER(b) WHERE a * 2 > 14;
SELECT a, b, COUNT(*) FROM many GROUP BY a, b ORDER BY a, b;
DELETE FROM many WHERE a % 3 = 0;
DELETE FROM many WHERE CONCAT(b, 'x') IS NULL;
SELECT a, b, COUNT(*) FROM many GROUP BY a, b ORDER BY a, b;
DROP TABLE safe, many;
# Safe updates, in a table so small that a server may rather read it than its index.
CREATE TABLE safe (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(20), c INT);
INSERT INTO safe (b, c) VALUES ('x', 1), ('yz', 2), ('w', 3);
SET sql_safe_updates = 1;
DELETE FROM safe WHERE UPPER(b) = 'X' LIMIT 1;
UPDATE safe SET c = c + 1, b = CONCAT(b, c) WHERE UPPER(b) LIKE 'Y%' LIMIT 2;
UPDATE safe SET b = CONCAT(b, c) WHERE UPPER(b) LIKE 'Y%';
DELETE FROM safe WHERE UPPER(b) = 'YZ2';
DELETE FROM safe WHERE UPPER(b) LIKE 'YZ%' LIMIT 1;
UPDATE safe SET b = REVERSE(b) LIMIT 5;
DELETE FROM safe ORDER BY REVERSE(b) LIMIT 1;
SET sql_safe_updates = 0;
SELECT * FROM safe ORDER BY a;
DROP TABLE safe;
# A DELETE that finds no row, which MariaDB wants a key for as well.
CREATE TABLE safe_none (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(20));
INSERT INTO safe_none (b) VALUES ('x'), ('y');
SET sql_safe_updates = 1;
DELETE FROM safe_none WHERE b = 'z' LIMIT 1;
DELETE FROM safe_none WHERE a + 0 = 3 LIMIT 2;
UPDATE safe_none SET b = REVERSE(b) WHERE b = 'z' LIMIT 1;
DELETE FROM safe_none WHERE b = 'z';
SET sql_safe_updates = 0;
SELECT COUNT(*) FROM safe_none;
DROP TABLE safe_none;
