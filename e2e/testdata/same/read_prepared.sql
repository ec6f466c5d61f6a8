# Parameters of every type in queries that upstream cannot compute.
#! known: warnings
CREATE TABLE t (id INT PRIMARY KEY, b1 BOOL, i1 TINYINT, i2 SMALLINT, u4 INT UNSIGNED, i8 BIGINT, u8 BIGINT UNSIGNED, dc DECIMAL(20,5), f FLOAT, db DOUBLE, c CHAR(12), v VARCHAR(60), tx TEXT, bn BINARY(6), vb VARBINARY(30), bl BLOB, dt DATE, dm DATETIME(6), dm0 DATETIME, ts TIMESTAMP(3) NULL, tm TIME(6), yr YEAR, en ENUM('b','a','Ä',''), st SET('x','y','z'), bt BIT(13), js JSON, KEY (i8), KEY (v), KEY (dt)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (1,1,1,1,1,1,1,1.5,1.5,1.5,'1','1','1','1','1','1','2001-01-01','2001-01-01 01:01:01.1','2001-01-01 01:01:01','2001-01-01 01:01:01.1','01:01:01.1',2001,'b','x',b'1','1');
INSERT INTO t VALUES (2,0,-1,-300,4294967295,-9223372036854775808,18446744073709551615,-99999.99999,-1e-3,1e300,'Ab','straße','Zoë',x'0001','a\0b',x'ff','2024-02-29','2024-02-29 23:59:59.999999','1999-12-31 23:59:59','2024-03-31 01:30:00','-838:59:59',1901,'Ä','x,z',b'1111111111111','{"k": [1, "a", null]}');
INSERT INTO t VALUES (3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO t VALUES (4,0,0,0,0,0,0,0,0,0,'','','','','','','1000-01-01','1000-01-01 00:00:00','9999-12-31 23:59:59','1970-01-02 00:00:00','00:00:00',2155,'','',b'0','[]');
INSERT INTO t VALUES (5,1,127,32767,2147483648,9223372036854775807,9223372036854775808,3.00000,3.40282e38,0.1,'ab','STRASSE','12abc','ab','AB','12','2024-02-29','2024-02-29 23:59:59.999999','2024-02-29 12:00:00','2024-10-27 00:30:00','10:00:00',2024,'a','y',b'1010','"text"');
INSERT INTO t VALUES (6,1,10,10,10,10,10,10,10,10,'10','1e1',' 10 ','10','10','10','2010-10-10','2010-10-10 10:10:10','2010-10-10 10:10:10','2010-10-10 10:10:10','10:10:10',2010,'b','x,y,z',b'1010','10');
#! args: 10
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: 10
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: 10
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: 10
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: 10
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: 10
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: '10'
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: '10'
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: '10'
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: '10'
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: '10'
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: NULL
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: NULL
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: NULL
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: NULL
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: NULL
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: x'3130'
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: x'3130'
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: x'3130'
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: x'3130'
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: x'3130'
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: 1.5
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: 1.5
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: 1.5
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: 1.5
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: 1.5
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: d'2024-02-29 23:59:59.999999'
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: d'2024-02-29 23:59:59.999999'
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: -1
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: -1
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: -1
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: -1
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: -1
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: -1
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: 'straße'
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: 'straße'
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: 'straße'
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: 'straße'
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: 'straße'
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: ''
SELECT id FROM t WHERE i8 < ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE v >= ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE dm <= ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE vb <> ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE db > ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE dc BETWEEN ? AND 100 ORDER BY id;
#! args: ''
SELECT id FROM t WHERE UPPER(v) = ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE js = ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE en > ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE tm > ? ORDER BY id;
#! args: ''
SELECT id FROM t WHERE v LIKE ? ORDER BY id;
#! args: ''
SELECT COUNT(*) FROM t WHERE i8 + 1 IN (?, 2);
#! args: ''
SELECT id, CONCAT(v, ?) FROM t ORDER BY id;
#! args: ''
SELECT GROUP_CONCAT(v ORDER BY id SEPARATOR '-') FROM t WHERE i8 <=> ?;
#! args: 'a' 2
SELECT id, ? AS x, UPPER(v) FROM t ORDER BY id LIMIT ?;
#! args: 1 2
SELECT id, UPPER(v) FROM t ORDER BY id LIMIT ?, ?;
#! args: 10 'x' 10
SELECT IF(i8 = ?, ?, ?) r FROM t ORDER BY id;
#! args: '1' '2'
SELECT (SELECT COUNT(*) FROM t s WHERE s.v > ?) a, (SELECT MAX(v) FROM t s WHERE s.v > ?) b;
#! args: 3
WITH q AS (SELECT id, UPPER(v) u FROM t WHERE id > ?) SELECT * FROM q ORDER BY id;
#! args: 'none'
SELECT id FROM t WHERE v = ? UNION SELECT i8 FROM t WHERE i8 > 5 ORDER BY 1;
