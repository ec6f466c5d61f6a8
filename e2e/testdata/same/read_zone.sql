# Time zones by name, which these servers do not know: the evaluator must not know more than upstream.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), d DATETIME, s TIMESTAMP NULL, KEY (v));
INSERT INTO t VALUES (1, 'UTC', '2020-07-01 12:00:00', '2020-07-01 12:00:00');
SELECT UPPER(v), CONVERT_TZ(d, 'UTC', '+03:00'), CONVERT_TZ(d, v, '+00:00'), CONVERT_TZ(d, '+00:00', '+03:00') FROM t;
SELECT UPPER(v), CONVERT_TZ(d, 'SYSTEM', '+03:00'), CONVERT_TZ(d, 'UTC', 'Europe/Berlin'), UNIX_TIMESTAMP(d), s FROM t;
SET time_zone = 'Europe/Berlin';
SELECT UPPER(v), CONVERT_TZ(d, 'UTC', 'Europe/Berlin'), UNIX_TIMESTAMP(d), s FROM t;
SET time_zone = '+01:00';
SELECT UPPER(v), CONVERT_TZ(d, 'UTC', '-01:00'), UNIX_TIMESTAMP(d), s FROM t;
SET time_zone = 'UTC';
SELECT UPPER(v), CONVERT_TZ(d, '+00:00', 'UTC') FROM t;
UPDATE t SET d = CONVERT_TZ(d, 'UTC', '+05:00');
SELECT d FROM t;
