# UPDATE with constants and DELETE, exact counts and info.
CREATE TABLE u (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, name VARCHAR(30), mail VARCHAR(40), bal DECIMAL(10,2) DEFAULT 0, n INT, UNIQUE KEY mail (mail), KEY (name), KEY (k));
INSERT INTO u (k, name, mail, bal, n) VALUES (1,'a','a@x.org',1,1),(2,'b','b@x.org',2,2),(3,'c','c@x.org',3,3),(3,'c','d@x.org',4,4),(5,NULL,NULL,5,5);
UPDATE u SET name = 'A' WHERE id = 1;
#! known: info
UPDATE u SET name = 'A' WHERE id = 1;
UPDATE u SET name = 'a' WHERE id = 1;
UPDATE u SET name = 'cc', bal = 9.99 WHERE name = 'c';
UPDATE u SET name = NULL WHERE name = 'b';
UPDATE u SET mail = DEFAULT WHERE id = 5;
UPDATE u SET k = 77 WHERE k = 3;
UPDATE u SET name = 'none' WHERE id = 999;
UPDATE u SET name = 'lim' WHERE k = 77 ORDER BY id LIMIT 1;
UPDATE u SET u.name = 'qual' WHERE u.id = 3;
UPDATE u AS x SET x.name = 'alias' WHERE x.mail = 'd@x.org';
SELECT * FROM u ORDER BY id;
UPDATE u SET mail = 'a@x.org' WHERE id = 2;
UPDATE u SET mail = 'A@X.ORG' WHERE id = 3;
UPDATE u SET k = NULL WHERE id = 1;
UPDATE u SET name = '1234567890123456789012345678901' WHERE id = 1;
UPDATE u SET n = 'abc' WHERE id = 1;
UPDATE u SET nosuch = 1;
UPDATE u SET name = 'all';
SELECT * FROM u ORDER BY id;
#! args: 'prep' 4.5 1
UPDATE u SET name = ?, bal = ? WHERE id = ?;
#! args: 'new@x.org' 'a@x.org'
UPDATE u SET mail = ? WHERE mail = ?;
#! args: NULL 2
UPDATE u SET name = ? WHERE id = ?;
SELECT * FROM u ORDER BY id;
DELETE FROM u WHERE name = 'prep';
DELETE FROM u WHERE mail = 'C@x.org';
DELETE FROM u WHERE name IS NULL AND k = 2;
DELETE FROM u WHERE id = 12345;
#! args: 'd@x.org'
DELETE FROM u WHERE mail = ?;
SELECT * FROM u ORDER BY id;
DELETE FROM u ORDER BY id LIMIT 1;
DELETE FROM u;
SELECT COUNT(*) FROM u;
TRUNCATE TABLE u;
INSERT INTO u (k, name) VALUES (1, 'after');
SELECT * FROM u;
