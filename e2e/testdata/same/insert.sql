# Forms of INSERT, defaults, NOT NULL, auto increment, ids and counts.
CREATE TABLE p (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(40) NOT NULL,
  city VARCHAR(40) DEFAULT 'Zürich',
  age INT NOT NULL DEFAULT 18 COMMENT 'in years',
  note TEXT,
  made DATETIME DEFAULT '2020-01-01 00:00:00',
  KEY (name), KEY by_city (city)
) COMMENT 'people';
INSERT INTO p VALUES (1, 'Anna', 'Bern', 30, 'first', '2024-01-01 10:00:00');
INSERT INTO p (name) VALUES ('Beat');
INSERT INTO p (name, age) VALUES ('Carla', 44), ('Dino', DEFAULT), ('Eva', 1);
INSERT INTO p SET name = 'Fritz', city = DEFAULT, note = NULL;
INSERT INTO p (age, name) VALUES (7, 'Gina');
INSERT INTO p VALUES (DEFAULT, 'Hans', DEFAULT, DEFAULT, DEFAULT, DEFAULT), (NULL, 'Ida', NULL, 3, '', NULL);
INSERT INTO p (id, name) VALUES (100, 'Jon');
INSERT INTO p (id, name) VALUES (0, 'Kim');
INSERT INTO `p` (`name`, `city`) VALUES ('Lea', 'Genève');
insert into p(name)values('Max'),('Nora');
INSERT INTO p VALUE (NULL, 'Otto', 'Chur', 5, NULL, NULL);
INSERT LOW_PRIORITY INTO p (name) VALUES ('Pia');
SELECT LAST_INSERT_ID();
SELECT * FROM p ORDER BY id;
SELECT * FROM p WHERE name = 'anna';
# Errors with the server's own words.
INSERT INTO p (name) VALUES (NULL);
INSERT INTO p (city) VALUES ('nobody');
INSERT INTO p (id, name) VALUES (1, 'again');
INSERT INTO p (nosuch) VALUES (1);
INSERT INTO p (name, name) VALUES ('a', 'b');
INSERT INTO p (name, age) VALUES ('x');
INSERT INTO nosuch (name) VALUES ('x');
INSERT INTO p VALUES (1, 'too few');
INSERT INTO p (name, age) VALUES ('ok', 1), ('bad', 99999999999);
# A failed statement may use up numbers or not.
INSERT INTO p (id, name) VALUES (300, 'Rita');
SELECT COUNT(*) FROM p;
SELECT id, name, age FROM p WHERE id > 104 ORDER BY id;
#! args: 'Sam' 'Thun' 20
INSERT INTO p (name, city, age) VALUES (?, ?, ?);
#! args: 'Tim' 'Uta'
INSERT INTO p (name) VALUES (?), (?);
#! args: 900 'Vera' NULL 33 'note' '2024-02-02 02:02:02'
INSERT INTO p VALUES (?, ?, ?, ?, ?, ?);
#! args: 'Willi'
INSERT INTO p SET name = ?, age = 50, city = 'Chur';
SELECT * FROM p WHERE id > 200 ORDER BY id;
#! args: 'Uta'
SELECT id, name FROM p WHERE name = ?;
# Zero bytes at the end of a key.
CREATE TABLE zeros (a BINARY(4), b BINARY(4), c VARBINARY(4), UNIQUE (a, b), UNIQUE (b), UNIQUE (c));
INSERT INTO zeros VALUES (x'41410000', x'41', x'4100'), (x'41410000', x'41', x'4200');
INSERT INTO zeros VALUES (x'41', x'00000000', x'4100'), (x'42', x'00000000', x'4200');
INSERT INTO zeros VALUES (x'41', x'41', x'4100'), (x'42', x'4142', x'4100');
