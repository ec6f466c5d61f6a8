# CREATE TABLE in its other forms.
CREATE TABLE s (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20) NOT NULL DEFAULT 'd', n DECIMAL(6,2), UNIQUE KEY (v), KEY nk (n)) COMMENT='of s';
INSERT INTO s VALUES (1, 'one', 1.5), (2, 'two', 2.5);
CREATE TABLE l LIKE s;
SELECT * FROM l;
INSERT INTO l (n) VALUES (3);
SELECT * FROM l;
INSERT INTO l (v) VALUES ('D');
CREATE TABLE l LIKE s;
CREATE TABLE IF NOT EXISTS l LIKE s;
CREATE TABLE l2 (LIKE s);
CREATE TABLE l3 LIKE nosuch;
CREATE TABLE s LIKE s;
INSERT INTO l2 SELECT * FROM s;
SELECT * FROM l2 ORDER BY id;
#! only: mariadb
CREATE OR REPLACE TABLE l2 (a INT, b VARCHAR(5));
#! only: mariadb
INSERT INTO l2 VALUES (1, 'x');
#! only: mariadb
SELECT * FROM l2;
#! only: mariadb
CREATE OR REPLACE TABLE l2 LIKE s;
#! only: mariadb
CREATE OR REPLACE TABLE fresh (a INT);
#! only: mariadb
INSERT INTO fresh VALUES (4);
#! only: mysql
CREATE OR REPLACE TABLE l2 (a INT);
SELECT * FROM l2 ORDER BY 1;
CREATE TABLE dup (a INT, KEY k1 (a), KEY k2 (a));
SHOW WARNINGS;
CREATE TABLE disp (a INT(5), b FLOAT(7,3), c TINYINT(1));
CREATE TABLE utf (a VARCHAR(5) CHARACTER SET utf8);
INSERT INTO disp VALUES (1, 1.25, 1);
SELECT * FROM disp;
CREATE DATABASE other_create;
CREATE TABLE other_create.l4 LIKE s;
INSERT INTO other_create.l4 (n) VALUES (1);
SELECT * FROM other_create.l4;
CREATE TABLE l5 LIKE other_create.l4;
SELECT * FROM l5;
DROP DATABASE other_create;
SET default_storage_engine = MEMORY;
CREATE TABLE ofmemory (a INT NOT NULL);
SHOW CREATE TABLE ofmemory;
INSERT INTO ofmemory VALUES (1), (2);
SELECT * FROM ofmemory ORDER BY a;
SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('ofmemory', 's') ORDER BY 1;
CREATE TABLE likes LIKE s;
SHOW CREATE TABLE likes;
CREATE TABLE said (a INT) ENGINE=InnoDB;
SHOW CREATE TABLE said;
SET default_storage_engine = MyISAM;
CREATE TABLE ofmyisam (a INT NOT NULL AUTO_INCREMENT, b VARCHAR(5), KEY (b), PRIMARY KEY (a));
SHOW CREATE TABLE ofmyisam;
SET default_storage_engine = DEFAULT;
CREATE TABLE ofdefault (a INT);
SHOW CREATE TABLE ofdefault;
SET explicit_defaults_for_timestamp = 0;
CREATE TABLE stamps (a INT, t TIMESTAMP, u TIMESTAMP NULL);
SHOW CREATE TABLE stamps;
SET explicit_defaults_for_timestamp = 1;
CREATE TABLE stamps1 (a INT, t TIMESTAMP);
SHOW CREATE TABLE stamps1;
#! only: mariadb
SET enforce_storage_engine = Aria;
#! only: mariadb
CREATE TABLE enforced (a INT);
#! only: mariadb
SHOW CREATE TABLE enforced;
#! only: mariadb
SET enforce_storage_engine = NULL, old_mode = '';
#! only: mariadb
CREATE TABLE fours (a VARCHAR(5) CHARACTER SET utf8);
#! only: mariadb
SHOW CREATE TABLE fours;
#! only: mariadb
SET old_mode = DEFAULT;
#! only: mysql
SET default_collation_for_utf8mb4 = utf8mb4_general_ci;
#! only: mysql
CREATE TABLE general (a VARCHAR(5)) CHARACTER SET utf8mb4;
#! only: mysql
SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'general';
#! only: mysql
SET default_collation_for_utf8mb4 = DEFAULT;
# Tables in memory have no BLOBs.
CREATE TABLE mem (id INT PRIMARY KEY, v VARCHAR(255) CHARACTER SET utf8mb4, w VARCHAR(2000) CHARACTER SET latin1, KEY (v)) ENGINE = MEMORY;
INSERT INTO mem VALUES (1, REPEAT('ü', 255), REPEAT('x', 2000)), (2, '', NULL);
SELECT id, v, LENGTH(w), UPPER(w) FROM mem ORDER BY id;
UPDATE mem SET w = CONCAT(v, 'w') WHERE id = 2;
SELECT id FROM mem WHERE v = REPEAT('Ü', 255);
SHOW CREATE TABLE mem;
CREATE TABLE mem2 (id INT, t TEXT) ENGINE = MEMORY;
CREATE TABLE mem3 (id INT, a VARCHAR(40000) CHARACTER SET latin1, b VARCHAR(20000) CHARACTER SET latin1) ENGINE = MEMORY;
DROP TABLE mem3;
ALTER TABLE mem ADD x VARCHAR(500) CHARACTER SET utf8mb4;
SELECT id, x FROM mem ORDER BY id;
ALTER TABLE mem ENGINE = InnoDB;
ALTER TABLE mem ENGINE = MEMORY;
SELECT id, v FROM mem ORDER BY id;
