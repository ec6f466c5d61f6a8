# Joins and subqueries of which the server of ciphertext computes the joining rows, and the evaluator the rest.
#! known: warnings
CREATE TABLE c (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mail VARCHAR(60), name VARCHAR(30), boss INT, score INT, note VARCHAR(40), UNIQUE KEY (mail), KEY (name), KEY (boss), KEY (score));
CREATE TABLE o (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, mail VARCHAR(60), total DECIMAL(10,2), state VARCHAR(10), score INT, note VARCHAR(40), KEY (mail), KEY (state), KEY (score), FOREIGN KEY (customer) REFERENCES c (id));
CREATE TABLE l (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, ord INT NOT NULL, sku VARCHAR(10), qty INT, note VARCHAR(40), KEY (sku), KEY (qty), FOREIGN KEY (ord) REFERENCES o (id));
INSERT INTO c (mail, name, boss, score, note) VALUES ('ann@x.org','Ann',NULL,5,'first'),('bob@x.org','Bob',1,7,NULL),('cid@x.org','Cid',1,5,'Third'),(NULL,'Dan',2,NULL,''),('eve@x.org',NULL,3,0,'fifth'),('fay@x.org','ann',5,7,'SIXTH');
INSERT INTO o (customer, mail, total, state, score, note) VALUES (1,'ann@x.org',10.50,'paid',5,'a'),(1,'ANN@X.ORG',20.00,'open',7,'b'),(2,'bob@x.org',5.25,'paid',NULL,'C'),(3,'CID@x.org',7,'void',0,NULL),(5,'none@x.org',1,'open',5,'e'),(4,NULL,2,NULL,NULL,'f'),(6,'fay@x.org ',3,'Paid',7,'');
INSERT INTO l (ord, sku, qty, note) VALUES (1,'s1',1,'x'),(1,'s2',2,'y'),(2,'s1',3,NULL),(3,'S1',4,'z'),(3,NULL,NULL,'n'),(4,'s3',1,''),(7,'s2',2,'w');
# Inner joins with conditions that stay.
SELECT UPPER(c.name), o.total FROM c JOIN o ON o.mail = c.mail WHERE c.id = 1 ORDER BY o.id;
SELECT COUNT(*), SUM(o.total), GROUP_CONCAT(UPPER(c.name) ORDER BY o.id) FROM c JOIN o ON o.mail = c.mail WHERE c.name = 'ann' AND o.total > 5;
SELECT c.id, o.id FROM c, o WHERE c.mail = o.mail AND c.score = o.score AND LENGTH(c.note) > 0 AND o.state = 'paid' ORDER BY c.id, o.id;
SELECT c.id, o.id FROM c JOIN o ON c.score = o.score WHERE c.score <> 5 AND o.note LIKE 'b%' ORDER BY c.id, o.id;
SELECT c.id, o.id FROM c JOIN o ON c.mail = o.mail AND (o.state = 'open' OR o.state IS NULL) WHERE LOWER(c.note) IS NOT NULL ORDER BY c.id, o.id;
SELECT c.id, l.id, UPPER(l.note) FROM c JOIN o ON o.customer = c.id JOIN l ON l.ord = o.id WHERE c.name = 'ann' ORDER BY c.id, l.id;
SELECT c.id, l.id FROM c JOIN o ON o.mail = c.mail JOIN l ON l.ord = o.id WHERE l.sku = 's1' AND LENGTH(c.name) = 3 ORDER BY c.id, l.id;
SELECT c.id, l.id FROM l JOIN (o JOIN c ON c.mail = o.mail AND c.score = 5) ON l.ord = o.id AND l.qty + 1 > 1 ORDER BY c.id, l.id;
SELECT SUM(o.total), UPPER(c.name) n FROM c JOIN o ON o.customer = c.id WHERE c.score = 7 GROUP BY n ORDER BY n;
SELECT COUNT(*) FROM c JOIN o ON c.mail <=> o.mail WHERE o.id > 1 AND LENGTH(o.note) > 0;
SELECT c.id, o.id FROM c JOIN o USING (mail) WHERE c.id < 4 AND UPPER(state) = 'PAID' ORDER BY c.id, o.id;
SELECT id, UPPER(note) FROM c NATURAL JOIN (SELECT mail FROM o WHERE state = 'paid') p ORDER BY id;
# Outer joins.
SELECT c.id, o.id, UPPER(o.note) FROM c LEFT JOIN o ON o.mail = c.mail WHERE c.score = 5 ORDER BY c.id, o.id;
SELECT c.id, o.id FROM c LEFT JOIN o ON o.mail = c.mail AND c.score = 5 AND UPPER(o.state) = 'PAID' ORDER BY c.id, o.id;
SELECT c.id, o.id FROM c LEFT JOIN o ON o.mail = c.mail WHERE o.id IS NULL AND c.id > 2 AND LENGTH(c.name) > 1 ORDER BY c.id;
SELECT c.id, o.id FROM c LEFT JOIN o ON o.mail = c.mail WHERE o.state = 'open' AND LENGTH(c.name) > 1 ORDER BY c.id, o.id;
SELECT c.id, o.id FROM c RIGHT JOIN o ON o.mail = c.mail AND c.name = 'Ann' WHERE o.score = 5 AND LENGTH(o.note) = 1 ORDER BY o.id, c.id;
SELECT c.id, o.id, l.id FROM c LEFT JOIN (o JOIN l ON l.ord = o.id AND l.sku = 's1') ON o.mail = c.mail WHERE LENGTH(c.mail) > 3 ORDER BY c.id, o.id, l.id;
SELECT c.id, o.id, l.id FROM c LEFT JOIN o ON o.mail = c.mail LEFT JOIN l ON l.ord = o.id WHERE c.id IN (1, 3, 4) AND UPPER(c.name) <> 'X' ORDER BY c.id, o.id, l.id;
SELECT c.id, o.id, l.id FROM c LEFT JOIN o ON o.mail = c.mail LEFT JOIN l ON l.ord = o.id AND l.qty = 2 WHERE UPPER(c.name) <> 'X' ORDER BY c.id, o.id, l.id;
# Self joins, and tables that are read several times.
SELECT UPPER(a.name), b.id FROM c a JOIN c b ON b.name = a.name WHERE a.id = 1 ORDER BY b.id;
SELECT a.id, b.id FROM c a JOIN c b ON b.score = a.score AND b.id > a.id WHERE a.name = 'Ann' AND LENGTH(b.mail) > 1 ORDER BY a.id, b.id;
SELECT UPPER(a.name), UPPER(b.name) FROM c a LEFT JOIN c b ON b.id = a.boss WHERE a.score = 7 ORDER BY a.id;
SELECT a.id, b.id, d.id FROM c a JOIN o b ON b.mail = a.mail JOIN o d ON d.score = a.score WHERE a.id = 1 AND LOWER(d.state) <> 'void' ORDER BY b.id, d.id;
SELECT UPPER(a.name) FROM c a JOIN o ON o.mail = a.mail WHERE a.id = 1 UNION SELECT LOWER(name) FROM c WHERE score = 7 ORDER BY 1;
# Subqueries as filters, and those that are not.
SELECT id FROM c WHERE mail IN (SELECT mail FROM o WHERE state = 'paid') AND LENGTH(name) = 3 ORDER BY id;
SELECT id, UPPER(name) FROM c WHERE score IN (SELECT score FROM o WHERE LENGTH(note) = 1) AND c.id < 4 ORDER BY id;
SELECT id, UPPER(name) FROM c WHERE score NOT IN (SELECT score FROM o WHERE state = 'paid') ORDER BY id;
SELECT id, UPPER(name) FROM c WHERE score NOT IN (SELECT score FROM o WHERE id > 1 AND LENGTH(note) = 1) AND id > 1 ORDER BY id;
SELECT COUNT(*), GROUP_CONCAT(UPPER(name) ORDER BY id) FROM c WHERE EXISTS (SELECT * FROM o WHERE o.mail = c.mail AND o.total > 6) AND c.score = 5;
SELECT id, UPPER(name) FROM c WHERE NOT EXISTS (SELECT * FROM o WHERE o.mail = c.mail AND o.total > 6) AND c.score = 5 ORDER BY id;
SELECT id, UPPER(name) FROM c WHERE EXISTS (SELECT COUNT(*) FROM o WHERE o.mail = c.mail AND o.state = 'void') ORDER BY id;
SELECT id, UPPER(name) FROM c WHERE (EXISTS (SELECT * FROM o WHERE o.mail = c.mail AND o.state = 'void') OR id = 2) ORDER BY id;
SELECT id, (SELECT MAX(o.note) FROM o WHERE o.mail = c.mail) m FROM c WHERE c.score = 5 ORDER BY id;
SELECT id, (SELECT COUNT(*) FROM o WHERE o.mail = c.mail AND o.total > 6) m FROM c WHERE c.name = 'ann' ORDER BY id;
SELECT id FROM c WHERE (SELECT SUM(total) FROM o WHERE o.mail = c.mail) > 6 AND c.id < 3 ORDER BY id;
SELECT id FROM c WHERE id IN (SELECT customer FROM o JOIN l ON l.ord = o.id WHERE l.sku = 's1') AND LENGTH(name) = 3 ORDER BY id;
SELECT id, UPPER(note) FROM c WHERE mail IN (SELECT MIN(mail) FROM o WHERE state = 'open') ORDER BY id;
SELECT id FROM c WHERE score IN (SELECT score FROM o GROUP BY score HAVING COUNT(*) > 1) AND id > 1 ORDER BY id;
# LIMIT.
SELECT UPPER(note) FROM c ORDER BY id LIMIT 2;
SELECT UPPER(note), id FROM c WHERE id > 1 ORDER BY id DESC LIMIT 1, 2;
SELECT UPPER(note) FROM c WHERE id <> 2 LIMIT 2 OFFSET 1;
SELECT UPPER(note) FROM c WHERE id > 1 LIMIT 0;
SELECT UPPER(note) FROM c LIMIT 18446744073709551615;
SELECT UPPER(note) FROM c WHERE score = 7 LIMIT 1;
SELECT DISTINCT UPPER(note) FROM c ORDER BY 1 LIMIT 2;
SELECT UPPER(name) FROM c ORDER BY name, id LIMIT 3;
#! args: 2 1
SELECT UPPER(note), id FROM c ORDER BY id LIMIT ? OFFSET ?;
#! args: 3 5
SELECT UPPER(note), id FROM c WHERE id < ? LIMIT ?;
#! args: 'ann' 5
SELECT COUNT(*), SUM(o.total), GROUP_CONCAT(UPPER(c.name) ORDER BY o.id) FROM c JOIN o ON o.mail = c.mail WHERE c.name = ? AND o.total > ?;
# Inside a transaction the fetches see its own writes.
BEGIN;
INSERT INTO o (customer, mail, total, state) VALUES (2, 'bob@x.org', 99, 'new');
SELECT UPPER(c.name), o.total FROM c JOIN o ON o.mail = c.mail WHERE o.state = 'new';
UPDATE c SET mail = 'zoe@x.org' WHERE id = 2;
SELECT UPPER(c.name), o.total FROM c JOIN o ON o.mail = c.mail WHERE o.state = 'new';
SELECT UPPER(c.name), o.total FROM c JOIN o ON o.mail = c.mail WHERE c.id = 1 ORDER BY o.id FOR UPDATE;
SELECT UPPER(note) FROM c WHERE id > 1 ORDER BY id LIMIT 2 FOR UPDATE;
ROLLBACK;
# Locked tables: one name of a table reads it once in a statement.
#! known: warnings
CREATE TABLE w (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, score INT, qty INT, note VARCHAR(9), KEY (score), KEY (qty));
INSERT INTO w (score, qty, note) VALUES (5, 5, 'x'), (7, 2, 'y'), (NULL, 2, 'z');
INSERT INTO l (ord, sku, qty, note) VALUES (1, 's5', 5, 'v');
LOCK TABLES c READ, o READ, l READ, w READ;
SELECT UPPER(c.name), o.id FROM c JOIN o ON o.mail = c.mail WHERE c.id = 1 ORDER BY o.id;
SELECT UPPER(c.name), o.id, l.id, w.id FROM c, o, l, w WHERE c.mail = o.mail AND c.score = l.qty AND o.score = w.score AND l.qty = w.qty AND w.id = 1 ORDER BY o.id, l.id;
UNLOCK TABLES;
