# Predicates over clear columns and tokens.
CREATE TABLE w (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20), b INT, c DATE, d DECIMAL(8,2), e ENUM('x','y'), f CHAR(5), KEY (a), KEY (b), KEY (c), KEY (d), KEY (e), KEY ab (a, b), KEY (f));
INSERT INTO w (a, b, c, d, e, f) VALUES ('one',1,'2024-01-01',1.50,'x','f1'),('two',2,'2024-01-02',2.50,'y','f2'),('three',3,NULL,NULL,NULL,NULL),(NULL,NULL,'2024-01-01',1.5,'x','f1'),('one',5,'2024-01-05',-5,'y',''),('',0,NULL,0,NULL,'  ');
SELECT id FROM w WHERE a = 'one' ORDER BY id;
SELECT id FROM w WHERE 'one' = a ORDER BY id;
SELECT id FROM w WHERE NOT a = 'one' ORDER BY id;
SELECT id FROM w WHERE NOT (a = 'one' OR b = 2) ORDER BY id;
SELECT id FROM w WHERE a <=> 'one' ORDER BY id;
SELECT id FROM w WHERE a <=> NULL ORDER BY id;
SELECT id FROM w WHERE a = NULL ORDER BY id;
SELECT id FROM w WHERE a IS NULL ORDER BY id;
SELECT id FROM w WHERE a IS NOT NULL ORDER BY id;
SELECT id FROM w WHERE a IN ('one', 'two') ORDER BY id;
SELECT id FROM w WHERE a IN ('one', NULL) ORDER BY id;
SELECT id FROM w WHERE a NOT IN ('one', 'two') ORDER BY id;
SELECT id FROM w WHERE a NOT IN ('one', NULL) ORDER BY id;
SELECT id FROM w WHERE b = 1 ORDER BY id;
SELECT id FROM w WHERE b = 1.0 ORDER BY id;
SELECT id FROM w WHERE b IN (1, 2, 99) ORDER BY id;
SELECT id FROM w WHERE b = -1 ORDER BY id;
SELECT id FROM w WHERE c = '2024-01-01' ORDER BY id;
SELECT id FROM w WHERE c = DATE '2024-01-01' ORDER BY id;
SELECT id FROM w WHERE d = 1.5 ORDER BY id;
SELECT id FROM w WHERE d = 1.50 ORDER BY id;
SELECT id FROM w WHERE d = '1.5' ORDER BY id;
SELECT id FROM w WHERE d = 0 ORDER BY id;
SELECT id FROM w WHERE e = 'x' ORDER BY id;
SELECT id FROM w WHERE e = 'X' ORDER BY id;
SELECT id FROM w WHERE f = '' ORDER BY id;
SELECT id FROM w WHERE a = '' ORDER BY id;
SELECT id FROM w WHERE a = 'one' AND b = 1 ORDER BY id;
SELECT id FROM w WHERE a = 'one' OR b = 2 ORDER BY id;
SELECT id FROM w WHERE a = 'one' AND (b = 1 OR c = '2024-01-05') ORDER BY id;
SELECT id FROM w WHERE a = 'one' AND id > 1 ORDER BY id;
SELECT id FROM w WHERE id BETWEEN 2 AND 4 ORDER BY id;
SELECT id FROM w WHERE 1 = 1 ORDER BY id;
SELECT id FROM w WHERE a = 'ONE' && b = 1;
SELECT w.id FROM w WHERE w.a = 'two' LIMIT 1;
SELECT id FROM w USE INDEX (a) WHERE a = 'two';
SELECT id FROM w FORCE INDEX (ab) WHERE a = 'two' AND b = 2;
SELECT id FROM w WHERE a = 'quo''te';
SELECT id FROM w WHERE a = "one" ORDER BY id;
#! args: NULL
SELECT id FROM w WHERE a = ?;
#! args: NULL
SELECT id FROM w WHERE a <=> ?;
#! args: 'one' 5
SELECT id FROM w WHERE a = ? AND b = ?;
#! args: '5'
SELECT id FROM w WHERE b = ?;
#! args: 1.5
SELECT id FROM w WHERE d = ? ORDER BY id;
#! args: 'one' 'two' 'three'
SELECT id FROM w WHERE a IN (?, ?, ?) ORDER BY id;
#! args: d'2024-01-01 00:00:00'
SELECT id FROM w WHERE c = ? ORDER BY id;
