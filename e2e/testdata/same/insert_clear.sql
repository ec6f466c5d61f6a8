# Columns that upstream has in clear, as it counts them: what is clear already, and constants, may be stored there.
CREATE TABLE parent (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30), n INT, KEY (name));
CREATE TABLE child (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, parent INT, note VARCHAR(30), FOREIGN KEY (parent) REFERENCES parent (id));
INSERT INTO parent (id, name, n) VALUES (7, 'seven', 1), (9, LOWER('NINE'), 2), (1 + 10, UPPER('eleven'), 3);
INSERT INTO parent (name) VALUES (CONCAT('a', 'b'));
#! mode: text
SET @parent = LAST_INSERT_ID();
#! mode: text
INSERT INTO child (parent, note) VALUES (@parent, CONCAT('child of ', @parent));
INSERT INTO child (parent, note) VALUES (NULL, LOWER('X')), (DEFAULT, LOWER('Y')), (7, LOWER('Z'));
INSERT INTO child (parent, note) SELECT id, name FROM parent WHERE name LIKE '%e%' ORDER BY id;
INSERT INTO child (id, parent, note) SELECT id + 100, id, UPPER(name) FROM parent ORDER BY id;
INSERT INTO child (parent, note) SELECT * FROM (SELECT id, name FROM parent WHERE n > 1 ORDER BY id LIMIT 1) d;
INSERT INTO child (parent, note) SELECT MAX(parent), note FROM child WHERE parent IS NOT NULL GROUP BY note ORDER BY note;
INSERT INTO child (parent, note) SELECT p.id, c.note FROM parent p JOIN child c ON c.parent = p.id WHERE c.id < 5 ORDER BY c.id;
INSERT INTO child (parent, note) SELECT 7, name FROM parent UNION ALL SELECT id, 'u' FROM parent ORDER BY 1, 2;
INSERT INTO child (parent, note) VALUES ((SELECT MIN(parent) FROM (SELECT parent FROM child WHERE note > 'a') d), LOWER('M'));
INSERT INTO parent (id, name) WITH RECURSIVE q AS (SELECT 300 AS n UNION ALL SELECT n + 1 FROM q WHERE n < 304) SELECT n, CONCAT('q', n) FROM q;
REPLACE INTO parent (id, name) SELECT id + 500, name FROM parent WHERE n = 3;
INSERT INTO child (parent, note) SELECT 12345, name FROM parent LIMIT 1;
SELECT * FROM parent ORDER BY id;
SELECT id > 0, parent, note FROM child ORDER BY id;
#! args: 7 'bound'
INSERT INTO child (parent, note) SELECT ?, CONCAT(?, 'x');
#! mode: text
PREPARE s FROM 'INSERT INTO child (parent, note) VALUES (?, CONCAT(?, 1))';
#! mode: text
SET @a = 9, @b = 'using';
#! mode: text
EXECUTE s USING @a, @b;
#! mode: text
UPDATE child SET parent = @a WHERE note LIKE 'us%';
SELECT parent, note FROM child WHERE note LIKE 'using%' OR note LIKE 'bound%' ORDER BY note;
