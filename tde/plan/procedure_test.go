package plan

import (
	"strings"
	"testing"
)

// rendered is a procedure's statements with its parameters in braces.
func rendered(p *Procedure) string {
	var b strings.Builder
	for _, s := range p.Steps {
		for i, text := range s.Texts {
			b.WriteString(text)
			if i < len(s.Params) {
				b.WriteString("{" + p.Params[s.Params[i]].Name + "}")
			}
		}
		b.WriteString("|")
	}
	return b.String()
}

// TestReadProcedure reads procedures that the proxy runs.
func TestReadProcedure(t *testing.T) {
	for source, want := range map[string]string{
		"CREATE PROCEDURE p() SELECT 1 FROM t":                                              "SELECT 1 FROM t|",
		"CREATE PROCEDURE d.p(IN a INT, `B` VARCHAR(9)) INSERT INTO t VALUES (a, b, 'a'); ": "INSERT INTO t VALUES ({a}, {b}, 'a')|",
		"CREATE PROCEDURE p(a INT) BEGIN DELETE FROM t WHERE t.a = a AND x.a > a; /* ; */ UPDATE t SET a = a + 1, b = (a) WHERE b IN (1, a); END;": "DELETE FROM t WHERE t.a = {a} AND x.a > {a}|" +
			"UPDATE t SET a = {a} + 1, b = ({a}) WHERE b IN (1, {a})|",
		"CREATE OR REPLACE DEFINER = `u`@`%` PROCEDURE p(a INT) NOT DETERMINISTIC MODIFIES SQL DATA SQL SECURITY INVOKER INSERT INTO t (a, b) VALUES (a, 1)": "INSERT INTO t (a, b) VALUES ({a}, 1)|",
		"CREATE PROCEDURE p(a DECIMAL(5,2)) SELECT x FROM t WHERE y > a AND EXISTS (SELECT 1 FROM u WHERE z = a) ORDER BY x":                                 "SELECT x FROM t WHERE y > {a} AND EXISTS (SELECT 1 FROM u WHERE z = {a}) ORDER BY x|",
		"CREATE PROCEDURE p(a INT UNSIGNED) INSERT INTO t VALUES (1, 2), (a, 1)":                                                                             "INSERT INTO t VALUES (1, 2), ({a}, 1)|",
		"CREATE PROCEDURE p(a CHAR, b LONGTEXT, c BOOL) BEGIN START TRANSACTION; DELETE FROM t WHERE a = b; COMMIT; ROLLBACK; END":                           "START TRANSACTION|DELETE FROM t WHERE {a} = {b}|COMMIT|ROLLBACK|",
		"CREATE PROCEDURE p(a INT) INSERT INTO t SET b = a, a = 2":                                                                                           "INSERT INTO t SET b = {a}, a = 2|",
	} {
		p, why := ReadProcedure(source, "shop", Mode{})
		if why != "" {
			t.Errorf("%s: %s", source, why)
		} else if got := rendered(p); got != want {
			t.Errorf("%s: got %s", source, got)
		}
	}
}

