# Bytes with a sign are numbers, or are not.
CREATE TABLE hex_signed (id INT AUTO_INCREMENT PRIMARY KEY, i INT, b BIGINT, d DECIMAL(30,2), f DOUBLE, v VARCHAR(40), KEY (i));
INSERT INTO hex_signed (i, b, d, f, v) VALUES (-0x80, -0x8000, -0x41, -0x4142, -0x4142), (+0x7f, +0x7fff, +0x41, +0x41, +0x41);
INSERT INTO hex_signed (i, b) VALUES (-b'101', -0x8000000000000000);
INSERT INTO hex_signed (i, v, d) VALUES (-x'41', -x'41', -x'FFFFFFFFFFFFFFFF');
INSERT INTO hex_signed (i) VALUES (-0x80000000), (-0x80000001);
UPDATE hex_signed SET i = -0x81, v = +0x42 WHERE i = -0x80;
UPDATE hex_signed SET i = -0x82 WHERE id = 2;
DELETE FROM hex_signed WHERE i = -0x41;
SELECT * FROM hex_signed ORDER BY id;
SELECT id FROM hex_signed WHERE i = -0x81 OR i IN (-0x82, 5) OR v = +0x42 ORDER BY id;
REPLACE INTO hex_signed (id, i) VALUES (2, -0x7);
INSERT INTO hex_signed (id, i) VALUES (2, -0x7) ON DUPLICATE KEY UPDATE i = -0x9;
SELECT id, i FROM hex_signed ORDER BY id;
DROP TABLE hex_signed;
