# Every column type through an UPDATE with an expression, with NULLs, strict and not.
CREATE TABLE ty (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, ti TINYINT, su SMALLINT UNSIGNED, bi BIGINT, bu BIGINT UNSIGNED, f FLOAT, d DOUBLE, de DECIMAL(20,5), y YEAR,
 da DATE, t TIME(3), dt DATETIME(6), ts TIMESTAMP NULL, c CHAR(10), v VARCHAR(20), tx TEXT, b BINARY(4), vb VARBINARY(20), bl BLOB, bt BIT(9), e ENUM('a','b','c'), s SET('x','y','z'), j JSON);
INSERT INTO ty VALUES (1, -5, 65535, -9223372036854775808, 18446744073709551615, 1.5, -2.25e10, 12345.67891, 2024, '2024-02-29', '-12:34:56.789', '2024-02-29 23:59:59.999999', '2024-02-29 12:00:00', 'abc  ', 'Ärger', 'text', x'00ff', x'0001', x'ff00', b'101010101', 'b', 'x,z', '{"a": 1}');
INSERT INTO ty (id) VALUES (2);
UPDATE ty SET ti = ti - 1, su = su - 1, bi = bi + 1, bu = bu - 1, f = f * 2, d = d / 3, de = de + 0.00001, y = y + 1;
SELECT * FROM ty ORDER BY id;
UPDATE ty SET da = da + INTERVAL 1 DAY, t = ADDTIME(t, '1:00:00.001'), dt = dt + INTERVAL 1 MICROSECOND, ts = ts + INTERVAL 1 HOUR;
UPDATE ty SET c = CONCAT(c, '!'), v = UPPER(v), tx = REPEAT(tx, 3), b = CONCAT(b), vb = CONCAT(vb, x'0a'), bl = REVERSE(bl);
UPDATE ty SET bt = bt + 1, e = e + 1, s = CONCAT(s, ',y');
UPDATE ty SET j = JSON_SET(j, '$.b', CONCAT(v, 1));
SELECT * FROM ty ORDER BY id;
UPDATE ty SET ti = ti * 100;
UPDATE ty SET su = su + 10;
UPDATE ty SET de = de * 1e20;
UPDATE ty SET da = CONCAT(da, 'x') WHERE id = 1;
UPDATE ty SET e = CONCAT(e, 'x') WHERE id = 1;
UPDATE ty SET j = CONCAT(j, 'x') WHERE id = 1;
UPDATE ty SET v = REPEAT(v, 10);
UPDATE ty SET v = c, c = v;
UPDATE ty SET ti = su WHERE id = 2;
UPDATE ty SET ti = COALESCE(ti, 1) + 1, v = COALESCE(v, 'none'), dt = COALESCE(dt, '2001-01-01') WHERE id > 0;
SELECT * FROM ty ORDER BY id;
SET SESSION sql_mode = '';
UPDATE ty SET ti = ti * 1000, su = su + 100;
#! mode: text
SHOW WARNINGS;
UPDATE ty SET v = CONCAT(v, REPEAT('y', 30)), e = CONCAT(e, 'q'), da = 'nonsense';
#! mode: text
SHOW WARNINGS;
SELECT * FROM ty ORDER BY id;
SET SESSION sql_mode = 'TRADITIONAL';
UPDATE ty SET de = 1 / (id - 1);
UPDATE ty SET da = '2024-00-01' WHERE id = 1;
CREATE TABLE stamp (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT, at TIMESTAMP NOT NULL DEFAULT '2001-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP);
INSERT INTO stamp (v) VALUES (1), (2);
SET timestamp = 1700000000;
UPDATE stamp SET v = v + 1 WHERE id = 1;
UPDATE stamp SET v = v + 0;
UPDATE stamp SET v = 2 WHERE id = 2;
SELECT id, v, UNIX_TIMESTAMP(at) FROM stamp ORDER BY id;
UPDATE stamp SET v = UNIX_TIMESTAMP(NOW()) WHERE id = 2;
SELECT id, v, UNIX_TIMESTAMP(at) FROM stamp ORDER BY id;
SET timestamp = DEFAULT;
DROP TABLE ty, stamp;
