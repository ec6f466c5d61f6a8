# Statements of every kind of the SQL parser's grammar, with a value unique in the world in each place that takes one.
# A heading is a node type of the parser, or "unread" for what the parser does not know. Flags: "guest" is run by an account without
# privileges, as it would end the server or change the tests' own account; "none" has no place for a value of a table.
# A line is one statement, or several between " ;; ". {w} is a text, {n} an integer, {f} a double, {x} a text's hex digits.

== SelectStmt
SELECT id, v = '{w}', CONCAT(t, '{w}') AS a FROM c WHERE v = '{w}' OR n = {n} OR f = {f} GROUP BY id, UPPER('{w}') HAVING MAX(v) > '{w}' ORDER BY v = '{w}'
SELECT id FROM c USE INDEX (v) WHERE v LIKE '{w}%' OR v IN ('{w}', 0x{x}) OR v BETWEEN '{w}' AND '{w}' ESCAPE '' OR u REGEXP '{w}'
SELECT id FROM c WHERE v COLLATE utf8mb4_bin = _utf8mb4'{w}' OR b = _binary'{w}' OR v = N'{w}' OR v = x'{x}' OR v = 'a' '{w}'
SELECT a.id FROM c a JOIN c b ON a.v = '{w}' AND b.u <=> '{w}' WHERE EXISTS (SELECT 1 FROM c WHERE t = '{w}') FOR UPDATE
SELECT COUNT(*) FROM c a WHERE NOT EXISTS (SELECT 1 FROM c z WHERE z.u = a.u AND z.t LIKE '%{w}%')
SELECT SUM(n) OVER (PARTITION BY v = '{w}' ORDER BY t = '{w}') FROM c WINDOW x AS (ORDER BY u = '{w}')
SELECT v INTO @canary FROM c WHERE v <> '{w}' LIMIT 1
SELECT '{w}', v FROM c INTO OUTFILE '/tmp/nosuch/canary' FIELDS TERMINATED BY '{w}'
SELECT /*+ MAX_EXECUTION_TIME(9000) */ id FROM c PARTITION (p0) WHERE v = '{w}'
SELECT id FROM (SELECT * FROM c WHERE v = '{w}') d WHERE d.v = '{w}'
SELECT * FROM c WHERE (v, u) = ('{w}', '{w}') AND MATCH (t) AGAINST ('{w}')
SELECT * FROM c WHERE j->'$.k' = '{w}' OR JSON_CONTAINS(j, '"{w}"') OR CASE v WHEN '{w}' THEN 1 END
SELECT * FROM c PROCEDURE ANALYSE('{w}')
SELECT @canary := '{w}' FROM c
== SetOprStmt
SELECT v FROM c WHERE v = '{w}' UNION SELECT '{w}' UNION ALL SELECT u FROM c WHERE u > '{w}' ORDER BY 1 LIMIT 2
(SELECT v FROM c WHERE v = '{w}') EXCEPT (SELECT '{w}' FROM c)
WITH RECURSIVE q AS (SELECT '{w}' AS v UNION ALL SELECT v FROM c WHERE v = '{w}') SELECT * FROM q INTERSECT SELECT v FROM c WHERE t <> '{w}'
== InsertStmt
INSERT INTO c (v, u, t, n, f) VALUES ('{w}', '{w}', CONCAT('{w}', 'x'), {n}, {f}), (0x{x}, NULL, REPEAT('{w}', 2), 1, 2)
INSERT IGNORE INTO c SET v = '{w}', n = {n}
INSERT INTO c (id, v) VALUES (1, '{w}') ON DUPLICATE KEY UPDATE v = '{w}', t = CONCAT(VALUES(v), '{w}')
INSERT INTO c (v, t) SELECT '{w}', CONCAT(t, '{w}') FROM c WHERE v <> '{w}' LIMIT 1
INSERT INTO c PARTITION (p0) (v) VALUES ('{w}')
INSERT INTO c (id, v) VALUES ('nan', '{w}')
INSERT INTO c (nosuch) VALUES ('{w}')
INSERT INTO nosuch (v) VALUES ('{w}')
REPLACE INTO c (id, v) VALUES (1, '{w}')
REPLACE DELAYED c SELECT 1, '{w}' FROM c
== UpdateStmt
UPDATE c SET v = '{w}', t = CONCAT('{w}', id), n = {n} WHERE v = '{w}' OR u IN ('{w}', '{w}') ORDER BY v = '{w}' LIMIT 3
UPDATE IGNORE c a JOIN c b ON a.id = b.id AND b.u <> '{w}' SET a.v = '{w}' WHERE b.v < '{w}'
UPDATE c SET v = (SELECT '{w}' FROM DUAL WHERE 'a' <> '{w}'), t = IF(id > 1, '{w}', t)
UPDATE c PARTITION (p0) SET v = '{w}'
UPDATE c SET nosuch = '{w}'
WITH q AS (SELECT '{w}' AS v) UPDATE c, q SET c.v = q.v
== DeleteStmt
DELETE FROM c WHERE v = '{w}' AND t <> CONCAT('{w}', 'x') ORDER BY v = '{w}' LIMIT 1
DELETE a FROM c a JOIN c b ON a.id = b.id AND a.u = '{w}' WHERE b.v = '{w}'
DELETE FROM c PARTITION (p0) WHERE v = '{w}'
DELETE FROM c USING c WHERE v = '{w}'
== LoadDataStmt
LOAD DATA LOCAL INFILE 'rows' INTO TABLE c FIELDS TERMINATED BY '\t' (id, v)
LOAD DATA LOCAL INFILE 'rows' REPLACE INTO TABLE c LINES STARTING BY '{w}' (id, @a) SET v = CONCAT(@a, '{w}')
LOAD DATA INFILE '/nosuch/rows' INTO TABLE c (id, v) SET t = '{w}'
== ImportIntoStmt
IMPORT INTO c (id, @a) SET v = '{w}' FROM '/nosuch/rows'
IMPORT INTO c FROM SELECT 1, '{w}'
== ImportIntoActionStmt none
CANCEL IMPORT JOB 123
== CallStmt
CALL nosuch('{w}', (SELECT v FROM c WHERE v = '{w}' LIMIT 1), {n})
CALL canarykinds.nosuch(CONCAT('{w}', (SELECT u FROM c LIMIT 1)))
== NonTransactionalDMLStmt
BATCH ON id LIMIT 2 DELETE FROM c WHERE v = '{w}'
BATCH LIMIT 2 UPDATE c SET v = '{w}'
BATCH LIMIT 2 INSERT INTO c (v) SELECT '{w}' FROM c ON DUPLICATE KEY UPDATE v = '{w}'
== ShowStmt
SHOW COLUMNS FROM c WHERE Field = '{w}'
SHOW FULL COLUMNS FROM c LIKE '{w}'
SHOW INDEX FROM c WHERE Key_name = '{w}'
SHOW TABLE STATUS FROM canarykinds WHERE Name = 'c' AND Comment <> '{w}'
SHOW TABLES WHERE Tables_in_canarykinds = 'c' AND (SELECT COUNT(*) FROM c WHERE v = '{w}') >= 0
SHOW STATUS WHERE Variable_name = 'c' AND Value = (SELECT v FROM c WHERE v = '{w}')
SHOW VARIABLES WHERE Value = (SELECT v FROM c WHERE v = '{w}' LIMIT 1)
== DistributeTableStmt
DISTRIBUTE TABLE c PARTITION (p0) RULE = '{w}' ENGINE = '{w}'
== SplitRegionStmt
SPLIT TABLE c BETWEEN ('{w}') AND ('{w}') REGIONS 4
SPLIT TABLE c INDEX v BY ('{w}'), ('{w}')
== TraceStmt
TRACE FORMAT = 'row' SELECT id FROM c WHERE v = '{w}'
TRACE UPDATE c SET v = '{w}'
== ExplainForStmt none
EXPLAIN FOR CONNECTION 999999
== ExplainStmt
EXPLAIN SELECT id FROM c WHERE v = '{w}'
EXPLAIN ANALYZE SELECT id FROM c WHERE v = '{w}'
EXPLAIN FORMAT = 'brief' UPDATE c SET v = '{w}' WHERE u = '{w}'
EXPLAIN FORMAT = JSON INSERT INTO c (v) VALUES ('{w}')
DESCRIBE DELETE FROM c WHERE v = '{w}'
DESC c '{w}'
== PlanReplayerStmt
PLAN REPLAYER DUMP EXPLAIN SELECT id FROM c WHERE v = '{w}'
PLAN REPLAYER DUMP EXPLAIN ('SELECT id FROM c WHERE v = "{w}"', 'SELECT ''{w}'' FROM c')
== TrafficStmt none
TRAFFIC CAPTURE TO '/nosuch' DURATION = '1m'
SHOW TRAFFIC JOBS
== CompactTableStmt none
ALTER TABLE c COMPACT TIFLASH REPLICA
== PrepareStmt
PREPARE p FROM 'INSERT INTO c (v, t) VALUES (''{w}'', ?)'
PREPARE p FROM 'SELECT id FROM c WHERE v = "{w}"'
SELECT CONCAT('UPDATE c SET v = ', QUOTE(CONCAT(v, '{w}'))) INTO @text FROM c LIMIT 1 ;; PREPARE p FROM @text ;; EXECUTE p
== ExecuteStmt
SELECT CONVERT(CONCAT('INSERT INTO c (v) VALUES (', QUOTE(CONCAT(v, '{w}')), ')') USING ucs2) INTO @text FROM c LIMIT 1 ;; PREPARE p FROM @text ;; EXECUTE p
PREPARE p FROM 'INSERT INTO c (v) VALUES (?)' ;; SELECT v, CONCAT('{w}', v) INTO @a, @b FROM c LIMIT 1 ;; EXECUTE p USING @b
PREPARE p FROM 'SELECT id FROM c WHERE v = ? AND t <> ''{w}''' ;; EXECUTE p USING @a
EXECUTE nosuch USING @a
== DeallocateStmt
PREPARE p FROM 'DELETE FROM c WHERE v = ''{w}''' ;; DEALLOCATE PREPARE p
== BeginStmt none
BEGIN
START TRANSACTION WITH CONSISTENT SNAPSHOT
== CommitStmt none
COMMIT AND CHAIN
== RollbackStmt none
ROLLBACK TO SAVEPOINT nosuch
== SavepointStmt none
SAVEPOINT a
== ReleaseSavepointStmt none
RELEASE SAVEPOINT a
== BinlogStmt none
BINLOG 'AAAA'
== UseStmt none
USE canarykinds
== FlushStmt none
FLUSH TABLES c
FLUSH STATUS
== KillStmt none
KILL 999999999
== SetStmt
SET @canary = (SELECT CONCAT(v, '{w}') FROM c LIMIT 1)
SET @canary = (SELECT COUNT(*) FROM c WHERE v = '{w}' OR n = {n}), @other = CONCAT((SELECT MAX(u) FROM c), '{w}')
SET SESSION sql_mode = (SELECT v FROM c WHERE v = '{w}' LIMIT 1)
SET @@session.max_sort_length = (SELECT COUNT(*) FROM c WHERE v <> '{w}')
SELECT CONCAT(v, '{w}') INTO @a FROM c LIMIT 1 ;; SET @b = CONCAT(@a, 'x') ;; INSERT INTO c (v, t) VALUES (@a, @b) ;; SET NAMES utf8mb4, @c = @b
== SetConfigStmt
SET CONFIG tikv log_level = '{w}', @a = (SELECT v FROM c)
SET CONFIG tikv log.level = (SELECT v FROM c WHERE v = '{w}')
== SetSessionStatesStmt
SET SESSION_STATES 'SELECT id FROM c WHERE v = "{w}"'
== SetPwdStmt guest none
SET PASSWORD FOR 'nosuch'@'nosuch' = 'x'
== SetRoleStmt none
SET ROLE NONE
== SetDefaultRoleStmt none
SET DEFAULT ROLE NONE TO 'nosuch'@'nosuch'
== CreateUserStmt none
CREATE USER IF NOT EXISTS 'kinds'@'nosuch' IDENTIFIED BY 'x' COMMENT 'c'
CREATE ROLE IF NOT EXISTS 'kindsrole'
== AlterUserStmt none
ALTER USER 'kinds'@'nosuch' IDENTIFIED BY 'y'
== RenameUserStmt none
RENAME USER 'kinds'@'nosuch' TO 'kinds2'@'nosuch'
== DropUserStmt none
DROP USER IF EXISTS 'kinds'@'nosuch', 'kinds2'@'nosuch'
== GrantStmt none
GRANT SELECT (v), UPDATE ON c TO 'nosuch'@'nosuch'
== GrantProxyStmt none
GRANT PROXY ON 'nosuch'@'nosuch' TO 'nosuch2'@'nosuch'
== GrantRoleStmt none
GRANT nosuch TO 'nosuch'@'nosuch'
== RevokeStmt none
REVOKE SELECT (v) ON c FROM 'nosuch'@'nosuch'
== RevokeRoleStmt none
REVOKE nosuch FROM 'nosuch'@'nosuch'
== AlterInstanceStmt none
ALTER INSTANCE RELOAD TLS
== AlterRangeStmt none
ALTER RANGE global PLACEMENT POLICY c
== RecommendIndexStmt
RECOMMEND INDEX RUN FOR 'SELECT id FROM c WHERE v = "{w}"' WITH a = '{w}'
== CreateBindingStmt
CREATE GLOBAL BINDING FOR SELECT id FROM c WHERE v = '{w}' USING SELECT id FROM c WHERE v = '{w}'
CREATE BINDING FOR UPDATE c SET v = '{w}' USING UPDATE c SET v = '{w}'
== DropBindingStmt
DROP BINDING FOR SELECT id FROM c WHERE v = '{w}'
== SetBindingStmt
SET BINDING ENABLED FOR SELECT id FROM c WHERE v = '{w}'
== CreateStatisticsStmt none
CREATE STATISTICS s (CARDINALITY) ON c(v)
== DropStatisticsStmt none
DROP STATISTICS s
== DoStmt
DO (SELECT COUNT(*) FROM c WHERE v = '{w}'), CONCAT((SELECT MAX(v) FROM c), '{w}')
DO SLEEP((SELECT COUNT(*) * 0 FROM c WHERE v = '{w}'))
== AdminStmt
ADMIN CHECK TABLE c
ADMIN SHOW SLOW RECENT 10
ADMIN CAPTURE BINDINGS
ADMIN SET BDR ROLE PRIMARY
ADMIN CHECK INDEX c v (1, 2)
ADMIN SHOW DDL JOB QUERIES 1 ;; SHOW DDL JOBS WHERE (SELECT COUNT(*) FROM c WHERE v = '{w}') = 0
ADMIN SHOW DDL JOBS 1 WHERE (SELECT v FROM c LIMIT 1) = '{w}'
== ShutdownStmt guest none
SHUTDOWN
== RestartStmt guest none
RESTART
== HelpStmt
HELP 'SELECT id FROM c WHERE v = "{w}"'
== BRIEStmt
BACKUP TABLE c TO '/nosuch' LAST_BACKUP = '{w}'
RESTORE TABLE c FROM '/nosuch/{w}'
== CancelDistributionJobStmt none
CANCEL DISTRIBUTION JOB 1
== SetResourceGroupStmt none
SET RESOURCE GROUP c
== CalibrateResourceStmt
CALIBRATE RESOURCE START_TIME (SELECT v FROM c WHERE v = '{w}') DURATION '20m'
CALIBRATE RESOURCE START_TIME CONCAT((SELECT v FROM c LIMIT 1), '{w}')
== AddQueryWatchStmt
QUERY WATCH ADD SQL TEXT EXACT TO 'SELECT id FROM c WHERE v = "{w}"'
QUERY WATCH ADD ACTION KILL SQL TEXT SIMILAR TO 'UPDATE c SET v = "{w}"'
== DropQueryWatchStmt none
QUERY WATCH REMOVE 1
== AnalyzeTableStmt
ANALYZE TABLE c UPDATE HISTOGRAM ON v USING DATA '{{w}}'
ANALYZE TABLE c
== DropStatsStmt none
DROP STATS c
== LoadStatsStmt none
LOAD STATS '/nosuch'
== LockStatsStmt none
LOCK STATS c
== UnlockStatsStmt none
UNLOCK STATS c
== RefreshStatsStmt none
REFRESH STATS c

