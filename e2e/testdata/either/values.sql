# Values that are stored with a warning, computed, or over another row.
CREATE TABLE p (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(10), age TINYINT, d DECIMAL(6,2), dt DATETIME, e ENUM('a','b'), n INT, UNIQUE KEY (name));
INSERT INTO p (name, age, d, dt, e) VALUES ('one', 1, 1.5, '2024-01-01 00:00:00', 'a');
INSERT INTO p (d) VALUES (1.239);
INSERT INTO p (n) VALUES (2.5);
INSERT INTO p (n) VALUES ('7 '), ('8e1');
INSERT INTO p (dt) VALUES ('2024-01-01 12:00:00.6');
INSERT INTO p (name) VALUES (CONCAT('con', 'cat')), (REPEAT('x', 3)), (12), (1.50), (TRUE), (NULL);
INSERT INTO p (dt) VALUES (NOW() - INTERVAL 0 SECOND = 0);
INSERT IGNORE INTO p (name, age) VALUES ('Quentin', 999);
INSERT IGNORE INTO p (name) VALUES ('one'), ('far too long a name');
REPLACE INTO p (id, name) VALUES (1, 'new');
SELECT * FROM p ORDER BY id;
#! args: d'2024-05-06 07:08:09.123456'
INSERT INTO p (dt) VALUES (?);
SELECT name FROM p GROUP BY;
SET sql_mode = '';
INSERT INTO p (name, age, d, dt, e) VALUES ('far too long a name', 999, 99999.999, '2024-02-31', 'zzz');
INSERT INTO p (id, name, age) VALUES (300, 'text', 'text');
UPDATE p SET name = 'far too long a name indeed', age = -999 WHERE id = 1;
UPDATE p SET d = 1.005 WHERE id = 1;
SELECT * FROM p ORDER BY id;
