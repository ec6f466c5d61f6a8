package plan

import (
	"strings"
	"testing"
)

// TestReadFunction tells functions that the evaluator may run from others.
func TestReadFunction(t *testing.T) {
	const head = "CREATE DEFINER=`root`@`local FUNCTION host` FUNCTION `f`"
	for _, source := range []string{
		"() RETURNS int(11)\nRETURN 1",
		"(a VARCHAR(9) CHARACTER SET utf8, b SET('x','y')) RETURNS TEXT DETERMINISTIC RETURN REPLACE(TRIM(BOTH ' ' FROM a), 'x', INSERT(b, 1, 1, 'from t'))",
		"(a INT) RETURNS INT BEGIN DECLARE c, d INT DEFAULT 5; DECLARE EXIT HANDLER FOR SQLEXCEPTION SET c = 0; SET a = a + c, d = (SELECT a = 1); RETURN d; END",
		"(a INT) RETURNS INT BEGIN IF (a > 1) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'x', MYSQL_ERRNO = 5; END IF; RETURN CASE (a) WHEN (1) THEN (2) ELSE (3) END; END",
		"(a INT) RETURNS INT BEGIN DECLARE s INT DEFAULT 0; FOR i IN 1..a DO SET s = s + i; END FOR; RETURN s; END",
		"(a DECIMAL(10,2)) RETURNS DECIMAL(10,2) BEGIN DECLARE x DECIMAL(10,2); SELECT SUM(a), 1 INTO x, a; REPEAT SET x = x - 1; UNTIL (x < 0) END REPEAT; RETURN(x); END",
	} {
		f, why := ReadFunction(head+source, Mode{MariaDB: true})
		if why != "" || f.Text != "`f`"+source || len(f.Calls) > 0 || f.Plain != strings.HasPrefix(source, "()") {
			t.Errorf("%s: %q %v", source, why, f)
		}
	}
	for source, want := range map[string]string{
		"() RETURNS INT RETURN (SELECT MAX(id) FROM customers)":                              "tables",
		"() RETURNS INT BEGIN DECLARE a INT; SELECT id INTO a FROM customers; RETURN a; END": "tables",
		"() RETURNS INT BEGIN UPDATE customers SET id = 1; RETURN 1; END":                    "tables",
		"() RETURNS INT RETURN NEXT VALUE FOR s":                                             "sequence",
		"() RETURNS INT RETURN NEXTVAL(s)":                                                   "tables",
		"() RETURNS INT RETURN @a":                                                           "variables",
		"() RETURNS INT RETURN @@session.sql_mode":                                           "variables",
		"() RETURNS INT BEGIN SET @a = 1; RETURN 1; END":                                     "variables",
		"(a INT) RETURNS INT BEGIN SET a = 1, max_heap_table_size = 16384; RETURN 1; END":    "variables",
		"() RETURNS INT BEGIN SET sql_mode = ''; RETURN 1; END":                              "tables",
		"() RETURNS INT RETURN LENGTH(USER())":                                               "USER",
		"() RETURNS INT RETURN LENGTH(CURRENT_USER)":                                         "who calls",
		"() RETURNS INT RETURN RELEASE_LOCK('x')":                                            "RELEASE_LOCK",
		"() RETURNS INT RETURN LENGTH(LOAD_FILE('/etc/passwd'))":                             "LOAD_FILE",
		"() RETURNS INT BEGIN CALL p(); RETURN 1; END":                                       "procedure",
		"() RETURNS INT RETURN d.g(1)":                                                       "database",
		"() RETURNS INT RETURN EXTRACTVALUE('<a/>', '$@x')":                                  "EXTRACTVALUE",
		"() RETURNS INT RETURN 'open":                                                        "read",
		"() RETURNS INT BEGIN /*!40000 DELETE FROM x; */ RETURN 1; END":                      "",
		"() RETURNS INT RETURN 1; DROP TABLE customers":                                      "tables",
		"() RETURNS INT BEGIN EXECUTE IMMEDIATE 'DROP TABLE x'; RETURN 1; END":               "tables",
	} {
		f, why := ReadFunction(head+source, Mode{MariaDB: true})
		if f != nil || why == "" || !strings.Contains(why, want) {
			t.Errorf("%s: %q", source, why)
		}
	}
	f, why := ReadFunction(head+"(a INT) RETURNS INT RETURN g(a) + G2(1) + RAND() + LENGTH(NOW())", Mode{MariaDB: true})
	if why != "" || len(f.Calls) != 2 || f.Calls[0].Name != "g" || !f.Unsteady || !f.Now {
		t.Errorf("%q %+v", why, f)
	}
	if _, why := ReadFunction("CREATE DEFINER=`root`@`h` AGGREGATE FUNCTION `f`(a INT) RETURNS INT RETURN 1", Mode{MariaDB: true}); why == "" {
		t.Error("an aggregate function")
	}
	if f, why := ReadFunction(`CREATE DEFINER="root"@"h" FUNCTION "f"("a b" INT) RETURNS INT BEGIN SET "a b" = 1; RETURN "a b"; END`, Mode{ANSIQuotes: true}); why != "" {
		t.Errorf("%q %v", why, f)
	}
}