== CreateDatabaseStmt none
CREATE DATABASE IF NOT EXISTS canarykinds2 CHARACTER SET utf8mb4 ENCRYPTION = 'Y'
== AlterDatabaseStmt none
ALTER DATABASE canarykinds2 CHARACTER SET utf8mb4
== DropDatabaseStmt none
DROP DATABASE IF EXISTS canarykinds2
== FlashBackDatabaseStmt none
FLASHBACK DATABASE c TO c2
== CreateTableStmt
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99) DEFAULT '{w}' COMMENT '{w}', e ENUM('{w}', 'b'), KEY (v) COMMENT '{w}') COMMENT '{w}'
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99) CHECK (v <> '{w}'), CONSTRAINT k CHECK (v <> CONCAT('{w}', id)))
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99), g VARCHAR(99) AS (CONCAT(v, '{w}')) STORED, x VARCHAR(99) DEFAULT (CONCAT('{w}', 'x')))
CREATE TABLE c2 (v VARCHAR(99) PRIMARY KEY) PARTITION BY RANGE COLUMNS (v) (PARTITION p0 VALUES LESS THAN ('{w}') COMMENT '{w}', PARTITION p1 VALUES LESS THAN (MAXVALUE))
CREATE TABLE c2 (v VARCHAR(99) PRIMARY KEY) PARTITION BY LIST COLUMNS (v) (PARTITION p0 VALUES IN ('{w}', '{w}'))
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99)) AS SELECT id, CONCAT(v, '{w}') AS v FROM c WHERE v <> '{w}'
CREATE TABLE c2 AS SELECT '{w}' AS v UNION SELECT v FROM c WHERE t = '{w}'
CREATE TEMPORARY TABLE c2 (id INT, v VARCHAR(99) DEFAULT '{w}')
CREATE TEMPORARY TABLE c2 AS SELECT '{w}' AS v
CREATE TABLE c2 (id INT PRIMARY KEY, n BIGINT DEFAULT {n}, f DOUBLE DEFAULT {f}, b BLOB DEFAULT (x'{x}'), s SET('{w}', 'b') DEFAULT '{w}')
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99), KEY k ((CONCAT(v, '{w}'))))
CREATE OR REPLACE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99) DEFAULT '{w}')
CREATE TABLE c2 (v VARCHAR(99) DEFAULT '{w}', t TEXT, UNIQUE (v(90)), UNIQUE (t(30))) ;; INSERT INTO c2 VALUES ('{w}', '{w}'), (DEFAULT, '{w}') ;; INSERT INTO c2 SELECT CONCAT(v, 'x'), CONCAT(t, 'x') FROM c2 ;; UPDATE c2 SET v = CONCAT('{w}', t) ;; INSERT INTO c2 VALUES ('{w}', '{w}'), ('{w}', NULL) ON DUPLICATE KEY UPDATE t = '{w}' ;; ALTER TABLE c2 DROP KEY v, ADD UNIQUE (v(3)) ;; DROP TABLE c2
== AlterTableStmt
ALTER TABLE c ADD a1 VARCHAR(99) DEFAULT '{w}' COMMENT '{w}', ADD KEY (a1) COMMENT '{w}', COMMENT = '{w}'
ALTER TABLE c ALTER v SET DEFAULT '{w}'
ALTER TABLE c ALTER t SET DEFAULT (CONCAT('{w}', 'x'))
ALTER TABLE c MODIFY v VARCHAR(190) NOT NULL DEFAULT '{w}', CHANGE u w VARCHAR(90) DEFAULT '{w}'
ALTER TABLE c ADD e ENUM('{w}', 'b') DEFAULT 'b', ADD s SET('{w}')
ALTER TABLE c ADD CHECK (v <> '{w}'), ADD CONSTRAINT k CHECK (t <> '{w}')
ALTER TABLE c ADD g VARCHAR(199) AS (CONCAT(v, '{w}')), ADD KEY k ((CONCAT(u, '{w}')))
ALTER TABLE c PARTITION BY LIST COLUMNS (v) (PARTITION p VALUES IN ('{w}') COMMENT '{w}')
ALTER TABLE c ADD PARTITION (PARTITION p1 VALUES LESS THAN ('{w}'))
ALTER TABLE c REORGANIZE PARTITION p0 INTO (PARTITION p1 VALUES LESS THAN ('{w}'))
ALTER TABLE c ADD lost VARCHAR(60) DEFAULT '{w}', DROP COLUMN nosuch
ALTER TABLE c ADD n2 BIGINT DEFAULT {n}, ADD f2 DOUBLE DEFAULT {f}, ORDER BY v
ALTER TABLE c ALTER INDEX v INVISIBLE, ADD z VARCHAR(60) NOT NULL DEFAULT '{w}' AFTER id, CONVERT TO CHARACTER SET latin1
== CreateIndexStmt
CREATE INDEX k ON c (v) COMMENT '{w}'
CREATE INDEX k ON c ((CONCAT(v, '{w}')))
== CreateViewStmt
CREATE VIEW vw AS SELECT id, CONCAT(v, '{w}') AS v FROM c WHERE v <> '{w}'
CREATE OR REPLACE VIEW vw (a) AS SELECT '{w}' UNION SELECT v FROM c
== CreateSequenceStmt none
CREATE SEQUENCE sq START WITH 5 COMMENT = 'c'
== AlterSequenceStmt none
ALTER SEQUENCE sq RESTART WITH 9
== DropSequenceStmt none
DROP SEQUENCE IF EXISTS sq
== CreateMaskingPolicyStmt
CREATE MASKING POLICY mp ON c(v) AS CASE WHEN v = '{w}' THEN v ELSE '{w}' END ENABLE
== CreatePlacementPolicyStmt none
CREATE PLACEMENT POLICY c CONSTRAINTS = 'w'
== AlterPlacementPolicyStmt none
ALTER PLACEMENT POLICY c CONSTRAINTS = 'w'
== DropPlacementPolicyStmt none
DROP PLACEMENT POLICY c
== CreateResourceGroupStmt none
CREATE RESOURCE GROUP c RU_PER_SEC = 20
== AlterResourceGroupStmt none
ALTER RESOURCE GROUP c RU_PER_SEC = 20
== DropResourceGroupStmt none
DROP RESOURCE GROUP c
== OptimizeTableStmt none
OPTIMIZE TABLE c
== RepairTableStmt none
ADMIN REPAIR TABLE c CREATE TABLE c (id INT)
== CleanupTableLockStmt none
ADMIN CLEANUP TABLE LOCK c
== LockTablesStmt none
LOCK TABLES c WRITE
== UnlockTablesStmt none
UNLOCK TABLES
== RecoverTableStmt none
RECOVER TABLE c
== FlashBackToTimestampStmt
FLASHBACK TABLE c TO TIMESTAMP '{w}'
== FlashBackTableStmt none
FLASHBACK TABLE c TO c2
== RenameTableStmt none
RENAME TABLE c TO c3, c3 TO c
== TruncateTableStmt none
TRUNCATE TABLE c
== DropIndexStmt none
DROP INDEX v ON c
== DropTableStmt none
DROP TABLE c

