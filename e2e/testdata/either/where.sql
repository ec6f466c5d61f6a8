# Predicates and expressions that may be refused.
CREATE TABLE w (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20), b INT, c DATE, d DECIMAL(8,2), e ENUM('x','y'), f CHAR(5), KEY (a), KEY (b), KEY (c), KEY (d), KEY (e), KEY ab (a, b), KEY (f));
INSERT INTO w (a, b, c, d, e, f) VALUES ('one',1,'2024-01-01',1.50,'x','f1'),('two',2,'2024-01-02',2.50,'y','f2'),('three',3,NULL,NULL,NULL,NULL),(NULL,NULL,'2024-01-01',1.5,'x','f1'),('one',5,'2024-01-05',-5,'y',''),('',0,NULL,0,NULL,'  ');
SELECT id FROM w WHERE a <> 'one' ORDER BY id;
SELECT id FROM w WHERE a != 'one' ORDER BY id;
SELECT id FROM w WHERE b = '1' ORDER BY id;
SELECT id FROM w WHERE c = 20240101 ORDER BY id;
SELECT id FROM w WHERE d = 1.501 ORDER BY id;
SELECT id FROM w WHERE a = 'one' XOR b = 1 ORDER BY id;
SELECT id FROM w WHERE id + 1 = 3;
SELECT id FROM w WHERE (a, b) = ('one', 5);
SELECT id FROM w WHERE (a, b) IN (('one', 5), ('two', 2)) ORDER BY id;
SELECT id FROM w WHERE a = a ORDER BY id;
SELECT id FROM w WHERE a = f ORDER BY id;
# Servers answer trailing spaces against CHAR differently with and without an index.
CREATE TABLE wsp (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, f CHAR(5), KEY (f));
INSERT INTO wsp (f) VALUES ('f1'), ('f2');
SELECT id FROM wsp WHERE f = 'f1   ' ORDER BY id;
