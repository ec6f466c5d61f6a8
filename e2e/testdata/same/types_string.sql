# Character and binary types, their padding and limits.
CREATE TABLE s (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  c CHAR(10), v VARCHAR(20), vb VARBINARY(20), b BINARY(8),
  tt TINYTEXT, t TEXT, mt MEDIUMTEXT, lt LONGTEXT, tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB,
  e ENUM('red','green','blue'), st SET('a','b','c','d'), j JSON,
  KEY (c), KEY (v), KEY (vb), KEY (e)
) DEFAULT CHARSET=utf8mb4;
INSERT INTO s VALUES (1, 'abc', 'vchar', x'00ff', x'0102', 'tiny', 'text', 'medium', 'long', x'01', x'0200', 'mb', x'ff', 'green', 'a,c', '{"k": [1, 2.5, "x"]}');
INSERT INTO s VALUES (2, '', '', '', '', '', '', '', '', '', '', '', '', 'red', '', '[]');
INSERT INTO s VALUES (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO s (id, c, v) VALUES (4, 'trail   ', 'trail   '), (5, 'ünïcödé', '日本語 🎉');
INSERT INTO s (id, e, st) VALUES (6, 3, 5), (7, 'BLUE', 'd,a');
SELECT * FROM s ORDER BY id;
SELECT id, c, v FROM s WHERE c = 'abc';
SELECT id FROM s WHERE v = 'VCHAR';
SELECT id FROM s WHERE vb = x'00ff';
SELECT id FROM s WHERE v = 'trail';
SELECT id FROM s WHERE v = '日本語 🎉';
SELECT id, e, st FROM s WHERE e = 'green';
SELECT id FROM s WHERE j IS NULL;
INSERT INTO s (id, c) VALUES (20, '12345678901');
INSERT INTO s (id, v) VALUES (21, '123456789012345678901');
INSERT INTO s (id, vb) VALUES (22, '123456789012345678901');
INSERT INTO s (id, e) VALUES (23, 'purple');
INSERT INTO s (id, st) VALUES (24, 'a,z');
INSERT INTO s (id, j) VALUES (25, '{bad');
INSERT INTO s (id, v) VALUES (26, 'q '' \\ \n "'), (27, "double 'quoted'");
#! only: mariadb
INSERT INTO s (id, v) VALUES (30, N'national');
INSERT INTO s (id, v) VALUES (29, _utf8mb4'intro'), (31, 'adjacent' ' strings'), (32, 0x616263), (33, x'646566');
SELECT id, v FROM s WHERE id >= 26 ORDER BY id;
#! args: 40 'chr' 'vch' x'0001' x'0a0b' 'text' x'ff00ff' 'blue' 'b,c' '{"a":1}'
INSERT INTO s (id, c, v, vb, b, t, bl, e, st, j) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
#! args: 41 NULL NULL NULL
INSERT INTO s (id, c, v, bl) VALUES (?, ?, ?, ?);
SELECT * FROM s WHERE id >= 40 ORDER BY id;
#! args: 'vch'
SELECT id, bl, j FROM s WHERE v = ?;
UPDATE s SET v = 'changed', t = 'a longer text than before', j = NULL WHERE id = 1;
SELECT id, v, t, j FROM s WHERE id = 1;
DELETE FROM s WHERE v = 'changed';
SELECT COUNT(*) FROM s;
