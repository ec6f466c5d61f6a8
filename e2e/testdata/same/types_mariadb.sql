# Types that MariaDB has beside: UUID, INET4, INET6, and COMPRESSED columns.
#! only: mariadb
CREATE TABLE u (id UUID NOT NULL PRIMARY KEY, v UUID, six INET6, four INET4, n INT, KEY (v), UNIQUE KEY (six, four));
#! only: mariadb
SHOW CREATE TABLE u;
#! only: mariadb
SHOW COLUMNS FROM u;
#! only: mariadb
SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLUMN_DEFAULT, COLUMN_KEY FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'u' ORDER BY ORDINAL_POSITION;
#! only: mariadb
INSERT INTO u VALUES ('6ccd780c-baba-1026-9564-5b8c656024db', NULL, '::', '0.0.0.0', 1);
#! only: mariadb
INSERT INTO u VALUES ('6CCD780C-BABA-1026-9564-5B8C656024DC', '00000000-0000-0000-0000-000000000001', '::FFFF:1.2.3.4', '1.2.3.4', 2), ('6ccd780cbaba102695645b8c656024dd', '{00000000-0000-0000-0000-000000000001}', '1:0:0:0::1', '255.255.255.255', 3);
#! only: mariadb
INSERT INTO u VALUES (x'000102030405060708090a0b0c0d0e0f', x'ffffffffffffffffffffffffffffffff', x'000102030405060708090a0b0c0d0e0f', x'01020304', 4);
#! only: mariadb
INSERT INTO u VALUES ('6ccd780c-baba-1026-9564-5b8c656024db', NULL, '::5', '0.0.0.5', 5);
#! only: mariadb
INSERT INTO u VALUES ('6ccd780c-baba-1026-9564-5b8c656024d0', NULL, '::0', '0.0.0.0', 6);
#! only: mariadb
INSERT INTO u VALUES ('no uuid', NULL, NULL, NULL, 7);
#! only: mariadb
INSERT INTO u VALUES ('6ccd780c-baba-1026-9564-5b8c656024d0', NULL, 'no address', NULL, 7);
#! only: mariadb
INSERT INTO u VALUES ('6ccd780c-baba-1026-9564-5b8c656024d0', NULL, NULL, '1.2.3', 7);
#! only: mariadb
INSERT INTO u VALUES ('6ccd780c-baba-1026-9564-5b8c656024d0', NULL, NULL, '01.2.3.4', 7);
#! only: mariadb
INSERT IGNORE INTO u VALUES ('6ccd780c-baba-1026-9564-5b8c656024d1', 'x', 'y', 'z', 8);
#! only: mariadb
INSERT INTO u VALUES (5, NULL, NULL, NULL, 9);
#! only: mariadb
INSERT INTO u (n) VALUES (10);
#! only: mariadb
SELECT * FROM u ORDER BY id;
#! only: mariadb
SELECT * FROM u ORDER BY v, n;
#! only: mariadb
SELECT * FROM u ORDER BY six, n;
#! only: mariadb
SELECT * FROM u ORDER BY four DESC, n;
#! only: mariadb
SELECT n FROM u WHERE id = '6CCD780C-BABA-1026-9564-5B8C656024DB';
#! only: mariadb
SELECT n FROM u WHERE id = '6ccd780cbaba102695645b8c656024dd';
#! only: mariadb
SELECT n FROM u WHERE id = 'no uuid';
#! only: mariadb
SELECT n FROM u WHERE id = x'000102030405060708090a0b0c0d0e0f';
#! only: mariadb
SELECT n FROM u WHERE id IN ('6CCD780C-BABA-1026-9564-5B8C656024DB', '6ccd780c-baba-1026-9564-5b8c656024dc') ORDER BY n;
#! only: mariadb
SELECT n FROM u WHERE six = '::ffff:102:304';
#! only: mariadb
SELECT n FROM u WHERE six = '::ffff:1.2.3.4' AND four = '1.2.3.4';
#! only: mariadb
SELECT n FROM u WHERE six = '1.2.3.4';
#! only: mariadb
SELECT n FROM u WHERE six = '1::1' OR four = '255.255.255.255';
#! only: mariadb
SELECT n FROM u WHERE four = '001.002.003.004';
#! only: mariadb
SELECT n FROM u WHERE four > '0.0.0.255' ORDER BY n;
#! only: mariadb
SELECT n FROM u WHERE six BETWEEN '::' AND '::ffff:ffff' ORDER BY n;
#! only: mariadb
SELECT n FROM u WHERE v LIKE '0000%' ORDER BY n;
#! only: mariadb
SELECT v, COUNT(*) FROM u GROUP BY v ORDER BY v;
#! only: mariadb
SELECT MIN(six), MAX(six), MIN(four), MAX(four), MIN(id), MAX(id) FROM u;
#! only: mariadb
SELECT COUNT(DISTINCT v) FROM u;
#! only: mariadb
SELECT a.n, b.n FROM u a JOIN u b ON a.v = b.v ORDER BY 1, 2;
#! only: mariadb
SELECT a.n, b.n FROM u a JOIN u b ON a.six = b.four ORDER BY 1, 2;
#! only: mariadb
SELECT CONCAT(id, '/', six, '/', four), HEX(CAST(id AS BINARY(16))), LENGTH(six) FROM u WHERE n = 2;
#! only: mariadb
UPDATE u SET v = 'ffffffff-0000-1111-2222-333333333333', six = '2001:DB8::1', four = '10.0.0.1' WHERE n = 1;
#! only: mariadb
UPDATE u SET v = id, six = NULL WHERE n = 3;
#! only: mariadb
UPDATE u SET four = 'x' WHERE n = 3;
#! only: mariadb
DELETE FROM u WHERE id = '6ccd780c-baba-1026-9564-5b8c656024dc';
#! only: mariadb
SELECT * FROM u ORDER BY n;
#! only: mariadb
CREATE TABLE w (id UUID DEFAULT UUID() PRIMARY KEY, six INET6 NOT NULL DEFAULT '::1', four INET4 DEFAULT '127.0.0.1', n INT);
#! only: mariadb
INSERT INTO w (n) VALUES (1);
#! only: mariadb
SELECT six, four, n, id IS NULL FROM w;
#! only: mariadb
SHOW CREATE TABLE w;
#! only: mariadb
INSERT INTO w SELECT id, six, four, n FROM u WHERE six IS NOT NULL;
#! only: mariadb
SELECT six, four, n FROM w ORDER BY n;
#! only: mariadb
ALTER TABLE w ADD COLUMN s VARCHAR(40), MODIFY four VARCHAR(20), ADD KEY (six);
#! only: mariadb
SELECT six, four, n, s FROM w ORDER BY n;
#! only: mariadb
ALTER TABLE w MODIFY four INET4, MODIFY six INET6;
#! only: mariadb
SELECT six, four, n FROM w WHERE six = '2001:db8::1' ORDER BY n;
#! only: mariadb
REPLACE INTO w (id, n) VALUES ('6ccd780c-baba-1026-9564-5b8c656024db', 77);
#! only: mariadb
SELECT n FROM w WHERE id = '6ccd780c-baba-1026-9564-5b8c656024db';
#! only: mariadb
INSERT INTO w (id, n) VALUES ('6ccd780c-baba-1026-9564-5b8c656024db', 78) ON DUPLICATE KEY UPDATE n = VALUES(n);
#! only: mariadb
CREATE TABLE x AS SELECT id, six, four FROM w WHERE n < 3;
#! only: mariadb
SHOW CREATE TABLE x;
#! only: mariadb
CREATE TABLE y (a TEXT COMPRESSED, b BLOB COMPRESSED, c VARCHAR(50) COMPRESSED CHARACTER SET utf8mb4 DEFAULT 'dé', d VARBINARY(20) COMPRESSED=zlib DEFAULT 'z');
#! only: mariadb
SHOW CREATE TABLE y;
#! only: mariadb
SHOW FULL COLUMNS FROM y;
#! only: mariadb
INSERT INTO y (a, b) VALUES ('text', 'blob'), (REPEAT('ä', 300), REPEAT('b', 500));
#! only: mariadb
SELECT a, b, c, d FROM y ORDER BY a;
#! only: mariadb
SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'y' ORDER BY ORDINAL_POSITION;
#! only: mariadb
INSERT INTO y (a, b, c) VALUES ('x', 'y', REPEAT('x', 51));
#! only: mariadb
ALTER TABLE y MODIFY a TEXT, MODIFY c VARCHAR(60) COMPRESSED;
#! only: mariadb
SHOW CREATE TABLE y;
#! only: mariadb
SELECT a, b, c, d FROM y ORDER BY a;
#! only: mariadb
ALTER TABLE y ADD KEY (c);
#! only: mariadb
CREATE TABLE z (a VARCHAR(100) COMPRESSED PRIMARY KEY);
#! only: mariadb
CREATE TABLE z (a CHAR(10) COMPRESSED);
