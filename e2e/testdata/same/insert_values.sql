# INSERT of any value: functions, arithmetic, subqueries, defaults, conversions with their errors and warnings.
CREATE TABLE v (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  n TINYINT NOT NULL DEFAULT 7,
  s VARCHAR(5),
  d DATE,
  t TIMESTAMP(3) NULL,
  dec1 DECIMAL(5,2),
  f DOUBLE,
  e ENUM('a','b','c'),
  st SET('x','y','z'),
  b VARBINARY(8),
  req INT NOT NULL,
  KEY (n), KEY (s), KEY (d)
);
CREATE TABLE src (k INT PRIMARY KEY, w VARCHAR(20), KEY (w));
INSERT INTO src VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO v (n, s, req) VALUES (1 + 2, CONCAT('a', 'b'), 10 * 10);
INSERT INTO v (s, d, req) VALUES (UPPER('x'), DATE_ADD('2020-01-31', INTERVAL 1 MONTH), LENGTH('äöü'));
INSERT INTO v (n, s, req) VALUES ((SELECT MAX(k) FROM src), (SELECT w FROM src WHERE k = 2), 1), (2, LEFT('abcdef', 3), 2);
INSERT INTO v (n, req) VALUES (DEFAULT(n) + 1, 5), (DEFAULT, 6);
INSERT INTO v (n, s, req) VALUES (5, n + 1, n * 2);
INSERT INTO v SET n = 1 + 1, s = REPEAT('z', 3), req = n;
INSERT INTO v (dec1, f, req) VALUES (1.005 * 2, PI(), ROUND(2.5)), (99.994, 1e10, 3), (1/3, 2/3, 4);
INSERT INTO v (e, st, b, req) VALUES ('B', 'z,x', UNHEX('00ff'), 1), (2, 5, 'abc', 1 = 1);
INSERT INTO v (t, req) VALUES ('2021-03-04 05:06:07.123456', 1), (FROM_UNIXTIME(1000000000), 2);
SELECT LAST_INSERT_ID() > 0;
SELECT * FROM v ORDER BY id;
# Errors under a strict mode.
INSERT INTO v (n, req) VALUES (100 + 100, 1);
#! mode: text
SHOW WARNINGS;
INSERT INTO v (s, req) VALUES (CONCAT('too', 'long'), 1);
INSERT INTO v (d, req) VALUES ('2020-02-30', 1);
INSERT INTO v (d, req) VALUES (CONCAT('nonsense'), 1);
INSERT INTO v (req) VALUES (NULL);
INSERT INTO v (req) VALUES (NULLIF(1, 1));
INSERT INTO v (n) VALUES (1 + 1);
INSERT INTO v (e, req) VALUES (CONCAT('q'), 1);
INSERT INTO v (req) VALUES (1), (2), ('x');
INSERT INTO v (req) VALUES (1 / 0);
INSERT INTO v (dec1, req) VALUES (1000 * 10, 1);
INSERT INTO v (req, n) VALUES (1, 1 + 1), (2, 2 + 2), (3, 300 + 3);
INSERT INTO v (nosuch) VALUES (1 + 1);
INSERT INTO v (req) VALUES (nosuch + 1);
INSERT INTO v (req) VALUES ((SELECT k FROM src));
INSERT INTO v (req) VALUES ((SELECT k FROM nosuch));
INSERT INTO v (req, n) VALUES (1 + 1);
INSERT INTO v (req) VALUES (nosuchfunction(1));
# Notes and warnings that do not fail. Failed statements may use up numbers or not.
INSERT INTO v (id, req) VALUES (500, 0);
INSERT INTO v (dec1, req) VALUES (1.239, 1);
#! mode: text
SHOW WARNINGS;
INSERT INTO v (dec1, req) VALUES ('1.239', 1), ('2.345', 2);
#! mode: text
SHOW WARNINGS;
#! mode: text
SELECT @@warning_count;
INSERT INTO v (d, req) VALUES ('2020-01-02 03:04:05', 1);
#! mode: text
SHOW WARNINGS;
INSERT INTO v (s, req) VALUES ('abcde   ', 1);
#! mode: text
SHOW WARNINGS;
SELECT * FROM v ORDER BY id DESC LIMIT 6;
# No strict mode.
SET sql_mode = '';
INSERT INTO v (n, req) VALUES (300, 1);
#! mode: text
SHOW WARNINGS;
INSERT INTO v (n, s, d, e, st, req) VALUES (-500, 'too long a text', '2020-02-30', 'q', 'x,q', 'abc'), (1, 'ok', '0000-00-00', '', '', 1);
#! mode: text
SHOW WARNINGS;
#! mode: text
SHOW COUNT(*) WARNINGS;
INSERT INTO v (n) VALUES (1);
#! mode: text
SHOW WARNINGS;
INSERT INTO v (req) VALUES (NULL), (2);
#! mode: text
SHOW WARNINGS;
INSERT INTO v (req) VALUES (NULL);
INSERT INTO v (id, req) VALUES (600, 0);
INSERT INTO v VALUES ();
#! mode: text
SHOW WARNINGS;
INSERT INTO v (n, req) VALUES (1/0, 2);
INSERT INTO v (dec1, req) VALUES (123456.789, 2), (-123456.789, 3);
#! mode: text
SHOW WARNINGS;
#! mode: text
SELECT ROW_COUNT();
SELECT * FROM v ORDER BY id DESC LIMIT 9;
SET sql_mode = DEFAULT;
# IGNORE.
INSERT IGNORE INTO v (id, n, req) VALUES (1, 300, 1), (1000, 300, 1), (1001, 3, 'x');
#! mode: text
SHOW WARNINGS;
INSERT IGNORE INTO v (id, n, req) VALUES (1000, 3, 1);
#! mode: text
SHOW WARNINGS;
CREATE TABLE u (a INT PRIMARY KEY, b VARCHAR(10), c INT, UNIQUE KEY ub (b), UNIQUE KEY uc (c, b));
INSERT IGNORE INTO u VALUES (1, 'a', 1), (2, 'b', 1), (1, 'c', 2), (3, 'A', 3), (4, 'd', 4);
#! mode: text
SHOW WARNINGS;
INSERT IGNORE INTO u VALUES (1, 'a', 1);
#! mode: text
SHOW WARNINGS;
INSERT IGNORE INTO u VALUES (5, 'e', 5), (5, 'f', 6), (5, 'g', 7), (6, NULL, NULL), (7, NULL, NULL);
#! mode: text
SHOW WARNINGS;
INSERT IGNORE INTO u VALUES (8, 'far too long a text', 5), (1, 'also too long a text', 2), (9, 'h', 'x');
#! mode: text
SHOW WARNINGS;
INSERT IGNORE INTO u (b) VALUES ('nokey');
#! mode: text
SHOW WARNINGS;
SELECT * FROM u ORDER BY a;
# Errors of keys, by any path.
INSERT INTO u VALUES (1 + 0, 'zz', 1);
INSERT INTO u VALUES (100, CONCAT('a'), 1), (101, 'zz', 1);
INSERT INTO u VALUES (100, CONCAT('p'), 1), (100, 'q', 1);
#! mode: text
SHOW WARNINGS;
SELECT COUNT(*) FROM u;
# User variables.
INSERT INTO v (id, req) VALUES (2000, 0);
SET @x = 5, @y = 'ab';
INSERT INTO v (n, s, req) VALUES (@x, @y, @x + 1);
INSERT INTO v (n, s, req) VALUES (@z := 9, 'q', @z + 1);
SELECT @z;
SELECT n, s, req FROM v ORDER BY id DESC LIMIT 2;
#! args: 5 'abc' 7
INSERT INTO v (n, s, req) VALUES (? + 1, UPPER(?), ?);
#! args: 'abcdefgh' 1
INSERT INTO v (s, req) VALUES (?, ?);
INSERT INTO v (id, req) VALUES (3000, 0);
#! args: '2020-01-01' 3
INSERT INTO v (d, req) VALUES (DATE_ADD(?, INTERVAL 1 DAY), ?);
SELECT n, s, d, req FROM v ORDER BY id DESC LIMIT 3;
# The time.
SET timestamp = 1600000000;
CREATE TABLE ts (id INT PRIMARY KEY AUTO_INCREMENT, a DATETIME DEFAULT CURRENT_TIMESTAMP, b TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6), c DATE, d TIME(2));
INSERT INTO ts (c, d) VALUES (NOW(), NOW(2)), (CURDATE(), CURTIME());
INSERT INTO ts (c) VALUES (NOW() - INTERVAL 1 DAY);
SELECT * FROM ts ORDER BY id;
SET timestamp = DEFAULT;
# The row of a list of another length.
create table lens (a int primary key, b varchar(5), c double);
INSERT INTO lens VALUES (7,'g',1.00107),(8,'h',1.00108),(9,'i'),(10,'j');
INSERT INTO lens VALUES (7,'g',1.00107),(8,'h',1.00108),(9,'i',1),(10,'j');
INSERT INTO lens VALUES (7,'g'),(8,'h',1.00108),(9,'i',1),(10,'j');
INSERT INTO lens VALUES (7,'g'),(8,'h'),(9,'i'),(10,'j');
INSERT INTO lens VALUES (7,'g',1),(8,'h',1),(9,'i',1),(10,1,1),(1,2,3),(1);
INSERT INTO lens VALUES (7,'g',1),();
INSERT INTO lens (a,b) VALUES (7,'g'),(7,DEFAULT),(8);
INSERT INTO lens (a,b) VALUES (7,'g'),(7,nix),(8);
INSERT INTO lens (a,b) VALUES (7,'g'),(7),(8,nix);
REPLACE INTO lens (a,b) VALUES (7,'g'),(7),(8);
REPLACE INTO lens (a,b) VALUES (7,upper('g')),(7),(8);
INSERT INTO lens (a,b) VALUES (7,upper('g')),(7,upper('h')),(8);
INSERT INTO lens (a,b) VALUES (7,upper('g')),(7,upper('h')),(8) on duplicate key update b='x';
INSERT INTO lens (a,b) VALUES (),();
DROP TABLE lens;
