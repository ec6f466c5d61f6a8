# Statements that touch no protected table.
SELECT 1;
SELECT 1 AS one, 'two' AS two, NULL, 1.5, x'00ff';
SELECT @@sql_mode;
SELECT DATABASE();
SET @a = 5, @b = 'text';
SELECT @a, @b;
DO 1;
SELECT VERSION() = VERSION();
SHOW VARIABLES LIKE 'sql_mode';
SHOW WARNINGS;
SELECT 1/0;
SELECT nosuch;
SELECT 'a' UNION SELECT 'b';
SELECT * FROM (SELECT 1 AS x) t;
SET @x = (SELECT 3);
SELECT @x;
SET NAMES utf8mb4;
SELECT 'é', _latin1'e', CONVERT('x' USING utf8mb4);
SELECT CAST('2024-01-01' AS DATE), CAST(5 AS DECIMAL(10,3)), TIME('10:11:12.5');
#! args: 5 'x' NULL
SELECT ?, ?, ?;
#! args: 2.5
SELECT ? + 1;
USE mysql;
SELECT COUNT(*) > 0 FROM user;
