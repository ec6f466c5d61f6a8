# Clients of other character sets, and columns of other character sets.
CREATE TABLE cs (id INT AUTO_INCREMENT PRIMARY KEY, u VARCHAR(40) CHARACTER SET utf8mb4, l VARCHAR(40) CHARACTER SET latin1, w VARCHAR(40) CHARACTER SET utf16, b VARBINARY(40), KEY (u), KEY (l));
INSERT INTO cs VALUES (1, 'Zürich €', 'Zürich', 'Zürich', 'Zürich'), (2, '日本', 'abc', '日本', '日本');
SELECT * FROM cs ORDER BY id;
SET NAMES latin1;
SELECT * FROM cs ORDER BY id;
SELECT id FROM cs WHERE l = _latin1 x'5AFC72696368';
INSERT INTO cs (id, u, l) VALUES (3, _latin1 x'E9', _latin1 x'E9');
SET NAMES utf8mb4;
SELECT * FROM cs ORDER BY id;
SELECT id FROM cs WHERE u = 'É';
SET character_set_results = NULL;
SELECT * FROM cs ORDER BY id;
SET character_set_results = utf8mb4;
SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SELECT id FROM cs WHERE u = 'zürich €';
SET NAMES utf8mb4;
INSERT INTO cs (id, l) VALUES (4, '日本');
SET NAMES binary;
SELECT * FROM cs ORDER BY id;
SET NAMES utf8mb4;
#! args: 5 'Ünder' 'Ünder' 'Ünder'
INSERT INTO cs (id, u, l, w) VALUES (?, ?, ?, ?);
#! args: 'ÜNDER'
SELECT id, u, l, w FROM cs WHERE l = ?;

# Results in a character set in which names of variables are not what they are in ASCII.
CREATE TABLE wide (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET utf8mb4, n INT);
SET character_set_results = utf16;
INSERT INTO wide VALUES (1, 'één', 2), (2, 'zwei', 3);
SELECT id, v, n, REVERSE(v), n * 2 FROM wide ORDER BY id;
UPDATE wide SET v = CONCAT(v, v), n = n + 1;
CREATE TABLE wider (a INT, b VARCHAR(10));
INSERT INTO wider SELECT n, v FROM wide WHERE id = 2;
SELECT * FROM wider;
SELECT GROUP_CONCAT(v ORDER BY id) FROM wide;
SELECT v, NOW() > '2020-01-01', CONNECTION_ID() > 0, CURRENT_USER() <> 'x', DATABASE() <> 'x', VERSION() <> 'x', @@sql_mode <> 'x' FROM wide WHERE REVERSE(v) <> 'x' ORDER BY id;
DROP TABLE wide, wider;
SET character_set_results = utf8mb4;

# Literals of a character set that no time zone is taken in.
SET NAMES utf8mb4;
SET character_set_connection = ucs2;
CREATE TABLE charset_wide (a INT, b VARCHAR(10), c TIMESTAMP NULL);
INSERT INTO charset_wide VALUES (1, 'x', '2024-01-02 03:04:05');
ALTER TABLE charset_wide ADD KEY (a), ADD KEY (b);
ALTER TABLE charset_wide ADD d TIMESTAMP DEFAULT '2001-02-03 04:05:06';
ALTER TABLE charset_wide MODIFY b VARCHAR(20) COLLATE utf8mb4_bin;
SELECT a, HEX(b), c, d FROM charset_wide;
SHOW CREATE TABLE charset_wide;
SELECT @@time_zone, @@sql_mode;
DROP TABLE charset_wide;
SET NAMES utf8mb4;
# What the session says of its collation mixes with literals.
CREATE TABLE charset_said (a VARCHAR(60));
INSERT INTO charset_said VALUES ('utf8mb4_general_ci'), ('utf8mb4');
SET collation_connection = utf8mb4_general_ci;
SELECT a, REPLACE('<c>', '<c>', @@collation_connection), CONCAT(@@SESSION.character_set_connection, 'x') FROM charset_said WHERE a IN (@@collation_connection, 'x') ORDER BY a;
SELECT REVERSE(a) = REVERSE(@@local.collation_connection), COLLATION(@@collation_connection) FROM charset_said ORDER BY a;
DROP TABLE charset_said;