== ProcedureInfo
CREATE PROCEDURE pr() BEGIN DECLARE EXIT HANDLER FOR 1062 DELETE FROM c WHERE v = '{w}'; END
CREATE PROCEDURE pr(IN a VARCHAR(99)) INSERT INTO c (v) VALUES ('{w}')
CREATE PROCEDURE IF NOT EXISTS pr() SELECT id FROM c WHERE v = '{w}'
CREATE PROCEDURE IF NOT EXISTS pc(IN a VARCHAR(99), b INT) BEGIN /* {w} */ INSERT INTO c (v) VALUES (a), ('{w}'); UPDATE c SET v = '{w}' WHERE v = a AND n = b; SELECT id FROM c WHERE v = a OR u = '{w}'; END ;; CALL pc('{w}', {n})
SET @cp = '{w}' ;; CALL pc(@cp, '{n}')
CALL pc(CONCAT('{w}', ''), {n}, '{w}')
CALL pc('{w}', '{w}')
CREATE PROCEDURE pd() CALL pc('{w}', 1)
CREATE PROCEDURE pd() BEGIN INSERT INTO nosuch VALUES (1); CALL pc('{w}', 1); END
SHOW CREATE PROCEDURE pc ;; SELECT ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_DEFINITION LIKE '%{w}%'
CREATE PROCEDURE pe() COMMENT '{w}' UPDATE c SET n = 1
CREATE PROCEDURE pe(/* {w} */ a INT) UPDATE c SET n = a
PREPARE pq FROM 'CALL pc(''{w}'', 1)' ;; EXECUTE pq
== ProcedureBlock
CREATE PROCEDURE pr() BEGIN DECLARE a VARCHAR(99) DEFAULT '{w}'; INSERT INTO c (v) VALUES (a), ('{w}'); END
== ProcedureErrorVal
CREATE PROCEDURE pr() BEGIN DECLARE EXIT HANDLER FOR 1062 DELETE FROM c WHERE v = '{w}'; DELETE FROM c; END
== ProcedureErrorState
CREATE PROCEDURE pr() BEGIN DECLARE CONTINUE HANDLER FOR SQLSTATE '23000' UPDATE c SET v = '{w}'; DELETE FROM c; END
== ProcedureErrorCon
CREATE PROCEDURE pr() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, NOT FOUND INSERT INTO c (v) VALUES ('{w}'); DELETE FROM c; END
== DropProcedureStmt none
DROP PROCEDURE IF EXISTS pr
== ProcedureIfInfo
CREATE PROCEDURE pr() BEGIN IF (SELECT v FROM c LIMIT 1) = '{w}' THEN SELECT '{w}' FROM c; END IF; END
== ProcedureIfBlock
CREATE PROCEDURE pr() BEGIN IF EXISTS (SELECT 1 FROM c WHERE v = '{w}') THEN DELETE FROM c; END IF; END
== ProcedureElseIfBlock
CREATE PROCEDURE pr() BEGIN IF 1 THEN DELETE FROM c; ELSEIF (SELECT v FROM c LIMIT 1) = '{w}' THEN DELETE FROM c; END IF; END
== ProcedureElseBlock
CREATE PROCEDURE pr() BEGIN IF 1 THEN DELETE FROM c; ELSE UPDATE c SET v = '{w}'; END IF; END
== SimpleWhenThenStmt
CREATE PROCEDURE pr() BEGIN CASE (SELECT v FROM c LIMIT 1) WHEN '{w}' THEN DELETE FROM c WHERE v = '{w}'; END CASE; END
== SimpleCaseStmt
CREATE PROCEDURE pr() BEGIN CASE (SELECT v FROM c WHERE v = '{w}') WHEN 'a' THEN DELETE FROM c; ELSE UPDATE c SET v = '{w}'; END CASE; END
== SearchWhenThenStmt
CREATE PROCEDURE pr() BEGIN CASE WHEN (SELECT v FROM c LIMIT 1) = '{w}' THEN DELETE FROM c WHERE v = '{w}'; END CASE; END
== SearchCaseStmt
CREATE PROCEDURE pr() BEGIN CASE WHEN 1 THEN DELETE FROM c; ELSE UPDATE c SET v = '{w}'; END CASE; END
== ProcedureRepeatStmt
CREATE PROCEDURE pr() BEGIN REPEAT UPDATE c SET v = '{w}'; UNTIL (SELECT v FROM c LIMIT 1) = '{w}' END REPEAT; END
== ProcedureWhileStmt
CREATE PROCEDURE pr() BEGIN WHILE (SELECT v FROM c LIMIT 1) = '{w}' DO UPDATE c SET v = '{w}'; END WHILE; END
== ProcedureOpenCur
CREATE PROCEDURE pr() BEGIN DECLARE cu CURSOR FOR SELECT v FROM c WHERE v = '{w}'; OPEN cu; END
== ProcedureCloseCur
CREATE PROCEDURE pr() BEGIN DECLARE cu CURSOR FOR SELECT v FROM c WHERE v = '{w}'; CLOSE cu; END
== ProcedureFetchInto
CREATE PROCEDURE pr() BEGIN DECLARE a VARCHAR(99); DECLARE cu CURSOR FOR SELECT v FROM c WHERE v = '{w}'; FETCH cu INTO a; END
== ProcedureLabelBlock
CREATE PROCEDURE pr() la: BEGIN INSERT INTO c (v) VALUES ('{w}'); END la
== ProcedureLabelLoop
CREATE PROCEDURE pr() BEGIN la: WHILE (SELECT v FROM c LIMIT 1) = '{w}' DO DELETE FROM c; END WHILE la; END
== ProcedureJump
CREATE PROCEDURE pr() BEGIN la: WHILE 1 DO DELETE FROM c WHERE v = '{w}'; LEAVE la; END WHILE la; END

