# Databases that are not there: MySQL says so, MariaDB speaks of the table.
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO t VALUES (1, 'one');
SELECT * FROM no_such_database.t;
SELECT * FROM t JOIN no_such_database.t AS b USING (id);
INSERT INTO no_such_database.t VALUES (2, 'two');
UPDATE no_such_database.t SET v = 'x' WHERE id = 1;
DELETE FROM no_such_database.t WHERE id = 1;
SELECT * FROM no_such_table;
SELECT v FROM t;
