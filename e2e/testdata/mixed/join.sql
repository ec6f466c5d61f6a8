# Tables of an encrypted database beside those of one that is not.
#! known: warnings
CREATE TABLE c (id INT PRIMARY KEY, name VARCHAR(30), mail VARCHAR(40), n INT, KEY (name), UNIQUE KEY (mail)) DEFAULT CHARSET=utf8mb4;
INSERT INTO c VALUES (1,'Ann','ann@x',5),(2,'Bob','bob@x',NULL),(3,'ann',NULL,7),(4,'Zoë','zoe@x',-1);
CREATE TABLE mixed_open.p (id INT PRIMARY KEY, name VARCHAR(30), mail VARCHAR(40), price DECIMAL(8,2), seen TIMESTAMP NULL, e ENUM('new','old'), b BIT(4), f FLOAT, j JSON) DEFAULT CHARSET=utf8mb4;
#! known: info
INSERT INTO mixed_open.p VALUES (1,'ANN','ann@x',1.50,'2024-01-01 00:00:00','new',b'101',0.1,'{"a":1}'),(2,'zoe','zoe@x',-2.25,NULL,'old',b'1',1e10,'[1]'),(9,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE mixed_open.c (id INT PRIMARY KEY, name VARCHAR(10));
#! known: info
INSERT INTO mixed_open.c VALUES (1,'open'),(7,'seven');
SELECT c.id, p.* FROM c JOIN mixed_open.p ON c.name = p.name ORDER BY c.id, p.id;
SELECT c.id, p.price FROM c LEFT JOIN mixed_open.p p ON c.mail = p.mail ORDER BY c.id;
SELECT p.id, c.name FROM mixed_open.p p LEFT JOIN c USING (mail) ORDER BY p.id;
SELECT c.name, o.name FROM c JOIN mixed_open.c o ON c.id = o.id;
SELECT c.name, mixed_open.c.name FROM mixed_open.c, c ORDER BY 1, 2;
SELECT name FROM c UNION SELECT name FROM mixed_open.p ORDER BY 1;
SELECT * FROM mixed_open.p WHERE name IN (SELECT name FROM c) ORDER BY id;
SELECT id, (SELECT SUM(price) FROM mixed_open.p p WHERE p.mail = c.mail) s FROM c ORDER BY id;
SELECT COUNT(*), SUM(p.price * c.n), MAX(CONCAT(c.name, p.e)) FROM c JOIN mixed_open.p p ON p.id < c.id;
SELECT c.id, p.b + 0, p.f, JSON_EXTRACT(p.j, '$.a'), p.seen FROM c JOIN mixed_open.p p ON UPPER(c.name) = UPPER(p.name) ORDER BY c.id;
WITH q AS (SELECT name FROM c WHERE n > 0) SELECT * FROM q JOIN mixed_open.p USING (name) ORDER BY id;
SELECT c.id FROM c NATURAL JOIN mixed_open.p ORDER BY 1;
SELECT c.id FROM c JOIN mixed_open.nosuch x ON x.id = c.id WHERE c.name > 'a';
SELECT x.id FROM c JOIN mixed_open.p ON nosuch = c.name;
# READ COMMITTED: every statement has a snapshot of its own, in which all of its tables are.
CREATE TABLE mixed_open.k (id INT PRIMARY KEY, z INT(6) ZEROFILL, d DECIMAL(20,5), f FLOAT, g DOUBLE, at DATETIME(3), day DATE, t TIME(2), y YEAR, ts TIMESTAMP(6) NULL, e ENUM('a','b'), s SET('x','y'), bt BIT(12), bn BINARY(4), vb VARBINARY(9), tx LONGTEXT, bl BLOB, j JSON) DEFAULT CHARSET=utf8mb4;
#! known: info
INSERT INTO mixed_open.k VALUES (1, 42, 12345.67891, 0.1, 1e-300, '2024-02-29 01:02:03.456', '1999-12-31', '-12:30:01.50', 2024, '2024-01-01 00:00:00.000001', 'b', 'x,y', b'101000000001', 'ab', x'00ff5c', 'Zoë\\n', x'5c09', '{"a": [1, 2.5]}'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
BEGIN;
SELECT c.name, k.id, z, d, f, g, at, day, t, y, ts, e, s, bt + 0, HEX(bn), HEX(vb), tx, HEX(bl), j FROM c LEFT JOIN mixed_open.k ON k.id = c.id AND LENGTH(c.name) > 2 ORDER BY c.id, k.id;
#! args: 1
SELECT UPPER(c.name), k.* FROM c JOIN mixed_open.k ON k.id >= c.id WHERE LENGTH(c.name) > 2 AND k.id > ? ORDER BY c.id, k.id;
SELECT UPPER(c.name), (SELECT COUNT(*) FROM mixed_open.p) FROM c WHERE c.name LIKE 'nosuch%';
SET sql_select_limit = 1;
SELECT UPPER(c.name), k.id FROM c JOIN mixed_open.k ON k.id <= c.id WHERE LENGTH(c.name) > 2 ORDER BY c.id, k.id;
SET sql_select_limit = DEFAULT;
SELECT UPPER(c.name), k.id FROM c JOIN mixed_open.k ON k.id = c.id ORDER BY c.id LIMIT 1 FOR UPDATE;
INSERT INTO c VALUES (2000, 'mine', NULL, 1);
SELECT MAX(UPPER(c.name)), MAX(k.tx) FROM c, mixed_open.k;
ROLLBACK;
# A level for one transaction alone.
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
BEGIN;
SELECT COUNT(UPPER(c.name)), MAX(k.tx) FROM c, mixed_open.k;
COMMIT;
DROP TABLE mixed_open.k;
BEGIN;
#! known: info
INSERT INTO mixed_open.p (id, name) VALUES (10, 'BOB');
SELECT c.id, p.id FROM c JOIN mixed_open.p p ON c.name = p.name ORDER BY 1, 2;
UPDATE c SET name = 'none' WHERE id = 2;
SELECT c.id, p.id FROM c JOIN mixed_open.p p ON c.name = p.name ORDER BY 1, 2;
ROLLBACK;
SELECT c.id, p.id FROM c JOIN mixed_open.p p ON c.name = p.name ORDER BY 1, 2 FOR UPDATE;
ALTER TABLE mixed_open.p ADD late INT DEFAULT 3;
SELECT c.id, p.late FROM c JOIN mixed_open.p p ON c.name = p.name ORDER BY 1, 2;
#! args: 'x' 2
SELECT c.id, ?, p.late FROM c JOIN mixed_open.p p ON c.name = p.name WHERE c.id < ? ORDER BY 1, 2;
SELECT name FROM mixed_open.p ORDER BY id;
DROP TABLE mixed_open.p, mixed_open.c;
# How the session writes definitions does not matter.
SET sql_mode = 'ANSI_QUOTES';
SELECT c.id, CONCAT(c.name, p.name) FROM c JOIN mixed_open.p ON c.id = p.id ORDER BY 1;
SET sql_mode = 'ANSI';
SELECT c.id, CONCAT(c.name, p.name) FROM c JOIN mixed_open.p ON c.id = p.id ORDER BY 1;
SET sql_mode = DEFAULT, sql_quote_show_create = 0;
SELECT c.id, CONCAT(c.name, p.name) FROM c JOIN mixed_open.p ON c.id = p.id ORDER BY 1;
SET sql_quote_show_create = 1;
#! only: mariadb
SET sql_mode = 'NO_TABLE_OPTIONS';
#! only: mariadb
SELECT c.id, CONCAT(c.name, p.name) FROM c JOIN mixed_open.p ON c.id = p.id ORDER BY 1;
SET sql_mode = DEFAULT;
CREATE TABLE mixed_open.named (id INT PRIMARY KEY, grün VARCHAR(10) DEFAULT 'ä') COMMENT='Straße' DEFAULT CHARSET=utf8mb4;
INSERT INTO mixed_open.named (id) VALUES (1), (2);
SET character_set_results = latin1;
SELECT c.id, CONCAT(c.mail, LENGTH(n.grün)) x FROM c JOIN mixed_open.named n ON c.id = n.id ORDER BY 1;
SET character_set_results = utf8mb4;
# A plaintext table that is another now.
SELECT c.id, CONCAT(c.name, o.name) FROM c JOIN mixed_open.c o ON c.id = o.id;
ALTER TABLE mixed_open.c ADD z INT DEFAULT 3;
SELECT c.id, CONCAT(c.name, o.name, o.z) FROM c JOIN mixed_open.c o ON c.id = o.id;

# A table that is not encrypted points at a clear key: upstream looks at it, although what points at the encrypted one would follow.
CREATE TABLE fk_p (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE);
CREATE TABLE fk_c (id INT PRIMARY KEY, code VARCHAR(10), CONSTRAINT fk_cp FOREIGN KEY (code) REFERENCES fk_p (code) ON UPDATE CASCADE);
INSERT INTO fk_p VALUES (1, 'a'), (2, 'b');
INSERT INTO fk_c VALUES (1, 'a');
UPDATE fk_p SET code = 'x' WHERE id = 1;
SELECT * FROM fk_c;
DROP TABLE fk_c, fk_p;
