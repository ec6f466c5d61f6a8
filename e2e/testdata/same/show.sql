# SHOW and DESCRIBE of encrypted tables. What they tell of encryption and statistics is in show_test.go.
CREATE TABLE parent (id INT PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, note TEXT) COMMENT 'those above';
CREATE TABLE child (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  parent VARCHAR(20) NOT NULL,
  amount DECIMAL(10,2) DEFAULT '1.50' COMMENT 'what''s due',
  kind ENUM('a','b','it''s') NOT NULL DEFAULT 'a',
  tags SET('x','y') DEFAULT 'x',
  name VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT NULL,
  made TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  bits BIT(5) DEFAULT b'101',
  raw VARBINARY(30) DEFAULT NULL,
  UNIQUE KEY kinds (kind, amount),
  KEY names (name),
  KEY parents (parent),
  CONSTRAINT up FOREIGN KEY (parent) REFERENCES parent (code) ON DELETE CASCADE
) ENGINE=InnoDB COMMENT='beneath' ROW_FORMAT=COMPACT;
SHOW CREATE TABLE parent;
SHOW CREATE TABLE child;
SHOW CREATE TABLE `child`;
SHOW COLUMNS FROM child;
SHOW FULL COLUMNS FROM child;
SHOW FIELDS IN child;
SHOW FULL FIELDS FROM `child`;
SHOW COLUMNS FROM child LIKE '%a%';
SHOW COLUMNS FROM child LIKE 'nothing';
SHOW COLUMNS FROM child WHERE Field = 'name' OR Type LIKE 'dec%';
SHOW FULL COLUMNS FROM child WHERE Collation IS NOT NULL;
SHOW COLUMNS FROM child WHERE LENGTH(Field) > 5;
SHOW COLUMNS FROM child WHERE nosuch = 1;
#! mode: binary
#! args: 'name'
SHOW COLUMNS FROM child WHERE Field = ?;
DESCRIBE child;
DESC child;
EXPLAIN child;
DESCRIBE child name;
DESCRIBE child 'n%';
DESC child `amount`;
SHOW INDEX FROM parent;
SHOW KEYS FROM parent;
SHOW INDEXES IN parent;
SHOW INDEX FROM parent WHERE Key_name = 'PRIMARY';
SHOW INDEX FROM child WHERE Non_unique;
SHOW KEYS FROM child WHERE Column_name = 'name';
SHOW COLUMNS FROM nosuch;
SHOW CREATE TABLE nosuch;
SHOW INDEX FROM nosuch;
DESCRIBE nosuch;
INSERT INTO parent VALUES (1, 'p', 'n');
INSERT INTO child (parent, amount) VALUES ('p', 2), ('p', 3);
SHOW CREATE TABLE child;
SET sql_quote_show_create = 0;
SHOW CREATE TABLE child;
SET sql_quote_show_create = 1;
SET sql_mode = 'ANSI_QUOTES';
SHOW CREATE TABLE "child";
SHOW COLUMNS FROM "child";
SET sql_mode = DEFAULT;
CREATE TABLE `a\b` (`c\d` INT PRIMARY KEY, `e``f` VARCHAR(10));
SHOW CREATE TABLE `a\b`;
SHOW COLUMNS FROM `a\b`;
DESCRIBE `a\b`;
SHOW INDEX FROM `a\b`;
DROP TABLE `a\b`;
CREATE TABLE js (id INT PRIMARY KEY, j JSON);
SHOW CREATE TABLE js;
SHOW COLUMNS FROM js;
SHOW TABLES;
SHOW FULL TABLES;
SHOW TABLES LIKE 'p%';
SHOW TRIGGERS;
#! mode: text
PREPARE s FROM 'SHOW COLUMNS FROM child';
#! mode: text
EXECUTE s;
#! mode: text
DEALLOCATE PREPARE s;
CREATE TABLE my (a VARCHAR(20) PRIMARY KEY, b INT, KEY (b)) ENGINE=MyISAM;
SHOW CREATE TABLE my;
SHOW COLUMNS FROM my;
DROP TABLE js;
DROP TABLE my;
DROP TABLE child;
DROP TABLE parent;