== unread
HANDLER c OPEN ;; HANDLER c READ v = ('{w}') WHERE t = '{w}' ;; HANDLER c CLOSE
HANDLER canarykinds.c OPEN AS h ;; HANDLER h READ v >= ('{w}') LIMIT 1
VALUES ROW('{w}', (SELECT v FROM c LIMIT 1))
VALUES ('{w}'), ((SELECT v FROM c LIMIT 1))
TABLE c INTO OUTFILE '/nosuch' FIELDS TERMINATED BY '{w}'
INSERT INTO c (v) VALUES ROW('{w}'), ROW('{w}')
INSERT INTO c (v) VALUES ('{w}') AS new ON DUPLICATE KEY UPDATE t = CONCAT(new.v, '{w}')
INSERT INTO c (v) VALUES ('{w}') RETURNING CONCAT(v, '{w}')
INSERT INTO c (v) VALUES ('{w}') RETURNING *, v AS w
INSERT INTO c (v) VALUES (CONCAT('{w}', '{w}')) RETURNING v
DELETE FROM c WHERE v = '{w}' RETURNING v
REPLACE INTO c (id, v) VALUES (1, '{w}') RETURNING v
DELETE FROM c WHERE v = '{w}' RETURNING CONCAT(v, '{w}')
DELETE FROM c FOR PORTION OF p FROM '{w}' TO '{w}'
UPDATE c FOR PORTION OF p FROM '{w}' TO '{w}' SET v = '{w}'
SELECT * FROM c FOR SYSTEM_TIME AS OF '{w}' WHERE v = '{w}'
SELECT * FROM c WHERE v = '{w}' LIMIT ROWS EXAMINED 10
SELECT * FROM c WHERE v = '{w}' FETCH FIRST 1 ROWS ONLY
SELECT * FROM c, JSON_TABLE('["{w}"]', '$[*]' COLUMNS (a VARCHAR(99) PATH '$' DEFAULT '"{w}"' ON EMPTY)) x WHERE c.v = x.a
SELECT v FROM c WHERE v MEMBER OF ('["{w}"]') OR '{w}' MEMBER OF (j->'$.k')
SELECT VALUE(v), '{w}' FROM c QUALIFY ROW_NUMBER() OVER (ORDER BY v = '{w}') = 1
WITH q AS (SELECT '{w}' AS v) INSERT INTO c (v) SELECT v FROM q
WITH q AS (VALUES ('{w}')) SELECT * FROM q, c WHERE c.v = '{w}'
SET STATEMENT max_statement_time = 9 FOR INSERT INTO c (v) VALUES ('{w}')
SET STATEMENT sql_mode = '' FOR SELECT id FROM c WHERE v = '{w}'
BEGIN NOT ATOMIC INSERT INTO c (v) VALUES ('{w}'); END
IF (SELECT v FROM c LIMIT 1) = '{w}' THEN SELECT '{w}'; END IF
EXECUTE IMMEDIATE 'INSERT INTO c (v) VALUES (''{w}'')'
EXECUTE IMMEDIATE CONCAT('INSERT INTO c (v) VALUES (', QUOTE('{w}'), ')')
EXECUTE IMMEDIATE 'INSERT INTO c (v) VALUES (?)' USING '{w}'
PREPARE p FROM CONCAT('DELETE FROM c WHERE v = ''', '{w}', '''')
PREPARE p FROM 'INSERT INTO c (v) VALUES (?)' ;; EXECUTE p USING '{w}', CONCAT('{w}', 'x')
CREATE FUNCTION fu() RETURNS VARCHAR(99) DETERMINISTIC RETURN (SELECT CONCAT(v, '{w}') FROM c LIMIT 1)
CREATE AGGREGATE FUNCTION fu(a INT) RETURNS INT BEGIN INSERT INTO c (v) VALUES ('{w}'); RETURN 1; END
CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW SET NEW.v = '{w}'
CREATE TRIGGER tr AFTER UPDATE ON c FOR EACH ROW FOLLOWS tr2 INSERT INTO c (v) VALUES (CONCAT(OLD.v, '{w}'))
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY COMMENT '{w}' DO INSERT INTO c (v) VALUES ('{w}')
ALTER EVENT nosuch DO UPDATE c SET v = '{w}'
CREATE PACKAGE pa AS PROCEDURE x(); END ;; CREATE PACKAGE BODY pa AS PROCEDURE x() AS BEGIN INSERT INTO c (v) VALUES ('{w}'); END; END
CREATE PROCEDURE pr() BEGIN LOOP INSERT INTO c (v) VALUES ('{w}'); END LOOP; END
CREATE PROCEDURE pr() BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{w}'; DELETE FROM c; END
SIGNAL SQLSTATE '45000' SET TABLE_NAME = 'c', MESSAGE_TEXT = '{w}'
RESIGNAL SET TABLE_NAME = 'c', MESSAGE_TEXT = '{w}'
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99) DEFAULT '{w}' INVISIBLE, PERIOD FOR p (a, b)) WITH SYSTEM VERSIONING
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99) DEFAULT '{w}' ENGINE_ATTRIBUTE '{"k": "{w}"}') SECONDARY_ENGINE = '{w}'
CREATE TABLE c2 (id INT PRIMARY KEY, v VARCHAR(99) COMPRESSED DEFAULT '{w}') CONNECTION = '{w}'
ALTER TABLE c ADD IF NOT EXISTS y VARCHAR(99) DEFAULT '{w}' INVISIBLE, ADD PERIOD FOR p (a, b)
ALTER TABLE c ADD x VARCHAR(99) DEFAULT '{w}' WAIT 5 FROBNICATE
ALTER ONLINE TABLE c WAIT 5 ADD x VARCHAR(99) DEFAULT '{w}'
ALTER VIEW vw AS SELECT id FROM c WHERE v = '{w}'
IMPORT TABLE FROM '/nosuch/{w}', 'c.sdi'
LOAD XML LOCAL INFILE 'rows' INTO TABLE c ROWS IDENTIFIED BY '<{w}>' SET v = '{w}'
LOAD INDEX INTO CACHE c KEY ('{w}')
CHECKSUM TABLE c, `{w}`
CHECK TABLE c FOR UPGRADE '{w}'
CACHE INDEX c INDEX (v) IN hot /* {w} */
GET DIAGNOSTICS CONDITION (SELECT COUNT(*) FROM c WHERE v = '{w}') @a = MESSAGE_TEXT
PURGE BINARY LOGS BEFORE (SELECT v FROM c WHERE v = '{w}')
KILL USER (SELECT v FROM c WHERE v = '{w}')
KILL (SELECT COUNT(*) + 999999999 FROM c WHERE v = '{w}')
XA START 'x' ;; INSERT INTO c (v) VALUES ('{w}') ;; XA END 'x' ;; XA ROLLBACK 'x'
FLUSH TABLES c WITH '{w}'
CREATE SERVER sv FOREIGN DATA WRAPPER mysql OPTIONS (USER 'c', COMMENT '{w}') FROM c
CREATE LIBRARY li LANGUAGE JAVASCRIPT AS $$ c {w} $$
EXPLAIN FORMAT = TREE FOR SCHEMA canarykinds SELECT id FROM c WHERE v = '{w}'
EXPLAIN INTO @a SELECT id FROM c WHERE v = '{w}'
ANALYZE FORMAT = JSON SELECT id FROM c WHERE v = '{w}'
ANALYZE UPDATE c SET v = '{w}'
ANALYZE TABLE c PERSISTENT FOR COLUMNS ('{w}') INDEXES ()
SHOW EXPLAIN FOR (SELECT COUNT(*) FROM c WHERE v = '{w}')
HELP c '{w}'
INSERT INTO c (v) VALUES ('{w}'
INSERT INTO c (v) VALUES ('{w}') FROBNICATE
INSERT INTO c (v) VALUES ('{w}
INSERT INTO c (v) /*!50000 VALUES ('{w}') */
INSERT INTO c (v) /*M!100000 VALUES ('{w}') */
INSERT /*!99999 INTO c (v) VALUES ('{w}') */ INTO c (v) VALUES ('{w}')
/*!50000 INSERT INTO c (v) VALUES ('{w}') */
/*M! UPDATE c SET v = '{w}' */
SELECT /*! id, v = '{w}' */ FROM c /*M!100000 WHERE v = '{w}' */
/* {w} */ SELECT id FROM c WHERE v = 'a' -- {w}
INSERT INTO c (v) VALUES ('a') # {w}
SELECT id /* {w} */ FROM c WHERE CONCAT(v, 'a') = 'b' /* {w} */
SELECT 1; INSERT INTO c (v) VALUES ('{w}')
INSERT INTO c (v) VALUES ('{w}'); UPDATE c SET v = '{w}'; SELECT id FROM c WHERE v = '{w}'
SET @a = 1; INSERT INTO c (v) VALUES ('{w}') FROBNICATE; DELETE FROM c WHERE v = '{w}'
DELIMITER // INSERT INTO c (v) VALUES ('{w}')//
INSERT INTO c (v) VALUES (mysql_query_attribute_string('trace')), ('{w}')
MERGE INTO c USING c AS d ON c.v = '{w}' WHEN MATCHED THEN UPDATE SET v = '{w}'
EXEC SQL INSERT INTO c (v) VALUES ('{w}')
c '{w}'
'{w}' c