// TestReadProcedureDoubts refuses what a name could mean otherwise, and what is more than statements.
func TestReadProcedureDoubts(t *testing.T) {
	for _, source := range []string{
		"CREATE PROCEDURE p(a INT) SELECT a FROM t",
		"CREATE PROCEDURE p(a INT) SELECT x FROM t ORDER BY a",
		"CREATE PROCEDURE p(a INT) SELECT x FROM t GROUP BY a",
		"CREATE PROCEDURE p(a INT) SELECT x FROM t HAVING a > 1",
		"CREATE PROCEDURE p(a INT) SELECT x FROM t LIMIT a",
		"CREATE PROCEDURE p(a INT) SELECT x FROM a",
		"CREATE PROCEDURE p(a INT) SELECT x a FROM t",
		"CREATE PROCEDURE p(a INT) SELECT x FROM t JOIN u USING (a)",
		"CREATE PROCEDURE p(a INT) SELECT x FROM t JOIN u ON u.x = a",
		"CREATE PROCEDURE p(day INT) SELECT x FROM t WHERE d > NOW() - INTERVAL 1 day",
		"CREATE PROCEDURE p(day INT) SELECT x FROM t WHERE EXTRACT(day FROM d) = 1",
		"CREATE PROCEDURE p(utf8mb4_bin INT) SELECT x FROM t WHERE d = 'a' COLLATE utf8mb4_bin",
		"CREATE PROCEDURE p(a INT) INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)",
		"CREATE PROCEDURE p(a INT) INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE b = VALUES(a)",
		"CREATE PROCEDURE p(a INT) INSERT INTO t VALUES (DEFAULT(a))",
		"CREATE PROCEDURE p(a INT) SELECT x FROM t WHERE MATCH (a) AGAINST ('x')",
		"CREATE PROCEDURE p(a INT, a INT) DELETE FROM t",
		"CREATE PROCEDURE p(a INT UNSIGNED) DELETE FROM t WHERE x > a - 1",
		"CREATE PROCEDURE p(a INT UNSIGNED) DELETE FROM t WHERE x > (a) - 1",
		"CREATE PROCEDURE p(a INT UNSIGNED) INSERT INTO t VALUES (1, 2), (ABS(a) - 9, 1)",
		"CREATE PROCEDURE p(OUT a INT) DELETE FROM t",
		"CREATE PROCEDURE p(a FLOAT) DELETE FROM t",
		"CREATE PROCEDURE p(a VARCHAR(9) CHARACTER SET latin1) DELETE FROM t",
		"CREATE PROCEDURE p(a INT /* secret */) DELETE FROM t",
		"CREATE PROCEDURE p() COMMENT 'secret' DELETE FROM t",
		"CREATE PROCEDURE p() BEGIN DECLARE a INT; DELETE FROM t; END",
		"CREATE PROCEDURE p() BEGIN BEGIN DELETE FROM t; END; END",
		"CREATE PROCEDURE p() BEGIN DELETE FROM t; COMMIT AND CHAIN; END",
		"CREATE PROCEDURE p() BEGIN DELETE FROM t; SAVEPOINT a; END",
		"CREATE PROCEDURE p() BEGIN DELETE FROM t; CALL q(); END",
		"CREATE PROCEDURE p() BEGIN DELETE FROM t; END; DELETE FROM u",
		"CREATE PROCEDURE p() l: BEGIN DELETE FROM t; END l",
		"CREATE PROCEDURE p() BEGIN END",
		"CREATE PROCEDURE p() BEGIN DELETE FROM t;",
		"CREATE PROCEDURE p() DELETE FROM t WHERE a = @x",
		"CREATE PROCEDURE p() DELETE FROM t WHERE a = ?",
		"CREATE PROCEDURE p() SELECT a INTO b FROM t",
		"CREATE PROCEDURE p() SELECT a FROM t /*! LIMIT 1 */",
		"CREATE PROCEDURE p() SELECT ROW_COUNT() FROM t",
		"CREATE FUNCTION p() RETURNS INT RETURN 1",
	} {
		if p, why := ReadProcedure(source, "shop", Mode{}); why == "" {
			t.Errorf("%s: is read as %s", source, rendered(p))
		}
	}
}

// TestCallArguments reads the arguments of a CALL.
func TestCallArguments(t *testing.T) {
	for source, want := range map[string]string{
		"CALL p": "", "call a.p()": "", "CALL p(1)": "1", "CALL `p` (1, 'a,b', f(2, 3), @x)": "1|'a,b'|f(2, 3)|@x",
	} {
		args, ok := CallArguments([]byte(source), Mode{})
		if got := strings.Join(args, "|"); !ok || got != want {
			t.Errorf("%s: %q, %v", source, got, ok)
		}
	}
	for _, source := range []string{"CALL p(1", "CALL p(1) + 1", "CALL p(,)", "CALL a.b.c(1)", "CALL p(1); x", "SELECT 1"} {
		if args, ok := CallArguments([]byte(source), Mode{}); ok {
			t.Errorf("%s: %q", source, args)
		}
	}
}
