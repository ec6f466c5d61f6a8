# Predicates and expressions that may be refused.
#! known: warnings
CREATE TABLE c (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30) NOT NULL, mail VARCHAR(60), country CHAR(2), vip TINYINT(1), KEY (name), UNIQUE KEY mail_u (mail), KEY (country));
CREATE TABLE o (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, mail VARCHAR(60), total DECIMAL(10,2), state VARCHAR(10), KEY (customer), KEY (mail), KEY (state));
INSERT INTO c (name, mail, country, vip) VALUES ('Ann','ann@example.com','CH',1),('Bob','bob@example.com','DE',0),('Cid','cid@example.com','CH',NULL),('Dan',NULL,'FR',0),('Eve','eve@example.com',NULL,1),('ann','ann2@example.com','CH',0);
INSERT INTO o (customer, mail, total, state) VALUES (1,'ann@example.com',10.50,'paid'),(1,'ann@example.com',20.00,'open'),(2,'bob@example.com',5.25,'paid'),(3,'CID@example.com',7,'void'),(9,'none@example.com',1,'open'),(4,NULL,2,NULL);
SELECT 1, 'x', name FROM c WHERE id = 1;
SELECT * FROM c JOIN o USING (mail) ORDER BY o.id;
SELECT country, COUNT(*) n FROM c GROUP BY country HAVING COUNT(*) > 1;
SELECT state, COUNT(*) AS n, MAX(customer) FROM o GROUP BY state;
SELECT name, COUNT(*) FROM c WHERE name <> 'ann' GROUP BY name;
TABLE c;
SELECT c.name, o.total FROM c JOIN o ON o.customer = c.id ORDER BY o.id;
SELECT * FROM c JOIN o ON c.id = o.customer ORDER BY o.id;
SELECT id FROM c JOIN o ON c.id = o.customer;
SELECT customer, COUNT(*) FROM o GROUP BY customer ORDER BY customer;
# The parser does not read JSON_TABLE.
SELECT jt.* FROM JSON_TABLE('[{"a":1},{"a":2}]','$[*]' COLUMNS(a INT PATH '$.a')) jt;
