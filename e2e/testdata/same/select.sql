# Projections, aliases, *, joins on equality, LIMIT, clear ORDER BY, counts, groups.
#! known: warnings
CREATE TABLE c (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30) NOT NULL, mail VARCHAR(60), country CHAR(2), vip TINYINT(1), KEY (name), UNIQUE KEY mail_u (mail), KEY (country), KEY (vip));
CREATE TABLE o (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, mail VARCHAR(60), total DECIMAL(10,2), state VARCHAR(10), KEY (mail), KEY (state), FOREIGN KEY (customer) REFERENCES c (id));
INSERT INTO c (name, mail, country, vip) VALUES ('Ann','ann@example.com','CH',1),('Bob','bob@example.com','DE',0),('Cid','cid@example.com','CH',NULL),('Dan',NULL,'FR',0),('Eve','eve@example.com',NULL,1),('ann','ann2@example.com','CH',0);
INSERT INTO o (customer, mail, total, state) VALUES (1,'ann@example.com',10.50,'paid'),(1,'ann@example.com',20.00,'open'),(2,'bob@example.com',5.25,'paid'),(3,'CID@example.com',7,'void'),(5,'none@example.com',1,'open'),(4,NULL,2,NULL);
SELECT * FROM c;
SELECT * FROM c ORDER BY id;
SELECT c.* FROM c ORDER BY c.id LIMIT 2;
SELECT id, name AS who, mail 'e-mail', country `land` FROM c ORDER BY id;
SELECT x.name, x.mail FROM c AS x WHERE x.id = 2;
SELECT x.name, x.mail FROM c x WHERE x.name = 'Bob';
SELECT name, name, id FROM c WHERE id = 1;
SELECT NAME, Mail FROM c WHERE ID = 1;
SELECT `c`.`name` FROM `c` WHERE `c`.`mail` = 'eve@example.com';
SELECT DISTINCT country FROM c;
SELECT ALL country FROM c ORDER BY id;
SELECT c.name, o.total FROM c JOIN o ON o.customer = c.id ORDER BY o.id;
SELECT c.name, o.total FROM c INNER JOIN o ON c.mail = o.mail ORDER BY o.id;
SELECT c.name, o.total, o.state FROM c LEFT JOIN o ON c.mail = o.mail ORDER BY c.id, o.id;
SELECT c.name, o.total FROM c RIGHT JOIN o ON c.mail = o.mail ORDER BY o.id;
SELECT c.name, o.total FROM c, o WHERE c.mail = o.mail AND o.state = 'paid' ORDER BY o.id;
SELECT a.name, b.name FROM c a JOIN c b ON a.name = b.name AND a.id < b.id;
SELECT * FROM c JOIN o ON c.id = o.customer ORDER BY o.id;
SELECT * FROM c CROSS JOIN o ORDER BY c.id, o.id LIMIT 3;
SELECT * FROM c WHERE id = 1 OR name = 'Bob' ORDER BY id;
SELECT * FROM c ORDER BY id LIMIT 2, 3;
SELECT * FROM c ORDER BY id LIMIT 2 OFFSET 1;
SELECT name FROM c WHERE country = 'CH' ORDER BY id DESC LIMIT 1;
SELECT COUNT(*) FROM c;
SELECT COUNT(*) FROM c WHERE country = 'ch';
SELECT COUNT(mail) FROM c;
SELECT COUNT(mail) AS mails, COUNT(*) n FROM c WHERE vip = 0;
SELECT COUNT(DISTINCT country) FROM c;
SELECT COUNT(*) FROM c JOIN o ON c.mail = o.mail;
SELECT country, COUNT(*) FROM c GROUP BY country;
SELECT customer, COUNT(*) FROM o GROUP BY customer ORDER BY customer;
SELECT DISTINCT state FROM o WHERE state IS NOT NULL;
SELECT nosuch FROM c;
SELECT name FROM nosuch;
SELECT c.name FROM c x;
SELECT id FROM c JOIN o ON c.id = o.customer;
SELECT mail FROM c WHERE mail = 'none';
SELECT SQL_NO_CACHE name FROM c WHERE id = 1;
SELECT /* a comment */ name FROM c -- rest
WHERE id = 1;
SELECT name FROM c WHERE id = 1 FOR UPDATE;
SELECT name FROM c WHERE name = 'Bob' FOR UPDATE;
SELECT name FROM c WHERE id = 1 LOCK IN SHARE MODE;
(SELECT name FROM c WHERE id = 1);
#! args: 'Bob'
SELECT id, name FROM c WHERE name = ?;
#! args: 'Bob' 'ann'
SELECT id, name FROM c WHERE name IN (?, ?) ORDER BY id;
#! args: 1 2
SELECT * FROM c WHERE id BETWEEN ? AND ? ORDER BY id;
#! args: 2 1
SELECT id, mail FROM c ORDER BY id LIMIT ? OFFSET ?;
#! args: 'paid' 3
SELECT c.name, o.total FROM c JOIN o ON c.mail = o.mail WHERE o.state = ? AND c.id < ? ORDER BY o.id;
