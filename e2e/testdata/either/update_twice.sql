# The primary key of a table that is updated by two names
CREATE TABLE mt (pk INT PRIMARY KEY, a INT) ENGINE = MyISAM;
CREATE TABLE it (pk INT PRIMARY KEY, a INT) ENGINE = InnoDB;
INSERT INTO mt VALUES (0, 0);
# MySQL's warning 6414: two engines in what it takes for one transaction.
#! known: warnings
INSERT INTO it VALUES (0, 0);
UPDATE mt AS A, mt AS B SET A.pk = 1, B.a = 2;
UPDATE it AS A, it AS B SET A.pk = 1, B.a = 2;
SELECT * FROM it;
DROP TABLE mt, it;
