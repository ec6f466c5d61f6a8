# sql_mode, time_zone, character sets and collations of the session decide what an expression gives.
#! known: warnings
CREATE TABLE m (id INT PRIMARY KEY, v VARCHAR(40), n INT, d DATE, ts TIMESTAMP NULL, dm DATETIME, tm TIME, u BIGINT UNSIGNED, KEY (v)) DEFAULT CHARSET=utf8mb4;
INSERT INTO m VALUES (1,'a\\b',1,'2024-03-31','2024-03-31 01:30:00','2024-03-31 01:30:00','01:30:00',0),(2,'a||b',0,'2024-10-27','2024-10-27 00:30:00','2024-10-27 00:30:00','-01:00:00',1),(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL),(4,'Été',-5,'1000-01-01','1970-01-02 00:00:00','1000-01-01 00:00:00','838:59:59',18446744073709551615);
SET sql_mode = '';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'ANSI';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SELECT "id", "v", m."n" FROM "m" WHERE "v" > 'a' ORDER BY "id";
SET sql_mode = 'PIPES_AS_CONCAT';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'HIGH_NOT_PRECEDENCE';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'NO_UNSIGNED_SUBTRACTION';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'ALLOW_INVALID_DATES';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'TRADITIONAL';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'IGNORE_SPACE';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'ONLY_FULL_GROUP_BY';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
#! only: mysql
SET sql_mode = 'TIME_TRUNCATE_FRACTIONAL';
#! only: mysql
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
#! only: mysql
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
#! only: mysql
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
#! only: mysql
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
#! only: mysql
SELECT id, u - 2 FROM m WHERE id = 1;
#! only: mysql
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
#! only: mysql
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
#! only: mysql
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
#! only: mysql
SELECT v, id FROM m WHERE v > '' GROUP BY n;
#! only: mysql
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
#! only: mysql
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
#! only: mysql
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
#! only: mysql
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
#! only: mariadb
SET sql_mode = 'TIME_ROUND_FRACTIONAL';
#! only: mariadb
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
#! only: mariadb
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
#! only: mariadb
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
#! only: mariadb
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
#! only: mariadb
SELECT id, u - 2 FROM m WHERE id = 1;
#! only: mariadb
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
#! only: mariadb
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
#! only: mariadb
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
#! only: mariadb
SELECT v, id FROM m WHERE v > '' GROUP BY n;
#! only: mariadb
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
#! only: mariadb
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
#! only: mariadb
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
#! only: mariadb
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = 'PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES';
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
SELECT id, u - 2 FROM m WHERE id = 1;
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
SELECT v, id FROM m WHERE v > '' GROUP BY n;
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SELECT "id", "v", m."n" FROM "m" WHERE "v" > 'a' ORDER BY "id";
#! only: mariadb
SET sql_mode = 'EMPTY_STRING_IS_NULL';
#! only: mariadb
SELECT id, v || 'x', 'a' || v FROM m ORDER BY id;
#! only: mariadb
SELECT id, NOT n BETWEEN -5 AND 0, !n + 1 FROM m ORDER BY id;
#! only: mariadb
SELECT id, v LIKE 'a\\\\%', 'a\nb', LENGTH('\\'), v = 'a\\b' FROM m ORDER BY id;
#! only: mariadb
SELECT id, n / 0, n % 0, MOD(n, 0) FROM m ORDER BY id;
#! only: mariadb
SELECT id, u - 2 FROM m WHERE id = 1;
#! only: mariadb
SELECT id, u - 1 FROM m WHERE id <> 1 ORDER BY id;
#! only: mariadb
SELECT id, CAST(v AS SIGNED), v + 0 FROM m ORDER BY id;
#! only: mariadb
SELECT id, CAST('2024-02-30' AS DATE), CAST('0000-00-00' AS DATE), STR_TO_DATE('2024-00-00', '%Y-%m-%d') , v > '' FROM m ORDER BY id;
#! only: mariadb
SELECT v, id FROM m WHERE v > '' GROUP BY n;
#! only: mariadb
SELECT id, CONCAT('x', NULL), CONCAT(v, '') = '' FROM m ORDER BY id;
#! only: mariadb
SELECT id, CAST(v AS CHAR(2)), LEFT(v, 100) FROM m ORDER BY id;
#! only: mariadb
SELECT id, TIMESTAMP(d, tm), d + INTERVAL 1 MONTH FROM m ORDER BY id;
#! only: mariadb
SELECT id, CAST(1.999999 AS TIME(3)), CAST('10:11:12.99999' AS TIME(1)), SEC_TO_TIME(n) FROM m ORDER BY id;
SET sql_mode = DEFAULT;
SET time_zone = '+00:00';
SELECT id, ts, ts + INTERVAL 1 HOUR, UNIX_TIMESTAMP(ts), DATE(ts), HOUR(ts), DATE_FORMAT(ts, '%Y-%m-%d %H:%i:%s %W %M') FROM m ORDER BY id;
SELECT id FROM m WHERE ts < '2024-03-31 01:30:01' ORDER BY id;
SELECT id FROM m WHERE ts = '2024-03-31 01:30:00' ORDER BY id;
SELECT id, FROM_UNIXTIME(n + 100000), CONVERT_TZ(dm, '+00:00', '+02:00'), TIMESTAMPDIFF(MINUTE, ts, dm) FROM m ORDER BY id;
SELECT MAX(ts), MIN(ts), COUNT(DISTINCT DATE(ts)) FROM m;
SELECT ts FROM m ORDER BY ts DESC, id LIMIT 2;
SET time_zone = '+05:30';
SELECT id, ts, ts + INTERVAL 1 HOUR, UNIX_TIMESTAMP(ts), DATE(ts), HOUR(ts), DATE_FORMAT(ts, '%Y-%m-%d %H:%i:%s %W %M') FROM m ORDER BY id;
SELECT id FROM m WHERE ts < '2024-03-31 01:30:01' ORDER BY id;
SELECT id FROM m WHERE ts = '2024-03-31 01:30:00' ORDER BY id;
SELECT id, FROM_UNIXTIME(n + 100000), CONVERT_TZ(dm, '+00:00', '+02:00'), TIMESTAMPDIFF(MINUTE, ts, dm) FROM m ORDER BY id;
SELECT MAX(ts), MIN(ts), COUNT(DISTINCT DATE(ts)) FROM m;
SELECT ts FROM m ORDER BY ts DESC, id LIMIT 2;
SET time_zone = '-08:00';
SELECT id, ts, ts + INTERVAL 1 HOUR, UNIX_TIMESTAMP(ts), DATE(ts), HOUR(ts), DATE_FORMAT(ts, '%Y-%m-%d %H:%i:%s %W %M') FROM m ORDER BY id;
SELECT id FROM m WHERE ts < '2024-03-31 01:30:01' ORDER BY id;
SELECT id FROM m WHERE ts = '2024-03-31 01:30:00' ORDER BY id;
SELECT id, FROM_UNIXTIME(n + 100000), CONVERT_TZ(dm, '+00:00', '+02:00'), TIMESTAMPDIFF(MINUTE, ts, dm) FROM m ORDER BY id;
SELECT MAX(ts), MIN(ts), COUNT(DISTINCT DATE(ts)) FROM m;
SELECT ts FROM m ORDER BY ts DESC, id LIMIT 2;
SET time_zone = '+14:00';
SELECT id, ts, ts + INTERVAL 1 HOUR, UNIX_TIMESTAMP(ts), DATE(ts), HOUR(ts), DATE_FORMAT(ts, '%Y-%m-%d %H:%i:%s %W %M') FROM m ORDER BY id;
SELECT id FROM m WHERE ts < '2024-03-31 01:30:01' ORDER BY id;
SELECT id FROM m WHERE ts = '2024-03-31 01:30:00' ORDER BY id;
SELECT id, FROM_UNIXTIME(n + 100000), CONVERT_TZ(dm, '+00:00', '+02:00'), TIMESTAMPDIFF(MINUTE, ts, dm) FROM m ORDER BY id;
SELECT MAX(ts), MIN(ts), COUNT(DISTINCT DATE(ts)) FROM m;
SELECT ts FROM m ORDER BY ts DESC, id LIMIT 2;
SET time_zone = DEFAULT;
SET timestamp = 1700000000.25;
SELECT id, NOW(), NOW(3), CURDATE(), CURTIME(), UTC_TIMESTAMP(), UNIX_TIMESTAMP(), v > 'a' FROM m ORDER BY id;
SELECT id, DATEDIFF(NOW(), d), TIMESTAMPDIFF(DAY, ts, NOW()) FROM m ORDER BY id;
SET timestamp = DEFAULT;
SET div_precision_increment = 0;
SELECT id, n / 3, AVG(n) OVER () FROM m ORDER BY id;
SET div_precision_increment = 10;
SELECT id, n / 3, AVG(n) OVER () FROM m ORDER BY id;
SET group_concat_max_len = 4;
SELECT GROUP_CONCAT(v ORDER BY id) FROM m;
SET group_concat_max_len = 100;
SELECT GROUP_CONCAT(v ORDER BY id) FROM m;
SET lc_time_names = 'de_DE';
SELECT id, DAYNAME(d), MONTHNAME(d), DATE_FORMAT(d, '%a %b') FROM m ORDER BY id;
SET lc_time_names = 'en_US';
SELECT id, DAYNAME(d), MONTHNAME(d), DATE_FORMAT(d, '%a %b') FROM m ORDER BY id;
SET default_week_format = 1;
SELECT id, WEEK(d), YEARWEEK(d) FROM m ORDER BY id;
SET default_week_format = 3;
SELECT id, WEEK(d), YEARWEEK(d) FROM m ORDER BY id;
SET default_week_format = 0;
SELECT id, WEEK(d), YEARWEEK(d) FROM m ORDER BY id;
SET sql_select_limit = 2;
SELECT id, UPPER(v) FROM m ORDER BY id;
SELECT UPPER(v) FROM m UNION SELECT LOWER(v) FROM m ORDER BY 1;
SET sql_select_limit = DEFAULT;
SELECT id, UPPER(v) FROM m ORDER BY id;
SELECT UPPER(v) FROM m UNION SELECT LOWER(v) FROM m ORDER BY 1;
SET sql_auto_is_null = 1;
SELECT UPPER(v) FROM m WHERE id IS NULL;
SET sql_auto_is_null = 0;
SELECT UPPER(v) FROM m WHERE id IS NULL;
SET max_sort_length = 4;
SELECT id FROM m ORDER BY UPPER(v), id;
SET max_sort_length = 1024;
SELECT id FROM m ORDER BY UPPER(v), id;
