# Equality as collations see it; unique keys reject what compares equal and name the logical key.
CREATE TABLE ci (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30) COLLATE utf8mb4_general_ci, UNIQUE KEY v_unique (v)) DEFAULT CHARSET=utf8mb4;
INSERT INTO ci VALUES (1, 'abc'), (2, 'straße'), (3, 'Éclair'), (4, 'x  '), (5, NULL), (6, NULL), (7, '😀');
SELECT * FROM ci WHERE v = 'ABC';
SELECT * FROM ci WHERE v = 'eclair';
SELECT * FROM ci WHERE v = 'x';
SELECT * FROM ci WHERE v = 'STRASSE';
SELECT * FROM ci WHERE v = '😀';
SELECT * FROM ci WHERE v = '😁';
SELECT * FROM ci WHERE v IN ('ABC', 'ECLAIR') ORDER BY id;
INSERT INTO ci VALUES (10, 'ABC');
INSERT INTO ci VALUES (10, 'Abc ');
INSERT INTO ci VALUES (11, 'new'), (12, 'NEW');
UPDATE ci SET v = 'ÉCLAIR' WHERE id = 1;
INSERT INTO ci VALUES (1, 'other');
SELECT * FROM ci ORDER BY id;
CREATE TABLE un (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30), KEY (v)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO un VALUES (1, 'straße'), (2, 'STRASSE'), (3, 'Œuvre'), (4, 'a '), (5, 'a');
SELECT * FROM un WHERE v = 'strasse' ORDER BY id;
SELECT * FROM un WHERE v = 'oeuvre' ORDER BY id;
SELECT * FROM un WHERE v = 'A' ORDER BY id;
CREATE TABLE bn (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30) COLLATE utf8mb4_bin, UNIQUE KEY (v)) DEFAULT CHARSET=utf8mb4;
INSERT INTO bn VALUES (1, 'abc'), (2, 'ABC');
SELECT * FROM bn WHERE v = 'Abc';
SELECT * FROM bn WHERE v = 'ABC';
INSERT INTO bn VALUES (3, 'abc');
#! only: mysql
CREATE TABLE ai (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30) COLLATE utf8mb4_0900_ai_ci, UNIQUE KEY (v)) DEFAULT CHARSET=utf8mb4;
#! only: mysql
INSERT INTO ai VALUES (1, 'résumé'), (2, 'a'), (3, 'a ');
#! only: mysql
SELECT * FROM ai WHERE v = 'RESUME';
#! only: mysql
INSERT INTO ai VALUES (4, 'Resume');
#! only: mysql
SELECT * FROM ai WHERE v = 'A';
CREATE TABLE lt (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30), w VARCHAR(30) COLLATE latin1_german2_ci, KEY (v), KEY (w)) DEFAULT CHARSET=latin1;
INSERT INTO lt VALUES (1, 'Müller', 'Müller'), (2, 'MULLER', 'MUELLER');
SELECT * FROM lt WHERE v = 'muller' ORDER BY id;
SELECT * FROM lt WHERE w = 'mueller' ORDER BY id;
SELECT v FROM lt GROUP BY v;
CREATE TABLE two (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20), b INT, UNIQUE KEY ab (a, b)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO two VALUES (1, 'a', 1), (2, 'a', 2), (3, NULL, 1), (4, NULL, 1);
INSERT INTO two VALUES (5, 'A', 2);
CREATE TABLE pk (name VARCHAR(20) NOT NULL PRIMARY KEY, v INT) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO pk VALUES ('Joe', 1);
INSERT INTO pk VALUES ('JOE', 2);
SELECT * FROM pk WHERE name = 'joe';
UPDATE pk SET v = 3 WHERE name = 'JOE';
SELECT * FROM pk;
DELETE FROM pk WHERE name = 'jOE';
CREATE TABLE nk (n DECIMAL(6,2), d DATE, UNIQUE KEY (n), UNIQUE KEY d2 (d));
INSERT INTO nk VALUES (1.5, '2024-01-01');
INSERT INTO nk VALUES (1.50, NULL);
INSERT INTO nk VALUES (NULL, '2024-01-01');
