# Types of one flavour only.
#! only: mariadb
CREATE TABLE m (id INT AUTO_INCREMENT PRIMARY KEY, u UUID, a INET6);
#! only: mariadb
INSERT INTO m VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '2001:db8::1'), (2, NULL, NULL);
#! only: mariadb
SELECT * FROM m ORDER BY id;
# Members of a binary ENUM are written in the connection's character set.
SET collation_connection = utf16_general_ci;
CREATE TABLE enum_wide (c ENUM('aa') CHARACTER SET binary);
INSERT INTO enum_wide VALUES (1);
SELECT HEX(c) FROM enum_wide;
SET NAMES utf8mb4;
SELECT HEX(c) FROM enum_wide;
