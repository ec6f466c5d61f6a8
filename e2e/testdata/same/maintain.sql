# Statements that look after tables.
CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(20), KEY (name));
CREATE TABLE b (id INT PRIMARY KEY, v TEXT);
INSERT INTO a VALUES (1, 'one'), (2, 'two');
INSERT INTO b VALUES (1, 'x');
CHECK TABLE a;
CHECK TABLE a, b EXTENDED;
CHECK TABLE nosuch;
OPTIMIZE TABLE a;
OPTIMIZE LOCAL TABLE a, b;
ANALYZE TABLE a, b;
#! only: mariadb
ANALYZE TABLE a PERSISTENT FOR ALL;
#! only: mariadb
ANALYZE NO_WRITE_TO_BINLOG TABLE a PERSISTENT FOR COLUMNS (name) INDEXES (name);
REPAIR TABLE a;
LOAD INDEX INTO CACHE a;
CACHE INDEX a IN default;
CACHE INDEX a, b KEY (PRIMARY) IN nosuch;
FLUSH TABLES a;
FLUSH LOCAL TABLES a, b;
CHECK TABLE a nonsense;
#! mode: text
FLUSH TABLES a WITH READ LOCK;
#! mode: text
SELECT UPPER(name) FROM a ORDER BY id;
#! mode: text
SELECT UPPER(v) FROM b;
#! mode: text
UPDATE a SET name = UPPER(name);
#! mode: text
UNLOCK TABLES;
#! mode: text
FLUSH TABLES a, b FOR EXPORT;
#! mode: text
SELECT UPPER(name), LOWER(v) FROM a, b ORDER BY a.id;
#! mode: text
UNLOCK TABLES;
UPDATE a SET name = UPPER(name);
SELECT * FROM a ORDER BY id;
# A table that is not there is not locked either.
#! mode: text
LOCK TABLES a READ;
#! mode: text
SELECT * FROM nosuch WHERE v = 'secret';
#! mode: text
SELECT 1 UNION SELECT id FROM nosuch;
#! mode: text
UNLOCK TABLES;
SELECT * FROM nosuch;
# Comments do not go upstream.
CHECK TABLE /* one */ a, /* two */ b;
ANALYZE TABLE a -- three
;
FLUSH TABLES /* four */ a;
CACHE INDEX a /* five */ IN default;
CHECK TABLE nosuch /* six */;
SHOW WARNINGS;
#! mode: text
FLUSH TABLES a /* seven */ WITH READ LOCK;
#! mode: text
SELECT UPPER(name) FROM a ORDER BY id;
#! mode: text
INSERT INTO a VALUES (9, 'nine');
#! mode: text
UNLOCK TABLES;
SELECT * FROM a ORDER BY id;
