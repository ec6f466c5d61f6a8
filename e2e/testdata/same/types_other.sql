# Geometry, and types of one flavour only.
CREATE TABLE g (id INT AUTO_INCREMENT PRIMARY KEY, p POINT, g GEOMETRY, l LINESTRING);
INSERT INTO g VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'), ST_GeomFromText('LINESTRING(0 0,5 5)'));
INSERT INTO g (id) VALUES (2);
SELECT * FROM g ORDER BY id;
#! only: mariadb
CREATE TABLE m (id INT AUTO_INCREMENT PRIMARY KEY, u UUID, a INET6);
#! only: mariadb
INSERT INTO m VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '2001:db8::1'), (2, NULL, NULL);
#! only: mariadb
SELECT * FROM m ORDER BY id;
