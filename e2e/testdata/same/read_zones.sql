# Time zones by name, which these servers' tables have: the evaluator must know what upstream knows.
INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (99992, 'N'), (99993, 'N');
INSERT INTO mysql.time_zone_transition_type VALUES (99992, 0, -18000, 0, 'EST'), (99992, 1, -14400, 1, 'EDT'), (99993, 0, 32400, 0, 'JST');
INSERT INTO mysql.time_zone_transition VALUES (99992, -2147483648, 0), (99992, 1710054000, 1), (99992, 1730613600, 0);
INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('America/New_York', 99992), ('Asia/Tokyo', 99993);
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), d DATETIME, s TIMESTAMP NULL, KEY (v));
INSERT INTO t VALUES (1, 'America/New_York', '2024-07-01 12:00:00', '2024-07-01 12:00:00'), (2, 'Nowhere', '2024-12-01 12:00:00', NULL);
SELECT UPPER(v), CONVERT_TZ(d, 'Asia/Tokyo', '+03:00'), CONVERT_TZ(d, v, '+00:00'), CONVERT_TZ(d, '+00:00', '+03:00') FROM t ORDER BY id;
SELECT UPPER(v), CONVERT_TZ(d, 'Asia/Tokyo', 'America/New_York'), CONVERT_TZ(d, 'Nowhere/Else', 'Asia/Tokyo') FROM t ORDER BY id;
SELECT id FROM t WHERE CONVERT_TZ(d, 'Asia/Tokyo', 'America/New_York') = '2024-06-30 23:00:00';
INSERT INTO t VALUES (3, 'x', CONVERT_TZ('2024-07-01 12:00:00', 'Asia/Tokyo', 'America/New_York'), NULL);
INSERT INTO t SELECT id + 10, v, CONVERT_TZ(d, 'America/New_York', 'Asia/Tokyo'), s FROM t;
UPDATE t SET d = CONVERT_TZ(d, 'Asia/Tokyo', 'America/New_York') WHERE id < 3;
UPDATE t SET d = CONVERT_TZ('2024-08-01 12:00:00', 'Asia/Tokyo', 'America/New_York') WHERE id = 3;
SELECT * FROM t ORDER BY id;
# The second of the two hours that New York has on 2024-11-03.
CREATE TABLE twice (id INT PRIMARY KEY, v VARCHAR(40), s TIMESTAMP(2) NULL DEFAULT CURRENT_TIMESTAMP(2), d DATETIME DEFAULT CURRENT_TIMESTAMP);
SET time_zone = 'America/New_York', timestamp = 1730615400.25;
INSERT INTO twice (id, v) VALUES (1, 'x');
INSERT INTO twice (id, v) SELECT id + 1, UPPER(v) FROM twice;
INSERT INTO twice (id, v, d) VALUES (3, CONCAT(UNIX_TIMESTAMP()), FROM_UNIXTIME(UNIX_TIMESTAMP()));
SELECT id, UPPER(v), s, d, UNIX_TIMESTAMP(s), UNIX_TIMESTAMP(), UTC_TIMESTAMP(3) FROM twice ORDER BY id;
UPDATE twice SET v = CONCAT(v, UNIX_TIMESTAMP(), '-', UTC_TIME()), s = DEFAULT;
SET time_zone = '+00:00', timestamp = DEFAULT;
SELECT * FROM twice ORDER BY id;
DELETE FROM mysql.time_zone_name WHERE Time_zone_id IN (99992, 99993);
DELETE FROM mysql.time_zone_transition WHERE Time_zone_id IN (99992, 99993);
DELETE FROM mysql.time_zone_transition_type WHERE Time_zone_id IN (99992, 99993);
DELETE FROM mysql.time_zone WHERE Time_zone_id IN (99992, 99993);

# Defaults of TIMESTAMP columns are moments: they are shown in the session's time zone, whatever that was when the table was made or changed.
SET time_zone = '+03:00';
CREATE TABLE moment (id INT PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT '2003-01-01 00:00:00', d DATETIME DEFAULT '2003-01-01 00:00:00');
SHOW CREATE TABLE moment;
INSERT INTO moment (id) VALUES (1);
INSERT INTO moment VALUES (2, DEFAULT, DEFAULT);
INSERT INTO moment (id) VALUES (1 + 2);
INSERT INTO moment VALUES (2 * 2, DEFAULT, DEFAULT);
SELECT * FROM moment ORDER BY id;
SET time_zone = '-05:00';
SHOW CREATE TABLE moment;
#! only: mariadb
SHOW COLUMNS FROM moment;
INSERT INTO moment (id) VALUES (5), (3 + 3);
ALTER TABLE moment ADD at2 TIMESTAMP NOT NULL DEFAULT '2004-02-02 00:00:00', ADD n INT;
SHOW CREATE TABLE moment;
CREATE TABLE moment2 LIKE moment;
SET time_zone = '+00:00';
SHOW CREATE TABLE moment;
SHOW CREATE TABLE moment2;
INSERT INTO moment2 (id) VALUES (7), (4 + 4);
SELECT * FROM moment ORDER BY id;
SELECT * FROM moment2 ORDER BY id;
DROP TABLE moment, moment2;
